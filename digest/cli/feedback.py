"""`digest feedback`: what a subscriber likes and dislikes, and what is learnt from it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.arguments import Json, Now, or_now
from digest.errors import UsageError

if TYPE_CHECKING:
    from digest.cli.taught import Pupil
    from digest.model import Feedback, Listing
    from digest.store import Store

_MOST_CANDIDATES = 8
_MOST_WORDS = 8


class Saying(StrEnum):
    """What can be said of a paper."""

    LIKE = "like"
    DISLIKE = "dislike"
    UNDO = "undo"


_SAID = {Saying.LIKE: "Liked", Saying.DISLIKE: "Disliked", Saying.UNDO: "Taken back"}
_LIKED = {Saying.LIKE: True, Saying.DISLIKE: False, Saying.UNDO: None}


def feedback(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(help="The subscriber's address.", show_default=False)],
    saying: Annotated[Saying | None, typer.Argument(help="Without it: show what they said so far.")] = None,
    papers: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="LISTING...", help="arXiv id, DOI, address, number, or a part of the title that no other has."
        ),
    ] = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Say which papers somebody likes or dislikes: their digest learns words from it. Exit status 1 if one is not found.

    Example: digest feedback ann@example.org like 2605.01234 "rectified flow made simple"
    """
    from digest.cli.taught import pupil

    if saying is not None and not papers:
        raise UsageError(f"Which paper? For example: digest feedback {email} {saying} 2605.01234")
    moment = or_now(now)
    with pupil(ctx.obj, email, moment, writing=saying is not None) as whose:
        if saying is None:
            _show(whose, as_json=as_json)
        else:
            _give(whose, saying, papers or (), moment, as_json=as_json)


# --- what was said --------------------------------------------------------------------------------------------------


def _show(whose: "Pupil", *, as_json: bool) -> None:
    from digest.cli import output

    said, email = whose.taste().feedback[::-1], whose.subscriber.email
    if as_json:
        output.emit_json([_as_json(feedback) for feedback in said])
    elif not said:
        typer.echo(f"{email} has not said anything yet. Begin with: digest feedback {email} like 2605.01234")
    else:
        rows = [[f.at.date(), "liked" if f.liked else "disliked", f.listing.title, name_of(f.listing)] for f in said]
        output.table(None, ["day", "", "title", "paper"], rows)


def _as_json(feedback: "Feedback") -> dict[str, object]:
    return {"liked": feedback.liked, "at": feedback.at, "listing": _listing(feedback.listing)}


def _listing(listing: "Listing") -> dict[str, object]:
    names = ("id", "title", "arxiv_id", "doi", "url")
    return {name: getattr(listing, name) for name in names}


def name_of(listing: "Listing") -> str:
    """The shortest name by which a paper is found again."""
    if listing.arxiv_id:
        return f"arXiv {listing.arxiv_id}"
    return f"doi {listing.doi}" if listing.doi else f"number {listing.id}"


# --- saying something -----------------------------------------------------------------------------------------------


def _give(whose: "Pupil", saying: Saying, papers: Sequence[str], now: datetime, *, as_json: bool) -> None:
    from digest.cli import output
    from digest.ranking.lessons import moved

    found, faults = _found(whose.store, papers)
    before, judged = whose.learned(now), {feedback.listing.id for feedback in whose.taste().feedback}
    if saying is Saying.UNDO:
        faults += [f"Nothing was said of {one.title} ({name_of(one)})." for one in found if one.id not in judged]
        found = [one for one in found if one.id in judged]
    for listing in found:
        whose.store.give_feedback(whose.subscriber.email, listing.id, _LIKED[saying], now)
    change = moved(before, whose.learned(now), found)
    rising, falling = ([word.written for word in words] for words in (change.more, change.less))
    if as_json:
        said = [{"said": saying, "listing": _listing(listing)} for listing in found]
        output.emit_json({"said": said, "weighs_more": rising, "weighs_less": falling, "faults": faults})
    else:
        _tell(saying, found, {"more": rising, "less": falling})
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)


def _tell(saying: Saying, found: "Iterable[Listing]", moved: "Mapping[str, Sequence[str]]") -> None:
    for listing in found:
        typer.echo(f"{_SAID[saying]}: {listing.title} ({name_of(listing)})")
    meant = {Saying.LIKE: ["more"], Saying.DISLIKE: ["less"], Saying.UNDO: ["more", "less"]}
    for way in meant[saying]:  # what else has moved made room for it
        if moved[way]:
            typer.echo(f"Weighs {way} now: {', '.join(moved[way][:_MOST_WORDS])}")


def _found(store: "Store", papers: Sequence[str]) -> "tuple[list[Listing], list[str]]":
    """The papers that are meant, each once, and what is wrong with the names of the others."""
    if len(papers) > 1 and not any(map(_is_name, papers)) and len(title := store.find(" ".join(papers))) == 1:
        return title, []  # without quotes around it
    candidates = {written: store.find(written) for written in papers}
    found = {listings[0].id: listings[0] for listings in candidates.values() if len(listings) == 1}
    faults = [
        _several(written, listings) if listings else _none(written)
        for written, listings in candidates.items()
        if len(listings) != 1
    ]
    return list(found.values()), faults


def _is_name(written: str) -> bool:
    """Whether it can only be an identifier, a number or an address."""
    from digest.text.ids import arxiv_id, doi

    return bool(arxiv_id(written) or doi(written)) or written.isdecimal() or "://" in written


def _none(written: str) -> str:
    return f"No paper that was pulled goes by the name {written!r}. `digest search` looks for papers by their words."


def _several(written: str, candidates: "Sequence[Listing]") -> str:
    rows = [f"    {name_of(listing)}  {listing.title}" for listing in candidates[:_MOST_CANDIDATES]]
    more = len(candidates) - len(rows)
    rows += [f"    and {more} more"] if more > 0 else []
    return "\n".join([f"{written!r} is in {len(candidates)} titles; write more of it, or one of these names:", *rows])
