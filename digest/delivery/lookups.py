"""Questions to DNS, which may take a few seconds in all and then are over."""

import time
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import dns.exception
import dns.name
import dns.resolver
import dns.reversename

Address = IPv4Address | IPv6Address

SECONDS = 2.5  # for all questions together
_PATIENCE = 0.8  # seconds for one packet, before the question is asked again


class CannotTell(Exception):  # noqa: N818 - not knowing is no error
    """What was asked has no answer here; the message says why."""


class Silent(CannotTell):
    """There is no DNS to be had, so nothing more needs to be asked."""


class Lookups:
    """Asks the system's DNS servers or one that is given. An empty answer means that there is nothing of the kind.

    Each raises CannotTell where there is no answer at all.
    """

    def __init__(self, server: tuple[str, int] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._resolver: dns.resolver.Resolver | None = None
        self._clock = clock
        self._end = clock() + SECONDS

    def texts(self, name: str) -> list[str]:
        """TXT records, the strings of each joined."""
        return [b"".join(record.strings).decode(errors="replace") for record in self._ask(name, "TXT")]

    def addresses(self, name: str) -> list[Address]:
        found = [*self._ask(name, "A"), *self._ask(name, "AAAA")]
        return [ip_address(record.address) for record in found]

    def exchanges(self, name: str) -> list[str]:
        """The hosts of MX records."""
        return [_text(record.exchange) for record in self._ask(name, "MX")]

    def names(self, address: Address) -> list[str]:
        """PTR records."""
        question = dns.reversename.from_address(str(address))
        return [_text(record.target) for record in self._ask(_text(question), "PTR")]

    def _ask(self, name: str, kind: str) -> Sequence[Any]:
        left = self._end - self._clock()
        if left <= 0:
            raise Silent(f"DNS did not answer within {SECONDS:g} seconds")
        try:
            answer = self._opened().resolve(f"{name}.", kind, lifetime=left, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.resolver.NoResolverConfiguration, OSError):
            raise Silent("this machine has no DNS servers to ask") from None
        except dns.resolver.LifetimeTimeout:
            raise Silent(f"DNS did not answer within {SECONDS:g} seconds") from None
        except dns.exception.DNSException as error:
            raise CannotTell(f"DNS has no answer for {name} ({type(error).__name__})") from None
        return list(answer)

    def _opened(self) -> dns.resolver.Resolver:
        if self._resolver is None:
            self._resolver = dns.resolver.Resolver(configure=self._server is None)
            self._resolver.timeout = _PATIENCE
            if self._server is not None:
                host, self._resolver.port = self._server
                self._resolver.nameservers = [host]
        return self._resolver


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
