"""What can be configured: one model a table of config.toml, field for field."""

from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from digest.config.absences import Absences
from digest.config.domains import MailDomain, Selector, domain_of
from digest.config.faults import shown
from digest.config.locales import Locale, OwnLocale, Theme
from digest.config.pages import AdminSettings, WebSettings
from digest.config.table import Table
from digest.config.values import (
    Address,
    ArchiveCategory,
    BaseUrl,
    Contact,
    DatabaseUrl,
    Days,
    Interval,
    Keyword,
    Line,
    ListId,
    LocalPath,
    Mailbox,
    Name,
    Number,
    ProfileCategory,
    Timezone,
    Url,
    WallTime,
    Whole,
    interval,
    is_loopback,
)
from digest.model import EVERY_DAY, Format, Layout, Origin, Profile, Schedule, Subscriber


def _existing(folder: Path | None, advice: str) -> Path | None:
    if folder is not None and not folder.is_dir():
        raise ValueError(f"there is no folder {folder}; {advice}")
    return folder


_Share = Annotated[Number, Field(ge=0, le=1)]


def _waited(text: str) -> timedelta:
    return timedelta(0) if text == "0" else interval(text)


def _wait(text: str) -> str:
    if _waited(text) > timedelta(hours=1):
        raise ValueError(f'{shown(text)} is too long: at most "1h", so that a digest still comes at its hour')
    return text


class SiteSettings(Table):
    name: Name = "Daily Papers"
    url: BaseUrl | None = None
    contact: Contact | None = None
    locale: Locale = "en"
    theme: Theme = "journal"
    images: bool = False
    note_file: LocalPath | None = None
    templates_dir: LocalPath | None = None

    @field_validator("templates_dir")
    @classmethod
    def _is_there(cls, folder: Path | None) -> Path | None:
        return _existing(folder, "make it, or leave this out for the built-in templates")


class StoreSettings(Table):
    url: DatabaseUrl = Field(default="sqlite:///digest.db", validate_default=True)


class MailSettings(Table):
    from_: Mailbox = Field(default="Daily Papers <digest@localhost>", alias="from")
    reply_to: Mailbox | None = None
    list_id: ListId | None = None


