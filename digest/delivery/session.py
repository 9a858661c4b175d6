"""An SMTP session from the connection to the login, and why there is none, in words.

smtplib connects, says EHLO, starts TLS and logs in; this module bounds what it reads, and turns its many errors into
one. Never a fall back: what the configuration asks for is got, or nothing is sent.
"""

import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from digest.delivery.replies import LONGEST_LINE, Line, NotSmtp, Reply, parse_line, shown
from digest.errors import RelayError

Security = Literal["starttls", "tls", "none"]

_MOST_LINES = 128  # of one reply


@dataclass(frozen=True, slots=True)
class Relay:
    """Where to hand messages over, and how."""

    host: str
    port: int
    security: Security
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 60  # seconds for each thing said and answered
    local_hostname: str | None = None
    ssl_context: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def context(self) -> ssl.SSLContext:
        return self.ssl_context or ssl.create_default_context()


class Broken(smtplib.SMTPServerDisconnected):
    """The connection is of no more use; `silent` if because nothing came in time."""

    def __init__(self, what: str, *, silent: bool = False) -> None:
        super().__init__(what)
        self.silent = silent


class Connection(smtplib.SMTP):
    """smtplib's session, which takes only replies that are replies, of a bounded size."""

    def getreply(self) -> tuple[int, bytes]:
        lines = [self._line()]
        while not lines[-1].last:
            if len(lines) >= _MOST_LINES:
                raise self._broken("sends a reply without end")
            lines.append(self._line())
        return lines[-1].code, b"\n".join(line.text for line in lines)

    def _line(self) -> Line:
        if self.sock is None:
            raise Broken("has closed the connection")
        if self.file is None:
            self.file = self.sock.makefile("rb")
        try:
            received = self.file.readline(LONGEST_LINE + 1)
        except TimeoutError as error:
            raise self._broken(f"said nothing for {self.sock.gettimeout():g} s", silent=True) from error
        except OSError as error:
            raise self._broken(f"broke the connection ({error.strerror or error})") from error
        if not received:
            raise self._broken("closed the connection")
        try:
            return parse_line(received)
        except NotSmtp as error:
            raise self._broken(str(error)) from error

    def _broken(self, what: str, *, silent: bool = False) -> Broken:
        self.close()  # smtplib's constructor leaves the socket open when a greeting raises
        return Broken(what, silent=silent)

    def read(self) -> Reply:
        """The next reply. Raises Broken."""
        code, text = self.getreply()
        return Reply(code, shown(text))

    def write(self, octets: bytes) -> None:
        """All of it, or Broken is raised."""
        if self.sock is None:
            raise Broken("has closed the connection")
        try:
            self.sock.sendall(octets)
        except TimeoutError as error:
            raise self._broken(f"took nothing for {self.sock.gettimeout():g} s", silent=True) from error
        except OSError as error:
            raise self._broken(f"broke the connection ({error.strerror or error})") from error

    def quit_quietly(self) -> None:
        """Say goodbye, without insisting on an answer."""
        try:
            if self.sock is not None:
                self.sock.settimeout(min(5.0, self.timeout))
                self.quit()
        except (OSError, smtplib.SMTPException):
            pass  # it is gone: that is all that was wanted
        finally:
            self.close()


class TlsConnection(Connection, smtplib.SMTP_SSL):
    """The same over TLS from the first octet (RFC 8314, 3.3)."""


def connect(relay: Relay) -> Connection:
    """A session that is ready for MAIL.

    Raises:
        RelayError: there is none; says which host and port, what happened and what to do.
    """
    connection: Connection | None = None
    try:
        connection = _dial(relay)
        _secure(connection, relay)
        _log_in(connection, relay)
    except (OSError, ValueError) as error:  # smtplib's errors are OSErrors; a host name can be no name at all
        if connection is not None:
            connection.close()
        raise RelayError(f"{relay} {explain(error, relay)}") from error
    return connection


def _dial(relay: Relay) -> Connection:
    if not relay.host:  # smtplib would not connect at all
        raise ValueError("it has no name")
    if relay.security == "tls":
        connection: Connection = TlsConnection(
            relay.host, relay.port, relay.local_hostname, timeout=relay.timeout, context=relay.context
        )
    else:
        connection = Connection(relay.host, relay.port, relay.local_hostname, timeout=relay.timeout)
    # Without it, each small write waits for the acknowledgement of the one before: 24 messages a second over TLS.
    assert connection.sock is not None, "smtplib's constructor connects when it is given a host"
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _secure(connection: Connection, relay: Relay) -> None:
    if relay.security == "starttls":
        connection.starttls(context=relay.context)
    connection.ehlo_or_helo_if_needed()


