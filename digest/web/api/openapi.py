"""The API as OpenAPI 3.1 says it (https://spec.openapis.org/oas/v3.1.1.html), made from the operations themselves."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from digest.web.api.operations import Operation
from digest.web.api.problems import KIND
from digest.web.api.schemas import Problem

_REF = "#/components/schemas/{model}"
_JSON = "application/json"
_SENT: JsonSchemaMode = "validation"
_TOLD: JsonSchemaMode = "serialization"
Document = dict[str, Any]

# Of what stands in a path.
PARTS = {
    "id": {"description": "A number, an arXiv identifier or a DOI.", "example": "1", "schema": {"type": "string"}},
    "token": {"description": "From the preferences link of a digest.", "schema": {"type": "string"}},
}


def document(operations: tuple[Operation, ...], title: str, version: str, base: str) -> Document:
    """The whole of it."""
    refs, schemas = _schemas(operations)
    paths: Document = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "summary": "New papers, and what a profile finds in them."},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


Refs = Mapping[Any, Document]  # by model and mode


@cache  # it takes ten times as long as all other pages together to be made
def _schemas(operations: tuple[Operation, ...]) -> tuple[Refs, Document]:
    """Where each model is, and all of them."""
    sent = {operation.body for operation in operations if operation.body}
    told = {operation.answer for operation in operations} | {Problem}
    modes = [(model, _SENT) for model in sent] + [(model, _TOLD) for model in told]
    refs, whole = models_json_schema(sorted(modes, key=lambda one: one[0].__name__), ref_template=_REF)
    return dict(refs), whole["$defs"]


def _operation(operation: Operation, refs: Refs) -> Document:
    said: Document = {"operationId": operation.name, "summary": operation.summary}
    if operation.description:
        said["description"] = operation.description
    if parameters := list(parameters_of(operation)):
        said["parameters"] = parameters
    if operation.body:
        said["requestBody"] = {"required": True, "content": {_JSON: {"schema": refs[operation.body, _SENT]}}}
    answer = {"schema": refs[operation.answer, _TOLD]}
    said["responses"] = {"200": {"description": _phrase(200), "content": {_JSON: answer}}}
    for status in refusals(operation):
        problem = {KIND: {"schema": refs[Problem, _TOLD]}}
        said["responses"][str(status)] = {"description": _phrase(status), "content": problem}
    return said


def parameters_of(operation: Operation) -> Iterator[Document]:
    """What stands in the path and behind the question mark."""
    for name in re.findall(r"\{(\w+)\}", operation.path):
        yield {"name": name, "in": "path", "required": True, **PARTS[name]}
    if operation.query:
        schema = operation.query.model_json_schema()
        for name, one in schema["properties"].items():
            own = {key: value for key, value in one.items() if key not in ("title", "description")}
            required = name in schema.get("required", ())
            yield {
                "name": name,
                "in": "query",
                "required": required,
                "description": one.get("description", ""),
                "schema": _bare(own),
            }


def _bare(schema: Document) -> Document:
    """Of what may be left out, its kind alone: nobody can write null behind a question mark."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    if len(kinds) != 1:
        return schema
    return dict(kinds[0])


def refusals(operation: Operation) -> list[int]:
    """The statuses that are no success."""
    found = {429, *operation.refuses}
    if operation.query:
        found.add(422)
    if operation.body:
        found |= {400, 403, 408, 413, 415, 422}
    return sorted(found)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase
