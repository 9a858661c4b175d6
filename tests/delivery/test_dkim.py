"""What is signed can be verified by others, and cannot be changed on the way."""

import stat

import dkim
import dns.rdata
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery import FilesTransport, MaildirTransport, Signer, keys
from digest.delivery.wire import as_sent
from digest.model import Message, Verdict

DOMAIN = "papers.example.org"
HEAD = b"""\
Received: from here
From: "Daily Papers" <digest@papers.example.org>
To: "Ann" <ann@example.org>
Reply-To: <help@example.org>
Subject: 14 papers: flow matching,
 and 13 more
Date: Mon, 18 May 2026 05:30:00 +0000
Message-ID: <1@papers.example.org>
List-Id: <digest.papers.example.org>
List-Unsubscribe: <https://papers.example.org/unsubscribe/abc>,
\t<mailto:help@example.org>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Feedback-ID: 20260518:daily:digest:papers.example.org
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: quoted-printable
"""
MESSAGE = as_sent(HEAD + b"\nHello.\n")

KEYS = {"rsa": keys.generate(keys.Kind.RSA), "ed": keys.generate(keys.Kind.ED25519)}
RECORDS = {f"{name}._domainkey.{DOMAIN}.".encode(): keys.record(key).encode() for name, key in KEYS.items()}


def signer(*names):
    return Signer(DOMAIN, [keys.signing(KEYS[name], name) for name in names])


def verdicts(content, count=1):
    """What dkimpy says of each signature, from the top."""
    oracle = dkim.DKIM(content)
    return [_verified(oracle, number) for number in range(count)]


def _verified(oracle, number):
    try:
        return oracle.verify(number, dnsfunc=lambda name, timeout=5: RECORDS.get(name))
    except dkim.ValidationError:
        return False


# --- others can verify it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [("rsa",), ("ed",), ("rsa", "ed")])
def test_every_signature_is_verified(names):
    content = signer(*names).signed(MESSAGE)
    assert content.endswith(MESSAGE)
    assert content.count(b"DKIM-Signature:") == len(names)
    assert verdicts(content, len(names)) == [True] * len(names)


BODIES = {
    "none": b"",
    "empty": b"\r\n",
    "no last line end": b"\r\nHello",
    "blank lines at the end": b"\r\nHello\r\n\r\n\r\n\r\n",
    "blank lines only": b"\r\n\r\n\r\n\r\n",
    "blanks at line ends": b"\r\nHello \t \r\n \r\n",
    "lines of dots": b"\r\n.\r\n..\r\n...\r\n.",
    "a line like an envelope's": b"\r\nFrom me to you\r\n",
    "lines of 998 bytes": b"\r\n" + (b"x" * 998 + b"\r\n") * 3,
    "bare line feeds": b"\nHello\n\n",
    "bare carriage returns": b"\r\nHel\rlo\r\r\n",
    "UTF-8": "\r\nK\u00e4fer \u4e2d\u6587\r\n".encode(),
    "headers of its own": b"\r\nFrom: nobody\r\nSubject: nothing\r\n",
}


@pytest.mark.parametrize("name", BODIES)
def test_any_body_is_verified_as_it_will_be_sent(name):
    content = signer("rsa", "ed").signed(as_sent(HEAD) + BODIES[name])
    assert verdicts(as_sent(content), 2) == [True, True]
    assert as_sent(content) == content


_BLANK = st.sampled_from(["", " ", "  ", "\t", "\r\n ", "\r\n\t", "  \r\n \t"])
_VALUES = st.lists(
    st.tuples(_BLANK, st.text(st.characters(min_codepoint=33, exclude_categories=["Cs", "Cc"]), min_size=1)),
    min_size=1,
    max_size=5,
).map(lambda pieces: "".join(blank + word for blank, word in pieces))
_NAMES = st.sampled_from(
    ["Subject", "sUBJECT", "To", "Cc", "List-Id", "List-Post", "X-Thing", "Received", "Content-Language", "Comments"]
)
_LINES = st.lists(
    st.binary(max_size=40) | st.sampled_from([b".", b"..", b"From x", b"", b" ", b"\t", b"\r", b"\n", b"x" * 998]),
    max_size=8,
)


@given(fields=st.lists(st.tuples(_NAMES, _VALUES), max_size=8), lines=_LINES, end=st.sampled_from([b"", b"\r\n"]))
def test_whatever_headers_and_body_hold_the_signatures_are_verified(fields, lines, end):
    """Folded and repeated headers, UTF-8 in them (SMTPUTF8), any body."""
    head = "".join(f"{name}:{value}\r\n" for name, value in fields).encode()
    content = signer("rsa", "ed").signed(as_sent(HEAD) + head + b"\r\n" + b"\r\n".join(lines) + end)
    assert verdicts(content, 2) == [True, True]


def test_the_same_message_is_signed_alike_each_time():
    assert signer("rsa", "ed").signed(MESSAGE) == signer("rsa", "ed").signed(MESSAGE)


@pytest.mark.parametrize("domain", ["a.example", f"{'long.' * 30}example.org"])
def test_the_header_is_folded(domain):
    head = Signer(domain, [keys.signing(key, name) for name, key in KEYS.items()]).signed(MESSAGE)[: -len(MESSAGE)]
    lines = head.split(b"\r\n")
    assert lines.pop() == b""
    assert max(len(line) for line in lines if domain.encode() not in line) <= 76
    assert all(line.startswith((b"DKIM-Signature: ", b" ")) for line in lines)
    assert not any(line.endswith(b" ") for line in lines)


# --- and nobody can change it ---------------------------------------------------------------------------------------

