"""What the environment may override: single keys of the plain tables.

`DIGEST_SMTP__PASSWORD` is `password` in `[smtp]`. An empty variable counts as not set: compose files pass those that
are missing so.
"""

from collections.abc import Iterator, Mapping

from digest.config.faults import did_you_mean, keys_of, unknown_key
from digest.config.settings import LISTS, SECTIONS
from digest.errors import Fault

_PREFIX = "DIGEST_"


def overrides(environ: Mapping[str, str]) -> tuple[dict[str, dict[str, str]], list[Fault]]:
    """Per table the keys that the environment gives, and what is wrong with the names of variables."""
    found: dict[str, dict[str, str]] = {}
    faults = []
    for name, section, key in _variables(environ):
        if wrong := _misnamed(section, key):
            faults.append(Fault(name, wrong))
        else:
            found.setdefault(section, {})[key] = environ[name]
    return found, faults


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """(variable, section, key) of those meant for us: `DIGEST_SMTP__PORT`, and slips like `DIGEST_SMTP_PORT`."""
    for name in sorted(environ):
        if name.startswith(_PREFIX) and environ[name]:
            section, double, key = name.removeprefix(_PREFIX).partition("__")
            begun = section.partition("_")[0].casefold()
            if double or (begun in {*SECTIONS, *LISTS} and "_" in section):
                yield name, section.casefold(), key.casefold()


def _misnamed(section: str, key: str) -> str | None:
    """What is wrong with the name of a variable."""
    if section in LISTS:
        return f"[[{section}]] can be written in the file only"
    if section not in SECTIONS:
        known = [variable(table, field) for table, model in SECTIONS.items() for field in keys_of(model)]
        return "unknown variable" + did_you_mean(variable(section, key), known)
    if key not in keys_of(SECTIONS[section]):
        return unknown_key(key, keys_of(SECTIONS[section]))
    return None


def variable(section: str, key: str) -> str:
    """The name of the variable that overrides a key."""
    return f"{_PREFIX}{section}__{key}".upper()
