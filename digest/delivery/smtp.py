"""Sending over SMTP: the session is smtplib's, the transaction is ours.

MAIL, RCPT and DATA go out in one flight where the server offers PIPELINING (RFC 2920), and if the operator allows it, those
of the next message behind the final dot of this one (3.1 of the same: a message's end may begin a flight). The next message
itself waits for its own `commit`, so that what is opened and not sent leaves nothing behind.
"""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import structlog

from digest.delivery.advice import Broken, remedy
from digest.delivery.replies import Reply, Step
from digest.delivery.rulings import Course, Ruling, outcome, rule
from digest.delivery.session import Connection, Relay, connect
from digest.delivery.transaction import Lost, cleared, hand_over, heard, refusal, said
from digest.delivery.wire import as_sent, envelope
from digest.errors import RelayError
from digest.model import Blame, Message, Outcome, Verdict

log = structlog.get_logger(__name__)

PER_SESSION = 100  # messages; many relays end a session themselves soon after
_MOST_STRIKES = 3  # messages in a row that may be broken off before it is the relay that is to blame


@dataclass(frozen=True, slots=True)
class _Begun:
    """A message whose MAIL, RCPT and DATA are on their way."""

    message: Message
    content: bytes  # as it will be sent
    replies: Iterator[tuple[Step, Reply]]


