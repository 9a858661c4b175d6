"""What templates are given: an edition as plain values in the reader's words.

Pure functions, `Edition` in, `View` out. A template sees one name, `digest`, which is a `View`; every text in it is
clean (no control characters) but not escaped, every URL is an http(s) or mailto one in ASCII, or None.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from digest import due
from digest.model import EVERY_DAY, NOT_YET_READ, Edition, Ground, Missing, Pick, Section
from digest.rendering.announcements import next_announcement
from digest.rendering.cards import Card, Link, Setting, card_of, source_title
from digest.rendering.language import Language
from digest.rendering.reasons import spoken, subject_of
from digest.rendering.words import (
    clean,
    clean_lines,
    counted,
    listed,
    number,
    part_of_day,
    plain_day,
    shorten,
    weekday,
)


@dataclass(frozen=True, slots=True)
class Read:
    """How many papers of one source were read for this digest."""

    source: str
    papers: str  # "1,204"


@dataclass(frozen=True, slots=True)
class CardSection:
    """Papers under one heading."""

    name: str  # "for_you", "trending", "versions", "authors"
    title: str  # "For you"
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class View:
    """One digest."""

    lang: str  # BCP 47: "en", "zh-Hans"
    dir: str  # "ltr" or "rtl"
    layout: str  # "cards", "compact", "full"
    site: str  # the site's name
    site_url: str | None
    date: str  # "Monday, 18 May 2026"
    summary: str  # one sentence: what is in here, and how many papers were read to find it
    missing: tuple[str, ...]  # a sentence for each source that could not be relied on
    note: str  # the operator's Markdown
    problems: tuple[str, ...]  # a sentence for each fault of the profile
    sections: tuple[CardSection, ...]  # those that hold papers, in their order
    headline: str  # the title of the first paper; empty if there is none
    count: int  # papers in this digest, shown or folded
    more: str  # what is said of cards left out at the end because mail programs cut long messages
    empty: tuple[str, ...]  # on a day without picks: what was read, why nothing is here, what comes next
    reads: tuple[Read, ...]
    read: int  # papers in all
    matched: int  # how many met the profile, shown or not
    why: str  # why the reader gets this mail
    change: Link  # how to change what comes
    stop: Link  # how to make it stop

    @property
    def own(self) -> bool:
        """Whether anything was chosen for this reader, rather than for everybody."""
        return any(section.name == Section.FOR_YOU for section in self.sections)


_NOTE = 8_000  # characters
_MOST_MISSING, _MOST_PROBLEMS, _MOST_READS = 8, 5, 12


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the papers and does not come from the edition."""

    site: str
    site_url: str | None
    change: str  # URL
    stop: str  # URL
    like: str | None = None  # what URLs of feedback begin with, the place of the paper being their end
    dislike: str | None = None


def view(edition: Edition, setting: Setting, frame: Frame) -> View:
    """The edition in the reader's words, every paper in it."""
    numbers = count(1)
    cards = {
        section: tuple(_card(pick, edition, setting, frame, next(numbers)) for pick in edition.section(section))
        for section in Section
    }
    whole = shell(edition, setting, frame)
    return replace(whole, sections=tuple(replace(part, cards=cards[Section(part.name)]) for part in whole.sections))


def _card(pick: Pick, edition: Edition, setting: Setting, frame: Frame, number: int) -> Card:
    card = card_of(pick, edition.issue_date, setting, number)
    if frame.like is None or frame.dislike is None:
        return card
    said = setting.language.gettext
    return replace(
        card,
        like=Link(said("More like this"), f"{frame.like}{number}"),
        dislike=Link(said("Less like this"), f"{frame.dislike}{number}"),
    )


