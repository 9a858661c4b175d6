"""What one language says: its fixed words, its numbers, its days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from gettext import NullTranslations

from digest.rendering import words

LANGUAGES = ("en",)


@dataclass(frozen=True, slots=True)
class Language:
    """One language, with the words that it has for ours.

    Attributes:
        tag: as HTML says it (BCP 47): "en", "de", "zh-Hans".
        direction: "ltr" or "rtl".
    """

    tag: str
    direction: str
    translations: NullTranslations

    def gettext(self, message: str) -> str:
        return self.translations.gettext(message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self.translations.ngettext(one, many, count)

    def number(self, count: int) -> str:
        return words.number(count)

    def listed(self, items: Sequence[str]) -> str:
        return words.listed(items)

    def weekday(self, day: int) -> str:
        return words.weekday(day)

    def long_day(self, day: date) -> str:
        return words.long_day(day)

    def short_day(self, day: date) -> str:
        return words.short_day(day)

    def plain_day(self, day: date, today: date) -> str:
        return words.plain_day(day, today)

    def part_of_day(self, moment: datetime) -> str:
        return words.part_of_day(moment)


@cache
def language(locale: str) -> Language:
    """The language of a locale: "de", "en_GB", "zh_Hans"."""
    return Language(locale or "en", "ltr", NullTranslations())
