"""What the operator looks through, and what they changed."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.model import Cause, Deed, Outcome, Report, Return, Settled, State, Status, Verdict
from digest.store import Among, Place, lists
from digest.store.schema import TROUBLE

from .making import DAY, HOUR, NOW, claim, edition, end, publish, publish_for, subscribe


def names(people):
    return [person.email.partition("@")[0] for person in people]


# --- subscribers --------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(store):
    for name in ("Bob", "anna", "Ann", "carl", "an%", "an_e", "änne"):
        subscribe(store, f"{name}@example.org")
    store.set_status("carl@example.org", Status.PAUSED, NOW)
    return store


def test_subscribers_are_listed_by_address_page_by_page_each_once(crowd):
    whole = crowd.people(Among(), "", 50)
    pages, after = [], ""
    while page := crowd.people(Among(), after, 3):
        pages += page
        after = page[-1].key
    assert pages == whole
    assert sorted(names(whole)) == sorted(["Bob", "anna", "Ann", "carl", "an%", "an_e", "änne"])


@pytest.mark.parametrize(
    ("begins", "found"),
    [
        ("ann", {"anna", "Ann"}),
        ("ANN@", {"Ann"}),
        (" Ann@example.org ", {"Ann"}),
        ("an%", {"an%"}),
        ("an_", {"an_e"}),
        ("Ä", {"änne"}),
        ("nobody", set()),
        ("\0", set()),
    ],
)
def test_subscribers_are_found_by_how_their_address_begins(crowd, begins, found):
    people = crowd.people(Among(begins=begins), "", 50)
    assert set(names(people)) == found or (begins == "\0" and len(people) == 7)


def test_subscribers_are_found_by_status(crowd):
    assert names(crowd.people(Among(Status.PAUSED), "", 50)) == ["carl"]
    assert names(crowd.people(Among(Status.PAUSED, "ann"), "", 50)) == []
    assert crowd.statuses() == {
        Status.ACTIVE: 6,
        Status.PAUSED: 1,
        Status.REMOVED: 0,
        Status.SUPPRESSED: 0,
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(begins=st.text(max_size=8), after=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_no_search_is_an_error(store, begins, after):
    assert store.people(Among(begins=begins), after, 5) == []
    assert store.suppressed(begins, None, 5) == []


# --- deliveries ---------------------------------------------------------------------------------------------------


def test_what_was_composed_on_a_day_is_listed_newest_first_page_by_page(store):
    publish_for(store, 5)
    publish(store, edition(subscribe(store, "late@example.org"), now=NOW + HOUR))
    publish(store, edition(subscribe(store, "next@example.org"), day=DAY + timedelta(1), now=NOW + timedelta(1)))
    whole = store.sendings(DAY, [State.PENDING], None, 50)
    assert [one.email for one in whole] == ["late@example.org", *(f"reader{n}@example.org" for n in (4, 3, 2, 1, 0))]
    pages, before = [], None
    while page := store.sendings(DAY, [State.PENDING], before, 4):
        pages += page
        before = Place(page[-1].composed_at, page[-1].edition)
    assert pages == whole
    assert store.sendings(DAY, [State.SENT], None, 50) == []
    assert store.last_composed() == DAY + timedelta(1)


def test_a_day_is_counted_and_says_why_what_failed_did(store):
    assert store.last_composed() is None
    publish_for(store, 4)
    one, two, three = claim(store, limit=3)
    store.progress([one, two, three], [], NOW)
    end(store, one, Outcome(Verdict.SENT), Settled(State.SENT))
    for held, state in ((two, State.FAILED), (three, State.DEFERRED)):
        end(
            store,
            held,
            Outcome(Verdict.FAILED, "550 no such mailbox", 550),
            Settled(state, NOW if state is State.DEFERRED else None),
        )
    day = store.day(DAY)
    assert (day.editions, day.states[State.SENT], day.states[State.FAILED], day.states[State.PENDING]) == (4, 1, 1, 1)
    assert store.said(DAY) == [("550 no such mailbox", 2)]
    (failed,) = store.sendings(DAY, [State.FAILED], None, 50)
    assert (failed.code, failed.detail, failed.attempts) == (550, "550 no such mailbox", 1)
    assert store.day(date(2026, 1, 1)).editions == 0


def test_what_came_back_is_listed_newest_first(store):
    ann = subscribe(store)
    publish(store, edition(ann))
    for kind, hours in ((Return.TEMPORARY, 1), (Return.PERMANENT, 2)):
        store.take_back(ann.id, DAY, Report(kind, code="4.2.2", detail="full"), NOW + hours * HOUR)
    newest, older = store.came_back(10)
    assert (newest.kind, newest.email, older.kind) == (Return.PERMANENT, ann.email, Return.TEMPORARY)
    assert len(store.came_back(1)) == 1


# --- suppressions -------------------------------------------------------------------------------------------------


def test_the_suppression_list_is_read_newest_first_page_by_page(store):
    for number in range(5):
        store.suppress(f"r{number}@example.org", Cause.OPERATOR, "", NOW + number // 2 * HOUR)
    whole = store.suppressed("", None, 50)
    assert [entry.email[1] for entry in whole] == ["4", "3", "2", "1", "0"]
    pages, before = [], None
    while page := store.suppressed("", before, 2):
        pages += page
        before = page[-1].at, page[-1].email
    assert pages == whole
    assert [entry.email for entry in store.suppressed("R3", None, 50)] == ["r3@example.org"]


# --- what was changed ---------------------------------------------------------------------------------------------


def test_deeds_are_read_newest_first_page_by_page(store):
    for number, what in enumerate(["paused ann@example.org", "resumed ann@example.org", "removed bob@example.org"]):
        store.note_deed(Deed(NOW + number * HOUR, "admin", what))
    numbered = store.deeds(2)
    assert [deed.what for _, deed in numbered] == ["removed bob@example.org", "resumed ann@example.org"]
    assert [deed.what for _, deed in store.deeds(9, before=numbered[-1][0])] == ["paused ann@example.org"]


def test_a_session_that_was_ended_stays_so_until_it_would_have_ended_anyway(store):
    store.end_session("one", NOW + HOUR, NOW)
    assert store.is_ended("one")
    assert not store.is_ended("two")
    store.end_session("two", NOW + 3 * HOUR, NOW + 2 * HOUR)
    assert store.is_ended("two")
    assert not store.is_ended("one")  # by then its own end has come


def test_who_is_due_is_found_by_when_and_who_is_absent_by_status(store):
    """On SQLite, which without statistics prefers whatever index a status equals something in."""
    if store._database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans with statistics")
    due = "SELECT count(*) FROM subscribers WHERE status = ? AND next_due <= ?"
    absent = "SELECT email FROM subscribers WHERE status = ? AND status <> 'active' ORDER BY address LIMIT 50"
    trouble = f"SELECT id FROM deliveries WHERE {TROUBLE} AND state = ? ORDER BY changed_at DESC LIMIT 20"
    with store._database.reading() as connection:
        plans = [
            connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", given).all()[0][3]
            for asked, given in ((due, ("active", "2026")), (absent, ("paused",)), (trouble, ("failed",)))
        ]
    assert "ix_subscribers_next_due" in plans[0]
    assert "ix_subscribers_absent" in plans[1]
    assert "ix_deliveries_trouble" in plans[2]


def test_what_is_trouble_is_the_same_in_the_index_and_in_the_lists():
    assert str(TROUBLE) == f"state IN ({', '.join(repr(str(state)) for state in sorted(lists.TROUBLED))})"


def test_lists_are_sorted_by_bytes_in_whatever_language_the_database_is(store):
    addresses = ["ab", "a-b", "b_", "ba", "zz", "\u00e9a", "_x", "a.c"]
    for name in addresses:
        subscribe(store, f"{name}@example.org")
    assert [each.key for each in store.people(Among(), "", 50)] == sorted(f"{name}@example.org" for name in addresses)
    if store._database.engine.dialect.name == "postgresql":
        with store._database.reading() as connection:
            ours = "table_schema = current_schema() AND column_name = 'address'"
            asked = f"SELECT DISTINCT collation_name FROM information_schema.columns WHERE {ours}"
            assert connection.exec_driver_sql(asked).all() == [("C",)]
