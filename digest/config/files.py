"""Which file is the configuration, and what is wrong with it as a file."""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from digest.errors import ConfigError, Fault


def find(explicit: Path | None, environ: Mapping[str, str]) -> Path:
    """The configuration file to use: `explicit`, ./config.toml, or the one in the user's own configuration folder.

    Raises:
        ConfigError: there is none; says where it looked.
    """
    places = [explicit] if explicit else [Path("config.toml"), _users_own(environ)]
    for place in places:
        if place.is_file() or (explicit and place.exists()):
            return place
    looked = " or ".join(str(place) for place in places)
    raise ConfigError(str(places[0]), [Fault("not found", f"there is no {looked}; `digest init` writes one")])


def _users_own(environ: Mapping[str, str]) -> Path:
    """https://specifications.freedesktop.org/basedir-spec/: a relative XDG_CONFIG_HOME is ignored."""
    configured = Path(environ.get("XDG_CONFIG_HOME", ""))
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    return (configured if configured.is_absolute() else home / ".config") / "digest" / "config.toml"


def read_text(path: Path) -> str:
    """What the file says; raises ConfigError if it cannot be read."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(str(path), [Fault("not found", "there is no such file; `digest init` writes one")]) from None
    except OSError as error:
        raise ConfigError(str(path), [Fault("not readable", str(error.strerror))]) from None
    try:
        return content.decode("utf-8-sig")  # some editors put a mark first
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(str(path), [Fault(f"line {line}", "is not UTF-8; save the file as UTF-8")]) from None


def parse(text: str, path: Path) -> dict[str, Any]:
    """The tables of a TOML text; raises ConfigError with the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(path), [_syntax_fault(str(error), text)]) from None


_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


def _syntax_fault(message: str, text: str) -> Fault:
    """The line of a TOML error. The line itself is not repeated: it may hold a password."""
    place = _PLACE.search(message)
    what = _PLACE.sub("", message)
    if place is None or place["line"] is None:
        return Fault(f"line {text.rstrip().count(chr(10)) + 1}", f"{what} (noticed at the end of the file)")
    line = int(place["line"])
    written = text.split("\n")[line - 1]
    return Fault(f"line {line}", f"{what} (column {place['column']}){_hint(written)}")


def _hint(written: str) -> str:
    if re.search(r'""[^",\]\s]', written):
        return """; put a keyword that has quotes of its own into single quotes: '"flow matching"^3'"""
    return ""


def is_readable_by_all(path: Path) -> bool:
    """Whether everybody on this machine may read the file; never, where the system has no such modes."""
    return os.name == "posix" and path.is_file() and bool(path.stat().st_mode & stat.S_IROTH)
