"""A new store for every test: on SQLite, and on PostgreSQL as well."""

import shutil

import pytest

from digest.store import open_store


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """An empty database: copying it takes a tenth of the time that making one does."""
    path = tmp_path_factory.mktemp("store") / "digest.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path, migrated):
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copy(migrated, tmp_path / 'digest.db')}"
        return
    with request.getfixturevalue("postgresql").database() as fresh:
        yield fresh


@pytest.fixture
def store(url):
    opened = open_store(url)
    yield opened
    opened.close()
