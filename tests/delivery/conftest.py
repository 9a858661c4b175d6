"""What the delivery tests share: servers, transports, messages, certificates."""

import shutil
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from digest.delivery import Patience, Relay, SmtpTransport, keys
from digest.model import Message

from .issuing import issue
from .scripted import ScriptedServer


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

    def make(port: int, *, timeout: float = 5, **changes) -> SmtpTransport:
        values = {
            "security": "none",
            "patience": Patience.throughout(timeout),
            "local_hostname": "client.test",
        } | changes
        own = {name: values.pop(name) for name in ("per_session", "chaining") if name in values}
        made.append(SmtpTransport(Relay(values.pop("host", "127.0.0.1"), port, **values), **own))
        return made[-1]

    yield make
    for one in made:
        one.close()


@dataclass(frozen=True)
class Certificates:
    """A server's side of TLS for localhost, the same when it is too late, and the client's that trusts both."""

    server: ssl.SSLContext
    expired: ssl.SSLContext
    trusting: ssl.SSLContext


@pytest.fixture(scope="session")
def certificates(tmp_path_factory) -> Certificates:
    """Made anew for each run: nothing secret is kept, nothing expires but what is to be expired."""
    trusting = ssl.create_default_context()
    sides = []
    for ends in (timedelta(hours=1), timedelta(hours=-1)):
        chain, key, authority = issue(tmp_path_factory.mktemp("tls"), ends=ends)
        sides.append(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        sides[-1].load_cert_chain(chain, key)
        trusting.load_verify_locations(authority)
    return Certificates(*sides, trusting)


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
