"""What follows from a reply, at each step of a transaction: pure decisions (RFC 5321, 4.2; RFC 3463).

Whose doing is it? One recipient's: this message alone fails or waits. A provider's: it wants less for a while. Ours (what
is said, who says it): nothing is lost, it waits until that is put right. The relay's: the session is of no more use, and
the message has nothing to do with it.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

from digest.delivery.refusals import Matter, matter
from digest.delivery.replies import Reply, Step
from digest.model import Blame, Outcome, Verdict


class Course(Enum):
    """How to go on."""

    ACCEPTED = auto()
    DEFER = auto()  # not now, this one
    FAIL = auto()  # never, this one
    LOST = auto()  # no more in this session; the message is not to blame
    UNKNOWN = auto()  # the server may have taken the message


@dataclass(frozen=True, slots=True)
class Ruling:
    """What follows from a reply."""

    course: Course
    blame: Blame | None = None
    hopeless: bool = False
    kind: Literal["down", "busy", "ours"] = "down"  # of the RelayError, where the relay cannot be used


ACCEPTED = Ruling(Course.ACCEPTED)
_DOWN = Ruling(Course.LOST)
_BUSY = Ruling(Course.LOST, kind="busy")
_OURS = Ruling(Course.LOST, kind="ours")


def rule(step: Step, reply: Reply) -> Ruling:
    """What follows from `reply` to `step`. There is an answer for any reply."""
    if _as_expected(step, reply.code):
        return ACCEPTED
    if reply.code // 100 not in (4, 5):
        return Ruling(Course.UNKNOWN) if step is Step.DOT else _DOWN
    about = matter(reply)
    if about is Matter.LOGIN or reply.code == 503:  # commands out of order: of the session, not of the message
        return _OURS if about in (Matter.LOGIN, Matter.TLS) else _DOWN
    if about is Matter.SESSION:
        return _DOWN
    if about is Matter.ACCOUNT:
        return _BUSY
    return _at_mail(reply, about) if step is Step.MAIL else _later(step, reply, about)


def _as_expected(step: Step, code: int) -> bool:
    return code == 354 if step is Step.DATA else code // 100 == 2


def _at_mail(reply: Reply, about: Matter) -> Ruling:
    """Our sender was refused, or we were. Only what the message is made of is about this one message."""
    match about:
        case Matter.THROTTLED:
            return _BUSY
        case Matter.TLS:
            return _OURS
        case Matter.POLICY:
            return _MESSAGE
        case Matter.SIZE if reply.code // 100 == 5:
            return Ruling(Course.FAIL)
    return _DOWN if reply.code // 100 == 4 else _MESSAGE


def _later(step: Step, reply: Reply, about: Matter) -> Ruling:
    """A recipient was refused, or a message."""
    passing = reply.code // 100 == 4
    if found := (_PASSING if passing else _FOR_GOOD).get(about):
        return found
    if reply.code == 421:
        return _DOWN
    if passing:
        return Ruling(Course.DEFER)
    # A recipient refused without a reason is that recipient's; a whole message might be every message's.
    return Ruling(Course.FAIL, Blame.ADDRESS) if step is Step.RCPT else _MESSAGE


_MESSAGE = Ruling(Course.DEFER, Blame.MESSAGE)
_WHATEVER_THE_CLASS = {
    Matter.THROTTLED: Ruling(Course.DEFER, Blame.PROVIDER),
    Matter.GREYLISTED: Ruling(Course.DEFER),
    Matter.POLICY: _MESSAGE,
    Matter.TLS: _MESSAGE,
}
_PASSING = _WHATEVER_THE_CLASS | {
    Matter.NOBODY: Ruling(Course.DEFER, Blame.ADDRESS),
    Matter.MAILBOX: Ruling(Course.DEFER, Blame.ADDRESS),
}
_FOR_GOOD = _WHATEVER_THE_CLASS | {
    Matter.NOBODY: Ruling(Course.FAIL, Blame.ADDRESS, hopeless=True),
    Matter.MAILBOX: Ruling(Course.FAIL, Blame.ADDRESS),
    Matter.SIZE: Ruling(Course.FAIL),
}

_VERDICTS = {
    Course.ACCEPTED: Verdict.SENT,
    Course.DEFER: Verdict.DEFERRED,
    Course.FAIL: Verdict.FAILED,
    Course.LOST: Verdict.DEFERRED,
    Course.UNKNOWN: Verdict.UNKNOWN,
}


def outcome(reply: Reply, ruling: Ruling) -> Outcome:
    """The same in the words of the product; a session lost with a reply leaves the message for later."""
    return Outcome(_VERDICTS[ruling.course], reply.text, reply.code, reply.enhanced, ruling.blame, ruling.hopeless)


def trouble(reply: Reply) -> Literal["down", "busy", "ours"]:
    """What kind of RelayError it is when a session is refused with `reply`, before any message."""
    about = matter(reply)
    if about in (Matter.THROTTLED, Matter.ACCOUNT):
        return "busy"
    return "down" if reply.code // 100 == 4 else "ours"
