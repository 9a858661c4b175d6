"""Listings, subscribers and editions with nothing in them but what a test is about."""

from datetime import UTC, datetime, timedelta

from digest.model import (
    Announcement,
    Edition,
    Ended,
    Fetched,
    Kind,
    Listing,
    Pick,
    Reason,
    Section,
    Subscriber,
)

NOW = datetime(2026, 5, 18, 8, 0, tzinfo=UTC)
DAY = NOW.date()
HOUR = timedelta(hours=1)
LEASE = timedelta(minutes=15)


def paper(number, **fields):
    known = {
        "title": f"A study of the subject with the number {number}",
        "abstract": f"We study subject {number}.",
        "authors": (f"Ann Author{number}",),
        "url": f"https://example.org/{number}",
        "arxiv_id": f"2605.{number:05}",
        "version": 1,
        "raw_title": f"A {{\\em study}} of the subject with the number {number}",
    }
    return Listing(**(known | fields))


def said(listing, kind=Kind.NEW, day=DAY, source="arxiv"):
    return Announcement(listing, source, kind, day)


def announce(store, *announcements, source="arxiv", now=NOW, **fetched):
    return store.announce(source, Fetched(tuple(announcements), **fetched), now, now + HOUR)


def announce_papers(store, count, now=NOW, first=1):
    return announce(store, *(said(paper(number)) for number in range(first, first + count)), now=now)


def subscribe(store, email="ann@example.org", now=NOW, **fields):
    return store.add(Subscriber(email, **fields), now)


def pick(listing, section=Section.FOR_YOU, **fields):
    reasons = (Reason("diffusion", "title", 12.5, ("diffus",)),)
    known = {"kind": Kind.NEW, "source": "arxiv", "day": DAY, "score": 12.5, "reasons": reasons}
    return Pick(listing, section, **(known | fields))


def edition(subscriber, listings=(), day=DAY, now=NOW, **fields):
    return Edition(subscriber, day, now, picks=tuple(pick(listing) for listing in listings), **fields)


def revised(store, number, version, source="arxiv", now=NOW):
    """A new version of a paper is announced; the paper as it is from then on."""
    announce(store, said(paper(number, version=version), Kind.REVISION, source=source), source=source, now=now)
    return next(listing for listing in papers(store) if listing.arxiv_id == paper(number).arxiv_id)


def told(subscriber, *listings, day=DAY, **fields):
    """An edition of nothing but new versions."""
    return Edition(subscriber, day, NOW, picks=tuple(version_of(listing) for listing in listings), **fields)


def version_of(listing):
    return pick(listing, Section.VERSIONS, kind=Kind.REVISION, score=0.0, reasons=())


def publish(store, *editions, tomorrow=NOW + timedelta(days=1)):
    return store.publish([(each, tomorrow) for each in editions])


def publish_for(store, count, now=NOW):
    """One edition without picks for each of so many new subscribers."""
    people = [subscribe(store, f"reader{number}@example.org", now) for number in range(count)]
    publish(store, *(edition(person, now=now) for person in people))
    return people


def claim(store, now=NOW, worker="one", limit=50, **options):
    return store.claim(now, worker=worker, lease=LEASE, limit=limit, **({"subscriber": None} | options))


def begin(store, held, now=NOW):
    """Whether that one may be handed over now."""
    return held.id in store.progress([held], [], now)


def end(store, held, outcome, settled, now=NOW):
    store.progress([], [Ended(held, outcome, settled)], now)


def papers(store, after=0):
    return [announcement.listing for announcement in store.window(after)]
