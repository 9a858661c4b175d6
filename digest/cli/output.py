"""What commands print: tables for people, JSON for programs."""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    # A table in a log file or a pipe is not squeezed into the 80 columns of a terminal that is not there.
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, soft_wrap=False, width=None if stream.isatty() else 160)


def table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; columns whose name ends in `#` hold numbers."""
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    grid = Table(title=title, box=SIMPLE, title_justify="left", pad_edge=False)
    for column in columns:
        number = column.endswith("#")
        grid.add_column(column.removesuffix("#"), justify="right" if number else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(say(cell)) for cell in row))
    console().print(grid)


def say(value: object) -> str:
    """A value as a person reads it."""
    from datetime import datetime

    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M %Z")
    return str(value)


def plain(value: Any) -> Any:
    """A value as JSON has it: dataclasses as objects, times in ISO 8601, sets sorted."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


def emit_json(value: Any) -> None:
    json.dump(plain(value), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal's stderr while something takes long; nothing elsewhere. Yields what moves it on by one."""
    if not sys.stderr.isatty() or total == 0:
        yield lambda: None
        return
    from rich.progress import Progress

    with Progress(console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
