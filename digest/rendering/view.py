"""What templates are given: an edition as plain values in the reader's words.

Pure functions, `Edition` in, `View` out. A template sees one name, `digest`, which is a `View`; every text in it is
clean (no control characters) but not escaped, every URL is an http(s) or mailto one in ASCII, or None.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from digest.model import Edition, Pick, Section
from digest.rendering import notices, summary
from digest.rendering.cards import MATCHED, Card, Link, Setting, card_of, source_title
from digest.rendering.language import Language
from digest.rendering.words import clean, clean_lines, shorten


@dataclass(frozen=True, slots=True)
class Read:
    """How many papers of one source were read for this digest."""

    source: str
    papers: str  # "1,204"
    column: str  # the same with spaces before it, as wide as the widest


@dataclass(frozen=True, slots=True)
class CardSection:
    """Papers under one heading."""

    name: str  # "picked", "for_you", "trending", "versions", "authors"
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
    subject: str  # what the mail is called: its first paper, or that there is none
    headline: str  # the title of that paper; empty if there is none
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
        return any(section.name in MATCHED for section in self.sections)


_NOTE = 8_000  # characters
_MOST_READS = 12


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
        section: tuple(_card(pick, edition, setting, frame, next(numbers)) for pick in picks)
        for section, picks in summary.by_section(edition).items()
    }
    whole = shell(edition, setting, frame)
    return replace(whole, sections=tuple(replace(part, cards=cards[Section(part.name)]) for part in whole.sections))


def _card(pick: Pick, edition: Edition, setting: Setting, frame: Frame, number: int) -> Card:
    return answerable(card_of(pick, edition.issue_date, setting, number), frame, setting.language)


def answerable(card: Card, frame: Frame, language: Language) -> Card:
    """The card with links to say what one thinks of it, where there are pages that listen."""
    if frame.like is None or frame.dislike is None:
        return card
    return replace(
        card,
        like=Link(language.gettext("More like this"), f"{frame.like}{card.number}"),
        dislike=Link(language.gettext("Less like this"), f"{frame.dislike}{card.number}"),
    )


def shell(edition: Edition, setting: Setting, frame: Frame) -> View:
    """The edition in the reader's words, without the papers: its sections hold no cards."""
    language, sources = setting.language, setting.sources
    picks = summary.by_section(edition)
    first = summary.leading(picks)
    return View(
        lang=language.tag,
        dir=language.direction,
        layout=setting.layout,
        site=clean(frame.site),
        site_url=frame.site_url,
        date=language.long_day(edition.issue_date),
        summary=summary.summary(edition, picks, language, sources),
        missing=notices.missing(edition, language, sources),
        note=shorten(clean_lines(edition.note), _NOTE),
        problems=notices.problems(edition, language),
        sections=tuple(
            CardSection(section, _title(section, picks[section], language), ()) for section in Section if picks[section]
        ),
        subject=summary.subject(edition, picks, language),
        headline=clean(first.listing.title) if first else "",
        count=len(edition.picks),
        more="",
        empty=summary.empty(edition, language, sources),
        reads=_reads(edition.read, language, sources),
        read=edition.papers,
        matched=edition.matched,
        why=notices.why(edition, frame.site, language),
        change=Link(language.gettext("Change what you get"), frame.change),
        stop=Link(language.gettext("Unsubscribe"), frame.stop),
    )


def _title(section: Section, picks: Sequence[Pick], language: Language) -> str:
    match section:
        case Section.PICKED:
            # Translators: a heading: {names} are people.
            return language.gettext("Picked by {names}").format(names=summary.curators(picks, language))
        case Section.FOR_YOU:
            return language.gettext("For you")
        case Section.TRENDING:
            return language.gettext("Trending")
        case Section.VERSIONS:
            return language.gettext("New versions of papers you were sent")
        case Section.AUTHORS:
            return language.gettext("Also from your authors")


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
    said = language.ngettext(
        "… and {count} more. Mail programs cut long messages, so it is in the plain-text part of this one.",
        "… and {count} more. Mail programs cut long messages, so the rest is in the plain-text part of this one.",
        left_out,
    )
    return said.format(count=language.number(left_out))


def _reads(read: Mapping[str, int], language: Language, sources: Mapping[str, str]) -> tuple[Read, ...]:
    counts = sorted((-papers, source_title(name, sources)) for name, papers in read.items())
    named, rest = counts[:_MOST_READS], counts[_MOST_READS:]
    if rest:
        others = language.ngettext("{count} other source", "{count} other sources", len(rest))
        named.append((sum(papers for papers, _ in rest), others.format(count=language.number(len(rest)))))
    numbers = [language.number(-papers) for papers, _ in named]
    widest = max(map(len, numbers), default=0)
    return tuple(Read(source, said, said.rjust(widest)) for (_, source), said in zip(named, numbers, strict=True))
