"""`digest search`: find papers among those pulled."""

from typing import Annotated

import typer

from digest.cli.arguments import Json


def search(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(help="Words to look for in titles, abstracts and authors.")],
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most this many.")] = 20,
    as_json: Json = False,
) -> None:
    """Find papers among those that were pulled.

    Example: digest search flow matching
    """
    from digest.cli import output, wiring

    settings = wiring.load_settings(ctx.obj)
    with wiring.store_of(settings, create=False) as store:
        found = store.search(" ".join(words), limit=limit)
    if as_json:
        output.emit_json(found)
        return
    if not found:
        typer.echo(f"Nothing pulled so far speaks of {' '.join(words)!r}.")
        return
    output.table(
        None,
        ["day", "source", "title", "authors", "link"],
        [[a.day, a.source, a.listing.title, _authors(a.listing.authors), a.listing.url] for a in found],
    )


def _authors(authors: tuple[str, ...]) -> str:
    return ", ".join(authors[:3]) + (f" and {len(authors) - 3} more" if len(authors) > 3 else "")
