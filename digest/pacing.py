"""How fast and how often: retries, rates, silences, connections. Pure decisions, no clock, no store."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """What an operator allows. A rate of 0 is no limit."""

    on_unknown: str = "resend"  # or "hold"
    expiry: timedelta = timedelta(hours=24)  # how old an edition may be when it is sent
    connections: int = 1  # at the same time
    per_minute: int = 0  # messages to the relay
    domain_per_minute: int = 0  # messages to each recipient domain
