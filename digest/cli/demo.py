"""`digest demo`: the whole program on a sample, with an internet and a mail server of its own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.arguments import Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest.cli.demo_run import Arrival


def demo(
    folder: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The folder for what arrived.")] = Path(
        "demo"
    ),
    as_json: Json = False,
) -> None:
    """See the whole program at work, offline: invented papers, three subscribers, real mail.

    Serves a sample of invented papers on this machine, pulls and ranks them, sends the digests by SMTP to a receiver
    of its own, and writes what arrived. Nothing leaves the machine; nothing stays but the folder.

    Example: digest demo --output /tmp/demo
    """
    from digest.cli import demo_run, output
    from digest.cli.logs import quiet

    quiet()
    arrivals = demo_run.run()
    index = demo_run.write(arrivals, folder)
    if as_json:
        output.emit_json({arrival.name: _said(arrival) for arrival in arrivals})
        return
    for arrival in arrivals:
        _show(arrival)
    typer.echo(f"Every paper is invented. Open {index} to see the digests; {_files(arrivals)} are beside it.")


def _said(arrival: "Arrival") -> "list[dict[str, object]]":
    return [
        {"title": pick.listing.title, "section": pick.section, "score": round(pick.score, 1), "why": why}
        for pick, why in arrival.reasons()
    ]


def _show(arrival: "Arrival") -> None:
    from digest.cli import output

    edition = arrival.edition
    schedule = edition.subscriber.schedule
    title = (
        f"{edition.subscriber.name}, {schedule.timezone} at {schedule.send_at:%H:%M}, as {edition.subscriber.format}:"
        f" “{arrival.subject}”"
    )
    output.table(title, ["", "match", "paper", "why"], _rows(arrival))


def _rows(arrival: "Arrival") -> "Sequence[Sequence[object]]":
    return [
        [
            number,
            _bar(pick.score) if pick.score else pick.section.replace("_", " "),
            pick.listing.title,
            why,
        ]
        for number, (pick, why) in enumerate(arrival.reasons(), start=1)
    ]


def _bar(score: float) -> str:
    from digest.rendering.reasons import BAR, steps

    return "●" * steps(score) + "○" * (BAR - steps(score))


def _files(arrivals: "Sequence[Arrival]") -> str:
    names = ", ".join(arrival.name for arrival in arrivals)
    return f"{names} as .eml, .html, .txt and .md"
