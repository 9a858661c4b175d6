"""What somebody wants to read, and when: looked at, tried out, changed.

    GET  /preferences/TOKEN             the editor
    POST /preferences/TOKEN             saves; or, if another button was pressed, shows what it would bring
    POST /preferences/TOKEN/preview     a part of a page: what is found by what stands in the form
    POST /preferences/TOKEN/backtest    likewise: what it would have sent in the last weeks
    GET  /preferences/TOKEN/suggest     terms to add: from what they like, from what is found
    POST /preferences/TOKEN/suggest     the same, from papers that they collected
    POST /preferences/TOKEN/add         adds what was ticked

Only saving and adding change anything.
"""

from collections.abc import Sequence
from functools import partial

from starlette.routing import BaseRoute, Route

from digest.tokens import Purpose
from digest.web.desk import Desk
from digest.web.posting import Show, seen
from digest.web.preferences import editor, suggesting
from digest.web.preferences.finding import Finder


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """All that is for whoever has the link."""
    finder = Finder(desk)
    pages: list[tuple[str, str, Show]] = [
        ("GET", "", partial(editor.show, finder)),
        ("POST", "", partial(editor.act, finder)),
        ("POST", "/preview", partial(editor.preview, finder)),
        ("POST", "/backtest", partial(editor.backtest, finder)),
        ("GET", "/suggest", partial(suggesting.show, finder)),
        ("POST", "/suggest", suggesting.upload),
        ("POST", "/add", suggesting.add),
    ]
    return [
        Route(f"/preferences/{{token}}{path}", partial(seen(Purpose.PREFERENCES, page), desk), methods=[method])
        for method, path, page in pages
    ]
