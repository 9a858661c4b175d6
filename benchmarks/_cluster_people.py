"""Any number of invented subscribers in a database, by COPY: 3 to 30 terms of a shared stock each, in 24 zones, due now."""

import random
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from datetime import time as wall_time
from functools import cache
from multiprocessing import get_context
from zoneinfo import ZoneInfo

from sqlalchemy import URL

from benchmarks._invented import choices, lines, listings
from benchmarks.message import linked
from digest.model import Announcement, Fetched, Kind, Profile, Schedule, Subscriber
from digest.store import open_store, subscribers
from digest.store.database import Database
from digest.store.schema import subscribers as table
from digest.store.sql import write_many

STOCK = 20_000  # different lines that profiles share
PART = 25_000  # subscribers written in one transaction
PICKS = 20
ZONES = (
    "Pacific/Pago_Pago",
    "Pacific/Honolulu",
    "America/Anchorage",
    "America/Los_Angeles",
    "America/Denver",
    "America/Chicago",
    "America/New_York",
    "America/Halifax",
    "America/Sao_Paulo",
    "America/Noronha",
    "Atlantic/Azores",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Athens",
    "Europe/Moscow",
    "Asia/Dubai",
    "Asia/Karachi",
    "Asia/Dhaka",
    "Asia/Bangkok",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Noumea",
    "Pacific/Auckland",
)
# Where people have their mailboxes: a few large providers, and many that are small.
DOMAINS = [*["gmail.example"] * 40, *["outlook.example"] * 15, *["yahoo.example"] * 8, *["icloud.example"] * 5]
DOMAINS += [f"university{number}.example" for number in range(132)]


def schedule(zone: str, now: datetime) -> Schedule:
    """One that is due at `now`, and not again for some 23 hours."""
    local = now.astimezone(ZoneInfo(zone))
    before = local - timedelta(hours=1)
    at = wall_time(before.hour, before.minute) if before.date() == local.date() else wall_time(0, 0)
    return Schedule(zone, send_at=at)


def fill(url: URL, people: int, papers: int, now: datetime) -> tuple[float, float]:
    """Announce the papers and write the people; seconds for each."""
    start = time.monotonic()
    announce(url, papers, now)
    announced = time.monotonic()
    parts = [(url, range(first, min(first + PART, people)), now) for first in range(0, people, PART)]
    if len(parts) == 1:
        _write(*parts[0])
    else:
        with get_context("spawn").Pool(2) as pool:
            pool.starmap(_write, parts, chunksize=1)
    analyzed(url)
    return announced - start, time.monotonic() - announced


def announce(url: URL, papers: int, now: datetime) -> None:
    """The day's papers, as a source gave them; it is not visited again for a day."""
    today = [linked(each) for each in listings(random.Random(1), papers)]
    found = tuple(Announcement(each, "arxiv", Kind.NEW, now.date()) for each in today)
    store = open_store(_said(url))
    covered = {"cs.CL": now.date() + timedelta(days=1)}  # nobody waits for more
    store.announce("arxiv", Fetched(found, covered=covered), now, now + timedelta(days=1))
    store.close()


def _said(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _write(url: URL, numbers: range, now: datetime) -> None:
    some = people(numbers, now)
    database = Database(url, patience=60.0)
    with database.writing() as connection:
        first = subscribers.seq_before(connection, now - timedelta(hours=1))
        rows = [
            subscribers._values(each)  # noqa: SLF001  (as it writes them itself, but in bulk)
            | {"cursor": first, "next_due": now, "planned_at": now, "created_at": now}
            for each in some
        ]
        names = list(rows[0])
        write_many(connection, table, names, (tuple(row[name] for name in names) for row in rows))
    database.engine.dispose()


def people(numbers: range, now: datetime) -> Iterator[Subscriber]:
    """Those with these numbers, the same whenever they are asked for."""
    drawn = choices(len(numbers), STOCK, seed=numbers.start + 1)
    schedules = [schedule(zone, now) for zone in ZONES]
    stock = _stock()
    for place, number in enumerate(numbers):
        own = drawn[place]
        yield Subscriber(
            f"reader{number}@{DOMAINS[number * 7 % len(DOMAINS)]}",
            f"Reader {number}",
            Profile(tuple(dict.fromkeys(stock[line] for line in own)), max_papers=PICKS),
            schedules[number * 5 % len(ZONES)],
        )


@cache
def _stock() -> Sequence[str]:
    return lines(random.Random(2), "zipf", STOCK)


def analyzed(url: URL) -> None:
    """What PostgreSQL's planner knows is up to date, as it is where autovacuum had a minute's time."""
    database = Database(url, patience=60.0)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    database.engine.dispose()
