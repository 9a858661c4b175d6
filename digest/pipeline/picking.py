"""What curators picked for a day comes first in everybody's edition of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from digest import curating
from digest.model import Announcement, Kind, Listing, Pick, Pin, Section, Subscriber
from digest.pipeline.parts import Store


def picked(store: Store, issues: Sequence[tuple[Subscriber, date]]) -> list[Sequence[Pick]]:
    """For each of these editions what was picked for it and its reader has not had, in order. Writes nothing."""
    days = [(curating.first_day(day, subscriber.last_issue), day) for subscriber, day in issues]
    pins = store.pins_since(min(first for first, _ in days)) if days else []
    if not pins:
        return [()] * len(issues)
    listings = store.papers({pin.listing for pin in pins})
    told = {number: _told(listing, store.announcements_of(number), pins[0].day) for number, listing in listings.items()}
    sent = store.sent([subscriber.id for subscriber, _ in issues], told)
    return [
        [_pick(pin, told[pin.listing]) for pin in curating.of_edition(pins, first, last, sent[subscriber.id])]
        for (subscriber, _), (first, last) in zip(issues, days, strict=True)
    ]


def _told(listing: Listing, announcements: Sequence[Announcement], day: date) -> Announcement:
    """The strongest of its news; a paper may be held that never was any."""
    strongest = min(announcements, key=lambda said: (said.kind.order, said.seq), default=None)
    known = listing.published.date() if listing.published else day
    return strongest or Announcement(listing, "", Kind.NEW, known)


def _pick(pin: Pin, said: Announcement) -> Pick:
    return Pick(said.listing, Section.PICKED, said.kind, said.source, said.day, 0.0, by=pin.name, note=pin.note)


def first(own: Sequence[Pick], picks: Sequence[Pick]) -> tuple[Pick, ...]:
    """The picks of one edition, `own` those of curators before the others, each paper once.

    What the profile found as well keeps its score and its reasons.
    """
    found = {pick.listing.id: pick for pick in picks}
    both = (replace(found.get(one.listing.id, one), section=one.section, by=one.by, note=one.note) for one in own)
    taken = {one.listing.id for one in own}
    return (*both, *(pick for pick in picks if pick.listing.id not in taken))
