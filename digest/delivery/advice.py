"""Why there is no session with a relay, in words: what happened, and what to do."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from digest.delivery.login import NoLogin
from digest.delivery.refusals import Matter, matter
from digest.delivery.replies import Reply, shown
from digest.delivery.rulings import trouble

if TYPE_CHECKING:
    from digest.delivery.session import Relay


class Broken(smtplib.SMTPServerDisconnected):
    """The connection is of no more use; `silent` if because nothing came in time."""

    def __init__(self, what: str, *, silent: bool = False) -> None:
        super().__init__(what)
        self.silent = silent


def explain(error: Exception, relay: "Relay") -> str:
    """What happened and what to do, to stand after the relay's name."""
    for kind_of_error, _, words in _WORDS:
        if isinstance(error, kind_of_error):
            return words(error, relay)
    return f"cannot be used ({error}): check smtp.host and smtp.port"


def kind(error: Exception) -> Literal["down", "busy", "ours"]:
    """Whether it may pass by itself."""
    if isinstance(error, smtplib.SMTPResponseException):
        return trouble(_reply(error))
    for kind_of_error, what, _ in _WORDS:
        if isinstance(error, kind_of_error):
            return what
    return "ours"


def remedy(reply: Reply) -> str:
    """What to do about a reply that ends a session."""
    match matter(reply):
        case Matter.TLS:
            return 'set smtp.security to "starttls" or "tls"'
        case Matter.LOGIN:
            return "set smtp.username and its password"
        case Matter.THROTTLED:
            return "it wants less of us, and is left alone for a while"
        case Matter.ACCOUNT:
            return "ask who runs it for more, or lower delivery.per_minute"
    return "it may take mail later" if reply.code // 100 == 4 else "ask who runs it to let this machine in"


def _distrusted(error: ssl.SSLCertVerificationError, _: "Relay") -> str:
    return (
        f"shows a certificate that cannot be trusted ({error.verify_message}): "
        "set smtp.host to the name in the certificate, or add its authority to those this machine trusts"
    )


def _no_tls(error: ssl.SSLError, relay: "Relay") -> str:
    why = getattr(error, "reason", None) or error
    if relay.security == "tls":
        return f'does not speak TLS from the start ({why}): set smtp.security to "starttls" (port 587)'
    return f"cannot agree with us on TLS ({why}): it may be too old; ask who runs it"


def _broken_tls(error: ssl.SSLEOFError, _: "Relay") -> str:
    return f"ended the connection while agreeing on TLS ({error.reason}): check smtp.security, or try again later"


def _unknown_host(error: socket.gaierror, _: "Relay") -> str:
    return f"cannot be found ({error.strerror}): check smtp.host and this machine's name service"


def _closed_port(_: Exception, relay: "Relay") -> str:
    if relay.host.startswith("/"):
        return "takes no connections: check smtp.path, and that the mail store is running"
    return "refuses the connection: check smtp.host and smtp.port, and that the relay is running"


def _no_answer(_: Exception, relay: "Relay") -> str:
    wait = relay.patience.connect
    return f"does not answer within {wait:g} s: check smtp.host, smtp.port and firewalls between"


def _broken(error: Broken, relay: "Relay") -> str:
    if error.silent and relay.security != "tls":
        return f'{error}: if this port speaks TLS from the start (465), set smtp.security to "tls"'
    return f"{error}: check smtp.host and smtp.port, or try again later"


def _as_said(error: Exception, _: "Relay") -> str:
    return str(error)


def _no_starttls(_: Exception, __: "Relay") -> str:
    return 'does not offer STARTTLS: set smtp.security to "tls" (port 465) or "none" for a relay on this machine'


def _reply(error: smtplib.SMTPResponseException) -> Reply:
    words = error.smtp_error.encode() if isinstance(error.smtp_error, str) else error.smtp_error
    return Reply(error.smtp_code, shown(words))


def _refused(error: smtplib.SMTPResponseException, relay: "Relay") -> str:
    reply = _reply(error)
    if isinstance(error, smtplib.SMTPAuthenticationError) and reply.code // 100 == 5:
        secret = "the token: it may have expired" if relay.xoauth2 else "the password"
        return f"refuses the login of {relay.username}: {reply}: check smtp.username and {secret}"
    return f"refuses us: {reply}: {remedy(reply)}"


def _unreachable(error: OSError, _: "Relay") -> str:
    return f"cannot be reached ({error.strerror or error}): check smtp.host and the network"


# The first that fits: what is more exact stands before what it is a kind of.
_WORDS: tuple[tuple[type[Exception], Literal["down", "busy", "ours"], Callable[[Any, "Relay"], str]], ...] = (
    (ssl.SSLCertVerificationError, "ours", _distrusted),
    (ssl.SSLEOFError, "down", _broken_tls),
    (ssl.SSLError, "ours", _no_tls),
    (socket.gaierror, "down", _unknown_host),
    (ConnectionRefusedError, "down", _closed_port),
    (FileNotFoundError, "down", _closed_port),
    (TimeoutError, "down", _no_answer),
    (Broken, "down", _broken),
    (NoLogin, "ours", _as_said),
    (smtplib.SMTPResponseException, "down", _refused),
    (smtplib.SMTPNotSupportedError, "ours", _no_starttls),
    (OSError, "down", _unreachable),
)
