"""The keys that a configuration names, read from their files."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from digest.delivery import keys
from digest.delivery.dkim import Key
from digest.errors import ConfigError, Fault

if TYPE_CHECKING:
    from digest.config.settings import DkimSettings


def configured(dkim: "DkimSettings") -> Iterator[tuple[str, keys.Kind, str, Path]]:
    """(key of the setting, kind, selector, file) of each."""
    if dkim.key_file:
        yield "dkim.key_file", keys.Kind.RSA, dkim.selector, dkim.key_file
    if dkim.ed25519_key_file:
        yield "dkim.ed25519_key_file", keys.Kind.ED25519, dkim.ed25519_selector, dkim.ed25519_key_file


def private_keys(dkim: "DkimSettings") -> dict[str, keys.PrivateKey]:
    """By selector. Raises ConfigError with every key that cannot be used."""
    found, faults = {}, []
    for setting, kind, selector, file in configured(dkim):
        try:
            found[selector] = keys.load(file, kind)
        except ValueError as error:
            faults.append(Fault(setting, str(error)))
    if faults:
        raise ConfigError("[dkim]", faults)
    return found


def signing_keys(dkim: "DkimSettings") -> list[Key]:
    """What signs; raises ConfigError as `private_keys`."""
    return [keys.signing(key, selector) for selector, key in private_keys(dkim).items()]
