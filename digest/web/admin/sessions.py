"""Who is at the operator's pages: somebody with the password, or whom the proxy before us names."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from itsdangerous import BadData
from starlette.requests import Request
from starlette.responses import Response

from digest.web import safety
from digest.web.desk import Desk

LASTS = timedelta(hours=12)
_LONGEST_NAME = 100
_OPERATOR = "the operator"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who may change things."""

    who: str  # as the log names them
    id: str  # what their forms are bound to
    until: datetime


def session_of(desk: Desk, request: Request) -> Session | None:
    """Whose request it is; None if nobody's who may be here."""
    return _named(desk, request) or _remembered(desk, request)


# --- named by the proxy ---------------------------------------------------------------------------------------------


def _named(desk: Desk, request: Request) -> Session | None:
    """Whom the proxy's header names. One that is there twice is not believed: one of the two may be a stranger's own."""
    header = desk.settings.admin.header
    if header is None or not safety.from_proxy(request):
        return None
    names = request.headers.getlist(header)
    name = names[0].strip() if len(names) == 1 else ""
    if not name or not name.isprintable() or len(name) > _LONGEST_NAME:
        return None
    return Session(name, f"named {name}", desk.clock() + LASTS)


# --- known by the password ------------------------------------------------------------------------------------------


def begin(desk: Desk, response: Response, kept: str) -> None:
    """Remember in a cookie that somebody gave the password of which this hash is kept."""
    until = desk.clock() + LASTS
    told = [secrets.token_urlsafe(16), int(until.timestamp()), _mark(kept)]
    response.set_cookie(
        _cookie(desk),
        str(desk.seal("admin").dumps(told)),
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=desk.is_secure,
        httponly=True,
        samesite="strict",
    )


def end(desk: Desk, session: Session, response: Response) -> None:
    """Good for nothing from now on, also where somebody has copied the cookie."""
    desk.store.end_session(session.id, session.until, desk.clock())
    response.delete_cookie(_cookie(desk), path="/", secure=desk.is_secure, httponly=True, samesite="strict")


def _remembered(desk: Desk, request: Request) -> Session | None:
    """Of a cookie that is ours, not too old, not logged out, and of the password that holds now."""
    sealed, file = request.cookies.get(_cookie(desk)), desk.settings.admin.password_file
    if sealed is None or file is None:
        return None
    try:
        session, until, mark = desk.seal("admin").loads(sealed)
        end = datetime.fromtimestamp(until, UTC)
    except (BadData, ValueError, TypeError, OverflowError):
        return None
    kept = kept_in(file)
    if kept is None or mark != _mark(kept) or not desk.clock() < end or desk.store.is_ended(session):
        return None
    return Session(_OPERATOR, session, end)


def kept_in(file: Path) -> str | None:
    """The hash in the password's file; None if it cannot be read or nothing is in it."""
    try:
        return file.read_text(encoding="ascii").strip() or None
    except (OSError, ValueError):
        return None


def _mark(kept: str) -> str:
    """Another one for another password: with a new one, everybody has to log in again."""
    return hashlib.sha256(kept.encode()).hexdigest()[:16]


def _cookie(desk: Desk) -> str:
    """The prefix binds it to this very host, and to HTTPS (RFC 6265bis, 4.1.3.2): without that, browsers refuse it."""
    return "__Host-admin" if desk.is_secure else "admin"


# --- forms ----------------------------------------------------------------------------------------------------------


def bound(desk: Desk, session: Session) -> str:
    """What every form of theirs holds, and no other site can know."""
    return str(desk.seal("admin form").dumps([session.id, int((desk.clock() + LASTS).timestamp())]))


def is_bound(desk: Desk, session: Session, given: str) -> bool:
    """Whether a form was given to this session, within the last hours."""
    try:
        whose, until = desk.seal("admin form").loads(given)
    except (BadData, ValueError, TypeError):
        return False
    return bool(whose == session.id and desk.clock().timestamp() < until)
