"""How fast a relay or a provider may be given mail."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Pace:
    """What is remembered of one relay, or of one recipient domain, from message to message and over restarts."""

    key: str  # one of the relay's (see `pacing`), or a domain in lower case and A-labels
    free_at: datetime | None = None  # when the next message may go, if messages are spaced (GCRA's TAT)
    strikes: int = 0  # throttlings, or failures of the relay, in a row
    quiet_until: datetime | None = None  # nothing before then
    eased_at: datetime | None = None  # when the silence was over, from when on the pace rises again


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of asking for a turn at a door that stands one asker at a time."""

    until: datetime | None = None  # one has it until then, by the clock of who gave it; None: one has not got it
    wait: timedelta = timedelta(0)  # to be had at the latest after that
    is_silent: bool = False  # since the server asked for silence
