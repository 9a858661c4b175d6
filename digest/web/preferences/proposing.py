"""Terms to propose to somebody: what papers have in common that they like, that they are found, or that they collected."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from digest.model import Background, Listing
from digest.ranking import query, references
from digest.ranking.suggest import Proposal, suggest
from digest.ranking.term import Field, Term
from digest.rendering.words import shorten
from digest.text.counts import counted

MOST_ENTRIES = 1_000  # of a library: each takes a millisecond or so, and later ones teach little
_MOST = 15
_LONGEST = 200  # characters of what is said of an entry


@dataclass(frozen=True, slots=True)
class Proposed:
    """What is proposed, and what it rests on."""

    rests_on: str  # "9 papers that you liked"
    entries: int
    terms: tuple[Proposal, ...] = ()
    left_out: tuple[str, ...] = ()  # what could not be used, a sentence each


def proposed(
    rests_on: str, papers: Sequence[Listing], background: Background, own: Iterable[str], left_out: Sequence[str] = ()
) -> Proposed:
    """What these papers have in common, beside a profile's `own` lines."""
    entries = [paper for paper in papers if paper.title]
    found = suggest(entries, background, _MOST) if entries else None
    terms = (*found.keywords, *found.authors) if found else ()
    return Proposed(
        rests_on, len(entries), tuple(_news(terms, own)), tuple(shorten(what, _LONGEST) for what in left_out)
    )


def _news(proposals: Iterable[Proposal], own: Iterable[str]) -> Iterator[Proposal]:
    """Those that a profile does not ask for already, be it within a phrase, or by a part of a name."""
    terms, _ = query.parse_profile(own)
    known = [_meaning(one) for term in terms for one in (term.alternatives or (term,))]
    for proposal in proposals:
        is_author, keys = _meaning(query.parse(proposal.line))
        others = [words for same, words in known if same == is_author]
        if not any(words <= keys if is_author else keys <= words for words in others):
            yield proposal


def _meaning(term: Term) -> tuple[bool, frozenset[str]]:
    return term.field is Field.AUTHOR, frozenset(term.keys)


def entries_of(content: bytes) -> tuple[list[Listing], list[str]]:
    """The papers of a file or a list, and what of it is left out.

    Raises:
        UnreadableError: it is none that can be read; says what was expected.
    """
    read = references.read(content)
    more = len(read.entries) - MOST_ENTRIES
    left = [f"{counted(more, 'entry', 'entries')} beyond the first {MOST_ENTRIES:,}"] if more > 0 else []
    return list(read.entries[:MOST_ENTRIES]), [*read.faults, *left]


def completed(entries: Sequence[Listing], known: Sequence[Listing | None]) -> tuple[list[Listing], list[str]]:
    """The entries with what is known of them; and those of which nothing is, but a name."""
    papers = [
        references.completed(entry, found) if found else entry for entry, found in zip(entries, known, strict=True)
    ]
    strange = [paper.keys[0].replace(":", " ", 1) for paper in papers if not paper.title]
    return papers, [f"{name} is not among the papers read here" for name in strange]
