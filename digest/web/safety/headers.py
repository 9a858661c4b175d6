"""What browsers are told with every answer: to load nothing from elsewhere, to tell nobody where the reader was."""

from collections.abc import Iterator

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_YEAR = 31_536_000  # seconds


def headed(app: ASGIApp, *, is_secure: bool) -> ASGIApp:
    """Adds to every answer what it does not say itself."""
    always = tuple(always_said(is_secure=is_secure))

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in always:
                    headers.setdefault(name, value)
            await send(message)

        await app(scope, receive, told)

    return run


def always_said(*, is_secure: bool) -> Iterator[tuple[str, str]]:
    """Each header with its value; HSTS (RFC 6797) only where people come by HTTPS.

    `same-origin` rather than `no-referrer`: with that, browsers would send `Origin: null` with our own forms.
    """
    yield "Content-Security-Policy", POLICY
    yield "X-Content-Type-Options", "nosniff"
    yield "X-Frame-Options", "DENY"
    yield "Referrer-Policy", "same-origin"
    yield "Cross-Origin-Opener-Policy", "same-origin"
    yield "Cross-Origin-Resource-Policy", "same-origin"
    yield "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
    if is_secure:
        yield "Strict-Transport-Security", f"max-age={_YEAR}"
