"""`digest backup`: a copy of the database while it is in use."""

from pathlib import Path
from typing import Annotated

import typer


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write the copy.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a copy of the database, as it is at this moment, while the daemon goes on.

    The copy is checked before it takes its name. It holds addresses, and the key that links are signed with: keep it
    where only you can read it.

    Example: digest backup /var/backups/digest-$(date +%F).db
    """
    from digest.cli import wiring
    from digest.errors import UsageError

    settings = wiring.load_settings(ctx.obj)
    with wiring.store_of(settings, create=False) as store:
        if not store.is_file:
            raise UsageError(_dump(settings.store.url, file))
        size = store.backup(file, force=force)
    typer.echo(f"{file} has the database as it was just now: {size / 1e6:.1f} MB, checked.")


def _dump(url: str, file: Path) -> str:
    """How PostgreSQL is backed up, with its own program; without the password."""
    from shlex import quote

    from sqlalchemy import URL, make_url

    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return "The database is in memory only: there is nothing to back up."
    plain = URL.create(
        "postgresql", parsed.username, None, parsed.host, parsed.port, parsed.database
    ).render_as_string()
    return (
        "PostgreSQL is backed up with its own program, which knows more:\n"
        f"    pg_dump --format=custom --file={quote(str(file))} {quote(plain)}\n"
        "and brought back with pg_restore. (pg_dump asks for the password, or reads it from ~/.pgpass.)"
    )
