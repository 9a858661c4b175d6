"""A signed digest is still what was signed after a trip through Postfix: SMTP in, SMTP on, a Maildir.

Asked for by DIGEST_TEST_POSTFIX=1, as root, where Postfix is installed: it runs an instance of its own, with its own
configuration, queue and log, on loopback ports.
"""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest

from digest import config
from digest.cli import wiring
from digest.cli.check import samples
from digest.delivery import Relay, SendmailTransport, Signer, SmtpTransport, keys
from digest.delivery.returns import read
from digest.delivery.wire import as_sent
from digest.model import Message, Return, Verdict
from digest.tokens import addressed

from ..ports import free_ports  # noqa: TID252  (tests are no package)

pytestmark = pytest.mark.skipif(
    os.environ.get("DIGEST_TEST_POSTFIX") != "1" or not shutil.which("postfix") or os.geteuid() != 0,
    reason="asked for by DIGEST_TEST_POSTFIX=1, as root, with Postfix installed",
)

DOMAIN = "papers.example.org"
NOW = datetime(2026, 5, 18, 5, 30, tzinfo=UTC)
KEYS = {"rsa": keys.generate(keys.Kind.RSA), "ed": keys.generate(keys.Kind.ED25519)}
RECORDS = {f"{name}._domainkey.{DOMAIN}.".encode(): keys.record(key).encode() for name, key in KEYS.items()}

_MAIN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/log
maillog_file_prefixes = {home}
myhostname = relay.example.net
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = none
smtp_tls_security_level = none
alias_maps =
alias_database =
virtual_mailbox_domains = example.org
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
transport_maps = inline:{{ {{dead.example.net = error:5.1.1 no such user}}, {{full.example.net = error:5.2.2 mailbox full}} }}
"""
# What comes in at the first port goes on by SMTP to the second, as through a content filter.
_MASTER = """
127.0.0.1:{first} inet n - n - - smtpd -o content_filter=smtp:[127.0.0.1]:{second}
127.0.0.1:{second} inet n - n - - smtpd -o content_filter=
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
retry unix - - n - - error
error unix - - n - - error
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@pytest.fixture(scope="module")
def relay():
    """(port, Maildir, log) of a Postfix that runs; its own users must be able to reach its folder."""
    first, second = free_ports(2)
    user = pwd.getpwnam("postfix")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o755)
        for name in ("etc", "queue", "data", "mail"):
            (home / name).mkdir()
        for name in ("data", "mail"):
            os.chown(home / name, user.pw_uid, user.pw_gid)
        (home / "etc/main.cf").write_text(_MAIN.format(home=home, uid=user.pw_uid, gid=user.pw_gid))
        (home / "etc/master.cf").write_text(_MASTER.format(first=first, second=second))
        postfix = ["postfix", "-c", str(home / "etc")]
        subprocess.run([*postfix, "start"], check=True, capture_output=True)
        os.environ["MAIL_CONFIG"] = str(home / "etc")  # which instance Postfix's own sendmail is of
        try:
            yield first, home / "mail/box", home / "log"
        finally:
            del os.environ["MAIL_CONFIG"]
            subprocess.run([*postfix, "stop"], check=True, capture_output=True)


@pytest.fixture(scope="module")
def digests():
    """A full day and a quiet one, in every format, as they would be sent."""
    settings = config.from_text(
        f'[site]\nurl = "https://papers.example.org"\n[mail]\nfrom = "Daily Papers <digest@{DOMAIN}>"\n'
        '[[sources]]\nkind = "huggingface"\n',
        Path("config.toml"),
        {},
    )
    renderer = wiring.make_renderer(settings, [], b"secret")
    return [renderer.message(edition).content for edition in samples(NOW)]


HEAD = f"""\
From: "Daily Papers" <digest@{DOMAIN}>
To: "Ann" <ann@example.org>
Subject: odd lines
Date: Mon, 18 May 2026 05:30:00 +0000
Message-ID: <odd@{DOMAIN}>
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"
"""
ODD = {
    "lines of dots": f"{HEAD}Content-Transfer-Encoding: 7bit\n\n.\n..\n...\n.x\n. \n",
    "envelope lines": f"{HEAD}Content-Transfer-Encoding: 7bit\n\nFrom me to you\n>From me to you\n\nFrom \n",
    "long lines": f"{HEAD}Content-Transfer-Encoding: 7bit\n\n{'x' * 998}\n{'.' * 998}\n",
    "blank lines": f"{HEAD}Content-Transfer-Encoding: 7bit\n\n\n\nx \n \n\t\n\n\n",
    "no body": f"{HEAD}Content-Transfer-Encoding: 7bit\n",
    "8-bit text": f"{HEAD}Content-Transfer-Encoding: 8bit\n\nK\u00e4fer \u4e2d\u6587\n",
    "UTF-8 headers": HEAD.replace("odd lines", "K\u00e4fer \u4e2d\u6587") + "Content-Transfer-Encoding: 7bit\n\nx\n",
    "a long header": f"{HEAD}List-Unsubscribe: <https://papers.example.org/{'u' * 700}>\n\nx\n",
}


def arrivals(relay, before, count=1):
    """The files that are new in the Maildir, when there are so many."""
    _, box, log = relay
    end = time.monotonic() + 60
    while len(arrived := set(box.glob("new/*")) - before) < count:
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)
    return arrived


