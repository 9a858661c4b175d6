"""Whoever wants to be deleted is: out of every table, in the midst of whatever is being done for them."""

import json
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from digest.errors import UsageError
from digest.model import (
    Cause,
    Deed,
    Errand,
    Origin,
    Outcome,
    Pin,
    Reason,
    Report,
    Return,
    Settled,
    State,
    Status,
    Subscriber,
    Verdict,
    Wish,
)
from digest.store import erasing, had, holding
from digest.store.schema import editions, metadata, subscribers

from .making import (
    DAY,
    HOUR,
    NOW,
    announce_papers,
    begin,
    claim,
    edition,
    end,
    papers,
    pick,
    publish,
    revised,
    subscribe,
    told,
)

TOMORROW = DAY + timedelta(days=1)
ANN = "Ann.Zweig@example.org"
SENT = Settled(State.SENT)


def scan(store):
    """Every value of every row of every table, as text; what is packed is unpacked. By table."""
    found = {}
    with store._database.engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        for name in names:
            rows = connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()
            found[name] = "\n".join(_readable(value) for row in rows for value in row)
    return found


def _readable(value):
    if isinstance(value, bytes | memoryview):
        try:
            return zlib.decompress(bytes(value)).decode(errors="replace")
        except zlib.error:
            return repr(bytes(value))
    return str(value)


def names(store, *words):
    """The tables in which any of these words is."""
    return {name for name, text in scan(store).items() if any(word.casefold() in text.casefold() for word in words)}


def lives(store, now=NOW, email=ANN):
    """Somebody in every table that a subscriber can be in."""
    one = subscribe(store, email, now, name="Ann Zweig")
    listings = papers(store)
    publish(store, edition(one, listings[:2], now=now))
    (held,) = claim(store, now, subscriber=email)
    assert begin(store, held, now)
    end(store, held, Outcome(Verdict.SENT, "250 ok"), SENT, now)
    second = revised(store, 1, 2, now=now)
    publish(store, told(one, second, day=TOMORROW), tomorrow=NOW + timedelta(days=2))
    store.give_feedback(email, listings[0].id, True, now)
    store.forget(email, ["studi"])
    store.vote(one.id, listings[0].id, now, on=True)
    store.suggest(one.id, listings[1].id, now)
    store.pin(Pin(DAY, listings[1].id, "Ann Zweig", "Read this.", email, now))
    store.take_back(one.id, DAY, Report(Return.TEMPORARY, "", "4.2.2", "mailbox full"), now)
    store.wish(Wish(Errand.LINK, email, now), now)
    store.wish(Wish(Errand.MOVE, "ann.zweig@elsewhere.example", now, subscriber=one.id), now)
    store.note_deed(Deed(now, "operator", f"paused {email}, not jo{email}"))
    store.update(replace(one, name="Ann Zweig, of late"), now)
    return store.subscriber(email)


OWN = {"subscribers", "editions", "kept_contents", "deliveries", "looks", "returns", "feedback", "forgotten", "votes", "suggestions", "wishes"}  # fmt: skip


@pytest.fixture
def ann(store):
    announce_papers(store, 3)
    return lives(store)


def had_of(store, number):
    with store._database.reading() as connection:
        return had.of(connection, number)


def count(store, table):
    with store._database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(metadata.tables[table]))


# --- all of it ----------------------------------------------------------------------------------------------------


def test_nothing_of_theirs_is_left_in_any_table_and_all_of_it_is_left_of_others(store, ann):
    bob = subscribe(store, "bob@example.com")
    publish(store, edition(bob, papers(store)[:2]))
    before = {table: count(store, table) for table in metadata.tables}
    assert names(store, "zweig") == {"subscribers", "looks", "wishes", "pins", "deeds"}
    assert all(before[table] for table in OWN)
    assert store.erase(ann.id, NOW)
    assert names(store, "zweig") == {"deeds"}  # of joAnn
    assert "jo" + ANN in scan(store)["deeds"]
    assert f"paused {erasing.NOBODY}, not" in scan(store)["deeds"]
    assert {table: count(store, table) for table in OWN} == dict.fromkeys(OWN, 0) | {
        "subscribers": 1, "editions": 1, "kept_contents": 1, "deliveries": 1,
    }  # fmt: skip
    assert store.subscriber_numbered(bob.id) == replace(
        bob, last_issue=DAY, cursor=store.subscriber_numbered(bob.id).cursor
    )
    assert len(store.edition(bob.email, DAY).picks) == 2
    assert store.sent([ann.id, bob.id], [1, 2, 3]) == {ann.id: frozenset(), bob.id: {1, 2}}
    assert had_of(store, ann.id) == []
    assert store.pins(DAY)[0].note == "Read this."


