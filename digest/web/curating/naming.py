"""Which paper somebody means, and how it is shown to them."""

import re
from collections.abc import Iterable

from digest.model import Listing
from digest.rendering.cards import card_of
from digest.text.ids import arxiv_id, doi
from digest.web.archive.cards import Shown, pick_of, setting, told
from digest.web.desk import Desk
from digest.web.posting import number

LONGEST = 300  # characters of what somebody types
_MOST = 8
_OWN = re.compile(r"/paper/(\d{1,15})(?![\w.])", re.ASCII)


def meant(desk: Desk, text: str) -> list[Listing]:
    """The papers that somebody means, closest first: by arXiv identifier, DOI or link, or by words of theirs.

    Only what is held is found: nothing is fetched from anywhere.
    """
    wanted = text.strip()[:LONGEST]
    if own := _OWN.search(wanted):
        return [found] if (found := desk.store.listing(number(own[1]))) else []
    if arxiv_id(wanted) or doi(wanted) or "://" in wanted:
        return desk.store.find(wanted)[:_MOST]
    return list({said.listing.id: said.listing for said in desk.store.search(wanted, _MOST)}.values())


def shown(desk: Desk, listings: Iterable[Listing]) -> list[Shown]:
    """The papers as cards."""
    today, made = desk.clock().date(), setting(desk)
    found = []
    for listing in listings:
        first = next(iter(desk.store.announcements_of(listing.id)), None)
        kind, source, day = told(listing, first, today)
        found.append(Shown(card_of(pick_of(listing, kind, source, day), today, made), listing.id))
    return found


def paper(desk: Desk, text: str) -> Shown | None:
    """The paper with this number; None if there is none."""
    listing = desk.store.listing(number(text))
    return next(iter(shown(desk, [listing])), None) if listing else None
