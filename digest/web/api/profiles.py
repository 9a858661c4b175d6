"""Profiles, as programs try them out, read and change them."""

from dataclasses import replace
from threading import Semaphore
from typing import Any

from digest.config import read_subscriber, record
from digest.config.faults import shown
from digest.errors import Fault
from digest.model import Origin, Status, Subscriber
from digest.ranking.query import parse
from digest.rendering.language import LANGUAGES
from digest.tokens import Purpose
from digest.web.api.problems import RefusedError, wrong
from digest.web.api.schemas import Preferences, Preview, PreviewAsked, Wanted, picked
from digest.web.desk import Desk

_ANYBODY = "you@example.org"
_PREVIEWS, _PATIENCE = Semaphore(2), 0.5  # at a time, and seconds: the longest takes some, and pages want threads, too


def preview(desk: Desk, body: PreviewAsked) -> Preview:
    """What a profile finds in the newest papers, and why.

    Nothing is kept, and nobody needs to be subscribed.
    """
    profile = body.model_dump(exclude={"days"})
    if not _PREVIEWS.acquire(timeout=_PATIENCE):
        raise RefusedError(429, "Others' profiles are being tried out just now: ask again in a few seconds.")
    try:
        ranking = desk.live.rank(_read(desk, {**profile, "email": _ANYBODY}), days=body.days)
    finally:
        _PREVIEWS.release()
    return Preview(
        papers=ranking.papers,
        read=dict(ranking.read),
        matched=ranking.matched,
        picks=tuple(picked(pick, desk.base) for pick in ranking.picks),
    )


def preferences(desk: Desk, token: str) -> Preferences:
    """What somebody wants.

    `token` is what stands behind `/preferences/` in the newest digest's link: whoever has it may read and change them.
    """
    return _told(_whose(desk, token))


def change_preferences(desk: Desk, token: str, body: Wanted) -> Preferences:
    """Change what somebody wants.

    Read it, change `wanted`, and send `wanted` back as a whole.
    """
    subscriber = _whose(desk, token)
    if subscriber.origin is Origin.FILE:
        raise RefusedError(
            409, "Whoever runs this site keeps this subscription in a file of their own: ask them to change it there."
        )
    table = {**body.model_dump(mode="json"), "email": subscriber.email}
    wanted = replace(_read(desk, table), origin=subscriber.origin)
    return _told(desk.store.update(wanted, desk.clock()))


def _whose(desk: Desk, token: str) -> Subscriber:
    """Raises RefusedError: it is nobody's, has grown old, or belongs to somebody who has left."""
    reader = desk.reader(token, Purpose.PREFERENCES)
    if reader is None:
        raise RefusedError(404, "We do not know this token: take the one of the newest digest's link.")
    if reader.is_old:
        raise RefusedError(410, f"This token has grown old: {desk.base}/link mails a new one.")
    if reader.subscriber.status is Status.REMOVED:
        raise RefusedError(409, f"They have left; {desk.base}/preferences/{token} has them back.")
    return reader.subscriber


def _read(desk: Desk, table: dict[str, object]) -> Subscriber:
    """What somebody wants, by the rules of the configuration. Raises RefusedError with every fault."""
    names = [source.name for source in desk.settings.sources]
    entry, faults = read_subscriber(_lists(table), names, parse)
    if entry is not None and entry.locale and entry.locale not in LANGUAGES:
        faults = [Fault("locale", f"there is no {shown(entry.locale)} here; there are {', '.join(LANGUAGES)}")]
    if entry is None or faults:
        raise wrong(faults)
    return entry.subscriber(Origin.DATABASE)


def _lists(table: dict[str, object]) -> dict[str, object]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in table.items()}


def _told(subscriber: Subscriber) -> Preferences:
    written = {name: tuple(value) if isinstance(value, list) else value for name, value in record(subscriber).items()}
    values: dict[str, Any] = {name: written[name] for name in Wanted.model_fields}
    values |= {"format": subscriber.format, "layout": subscriber.layout}
    return Preferences(
        email=subscriber.email,
        status=subscriber.status,
        paused_until=subscriber.paused_until,
        kept=subscriber.origin,
        wanted=Wanted.model_construct(None, **values),  # also where a file allows more than may be sent
    )
