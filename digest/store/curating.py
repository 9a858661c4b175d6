"""Papers picked by people: curators' pins, readers' votes and suggestions. A paper is known by whichever of its numbers."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import Connection, Select, delete, func, select, update

from digest.curating import FRESH, PINS_A_DAY, Facts, Refusal, appeared, refusal, votes_to_trend
from digest.errors import UsageError
from digest.model import Announcement, Judged, Kind, Pin, Suggestion
from digest.store.listings import announcements_of, known, spokesmen
from digest.store.schema import announcements, listings, pins, subscribers, suggestions, votes
from digest.store.sql import insert, rows_with

_PIN = (pins.c.day, known.c.same_as, pins.c.name, pins.c.note, pins.c.by, pins.c.at)
_MOST_TRENDING = 20  # papers that readers recommend
_SUGGESTION = (
    known.c.same_as,
    suggestions.c.subscriber_id,
    suggestions.c.at,
    suggestions.c.state,
    suggestions.c.id,
    suggestions.c.judged_by,
)


def _paper(connection: Connection, number: int) -> int:
    """The listing that speaks for it. Raises UsageError."""
    found = spokesmen(connection, [number]).get(number)
    if found is None:
        raise UsageError(f"there is no paper with the number {number}: see `digest search`")
    return found


def _same(paper: int) -> Select[Any]:
    return select(listings.c.id).where(listings.c.same_as == paper)


# --- pins ---------------------------------------------------------------------------------------------------------


def pin(connection: Connection, wanted: Pin) -> None:
    """Show this paper to everybody on that day, behind what is pinned there; a second time its note is changed.

    Raises:
        UsageError: no such paper is stored, or there are enough of that day.
    """
    paper = _paper(connection, wanted.listing)
    own = (pins.c.day == wanted.day, pins.c.listing_id.in_(_same(paper)))
    connection.execute(delete(pins).where(*own))
    others = connection.scalar(select(func.count()).where(pins.c.day == wanted.day)) or 0
    if others >= PINS_A_DAY:
        raise UsageError(f"{PINS_A_DAY} papers are picked for that day already: take one away first")
    # A changed one comes last: its time is how others, such as the archive's pages, notice that it changed.
    words = {"name": wanted.name, "note": wanted.note, "by": wanted.by, "at": wanted.at}
    connection.execute(insert(connection, pins).values(day=wanted.day, listing_id=paper, **words))


def unpin(connection: Connection, day: date, number: int) -> bool:
    """Take a paper away from a day; False if it was not there."""
    same = _same(spokesmen(connection, [number]).get(number, 0))
    return connection.execute(delete(pins).where(pins.c.day == day, pins.c.listing_id.in_(same))).rowcount > 0


def pinned(connection: Connection, since: date, until: date) -> list[Pin]:
    """The pins of these days, both included, in the order that they came."""
    chosen = select(*_PIN).join_from(pins, known, known.c.id == pins.c.listing_id)
    rows = connection.execute(chosen.where(pins.c.day.between(since, until)).order_by(pins.c.at, pins.c.listing_id))
    found: dict[tuple[date, int], Pin] = {}
    for row in rows:  # two that were found to be one paper are one pin
        one = Pin(*row)
        found.setdefault((one.day, one.listing), one)
    return list(found.values())


# --- votes --------------------------------------------------------------------------------------------------------


def vote(connection: Connection, reader: int, number: int, now: datetime, *, on: bool) -> None:
    """Recommend a paper, once however often, or take that back.

    Raises:
        UsageError: no such paper is stored.
    """
    paper = _paper(connection, number)
    if not on:
        own = (votes.c.subscriber_id == reader, votes.c.listing_id.in_(_same(paper)))
        connection.execute(delete(votes).where(*own))
    elif not voted(connection, reader, paper):
        row = insert(connection, votes).values(subscriber_id=reader, listing_id=paper, at=now)
        connection.execute(row.on_conflict_do_nothing())


def voted(connection: Connection, reader: int, number: int) -> bool:
    """Whether this reader recommends that paper."""
    paper = spokesmen(connection, [number]).get(number, 0)
    own = select(votes.c.at).where(votes.c.subscriber_id == reader, votes.c.listing_id.in_(_same(paper)))
    return connection.execute(own.limit(1)).first() is not None


def counted(connection: Connection, ids: Collection[int]) -> dict[int, int]:
    """How many readers recommend each of these papers; those that nobody does are left out."""
    speaks = spokesmen(connection, ids)
    count = func.count(votes.c.subscriber_id.distinct())
    own = select(known.c.same_as, count).join_from(votes, known, known.c.id == votes.c.listing_id)
    rows = rows_with(connection, own.group_by(known.c.same_as), known.c.same_as, set(speaks.values()))
    found: dict[int, int] = dict(rows)
    return {number: found[paper] for number, paper in speaks.items() if paper in found}


def most_voted(connection: Connection, since: datetime, limit: int) -> dict[int, int]:
    """The papers that readers recommended since then, each with how many did, the most first."""
    count = func.count(votes.c.subscriber_id.distinct())
    own = select(known.c.same_as, count).join_from(votes, known, known.c.id == votes.c.listing_id)
    best = own.where(votes.c.at >= since).group_by(known.c.same_as).order_by(count.desc(), known.c.same_as.desc())
    return {row[0]: row[1] for row in connection.execute(best.limit(limit))}


def with_recommended(connection: Connection, trending: Sequence[Announcement], since: date) -> list[Announcement]:
    """What is trending, and what enough readers recommended since that day, by seq."""
    found = most_voted(connection, datetime.combine(since, time(), UTC), _MOST_TRENDING)
    ever = connection.scalar(select(func.max(subscribers.c.id))) if found else 0  # subscribed, about
    voted = {paper: count for paper, count in found.items() if count >= votes_to_trend(ever or 0)}
    if not voted:
        return list(trending)
    told = {said.listing.id: said for said in trending}
    for paper in voted.keys() - told.keys():
        *_, newest = [None, *announcements_of(connection, paper)]
        if newest and newest.day >= since - FRESH:
            told[paper] = newest
    kept = (
        replace(said, kind=Kind.TRENDING, votes=voted[paper]) if paper in voted else said
        for paper, said in told.items()
    )
    return sorted(kept, key=lambda said: said.seq)


# --- suggestions --------------------------------------------------------------------------------------------------


def suggest(connection: Connection, reader: int, number: int, now: datetime) -> Refusal | None:
    """Suggest a paper for everybody; returns why not, if so."""
    paper = spokesmen(connection, [number]).get(number)
    if paper is None:
        return Refusal.UNKNOWN
    connection.execute(select(subscribers.c.id).where(subscribers.c.id == reader).with_for_update())  # one at a time
    why_not = refusal(_facts(connection, reader, paper, now))
    if why_not is None:
        row = {"listing_id": paper, "subscriber_id": reader, "at": now, "state": Judged.OPEN, "judged_by": ""}
        written = connection.execute(insert(connection, suggestions).values(row).on_conflict_do_nothing())
        return None if written.rowcount else Refusal.SUGGESTED
    return why_not


def _facts(connection: Connection, reader: int, paper: int, now: datetime) -> Facts:
    same = _same(paper)
    s, own = suggestions.c, connection.execute(select(listings).where(listings.c.id == paper)).one()
    news = select(func.min(announcements.c.day)).where(
        announcements.c.listing_id.in_(same), announcements.c.kind.in_((Kind.NEW, Kind.CROSS))
    )
    midnight = datetime.combine(now.date(), time(), UTC)
    today = select(func.count()).where(s.subscriber_id == reader, s.at >= midnight)
    return Facts(
        is_pinned=_any(connection, select(pins.c.day).where(pins.c.listing_id.in_(same))),
        is_suggested=_any(connection, select(s.id).where(s.listing_id.in_(same))),
        appeared=appeared(own.published, connection.scalar(news), own.first_seen),
        today=now.date(),
        suggested_today=connection.scalar(today) or 0,
    )


def _any(connection: Connection, query: Select[Any]) -> bool:
    return connection.execute(query.limit(1)).first() is not None


def suggested(connection: Connection, state: Judged, limit: int) -> list[Suggestion]:
    """The newest suggestions of which this became, newest first."""
    own = select(*_SUGGESTION).join_from(suggestions, known, known.c.id == suggestions.c.listing_id)
    newest = own.where(suggestions.c.state == state).order_by(suggestions.c.id.desc()).limit(limit)
    return [Suggestion(*row) for row in connection.execute(newest)]


def judge(connection: Connection, number: int, by: str, accepted: Pin | None) -> bool:
    """Accept a suggestion, pinning its paper, or (None) decline it; False if somebody was faster.

    Raises:
        UsageError: the paper cannot be pinned; the suggestion stays open.
    """
    state = Judged.DECLINED if accepted is None else Judged.ACCEPTED
    still = (suggestions.c.id == number, suggestions.c.state == Judged.OPEN)
    if not connection.execute(update(suggestions).where(*still).values(state=state, judged_by=by)).rowcount:
        return False
    if accepted:
        pin(connection, accepted)
    return True
