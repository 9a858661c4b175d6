"""What the tortures share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .house import House, Nursery, installation


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def make_house(tmp_path, nursery) -> Iterator[Callable[..., House]]:
    """Makes an installation with so many readers."""
    with ExitStack() as stack:

        def make(readers: int = 20, *, folder: Path = tmp_path, **changes) -> House:
            return stack.enter_context(installation(folder, readers, nursery=nursery, **changes))

        yield make
