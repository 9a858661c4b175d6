"""What the tortures share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ..stores import store_url  # noqa: TID252  (tests are no package)
from .house import House, installation
from .running import Nursery


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
            url = changes.pop("url", None) or store_url(folder / "digest.db")
            return stack.enter_context(installation(folder, readers, nursery=nursery, url=url, **changes))

        yield make
