"""Reading what strangers send: XML and JSON as far as they can be relied on, and text and addresses out of them."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from lxml import etree

from digest.model import Problem
from digest.sources.errors import UnreadableError

T = TypeVar("T")


# --- text and addresses -------------------------------------------------------------------------------------------


def plain(value: object) -> str:
    """`value` if it is text that any database and wire can hold, without NUL and lone surrogates; else ""."""
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode("utf-8", "replace").decode()


def web_url(value: object, base: str = "") -> str | None:
    """An http(s) address, made absolute by `base`; None for anything else (javascript:, data:, mailto:, nonsense)."""
    text = plain(value).strip()
    if not text or re.search(r"[\x00-\x20\x7f<>\"\\^`{|}]", text) or len(text) > 2000:
        return None
    try:
        url = urljoin(base, text) if base else text
        parts = urlsplit(url)
        named = parts.scheme in ("http", "https") and parts.hostname
    except ValueError:
        return None
    return url if named else None


def endpoint(base: str, usual: str) -> str:
    """Where a service answers: `base` as it is or, where it stops short of the `usual` path, with that path."""
    given = urlsplit(base)
    path = given.path.rstrip("/")
    return given._replace(path=usual if usual.startswith(f"{path}/") else path).geturl()


def count(value: object) -> int | None:
    """A number of people, as JSON or digits; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.strip().isdigit() and len(value) < 10:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def moment(value: object) -> datetime | None:
    """An ISO 8601 (RFC 3339) or RFC 5322 time in UTC; without a zone it is taken as UTC."""
    text = plain(value).strip()
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text)
            return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


# --- one bad item never stops the others --------------------------------------------------------------------------


def read_each(items: Iterable[T], read: Callable[[T], Any], what: str) -> tuple[list[Any], list[Problem]]:
    """Every item that can be read, and one problem that counts those that cannot.

    Raises:
        UnreadableError: not one of several can be read, so they are not what they should be.
    """
    found: list[Any] = []
    faults: list[str] = []
    for item in items:
        try:
            found.append(read(item))
        except Exception as error:  # strangers wrote it: whatever is wrong with one item is wrong with that one only
            faults.append(str(error) or type(error).__name__)
    if not faults:
        return found, []
    said = f"{len(faults)} of {len(found) + len(faults)} {what} could not be read ({faults[0][:100]})"
    if not found and len(faults) > 1:
        raise UnreadableError(said)
    return found, [Problem(said, incomplete=False)]  # asking again would bring the same


# --- JSON ---------------------------------------------------------------------------------------------------------


def read_json(body: bytes) -> Any:
    """The value of a JSON document.

    Raises:
        UnreadableError: it is not one; says what it looks like instead.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadableError(looks_like(body, "JSON")) from None


def looks_like(body: bytes, wanted: str) -> str:
    """What an answer is that is not what was wanted, in words."""
    start = body.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:1000].lower()
    if not start:
        return f"an empty answer instead of {wanted}"
    if re.search(rb"<(?:!doctype )?html", start):
        return f"a web page instead of {wanted}"
    if start.startswith((b"<", b"{", b"[")):
        return f"{wanted} that is cut off or damaged"
    return f"bytes that are not {wanted}"


# --- XML ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """An XML document, as far as it could be read."""

    root: etree._Element
    fault: str | None = None  # in words, if it had to be mended
    cut: bool = False  # the end is missing


def read_xml(body: bytes, *, entry: str) -> Document:
    """Parse XML whose repeated element is `entry`: strictly; else, if it is all there, forgivingly; else what is whole.

    No entities, no network, no DTD.

    Raises:
        UnreadableError: nothing of it can be used.
    """
    try:
        return Document(_parsed(body, recover=False))
    except (etree.XMLSyntaxError, ValueError) as error:
        fault = str(error)
    kept = body if _is_closed(body) else whole_part(body, entry)
    try:
        if kept is None:
            raise UnreadableError(looks_like(body, "the feed"))
        root = _parsed(kept, recover=True)
    except (etree.XMLSyntaxError, ValueError):
        raise UnreadableError(looks_like(body, "the feed")) from None
    if kept is not body:
        return Document(root, "the answer is cut off", cut=True)
    opened = len(re.findall(rb"<%s[\s>]" % entry.encode(), body))
    lost = opened - sum(1 for _ in root.iter(f"{{*}}{entry}"))
    return Document(root, f"not well-formed ({fault[:100]})", cut=lost > 0)


def _parsed(body: bytes, *, recover: bool) -> etree._Element:
    # A parser of its own for every document: they keep state, and sources are read in threads.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=recover, remove_comments=True
    )
    root = etree.fromstring(body, parser)
    if root is None:  # what recovery makes of nothing, though the stubs do not know it
        raise ValueError("no element")
    return root


_ROOT = re.compile(rb"<(?![?!])([A-Za-z_][\w:.-]*)")
_CLOSED = re.compile(rb"</(rss|feed)\s*>\s*(?:<!--.*?-->\s*)?\Z", re.DOTALL)


def _is_closed(body: bytes) -> bool:
    return _CLOSED.search(body[-2000:]) is not None


def whole_part(body: bytes, entry: str) -> bytes | None:
    """The document up to its last whole entry, with what is open closed again; None if there is no such entry."""
    root = _ROOT.search(body)
    ends = [match.end() for match in re.finditer(rb"</%s\s*>" % entry.encode(), body)]
    if root is None or not ends:
        return None
    channel = b"</channel>" if re.search(rb"<channel[\s>]", body) and not re.search(rb"</channel\s*>", body) else b""
    return body[: ends[-1]] + channel + b"</" + root[1] + b">"


def text_of(element: etree._Element, path: str) -> str:
    """The text of the first element at `path`, in any namespace; "" if there is none."""
    found = element.find(path)
    return "" if found is None else plain("".join(str(part) for part in found.itertext()))
