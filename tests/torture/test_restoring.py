"""A database restored from a backup knows less than was done since; the delivery log knows it."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from ..stores import only_sqlite  # noqa: TID252  (tests are no package)
from .books import balance

pytestmark = only_sqlite("a backup is a copy of its file")


def _copy(house, target) -> None:
    """As an operator's backup while others are at work."""
    with closing(sqlite3.connect(house.database)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def _restore(house, source) -> None:
    for ending in ("-wal", "-shm"):
        house.database.with_name(house.database.name + ending).unlink(missing_ok=True)
    shutil.copyfile(source, house.database)


def _composed_only(house) -> None:
    house.sink.trap("greeting")
    sender = house.start("send")
    assert house.sink.trapped()
    sender.kill()
    house.sink.order("go")


@pytest.mark.parametrize("before", ["compose", "delivery"])
def test_after_a_restored_backup_nobody_gets_a_second_message_and_it_is_said_loudly(make_house, before):
    house = make_house(20)
    assert house.run("pull") == 0
    if before == "delivery":
        _composed_only(house)
    _copy(house, house.folder / "backup.db")
    assert house.run("send") == 0
    assert len(house.sink.taken()) == 20

    _restore(house, house.folder / "backup.db")
    spoken = len(house.said())
    assert house.run("send") == 0
    books = balance(house)
    assert (books.messages, books.again, books.by_log, books.faults) == (20, 0, 20, ())
    house.run("status")
    said = house.said()[spoken:]
    assert said.count("the delivery log has what the database does not know") == 1  # once, not for each message
    assert "20 of them had been sent before" in said
    assert "The database is older than the delivery log" in said


def test_a_backup_from_the_middle_of_a_run_sends_nothing_again(make_house):
    house = make_house(20, delivery="connections = 2")
    assert house.run("pull") == 0
    house.sink.trap("dot", 8)
    sender = house.start("send")
    assert house.sink.trapped()
    _copy(house, house.folder / "backup.db")
    house.sink.order("go")
    assert sender.wait() == 0
    _restore(house, house.folder / "backup.db")
    assert house.run("send") == 0
    books = balance(house)
    assert (books.messages, books.again, books.faults) == (20, 0, ())
    # What was taken after the copy, and before it by two connections and not yet recorded.
    assert 1 <= books.by_log <= 15