class DkimSettings(Table):
    """Without a `key_file`, nothing is signed."""

    selector: Selector = "digest"
    key_file: LocalPath | None = None
    domain: MailDomain | None = None
    ed25519_selector: Selector = "digest-ed25519"
    ed25519_key_file: LocalPath | None = None

    @field_validator("ed25519_selector")
    @classmethod
    def _one_a_key(cls, selector: str, info: ValidationInfo) -> str:
        if selector == info.data.get("selector"):
            raise ValueError("is the other key's selector, too; each key has a DNS record of its own")
        return selector

    @field_validator("ed25519_key_file")
    @classmethod
    def _is_the_second(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        if file is not None and "key_file" in info.data and info.data["key_file"] is None:
            raise ValueError("needs a key_file beside it: many receivers cannot read Ed25519 signatures yet")
        return file


_WRITTEN_TO_FOLDERS = ("maildir", "files")
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class SmtpSettings(Table):
    kind: Literal["smtp", "lmtp", "sendmail", "maildir", "files"] = "smtp"
    path: LocalPath | None = Field(default=None, validate_default=True)
    host: Name = "localhost"
    port: Annotated[Whole, Field(ge=1, le=65535)] | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    auth: Literal["password", "xoauth2"] = "password"
    username: Line | None = None
    password: SecretStr | None = Field(default=None, validate_default=True)
    password_file: LocalPath | None = None
    chaining: bool = False
    timeout: Annotated[Number, Field(ge=1, le=600)] = 60

    @field_validator("path")
    @classmethod
    def _somewhere_to_write(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        kind = info.data.get("kind", "smtp")
        if kind in _WRITTEN_TO_FOLDERS and path is None:
            raise ValueError(f'kind = "{kind}" needs a path: the folder to write the messages to')
        return path

    @field_validator("password")
    @classmethod
    def _fits_the_login(cls, password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """Each rule needs what was read before; where that has a fault of its own, it is silent."""
        seen = info.data
        if seen.get("kind") not in ("smtp", "lmtp"):
            return password
        if password is None and seen.get("username"):
            raise ValueError("there is a username but no password; set password_file or DIGEST_SMTP__PASSWORD")
        if seen.get("auth") == "xoauth2" and "username" in seen and not seen["username"]:
            raise ValueError('auth = "xoauth2" needs a username, and the token as its password; set both')
        if password is not None and "username" in seen and not seen["username"]:
            raise ValueError("there is a password but no username; set username, too")
        away = not is_loopback(seen.get("host", "localhost")) and not (seen.get("kind") == "lmtp" and seen.get("path"))
        if password is not None and seen.get("security") == "none" and away:
            raise ValueError('security = "none" would send your password in the clear; write "starttls" or "tls"')
        return password

    @property
    def effective_port(self) -> int:
        """The port as given, else the one that belongs to `security` (RFC 8314, RFC 6409)."""
        return self.port or _PORTS[self.security]

    @property
    def folder(self) -> Path:
        """Where messages are written, for the kinds that write them."""
        assert self.path is not None, "validated: kinds other than smtp have a path"
        return self.path


_Rate = Annotated[Whole, Field(ge=0)]  # 0: as many as there are


class DeliverySettings(Table):
    on_unknown: Literal["resend", "hold"] = "resend"
    expire_after: Interval = "24h"
    grace: Annotated[str, AfterValidator(_wait)] = "30m"
    connections: Annotated[Whole, Field(ge=1, le=100)] = 4
    processes: Annotated[Whole, Field(ge=1, le=64)] = 1
    per_session: Annotated[Whole, Field(ge=1)] = 100
    per_minute: _Rate = 0
    domain_per_minute: _Rate = 0
    log: LocalPath | None = None

    @property
    def expiry(self) -> timedelta:
        """How old an edition may be when it is sent."""
        return interval(self.expire_after)

    @property
    def patience(self) -> timedelta:
        """How long an edition waits for a source that is late."""
        return _waited(self.grace)


_LONGEST_LOCAL = 28  # characters: behind it come "+" and a token of 35, and 64 is the most (RFC 5321, 4.5.3.1.1)


class BounceSettings(Table):
    """Without an `address`, messages have no senders of their own, and nothing that comes back can be told apart."""

    address: Address | None = None
    maildir: LocalPath | None = None
    imap_host: Name | None = None
    imap_port: Annotated[Whole, Field(ge=1, le=65535)] = 993
    imap_folder: Name = "INBOX"
    username: Line | None = None
    password: SecretStr | None = Field(default=None, validate_default=True)
    password_file: LocalPath | None = None

    @field_validator("address")
    @classmethod
    def _has_room_for_a_token(cls, address: str | None) -> str | None:
        local = (address or "").rpartition("@")[0]
        if len(local) > _LONGEST_LOCAL or not local.isascii():
            raise ValueError(
                f"{shown(local)} must be at most {_LONGEST_LOCAL} plain characters, since a token is put behind it:"
                ' take a short one, like "bounce"'
            )
        return address

    @field_validator("password")
    @classmethod
    def _fits_the_mailbox(cls, password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if info.data.get("imap_host") and (password is None or not info.data.get("username", "unread")):
            raise ValueError("imap_host needs username, and password_file or DIGEST_BOUNCES__PASSWORD")
        return password


class OperatorSettings(Table):
    """Who looks after it, and how they hear of it."""

    alert: Address | None = None
    failed_share: _Share = 0.05
    metrics_port: Annotated[Whole, Field(ge=1, le=65535)] | None = None
    keep_days: Annotated[Whole, Field(ge=30)] = 400


class RankingSettings(Table):
    ranker: Name = "keywords"
    semantic_model: LocalPath | None = None
    semantic_share: _Share = 0.4

    @field_validator("semantic_model")
    @classmethod
    def _is_there(cls, folder: Path | None) -> Path | None:
        return _existing(folder, "nothing is downloaded: put the model there, or leave this out to rank by words alone")


# --- sources --------------------------------------------------------------------------------------------------------


class _Visited(Table):
    schedule: Interval = "1h"

    @property
    def every(self) -> timedelta:
        """How often to visit it."""
        return interval(self.schedule)


class ArxivSettings(_Visited):
    kind: Literal["arxiv"]
    name: Name = "arxiv"
    categories: tuple[ArchiveCategory, ...]
    rss_url: Url | None = None
    api_url: Url | None = None

    @field_validator("categories")
    @classmethod
    def _some(cls, categories: tuple[str, ...]) -> tuple[str, ...]:
        if not categories:
            raise ValueError('must name at least one category, like ["cs.CL"]')
        return tuple(dict.fromkeys(categories))


class HuggingFaceSettings(_Visited):
    kind: Literal["huggingface"]
    name: Name = "huggingface"
    url: Url | None = None


class BiorxivSettings(_Visited):
    kind: Literal["biorxiv"]
    server: Literal["biorxiv", "medrxiv"] = "biorxiv"
    name: Name = ""
    category: Name | None = None
    url: Url | None = None
    schedule: Interval = "6h"

    @model_validator(mode="before")
    @classmethod
    def _named_after_its_server(cls, table: Any) -> Any:
        if not isinstance(table, dict) or "name" in table:
            return table
        server = table.get("server", "biorxiv")
        return {**table, "name": server if isinstance(server, str) else "biorxiv"}


class FeedSettings(_Visited):
    kind: Literal["feed"]
    name: Name
    url: Url


SourceSettings = ArxivSettings | HuggingFaceSettings | BiorxivSettings | FeedSettings
SOURCE_KINDS: dict[str, type[SourceSettings]] = {
    "arxiv": ArxivSettings,
    "huggingface": HuggingFaceSettings,
    "biorxiv": BiorxivSettings,
    "feed": FeedSettings,
}


# --- subscribers ----------------------------------------------------------------------------------------------------


class SubscriberSettings(Table):
    email: Address
    name: Line = ""
    keywords: tuple[Keyword, ...] = ()
    categories: tuple[ProfileCategory, ...] = ()
    sources: tuple[Name, ...] = ()
    timezone: Timezone = "UTC"
    send_at: WallTime = time(7, 30)
    days: Days = EVERY_DAY
    away: Absences = ()
    catch_up: bool = True
    max_papers: Annotated[Whole, Field(ge=1, le=200)] = 20
    max_trending: Annotated[Whole, Field(ge=0, le=50)] = 5
    min_match: Annotated[Number, Field(ge=0, le=100)] = 0.0
    max_per_term: Annotated[Whole, Field(ge=0)] = 0
    diversity: _Share = 0.0
    signals: bool = False
    format: Format = Format.HTML
    layout: Layout = Layout.CARDS
    locale: OwnLocale = ""
    send_empty: bool = True

    def subscriber(self, origin: Origin = Origin.FILE) -> Subscriber:
        """The same in the words of the product."""
        return Subscriber(
            email=self.email,
            name=self.name,
            profile=Profile(**{key: getattr(self, key) for key in Profile.__dataclass_fields__}),
            schedule=Schedule(self.timezone, self.send_at, self.days, self.away, self.catch_up),
            format=self.format,
            layout=self.layout,
            locale=self.locale,
            send_empty=self.send_empty,
            origin=origin,
        )


class Settings(Table):
    """A whole configuration, checked."""

    site: SiteSettings = SiteSettings()
    store: StoreSettings = StoreSettings()
    mail: MailSettings = MailSettings()
    dkim: DkimSettings = DkimSettings()
    smtp: SmtpSettings = SmtpSettings()
    delivery: DeliverySettings = DeliverySettings()
    bounces: BounceSettings = BounceSettings()
    operator: OperatorSettings = OperatorSettings()
    ranking: RankingSettings = RankingSettings()
    web: WebSettings = Field(default=WebSettings(), validate_default=True)
    admin: AdminSettings = AdminSettings()
    sources: tuple[SourceSettings, ...]
    subscribers: tuple[SubscriberSettings, ...] = ()

    @field_validator("web")
    @classmethod
    def _has_an_address(cls, web: WebSettings, info: ValidationInfo) -> WebSettings:
        site = info.data.get("site")
        if web.port is not None and site is not None and site.url is None:
            raise ValueError(
                f'pages need site.url, where people reach them; to try it out: url = "http://localhost:{web.port}"'
            )
        return web

    @property
    def sender_domain(self) -> str:
        """The domain of `mail.from`, as DNS has it."""
        return domain_of(self.mail.from_)

    @property
    def signing_domain(self) -> str:
        """The domain that signatures are by, and that has the keys in DNS."""
        return self.dkim.domain or self.sender_domain


SECTIONS: dict[str, type[BaseModel]] = {
    "site": SiteSettings,
    "store": StoreSettings,
    "mail": MailSettings,
    "dkim": DkimSettings,
    "smtp": SmtpSettings,
    "delivery": DeliverySettings,
    "bounces": BounceSettings,
    "operator": OperatorSettings,
    "ranking": RankingSettings,
    "web": WebSettings,
    "admin": AdminSettings,
}
LISTS = ("sources", "subscribers")
