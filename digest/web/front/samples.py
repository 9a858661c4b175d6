"""What today's papers would be for somebody with these keywords."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from digest.model import Layout, Pick, Profile, Ranking, Section, Subscriber
from digest.rendering.cards import MATCHED, Setting, card_of
from digest.rendering.language import ENGLISH
from digest.rendering.words import counted
from digest.web.archive.cards import Shown, setting
from digest.web.desk import Desk
from digest.web.front.typed import Fault, keywords

_MOST_SHOWN, _MOST_TRENDING, _MOST_NEAREST = 4, 10, 2


@dataclass(frozen=True, slots=True)
class Sample:
    """A digest of today, for a page."""

    day: str  # "Thursday, 18 June 2026"
    papers: int  # that were read
    found: str  # in words; empty where there are no keywords
    matched: tuple[Shown, ...] = ()
    nearest: tuple[Shown, ...] = ()  # where nothing matches, what comes closest
    trending: tuple[Shown, ...] = ()
    faults: Sequence[Fault] = ()  # of the keywords


def sample(desk: Desk, text: str) -> Sample:
    """Today's papers for the keywords of this text; for everybody, where there are none. Writes nothing."""
    terms, faults = keywords(text)
    anybody = Subscriber("", profile=Profile(terms, max_papers=_MOST_SHOWN, max_trending=_MOST_TRENDING))
    ranking = desk.live.rank(anybody)
    is_vain = bool(terms) and not ranking.matched
    near = desk.live.rank(anybody, partial=True).picks if is_vain else ()
    today = desk.live.today()
    shown = partial(_shown, today, setting(desk))
    lines = partial(_shown, today, setting(desk, Layout.COMPACT))
    return Sample(
        day=ENGLISH.long_day(today),
        papers=ranking.papers,
        found=found(ranking) if terms else "",
        matched=shown(ranking.picks, MATCHED),
        nearest=shown(near, MATCHED)[:_MOST_NEAREST],
        trending=_by_count(lines(ranking.picks, (Section.TRENDING,))),
        faults=faults,
    )


def _shown(today: date, made: Setting, picks: Sequence[Pick], sections: Collection[Section]) -> tuple[Shown, ...]:
    return tuple(Shown(card_of(pick, today, made), pick.listing.id) for pick in picks if pick.section in sections)


def _by_count(talked: Sequence[Shown]) -> tuple[Shown, ...]:
    """Without the days beside them, that what is fresh comes first would look like no order at all."""
    return tuple(sorted(talked, key=lambda one: one.card.upvotes or 0, reverse=True))


def found(ranking: Ranking) -> str:
    """How much the keywords found, in words."""
    of = f"the newest {counted(ranking.papers, 'paper')}"
    if not ranking.matched:
        return f"None of {of} matches."
    verb = "matches" if ranking.matched == 1 else "match"
    return f"{ranking.matched:,} of {of} {verb}."
