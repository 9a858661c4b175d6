"""The only place where concrete parts are chosen and put together."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import structlog

from digest import config
from digest.cli import ranking, worker
from digest.cli.inboxes import make_post
from digest.delivery import (
    CheckedTransport,
    DeliveryLog,
    FilesTransport,
    MaildirTransport,
    Patience,
    Relay,
    Secret,
    SendmailTransport,
    Signer,
    SmtpTransport,
)
from digest.errors import ConfigError, Fault, RelayError, StoreError, TemplateError, UsageError
from digest.model import Subscriber
from digest.pacing import Limits
from digest.pipeline import Parts, Ranker, Source
from digest.ranking.query import parse
from digest.rendering import Mailing, Renderer, Site
from digest.rendering.language import require as speak
from digest.rendering.templates import Templates
from digest.sources.arxiv import ArxivSource
from digest.sources.biorxiv import BiorxivSource
from digest.sources.client import Client
from digest.sources.feed import FeedSource
from digest.sources.huggingface import HuggingFaceSource
from digest.store import HandOn, Store, open_store
from digest.store.database import file_of, parsed
from digest.store.migrating import standing

if TYPE_CHECKING:
    from digest.config import Settings, SourceSettings
    from digest.config.settings import SmtpSettings

log = structlog.get_logger(__name__)

LMTP_PORT = 24  # where mail stores usually listen; IANA has not assigned one for delivery (RFC 2033, 5)

MakeRanker = Callable[[ranking.Recipe], Ranker]


def load_settings(explicit: Path | None) -> "Settings":
    """The configuration that a command was given or finds; raises ConfigError with every fault."""
    path = config.find(explicit, os.environ)
    settings = config.load(path, os.environ, check_keyword=parse)
    if faults := list(_absent(settings)):
        raise ConfigError(str(path), faults)
    return settings


def _absent(settings: "Settings") -> Iterator[Fault]:
    """What is asked for by name and is not there."""
    site = settings.site
    named: list[tuple[str, str, Callable[[str], object]]]
    named = [("ranking.ranker", settings.ranking.ranker, ranking.require), ("site.locale", site.locale, speak)]
    named += [("site.theme", site.theme, lambda theme: Templates(None, theme))]
    named += [(f"subscribers[{at}].locale", one.locale, speak) for at, one in enumerate(settings.subscribers)]
    for key, name, require in named:
        try:
            require(name)
        except (UsageError, TemplateError) as error:
            yield Fault(key, str(error))


def make_source(settings: "SourceSettings", client: Client) -> Source:
    """One source; base URLs that are not configured, and a title where no name is, are the source's own."""
    title = settings.name if settings.name != getattr(settings, "server", settings.kind) else None
    match settings:
        case config.ArxivSettings():
            own = _given(title=title, rss_url=settings.rss_url, api_url=settings.api_url)
            return ArxivSource(settings.name, settings.categories, client, every=settings.every, **own)
        case config.HuggingFaceSettings():
            own = _given(title=title, url=settings.url)
            return HuggingFaceSource(settings.name, client, every=settings.every, **own)
        case config.BiorxivSettings():
            return BiorxivSource(
                settings.name,
                client,
                server=settings.server,
                category=settings.category,
                every=settings.every,
                **_given(title=title, url=settings.url),
            )
        case config.FeedSettings():
            return FeedSource(settings.name, client, settings.url, every=settings.every)
        case _:
            assert_never(settings)


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def make_signer(settings: "Settings") -> Signer | None:
    """What signs a message's bytes; None where there is no key. Raises ConfigError with every key that cannot be used."""
    if settings.dkim.key_file is None:
        return None
    from digest.cli.signing import signing_keys

    return Signer(settings.signing_domain, signing_keys(settings.dkim))


def make_transport(settings: "Settings") -> CheckedTransport:
    """What sends messages, over one connection."""
    smtp = settings.smtp
    match smtp.kind:
        case "maildir":
            return MaildirTransport(smtp.folder)
        case "files":
            return FilesTransport(smtp.folder)
        case "smtp" | "lmtp":
            own = settings.delivery
            return SmtpTransport(make_relay(smtp), per_session=own.per_session, chaining=smtp.chaining)
        case "sendmail":
            return SendmailTransport(smtp.path, patience=Patience.of(smtp.timeout))
        case _:
            assert_never(smtp.kind)


