"""Names of people: which ways of writing them may be one person's.

A name is compared by its family name, whole, and by its given names as far as both sides spell them out: `Y. LeCun`,
`LeCun, Yann` and `LeCun` all ask for Yann LeCun; accents, case, hyphens and the spaces of `van der Maaten` do not matter.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

COMMA = ","
_PART = re.compile(r"[^\W\d_]+|,")
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
# Letters that Unicode does not take apart, but that people type without their stroke.
_STROKED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "\u0131": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})
_APOSTROPHES = re.compile(r"['\u2019\u2018\u02bc`]")


class Name(NamedTuple):
    """One reading of a name. A family name of several words is written together: `vandermaaten`."""

    family: str
    given: tuple[str, ...] = ()


def parts(written: str) -> tuple[str, ...]:
    """The parts of a name in the order written, without accents, case and suffixes; a comma is a part too."""
    decomposed = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", written)).casefold().translate(_STROKED)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    found = [part for part in _PART.findall(plain) if part not in _SUFFIXES]
    while found and found[-1] == COMMA:
        found.pop()
    return tuple(found)


def readings(name: tuple[str, ...]) -> Iterator[Name]:
    """Each way to tell family from given names; a comma leaves one only."""
    if COMMA in name:
        comma = name.index(COMMA)
        given = tuple(part for part in name[comma:] if part != COMMA)
        yield Name("".join(name[:comma]), given)
        return
    for at in range(len(name)):
        yield Name("".join(name[at:]), name[:at])


def same(asked: tuple[str, ...], found: tuple[str, ...]) -> bool:
    """Whether two names, as `parts`, may be one person's."""
    given = {reading.family: reading.given for reading in readings(found)}
    return any(
        reading.family in given and same_given(reading.given, given[reading.family]) for reading in readings(asked)
    )


def same_given(asked: tuple[str, ...], found: tuple[str, ...]) -> bool:
    """Whether given names may be one person's: none asked for, or the first agree and later ones do not contradict."""
    if not asked:
        return True
    if not found or not _agree(asked[0], found[0]):
        return False
    return all(_agree(one, other) for one, other in zip(asked[1:], found[1:], strict=False))


def _agree(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return one == other or (len(shorter) == 1 and longer.startswith(shorter))
