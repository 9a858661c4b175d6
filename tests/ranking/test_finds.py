"""What terms find, while somebody types them."""

from datetime import UTC, date, datetime

from digest.model import Announcement, Background, Kind, Listing, Profile, Shard
from digest.ranking import finds
from digest.ranking.finds import Pulled
from digest.ranking.query import parse_profile
from digest.ranking.ranker import Ranker

NOW = datetime(2026, 5, 18, 8, tzinfo=UTC)
TITLES = ("Flow matching made simple", "A survey of diffusion models", "Tokenizers for birdsong")
WINDOW = [
    Announcement(Listing(title, f"We study it: {title}.", id=number), "arxiv", Kind.NEW, date(2026, 5, 18), number)
    for number, title in enumerate(TITLES, start=1)
]


class Asked:
    """A ranker that remembers for how many readers it was asked to rank."""

    def __init__(self):
        self.readers = []
        self._ranker = Ranker()

    def __call__(self, readers):
        self.readers.append(len(readers))
        return self._ranker.rank(Shard(readers, WINDOW, NOW))


def found(pulled, *lines, advised=5):
    terms, _ = parse_profile(lines)
    return pulled.find(terms, Profile(), advised)


def test_a_term_that_was_looked_for_is_not_looked_for_again():
    rank = Asked()
    pulled = Pulled(rank, WINDOW, Background(), ["arxiv"])
    first = found(pulled, "diffusion", "birdsung")
    rank.readers.clear()
    again = found(pulled, "diffusion", "birdsung", "tokeni*")
    assert rank.readers == [2], "the new term, and the profile as a whole"
    assert again.terms[:2] == first.terms
    assert [(term.text, term.papers) for term in again.terms] == [("diffusion", 1), ("birdsung", 0), ("tokeni*", 1)]
    assert (first.together, again.together) == (1, 2)


def test_a_term_that_was_only_counted_is_looked_into_when_there_is_time():
    pulled = Pulled(Asked(), WINDOW, Background(), ["arxiv"])
    hasty = found(pulled, "birdsung", "diffusoin", advised=1)
    assert [bool(term.remark) for term in hasty.terms] == [True, False]
    assert all(term.remark for term in found(pulled, "birdsung", "diffusoin", advised=1).terms)


def test_what_strangers_type_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(finds, "_MOST_KNOWN", 3)
    pulled = Pulled(Asked(), WINDOW, Background(), ["arxiv"])
    for number in range(10):
        assert found(pulled, f"strange{number}", "diffusion").terms[1].papers == 1
        assert len(pulled._known) <= 3
