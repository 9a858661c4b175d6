"""What the mail looks like, in every theme and layout, and one sent to the operator as a test."""

import secrets
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from digest import sample
from digest.config import Settings
from digest.errors import DigestError
from digest.model import (
    Announcement,
    Edition,
    Format,
    Kind,
    Layout,
    Listing,
    Outcome,
    Pace,
    Profile,
    Shard,
    Subscriber,
    Verdict,
)
from digest.pacing import RELAY, quiet
from digest.pipeline import Parts
from digest.ranking.ranker import Ranker
from digest.rendering import Mailing, Renderer, Site
from digest.rendering.templates import themes
from digest.text import clean
from digest.web.admin import words

_TEST = "This is a test, asked for on the pages of whoever looks after this digest. Its links lead nowhere."
_READER = Subscriber(
    "reader@example.org",
    "A reader",
    Profile(keywords=('"speculative decoding"^3', "retrieval", "hallucinat*", "tokeni*", "-survey"), max_papers=8),
)


@dataclass(frozen=True, slots=True)
class Look:
    """How a mail is to look."""

    theme: str
    layout: Layout
    format: Format
    dark: bool = False


def read(theme: str, layout: str, form: str, mode: str, own: str) -> Look:
    """What is asked for; the installation's `own` theme, and what is usual, where that cannot be had."""
    return Look(
        theme if theme in themes() else own,
        Layout(layout) if layout in list(Layout) else Layout.CARDS,
        Format(form) if form in list(Format) else Format.HTML,
        mode == "dark",
    )


def dressed(edition: Edition, look: Look) -> Edition:
    """The same papers in another layout and format, and no number of a subscriber in any link."""
    return replace(edition, subscriber=replace(edition.subscriber, id=0, layout=look.layout, format=look.format))


def renderer(settings: Settings, parts: Parts, theme: str) -> Renderer:
    """As the installation's own, but that no link works and no message has the id of a real one: the key is a new one."""
    site, mail = settings.site, settings.mail
    return Renderer(
        Site(site.name, site.url, site.contact),
        Mailing(mail.from_, mail.reply_to, mail.list_id, settings.bounces.address),
        secrets.token_bytes(32),
        {source.name: source.title for source in parts.sources},
        site.templates_dir,
        theme=theme,
        images=False,
        locale=site.locale,
    )


# --- the sample -----------------------------------------------------------------------------------------------------


def sample_edition(now: datetime) -> Edition:
    """An edition of invented papers, as somebody might get it today."""
    papers = _sampled()
    trending = [one for one in papers if one.kind is Kind.TRENDING]
    ranking = Ranker().rank(Shard([replace(_READER, id=1)], papers, now, trending))[0]
    found = {"picks": ranking.picks, "read": ranking.read, "matched": ranking.matched, "papers": ranking.papers}
    return Edition(_READER, now.date(), now, **found)  # type: ignore[arg-type]


@cache
def _sampled() -> tuple[Announcement, ...]:
    invented = sample.sample(sample.DAYS[0])
    known = {paper["id"]: paper for paper in (*invented.announced, *invented.discussed)}
    numbers = {name: number for number, name in enumerate(known, 1)}
    new = [(paper, Kind.NEW) for paper in invented.announced]
    both = [*new, *((paper, Kind.TRENDING) for paper in invented.discussed)]
    return tuple(
        Announcement(_listing(paper, numbers[paper["id"]]), "sample", kind, invented.day, seq)
        for seq, (paper, kind) in enumerate(both, 1)
    )


def _listing(paper: sample.Table, number: int) -> Listing:
    talk = paper.get("huggingface", {})
    return Listing(
        clean.title(paper["title"]),
        clean.abstract(paper["abstract"]),
        tuple(paper["authors"]),
        f"https://example.org/abs/{paper['id']}",
        id=number,
        arxiv_id=paper["id"],
        categories=tuple(paper.get("categories", ())),
        code_url=talk.get("code"),
        upvotes=talk.get("upvotes"),
        comments=talk.get("comments"),
    )


# --- the test -------------------------------------------------------------------------------------------------------


def recipient(settings: Settings) -> str | None:
    """The operator's own address, the only one that a test goes to; None if it is not configured."""
    contact = settings.site.contact
    return settings.operator.alert or (contact if contact and "@" in contact and "://" not in contact else None)


def refusal(relay: Pace | None, now: datetime) -> str:
    """Why no test may be sent now; empty if it may. A relay that fails may be tried: that is what a test is for."""
    if relay is None or relay.key != RELAY or not quiet(relay, now):
        return ""
    return f"The mail relay asked for silence until {words.when(relay.quiet_until, now)}."


def sent(parts: Parts, renderer: Renderer, edition: Edition, to: str) -> Outcome:
    """Send an edition to the operator, marked as a test, by the way that all mail goes; nothing of it is stored."""
    test = replace(edition, subscriber=replace(edition.subscriber, email=to, name=""), note=_TEST)
    try:
        with closing(parts.transport()) as transport:
            return transport.send(parts.sign(renderer.message(test)), lambda: True)
    except DigestError as error:
        return Outcome(Verdict.FAILED, str(error))
