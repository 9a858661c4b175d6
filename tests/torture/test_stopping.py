"""Stopped politely, held still, locked out: nothing lost, nothing twice but what nobody can know."""

from datetime import UTC, datetime, timedelta
from signal import SIGCONT, SIGKILL, SIGTERM
from time import sleep

import pytest

from .books import balance
from .running import lives, until


def _later(minutes: int) -> tuple[str, str]:
    return "--now", (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


def _states(house) -> dict[str, int]:
    return dict(house.ask("SELECT state, count(*) FROM deliveries GROUP BY 1"))


def test_sigterm_lets_the_messages_in_hand_be_finished_and_gives_back_the_rest(make_house):
    house = make_house(20, delivery="connections = 3")
    house.sink.trap("dot", 4)
    daemon = house.start("run")
    assert house.sink.trapped()
    daemon.signal(SIGTERM)
    sleep(0.1)
    assert daemon.lives()  # it waits for the reply
    house.sink.order("go")
    assert daemon.wait() == 0
    taken = len(house.sink.taken())
    states = _states(house)
    assert states == {"sent": taken, "pending": 20 - taken}
    assert 4 <= taken < 20
    assert house.run("send") == 0
    assert balance(house).again == 0
    assert balance(house).faults == ()


def test_a_worker_that_slept_through_its_lease_sends_nothing_that_is_no_longer_its_own(make_house):
    house = make_house(20, delivery="connections = 2")
    assert house.run("pull") == 0
    house.sink.trap("data", 3)
    sleeper = house.start("send")
    assert house.sink.trapped()
    until(lambda: len(house.sink.taken()) >= 2)
    sleeper.stop()
    sent = len(house.sink.taken())
    house.sink.order("go")  # it is told 354, and does not hear it
    assert house.run("send", *_later(20)) == 0  # by whose clock its leases are over
    assert _states(house) == {"sent": 20}
    sleeper.signal(SIGCONT)
    sleeper.wait()
    books = balance(house, slept=True)
    assert books.again <= 2  # one a connection
    assert books.messages - books.again == 20
    assert books.faults == ()
    assert sent < 20


@pytest.mark.parametrize("step", ["data", "dot"])
def test_a_worker_asleep_around_the_dot_leaves_one_message_in_doubt_at_most(make_house, step):
    house = make_house(5, delivery="connections = 1")
    assert house.run("pull") == 0
    house.sink.trap(step)
    sleeper = house.start("send")
    assert house.sink.trapped()
    sleeper.stop()
    house.sink.order("go")
    assert house.run("send", *_later(20)) == 0
    sleeper.signal(SIGCONT)
    sleeper.wait()
    books = balance(house, slept=True)
    assert books.again == (step == "dot")
    assert books.faults == ()


def test_what_a_killed_daemon_began_ends_with_it(make_house):
    house = make_house(20)
    daemon = house.start("run")
    until(lambda: len(house.tree()) > 1)  # it ranks in a process of its own
    family = house.tree()
    daemon.signal(SIGKILL)
    until(lambda: not any(lives(process) for process in family))


def test_a_database_locked_for_longer_than_anybody_waits_loses_nothing(make_house):
    house = make_house(20, delivery="connections = 2")
    house.patience = 0.3
    house.sink.trap("dot", 3)
    daemon = house.start("run")
    assert house.sink.trapped()
    with house.locked():
        house.sink.order("go")
        until(lambda: "kept the database locked" in house.said())
    daemon.signal(SIGTERM)
    assert daemon.wait() == 0
    assert house.run("send", *_later(20)) == 0
    books = balance(house)
    assert books.faults == ()
    assert books.again == 0  # the log knew what the store could not be told
