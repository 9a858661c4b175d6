"""`digest profile`: what a profile asks for, what it finds, and what was learnt beside it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.arguments import Json, Now, or_now
from digest.errors import ProfileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest.model import Profile, Subscriber, Taste
    from digest.ranking.learning import Learned
    from digest.ranking.term import Term

app = typer.Typer(
    name="profile",
    help="What a profile asks for: show, check, suggest, and forget or remember what was learnt.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_MOST_SHOWN = 20

Email = Annotated[str, typer.Argument(help="The subscriber's address.", show_default=False)]


# --- show -----------------------------------------------------------------------------------------------------------


@app.command("show")
def show(ctx: typer.Context, email: Email, now: Now = None, as_json: Json = False) -> None:
    """Show a profile as it is read, and the words that were learnt from likes.

    Example: digest profile show ann@example.org
    """
    from digest.cli import output
    from digest.cli.taught import pupil

    moment = or_now(now)
    with pupil(ctx.find_root().obj, email, moment, writing=False) as whose:
        subscriber, taste, words = whose.subscriber, whose.taste(), whose.learned(moment)
        forgotten = list(whose.forgotten(moment).values())
    if as_json:
        output.emit_json(_as_json(subscriber, taste, words, forgotten))
    else:
        _print_profile(subscriber.profile)
        _print_learned(subscriber, taste, words, forgotten)


def _as_json(
    subscriber: "Subscriber", taste: "Taste", words: "Sequence[Learned]", forgotten: "Sequence[str]"
) -> dict[str, object]:
    profile = subscriber.profile
    terms, errors = _read(profile.keywords)
    return {
        "email": subscriber.email,
        "keywords": [_term_json(term) for term in terms],
        "faults": [_fault_json(error) for error in errors],
        **{name: getattr(profile, name) for name in profile.__dataclass_fields__ if name != "keywords"},
        "likes": sum(feedback.liked for feedback in taste.feedback),
        "dislikes": sum(not feedback.liked for feedback in taste.feedback),
        "learned": [word._asdict() for word in words],
        "forgotten": forgotten,
    }


def _term_json(term: "Term") -> dict[str, object]:
    from digest.ranking.reading import reading

    return {"text": term.text, "reading": reading(term), "sign": term.sign, "weight": term.weight}


def _fault_json(error: ProfileError) -> dict[str, object]:
    return {"line": error.line, "column": error.column, "what": error.what}


def _print_profile(profile: "Profile") -> None:
    from digest.cli import output
    from digest.ranking.reading import reading

    terms, errors = _read(profile.keywords)
    if terms:
        output.table(None, ["keyword", "how it is read"], [[term.text, reading(term)] for term in terms])
    else:
        typer.echo("There are no keywords.")
    for error in errors:
        typer.echo(f"Not read: {error}")
    for what, value in _limits(profile):
        typer.echo(f"{what}: {value}")


def _read(keywords: "Sequence[str]") -> "tuple[list[Term], list[ProfileError]]":
    from digest.ranking.query import parse_profile

    return parse_profile(keywords)


def _limits(profile: "Profile") -> list[tuple[str, object]]:
    limits: list[tuple[str, object]] = [
        ("categories", ", ".join(profile.categories) or "any"),
        ("sources", ", ".join(profile.sources) or "any"),
        ("at most", f"{profile.max_papers} papers, and {profile.max_trending} that are talked about"),
    ]
    if profile.min_match:
        limits.append(("match at least", f"{profile.min_match:g} of 100"))
    if profile.max_per_term:
        limits.append(("of one term at most", profile.max_per_term))
    if profile.diversity:
        limits.append(("diversity", f"{profile.diversity:g}"))
    if profile.signals:
        limits.append(("signals", "upvotes, comments and code count"))
    return limits


def _print_learned(
    subscriber: "Subscriber", taste: "Taste", words: "Sequence[Learned]", forgotten: "Sequence[str]"
) -> None:
    from digest.cli import output

    if words:
        heaviest = sorted(words, key=lambda word: -abs(word.weight))
        rows = [[word.written, f"{word.weight:+.2f}"] for word in heaviest[:_MOST_SHOWN]]
        output.table(f"\nLearnt from {_said(taste)}", ["word", "weight of a keyword#"], rows)
        if len(words) > _MOST_SHOWN:
            typer.echo(f"and lighter ones: {', '.join(word.written for word in heaviest[_MOST_SHOWN:])}")
        typer.echo(f"A word too many? digest profile forget {subscriber.email} {heaviest[0].written}")
    elif taste.feedback:
        typer.echo(f"Nothing is left to learn from {_said(taste)}.")
    else:
        typer.echo(f"Nothing learnt yet: digest feedback {subscriber.email} like 2605.01234")
    if forgotten:
        typer.echo(f"Forgotten for good: {', '.join(forgotten)}")


def _said(taste: "Taste") -> str:
    from digest.rendering.words import counted

    likes = sum(feedback.liked for feedback in taste.feedback)
    counts = ((likes, "like"), (len(taste.feedback) - likes, "dislike"))
    return " and ".join(counted(count, word) for count, word in counts if count) or "nothing"


# --- forget and remember --------------------------------------------------------------------------------------------

Words = Annotated[list[str] | None, typer.Argument(metavar="WORD...", help="Words, in any of their forms.")]


@app.command("forget")
def forget(
    ctx: typer.Context,
    email: Email,
    words: Words = None,
    every: Annotated[bool, typer.Option("--all", help="All words learnt so far.")] = False,
    now: Now = None,
) -> None:
    """Let words that were learnt count no more, for good.

    Example: digest profile forget ann@example.org velocity
    """
    from digest.cli.taught import pupil

    moment = or_now(now)
    named = _named(words, every=every)
    with pupil(ctx.find_root().obj, email, moment, writing=True) as whose:
        learned = whose.learned(moment, sys.maxsize)
        keys = {word.key: word.written for word in learned} if every else named
        whose.store.forget(whose.subscriber.email, list(keys))
    unknown = [written for key, written in keys.items() if key not in {word.key for word in learned}]
    typer.echo(f"Forgotten: {_few(list(keys.values())) or 'nothing, as nothing was learnt'}.")
    if unknown:
        typer.echo(f"Not learnt so far, and not to be: {', '.join(unknown)}.")


@app.command("remember")
def remember(
    ctx: typer.Context,
    email: Email,
    words: Words = None,
    every: Annotated[bool, typer.Option("--all", help="All words that were forgotten.")] = False,
    now: Now = None,
) -> None:
    """Let words count again that were forgotten.

    Example: digest profile remember ann@example.org velocity
    """
    from digest.cli.taught import pupil

    named = _named(words, every=every)
    with pupil(ctx.find_root().obj, email, or_now(now), writing=True) as whose:
        forgotten = whose.forgotten(or_now(now))
        keys = forgotten if every else named
        whose.store.remember(whose.subscriber.email, list(keys))
    back = [written for key, written in keys.items() if key in forgotten]
    typer.echo(f"Remembered: {_few(back) or 'nothing'}.")
    if others := [written for key, written in keys.items() if key not in forgotten]:
        typer.echo(f"Never forgotten: {', '.join(others)}.")


def _few(words: "Sequence[str]") -> str:
    more = len(words) - _MOST_SHOWN
    return f"{', '.join(words[:_MOST_SHOWN])}{f' and {more} more' if more > 0 else ''}"


def _named(words: "Sequence[str] | None", *, every: bool) -> dict[str, str]:
    """The words that are meant, by their keys."""
    from digest.text.tokens import tokenize

    if not words and not every:
        raise UsageError("Which words? Name them, or use --all; `digest profile show` lists them.")
    return {token.key: token.surface for word in words or () for token in tokenize(word)}


# --- check ----------------------------------------------------------------------------------------------------------


@app.command("check")
def check(
    ctx: typer.Context,
    text: Annotated[str | None, typer.Argument(help="Keywords, several or a sentence, as one text.")] = None,
    email: Annotated[str | None, typer.Option("--email", help="The profile of this subscriber.")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Keywords from a text file; - is standard input.")] = None,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Show how each keyword is read, and how many papers of the last 30 days it finds: too few, or too many?

    Exit status 1 if a part cannot be read.

    Example: digest profile check 'flow matching^2, "optimal transport", tokeni*, -survey'
    """
    from digest.cli import output, profile_check
    from digest.cli.logs import quiet
    from digest.ranking.query import parse_text

    if sum(given is not None for given in (text, email, file)) != 1:
        raise UsageError("Which profile? Give a text in quotes, or --email ADDRESS, or --file FILE.")
    quiet()
    config, moment = ctx.find_root().obj, or_now(now)
    profile = profile_check.profile_of(config, email, moment) if email else None
    terms, errors = _read(profile.keywords) if profile else parse_text(text if text is not None else _content(file))
    if not terms and not errors:
        raise UsageError("There is not a word in this profile.")
    found = profile_check.found(config, terms, profile, moment)
    if as_json:
        output.emit_json({**profile_check.as_json(found), "faults": [_fault_json(error) for error in errors]})
    else:
        profile_check.tell(found)
    for error in errors:
        typer.echo(f"{_place(error)}: {error}", err=True)
    if errors:
        raise typer.Exit(1)


