"""PostgreSQL restarted, cut off, or silent while messages are in hand: nothing lost, nothing twice but what nobody can know."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from ..proxy import proxy  # noqa: TID252  (tests are no package)
from .books import balance
from .running import until

CONNECTIONS = 2


@pytest.fixture
def database(postgresql):
    with postgresql.database() as url:
        yield sa.make_url(url)


@pytest.fixture
def between(database):
    with proxy(database.port, database.host) as made:
        yield made


def _later(minutes: int) -> tuple[str, str]:
    return "--now", (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


def _made(make_house, url, readers=20):
    """An installation that keeps no log beside the database: what the store does not know, nobody knows."""
    shown = url.render_as_string(hide_password=False)
    house = make_house(readers, url=shown, delivery=f"connections = {CONNECTIONS}", with_log=False)
    assert house.run("pull") == 0
    return house


def _sent(house) -> int:
    return house.count("SELECT count(*) FROM deliveries WHERE state = 'sent'")


@pytest.mark.parametrize(("step", "mode"), [("data", "fast"), ("dot", "immediate")])
def test_a_restart_in_mid_run_is_not_even_noticed(make_house, postgresql, database, step, mode):
    if postgresql.own is None:
        pytest.skip("this server is not ours to restart")
    house = _made(make_house, database)
    house.sink.trap(step, 4)
    sender = house.start("send")
    assert house.sink.trapped()
    postgresql.own.restart(mode)
    house.sink.order("go")
    assert sender.wait() == 0, house.said()
    books = balance(house)
    assert (books.messages, books.again, books.faults) == (20, 0, ())


def test_a_database_that_goes_away_while_messages_flow_loses_nothing_and_another_run_goes_on(
    make_house, database, between
):
    house = _made(make_house, database.set(host="127.0.0.1", port=between.port))
    house.patience = 0.5
    house.sink.trap("dot", 4)
    sender = house.start("send")
    assert house.sink.trapped()
    between.refuse()
    house.sink.order("go")
    assert sender.wait() != 0
    assert "Traceback" not in house.said()
    taken = len(house.sink.taken())
    assert taken <= 4 + CONNECTIONS
    between.go()
    assert house.run("send") == 0
    books = balance(house, slept=True)
    assert books.again <= CONNECTIONS
    assert books.faults == ()


def test_an_outcome_is_written_once_the_database_is_back(make_house, database, between):
    house = _made(make_house, database.set(host="127.0.0.1", port=between.port))
    house.sink.trap("dot", 4)
    sender = house.start("send")
    assert house.sink.trapped()
    before = between.accepted
    between.refuse()
    house.sink.order("go")
    until(lambda: between.accepted > before + 1)  # it tries
    between.go()
    assert sender.wait() == 0, house.said()
    books = balance(house)
    assert (books.messages, books.again, books.faults) == (20, 0, ())


def test_a_machine_cut_off_for_longer_than_its_leases_sends_nothing_that_is_no_longer_its_own(
    make_house, database, between
):
    house = _made(make_house, database)
    text = (house.folder / "config.toml").read_text()
    apart = text.replace(f":{database.port}/", f":{between.port}/")
    assert apart != text
    (house.folder / "apart.toml").write_text(apart)
    house.sink.trap("dot", 4)
    sleeper = house.start("send", config="apart.toml")
    assert house.sink.trapped()
    between.stall()
    house.sink.order("go")
    assert house.run("send", *_later(20)) == 0  # by whose clock its leases are over
    assert _sent(house) == 20
    between.go()
    sleeper.wait()
    books = balance(house, slept=True)
    assert books.again <= CONNECTIONS
    assert books.faults == ()
