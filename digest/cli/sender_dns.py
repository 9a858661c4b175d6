"""What `digest check` says of the keys that sign and of the sender's DNS."""

import socket
from collections.abc import Iterator
from threading import Thread
from typing import TYPE_CHECKING

from digest.delivery import keys
from digest.delivery.lookups import Lookups
from digest.delivery.sender_dns import Sender, look
from digest.errors import ConfigError
from digest.model import Finding, Weight

if TYPE_CHECKING:
    from digest.cli.arguments import Server
    from digest.config import Settings

# Names that no mail from outside can be about (RFC 2606, RFC 6761).
_NOWHERE = ("localhost", "local", "test", "invalid", "example", "example.org", "example.com", "example.net")
_PATIENCE = 0.5  # seconds


def is_nowhere(domain: str) -> bool:
    return any(domain == name or domain.endswith(f".{name}") for name in _NOWHERE)


def examine(settings: "Settings", server: "Server | None" = None) -> Iterator[Finding]:
    """Keys first, then DNS, asked of `server` or of the system's."""
    from digest.cli.signing import private_keys

    try:
        held = private_keys(settings.dkim)
    except ConfigError as error:
        yield from (Finding(fault.key, Weight.FAILED, fault.what) for fault in error.faults)
        held = {}
    yield from _about_keys(settings, held)
    if is_nowhere(settings.sender_domain):
        words = f"is not asked about {settings.sender_domain}: set mail.from to an address of yours, and look again"
        yield Finding("sender's DNS", Weight.NOTE, words)
        return
    yield from look(_sender(settings, held), Lookups((server.address, server.port) if server else None))


def _about_keys(settings: "Settings", held: dict[str, keys.PrivateKey]) -> Iterator[Finding]:
    from digest.cli.signing import configured
    from digest.config import is_readable_by_all

    for setting, _, selector, file in configured(settings.dkim):
        if is_readable_by_all(file):
            words = f"can be read by everybody on this machine: chmod 600 {file}"
            yield Finding(setting, Weight.WARNING, words)
        if selector in held and (weakness := keys.weakness(held[selector])):
            yield Finding(setting, Weight.WARNING, weakness)


def _sender(settings: "Settings", held: dict[str, keys.PrivateKey]) -> Sender:
    from digest.config import is_loopback
    from digest.config.domains import domain_of

    sends = settings.smtp.kind == "smtp"
    is_own = sends and is_loopback(settings.smtp.host)
    relay = (own_name() if is_own else settings.smtp.host) if sends else None
    records = {selector: keys.record(key) for selector, key in held.items()}
    envelope = domain_of(settings.bounces.address) if settings.bounces.address else ""
    return Sender(settings.sender_domain, settings.signing_domain, records, relay, is_own=is_own, envelope=envelope)


def own_name() -> str | None:
    """This machine's full name, if it has one that it knows at once: asking may take many seconds without a network."""
    found: list[str] = []
    asking = Thread(target=lambda: found.append(socket.getfqdn()), daemon=True)
    asking.start()
    asking.join(_PATIENCE)
    name = found[0].rstrip(".").lower() if found else ""
    return name if "." in name and not is_nowhere(name) and not name.endswith(".localdomain") else None
