"""Suggesting a paper for everybody's digest. A curator decides."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from digest.curating import FRESH, SUGGESTIONS_A_DAY, Refusal
from digest.tokens import Purpose
from digest.web.archive.cards import Shown
from digest.web.archive.papers import no_such_paper
from digest.web.curating.naming import LONGEST, meant, paper, shown
from digest.web.desk import Desk, Reader
from digest.web.posting import Form, acting, done, next_page, number, seen, showing
from digest.web.safety import heed_limit

_WHY_NOT: Mapping[Refusal, str] = MappingProxyType(
    {
        Refusal.UNKNOWN: "This paper is not held here any more.",
        Refusal.PINNED: "A curator has picked this paper already.",
        Refusal.SUGGESTED: "Somebody has suggested this paper already. Thank you all the same.",
        Refusal.OLD: f"This paper is more than {FRESH.days} days old. The digest is for what is new; you can still"
        " recommend it to other readers.",
        Refusal.ENOUGH: f"You have suggested {SUGGESTIONS_A_DAY} papers today, which is as many as there may be."
        " Tomorrow there is room for more.",
    }
)


def routes(desk: Desk) -> Sequence[BaseRoute]:
    """Of one reader."""
    return [
        showing(desk, "/suggest/{token}", seen(Purpose.FEEDBACK, _show, lasting=True)),
        acting(desk, "/suggest/{token}", done(Purpose.FEEDBACK, _suggest, lasting=True)),
        showing(desk, "/suggest/{token}/{number}", seen(Purpose.FEEDBACK, _thank, lasting=True)),
    ]


def _show(desk: Desk, reader: Reader, request: Request) -> Response:
    return _page(desk, reader, request.query_params.get("paper", "")[:LONGEST])


def _suggest(desk: Desk, reader: Reader, form: Form, request: Request) -> Response:
    """By what somebody typed, or by the number of one of those that it may mean."""
    now = desk.clock()
    heed_limit(request, "suggest", now)
    typed = form.get("paper", "").strip()[:LONGEST]
    chosen = desk.store.listing(number(form.get("number", "")))
    found = [chosen] if chosen else meant(desk, typed) if typed else []
    if not desk.settings.web.curators or not found:
        return _page(desk, reader, typed, fault=_not_found(typed), status=422)
    if len(found) > 1:
        return _page(desk, reader, typed, choices=shown(desk, found))
    why_not = desk.store.suggest(reader.subscriber.id, found[0].id, now)
    if why_not is None:
        return next_page(desk, f"/suggest/{reader.token}/{found[0].id}")
    return _page(desk, reader, typed, fault=_WHY_NOT[why_not], refused=shown(desk, found)[0], status=422)


def _not_found(typed: str) -> str:
    if not typed:
        return "Write which paper you mean, or paste a link to it."
    return "No paper that is held here goes by that. It can be suggested once one of our sources has announced it."


def _page(  # noqa: PLR0913  (the parts of a page)
    desk: Desk,
    reader: Reader,
    typed: str,
    *,
    fault: str = "",
    choices: Sequence[Shown] = (),
    refused: Shown | None = None,
    status: int = 200,
) -> Response:
    if not desk.settings.web.curators:
        why = "Suggestions go to a curator, and this site has none."
        what = "You can recommend a paper to other readers: what several of them recommend comes in everybody's digest."
        return desk.says("Nobody picks papers here", why, what, go=("Look at the newest papers", "/papers"), status=404)
    return desk.page(
        "curating/suggest", "Suggest a paper", private=True, status=status, token=reader.token, typed=typed, fault=fault,
        choices=choices, refused=refused, most=SUGGESTIONS_A_DAY, days=FRESH.days, longest=LONGEST,
    )  # fmt: skip


def _thank(desk: Desk, reader: Reader, request: Request) -> Response:
    found = paper(desk, request.path_params["number"])
    if found is None:
        return no_such_paper(desk)
    return desk.page("curating/thanks", "Thank you", private=True, token=reader.token, paper=found)
