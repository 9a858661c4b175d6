"""What the terms of a profile find among the papers that were pulled, or in the count that is shipped."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from difflib import get_close_matches
from functools import cached_property

from digest.model import Announcement, Background, Profile, Ranking, Subscriber
from digest.ranking import vocabulary
from digest.ranking.reading import reading
from digest.ranking.term import Field, Match, Sign, Term
from digest.text import names

DAYS = timedelta(days=30)
_TOO_MUCH = 0.2  # of all papers
_TEXTS = (Field.ANY, Field.TITLE, Field.ABSTRACT)
_MOST_KNOWN = 5_000  # terms that need not be counted again while somebody types
_ALONE = {Match.PREFIX: "{}", Match.EXACT: "={}"}  # lines for one word of a term


@dataclass(frozen=True, slots=True)
class Checked:
    """One term, and what it finds."""

    text: str
    reading: str  # how it was read
    papers: int | None  # that match it in full; None: it cannot be told
    share: float | None = None  # of all papers
    near: Mapping[str, Sequence[str]] = field(default_factory=dict)  # what no paper holds, and what may be meant
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What the terms of a profile find."""

    terms: Sequence[Checked]
    papers: int  # that were looked at
    together: int | None = None  # that the profile as a whole matches
    shipped: bool = False  # counted in what comes with the program, as nothing has been pulled


Rank = Callable[[Sequence[Subscriber]], Sequence[Ranking]]  # of one window, one ranking a subscriber


class Pulled:
    """The papers of a window, which `rank` ranks, and in which terms are counted."""

    def __init__(
        self, rank: Rank, window: Sequence[Announcement], background: Background, sources: Sequence[str]
    ) -> None:
        self._rank_all = rank
        self._window = window
        self._background = background
        self._sources = sources
        self._known: dict[str, Checked] = {}  # never changed in place: threads share it
        self.papers = self._rank([Profile()])[0].papers

    def find(self, terms: Sequence[Term], profile: Profile, advised: int = sys.maxsize) -> Found:
        """What terms find one by one, and what `profile`, whose keywords they are, finds as a whole.

        Of so many terms that find nothing it is looked into why, which takes longer than all else.
        """
        whole = replace(profile, keywords=tuple(term.text for term in terms))
        before = self._known
        new = {term.text: term for term in terms if term.text not in before}
        *counts, together = self._count([*(Profile((_sought(term),)) for term in new.values()), whole])
        papers = dict(zip(new, counts, strict=True))
        empty = [text for text in new if not papers[text]]
        left = {text: Checked(text, reading(new[text]), 0, 0.0) for text in empty[advised:]}
        known = before | {text: self._checked(new[text], papers[text]) for text in new if text not in left}
        self._known = known if len(known) <= _MOST_KNOWN else {}
        return Found([left.get(term.text) or known[term.text] for term in terms], self.papers, together)

    def _count(self, profiles: Iterable[Profile]) -> list[int]:
        """How many papers each of these profiles matches."""
        return [ranking.matched for ranking in self._rank(profiles)]

    def _rank(self, profiles: Iterable[Profile]) -> Sequence[Ranking]:
        alone = (replace(profile, max_papers=0, max_trending=0) for profile in profiles)
        return self._rank_all([Subscriber("", profile=profile) for profile in alone])

    def _checked(self, term: Term, papers: int) -> Checked:
        share = papers / self.papers
        if papers:
            return Checked(term.text, reading(term), papers, share, remark=_too_much(term, share))
        missing = {name: near for one in term.alternatives or (term,) for name, near in self._missing(one).items()}
        return Checked(term.text, reading(term), 0, share, missing, _nothing(missing) or self._apart(term))

    def _missing(self, term: Term) -> dict[str, list[str]]:
        """The words or names of a term that no paper has, each with those that may be meant."""
        match term.field:
            case Field.AUTHOR:
                unknown = [part for part in names.parts(term.label) if part not in self._names and len(part) > 1]
                return {part: vocabulary.near(part, self._names) for part in unknown if part != names.COMMA}
            case Field.CATEGORY:
                return {term.label: get_close_matches(term.label, self._categories, cutoff=0.75)}
            case Field.SOURCE:
                return {term.label: get_close_matches(term.label, self._sources)}
            case Field.KIND:
                return {}
        written = [word.written for word in term.content]
        lines = [_ALONE.get(term.match, '"{}"').format(word) for word in written]
        counts = zip(written, self._count(Profile((line,)) for line in lines), strict=True)
        return {
            word: vocabulary.near(word.rstrip("*").casefold(), self._words) for word, papers in counts if not papers
        }

    def _apart(self, term: Term) -> str:
        """What is said of a term whose words are there."""
        words = [word.written for word in term.content]
        if len(words) < 2:
            return "nothing"
        counts = zip(words, self._count(Profile((f'"{word}"',)) for word in words), strict=True)
        return f"nothing: never near one another ({', '.join(f'{word}: {papers:,}' for word, papers in counts)})"

    @cached_property
    def _words(self) -> Mapping[str, float]:
        return vocabulary.words_of(self._background)

    @cached_property
    def _names(self) -> Mapping[str, float]:
        return vocabulary.names_of({a.listing.id: a.listing for a in self._window}.values())

    @cached_property
    def _categories(self) -> Sequence[str]:
        return sorted({category for a in self._window for category in a.listing.categories})


