"""`digest status`: how things stand, with everything or with one subscriber."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.arguments import Json, Now, or_now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from digest.config import Settings
    from digest.coverage import Coverage, Expected
    from digest.store import History, Overview, Store

_DAYS = 5  # of each source that are looked back on
_EDITIONS = 10


def status(
    ctx: typer.Context,
    email: Annotated[str | None, typer.Argument(help="Of this subscriber: whether they got it, and when.")] = None,
    editions: Annotated[
        int, typer.Option("--editions", min=1, help="With an address: how many of the last editions.")
    ] = _EDITIONS,
    days: Annotated[int, typer.Option("--days", min=1, max=60, help="Of each source's days, so many.")] = _DAYS,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Show how things stand: what is wrong, sources and their last days, what waits, was sent or failed.

    With an address: their last editions, when each was sent, what the server said, and when the next one comes.

    Example: digest status ann@example.org
    """
    from digest.cli import status_text, wiring

    settings, moment = wiring.load_settings(ctx.obj), or_now(now)
    with wiring.store_of(settings, create=False) as store:
        if email is not None:
            _one(settings, store, email, editions, moment, as_json=as_json)
            return
        overview, jobs = store.overview(moment), store.jobs()
        calendars = _calendars(settings)
        covered = _coverage(store, calendars, moment.date(), days)
        awaited = _awaited(store, calendars, overview, settings.delivery.patience, moment)
    if as_json:
        _emit(overview, coverage=covered, **({} if jobs is None else {"jobs": jobs}))
    else:
        status_text.print_overview(overview, covered, moment, jobs, awaited)


def _emit(value: object, **more: object) -> None:
    from digest.cli import output

    output.emit_json({**output.plain(value), **more})


# --- everything -----------------------------------------------------------------------------------------------------


def _coverage(store: "Store", calendars: "Mapping[str, Expected]", today: date, days: int) -> "list[Coverage]":
    from digest.coverage import coverage

    since = today - timedelta(days=days - 1)
    return coverage(store.news(since, today), calendars, store.first_visits(), since, today)


def _calendars(settings: "Settings") -> "dict[str, Expected]":
    """What is to be expected of each source, by name."""
    from digest.cli import wiring
    from digest.sources.client import Client

    with Client(settings.site.contact or "") as client:
        return {entry.name: wiring.make_source(entry, client).expected for entry in settings.sources}


@dataclass(frozen=True, slots=True)
class Awaited:
    """Sources that are late, and who waits for them."""

    sources: tuple[str, ...]
    editions: int
    until: "datetime"  # at the latest


def _awaited(
    store: "Store", calendars: "Mapping[str, Expected]", overview: "Overview", grace: timedelta, now: "datetime"
) -> Awaited | None:
    from digest import due
    from digest.coverage import is_behind

    covered = {one.name: one.covered for one in overview.sources}
    late = tuple(name for name, expected in calendars.items() if is_behind(expected(now), covered.get(name, {})))
    if not (late and grace):
        return None
    editions, until = due.waits(store.planned(now, now + due.WAIT), now, grace)
    return Awaited(late, editions, until) if until else None


# --- one subscriber -------------------------------------------------------------------------------------------------


def _one(settings: "Settings", store: "Store", email: str, limit: int, now: "datetime", *, as_json: bool) -> None:
    from digest.cli import status_text, wiring
    from digest.cli.roll import next_due

    history = store.history(email, limit)
    if history is None:
        wiring.the_one(wiring.everybody(settings, store, now), email)  # or it is somebody else's address
        typer.echo(f"{email} is in the configuration, and no run has seen it yet: nothing was composed for them.")
        return
    coming = next_due(history.subscriber, now)
    if as_json:
        _emit(_told(history), next_due=coming)
    else:
        status_text.print_history(history, coming, now)


def _told(history: "History") -> dict[str, Any]:
    """What is known of one subscriber, for programs."""
    subscriber = history.subscriber
    return {
        "email": subscriber.email,
        "status": subscriber.status,
        "subscribed": history.created_at,
        "schedule": subscriber.schedule,
        "paused_until": subscriber.paused_until,
        "last_issue": subscriber.last_issue,
        "suppression": history.suppression,
        "editions": history.editions,
    }
