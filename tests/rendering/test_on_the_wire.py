"""Whatever readers want and strangers write, a message is one, and says what the plain path says.

Read by two parsers: Python's own with its strict policy, and one written here from RFC 5322, 2045, 2046 and 2047 that
knows nothing of it and takes offence at whatever it does not expect.
"""

import base64
import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import strict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.model import Edition, Format, Ground, Kind, Layout, Listing, Missing, Pick, Reason, Section

# --- a reader of messages ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entity:
    """A message, or a part of one."""

    fields: tuple[tuple[str, str], ...]  # unfolded, encoded words decoded
    body: bytes
    parts: tuple["Entity", ...] = ()

    def __getitem__(self, name: str) -> str:
        (value,) = [value for known, value in self.fields if known.casefold() == name.casefold()]
        return value

    @property
    def text(self) -> str:
        """Decoded, with "\\n" for line ends."""
        decode = {"quoted-printable": quoted_printable, "base64": b64}[self["Content-Transfer-Encoding"]]
        assert self["Content-Type"].endswith('; charset="utf-8"')
        return decode(self.body).decode("utf-8").replace("\r\n", "\n")


def read(content: bytes) -> Entity:
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", content)
    assert max(map(len, content.split(b"\r\n"))) <= 998
    return entity(content)


def entity(content: bytes) -> Entity:
    head, gap, body = content.partition(b"\r\n\r\n")
    assert gap
    fields = tuple(map(field, re.sub(rb"\r\n(?=[ \t])", b"", head).split(b"\r\n")))
    kind = {name.casefold(): value for name, value in fields}["content-type"]
    if not kind.startswith("multipart/"):
        return Entity(fields, body)
    boundary = re.escape(re.search(r'boundary="([^"]{1,70})"', kind)[1].encode())
    before, *parts, after = re.split(rb"(?:^|\r\n)--" + boundary + rb"(?:\r\n|--\r\n$)", body)
    assert (before, after) == (b"", b"")
    return Entity(fields, body, tuple(map(entity, parts)))


def field(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    assert colon
    assert re.fullmatch(rb"[!-9;-~]+", name)
    return name.decode(), decoded(value.decode("utf-8").strip())


WORD = re.compile(r"=\?utf-8\?([qb])\?([!->@-~]*)\?=")


def decoded(value: str) -> str:
    """Encoded words, between which spaces are nobody's (RFC 2047, 6.2)."""
    assert all(len(word[0]) <= 75 for word in WORD.finditer(value))
    return WORD.sub(word_of, re.sub(r"(?<=\?=)\s+(?==\?utf-8\?)", "", value))


def word_of(found: re.Match[str]) -> str:
    written = found[2].encode()
    return (b64(written) if found[1] == "b" else hexes(written.replace(b"_", b" "))).decode("utf-8")


def quoted_printable(body: bytes) -> bytes:
    """RFC 2045, 6.7."""
    for line in body.split(b"\r\n"):
        assert len(line) <= 76
        assert re.fullmatch(rb"(?:[!-<>-~ \t]|=[0-9A-F]{2})*=?", line)
        assert not line.endswith((b" ", b"\t"))
    return hexes(body.replace(b"=\r\n", b""))


def hexes(data: bytes) -> bytes:
    return re.sub(rb"=([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), data)


def b64(body: bytes) -> bytes:
    lines = body.split(b"\r\n")
    assert all(len(line) <= 76 and re.fullmatch(rb"[A-Za-z0-9+/]*={0,2}", line) for line in lines)
    return base64.b64decode(b"".join(lines), validate=True)


# --- what can come ----------------------------------------------------------------------------------------------------

HOSTILE = (
    "",
    " ",
    "w" * 5_000,
    "." * 3_000,
    ".\n..\n.\r\n",
    "From the beginning\nFrom here",
    "From " * 400,
    "=?utf-8?q?x=0D=0ABcc:_a=40b.c?=",
    "a\r\nBcc: evil@example.com\r\n\r\n--=_x",
    "nul\x00 cr\r bell\x07 \ud800 lone",
    "</td></table><script>alert(1)</script>",
    "{{ 7 * 7 }} {% raw %} {# #}",
    "SlOt0123456789abcdef0000z",
    "a & b &amp; &lt;c&gt; \"d\" 'e' &nbsp; &#x0; &hellip",
    "مطابقة التدفق \u202eevil",
    "流匹配：一种无需模拟即可训练连续归一化流的方法。" * 40,
    "emoji 👩‍🔬🧬 and e\u0301 and \u00ad soft",
    "\u2028\u2029\x85\u00a0 spaces \u3000",
    "=" * 400,
    "é" * 300,
    "x\n\n\n\ny   \n z",
    "https://example.org/" + "u" * 900,
    "*a* _b_ `c` [d](e) # f",
    "\ufffe\uffff\U0010ffff\ufdd0",
)
texts = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=60), st.lists(st.sampled_from(HOSTILE), max_size=3).map(" ".join)
)
urls = st.one_of(
    st.just(""),
    st.sampled_from(HOSTILE),
    st.integers(1, 9).map(lambda n: f"https://arxiv.org/abs/2605.{n:05d}?a=1&b='2'"),
)
listings = st.builds(
    Listing,
    title=texts,
    abstract=texts,
    authors=st.lists(texts, max_size=4).map(tuple),
    url=urls,
    pdf_url=urls,
    discussion_url=urls,
    thumbnail_url=urls,
    categories=st.lists(texts, max_size=3).map(tuple),
    comments=st.none() | st.integers(0, 2_000),
    upvotes=st.none() | st.integers(0, 2_000),
    version=st.none() | st.integers(1, 3),
    id=st.integers(1, 99),
)
reasons = st.builds(
    Reason,
    term=texts | st.just('"flow matching"^3'),
    field=st.sampled_from(["title", "abstract", "authors", "categories"]) | texts,
    contribution=st.sampled_from([40.0, 3.5, -2.0]),
    tokens=st.sampled_from([(), ("flow", "match"), ("w" * 5_000,), ("evil",)]),
    ground=st.sampled_from(Ground),
    partial=st.booleans(),
)
picks = st.builds(
    Pick,
    listing=listings,
    section=st.sampled_from(Section),
    kind=st.sampled_from(Kind),
    source=st.sampled_from(["arxiv", "hf", "unknown"]),
    day=st.sampled_from([date(2026, 5, 18), date(2025, 12, 31)]),
    score=st.floats(0, 100),
    reasons=st.lists(reasons, max_size=3).map(tuple),
)
missing = st.builds(Missing, source=texts, why=texts, since=st.none() | st.just(datetime(2026, 5, 17, tzinfo=UTC)))


