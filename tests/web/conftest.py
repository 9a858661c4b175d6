"""An installation with the sample's two days in it, and its pages served by HTTP on the loopback."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from digest import pipeline, sample
from digest.cli import wiring
from digest.model import Profile, Schedule, Subscriber
from digest.pipeline import Parts
from digest.sample.server import serving
from digest.sources.client import Client
from digest.store import Store
from digest.tokens import Purpose
from digest.web.app import application
from digest.web.desk import Desk

from ..mailbox import Mailbox  # noqa: TID252  (tests are no package)
from ..stores import copy_store, store_url  # noqa: TID252  (tests are no package)
from .doors import opened

NOW = datetime(2026, 6, 18, 9, 0, tzinfo=UTC)
URL = "https://papers.example.org"
ANN = Subscriber(
    "ann@example.org",
    "Ann",
    Profile(keywords=('"speculative decoding"^3', "retrieval", "tokeni*", "-survey")),
    Schedule("Europe/Berlin"),
)

CONFIG = """
[site]
url = "{url}"
contact = "operator@example.org"

[store]
url = "{store}"

[mail]
from = "Daily Papers <digest@example.org>"

[smtp]
{smtp}

{more}
"""
_TO_FILES = 'kind = "files"\npath = "{folder}/sent"'


@dataclass
class Clock:
    """What time it is on the pages."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Site:
    """Pages being served, and what is behind them."""

    desk: Desk
    clock: Clock
    client: httpx.Client
    folder: Path
    get: Callable[..., httpx.Response] = field(init=False)
    post: Callable[..., httpx.Response] = field(init=False)

    def __post_init__(self) -> None:
        self.get, self.post = self.client.get, self.client.post

    @property
    def store(self) -> Store:
        return self.desk.store

    @property
    def parts(self) -> Parts:
        return self.desk.parts

    def subscribe(self, subscriber: Subscriber = ANN) -> Subscriber:
        """Somebody who wanted it long ago, so that all that was announced is news to them."""
        return self.store.add(subscriber, sample.MORNING - timedelta(days=1))

    def token(self, subscriber: Subscriber, purpose: Purpose) -> str:
        return self.desk.token(subscriber, purpose)


Make = Callable[..., Site]


@pytest.fixture(scope="session")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with what was announced on both days of the sample."""
    folder = tmp_path_factory.mktemp("pulled")
    for day in sample.DAYS:
        morning = sample.MORNING + (day - sample.DAYS[0])
        with serving(day) as web, _home(folder, morning, more=_sources(web)) as home:
            assert not [p for pulled in pipeline.pull(home.parts, morning, force=True) for p in pulled.problems]
    return folder / "digest.db"


@pytest.fixture
def make_site(tmp_path: Path, pulled: Path) -> Iterator[Make]:
    """Pages with a configuration of one's own: `make_site(url=..., more="[web]...")`."""
    with ExitStack() as stack:

        def make(url: str = URL, more: str = "", smtp: str = _TO_FILES) -> Site:
            folder = tmp_path / f"site{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            copy_store(pulled, folder / "digest.db")
            return stack.enter_context(served(folder, url, more, smtp))

        yield make


@pytest.fixture
def site(make_site: Make) -> Site:
    return make_site()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    box.start()
    yield box
    box.stop()


@pytest.fixture
def community(make_site: Make, mailbox: Mailbox) -> Site:
    """Pages below a path, with somebody subscribed and mail that arrives."""
    smtp = f'host = "127.0.0.1"\nport = {mailbox.port}\nsecurity = "none"'
    curators = '[web]\ncurators = ["ann@example.org"]'
    return make_site("http://127.0.0.1:{port}/daily", curators, smtp)


@contextmanager
def served(folder: Path, url: str, more: str, smtp: str = _TO_FILES) -> Iterator[Site]:
    """Pages on a free port of the loopback; `{port}` in the URL is that one."""
    own, clock = _sources("http://127.0.0.1:9") + more, Clock()
    with opened() as door, _home(folder, NOW, url=url.replace("{port}", str(door.port)), more=own, smtp=smtp) as home:
        desk = Desk(home.settings, home.parts, home.store, home.renderer, home.store.keys(), clock)
        with door.serving(application(desk)) as client:
            yield Site(desk, clock, client, folder)


@contextmanager
def _home(
    folder: Path, now: datetime, *, url: str = URL, more: str = "", smtp: str = _TO_FILES
) -> Iterator[wiring.Installation]:
    config = folder / "config.toml"
    config.write_text(
        CONFIG.format(
            url=url, store=store_url(folder / "digest.db"), more=more, smtp=smtp.replace("{folder}", str(folder))
        ),
        encoding="utf-8",
    )
    settings = wiring.load_settings(config)
    with wiring.store_of(settings, now) as store, Client("", sleep=lambda _: None) as client:
        yield wiring.assemble(settings, store, client)


def _sources(web: str) -> str:
    """The sample's sources, at this address."""
    text = sample.configuration(web, 25)
    return text[text.index("[[sources]]") : text.index("[[subscribers]]")]
