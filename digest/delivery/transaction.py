"""One message's way through a session: what is said, what is answered, and what is lost with the connection.

Every loss is told apart by what it leaves behind: before the final dot was written, the server has nothing and the message
may be tried again; after it, nobody can know until the reply is read (RFC 1047).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from digest.delivery.advice import Broken
from digest.delivery.replies import Reply, Step
from digest.delivery.rulings import Course, Ruling, rule
from digest.delivery.session import Connection
from digest.delivery.wire import stuffed

BEFORE = (Step.MAIL, Step.RCPT, Step.DATA)  # what is asked before a message


class Lost(Exception):  # noqa: N818 - never leaves this room
    """The session is of no more use; the server certainly did not take the message."""

    def __init__(self, step: Step, what: "Broken | Reply", kind: Literal["down", "busy", "ours"] = "down") -> None:
        super().__init__(f"answered {what}" if isinstance(what, Reply) else str(what))
        self.step = step
        self.silent = isinstance(what, Broken) and what.silent
        self.reply = what if isinstance(what, Reply) else None
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a server does not wait for a message."""

    step: Step
    reply: Reply
    ruling: Ruling


def said(
    connection: Connection, commands: Mapping[Step, bytes], *, in_one_flight: bool
) -> Iterator[tuple[Step, Reply]]:
    """Each command's reply; the commands go out in one flight, or each when its reply is asked for. Raises Lost."""
    if in_one_flight:
        _write(connection, b"".join(commands.values()), Step.MAIL)
        yield from heard(connection)
        return
    for step, command in commands.items():
        _write(connection, command, step)
        yield step, _read(connection, step)


def heard(connection: Connection) -> Iterator[tuple[Step, Reply]]:
    """The replies to commands that are on their way. Raises Lost."""
    for step in BEFORE:
        yield step, _read(connection, step)


def refusal(replies: Iterator[tuple[Step, Reply]]) -> Refusal | None:
    """The first reply that is none we hoped for; None if the server now waits for the message.

    Raises:
        Lost: the session is of no more use.
    """
    for step, reply in replies:
        ruling = rule(step, reply)
        if ruling.course is Course.LOST:
            raise Lost(step, reply, ruling.kind)
        if ruling.course is not Course.ACCEPTED:
            return Refusal(step, reply, ruling)
    return None


def cleared(connection: Connection, refused: Refusal, rest: Iterator[tuple[Step, Reply]], *, lmtp: bool) -> bool:
    """Bring the session back to where the next message can begin; False if that cannot be."""
    if refused.reply.code == 421:
        return False
    try:
        opened = dict(rest).get(Step.DATA)
        if opened is not None and opened.code == 354:
            if refused.step is Step.MAIL or lmtp:
                # It waits for a message that it may have a recipient for: not with us. A mail store answers once for
                # each recipient that it took (RFC 2033, 4.2), so here it would not answer at all.
                return False
            connection.write(b".\r\n")  # a message to nobody, which RFC 2920, 3.1 asks to end like this
            connection.read(Step.DOT)
        connection.write(b"RSET\r\n")
        return connection.read().code // 100 == 2
    except (Broken, Lost):
        return False


def hand_over(connection: Connection, content: bytes, behind: bytes) -> Reply:
    """The message, the final dot, and what may go out behind it before the dot is answered; returns that answer.

    Raises:
        Lost: the dot did not go out, and the server has nothing.
        Broken: the dot went out, and nobody knows what became of the message.
    """
    # The dot alone, after the rest: what fails before it, or in it, leaves a server without a message.
    _write(connection, stuffed(content), Step.DOT)
    _write(connection, b".\r\n", Step.DOT)
    if behind:
        connection.write(behind)
    return connection.read(Step.DOT)


def _write(connection: Connection, octets: bytes, step: Step) -> None:
    try:
        connection.write(octets)
    except Broken as error:
        raise Lost(step, error) from error


def _read(connection: Connection, step: Step) -> Reply:
    try:
        return connection.read(step)
    except Broken as error:
        raise Lost(step, error) from error