SIGNED = [line.partition(b":")[0].decode() for line in HEAD.splitlines() if not line.startswith((b" ", b"\t"))][1:]
CLOSED = ["From", "To", "Cc", "Subject", "Date", "Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post"]
CLOSED += ["Content-Type", "Content-Transfer-Encoding"]


@pytest.mark.parametrize("name", SIGNED)
def test_a_header_that_is_changed_or_lost_breaks_the_signature(name):
    content = signer("rsa").signed(MESSAGE)
    field = f"\r\n{name}: ".encode()
    assert verdicts(content.replace(field, field + b"x")) == [False]
    assert verdicts(content.replace(field, b"\r\nX-Was: ")) == [False]


@pytest.mark.parametrize("name", CLOSED)
def test_a_header_that_is_added_breaks_the_signature(name):
    signature, message = _apart(signer("rsa").signed(MESSAGE))
    added = f"{name}: x\r\n".encode()
    assert verdicts(added + signature + message) == [False]
    assert verdicts(signature + message.replace(b"\r\n\r\n", b"\r\n" + added + b"\r\n", 1)) == [False]


def _apart(content):
    return content[: -len(MESSAGE)], content[-len(MESSAGE) :]


def test_a_body_that_is_changed_breaks_the_signature():
    content = signer("rsa").signed(MESSAGE)
    assert verdicts(content.replace(b"Hello", b"hello")) == [False]
    assert verdicts(content + b"P.S.\r\n") == [False]


@pytest.mark.parametrize(
    ("was", "is_"),
    [
        (b"Received: from here\r\n", b"Received: from there\r\nReceived: from here\r\n"),
        (b"Subject: 14 papers: flow matching,\r\n and", b"SUBJECT:  14 papers: flow\r\n\tmatching, and"),
        (b"Hello.\r\n", b"Hello.\r\n\r\n\r\n"),
        (
            b"DKIM-Signature:",
            b"Return-Path: <x@example.org>\r\nX-Spam: no\r\nSender: <relay@example.org>\r\nDKIM-Signature:",
        ),
    ],
)
def test_what_relays_do_to_a_message_is_borne(was, is_):
    content = signer("rsa").signed(MESSAGE)
    assert content.count(was) == 1
    assert verdicts(content.replace(was, is_)) == [True]


# --- a second opinion -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BODIES)
def test_mail_dkim_verifies_any_body(second_opinion, name):
    content = signer("rsa", "ed").signed(as_sent(HEAD) + BODIES[name])
    assert second_opinion(content, RECORDS) == ["rsa-sha256 pass"]


def test_mail_dkim_minds_a_header_that_is_added(second_opinion):
    content = signer("rsa").signed(MESSAGE)
    assert second_opinion(b"From: x@example.org\r\n" + content, RECORDS) == [
        "rsa-sha256 fail (message has been altered)"
    ]


# --- on the way out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("transport", "pattern"), [(FilesTransport, "*.eml"), (MaildirTransport, "new/*")])
def test_what_is_sealed_is_handed_over_signed(tmp_path, transport, pattern):
    message = Message("digest@papers.example.org", "ann@example.org", "<1@papers.example.org>", MESSAGE)
    sealed = signer("rsa").sealed(message)
    assert (sealed.sender, sealed.recipient, sealed.message_id) == (
        message.sender,
        message.recipient,
        message.message_id,
    )
    assert transport(tmp_path).send(sealed, lambda: True).verdict is Verdict.SENT
    (file,) = tmp_path.glob(pattern)
    assert verdicts(file.read_bytes()) == [True]


# --- keys -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", keys.Kind)
def test_a_key_that_is_written_is_read_again_and_nobody_else_reads_it(tmp_path, kind):
    file = tmp_path / "dkim.pem"
    key = keys.generate(kind)
    keys.write_new(file, key)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert keys.record(keys.load(file, kind)) == keys.record(key)
    assert keys.weakness(key) is None
    with pytest.raises(FileExistsError):
        keys.write_new(file, key)


def pem(key, encryption=None):
    encryption = encryption or serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def short_key():
    """511 bits; nobody makes one today."""
    p, q, e = 2**255 - 19, 2**256 - 189, 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(e, p * q)
    parts = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, *parts, public).private_key(unsafe_skip_rsa_key_validation=True)


PUBLIC = (
    KEYS["rsa"].public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file or directory); `digest dkim keygen` writes a key"),
        (b"", "holds no private key"),
        (b"hunter2 \xff", "holds no private key"),
        (PUBLIC, "holds no private key"),
        (pem(KEYS["rsa"])[:300], "holds no private key"),
        (pem(KEYS["rsa"], serialization.BestAvailableEncryption(b"x")), "locked by a passphrase"),
        (pem(KEYS["ed"]), "holds a key of the kind ed25519, where one of the kind rsa belongs"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "a key that DKIM has no use for"),
        (pem(short_key()), "511 bits, which no receiver accepts; make one of 2048"),
    ],
)
def test_a_file_that_holds_no_usable_key_says_what_to_do(tmp_path, content, words):
    file = tmp_path / "dkim.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ValueError, match=r"dkim\.pem") as caught:
        keys.load(file, keys.Kind.RSA)
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("bits", "words"), [(1024, "some receivers no longer trust"), (2048, None)])
def test_a_key_that_is_short_is_weak(bits, words):
    found = keys.weakness(rsa.generate_private_key(65537, bits))
    assert found is None if words is None else words in found


@pytest.mark.parametrize("name", KEYS)
def test_the_record_in_a_zone_file_is_the_record(name):
    text = RECORDS[f"{name}._domainkey.{DOMAIN}.".encode()].decode()
    data = dns.rdata.from_text("IN", "TXT", keys.strings(text))
    assert b"".join(data.strings).decode() == text
    assert max(map(len, data.strings)) <= 255
