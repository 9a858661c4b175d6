"""From papers somebody has collected to keywords for them: what these say more often than papers do in general.

entries -> words, phrases of two and three words, authors
        -> support (entries that hold it) x how much more often than in the background
        -> the best, without what they say twice, as lines of the profile language
"""

import math
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import NamedTuple

from digest.errors import ProfileError
from digest.model import Background, Listing
from digest.ranking import query
from digest.ranking.common import says_something
from digest.text import names
from digest.text.tokens import Token, characters, tokenize

Gram = tuple[str, ...]  # keys of neighbouring words

_LONGEST = 3  # words of a phrase
_IN_TEXT = 0.5  # what standing in the abstract alone counts, beside the title and the tags
# How much more often than in general, as a natural logarithm: a single word must be more peculiar than those of a phrase.
_LEAST_LIFTS = {1: 1.5, 2: 0.5, 3: 0.0}
_SUPPORT = 0.05  # of the entries, two at least
_FEW = 3  # entries, of which each speaks for itself
_SMALL = 20  # entries, whose abstracts say too little together: titles and tags speak
_WITHIN = 0.6  # a word that stands so often within a phrase says nothing more
_FRAGMENT = 0.75  # so often within a longer one, a phrase does not either
_HEAVY = 0.6  # of what the best is worth
_OFTEN = 0.2  # of the entries
_EACH = 4  # keywords that an entry is good for
_WEIGHT = 2
_MOST_AUTHORS = 5
_MOST_CATEGORIES = 5
_JOINTS = frozenset(" \t\n-\u2010\u2011\u2013/")


