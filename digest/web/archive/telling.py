"""What is said of a day: what is in it, and what is not. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from digest.rendering.words import counted, listed
from digest.web.archive.calendar import plain_day

_LATE = timedelta(days=1)  # a source may be west of us


@dataclass(frozen=True, slots=True)
class OfSource:
    """What one source brought for a day."""

    title: str
    papers: int
    announces: bool | None  # whether its calendar has an announcement on this day; None: it has no calendar
    complete: bool  # all that it announced on this day was read
    begins: date | None  # the first day that anything of it is held; None: nothing is


def summary(papers: int, sources: Iterable[OfSource]) -> str:
    """One sentence: "214 papers from arXiv and bioRxiv"."""
    brought = [source.title for source in sources if source.papers]
    return f"{counted(papers, 'paper')} from {listed(brought)}." if papers and brought else ""


def remarks(day: date, today: date, sources: Iterable[OfSource]) -> list[str]:
    """What somebody should know who looks at this day, a sentence each."""
    return [said for source in sources for said in _remarks(day, today, source)]


def _remarks(day: date, today: date, source: OfSource) -> Iterator[str]:
    if source.begins is None or day < source.begins:
        return
    if source.papers and not source.complete and source.announces is not None:
        yield f"{source.title} was not read to its end: papers of this day are missing here."
    elif not source.papers and source.announces is False:
        yield f"{source.title} announces nothing on this day."
    elif not source.papers and source.announces and day >= today - _LATE:
        yield f"The papers of {source.title} are not here yet."
    elif not source.papers and source.announces and not source.complete:
        yield f"{source.title} could not be read on this day: its papers are missing here."
    elif not source.papers and source.announces:
        yield f"{source.title} was read, and had nothing for this day."


def emptiness(day: date, today: date, begins: date | None) -> str:
    """Why there is no paper at all on a day."""
    if begins is None:
        return "Nothing has been read so far: the first papers come with the next pull."
    if day < begins:
        return f"The archive begins on {plain_day(begins)}: nothing is held from before."
    if day > today:
        return "This day has not come yet."
    if day == today:
        return "Nothing has been announced today so far."
    return "No papers were announced on this day."
