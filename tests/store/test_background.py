"""The store's count of words: each paper once, older ones less and less, also in a database that is older than it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from digest.model import Background, Kind, Listing
from digest.store import background as counted
from digest.store import open_store, schema
from digest.store.columns import _pack_counts, _unpack_counts
from digest.text.background import HALF_LIFE, added, count, with_prior

from .making import NOW, announce, announce_papers, paper, said

DAYS = timedelta(days=1)


def own(store):
    """What the store counted itself, without the count that is shipped."""
    with store._database.reading() as connection:
        return counted.read(connection)


def test_what_is_announced_is_counted_with_the_shipped_count_beside_it(store):
    assert store.background() == with_prior(Background())
    announce_papers(store, 3)
    assert own(store) == count([paper(number) for number in (1, 2, 3)])
    assert store.background() == with_prior(own(store))


def test_a_paper_is_counted_once_whoever_tells_of_it_and_how_often(store):
    announce(store, said(paper(1)), said(paper(1, title="A later title of the same, long enough")))
    once = own(store)
    announce(store, said(paper(1)))
    announce(store, said(paper(1, version=2, abstract="Other words."), Kind.REVISION), said(paper(1)), source="hf")
    assert own(store) == once
    assert once.papers == 1
    announce(store, backlog=(paper(2),))
    assert own(store).papers == 2


def test_a_batch_that_is_not_kept_is_not_counted(store, monkeypatch):
    announce_papers(store, 1)
    before = own(store)
    with monkeypatch.context() as patched:
        patched.setattr("digest.store.announce._tell", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            announce_papers(store, 3)
    assert own(store) == before
    announce_papers(store, 3)
    assert own(store).papers == 3


def test_older_papers_count_less_by_the_day_and_half_after_three_weeks(store):
    announce_papers(store, 4, now=NOW)
    announce_papers(store, 1, now=NOW + 0.9 * DAYS, first=5)
    assert own(store).papers == 5
    announce_papers(store, 1, now=NOW + HALF_LIFE, first=6)
    assert own(store).papers == 5 / 2 + 1
    assert own(store).holders["studi"] == 5 / 2 + 1
    announce_papers(store, 6, now=NOW + HALF_LIFE + 9 * DAYS)
    assert own(store).papers == 5 / 2 + 1, "what brings nothing new changes nothing"
    announce_papers(store, 1, now=NOW + 2 * HALF_LIFE, first=7)
    assert own(store).papers == pytest.approx(5 / 4 + 1 / 2 + 1)


def test_words_that_nobody_uses_any_more_are_let_go(store):
    announce(store, said(paper(1, abstract="An ephemeral fashion.")))
    announce_papers(store, 1, now=NOW + HALF_LIFE + DAYS, first=2)
    assert "ephemer" not in own(store).holders
    assert "studi" in own(store).holders


def test_a_clock_that_was_ahead_stops_no_fading(store):
    announce_papers(store, 1, now=NOW + 99 * DAYS)
    announce_papers(store, 1, now=NOW, first=2)
    announce_papers(store, 1, now=NOW + HALF_LIFE, first=3)
    assert own(store).papers == pytest.approx(2)


def test_a_database_without_a_count_is_counted_as_it_is_and_once(store):
    announce_papers(store, 3)
    announce(store, said(Listing("Quite another title altogether", doi="10.1000/x")))
    whole = own(store)
    _forget_the_count(store)
    assert own(store) == whole, "asking is enough"
    assert announce_papers(store, 3).new == 0
    _rename_everything(store)
    assert own(store) == whole, "and is kept by the next pull"
    _forget_the_count(store)
    announce_papers(store, 1, first=9)
    assert own(store) == added(count([Listing("Gone")] * 4), count([paper(9)]))


def _forget_the_count(store):
    with store._database.writing() as connection:
        connection.execute(schema.background.delete())


def _rename_everything(store):
    with store._database.writing() as connection:
        connection.execute(update(schema.listings).values(title="Gone", abstract=""))


def test_of_a_large_old_database_the_newest_papers_are_counted(store, monkeypatch):
    monkeypatch.setattr(counted, "_ENOUGH", 2)
    announce_papers(store, 3)
    _forget_the_count(store)
    assert own(store) == count([paper(3), paper(2)])


@given(
    st.builds(
        Background,
        *[st.floats(0, 1e9)] * 3,
        holders=st.dictionaries(st.text(st.characters(categories=("L", "N")), min_size=1), st.floats(0, 1e9)),
    )
)
def test_a_count_is_kept_to_a_thousandth_of_a_paper(background):
    kept = _unpack_counts(_pack_counts(background))
    assert (kept.papers, kept.title_words, kept.abstract_words) == (
        background.papers,
        background.title_words,
        background.abstract_words,
    )
    assert kept.holders == {form: pytest.approx(n, abs=0.00051) for form, n in background.holders.items()}


def test_two_stores_on_one_database_lose_no_paper(url):
    one, other = open_store(url), open_store(url)
    announce_papers(one, 2)
    announce_papers(other, 2, first=3)
    announce_papers(one, 2, first=5)
    assert own(other).papers == 6
    one.close()
    other.close()