def _sought(term: Term) -> str:
    """A line that finds what a term asks for: of one that excludes, the papers that it leaves out."""
    return f"+{term.text[1:]}" if term.sign is Sign.NEVER else term.text


def _too_much(term: Term, share: float) -> str:
    if share <= _TOO_MUCH or term.sign is Sign.MUST:
        return ""
    if term.sign is Sign.NEVER:
        return f"leaves out {share:.0%} of all papers"
    advice = ": make it a phrase, or look in titles: `title:`" if term.field in _TEXTS else ""
    return f"in {share:.0%} of all papers, so it tells little apart{advice}"


def _nothing(missing: Mapping[str, Sequence[str]]) -> str:
    if not missing:
        return ""
    meant = [f"`{one}`" for near in missing.values() for one in near]
    if meant:
        return f"nothing: did you mean {' or '.join(meant)}?"
    return f"nothing: no paper has {' or '.join(f'`{name}`' for name in missing)}"


# --- before anything was pulled -------------------------------------------------------------------------------------


def find_shipped(terms: Sequence[Term], shipped: Background) -> Found:
    """What terms find at most in the count that comes with the program: as many papers as hold their rarest word."""
    return Found([_at_most(term, shipped) for term in terms], int(shipped.papers), shipped=True)


def _at_most(term: Term, shipped: Background) -> Checked:
    holders = [_holders(one, shipped) for one in term.alternatives or (term,)]
    if any(papers is None for papers in holders):
        return Checked(term.text, reading(term), None)
    papers = min(shipped.papers, sum(filter(None, holders)))
    share = papers / shipped.papers
    missing = {} if papers else _strange(term, shipped)
    remark = _nothing(missing) or _too_much(term, share)
    return Checked(term.text, reading(term), int(papers), share, missing, remark)


def _holders(term: Term, shipped: Background) -> float | None:
    if term.field not in _TEXTS:
        return None
    if term.match is Match.PREFIX:
        begin = f"={term.words[0].key}"
        return sum(papers for form, papers in shipped.holders.items() if form.startswith(begin))
    each = [sum(shipped.holders.get(key, 0) for key in word.keys) for word in term.content]
    return max(each) if term.loose else min(each)


def _strange(term: Term, shipped: Background) -> dict[str, list[str]]:
    words = vocabulary.words_of(shipped)
    content = [word for one in term.alternatives or (term,) for word in one.content]
    unknown = [word for word in content if not any(key in shipped.holders for key in word.keys)]
    return {word.written: vocabulary.near(word.written.rstrip("*").casefold(), words) for word in unknown}
