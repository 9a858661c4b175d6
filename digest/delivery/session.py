"""An SMTP session from the connection to the login.

smtplib connects, says EHLO and starts TLS; this module bounds what it reads, in size and time, and turns its many errors
into one. Never a fall back: what the configuration asks for is got, or nothing is sent.
"""

import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from digest.delivery import advice
from digest.delivery.advice import Broken
from digest.delivery.login import log_in
from digest.delivery.patience import Patience
from digest.delivery.replies import LONGEST_LINE, Line, NotSmtp, Reply, Step, joined, parse_line
from digest.errors import RelayError

if TYPE_CHECKING:
    from collections.abc import Iterator

Security = Literal["starttls", "tls", "none"]
Secret = str | Callable[[], str]

_MOST_LINES = 128  # of one reply
_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Relay:
    """Where to hand messages over, and how."""

    host: str  # or the path of a Unix socket, for LMTP
    port: int
    security: Security
    username: str | None = None
    password: Secret | None = field(default=None, repr=False)  # asked for anew at each login
    xoauth2: bool = False  # the password is an access token
    patience: Patience = field(default_factory=Patience)
    local_hostname: str | None = None
    ssl_context: ssl.SSLContext | None = None
    lmtp: bool = False  # RFC 2033

    def __str__(self) -> str:
        if self.host.startswith("/"):
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def context(self) -> ssl.SSLContext:
        return self.ssl_context or ssl.create_default_context()


