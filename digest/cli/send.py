"""`digest send`: compose and deliver what is due, once."""

from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.arguments import Json, Now, or_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest.model import Edition
    from digest.pipeline import Delivered


def send(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say who would get what; write and send nothing.")] = False,
    subscriber: Annotated[str | None, typer.Option("--subscriber", metavar="EMAIL", help="Only this one.")] = None,
    early: Annotated[bool, typer.Option("--early", help="Do not wait for the local send hour.")] = False,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Compose and deliver what is due, once.

    Exit status 1 if any delivery failed for good, 75 if the mail relay could not be used (nothing is lost: what waits
    is sent by the next run). SIGTERM, SIGHUP and Ctrl-C let the messages in hand be finished, and leave the rest to it.

    Example: digest pull && digest send
    """
    from digest import daemon, pipeline
    from digest.cli import alerting, attending, delivering, wiring
    from digest.cli.logs import quiet
    from digest.model import Status

    quiet()
    moment = or_now(now)
    with wiring.installation(ctx.obj, None if dry_run else moment) as home:
        if subscriber is not None:
            subscriber = home.subscriber(subscriber, moment).email
        if dry_run:
            active = [
                s for s in home.subscribers(moment) if s.status is Status.ACTIVE and subscriber in (None, s.email)
            ]
            issues = pipeline.issues_of(active, moment, early=early)
            _report(pipeline.compose_for(home.parts, issues, moment), None, as_json=as_json)
            return
        editions = list(pipeline.compose(home.parts, moment, early=early, replay=now is not None, only=subscriber))
        stop = daemon.Stop()
        with daemon.signals_set(stop), attending.at_work(home.store, home.parts.worker, stop.set):
            delivered = delivering.deliver(
                home, lambda: or_now(now), only=subscriber, patient=False, stopping=stop.is_set
            )
        alerting.watch(home, moment)
    _report(editions, delivered, as_json=as_json)
    trouble = _trouble(delivered)
    if trouble or stop.is_set():
        typer.echo(f"{trouble or 'Stopped.'}\nNothing is lost: what waits is sent by the next run.", err=True)
    if delivered.failed or trouble:
        raise typer.Exit(1 if delivered.failed else 75)


def _trouble(delivered: "Delivered") -> str | None:
    if delivered.refused and not delivered.relay:
        return (
            f"The mail server refuses what we say, message after message, and this run has ended: {delivered.refused}"
        )
    return delivered.relay


def _report(editions: "Sequence[Edition]", delivered: "Delivered | None", *, as_json: bool) -> None:
    from digest.cli import output
    from digest.model import Section

    names = ["subscriber", "date", *Section, "read", "first"]
    rows = [
        (
            edition.subscriber.email,
            edition.issue_date,
            *(len(edition.section(section)) for section in Section),
            edition.papers,
            edition.picks[0].listing.title if edition.picks else "",
        )
        for edition in editions
    ]
    if as_json:
        output.emit_json({"composed": [dict(zip(names, row, strict=True)) for row in rows], "delivered": delivered})
        return
    if rows:
        counts = [f"{section.replace('_', ' ')}#" for section in Section]
        output.table(None, ["subscriber", "date", *counts, "read#", "first"], rows)
    typer.echo(_sum_up(len(rows), delivered))


_NOTED = (
    "{} of them had been sent before, says the delivery log, and were not sent again. The database did not know: it was"
    " restored from a backup, or put back, and what was written since is gone."
)


def _sum_up(composed: int, delivered: "Delivered | None") -> str:
    if delivered is None:
        return f"{composed} to compose; nothing was written or sent."
    counts = {name: getattr(delivered, name) for name in ("sent", "deferred", "failed", "unknown")}
    said = f"{composed} composed; {', '.join(f'{count} {name}' for name, count in counts.items())}."
    if delivered.noted:
        return f"{said}\n{_NOTED.format(delivered.noted)}"
    if composed or delivered.relay or any(counts.values()):
        return said
    return f"{said}\nNothing is due: `digest status` shows when it is, --early does not wait for the send hour."
