"""A database of an earlier version opens with everything that is in it."""

import json
import zlib
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from digest.model import Kind, Layout, Profile, Section, Status
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


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """The URL of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.db'}"
    else:
        with request.getfixturevalue("postgresql").bare() as empty:
            yield empty


@pytest.fixture
def old(place):
    """The URL of a database at 0001 with a row in each of its main tables."""
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


READER = {key: ROWS["subscribers"][key] for key in ("email", "name", "format", "send_empty", "status", "origin")}


def document(reader, day, *picks):
    """An edition as it was kept up to 0006: its picks in order, without their listings."""
    shown = [{"section": section, "kind": "new", "source": "arxiv", "day": DAY.isoformat(), "score": 1 / 3,
              "reasons": [{"term": "flow", "field": "title", "contribution": 1 / 3, "tokens": ["flow"]}]}
             for section in picks]  # fmt: skip
    profile = {**json.loads(PROFILE), "keywords": ["as it was"]}
    return {
        "subscriber": READER | {"id": reader, "profile": profile, "schedule": {}, "cursor": 4, "last_issue": None},
        "issue_date": day.isoformat(),
        "composed_at": NOW.isoformat(),
        "picks": shown,
        "note": "Welcome.",
    }


@pytest.fixture
def lean_before(old):
    """At 0006: two readers of listings 1, 2 (the same paper as 1) and 9,000; a new version was told; one edition is old."""
    made = database.Database(sa.make_url(old), patience=1)
    later, oldest = DAY + timedelta(days=1), DAY - timedelta(days=400)
    with made.writing() as connection:
        database.upgrade(connection, "0006")

        def put(table, **values):
            names = ", ".join(values)
            said = sa.text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in values)})")
            connection.execute(said, values)

        for number, same in ((2, 1), (9_000, 9_000)):
            put("listings", **ROWS["listings"] | {"id": number, "same_as": same, "arxiv_id": None}, last_seen=MOMENT)
        put("subscribers", **ROWS["subscribers"] | {"id": 70_000, "address": "bob@x.org", "email": "bob@x.org"},
            away="[]", catch_up=True, layout="cards", locale="")  # fmt: skip
        for number, version in ((11, 1), (12, None), (13, 3)):
            put("snapshots", id=number, digest=f"{number}", version=version, shown_at=MOMENT)
            put("texts", snapshot_id=number, content=packed({"title": f"Text {number}", "id": 1, "version": version}))
        for number, reader, day in ((1, 1, oldest), (2, 1, DAY), (3, 1, later), (4, 70_000, DAY)):
            put("editions", id=number, subscriber_id=reader, issue_date=day.isoformat(), composed_at=MOMENT)
        put("contents", edition_id=2, content=packed(document(1, DAY, "for_you")))
        put("contents", edition_id=3, content=packed(document(1, later, "for_you", "versions")))
        put("contents", edition_id=4, content=packed(document(70_000, DAY)))
        columns = ("subscriber_id", "listing_id", "edition_id", "position", "snapshot_id")
        for row in ((1, 9_000, 1, 0, 12), (1, 1, 2, 0, 11), (1, 2, 3, 0, 12)):
            put("picks", **dict(zip(columns, row, strict=True)))
        put("versions", **dict(zip(columns, (1, 1, 3, 1, 13), strict=True)), version=3)
        if old.startswith("postgresql"):
            connection.execute(sa.text("SELECT setval(pg_get_serial_sequence('editions', 'id'), 4)"))
            connection.execute(sa.text("SELECT setval(pg_get_serial_sequence('snapshots', 'id'), 13)"))
    made.engine.dispose()
    return old


def test_all_that_was_sent_is_known_after_everything_is_kept_otherwise(lean_before):
    store = open_store(lean_before)
    later, oldest = DAY + timedelta(days=1), DAY - timedelta(days=400)
    assert store.sent([1, 70_000], [1, 2, 9_000]) == {1: {1, 2, 9_000}, 70_000: frozenset()}
    assert store.sent_on(1, 9_000) == [oldest]
    assert store.sent_on(1, 2) == store.sent_on(1, 1) == [DAY, later]
    two = revised(store, 1, 3)
    assert store.current([1], [1, 9_000]) == {1: {1}}
    assert publish(store, told(store.subscriber("ann@example.org"), two, day=later + timedelta(days=1))) == 1
    assert store.editions("ann@example.org", 1)[0].picks == ()
    store.close()


def test_editions_of_then_are_read_as_they_were_and_counted(lean_before):
    store = open_store(lean_before)
    later = DAY + timedelta(days=1)
    first, second = (store.edition("ann@example.org", day) for day in (DAY, later))
    assert [each.listing.title for each in first.picks] == ["Text 11"]
    assert [(each.listing.title, each.section) for each in second.picks] == [
        ("Text 12", Section.FOR_YOU),
        ("Text 13", Section.VERSIONS),
    ]
    assert first.picks[0].score == first.picks[0].reasons[0].contribution == 1 / 3
    assert (first.subscriber.profile.keywords, first.subscriber.cursor, first.note) == (("as it was",), 4, "Welcome.")
    assert store.edition("bob@x.org", DAY).picks == ()
    served = store.history("ann@example.org", 9).editions
    assert [(each.papers, each.kept) for each in served] == [(2, True), (1, True), (1, False)]
    store.close()


def test_of_whoever_is_erased_nothing_of_then_is_left(lean_before):
    store = open_store(lean_before)
    assert len(store.export(1)["had"]) == 4
    assert store.erase(1, NOW)
    with store._database.reading() as connection:
        for table in ("had", "looks", "kept_contents"):
            left = connection.execute(sa.text(f"SELECT * FROM {table}")).all()
            assert len(left) == (table == "kept_contents"), table
    store.close()


def packed(document):
    return zlib.compress(json.dumps(document).encode())


def test_an_upgrade_happens_once(old):
    open_store(old).close()
    store = open_store(old)
    assert claim(store) == []
    assert said(store.listing(1)).listing.raw_title == "Flow matching"
    store.close()
