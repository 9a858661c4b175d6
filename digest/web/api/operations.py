"""One operation of the API: a function over what was asked, and the way from a request to it and back."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.config.faults import faults_of
from digest.web.api.problems import RefusedError, problem, wrong
from digest.web.desk import Desk
from digest.web.safety import body, heed_limit

_JSON = "application/json"

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Operation:
    """A method, a path, and what is done: `work(desk, ...)`, which may raise RefusedError.

    What it takes beside the desk says what is read of a request: `query` and `body`, of models, and parts of the path.
    """

    method: str
    path: str
    work: Callable[..., BaseModel]
    refuses: tuple[int, ...] = ()  # with these statuses, beside those for requests that cannot be read

    @cached_property
    def _types(self) -> Mapping[str, type[BaseModel]]:
        return get_type_hints(self.work)

    @property
    def query(self) -> type[BaseModel] | None:
        return self._types.get("query")

    @property
    def body(self) -> type[BaseModel] | None:
        return self._types.get("body")

    @property
    def answer(self) -> type[BaseModel]:
        return self._types["return"]

    @property
    def name(self) -> str:
        return self.work.__name__

    @property
    def is_public(self) -> bool:
        """Whether it says the same to everybody."""
        return self.method == "GET" and "{token}" not in self.path

    @property
    def summary(self) -> str:
        """The first line of what the function says of itself."""
        return (inspect.getdoc(self.work) or "").partition("\n")[0]

    @property
    def description(self) -> str:
        """All other lines."""
        return (inspect.getdoc(self.work) or "").partition("\n")[2].strip()


def route(desk: Desk, operation: Operation) -> Route:
    """Where an operation is to be had."""

    def answer(request: Request) -> Response:
        heed_limit(request, "api", desk.clock())
        try:
            found = operation.work(desk, **_given(operation, request))
        except RefusedError as refused:
            return problem(refused)
        # Any page may read what everybody may (https://fetch.spec.whatwg.org/#http-cors-protocol).
        headers = {"Access-Control-Allow-Origin": "*"} if operation.is_public else {}
        return Response(found.model_dump_json(), media_type=_JSON, headers=headers)

    path = operation.path.replace("{id}", "{id:path}")  # old names of arXiv, and DOIs, have a slash
    return Route(path, answer, methods=[operation.method])


def _given(operation: Operation, request: Request) -> dict[str, Any]:
    given: dict[str, Any] = dict(request.path_params)
    if operation.query:
        given["query"] = read_query(operation.query, request.query_params)
    if operation.body:
        given["body"] = read_body(operation.body, request.headers.get("content-type", ""), body(request))
    return given


def read_query(model: type[Model], values: Mapping[str, str]) -> Model:
    """What stands behind the question mark. Raises RefusedError."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise _refused(error, model) from None


def read_body(model: type[Model], kind: str, content: bytes) -> Model:
    """What was sent. Raises RefusedError."""
    if kind.partition(";")[0].strip().lower() != _JSON:
        raise RefusedError(415, f"Send JSON, and say so: `Content-Type: {_JSON}`.")
    try:
        return model.model_validate_json(content, strict=True)
    except ValidationError as error:
        raise _refused(error, model) from None


def _refused(error: ValidationError, model: type[BaseModel]) -> RefusedError:
    first, *_ = error.errors(include_url=False)
    if first["type"] == "json_invalid":
        return RefusedError(400, f"What you sent is not JSON: {first['ctx']['error']}.")
    return wrong(faults_of(error, model, ""))
