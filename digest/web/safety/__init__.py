"""The rules that hold for every page, whatever room it is in.

    said      one line of the log, without anything secret          (log.py)
    lean      ETag, 304 and gzip for what everybody may see         (lean.py)
    headed    what browsers are told to refuse                      (headers.py)
    answered  whatever goes wrong is said in our words              (digest.web.errors)
    placed    the path without its prefix, the person's address     (place.py)
    timely    no answer takes longer than it may                    (times.py)
    bounded   no body that is too long or too slow                  (bodies.py)
    homely    no form that another site's page sends                (origin.py)

Each is a function from one ASGI application to another, the first around the second and so on. Page functions are
plain, not `async`, so that they run in threads; there, `form`, `body`, `client`, `from_proxy` and `heed_limit` tell
what they need to know of a request.
"""

from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request

from digest.web.limits import Limits
from digest.web.safety.bodies import body, form, read_form
from digest.web.safety.place import client, from_proxy

__all__ = ["body", "client", "form", "from_proxy", "heed_limit", "limits_of", "read_form"]


def limits_of(request: Request) -> Limits:
    """What strangers may do how often."""
    limits: Limits = request.app.state.limits
    return limits


def heed_limit(request: Request, kind: str, now: datetime) -> None:
    """Count this for whoever asks; `kind` is one of `digest.web.limits.RATES`.

    Raises:
        HTTPException: they did it too often (429, with Retry-After), which is said in words.
    """
    if wait := limits_of(request).allow(kind, client(request), now):
        raise HTTPException(429, headers={"Retry-After": str(wait)})
