"""Pull, compose, deliver: the order of the calls, and no decision of its own.

    tick(now)
      pull      for each source that is due:
                    source.fetch(state)      -> Fetched        a failure is a value in it
                    store.announce(fetched)                    upsert by identity; each piece of news gets the next seq
      compose   for each shard of store.due(now):
                    window  = store.window(after=cursor)       what was announced and not yet considered for them
                    ranking = ranker.rank(shard)               one product for the whole shard
                    store.publish(editions)                    edition, delivery, cursor, next due: one transaction
      deliver   for each claim of store.claim(now):            in one thread
                    message = sign(renderer.message(edition))
                for each message:                              in others, a connection each
                    outcome = transport.send(message)          which begins when the store has written so
                    store.progress(outcome)                    of many at a time
      take back for each mail in an inbox whose turn it is:
                    report  = read(mail)                       a bounce, a complaint, a wish to leave
                    store.take_back(report)                    counted, suppressed or removed, if its token is ours

What is decided is decided elsewhere: when and what next in `due`, which papers in `ranking`, identity in `model`.
"""

from digest.pipeline.backtesting import backtest
from digest.pipeline.composing import SHARD, compose, compose_for, issues_of, shard_of
from digest.pipeline.delivering import LEASE, deliver
from digest.pipeline.parts import Box, Delivered, Parts, Post, Ranker, Renderer, Source, Store, Transport
from digest.pipeline.pulling import pull
from digest.pipeline.returning import Returned, empty, take_back, take_in

__all__ = [
    "LEASE",
    "SHARD",
    "Box",
    "Delivered",
    "Parts",
    "Post",
    "Ranker",
    "Renderer",
    "Returned",
    "Source",
    "Store",
    "Transport",
    "backtest",
    "compose",
    "compose_for",
    "deliver",
    "empty",
    "issues_of",
    "pull",
    "shard_of",
    "take_back",
    "take_in",
]
