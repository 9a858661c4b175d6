"""Editions to render, real and hostile."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from types import SimpleNamespace

import pytest

from digest.model import Edition, Kind, Listing, Missing, Pick, Profile, Reason, Schedule, Section, Subscriber
from digest.rendering import Mailing, Renderer, Site

DAY = date(2026, 5, 18)
NOW = datetime(2026, 5, 18, 5, 30, tzinfo=UTC)
SOURCES = {"arxiv": "arXiv", "hf": "Hugging Face"}

LISTING = Listing(
    title="Flow Matching for Generative Modeling",
    abstract=(
        "Generative models have come far. We introduce flow matching, a way to train continuous normalizing flows "
        "without simulation. It is general. With optimal transport paths, training is faster and sampling better."
    ),
    authors=("Yaron Lipman", "Ricky T. Q. Chen", "Heli Ben-Hamu", "Maximilian Nickel", "Matt Le"),
    url="https://arxiv.org/abs/2210.02747",
    pdf_url="https://arxiv.org/pdf/2210.02747",
    code_url="https://github.com/example/flow",
    discussion_url="https://huggingface.co/papers/2210.02747",
    categories=("cs.LG", "stat.ML"),
    comments=14,
    upvotes=42,
)
REASONS = (
    Reason('"flow matching"^3', "title", 40.0, ("flow", "match")),
    Reason('"flow matching"^3', "abstract", 20.0, ("flow", "match")),
    Reason("author:Chen", "authors", 5.0, ("chen",)),
)


def make_pick(listing: Listing = LISTING, **changes) -> Pick:
    base = {
        "section": Section.FOR_YOU,
        "kind": Kind.NEW,
        "source": "arxiv",
        "day": DAY,
        "score": 65.0,
        "reasons": REASONS,
    }
    return Pick(listing, **(base | changes))


def make_trending(listing: Listing) -> Pick:
    return make_pick(listing, section=Section.TRENDING, kind=Kind.TRENDING, source="hf", score=0.0, reasons=())


def make_subscriber(**changes) -> Subscriber:
    base = {
        "email": "anna@example.org",
        "name": "Anna Müller",
        "profile": Profile(keywords=('"flow matching"^3', "author:Chen")),
        "schedule": Schedule("Europe/Berlin", time(7, 30)),
        "id": 7,
    }
    return Subscriber(**(base | changes))


def make_edition(*picks: Pick, **changes) -> Edition:
    base = {
        "subscriber": make_subscriber(),
        "issue_date": DAY,
        "composed_at": NOW,
        "picks": picks,
        "read": {"arxiv": 1204, "hf": 39},
        "matched": sum(pick.section is Section.FOR_YOU for pick in picks),
    }
    fields = base | changes
    return Edition(**({"papers": sum(fields["read"].values())} | fields))


def make_renderer(
    url: str | None = "https://papers.example.org",
    sender: str = "Daily Papers <digest@example.org>",
    templates_dir: Path | None = None,
    **mailing,
) -> Renderer:
    site = Site("Daily Papers", url, "papers@example.org")
    return Renderer(site, Mailing(sender, **mailing), b"secret", SOURCES, templates_dir)


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """Builders of what a test varies."""
    return SimpleNamespace(
        day=DAY,
        now=NOW,
        listing=LISTING,
        pick=make_pick,
        trending=make_trending,
        subscriber=make_subscriber,
        edition=make_edition,
        renderer=make_renderer,
        missing=Missing,
    )


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    return make_renderer()
