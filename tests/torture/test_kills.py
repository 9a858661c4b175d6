"""The short form of `make torture`."""

import os
import random

from .books import balance
from .killing import orphans, torture


def test_killed_at_any_instant_everybody_gets_one_edition(make_house):
    seed = int(os.environ.get("SEED") or random.randrange(10**6))
    print(f"SEED={seed}")
    house = make_house(60, seed=seed, delivery="connections = 2")
    run = torture(house, kills=8, seed=seed, seconds=30, startup=0.3)
    books = balance(house)
    assert books.faults == (), house.said()
    assert orphans(run) == []
    assert run.done > 0
    assert books.messages - books.again == books.readers == 60
    assert books.again <= 2 * run.done
