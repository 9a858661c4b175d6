"""BM25F (Robertson, Zaragoza: The Probabilistic Relevance Framework, 3.6): how much occurrences in two fields say.

    strength = tf / (k1 + tf),    tf = 2 x title count / title norm + abstract count / abstract norm,
    norm     = 1 - b + b x length / mean length

k1 = .9, b = .5 for titles and .75 for abstracts. A strength rises from 0 towards 1, so that a term is worth at most
its rarity times its weight.
"""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Number = TypeVar("Number", float, Floats)

_K1 = 0.9
TITLE_WEIGHT = 2.0
_TITLE_B, _ABSTRACT_B = 0.5, 0.75


def title_norms(lengths: Floats, mean: float) -> Floats:
    return 1 - _TITLE_B + _TITLE_B * lengths / mean


def abstract_norms(lengths: Floats, mean: float) -> Floats:
    return 1 - _ABSTRACT_B + _ABSTRACT_B * lengths / mean


def frequencies(title: Number, abstract: Number, title_norm: Number, abstract_norm: Number) -> tuple[Number, Number]:
    """The counts in a title and in an abstract, each as far as it counts."""
    return TITLE_WEIGHT * title / title_norm, abstract / abstract_norm


def strengths(title: Number, abstract: Number) -> tuple[Number, Number]:
    """The strength of two such frequencies together, as the shares of title and abstract."""
    return title / (_K1 + title + abstract), abstract / (_K1 + title + abstract)


def saturated(frequency: Floats) -> Floats:
    """The strength of a frequency, title and abstract together."""
    return frequency / (_K1 + frequency)
