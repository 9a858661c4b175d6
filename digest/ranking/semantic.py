"""A second look at the best by words: what they mean, beside what they say.

    inner ranker -> the best 100 by words -> how close each is in meaning -> both, blended -> the best of these

A paper's closeness is that of the wanted keyword that it is closest to, and of what was liked. It counts on the scale of
the scores by words: a paper of middling closeness gets their mean, one that is so much closer as is usual among them gets
one standard deviation more. So a blended score is as high as a score by words, whatever numbers an encoder's
similarities come to, and its parts still add up.

Every text is encoded once: its vector is kept under the digest of the text.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, islice
from typing import Protocol, runtime_checkable

import numpy as np

from digest.errors import ProfileError, UsageError
from digest.model import (
    Account,
    Ground,
    Hurdle,
    Listing,
    Pick,
    Profile,
    Ranking,
    Reason,
    Section,
    Shard,
    Subscriber,
    Taste,
)
from digest.ranking import query
from digest.ranking.bm25f import Floats
from digest.ranking.encoder import Vectors
from digest.ranking.explain import largest_first, settled
from digest.ranking.sections import in_order, matching, section_of
from digest.ranking.term import Field, Sign, Term

_LOOKED_AT = 100  # papers a subscriber
_CAUTION = 3.0  # so many likes count as much as the keywords
_LEAST_CLOSENESS = 0.05  # a smaller spread of similarities says nothing,
_LEAST_SCORE = 5.0  # and where the scores by words hardly differ, meaning may tell papers so far apart


class Ranker(Protocol):
    """Who finds the best by words."""

    def rank(self, shard: Shard) -> list[Ranking]: ...


@runtime_checkable
class Explains(Protocol):
    """Who also says why they left something out."""

    def explain(self, shard: Shard, listing_id: int) -> Account: ...


class Encoder(Protocol):
    """Texts to vectors."""

    @property
    def name(self) -> str:
        """Vectors of one name can be compared with one another."""
        ...

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """A vector of length 1 for each text."""
        ...


class Kept(Protocol):
    """Where vectors are kept, as bytes, by the digest of their text."""

    def vectors(self, model: str, digests: Collection[str]) -> Mapping[str, bytes]: ...

    def keep_vectors(self, model: str, made: Mapping[str, bytes]) -> None: ...


@dataclass(frozen=True, slots=True)
class InMemory:
    """Vectors that are kept as long as this object is."""

    made: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def vectors(self, model: str, digests: Collection[str]) -> Mapping[str, bytes]:
        return {digest: self.made[model, digest] for digest in digests if (model, digest) in self.made}

    def keep_vectors(self, model: str, made: Mapping[str, bytes]) -> None:
        self.made.update({(model, digest): vector for digest, vector in made.items()})


class SemanticRanker:
    """A ranker that looks again at what another one found best.

    `share` of a score, 0 to 1, is closeness in meaning. Whom nothing but names and categories interests, and who has
    liked nothing, gets what the other one says. Whatever that one leaves out stays out.
    """

    def __init__(self, inner: Ranker, encoder: Encoder, kept: Kept, share: float = 0.4) -> None:
        self._inner = inner
        self._encoder = encoder
        self._kept = kept
        self._share = share

    def rank(self, shard: Shard) -> list[Ranking]:
        """One ranking a subscriber, in their order. Raises UsageError if the encoder cannot be used."""
        wishes = _wishes(shard)
        found = [
            replace(ranking, picks=(*settled(_shown(subscriber.profile, wish, picks)), *_of(ranking, Section.VERSIONS)))
            for subscriber, wish, (ranking, picks) in zip(
                shard.subscribers, wishes, self._looked_at(shard, wishes), strict=True
            )
        ]
        return [replace(ranking, picks=in_order(ranking.picks)) for ranking in self._with_trending(shard, found)]

    def explain(self, shard: Shard, listing_id: int) -> Account:
        """What there is to say of one listing for the shard's first subscriber, shown or not.

        Raises:
            UsageError: the encoder cannot be used, or the other ranker explains nothing.
        """
        if not isinstance(self._inner, Explains):
            raise UsageError("The ranker that the configuration names does not say why it leaves papers out.")
        one = replace(shard, subscribers=shard.subscribers[:1])
        if not all(wishes := _wishes(one)):
            return self._inner.explain(one, listing_id)
        account = self._inner.explain(_wider(one, wishes), listing_id)
        ((_, picks),) = self._looked_at(one, wishes)
        profile = one.subscribers[0].profile
        shown = _shown(profile, wishes[0], picks)
        account = replace(account, last=settled(shown[-1:])[0].score if shown else None)
        for place, pick in enumerate(picks, start=1):
            if pick.listing.id == listing_id:
                hurdle = Hurdle.NONE if pick in shown else _short(profile, pick)
                (own,) = settled([pick])
                return replace(account, score=own.score, reasons=own.reasons, hurdle=hurdle, place=place)
        return account

    def _looked_at(self, shard: Shard, wishes: Sequence["_Wish"]) -> Iterator[tuple[Ranking, Sequence[Pick]]]:
        """For each subscriber what the inner ranker says, and all that is looked at again, best first."""
        rankings = self._inner.rank(_wider(shard, wishes))
        vectors = self._vectors(chain.from_iterable(map(_texts, wishes, rankings)))
        for wish, ranking in zip(wishes, rankings, strict=True):
            yield ranking, self._by_both(wish, matching(ranking.picks), vectors)

    def _by_both(self, wish: "_Wish", picks: Sequence[Pick], vectors: Mapping[str, Vectors]) -> Sequence[Pick]:
        if not (wish and picks):
            return picks
        looked_at, others = picks[:_LOOKED_AT], picks[_LOOKED_AT:]
        closeness, nearest = _closeness(wish, [vectors[_text(pick.listing)] for pick in looked_at], vectors)
        meanings = _scaled(closeness, np.array([pick.score for pick in looked_at]))
        blended = [self._blended(*each) for each in zip(looked_at, meanings.tolist(), nearest, strict=True)]
        blended += [self._blended(pick, 0.0, "") for pick in others]  # so they stay below all of these
        return sorted(blended, key=lambda pick: -round(pick.score, 6))  # stable: ties stay as they are by words

    def _blended(self, pick: Pick, meaning: float, term: str) -> Pick:
        by_words = (replace(r, contribution=(1 - self._share) * r.contribution) for r in pick.reasons)
        by_meaning = Reason(term, "abstract", self._share * meaning, ground=Ground.MEANING)
        reasons = tuple(reason for reason in largest_first((*by_words, by_meaning)) if reason.contribution)
        score = (1 - self._share) * pick.score + self._share * meaning
        return replace(pick, section=section_of(reasons), score=score, reasons=reasons)

    def _with_trending(self, shard: Shard, found: list[Ranking]) -> list[Ranking]:
        """The same with what is talked about and not shown already, which the inner ranker knows."""
        if not shard.trending:
            return found
        shown = {
            subscriber.id: shard.sent.get(subscriber.id, frozenset()) | {pick.listing.id for pick in ranking.picks}
            for subscriber, ranking in zip(shard.subscribers, found, strict=True)
        }
        talk = self._inner.rank(replace(shard, subscribers=_asking(shard, papers=0), sent=shown))
        return [
            replace(ranking, picks=(*ranking.picks, *_of(more, Section.TRENDING)))
            for ranking, more in zip(found, talk, strict=True)
        ]

    def _vectors(self, texts: Iterable[str]) -> Mapping[str, Vectors]:
        """The vector of each text; those that are not kept yet are made."""
        digests = {text: hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() for text in dict.fromkeys(texts)}
        kept = dict(self._kept.vectors(self._encoder.name, [*digests.values()])) if digests else {}
        missing = [text for text, digest in digests.items() if digest not in kept]
        if missing:
            vectors = self._encoder(missing).astype("<f2")
            made = {digests[text]: vector.tobytes() for text, vector in zip(missing, vectors, strict=True)}
            self._kept.keep_vectors(self._encoder.name, made)
            kept |= made
        return {text: np.frombuffer(kept[digest], "<f2").astype(np.float32) for text, digest in digests.items()}


# --- what is asked --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wish:
    """What somebody wants, as texts."""

    terms: tuple[tuple[str, float], ...] = ()  # each with its weight, of which the largest is 1
    liked: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms or self.liked)


def _wishes(shard: Shard) -> list[_Wish]:
    return [_wish(s.profile, shard.tastes.get(s.id, Taste())) for s in shard.subscribers]


def _wish(profile: Profile, taste: Taste) -> _Wish:
    wanted = [term for line in profile.keywords for term in _wanted(line)]
    heaviest = max((term.weight for term in wanted), default=1.0)
    terms = {term.label.strip("*"): term.weight / heaviest for term in wanted}
    liked = dict.fromkeys(_text(feedback.listing) for feedback in taste.feedback if feedback.liked)
    return _Wish(tuple(terms.items()), tuple(liked))


@lru_cache(maxsize=1 << 14)
def _wanted(line: str) -> tuple[Term, ...]:
    """The terms of a line that speak of texts, each alternative by itself. A line that cannot be read has none."""
    try:
        term = query.parse(line)
    except ProfileError:
        return ()
    if term.sign is Sign.NEVER:
        return ()
    alternatives = (replace(one, weight=term.weight) for one in term.alternatives or (term,))
    return tuple(one for one in alternatives if one.field in _TEXTUAL)


_TEXTUAL = (Field.ANY, Field.TITLE, Field.ABSTRACT)


def _text(listing: Listing) -> str:
    return f"{listing.title}. {listing.abstract or listing.summary or ''}".strip()


def _texts(wish: _Wish, ranking: Ranking) -> Iterator[str]:
    """All that must be encoded for one subscriber."""
    if wish:
        yield from (text for text, _ in wish.terms)
        yield from wish.liked
        yield from (_text(pick.listing) for pick in matching(ranking.picks)[:_LOOKED_AT])


def _wider(shard: Shard, wishes: Sequence[_Wish]) -> Shard:
    """The same with at least as many papers as are looked at again; trending is asked for later."""
    subscribers = [
        replace(subscriber, profile=replace(subscriber.profile, min_match=0.0)) if wish else subscriber
        for subscriber, wish in zip(_asking(shard, papers=_LOOKED_AT), wishes, strict=True)
    ]
    return replace(shard, subscribers=subscribers, trending=())


def _asking(shard: Shard, papers: int) -> list[Subscriber]:
    """The subscribers, asking for none, or for so many papers at least."""
    return [
        replace(s, profile=replace(s.profile, max_papers=max(papers, s.profile.max_papers) if papers else 0))
        for s in shard.subscribers
    ]


# --- what is shown --------------------------------------------------------------------------------------------------


def _of(ranking: Ranking, section: Section) -> list[Pick]:
    return [pick for pick in ranking.picks if pick.section is section]


def _shown(profile: Profile, wish: _Wish, picks: Iterable[Pick]) -> list[Pick]:
    enough = (pick for pick in picks if not wish or pick.score >= profile.min_match)
    return list(islice(enough, max(0, profile.max_papers)))


def _short(profile: Profile, pick: Pick) -> Hurdle:
    """What keeps one out that is not shown."""
    return Hurdle.WEAK if pick.score < profile.min_match else Hurdle.CUT


# --- how close it is ------------------------------------------------------------------------------------------------


def _closeness(wish: _Wish, papers: Sequence[Vectors], vectors: Mapping[str, Vectors]) -> tuple[Floats, list[str]]:
    """How close each paper is to what is wanted, -1 to 1; and the term it is closest to, empty if there is none."""
    held = np.array(papers, dtype=float)
    near = np.zeros(len(papers))
    nearest = [""] * len(papers)
    if wish.terms:
        weighted = held @ np.array([weight * vectors[text] for text, weight in wish.terms], dtype=float).T
        near = weighted.max(axis=1)
        nearest = [wish.terms[number][0] for number in weighted.argmax(axis=1).tolist()]
    if wish.liked:
        centre = np.mean([vectors[text] for text in wish.liked], axis=0)
        alike = held @ (centre / max(float(np.linalg.norm(centre)), 1e-12))
        trust = len(wish.liked) / (len(wish.liked) + _CAUTION) if wish.terms else 1.0
        near = (1 - trust) * near + trust * alike
    return near, nearest


def _scaled(closeness: Floats, scores: Floats) -> Floats:
    """Closeness on the scale of these scores: with their mean and about their spread, between 0 and 100."""
    spread = max(scores.std(), _LEAST_SCORE) / max(closeness.std(), _LEAST_CLOSENESS)
    scaled: Floats = np.clip(scores.mean() + spread * (closeness - closeness.mean()), 0.0, 100.0)
    return scaled
