"""Faults of a value that was given as an option."""

from collections.abc import Mapping, Sequence

from digest.errors import Fault, UsageError

_OPTIONS: Mapping[str, str] = {
    "keywords": "--keyword",
    "categories": "--category",
    "sources": "--source",
    "host": "--smtp-host",
    "security": "--smtp-security",
}


def refused(faults: Sequence[Fault]) -> UsageError:
    """The faults with the names of options in place of keys."""
    # An address that is wrong is wrong wherever it was put: say so once, of the last, which is the subscriber's.
    options = {fault.what: _option(fault.key) for fault in faults}
    return UsageError("\n".join(f"{option}: {what}" for what, option in options.items()))


def _option(key: str) -> str:
    last = key.partition(" ")[0].rpartition(".")[2].partition("[")[0]
    return _OPTIONS.get(last, f"--{last.replace('_', '-')}")
