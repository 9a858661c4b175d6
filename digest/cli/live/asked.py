"""What the preview's page is asked for, and what it offers: all of it is in its URL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Self
from urllib.parse import urlencode

from digest.errors import UsageError
from digest.model import Format, Layout, Subscriber
from digest.rendering.page import DESKTOP, PANELS, PHONE, Choice, Controls, Frame, Look, Menu

_MOST_SHOWN = 60  # subscribers in a menu; of more, one is typed
_MOST_FOUND = 12  # of those who go by what was typed
_MOST_OFFERED = 500  # while one types

_OWN_PANEL = {Format.HTML: "mail", Format.TEXT: "text", Format.MARKDOWN: "markdown"}
_SWITCHES = {
    "width": ("Width", {"": "Both", "phone": "Phone", "desktop": "Desktop"}),
    "mode": ("Mode", {"": "Light", "dark": "Dark"}),
    "images": ("Images", {"": "On", "off": "Off"}),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One look. Whatever is empty is as configured, or the first."""

    to: str = ""
    day: str = ""
    layout: str = ""
    format: str = ""
    locale: str = ""
    theme: str = ""
    show: str = ""
    width: str = ""
    mode: str = ""
    images: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """From a URL; what nobody can choose there is not chosen."""
        known = {field.name: query.get(field.name, "").strip() for field in fields(cls)}
        choices: dict[str, Iterable[str]] = {name: options for name, (_, options) in _SWITCHES.items()}
        choices |= {"show": PANELS, "layout": list(Layout), "format": list(Format)}
        return cls(**{name: value if value in choices.get(name, (value,)) else "" for name, value in known.items()})

    def url(self, path: str = "./", **changes: str) -> str:
        """The URL of this look, relative to the preview's own, with some of it changed."""
        said = {name: value for name, value in asdict(replace(self, **changes)).items() if value}
        return f"{path}?{urlencode(said)}" if said else path

    @property
    def issue_date(self) -> date | None:
        """The day, if one is named. Raises UsageError if that is none."""
        if not self.day:
            return None
        try:
            return date.fromisoformat(self.day)
        except ValueError:
            raise UsageError(f"{self.day!r} is not a date like 2026-05-18.") from None

    def tried(self, subscriber: Subscriber) -> Subscriber:
        """The subscriber, as what is tried out has them."""
        return replace(
            subscriber,
            layout=Layout(self.layout) if self.layout else subscriber.layout,
            format=Format(self.format) if self.format else subscriber.format,
            locale=self.locale or subscriber.locale,
        )

    def panel(self, subscriber: Subscriber) -> str:
        """What to show: what is asked for, else what the subscriber reads."""
        return self.show or _OWN_PANEL[subscriber.format]


class SeveralError(UsageError):
    """What was typed fits several subscribers."""

    def __init__(self, typed: str, found: Sequence[Subscriber]) -> None:
        self.found = found[:_MOST_FOUND]
        super().__init__(f"{len(found)} subscribers go by “{typed}”.")


def whom(present: Sequence[Subscriber], typed: str) -> Subscriber:
    """The subscriber of that address, or who alone goes by what was typed; without that, the first.

    Raises:
        UsageError: nobody does, or (SeveralError) more than one.
    """
    if not present:
        raise UsageError(
            "There are no subscribers yet: add [[subscribers]] to the configuration, or run\n"
            "    digest subscribers add you@example.org --keyword diffusion"
        )
    wanted = typed.casefold()
    exact = [one for one in present if not wanted or one.email.casefold() == wanted]
    found = exact or [one for one in present if wanted in f"{one.name} <{one.email}>".casefold()]
    if not found:
        raise UsageError(f"Nobody goes by “{typed}”; `digest subscribers list` shows who is subscribed.")
    if len(found) > 1 and not exact:
        raise SeveralError(typed, found)
    return found[0]


# --- what is offered ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """What there is to choose from."""

    present: Sequence[Subscriber]
    days: Sequence[tuple[date, bool]]
    locales: Mapping[str, str]  # and what they are called in their own words
    themes: Sequence[str]
    locale: str  # as configured
    theme: str


