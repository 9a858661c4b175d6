"""`digest rank`: listings and profiles in, rankings out, for programs."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from digest.cli.arguments import Now, or_now
from digest.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from digest.cli.rows import Id, Wish
    from digest.model import Announcement, Background, Shard, Taste
    from digest.pipeline import Ranker

_PROFILES = 1_000  # answered at a time
_PICKS = 20_000  # held at a time, with their reasons


def rank(
    listings: Annotated[str, typer.Option("--listings", help="JSON lines {id, title, abstract, ...}; - is stdin.")],
    profiles: Annotated[str, typer.Option("--profiles", help="JSON lines {id, keywords, liked, ...}; - is stdin.")],
    top: Annotated[int, typer.Option("--top", min=1, help="At most so many listings for a profile.")] = 20,
    no_background: Annotated[
        bool, typer.Option("--no-background", help="Learn how rare words are from these listings alone.")
    ] = False,
    related: Annotated[
        bool | None,
        typer.Option(
            "--related/--no-related",
            help="Whether words that a profile's ten best listings have in common count, too; else from 1,000 listings on.",
        ),
    ] = None,
    semantic: Annotated[
        Path | None, typer.Option("--semantic", help="A sentence encoder's folder: look again at the best by meaning.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", help="A file instead of standard output.")] = None,
    now: Now = None,
) -> None:
    """Rank listings for profiles: JSON lines in, JSON lines out; no configuration, database or network is needed.

    Rows that cannot be read are named on stderr and left out. Exit status 2 only if nothing could be read.

    Example: digest rank --listings papers.jsonl --profiles people.jsonl --top 10
    """
    if listings == profiles == "-":
        raise UsageError("Only one of --listings and --profiles can be standard input; name a file for the other.")
    notes = Notes()
    stock = read_stock(listings, or_now(now), notes, alone=no_background, related=related)
    with _written_to(output) as file:
        for line in answers(stock, profiles, top, notes, semantic):
            file.write(line)
    typer.echo(notes.conclusion(), err=True)


@contextmanager
def _written_to(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.flush()  # a reader that has left is noticed here, and not after all is over
        return
    with path.open("wb") as file:
        yield file


# --- what is said of rows -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Notes:
    """Says on stderr what is wrong with which line, and counts: listings, profiles, and rows that came out."""

    counts: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    def remark(self, where: str, what: str) -> None:
        from digest.text.characters import one_line, printable

        typer.echo(one_line(printable(f"{where}: {what}")), err=True)

    def leave_out(self, thing: str, where: str, what: str) -> None:
        self.left_out[thing] += 1
        self.remark(where, what)

    def require(self, thing: str, name: str) -> None:
        """Raises UsageError if there were some, and all were left out."""
        if self.left_out[thing] and not self.counts[thing]:
            raise UsageError(f"None of the {thing}s in {name} could be read; what to do is said above.")

    def conclusion(self) -> str:
        from digest.rendering.words import counted

        listings, profiles, found = (counted(self.counts[thing], thing) for thing in ("listing", "profile", "row"))
        lost = (counted(number, thing) for thing, number in self.left_out.items())
        return " ".join([f"{listings}, {profiles}: {found}.", *(f"Left out, as said: {one}." for one in lost)])


# --- listings -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stock:
    """The listings at hand, by their store numbers, which count from 1."""

    window: tuple["Announcement", ...]
    names: Sequence["Id"]  # as given
    numbers: Mapping[str, int]  # by `rows.same`
    background: "Background"
    now: "datetime"
    related: bool = False  # words learnt from what matches best count, too

    def known(self, ids: Sequence["Id"]) -> list["Announcement"]:
        from digest.cli import rows

        return [self.window[self.numbers[key] - 1] for key in map(rows.same, ids) if key in self.numbers]


TEACHING = 1_000  # so many listings teach which words are related


def read_stock(name: str, now: "datetime", notes: Notes, *, alone: bool, related: bool | None) -> Stock:
    """All listings of a file; `alone` if nothing but they tell how rare words are."""
    from digest.cli import lines, rows
    from digest.text.background import count, with_prior

    window: list[Announcement] = []
    names: list[Id] = []
    numbers: dict[str, int] = {}
    for where, row in lines.read(name, partial(notes.leave_out, "listing")):
        try:
            one = rows.ident(row, numbers)
            news, faults = rows.announcement(row, len(window) + 1, now.date())
        except lines.RowError as error:
            notes.leave_out("listing", where, str(error))
            continue
        numbers[rows.same(one)] = news.seq
        window.append(news)
        names.append(one)
        for fault in faults:
            notes.remark(where, fault)
    notes.counts["listing"] = len(window)
    notes.require("listing", name)
    own = count(news.listing for news in window)
    teaching = len(window) >= TEACHING if related is None else related
    return Stock(tuple(window), names, numbers, own if alone else with_prior(own), now, teaching)


# --- profiles -------------------------------------------------------------------------------------------------------


def answers(stock: Stock, name: str, top: int, notes: Notes, semantic: Path | None = None) -> Iterator[bytes]:
    """The lines of all profiles, which are read and answered some at a time."""
    from digest.cli import rows
    from digest.ranking.sections import matching

    ranker = _ranker(semantic)
    wishes = _wishes(name, top, notes)
    size = max(1, min(_PROFILES, _PICKS // max(1, min(top, len(stock.window)))))
    while asked := list(islice(wishes, size)):
        rankings = ranker.rank(shard(stock, [wish for _, wish in asked]))
        for (where, wish), ranking in zip(asked, rankings, strict=True):
            for problem in (*_unknown(wish, stock), *ranking.problems):
                notes.remark(where, problem)
            picks = matching(ranking.picks)
            notes.counts["row"] += len(picks)
            yield from rows.written(wish.id, picks, stock.names)
    notes.require("profile", name)


def _ranker(semantic: Path | None) -> "Ranker":
    """By words, and by meaning if there is a folder with an encoder."""
    from digest.ranking.ranker import Ranker

    if semantic is None:
        return Ranker()
    from digest.ranking.encoder import FolderEncoder
    from digest.ranking.semantic import InMemory, SemanticRanker

    return SemanticRanker(Ranker(), FolderEncoder(semantic), InMemory())


def _wishes(name: str, top: int, notes: Notes) -> Iterator[tuple[str, "Wish"]]:
    from digest.cli import lines, rows

    for where, row in lines.read(name, partial(notes.leave_out, "profile")):
        try:
            wish = rows.wish(row, top)
        except lines.RowError as error:
            notes.leave_out("profile", where, str(error))
            continue
        notes.counts["profile"] += 1
        yield where, wish


def _unknown(wish: "Wish", stock: Stock) -> Iterator[str]:
    """What is said of liked and disliked listings that are not there."""
    from digest.cli import rows

    for one in (*wish.liked, *wish.disliked):
        if rows.same(one) not in stock.numbers:
            yield f"likes or dislikes {one!r}, which is none of the listings; add its row to them"


def shard(stock: Stock, wishes: Sequence["Wish"]) -> "Shard":
    """All that the ranker is asked at once. What somebody has liked or disliked they know; it is not ranked for them."""
    from digest.model import Shard, Subscriber

    tastes = {number: _taste(wish, stock) for number, wish in enumerate(wishes, start=1)}
    return Shard(
        [Subscriber(str(number), profile=wish.profile, id=number) for number, wish in enumerate(wishes, start=1)],
        stock.window,
        stock.now,
        sent={number: frozenset(f.listing.id for f in taste.feedback) for number, taste in tastes.items()},
        background=stock.background,
        tastes=tastes,
        partial=True,
        related=stock.related,
    )


def _taste(wish: "Wish", stock: Stock) -> "Taste":
    from digest.model import Feedback, Taste

    said = ((True, wish.liked), (False, wish.disliked))
    return Taste(tuple(Feedback(news.listing, liked, stock.now) for liked, ids in said for news in stock.known(ids)))
