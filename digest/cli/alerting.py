"""Telling the operator: what `digest.alerts` finds goes to the log, and by mail to `[operator] alert`."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from typing import TYPE_CHECKING

import structlog

from digest import alerts
from digest.alerts import Change, Facts, Told
from digest.errors import StoreError
from digest.model import Alert, Message, Verdict
from digest.pacing import BREAKER, RELAY, quiet

if TYPE_CHECKING:
    from digest.cli.wiring import Installation

log = structlog.get_logger(__name__)

_LONGEST_SUBJECT = 120
_UNFOLDED = SMTP.clone(max_line_length=900)  # RFC 5322 allows 998; a folded subject is hard to filter by


def watch(home: "Installation", now: datetime) -> None:
    """Look at how things stand, and tell of what changed. Raises nothing: it is the last thing that may stop the mail."""
    try:
        _watch(home, now)
    except StoreError as error:
        log.error("cannot watch", reason=str(error))
    except Exception:
        log.exception("cannot watch")


def _watch(home: "Installation", now: datetime) -> None:
    own = home.settings
    facts = home.store.facts(now, own.delivery.expiry)
    found = alerts.conditions(
        facts,
        [alerts.watched(source, now) for source in home.parts.sources],
        now,
        failed_share=own.operator.failed_share,
        expiry=own.delivery.expiry,
    )
    for change in alerts.changes(found, home.store.alerts(), now):
        if not home.store.replace_alert(change.before, change.after):
            continue  # another process was faster, and tells of it
        if change.told and not _told(home, change, facts, now):
            home.store.replace_alert(change.after, alerts.untold(change))


def _told(home: "Installation", change: Change, facts: Facts, now: datetime) -> bool:
    """Whether it was said: in the log in any case, by mail if there is somebody to get it."""
    alert = change.after or change.before
    assert alert is not None, "what is told was, or is, remembered"
    if change.told is not Told.BEGUN or change.before is None or not change.before.what:  # not, when it is tried again
        say = log.info if change.told is Told.OVER else log.error
        say("alert", condition=alert.key, told=change.told, what=alert.what, since=f"{alert.begun_at:%Y-%m-%dT%H:%MZ}")
    if home.settings.operator.alert is None:
        return True
    if any(quiet(facts.troubled[key], now) for key in (BREAKER, RELAY) if key in facts.troubled):
        return False
    return _sent(home, message(home, alert, change, now), alert)


def _sent(home: "Installation", mail: Message, alert: Alert) -> bool:
    try:
        with closing(home.parts.transport()) as transport:
            outcome = transport.send(home.parts.sign(mail), lambda: True)
    except Exception as error:  # whatever it is, deliveries meet it as well, and say more of it
        log.warning("alert not sent", condition=alert.key, reason=str(error))
        return False
    if outcome.verdict in (Verdict.SENT, Verdict.UNKNOWN):
        return True
    log.warning("alert not sent", condition=alert.key, reason=outcome.detail)
    return outcome.verdict is Verdict.FAILED  # then it would fail every minute


# --- the mail -------------------------------------------------------------------------------------------------------


def message(home: "Installation", alert: Alert, change: Change, now: datetime) -> Message:
    """The mail that tells of one condition: plain text, and no more words than it needs."""
    settings = home.settings
    mail = EmailMessage(policy=_UNFOLDED)
    mail["From"], mail["To"] = settings.mail.from_, settings.operator.alert
    mail["Subject"] = _line(f"[{settings.site.name}] {_HEADS[change.told or Told.BEGUN]}{alert.what}")[
        :_LONGEST_SUBJECT
    ]
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = make_msgid(domain=settings.sender_domain)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic answers
    mail.set_content("\n\n".join(_paragraphs(alert, change, now)))
    sender = parseaddr(settings.mail.from_)[1]
    return Message(sender, str(settings.operator.alert), str(mail["Message-ID"]), mail.as_bytes())


_HEADS = {Told.BEGUN: "", Told.LASTS: "still: ", Told.OVER: "over: "}


def _paragraphs(alert: Alert, change: Change, now: datetime) -> Iterator[str]:
    since = f"{alert.begun_at:%Y-%m-%d %H:%M} UTC"
    if change.told is Told.OVER:
        yield f"This is over:\n{alert.what}."
        yield f"It was so from {since} to {now:%Y-%m-%d %H:%M} UTC."
        return
    yield f"{alert.what}."
    yield change.do
    yield f"Seen first at {since}. You are told once a day while it lasts, and once when it is over."
    yield "`digest status` says how things stand."


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
