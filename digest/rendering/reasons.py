"""Why a pick was chosen, in plain words, and the sentences of its abstract that show it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from math import ceil

from digest.model import Ground, Pick, Reason
from digest.rendering.words import clean, listed, shorten
from digest.text.sentences import lead, sentences
from digest.text.tokens import Token, tokenize


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text: the reader's own words, or what is between them."""

    text: str
    hit: bool = False
    level: int = 0  # 1: raised, -1: lowered


@dataclass(frozen=True, slots=True)
class Why:
    """What spoke for a paper, or against it: a matched term and where it was found, or words that say it all."""

    term: str
    where: str  # "title and abstract"; empty where the term says it itself: "author Ho"
    against: bool = False


BAR = 5  # steps of the match bar


def steps(score: float) -> int:
    """How many of the bar's steps a score of 0 to 100 fills: fifths, and never none."""
    return min(max(ceil(BAR * score / 100), 1), BAR)


# --- terms --------------------------------------------------------------------------------------------------------

_WEIGHT = re.compile(r"(?<=\S)\^[\d.]+$")
_SCOPE = re.compile(r"(title|abstract|author|category|source|kind):", re.IGNORECASE)
_WHERE = {"authors": "authors", "categories": "categories"} | {
    field: field for field in ("title", "abstract", "keywords", "comment", "summary")
}
_SAYS_ITSELF = ("author", "category", "source", "kind")


def spoken(term: str) -> str:
    """A term as people say it: `"flow matching"^3` is flow matching, `author:Ho` author Ho, `category:cs.*` category cs."""
    bare = _WEIGHT.sub("", clean(term)).lstrip("+-")
    scope = _SCOPE.match(bare)
    words = (bare[scope.end() :] if scope else bare).strip()
    exact = words.startswith("=")
    words = words.removeprefix("=").strip('"').removesuffix(".*")  # a whole archive goes by its name
    if words.endswith("*"):
        words = words[:-1] + "\N{HORIZONTAL ELLIPSIS}"
    said = f"exactly {words}" if exact else words
    named = scope.group(1).lower() if scope else ""
    return shorten(f"{named} {said}" if named in _SAYS_ITSELF else said, 60)


_NAMED_FIELDS = {"authors": "author", "categories": "category", "sources": "source", "kinds": "kind"}


def subject_of(reason: Reason) -> str:
    """What matched, as people say it: a name or a category is called one."""
    said = spoken(reason.term)
    kind = _NAMED_FIELDS.get(reason.field)
    return f"{kind} {said}" if kind and not said.startswith(f"{kind} ") else said


def whys(reasons: Sequence[Reason], most: int = 6) -> tuple[Why, ...]:
    """What spoke for a paper, what weighed most first: whole terms, lone words, then what was learnt from likes,
    the word of the community and that of a sentence encoder.
    """
    keywords = [reason for reason in reasons if reason.ground is Ground.KEYWORD]
    return (*_terms(keywords, most), *_learnt(reasons), *_others(reasons))


def _terms(reasons: Iterable[Reason], most: int) -> tuple[Why, ...]:
    found: dict[tuple[str, bool], list[Reason]] = {}
    for reason in reasons:
        found.setdefault((subject_of(reason), reason.contribution < 0), []).append(reason)

    def order(key: tuple[str, bool]) -> tuple[bool, bool, float]:
        own = found[key]
        return key[1], all(reason.partial for reason in own), -abs(sum(reason.contribution for reason in own))

    whole = {word for reason in chain.from_iterable(found.values()) if not reason.partial for word in _said(reason)}
    for key, own in [*found.items()]:
        if all(reason.partial and whole.issuperset(_said(reason)) for reason in own):
            del found[key]  # "small" says nothing beside "small language model"
    places = {key: list(dict.fromkeys(reason.field for reason in own if reason.field)) for key, own in found.items()}
    return tuple(Why(key[0], _where(key[0], places[key]), key[1]) for key in sorted(found, key=order)[:most])


def _said(reason: Reason) -> set[str]:
    return {token.key for token in tokenize(reason.term)}


_FEW_WORDS = 3


