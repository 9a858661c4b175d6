"""What several rooms' tests share."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from . import postgres, stores
from .nameserver import Nameserver

# Enough to find what is wrong within days of running; a hunt takes `--hypothesis-profile=hunt`.
settings.register_profile("suite", settings(), max_examples=30)
settings.register_profile("hunt", max_examples=2_000, deadline=None)
settings.load_profile("suite")

SHARED = Path(__file__).parent.parent.parent / "shared"


def pytest_configure() -> None:
    """Tests' own folders are in memory where it is as good as a disk: theirs is the time of a few thousand syncs."""
    folder = postgres.memory()
    if folder and "TMPDIR" not in os.environ and not os.statvfs(folder).f_flag & os.ST_NOEXEC:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real listings beside the checkout; tests that want it skip where it is not."""
    if not (SHARED / "data").is_dir():
        pytest.skip("no folder of real listings beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    """A PostgreSQL server; tests that want one skip where there is none."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres.serving())
        except postgres.AbsentError as error:
            pytest.skip(str(error))
        yield server


@pytest.fixture(scope="session", autouse=True)
def _shelf(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where the stores of all tests are, if they are to be PostgreSQL's."""
    if stores.POSTGRESQL:
        stores.shelf.server = request.getfixturevalue("postgresql")
    yield
    stores.shelf.forget(Path("/"))


@pytest.fixture(autouse=True)
def _cleared(request: pytest.FixtureRequest, _shelf: None) -> Iterator[None]:
    """A test's own databases end with it."""
    folder = request.getfixturevalue("tmp_path") if stores.POSTGRESQL and "tmp_path" in request.fixturenames else None
    yield
    if folder:
        stores.shelf.forget(folder)


@pytest.fixture
def nameserver() -> Iterator[Nameserver]:
    """A DNS server on the loopback that knows nothing yet."""
    with Nameserver().serving() as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """Chromium, one for all tests: playwright cannot be begun twice in a process. They skip where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        try:
            browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        except playwright.Error as error:
            pytest.skip(f"no Chromium: {str(error).splitlines()[0]}")
        yield browser
        browser.close()
