"""Papers without what is a reader's own, and how that is filled in.

Which words of an abstract are marked, and which sentences are shown at all, differs from reader to reader: hardly two see
a paper alike. So a paper is rendered once for everybody with blanks, together with one sample of everything that can stand
in them: a marked stretch, a raised one, a reason of each kind. Filling them in is joining texts.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product, zip_longest
from typing import Any, NamedTuple, NoReturn

from markupsafe import Markup

from digest.rendering import plain
from digest.rendering.cards import Card, Own, plain_text, strongest
from digest.rendering.encoding import Piece, piece
from digest.rendering.excerpts import Run
from digest.rendering.holes import Fragment, Hole, html_parts, text_parts
from digest.rendering.inlining import TAG, Memory, Place
from digest.rendering.language import Language
from digest.rendering.reasons import Why, explanation
from digest.rendering.slots import Inset, Ledger, Misused, Slot
from digest.rendering.templates import Templates

WHYS = "whys"
_OWN = frozenset({"whys", "explanation", "paragraphs", "texts", "abstract", "runs", "strongest"})
_RUNS = tuple(product((False, True), (0, 1, -1)))  # whether it is a hit, and its level
_WHYS = tuple(product((False, True), (False, True)))  # whether it is said where, and whether it speaks against


class Blank:
    """Stands for a card in a template, which may ask of it what is the same for all readers."""

    def __init__(self, card: Card, own: Mapping[str, object]) -> None:
        self._card = card
        self._own = own

    def __getattr__(self, name: str) -> object:
        if name in self._own:
            return self._own[name]
        if name in _OWN:
            raise Misused("a reader's own, and not to be filled in")
        return getattr(self._card, name)


def _blank(card: Card, ledger: Ledger) -> Any:
    """The card with slots for what is a reader's own, as far as it has any."""
    texts = [Slot(ledger, f"text{place}") for place in range(len(card.paragraphs))]
    own: dict[str, object] = {
        "whys": _Region(ledger, WHYS) if card.whys else (),
        "paragraphs": tuple(_Region(ledger, f"paragraph{place}") for place in range(len(card.paragraphs))),
        "texts": tuple(texts),
        "explanation": card.explanation and Slot(ledger, "explanation"),
        "strongest": card.strongest and Slot(ledger, "strongest"),
    }
    return Blank(card, own)


class _Region(Inset):
    """Stands for reasons or a paragraph; only `whys` and `runs` know what to do with it."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return str(self._source)

    def printed(self) -> NoReturn:
        raise Misused("printed as if it were a text")


class Samples:
    """Everything that can stand where reasons or a paragraph go. Reasons recur, so they are remembered."""

    __slots__ = ("_known", "_parts")

    def __init__(self, parts: Mapping[object, Sequence[str | Hole]]) -> None:
        self._parts = parts
        self._known: dict[Why, str] = {}

    def why(self, why: Why) -> str:
        """Raises Misused."""
        found = self._known.get(why)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            values = {"term": why.term, "where": why.where}
            sample = self._parts[bool(why.where), why.against]
            parts = [part if isinstance(part, str) else part.text(values[part.source]) for part in sample]
            found = self._known[why] = "".join(parts)
        return found

    def run(self, run: Run) -> str:
        """Raises Misused."""
        text = run.text
        return "".join([part if isinstance(part, str) else part.text(text) for part in self._parts[run.hit, run.level]])


_MOST_KNOWN = 4_096  # reasons


# --- with blanks --------------------------------------------------------------------------------------------------


def text_blanks(ending: str, card: Card, ledger: Ledger, templates: Templates, own: Language) -> tuple[Any, ...]:
    """A paper in plain text: pieces, holes, fillings. Raises Misused, TemplateError."""
    written = templates.render(f"{card.template}.{ending}", own, card=_blank(card, ledger))
    return _parts(text_parts(plain.squeezed(written), ledger))


class Spot(NamedTuple):
    """Where papers stand on a page, and what its styles do to them."""

    memory: Memory
    place: Place

    def inlined(self, html: str) -> str:
        return self.memory.inlined(html, self.place)


def html_blanks(card: Card, ledger: Ledger, spot: Spot, templates: Templates, own: Language) -> tuple[Any, ...]:
    """A paper in HTML: pieces, holes, fillings. Raises Misused, TemplateError, NotInlinable."""
    regions = _Regions(ledger, templates, own)
    shown: dict[str, Any] = {"card": _blank(card, ledger), "runs": regions.runs, "whys": regions.whys}
    written = plain.rendered(f"{card.template}.html", templates, own, **shown)
    return _parts(regions.parts(written, spot))


def _parts(parts: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(piece(part) if isinstance(part, str) else part for part in parts if part)


class _Regions:
    """What templates print reasons and paragraphs with while a paper has blanks, and what becomes of that."""

    def __init__(self, ledger: Ledger, templates: Templates, own: Language) -> None:
        self._ledger = ledger
        self._templates = templates
        self._own = own
        self._names: list[str] = []

    def runs(self, stretches: Any) -> Markup:
        if isinstance(stretches, _Region):
            return self._region(stretches.name)
        return Markup().join(plain.run_html(run, self._templates, self._own) for run in stretches)

    def whys(self, reasons: Any) -> Markup:
        if not isinstance(reasons, _Region):
            raise Misused("reasons that were changed")
        return self._region(WHYS)

    def _region(self, name: str) -> Markup:
        self._names.append(name)
        return Markup(self._sign(f"r{len(self._names) - 1}"))  # noqa: S704 - letters and digits

    def _sign(self, letters: str) -> str:
        return f"{self._ledger.mark}{letters}z"

    def parts(self, written: str, spot: Spot) -> list[Any]:
        """What was written, its styles in its tags, cut at slots and regions. Raises Misused, NotInlinable."""
        texts, numbers = self._cut(spot.inlined(written))
        keys = [
            (spot.place, self._own, self._names[number] == WHYS, _around(texts[: at + 1]))
            for at, number in enumerate(numbers)
        ]
        if not all(key in spot.memory.samples for key in keys):
            spot.memory.samples.update(zip(keys, self._samples(written, numbers, spot), strict=True))
        fillings = [
            Filling(self._names[number], spot.memory.samples[key], plain.parted(self._own))
            for number, key in zip(numbers, keys, strict=True)
        ]
        cut = [self._outside(text) for text in texts]
        return [part for pair in zip_longest(cut, fillings) for part in (*pair[0], pair[1]) if part]

    def _cut(self, written: str) -> tuple[list[str], list[int]]:
        """The texts between regions, and the regions' numbers."""
        found = re.split(rf"{re.escape(self._ledger.mark)}r(\d+)z", written)
        return found[::2], [int(number) for number in found[1::2]]

    def _outside(self, written: str) -> list[str | Hole]:
        if any("<" in between or ">" in between for between in TAG.split(written)[::2]):
            raise Misused("a paragraph or a reason inside of a tag")
        return html_parts(written, self._ledger)

    def _samples(self, written: str, numbers: Sequence[int], spot: Spot) -> Iterator[Samples]:
        """For each region what can stand in it, with its styles."""
        texts, _ = self._cut(written)
        begin, between, end = map(self._sign, ("b", "n", "e"))
        printed = [begin + between.join(self._printed(self._names[number])) + end for number in numbers]
        whole = spot.inlined("".join(chain(*zip_longest(texts, printed, fillvalue=""))))
        insides = re.findall(f"{re.escape(begin)}(.*?){re.escape(end)}", whole, flags=re.DOTALL)
        for number, inside in zip(numbers, insides, strict=True):
            parts = [html_parts(sample, self._ledger) for sample in inside.split(between)]
            yield Samples(dict(zip(_WHYS if self._names[number] == WHYS else _RUNS, parts, strict=True)))

    def _printed(self, name: str) -> Iterator[str]:
        if name == WHYS:
            for where, against in _WHYS:
                why = Why(self._slot("term"), self._slot("where") if where else "", against)
                yield plain.why_html(why, self._templates, self._own)
            return
        closed: Any = _Region(self._ledger, "plain")
        for hit, level in _RUNS:
            yield plain.run_html(Run(self._slot("text"), hit, level, closed, closed), self._templates, self._own)

    def _slot(self, name: str) -> Any:
        return Slot(self._ledger, name)


