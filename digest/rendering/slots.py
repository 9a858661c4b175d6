"""Slots: what a page is rendered with where readers differ, so that it is rendered once for all of them.

A slot stands for a text or a number that is not empty. A template may print it, test it for truth, or pass it through
one of the filters in `AWARE`, whose work is then done when the value is known. Whatever else it does with it raises
`Misused`: such a page has to be rendered for each reader.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, NoReturn

from digest.rendering.words import wrap

Step = Callable[[Any], Any]
Source = int | str  # where the value comes from: its place in a list, or its name


class Misused(Exception):  # noqa: N818 - no fault, but a way that is closed
    """A template asks of a slot what only a value can answer."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A slot that was printed: where its value comes from, and what is done with it, in order."""

    source: Source
    steps: tuple[Step, ...]
    sample: object = None  # one of its values
    width: int | None = None  # characters that were counted on

    def text(self, value: object) -> str:
        """What stands there for this value. Raises Misused if it is not as wide as was counted on."""
        for step in self.steps:
            value = step(value)
        text = str(value)
        if self.width is not None and len(text) != self.width:
            raise Misused("a text of another width")
        return text


class Ledger:
    """What was printed while one page was rendered."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.printed: list[Printed] = []

    def enter(self, printed: Printed) -> str:
        """The text that stands for it: of ASCII letters and digits, so that nothing on the way changes it."""
        self.printed.append(printed)
        return f"{self.mark}{len(self.printed) - 1:04d}z"

    def holds(self, text: str) -> bool:
        """Whether something that was printed, or what is left of it, is in the text."""
        return self.mark.casefold() in text.casefold()

    def parts(self, text: str) -> list[str | Printed]:
        """The text cut at what was printed.

        Raises:
            Misused: something became of a part that was printed.
        """
        found = re.split(rf"{self.mark}(\d{{4,}})z", text)
        if any(self.holds(between) for between in found[::2]):
            raise Misused("a printed slot was changed afterwards")
        return [self.printed[int(part)] if at % 2 else part for at, part in enumerate(found)]


def mark(secret: bytes) -> str:
    """What every entry of a ledger begins with; nobody who writes titles knows it."""
    return "SlOt" + secret.hex()


def _refuse(*_: object, **__: object) -> NoReturn:
    raise Misused("only printed, tested for truth, or passed through our filters")


class Slot:
    """Stands in a template for a value that is not known yet, and not empty."""

    __slots__ = ("_ledger", "_sample", "_source", "_steps")

    def __init__(self, ledger: Ledger, source: Source, sample: object = None, steps: tuple[Step, ...] = ()) -> None:
        self._ledger = ledger
        self._source = source
        self._sample = sample  # one of its values, where widths are to be counted on
        self._steps = steps

    def then(self, step: Step) -> "Slot":
        return Slot(self._ledger, self._source, self._sample, (*self._steps, step))

    def printed(self) -> str:
        return self._ledger.enter(Printed(self._source, self._steps, self._sample))

    def begin(self, rest: str) -> "Begun":
        """A text that this is the beginning of."""
        return Begun(self._ledger, self._source, self._sample, self._steps, rest)

    def sample(self) -> str:
        """Its text for the value that it was made with."""
        return Printed(self._source, self._steps).text(self._sample)

    def fixed(self) -> str:
        """Printed, counting on that every value is as wide as the sample."""
        return self._ledger.enter(Printed(self._source, self._steps, self._sample, len(self.sample())))

    def __bool__(self) -> bool:
        if self._steps:
            _refuse()
        return True

    __hash__ = _refuse
    __str__ = __repr__ = __html__ = __format__ = __len__ = __iter__ = __getitem__ = __contains__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __int__ = __index__ = __float__ = __add__ = __radd__ = __mul__ = __rmul__ = __mod__ = __rmod__ = _refuse
    __sub__ = __rsub__ = __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __pow__ = __rpow__ = _refuse
    __call__ = __round__ = __abs__ = __neg__ = __pos__ = _refuse


class Begun(Slot):
    """A text whose beginning is a slot: lines that were wrapped with a number before the first."""

    __slots__ = ("_rest",)

    def __init__(self, ledger: Ledger, source: Source, sample: object, steps: tuple[Step, ...], rest: str) -> None:
        super().__init__(ledger, source, sample, steps)
        self._rest = rest

    def printed(self) -> str:
        return self.fixed() + self._rest

    then = begin = _refuse


class Inset(Slot):
    """Stands for the papers of a section: printed, and nothing else."""

    __slots__ = ()

    then = begin = _refuse


# --- filters ------------------------------------------------------------------------------------------------------

_AWARE = frozenset({"number", "located", "shorten", "wrap", "raw", "upper", "lower", "capitalize", "title", "trim"})
_HARMLESS = frozenset({"default", "d"})  # hand on what they are given


def aware(filters: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """The filters for a page with slots: some wait for the value, the others refuse."""
    own = {"wrap": _wrap, "format": _format}
    found = {name: _waiting(f) if name in _AWARE else _refusing(f) for name, f in filters.items()}
    return found | {name: filters[name] for name in _HARMLESS} | {name: make(found[name]) for name, make in own.items()}


def refusing(tests: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """The tests, none of which a slot can answer but whether it is there at all."""
    return {name: f if name in ("defined", "undefined", "none") else _refusing(f) for name, f in tests.items()}


def _slots(values: Iterable[object]) -> Iterator[Slot]:
    return (value for value in values if isinstance(value, Slot))


def _refusing(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def guarded(*arguments: Any, **named: Any) -> Any:
        for _ in _slots((*arguments, *named.values())):
            _refuse()
        return function(*arguments, **named)

    return guarded


def _waiting(function: Callable[..., Any]) -> Callable[..., Any]:
    guarded = _refusing(function)

    @wraps(function)
    def waits(value: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(value, Slot) and not any(_slots((*arguments, *named.values()))):
            return value.then(lambda known: function(known, *arguments, **named))
        return guarded(value, *arguments, **named)

    return waits


def _wrap(waiting: Callable[..., Any]) -> Callable[..., Any]:
    """Wrapped lines may begin with a slot, as long as it is equally wide for everybody."""

    @wraps(wrap)
    def wrapped(text: Any, columns: int = 72, indent: str = "", first: Any = None) -> Any:
        if not isinstance(first, Slot) or isinstance(text, Slot):
            return waiting(text, columns, indent, first)
        beginning = first.sample()
        lines = wrap(text, columns, indent, beginning)
        if not lines.startswith(beginning):  # nothing fits beside it
            first, beginning = first.then(str.rstrip), beginning.rstrip()
        if not beginning or not lines.startswith(beginning):
            _refuse()
        return first.begin(lines.removeprefix(beginning))

    return wrapped


def _format(guarded: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(guarded)
    def formatted(pattern: Any, *values: Any, **named: Any) -> Any:
        if len(values) == 1 and not named and isinstance(values[0], Slot) and type(pattern) is str:
            return values[0].then(lambda known: pattern % known)
        return guarded(pattern, *values, **named)

    return formatted
