"""Taking in mail that came back."""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import structlog

from digest.errors import InboxError
from digest.model import Effect, Mail, Report, Return, Taken
from digest.pipeline.parts import Box, Parts, Post, Store
from digest.tokens import Keys, Named, leave_named, return_named

log = structlog.get_logger(__name__)

MOST = 500  # mails taken in from one inbox before deliveries have their turn again


@dataclass(frozen=True, slots=True)
class Returned:
    """One report that came back, and what it led to."""

    mail: str  # its name in the inbox
    report: Report
    taken: Taken


def take_back(parts: Parts, now: datetime, stopping: Callable[[], bool] = lambda: False) -> None:
    """Take in what lies in those inboxes whose turn it is. One that cannot be looked into does not stop the others."""
    if (post := parts.post) is None:
        return
    for box in post.boxes:
        if stopping():
            return
        if box.every and not parts.store.begin_reading(box.name, now, now + box.every):
            continue
        try:
            with closing(empty(parts.store, post, box, now, stopping)) as returned:
                for _ in islice(returned, MOST):
                    pass
        except InboxError as error:
            log.error("cannot look into an inbox", inbox=box.name, reason=str(error))


def empty(
    store: Store, post: Post, box: Box, now: datetime, stopping: Callable[[], bool] = lambda: False
) -> Generator[Returned]:
    """Take in all that lies in an inbox. A mail is marked as read once the store has what it says.

    Raises:
        InboxError: it cannot be looked into.
    """
    with closing(box.open()) as inbox:
        for mail in inbox.mails():
            if stopping():
                return
            returned = take_in(store, post, mail, now)
            inbox.done(mail)
            yield from returned


def take_in(store: Store, post: Post, mail: Mail, now: datetime) -> list[Returned]:
    """Read one mail, and let follow what follows from it."""
    returned = [Returned(mail.name, report, _followed(store, post, report, now)) for report in post.read(mail.content)]
    for each in returned:
        _told(each)
    return returned


def _followed(store: Store, post: Post, report: Report, now: datetime) -> Taken:
    if report.kind is Return.IGNORED:
        return Taken(Effect.IGNORED)
    named = _named(post.keys, report)
    if named is None:
        return Taken(Effect.FORGED)
    return store.take_back(named.subscriber, named.issue_date, report, now)


def _named(keys: Keys, report: Report) -> Named | None:
    """Which edition a report is about, if its token is one of ours, and made for that."""
    match report.kind:
        case Return.UNSUBSCRIBE:
            return leave_named(keys, report.token)
        case Return.COMPLAINT:  # a provider may have cut away all addresses but the one to leave by
            return return_named(keys, report.token) or leave_named(keys, report.token)
    return return_named(keys, report.token)


def _told(returned: Returned) -> None:
    report, taken = returned.report, returned.taken
    loud = taken.effect in (Effect.FORGED, Effect.UNKNOWN)
    say = log.warning if loud else log.info
    what = {"kind": report.kind, "code": report.code, "detail": report.detail}
    say("came back", mail=returned.mail, effect=taken.effect, subscriber=taken.email, **what)
