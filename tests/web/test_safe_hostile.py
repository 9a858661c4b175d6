"""What strangers send: whatever it is, no page breaks, nothing comes back unescaped, and reading changes nothing.

Every route is walked as it is, with the fields that the pages' own forms have, so that a new page is tried, too. The
suite tries some thousand inputs; `--hypothesis-profile=hunt` tries a hundred thousand.
"""

import re
import socket
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from urllib.parse import quote, quote_plus, urlsplit

import pytest
from hypothesis import settings
from starlette.routing import Route

from digest.tokens import Purpose
from digest.web.app import application
from digest.web.safety.headers import POLICY
from digest.web.safety.wire import Protocol

from ..stores import rows_of  # noqa: TID252  (tests are no package)
from .conftest import ANN

TEMPLATES = Path(__file__).parents[2] / "templates" / "web"
COUNT = 30 * settings().max_examples
MARK = "\"'><xss9 onload=alert(1)>"
SUM = "{{ 1337 * 7331 }}${1337*7331}#{1337*7331}"

NASTY = (
    MARK,
    SUM,
    "",
    " ",
    ".",
    "..",
    "../../../../etc/passwd",
    "a/b",
    "%00",
    "\0",
    "a\r\nX-Injected: yes\r\n\r\n<xss9>",
    "' OR 1=1 --",
    '"; DROP TABLE subscribers; --',
    "0",
    "-1",
    "1e309",
    "nan",
    "9" * 40,
    "1" * 5_000,
    "true",
    "null",
    "[]",
    '{"a": [',
    "2026-06-18",
    "2026-02-30",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "2026-W25-4",
    "25:61",
    "٢٠٢٦-٠٦-١٨",
    "\u202eevil\u200b\ufeff",
    "é" * 300,
    "e\u0301" * 50,
    "\U0001f4a9",
    "\ufffe\uffff",
    "Europe/Berlin",
    "../../zoneinfo",
    "ann@example.org",
    "Ann <ann@example.org>",
    "ann@example.org\r\nBcc: all@example.org",
    "a@" + "b" * 300 + ".org",
    "ann@xn--zzzzz.example",
    "+" * 100,
    '"' * 99,
    "(" * 500,
    "*",
    "^",
    "title:",
    "=",
    '"a b"^99999999999',
    "-" * 50 + "a*",
    "diffusion\n" * 3_000,
    "//evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "\\\\evil.example",
    "file:///etc/passwd",
    "arXiv:2605.00001",
    "10.1101/2026.05.17.654321",
)  # fmt: skip
QUERY = (
    "q",
    "page",
    "order",
    "category",
    "source",
    "since",
    "until",
    "cursor",
    "after",
    "limit",
    "day",
    "next",
    "back",
)
KINDS = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-7",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/json",
    "text/plain",
    "",
)


def fields():
    """The names that the pages' own forms give their fields."""
    texts = [file.read_text(encoding="utf-8") for file in TEMPLATES.rglob("*.html.j2")]
    return sorted({name for text in texts for name in re.findall(r'name="([\w.-]+)"', text)})


def routes(desk):
    """(method, path with {places} to be filled) of every page there is."""
    found = [route for route in application(desk).routes if isinstance(route, Route)]
    return sorted((method, route.path) for route in found for method in route.methods)


