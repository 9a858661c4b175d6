"""One subscriber's digest for one day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from digest.model.ranking import Pick, Section
from digest.model.subscribers import Subscriber


@dataclass(frozen=True, slots=True)
class Missing:
    """A source this edition could not rely on."""

    source: str
    why: str
    since: datetime | None = None  # complete up to then; None: never


NOT_YET_READ = "it has not been read yet"  # why a source is missing before its first pull
NOT_YET_ANNOUNCED = "its newest papers are not announced yet"  # why one is that is later than its calendar says


@dataclass(frozen=True, slots=True)
class Edition:
    """One subscriber's digest for one local date. Holds all that rendering needs, so that it can be rendered again."""

    subscriber: Subscriber
    issue_date: date  # in the subscriber's zone
    composed_at: datetime
    cursor: int = 0  # announcements up to this seq were considered for it
    picks: tuple[Pick, ...] = ()
    read: Mapping[str, int] = field(default_factory=dict)
    matched: int = 0
    missing: tuple[Missing, ...] = ()
    problems: tuple[str, ...] = ()
    note: str = ""  # the operator's Markdown
    papers: int = 0  # listings considered, each once however many sources announced it
    since: date | None = None  # it covers the time since then, as days were missed; None: it is on time

    def section(self, section: Section) -> tuple[Pick, ...]:
        return tuple(pick for pick in self.picks if pick.section is section)

    @property
    def worth_sending(self) -> bool:
        return bool(self.picks) or self.subscriber.send_empty
