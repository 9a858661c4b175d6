"""Sending over SMTP: the session is smtplib's, the transaction is ours.

MAIL, RCPT and DATA go out in one flight where the server offers PIPELINING (RFC 2920), and every loss of the
connection is told apart by what it leaves behind: before the final dot was written, the server has nothing and the
message may be tried again; after it, nobody can know until the reply is read (RFC 1047).
"""

import ssl
from collections.abc import Callable, Iterator, Mapping

import structlog

from digest.delivery.replies import Reply, Ruling, Step, rule
from digest.delivery.session import Broken, Connection, Relay, Security, connect
from digest.delivery.wire import as_sent, envelope, stuffed
from digest.errors import RelayError
from digest.model import Message, Outcome, Verdict

log = structlog.get_logger(__name__)

_PER_SESSION = 100  # messages; many relays end a session themselves soon after
_MOST_STRIKES = 3  # messages in a row that may be broken off before it is the relay that is to blame
_DOT_TIMEOUT = 600.0  # seconds for the reply after the final dot (RFC 5321, 4.5.3.2.6)


class _Lost(Exception):  # noqa: N818 - never leaves this module
    """The session is of no more use; the server certainly did not take the message."""

    def __init__(self, step: Step, what: str, *, silent: bool = False) -> None:
        super().__init__(what)
        self.step = step
        self.silent = silent


