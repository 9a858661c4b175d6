"""New versions of papers that were sent: news to those who had them, whatever they match.

They are no part of what is ranked: in no table, in no count, and in no other section.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from digest.model import Listing, Pick, Section
from digest.ranking.readers import Reader, Readers
from digest.ranking.term import Sign

_MOST = 5


def versions(readers: Readers) -> list[tuple[Pick, ...]]:
    """For each of the subscribers, the newest few that none of their keywords excludes, newest first."""
    revised = {a.listing.id: a.listing for reader in readers.all for a in reader.revised}
    excluded = _excluded(readers, tuple(revised.values())) if revised else {}
    return [tuple(islice(_picks(readers, reader, excluded), _MOST)) for reader in readers.all]


def _picks(readers: Readers, reader: Reader, excluded: Mapping[str, Collection[int]]) -> Iterator[Pick]:
    never = [excluded.get(readers.day.table.lines[number].text, ()) for number in reader.lines] if excluded else []
    for a in reader.revised:
        if not any(a.listing.id in ids for ids in never):
            yield Pick(a.listing, Section.VERSIONS, a.kind, a.source, a.day, 0.0)


def _excluded(readers: Readers, listings: Sequence[Listing]) -> Mapping[str, Collection[int]]:
    """The ids of the listings that excluding lines meet, by the text of the line."""
    asked = {number for reader in readers.all if reader.revised for number in reader.lines}
    lines = {line.text: line for line in map(readers.day.table.lines.__getitem__, asked) if line.sign is Sign.NEVER}
    if not lines:
        return {}
    table = readers.day.beside(listings)
    numbers, met = table.numbers(lines), table.met
    return {text: {listings[column].id for column in met[numbers[text]].tolist()} for text in lines}
