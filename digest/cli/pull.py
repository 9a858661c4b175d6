"""`digest pull`: fetch what is new."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.arguments import Json, Now, or_now, read_date

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest.model import Problem


def pull(
    ctx: typer.Context,
    source: Annotated[str | None, typer.Option("--source", help="Only this source, by its name.")] = None,
    since: Annotated[
        date | None,
        typer.Option("--since", parser=read_date, metavar="DATE", help="Also what was announced since this day."),
    ] = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Fetch what is new from every source.

    A source that fails is named with what to do; the others are read all the same. Exit status 1 if none could be read.

    Example: digest pull --source arxiv --since 2026-05-01
    """
    from digest import pipeline
    from digest.cli import output, wiring
    from digest.cli.logs import quiet
    from digest.model import incomplete

    quiet()
    moment = or_now(now)
    with wiring.installation(ctx.obj, moment) as home:
        home.known_source(source)
        names = [entry.name for entry in home.parts.sources]
        results = []
        with output.progress("pulling", 1 if source else len(names)) as advance:
            for pulled in pipeline.pull(home.parts, moment, only=source, since=since, force=True):
                results.append(pulled)
                advance()
    wanted = [source] if source else names
    if busy := [name for name in wanted if name not in {pulled.source for pulled in results}]:
        typer.echo(f"Being pulled by another process: {', '.join(busy)}.", err=True)
    results.sort(key=lambda pulled: names.index(pulled.source))
    if as_json:
        output.emit_json(results)
    else:
        output.table(
            None,
            ["source", "announced#", "new#", "revised#", "problems"],
            [[p.source, p.announced, p.new, p.revised, _problems(p.problems)] for p in results],
        )
    if results and all(p.announced == 0 and incomplete(p.problems) for p in results):
        raise typer.Exit(1)


def _problems(problems: "Sequence[Problem]") -> str:
    return "\n".join(problem.what for problem in problems) or "none"
