"""The operator's own pages: what is wrong, since when, why, and what to do.

They are there only if a password or a header of the proxy is configured. Who may be here is in `sessions`; every page
and every form goes through `visits`, which also writes down what was changed.
"""

from collections.abc import Sequence
from functools import partial

from starlette.routing import BaseRoute, Route

from digest.web.admin import login, overview, people, record, runs, sendings, sources, suppressions, templates
from digest.web.admin.visits import Act, Show, done, seen
from digest.web.desk import Desk

_SHOWN: Sequence[tuple[str, Show]] = (
    ("/admin", overview.show),
    ("/admin/deliveries", sendings.list_),
    ("/admin/subscribers", people.list_),
    ("/admin/subscribers/{number:int}", people.one),
    ("/admin/sources", sources.list_),
    ("/admin/suppressions", suppressions.list_),
    ("/admin/runs", runs.list_),
    ("/admin/templates", templates.show),
    ("/admin/templates/mail", templates.mail),
    ("/admin/suggestions", record.suggestions),
    ("/admin/log", record.deeds),
)
_DONE: Sequence[tuple[str, Act]] = (
    ("/admin/subscribers/{number:int}/{deed}", people.changed),
    ("/admin/suppressions/add", suppressions.added),
    ("/admin/suppressions/remove", suppressions.removed),
    ("/admin/templates/test", templates.tested),
    ("/admin/logout", login.log_out),
)


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """Their pages; none where nobody could be told from a stranger."""
    own = desk.settings.admin
    if own.password_file is None and own.header is None:
        return []
    return [
        *(Route(path, seen(desk, show, login.asked), methods=["GET"]) for path, show in _SHOWN),
        *(Route(path, done(desk, act, login.asked), methods=["POST"]) for path, act in _DONE),
        Route("/admin/login", seen(desk, login.is_in, login.asked), methods=["GET"]),
        Route("/admin/login", partial(login.log_in, desk), methods=["POST"]),
    ]
