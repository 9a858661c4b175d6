"""What readers and curators may say of papers to everybody. Pure.

A curator pins a paper to a day: it comes first in everybody's edition of that day. A reader recommends papers, and what
enough of them recommend is trending; or suggests one, which a curator pins or declines.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from digest.model import Pin

PINS_A_DAY = 5
PINS_SHOWN = 10  # in one edition, of several days
NOTE = 600  # characters of a curator's Markdown
SUGGESTIONS_A_DAY = 3  # of one reader
FRESH = timedelta(days=7)  # a paper may be suggested so long
_CATCH_UP = timedelta(days=7)  # who gets a digest a week gets the week's pins
_FEWEST, _READERS_A_VOTE = 3, 1_000


class Refusal(StrEnum):
    """Why a paper cannot be suggested. Declared in the order in which they are looked at."""

    UNKNOWN = "unknown"  # no such paper is stored
    PINNED = "pinned"  # everybody gets it, or has got it
    SUGGESTED = "suggested"  # somebody was faster
    OLD = "old"
    ENOUGH = "enough"  # for today


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a paper that a reader would suggest."""

    is_pinned: bool
    is_suggested: bool
    appeared: date
    today: date
    suggested_today: int  # by this reader


def refusal(facts: Facts) -> Refusal | None:
    """Why not; None if it may be suggested."""
    if facts.is_pinned:
        return Refusal.PINNED
    if facts.is_suggested:
        return Refusal.SUGGESTED
    if facts.today - facts.appeared > FRESH:
        return Refusal.OLD
    return Refusal.ENOUGH if facts.suggested_today >= SUGGESTIONS_A_DAY else None


def appeared(published: datetime | None, announced: date | None, stored: datetime) -> date:
    """When a paper became news: what was new on arXiv today may have been written last week."""
    known = [day for day in (published and published.date(), announced) if day]
    return max(known, default=stored.date())


def votes_to_trend(readers: int) -> int:
    """How many readers have to recommend a paper before everybody sees it, where there are `readers`.

    Three, so that no one person decides it; and one more for every thousand.
    """
    return _FEWEST + readers // _READERS_A_VOTE


def first_day(issue_date: date, last_issue: date | None) -> date:
    """The first day whose pins an edition shows: the one after the last edition, at most a week back."""
    if last_issue is None or last_issue >= issue_date:
        return issue_date
    return max(last_issue + timedelta(days=1), issue_date - _CATCH_UP + timedelta(days=1))


def of_edition(pins: Iterable[Pin], since: date, until: date, had: frozenset[int]) -> Sequence[Pin]:
    """The pins that an edition shows: the newest day's first, each paper once, none that its reader has had."""
    found: dict[int, Pin] = {}
    for pin in sorted(pins, key=lambda pin: (-pin.day.toordinal(), pin.at, pin.listing)):
        if since <= pin.day <= until and pin.listing not in had:
            found.setdefault(pin.listing, pin)
    return list(found.values())[:PINS_SHOWN]
