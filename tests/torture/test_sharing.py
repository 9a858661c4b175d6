"""Several at work on one database, and clocks that jump."""

from datetime import UTC, datetime, timedelta
from signal import SIGTERM
from time import sleep

from digest import daemon
from digest.cli import wiring

from .books import balance
from .running import until


def _is_done(house, readers: int) -> bool:
    return house.count("SELECT count(*) FROM deliveries WHERE state = 'sent'") == readers


def test_two_daemons_on_one_database_send_each_edition_once(make_house):
    house = make_house(60, delivery="connections = 2")
    daemons = [house.start("run") for _ in range(2)]
    until(lambda: _is_done(house, 60))
    for one in daemons:
        one.signal(SIGTERM)
    assert [one.wait() for one in daemons] == [0, 0]
    books = balance(house)
    assert (books.messages, books.again, books.faults) == (60, 0, ())


def test_cron_beside_the_daemon_sends_nothing_twice(make_house):
    house = make_house(60, delivery="connections = 2")
    assert house.run("pull") == 0
    running = []
    for begin in ("run", "send", "send", "send"):
        running.append(house.start(begin))
        sleep(0.05)
    assert [one.wait() for one in running[1:]] == [0, 0, 0]
    until(lambda: _is_done(house, 60))
    running[0].signal(SIGTERM)
    assert running[0].wait() == 0
    books = balance(house)
    assert (books.messages, books.again, books.faults) == (60, 0, ())


def test_a_clock_set_back_and_forward_a_day_gives_each_day_one_edition(make_house):
    house = make_house(5)
    today = datetime.now(UTC)
    with wiring.installation(house.folder / "config.toml", today) as home:
        for days in (0, -1, 0, 1, 0, -1, 1, 2, 2):
            now = today + timedelta(days=days)
            daemon.tick(home.parts, now, lambda now=now: now, lambda: False)
    taken = house.sink.taken()
    assert len({line["message_id"] for line in taken}) == len(taken) == 3 * 5
    assert dict(house.ask("SELECT state, count(*) FROM deliveries GROUP BY 1")) == {"sent": 15}
