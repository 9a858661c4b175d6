"""`digest status`: how things stand."""

import typer

from digest.cli.arguments import Json, Now, or_now


def status(ctx: typer.Context, now: Now = None, as_json: Json = False) -> None:
    """Show the last pull of each source, who is due, and what was sent, deferred or failed.

    Example: digest status --json
    """
    from digest.cli import output, wiring

    settings = wiring.load_settings(ctx.obj)
    with wiring.store_of(settings, create=False) as store:
        overview = store.overview(or_now(now))
    if as_json:
        output.emit_json(overview)
        return
