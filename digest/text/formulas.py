# ruff: noqa: RUF001, SIM905 -- signs are written as they are shown; names are kept as lines of words
"""Commands of formulas: fractions, roots, matrices, states, quantities, and where a formula starts and ends."""

from digest.text.notation import chemistry, number, quantity, unit
from digest.text.reader import Command, Environment, Reader
from digest.text.scripts import lowered, quotient, root
from digest.text.spacing import APART, CELL, CLOSES, EDGE, LEFT, OPENS, RIGHT, ROW, SOFT, settled, tight

# --- fractions -------------------------------------------------------------------------------------------------------


def _fraction(reader: Reader, _: str) -> str:
    above, below = settled(reader.argument()).strip(), settled(reader.argument()).strip()
    return f"{EDGE}{quotient(above, below)}{APART}"


def _root(reader: Reader, _: str) -> str:
    degree = reader.option()
    return root(settled(reader.argument()), degree)


def _choose(above: str, below: str) -> str:
    return f"({above} choose {below})"


def _binomial(reader: Reader, _: str) -> str:
    return _choose(settled(reader.argument()).strip(), settled(reader.argument()).strip())


INFIX = {"\\over": quotient, "\\above": quotient, "\\choose": _choose, "\\atop": "{}, {}".format}


def _underset(reader: Reader, _: str) -> str:
    below = tight(reader.argument())
    base = settled(reader.argument()).strip()
    return f"{EDGE}{base}{lowered(below, base)}{EDGE}"


def _modulo(reader: Reader, _: str) -> str:
    return f" (mod {settled(reader.argument()).strip()})"


def _arrow(reader: Reader, name: str) -> str:
    reader.option()
    reader.argument()
    return f"{SOFT}{'→' if 'right' in name else '←'}{SOFT}"


_FORMULAS = frozenset(
    "equation align eqnarray gather multline displaymath math alignat flalign split aligned gathered subequations".split()
)
_BRACKETS = {
    "matrix": "", "array": "", "pmatrix": "()", "smallmatrix": "", "psmallmatrix": "()", "bmatrix": "[]", "Bmatrix": "{}", "vmatrix": "||",
    "Vmatrix": "‖‖", "cases": "{}", "dcases": "{}", "rcases": "{}",
}  # fmt: skip


def _begin(reader: Reader, _: str) -> str:
    name = reader.raw().rstrip("*")
    if name in ("array", "tabular", "alignat"):
        reader.raw()  # its columns
    if name not in _FORMULAS and name not in _BRACKETS:
        return " "
    brackets = _BRACKETS.get(name, "")
    in_cells = name in _BRACKETS
    reader.environments.append(Environment(reader.math, CELL if in_cells else "", ROW, brackets[1:]))
    reader.math = True
    return f"{brackets[:1]}{RIGHT}" if in_cells else f" {OPENS}"


def _end(reader: Reader, _: str) -> str:
    name = reader.raw().rstrip("*")
    if name not in _FORMULAS and name not in _BRACKETS:
        return " "
    environment = (
        reader.environments.pop() if reader.environments else Environment(math=False, cell="", row="", close="")
    )
    reader.math = environment.math
    return f"{LEFT}{environment.close}" if name in _BRACKETS else f"{CLOSES} "


def _substack(reader: Reader, _: str) -> str:
    """Conditions under a sum, one a line."""
    depth = len(reader.environments)
    reader.environments.append(Environment(reader.math, "", ", ", ""))
    shown = settled(reader.argument())
    del reader.environments[depth:]
    return shown.replace(" , ", ", ")


def _opens(reader: Reader, _: str) -> str:
    reader.math = True
    return OPENS


def _closes(reader: Reader, _: str) -> str:
    reader.math = False
    return CLOSES


# --- sciences -------------------------------------------------------------------------------------------------------


def _between(brackets: str) -> Command:
    opening, closing = brackets.split()
    return lambda reader, _: f"{opening}{settled(reader.argument()).strip()}{closing}"


def _ket_bra(reader: Reader, _: str) -> str:
    return f"|{settled(reader.argument()).strip()}⟩⟨{settled(reader.argument()).strip()}|"


def _commutator(reader: Reader, _: str) -> str:
    return f"[{settled(reader.argument()).strip()}, {settled(reader.argument()).strip()}]"


def _chemical(reader: Reader, _: str) -> str:
    return f"{EDGE}{chemistry(reader.written())}{EDGE}"


def _quantity(reader: Reader, _: str) -> str:
    reader.option()
    return quantity(number(reader.written()), reader.written())


def _range(reader: Reader, name: str) -> str:
    reader.option()
    amount = f"{number(reader.written())}–{number(reader.written())}"
    return amount if name == "numrange" else quantity(amount, reader.written())


def _number(reader: Reader, name: str) -> str:
    reader.option()
    return number(reader.written()) + ("°" if name == "ang" else "")


def _unit(reader: Reader, _: str) -> str:
    reader.option()
    return unit(reader.written())


# --- the table ------------------------------------------------------------------------------------------------------


def named(names: str, command: Command) -> dict[str, Command]:
    """The same command under several names."""
    return dict.fromkeys(names.split(), command)


COMMANDS = (
    named("frac dfrac tfrac cfrac nicefrac sfrac flatfrac", _fraction)
    | named("binom tbinom dbinom", _binomial)
    | named("ket", _between("| ⟩"))
    | named("bra", _between("⟨ |"))
    | named("braket expval ev", _between("⟨ ⟩"))
    | named("ketbra outerproduct dyad", _ket_bra)
    | named("abs card", _between("| |"))
    | named("norm", _between("‖ ‖"))
    | named("ceil", _between("⌈ ⌉"))
    | named("floor", _between("⌊ ⌋"))
    | named("set Set", _between("{ }"))
    | named("comm commutator", _commutator)
    | named("enquote", _between("“ ”"))
    | named("ce cee", _chemical)
    | named("SI qty", _quantity)
    | named("SIrange qtyrange numrange", _range)
    | named("num ang", _number)
    | named("si unit", _unit)
    | named("xrightarrow xleftarrow", _arrow)
    | {"sqrt": _root, "underset": _underset, "substack": _substack, "pmod": _modulo}
    | {"begin": _begin, "end": _end, "(": _opens, "[": _opens, ")": _closes, "]": _closes}
)
