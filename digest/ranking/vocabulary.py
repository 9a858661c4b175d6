"""Near spellings: what may have been meant by a word or a name that no paper holds."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from digest.model import Background, Listing
from digest.text import names

_FAR = 6  # letters from which on a word may have two slips, and below which it has one
_SHORTEST = 4  # shorter words are all near one another
_MORE = 10  # times as often as the word itself, or else it is no slip


def near(word: str, vocabulary: Mapping[str, float], most: int = 3) -> list[str]:
    """Words of a vocabulary (with how often each is used) that are a slip or two of the keyboard away from `word`.

    A slip is a letter too many, too few, another, or two that changed places (Damerau: A technique for computer
    detection and correction of spelling errors, CACM 7(3), 1964). Fewer slips come first, then what is used more.
    """
    if len(word) < _SHORTEST:
        return []
    limit = 2 if len(word) >= _FAR else 1
    least = _MORE * vocabulary.get(word, 0)
    alike = (one for one in _alike(word, vocabulary, limit) if vocabulary[one] >= least)
    found = {one: slips for one in alike if 0 < (slips := distance(word, one)) <= limit}
    fewest = min(found.values(), default=0)
    return sorted((one for one in found if found[one] == fewest), key=lambda one: (-vocabulary[one], one))[:most]


def words_of(background: Background) -> dict[str, float]:
    """The words that papers hold, in lower case, each with how many hold it."""
    forms = ((form.removeprefix("="), papers) for form, papers in background.holders.items() if form[:1] == "=")
    return {word: papers for word, papers in forms if word == word.casefold()}


def names_of(listings: Iterable[Listing]) -> dict[str, float]:
    """The parts of the names of authors, as names are compared, each with how many papers have it."""
    parts = Counter(
        part for listing in listings for part in {part for author in listing.authors for part in names.parts(author)}
    )
    return {part: float(papers) for part, papers in parts.items() if part != names.COMMA}


def _alike(word: str, vocabulary: Mapping[str, float], limit: int) -> Iterator[str]:
    """Words that cannot be told at a glance to be further away: every slip changes two letters of the set at most."""
    size, letters = len(word), set(word)
    for one in vocabulary:
        if abs(len(one) - size) <= limit and len(letters.symmetric_difference(one)) <= 2 * limit:
            yield one


def distance(one: str, other: str) -> int:
    """How many slips lie between two words (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        line = [row]
        for column, found in enumerate(other, start=1):
            slips = min(last[column] + 1, line[-1] + 1, last[column - 1] + (letter != found))
            if row > 1 and column > 1 and (letter, one[row - 2]) == (other[column - 2], found):
                slips = min(slips, before[column - 2] + 1)
            line.append(slips)
        before, last = last, line
    return last[-1]
