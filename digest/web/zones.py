"""Time zones as people choose them: by region and place."""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple
from zoneinfo import available_timezones

_REGIONS = (
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"),
)  # IANA's; the other names are abbreviations and the like, which nobody's browser says


class Place(NamedTuple):
    """One zone."""

    name: str  # "America/Argentina/Buenos_Aires"
    label: str  # "Argentina, Buenos Aires"


class Region(NamedTuple):
    """Zones under one heading."""

    name: str
    places: tuple[Place, ...]


@cache
def regions() -> tuple[Region, ...]:
    """All zones of this machine that a place gave its name to. UTC, which is none, is not among them."""
    return grouped(available_timezones())


def grouped(names: Iterable[str]) -> tuple[Region, ...]:
    """The zones of these that lie in a region, in the order of the alphabet."""
    places = sorted(name.partition("/")[::2] for name in names)
    return tuple(
        Region(region, tuple(Place(f"{region}/{rest}", _label(rest)) for own, rest in places if own == region and rest))
        for region in _REGIONS
    )


def _label(rest: str) -> str:
    return rest.replace("_", " ").replace("/", ", ")


def said(zone: str) -> str:
    """A zone as it follows a time: "Buenos Aires time", "UTC"."""
    region, _, rest = zone.partition("/")
    return f"{rest.rpartition('/')[2].replace('_', ' ')} time" if region in _REGIONS and rest else zone