class SmtpTransport:
    """One session with one relay, opened when first needed and reused for many messages. For one thread.

    The same for a mail store that speaks LMTP (RFC 2033): with one recipient a message, there is one reply after the dot.
    """

    def __init__(self, relay: Relay, *, per_session: int = PER_SESSION, chaining: bool = False) -> None:
        self._relay = relay
        self._per_session = per_session
        self._chaining = chaining
        self._connection: Connection | None = None
        self._in_session = 0  # messages begun in this session
        self._opened: _Begun | None = None  # behind the end of the last message
        self._pipelining = True  # while nothing speaks against it
        self._strikes = 0  # messages in a row that were broken off
        self._barred: RelayError | None = None  # what was learnt too late for the message that it was said to

    def send(self, message: Message, commit: Callable[[], bool], following: Message | None = None) -> Outcome:
        """Hand one message over. Calls `commit` after the server's 354, and gives up if it says no.

        A session that breaks before `commit` is opened again, once, for the same message, and then goes one command at
        a time. A message that the relay breaks off after taking its sender may be the cause itself: it is deferred, so
        that it does not bar the way for the rest. After `commit` there is always an outcome, and no second attempt:
        a lease covers one wait for the reply.

        `following` may be begun behind the end of this message. If it is not what is sent next, the session is dropped.

        Raises:
            RelayError: there is no session to be had, or the relay broke off several messages in a row.
        """
        if self._barred is not None:
            raise self._barred
        try:
            result = self._tried_twice(message, commit, following)
        except Lost as lost:
            if lost.step is Step.MAIL or lost.kind != "down":
                raise self._unusable(lost) from lost
            result = Outcome(Verdict.DEFERRED, f"{self._relay} {lost} at {lost.step}")
            self._strike()
        return result

    def _unusable(self, lost: Lost) -> RelayError:
        advice = remedy(lost.reply) if lost.reply else "it may take mail later; if not, ask who runs it"
        return RelayError(f"{self._relay} {lost} at {lost.step}: {advice}", lost.kind)

    def _strike(self) -> None:
        self._strikes += 1
        if self._strikes >= _MOST_STRIKES:
            self._barred = RelayError(
                f"{self._relay} broke off {self._strikes} messages in a row: it may take mail later; "
                "if not, `digest status` has its words"
            )

    def _tried_twice(self, message: Message, commit: Callable[[], bool], following: Message | None) -> Outcome:
        try:
            return self._in_clean_session(message, commit, following, pipelining=self._pipelining)
        except Lost as lost:
            self._pipelining = self._pipelining and not lost.silent
            if lost.step is Step.DOT or lost.kind != "down":
                raise
        return self._in_clean_session(message, commit, None, pipelining=False)

    def _in_clean_session(
        self, message: Message, commit: Callable[[], bool], following: Message | None, *, pipelining: bool
    ) -> Outcome:
        """One attempt; a session that it leaves in the middle of something is closed."""
        try:
            return self._attempt(message, commit, following, pipelining=pipelining)
        except Lost as lost:
            log.info("session lost", relay=str(self._relay), step=lost.step.value, why=str(lost))
            self._drop()
            raise
        except BaseException:
            self._drop()
            raise

    # --- the transaction ---

    def _attempt(
        self, message: Message, commit: Callable[[], bool], following: Message | None, *, pipelining: bool
    ) -> Outcome:
        connection = self._session(message)
        pipelining = pipelining and "pipelining" in connection.esmtp_features
        try:
            begun = self._begun(connection, message, pipelining=pipelining)
        except ValueError as error:
            return Outcome(Verdict.FAILED, str(error), blame=Blame.ADDRESS)
        if refused := refusal(begun.replies):
            if not cleared(connection, refused, begun.replies if pipelining else iter(()), lmtp=self._relay.lmtp):
                self._drop()
            self._strikes = 0
            return outcome(refused.reply, refused.ruling)
        if not connection.quiet:  # after its 354 there is nothing to say, but that it does not wait any longer
            raise Lost(Step.DATA, Broken("spoke out of turn"))
        if not commit():
            self._drop()
            return Outcome(Verdict.DEFERRED, "no longer ours")
        return self._finished(connection, begun.content, following if pipelining else None)

    def _begun(self, connection: Connection, message: Message, *, pipelining: bool) -> _Begun:
        """The message with the replies to its MAIL, RCPT and DATA, which are asked for as they are read.

        Raises:
            ValueError: this server cannot be given the recipient.
            RelayError: nor our own sender.
        """
        if self._opened is not None:
            opened, self._opened = self._opened, None
            return opened
        content = as_sent(message.content)
        commands = envelope(message.sender, message.recipient, content, connection.esmtp_features)
        self._in_session += 1
        return _Begun(message, content, said(connection, commands, in_one_flight=pipelining))

    def _finished(self, connection: Connection, content: bytes, following: Message | None) -> Outcome:
        """The message and the final dot. After this, either the reply says what became of it, or nobody knows."""
        behind, opened = self._behind(connection, following)
        try:
            reply = hand_over(connection, content, behind)
        except Broken as error:
            self._drop()
            self._strike()
            return Outcome(Verdict.UNKNOWN, f"{self._relay} {error} after the whole message")
        if opened is not None:
            self._opened = opened
            self._in_session += 1
        ruling = rule(Step.DOT, reply)
        self._learn(reply, ruling)
        return outcome(reply, ruling)

    def _behind(self, connection: Connection, following: Message | None) -> tuple[bytes, _Begun | None]:
        """What may go out behind the end of a message, and the message that it begins; nothing if there is any doubt."""
        if following is None or not self._chaining or self._in_session >= self._per_session:
            return b"", None
        content = as_sent(following.content)
        try:
            commands = envelope(following.sender, following.recipient, content, connection.esmtp_features)
        except (ValueError, RelayError):  # to be said when it is its turn
            return b"", None
        return b"".join(commands.values()), _Begun(following, content, heard(connection))

    def _learn(self, reply: Reply, ruling: Ruling) -> None:
        """What the answer to a dot means for the session and the messages to come."""
        if ruling.course in (Course.LOST, Course.UNKNOWN):
            self._strike()
        else:
            self._strikes = 0
        if ruling.course is Course.LOST and ruling.kind != "down":
            self._barred = RelayError(f"{self._relay} answered {reply}: {remedy(reply)}", ruling.kind)
        if ruling.course in (Course.LOST, Course.UNKNOWN) or reply.code == 421:
            self._drop()

    # --- the session ---

    def _session(self, message: Message) -> Connection:
        """One in which the message can begin, or has begun."""
        if self._opened is not None and self._opened.message != message:
            self._drop()
        if self._connection is not None and self._opened is None:
            if self._in_session >= self._per_session:
                self.close()
            elif not self._connection.quiet:  # most often, goodbye
                self._drop()
        if self._connection is None:
            if self._relay.security != "none":  # reading this machine's authorities takes longer than a message
                self._relay = replace(self._relay, ssl_context=self._relay.context)
            self._connection = connect(self._relay)
            self._in_session = 0
        return self._connection

    def _drop(self) -> None:
        """Close without a word: in the middle of DATA a goodbye would be taken for text."""
        self._opened = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Say goodbye, if there is anybody to say it to."""
        if self._opened is not None:
            self._drop()
        if self._connection is not None:
            self._connection.quit_quietly()
            self._connection = None

    def check(self) -> str:
        """Connect, start TLS, log in, leave; says what was found.

        Raises:
            RelayError: one of these cannot be done; says what and what to do.
        """
        patience = self._relay.patience  # somebody is waiting for this one
        connection = connect(replace(self._relay, patience=replace(patience, greeting=patience.connect)))
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
