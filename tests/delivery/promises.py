"""What can become of a message, in the words of the table in docs/mail.md."""

from digest.errors import RelayError
from digest.model import Blame, Outcome, Verdict

WAITS, SLOWER, STOP = "waits", "slower", "stop"  # the relay's, or ours: a RelayError
LATER, EASED, PUT_OFF = "later", "domain waits", "put off"
FAILED, SUPPRESSED, UNKNOWN, SENT = "failed", "suppressed", "unknown", "-"
KINDS = {WAITS: "down", SLOWER: "busy", STOP: "ours"}
OUTCOMES = {
    LATER: Outcome(Verdict.DEFERRED),
    EASED: Outcome(Verdict.DEFERRED, blame=Blame.PROVIDER),
    PUT_OFF: Outcome(Verdict.DEFERRED, blame=Blame.MESSAGE),
    FAILED: Outcome(Verdict.FAILED, blame=Blame.ADDRESS),
    SUPPRESSED: Outcome(Verdict.FAILED, blame=Blame.ADDRESS, hopeless=True),
    UNKNOWN: Outcome(Verdict.UNKNOWN),
    SENT: Outcome(Verdict.SENT),
}


def promise(sender, message, commit=lambda: True) -> str:
    """What becomes of one message."""
    try:
        outcome = sender.send(message, commit)
    except RelayError as error:
        return next(word for word, kind in KINDS.items() if kind == error.kind)
    bare = Outcome(outcome.verdict, blame=outcome.blame, hopeless=outcome.hopeless)
    return next(word for word, like in OUTCOMES.items() if like == bare)
