"""`digest dkim`: a key to sign with, and the record that lets others verify it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from digest.config import Settings
    from digest.config.settings import DkimSettings
    from digest.delivery.keys import Kind, PrivateKey

app = typer.Typer(
    name="dkim",
    help="Sign every message, so that receivers can tell it from a forgery: keygen, show.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.command("keygen")
def keygen(
    ctx: typer.Context,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write it here; else where the configuration has it, or beside that."),
    ] = None,
    selector: Annotated[str | None, typer.Option(help="Its name in DNS; else the configuration's.")] = None,
    ed25519: Annotated[bool, typer.Option("--ed25519", help="A short modern key, for a second signature.")] = False,
) -> None:
    """Write a new private key, and print what to put into DNS and into the configuration. Writes over nothing.

    Example: digest dkim keygen
    """
    from digest.config.settings import DkimSettings
    from digest.delivery import keys

    kind = keys.Kind.ED25519 if ed25519 else keys.Kind.RSA
    settings, folder = _settings(ctx.obj)
    known_file, known_name = _configured(settings.dkim if settings else DkimSettings(), kind)
    file = (output or known_file or folder / _FILES[kind]).absolute()
    name = _checked(selector) if selector else known_name
    key = keys.generate(kind)
    _write(file, key)
    typer.echo(f"{file} holds a new key that only you can read. Keep it secret, and keep a copy.\n")
    typer.echo(publication(name, _domain(settings), key))
    if (known_file, known_name) != (file, name):
        typer.echo(f"\nTell the configuration:\n\n{_lines(kind, file, name, folder)}")
    typer.echo("\nOnce DNS has the record, `digest check` finds it there.")


@app.command("show")
def show(ctx: typer.Context) -> None:
    """Print again what DNS is to have of the keys that are configured.

    Example: digest dkim show
    """
    from digest import config
    from digest.cli.signing import private_keys

    settings = config.load(config.find(ctx.obj, os.environ), os.environ)
    found = private_keys(settings.dkim)
    if not found:
        raise UsageError("There is no key yet: `digest dkim keygen` makes one.")
    typer.echo("\n\n".join(publication(name, _domain(settings), key) for name, key in found.items()))


def publication(selector: str, domain: str | None, key: "PrivateKey") -> str:
    """What DNS is to have of a key, for a provider's web form and for a zone file."""
    from digest.delivery import keys

    name = f"{selector}._domainkey"
    form, zone = (f"{name}.{domain}", f"{name}.{domain}.") if domain else (f"{name}.YOUR-DOMAIN", name)
    text = keys.record(key)
    return (
        f"Put this TXT record into DNS:\n\n  name:  {form}\n  value: {text}\n\n"
        f"or, in a zone file:\n\n{zone} IN TXT ( {keys.strings(text)} )"
    )


_FILES = {"rsa": "dkim.pem", "ed25519": "dkim-ed25519.pem"}


def _settings(explicit: Path | None) -> tuple["Settings | None", Path]:
    """The configuration, unless there is none yet or it has faults, and the folder that it is or will be in."""
    from digest import config

    place = explicit or Path("config.toml")
    try:
        place = config.find(explicit, os.environ)
        return config.load(place, os.environ), place.absolute().parent
    except ConfigError:
        return None, place.absolute().parent


def _configured(dkim: "DkimSettings", kind: "Kind") -> tuple[Path | None, str]:
    """(file, selector) of a kind of key."""
    if kind == "rsa":
        return dkim.key_file, dkim.selector
    return dkim.ed25519_key_file, dkim.ed25519_selector


def _domain(settings: "Settings | None") -> str | None:
    from digest.cli.sender_dns import is_nowhere

    return None if settings is None or is_nowhere(settings.sender_domain) else settings.signing_domain


def _checked(selector: str) -> str:
    from digest.config import domains

    try:
        return domains.selector(selector)
    except ValueError as error:
        raise UsageError(f"--selector: {error}") from None


def _write(file: Path, key: "PrivateKey") -> None:
    from digest.delivery import keys

    try:
        keys.write_new(file, key)
    except FileExistsError:
        raise UsageError(
            f"{file} is there already, and a key is never written over: choose another place with --output;\n"
            "`digest dkim show` prints the record of a key that you have."
        ) from None


def _lines(kind: "Kind", file: Path, selector: str, folder: Path) -> str:
    from digest.config.example import toml

    prefix = "" if kind == "rsa" else "ed25519_"
    place = file.name if file.parent == folder else str(file)
    return f"[dkim]\n{prefix}key_file = {toml(place)}\n{prefix}selector = {toml(selector)}"
