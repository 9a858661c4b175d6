"""The kinds of value that a configuration holds: how each is read, and what is said of one that cannot be."""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import time, timedelta
from email.utils import getaddresses
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from digest.config.faults import closest, did_you_mean, shown
from digest.errors import ProfileError
from digest.model import EVERY_DAY

CheckKeyword = Callable[[str], object]


def _context(info: ValidationInfo) -> Mapping[str, Any]:
    return info.context or {}


def _folder(info: ValidationInfo) -> Path:
    folder: Path = _context(info).get("folder", Path())
    return folder


# --- text -----------------------------------------------------------------------------------------------------------


def _line(text: str) -> str:
    """One line that may stand in a mail header, too: there, `=?` begins an encoded word that may hold anything."""
    if "=?" in text:
        raise ValueError('must not hold "=?", which mail programs take for something else')
    return _plain(text).strip()


def _plain(text: str) -> str:
    if any(unicodedata.category(c) in {"Cc", "Zl", "Zp", "Cs"} for c in text):
        raise ValueError("must be one line of plain text, without control characters")
    return text


def _filled(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


Line = Annotated[str, AfterValidator(_line)]
Name = Annotated[Line, AfterValidator(_filled)]


def _number(value: object) -> object:
    """TOML's true is not 1."""
    if isinstance(value, bool):
        raise ValueError(f"must be a number, not {shown(value)}")  # noqa: TRY004 - pydantic reads ValueError
    return value


Whole = Annotated[int, BeforeValidator(_number)]
Number = Annotated[float, BeforeValidator(_number)]


# --- addresses ------------------------------------------------------------------------------------------------------

# Names that the world's mail does not reach, but a lab's own relay may.
_AT_HOME = ("localhost", "local", "test")


def address(text: str) -> str:
    """A bare e-mail address in its usual spelling (RFC 6531 allows any script); raises ValueError with what is wrong."""
    bare = text.strip()
    home = bare.rpartition("@")[2].rpartition(".")[2].casefold() in _AT_HOME
    suffix = ".example.org" if home else ""  # the library refuses such names outright
    try:
        checked = validate_email(bare + suffix, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise ValueError(f"{shown(bare)} is not an e-mail address: {error}") from None
    return checked.normalized.removesuffix(suffix)


def mailbox(text: str) -> str:
    """An address with or without a name: `Daily Papers <digest@example.org>`."""
    parsed = getaddresses([_line(text)])
    if len(parsed) != 1 or not parsed[0][1]:
        raise ValueError(
            f'{shown(text)} is not one address like "Daily Papers <digest@example.org>"'
            " (a name with a comma needs quotes of its own)"
        )
    address(parsed[0][1])
    return text.strip()


Address = Annotated[str, AfterValidator(address)]
Mailbox = Annotated[str, AfterValidator(mailbox)]

_LIST_ID = re.compile(r"(?:[^<>]*<)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+>?")


def _list_id(text: str) -> str:
    """RFC 2919, section 2."""
    if not _LIST_ID.fullmatch(_line(text)) or ("<" in text) != (">" in text):
        raise ValueError(f'{shown(text)} is not a list id like "papers.example.org"')
    return text.strip()


ListId = Annotated[str, AfterValidator(_list_id)]


# --- places ---------------------------------------------------------------------------------------------------------


def _url(text: str) -> str:
    try:
        parts = urlsplit(_line(text))
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or re.search(r"\s", text.strip()):
        raise ValueError(f"{shown(text)} is not a web address that begins with https:// or http://")
    return text.strip()


def _base_url(text: str) -> str:
    if "?" in text or "#" in text:
        raise ValueError(f"{shown(text)} must be a plain base address, without ? or #")
    return _url(text).rstrip("/")


def _contact(text: str) -> str:
    return address(text) if "@" in text and "://" not in text else _url(text)


Url = Annotated[str, AfterValidator(_url)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Contact = Annotated[str, AfterValidator(_contact)]


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    if not path.name:
        raise ValueError("must name a file or folder")
    return _folder(info) / path.expanduser()


LocalPath = Annotated[Path, AfterValidator(_beside_the_file)]


def _database(url: str, info: ValidationInfo) -> str:
    scheme, sep, rest = _line(url).partition("://")
    kind = scheme.partition("+")[0]
    if not sep or kind not in {"sqlite", "postgresql"}:
        hint = '; write "postgresql://"' if kind == "postgres" else did_you_mean(kind, ["sqlite", "postgresql"])
        raise ValueError(f'must be like "sqlite:///digest.db" or "postgresql://user@host/name"{hint}')
    if kind != "sqlite" or rest in {"", "/", "/:memory:"}:
        return url
    if not rest.startswith("/"):
        raise ValueError(f'takes three slashes before the file: "{scheme}:///{rest}"')
    path = Path(rest.removeprefix("/")).expanduser()
    return f"{scheme}:///{_folder(info) / path}"


DatabaseUrl = Annotated[str, AfterValidator(_database)]


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold() == "localhost" or host.casefold().endswith(".localhost")


# --- times ----------------------------------------------------------------------------------------------------------

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=31)


def interval(text: str) -> timedelta:
    """`30m`, `1h`, `6h`, `1d`; raises ValueError with what is wrong."""
    match = re.fullmatch(r"\s*(\d{1,6})\s*([smhd])\s*", text)
    if match is None:
        raise ValueError(f'{shown(text)} is not an interval like "30m", "6h" or "1d"')
    length = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if not _SHORTEST <= length <= _LONGEST:
        raise ValueError(f'must be between "1m" and "31d", not {shown(text)}')
    return length


def _interval(text: str) -> str:
    interval(text)
    return text.strip()


Interval = Annotated[str, AfterValidator(_interval)]


def wall_time(value: object) -> time:
    """Hours and minutes, as text or as TOML has them; raises ValueError."""
    if isinstance(value, str):
        match = re.fullmatch(r"\s*(\d{1,2}):(\d{2})(?::00)?\s*", value)
        if match and int(match[1]) < 24 and int(match[2]) < 60:
            return time(int(match[1]), int(match[2]))
    elif isinstance(value, time) and value.tzinfo is None and value.second == value.microsecond == 0:
        return value
    raise ValueError(f'must be hours and minutes like "07:30", not {shown(value)}')


WallTime = Annotated[time, BeforeValidator(wall_time)]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FULL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _day(name: object) -> int:
    word = name.strip().casefold() if isinstance(name, str) else ""
    for names in (DAYS, _FULL_DAYS):
        if word in names:
            return names.index(word)
    raise ValueError(f"{shown(name)} is not a day; write {', '.join(DAYS)}{did_you_mean(word, DAYS + _FULL_DAYS)}")


def _days(value: object) -> object:
    if isinstance(value, frozenset):
        return value
    if not isinstance(value, list | tuple):
        raise ValueError(f'must be a list like ["mon", "thu"], not {shown(value)}')  # noqa: TRY004 - see _number
    if not value:
        raise ValueError("must name at least one day; to stop the mail for a while, use `digest subscribers pause`")
    return frozenset(_day(name) for name in value)


Days = Annotated[frozenset[int], BeforeValidator(_days)]


def day_names(days: frozenset[int]) -> list[str]:
    return [DAYS[day] for day in sorted(days & EVERY_DAY)]


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zone(name: str) -> str:
    """An IANA zone by its exact name: case matters on some machines and not on others. Raises ValueError."""
    wanted = name.strip()
    if wanted in _zones():
        return wanted
    cities = {zone.rpartition("/")[2].casefold(): zone for zone in _zones()}
    place = wanted.casefold().replace(" ", "_")
    near = cities.get(place) or closest(place, _zones())
    raise ValueError(
        f"{shown(name)} is not a time zone like Europe/Zurich or America/New_York"
        + (f'; did you mean "{near}"?' if near else "")
    )


Timezone = Annotated[str, AfterValidator(zone)]


# --- what is read ---------------------------------------------------------------------------------------------------

# The shapes of arXiv's own names (https://arxiv.org/category_taxonomy), not a list that ages: "hep-th", "cs.CL",
# and the lower-case parts of two old archives: "cond-mat.str-el", "physics.optics".
_CATEGORY = re.compile(r"(?:cond-mat|physics)(?:\.[a-z]+(?:-[a-z]+)?)?|[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?")
_MISSPELLED = re.compile(r"([a-z]+(?:-[a-z]+)?)\.([a-z]{2})", re.IGNORECASE)


def _respelled(text: str) -> str | None:
    """`cs.cl`, `CS.CL`: the category that was meant, if it is one but for its capitals."""
    match = _MISSPELLED.fullmatch(text)
    return f"{match[1].lower()}.{match[2].upper()}" if match else None


def archive_category(text: str) -> str:
    """A category of arXiv; raises ValueError with the one that was probably meant."""
    name = text.strip()
    if _CATEGORY.fullmatch(name):
        return name
    whole = re.fullmatch(r"([a-z-]+)\.\*", name)
    meant = whole[1] if whole else _respelled(name)
    hint = f'; did you mean "{meant}"?' if meant else ' like "cs.CL", "hep-th" or "math.AG"'
    raise ValueError(f"{shown(text)} is not an arXiv category{hint}")


def _profile_category(text: str) -> str:
    """Any source's category; only arXiv's with the wrong capitals is surely a slip."""
    name = _line(text)
    if not name:
        raise ValueError('must not be empty; write a category like "cs.CL" or "cs.*"')
    meant = _respelled(name)
    if meant and meant != name and not _CATEGORY.fullmatch(name):
        raise ValueError(f'{shown(text)} matches nothing; did you mean "{meant}"?')
    return name


ArchiveCategory = Annotated[str, AfterValidator(archive_category)]
ProfileCategory = Annotated[str, AfterValidator(_profile_category)]


def _keyword(written: str, info: ValidationInfo) -> str:
    line = _filled(_plain(written).strip())
    check: CheckKeyword | None = _context(info).get("check_keyword")
    if check is not None:
        try:
            check(line)
        except ProfileError as error:
            raise ValueError(str(error)) from None
    return line


Keyword = Annotated[str, AfterValidator(_keyword)]
