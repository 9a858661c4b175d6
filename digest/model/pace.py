"""How fast a relay or a provider may be given mail."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Pace:
    """What is remembered of one relay, or of one recipient domain, from message to message and over restarts."""

    key: str  # one of the relay's (see `pacing`), or a domain in lower case and A-labels
    free_at: datetime | None = None  # when the next message may go, if messages are spaced (GCRA's TAT)
    strikes: int = 0  # throttlings, or failures of the relay, in a row
    quiet_until: datetime | None = None  # nothing before then
    eased_at: datetime | None = None  # when the silence was over, from when on the pace rises again
