"""`digest bounces`: take in mail that came back."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.arguments import Json, Now, or_now
from digest.errors import DigestError, InboxError, UsageError

if TYPE_CHECKING:
    from digest.config import Settings
    from digest.pipeline import Box, Post, Returned
    from digest.store import Store

_TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: a mail server keeps the mail and runs the command again


def bounces(
    ctx: typer.Context,
    mail: Annotated[
        str | None, typer.Argument(metavar="[-]", help="- reads one mail, as a mail server's pipe brings it.")
    ] = None,
    *,
    maildir: Annotated[Path | None, typer.Option("--maildir", help="Look into this Maildir.")] = None,
    imap: Annotated[bool, typer.Option("--imap", help="Look into the IMAP folder of the configuration.")] = False,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Take in mail that came back: bounces suppress addresses, complaints and wishes to leave unsubscribe.

    Looks where the configuration says, unless told otherwise; `digest run` does so by itself. Only what carries a token
    of one of your messages counts. Exit status 75 if an inbox could not be looked into, or the mail of a pipe not be taken in.

    Example: digest bounces
    """
    if mail not in (None, "-"):
        raise UsageError(f'{mail!r} is not "-": a mail is read from standard input, a folder with --maildir')
    from digest.cli.logs import quiet

    quiet()
    if mail:
        returned, failed = _piped(ctx.obj, or_now(now))
    else:
        returned, failed = _collected(ctx.obj, or_now(now), maildir, imap=imap)
    _report(returned, as_json=as_json)
    for error in failed:
        typer.echo(str(error), err=True)
    if failed:
        raise typer.Exit(_TRY_AGAIN)


Collected = tuple[list["Returned"], Sequence[Exception]]


def _piped(config: Path | None, now: datetime) -> Collected:
    """One mail from standard input. Whatever fails here is a reason to keep it, not to bounce it."""
    from digest import pipeline
    from digest.cli import wiring
    from digest.cli.inboxes import make_post
    from digest.delivery.letters import MOST_BYTES
    from digest.model import Mail

    content = sys.stdin.buffer.read(MOST_BYTES)
    while sys.stdin.buffer.read(MOST_BYTES):
        pass  # who writes into a pipe that nobody reads to its end may take that for a failure
    try:
        settings = wiring.load_settings(config)
        with wiring.store_of(settings, create=False) as store:
            post = make_post(settings.bounces, store.keys())
            return pipeline.take_in(store, post, Mail("standard input", content), now), []
    except (DigestError, OSError) as error:
        return [], [error]


def _collected(config: Path | None, now: datetime, maildir: Path | None, *, imap: bool) -> Collected:
    from digest.cli import wiring
    from digest.cli.inboxes import make_post

    settings = wiring.load_settings(config)
    with wiring.store_of(settings, create=False) as store:
        post = make_post(settings.bounces, store.keys())
        boxes = list(_boxes(settings, post, maildir, imap=imap))
        returned: list[Returned] = []
        failed = [error for box in boxes if (error := _emptied(store, post, box, now, returned))]
    return returned, failed


def _boxes(settings: "Settings", post: "Post", maildir: Path | None, *, imap: bool) -> "Iterator[Box]":
    """Where to look: where the command says, else everywhere."""
    from digest.cli.inboxes import imap_box, maildir_box

    if imap and not settings.bounces.imap_host:
        raise UsageError("--imap needs bounces.imap_host in the configuration")
    if maildir:
        yield maildir_box(maildir)
    if imap:
        yield imap_box(settings.bounces)
    if not maildir and not imap:
        if not post.boxes:
            raise UsageError(
                "There is nowhere to look: set bounces.maildir or bounces.imap_host in the configuration, say --maildir"
                " FOLDER, or have your mail server pipe each mail into `digest bounces -`."
            )
        yield from post.boxes


def _emptied(store: "Store", post: "Post", box: "Box", now: datetime, returned: "list[Returned]") -> InboxError | None:
    """Take in all that lies there; why it could not be looked into, if it could not."""
    from digest import pipeline

    try:
        returned.extend(pipeline.empty(store, post, box, now))
    except InboxError as error:
        return error
    return None


def _report(returned: "Sequence[Returned]", *, as_json: bool) -> None:
    from digest.cli import output

    rows = [(r.mail, r.taken.effect, r.taken.email, r.report.kind, r.report.code, r.report.detail) for r in returned]
    names = ["mail", "effect", "subscriber", "kind", "code", "detail"]
    if as_json:
        output.emit_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    if rows:
        shown = [
            (effect, email or None, kind, f"{code} {detail}".strip()) for _, effect, email, kind, code, detail in rows
        ]
        output.table(None, ["what followed", "subscriber", "what came back", "what it says"], shown)
    counts = Counter(each.taken.effect for each in returned)
    typer.echo(
        ", ".join(f"{count} {effect}" for effect, count in counts.items()) + "." if rows else "Nothing came back."
    )
