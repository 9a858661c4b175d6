"""Names of languages and of looks, by their shape: which of them there are is for others to know."""

import re
from typing import Annotated

from pydantic import AfterValidator

from digest.config.faults import shown

# Language, script and region of BCP 47 (RFC 5646, 2.1), joined as CLDR and gettext do or as HTML does.
_LOCALE = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|\d{3}))?", re.IGNORECASE | re.ASCII)
_THEME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


def locale(text: str) -> str:
    """`de`, `en_GB`, `zh_Hans`, in the spelling of CLDR whatever it is written in; raises ValueError."""
    if tag := _tag(text.strip()):
        return tag
    bare = _tag(re.split(r"[.@]", text.strip())[0])  # of POSIX: de_DE.UTF-8
    hint = f'; did you mean "{bare}"?' if bare else ""
    raise ValueError(f'{shown(text)} is not a language like "de", "en_GB" or "zh_Hans"{hint}')


def _tag(text: str) -> str | None:
    match = _LOCALE.fullmatch(text)
    if match is None:
        return None
    language, script, region = match.groups("")
    return "_".join(part for part in (language.lower(), script.title(), region.upper()) if part)


def _own_locale(text: str) -> str:
    return locale(text) if text.strip() else ""


def _theme(text: str) -> str:
    name = text.strip()
    if not _THEME.fullmatch(name):
        raise ValueError(f'{shown(text)} is not the name of a theme: small letters and digits, like "journal"')
    return name


Locale = Annotated[str, AfterValidator(locale)]
OwnLocale = Annotated[str, AfterValidator(_own_locale)]  # or empty: whatever the site has
Theme = Annotated[str, AfterValidator(_theme)]
