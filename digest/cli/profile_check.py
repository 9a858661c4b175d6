"""What `digest profile check` says."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import typer

from digest.cli import output, taught, wiring
from digest.errors import ConfigError, StoreError
from digest.model import Profile, Shard
from digest.ranking.finds import DAYS, Found, Pulled, find_shipped
from digest.ranking.ranker import Ranker
from digest.ranking.term import Term
from digest.text.background import prior

_MANY = 2_000  # papers, which take a second or more


def profile_of(config: Path | None, email: str, now: datetime) -> Profile:
    """The profile of the subscriber with this address; raises UsageError if there is none."""
    with taught.pupil(config, email, now, writing=False) as whose:
        return whose.subscriber.profile


def found(config: Path | None, terms: Sequence[Term], profile: Profile | None, now: datetime) -> Found:
    """What terms find: among the papers of the last days, or in the shipped count where there are none."""
    try:
        pulled = _pulled(config, now)
    except (ConfigError, StoreError) as error:
        if profile or config:
            raise
        typer.echo(str(error), err=True)
        pulled = None
    if pulled is None or not pulled.papers:
        return find_shipped(terms, prior())
    return pulled.find(terms, profile or Profile())


def _pulled(config: Path | None, now: datetime) -> Pulled:
    settings = wiring.load_settings(config)
    until = now.date()
    with wiring.store_of(settings, create=False) as store:
        window = store.announced(until - DAYS, until)
        background = store.background()
    if len(window) > _MANY and sys.stderr.isatty():
        typer.echo(f"Reading {len(window):,} papers ...", err=True)
    shard, ranker = Shard((), window, now, background=background), Ranker()
    names = [source.name for source in settings.sources]
    return Pulled(lambda readers: ranker.rank(replace(shard, subscribers=readers)), window, background, names)


def tell(found: Found) -> None:
    """The terms as a table, and what they are counted in."""
    number = "at most#" if found.shipped else "papers#"
    rows = [[term.text, term.reading, _count(term.papers), term.remark] for term in found.terms]
    output.table(None, ["keyword", "how it is read", number, ""], rows)
    typer.echo(_conclusion(found))


def _count(papers: int | None) -> str:
    return "?" if papers is None else f"{papers:,}"


def _conclusion(found: Found) -> str:
    if found.shipped:
        return (
            f"No papers of the last {DAYS.days} days are here yet (`digest pull` fetches some), so words were counted in"
            f" {found.papers:,} abstracts of arXiv: as many papers as hold the rarest word of a term."
        )
    each = f"{found.together:,}, {_daily(found.together / DAYS.days)}" if found.together else "nothing"
    return (
        f"Of {found.papers:,} papers of the last {DAYS.days} days the profile as a whole finds {each}."
        " In a title, words count more; a word stands for all its forms."
    )


def _daily(papers: float) -> str:
    return f"about {papers:.{0 if papers >= 10 else 1}f} a day" if papers >= 1 else "fewer than one a day"


def as_json(found: Found) -> dict[str, object]:
    """The same for programs."""
    return {
        "terms": found.terms,
        "papers": found.papers,
        "days": None if found.shipped else DAYS.days,
        "counted_in": "shipped" if found.shipped else "pulled",
        "together": found.together,
    }
