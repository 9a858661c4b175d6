"""`digest backtest`: what a profile would have sent."""

from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from digest.cli.arguments import Json, Now, or_now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from digest.backtest import Backtest
    from digest.cli.wiring import Installation
    from digest.model import Pick, Subscriber
    from digest.rendering.backtest_view import Tested

_DAY = timedelta(days=1)


class Asked(NamedTuple):
    """Whose profile is tested, under which name."""

    name: str
    subscriber: "Subscriber"


def backtest(
    ctx: typer.Context,
    email: Annotated[str | None, typer.Argument(help="The subscriber; without keywords either, the first one.")] = None,
    keywords: Annotated[
        str | None, typer.Option("--keywords", help="These instead: several, or a sentence, as one text.")
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How many days, the last one included.")] = 30,
    against: Annotated[
        str | None, typer.Option("--against", help="A second profile beside it: a subscriber, or keywords.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write a page to this file.")] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Show what a profile would have sent on each of the last days, from the papers that were pulled.

    Example: digest backtest --keywords 'flow matching, "optimal transport"^2, -survey' --days 14
    """
    from digest.cli import backtest_text, wiring
    from digest.cli import output as printing
    from digest.cli.logs import quiet
    from digest.rendering.backtest_page import backtest_page
    from digest.rendering.backtest_view import report

    quiet()
    moment = or_now(now)
    with wiring.installation(ctx.obj) as home:
        asked = _asked(home, email, keywords, against, moment)
        tested = _test(home, asked, days, moment)
        names = {source.name: source.title for source in home.parts.sources}
        told = report(tested, names)
        page = backtest_page(home.renderer.templates, told) if output or open_ else None
    if page is not None:
        path = output or Path("backtest.html")
        path.write_text(page, encoding="utf-8")
        typer.echo(f"{told.title}: {path}", err=True)
        if open_:
            typer.launch(str(path))
    elif as_json:
        printing.emit_json(_json(tested))
    else:
        typer.echo(backtest_text.text(told))


# --- whose --------------------------------------------------------------------------------------------------------


def _asked(
    home: "Installation", email: str | None, keywords: str | None, against: str | None, now: "datetime"
) -> list[Asked]:
    from digest.model import Subscriber

    if keywords is None or email:
        base = home.subscriber(email, now)
        first = Asked(base.email, base)
    else:
        first = Asked("", Subscriber(""))
    if keywords is not None:
        first = Asked(keywords, _with(first.subscriber, keywords))
    if against is None:
        return [first]
    return [first, _other(home, against, first.subscriber, now)]


def _other(home: "Installation", against: str, first: "Subscriber", now: "datetime") -> Asked:
    """A subscriber; or keywords, with everything else as the first has it, so that nothing but they is compared."""
    if "@" in against and not any(character in against for character in " :,;|"):
        other = home.subscriber(against, now)
        return Asked(other.email, other)
    return Asked(against, _with(first, against))


def _with(subscriber: "Subscriber", keywords: str) -> "Subscriber":
    from digest.errors import UsageError
    from digest.ranking.query import parse_text

    terms, errors = parse_text(keywords)
    if errors or not terms:
        raise UsageError("\n".join(map(str, errors)) or "There is no keyword here: write what to look for.")
    lines = tuple(term.text for term in terms)
    return replace(subscriber, profile=replace(subscriber.profile, keywords=lines))


# --- what -----------------------------------------------------------------------------------------------------------


def _test(home: "Installation", asked: "Sequence[Asked]", days: int, now: "datetime") -> "list[Tested]":
    from digest import pipeline
    from digest.cli import output
    from digest.errors import UsageError
    from digest.ranking.query import labels
    from digest.rendering.backtest_view import Tested

    until = now.date()
    since = until - (days - 1) * _DAY
    with output.progress("ranking the days again", days) as advance:
        results = pipeline.backtest(home.parts, [one.subscriber for one in asked], since, until, now, advance=advance)
    if all(len(result.unknown) == len(result.days) for result in results):
        raise UsageError(
            f"Nothing is held of {since} to {until}: run `digest pull --since {since}`, and then this again."
        )
    return [
        Tested(one.name, result, labels(one.subscriber.profile.keywords))
        for one, result in zip(asked, results, strict=True)
    ]


# --- for programs ---------------------------------------------------------------------------------------------------


def _json(tested: "Sequence[Tested]") -> dict[str, Any]:
    from digest.backtest import compare

    days = tested[0].result.days
    both = compare(tested[0].result, tested[1].result) if len(tested) > 1 else None
    return {
        "since": days[0].day,
        "until": days[-1].day,
        "profiles": [_profile_json(one) for one in tested],
        "comparison": both
        and {
            "days": both.days,
            **{name: [_pick_json(pick) for pick in getattr(both, name)] for name in ("both", "one", "other")},
        },
    }


def _profile_json(tested: "Tested") -> dict[str, Any]:
    from digest.backtest import carried, idle

    result: Backtest = tested.result
    return {
        "name": tested.name,
        "profile": result.profile,
        "problems": result.problems,
        "total": len(result.picks),
        "days": [
            {
                "day": day.day,
                "announced": day.papers,
                "matched": day.matched,
                "missing": day.missing,
                "shown": [_pick_json(pick) for pick in day.picks],
                "near": [_pick_json(near.pick) | {"hurdle": near.hurdle} for near in day.near],
            }
            for day in result.days
        ],
        "terms": [
            asdict(row) for row in carried(result.picks, {name for own in tested.labels.values() for name in own})
        ],
        "idle": idle(tested.labels, result.picks),
    }


def _pick_json(pick: "Pick") -> dict[str, Any]:
    listing = {name: getattr(pick.listing, name) for name in ("id", "arxiv_id", "doi", "title", "url")}
    return listing | {
        "day": pick.day,
        "source": pick.source,
        "kind": pick.kind,
        "match": pick.score,
        "reasons": pick.reasons,
    }
