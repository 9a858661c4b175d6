"""What DNS says of a sender, by which receivers decide whether to trust its mail: asks, and has it judged."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from digest.delivery import spf
from digest.delivery.lookups import Address, CannotTell, Lookups, Silent
from digest.delivery.remarks import (
    DKIM,
    DMARC,
    REVERSE,
    SPF,
    dmarc_records,
    judge_dkim,
    judge_dmarc,
    judge_reverse,
    judge_spf,
    judge_spf_of_relay,
)
from digest.model import Finding, Weight


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, as far as DNS is concerned. Domains are A-labels."""

    domain: str  # of the From address
    signing_domain: str
    keys: Mapping[str, str]  # selector -> the record of our key
    relay: str | None  # the host that takes our mail; None where none does, or its name is not known
    is_own: bool = False  # whether the relay is this machine
    envelope: str = ""  # the domain of the envelope's sender, where that is another


def look(sender: Sender, dns: Lookups) -> Iterator[Finding]:
    """Everything there is to remark. Where DNS is silent, that is a note and the end."""
    for about, ask in _LOOKS.items():
        try:
            yield from ask(sender, dns)
        except Silent as silence:
            yield Finding("sender's DNS", Weight.NOTE, f"{silence}, so {about} and what follows was not looked at")
            return
        except CannotTell as error:
            yield Finding(about, Weight.NOTE, f"cannot be told: {error}")


def _spf(sender: Sender, dns: Lookups) -> Iterator[Finding]:
    domain = sender.envelope or sender.domain  # whose record receivers ask for (RFC 7208, 2.4)
    remark = judge_spf(domain, dns.texts(domain), sender.relay)
    if remark.result is not Weight.OK or sender.relay is None:
        yield remark
        return
    try:
        addresses = _public_addresses(sender.relay, dns)
        results = {address: spf.result(domain, address, dns) for address in addresses}
    except spf.PermError as error:
        yield Finding(SPF, Weight.FAILED, f"receivers cannot use the record of {domain}: {error}")
    else:
        yield judge_spf_of_relay(domain, sender.relay, results)


def _dkim(sender: Sender, dns: Lookups) -> Iterator[Finding]:
    for selector, ours in sender.keys.items():
        name = f"{selector}._domainkey.{sender.signing_domain}"
        yield judge_dkim(name, dns.texts(name), ours)
    if not sender.keys:
        words = "nothing is signed here: let your mail server sign, or run `digest dkim keygen`"
        yield Finding(DKIM, Weight.NOTE, words)


def _dmarc(sender: Sender, dns: Lookups) -> Iterator[Finding]:
    """The nearest record upwards, which is where receivers look (RFC 9989, 4.10)."""
    labels = sender.domain.split(".")
    above = sender.domain
    texts: list[str] = []
    for start in range(max(len(labels) - 1, 1)):
        above = ".".join(labels[start:])
        texts = dns.texts(f"_dmarc.{above}")
        if dmarc_records(texts):
            break
    yield judge_dmarc(sender.domain, above, texts, sender.signing_domain if sender.keys else None)


def _reverse(sender: Sender, dns: Lookups) -> Iterator[Finding]:
    if not sender.is_own:
        if sender.relay:
            yield Finding(REVERSE, Weight.OK, f"is the business of who runs {sender.relay}")
        return
    addresses = _public_addresses(sender.relay, dns) if sender.relay else []
    if not addresses:
        host = sender.relay or "this machine"
        yield Finding(REVERSE, Weight.NOTE, f"cannot be told: DNS has no public address of {host}")
    for address in addresses:
        names = {name: dns.addresses(name) for name in dns.names(address)}
        yield judge_reverse(sender.relay or "", address, names)


_LOOKS: Mapping[str, Callable[[Sender, Lookups], Iterator[Finding]]] = {
    SPF: _spf,
    DKIM: _dkim,
    DMARC: _dmarc,
    REVERSE: _reverse,
}

# Addresses that mean something in one network only: loopback, link-local, RFC 1918, RFC 6598, RFC 4193.
_AT_HOME = [
    ip_network(network)
    for network in (
        *("127.0.0.0/8", "169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
        *("::1/128", "fe80::/10", "fc00::/7"),
    )
]


def _public_addresses(host: str, dns: Lookups) -> list[Address]:
    try:
        found = [ip_address(host)]
    except ValueError:
        found = dns.addresses(host)
    return [address for address in found if not any(address in network for network in _AT_HOME)]
