"""Values made many at once are as good as those made one by one."""

import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from digest.model import Ground, Reason
from digest.model.many import many

TERMS = ["flow", "graph"]
ALONE = [Reason(term, "title", 1.5, ("flow",), Ground.LIKED, partial=True) for term in TERMS]


def made(count=2):
    rest = (["title"] * count, [1.5] * count, [("flow",)] * count, [Ground.LIKED] * count, [True] * count)
    return many(Reason, count, TERMS[:count], *rest)


def test_they_are_equal_and_can_be_copied_hashed_and_kept():
    assert made() == ALONE
    assert [hash(one) for one in made()] == [hash(one) for one in ALONE]
    assert pickle.loads(pickle.dumps(made())) == ALONE
    assert replace(made()[0], term="graph") == ALONE[1]
    assert many(Reason, 0, *[()] * 6) == []


def test_they_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        made()[0].term = "graph"


def test_every_field_needs_a_column():
    with pytest.raises(ValueError, match="shorter"):
        many(Reason, 1, ["flow"])
