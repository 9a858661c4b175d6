"""What a backtest has to say, as plain values: for the page, and for the terminal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median
from typing import NamedTuple

from digest.backtest import Backtest, Carried, Comparison, Day, Near, carried, compare, idle, match
from digest.model import Ground, Hurdle, Pick
from digest.rendering.cards import Card, Setting, card_of, source_title
from digest.rendering.language import language
from digest.rendering.verdicts import brief, name_of, subject
from digest.rendering.words import clean, counted, listed, number, plain_day, short_day, shorten

_FEW = 5  # papers to show of each sort
_NAME = 80


class Tested(NamedTuple):
    """A backtest, whose it is, and how reasons name each of its keyword lines."""

    name: str  # an address, or the keywords themselves
    result: Backtest
    labels: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Bar:
    """One day."""

    day: str  # "Mon 18 May"; the first of several of which nothing is known
    papers: int | None  # announced; None where nothing is known
    shown: int
    note: str  # why nothing, or not all, is shown; may be empty


@dataclass(frozen=True, slots=True)
class Row:
    """One paper."""

    card: Card
    match: int  # 0 to 100
    name: str  # "arXiv 2605.01234"
    why: str  # "flow matching 60, author Chen 5"
    hurdle: str = ""  # what kept it out


@dataclass(frozen=True, slots=True)
class Weight:
    """What a term brought."""

    term: str
    sort: str  # "", "word of a keyword", "learnt from likes", ...
    papers: int
    points: float


@dataclass(frozen=True, slots=True)
class Side:
    """One profile."""

    name: str
    summary: str  # what it would have sent, a sentence
    notes: tuple[str, ...]  # what else has to be known, a sentence each
    total: int
    bars: tuple[Bar, ...]
    most: int  # papers on the fullest day
    best: tuple[Row, ...]
    last_in: tuple[Row, ...]  # the weakest that are shown, weakest last
    first_out: tuple[Row, ...]  # the strongest that are not, strongest first
    terms: tuple[Weight, ...]
    idle: tuple[str, ...]  # keyword lines that brought nothing


@dataclass(frozen=True, slots=True)
class Apart:
    """One day of two profiles."""

    day: str
    both: int
    one: int
    other: int
    note: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two profiles side by side."""

    summary: str
    days: tuple[Apart, ...]
    most: int
    one: tuple[Row, ...]  # the best that only the first shows
    other: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All there is to say."""

    title: str
    period: str  # "19 April to 18 May 2026"
    sides: tuple[Side, ...]
    pair: Pair | None


def report(tested: Sequence[Tested], sources: Mapping[str, str]) -> Report:
    """The backtest of one profile, or of two over the same days. `sources` says what people call each source."""
    days = tested[0].result.days
    first, last = days[0].day, days[-1].day
    title = "Two profiles side by side" if len(tested) > 1 else f"What would have been sent: {_named(tested[0])}"
    pair = _pair(compare(tested[0].result, tested[1].result), tested, sources) if len(tested) > 1 else None
    period = f"{plain_day(first, last)} to {plain_day(last, last)} {last.year}"
    return Report(title, period, tuple(_side(one, sources) for one in tested), pair)


def _named(tested: Tested) -> str:
    return shorten(clean(tested.name), _NAME)


# --- one profile --------------------------------------------------------------------------------------------------


def _side(tested: Tested, sources: Mapping[str, str]) -> Side:
    result = tested.result
    picks, near = result.picks, result.near
    return Side(
        name=_named(tested),
        summary=_summary(result),
        notes=tuple(_notes(result, sources)),
        total=len(picks),
        bars=tuple(_bars(result, sources)),
        most=max(len(day.picks) for day in result.days),
        best=tuple(_row(pick, sources, result) for pick in picks[:_FEW]),
        last_in=tuple(_row(pick, sources, result) for pick in picks[_FEW:][-_FEW:]),
        first_out=tuple(_out(one, sources, result) for one in near[:_FEW]),
        terms=tuple(map(_weight, carried(picks, {name for own in tested.labels.values() for name in own}))),
        idle=idle(tested.labels, picks),
    )


def _summary(result: Backtest) -> str:
    papers = sum(day.papers for day in result.days)
    sent = [len(day.picks) for day in result.days if day.picks]
    if not papers:
        return "It would have sent nothing: nothing was announced, as far as is known."
    if not sent:
        return f"It would have sent nothing of {counted(papers, 'paper')} announced."
    usual = (
        f"{min(sent)} to {max(sent)} a day, {median(sent):g} as a rule" if min(sent) < max(sent) else f"{sent[0]} a day"
    )
    return f"It would have sent {number(sum(sent))} of {counted(papers, 'paper')}, on {counted(len(sent), 'day')}: {usual}."


def _notes(result: Backtest, sources: Mapping[str, str]) -> list[str]:
    notes = [*result.problems]
    if result.empty:
        notes.append(f"On {counted(len(result.empty), 'day')} with news there was nothing to send.")
    if result.quiet:
        notes.append(f"On {counted(len(result.quiet), 'day')} nothing was announced.")
    if result.unknown:
        missing = dict.fromkeys(name for day in result.unknown for name in day.missing)
        names = listed([source_title(name, sources) for name in missing])
        notes.append(
            f"Of {counted(len(result.unknown), 'day')} nothing is known: {names} had not been read. "
            f"`digest pull --since {result.unknown[0].day}` fetches what there is."
        )
    return notes


def _bars(result: Backtest, sources: Mapping[str, str]) -> Iterator[Bar]:
    """One for each day; days in a row of which nothing is held are one."""
    for missing, group in groupby(result.days, lambda day: () if day.papers else day.missing):
        days = list(group)
        if missing:
            yield _unknown(days, sources)
        else:
            yield from (_bar(day, sources, result) for day in days)


def _unknown(days: Sequence[Day], sources: Mapping[str, str]) -> Bar:
    until = f"up to {short_day(days[-1].day)} " if len(days) > 1 else ""
    lost = listed([source_title(source, sources) for source in days[0].missing])
    return Bar(short_day(days[0].day), None, 0, f"{until}nothing is held of {lost}")


def _bar(day: Day, sources: Mapping[str, str], result: Backtest) -> Bar:
    name = short_day(day.day)
    lost = listed([source_title(source, sources) for source in day.missing])
    if not day.papers and lost:
        return _unknown([day], sources)
    notes = [_nothing(day, result)] if not day.picks else []
    return Bar(name, day.papers, len(day.picks), "; ".join([*notes, *([f"without {lost}"] if lost else [])]))


def _nothing(day: Day, result: Backtest) -> str:
    if not day.papers:
        return "nothing was announced"
    if not day.near:
        return "nothing matched"
    best = day.near[0]
    if best.hurdle is Hurdle.WEAK:
        return f"the best had {match(best.pick.score, best.pick.reasons):.0f}, under {result.profile.min_match:g}"
    return "no room"


def _row(pick: Pick, sources: Mapping[str, str], result: Backtest, hurdle: str = "") -> Row:
    card = card_of(pick, result.days[-1].day, Setting(sources, language("en")))
    return Row(card, round(pick.score), name_of(pick.listing), brief(pick), hurdle)


def _out(near: Near, sources: Mapping[str, str], result: Backtest) -> Row:
    profile = result.profile
    hurdles = {
        Hurdle.WEAK: f"below the least match of {profile.min_match:g}",
        Hurdle.CUT: f"no room among {counted(profile.max_papers, 'paper')} that day",
    }
    return _row(near.pick, sources, result, hurdles.get(near.hurdle, "too much like others of that day"))


_SORTS = {
    Ground.LIKED: "learnt from likes",
    Ground.RELATED: "related word",
    Ground.SIGNAL: "signal",
    Ground.MEANING: "meaning",
}


def _weight(row: Carried) -> Weight:
    sort = "word of a keyword" if row.partial else ""
    return Weight(subject(row.term, row.field, row.ground), _SORTS.get(row.ground, sort), row.papers, row.points)


# --- two profiles -------------------------------------------------------------------------------------------------


def _pair(found: Comparison, tested: Sequence[Tested], sources: Mapping[str, str]) -> Pair:
    first, second = (one.result for one in tested)
    days = tuple(
        Apart(short_day(day.day), day.both, day.one, day.other, "" if any((day.both, day.one, day.other)) else bar.note)
        for day, bar in zip(found.days, (_bar(day, sources, first) for day in first.days), strict=True)
    )
    return Pair(
        summary=f"{counted(len(found.both), 'paper')} in both, {number(len(found.one))} only in the first, "
        f"{number(len(found.other))} only in the second.",
        days=days,
        most=max(day.both + day.one + day.other for day in found.days),
        one=tuple(_row(pick, sources, first) for pick in found.one[:_FEW]),
        other=tuple(_row(pick, sources, second) for pick in found.other[:_FEW]),
    )
