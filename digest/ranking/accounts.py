"""What there is to say of one listing for one subscriber, shown or not."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from digest.model import Account, Hurdle, Listing, Profile, Reason
from digest.ranking.choice import choose
from digest.ranking.explain import Picked, beside, largest_first, rounded
from digest.ranking.product import parted, sums
from digest.ranking.readers import Readers
from digest.ranking.refine import CONSIDERED, Candidate, Refused, Shown, refine, signals, simple
from digest.ranking.showing import candidates
from digest.ranking.table import EXCLUDED, REQUIRED


def account(readers: Readers, listing_id: int) -> Account:
    """Of the listing of this id, for the first of the subscribers. What is not at hand is no news."""
    column = readers.day.board.numbers.get(listing_id)
    if column is None or not readers.all:
        return Account(hurdle=Hurdle.NOT_NEWS)
    return _Case(readers, column).account()


class _Case:
    """One listing before one reader."""

    def __init__(self, readers: Readers, column: int) -> None:
        self._day, self._reader, self._column = readers.day, readers.all[0], column
        most = readers.day.table.wide
        if not simple(self._profile):  # as many as are looked at to rank
            most = min(most, max(self._profile.max_papers, CONSIDERED))
        self._wishes = readers.wishes([0], [most])
        (self._chosen,) = choose(readers.day.table, self._wishes)
        self._candidates = candidates(self._day, self._reader, self._chosen, 0)

    @property
    def _profile(self) -> Profile:
        return self._reader.subscriber.profile

    def account(self) -> Account:
        shown = self._shown()
        own = self._own()
        last = min((candidate.score for candidate in shown.candidates), default=None)
        score, *others = rounded(np.array([own.score] + [last] * (last is not None))).tolist()
        account = Account(score=score, reasons=self._reasons(own), last=next(iter(others), None))
        ordered = sorted(self._candidates, key=lambda c: (-c.score, c.column))
        places = {candidate.column: place for place, candidate in enumerate(ordered, start=1)}
        hurdle, terms = self._barred()
        if hurdle is not Hurdle.NONE:
            twin = self._sent_twin() if hurdle is Hurdle.SENT else None
            return replace(account, hurdle=hurdle, terms=terms, twin=twin)
        account = replace(account, place=places.get(self._column))
        if any(candidate.column == self._column for candidate in shown.candidates):
            return account
        return self._refused(account, shown.refused)

    def _shown(self) -> Shown:
        vectors, everything = self._day.vectors, self._reader.everything
        return refine(self._candidates, self._profile, self._day.twin_of, vectors, everything=everything)

    def _own(self) -> Candidate:
        """The listing as it would be one that may be shown."""
        column = np.array([self._column])
        _, units = parted(sums(self._day.table.matrix, self._chosen.members)[:, column])
        match = float(self._chosen.scale.scores(np.array([0]), np.maximum(units[0], 0))[0])
        said: tuple[Reason, ...] = ()
        if self._profile.signals:
            said = tuple(signals(self._day.board.listings[self._column], self._day.pace(self._column), match))
        return Candidate(self._column, match, match + sum(reason.contribution for reason in said), said)

    def _reasons(self, own: Candidate) -> tuple[Reason, ...]:
        picked = Picked(np.array([0]), np.array([own.column]), np.array([own.match]))
        reasons = self._day.explainer.told(self._chosen.members, picked).reasons[0]
        said = beside({0: own.signals}, np.array([own.match]), np.array([own.score]))
        return largest_first((*reasons, *said[0]))

    def _refused(self, account: Account, refused: Mapping[int, Refused]) -> Account:
        own = refused.get(self._column, Refused(Hurdle.CUT))
        terms = (self._day.table.lines[own.line].text,) if own.line >= 0 else ()
        twin = self._day.board.listings[own.twin] if own.twin >= 0 else None
        return replace(account, hurdle=own.hurdle, terms=terms, twin=twin)

    # --- what bars it ---------------------------------------------------------------------------------------------------

    def _barred(self) -> tuple[Hurdle, tuple[str, ...]]:
        """The first hurdle that keeps it from being compared with others, and the lines that are to blame."""
        news = self._reader.news
        if self._column not in news.announced:
            return Hurdle.NOT_NEWS, ()
        if not self._day.stock.allowed(news, self._profile.categories)[self._column]:
            return Hurdle.CATEGORY, ()
        if self._column in self._reader.sent:
            return Hurdle.SENT, ()
        if excluding := self._lines(EXCLUDED, met=True):
            return Hurdle.EXCLUDED, excluding
        if lacking := self._lines(REQUIRED, met=False):
            return Hurdle.LACKING, lacking
        return (Hurdle.NONE if self._is_eligible() else Hurdle.PARTIAL), ()

    def _is_eligible(self) -> bool:
        """Whether it meets a line, or is close enough without: it is found if it is looked for alone."""
        alone = np.zeros((1, self._day.table.wide), dtype=bool)
        alone[0, self._column] = True
        wishes = replace(self._wishes, most=np.array([1]), group=np.array([0]), allowed=alone, sent=None, twins=())
        (chosen,) = choose(self._day.table, wishes)
        return self._reader.everything or bool(len(chosen.best.columns))

    def _lines(self, sort: int, *, met: bool) -> tuple[str, ...]:
        """The lines of a sort that it meets, or does not, as written."""
        table, lines = self._day.table, self._chosen.members.lines[0]
        texts = table.met
        own = (line for line in lines[table.sorts[lines] == sort].tolist() if (self._column in texts[line]) is met)
        return tuple(table.lines[line].text for line in own)

    def _sent_twin(self) -> Listing | None:
        """The same paper as they have had it, if that was under another id."""
        if self._column in self._reader.had:
            return None
        paper = self._day.twin_of.get(self._column)
        twins = (c for c in self._reader.had if self._day.twin_of.get(c) == paper)
        return next((self._day.board.listings[column] for column in twins), None)
