"""What curators picked for a day comes first in everybody's edition of it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from digest import curating
from digest.model import Announcement, Pick, Pin, Section, Subscriber
from digest.pipeline.parts import Store


def picked(store: Store, issues: Sequence[tuple[Subscriber, date]]) -> list[Sequence[Pick]]:
    """For each of these editions what was picked for it and its reader has not had, in order. Writes nothing."""
    days = [(curating.first_day(day, subscriber.last_issue), day) for subscriber, day in issues]
    pins = store.pins_since(min(first for first, _ in days)) if days else []
    if not pins:
        return [()] * len(issues)
    told = {number: _strongest(store.announcements_of(number)) for number in {pin.listing for pin in pins}}
    sent = store.sent([subscriber.id for subscriber, _ in issues], told)
    return [
        [_pick(pin, told[pin.listing]) for pin in curating.of_edition(pins, first, last, sent[subscriber.id])]
        for (subscriber, _), (first, last) in zip(issues, days, strict=True)
    ]


def _strongest(announcements: Iterable[Announcement]) -> Announcement:
    return min(announcements, key=lambda said: (said.kind.order, said.seq))


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
