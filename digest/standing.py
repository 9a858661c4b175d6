"""How one paper stands with one subscriber: which edition considered it, or will.

Pure: announcements, editions and cursors in, one `Standing` out. Ranking then says what the paper was worth there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from digest.model import Account, Announcement, Edition, Kind, Listing, Pick, Section, Shard, Subscriber, Taste


class Stage(StrEnum):
    """How far a paper has come."""

    SENT = "sent"  # in an edition
    CONSIDERED = "considered"  # for an edition that does not hold it
    COMING = "coming"  # announced since the last edition
    BEFORE = "before"  # announced before the subscription
    ELSEWHERE = "elsewhere"  # by no source that is read
    SILENT = "silent"  # never announced: known from before the first pull, or from somebody's library


@dataclass(frozen=True, slots=True)
class Standing:
    """One paper, one subscriber, and what there is to say of the two."""

    subscriber: Subscriber
    listing: Listing
    announcements: tuple[Announcement, ...]  # of all sources, by seq
    stage: Stage
    issue_date: date | None = None  # of the edition that holds it, considered it, or will
    edition: Edition | None = None  # the same, if it is composed
    pick: Pick | None = None  # as it was sent
    sent_on: tuple[
        date, ...
    ] = ()  # the editions that hold it, oldest first; those after the first told of new versions
    version_due: date | None = None  # the edition to come that tells of another
    account: Account | None = None  # as ranking has it now; None where it was sent or never ranked
    shown: int = 0  # papers that the edition shows because they match
    matched: int = 0  # papers that met the profile
    section: Section | None = None  # where the edition to come shows it
    stands: tuple[int, int] | None = None  # as which of how many of that section, from 1


def heard(announcements: Iterable[Announcement], subscriber: Subscriber) -> tuple[Announcement, ...]:
    """The announcements by sources that are read."""
    wanted = subscriber.profile.sources
    return tuple(a for a in announcements if not wanted or a.source in wanted)


def is_revised(announcements: Iterable[Announcement], subscriber: Subscriber) -> bool:
    """Whether a new version was announced since their last edition, by a source that they read."""
    return any(a.kind is Kind.REVISION and a.seq > subscriber.cursor for a in heard(announcements, subscriber))


def stage_of(
    announcements: Sequence[Announcement], subscriber: Subscriber, editions: Iterable[Edition]
) -> tuple[Stage, Edition | None]:
    """How far a paper that was never sent has come, and the newest edition that considered it."""
    own = heard(announcements, subscriber)
    if not own:
        return (Stage.ELSEWHERE if announcements else Stage.SILENT), None
    if any(a.seq > subscriber.cursor for a in own):
        return Stage.COMING, None
    for edition in editions:
        if considers(edition, own):
            return Stage.CONSIDERED, edition
    return Stage.BEFORE, None


def considers(edition: Edition, announcements: Iterable[Announcement]) -> bool:
    """Whether any of these was news for that edition: after what its subscriber had seen, and not after its own end."""
    return any(edition.subscriber.cursor < a.seq <= edition.cursor for a in announcements)


def pick_of(edition: Edition, listing: Listing) -> Pick | None:
    """The paper in an edition, under whatever number it had then."""
    names = set(listing.keys)
    same = (p for p in edition.picks if p.listing.id == listing.id)
    return next(same, None) or next((p for p in edition.picks if names & set(p.listing.keys)), None)


def as_of(shard: Shard, edition: Edition, since: Iterable[Edition]) -> Shard:
    """What the ranker was given for an edition of the past, as far as that is still known.

    `shard` is what it would be given for the subscriber of that edition now, `since` that edition and all later ones.
    The window ends where the edition's did, what was sent or said of papers later is undone, and the profile is the
    one of that day; how common words are is as of now.
    """
    reader = edition.subscriber
    # A paper of which a new version was told later was sent before, and perhaps long before.
    later = {pick.listing.id for each in since for pick in each.picks if pick.section is not Section.VERSIONS}
    told = {pick.listing.id for each in since for pick in each.section(Section.VERSIONS)}
    taste = shard.tastes.get(reader.id, Taste())
    said = tuple(word for word in taste.feedback if word.at <= edition.composed_at)
    return replace(
        shard,
        subscribers=[reader],
        window=[a for a in shard.window if reader.cursor < a.seq <= edition.cursor],
        trending=[a for a in shard.trending if a.seq <= edition.cursor],
        sent={reader.id: shard.sent.get(reader.id, frozenset()) - later},
        tastes={reader.id: replace(taste, feedback=said)},
        current={reader.id: shard.current.get(reader.id, frozenset()) - later - told},
        now=edition.composed_at,
    )
