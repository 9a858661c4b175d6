"""What SpamAssassin, offline and as Debian ships it, says of our messages. Skipped where it is not installed."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from digest.model import Format

SPAMASSASSIN = shutil.which("spamassassin")
pytestmark = pytest.mark.skipif(SPAMASSASSIN is None, reason="spamassassin is not installed")

# That there is HTML; that no server has had it yet; that it says what a list says, which is worth a point.
ALLOWED = {"HTML_MESSAGE", "NO_RECEIVED", "NO_RELAYS", "MAILING_LIST_MULTI"}


@pytest.fixture(scope="module")
def messages(make):
    """Our messages by what they are; "sample" is what `digest demo` sends, as it arrived."""
    from digest.cli.demo_run import run

    drawn, renderer = make.drawn(), make.renderer()
    cards = drawn["cards"]
    formats = {
        str(wanted): replace(cards, subscriber=replace(cards.subscriber, format=wanted))
        for wanted in (Format.HTML, Format.TEXT, Format.MARKDOWN)
    }
    editions = formats | {name: drawn[name] for name in ("compact", "full", "empty")}
    return {name: renderer.message(edition).content for name, edition in editions.items()} | {
        "sample": run()[0].content
    }


@pytest.fixture(scope="module")
def verdicts(messages, tmp_path_factory):
    """For each message its points and the rules that hit; all in one run, which takes as long as one message."""
    home = tmp_path_factory.mktemp("spamassassin")
    mailbox = b"".join(
        b"From digest@example.org Mon May 18 05:30:00 2026\n"
        b"X-Which: "
        + name.encode()
        + b"\n"
        + re.sub(rb"(?m)^(>*From )", rb">\1", content.replace(b"\r\n", b"\n"))
        + b"\n"
        for name, content in messages.items()
    )
    said = subprocess.run(
        [SPAMASSASSIN, "-L", "-t", "-x", "--mbox"],
        input=mailbox,
        capture_output=True,
        check=True,
        timeout=120,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", "LC_ALL": "C"},
    ).stdout.decode(errors="replace")
    parts = re.split(r"(?m)^X-Which: (\w+)$", said)
    return {
        name: (
            float(re.findall(r"Content analysis details:\s+\((-?[\d.]+) points", part)[-1]),
            set(re.findall(r"(?m)^ *-?\d+\.\d ([A-Z][A-Z0-9_]+) ", part)),
        )
        for name, part in zip(parts[1::2], parts[2::2], strict=True)
    }


def test_every_message_was_judged(messages, verdicts):
    assert verdicts.keys() == messages.keys()
    assert all("NO_RELAYS" in hits for _, hits in verdicts.values())  # so the list of hits is read


def test_no_message_looks_like_spam(verdicts):
    assert {name: points for name, (points, _) in verdicts.items() if points >= 1.0} == {}


def test_no_rule_hits_for_the_html_or_the_headers(verdicts):
    assert {name: hits - ALLOWED for name, (_, hits) in verdicts.items() if hits - ALLOWED} == {}