class Connection(smtplib.SMTP):
    """smtplib's session, which takes only replies that are replies, of a bounded size, within a bounded time."""

    def __init__(self, host: str, port: int, local_hostname: str | None, patience: Patience, **context: Any) -> None:
        self._unread = bytearray()
        self._patience = patience
        self._wait = patience.greeting
        super().__init__(host, port, local_hostname, timeout=patience.connect, **context)
        self._wait = patience.connect

    def getreply(self) -> tuple[int, bytes]:
        """What smtplib asks for. Raises Broken."""
        lines = self._reply()
        return lines[-1].code, b"\n".join(line.text for line in lines)

    def _reply(self) -> list[Line]:
        end = time.monotonic() + self._wait  # for all of it: byte by byte, a reply could take for ever
        lines = [self._line(end)]
        while not lines[-1].last:
            if len(lines) >= _MOST_LINES:
                raise self._broken("sends a reply without end")
            lines.append(self._line(end))
        if len({line.code // 100 for line in lines}) > 1:
            raise self._broken(f"contradicts itself: {lines[0].code} and {lines[-1].code} in one reply")
        return lines

    def _line(self, end: float) -> Line:
        while (length := self._unread.find(b"\n") + 1) == 0:
            if len(self._unread) > LONGEST_LINE:
                length = len(self._unread)
                break
            self._receive(end)
        line = bytes(self._unread[:length])
        del self._unread[:length]
        try:
            return parse_line(line)
        except NotSmtp as error:
            raise self._broken(str(error)) from error

    def _receive(self, end: float) -> None:
        sock = self._open_socket()
        left = end - time.monotonic()
        with self._no_oserror("said nothing", self._wait):
            if left <= 0:
                raise TimeoutError
            sock.settimeout(left)
            received = sock.recv(_CHUNK)
        if not received:
            raise self._broken("closed the connection")
        self._unread += received

    def _open_socket(self) -> socket.socket:
        if self.sock is None:
            raise Broken("has closed the connection")
        return self.sock

    @contextmanager
    def _no_oserror(self, what: str, wait: float) -> "Iterator[None]":
        try:
            yield
        except TimeoutError as error:
            raise self._broken(f"{what} for {wait:g} s", silent=True) from error
        except OSError as error:
            raise self._broken(f"broke the connection ({error.strerror or error})") from error

    def _broken(self, what: str, *, silent: bool = False) -> Broken:
        self.close()  # smtplib's constructor leaves the socket open when a greeting raises
        return Broken(what, silent=silent)

    # --- what smtplib does with it ---

    def putcmd(self, cmd: str, args: str = "") -> None:
        """What smtplib says: one command at a time, each after the reply to the last."""
        self.write(f"{cmd} {args}".rstrip(" ").encode("ascii") + b"\r\n", self._wait)

    def starttls(self, *, context: ssl.SSLContext) -> tuple[int, bytes]:  # type: ignore[override]
        """As smtplib's. What came in the clear with the go-ahead is not taken for part of what is protected.

        It would be: whoever stands in between could put words into the server's mouth (CVE-2011-0411).
        """
        answer = super().starttls(context=context)
        self._unread.clear()
        return answer

    # --- a transaction ---

    def read(self, step: Step | None = None) -> Reply:
        """The next reply, waited for as `step` deserves. Raises Broken."""
        self._wait = self._patience.connect if step is None else self._patience.at(step)
        try:
            return joined(self._reply())
        finally:
            self._wait = self._patience.connect

    def write(self, octets: bytes, wait: float | None = None) -> None:
        """All of it, or Broken is raised."""
        sock = self._open_socket()
        wait = self._patience.content if wait is None else wait
        with self._no_oserror("took nothing", wait):
            sock.settimeout(wait)
            sock.sendall(octets)

    @property
    def quiet(self) -> bool:
        """Whether the server has said nothing that was not asked for; a goodbye, most often. Waits for nothing."""
        if self._unread or self.sock is None:
            return False
        try:
            self.sock.settimeout(0)
            self._unread += self.sock.recv(_CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            pass
        return False

    def quit_quietly(self) -> None:
        """Say goodbye, without insisting on an answer."""
        try:
            if self.sock is not None:
                self._wait = self._patience.quit
                self.quit()
        except (OSError, smtplib.SMTPException):
            pass  # it is gone: that is all that was wanted
        finally:
            self.close()


class TlsConnection(Connection, smtplib.SMTP_SSL):
    """The same over TLS from the first octet (RFC 8314, 3.3)."""


class LmtpConnection(Connection, smtplib.LMTP):
    """The same with a mail store, which is greeted with LHLO, also over a Unix socket (RFC 2033)."""


class LmtpTlsConnection(TlsConnection):
    """LMTP over TLS from the first octet."""

    ehlo_msg = "lhlo"


def connect(relay: Relay) -> Connection:
    """A session that is ready for MAIL.

    Raises:
        RelayError: there is none; says which host and port, what happened and what to do.
    """
    try:
        connection = _dial(relay)
        try:
            _secure(connection, relay)
            _log_in(connection, relay)
        except BaseException:
            connection.close()
            raise
    except (OSError, ValueError) as error:  # smtplib's errors are OSErrors; a host name can be no name at all
        raise RelayError(f"{relay} {advice.explain(error, relay)}", advice.kind(error)) from error
    return connection


def _dial(relay: Relay) -> Connection:
    if not relay.host:  # smtplib would not connect at all
        raise ValueError("it has no name")
    where = relay.host, relay.port, relay.local_hostname, relay.patience
    if relay.security == "tls":
        connection: Connection = (LmtpTlsConnection if relay.lmtp else TlsConnection)(*where, context=relay.context)
    else:
        connection = (LmtpConnection if relay.lmtp else Connection)(*where)
    assert connection.sock is not None, "smtplib's constructor connects when it is given a host"
    if connection.sock.family != socket.AF_UNIX:
        # Without it, each small write waits for the acknowledgement of the one before: 24 messages a second over TLS.
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _secure(connection: Connection, relay: Relay) -> None:
    _greet(connection, relay)
    if relay.security == "starttls":
        connection.starttls(context=relay.context)
        _greet(connection, relay)


def _greet(connection: Connection, relay: Relay) -> None:
    """EHLO, or HELO for a server that does not know it (RFC 5321, 3.2); a mail store knows LHLO only."""
    code, words = connection.ehlo()
    if code // 100 == 5 and not relay.lmtp:
        code, words = connection.helo()
    if code // 100 != 2:
        raise smtplib.SMTPHeloError(code, words)


def _log_in(connection: Connection, relay: Relay) -> None:
    if relay.username is None:
        return
    secret = relay.password() if callable(relay.password) else relay.password or ""
    try:
        log_in(connection, relay.username, secret, token=relay.xoauth2)
    except Broken as error:
        raise Broken(f"{error} while logging in", silent=error.silent) from error
