"""A database of an earlier version opens with everything that is in it."""

import json
import zlib
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from digest.model import Kind, Layout, Profile, Status
from digest.store import database, open_store

from .making import DAY, NOW, announce_papers, claim, publish, revised, said, told

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


def test_what_was_sent_before_is_read_as_it_was_and_its_new_versions_are_told(old):
    """The document of an edition had none of the keys that came later, and no version was kept beside a pick."""
    reader = {key: ROWS["subscribers"][key] for key in ("email", "name", "format", "send_empty", "status", "origin")}
    kept = {
        "subscriber": reader
        | {"id": 1, "profile": json.loads(PROFILE), "schedule": {}, "cursor": 0, "last_issue": None},
        "issue_date": DAY.isoformat(),
        "composed_at": NOW.isoformat(),
        "picks": [{"section": "for_you", "kind": "new", "source": "arxiv", "day": DAY.isoformat(), "score": 9.5}],
    }
    shown = {"title": "Flow matching with diffusion", "id": 1, "arxiv_id": "2605.00001", "version": 1}
    made = database.Database(sa.make_url(old), patience=1)
    with made.writing() as connection:
        for statement, values in (
            ("INSERT INTO snapshots VALUES (99, 'x', :content)", {"content": packed(shown)}),
            (
                "INSERT INTO editions VALUES (99, 1, :day, :now, :content)",
                {"day": DAY.isoformat(), "now": MOMENT, "content": packed(kept)},
            ),
            ("INSERT INTO picks VALUES (1, 1, 99, 0, 99)", {}),
            ("UPDATE subscribers SET last_issue = :day", {"day": DAY.isoformat()}),
        ):
            connection.execute(sa.text(statement), values)
    made.engine.dispose()
    store = open_store(old)
    sent = store.edition("ann@example.org", DAY)
    assert (sent.subscriber.layout, sent.subscriber.locale, sent.picks[0].score) == (Layout.CARDS, "", 9.5)
    two = revised(store, 1, 2)
    assert store.current([1], [1]) == {1: frozenset()}
    for day in (DAY + timedelta(days=1), DAY + timedelta(days=2)):
        publish(store, told(store.subscriber("ann@example.org"), two, day=day))
    assert store.sent_on(1, 1) == [DAY, DAY + timedelta(days=1)]
    assert store.edition("ann@example.org", DAY) == sent
    store.close()


def packed(document):
    return zlib.compress(json.dumps(document).encode())


def test_an_upgrade_happens_once(old):
    open_store(old).close()
    store = open_store(old)
    assert claim(store) == []
    assert said(store.listing(1)).listing.raw_title == "Flow matching"
    store.close()
