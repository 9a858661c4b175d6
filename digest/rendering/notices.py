"""What a digest says around its papers: what is missing, what is wrong with a profile, why this mail comes."""

from collections.abc import Mapping
from datetime import datetime

from digest import due
from digest.model import EVERY_DAY, NOT_YET_ANNOUNCED, NOT_YET_READ, Edition, Missing
from digest.rendering.cards import source_title
from digest.rendering.language import Language
from digest.rendering.words import clean, shorten

_MOST_MISSING, _MOST_PROBLEMS = 8, 5


def missing(edition: Edition, language: Language, sources: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each source that could not be relied on."""
    said = tuple(_absence(one, edition, language, sources) for one in edition.missing[:_MOST_MISSING])
    more = len(edition.missing) - len(said)
    if not more:
        return said
    rest = language.ngettext(
        "{count} other source could not be read either.", "{count} other sources could not be read either.", more
    )
    return (*said, rest.format(count=language.number(more)))


def _absence(one: Missing, edition: Edition, language: Language, sources: Mapping[str, str]) -> str:
    title = source_title(one.source, sources)
    why = shorten(clean(one.why), 240).rstrip(".")
    if one.since is None and why == NOT_YET_READ:
        said = language.gettext("{source} has not been read yet; its papers will come in a later edition.")
        return said.format(source=title)
    if why == NOT_YET_ANNOUNCED:
        said = language.gettext("{source} has not announced its newest papers yet; they will come in a later edition.")
        return said.format(source=title)
    when = _moment(one.since, edition, language) if one.since else ""
    clause = _unread(language, in_part=bool(edition.read.get(one.source)), ever=bool(when))
    if why:
        # Translators: {clause} is like "arXiv could not be read since 17 May", {why} the reason, in English.
        said = language.gettext("{clause} ({why}); its papers will come in a later edition.")
    else:
        said = language.gettext("{clause}; its papers will come in a later edition.")
    return said.format(clause=clause.format(source=title, when=when), why=why)


def _unread(language: Language, *, in_part: bool, ever: bool) -> str:
    if ever:
        # Translators: {when} is like "17 May" or "06:10 today".
        return (
            language.gettext("{source} could not be read in full since {when}")
            if in_part
            else language.gettext("{source} could not be read since {when}")
        )
    return (
        language.gettext("{source} could not be read in full so far")
        if in_part
        else language.gettext("{source} could not be read so far")
    )


def _moment(moment: datetime, edition: Edition, language: Language) -> str:
    local = moment.astimezone(due.zone(edition.subscriber.schedule))
    if local.date() != edition.issue_date:
        return language.plain_day(local.date(), edition.issue_date)
    # Translators: {time} is like "06:10".
    return language.gettext("{time} today").format(time=f"{local:%H:%M}")


def problems(edition: Edition, language: Language) -> tuple[str, ...]:
    """A sentence for each fault of the profile."""
    said = tuple(shorten(clean(problem), 300) for problem in edition.problems[:_MOST_PROBLEMS])
    more = len(edition.problems) - len(said)
    if not more:
        return said
    # Translators: it ends a list of lines of a profile that could not be read.
    rest = language.ngettext("And {count} more line of your profile.", "And {count} more lines of your profile.", more)
    return (*said, rest.format(count=language.number(more)))


# --- why this mail comes ------------------------------------------------------------------------------------------


def why(edition: Edition, site: str, language: Language) -> str:
    """Whom it was sent to, by whom, and when it comes."""
    subscriber, schedule = edition.subscriber, edition.subscriber.schedule
    # Translators: {days} is like "every day" or "on Mondays and Thursdays", {time} like "07:30",
    # {timezone} like "Europe/Berlin".
    said = language.gettext("You get this because {email} is subscribed to {site}, {days} at {time} ({timezone}).")
    return said.format(
        email=clean(subscriber.email),
        site=clean(site),
        days=_days(schedule.days, language),
        time=f"{schedule.send_at:%H:%M}",
        timezone=clean(schedule.timezone),
    )


_WORKDAYS = frozenset(range(5))


def _days(days: frozenset[int], language: Language) -> str:
    if days == EVERY_DAY:
        return language.gettext("every day")
    if days == _WORKDAYS:
        return language.gettext("Monday to Friday")
    # Translators: {weekdays} is like "Mondays and Thursdays".
    said = language.gettext("on {weekdays}")
    return said.format(weekdays=language.listed([_each(day, language) for day in sorted(days)]))


def _each(day: int, language: Language) -> str:
    # Translators: as in "on Mondays and Thursdays".
    names = (
        language.gettext("Mondays"),
        language.gettext("Tuesdays"),
        language.gettext("Wednesdays"),
        language.gettext("Thursdays"),
        language.gettext("Fridays"),
        language.gettext("Saturdays"),
        language.gettext("Sundays"),
    )
    return names[day]
