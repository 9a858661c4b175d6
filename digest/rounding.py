"""Scores and what they are made of as whole numbers, which add up as they did.

Whoever makes points rounds them, so that what is looked at before it is published, what is kept and what is read again
are one number.
"""

import numpy as np
import numpy.typing as npt

from digest.model import GRAIN

Numbers = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def whole(points: Numbers) -> Numbers:
    """Points as whole numbers of 1 / `GRAIN`. What is more than nothing, or less, stays so."""
    rounded = np.rint(points * GRAIN)
    return np.where((rounded == 0) & (points != 0), np.sign(points), rounded)


def parts(totals: Numbers, counts: Integers, points: Numbers) -> Numbers:
    """The points of lists, one behind the other, as `whole` gives them; each list, of `counts`, adds up to its total."""
    wholes = whole(points)
    return settled(wholes, counts, totals - sums(wholes, counts))


def sums(points: Numbers, counts: Integers) -> Numbers:
    """What each list comes to."""
    return np.bincount(np.repeat(np.arange(len(counts)), counts), points, len(counts)).astype(float)


def settled(wholes: Numbers, counts: Integers, missing: Numbers) -> Numbers:
    """Lists of whole numbers, one behind the other, each changed by what its sum lacks: a number by one at most.

    First those grow that can, from the first one on; then others shrink, from the last one on, and come to nothing only
    where nothing else helps. So numbers of one sign that fall go on falling.
    """
    if not missing.any():
        return wholes
    owners = np.repeat(np.arange(len(counts)), counts)
    at = np.flatnonzero(missing[owners])
    owners, steps, left = owners[at], np.sign(missing)[owners[at]], np.abs(missing)
    grow, last = wholes[at] * steps > 0, np.abs(wholes[at]) <= 1
    settled = wholes.copy()
    for which, backwards in ((grow, False), (~grow & ~last, True), (~grow & last, True)):
        many = np.bincount(owners[which], minlength=len(counts))
        places = np.cumsum(which) - 1 - (np.cumsum(many) - many)[owners]
        places = many[owners] - 1 - places if backwards else places
        settled[at] += steps * (which & (places < left[owners]))
        left = np.maximum(left - many, 0)
        if not left.any():
            break
    return settled
