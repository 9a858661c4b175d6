"""New versions of papers that were sent: news to those who had them, whatever they match.

They are no part of what is ranked: in no table, in no count, and in no other section.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from digest.model import Listing, Pick, Section
from digest.ranking.readers import Readers
from digest.ranking.term import Sign

_MOST = 5


def versions(readers: Readers) -> dict[int, tuple[Pick, ...]]:
    """The newest few that none of their keywords excludes, newest first, by the place of the subscriber who has any."""
    concerned = [at for at, reader in enumerate(readers.all) if reader.revised]
    revised = {a.listing.id: a.listing for at in concerned for a in readers.all[at].revised}
    excluded = _excluded(readers, concerned, tuple(revised.values())) if revised else {}
    return {at: tuple(islice(_picks(readers, at, excluded), _MOST)) for at in concerned}


def _picks(readers: Readers, at: int, excluded: Mapping[str, Collection[int]]) -> Iterator[Pick]:
    lines = readers.lines[at].tolist() if excluded else []
    never = [excluded.get(readers.day.table.lines[number].text, ()) for number in lines]
    for a in readers.all[at].revised:
        if not any(a.listing.id in ids for ids in never):
            yield Pick(a.listing, Section.VERSIONS, a.kind, a.source, a.day, 0.0)


def _excluded(readers: Readers, concerned: Sequence[int], listings: Sequence[Listing]) -> Mapping[str, Collection[int]]:
    """The ids of the listings that excluding lines meet, by the text of the line."""
    asked = {number for at in concerned for number in readers.lines[at].tolist()}
    lines = {line.text: line for line in map(readers.day.table.lines.__getitem__, asked) if line.sign is Sign.NEVER}
    if not lines:
        return {}
    table = readers.day.beside(listings)
    numbers, met = table.numbers(lines), table.met
    return {text: {listings[column].id for column in met[numbers[text]].tolist()} for text in lines}