def after_the_trip(relay, content, recipient):
    """The message as the Maildir has it."""
    port, box, _ = relay
    signer = Signer(DOMAIN, [keys.signing(key, name) for name, key in KEYS.items()])
    transport = SmtpTransport(Relay("127.0.0.1", port, security="none"))
    before = set(box.glob("new/*"))
    try:
        outcome = transport.send(Message(f"digest@{DOMAIN}", recipient, "<1@x>", signer.signed(content)), lambda: True)
    finally:
        transport.close()
    assert outcome.verdict is Verdict.SENT, outcome
    return arrivals(relay, before).pop().read_bytes()


def holds(content, second_opinion):
    """Whether both signatures do, of a message that Postfix had in its hands twice."""
    assert content.count(b"\nReceived: ") == 2
    oracle = dkim.DKIM(content)
    assert second_opinion(as_sent(content), RECORDS) == ["rsa-sha256 pass"]
    return all(oracle.verify(number, dnsfunc=lambda name, timeout=5: RECORDS.get(name)) for number in range(2))


@pytest.mark.parametrize("number", range(6))
def test_a_digest_is_what_was_signed_after_the_trip(relay, second_opinion, digests, number):
    assert holds(after_the_trip(relay, digests[number], "ann@example.org"), second_opinion)


@pytest.mark.parametrize("name", ODD)
def test_whatever_stands_in_a_message_survives_the_trip(relay, second_opinion, name):
    recipient = "k\u00e4fer@example.org" if name == "UTF-8 headers" else "ann@example.org"
    content = after_the_trip(relay, as_sent(ODD[name].encode()), recipient)
    assert holds(content, second_opinion)
    assert (
        as_sent(content).partition(b"\r\n\r\n")[2].rstrip()
        == as_sent(ODD[name].encode()).partition(b"\r\n\r\n")[2].rstrip()
    )


def test_messages_begun_behind_each_other_arrive_each_once(relay):
    port, box, _ = relay
    transport = SmtpTransport(Relay("127.0.0.1", port, security="none"), chaining=True, per_session=20)
    mails = [
        Message(f"digest@{DOMAIN}", f"{n}@example.org", f"<{n}@x>", f"Subject: chained {n}\r\n\r\n.\r\n".encode())
        for n in range(50)
    ]
    before = set(box.glob("new/*"))
    outcomes = [
        transport.send(one, lambda: True, behind).verdict for one, behind in zip(mails, [*mails[1:], None], strict=True)
    ]
    transport.close()
    assert set(outcomes) == {Verdict.SENT}
    arrived = arrivals(relay, before, len(mails))
    subjects = sorted(re.search(rb"^Subject: (.*)$", path.read_bytes(), re.MULTILINE)[1] for path in arrived)
    assert subjects == sorted(b"chained %d" % n for n in range(50))


def test_a_recipient_that_postfix_refuses_is_refused_alone_in_the_middle_of_a_chain(relay):
    transport = SmtpTransport(Relay("127.0.0.1", relay[0], security="none"), chaining=True)
    before = set(relay[1].glob("new/*"))
    names = ["a@example.org", "not..right@-example.org", "b@example.org"]
    mails = [Message(f"digest@{DOMAIN}", name, f"<{name}>", b"Subject: x\r\n\r\nx\r\n") for name in names]
    outcomes = [
        transport.send(one, lambda: True, behind) for one, behind in zip(mails, [*mails[1:], None], strict=True)
    ]
    transport.close()
    assert [outcome.verdict for outcome in outcomes] == [Verdict.SENT, Verdict.FAILED, Verdict.SENT], outcomes
    assert len(arrivals(relay, before, 2)) == 2


@pytest.mark.parametrize("size", [10, 100_000])
def test_a_message_goes_through_postfix_own_sendmail_and_one_that_is_given_up_does_not(relay, size):
    _, box, _ = relay
    body = b"\r\n.\r\n" + b"x" * 70 + b"\r\n"
    program = SendmailTransport()
    before = set(box.glob("new/*"))
    for subject, ours, verdict in (("given up", False, Verdict.DEFERRED), ("kept", True, Verdict.SENT)):
        content = f"Subject: {subject}\r\n".encode() + body * (size // len(body) + 1)
        outcome = program.send(Message(f"digest@{DOMAIN}", "ann@example.org", "<1@x>", content), lambda ours=ours: ours)
        assert outcome.verdict is verdict, outcome
    (path,) = arrivals(relay, before)
    received = path.read_bytes()
    assert b"Subject: kept" in received
    assert received.endswith(as_sent(content).partition(b"\r\n\r\n")[2].replace(b"\r\n", b"\n"))


@pytest.mark.parametrize(("domain", "kind"), [("dead", Return.PERMANENT), ("full", Return.TEMPORARY)])
def test_what_postfix_gives_back_says_whom_it_was_for(relay, domain, kind):
    token = addressed(b"secret", 7, NOW.date()).back
    before = set(relay[1].glob("new/*"))
    content = as_sent(f"{HEAD}\n.\nx\n".encode())
    mail = Message(f"bounce+{token}@example.org", f"ann@{domain}.example.net", "<1@x>", content)
    assert SendmailTransport().send(mail, lambda: True).verdict is Verdict.SENT  # its smtpd would refuse it at once
    (report,) = read(arrivals(relay, before).pop().read_bytes())
    assert (report.kind, report.token) == (kind, token), report
