"""What somebody typed into the subscribe box, read: pure."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import time
from functools import partial
from typing import Any, Self, TypeVar

from digest.config.domains import domain_of
from digest.config.values import address, wall_time, zone
from digest.errors import MessageError, ProfileError
from digest.model import Profile, Schedule, Subscriber
from digest.ranking.query import parse_text
from digest.rendering.headers import named_mailbox
from digest.rendering.words import capital, clean, clean_lines, listed

MOST_TERMS = 50
_LONGEST_TEXT, _LONGEST_ADDRESS = 2_000, 254  # characters; RFC 5321, 4.5.3.1.3, without the brackets
_MOST_SHOWN = 3  # faults of keywords at once

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields as they were typed."""

    email: str = ""
    keywords: str = ""
    timezone: str = "UTC"
    send_at: str = "07:30"

    @classmethod
    def of(cls, form: Mapping[str, Any]) -> Self:
        """The form's fields without what nobody can type, and no longer than somebody would."""
        known = {name: form[name] for name in cls.__dataclass_fields__ if isinstance(form.get(name), str)}
        if "keywords" in known:
            known["keywords"] = clean_lines(known["keywords"])[: _LONGEST_TEXT + 1]
        return cls(**known | {name: clean(text)[:400] for name, text in known.items() if name != "keywords"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a field, and where in it."""

    what: str
    place: str = ""  # the line, and under it a mark


@dataclass(frozen=True, slots=True)
class Read:
    """What was typed, as a subscriber; or what is wrong with it, by field."""

    typed: Typed
    subscriber: Subscriber | None = None
    faults: Mapping[str, tuple[Fault, ...]] = field(default_factory=dict)


def read(typed: Typed, domains: Collection[str] = ()) -> Read:
    """Who wants what when. `domains` are those whose addresses may sign up; none: all may."""
    faults: dict[str, tuple[Fault, ...]] = {}
    email = _checked(faults, "email", partial(_email, typed.email, domains), "")
    terms, wrong = keywords(typed.keywords)
    if wrong:
        faults["keywords"] = wrong
    timezone = _checked(faults, "timezone", partial(zone, typed.timezone), "UTC")
    send_at = _checked(faults, "send_at", partial(wall_time, typed.send_at), time())
    if faults:
        return Read(typed, faults=faults)
    return Read(typed, Subscriber(email, profile=Profile(terms), schedule=Schedule(timezone, send_at)))


def _checked(faults: dict[str, tuple[Fault, ...]], name: str, check: Callable[[], T], otherwise: T) -> T:
    try:
        return check()
    except ValueError as error:
        what = str(error)
        faults[name] = (Fault(capital(what)),)
        return otherwise


# --- the address --------------------------------------------------------------------------------------------------


def _email(text: str, domains: Collection[str]) -> str:
    """Raises ValueError with what is wrong."""
    found = email(text)
    if domains and domain_of(found) not in domains:
        raise ValueError(f"Only addresses at {listed(sorted(domains))} can subscribe here.")
    return found


def email(text: str) -> str:
    """An address that mail can be sent to; raises ValueError with what is wrong."""
    if not text:
        raise ValueError("Write the address that the mail shall come to, like ann@example.org.")
    if len(text) > _LONGEST_ADDRESS:
        raise ValueError(f"No e-mail address is longer than {_LONGEST_ADDRESS} characters.")
    found = address(text)
    try:
        named_mailbox("To", "", found)
    except MessageError as error:
        raise ValueError(f"We cannot send mail to {text}: write the address as your mail program shows it.") from error
    return found


# --- the keywords -------------------------------------------------------------------------------------------------


def keywords(text: str) -> tuple[tuple[str, ...], tuple[Fault, ...]]:
    """The lines of a profile that a free text is taken for, and what is wrong with it. No text is no fault."""
    if not text.strip():
        return (), ()
    if len(text) > _LONGEST_TEXT:
        return (), (
            Fault(f"That is more than {_LONGEST_TEXT:,} characters: begin with the keywords that matter most."),
        )
    terms, errors = parse_text(text)
    if errors:
        return (), tuple(map(_fault, errors[:_MOST_SHOWN]))
    if len(terms) > MOST_TERMS:
        return (), (Fault(f"That is {len(terms)} keywords: begin with {MOST_TERMS}, there is room for more later."),)
    return tuple(dict.fromkeys(term.text for term in terms)), ()


def _fault(error: ProfileError) -> Fault:
    what, _, place = str(error).partition("\n")
    lines = [line.removeprefix("    ") for line in place.split("\n")]
    return Fault(f"{capital(what)}.", "\n".join(lines))
