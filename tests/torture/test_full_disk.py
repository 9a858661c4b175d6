"""No room left: said in words, nothing lost, nothing half written."""

import subprocess
from contextlib import suppress

import pytest

from .books import balance


@pytest.fixture
def disk(tmp_path):
    """A disk of 3 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    try:
        subprocess.run(mount, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no small disk can be mounted here: {getattr(error, 'stderr', error)}".strip())
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def _fill(disk) -> None:
    with (disk / "ballast").open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)


def _is_whole(house) -> bool:
    return house.ask("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("step", ["data", "dot"])
def test_a_disk_that_fills_up_while_sending_loses_nothing(make_house, disk, step):
    house = make_house(40, url=f"sqlite:///{disk / 'digest.db'}", delivery="connections = 2")
    assert house.run("pull") == 0
    house.patience = 0.3
    house.sink.trap(step, 5)
    sender = house.start("send")
    assert house.sink.trapped()
    _fill(disk)
    house.sink.order("go")
    assert sender.wait() != 0
    assert "the disk is full" in house.said()
    stopped_at = len(house.sink.taken())
    assert stopped_at < 40
    assert house.run("send") != 0  # as full as before
    (disk / "ballast").unlink()
    assert _is_whole(house)
    assert house.run("send") == 0
    books = balance(house)
    assert books.faults == ()
    assert books.again <= 2 * 2  # one a connection and run


def test_a_disk_that_is_full_before_composing_is_said_and_composed_later(make_house, disk):
    house = make_house(40, url=f"sqlite:///{disk / 'digest.db'}")
    assert house.run("pull") == 0
    _fill(disk)
    assert house.run("send") != 0
    assert "the disk is full" in house.said()  # or fails: SQLite tells no difference when it cannot map its memory
    (disk / "ballast").unlink()
    assert _is_whole(house)
    assert house.run("send") == 0
    assert balance(house).faults == ()
