"""Why a pick was chosen, in plain words."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import NamedTuple

from digest.model import Ground, Reason
from digest.rendering.language import ENGLISH, Language
from digest.rendering.words import clean, shorten
from digest.text.tokens import keys


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
_TERMS = 16_384  # known: many readers' terms are few, as are the ways in which one reader's recur from paper to paper
_WAYS = 4_096  # in which several terms are met
_NAMED_FIELDS = {"authors": "author", "categories": "category", "sources": "source", "kinds": "kind"}
_SCOPES = frozenset(_NAMED_FIELDS.values())


def spoken(term: str, language: Language = ENGLISH) -> str:
    """A term as people say it: `"flow matching"^3` is flow matching, `author:Ho` author Ho, `category:cs.*` category cs."""
    return _said(*_read(term), language)


def subject_of(reason: Reason, language: Language = ENGLISH) -> str:
    """What matched, as people say it: a name or a category is called one."""
    return _subject(reason.term, reason.field, language)


@lru_cache(_TERMS)
def _subject(term: str, field: str, language: Language) -> str:
    scope, words = _read(term)
    return _said(_NAMED_FIELDS.get(field, scope), words, language)


@lru_cache(_TERMS)
def _words(term: str) -> frozenset[str]:
    return frozenset(keys(term))


@lru_cache(_TERMS)
def _read(term: str) -> tuple[str, str]:
    """What a term is looked for in, if it says so, and the rest of it without sign and weight."""
    bare = _WEIGHT.sub("", clean(term)).lstrip("+-")
    scope = _SCOPE.match(bare)
    return (scope.group(1).lower(), bare[scope.end() :].strip()) if scope else ("", bare.strip())


def _said(scope: str, words: str, language: Language) -> str:
    exact = words.startswith("=")
    words = words.removeprefix("=").strip('"').removesuffix(".*")  # a whole archive goes by its name
    if words.endswith("*"):
        words = words[:-1] + "\N{HORIZONTAL ELLIPSIS}"
    # Translators: {words} is what a reader looks for in this very form, like "GAN".
    said = language.gettext("exactly {words}").format(words=words) if exact else words
    return shorten(_called(scope, said, language), 60)


def _called(scope: str, name: str, language: Language) -> str:
    match scope:
        case "author":
            return language.gettext("author {name}").format(name=name)
        case "category":
            # Translators: {name} is a category of an archive, like "cs.CL".
            return language.gettext("category {name}").format(name=name)
        case "source":
            return language.gettext("source {name}").format(name=name)
        case "kind":
            # Translators: the kind of news: {name} is one of the words "new", "cross", "revision".
            return language.gettext("kind {name}").format(name=name)
    return name


# --- reasons ------------------------------------------------------------------------------------------------------


def whys(reasons: Sequence[Reason], language: Language = ENGLISH, most: int = 6) -> tuple[Why, ...]:
    """What spoke for a paper, in the order in which it is first named: whole terms, lone words, what spoke against it;
    then what was learnt from likes, the word of the community and that of a sentence encoder.

    Reasons come largest first. Of what they are worth nothing is read but the sign, so that what differs in nothing
    else is said alike.
    """
    keywords = [reason for reason in reasons if reason.ground is Ground.KEYWORD]
    return (*_terms(keywords, language, most), *_learnt(reasons, language), *_others(reasons, language))


def explanation(match: str, reasons: Sequence[Why], language: Language) -> str:
    """All of it in one line: "Match 4 of 5: flow matching (title and abstract); author Ho"."""
    # Translators: what parts two reasons.
    said = language.gettext("; ").join(_in_words(why, language) for why in reasons)
    if not (match and said):
        return match or said
    # Translators: {match} is like "Match 4 of 5".
    return language.gettext("{match}: {reasons}").format(match=match, reasons=said)


def _in_words(why: Why, language: Language) -> str:
    said = why.term
    if why.where:
        # Translators: {where} is like "title and abstract".
        said = language.gettext("{term} ({where})").format(term=why.term, where=why.where)
    return language.gettext("but not wanted: {term}").format(term=said) if why.against else said


class _Met(NamedTuple):
    """As much of a reason as is told."""

    term: str
    field: str
    against: bool
    partial: bool


def _terms(reasons: Iterable[Reason], language: Language, most: int) -> tuple[Why, ...]:
    met = tuple([_Met(each.term, each.field, each.contribution < 0, each.partial) for each in reasons])
    return _told(met, language, most)


_Named = tuple[str, bool]  # what is told of, and whether it speaks against


@lru_cache(_WAYS)
def _told(reasons: tuple[_Met, ...], language: Language, most: int) -> tuple[Why, ...]:
    found: dict[_Named, list[_Met]] = {}
    for reason in reasons:
        found.setdefault((_subject(reason.term, reason.field, language), reason.against), []).append(reason)
    partial = {key for key, own in found.items() if all(reason.partial for reason in own)}

    def order(key: _Named) -> tuple[bool, bool]:
        return key[1], key in partial

    shown = sorted(_telling(found, partial), key=order)
    return tuple([_why(term, _where(found[term, against], language), against) for term, against in shown[:most]])


def _telling(found: Mapping[_Named, Sequence[_Met]], partial: AbstractSet[_Named]) -> Iterable[_Named]:
    """Without the "small" that is found beside "small language model", or "language model"."""
    if not partial:
        return found
    words = {key: frozenset().union(*[_words(reason.term) for reason in own]) for key, own in found.items()}
    whole = frozenset().union(*[words[key] for key in found if key not in partial])
    return [
        key
        for key, own in words.items()
        if not (key in partial and (own <= whole or any(own < words[other] for other in partial)))
    ]


@lru_cache(_TERMS)
def _why(term: str, where: str, against: bool) -> Why:
    return Why(term, where, against)


_FEW_WORDS = 3


def _learnt(reasons: Iterable[Reason], language: Language) -> Iterator[Why]:
    """The words learnt from likes as one: there are dozens, and each is worth little."""
    learnt = [reason for reason in reasons if reason.ground is Ground.LIKED]
    for against in (False, True):
        words = list(dict.fromkeys(spoken(r.term, language) for r in learnt if (r.contribution < 0) is against))
        if words:
            yield Why(_taste(words[:_FEW_WORDS], language, against=against), "", against)


def _taste(words: Sequence[str], language: Language, *, against: bool) -> str:
    if len(words) < 2:  # a lone word tells nobody what was alike
        return language.gettext("like papers you disliked") if against else language.gettext("like papers you liked")
    # Translators: {words} are a few words that this paper has in common with those.
    pattern = (
        language.gettext("like papers you disliked ({words})")
        if against
        else language.gettext("like papers you liked ({words})")
    )
    return pattern.format(words=language.joined(words))


def _others(reasons: Iterable[Reason], language: Language) -> Iterator[Why]:
    for reason in reasons:
        if reason.ground is Ground.SIGNAL:
            yield Why(_signal(reason, language), "")
        if reason.ground is Ground.MEANING:
            yield Why(language.gettext("close in meaning to your keywords"), "")


_COUNT = re.compile(r"\d{1,9}")


def _signal(reason: Reason, language: Language) -> str:
    found = _COUNT.match(reason.term)
    count = int(found.group()) if found else 0
    match reason.field:
        case "upvotes":
            return upvotes(count, language)
        case "comments":
            return language.ngettext("{count} comment", "{count} comments", count).format(count=language.number(count))
        case "code":
            # Translators: a reason for showing a paper: its code is public.
            return language.gettext("with code")
    return clean(reason.term)


def upvotes(count: int, language: Language) -> str:
    """A count of them with its noun."""
    return language.ngettext("{count} upvote", "{count} upvotes", count).format(count=language.number(count))


# --- places -------------------------------------------------------------------------------------------------------

_PLACES = ("title", "abstract", "keywords", "comment", "summary")


def _where(reasons: Sequence[_Met], language: Language) -> str:
    """Where a term was found, in the order in which a paper is read; empty where its name says it."""
    for reason in reasons:
        if reason.field in _NAMED_FIELDS or _read(reason.term)[0] in _SCOPES:
            return ""
    return _listed(tuple([reason.field for reason in reasons]), language)


@lru_cache(_WAYS)
def _listed(met: tuple[str, ...], language: Language) -> str:
    fields = dict.fromkeys(filter(None, met))
    known = [field for field in _PLACES if field in fields]
    return language.listed([_place(field, language) for field in [*known, *(f for f in fields if f not in known)]])


def _place(field: str, language: Language) -> str:
    # Translators: the part of a paper's record in which a word was found, as in "flow matching (title and abstract)".
    match field:
        case "title":
            return language.gettext("title")
        case "abstract":
            return language.gettext("abstract")
        case "keywords":
            return language.gettext("keywords")
        case "comment":
            return language.gettext("comment")
        case "summary":
            return language.gettext("summary")
    return clean(field)