class Stranger:
    """Asks for things at random, always the same things for one seed."""

    def __init__(self, site, seed):
        self.random = Random(seed)
        self.ways = routes(site.desk)
        self.fields = fields()
        ann = site.subscribe()
        tokens = [site.token(ann, purpose) for purpose in Purpose]
        sealed = [site.desk.seal(purpose).dumps([1, "x"]) for purpose in ("confirm", "move", "admin", "link")]
        self.tokens = [*tokens, *[token[:-1] for token in tokens], *sealed, "1-20260618-" + "a" * 16]

    def value(self):
        return self.random.choice(
            (self.random.choice(NASTY), self.random.choice(self.tokens), str(self.random.randrange(60)))
        )

    def path(self, pattern):
        def filled(place):
            likely = place[1] == "token" and self.random.random() < 0.7
            return quote(self.random.choice(self.tokens) if likely else self.value(), safe="")

        path = re.sub(r"\{(\w+)(:\w+)?\}", filled, pattern)
        if self.random.random() < 0.5:
            names = self.random.sample([*QUERY, *self.fields], k=self.random.randrange(4))
            path += "?" + "&".join(f"{quote_plus(name)}={quote_plus(self.value())}" for name in names)
        return path

    def body(self):
        kind = self.random.choice(KINDS[:3] if self.random.random() < 0.8 else KINDS)
        names = self.random.sample(self.fields, k=self.random.randrange(min(12, len(self.fields))))
        pairs = [(name, self.value()) for name in names]
        if kind.startswith("multipart"):
            parts = [
                f'--x\r\nContent-Disposition: form-data; name="{name}"{self.random.choice(["", "; filename=a.bib"])}\r\n\r\n{value}\r\n'
                for name, value in pairs
            ]
            return kind, ("".join(parts) + "--x--\r\n").encode("utf-8", "surrogatepass")
        if kind == "application/json":
            return kind, self.value().encode("utf-8", "surrogatepass")
        return kind, "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs).encode()

    def request(self):
        method, pattern = self.random.choice(self.ways)
        kind, body = self.body() if method not in ("GET", "HEAD") else ("", b"")
        said = {"Content-Type": kind, "Content-Length": str(len(body))} if body or method == "POST" else {}
        said["X-Forwarded-For"] = ".".join(str(self.random.randrange(1, 255)) for _ in range(4))  # no limit is theirs
        if self.random.random() < 0.8:
            said["Remote-User"] = "operator"
        for name in ("Accept", "Accept-Language", "If-None-Match", "If-Modified-Since", "Cookie", "Range", "Referer"):
            if self.random.random() < 0.1:
                said[name] = self.value().translate({10: None, 13: None}).encode("utf-8")
        return method, self.path(pattern), said, body


class Asking:
    """One connection after another to where pages are served."""

    def __init__(self, site):
        self.place = urlsplit(str(site.client.base_url))
        self.connection = None

    def __call__(self, method, path, headers, body):
        if self.connection is None:
            self.connection = HTTPConnection(self.place.hostname, self.place.port, timeout=30)
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.will_close:
            self.close()
        return answer, content

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def test_whatever_strangers_send_no_page_breaks_and_nothing_comes_back_unescaped(make_site):
    site = make_site(more='[web]\ncurators = ["ann@example.org"]\n[admin]\nheader = "Remote-User"\n')
    stranger, asked = Stranger(site, seed=6), set()
    with closing(Asking(site)) as ask:
        for _ in range(COUNT):
            request = stranger.request()
            answer, content = ask(*request)
            said, kind = dict(answer.getheaders()), answer.headers["content-type"] or ""
            asked.add(answer.status)
            assert answer.status < 500, (request, content)
            assert {"content-security-policy", "x-content-type-options", "cache-control"} <= {n.lower() for n in said}
            assert "x-injected" not in {name.lower() for name in said}, request
            if "html" in kind or "xml" in kind:
                assert b"<xss9" not in content, request
            assert b"9801547" not in content, request
            assert not said.get("location", "/").startswith(("//", "/\\", "http://evil", "https://evil")), request
    assert {200, 303, 404, 422} <= asked  # they got as far as the pages themselves


def content_of(site):
    return rows_of(site.folder / "digest.db")


def test_reading_changes_nothing_whatever_is_read(make_site):
    """Scanners open every link of a mail, by GET and HEAD, and more than once."""
    site = make_site(more='[web]\ncurators = ["ann@example.org"]\n')
    stranger = Stranger(site, seed=7)
    before = content_of(site)
    paths = [path for method, path in stranger.ways if method == "GET"]
    with closing(Asking(site)) as ask:
        for path in paths:
            for token in stranger.tokens if "{token}" in path else [""]:
                for number in ("1", "2026-06-18") if re.search(r"\{(?!token)", path) else [""]:
                    whole = re.sub(r"\{(?!token)\w+(:\w+)?\}", number, path.replace("{token}", token))
                    for method in ("GET", "HEAD"):
                        ask(method, whole, {}, b"")
    assert content_of(site) == before


@pytest.mark.parametrize("below", ["", "/some/where"])
def test_every_own_link_of_every_page_begins_where_the_pages_are(make_site, below):
    site = make_site(url=f"https://papers.example.org{below}", more='[web]\ncurators = ["ann@example.org"]\n')
    stranger = Stranger(site, seed=8)
    for method, path in stranger.ways:
        if method != "GET" or path.startswith(("/static", "/admin")):
            continue
        for token in stranger.tokens[:5] if "{token}" in path else [""]:
            answer = site.get(re.sub(r"\{(?!token)\w+(:\w+)?\}", "1", path.replace("{token}", token)))
            if answer.headers.get("content-type", "").startswith("text/html"):
                links = re.findall(r'(?:href|src|action|data-live)="(/[^"]*)"', answer.text)
                assert not [link for link in links if not link.startswith(f"{below}/")], path
                assert not re.findall(r"<script(?! src=)|<style|\son\w+=|\sstyle=", answer.text), path
                away = re.findall(
                    r'<(?:script|link|img)[^>]*(?:src|href)="https?://(?!papers\.example\.org)', answer.text
                )
                assert not away, path


