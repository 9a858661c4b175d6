"""What several rooms' tests share."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real listings beside the checkout; tests that want it skip where it is not."""
    if not (SHARED / "data").is_dir():
        pytest.skip("no folder of real listings beside the checkout")
    return SHARED
