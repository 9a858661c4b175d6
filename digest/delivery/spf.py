"""SPF (RFC 7208): whether a domain lets an address send its mail.

Asks what the record makes it ask, up to the ten questions that receivers allow. What depends on one message alone
(macros, `exists`, `ptr`) cannot be told beforehand.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Protocol

from digest.delivery.lookups import Address, CannotTell

_MOST_QUESTIONS = 10  # RFC 7208, 4.6.4
_MOST_EXCHANGES = 10


class Result(StrEnum):
    """What a receiver finds (RFC 7208, 2.6)."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"


class PermError(Exception):
    """The record cannot be used by anybody; the message says why."""


class Questions(Protocol):
    """What is asked of DNS."""

    def texts(self, name: str) -> Sequence[str]: ...
    def addresses(self, name: str) -> Sequence[Address]: ...
    def exchanges(self, name: str) -> Sequence[str]: ...


def records(texts: Sequence[str]) -> list[str]:
    """Those of the TXT records that are SPF's (RFC 7208, 4.5)."""
    return [text for text in texts if re.match(r"v=spf1(?: |\Z)", text, re.IGNORECASE)]


def lets_everybody(record: str) -> bool:
    return not {"all", "+all"}.isdisjoint(record.lower().split(" "))


def result(domain: str, address: Address, dns: Questions) -> Result:
    """Whether `domain` lets `address` send.

    Raises:
        PermError: the record, or one that it refers to, is broken.
        CannotTell: DNS does not answer, or the record depends on the message.
    """
    return _Check(address, dns).result(domain)


# --- a record -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Term:
    """A mechanism, or `redirect`, as it is written in the record of a domain."""

    kind: str
    result: Result = Result.NEUTRAL  # where it matches
    value: str = ""
    four: str = ""  # sizes of networks, in bits
    six: str = ""


_RESULTS = {"": Result.PASS, "+": Result.PASS, "-": Result.FAIL, "~": Result.SOFTFAIL, "?": Result.NEUTRAL}
_MECHANISM = re.compile(
    r"([-+~?]?)(all|a|mx|ptr|include|exists|ip4|ip6)(?::([^/]+))?(?:/([0-9]+))?(?://([0-9]+))?", re.IGNORECASE
)
_MODIFIER = re.compile(r"([a-z][a-z0-9._-]*)=(.*)", re.IGNORECASE)


def _terms(record: str) -> list[_Term]:
    """In the order of their evaluation: `redirect` comes last (RFC 7208, 6.1)."""
    read = [_term(word) for word in record.split(" ")[1:] if word]
    return sorted((term for term in read if term), key=lambda term: term.kind == "redirect")


def _term(word: str) -> _Term | None:
    """None for what asks nothing of a receiver, such as `exp`."""
    if found := _MODIFIER.fullmatch(word):
        return _Term("redirect", value=found[2]) if found[1].lower() == "redirect" else None
    found = _MECHANISM.fullmatch(word)
    if not found or (found[2].lower() in {"include", "exists", "ip4", "ip6"} and not found[3]):
        raise PermError(f'it has "{word}", which is no term of SPF')
    qualifier, kind, value, four, six = (part or "" for part in found.groups())
    return _Term(kind.lower(), _RESULTS[qualifier], value, four, six)


def _network(address: Address | str, size: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(f"{address}/{size}" if size else str(address), strict=False)
    except ValueError as error:
        raise PermError(f"it has a network that is none: {error}") from None


# --- what it comes to -----------------------------------------------------------------------------------------------


class _Check:
    """One walk through a record and those it refers to; counts the questions."""

    def __init__(self, address: Address, dns: Questions) -> None:
        self._address = address
        self._dns = dns
        self._asked = 0

    def result(self, domain: str) -> Result:
        found = records(self._dns.texts(domain))
        if not found:
            return Result.NONE
        if len(found) > 1:
            raise PermError(f"{domain} has {len(found)} SPF records")
        for term in _terms(found[0]):
            if term.kind == "redirect":
                return self._referred(term.value)
            if self._matches(term, domain):
                return term.result
        return Result.NEUTRAL

    def _matches(self, term: _Term, domain: str) -> bool:
        match term.kind:
            case "all":
                return True
            case "ip4" | "ip6":
                return self._address in _network(term.value, term.four)
            case "include":
                return self._referred(term.value) is Result.PASS
        self._count(term.value)
        match term.kind:
            case "a":
                return self._is_near(self._dns.addresses(term.value or domain), term)
            case "mx":
                return self._is_near(self._exchanged(term.value or domain), term)
            case other:
                raise CannotTell(f'its "{other}" differs from message to message')

    def _referred(self, target: str) -> Result:
        self._count(target)
        found = self.result(target)
        if found is Result.NONE:
            raise PermError(f"it refers to {target}, which has no SPF record")
        return found

    def _exchanged(self, target: str) -> list[Address]:
        hosts = self._dns.exchanges(target)
        if len(hosts) > _MOST_EXCHANGES:
            raise PermError(f"{target} has {len(hosts)} MX records, where SPF allows {_MOST_EXCHANGES}")
        return [address for host in hosts for address in self._dns.addresses(host)]

    def _is_near(self, addresses: Iterable[Address], term: _Term) -> bool:
        """Whether ours is in the network of one of these."""
        sizes = {4: term.four, 6: term.six}
        return any(self._address in _network(address, sizes[address.version]) for address in addresses)

    def _count(self, target: str) -> None:
        self._asked += 1
        if self._asked > _MOST_QUESTIONS:
            raise PermError(f"it takes more than {_MOST_QUESTIONS} questions to DNS, where receivers stop")
        if "%" in target:
            raise CannotTell(f'its "{target}" differs from message to message')