# --- below HTTP -----------------------------------------------------------------------------------------------------

JUNK = {
    "nonsense": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n",
    "a name without a value": b"GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n",
    "a length that is none": b"POST /subscribe HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
    "a length twice": b"POST /subscribe HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "a length and chunks": b"POST /subscribe HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n",
    "chunks that are none": b"POST /subscribe HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    "two codings": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a folded header": b"GET /health HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
    "a NUL in a header": b"GET /health HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
    "a space before the colon": b"GET /health HTTP/1.1\r\nHost : a\r\n\r\n",
    "a path with bytes": b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
    "no path": b"GET  HTTP/1.1\r\nHost: a\r\n\r\n",
    "a proxy's request": b"GET http://evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method of its own": b"JUMP / HTTP/1.1\r\nHost: a\r\n\r\n",
    "another protocol": b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n\r\n",
    "the next version": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "the last version": b"GET /\r\n\r\n",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "a hundred thousand bytes of headers": b"GET /health HTTP/1.1\r\nHost: a\r\n" + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n",
    "a thousand headers": b"GET /health HTTP/1.1\r\nHost: a\r\n" + b"X-A: 12345678901234567890123456789012345\r\n" * 1_000 + b"\r\n",
    "a path without end": b"GET /" + b"a" * 200_000,
}  # fmt: skip


@pytest.mark.parametrize("what", JUNK)
def test_what_is_no_http_harms_nobody(site, what):
    place = urlsplit(str(site.client.base_url))
    with socket.create_connection((place.hostname, place.port), timeout=30) as wire:
        try:
            wire.sendall(JUNK[what])
            wire.shutdown(socket.SHUT_WR)
            said = b"".join(iter(lambda: wire.recv(65_536), b""))
        except OSError:  # it hung up before it had heard everything
            said = b""
    for head in re.findall(rb"HTTP/1\.1 \d{3}.*?\r\n\r\n", said, re.DOTALL):
        assert head.split()[1] < b"500", said
        assert POLICY.encode() in head, said
    assert said.count(b"HTTP/1.1") <= 1 or what == "another protocol", said  # nothing was smuggled in behind it
    assert site.get("/health").status_code == 200


def test_a_head_that_is_too_long_is_told_so(site):
    place = urlsplit(str(site.client.base_url))
    with socket.create_connection((place.hostname, place.port), timeout=30) as wire:
        wire.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n" + b"X-A: 1234567890\r\n" * 2_500)
        assert wire.recv(100).startswith(b"HTTP/1.1 431 ")


def test_a_head_that_does_not_come_is_not_waited_for(make_site, monkeypatch):
    monkeypatch.setattr(Protocol, "head_seconds", 0.05)
    place = urlsplit(str(make_site().client.base_url))
    for begun, answered in ((b"", b""), (b"GET /health HTTP/1.1\r\nHost: ", b"HTTP/1.1 408 ")):
        with socket.create_connection((place.hostname, place.port), timeout=30) as wire:
            wire.sendall(begun)
            assert b"".join(iter(lambda: wire.recv(65_536), b""))[:13] == answered
    with socket.create_connection((place.hostname, place.port), timeout=30) as wire:
        for _ in range(2):  # one that has come starts the time anew for the next
            wire.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            said = b""
            while not said.endswith(b"}"):  # head and body may come apart
                said += wire.recv(65_536)
            assert said.startswith(b"HTTP/1.1 200 ")


def test_a_request_that_follows_too_early_does_not_break_into_the_answer_before(make_site, monkeypatch):
    monkeypatch.setattr(Protocol, "head_seconds", 0.05)
    place = urlsplit(str(make_site().client.base_url))
    with socket.create_connection((place.hostname, place.port), timeout=30) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /health HTTP/1.1\r\nHost")
        said = b"".join(iter(lambda: wire.recv(65_536), b""))
    assert said.startswith(b"HTTP/1.1 200 ")
    assert said.count(b"HTTP/1.1 408 ") == 1
    assert said.index(b"</html>") < said.index(b"HTTP/1.1 408 ")


def test_the_stranger_knows_the_forms(site):
    assert {"email", "keywords"} <= set(fields())
    assert ("POST", "/subscribe") in routes(site.desk)
    assert ANN.email == "ann@example.org"
