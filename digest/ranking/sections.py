"""Under which heading a pick is shown."""

from collections.abc import Iterable, Sequence
from heapq import merge

from digest.model import Ground, Pick, Reason, Section
from digest.ranking.selection import place

_NOT_THEIRS = (Ground.SIGNAL, Ground.MEANING)
_ORDER = {section: place for place, section in enumerate(Section)}


def section_of(reasons: Sequence[Reason]) -> Section:
    """That of what a profile brings: "Also from your authors" where nothing but names speaks for it.

    What the community says of a paper, or an encoder of nearly every one, is no reason of the reader's own, and what
    speaks against it brings nothing.
    """
    section = Section.FOR_YOU
    for reason in reasons:
        if reason.contribution > 0 and reason.ground not in _NOT_THEIRS:
            if reason.field != "authors" or reason.ground is not Ground.KEYWORD:
                return Section.FOR_YOU  # of most picks the first reason says so
            section = Section.AUTHORS
    return section


def matching(picks: Iterable[Pick]) -> tuple[Pick, ...]:
    """The picks that the profile brought, under whichever heading: the best first, of equal ones the newer.

    Those of one section stay in their order.
    """
    own = list(picks)
    parts = ([pick for pick in own if pick.section is section] for section in (Section.FOR_YOU, Section.AUTHORS))
    return tuple(merge(*parts, key=lambda pick: (-pick.score, place(pick.listing, pick.day))))


def in_order(picks: Iterable[Pick]) -> tuple[Pick, ...]:
    """Picks by section as sections are shown; within one they stay as they are."""
    return tuple(sorted(picks, key=lambda pick: _ORDER[pick.section]))
