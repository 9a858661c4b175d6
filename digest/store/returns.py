"""What mails that came back do to their subscribers, and what being on the suppression list means for them."""

from datetime import date, datetime

from sqlalchemy import Connection, and_, func, or_, select

from digest.model import Cause, Effect, Report, Return, State, Status, Suppression, Taken
from digest.store import editions as published
from digest.store import marks, suppressions
from digest.store import subscribers as people
from digest.store.schema import deliveries, editions, returns, subscribers
from digest.store.sql import insert, plain
from digest.store.subscribers import address

# Digests in a row that came back, each on a day of its own, before nobody believes any more that it will pass:
# Mailman's bounce_score_threshold, which has served the net for twenty years.
PATIENCE = 5


# --- the list -----------------------------------------------------------------------------------------------------


def suppress(connection: Connection, entry: Suppression, now: datetime) -> bool:
    """Send nothing to an address any more; what waits for it is cancelled. Returns whether it is new on the list."""
    new = suppressions.put(connection, address(entry.email), _clean(entry))
    subscriber = people.one(connection, entry.email)
    if subscriber is not None and subscriber.status is not Status.REMOVED:
        people.set_status(connection, entry.email, Status.SUPPRESSED, now)
    return new


def _clean(entry: Suppression) -> Suppression:
    return Suppression(entry.email.strip(), entry.cause, entry.at, plain(entry.detail))


def unsuppress(connection: Connection, email: str, now: datetime) -> bool:
    """Off the list; False if it was not on it. Its subscriber is paused, since whoever wants them to get mail says so."""
    if not suppressions.drop(connection, address(email)):
        return False
    subscriber = people.one(connection, email)
    if subscriber is not None and subscriber.status is Status.SUPPRESSED:
        people.set_status(connection, email, Status.PAUSED, now)
    return True


# --- what came back -----------------------------------------------------------------------------------------------


def take_back(connection: Connection, subscriber: int, issue_date: date, report: Report, now: datetime) -> Taken:
    """What follows from a mail that came back about one edition, once however often it is read.

    A wish to leave is heard whichever edition it names. A bounce or a complaint is about the address that the edition
    was written for: it is counted, but suppresses nobody, once its subscriber has another.
    """
    email = connection.scalar(select(subscribers.c.email).where(subscribers.c.id == subscriber))
    if email is None:
        return Taken(Effect.UNKNOWN)
    if report.kind is Return.UNSUBSCRIBE:
        effect = _left(connection, email, now)
        if effect is Effect.REMOVED:
            _noted(connection, subscriber, issue_date, report, now)
        return Taken(effect, email)
    return Taken(_about(connection, subscriber, email, issue_date, report=report, now=now), email)


def _about(  # noqa: PLR0913  (what a report is, and about whom)
    connection: Connection, subscriber: int, email: str, issue_date: date, *, report: Report, now: datetime
) -> Effect:
    """What follows from a bounce or a complaint."""
    number = _edition(connection, subscriber, issue_date)
    if number is None:
        return Effect.UNKNOWN
    if not _noted(connection, subscriber, issue_date, report, now):
        return Effect.REPEATED
    written = published.read(connection, [number]).get(number)  # None: it was vacuumed
    if written is not None and address(written.subscriber.email) != address(email):
        return Effect.COUNTED
    return _followed(connection, subscriber, email, report, now)


def _left(connection: Connection, email: str, now: datetime) -> Effect:
    subscriber = people.one(connection, email)
    if subscriber is None or subscriber.status is Status.REMOVED:
        return Effect.REPEATED
    people.set_status(connection, email, Status.REMOVED, now)
    return Effect.REMOVED


def _edition(connection: Connection, subscriber: int, issue_date: date) -> int | None:
    """The number of an edition; None if there was none."""
    this = (editions.c.subscriber_id == subscriber, editions.c.issue_date == issue_date)
    return connection.scalar(select(editions.c.id).where(*this))


def _noted(connection: Connection, subscriber: int, issue_date: date, report: Report, now: datetime) -> bool:
    """Write it down; False if it was before."""
    row = {"subscriber_id": subscriber, "issue_date": issue_date, "kind": report.kind}
    row |= {"code": plain(report.code), "detail": plain(report.detail), "at": now}
    new = insert(connection, returns).values(row).on_conflict_do_nothing()
    return connection.scalar(new.returning(returns.c.subscriber_id)) is not None


def _followed(connection: Connection, subscriber: int, email: str, report: Report, now: datetime) -> Effect:
    words = f"{report.code} {report.detail}".strip()
    match report.kind:
        case Return.PERMANENT:
            suppress(connection, Suppression(email, Cause.BOUNCE, now, words), now)
            return Effect.SUPPRESSED
        case Return.COMPLAINT:
            suppress(connection, Suppression(email, Cause.COMPLAINT, now, words), now)
            _left(connection, email, now)
            return Effect.REMOVED
        case Return.TEMPORARY if _gone_too_often(connection, subscriber):
            often = f"{PATIENCE} digests in a row came back; the last: {words}"
            suppress(connection, Suppression(email, Cause.BOUNCE, now, often), now)
            return Effect.SUPPRESSED
    return Effect.COUNTED


def _gone_too_often(connection: Connection, subscriber: int) -> bool:
    """Whether the newest edition that came back, and each that went out right before it, did.

    Later ones say nothing yet: a relay may try for days before it gives one back.
    """
    came_back = and_(
        returns.c.subscriber_id == editions.c.subscriber_id,
        returns.c.issue_date == editions.c.issue_date,
        returns.c.kind == Return.TEMPORARY,
    )
    newest = select(func.max(returns.c.issue_date)).where(
        returns.c.subscriber_id == subscriber, returns.c.kind == Return.TEMPORARY
    )
    row = (
        select(returns.c.issue_date)
        .select_from(editions)
        .join(deliveries, deliveries.c.edition_id == editions.c.id)
        .outerjoin(returns, came_back)
        .where(editions.c.subscriber_id == subscriber, editions.c.issue_date <= newest.scalar_subquery())
        .where(or_(deliveries.c.state == State.SENT, returns.c.issue_date.is_not(None)))
        .order_by(editions.c.issue_date.desc())
        .limit(PATIENCE)
    )
    last = connection.scalars(row).all()
    return len(last) == PATIENCE and None not in last


# --- whose turn it is ---------------------------------------------------------------------------------------------


def begin_reading(connection: Connection, name: str, now: datetime, until: datetime) -> bool:
    """Whether to look into an inbox now; if so, nobody else is told so before `until`."""
    key = f"next look into {name}"
    planned = marks.read(connection, key, held=True)
    if planned is not None and now < datetime.fromisoformat(planned) <= until:  # later: by a clock that was ahead
        return False
    marks.keep(connection, key, until.isoformat())
    return True
