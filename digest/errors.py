"""Every error this package raises on purpose.

DigestError
 ├─ ConfigError      the configuration cannot be used; holds every fault found
 ├─ ProfileError     a keyword line cannot be read; holds the line and the column
 ├─ StoreError       the database cannot be opened, migrated or understood
 │   └─ OutdatedError   a newer version has changed it beyond what this one understands
 ├─ TemplateError    a template cannot be rendered; names template and line
 ├─ MessageError     a message cannot be written; names the header
 ├─ RelayError       the mail relay cannot be used at all; no message is to blame
 ├─ InboxError       where mail that came back lies cannot be looked into
 └─ UsageError       a command was asked for something that is not there

A source, listing, profile or address that fails while others go on is not an error but a value: `model.Problem`,
`model.Ranking.problems`, `model.Outcome`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


class DigestError(Exception):
    """The message is for the person at the terminal: what is wrong, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a configuration."""

    key: str  # "smtp.port", "subscribers[2].keywords[0]", or "line 12" where the file is not TOML
    what: str  # what is wrong and what to do


class ConfigError(DigestError):
    """The configuration cannot be used."""

    def __init__(self, path: str, faults: Sequence[Fault]) -> None:
        self.path = path
        self.faults = tuple(faults)
        lines = [f"  {fault.key}: {fault.what}" for fault in self.faults]
        count = f"{len(lines)} faults" if len(lines) > 1 else "1 fault"
        super().__init__("\n".join([f"{path}: {count}", *lines]))


class ProfileError(DigestError):
    """A keyword line cannot be read."""

    def __init__(self, line: str, column: int, what: str) -> None:
        self.line = line
        self.column = column  # 0-based
        self.what = what
        start = line.rfind("\n", 0, column) + 1  # a whole profile may have several lines
        shown, place = _window(line[start:].partition("\n")[0], column - start)
        super().__init__(f"{what}\n    {shown}\n    {' ' * place}^")


_WIDEST = 68  # characters of a line that is shown with a mark below it: more would wrap, and the mark point elsewhere


def _window(line: str, column: int) -> tuple[str, int]:
    """The part of a long line around a column, and where in it that column is."""
    if len(line) <= _WIDEST:
        return line, column
    begin = max(0, min(column - _WIDEST // 2, len(line) - _WIDEST))
    end = begin + _WIDEST
    before, behind = ("... " if begin else ""), (" ..." if end < len(line) else "")
    return f"{before}{line[begin:end]}{behind}", column - begin + len(before)


class StoreError(DigestError):
    """The database cannot be opened, migrated or understood."""


class OutdatedError(StoreError):
    """A newer version has changed the database beyond what this one understands."""


class TemplateError(DigestError):
    """A template cannot be rendered."""


class MessageError(DigestError):
    """A message cannot be written: an address or a header value that no mail may hold."""


class RelayError(DigestError):
    """The mail relay cannot be used at all, whatever the message: no connection, no TLS, no login, or "come later"."""

    def __init__(self, what: str, kind: Literal["down", "busy", "ours"] = "down") -> None:
        super().__init__(what)
        self.kind = kind  # "busy": wants less of us; "ours": stays so until somebody changes something here


class InboxError(DigestError):
    """Where mail that came back lies cannot be looked into: no such folder, no connection, no login."""


class UsageError(DigestError):
    """A command was asked for something that is not there."""