def test_words_of_their_profile_are_on_no_sheet_and_those_of_others_stay(store):
    announce_papers(store, 2)
    ann, bob, eve = (subscribe(store, f"{name}@example.org") for name in ("ann", "bob", "eve"))
    listings = papers(store)

    def about(reader, *terms, day=DAY):
        reasons = tuple(Reason(term, "title", 1.0, (term,)) for term in terms)
        return replace(edition(reader, day=day), picks=(pick(listings[0], score=float(len(terms)), reasons=reasons),))

    publish(store, about(ann, "zweig", "shared"), about(bob, "shared"), about(eve, "tokyo"))
    publish(
        store,
        replace(
            about(ann, "zweig", day=TOMORROW), picks=(pick(listings[1], reasons=(Reason("zweig", "title", 1.0),)),)
        ),
    )
    before = [store.edition(reader.email, DAY) for reader in (bob, eve)]
    assert names(store, "zweig") == {"sheets"}
    store.erase(ann.id, NOW)
    assert not names(store, "zweig")
    assert count(store, "sheets") == 1
    assert [store.edition(reader.email, DAY) for reader in (bob, eve)] == before


def test_everything_that_refers_to_a_subscriber_or_their_editions_is_known_to_be_theirs():
    known = {table.name for table, _ in holding.of(holding.Whose(1, "a", "a"))}
    for table in metadata.tables.values():
        refers = {key.column.table for key in table.foreign_keys}
        assert table.name in known or not refers & {subscribers, editions}, table.name
    assert known == OWN


def test_it_can_be_asked_twice_and_of_nobody(store, ann):
    assert store.erase(ann.id, NOW)
    assert store.erase(ann.id, NOW)
    assert store.erase(999, NOW)


def test_the_suppression_list_alone_remembers_an_address(store, ann):
    store.suppress(ANN, Cause.COMPLAINT, "spam", NOW)
    store.erase(ann.id, NOW)
    assert names(store, "ann.zweig") == {"suppressions", "deeds"}
    with pytest.raises(UsageError, match="suppression list"):
        subscribe(store, ANN)


def test_whoever_comes_back_is_somebody_new(store, ann):
    store.erase(ann.id, NOW)
    again = subscribe(store, ANN)
    assert again.id > ann.id
    assert (store.editions(ANN, 9), store.feedback(ANN), store.history(ANN, 9).editions) == ([], [], ())
    assert not store.sent([again.id], [1, 2, 3])[again.id]


def test_of_whom_the_configuration_names_it_stays_that_they_left(store):
    announce_papers(store, 3)
    written = Subscriber("file@example.org", origin=Origin.FILE)
    store.sync([written], NOW)
    one = store.subscriber(written.email)
    publish(store, edition(one, papers(store)))
    store.give_feedback(one.email, 1, True, NOW)
    assert not store.erase(one.id, NOW)
    assert {table for table in OWN if count(store, table)} == {"subscribers"}
    store.sync([written], NOW + HOUR)
    assert store.subscriber(written.email).status is Status.REMOVED
    assert not store.due(NOW + timedelta(days=9), everyone=True, after=0, limit=9)
    store.sync([], NOW + HOUR)  # the operator takes them out
    assert store.erase(one.id, NOW)
    assert not count(store, "subscribers")


def test_after_a_vacuum_nothing_is_left_either_and_the_counts_are_what_they_were(store, ann):
    counted = store.gauges(NOW)
    later = NOW + timedelta(days=40)
    store.erase(ann.id, later)
    store.vacuum(later, later)
    assert names(store, "ann.zweig") == {"deeds"}
    assert store.gauges(NOW).sums["editions"] == counted.sums["editions"] == 2
    assert store.gauges(NOW).sums["deliveries:sent"] == 1
    assert store.gauges(NOW).sums["returns:temporary"] == 1


def test_what_was_counted_before_is_not_counted_twice(store, ann):
    later = NOW + timedelta(days=2)
    for held in claim(store, later):
        begin(store, held, later)
        end(store, held, Outcome(Verdict.SENT, ""), SENT, later)
    store.vacuum(NOW - timedelta(days=90), later)  # sums up
    before = dict(store.gauges(later).sums)
    store.erase(ann.id, later)
    assert dict(store.gauges(later).sums) == before
    bob = subscribe(store, "bob@example.com", later)
    publish(store, edition(bob, day=later.date(), now=later), tomorrow=later + timedelta(days=1))
    assert store.gauges(later).sums["editions"] == before["editions"] + 1


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_in_the_file_itself_no_byte_of_it_is_left(store, ann, url):
    path = Path(sa.make_url(url).database)
    checkpoint(store)
    assert ANN.encode() in path.read_bytes()
    store.erase(ann.id, NOW)
    checkpoint(store)  # as SQLite does by itself, soon
    assert ANN.encode() not in path.read_bytes().replace(b"jo" + ANN.encode(), b"")
    assert not path.with_name(f"{path.name}-wal").stat().st_size


