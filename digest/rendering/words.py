"""Numbers, days and lists as the commands say them, in English, and strangers' text made safe to show.

What digests say is in `language`.
"""
# ruff: noqa: RUF001 -- full-width punctuation is looked for as it is written

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from urllib.parse import quote, urlsplit, urlunsplit

# Not strftime: its names follow the process's locale.
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

# Embeddings, overrides and isolates can turn the text around them; a paper's text never needs them.
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """One line of text without control characters, lone surrogates or bidirectional overrides."""
    return " ".join(_shown(text).split())


def clean_lines(text: str) -> str:
    """The same for text whose line ends matter."""
    return "\n".join(_shown(line).rstrip() for line in re.split(r"\r\n|\r|\n", text)).strip()


def _shown(text: str) -> str:
    return text if text.isprintable() else text.translate(_CLEANED)


class _Cleaned(dict[int, int | None]):
    """A table for `str.translate` that fills itself."""

    def __missing__(self, code: int) -> int | None:
        self[code] = cleaned = self._cleaned(chr(code))
        return cleaned

    @staticmethod
    def _cleaned(character: str) -> int | None:
        if character in _BIDI_CONTROLS:
            return None
        match unicodedata.category(character):
            case "Cc" | "Zl" | "Zp":
                return ord(" ")
            case "Cs":
                return ord("\N{REPLACEMENT CHARACTER}")
        return ord(character)


_CLEANED = _Cleaned()


def capital(text: str) -> str:
    """The text with a large first letter."""
    return text[:1].upper() + text[1:]


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words where there are any, with an ellipsis for the rest."""
    if len(text) <= limit:
        return text
    head = text[: max(limit - 1, 0)]
    if not text[len(head)].isspace():
        cut = head.rfind(" ")
        head = head[:cut] if cut > limit // 2 else head
    return head.rstrip(" ,;:.-\N{EN DASH}\N{EM DASH}") + "\N{HORIZONTAL ELLIPSIS}"


@lru_cache(maxsize=8192)  # a paper's links are asked for by every reader it is shown to
def web_url(url: str | None) -> str | None:
    """The URL in ASCII if it is a plain http(s) one, else None."""
    try:
        parts = urlsplit((url or "").strip())
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[a-z0-9.\-_]+|[0-9a-f:.]+", host):
        return None
    if parts.username or parts.password:  # https://arxiv.org@evil.example is a disguise
        return None
    netloc = (f"[{host}]" if ":" in host else host) + port
    path, query, fragment = (_percent(part) for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme, netloc, path, query, fragment))


def _percent(part: str) -> str:
    """Percent-encode what a URL may not hold, and what Markdown or a mail program would end it at."""
    return quote(clean(part), safe="/:@!$&*+,;=~%?-._", errors="replace")


def number(count: int) -> str:
    return f"{count:,}"


def counted(count: int, thing: str, things: str | None = None) -> str:
    """A count with its noun: "1 paper", "1,243 papers"."""
    return f"{number(count)} {thing if count == 1 else things or thing + 's'}"


def listed(items: Sequence[str]) -> str:
    """As a sentence lists: "a", "a and b", "a, b and c"."""
    *most, last = items or ("",)
    return f"{', '.join(most)} and {last}" if most else last


def short_day(day: date) -> str:
    """In short: "Mon 18 May"."""
    return f"{_WEEKDAYS[day.weekday()][:3]} {day.day} {_MONTHS[day.month - 1][:3]}"


def plain_day(day: date, today: date) -> str:
    """As in a sentence: "18 May", with the year where it is not this one."""
    return f"{day.day} {_MONTHS[day.month - 1]}" + (f" {day.year}" if day.year != today.year else "")


def width(text: str) -> int:
    """Columns in a terminal: East Asian wide characters take two, combining ones none (UAX 11)."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return 0 if unicodedata.category(character) in ("Mn", "Me", "Cf") else 1


# A run of wide characters may break anywhere but before closing punctuation.
_PIECES = re.compile(
    r"\s+|[^\s\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\uffef\U00020000-\U0003ffff]+|\S[、。，．：；！？）」』】〉》]*"
)


def wrap(text: str, columns: int = 72, indent: str = "", first: str | None = None) -> str:
    """Lines of at most `columns`, each after `indent` (`first` before the first). URLs are never broken.

    What does not fit beside the words of `first` begins the next line.
    """
    lines, line = [], indent if first is None else first
    if (narrow := _narrow_lines(text, columns, indent, line)) is not None:
        return "\n".join(narrow)
    empty = not line.strip()
    for piece in _PIECES.findall(text):
        if piece.isspace():
            line += "" if empty else " "
            continue
        for part in _portions(piece, columns - width(indent)):
            if not empty and width(line) + width(part) > columns:
                lines.append(line.rstrip())
                line = indent
            line += part
            empty = False
    return "\n".join([*lines, line.rstrip()])


# Scripts of which every character takes one column, and no space that is not one; by far the most of what is wrapped.
_NARROW = re.compile(r"(?! )[\x20-\x7e\xa1-\xac\xae-\u02ff\u03a3-\u0482\u048a-\u052f\u2010-\u2027]*")


def _narrow_lines(text: str, columns: int, indent: str, line: str) -> list[str] | None:
    """The same where a character is a column; None where that is not so, or a word is longer than a line."""
    if not _NARROW.fullmatch(text) or not (indent + line).isascii():
        return None
    rest = " ".join(text.split()) if "  " in text or text.endswith(" ") else text
    room, blank = columns - len(line), not line.strip()
    lines: list[str] = []
    while rest and len(rest) > room:
        cut = rest.rfind(" ", 0, max(room + 1, 0))
        if cut < 0 and (lines or blank):
            return None
        lines.append((line + rest[: max(cut, 0)]).rstrip())
        line, rest, room = indent, rest[cut + 1 :], columns - len(indent)
    return [*lines, (line + rest).rstrip()]


def _portions(word: str, columns: int) -> list[str]:
    """The word itself, or what fits of it a line when it is longer than any line and no URL."""
    if width(word) <= columns or word.startswith(("http://", "https://", "mailto:")):
        return [word]
    portions, portion, used = [], "", 0
    for character in word:
        if used + _columns(character) > columns:
            portions.append(portion)
            portion, used = "", 0
        portion += character
        used += _columns(character)
    return [*portions, portion]
