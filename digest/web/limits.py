"""How often strangers may do what costs us, or others, something. Kept in memory: a restart forgives everybody."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from math import ceil
from threading import Lock
from types import MappingProxyType
from typing import NamedTuple

from digest.pacing import interval

_MOST_KEYS = 50_000  # about 10 MB; beyond them, whoever was seen longest ago is forgotten


class Rate(NamedTuple):
    """So many at once, and then so many an hour."""

    burst: int
    per_hour: int


RATES: Mapping[str, Rate] = MappingProxyType(
    {
        "sign_up": Rate(5, 20),  # each may write to somebody
        "link": Rate(5, 20),
        "login": Rate(5, 30),
        "suggest": Rate(10, 30),
        "like": Rate(60, 600),
        "preview": Rate(60, 1_800),  # while one types
        "backtest": Rate(6, 60),  # seconds of work each
        "upload": Rate(6, 60),  # likewise
        "search": Rate(60, 1_200),
        "page": Rate(240, 3_600),  # of the archive, that nobody asked for lately
        "api": Rate(120, 3_600),
    }
)


class Limits:
    """Who did what when, as much as is needed to say when they may do it again. Shared by threads."""

    def __init__(self, rates: Mapping[str, Rate] = RATES, most_keys: int = _MOST_KEYS) -> None:
        self._rates = rates
        self._most_keys = most_keys
        self._free_at: OrderedDict[tuple[str, str], datetime] = OrderedDict()  # who was seen longest ago comes first
        self._lock = Lock()

    def allow(self, kind: str, key: str, now: datetime) -> int:
        """Seconds to wait, 0 if it may be done now; only then it counts. `key` is an address, of IP or of mail.

        Raises KeyError for a kind that has no rate.
        """
        who = (kind, widened(key))
        with self._lock:
            free_at, wait = reserve(self._rates[kind], self._free_at.get(who), now)
            if not wait:
                self._free_at[who] = free_at
                self._free_at.move_to_end(who)
                if len(self._free_at) > self._most_keys:
                    self._free_at.popitem(last=False)
        return ceil(wait.total_seconds())

    def __len__(self) -> int:
        return len(self._free_at)


def reserve(rate: Rate, free_at: datetime | None, now: datetime) -> tuple[datetime, timedelta]:
    """When all of the burst will be free again if this is done, and how long to wait until it may be.

    The generic cell rate algorithm (ITU-T I.371), as `digest.pacing.reserve`, with a burst.
    """
    apart = interval(rate.per_hour / 60)
    begins = max(free_at or now, now)
    return begins + apart, max(begins - now - (rate.burst - 1) * apart, timedelta(0))


def widened(key: str) -> str:
    """An IPv6 address stands for its /64, of which one customer has all (RFC 6177); anything else for itself."""
    try:
        address = ip_address(key)
    except ValueError:
        return key
    if not isinstance(address, IPv6Address):
        return key
    return str(IPv6Address(int(address) >> 64 << 64))