def _content(file: "Path | None") -> str:
    content = sys.stdin.buffer.read() if file is None or str(file) == "-" else file.read_bytes()
    return content.decode("utf-8-sig", errors="replace")


def _place(error: ProfileError) -> str:
    before = error.line[: error.column]
    line, column = before.count("\n") + 1, error.column - before.rfind("\n")
    return f"Line {line}, column {column}" if "\n" in error.line.strip() else f"Column {column}"


# --- suggest --------------------------------------------------------------------------------------------------------


@app.command("suggest")
def suggest(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Option("--from", help="BibTeX, a CSV of Zotero, or a list of papers; - is standard input.")
    ],
    most: Annotated[int, typer.Option("--most", min=1, help="At most so many keywords.")] = 15,
    as_json: Json = False,
) -> None:
    """Propose keywords from papers you have collected, as TOML for the configuration.

    Example: digest profile suggest --from refs.bib
    """
    from digest.cli import output, profile_suggest

    suggestion, faults = profile_suggest.suggestion(ctx.find_root().obj, file, most)
    for fault in faults:
        typer.echo(f"{file}, {fault}", err=True)
    if as_json:
        output.emit_json(profile_suggest.as_json(suggestion, faults))
    else:
        typer.echo(profile_suggest.toml(suggestion, str(file), len(faults)))
