"""Editions to render, real and hostile."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from types import SimpleNamespace

import pytest
from babel import Locale

from digest.model import Edition, Kind, Layout, Listing, Missing, Pick, Profile, Reason, Schedule, Section, Subscriber
from digest.rendering import Mailing, Renderer, Site, plain
from digest.rendering.cards import Setting
from digest.rendering.language import Language, speaking
from digest.rendering.templates import THEME, Templates, built_in
from digest.rendering.view import Frame, view

ROOT = Path(__file__).parent.parent.parent

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
        page=make_page,
        drawn=make_drawn,
        themes=THEMES,
        themed=make_themed,
        right_to_left=RIGHT_TO_LEFT,
    )


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    return make_renderer()


# --- pages, with everything a card can show ---------------------------------------------------------------------------

THEMES = (THEME, *sorted(folder.name for folder in (built_in(ROOT / "digest") / "themes").iterdir()))
ARABIC = replace(
    LISTING,
    title="مطابقة التدفق: طريقة جديدة لتدريب النماذج التوليدية على بيانات قليلة",
    abstract="نقدم flow matching وهي طريقة عامة لتدريب النماذج. وهي أسرع من الطرق السابقة.",
    authors=("ليلى حداد", "عمر خالد"),
)
CHINESE = replace(
    LISTING,
    title="流匹配：一种无需模拟即可训练连续归一化流的通用生成建模方法，适用于图像、语音与蛋白质结构",
    abstract="我们提出流匹配（flow matching），一种无需模拟即可训练连续归一化流的方法。它是通用的。",
    authors=("王伟", "李娜"),
)
SET = replace(LISTING, title="An O(n^(k+1)) bound for x_max", thumbnail_url="https://a.example/t.png")


@cache
def make_themed(theme: str = THEME) -> Renderer:
    """One with pictures and links of feedback."""
    site = Site("Daily Papers", "https://papers.example.org", "papers@example.org")
    return Renderer(site, Mailing("digest@example.org"), b"secret", SOURCES, theme=theme, images=True)


def make_page(edition: Edition, theme: str = THEME, own: Language | None = None) -> str:
    """The HTML of an edition with all that a card can show; in a language of the test's own by the plain path."""
    if own is None:
        return make_themed(theme).bodies(edition).html
    pages = "https://papers.example.org"
    frame = Frame("Daily Papers", pages, f"{pages}/profile", f"{pages}/stop", f"{pages}/like/", f"{pages}/dislike/")
    digest = view(edition, Setting(SOURCES, own, edition.subscriber.layout, images=True), frame)
    return plain.body("html", digest, Templates(theme=theme), own)


def make_drawn() -> dict[str, Edition]:
    """Editions by what is special about them."""
    version = {"section": Section.VERSIONS, "kind": Kind.REVISION, "score": 0.0, "reasons": ()}
    against = (*REASONS, Reason("-survey", "title", -5.0, ("survey",)))
    words = "**Read section 3.** See [our notes](https://a.example/notes).\n\n- cheap\n- " + "x" * 90
    several = (
        make_pick(SET, section=Section.PICKED, by="Cho Park", note=words),
        make_pick(ARABIC, section=Section.PICKED, by="ليلى حداد", note="اقرأ القسم 3.", score=0.0, reasons=()),
        make_pick(SET),
        make_pick(CHINESE, score=30.0, reasons=against),
        make_pick(ARABIC, score=90.0),
        make_pick(replace(LISTING, title="W" * 200, url=None, pdf_url=None, discussion_url=None), score=1.0),
        make_trending(SET),
        make_trending(ARABIC),
        replace(make_trending(CHINESE), votes=12),
        make_pick(replace(SET, version=2), **version),
        make_pick(section=Section.AUTHORS),
    )
    note = (
        "Hello, *all* of **you**: [read](https://a.example), `x`\n\n- one\n- two\n\n1. a\n\n"
        f"> said\n\n---\n\n    code {'x' * 200}\n"
    )
    around = {"missing": (Missing("hf", "it answered 503"),), "problems": ("Line 3 has no end.",), "note": note}
    return {
        "cards": make_edition(*several, **around),
        "compact": make_edition(*several, subscriber=make_subscriber(layout=Layout.COMPACT)),
        "full": make_edition(*several, subscriber=make_subscriber(layout=Layout.FULL)),
        "empty": make_edition(missing=around["missing"]),
        "hundred": make_edition(*[make_pick() for _ in range(100)], subscriber=make_subscriber(layout=Layout.FULL)),
    }


RIGHT_TO_LEFT = speaking(Locale("ar"), NullTranslations())