def shell(edition: Edition, setting: Setting, frame: Frame) -> View:
    """The edition in the reader's words, without the papers: its sections hold no cards."""
    language, sources = setting.language, setting.sources
    return View(
        lang=language.tag,
        dir=language.direction,
        layout=setting.layout,
        site=clean(frame.site),
        site_url=frame.site_url,
        date=language.long_day(edition.issue_date),
        summary=_summary(edition, sources),
        missing=_missing(edition, sources),
        note=shorten(clean_lines(edition.note), _NOTE),
        problems=_problems(edition.problems),
        sections=tuple(
            CardSection(section, _title(section, language), ()) for section in Section if edition.section(section)
        ),
        headline=_headline(edition),
        count=len(edition.picks),
        more="",
        empty=() if edition.picks else _empty(edition, sources)[1:],
        reads=_reads(edition.read, sources),
        read=edition.papers,
        matched=edition.matched,
        why=_why(edition, frame.site),
        change=Link(language.gettext("Change what you get"), frame.change),
        stop=Link(language.gettext("Unsubscribe"), frame.stop),
    )


def _title(section: Section, language: Language) -> str:
    match section:
        case Section.FOR_YOU:
            return language.gettext("For you")
        case Section.TRENDING:
            return language.gettext("Trending")
        case Section.VERSIONS:
            return language.gettext("New versions of papers you were sent")
        case Section.AUTHORS:
            return language.gettext("Also from your authors")


def _headline(edition: Edition) -> str:
    first = next((pick for section in Section for pick in edition.section(section)), None)
    return clean(first.listing.title) if first else ""


def folded(whole: View, keep: int, language: Language) -> View:
    """The view with its first `keep` cards alone, and a sentence on the rest."""
    sections, left = [], keep
    for section in whole.sections:
        if cards := section.cards[: max(left, 0)]:
            sections.append(replace(section, cards=cards))
        left -= len(section.cards)
    return replace(whole, sections=tuple(sections), more=more(whole.count - keep, language))


def more(left_out: int, language: Language) -> str:
    """What is said of cards that are not shown."""
    if not left_out:
        return ""
    return language.gettext(
        "… and {count} more. Mail programs cut long messages, so the rest is in the plain-text part of this one."
    ).format(count=language.number(left_out))


# --- what is in here ----------------------------------------------------------------------------------------------


def _summary(edition: Edition, sources: Mapping[str, str]) -> str:
    total, chosen = edition.papers, edition.section(Section.FOR_YOU)
    papers = counted(total, "new paper")
    if not edition.picks:
        return _empty(edition, sources)[0]
    if not chosen:
        verb = "is" if len(edition.picks) == 1 else "are"
        others = f"{counted(len(edition.picks), 'paper')} that others talk about {verb} below"
        return f"{_nothing(edition, sources)}; {others}."
    matched = max(edition.matched, len(chosen))
    head = f"{number(matched)} of {papers} {'matches' if matched == 1 else 'match'}"
    if matched > len(chosen):
        head += f", the best {number(len(chosen))} are here"
    strongest = _strongest(chosen[0])
    return f"{head}; strongest: {strongest}." if strongest else f"{head}."


def _strongest(pick: Pick) -> str:
    keywords = (reason for reason in pick.reasons if reason.ground is Ground.KEYWORD)
    best = max(keywords, key=lambda reason: (not reason.partial, reason.contribution), default=None)
    return subject_of(best) if best else ""


def _empty(edition: Edition, sources: Mapping[str, str]) -> tuple[str, ...]:
    """What a day without picks has to say; its first sentence is the summary."""
    looked_for = _looked_for(edition) if edition.papers else ()
    return f"{_nothing(edition, sources)}.", *looked_for, *_next(edition, sources)


def _nothing(edition: Edition, sources: Mapping[str, str]) -> str:
    """Why there is nothing for the reader: error is not emptiness."""
    total = edition.papers
    unread = [source_title(missing.source, sources) for missing in edition.missing]
    if total:
        return f"None of {counted(total, 'new paper')} matches your keywords"
    if unread:
        return f"Nothing to show yet: {listed(unread[:_MOST_MISSING])} could not be read"
    return "No new papers since your last digest"


