"""Options that several commands share."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from ipaddress import ip_address
from typing import Annotated

import typer


def read_now(text: str) -> datetime:
    """An ISO 8601 instant; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a time like 2026-05-18T07:30:00+02:00") from None
    _possible(moment.year, text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date like 2026-05-18") from None
    _possible(day.year, text)
    return day


def _possible(year: int, text: str) -> None:
    """Days are counted back and forth from here, and the calendar ends at the years 1 and 9999."""
    if not 1970 <= year < 3000:
        raise typer.BadParameter(f"{text!r} is not between the years 1970 and 2999")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server is."""

    address: str
    port: int


def read_server(text: str) -> Server:
    """A DNS server: `192.0.2.1`, `192.0.2.1:5353`, `[2001:db8::1]:5353`."""
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        host, port = text, "53"
    try:
        address = str(ip_address(host.strip("[]")))
    except ValueError:
        address = ""
    if not address or not port.isdecimal() or not 0 < int(port) < 65536:
        raise typer.BadParameter(f"{text!r} is not an address like 192.0.2.1 or 192.0.2.1:5353")
    return Server(address, int(port))


Now = Annotated[
    datetime | None,
    typer.Option("--now", parser=read_now, metavar="ISO8601", help="Act as if it were this time (UTC unless it says)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def or_now(now: datetime | None) -> datetime:
    return now or datetime.now(UTC)