def controls(asked: Asked, offer: Offer, subscriber: Subscriber, configured: Subscriber) -> Controls:
    """Menus, tabs and switches for a look at this subscriber, who is otherwise as configured."""
    tried = {"layout": "", "format": "", "locale": "", "theme": ""}
    panel = asked.panel(subscriber)
    return Controls(
        panels=tuple(Choice(name, label, name == panel, asked.url(show=name)) for name, label in PANELS.items()),
        menus=(_people(asked, offer.present, configured), _days(asked, offer.days)),
        tries=_tries(asked, offer, configured),
        switches=tuple(_switch(asked, name) for name in _SWITCHES) if panel == "mail" else (),
        kept={name: getattr(asked, name) for name in ("show", *_SWITCHES) if getattr(asked, name)},
        reset=asked.url(**tried) if any(getattr(asked, name) for name in tried) else "",
        message=asked.url("message.eml", show="", width="", mode="", images=""),
    )


def _people(asked: Asked, present: Sequence[Subscriber], chosen: Subscriber) -> Menu:
    typed = chosen.email if len(present) > _MOST_SHOWN else None
    shown = present[:_MOST_OFFERED]
    choices = (Choice(one.email, _named(one), one.email == chosen.email, asked.url(to=one.email)) for one in shown)
    return Menu("to", "Subscriber", tuple(choices), typed)


def _named(subscriber: Subscriber) -> str:
    return f"{subscriber.name} <{subscriber.email}>" if subscriber.name else subscriber.email


def _days(asked: Asked, known: Sequence[tuple[date, bool]]) -> Menu:
    (following, _), *past = known
    choices = [Choice("", f"{following:%a} {following.day} {following:%b}, the next one", not asked.day)]
    for day, sent in past:
        label = f"{day:%a} {day.day} {day:%b}, {'as published' if sent else 'as it would have been'}"
        choices.append(Choice(day.isoformat(), label, asked.day == day.isoformat()))
    if asked.day and not any(choice.chosen for choice in choices):
        choices.append(Choice(asked.day, asked.day, chosen=True))
    return Menu("day", "Edition", tuple(choices))


_LAYOUTS: Mapping[str, str] = {Layout.CARDS: "Cards", Layout.COMPACT: "Compact", Layout.FULL: "Full"}
_FORMATS: Mapping[str, str] = {
    Format.HTML: "HTML and text",
    Format.TEXT: "Text alone",
    Format.MARKDOWN: "Markdown alone",
}


def _tries(asked: Asked, offer: Offer, own: Subscriber) -> tuple[Menu, ...]:
    menus: list[tuple[str, str, Mapping[str, str], str]] = [
        ("layout", "Layout", _LAYOUTS, own.layout),
        ("format", "Sent as", _FORMATS, own.format),
        ("locale", "Language", offer.locales, own.locale or offer.locale),
        ("theme", "Theme", {name: name.title() for name in offer.themes}, offer.theme),
    ]
    return tuple(
        Menu(name, label, _options(getattr(asked, name), options, configured))
        for name, label, options, configured in menus
    )


def _options(wanted: str, options: Mapping[str, str], configured: str) -> tuple[Choice, ...]:
    others = (Choice(name, label, name == wanted) for name, label in options.items() if name != configured)
    return Choice("", options.get(configured, configured), not wanted), *others


def _switch(asked: Asked, name: str) -> Menu:
    label, options = _SWITCHES[name]
    chosen = getattr(asked, name)
    choices = (Choice(value, said, value == chosen, asked.url(**{name: value})) for value, said in options.items())
    return Menu(name, label, tuple(choices))


def frames(asked: Asked, shown: Look) -> list[Frame]:
    """The HTML at the widths and in the mode asked for; their URLs change with what they show."""
    sizes = (("phone", "Phone", PHONE), ("desktop", "Desktop", DESKTOP))
    dark = asked.mode == "dark"
    url = f"{asked.url('mail', show='mail', width='')}&is={shown.mark}"
    return [
        Frame(f"{label}, {width} px", width, dark, url) for name, label, width in sizes if asked.width in ("", name)
    ]
