"""The installation that a preview looks at, as it is at every moment, and what was made of it already."""

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from babel import Locale

import digest
from digest import config
from digest.cli import ranking, wiring
from digest.cli.live import editions
from digest.cli.live.asked import Asked, Offer, whom
from digest.cli.live.editions import Untouched
from digest.cli.live.watch import Mark
from digest.errors import ConfigError, DigestError
from digest.model import Edition, Subscriber
from digest.rendering import Renderer
from digest.rendering.language import LANGUAGES
from digest.rendering.page import Look, look
from digest.rendering.templates import THEME, Templates, built_in
from digest.sources.client import Client
from digest.store import open_store
from digest.store.database import file_of, parsed

if TYPE_CHECKING:
    from digest.cli.wiring import Installation
    from digest.config import Settings
    from digest.pipeline import Ranker
    from digest.store import Store

_PATIENCE = 3.0  # seconds for a database that another process keeps locked
_THEMES = "themes"
_OURS = built_in(Path(digest.__file__).parent)
_TEMPLATES = ("email/*.j2", "web/*.j2", f"{_THEMES}/*/email/*.j2")
_TEMPLATE_FOLDERS = (".", "email", "web", _THEMES, f"{_THEMES}/*", f"{_THEMES}/*/email")

T = TypeVar("T")


