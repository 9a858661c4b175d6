"""Listings as cards of the archive."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from digest.model import Announcement, Kind, Layout, Listing, Pick, Section
from digest.rendering.cards import Card, Setting, card_of
from digest.rendering.language import ENGLISH
from digest.rendering.words import counted
from digest.web.desk import Desk


@dataclass(frozen=True, slots=True)
class Shown:
    """A paper as pages show it."""

    card: Card
    number: int
    votes: str = ""  # "recommended by 3 readers"; empty if nobody does, or none were asked for


def setting(desk: Desk, layout: Layout = Layout.CARDS) -> Setting:
    """What every card is made with: pages speak English."""
    titles = {source.name: source.title for source in desk.parts.sources}
    return Setting(titles, ENGLISH, layout, read=desk.texts)


def pick_of(listing: Listing, kind: Kind, source: str, day: date) -> Pick:
    """A paper that nobody's profile chose."""
    return Pick(listing, Section.TRENDING, kind, source, day, 0.0)


def shown(picks: Iterable[Pick], today: date, made: Setting, votes: Mapping[int, int]) -> list[Shown]:
    """Cards with the votes that readers gave."""
    return [
        Shown(card_of(pick, today, made), pick.listing.id, recommended(votes.get(pick.listing.id, 0))) for pick in picks
    ]


def recommended(votes: int) -> str:
    """How many readers recommend a paper, in words."""
    return f"recommended by {counted(votes, 'reader')}" if votes else ""


def told(listing: Listing, said: Announcement | None, today: date) -> tuple[Kind, str, date]:
    """What a card says of how a paper became news, if it ever did."""
    return (said.kind, said.source, said.day) if said else unannounced(listing, today)


def unannounced(listing: Listing, today: date) -> tuple[Kind, str, date]:
    """What a card says of a paper that was never news: known from before the first pull, or from somebody's library."""
    return Kind.NEW, "", listing.published.date() if listing.published else today