def checkpoint(store):
    with closing(store._database.engine.raw_connection()) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


# --- numbers ------------------------------------------------------------------------------------------------------


def test_their_numbers_are_never_given_to_others(store):
    announce_papers(store, 1)
    used = []
    for turn in range(3):
        one = subscribe(store, f"reader{turn}@example.org")
        publish(store, edition(one, papers(store)))
        (held,) = claim(store, subscriber=one.email)
        with store._database.reading() as connection:
            number = connection.scalar(sa.select(sa.func.max(editions.c.id)))
        used.append((one.id, number, held.id))
        store.erase(one.id, NOW)
    for numbers in zip(*used, strict=True):
        assert sorted(set(numbers)) == list(numbers)


# --- in the midst of something ------------------------------------------------------------------------------------


def publish_one(store):
    announce_papers(store, 2)
    one = subscribe(store, ANN)
    publish(store, edition(one, papers(store)))
    return one


def test_a_message_about_to_go_out_is_let_be(store):
    one = publish_one(store)
    (held,) = claim(store)
    store.erase(one.id, NOW)
    assert not begin(store, held)
    end(store, held, Outcome(Verdict.DEFERRED, "450"), Settled(State.DEFERRED, NOW + HOUR))
    store.release([held], NOW)
    assert not claim(store, NOW + HOUR * 24)


@pytest.mark.parametrize("settled", [SENT, Settled(State.DEFERRED, NOW + HOUR), Settled(State.FAILED)])
def test_the_end_of_a_message_that_went_out_meanwhile_changes_nothing(store, settled):
    one = publish_one(store)
    other = subscribe(store, "bob@example.com")
    publish(store, edition(other))
    first, second = sorted(claim(store), key=lambda held: held.edition.subscriber.id)
    assert begin(store, first)
    assert begin(store, second)
    store.erase(one.id, NOW)
    end(store, first, Outcome(Verdict(settled.state), ""), settled)
    end(store, second, Outcome(Verdict.SENT, ""), SENT)
    assert names(store, "zweig") == set()
    assert store.history(other.email, 1).editions[0].state is State.SENT


def test_an_edition_composed_meanwhile_is_not_published(store):
    one = publish_one(store)
    tomorrow = replace(edition(one, papers(store), day=TOMORROW))
    store.erase(one.id, NOW)
    assert publish(store, tomorrow) == 0
    assert not count(store, "editions")


def test_a_bounce_that_comes_later_is_about_nobody(store, ann):
    store.erase(ann.id, NOW)
    for kind in (Return.PERMANENT, Return.COMPLAINT, Return.UNSUBSCRIBE):
        taken = store.take_back(ann.id, DAY, Report(kind, "", "5.1.1", ANN), NOW)
        assert (taken.effect, taken.email) == ("unknown", "")
    assert "zweig" not in scan(store)["returns"] + scan(store)["suppressions"]


def send(store):
    for turn in range(12):
        now = NOW + turn * HOUR
        held = claim(store, now, worker="sender", limit=3)
        may = store.progress(held, [], now)
        for one in held:
            if one.id in may:
                end(store, one, Outcome(Verdict.SENT, ""), SENT, now)


def compose(store, people):
    listings = papers(store)
    for days in range(8):
        for some in (people[:6], people[6:]):
            publish(store, *(edition(one, listings, day=DAY + timedelta(days=days)) for one in some))


def erase(store, people):
    for one in people:
        store.erase(one.id, NOW)


def test_while_others_send_and_compose_somebody_is_erased_and_nothing_breaks(store):
    announce_papers(store, 2)
    people = [subscribe(store, f"r{number}@example.org") for number in range(12)]
    go, stay = people[::2], people[1::2]
    with ThreadPoolExecutor(4) as pool:
        work = [(compose, store, people), (send, store), (erase, store, go), (send, store)]
        for done in [pool.submit(*each) for each in work]:
            done.result()
    assert store.subscribers() == [store.subscriber_numbered(one.id) for one in stay]
    assert not any(store.history(one.email, 1) for one in go)
    assert all(len(store.history(one.email, 99).editions) == 8 for one in stay)
    with store._database.reading() as connection:
        left = connection.scalars(sa.select(editions.c.subscriber_id).distinct()).all()
    assert set(left) == {one.id for one in stay}


# --- what is held -------------------------------------------------------------------------------------------------


