"""Remarks on links."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from digest.rendering.remarks.mail import Grade, Link, Mail, Remark, host, same_domain, several


def links(mail: Mail) -> list[Remark]:
    """Whether each link is well formed, leads where a reader can go, and says where that is."""
    found = several(remark for link in mail.links for remark in (*_form(link.url), *_wording(link)))
    count = len(mail.links)
    if found or not count:
        return found
    fine = "The link is well formed and says" if count == 1 else f"All {count} links are well formed and say"
    return [Remark(Grade.OK, f"{fine} where to.")]


# --- where it goes ------------------------------------------------------------------------------------------------

# Of the services that SpamAssassin 4 looks up (25_url_shortener.cf), those that papers are shared by.
_SHORTENERS = frozenset(
    {"adf.ly", "bit.do", "bit.ly", "bl.ink", "buff.ly", "cutt.ly", "dlvr.it", "goo.gl", "is.gd", "j.mp", "lnkd.in"}
    | {"ow.ly", "rb.gy", "rebrand.ly", "s.id", "shorturl.at", "t.co", "t.ly", "t2m.io", "tiny.cc", "tinyurl.com"}
)
_NOT_IN_A_URL = re.compile(r'[\s<>"{}|\\^`\x00-\x1f\x7f]')  # RFC 3986, 2 and appendix A


def _form(url: str) -> Iterator[Remark]:
    scheme = url.partition(":")[0].casefold() if ":" in url else ""
    if scheme == "mailto":
        if "@" not in unquote(url.partition("?")[0]):
            yield Remark(Grade.FAULT, f"{_short(url)} names no address.", "Write mailto:NAME@DOMAIN.", "RFC 6068")
    elif scheme not in ("http", "https"):
        yield Remark(
            Grade.FAULT,
            f"{_short(url) or 'A link'} leads nowhere from a mail.",
            "Links in mail are whole: https://, http:// or mailto:.",
            "RFC 3986, 4.3",
        )
    elif _NOT_IN_A_URL.search(url) or not host(url) or not _has_port(url):
        yield Remark(Grade.FAULT, f"{_short(url)} is not well formed.", "Correct the URL.", "RFC 3986, 3")
    else:
        yield from _place(url)


def _has_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _place(url: str) -> Iterator[Remark]:
    name = host(url)
    if "@" in urlsplit(url).netloc:
        yield Remark(
            Grade.WARNING,
            f"{_short(url)} has a login before its host, as phishing does.",
            "Take out what is before the @.",
            "RFC 3986, 7.6",
        )
    if _is_at_home(name):
        yield Remark(
            Grade.FAULT,
            f"{_short(url)} opens on this machine or network only.",
            "Give [site] url an address that readers can reach.",
            "RFC 6761",
        )
    elif _is_number(name):
        yield Remark(
            Grade.WARNING, f"{_short(url)} is a bare IP address.", "Link to a name.", "SpamAssassin NORMAL_HTTP_TO_IP"
        )
    if name.removeprefix("www.") in _SHORTENERS:
        yield Remark(
            Grade.WARNING,
            f"{_short(url)} hides where it goes.",
            "Link to the page itself; spam filters look up shortened links.",
            "SpamAssassin __URL_SHORTENER",
        )


def _is_at_home(name: str) -> bool:
    try:
        return ip_address(name).is_private
    except ValueError:
        return "." not in name or name.endswith((".localhost", ".local", ".internal", ".home.arpa"))


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return re.fullmatch(r"[\d.]+|0x[0-9a-f]+", name) is not None
    return True


# --- what it says -------------------------------------------------------------------------------------------------

_VAGUE = frozenset(
    {"click", "click here", "continue", "details", "go", "here", "learn more", "link", "more", "open", "read more"}
    | {"see here", "see more", "this", "this link", "this page", "hier", "hier klicken", "mehr", "weiterlesen"}
)
_LOOKS_LIKE_A_URL = re.compile(
    r"(?:https?://|www\.)(?P<host>[^\s/:?#]+)\S*|(?P<bare>(?:[\w-]+\.)+(?:com|org|net|edu|gov|io))(?:/\S*)?",
    re.IGNORECASE,
)


def _wording(link: Link) -> Iterator[Remark]:
    said = link.text.strip(" .…»→>").casefold()
    if not link.text:
        yield Remark(
            Grade.FAULT,
            f"The link to {_short(link.url)} says nothing.",
            "Give it a text, or its image an alt.",
            "WCAG 2.4.4",
        )
    elif said in _VAGUE:
        yield Remark(
            Grade.WARNING,
            f"“{link.text}” does not say where it goes ({_short(link.url)}).",
            "Name the target: people who use a screen reader hear links one after another.",
            "WCAG 2.4.4",
        )
    elif (shown := _shown_host(link.text)) and host(link.url) and not same_domain(shown, _bare(host(link.url))):
        yield Remark(
            Grade.FAULT,
            f"“{_short(link.text)}” leads to {host(link.url)}.",
            "Show the address it goes to, or words: mail programs warn of such links as phishing.",
            "SpamAssassin HTTPS_HTTP_MISMATCH; M3AAWG anti-phishing",
        )


def _shown_host(text: str) -> str:
    match = _LOOKS_LIKE_A_URL.fullmatch(text)
    return _bare((match["host"] or match["bare"]).casefold()) if match else ""


def _bare(name: str) -> str:
    return name.removeprefix("www.")


def _short(url: str) -> str:
    return url if len(url) <= 60 else f"{url[:45]}…{url[-12:]}"
