# ruff: noqa: RUF001, RUF002, SIM905 -- signs are written as they are shown; names are kept as lines of words
r"""What the packages of the sciences write: quantities (siunitx) and chemical formulas (mhchem).

Arguments come as they are written, with backslashes and braces.
"""

import re

from digest.text.scripts import lowered, raised

# --- quantities -----------------------------------------------------------------------------------------------------

_PREFIXES = dict(
    pair.split(":")
    for pair in "yocto:y zepto:z atto:a femto:f pico:p nano:n micro:µ milli:m centi:c deci:d deca:da hecto:h kilo:k mega:M"
    " giga:G tera:T peta:P exa:E zetta:Z yotta:Y".split()
)
_UNITS = dict(
    pair.split(":")
    for pair in "metre:m meter:m gram:g kilogram:kg second:s ampere:A kelvin:K mole:mol candela:cd hertz:Hz newton:N pascal:Pa"
    " joule:J watt:W coulomb:C volt:V farad:F ohm:Ω siemens:S weber:Wb tesla:T henry:H lumen:lm lux:lx becquerel:Bq gray:Gy"
    " sievert:Sv katal:kat minute:min hour:h day:d degree:° celsius:°C degreeCelsius:°C arcminute:′ arcsecond:″ litre:L liter:L"
    " tonne:t hectare:ha electronvolt:eV dalton:Da angstrom:Å percent:% decibel:dB radian:rad steradian:sr byte:B parsec:pc"
    " um:µm us:µs ug:µg ul:µL uA:µA uW:µW".split()
)
_POWERS = {"square": "²", "cubic": "³", "squared": "²", "cubed": "³"}
_UNIT = re.compile(r"\\(?P<name>[A-Za-z]+)|\^\{?(?P<power>[+-]?\d{1,3})\}?|(?P<letters>[^\s\\.~^{}]+)|[.~\s]")
_EXPONENT = re.compile(r"(?P<base>[\d.,]*)[eEdD](?P<power>[+-]?\d+)")


def unit(written: str) -> str:
    r"""A unit: `\kilo\metre\per\second` is km/s, `m.s^{-1}` is m s⁻¹."""
    shown: list[str] = []
    between = power = ""
    for part in _UNIT.finditer(written):
        name = part["name"]
        if name == "per":
            between = "/"
        elif name in ("square", "cubic"):
            power = _POWERS[name]
        elif name in _POWERS or part["power"]:
            shown.append(_POWERS.get(name) or raised(part["power"]))
        elif name in _PREFIXES:
            shown.append(between + _PREFIXES[name])
            between = ""
        elif name or part["letters"]:
            shown.append(between + (_UNITS.get(name, name) if name else part["letters"]) + power)
            between, power = " " if name else "", ""
        elif shown:
            between = between or " "
    return "".join(shown)


def number(written: str) -> str:
    r"""A number: `1.5e-3` is 1.5 × 10⁻³, `2 +- 1` is 2 ± 1."""
    plain = re.sub(r"[{}\\$~]", "", written).strip().replace("+-", " ± ")
    found = _EXPONENT.fullmatch(plain)
    if not found:
        return " ".join(plain.split())
    power = f"10{raised(found['power'].removeprefix('+'))}"
    return power if found["base"] in ("", "1") else f"{found['base']} × {power}"


def quantity(amount: str, of_unit: str) -> str:
    r"""A number with its unit."""
    shown = unit(of_unit)
    return f"{amount}{shown if shown[:1] in ('%', '′', '″') or shown == '°' else f' {shown}'}".strip()


# --- chemistry ------------------------------------------------------------------------------------------------------

_ARROWS = {"->": "→", "<-": "←", "<->": "↔", "<=>": "⇌", "<=>>": "⇌", "<<=>": "⇌", "=>": "⇒"}
_CHEMISTRY = re.compile(
    r"(?P<arrow><<=>|<=>>|<=>|<->|->|<-|=>)(?:\[[^\[\]]*\]){0,2}"
    r"|\^\{?(?P<up>[0-9]*[+-]|[0-9]+|\w+|[*.])\}?|_\{?(?P<down>[\w.+-]+)\}?"
    r"|(?<=[A-Za-z)\]])(?P<count>\d+)|(?<=[A-Za-z0-9)\]])(?P<charge>[+-])(?=[\s,;\]}]|\Z)"
    r"|\\(?P<name>[A-Za-z]+)|(?P<gone>[{}\\$]+)"
)


def chemistry(written: str) -> str:
    r"""A formula or a reaction: `H2O`, `SO4^2-`, `^{13}C`, `2H2 + O2 -> 2H2O`."""
    return " ".join(_CHEMISTRY.sub(_chemical, written).split())


def _chemical(part: re.Match[str]) -> str:
    if part["arrow"]:
        return f" {_ARROWS[part['arrow']]} "
    if part["up"] or part["charge"]:
        return raised(part["up"] or part["charge"])
    if part["down"] or part["count"]:
        return lowered(part["down"] or part["count"], part.string[max(0, part.start() - 1) : part.start()])
    return part["name"] or ""
