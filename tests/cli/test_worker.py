"""A worker that died is known to be dead only where that can be known."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from digest.cli import worker


def test_no_two_names_are_the_same_even_in_one_process():
    assert worker.name() != worker.name()


def test_a_running_process_is_not_dead():
    assert not worker.is_dead(worker.name())


def test_a_process_that_ended_is_dead():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert worker.is_dead(worker.name().replace(f":{os.getpid()}:", f":{ended.pid}:"))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc to see it in")
def test_a_process_that_ended_and_was_not_asked_how_is_dead():
    ended = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    ended.stdout.read()  # until it closes it, at its end
    deadline = time.monotonic() + 10
    while not worker.is_dead(worker.name().replace(f":{os.getpid()}:", f":{ended.pid}:")):
        assert time.monotonic() < deadline, "it is taken for alive"
    ended.communicate()


def test_a_worker_of_another_machine_may_be_alive():
    assert not worker.is_dead("elsewhere/abcdef01/4026531836:999999999:cafe0123")
    assert not worker.is_dead("a name of no form")