def _learnt(reasons: Iterable[Reason]) -> Iterator[Why]:
    """The words learnt from likes as one: there are dozens, and each is worth little."""
    learnt = sorted((r for r in reasons if r.ground is Ground.LIKED), key=lambda reason: -abs(reason.contribution))
    for against, said in ((False, "like papers you liked"), (True, "like papers you disliked")):
        words = dict.fromkeys(spoken(r.term) for r in learnt if (r.contribution < 0) is against)
        if words:
            yield Why(f"{said} ({', '.join([*words][:_FEW_WORDS])})", "", against)


def _others(reasons: Iterable[Reason]) -> Iterator[Why]:
    for reason in reasons:
        if reason.ground is Ground.SIGNAL:
            yield Why(clean(reason.term), "")
        if reason.ground is Ground.MEANING:
            yield Why("close in meaning to your keywords", "")


def _where(term: str, fields: Sequence[str]) -> str:
    if term.startswith(tuple(f"{scope} " for scope in _SAYS_ITSELF)):
        return ""
    known = [field for field in _WHERE if field in fields]
    return listed([_WHERE[field] for field in known] + [clean(field) for field in fields if field not in _WHERE])


# --- the abstract -------------------------------------------------------------------------------------------------

_NOT_TEXT = frozenset(_NAMED_FIELDS)
_SMALL = frozenset(
    {"a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "with"}
)


def hit_keys(pick: Pick) -> frozenset[str]:
    """The keys of the reader's words, as far as they are words of the text: an author's name is not."""
    return frozenset(
        key
        for reason in pick.reasons
        if reason.contribution > 0 and reason.ground is Ground.KEYWORD and reason.field not in _NOT_TEXT
        for key in reason.tokens
    )


def key_sentences(abstract: str, wanted: frozenset[str], limit: int, most: int = 3) -> str:
    """Up to `most` sentences within `limit` characters, in their order: those with most of the wanted words, if any.

    Where sentences were left out between two that are shown, an ellipsis says so.
    """
    text = clean(abstract)
    all_sentences = sentences(text) if wanted else []
    found = [len(_keys(sentence) & wanted) for sentence in all_sentences]
    if not any(found):
        return lead(text, limit)
    chosen: list[int] = []
    for index in sorted(range(len(found)), key=lambda i: (-found[i], i)):
        room = limit - sum(len(all_sentences[i]) for i in chosen)
        if found[index] and len(chosen) < most and (len(all_sentences[index]) <= room or not chosen):
            chosen.append(index)
    return _joined(all_sentences, sorted(chosen), limit)


def _keys(sentence: str) -> frozenset[str]:
    return frozenset(token.key for token in tokenize(sentence) if token.word not in _SMALL)


def _joined(all_sentences: Sequence[str], chosen: Sequence[int], limit: int) -> str:
    parts = [lead(all_sentences[chosen[0]], limit)]
    for before, index in pairwise(chosen):
        parts.append("" if index == before + 1 else "\N{HORIZONTAL ELLIPSIS}")
        parts.append(all_sentences[index])
    return " ".join(part for part in parts if part)


def marked(text: str, wanted: frozenset[str]) -> tuple[Run, ...]:
    """The text in runs, the wanted words marked, neighbours as one."""
    runs, at = [], 0
    for start, end in _spans(text, wanted):
        runs += [Run(text[at:start]), Run(text[start:end], hit=True)]
        at = end
    return tuple(run for run in [*runs, Run(text[at:])] if run.text)


def _spans(text: str, wanted: frozenset[str]) -> list[tuple[int, int]]:
    """Where the wanted words are; those that only spaces or hyphens part are one span, overlapping ones too."""
    spans: list[tuple[int, int]] = []
    for token in _telling([token for token in tokenize(text) if token.key in wanted], text):
        if spans and _adjoin(text, spans[-1][1], token.start):
            spans[-1] = (spans[-1][0], max(token.end, spans[-1][1]))
        else:
            spans.append((token.start, token.end))
    return spans


def _adjoin(text: str, end: int, start: int) -> bool:
    return start <= end or not text[end:start].strip(" -\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{EN DASH}")


def _telling(tokens: Sequence[Token], text: str) -> list[Token]:
    """Without the "of" and "the" of a phrase where they do not stand between two other hits."""
    kept = []
    for index, token in enumerate(tokens):
        inside = 0 < index < len(tokens) - 1
        bridge = inside and (
            _adjoin(text, tokens[index - 1].end, token.start) and _adjoin(text, token.end, tokens[index + 1].start)
        )
        if token.word not in _SMALL or bridge:
            kept.append(token)
    return kept
