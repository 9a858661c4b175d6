"""What one language says: its fixed words (gettext), its numbers, days and lists (CLDR, through Babel).

The words are in `digest/locale/LANGUAGE/LC_MESSAGES/digest.po`, read as they are: nothing is compiled beforehand. English
is what the code and the templates say. Nothing follows the locale or the time zone of the process.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from digest.errors import UsageError

_CATALOGS = Path(__file__).parent.parent / "locale"
LANGUAGES = ("en", *sorted(path.parent.parent.name for path in _CATALOGS.glob("*/LC_MESSAGES/digest.po")))

# Where a language alone is asked for, its days are those of most who read it: English outside of America.
_FORMATS = {"en": "en_001", "zh": "zh_Hans"}


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """One language, with the words that it has for ours. One object a locale, so that it can be a key.

    Attributes:
        tag: as HTML says it (BCP 47): "en", "de", "zh-Hans".
        direction: "ltr" or "rtl".
        translations: its words.
        formats: whose days and numbers.
    """

    tag: str
    direction: str
    translations: NullTranslations
    formats: Locale

    def gettext(self, message: str) -> str:
        return self.translations.gettext(message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self.translations.ngettext(one, many, count)

    def number(self, count: int) -> str:
        """In groups of three: "1,204", "1.204"."""
        return str(count) if -1000 < count < 1000 else f"{count:,}".replace(",", _group(self.formats))

    def located(self, where: str) -> str:
        """Where a term was found, as it follows the term: "in title and abstract"."""
        # Translators: {where} is like "title and abstract".
        return self.gettext("in {where}").format(where=where)

    def listed(self, items: Sequence[str]) -> str:
        """As a sentence lists: "a", "a and b", "a, b and c"."""
        if len(items) < 2:
            return "".join(items)
        *most, last = items
        return _list_patterns(self.formats)["end" if most[1:] else "2"].format(self.joined(most), last)

    def joined(self, items: Sequence[str]) -> str:
        """As a list that goes on: "a, b"."""
        return _list_patterns(self.formats)["middle"].format("", "").join(items)

    def weekday(self, day: int) -> str:
        """The name of a weekday; Monday is 0."""
        return str(self.formats.days["format"]["wide"][day])

    def long_day(self, day: date) -> str:
        """In full: "Monday, 18 May 2026"."""
        return _day(self.formats, "full", day)

    def short_day(self, day: date, today: date | None = None) -> str:
        """In short: "Mon, 18 May", with the year where it is not that of `today`."""
        return _day(self.formats, "MMMEd" if _same_year(day, today) else "yMMMEd", day)

    def plain_day(self, day: date, today: date) -> str:
        """As in a sentence: "18 May", with the year where it is not this one."""
        return _day(self.formats, "MMMMd" if _same_year(day, today) else "long", day)

    def part_of_day(self, moment: datetime) -> str:
        """A local time as people say it: "on Sunday evening", "in the night to Monday"."""
        hour = moment.hour
        if hour < 5:
            pattern = self.gettext("in the night to {weekday}")
        elif hour < 12:
            pattern = self.gettext("on {weekday} morning")
        elif hour < 17:
            pattern = self.gettext("on {weekday} afternoon")
        elif hour < 22:
            pattern = self.gettext("on {weekday} evening")
        else:
            pattern = self.gettext("on {weekday} night")
        return pattern.format(weekday=self.weekday(moment.weekday()))


def language(locale: str) -> Language:
    """The language of a locale: "de", "de_AT", "zh_Hans"; English where there are no words in it, or none is named."""
    found = _found(locale)
    return _made(*found) if found else _made("en", _FORMATS["en"])


def require(locale: str) -> None:
    """Raise UsageError where a locale has no words here."""
    if locale and not _found(locale):
        have = ", ".join(LANGUAGES)
        raise UsageError(f'there are no words in "{locale}" yet; there are {have}, with any region, like de_AT')


def speaking(formats: Locale, translations: NullTranslations, tag: str = "") -> Language:
    """A language out of its parts."""
    return Language(tag or str(formats).replace("_", "-"), formats.text_direction, translations, formats)


# --- which one ----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _found(locale: str) -> tuple[str, str] | None:
    """The catalog for a locale, and the locale whose days and numbers go with it."""
    for name in _shorter(locale):
        try:
            parsed = Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
        catalog = _catalog(parsed)
        return (catalog, _FORMATS.get(str(parsed), str(parsed))) if catalog else None
    return None


def _shorter(locale: str) -> Iterator[str]:
    """The locale, and what is left of it without its last parts: Babel knows no de_XX, but de."""
    parts = locale.replace("-", "_").split("_")
    return ("_".join(parts[:length]) for length in range(len(parts), 0, -1))


def _catalog(parsed: Locale) -> str | None:
    """Of the same language and script: who reads Traditional Chinese is not given Simplified."""
    likely = get_global("likely_subtags").get(parsed.language, "")
    script = parsed.script or next((part for part in likely.split("_") if len(part) == 4), "")
    names = [f"{parsed.language}_{script}"]
    if not parsed.script or parsed.script in likely:
        names.append(parsed.language)
    return next((name for name in names if name in LANGUAGES), None)


@cache
def _made(catalog: str, formats: str) -> Language:
    tag = "en" if formats == _FORMATS["en"] else ""
    return speaking(Locale.parse(formats), NullTranslations() if catalog == "en" else _translations(catalog), tag)


@cache
def _translations(catalog: str) -> GNUTranslations:
    compiled = BytesIO()
    with (_CATALOGS / catalog / "LC_MESSAGES" / "digest.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=catalog))
    compiled.seek(0)
    return GNUTranslations(compiled)


# --- what CLDR knows ----------------------------------------------------------------------------------------------
# Remembered by what is asked, since every message asks for the same few.


@lru_cache(maxsize=4096)
def _day(formats: Locale, style: str, day: date) -> str:
    patterns = formats.date_formats if style in ("full", "long") else formats.datetime_skeletons
    return str(patterns[style].apply(day, formats))


def _same_year(day: date, today: date | None) -> bool:
    return today is None or day.year == today.year


@cache
def _group(formats: Locale) -> str:
    return str(formats.number_symbols["latn"]["group"])


@cache
def _list_patterns(formats: Locale) -> Mapping[str, str]:
    return dict(formats.list_patterns["standard"])


ENGLISH = language("en")