class _Kept(Generic[T]):
    """The last few things that were made, by what they were made of."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._things: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        if key not in self._things:
            self._things[key] = make()
            if len(self._things) > self._most:
                self._things.popitem(last=False)
        self._things.move_to_end(key)
        return self._things[key]


class Desk:
    """One configuration, read again whenever it, its templates or its database changed. Writes nothing.

    Args:
        explicit: the configuration that was named, if one was.
        now: the time to act as.
    """

    def __init__(self, explicit: Path | None, now: Callable[[], datetime]) -> None:
        self._explicit = explicit
        self._now = now
        self._lock = RLock()
        self._written = b""
        self._settings: Settings | None = None
        self._last_good: Settings | None = None  # its files are watched while a new one has faults
        self._place: Hashable = None
        self._store: Store | None = None
        self._home: Installation | None = None
        self._client: Client | None = None
        self._recipe: ranking.Recipe | None = None
        self._ranker: Ranker | None = None
        self._editions: _Kept[Edition] = _Kept(64)
        self._renderers: _Kept[Renderer] = _Kept(4)
        self._looks: _Kept[Look] = _Kept(32)
        self.templates = Templates()  # for the page itself, which an operator's own templates cannot break

    def close(self) -> None:
        """Give back what is open."""
        with self._lock:
            self._close()

    # --- looking ----------------------------------------------------------------------------------------------------

    def look(self, asked: Asked) -> Look:
        """What is asked for. Raises DigestError if something is in the way."""
        with self._lock:
            home = self._open()
            subscriber = whom(self._present(home), asked.to)
            key = self._edition_key(subscriber, asked.issue_date)
            edition = self._editions.get(key, lambda: self._edition(home, subscriber, asked.issue_date))
            if key[-1]:  # not published yet: the note is still that of the file
                edition = replace(edition, note=home.parts.note())
            asked = self._possible(asked)
            tries = (asked.layout, asked.format, asked.locale, asked.theme)
            whole = (key, tries, edition.note, self._templates_mark())
            return self._looks.get(whole, lambda: self._look(home, edition, asked))

    def offer(self, asked: Asked) -> tuple[Offer, Subscriber]:
        """What there is to choose from, and the subscriber as configured. Raises DigestError as `look` does."""
        with self._lock:
            home = self._open()
            present = self._present(home)
            subscriber = whom(present, asked.to)
            days = editions.days(home, subscriber, self._now())
            site = home.settings.site
            return Offer(present, days, _languages(), self.themes(), site.locale, site.theme), subscriber

    def themes(self) -> list[str]:
        """The looks there are, the built-in one first."""
        return [THEME, *sorted(path.name for path in _OURS.glob(f"{_THEMES}/*/") if path.is_dir())]

    def _present(self, home: "Installation") -> list[Subscriber]:
        return home.subscribers(self._now())

    def _possible(self, asked: Asked) -> Asked:
        return replace(
            asked,
            locale=asked.locale if asked.locale in LANGUAGES else "",
            theme=asked.theme if asked.theme in self.themes() else "",
        )

    def _edition_key(self, subscriber: Subscriber, day: date | None) -> tuple[Hashable, ...]:
        assert self._store is not None, "opened before"
        following = editions.upcoming(subscriber, self._now())
        published = day is not None and self._store.edition(subscriber.email, day) is not None
        return (self._written, self._store_mark(), subscriber, day or following, not published)

    def _edition(self, home: "Installation", subscriber: Subscriber, day: date | None) -> Edition:
        found = editions.published(home, subscriber, day)
        return found or editions.composed(home, subscriber, day, self._now())

    def _look(self, home: "Installation", edition: Edition, asked: Asked) -> Look:
        shown = replace(edition, subscriber=asked.tried(edition.subscriber))
        renderer = self._renderer(home, asked.theme or home.settings.site.theme)
        content = renderer.message(shown).content
        signer = wiring.make_signer(home.settings)
        return look(shown, renderer.bodies(shown), signer.signed(content) if signer else content, self._now())

    def _renderer(self, home: "Installation", theme: str) -> Renderer:
        site = home.settings.site.model_copy(update={"theme": theme})
        settings = home.settings.model_copy(update={"site": site})
        return self._renderers.get(
            (self._written, theme, self._templates_mark()),
            lambda: wiring.make_renderer(settings, home.parts.sources, home.store.secret(), home.store.keys()[0]),
        )

    # --- opening ----------------------------------------------------------------------------------------------------

    def _open(self) -> "Installation":
        settings = self._read()
        place = (settings.store.url, _inode(_database(settings)))
        if self._store is None or place != self._place:
            self._close()
            self._store = open_store(settings.store.url, create=False, patience=_PATIENCE)
            self._place = place
        if self._home is None:
            self._home = self._assemble(settings, self._store)
        return self._home

    def _read(self) -> "Settings":
        written = config.find(self._explicit, os.environ).read_bytes()
        if self._settings is None or written != self._written:
            self._settings = self._home = None
            self._settings = self._last_good = wiring.load_settings(self._explicit)
            self._written = written
        return self._settings

    def _assemble(self, settings: "Settings", store: "Store") -> "Installation":
        if self._client is None:
            self._client = Client(settings.site.contact or "")
        untouched = cast("Store", Untouched(store))

        def kept(recipe: ranking.Recipe) -> "Ranker":  # with all that it has read
            if self._ranker is None or recipe != self._recipe:
                self._recipe, self._ranker = recipe, ranking.make(recipe, untouched)
            return self._ranker

        return wiring.assemble(settings, untouched, self._client, kept)

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
        if self._client is not None:
            self._client.close()
        self._store = self._home = self._client = self._ranker = self._place = None

    # --- noticing ---------------------------------------------------------------------------------------------------

    def mark(self) -> Mark:
        """The same as long as nothing changed that the page shows."""
        files = map(_changed, self._files())
        return (*files, self._templates_mark(), self._store_mark())

    def folders(self) -> frozenset[Path]:
        """Where to look for changes."""
        places = [path.parent for path in self._files()]
        if self._last_good and (file := _database(self._last_good)):
            places.append(file.parent)
        places += [folder for root in self._roots() for pattern in _TEMPLATE_FOLDERS for folder in _glob(root, pattern)]
        return frozenset(place.resolve() for place in places if place.is_dir())

    def _files(self) -> Iterator[Path]:
        try:
            yield config.find(self._explicit, os.environ)
        except ConfigError as error:  # it may come
            yield Path(error.path)
        settings = self._last_good
        own = (settings.site.note_file, settings.dkim.key_file, settings.dkim.ed25519_key_file) if settings else ()
        yield from (path for path in own if path)

    def _roots(self) -> list[Path]:
        own = self._last_good.site.templates_dir if self._last_good else None
        return [root for root in (own, _OURS) if root]

    def _templates_mark(self) -> Mark:
        found = (path for root in self._roots() for pattern in _TEMPLATES for path in root.glob(pattern))
        return tuple((path, _changed(path)) for path in sorted(found))

    def _store_mark(self) -> Mark:
        settings, store = self._last_good, self._store
        if settings is None:
            return ()
        if file := _database(settings):
            log = file.with_name(f"{file.name}-wal")
            # Whoever reads makes an empty log, and that is no change.
            return (_changed(file), _changed(log) if log.exists() and log.stat().st_size else None)
        try:
            return (store.moment(),) if store else ()
        except DigestError:
            return ()


def _languages() -> dict[str, str]:
    """The languages there are, each in its own words."""
    return {name: (Locale.parse(name).display_name or name).capitalize() for name in LANGUAGES}


def _database(settings: "Settings") -> Path | None:
    return file_of(parsed(settings.store.url))


def _changed(path: Path) -> Hashable:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _inode(path: Path | None) -> Hashable:
    try:
        return path and path.stat().st_ino
    except OSError:
        return None


def _glob(root: Path, pattern: str) -> Iterable[Path]:
    return [root] if pattern == "." else root.glob(pattern)
