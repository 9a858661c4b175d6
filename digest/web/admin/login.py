"""Coming in, and leaving."""

import os
import re
from contextlib import suppress
from pathlib import Path
from threading import Semaphore

import structlog
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from digest.web import safety
from digest.web.admin import passwords, sessions
from digest.web.admin.visits import Visit, text
from digest.web.admin.words import many
from digest.web.desk import Desk

log = structlog.get_logger(__name__)

# Checking one takes 64 MB and a twentieth of a second of all cores (RFC 9106): strangers do not get that forty times at once.
_CHECKS = Semaphore(2)
_PATIENCE = 5.0  # seconds
_OURS = re.compile(r"/admin(?:/[A-Za-z0-9/_-]*)?(?:\?[A-Za-z0-9=&%@.+:~_-]*)?")
_LONGEST = 500


def asked(desk: Desk, request: Request) -> Response:
    """For who is not the operator yet: the form for the password, or, without one, what their proxy has to say."""
    if desk.settings.admin.password_file is None:
        return _not_named(desk)
    if request.method not in ("GET", "HEAD"):
        return _form(desk, back="/admin", fault="Nothing was changed: log in first.", status=403)
    query = f"?{request.url.query}" if request.url.query else ""
    # A browser that follows a link from elsewhere keeps the cookie to itself (SameSite=Strict): from here, it tells it.
    came = request.headers.get("sec-fetch-site") == "cross-site"
    return _form(desk, back=back_to(f"{request.scope['path']}{query}"), came=came)


def _not_named(desk: Desk) -> Response:
    head = "The web server before these pages did not say who you are"
    header = desk.settings.admin.header
    why = f"Either you are not logged in there, or it does not send {header}, or its address is not in [web] proxies."
    return desk.says(head, why, status=403)


def _form(desk: Desk, *, back: str, fault: str = "", came: bool = False, status: int = 200) -> Response:
    return desk.page("admin/login", "Log in", status=status, private=True, back=back, fault=fault, came=came)


def back_to(wanted: str) -> str:
    """Where to go after the login: to a page of the operator's, and nowhere else."""
    return wanted if len(wanted) <= _LONGEST and _OURS.fullmatch(wanted) else "/admin"


def is_in(visit: Visit) -> Response:
    """Somebody is at the form who need not fill it in."""
    return visit.moved_on("/admin")


def log_in(desk: Desk, request: Request) -> Response:
    """The password was given."""
    file = desk.settings.admin.password_file
    if file is None:
        return _not_named(desk)
    given = safety.form(request)
    back, who = back_to(text(given, "back")), safety.client(request)
    if wait := safety.limits_of(request).allow("login", who, desk.clock()):
        return _late(desk, back, wait)
    kept = sessions.kept_in(file)
    if kept is None:
        log.error("the operator's password cannot be read", file=str(file))
        fault = "The file with the password cannot be read. On the server, `digest web password` writes it anew."
        return _form(desk, back=back, fault=fault, status=503)
    password = given.get("password", "")
    is_right = _checked(kept, password) if isinstance(password, str) else False
    if is_right is None:
        return _late(desk, back, 10)
    if not is_right:
        log.warning("wrong password on the operator's pages", address=who)
        return _form(desk, back=back, fault="This is not the password.", status=422)
    return _let_in(desk, who, back, _renewed(file, kept, str(password)))


def _late(desk: Desk, back: str, wait: int) -> Response:
    log.warning("too many tries to log in to the operator's pages")
    said = many(-(-wait // 60), "minute") if wait > 60 else many(wait, "second")
    answer = _form(desk, back=back, fault=f"Too many tries. In {said} you can try again.", status=429)
    answer.headers["Retry-After"] = str(wait)
    return answer


def _checked(kept: str, password: str) -> bool | None:
    """Whether it is the password; None if too many are being checked."""
    if not _CHECKS.acquire(timeout=_PATIENCE):
        return None
    try:
        return passwords.is_right(kept, password)
    finally:
        _CHECKS.release()


def _let_in(desk: Desk, who: str, back: str, kept: str) -> Response:
    answer = RedirectResponse(f"{desk.at}{back}", 303)
    sessions.begin(desk, answer, kept)
    log.info("the operator logged in", address=who)
    return answer


def _renewed(file: Path, kept: str, password: str) -> str:
    """The hash, made again where the library has come to think that more work is due; the old one if it cannot be kept."""
    if not passwords.is_outdated(kept):
        return kept
    fresh, beside = passwords.hashed(password), file.with_name(f"{file.name}.new")
    try:
        with os.fdopen(os.open(beside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="ascii") as writing:
            writing.write(f"{fresh}\n")
        beside.replace(file)
    except OSError as error:
        log.warning("cannot renew the hash of the operator's password", file=str(file), reason=error.strerror)
        with suppress(OSError):
            beside.unlink()
        return kept
    return fresh


def log_out(visit: Visit, _: FormData) -> Response:
    """The session is over, wherever its cookie is."""
    answer = RedirectResponse(f"{visit.desk.at}/admin", 303)
    sessions.end(visit.desk, visit.session, answer)
    return answer
