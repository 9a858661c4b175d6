"""The form of somebody's preferences: what it holds, what can be read of what comes back, and what cannot."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from digest import config
from digest.model import Subscriber
from digest.rendering.words import capital
from digest.web.preferences.terms import Slip, joined, written

TEXTS = (
    "name", "timezone", "send_at", "max_papers", "max_trending", "min_match", "max_per_term", "diversity", "format",
    "layout", "locale",
)  # fmt: skip
FLAGS = ("signals", "send_empty", "catch_up")
LISTS = ("days", "sources")
_LONGEST_TEXT = 200
_MOST_CATEGORIES = 50
ON = "on"


@dataclass(frozen=True, slots=True)
class Choices:
    """What an installation has to choose from."""

    sources: Mapping[str, str]  # name -> as people say it
    locales: Collection[str]


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody would have."""

    subscriber: Subscriber  # where a field cannot be read, as it was before
    values: Mapping[str, Any]  # what the form shows, by field
    faults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by field; sentences
    slips: tuple[Slip, ...] = ()  # lines of the keywords that cannot be read

    @property
    def is_sound(self) -> bool:
        return not self.faults and not self.slips


def shown(subscriber: Subscriber, choices: Choices) -> Draft:
    """The form of what somebody has."""
    return Draft(subscriber, _values(_table(subscriber), choices))


def read(fields: Mapping[str, Sequence[str]], before: Subscriber, choices: Choices) -> Draft:
    """What a form asks for. A field that it does not have stays as it was before, and so does one that has a fault."""
    table = _table(before)
    keywords = written(_last(fields, "keywords", joined(table["keywords"])), table["keywords"])
    wanted = _wanted(fields, table, choices) | {"keywords": list(keywords.lines)}
    faults = _own_faults(wanted, (*choices.locales, table["locale"]))
    _, found = config.read_subscriber(wanted, choices.sources)
    for fault in found:
        faults.setdefault(_field_of(fault.key), _sentence(fault.what))
    good = {key: table[key] if key in faults else value for key, value in wanted.items()}
    after, still = config.read_subscriber(good, choices.sources)
    subscriber = _changed(before, after.subscriber()) if after and not still else before
    said = {name: _last(fields, name, "") for name in ("keywords", "categories", *TEXTS) if name in fields}
    values = _values(wanted, choices) | {name: text[:_LONGEST_TEXT] for name, text in said.items() if name in TEXTS}
    values |= {name: said[name] for name in ("keywords", "categories") if name in said}
    return Draft(subscriber, values, {name: (what,) for name, what in faults.items()}, keywords.slips)


# --- there and back -------------------------------------------------------------------------------------------------


def _table(subscriber: Subscriber) -> dict[str, Any]:
    """By the keys of the configuration; without what no form says."""
    return {key: value for key, value in config.record(subscriber).items() if key not in ("status", "paused_until")}


def _values(table: Mapping[str, Any], choices: Choices) -> dict[str, Any]:
    """A table as a form shows it. Who names no source reads all of them."""
    return {
        **table,
        "keywords": joined(table["keywords"]),
        "categories": ", ".join(table["categories"]),
        "sources": list(table["sources"]) or list(choices.sources),
        **{name: str(table[name]).removesuffix(".0") for name in ("min_match", "diversity")},
    }


def _wanted(fields: Mapping[str, Sequence[str]], table: Mapping[str, Any], choices: Choices) -> dict[str, Any]:
    texts = {name: _last(fields, name, "").strip() for name in TEXTS if name in fields}
    flags = {name: _last(fields, name, "") == ON for name in FLAGS if name in fields}
    lists = {name: [item for item in fields[name] if item] for name in LISTS if name in fields}
    if set(lists.get("sources", ())) >= set(choices.sources):
        lists["sources"] = []  # also those that come later
    if "sources" in lists and not lists["sources"] and not any(fields["sources"]):
        lists["sources"] = [""]  # none at all, which is a fault
    if "categories" in fields:
        lists["categories"] = [one for one in re.split(r"[,;\s]+", _last(fields, "categories", "")) if one]
    return {**table, **texts, **flags, **lists}


def _last(fields: Mapping[str, Sequence[str]], name: str, otherwise: str) -> str:
    return (fields.get(name) or (otherwise,))[-1]


def _changed(before: Subscriber, after: Subscriber) -> Subscriber:
    """Who somebody is, and how far they have been served, is no matter of a form."""
    wants = ("name", "profile", "schedule", "format", "layout", "locale", "send_empty")
    return replace(before, **{name: getattr(after, name) for name in wants})


# --- what is wrong --------------------------------------------------------------------------------------------------


def _own_faults(wanted: Mapping[str, Any], locales: Collection[str]) -> dict[str, str]:
    """Faults that a page has other words for than a file has, or that no file has."""
    faults = {}
    if not wanted["days"]:
        faults["days"] = "Choose one day at least. To stop the mail for a while, pause it: the link is further down."
    if wanted["sources"] == [""]:
        faults["sources"] = "Choose one source at least."
    if wanted["locale"] not in locales:
        faults["locale"] = "Choose one of these languages."
    if len(wanted["categories"]) > _MOST_CATEGORIES:
        faults["categories"] = f"These are {len(wanted['categories'])}; {_MOST_CATEGORIES} is the most."
    for name in TEXTS:
        if len(str(wanted[name])) > _LONGEST_TEXT:
            faults[name] = f"This is too long: {_LONGEST_TEXT} characters at most."
        elif wanted[name] == "" and name in _NUMBERS:
            faults[name] = "Write a number."
    return faults


_NUMBERS = ("max_papers", "max_trending", "min_match", "max_per_term", "diversity")


def _field_of(key: str) -> str:
    """`categories[2]`: the field that it is in."""
    return re.split(r"[.\[(]", key, maxsplit=1)[0].strip()


def _sentence(what: str) -> str:
    ended = what if what.endswith(("?", ".")) else f"{what}."
    return capital(ended)


# --- for the operator -----------------------------------------------------------------------------------------------


def differences(before: Subscriber, after: Subscriber) -> dict[str, Any]:
    """The keys of the configuration that would change, with what they would be."""
    was = config.record(before)
    return {key: value for key, value in config.record(after).items() if was[key] != value}


def toml(table: Mapping[str, Any]) -> str:
    """These keys as lines of config.toml."""
    return "\n".join(f"{key} = {_toml(value)}" for key, value in table.items())


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return _string(value)
        case list():
            return _list([_string(item) for item in value])
    return str(value)


def _list(items: Iterable[str]) -> str:
    several = list(items)
    line = f"[{', '.join(several)}]"
    return line if len(line) <= _WIDEST else "".join(["[\n", *(f"    {item},\n" for item in several), "]"])


_WIDEST = 70


def _string(text: str) -> str:
    """As people write it: of one with quotes a literal one."""
    if '"' in text and "'" not in text:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
