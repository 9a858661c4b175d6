"""Pages without papers: rendered with slots, their styles written in, and encoded once for a structure."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from operator import attrgetter
from typing import Any, NamedTuple

from digest.rendering import plain
from digest.rendering.holes import Fragment, fragment, html_parts, text_parts
from digest.rendering.inlining import Memory, NotInlinable, Place, inline, styles_of
from digest.rendering.language import Language
from digest.rendering.slots import Inset, Ledger, Misused, Printed, Slot
from digest.rendering.templates import Templates
from digest.rendering.view import CardSection, View

# The fields that templates may ask anything of. All others but the sections are slots.
CONSTANTS = ("lang", "dir", "layout", "site", "site_url", "date", "note")
VARYING = tuple(name for name in View.__dataclass_fields__ if name not in (*CONSTANTS, "sections"))

_constants = attrgetter(*CONSTANTS)
_varying = attrgetter(*VARYING)


@dataclass(frozen=True, slots=True)
class Page:
    """What is printed around the papers, and where these go."""

    ending: str
    fragment: Fragment
    memory: Memory | None = None  # of its styles, for HTML
    places: Mapping[str, Place] = field(default_factory=dict)  # by section: the elements around its papers

    def form(self, section: str) -> Hashable:
        """What of a paper's forms goes there: HTML differs by its place."""
        return self.places.get(section) or self.ending

    @property
    def gap(self) -> bytes:
        """What stands between two papers."""
        return b"" if self.memory else _BLANK_LINE


_BLANK_LINE = b"\r\n\r\n"
GAP_SIZE = 4  # bytes of text


class Looks(NamedTuple):
    """A digest without papers, taken apart."""

    structure: Hashable  # what its page depends on
    values: list[Any]  # of its slots, in their order


# --- what a page depends on ---------------------------------------------------------------------------------------


def structure(digest: View) -> Looks:
    """What the digest's page depends on, and the values of its slots."""
    values: list[Any] = []
    shape: list[Any] = []
    for value in _varying(digest):
        _leaves(value, values, shape)
    sections = tuple([(section.name, section.title) for section in digest.sections])
    return Looks((_constants(digest), sections, tuple(shape)), values)


def _leaves(value: Any, values: list[Any], shape: list[Any]) -> None:
    """Every value inside, in order; and lengths, and what is empty."""
    kind = type(value)
    if kind is str or kind is int:
        values.append(value)
        shape.append(value and True)
    elif kind is tuple:
        shape.append(len(value))
        for item in value:
            _leaves(item, values, shape)
    elif names := getattr(value, "__dataclass_fields__", None):
        for name in names:
            _leaves(getattr(value, name), values, shape)
    else:
        values.append(value)
        shape.append(value and (value if kind is bool else True))


def slotted(digest: View, ledger: Ledger) -> View:
    """The digest with a slot for everything that is not empty, numbered as `structure` lists the values."""
    numbers = count()
    slots = {name: _slotted(getattr(digest, name), numbers, ledger) for name in VARYING}
    sections = tuple(CardSection(part.name, part.title, _inset(part, ledger)) for part in digest.sections)
    return replace(digest, **slots, sections=sections)


def _inset(section: CardSection, ledger: Ledger) -> Any:
    return Inset(ledger, section.name)


def _slotted(value: Any, numbers: Iterator[int], ledger: Ledger) -> Any:
    if isinstance(value, tuple):
        return tuple(_slotted(item, numbers, ledger) for item in value)
    if names := getattr(value, "__dataclass_fields__", None):
        return replace(value, **{name: _slotted(getattr(value, name), numbers, ledger) for name in names})
    number = next(numbers)
    return value if not value or isinstance(value, bool) else Slot(ledger, number, value)


# --- pages --------------------------------------------------------------------------------------------------------


def _papers(section: CardSection) -> object:
    return section.cards


def text_page(ending: str, digest: View, ledger: Ledger, templates: Templates, own: Language) -> Page:
    """Plain text or Markdown. Raises Misused, TemplateError."""
    written = templates.render(f"digest.{ending}", own, digest=slotted(digest, ledger), cards=_papers)
    return Page(ending, fragment(text_parts(plain.squeezed(written) + "\n", ledger)))


def html_page(digest: View, ledger: Ledger, templates: Templates, own: Language, memories: dict[str, Memory]) -> Page:
    """Raises Misused, TemplateError."""
    source = plain.page(slotted(digest, ledger), _papers, templates, own)
    try:
        styles = styles_of(source)
        memory = memories.setdefault(styles, memories.get(styles) or Memory(styles))
        places = dict(_places(source, ledger, memory))
    except NotInlinable as error:
        raise Misused(str(error)) from error
    written = inline(source)
    if _printed(written, ledger) != _printed(source, ledger):
        raise Misused("premailer moves what is printed")
    return Page("html", fragment(html_parts(written.rstrip("\n") + "\n", ledger)), memory, places)


def _places(source: str, ledger: Ledger, memory: Memory) -> Iterator[tuple[str, Place]]:
    before = ""
    for part in ledger.parts(source):
        if isinstance(part, str):
            before += part
        elif isinstance(part.source, str):
            yield part.source, memory.place(before)


def _printed(written: str, ledger: Ledger) -> list[Printed]:
    return [part for part in ledger.parts(written) if isinstance(part, Printed)]
