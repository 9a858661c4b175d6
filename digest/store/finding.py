"""Finding the paper that somebody means."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, or_, select

from digest.model import Listing, plain
from digest.store.identity import fault, stored_keys
from digest.store.listings import spokesmen, whole
from digest.store.schema import listing_keys, listings
from digest.store.sql import rows_with
from digest.text.ids import arxiv_id, doi

_MOST_DIGITS = 15


def find(connection: Connection, text: str) -> list[Listing]:
    """The papers that `text` names, with their originals, newest first; none if nothing stored goes by that name.

    Tried in this order: an arXiv identifier or a DOI in any spelling, addresses included; the store's number; the
    address of a page; a whole title; a part of a title. Titles are compared by their letters and digits alone.
    """
    wanted = text.strip()
    for look in (_by_name, _by_number, _by_address, _by_title):
        if found := look(connection, wanted):
            papers = whole(connection, set(spokesmen(connection, found).values()))
            return [papers[number] for number in sorted(papers, reverse=True)]
    return []


def recognized(connection: Connection, entries: Sequence[Listing]) -> list[Listing | None]:
    """For each of these accounts of papers the stored one that shares a name with it, with its originals."""
    names = [() if fault(entry) else stored_keys(entry) for entry in entries]
    keyed = select(listing_keys.c.key, listing_keys.c.listing_id)
    every = {name for own in names for name in own}
    found: dict[str, int] = dict(rows_with(connection, keyed, listing_keys.c.key, every))
    speaks = spokesmen(connection, set(found.values()))
    papers = whole(connection, set(speaks.values()))
    numbers = (next((found[name] for name in own if name in found), 0) for own in names)
    return [papers.get(speaks.get(number, 0)) for number in numbers]


def named(connection: Connection, text: str) -> list[int]:
    """The numbers of the papers whose arXiv identifier or DOI this is, in any spelling; one look into an index."""
    return sorted(set(spokesmen(connection, _by_name(connection, text.strip())).values()), reverse=True)


def _by_name(connection: Connection, text: str) -> list[int]:
    arxiv, other = arxiv_id(text), doi(text)
    if not arxiv and not other:
        return []
    keys = stored_keys(Listing("", arxiv_id=arxiv[0] if arxiv else None, doi=other))
    return list(connection.scalars(select(listing_keys.c.listing_id).where(listing_keys.c.key.in_(keys))))


def _by_number(connection: Connection, text: str) -> list[int]:
    number = int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else 0
    return list(spokesmen(connection, [number]))


def _by_address(connection: Connection, text: str) -> list[int]:
    if "://" not in text:
        return []
    named = or_(listings.c.url == text, listings.c.pdf_url == text)
    return list(connection.scalars(select(listings.c.id).where(named)))


def _by_title(connection: Connection, text: str) -> list[int]:
    wanted = plain(text)
    if not wanted:
        return []
    titles = connection.execute(select(listings.c.id, listings.c.title).where(listings.c.same_as == listings.c.id))
    holding = list(_holding(wanted, ((number, plain(title)) for number, title in titles)))
    return [number for number, title in holding if title == wanted] or [number for number, _ in holding]


def _holding(wanted: str, titles: Iterable[tuple[int, str]]) -> Iterable[tuple[int, str]]:
    return ((number, title) for number, title in titles if wanted in title)
