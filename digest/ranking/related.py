"""Words related to a profile, learnt from the listings that match it best (pseudo-relevance feedback).

For a collection that is searched: what its best answers have in common tells which of the others are about the same.
Not for the news of a day, where a few hundred papers teach little and the reader's own likes teach more. What matches no
keyword is not found by it.

Rocchio without a judge: Buckley, Salton, Allan and Singhal, TREC-3, 1994; figures in docs/decisions.md.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy import sparse

from digest.ranking import bm25f
from digest.ranking.bm25f import Floats
from digest.ranking.choice import choose
from digest.ranking.corpus import Statistics
from digest.ranking.features import Line, rarity
from digest.ranking.index import Index
from digest.ranking.learning import Learned
from digest.ranking.lists import Integers, Lists
from digest.ranking.readers import Readers
from digest.ranking.table import Matrix

_BEST = 10  # listings that are learnt from
_MOST = 15  # words that are learnt
_SHARE = 0.4  # of what the profile's own words are worth, all of them together
_FEWEST, _COMMON = 2, 0.3  # a word that teaches is in so many listings at least, and in this share of all at most,
_TELLING = 1.0  # and so rare in general


def related(readers: Readers) -> list[tuple[Learned, ...]]:
    """For each subscriber the words that their best listings have in common, beside their own keywords."""
    texts = _Texts(readers.day.index, readers.day.statistics)
    lines = readers.day.table.lines
    found: list[tuple[Learned, ...]] = []
    for chosen in choose(readers.day.table, readers.wishes(range(len(readers.all)), [_BEST] * len(readers.all))):
        members = chosen.members.lines
        own = [[lines[number] for number in members[row].tolist()] for row in range(len(members))]
        found += texts.learnt(Lists(chosen.best.columns, chosen.best.ends), chosen.best.units, own)
    return found


class _Texts:
    """What the words of each text are worth to it."""

    def __init__(self, index: Index, statistics: Statistics) -> None:
        self._statistics = statistics
        keys, self._spellings = _keys(index)
        self._keys = list(keys)
        numbers = np.array([keys[word[0]] if word else 0 for word in index.words], dtype=np.int64)
        self._rarities = np.array([statistics.rarity((key,)) if key else 0.0 for key in self._keys])
        worths = _strengths(index, statistics, numbers[index.row], len(self._keys))
        held = np.bincount(worths.indices, minlength=len(self._keys))
        teaches = (held >= _FEWEST) & (held <= max(_FEWEST, _COMMON * len(index.texts))) & (self._rarities >= _TELLING)
        worths.data *= (self._rarities * teaches)[worths.indices]
        worths.eliminate_zeros()
        self._worths = worths

    def learnt(self, best: Lists, units: Integers, own: Sequence[Sequence[Line]]) -> Iterator[tuple[Learned, ...]]:
        """For each profile, given its best texts and how well these match, the words that these have in common."""
        total = np.bincount(best.owners, units, len(best))[best.owners]
        shares = sparse.csr_array((units / total, best.values, best.ends), (len(best), self._worths.shape[0]))
        common = shares @ self._worths
        for row, lines in enumerate(own):
            at = slice(common.indptr[row], common.indptr[row + 1])
            yield tuple(self._strongest(common.indices[at], common.data[at], lines))

    def _strongest(self, keys: Integers, worths: Floats, lines: Sequence[Line]) -> Iterator[Learned]:
        strongest = np.lexsort((keys, -worths))[:_MOST]
        asked = {key for line in lines for term in line.alternatives for slot in term.parts for key in slot.keys}
        unit = _SHARE * sum(_worth(line, self._statistics) for line in lines) / (worths[strongest].sum() or 1.0)
        for number, worth in zip(keys[strongest].tolist(), worths[strongest].tolist(), strict=True):
            key = self._keys[number]
            if key not in asked:  # only now: whose best listings speak of nothing else learns little
                yield Learned(key, self._spellings[key], unit * worth / self._rarities[number])


def _keys(index: Index) -> tuple[Mapping[str, int], Mapping[str, str]]:
    """The keys of all words, numbered, and how each is most often written."""
    counts = np.bincount(index.row, minlength=len(index.words)).tolist()
    keys: dict[str, int] = {"": 0}
    written: defaultdict[str, tuple[int, str]] = defaultdict(lambda: (0, ""))
    for word, count in zip(index.words, counts, strict=True):
        if word:
            keys.setdefault(word[0], len(keys))
            written[word[0]] = max(written[word[0]], (count, word[-1].removeprefix("=")))
    return keys, {key: spelling for key, (_, spelling) in written.items()}


def _strengths(index: Index, statistics: Statistics, keys: Integers, count: int) -> Matrix:
    """Texts by keys: the BM25F strength of each; `keys` holds one for each place of the index."""
    shape = len(index.texts), count
    titles, abstracts = (
        _counted(index.text_of[meant], keys[meant], shape)
        for meant in ((keys > 0) & index.in_title, (keys > 0) & ~index.in_title)
    )
    sizes = index.sizes
    titles = sparse.diags_array(1 / bm25f.title_norms(sizes[:, 0], statistics.title_length)) @ titles
    abstracts = sparse.diags_array(1 / bm25f.abstract_norms(sizes[:, 1], statistics.abstract_length)) @ abstracts
    summed = sparse.csr_array(bm25f.TITLE_WEIGHT * titles + abstracts)
    summed.data = bm25f.saturated(summed.data)
    return summed


def _counted(texts: Integers, keys: Integers, shape: tuple[int, int]) -> Matrix:
    counts = sparse.csr_array((np.ones(len(keys)), (texts, keys)), shape)
    counts.sum_duplicates()
    return counts


def _worth(line: Line, statistics: Statistics) -> float:
    """What the words of a line are worth one by one."""
    return line.weight * max(sum(rarity(slot, statistics) for slot in term.parts) for term in line.alternatives)
