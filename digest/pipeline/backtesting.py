"""What profiles would have sent over past days, from what is held of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

from digest.backtest import Backtest, News, Rank, unread
from digest.backtest import backtest as ranked_again
from digest.model import Subscriber
from digest.pipeline.composing import shard_of
from digest.pipeline.parts import Parts, Store


def backtest(  # noqa: PLR0913  (what, when, and who is told of it)
    parts: Parts,
    subscribers: Sequence[Subscriber],
    since: date,
    until: date,
    now: datetime,
    *,
    rank: Rank | None = None,
    advance: Callable[[], None] = lambda: None,
) -> tuple[Backtest, ...]:
    """What these subscribers (one at least) would have been sent from `since` to `until`. Writes nothing.

    `rank` takes the place of the installation's own ranker; `advance` is called after each of the days has been read.
    """
    head = parts.store.head()  # nobody needs the news of today ranked as such
    shard = shard_of(parts, [replace(subscriber, cursor=head) for subscriber in subscribers], now)
    states = [parts.store.source_state(source.name) for source in parts.sources]
    missing = partial(unread, states, parts.store.begins())
    return ranked_again(_news(parts.store, since, until, advance), shard, rank or parts.ranker.rank, missing)


def _news(store: Store, since: date, until: date, advance: Callable[[], None]) -> Iterator[News]:
    for number in range((until - since).days + 1):
        day = since + timedelta(days=number)
        yield day, store.announced(day, day)
        advance()
