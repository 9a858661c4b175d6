"""What is wrong with a configuration, in words for the person who wrote it."""

import difflib
import json
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from digest.errors import Fault

_SECRET = frozenset({"password"})
_CREDENTIALS = re.compile(r"//[^/@\s]*@")
_LONGEST_SHOWN = 60


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, whatever its case."""
    spelled = {candidate.casefold(): candidate for candidate in known}
    near = difflib.get_close_matches(word.casefold(), spelled, n=1, cutoff=0.6)
    return spelled[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A suggestion to end a sentence with, or nothing."""
    near = closest(word, known)
    return f'; did you mean "{near}"?' if near else ""


def one_of(words: Sequence[str]) -> str:
    quoted = [f'"{word}"' for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def shown(value: object) -> str:
    """A value as the file would have it; cut short, and without what a URL holds of a login."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            text = _CREDENTIALS.sub("//...@", value)
            cut = text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."
            return json.dumps(cut, ensure_ascii=False)
        case list() | tuple():
            return "an empty list" if not value else "a list"
        case dict():
            return "a table"
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)


def dotted(prefix: str, path: Sequence[int | str]) -> str:
    """A key as a person would write it: `smtp.port`, `sources[1].categories[0]` (numbers count from 0)."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return (prefix + "".join(steps)).removeprefix(".")


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys that a table of this kind may have, as the file spells them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def faults_of(error: ValidationError, model: type[BaseModel], prefix: str, label: str = "") -> list[Fault]:
    """What pydantic found, as sentences. `label` says whose table it is, where the key alone does not."""
    return [
        Fault(dotted(prefix, detail["loc"]) + label, _sentence(detail, model))
        for detail in error.errors(include_url=False)
    ]


def unknown_key(key: str, known: Collection[str]) -> str:
    suggestion = did_you_mean(key, known)
    return "unknown key" + (suggestion or "; known here: " + ", ".join(sorted(known)))


def _sentence(detail: ErrorDetails, model: type[BaseModel]) -> str:
    kind, path = detail["type"], detail["loc"]
    if kind == "extra_forbidden":
        return unknown_key(str(path[-1]), keys_of(model))
    if kind == "missing":
        return "is required here"
    context = detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    wanted = _wanted(kind, context)
    if wanted is None:
        return detail["msg"]
    return f"{wanted}{_but(path, detail['input'])}"


def _but(path: Sequence[int | str], given: object) -> str:
    return "" if _SECRET.intersection(path) else f", not {shown(given)}"


_WANTED = {
    "string_type": 'must be text in quotes, like "this"',
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false",
    "list_type": 'must be a list, like ["one", "two"]',
    "tuple_type": 'must be a list, like ["one", "two"]',
    "path_type": 'must be a path in quotes, like "folder/file"',
    "model_type": "must be a table",
    "finite_number": "must be a number",
}


def _wanted(kind: str, context: dict[str, Any]) -> str | None:
    match kind:
        case "greater_than_equal":
            return f"must be {context['ge']} or more"
        case "less_than_equal":
            return f"must be {context['le']} or less"
        case "greater_than":
            return f"must be more than {context['gt']}"
        case "literal_error" | "enum":
            # pydantic words the choices as 'a', 'b' or 'c'
            return f"must be {context['expected'].replace(chr(39), chr(34))}"
        case _:
            return _WANTED.get(kind) or _WANTED.get(kind.partition("_")[0])
