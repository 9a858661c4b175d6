"""The line between who prepares messages and who sends them: when there are too many senders, just those go."""

from threading import Thread
from time import monotonic, sleep

import pytest

from digest.pipeline.line import Line, Prepared


def line(*, crew, messages):
    """A line of so many senders, with so many messages ready."""
    found = Line(lambda: False)
    found.allow(crew)
    assert all(found.enter(crew) for _ in range(crew))
    for _ in range(messages):
        assert found.give(Prepared(claim=None, message=None))
    return found


def work(found, sent):
    while (prepared := found.take(wait=False) or found.take()) is not None:
        prepared.settled = True
        sent.append(prepared)
        found.done(prepared)


def until(happened):
    end = monotonic() + 10
    while not happened() and monotonic() < end:
        sleep(0.01)
    assert happened()


@pytest.mark.parametrize("places", [1, 2, 4])
def test_of_senders_that_are_too_many_just_those_go_and_all_is_sent(places):
    found, sent = line(crew=4, messages=4), []
    found.allow(places)
    senders = [Thread(target=work, args=(found, sent), daemon=True) for _ in range(4)]
    for sender in senders:
        sender.start()
    until(lambda: len(sent) == 4)
    until(lambda: sum(sender.is_alive() for sender in senders) == places)
    found.end()
    for sender in senders:
        sender.join(10)
    assert not any(sender.is_alive() for sender in senders)


def test_a_sender_that_fails_makes_no_room_that_was_taken_away():
    found = line(crew=4, messages=0)
    found.allow(1)
    assert found.leave() == 3
    assert not found.enter(4)
    assert [found.take(), found.take()] == [None, None]  # two more are too many
    assert not found.enter(4)  # and the last one is enough


def test_a_place_given_back_is_taken():
    found = line(crew=2, messages=0)
    assert found.leave() == 1
    assert not found.enter(2)
    found.allow(2)
    assert found.enter(2)


def test_an_end_is_not_undone_by_who_asked_right_before_it():
    def asked():
        found.end()  # somebody else's word, while this one is being found out
        return False

    found = Line(asked)
    assert found.over
    assert found.take() is None
