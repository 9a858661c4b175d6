"""What several rooms' tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from .nameserver import Nameserver

# Enough to find what is wrong within days of running; a hunt takes `--hypothesis-profile=hunt`.
settings.register_profile("suite", settings(), max_examples=30)
settings.register_profile("hunt", max_examples=2_000, deadline=None)
settings.load_profile("suite")

SHARED = Path(__file__).parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real listings beside the checkout; tests that want it skip where it is not."""
    if not (SHARED / "data").is_dir():
        pytest.skip("no folder of real listings beside the checkout")
    return SHARED


@pytest.fixture
def nameserver() -> Iterator[Nameserver]:
    """A DNS server on the loopback that knows nothing yet."""
    with Nameserver().serving() as server:
        yield server
