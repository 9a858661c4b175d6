"""What every page is made with: the installation's parts, the shell around a page, and who a link speaks of."""

import hashlib
import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from itsdangerous import URLSafeTimedSerializer
from starlette.responses import HTMLResponse

from digest import due
from digest.config import Settings
from digest.model import Layout, Listing, Subscriber
from digest.pipeline import Parts
from digest.rendering import Renderer
from digest.rendering.cards import Prepared, prepared
from digest.rendering.templates import Templates
from digest.store import Store
from digest.tokens import Keys, Purpose, edition_named, edition_token, is_proven
from digest.web.live import Live

LINKS_LAST = timedelta(days=90)  # those that change or show what somebody wants; leaving and feedback have no end
_PAPERS = 500  # whose texts are remembered: about 25 MB


class Reader(NamedTuple):
    """Whose link it is."""

    subscriber: Subscriber
    token: str
    issue_date: date  # of the edition that it was in
    is_old: bool  # older than LINKS_LAST


class Static(NamedTuple):
    """A file that pages need, under an address that changes with it."""

    content: bytes
    kind: str  # MIME type
    path: str  # below the pages' own


@dataclass(frozen=True)
class Desk:
    """One installation, as its pages see it. Shared by threads."""

    settings: Settings
    parts: Parts
    store: Store
    renderer: Renderer  # of editions
    keys: Keys
    clock: Callable[[], datetime]

    # --- addresses --------------------------------------------------------------------------------------------------

    @cached_property
    def base(self) -> str:
        """The public address of the pages, without a slash at its end."""
        return (self.settings.site.url or "http://localhost").rstrip("/")

    @cached_property
    def at(self) -> str:
        """The path below which the pages are; empty at the top."""
        return urlsplit(self.base).path

    @property
    def is_secure(self) -> bool:
        """Whether people reach the pages by HTTPS."""
        return self.base.startswith("https://")

    @cached_property
    def operator(self) -> str:
        """Whom to write to, as a sentence goes on."""
        return self.settings.site.contact or "whoever runs this site"

    # --- who --------------------------------------------------------------------------------------------------------

    def reader(self, token: str, purpose: Purpose) -> Reader | None:
        """Whose link this is, whether they are still subscribed or not; None if nobody's, or for something else."""
        named = edition_named(token)
        subscriber = self.store.subscriber_numbered(named.subscriber) if named else None
        if named is None or subscriber is None or not is_proven(self.keys, purpose, subscriber.email, token):
            return None
        return Reader(subscriber, token, named.issue_date, named.issue_date < self.clock().date() - LINKS_LAST)

    def token(self, subscriber: Subscriber, purpose: Purpose, day: date | None = None) -> str:
        """For a link of theirs, of today if no day is named."""
        day = day or due.local_date(subscriber.schedule, self.clock())
        return edition_token(self.keys[0], purpose, subscriber.id, subscriber.email, day)

    def seal(self, purpose: str) -> URLSafeTimedSerializer:
        """What signs, and reads, values that are good for one purpose and for a time (https://itsdangerous.palletsprojects.com)."""
        oldest_first = [key.hex() for key in reversed(self.keys)]
        return URLSafeTimedSerializer(oldest_first, salt=f"digest {purpose}", signer_kwargs=_STRONG)

    # --- papers -----------------------------------------------------------------------------------------------------

    @cached_property
    def live(self) -> Live:
        """The newest papers, ready to be ranked for whoever asks."""
        return Live(self.parts, self.store, self.clock)

    @cached_property
    def texts(self) -> Callable[[Listing, Layout], Prepared]:
        """What cards are made of: reading a paper's text is most of the work that its card is."""
        return lru_cache(maxsize=_PAPERS)(prepared)

    # --- pages ------------------------------------------------------------------------------------------------------

    @cached_property
    def templates(self) -> Templates:
        """The operator's own before the built-in ones."""
        site = self.settings.site
        return Templates(site.templates_dir, site.theme)

    @cached_property
    def static(self) -> Mapping[str, Static]:
        """By name: `site.css`. Read once."""
        found: dict[str, Static] = {}
        for folder in self.templates.folders:
            for file in sorted((folder / "web" / "static").glob("*.*")):
                found.setdefault(file.name, _static(file))
        return found

    def page(self, name: str, title: str, /, *, status: int = 200, **values: object) -> HTMLResponse:
        """`web/NAME.html.j2` within the shell of `web/base.html.j2`; an empty title is the site's own page."""
        return HTMLResponse(self.written(name, title=title, **values), status)

    def says(self, head: str, *paragraphs: str, status: int = 200, **doing: object) -> HTMLResponse:
        """A page that says one thing, and offers at most one to do: `action` or `go`, a label and a path."""
        return self.page("says", head, status=status, head=head, paragraphs=paragraphs, private=True, **doing)

    def written(self, name: str, /, **values: object) -> str:
        """The same as text; also for a part of a page, which needs no title. Raises TemplateError."""
        return self.templates.render(f"web/{name}.html", None, **{**self._around, **values})

    @cached_property
    def _around(self) -> Mapping[str, object]:
        """What the shell of every page is given."""
        site = self.settings.site
        return {
            "site": site.name,
            "at": self.at,
            "base": self.base,
            "contact": site.contact,
            "is_open": self.settings.web.sign_up == "open",
            "static": {file: f"{self.at}{one.path}" for file, one in self.static.items()},
        }


_STRONG = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}


def _static(file: Path) -> Static:
    content = file.read_bytes()
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Static(content, kind, f"/static/{hashlib.sha256(content).hexdigest()[:12]}/{file.name}")
