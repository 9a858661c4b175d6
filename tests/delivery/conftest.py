"""What the delivery tests share: an SMTP server that obeys or misbehaves as told, messages, certificates."""

import datetime as dt
import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from digest.delivery import SmtpTransport, keys
from digest.model import Message

Answer = str | bytes | Callable[[], str | bytes]


@dataclass
class Received:
    """A message as it arrived, dots taken off."""

    mail: str
    rcpt: str
    content: bytes


@dataclass
class ScriptedServer:
    """Answers each verb with what `answers` says: text, "<close>", "<hang>", or a function that gives one of them.

    Verbs: "greeting", EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, ".", RSET, QUIT; and "RCPT bad@example.org" for one
    argument alone. Everything said is kept in `said`, complete messages in `received`.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("PIPELINING", "SIZE 1000000", "8BITMIME", "ENHANCEDSTATUSCODES")
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    address: str = "127.0.0.1"
    said: list[str] = field(default_factory=list)
    flights: list[int] = field(default_factory=list)  # octets read at a time
    received: list[Received] = field(default_factory=list)
    sessions: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server((self.address, 0))
        self._open: set[socket.socket] = set()
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    def close(self) -> None:
        self._done.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self) -> None:
        while not self._done.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.sessions += 1
            self._open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError):
            if self.implicit_tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
                self._open.add(connection)
            session = _Session(self, connection)
            try:
                session.run()
            finally:
                session.connection.close()


class _Session:
    def __init__(self, server: ScriptedServer, connection: socket.socket) -> None:
        self.server = server
        self.connection = connection
        self.buffer = b""
        self.mail = self.rcpt = ""

    def run(self) -> None:
        if not self.answer("greeting", "220 test ESMTP"):
            return
        while (line := self.line()) is not None:
            text = line.decode("utf-8", "replace")
            self.server.said.append(text)
            if not self.handle(text.split(" ")[0].partition(":")[0].upper(), text):
                return

    def handle(self, verb: str, text: str) -> bool:
        handler = getattr(self, f"do_{verb.lower()}", None)
        return handler(text) if handler else self.answer(verb, "502 5.5.1 what?")

    def do_ehlo(self, _text):
        lines = ["test", *self.server.extensions]
        default = "\r\n".join(f"250{'-' if line is not lines[-1] else ' '}{line}" for line in lines)
        return self.answer("EHLO", default)

    def do_helo(self, _text):
        return self.answer("HELO", "250 test")

    def do_starttls(self, _text):
        if not self.answer("STARTTLS", "220 2.0.0 go ahead"):
            return False
        if self.server.tls:
            self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
            self.buffer = b""  # what came in the clear before must not count
            self.server._open.add(self.connection)
        return True

    def do_auth(self, _text):
        return self.answer("AUTH", "235 2.7.0 welcome")

    def do_mail(self, text):
        self.mail, self.rcpt = text, ""
        return self.answer("MAIL", "250 2.1.0 ok")

    def do_rcpt(self, text):
        address = text.partition("<")[2].partition(">")[0]
        verb = f"RCPT {address}" if f"RCPT {address}" in self.server.answers else "RCPT"
        return self.answer(verb, "250 2.1.5 ok", when_ok=lambda: setattr(self, "rcpt", text))

    def do_data(self, _text):
        default = "354 go on" if self.rcpt else "503 5.5.1 no valid recipients"
        opened = []
        if not self.answer("DATA", default, when_ok=lambda: opened.append(1)):
            return False
        return self.read_message() if opened else True

    def read_message(self) -> bool:
        lines = []
        while (line := self.line()) != b".":
            if line is None:
                return False
            lines.append(line.removeprefix(b".") if line.startswith(b".") else line)
        content = b"".join(line + b"\r\n" for line in lines)

        def keep():
            self.server.received.append(Received(self.mail, self.rcpt, content))

        return self.answer(".", f"250 2.0.0 queued as {len(self.server.received) + 1}", when_ok=keep)

    def do_rset(self, _text):
        self.mail = self.rcpt = ""
        return self.answer("RSET", "250 2.0.0 ok")

    def do_quit(self, _text):
        self.answer("QUIT", "221 2.0.0 bye")
        return False

    def answer(self, verb: str, default: str, when_ok: Callable[[], None] = lambda: None) -> bool:
        answer = self.server.answers.get(verb, default)
        answer = answer() if callable(answer) else answer
        if answer == "<hang>":  # until the other side has given up
            while self.connection.recv(65536):
                pass
        if answer in ("<close>", "<hang>"):
            return False
        raw = answer if isinstance(answer, bytes) else f"{answer}\r\n".encode()
        if raw[:1] in b"23":
            when_ok()
        self.connection.sendall(raw)
        return True

    def line(self) -> bytes | None:
        while b"\r\n" not in self.buffer:
            received = self.connection.recv(65536)
            if not received:
                return None
            self.server.flights.append(len(received))
            self.buffer += received
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line


@pytest.fixture
def server():
    """Makes servers, and closes them."""
    made = []

    def make(**changes) -> ScriptedServer:
        made.append(ScriptedServer(**changes))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def message():
    """Makes messages."""

    def make(
        recipient: str = "ann@example.org", content: bytes = b"Subject: hi\r\n\r\nHello\r\n", **changes
    ) -> Message:
        values = {"sender": "digest@example.org", "message_id": f"<1.{recipient}>"} | changes
        return Message(recipient=recipient, content=content, **values)

    return make


@pytest.fixture
def transport():
    """Makes transports to a server on this machine, quick to lose patience, and closes them."""
    made = []

    def make(port: int, **changes) -> SmtpTransport:
        values = {"security": "none", "timeout": 5, "dot_timeout": 5, "local_hostname": "client.test"} | changes
        made.append(SmtpTransport(values.pop("host", "127.0.0.1"), port, **values))
        return made[-1]

    yield make
    for one in made:
        one.close()


@dataclass(frozen=True)
class Certificates:
    """A server's side of TLS for localhost, and the client's that trusts it."""

    server: ssl.SSLContext
    trusting: ssl.SSLContext


@pytest.fixture(scope="session")
def certificates(tmp_path_factory) -> Certificates:
    """Made anew for each run: nothing secret is kept, nothing expires."""
    folder: Path = tmp_path_factory.mktemp("tls")
    chain, key, authority = _issue(folder)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain, key)
    return Certificates(server, ssl.create_default_context(cafile=str(authority)))


def _issue(folder: Path) -> tuple[Path, Path, Path]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = dt.datetime.now(dt.UTC)
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name, name = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)]) for common in ("test authority", "localhost")
    )

    def certificate(subject, public_key):
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        )

    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    authority = (
        certificate(ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))],
    )
    leaf = (
        certificate(name, key.public_key())
        .add_extension(names, critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    files = folder / "chain.pem", folder / "key.pem", folder / "authority.pem"
    files[0].write_bytes(leaf.public_bytes(pem))
    files[1].write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    files[2].write_bytes(authority.public_bytes(pem))
    return files


_PERL = r"""
use strict; use Mail::DKIM::Verifier; use Mail::DKIM::DNS; use Net::DNS::Resolver;
Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(nameservers => ['127.0.0.1'], port => $ARGV[0], udp_timeout => 5));
my $verifier = Mail::DKIM::Verifier->new();
local $/; $verifier->PRINT(scalar <STDIN>); $verifier->CLOSE;
print $_->algorithm, ' ', $_->result_detail, "\n" for $verifier->signatures;
"""


@pytest.fixture(scope="session")
def perl() -> str:
    """A Perl that has Mail::DKIM."""
    found = shutil.which("perl")
    if (
        not found
        or subprocess.run([found, "-MMail::DKIM::Verifier", "-e1"], capture_output=True, check=False).returncode
    ):
        pytest.skip("Perl's Mail::DKIM is not installed")
    return found


@pytest.fixture
def second_opinion(perl, nameserver) -> Callable[[bytes, dict[bytes, bytes]], list[str]]:
    """What Mail::DKIM says of a message's RSA signature (1.20230212 knows no other); it fetches the key by DNS."""

    def verify(content, records):
        for name, record in records.items():
            nameserver.records[name.decode().rstrip(".")] = {"TXT": [keys.strings(record.decode())]}
        command = [perl, "-e", _PERL, str(nameserver.port)]
        said = subprocess.run(command, input=content, capture_output=True, check=True, timeout=60).stdout.decode()
        return [line for line in said.splitlines() if line.startswith("rsa-sha256")]

    return verify