def _looked_for(edition: Edition) -> tuple[str, ...]:
    keywords = [spoken(term) for term in edition.subscriber.profile.keywords if not term.startswith("-")]
    if not keywords:
        return ("Your profile has no keywords yet; with a few, this page fills.",)
    named = keywords[:8]
    more = [f"{number(len(keywords) - 8)} more"] if len(keywords) > len(named) else []
    return (f"Looked for {listed(named + more)}.",)


def _next(edition: Edition, sources: Mapping[str, str]) -> tuple[str, ...]:
    """Of each source that was read in full and had nothing: that, and when it has more, as far as that is known."""
    wanted = edition.subscriber.profile.sources
    unread = {missing.source for missing in edition.missing}
    quiet = [
        name for name in sources if (not wanted or name in wanted) and name not in unread and not edition.read.get(name)
    ]
    arxiv = next_announcement(edition.composed_at)
    titles = [source_title(name, sources) for name in quiet]
    known = [title for title in titles if _is_arxiv(title)][:_MOST_MISSING] if arxiv else []
    others = [title for title in titles if title not in known]
    again = f"it announces again {part_of_day(_local(arxiv, edition))}" if arxiv else ""
    sentences = [f"Nothing new from {title} today: {again}." for title in known]
    return tuple(sentences + ([f"Nothing new from {listed(others[:_MOST_MISSING])} today."] if others else []))


def _is_arxiv(title: str) -> bool:
    return title.casefold().startswith("arxiv")


def _local(moment: datetime, edition: Edition) -> datetime:
    return moment.astimezone(due.zone(edition.subscriber.schedule))


# --- what is not in here ------------------------------------------------------------------------------------------


def _missing(edition: Edition, sources: Mapping[str, str]) -> tuple[str, ...]:
    said = tuple(_absence(missing, edition, sources) for missing in edition.missing[:_MOST_MISSING])
    more = len(edition.missing) - len(said)
    return (*said, f"{counted(more, 'other source')} could not be read either.") if more else said


def _absence(missing: Missing, edition: Edition, sources: Mapping[str, str]) -> str:
    title = source_title(missing.source, sources)
    why = shorten(clean(missing.why), 240).rstrip(".")
    if missing.since is None and why == NOT_YET_READ:
        return f"{title} has not been read yet; its papers will come in a later edition."
    in_full = " in full" if edition.read.get(missing.source) else ""
    since = f" since {_since(missing.since, edition)}" if missing.since else " so far"
    because = f" ({why})" if why else ""
    return f"{title} could not be read{in_full}{since}{because}; its papers will come in a later edition."


def _since(moment: datetime, edition: Edition) -> str:
    local = _local(moment, edition)
    same_day = local.date() == edition.issue_date
    return f"{local:%H:%M} today" if same_day else plain_day(local.date(), edition.issue_date)


def _problems(problems: tuple[str, ...]) -> tuple[str, ...]:
    said = tuple(shorten(clean(problem), 300) for problem in problems[:_MOST_PROBLEMS])
    more = len(problems) - len(said)
    return (*said, f"And {counted(more, 'more line')} of your profile.") if more else said


def _reads(read: Mapping[str, int], sources: Mapping[str, str]) -> tuple[Read, ...]:
    counts = sorted((-papers, source_title(name, sources)) for name, papers in read.items())
    rest = counts[_MOST_READS:]
    others = [(sum(papers for papers, _ in rest), counted(len(rest), "other source"))] if rest else []
    return tuple(Read(source, number(-papers)) for papers, source in counts[:_MOST_READS] + others)


def _why(edition: Edition, site: str) -> str:
    subscriber = edition.subscriber
    at = f"{_days(subscriber.schedule.days)} at {subscriber.schedule.send_at:%H:%M} ({subscriber.schedule.timezone})"
    return f"You get this because {clean(subscriber.email)} is subscribed to {clean(site)}, {clean(at)}."


_WORKDAYS = frozenset(range(5))


def _days(days: frozenset[int]) -> str:
    if days == EVERY_DAY:
        return "every day"
    if days == _WORKDAYS:
        return "Monday to Friday"
    return f"on {listed([f'{weekday(day)}s' for day in sorted(days)])}"