@st.composite
def editions(draw, make) -> Edition:
    few = draw(st.lists(picks, max_size=4))
    many = few * draw(st.sampled_from([1, 1, 1, 30]))
    reader = make.subscriber(
        name=draw(texts),
        format=draw(st.sampled_from(Format)),
        layout=draw(st.sampled_from(Layout)),
        locale=draw(st.sampled_from(["", "de", "zh_Hans", "xx"])),
    )
    return make.edition(
        *sorted(many, key=lambda pick: list(Section).index(pick.section)),
        subscriber=reader,
        read=draw(
            st.dictionaries(texts.map(lambda text: text.replace("\ud800", "")), st.integers(0, 3_000), max_size=3)
        ),
        matched=draw(st.integers(0, 200)),
        missing=tuple(draw(st.lists(missing, max_size=2))),
        problems=tuple(draw(st.lists(texts, max_size=2))),
        note=draw(st.just("") | texts),
        papers=draw(st.integers(0, 5_000)),
    )


# --- what holds -------------------------------------------------------------------------------------------------------


def headers(entity: Entity) -> list[tuple[str, str]]:
    return [pair for pair in entity.fields if not pair[0].startswith(("Content-", "MIME-"))]


def bodies(entity: Entity) -> list[tuple[str, str]]:
    return [(part["Content-Type"], part.text) for part in entity.parts or (entity,)]


@pytest.fixture(scope="module", params=["https://papers.example.org", None])
def remembering(request, make):
    """A renderer that has seen the others' messages."""
    return make.renderer(url=request.param)


@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_message_is_read_alike_by_all_and_says_what_the_plain_path_says(make, remembering, data):
    edition = data.draw(editions(make))
    content = remembering.message(edition).content
    ours, plain = read(content), read(remembering.email(edition, plainly=True).as_bytes())
    assert headers(ours) == headers(plain)
    assert bodies(ours) == bodies(plain)
    assert bodies(ours) == by_python(content)
    assert not re.search(rb"^(?:\.|From )", ours.body, re.MULTILINE), "a line that SMTP or a mailbox file would change"
    assert not remembering.whole


def by_python(content: bytes) -> list[tuple[str, str]]:
    message = message_from_bytes(content, policy=strict)
    parts = list(message.iter_parts()) if message.is_multipart() else [message]
    assert not any(part.defects for part in (message, *parts))
    return [(part["Content-Type"], part.get_content().replace("\r\n", "\n")) for part in parts]


PERL = r"""
use MIME::Parser; use MIME::Base64; use Encode;
binmode STDOUT, ':utf8';
foreach my $file (@ARGV) {
    my $parser = MIME::Parser->new; $parser->output_to_core(1); $parser->tmp_to_core(1);
    my $message = $parser->parse_open($file);
    print join("\t", 'subject', encode_base64(encode('UTF-8', decode('MIME-Header', $message->head->get('Subject'))), '')), "\n";
    foreach my $part ($message->parts ? $message->parts : ($message)) {
        print join("\t", $part->mime_type, encode_base64($part->bodyhandle->as_string, '')), "\n";
    }
}
"""


def has_perl() -> bool:
    perl = shutil.which("perl")
    return (
        bool(perl)
        and subprocess.run([perl, "-MMIME::Parser", "-e", "1"], capture_output=True, check=False).returncode == 0
    )


@pytest.mark.skipif(not has_perl(), reason="Perl's MIME::Parser is not installed")
def test_perl_reads_every_hostile_message_as_we_do(make, tmp_path):
    renderer, files = make.renderer(), []
    for number, text in enumerate(
        text for text in HOSTILE if "\uffff" not in text
    ):  # Perl replaces what is no character
        listing = Listing(title=text, abstract=text, authors=(text,), url="https://arxiv.org/abs/2605.1", id=number + 1)
        format_ = list(Format)[number % 3]
        edition = make.edition(make.pick(listing), note=text, subscriber=make.subscriber(format=format_))
        files.append(tmp_path / f"{number}.eml")
        files[-1].write_bytes(renderer.message(edition).content)
    said = subprocess.run(["perl", "-e", PERL, *map(str, files)], capture_output=True, text=True, check=True).stdout
    by_perl = [(kind, base64.b64decode(body)) for kind, body in (line.split("\t") for line in said.splitlines())]
    assert [(kind, clean(body)) for kind, body in by_perl] == [
        pair for file in files for pair in by_us(file.read_bytes())
    ]


def by_us(content: bytes) -> list[tuple[str, str]]:
    message = read(content)
    parts = [(part["Content-Type"].partition(";")[0], part.text.strip()) for part in message.parts or (message,)]
    return [("subject", " ".join(message["Subject"].split())), *parts]


def clean(body: bytes) -> str:
    return body.decode("utf-8").replace("\r\n", "\n").strip()
