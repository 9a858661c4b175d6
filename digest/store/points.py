"""Scores and what they are made of, as whole numbers of two bytes each wherever they fit."""

from collections.abc import Sequence
from itertools import islice

from digest.model import GRAIN
from digest.store.varints import Reader

_MOST = 4_000_000.0  # points
_CLOSE = 1e-3  # points by which reasons that add up to a score may miss it

_FORMATS = ("H", "i", "d")  # of the numbers of an edition: few are negative, and none is too large that ranking made
_EXACT = 2
_SCORED = 4  # the scores are written, too, since not all are the sums of their reasons


class Points:
    """Those of many picks: of each its score, `counts` how many reasons it has, one after the other what these add.

    What the ranker made is rounded already and kept as it is. Another one's numbers are rounded as its are: where they
    add up to the score they still do.
    """

    def __init__(self, scores: Sequence[float], counts: Sequence[int], worths: Sequence[float]) -> None:
        import numpy as np  # as late as that: only who composes needs it, and has it already

        from digest import rounding  # likewise

        self._scores, self._worths = np.asarray(scores, dtype=float), np.asarray(worths, dtype=float)
        scores_, worths_ = (np.where(np.abs(own) < _MOST, own, 0.0) for own in (self._scores, self._worths))
        many = np.asarray(counts, dtype=np.int64)
        whole, wholes = rounding.whole(scores_), rounding.whole(worths_)
        add_up = np.abs(rounding.sums(worths_, many) - scores_) < _CLOSE
        wholes = rounding.settled(wholes, many, np.where(add_up, whole - rounding.sums(wholes, many), 0.0))
        self._rounded = whole, wholes
        self._summed = rounding.sums(wholes, many) == whole
        self._fits = np.abs(self._scores) < _MOST, np.abs(self._worths) < _MOST
        self._small = (whole >= 0) & (whole <= 0xFFFF), (wholes >= 0) & (wholes <= 0xFFFF)

    def written(self, picks: slice, reasons: slice) -> tuple[int, bytes]:
        """Those of one edition, and how they are written."""
        fits = bool(self._fits[0][picks].all() and self._fits[1][reasons].all())
        scored = 0 if fits and self._summed[picks].all() else _SCORED
        if not fits:
            return _EXACT | scored, self._scores[picks].tobytes() + self._worths[reasons].tobytes()
        small = self._small[1][reasons].all() and (not scored or self._small[0][picks].all())
        kind, type_ = (0, "<u2") if small else (1, "<i4")
        scores, worths = self._rounded[0][picks], self._rounded[1][reasons]
        return kind | scored, (scores.astype(type_).tobytes() if scored else b"") + worths.astype(type_).tobytes()


def read(kind: int, counts: Sequence[int], rest: Reader) -> tuple[list[float], list[float]]:
    """The scores of picks and what their reasons add, from what `Points.written` wrote."""
    format_ = _FORMATS[kind & 3]
    scores = list(rest.packed(format_, len(counts))) if kind & _SCORED else None
    worths = list(rest.packed(format_, sum(counts)))
    if scores is None:
        left = iter(worths)
        scores = [sum(islice(left, count)) for count in counts]
    if kind & _EXACT:
        return scores, worths
    return [number / GRAIN for number in scores], [number / GRAIN for number in worths]
