"""What the commands of LaTeX ask of the reader that meets them."""

from collections.abc import Callable
from typing import NamedTuple, Protocol


class Environment(NamedTuple):
    r"""Between \begin and \end."""

    math: bool  # whether a formula was being read before it
    cell: str  # what parts its cells
    row: str  # what parts its rows
    close: str  # what is shown at its end


class Reader(Protocol):
    """What a command may ask of the reader that met it."""

    math: bool  # inside a formula
    environments: list[Environment]

    def argument(self, *, math: bool | None = None) -> str: ...  # what is shown of the next one
    def raw(self) -> str: ...  # the next one as it is written
    def written(self) -> str: ...  # the same with its backslashes
    def option(self) -> str: ...  # one in brackets, if there is
    def until_again(self) -> str: ...  # the next run of text between two equal characters
    def space_follows(self) -> bool: ...


Command = Callable[[Reader, str], str]