def make_relay(smtp: "SmtpSettings") -> Relay:
    """Where to hand messages over: an SMTP server, or a mail store that speaks LMTP, on its own port or a socket."""
    lmtp = smtp.kind == "lmtp"
    return Relay(
        host=str(smtp.path) if lmtp and smtp.path else smtp.host,
        port=smtp.port or (LMTP_PORT if lmtp else smtp.effective_port),
        security="none" if lmtp and smtp.path else smtp.security,  # a socket of this machine is no wire
        username=smtp.username,
        password=_secret(smtp),
        xoauth2=smtp.auth == "xoauth2",
        patience=Patience.of(smtp.timeout),
        lmtp=lmtp,
    )


def _secret(smtp: "SmtpSettings") -> Secret | None:
    """The password; from a file, it is read for each login, since access tokens live for an hour."""
    file = smtp.password_file
    if file is None:
        return smtp.password.get_secret_value() if smtp.password else None

    def read() -> str:
        try:
            return file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            raise RelayError(f"{file}: the password cannot be read: check smtp.password_file", "ours") from error

    return read


def make_limits(settings: "Settings") -> Limits:
    own = settings.delivery
    return Limits(own.on_unknown, own.expiry, own.connections, own.per_minute, own.domain_per_minute)


def make_log(settings: "Settings") -> DeliveryLog | None:
    """The delivery log; none where no file was named and there is no SQLite file to put it beside."""
    path = settings.delivery.log or beside_the_database(settings.store.url)
    # A day's edition may be composed until an hour after that day, and sent until it expires.
    return DeliveryLog(path, keep=settings.delivery.expiry + timedelta(days=2)) if path else None


def beside_the_database(url: str) -> Path | None:
    """Where the delivery log is that has no place of its own; None where the database is no file."""
    database = file_of(parsed(url))
    return database.with_name(f"{database.stem}-deliveries.log") if database else None


def make_recipe(settings: "Settings") -> ranking.Recipe:
    own = settings.ranking
    return ranking.Recipe(own.ranker, own.semantic_model, own.semantic_share, settings.store.url)


def make_renderer(settings: "Settings", sources: Sequence[Source], secret: bytes, key: bytes | None = None) -> Renderer:
    site, mail = settings.site, settings.mail
    return Renderer(
        Site(site.name, site.url, site.contact),
        Mailing(mail.from_, mail.reply_to, mail.list_id, settings.bounces.address),
        secret,
        {source.name: source.title for source in sources},
        site.templates_dir,
        theme=site.theme,
        images=site.images,
        locale=site.locale,
        key=key,
    )


def _note(path: Path | None) -> Callable[[], str]:
    def read() -> str:
        try:
            return path.read_text(encoding="utf-8", errors="replace") if path and path.is_file() else ""
        except OSError as error:  # the papers go out without it
            log.error("cannot read the note", file=str(path), reason=error.strerror)
            return ""

    return read


@dataclass(frozen=True, slots=True)
class Installation:
    """One configuration with its concrete parts."""

    settings: "Settings"
    store: Store
    renderer: Renderer
    parts: Parts
    log: DeliveryLog | None = None

    def subscribers(self, now: datetime) -> list[Subscriber]:
        """Who gets a digest or is paused, as the next run would see them, the file's first; writes nothing."""
        return everybody(self.settings, self.store, now)

    def subscriber(self, email: str | None, now: datetime) -> Subscriber:
        """The one with that address; without an address, the first. Raises UsageError if there is none."""
        present = self.subscribers(now)
        if not present:
            raise UsageError(
                "There are no subscribers yet: add [[subscribers]] to the configuration, or run\n"
                "    digest subscribers add you@example.org --keyword diffusion"
            )
        if email is None:
            return present[0]
        return the_one(present, email)

    def known_source(self, name: str | None) -> None:
        """Raises UsageError if no source has that name."""
        names = [source.name for source in self.parts.sources]
        if name is not None and name not in names:
            raise UsageError(f"There is no source {name!r}; the configuration has {', '.join(names)}.")