def _around(texts: Iterable[str]) -> tuple[str, ...]:
    """The tags of the elements that are open behind these texts."""
    open_tags: list[str] = []
    for tag in chain.from_iterable(TAG.split(text)[1::2] for text in texts):
        if tag.startswith("</"):
            open_tags = open_tags[:-1]
        elif not tag.startswith(("<!", "<img", "<br", "<hr")):
            open_tags.append(tag)
    return tuple(open_tags)


# --- filling in ---------------------------------------------------------------------------------------------------


class Filling:
    """Where reasons or a paragraph go."""

    __slots__ = ("_between", "_place", "_samples")

    def __init__(self, name: str, samples: Samples, between: str) -> None:
        self._place = None if name == WHYS else int(name.removeprefix("paragraph"))
        self._samples = samples
        self._between = str(between)

    def html(self, own: Own) -> str:
        """Raises Misused."""
        if self._place is None:
            return self._between.join(map(self._samples.why, own.whys))
        return "".join(map(self._samples.run, own.paragraphs[self._place]))


@dataclass(frozen=True, slots=True)
class Blanks:
    """A paper with blanks.

    Attributes:
        parts: pieces, holes and fillings; None if its template leaves no blanks that can be filled in.
    """

    parts: tuple[Any, ...] | None
    match: str  # "Match 4 of 5"

    @property
    def weight(self) -> int:
        """Bytes of memory, about."""
        return sum(100 + len(part.content) if isinstance(part, Piece) else _WEIGHT for part in self.parts or ())

    def filled(self, own: Own, language: Language) -> Fragment | None:
        """The paper as a reader sees it. Raises Misused."""
        return None if self.parts is None else _filled(self.parts, own, self.match, language)


_WEIGHT = 400  # bytes of a hole or a filling, about


def _filled(parts: Sequence[Any], own: Own, match: str, language: Language) -> Fragment:
    out: list[bytes | Hole] = []
    row: list[bytes] = []
    size = beyond = 0
    for part in parts:
        made = part
        if isinstance(part, Filling):
            made = piece(part.html(own))
        elif isinstance(part, Hole):
            value = _value(part.source, own, match, language)
            if value is None:
                out += [b"".join(row), part] if row else [part]
                row = []
                continue
            made = piece(part.text(value))
        row.append(made.content)
        size += made.size
        beyond += made.beyond
    if row:
        out.append(b"".join(row))
    return Fragment(tuple(out), size, beyond, size + 80 * len(out))


def _value(name: Any, own: Own, match: str, language: Language) -> str | None:
    """A reader's own text by the name of its slot; None if it is none of them."""
    if name == "explanation":
        return explanation(match, own.whys, language)
    if name == "strongest":
        return strongest(own.whys)
    if name.startswith("text"):
        return plain_text(own.paragraphs[int(name[4:])])
    return None
