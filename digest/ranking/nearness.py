"""Words in a row, behind one another and near one another, for many phrases at once.

Occurrences are sorted codes, number of the slot x wide + place, as `Index.occurrences` gives them.
"""

import numpy as np

from digest.ranking.index import REACH
from digest.ranking.lists import Integers, Lists, find

_AROUND = 2 * REACH - 1  # the places that share a stretch of REACH words with one place, itself in the middle


def in_a_row(occurrences: Integers, wide: int, phrases: Lists) -> Integers:
    """Where phrases begin, given the slots of their words: sorted codes, number of the phrase x wide + place."""
    phrase, place = _anchors(occurrences, wide, phrases)
    place = place - _offsets(occurrences, wide, phrases)[phrase]
    phrase, place = phrase[place >= 0], place[place >= 0]
    nth = 0
    while (longer := phrases.sizes[phrase] > nth).any():
        word = phrases.values[(phrases.ends[phrase] + nth)[longer]]
        kept = ~longer
        kept[longer] = find(occurrences, word * wide + place[longer] + nth)[1]
        phrase, place = phrase[kept], place[kept]
        nth += 1
    return np.sort(phrase * wide + place)


def behind(occurrences: Integers, wide: int, pairs: Lists, reaches: Integers) -> Integers:
    """Where the second slots of pairs are with the first so few places before: sorted codes, likewise."""
    _, places = _by_slot(occurrences, wide, pairs)
    first, second = pairs.values[pairs.ends[:-1]], pairs.values[pairs.ends[1:] - 1]
    pair, at = places.places(second)
    place = places.values[at]
    found = np.zeros(len(pair), dtype=bool)
    for step in range(1, int(reaches.max(initial=0)) + 1):
        open_ = np.flatnonzero(~found & (reaches[pair] >= step) & (place >= step))
        found[open_] = find(occurrences, first[pair[open_]] * wide + place[open_] - step)[1]
    return pair[found] * wide + place[found]


def near(occurrences: Integers, wide: int, groups: Lists) -> tuple[Integers, Integers]:
    """Where groups of words are, all within a stretch of REACH words: numbers of the group, places of one word."""
    group, place = _anchors(occurrences, wide, groups)
    stretches = _spread(np.full(len(group), 1 << (REACH - 1), dtype=np.int64))  # one bit each, that end so far behind
    nth = 0
    while (more := groups.sizes[group] > nth).any():
        word = groups.values[(groups.ends[group] + nth)[more]]
        stretches[more] &= _spread(_around(occurrences, word * wide + place[more]))
        kept = stretches > 0
        group, place, stretches = group[kept], place[kept], stretches[kept]
        nth += 1
    return group, place


def _anchors(occurrences: Integers, wide: int, groups: Lists) -> tuple[Integers, Integers]:
    """Where the rarest word of each group is."""
    sizes, places = _by_slot(occurrences, wide, groups)
    anchors = groups.least(sizes)
    group, at = places.places(anchors)
    return group, places.values[at]


def _offsets(occurrences: Integers, wide: int, phrases: Lists) -> Integers:
    """How far into each phrase its rarest word stands."""
    sizes, _ = _by_slot(occurrences, wide, phrases)
    rarest = phrases.least(sizes)
    at = np.flatnonzero(phrases.values == rarest[phrases.owners])
    first = at[np.flatnonzero(np.diff(phrases.owners[at], prepend=-1))]
    return first - phrases.ends[:-1]


def _by_slot(occurrences: Integers, wide: int, groups: Lists) -> tuple[Integers, Lists]:
    slots = int(groups.values.max(initial=-1)) + 1
    sizes = np.bincount(occurrences // wide, minlength=slots)
    return sizes, Lists(occurrences % wide, np.concatenate([[0], np.cumsum(sizes)]))


def _around(occurrences: Integers, centres: Integers) -> Integers:
    """The occurrences near each centre, as bits: bit 0 is the first place that may be near, bit REACH - 1 the centre."""
    first = centres - (REACH - 1)
    at = np.searchsorted(occurrences, first)
    bits = np.zeros(len(centres), dtype=np.int64)
    ended = np.append(occurrences, np.iinfo(np.int64).max)
    while True:
        offset = ended[at] - first
        inside = offset < _AROUND
        if not inside.any():
            return bits
        bits[inside] |= 1 << offset[inside]
        at += inside


def _spread(bits: Integers) -> Integers:
    """Each bit, and as many after it as make up REACH: the ends of the stretches that hold it."""
    done = 1
    while done < REACH:
        step = min(done, REACH - done)
        bits = bits | bits << step
        done += step
    return bits
