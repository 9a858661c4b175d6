"""The short form of `make torture-cluster`."""

import os
import random

import pytest

from ..proxy import proxy  # noqa: TID252  (tests are no package)
from . import cluster
from .books import balance
from .house import installation
from .killing import orphans


def test_workers_killed_and_cut_off_and_their_database_restarted_everybody_gets_one_edition(postgresql, tmp_path):
    if postgresql.own is None:
        pytest.skip("this server is not ours to restart")
    pytest.importorskip("procrastinate", reason="procrastinate is not installed")
    seed = int(os.environ.get("SEED") or random.randrange(10**6))
    print(f"SEED={seed}")
    with (
        postgresql.database() as url,
        proxy(postgresql.own.port) as between,
        installation(tmp_path, 60, seed=seed, delivery=cluster.DELIVERY, url=url, with_log=False) as house,
    ):
        run = cluster.new_run(house, seed=seed, faults=3, seconds=10)
        tortured = cluster.Cluster(run, postgresql.own, between, longest=2, processes=1, patient=False)
        cluster.torture(tortured)
        books = balance(house, slept=True)
        assert books.faults == (), house.said()
        assert cluster.faults(tortured) == []
    assert orphans(run) == []
    assert books.messages - books.again == books.readers == 60