class SmtpTransport:
    """One session with one relay, opened when first needed and reused for many messages. For one thread."""

    def __init__(  # noqa: PLR0913 - one keyword a setting
        self,
        host: str,
        port: int,
        *,
        security: Security,
        username: str | None = None,
        password: str | None = None,
        timeout: float = 60,
        local_hostname: str | None = None,
        ssl_context: ssl.SSLContext | None = None,
        dot_timeout: float = _DOT_TIMEOUT,
    ) -> None:
        self._relay = Relay(host, port, security, username, password, timeout, local_hostname, ssl_context)
        self._dot_timeout = dot_timeout
        self._connection: Connection | None = None
        self._in_session = 0  # messages begun in this session
        self._pipelining = True  # while nothing speaks against it
        self._strikes = 0  # messages in a row that were broken off

    def send(self, message: Message, commit: Callable[[], bool]) -> Outcome:
        """Hand one message over. Calls `commit` after the server's 354, and gives up if it says no.

        A session that breaks before `commit` is opened again, once, for the same message, and then goes one command at
        a time. A message that the relay breaks off after taking its sender may be the cause itself: it is deferred, so
        that it does not bar the way for the rest. After `commit` there is always an outcome, and no second attempt:
        a lease covers one wait for the reply.

        Raises:
            RelayError: there is no session to be had, or the relay broke off several messages in a row.
        """
        if self._strikes >= _MOST_STRIKES:
            raise RelayError(
                f"{self._relay} broke off {self._strikes} messages in a row: it may take mail later; "
                "if not, `digest status` has its words"
            )
        try:
            outcome = self._tried_twice(message, commit)
        except _Lost as lost:
            words = f"{self._relay} {lost} at {lost.step}"
            if lost.step is Step.MAIL:
                raise RelayError(f"{words}: it may take mail later; if not, ask who runs it") from lost
            self._strikes += 1
            return Outcome(Verdict.DEFERRED, words)
        self._strikes = self._strikes + 1 if outcome.verdict is Verdict.UNKNOWN else 0
        return outcome

    def _tried_twice(self, message: Message, commit: Callable[[], bool]) -> Outcome:
        try:
            return self._in_clean_session(message, commit, pipelining=self._pipelining)
        except _Lost as lost:
            self._pipelining = self._pipelining and not lost.silent
            if lost.step is Step.DOT:
                raise
        return self._in_clean_session(message, commit, pipelining=False)

    def _in_clean_session(self, message: Message, commit: Callable[[], bool], *, pipelining: bool) -> Outcome:
        """One attempt; a session that it leaves in the middle of something is closed."""
        try:
            return self._attempt(message, commit, pipelining=pipelining)
        except _Lost as lost:
            log.info("session lost", relay=str(self._relay), step=lost.step.value, why=str(lost))
            self._drop()
            raise
        except BaseException:
            self._drop()
            raise

    def _attempt(self, message: Message, commit: Callable[[], bool], *, pipelining: bool) -> Outcome:
        connection = self._session()
        features = connection.esmtp_features
        content = as_sent(message.content)
        try:
            commands = envelope(message.sender, message.recipient, content, features)
        except ValueError as error:
            return Outcome(Verdict.FAILED, str(error))
        self._in_session += 1
        refusal = self._begin(connection, commands, pipelining=pipelining and "pipelining" in features)
        if refusal:
            return refusal
        if not commit():
            self._drop()
            return Outcome(Verdict.DEFERRED, "no longer ours")
        return self._finish(connection, content)

    # --- the transaction ---

    def _begin(self, connection: Connection, commands: Mapping[Step, bytes], *, pipelining: bool) -> Outcome | None:
        """MAIL, RCPT, DATA; None if the server now waits for the message, else why it does not."""
        replies = _replies(connection, commands, pipelining=pipelining)
        for step, reply in replies:
            if outcome := _judge(step, reply):
                self._clear(connection, step, replies if pipelining else iter(()))
                return outcome
        return None

    def _clear(self, connection: Connection, refused: Step, rest: Iterator[tuple[Step, Reply]]) -> None:
        """Bring the session back to where the next message can begin; without it, if need be."""
        try:
            opened = dict(rest).get(Step.DATA)
            if opened is not None and opened.code == 354:
                if refused is Step.MAIL:  # it waits for a message that it may have a recipient for: not with us
                    self._drop()
                    return
                connection.write(b".\r\n")  # a message to nobody, which RFC 2920, 3.1 asks to end like this
                connection.read()
            connection.write(b"RSET\r\n")
            if connection.read().code // 100 != 2:
                self._drop()
        except (Broken, _Lost):
            self._drop()

    def _finish(self, connection: Connection, content: bytes) -> Outcome:
        """The message and the final dot. After this, either the reply says what became of it, or nobody knows."""
        try:
            connection.write(stuffed(content))  # apart from the dot: should this fail, the server has no message
            connection.write(b".\r\n")
        except Broken as error:
            raise _Lost(Step.DOT, str(error), silent=error.silent) from error
        try:
            reply = self._read_patiently(connection)
        except Broken as error:
            self._drop()
            return Outcome(Verdict.UNKNOWN, f"{self._relay} {error} after the whole message")
        if outcome := _judge(Step.DOT, reply):
            self._clear(connection, Step.DOT, iter(()))
            return outcome
        return Outcome(Verdict.SENT, reply.text, reply.code)

    def _read_patiently(self, connection: Connection) -> Reply:
        assert connection.sock is not None, "the dot was just written to it"
        connection.sock.settimeout(self._dot_timeout)
        reply = connection.read()
        connection.sock.settimeout(self._relay.timeout)
        return reply

    # --- the session ---

    def _session(self) -> Connection:
        if self._in_session >= _PER_SESSION:
            self.close()
        if self._connection is None:
            self._connection = connect(self._relay)
            self._in_session = 0
        return self._connection

    def _drop(self) -> None:
        """Close without a word: in the middle of DATA a goodbye would be taken for text."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Say goodbye, if there is anybody to say it to."""
        if self._connection is not None:
            self._connection.quit_quietly()
            self._connection = None

    def check(self) -> str:
        """Connect, start TLS, log in, leave; says what was found.

        Raises:
            RelayError: one of these cannot be done; says what and what to do.
        """
        connection = connect(self._relay)
        try:
            return f"{self._relay} answers{_secured(connection)}{self._logged_in()}"
        finally:
            connection.quit_quietly()

    def _logged_in(self) -> str:
        return f", logged in as {self._relay.username}" if self._relay.username else ", no login"


def _secured(connection: Connection) -> str:
    if isinstance(connection.sock, ssl.SSLSocket):
        return f" over {connection.sock.version()}"
    return " without TLS"


def _replies(
    connection: Connection, commands: Mapping[Step, bytes], *, pipelining: bool
) -> Iterator[tuple[Step, Reply]]:
    """Each command's reply; the commands go out in one flight, or each when its reply is asked for."""
    step = Step.MAIL
    try:
        if pipelining:
            connection.write(b"".join(commands.values()))
        for step, command in commands.items():
            if not pipelining:
                connection.write(command)
            yield step, connection.read()
    except Broken as error:
        raise _Lost(step, str(error), silent=error.silent) from error


def _judge(step: Step, reply: Reply) -> Outcome | None:
    """None if all is well; raises _Lost if it is the session that the server speaks of."""
    match rule(step, reply):
        case Ruling.ACCEPTED:
            return None
        case Ruling.DEFER:
            return Outcome(Verdict.DEFERRED, reply.text, reply.code)
        case Ruling.FAIL:
            return Outcome(Verdict.FAILED, reply.text, reply.code)
        case Ruling.UNKNOWN:
            return Outcome(Verdict.UNKNOWN, reply.text, reply.code)
        case Ruling.LOST:
            raise _Lost(step, f"answered {reply}")
