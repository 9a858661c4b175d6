"""What a form says that a page posts."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

MOST_FIELDS = 1_000


@dataclass(frozen=True, slots=True)
class Form:
    """The fields by name, each with all of its values in their order, and the files by the name of their field."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def one(self, name: str) -> str:
        """The last value of a field; empty if there is none."""
        return self.fields.get(name, ("",))[-1]


def posted(answer: Callable[[Request, Form], Response], *, files: int = 0) -> Callable[[Request], Awaitable[Response]]:
    """A page's function that is given its form, in a thread of its own, as one for Starlette; of so many files at most."""

    async def respond(request: Request) -> Response:
        async with request.form(max_files=files, max_fields=MOST_FIELDS) as form:
            fields: dict[str, tuple[str, ...]] = {}
            contents: dict[str, bytes] = {}
            for name, value in form.multi_items():
                if isinstance(value, str):
                    fields[name] = (*fields.get(name, ()), value)
                else:
                    contents[name] = await value.read()
        return await run_in_threadpool(answer, request, Form(fields, contents))

    return respond
