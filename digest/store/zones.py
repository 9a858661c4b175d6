"""Zone data change: what was planned by the old ones is planned again. What was composed stays as it is."""

import hashlib
import zoneinfo
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from sqlalchemy import Connection, select

from digest.store import marks
from digest.store.schema import subscribers

_ZONES = "zone data"


def changed(connection: Connection) -> str | None:
    """The mark of the zone data that subscribers live by, if it is another than the one kept; None if it is not."""
    names = connection.scalars(select(subscribers.c.timezone).distinct())
    mark = _mark(names)
    return None if mark == marks.read(connection, _ZONES) else mark


def keep(connection: Connection, mark: str) -> None:
    """Remember that everybody is planned by these zone data."""
    marks.keep(connection, _ZONES, mark)


def _mark(names: Iterable[str]) -> str:
    found = hashlib.sha256()
    for name in sorted(names):
        found.update(name.encode() + b"\0" + _content(name))
    return found.hexdigest()[:32]


def _content(name: str) -> bytes:
    """The data of a zone, looked for where `zoneinfo` does: on the machine, else in the tzdata package."""
    try:
        zoneinfo.ZoneInfo(name)  # refuses what would lead out of the folders
        places = (Path(folder, name) for folder in zoneinfo.TZPATH)
        file = next((place for place in places if place.is_file()), None)
        return (file or resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))).read_bytes()
    except (zoneinfo.ZoneInfoNotFoundError, ImportError, OSError, ValueError):
        return b""
