"""A worker that died is known to be dead only where that can be known."""

import os
import subprocess
import sys

from digest.cli import worker


def test_no_two_names_are_the_same_even_in_one_process():
    assert worker.name() != worker.name()


def test_a_running_process_is_not_dead():
    assert not worker.is_dead(worker.name())


def test_a_process_that_ended_is_dead():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert worker.is_dead(worker.name().replace(f":{os.getpid()}:", f":{ended.pid}:"))


def test_a_worker_of_another_machine_may_be_alive():
    assert not worker.is_dead("elsewhere/abcdef01/4026531836:999999999:cafe0123")
    assert not worker.is_dead("a name of no form")
