"""What a look at an installation finds."""

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """What a finding asks of the person who reads it."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at and what was found."""

    check: str
    result: Weight
    detail: str