class _NoLogin(smtplib.SMTPException):
    """The server and we have no way to log in in common."""


def _log_in(connection: Connection, relay: Relay) -> None:
    if relay.username is None:
        return
    if not f"{relay.username}{relay.password or ''}".isascii():
        raise _NoLogin("cannot be given a username or password with other than ASCII letters: choose another password")
    try:
        connection.login(relay.username, relay.password or "")
    except smtplib.SMTPNotSupportedError as error:
        raise _NoLogin(_no_login(relay)) from error
    except smtplib.SMTPResponseException:
        raise
    except smtplib.SMTPServerDisconnected as error:
        raise Broken(f"{error} while logging in") from error
    except (smtplib.SMTPException, ValueError) as error:
        raise _NoLogin(f"offers no way to log in that is known here ({error})") from error


def _no_login(relay: Relay) -> str:
    if relay.security == "none":
        return 'offers no login without TLS: set smtp.security to "starttls" or "tls", or remove smtp.username'
    return "offers no login: remove smtp.username if it needs none, or check smtp.port (587 and 465 are for logins)"


# --- why there is no session, in words ------------------------------------------------------------------------------


def explain(error: Exception, relay: Relay) -> str:
    """What happened and what to do, to stand after the relay's name."""
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words(error, relay)
    return f"cannot be used ({error}): check smtp.host and smtp.port"


def _distrusted(error: ssl.SSLCertVerificationError, _: Relay) -> str:
    return (
        f"shows a certificate that cannot be trusted ({error.verify_message}): "
        "set smtp.host to the name in the certificate, or add its authority to those this machine trusts"
    )


def _no_tls(error: ssl.SSLError, relay: Relay) -> str:
    why = getattr(error, "reason", None) or error
    if relay.security == "tls":
        return f'does not speak TLS from the start ({why}): set smtp.security to "starttls" (port 587)'
    return f"cannot agree with us on TLS ({why}): it may be too old; ask who runs it"


def _unknown_host(error: socket.gaierror, _: Relay) -> str:
    return f"cannot be found ({error.strerror}): check smtp.host and this machine's name service"


def _closed_port(_: Exception, __: Relay) -> str:
    return "refuses the connection: check smtp.host and smtp.port, and that the relay is running"


def _no_answer(_: Exception, relay: Relay) -> str:
    return f"does not answer within {relay.timeout:g} s: check smtp.host, smtp.port and firewalls between"


def _broken(error: Broken, relay: Relay) -> str:
    if error.silent and relay.security != "tls":
        return f'{error}: if this port speaks TLS from the start (465), set smtp.security to "tls"'
    return f"{error}: check smtp.host and smtp.port, or try again later"


def _as_said(error: Exception, _: Relay) -> str:
    return str(error)


def _no_starttls(_: Exception, __: Relay) -> str:
    return 'does not offer STARTTLS: set smtp.security to "tls" (port 465) or "none" for a relay on this machine'


def _refused(error: smtplib.SMTPResponseException, relay: Relay) -> str:
    words = error.smtp_error.encode() if isinstance(error.smtp_error, str) else error.smtp_error
    reply = Reply(error.smtp_code, shown(words))
    if isinstance(error, smtplib.SMTPAuthenticationError) and reply.code // 100 == 5:
        return f"refuses the login of {relay.username}: {reply}: check smtp.username and the password"
    advice = "it may take mail later" if reply.code // 100 == 4 else "ask who runs it to let this machine in"
    return f"refuses us: {reply}: {advice}"


def _unreachable(error: OSError, _: Relay) -> str:
    return f"cannot be reached ({error.strerror or error}): check smtp.host and the network"


# The first that fits: what is more exact stands before what it is a kind of.
_WORDS: tuple[tuple[type[Exception], Callable[[Any, Relay], str]], ...] = (
    (ssl.SSLCertVerificationError, _distrusted),
    (ssl.SSLError, _no_tls),
    (socket.gaierror, _unknown_host),
    (ConnectionRefusedError, _closed_port),
    (TimeoutError, _no_answer),
    (Broken, _broken),
    (_NoLogin, _as_said),
    (smtplib.SMTPResponseException, _refused),
    (smtplib.SMTPNotSupportedError, _no_starttls),
    (OSError, _unreachable),
)
