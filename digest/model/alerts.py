"""What the operator is told of."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that holds, or that held within the last day."""

    key: str
    what: str  # in words; empty as long as it has not held for long enough to be told
    begun_at: datetime
    told_at: datetime | None = None  # last; None: not yet
    over_at: datetime | None = None
