"""A database of an earlier version opens with everything that is in it."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from digest.model import Kind, Layout, Profile, Status
from digest.store import database, open_store

from .making import DAY, NOW, announce_papers, claim, said

# As version 0001 wrote them: a profile has none of the keys that came later.
PROFILE = '{"keywords":["\\"flow matching\\"^3","-survey"],"categories":["cs.*"],"sources":[],"max_papers":7,"max_trending":2}'
MOMENT = NOW.replace(tzinfo=None).isoformat(" ")
ROWS = {
    "listings": {
        "id": 1,
        "same_as": 1,
        "title": "Flow matching with diffusion",
        "abstract": "An abstract.",
        "authors": '["Ann Lee"]',
        "url": "https://arxiv.org/abs/2605.00001",
        "arxiv_id": "2605.00001",
        "categories": '["cs.LG"]',
        "keywords": "[]",
        "raw_title": "Flow matching",
        "raw_abstract": "",
        "raw_authors": "[]",
        "first_seen": MOMENT,
    },
    "listing_keys": {"key": "arxiv:2605.00001", "listing_id": 1},
    "announcements": {
        "seq": 1,
        "listing_id": 1,
        "source": "arxiv",
        "kind": "new",
        "day": DAY.isoformat(),
        "version": 0,
        "announced_at": MOMENT,
    },
    "subscribers": {
        "id": 1,
        "address": "ann@example.org",
        "email": "Ann@example.org",
        "name": "Ann",
        "profile": PROFILE,
        "timezone": "UTC",
        "send_at": "07:30:00.000000",
        "days": "[0,1,2]",
        "format": "html",
        "send_empty": True,
        "status": "active",
        "origin": "database",
        "cursor": 0,
        "last_issue": None,
        "next_due": MOMENT,
        "created_at": MOMENT,
    },
}


@pytest.fixture
def old(url, tmp_path):
    """The URL of a database at 0001 with a row in each of its main tables."""
    place = f"sqlite:///{tmp_path / 'old.db'}" if url.startswith("sqlite") else url
    made = database.Database(sa.make_url(place), patience=1)
    with made.writing() as connection:
        database.upgrade(connection, "0001")
        for table, row in ROWS.items():
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)
        connection.execute(sa.text("UPDATE counters SET value = 1"))
    with made.reading() as connection:
        assert database.revision(connection) == "0001"
    made.engine.dispose()
    return place


def test_everything_is_still_there_and_what_came_later_has_its_default(old):
    store = open_store(old)
    ann = store.subscriber("ann@example.org")
    assert ann.profile == Profile(('"flow matching"^3', "-survey"), ("cs.*",), (), 7, 2)
    assert (ann.status, ann.schedule.days) == (Status.ACTIVE, frozenset({0, 1, 2}))
    assert (ann.layout, ann.locale) == (Layout.CARDS, "")
    (news,) = store.window(0)
    assert (news.listing.title, news.kind, news.day) == ("Flow matching with diffusion", Kind.NEW, DAY)
    store.close()


def test_what_is_new_works_at_once(old):
    store = open_store(old)
    assert store.background().holders["=flow"] >= 1
    assert store.tastes([1]) == {}
    store.give_feedback("ann@example.org", 1, True, NOW)
    assert [said.listing.id for said in store.feedback("ann@example.org")] == [1]
    announce_papers(store, 2, now=NOW + timedelta(hours=1), first=2)
    assert [listing.id for listing in store.find("2605.00002")] == [2]
    with store._database.reading() as connection:
        kept = connection.execute(sa.text("SELECT count(*) FROM background")).scalar()
    assert kept == 1
    assert store.announced(DAY, date.max)[0].listing.id == 1
    store.close()


def test_an_upgrade_happens_once(old):
    open_store(old).close()
    store = open_store(old)
    assert claim(store) == []
    assert said(store.listing(1)).listing.raw_title == "Flow matching"
    store.close()
