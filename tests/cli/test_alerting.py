"""Alerts by mail: the operator hears of what is wrong once, from the daemon and from `digest send`, and it stops nothing."""

import email
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import policy
from pathlib import Path

import pytest

from digest.cli import alerting, wiring
from digest.errors import RelayError
from digest.model import Outcome, Verdict
from digest.pacing import BREAKER, broken

from ..store.making import announce, paper, said  # noqa: TID252  (tests are no package)

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CONFIG = """
[site]
name = "Lab Papers"

[mail]
from = "Lab Papers <digest@lab.example>"

[smtp]
kind = "files"
path = "outbox"

[operator]
alert = "admin@lab.example"

[[sources]]
kind = "feed"
name = "blog"
url = "http://127.0.0.1:9/feed"
"""


@pytest.fixture
def home(tmp_path, run):
    """An installation whose only source was not read for two days."""
    (tmp_path / "config.toml").write_text(CONFIG)
    with wiring.installation(tmp_path / "config.toml", NOW) as home:
        announce(home.store, said(paper(1), source="blog"), source="blog", now=NOW - 2 * DAY)
        yield home


def mails():
    found = sorted(Path("outbox").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    return [email.message_from_bytes(path.read_bytes(), policy=policy.default) for path in found]


def replaced(home, **parts):
    return replace(home, parts=replace(home.parts, **parts))


class Relay:
    """A transport that does what it is told."""

    def __init__(self, outcome):
        self.outcome = outcome
        self.asked = 0

    def __call__(self):
        return self

    def send(self, _message, commit, _following=None):
        self.asked += 1
        if isinstance(self.outcome, Exception):
            raise self.outcome
        assert commit()
        return self.outcome

    def close(self): ...


def test_a_mail_says_what_is_wrong_since_when_and_what_to_do(home):
    alerting.watch(home, NOW)
    (mail,) = mails()
    assert mail["To"] == "admin@lab.example"
    assert mail["From"] == "Lab Papers <digest@lab.example>"
    assert mail["Subject"] == "[Lab Papers] blog was last read to the end at 2026-05-18 12:00 UTC"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    text = mail.get_content()
    assert "`digest pull --source blog` asks it again now" in text
    assert "Seen first at 2026-05-20 12:00 UTC." in text


def test_it_comes_once_a_day_and_once_when_it_is_over(home):
    for minute in range(0, 25 * 60, 5):
        alerting.watch(home, NOW + timedelta(minutes=minute))
    announce(home.store, source="blog", now=NOW + 26 * HOUR)
    for minute in range(0, 60, 5):
        alerting.watch(home, NOW + 26 * HOUR + timedelta(minutes=minute))
    heads = [mail["Subject"].removeprefix("[Lab Papers] ").split(":")[0].split(" was")[0] for mail in mails()]
    assert heads == ["blog", "still", "over"]
    assert "It was so from 2026-05-20 12:00 UTC to 2026-05-21 14:00 UTC." in mails()[-1].get_content()


def test_it_is_signed_like_every_mail(home):
    signed = []
    alerting.watch(replaced(home, sign=lambda message: signed.append(message) or message), NOW)
    assert [message.recipient for message in signed] == ["admin@lab.example"]
    assert signed[0].sender == "digest@lab.example"
    assert b"\r\n" in signed[0].content
    assert b"\n" not in signed[0].content.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "outcome",
    [RelayError("no connection"), RuntimeError("a fault of ours"), Outcome(Verdict.DEFERRED, "later")],
    ids=["relay", "fault", "deferred"],
)
def test_one_that_cannot_be_sent_stops_nothing_and_is_tried_again(home, outcome, capsys):
    relay = Relay(outcome)
    for minute in range(3):
        alerting.watch(replaced(home, transport=relay), NOW + timedelta(minutes=minute))
    assert relay.asked == 3
    alerting.watch(home, NOW + HOUR)
    assert len(mails()) == 1
    assert "Seen first at 2026-05-20 12:00 UTC." in mails()[0].get_content()


def test_one_that_is_refused_for_good_is_not_tried_every_minute(home):
    relay = Relay(Outcome(Verdict.FAILED, "550 no such user"))
    for minute in range(3):
        alerting.watch(replaced(home, transport=relay), NOW + timedelta(minutes=minute))
    assert relay.asked == 1


def test_a_relay_that_is_left_alone_is_left_alone_by_alerts_too(home):
    home.store.repace(BREAKER, lambda pace: broken(pace, NOW, ours=True))
    relay = Relay(Outcome(Verdict.SENT))
    alerting.watch(replaced(home, transport=relay), NOW)
    assert relay.asked == 0
    alerting.watch(replaced(home, transport=relay), NOW + 5 * timedelta(minutes=1))
    assert relay.asked == 1


def test_whatever_fails_while_watching_stops_nothing(home):
    class Broken:
        def __getattr__(self, name):
            raise RuntimeError(name)

    alerting.watch(replace(home, store=Broken()), NOW)
    assert mails() == []


def test_words_of_strangers_make_no_header(home):
    from digest.alerts import Change, Told
    from digest.model import Alert

    alert = Alert("x", "A title\r\nBcc: everybody@example.org\x00 " + "long " * 60, NOW)
    mail = alerting.message(home, alert, Change(None, alert, Told.BEGUN, "Look."), NOW)
    parsed = email.message_from_bytes(mail.content, policy=policy.default)
    assert parsed["Bcc"] is None
    assert len(parsed["Subject"]) <= 120


def test_without_an_address_it_is_in_the_log_and_in_the_status(tmp_path, run, home):
    (tmp_path / "config.toml").write_text(CONFIG.replace('alert = "admin@lab.example"', ""))
    with wiring.installation(tmp_path / "config.toml", NOW) as quiet:
        alerting.watch(quiet, NOW)
    assert mails() == []
    assert "WRONG" in run("status", "--now", NOW.isoformat()).out


def test_digest_send_tells_as_the_daemon_does(home, run):
    for _ in range(2):
        run("send", "--now", NOW.isoformat())
    assert len(mails()) == 1
