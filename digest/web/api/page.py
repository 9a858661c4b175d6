"""The API as people read it: each operation in plain values, taken from what `openapi.json` says."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from digest.web.api.operations import Operation

Schema = Mapping[str, Any]

# What an example asks for, behind the address of the pages.
EXAMPLES = {
    "papers": "/api/papers?category=cs.CL&limit=10",
    "paper": "/api/papers/2409.01234",
    "search": "/api/search?q=speculative+decoding",
    "preview": """/api/preview -H 'Content-Type: application/json' -d '{"keywords": ["retrieval", "title:survey"]}'""",
    "preferences": "/api/preferences/TOKEN",
    "change_preferences": "/api/preferences/TOKEN -X PUT -H 'Content-Type: application/json' -d @wanted.json",
}


Runs = tuple[tuple[str, bool], ...]  # stretches of a text, and whether each is code


class Value(NamedTuple):
    """One thing that is sent or told."""

    name: str
    kind: str  # "text", "whole number or null", "list of Paper"
    text: Runs
    required: bool = False


class Shape(NamedTuple):
    """What an object is made of."""

    name: str
    text: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """One operation."""

    name: str
    method: str
    path: str
    summary: str
    paragraphs: tuple[Runs, ...]
    parameters: tuple[Value, ...]
    sends: str  # the name of a shape; empty: nothing
    tells: str
    example: str  # for a shell


def explained(operations: Sequence[Operation], document: Schema, base: str) -> list[Explained]:
    """Every operation, in its order."""
    return [_explained(one, document["paths"][one.path][one.method.lower()], base) for one in operations]


def _explained(operation: Operation, said: Schema, base: str) -> Explained:
    path, *options = EXAMPLES[operation.name].split(" -")
    sent = said.get("requestBody", {}).get("content", {}).values()
    told = said["responses"]["200"]["content"].values()
    return Explained(
        name=operation.name,
        method=operation.method,
        path=operation.path,
        summary=operation.summary.rstrip("."),
        paragraphs=tuple(runs(part.replace("\n", " ")) for part in operation.description.split("\n\n") if part),
        parameters=tuple(
            Value(one["name"], kind(one["schema"]), runs(one.get("description", "")), one["required"])
            for one in said.get("parameters", ())
        ),
        sends="".join(kind(one["schema"]) for one in sent),
        tells="".join(kind(one["schema"]) for one in told),
        example=" \\\n    -".join([f"curl {shlex.quote(base + path)}", *options]),
    )


def shapes(document: Schema) -> list[Shape]:
    """The objects that are sent and told, by name."""
    found = document["components"]["schemas"]
    return [
        Shape(name, schema.get("description", "").partition("\n")[0], tuple(_values(schema)))
        for name, schema in sorted(found.items())
        if "properties" in schema
    ]


def choices(document: Schema) -> list[Shape]:
    """The words that some values are one of, by name."""
    found = document["components"]["schemas"]
    return [Shape(name, ", ".join(schema["enum"]), ()) for name, schema in sorted(found.items()) if "enum" in schema]


def _values(schema: Schema) -> Iterator[Value]:
    for name, one in schema["properties"].items():
        yield Value(name, kind(one), runs(one.get("description", "")))


def runs(text: str) -> Runs:
    """A text with code between backticks."""
    return tuple((part, bool(at % 2)) for at, part in enumerate(text.split("`")) if part)


_KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null"}
_FORMATS = {"date": "day", "date-time": "time"}


def kind(schema: Schema) -> str:
    """What a value is, in words: "list of text", "day or null"."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(map(kind, schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    match schema.get("type"):
        case "array":
            return f"list of {kind(schema.get('items', {}))}"
        case "object":
            return f"object of {kind(schema.get('additionalProperties', {}))}"
    return _FORMATS.get(schema.get("format", "")) or _KINDS.get(schema.get("type", ""), "anything")
