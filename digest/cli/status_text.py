"""`digest status` for people: lines that fit into 80 columns."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import typer

from digest.model import Pace, State
from digest.pacing import BREAKER, RELAY

if TYPE_CHECKING:
    from digest.cli.status import Awaited
    from digest.coverage import Coverage
    from digest.model import Schedule
    from digest.store import Failure, History, Jobs, Overview, Served, SourceStatus

_LABEL = 13  # columns, of what stands before a line


def _say(text: str, *, label: str = "", indent: int = _LABEL) -> None:
    """A paragraph behind its label, wrapped to the width of the terminal."""
    from digest.cli import output

    first, rest = label.ljust(indent), " " * indent
    width = output.console().width
    lines = textwrap.wrap(text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    typer.echo("\n".join(lines or [first.rstrip()]))


def _at(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _soon(moment: datetime | None) -> str:
    """Without its year, where columns are scarce."""
    return "never" if moment is None else f"{moment:%m-%d %H:%M}"


def _many(count: int, one: str, several: str) -> str:
    return one if count == 1 else f"{count:,} {several}"


def _counts(counted: Mapping[Any, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counted.items() if count) or "none"


def _ago(moment: datetime, now: datetime) -> str:
    """About how long it is that something was."""
    minutes = max(0, (now - moment) // timedelta(minutes=1))
    for size, name in ((1440, "days"), (60, "hours")):
        if minutes >= 2 * size:
            return f"{minutes // size} {name}"
    return f"{minutes} minutes"


# --- everything -----------------------------------------------------------------------------------------------------


def print_overview(
    overview: "Overview",
    covered: "Sequence[Coverage]",
    now: datetime,
    jobs: "Jobs | None" = None,
    awaited: "Awaited | None" = None,
) -> None:
    """What is wrong stands first, what was not delivered last; times are UTC."""
    for alert in overview.alerts:
        _say(f"{alert.what} (since {_at(alert.begun_at)}).", label="WRONG")
    _print_sources(overview.sources)
    _print_coverage(covered)
    _print_deliveries(overview, now)
    if jobs is not None:
        _print_jobs(jobs)
    _print_people(overview, awaited)
    _print_failures(overview.failures)


def _print_sources(sources: "Iterable[SourceStatus]") -> None:
    from digest.cli import output

    rows = [
        [one.name, _soon(one.last_attempt), _soon(one.last_success), _soon(one.next_pull), one.announced, one.listings]
        for one in sources
    ]
    output.table("Sources (times are UTC)", ["source", "last pull", "last complete", "next", "gave#", "papers#"], rows)
    for one in sources:
        for problem in one.problems:
            _say(problem.what, label=f"{one.name}:")


def _print_coverage(covered: "Sequence[Coverage]") -> None:
    from digest.cli import output

    if not covered:
        return
    asked = {True: "yes", False: "no", None: "-"}
    rows = [
        [one.source, f"{one.day:%a} {one.day}", asked[one.expected], one.fetched, one.matched, one.sent, one.late]
        for one in covered
    ]
    columns = ["source", "day", "expected", "fetched#", "matched#", "sent#", "late#"]
    output.table("Papers of their last days", columns, rows)


def _print_deliveries(overview: "Overview", now: datetime) -> None:
    oldest = overview.oldest_waiting
    since = f", the oldest for {_ago(oldest, now)} (since {_at(oldest)})" if oldest else ""
    held = f"; {overview.held:,} held, which may have arrived" if overview.held else ""
    _say(f"{overview.waiting or 'nothing'}{since}{held}", label="Waiting")
    _say(f"{_counts(overview.deliveries_today)}; of all: {_counts(overview.deliveries)}", label="Last 24 h")
    if overview.quiet:
        _say("; ".join(_silence(pace, now) for pace in overview.quiet), label="Left alone")


def _silence(pace: Pace, now: datetime) -> str:
    until = f" until {_at(pace.quiet_until)}" if pace.quiet_until and pace.quiet_until > now else ""
    if pace.key == BREAKER:
        return f"the relay failed {_many(pace.strikes, 'once', 'times in a row')}{until and f', left alone{until}'}"
    name = "the relay" if pace.key == RELAY else pace.key
    return f"{name}{until} (asked for less {_many(pace.strikes, 'once', 'times in a row')})"


def _print_jobs(jobs: "Jobs") -> None:
    """Of `digest worker`, wherever it runs."""
    _say(_many(jobs.workers, "one process at work", "processes at work"), label="Workers")
    for state, words in (("todo", "waiting"), ("doing", "at work on"), ("failed", "failed within a day")):
        counted = {queue: counts[state] for queue, counts in jobs.counts.items() if state in counts}
        if counted:
            _say(f"{words}: {_counts(counted)}", label="")


def _print_people(overview: "Overview", awaited: "Awaited | None") -> None:
    following = f"; {overview.due} due, the next at {_at(overview.next_due)}" if overview.next_due else ""
    _say(f"{_counts(overview.subscribers)}{following}", label="Subscribers")
    if awaited:
        waits = _many(awaited.editions, "one edition waits", "editions wait")
        _say(f"{waits} for {', '.join(awaited.sources)}, until {_at(awaited.until)} at the latest", label="")
    if (listed := overview.suppressed).total:
        growth = f"{listed.last_7_days:,} in the last 7 days, {listed.last_30_days:,} in 30"
        _say(
            f"{_many(listed.total, '1 address', 'addresses')} ({_counts(listed.causes)}); {growth}", label="Suppressed"
        )
    vacuumed = f", vacuumed {_at(overview.vacuumed_at)}" if overview.vacuumed_at else ""
    _say(f"{overview.listings:,} in a database of {overview.size / 1e6:.1f} MB{vacuumed}", label="Papers")


def _print_failures(failures: "Iterable[Failure]") -> None:
    if failures:
        typer.echo("\nNot delivered, the newest first; `digest status ADDRESS` has more")
    for one in failures:
        tries = _many(one.attempts, "1 try", "tries")
        _say(f"{one.email}, {one.state} after {tries}, {_at(one.when)}", label=f"{one.issue_date}")
        if one.detail:
            _say(one.detail)


# --- one subscriber -------------------------------------------------------------------------------------------------


def print_history(history: "History", coming: datetime | None, now: datetime) -> None:
    """Whether they got it, when, and what was said; times are UTC but for the next one, which is theirs."""
    subscriber = history.subscriber
    _say(f"{subscriber.email}: {_standing(history, now)}", indent=0)
    _say(f"comes at {_schedule(subscriber.schedule)}; the next one: {_coming(history, coming)}", label="Schedule")
    for away in subscriber.schedule.away:
        _say(f"{away.first} to {away.last}", label="Away")
    if listed := history.suppression:
        _say(f"since {_at(listed.at)} ({listed.cause}): {listed.detail or 'no reason was given'}", label="Suppressed")
        _say(f"`digest suppressions remove {listed.email}` takes them off the list.")
    typer.echo()
    if not history.editions:
        typer.echo("Nothing was composed for them yet.")
    for served in history.editions:
        _print_served(served)


def _standing(history: "History", now: datetime) -> str:
    from digest.cli.roll import pause_ends

    until = pause_ends(history.subscriber, now)
    status = f"paused until {until}" if until else history.subscriber.status
    return f"{status}, first subscribed {history.created_at:%Y-%m-%d}"


def _schedule(schedule: "Schedule") -> str:
    from digest.config import day_names
    from digest.model import EVERY_DAY

    days = "every day" if schedule.days == EVERY_DAY else " ".join(day_names(schedule.days))
    return f"{schedule.send_at:%H:%M} {schedule.timezone}, {days}"


def _coming(history: "History", coming: datetime | None) -> str:
    if coming is None:
        return f"none, while they are {history.subscriber.status}"
    return f"{coming:%Y-%m-%d %H:%M %Z}"


def _print_served(served: "Served") -> None:
    _say(f"{_what_became(served)}; {served.papers} papers", label=f"{served.issue_date}")
    if served.detail:
        code = f"{served.code} " if served.code and not served.detail.startswith(str(served.code)) else ""
        _say(f"{code}{served.detail}")
    for back in served.came_back:
        what = " ".join(filter(None, (back.kind, back.code, back.detail)))
        _say(f"came back {_at(back.at)}: {what}")


def _what_became(served: "Served") -> str:
    if served.state is None:
        return "not sent, as nothing was in it" if served.kept else "its content and delivery were vacuumed"
    when = f"{served.changed_at:%Y-%m-%d %H:%M:%S}" if served.changed_at else ""
    tries = f" after {served.attempts} tries" if served.attempts > 1 else ""
    again = f", handed over again {_many(served.resent, 'once', 'times')}" if served.resent else ""
    following = f"; next try {_at(served.next_attempt)}" if served.state in _TRIED_AGAIN and served.next_attempt else ""
    held = ", held: it may have arrived" if served.state is State.UNKNOWN and not served.next_attempt else ""
    return f"{served.state} {when}{tries}{again}{held}{following}"


_TRIED_AGAIN = (State.PENDING, State.DEFERRED, State.UNKNOWN)
