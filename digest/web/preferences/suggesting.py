"""Terms to add: from what somebody likes, from what is found for them, from what they collected."""

from threading import Semaphore

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from digest.model import Taste
from digest.ranking.references import UnreadableError
from digest.rendering.words import capital
from digest.text.counts import counted
from digest.web.desk import Desk, Reader
from digest.web.preferences import editor
from digest.web.preferences.choosing import choices
from digest.web.preferences.finding import Finder
from digest.web.preferences.form import read
from digest.web.preferences.proposing import Proposed, completed, entries_of, proposed
from digest.web.preferences.terms import joined
from digest.web.safety import form, heed_limit

_MOST_FOUND = 20  # papers of the week to learn from
_READS = Semaphore(2)  # libraries at a time: each may take seconds, and others' pages want threads, too
_BUSY = "Other libraries are being read just now. Press the button again in a few seconds."


def show(finder: Finder, desk: Desk, reader: Reader, request: Request) -> Response:  # noqa: ARG001
    """What is proposed without being given anything."""
    return _page(desk, reader, [one for one in (_liked(desk, reader), _found(desk, finder, reader)) if one])


def upload(desk: Desk, reader: Reader, request: Request) -> Response:
    """What is proposed from a file, or from a list that was typed."""
    heed_limit(request, "upload", desk.clock())
    sent = form(request)
    content = _content(sent)
    if not content.strip():
        return _page(desk, reader, [], fault="Choose a file, or write a paper on each line.")
    if not _READS.acquire(blocking=False):
        return _page(desk, reader, [], fault=_BUSY, typed=_typed(sent))
    try:
        return _learnt(desk, reader, content, _typed(sent))
    finally:
        _READS.release()


def _learnt(desk: Desk, reader: Reader, content: bytes, typed: str) -> Response:
    try:
        entries, left_out = entries_of(content)
    except UnreadableError as error:
        what = str(error)
        return _page(desk, reader, [], fault=f"{capital(what)}.", typed=typed)
    papers, unknown = completed(entries, desk.store.recognized(entries))
    rests_on = f"{counted(sum(bool(paper.title) for paper in papers), 'paper')} of yours"
    own = reader.subscriber.profile.keywords
    made = proposed(rests_on, papers, desk.store.background(), own, [*left_out, *unknown])
    return _page(desk, reader, [made], typed=typed)


def add(desk: Desk, reader: Reader, request: Request) -> Response:
    """Add what was ticked to the profile."""
    before = reader.subscriber
    ticked = [line for line in form(request).getlist("add") if isinstance(line, str) and line.strip()]
    if not ticked:
        return _nothing(desk, reader)
    text = joined([*before.profile.keywords, *ticked])
    draft = read({"keywords": [text]}, before, choices(desk))
    if draft.slips:
        return editor.page(desk, reader, draft, status=422)
    return editor.save(desk, reader, draft.subscriber, "added")


def _nothing(desk: Desk, reader: Reader) -> Response:
    return desk.says(
        "Nothing was ticked",
        "Go back and tick the terms that you want, then press “Add what is ticked”.",
        status=422,
        go=("Back to the terms", f"/preferences/{reader.token}/suggest"),
    )


def _page(desk: Desk, reader: Reader, found: list[Proposed], *, fault: str = "", typed: str = "") -> Response:
    values = {"token": reader.token, "found": found, "fault": fault, "typed": typed}
    status = 422 if fault else 200
    return desk.page("preferences/suggest", "Suggested terms", status=status, private=True, **values)


# --- what it rests on -----------------------------------------------------------------------------------------------


def _liked(desk: Desk, reader: Reader) -> Proposed | None:
    own = reader.subscriber
    taste = desk.store.tastes([own.id]).get(own.id, Taste())
    liked = [said.listing for said in taste.feedback if said.liked]
    if not liked:
        return None
    rests_on = f"{counted(len(liked), 'paper')} that you liked"
    return proposed(rests_on, liked, desk.store.background(), own.profile.keywords)


def _found(desk: Desk, finder: Finder, reader: Reader) -> Proposed | None:
    papers = [pick.listing for pick in finder.of_week(reader.subscriber, _MOST_FOUND)]
    if not papers:
        return None
    rests_on = f"the {counted(len(papers), 'paper')} of this week that match you best"
    return proposed(rests_on, papers, desk.store.background(), reader.subscriber.profile.keywords)


def _content(sent: FormData) -> bytes:
    """The file, if one was chosen; else what was typed."""
    file = sent.get("file")
    if isinstance(file, UploadFile):
        content = file.file.read()
        if content.strip():
            return content
    return _typed(sent).encode("utf-8", "replace")


def _typed(sent: FormData) -> str:
    typed = sent.get("list")
    return typed if isinstance(typed, str) else ""
