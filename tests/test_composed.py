"""What is composed, what is looked at, what is mailed and what is read again is one edition, to the last bit."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import count, product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest import pipeline
from digest.model import (
    GRAIN,
    Announcement,
    Fetched,
    Format,
    Kind,
    Layout,
    Listing,
    Pin,
    Profile,
    Schedule,
    Subscriber,
)
from digest.pipeline import Parts
from digest.ranking.ranker import Ranker
from digest.ranking.semantic import InMemory, SemanticRanker
from digest.rendering import Mailing, Renderer, Site
from digest.store import open_store

from .stores import store_url

NOW = datetime(2026, 5, 18, 12, tzinfo=UTC)
DAY = NOW.date()
WORDS = ["flow", "matching", "robot", "graph", "protein", "survey", "diffusion", "fields"]
LINES = [*WORDS, "flow matching", "graph*^3", "author:Lee", "robot graph^0.3", "-survey", "title:fields | protein"]


def paper(number):
    own = [WORDS[number * step % 8] for step in (1, 3, 5, number)]
    said = " ".join(WORDS[number * step % 7] for step in range(2, 9 + number))
    known = {"upvotes": 3 * number, "comments": number % 4, "code_url": "https://example.org/code" * (number % 2)}
    listing = Listing(" ".join(own), said, (f"Ann {'Lee' * (number % 3)}{number}",), arxiv_id=f"2605.{number:05}")
    return replace(listing, **known)


class ByLetters:
    """Texts of like letters are close in meaning."""

    name = "letters"

    def __call__(self, texts):
        made = np.array([[1.0 + text.lower().count(letter) for letter in "abcdefghilmnoprst"] for text in texts])
        return made / np.linalg.norm(made, axis=1)[:, None]


RANKERS = {"by words": Ranker(), "in meaning, too": SemanticRanker(Ranker(), ByLetters(), InMemory())}


@pytest.fixture(scope="module", params=RANKERS)
def parts(request, tmp_path_factory):
    store = open_store(store_url(tmp_path_factory.mktemp("composed") / "digest.db"))
    found = tuple(Announcement(paper(number), "arxiv", Kind.NEW, DAY) for number in range(1, 25))
    store.announce("arxiv", Fetched(found), NOW - timedelta(hours=3), NOW)
    talked = tuple(Announcement(paper(number), "hf", Kind.TRENDING, DAY) for number in range(1, 25, 3))
    store.announce("hf", Fetched(talked), NOW - timedelta(hours=2), NOW)
    store.pin(Pin(DAY, 3, "Cho", "*Why* it matters.", "cho@example.org", NOW))
    yield Parts([], store, RANKERS[request.param], None, lambda: None, "one")
    store.close()


profiles = st.builds(
    Profile,
    keywords=st.lists(st.sampled_from(LINES), min_size=1, max_size=12, unique=True).map(tuple),
    max_papers=st.sampled_from([20, 5]),
    min_match=st.sampled_from([0.0, 30.0]),
    max_per_term=st.sampled_from([0, 2]),
    diversity=st.sampled_from([0.0, 0.5]),
    signals=st.booleans(),
)
said = st.dictionaries(st.integers(1, 24), st.booleans(), max_size=6)
numbers = count()


def composed(parts, people):
    for profile, likes in people:
        person = Subscriber(f"{next(numbers)}@example.org", profile=profile, schedule=Schedule("UTC", time(6)))
        parts.store.add(person, NOW - timedelta(days=30))
        for listing, liked in likes.items():
            parts.store.give_feedback(person.email, listing, liked, NOW - timedelta(hours=1))
    return list(pipeline.compose(parts, NOW, early=True))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(people=st.lists(st.tuples(profiles, said), min_size=1, max_size=4))
def test_what_is_read_again_is_what_was_composed_in_whole_parts_of_a_point_that_add_up(parts, people):
    editions = composed(parts, people)
    assert len(editions) == len(people)
    for edition in editions:
        assert parts.store.edition(edition.subscriber.email, DAY) == edition
        for pick in edition.picks:
            parted = [round(reason.contribution * GRAIN) for reason in pick.reasons]
            assert [part / GRAIN for part in parted] == [reason.contribution for reason in pick.reasons]
            assert sum(parted) / GRAIN == pick.score
            assert all(parted)


def test_every_form_of_mail_is_the_same_to_the_last_byte(parts):
    wide = Profile((*WORDS, *LINES[8:-2]), signals=True, diversity=0.3)
    (edition,) = composed(parts, [(wide, {1: True, 2: False, 5: True, 8: False})])
    kept = parts.store.edition(edition.subscriber.email, DAY)
    assert len(kept.picks) > 10
    for form, layout in product(Format, Layout):
        one, other = (mail(each, form, layout) for each in (edition, kept))
        assert one == other


def mail(edition, form, layout):
    renderer = Renderer(Site("Daily Papers"), Mailing("digest@example.org"), b"secret", {"arxiv": "arXiv"})
    return renderer.message(replace(edition, subscriber=replace(edition.subscriber, format=form, layout=layout)))
