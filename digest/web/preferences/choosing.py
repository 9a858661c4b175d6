"""What there is to choose from on the page, and what is chosen, in a line for each part of it."""

from collections.abc import Mapping
from typing import NamedTuple

from babel import Locale, UnknownLocaleError

from digest.config import ArxivSettings
from digest.model import Format, Layout, Profile, Subscriber
from digest.rendering.language import ENGLISH, LANGUAGES
from digest.rendering.words import capital, counted
from digest.store.subscribers import is_same
from digest.web.desk import Desk
from digest.web.preferences import saying
from digest.web.preferences.form import Choices, Draft
from digest.web.zones import regions

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORMATS = {Format.HTML: "HTML, with plain text beside it", Format.TEXT: "Plain text", Format.MARKDOWN: "Markdown"}
_LAYOUTS = {
    Layout.CARDS: "Key sentences of each abstract",
    Layout.FULL: "Whole abstracts",
    Layout.COMPACT: "A line a paper",
}


class Option(NamedTuple):
    """Something to choose."""

    value: str
    label: str
    is_chosen: bool


def choices(desk: Desk) -> Choices:
    """What this installation has."""
    return Choices({source.name: source.title for source in desk.parts.sources}, ("", *LANGUAGES))


def options(desk: Desk, draft: Draft) -> dict[str, object]:
    """What each field has to choose from, with what is chosen."""
    values, have = draft.values, choices(desk)
    zone = str(values["timezone"])
    placed = regions()
    is_placed = any(place.name == zone for region in placed for place in region.places)
    return {
        "days": [Option(day, ENGLISH.weekday(n), day in values["days"]) for n, day in enumerate(_DAYS)],
        "sources": [Option(name, title, name in values["sources"]) for name, title in have.sources.items()],
        "formats": _options({one.value: label for one, label in _FORMATS.items()}, values["format"]),
        "layouts": _options({one.value: label for one, label in _LAYOUTS.items()}, values["layout"]),
        "locales": _options(_locales(desk, values["locale"]), values["locale"]),
        "regions": placed,
        "zone": zone,
        "other_zones": ("UTC",) if is_placed or zone == "UTC" else ("UTC", zone),
        "categories": _archived(desk),
    }


def _options(labels: dict[str, str], chosen: object) -> list[Option]:
    return [Option(value, label, value == chosen) for value, label in labels.items()]


def _locales(desk: Desk, own: str) -> dict[str, str]:
    site = desk.settings.site.locale
    names = dict.fromkeys((*LANGUAGES, *([own] if own else [])))
    return {"": f"As this site has it: {_spoken(site)}", **{name: _spoken(name) for name in names}}


def _spoken(locale: str) -> str:
    """The name of a language in itself: "Deutsch"; as it is, if nobody knows it."""
    try:
        found = Locale.parse(locale)
    except (UnknownLocaleError, ValueError):
        return locale
    name = found.get_display_name(found) or locale
    return capital(name)


def _archived(desk: Desk) -> tuple[str, ...]:
    """The categories that are read of arXiv."""
    named = (one.categories for one in desk.settings.sources if isinstance(one, ArxivSettings))
    return tuple(dict.fromkeys(category for categories in named for category in categories))


def is_curator(desk: Desk, subscriber: Subscriber) -> bool:
    """Whether the operator named them."""
    return any(is_same(subscriber.email, curator) for curator in desk.settings.web.curators)


# --- in a line ------------------------------------------------------------------------------------------------------


def summaries(desk: Desk, subscriber: Subscriber) -> dict[str, str]:
    """What is chosen, by part of the page."""
    profile = subscriber.profile
    return {
        "when": saying.rhythm(subscriber.schedule),
        "much": _much(profile),
        "where": _where(profile, choices(desk).sources),
        "look": _look(desk, subscriber),
    }


def _much(profile: Profile) -> str:
    trending = f", and up to {profile.max_trending} that are talked about" if profile.max_trending else ""
    least = f"; a match of {profile.min_match:g} at least" if profile.min_match else ""
    return f"Up to {counted(profile.max_papers, 'paper')}{trending}{least}"


def _where(profile: Profile, titles: Mapping[str, str]) -> str:
    sources = ENGLISH.listed([titles.get(name, name) for name in profile.sources]) or "All sources"
    return f"{sources}, {'only ' + ENGLISH.listed(profile.categories) if profile.categories else 'any category'}"


def _look(desk: Desk, subscriber: Subscriber) -> str:
    spoken = _spoken(subscriber.locale or desk.settings.site.locale)
    layout = _LAYOUTS[subscriber.layout].lower() if subscriber.layout is not Layout.CARDS else "key sentences"
    return f"{_FORMATS[subscriber.format].partition(',')[0]}, {layout}, {spoken}"