def test_what_is_shown_is_what_would_be_erased(store, ann):
    store.suppress(ANN, Cause.OPERATOR, "asked to", NOW)
    held = store.export(ann.id)
    assert set(held) == {name.removeprefix("kept_") for name in OWN} | {"had", "suppressions", "pins", "papers"}
    assert len(held["had"]) == 3
    assert json.loads(json.dumps(held)) == held
    told = {name: held[name.removeprefix("kept_")] for name in OWN}
    assert all(told.values())
    assert {name: len(rows) for name, rows in told.items()} == {name: count(store, name) for name in OWN}
    assert held["subscribers"][0]["email"] == ANN
    assert held["contents"][0]["content"]["picks"][0]["reasons"][0]["term"] == "diffusion"
    assert held["papers"][str(held["feedback"][0]["listing_id"])]["title"].startswith("A study of the subject")
    store.erase(ann.id, NOW)
    assert store.export(ann.id) is None


def test_nobody_is_shown_what_is_held_of_others(store, ann):
    bob = subscribe(store, "bob@example.com")
    publish(store, edition(bob, papers(store)))
    held = store.export(bob.id)
    assert "zweig" not in json.dumps(held).casefold()
    assert {name: len(rows) for name, rows in held.items() if rows and name != "papers"} == {
        "subscribers": 1, "editions": 1, "contents": 1, "deliveries": 1, "had": 3,
    }  # fmt: skip


# --- another address ----------------------------------------------------------------------------------------------


def test_a_subscription_moves_with_all_that_belongs_to_it(store, ann):
    moved = store.move(ann.id, "ann@elsewhere.example", NOW)
    assert (moved.id, moved.email, moved.profile) == (ann.id, "ann@elsewhere.example", ann.profile)
    assert store.subscriber(ANN) is None
    assert len(store.editions(moved.email, 9)) == 2
    assert [held.edition.subscriber.email for held in claim(store, NOW + HOUR)] == ["ann@elsewhere.example"]


def test_of_whoever_moved_nothing_is_left_of_the_old_address_either(store):
    wanted = Subscriber(ANN, "Ann")
    store.wish(Wish(Errand.SIGN_UP, ANN, NOW, wanted), NOW)
    who = store.confirm_wish(store.claim_wishes(NOW, HOUR, 9)[0], NOW)
    announce_papers(store, 1)
    store.pin(Pin(DAY, 1, "Ann", "Read this.", ANN, NOW))
    store.note_deed(Deed(NOW, "the operator", f"paused {ANN.casefold()}"))
    store.wish(Wish(Errand.MOVE, "elsewhere@example.org", NOW, subscriber=who.id), NOW)
    store.confirm_move(store.claim_wishes(NOW, HOUR, 9)[0], NOW)
    store.erase(who.id, NOW)
    assert not names(store, ANN, "elsewhere")


def test_a_message_in_a_workers_hands_goes_to_the_new_address_or_not_at_all(store):
    one = publish_one(store)
    (held,) = claim(store)
    store.move(one.id, "ann@elsewhere.example", NOW)
    assert not begin(store, held)
    (again,) = claim(store, NOW + HOUR)
    assert again.edition.subscriber.email == "ann@elsewhere.example"


def test_nobody_moves_onto_somebody_else(store, ann):
    subscribe(store, "bob@example.com")
    store.sync([Subscriber("file@example.org")], NOW)
    store.suppress("not@example.org", Cause.BOUNCE, "", NOW)
    for email in ("BOB@example.com", "file@example.org", "not@example.org"):
        with pytest.raises(UsageError):
            store.move(ann.id, email, NOW)
    with pytest.raises(UsageError, match="configuration file"):
        store.move(store.subscriber("file@example.org").id, "new@example.org", NOW)
    store.set_status("file@example.org", Status.REMOVED, NOW)
    with pytest.raises(UsageError):
        store.move(ann.id, "file@example.org", NOW)
    assert store.subscriber_numbered(ann.id).email == ANN
    assert store.history("file@example.org", 1) is not None


def test_whoever_left_an_address_makes_room_for_its_reader(store, ann):
    old = subscribe(store, "ann@elsewhere.example")
    store.set_status(old.email, Status.REMOVED, NOW)
    assert store.move(ann.id, old.email, NOW).id == ann.id
    assert store.subscriber_numbered(old.id) is None


def test_whose_old_address_took_no_mail_gets_it_at_the_new_one(store, ann):
    store.suppress(ANN, Cause.BOUNCE, "550", NOW)
    assert store.move(ann.id, "ann@elsewhere.example", NOW).status is Status.ACTIVE
    assert store.suppression(ANN) is not None