def everybody(settings: "Settings", store: Store, now: datetime) -> list[Subscriber]:
    """Who gets a digest or is paused, as the next run would see them, the file's first; writes nothing."""
    return store.foreseen([entry.subscriber() for entry in settings.subscribers], now)


def the_one(present: Iterable[Subscriber], email: str) -> Subscriber:
    """The one with that address, in whatever case; raises UsageError if there is none."""
    for subscriber in present:
        if subscriber.email.casefold() == email.casefold():
            return subscriber
    raise not_a_subscriber(email)


def not_a_subscriber(email: str) -> UsageError:
    return UsageError(f"{email} is not a subscriber; `digest subscribers list` shows who is.")


@contextmanager
def store_of(
    settings: "Settings", now: datetime | None = None, *, create: bool = True, hand_on: HandOn | None = None
) -> Iterator[Store]:
    """The database; given `now`, with the configuration file's subscribers brought up to date in it."""
    store = open_store(settings.store.url, create=create, hand_on=hand_on)
    try:
        if now is not None:
            store.bereave(worker.is_dead, now)
            store.sync([entry.subscriber() for entry in settings.subscribers], now)
            store.replan(now)
        yield store
    finally:
        store.close()


@contextmanager
def installation(
    config_path: Path | None, sync: datetime | None = None, *, ranker: MakeRanker | None = None
) -> Iterator[Installation]:
    """Everything the configuration describes, closed again at the end.

    With `sync` (the time to act as), the database is made if it is not there and the file's subscribers are written
    to it; without, nothing is written. The ranker is made in this process, unless `ranker` makes another.
    """
    with _put_together(load_settings(config_path), sync, ranker) as home:
        if sync is not None and home.log is not None:
            home.log.check()
        yield home


def once_more(
    settings: "Settings", ranker: MakeRanker | None = ranking.PassingRanker, hand_on: HandOn | None = None
) -> AbstractContextManager[Installation]:
    """The same installation in a further process, which delivers, serves pages or works for many machines."""
    return _put_together(settings, None, ranker, hand_on)


@contextmanager
def _put_together(
    settings: "Settings", sync: datetime | None, ranker: MakeRanker | None, hand_on: HandOn | None = None
) -> Iterator[Installation]:
    with (
        store_of(settings, sync, create=sync is not None, hand_on=hand_on) as store,
        Client(settings.site.contact or "", turns=store) as client,
    ):
        home = assemble(settings, store, client, ranker)
        try:
            yield home
        finally:
            if home.log is not None:
                home.log.close()


@contextmanager
def visitor(settings: "Settings") -> Iterator[Client]:
    """What visits sources beside those that are at work, and waits its turn among them where there is a database.

    That is neither made nor changed.
    """
    with ExitStack() as stack:
        store = None
        with suppress(StoreError):  # which whoever needs it will say
            known = standing(settings.store.url)
            if known is not None and not known.is_to_change:
                store = stack.enter_context(store_of(settings, create=False))
        yield stack.enter_context(Client(settings.site.contact or "", turns=store))


def assemble(settings: "Settings", store: Store, client: Client, ranker: MakeRanker | None = None) -> Installation:
    sources, secret = [make_source(entry, client) for entry in settings.sources], store.secret()
    keys = store.keys()
    renderer = make_renderer(settings, sources, secret, keys[0])
    recipe = make_recipe(settings)
    taken = make_log(settings)
    signer = make_signer(settings)  # not with the first message: a key that cannot be used is to be known at once
    parts = Parts(
        sources=sources,
        store=store,
        ranker=ranker(recipe) if ranker else ranking.make(recipe, store),
        renderer=renderer,
        transport=lambda: make_transport(settings),
        worker=worker.name(),
        note=_note(settings.site.note_file),
        sign=signer.sealed if signer else lambda message: message,
        log=taken,
        limits=make_limits(settings),
        chaining=settings.smtp.chaining,
        grace=settings.delivery.patience,
        post=make_post(settings.bounces, keys),
    )
    return Installation(settings, store, renderer, parts, taken)
