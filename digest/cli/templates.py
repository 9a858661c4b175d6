"""`digest templates`: which template comes from where, and copies of them to change."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.arguments import Json
from digest.errors import UsageError

if TYPE_CHECKING:
    from digest.config.settings import SiteSettings

app = typer.Typer(help="The templates of the mail: which there are, and copies to change.", no_args_is_help=True)

_FOLDER = "templates"  # where copies go, beside the configuration, if it names no other place

Theme = Annotated[str | None, typer.Option("--theme", help="As this theme has them; without it, the configuration's.")]


@dataclass(frozen=True, slots=True)
class Template:
    """One template, where it is found first."""

    name: str  # "email/card.html.j2"
    origin: str  # "yours", "theme ledger" or "built in"
    path: Path


@app.command("list")
def list_(ctx: typer.Context, theme: Theme = None, as_json: Json = False) -> None:
    """List every template and where it comes from.

    Example: digest templates list --theme ledger
    """
    from digest.cli import output

    site = _site(ctx.obj)
    found = [*_found(_folders(theme or site.theme, site.templates_dir), site.templates_dir)]
    if as_json:
        output.emit_json([{"name": one.name, "origin": one.origin, "path": str(one.path)} for one in found])
    else:
        output.table(None, ["template", "from", "file"], [[one.name, one.origin, one.path] for one in found])


@app.command("copy")
def copy(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="Like card.html; without names, all of the mail's.")
    ] = None,
    theme: Theme = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Copy there; else to the configured templates_dir.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Copy templates to a folder of your own, where you can change them. Files that are there stay.

    Example: digest templates copy card.html style.css --theme ledger
    """
    from digest.config.example import toml

    site = _site(ctx.obj)
    folder = to or site.templates_dir or _beside(ctx.obj)
    folders = _folders(theme or site.theme, None)
    if folder.resolve() in folders:
        raise UsageError(f"{folder} is where the built-in templates are; name another folder with --to.")
    wanted = _named(names, [*_found(folders, None)])
    kept = [one for one in wanted if not _copied(one, folder, force=force)]
    for one in wanted:
        typer.echo(f"{folder / one.name}{' is there already; --force replaces it' if one in kept else ''}")
    if site.templates_dir is None or folder.resolve() != site.templates_dir.resolve():
        said = toml(_as_configured(folder, _beside(ctx.obj).parent))
        typer.echo(f"Set templates_dir = {said} below [site] in your configuration, and they are used.")


# --- where ------------------------------------------------------------------------------------------------------------


def _site(explicit: Path | None) -> "SiteSettings":
    """What the configuration says of the site; the defaults where there is no configuration yet."""
    from digest import config
    from digest.cli.wiring import load_settings
    from digest.config.settings import SiteSettings
    from digest.errors import ConfigError

    if explicit is None:
        try:
            config.find(None, environ)
        except ConfigError:
            return SiteSettings()
    return load_settings(explicit).site


def _beside(explicit: Path | None) -> Path:
    """A folder beside the configuration, as `templates_dir` would be read."""
    from digest import config
    from digest.errors import ConfigError

    try:
        return config.find(explicit, environ).parent / _FOLDER
    except ConfigError:
        return Path(_FOLDER)


def _as_configured(folder: Path, home: Path) -> str:
    """The folder as a configuration in `home` names it, whatever folder we are in."""
    absolute = folder.resolve()
    return str(absolute.relative_to(home.resolve()) if absolute.is_relative_to(home.resolve()) else absolute)


def _folders(theme: str, own: Path | None) -> list[Path]:
    from digest.rendering.templates import Templates

    return Templates(own, theme).folders


def _found(folders: Iterable[Path], own: Path | None) -> Iterator[Template]:
    """Every template in the first of the folders that has it, by name."""
    first: dict[str, Path] = {}
    for folder in folders:
        for path in folder.glob("*/*.j2"):
            first.setdefault(path.relative_to(folder).as_posix(), folder)
    for name, folder in sorted(first.items()):
        yield Template(name, _origin(folder, own), folder / name)


def _origin(folder: Path, own: Path | None) -> str:
    if own and folder == own.resolve():
        return "yours"
    return f"theme {folder.name}" if folder.parent.name == "themes" else "built in"


# --- which ------------------------------------------------------------------------------------------------------------


def _named(names: Sequence[str] | None, there: Sequence[Template]) -> list[Template]:
    """Those that are meant; raises UsageError for a name that none has."""
    if not names:
        return [one for one in there if one.name.startswith("email/")]
    return [_the_one(name, there) for name in names]


def _the_one(name: str, there: Sequence[Template]) -> Template:
    full = name.removesuffix(".j2") + ".j2"
    for path in (full, f"email/{full}"):
        if found := [one for one in there if one.name == path]:
            return found[0]
    short = [one.name.removeprefix("email/").removesuffix(".j2") for one in there]
    close = get_close_matches(name, short, 1)
    hint = f"did you mean {close[0]}?" if close else "`digest templates list` names them."
    raise UsageError(f"There is no template {name}; {hint}")


def _copied(template: Template, folder: Path, *, force: bool) -> bool:
    """Whether it was copied: not over a file that is there, unless told to."""
    target = folder / template.name
    if target.exists() and not force:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(template.path.read_bytes())
    return True
