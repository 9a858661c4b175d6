"""What must be true after the invented days, counted out by a clock on the wall."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from digest.model import Edition, State, Status

from .running import GRACE, Run
from .world import DAY, HOUR, MINUTE, Life

ENDED = (State.SENT, State.FAILED, State.CANCELLED, State.EXPIRED, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Figures:
    """What it all came to."""

    days: int
    readers: int
    zones: int
    looks: int
    editions: int
    silent: int  # without papers, for readers who want no such mail
    states: dict[str, int]
    open_days: int
    catching_up: int  # editions that look back on days that were missed
    cut: int  # of these, how many left something out
    late: int  # editions that go out without a source
    waited: int  # editions that waited for one
    papers: int  # picks in all editions
    resent: int  # messages that the relay took more than once
    seconds: float


# --- days -------------------------------------------------------------------------------------------------------------


def is_open(life: Life, day: date) -> bool:
    schedule = life.reader.schedule
    return day.weekday() in schedule.days and not any(away.first <= day <= away.last for away in schedule.away)


def days_of(run: Run, life: Life) -> tuple[set[date], set[date]]:
    """The days on which there must be an edition, and those on which there may be one.

    There may be one if somebody looked after its hour, on its day or within two hours after it. There must be one if
    somebody looked once more on that day when all waiting had an end.
    """
    zone, send_at = ZoneInfo(life.reader.schedule.timezone), life.reader.schedule.send_at
    ends = ended(run, life)
    first: dict[date, datetime] = {}
    must, may = set(), set()
    for look in looks_of(run, life):
        wall = look.astimezone(zone)
        before = (look - 2 * HOUR).astimezone(zone).date()
        if before < wall.date() and is_open(life, before):
            may.add(before)
        if wall.time() < send_at or not is_open(life, wall.date()):
            continue
        may.add(wall.date())
        if ends > look >= first.setdefault(wall.date(), look) + GRACE:
            must.add(wall.date())
    return must, may


def looks_of(run: Run, life: Life) -> list[datetime]:
    """The looks at which this reader is active; at the last one, mail may come back that ends it."""
    zone, ends = ZoneInfo(life.reader.schedule.timezone), ended(run, life)
    return [look for look in run.looks if life.joins < look <= ends and not _is_paused(life, look, zone)]


def ended(run: Run, life: Life) -> datetime:
    gone = [moment for moment in (life.leaves, run.gone.get(life.reader.email)) if moment]
    return min(gone, default=run.end + DAY)


def _is_paused(life: Life, look: datetime, zone: ZoneInfo) -> bool:
    if life.pause and life.joins < life.pause.start < look <= life.pause.end:
        return True
    if not life.pause_until:
        return False
    begun, until = life.pause_until
    return life.joins < begun < look and look.astimezone(zone).date() < until


def check_days(run: Run) -> int:
    """One edition on each open day, none on others, never before its hour; returns how many open days there were."""
    total = 0
    for life in run.lives:
        issued = [edition.issue_date for edition in run.editions.get(life.reader.email, [])]
        must, may = days_of(run, life)
        assert issued == sorted(set(issued)), life
        assert must <= set(issued), (life, sorted(must - set(issued)))
        assert set(issued) <= may, (life, sorted(set(issued) - may))
        total += len(must)
    return total


def check_hours(run: Run) -> int:
    """Never before the hour, at the next look after it, or within the grace; returns how many waited."""
    waited = 0
    for life in run.lives:
        zone, send_at = ZoneInfo(life.reader.schedule.timezone), life.reader.schedule.send_at
        looks = {look: look.astimezone(zone) for look in looks_of(run, life)}
        for edition in run.editions.get(life.reader.email, []):
            wall = edition.composed_at.astimezone(zone)
            assert (wall.date(), wall.time()) >= (edition.issue_date, send_at), edition
            sooner = [
                look
                for look, at in looks.items()
                if look < edition.composed_at and at.date() == edition.issue_date and at.time() >= send_at
            ]
            assert all(edition.composed_at - look <= GRACE + HOUR for look in sooner[:1]), edition
            waited += bool(sooner)
    return waited


# --- papers -----------------------------------------------------------------------------------------------------------


def check_papers(run: Run) -> tuple[int, int]:
    """No paper twice; none lost, but what an edition says it leaves out; returns picks, and editions that cut."""
    news = run.parts.store.window(0)
    picks = cut = 0
    for life in run.lives:
        editions = run.editions.get(life.reader.email, [])
        had = [pick.listing.guid for edition in editions for pick in edition.picks]
        assert len(had) == len(set(had)), life
        picks += len(had)
        wanted = life.reader.profile.sources
        own = [a for a in news if not wanted or a.source in wanted]
        for before, edition in pairwise(editions):
            between = [a for a in own if before.cursor < a.seq <= edition.cursor]
            left_out = [a for a in between if a.listing.guid not in had]
            cut += bool(left_out)
            assert not left_out or may_leave_out(edition, life), (life, edition.issue_date, left_out)
            if edition.since and life.reader.schedule.catch_up:
                assert all(a.day < edition.since for a in left_out), (edition.issue_date, left_out)
    return picks, cut


def may_leave_out(edition: Edition, life: Life) -> bool:
    """It says so, or its reader wants nothing of an absence, or they had left and came back."""
    is_said = edition.since is not None and edition.since > edition.subscriber.last_issue
    return is_said or not life.reader.schedule.catch_up


# --- mail -------------------------------------------------------------------------------------------------------------


def check_mail(run: Run) -> Counter:
    """Every edition that is to be sent has one end; the relay has what was sent, and nothing twice without a cause."""
    store, relay = run.parts.store, run.relay
    states = Counter({state: count for state, count in store.overview(run.end).deliveries.items() if count})
    editions = [edition for those in run.editions.values() for edition in those]
    assert states.total() == sum(edition.worth_sending for edition in editions)
    assert set(states) <= set(ENDED), states
    taken = {ident for ident, count in relay.taken.items() if count}
    uncertain = taken & relay.unknown
    assert len(taken - relay.unknown) <= states[State.SENT] <= len(taken)
    assert all(relay.taken[ident] == 1 for ident in taken - relay.unknown)
    if run.plan.on_unknown == "hold":
        assert states[State.UNKNOWN] == len(relay.unknown)
        assert all(relay.taken[ident] == 1 for ident in uncertain)
    return states


def check_readers(run: Run) -> None:
    """Who left gets nothing afterwards, and nobody else was lost."""
    by_email = {each.email: each for each in run.parts.store.subscribers()}
    for life in run.lives:
        email, status = life.reader.email, by_email[life.reader.email].status
        is_gone = email in run.gone or (life.leaves is not None and life.leaves < run.end)
        assert (status in (Status.REMOVED, Status.SUPPRESSED)) == is_gone, (life, status)
        assert all(edition.composed_at <= ended(run, life) + 30 * MINUTE for edition in run.editions.get(email, []))


# --- all of it --------------------------------------------------------------------------------------------------------


def balanced(run: Run) -> Figures:
    """The figures, if everything is as it must be."""
    _note_suppressions(run)
    editions = [edition for those in run.editions.values() for edition in those]
    open_days, waited = check_days(run), check_hours(run)
    picks, cut = check_papers(run)
    states = check_mail(run)
    check_readers(run)
    assert all(message.content for message in run.renderer.samples)
    return Figures(
        days=run.plan.days,
        readers=len(run.lives),
        zones=len({life.reader.schedule.timezone for life in run.lives}),
        looks=len(run.looks),
        editions=len(editions),
        silent=sum(not edition.worth_sending for edition in editions),
        states={state.value: count for state, count in states.items()},
        open_days=open_days,
        catching_up=sum(edition.since is not None for edition in editions),
        cut=cut,
        late=sum(bool(edition.missing) for edition in editions),
        waited=waited,
        papers=picks,
        resent=sum(count > 1 for count in run.relay.taken.values()),
        seconds=round(run.seconds, 1),
    )


def _note_suppressions(run: Run) -> None:
    """An address that the relay called hopeless, or that bounced again and again, is gone from then on."""
    for entry in run.parts.store.suppressions():
        run.gone.setdefault(entry.email, entry.at)