class Proposal(NamedTuple):
    """One line for a profile, and how many entries speak for it."""

    line: str
    support: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A profile proposed."""

    entries: int
    keywords: tuple[Proposal, ...] = ()
    authors: tuple[Proposal, ...] = ()
    categories: tuple[Proposal, ...] = ()


def suggest(entries: Sequence[Listing], background: Background, most: int = 15) -> Suggestion:
    """A profile for who collected these entries: at most so many keywords, and a few authors and categories."""
    return Suggestion(
        len(entries),
        tuple(_keywords(entries, background, most)),
        tuple(_authors(entries)),
        tuple(_categories(entries)),
    )


# --- keywords -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Held:
    """Which entries hold a gram, and how it is written."""

    entries: set[int] = field(default_factory=set)
    prominent: set[int] = field(default_factory=set)  # in the title, or among the tags
    written: Counter[str] = field(default_factory=Counter)

    @property
    def support(self) -> float:
        return len(self.prominent) + _IN_TEXT * len(self.entries - self.prominent)


def _keywords(entries: Sequence[Listing], background: Background, most: int) -> Iterator[Proposal]:
    read = [_texts(entry) for entry in entries]
    lifts = _lifts(read, background, _least(len(entries)))
    held = _grams(read, lifts)
    worths = _worths(held, lifts, len(entries))
    most = min(most, _EACH * len(entries))
    chosen: list[Gram] = []
    for gram in sorted(worths, key=lambda gram: (-worths[gram], gram)):
        if len(chosen) < most and not any(_is_idle(gram, other, held) for other in chosen):
            chosen = [*(other for other in chosen if not _is_idle(other, gram, held)), gram]
    best = max(worths.values(), default=0.0)
    for gram in chosen:
        support = len(held[gram].entries)
        heavy = worths[gram] >= _HEAVY * best and support >= max(2, _OFTEN * len(entries))
        if line := _line(held[gram], len(gram), heavy=heavy):
            yield Proposal(line, support)


def _worths(held: Mapping[Gram, _Held], lifts: Mapping[str, float], entries: int) -> dict[Gram, float]:
    """What each gram is worth that is frequent enough, and more so than in general. Few entries speak by titles and tags."""
    small, least = entries <= _SMALL, _least(entries)
    fragments = _fragments(held)
    return {
        gram: math.log1p(one.support) * sum(lifts[key] for key in gram)
        for gram, one in held.items()
        if len(one.entries) >= least
        and min(lifts[key] for key in gram) >= _LEAST_LIFTS[len(gram)]
        and gram not in fragments
        and (one.prominent or not small)
    }


def _least(entries: int) -> int:
    """How many entries are to speak for a keyword."""
    return 1 if entries <= _FEW else max(2, math.ceil(_SUPPORT * entries))


def _fragments(held: Mapping[Gram, _Held]) -> set[Gram]:
    """Pairs of words that are nearly always followed, or preceded, by the same third one."""
    return {
        pair
        for gram in held
        if len(gram) == _LONGEST
        for pair in (gram[1:], gram[:-1])
        if len(held[pair].entries) > 1 and len(held[gram].entries) >= _FRAGMENT * len(held[pair].entries)
    }


class _Text(NamedTuple):
    """A title, tag or abstract with its words."""

    text: str
    tokens: Sequence[Token]
    prominent: bool


def _texts(entry: Listing) -> list[_Text]:
    texts = [(entry.title, True), *((tag, True) for tag in entry.keywords), (entry.abstract, False)]
    return [_Text(text, [t for t in tokenize(text) if not characters(t.word)], prominent) for text, prominent in texts]


def _grams(read: Sequence[Sequence[_Text]], lifts: Mapping[str, float]) -> dict[Gram, _Held]:
    """All grams of words that have a lift."""
    held: defaultdict[Gram, _Held] = defaultdict(_Held)
    for number, texts in enumerate(read):
        for text in texts:
            for tokens in _runs(text, lifts):
                gram = held[tuple(token.key for token in tokens)]
                gram.entries.add(number)
                gram.written[_written(text.text, tokens)] += 1
                if text.prominent:
                    gram.prominent.add(number)
    return held


def _runs(text: _Text, known: Container[str]) -> Iterator[Sequence[Token]]:
    """Known words, and two or three of them that stand together."""
    tokens = text.tokens
    ok = [token.key in known and _tells(token) for token in tokens]
    joined = [
        ok[at] and ok[at + 1] and one.end <= two.start and _JOINTS.issuperset(text.text[one.end : two.start])
        for at, (one, two) in enumerate(pairwise(tokens))
    ]
    for size in range(1, _LONGEST + 1):
        for start in range(len(tokens) - size + 1):
            if ok[start] and all(joined[start : start + size - 1]):
                yield tokens[start : start + size]


def _tells(token: Token) -> bool:
    return len(token.word) > 1 and not token.word[0].isdigit() and says_something(token.surface)


def _written(text: str, tokens: Sequence[Token]) -> str:
    """As it stands there, in lower case but for words with capitals within: GAN, ResNet."""
    parts = [*text[tokens[0].start : tokens[-1].end]]
    start = tokens[0].start
    for token in tokens:
        if token.surface[1:] == token.word[1:]:
            parts[token.start - start : token.end - start] = text[token.start : token.end].casefold()
    return " ".join("".join(parts).split())


def _lifts(read: Sequence[Sequence[_Text]], background: Background, least: int) -> dict[str, float]:
    """How much more often than in general each frequent word is in the entries, as a natural logarithm, if it is.

    An entry of which only the title is known is expected to hold as much less as it is shorter.
    """
    mean = (background.title_words + background.abstract_words) / max(1.0, background.papers) or 1.0
    size = sum(min(1.0, sum(len(text.tokens) for text in texts) / mean) for texts in read)
    holding = Counter(key for texts in read for key in {token.key for text in texts for token in text.tokens})
    expected = {key: size * (background.holders.get(key, 0.0) + 0.5) / (background.papers + 1) for key in holding}
    return {
        key: math.log(count / expected[key])
        for key, count in holding.items()
        if count >= least and count >= expected[key] > 0
    }


def _is_idle(gram: Gram, other: Gram, held: Mapping[Gram, _Held]) -> bool:
    """Whether there is no need for a gram beside another one: they overlap, or the one is a part of the other."""
    if len(gram) == len(other) == _LONGEST:
        return gram[1:] == other[:-1] or gram[:-1] == other[1:]
    shorter, longer = sorted((gram, other), key=len)
    if not any(longer[at : at + len(shorter)] == shorter for at in range(len(longer) - len(shorter) + 1)):
        return False
    share = len(held[longer].entries) / len(held[shorter].entries)
    if len(shorter) == 1:
        return gram == shorter and share >= _WITHIN
    return share >= _FRAGMENT if gram == shorter else share < _FRAGMENT


def _line(held: _Held, words: int, *, heavy: bool) -> str:
    """A gram in the profile language; nothing if it cannot be said there."""
    written = min(held.written, key=lambda one: (-held.written[one], one))
    line = f'"{written}"' if words > 1 else written
    line = f"{line}^{_WEIGHT}" if heavy else line
    return line if _reads(line) else ""


def _reads(line: str) -> bool:
    try:
        query.parse(line)
    except ProfileError:
        return False
    return True


# --- people and categories ------------------------------------------------------------------------------------------


def _authors(entries: Sequence[Listing]) -> Iterator[Proposal]:
    """Who wrote many of the entries, however the name is spelled, in its longest spelling."""
    papers: Counter[names.Name] = Counter()
    longest: dict[names.Name, str] = {}
    for entry in entries:
        people = {person: name for name in entry.authors if (person := _person(name))}
        papers.update(people.keys())
        for person, name in people.items():
            longest[person] = max(longest.get(person, ""), name, key=len)
    least = max(2 if len(entries) < 20 else 3, math.ceil(len(entries) / 100))
    frequent = sorted(((count, longest[person]) for person, count in papers.items() if count >= least), key=_by_count)
    for count, name in frequent[:_MOST_AUTHORS]:
        if _reads(line := f'author:"{_in_order(name)}"'):
            yield Proposal(line, count)


def _by_count(counted: tuple[int, str]) -> tuple[int, str]:
    return -counted[0], counted[1]


def _person(name: str) -> names.Name | None:
    """The family name and the first initial, which tell people apart well enough among somebody's own papers."""
    parts = names.parts(_in_order(name))
    if len(parts) < 2:
        return None
    return names.Name(parts[-1], (parts[0][0],))


def _in_order(name: str) -> str:
    """The given names first."""
    family, comma, given = name.partition(",")
    return f"{given.strip()} {family.strip()}" if comma and given.strip() else family.strip()


def _categories(entries: Iterable[Listing]) -> Iterator[Proposal]:
    counts = Counter(chain.from_iterable(entry.categories[:1] for entry in entries))
    return (Proposal(category, count) for category, count in counts.most_common(_MOST_CATEGORIES))
