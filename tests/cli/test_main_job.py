"""The main job as a user runs it: pull, preview, send, every day, through real HTTP and real SMTP on loopback."""

import hashlib
import json
from contextlib import ExitStack
from datetime import timedelta

import pytest

from digest import sample
from digest.cli import wiring
from digest.sample.server import serving
from digest.sources.client import Client

from ..mailbox import Mailbox  # noqa: TID252  (tests are no package)
from ..stores import POSTGRESQL, remove_store, rows_of  # noqa: TID252  (tests are no package)

FIRST, SECOND = (f"{day}T08:30:00Z" for day in sample.DAYS)
PEOPLE = ["mira@example.org", "teo@example.org", "hana@example.org"]


@pytest.fixture
def mailbox():
    box = Mailbox()
    box.start()
    yield box
    box.stop()


@pytest.fixture
def internet(tmp_path, mailbox, monkeypatch):
    """`internet(day)`: the sample of that day is what the configured sources answer from now on."""
    polite = lambda contact, **_: Client(contact, sleep=lambda _: None)  # noqa: E731  (politeness is tested elsewhere)
    monkeypatch.setattr(wiring, "Client", polite)
    with ExitStack() as stack:

        def become(day):
            web = stack.enter_context(serving(day))
            (tmp_path / "config.toml").write_text(sample.configuration(web, mailbox.port), encoding="utf-8")

        become(sample.DAYS[0])
        yield become


def everything_in(folder):
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("digest.db*")}
    return rows_of(folder / "digest.db") if POSTGRESQL else files


def titles(message):
    """The papers in it, but for those of which it tells a new version."""
    text = message.get_body(("html", "plain")).get_content()
    before, _, behind = text.partition("New versions of papers you were sent")
    html = before + behind.partition("Also from your authors")[2]
    return {p["title"] for day in sample.DAYS for p in sample.sample(day).announced if p["title"] in html}


def test_everybody_gets_one_digest_of_their_own_and_none_when_asked_again(run, internet, mailbox):
    pulled = json.loads(run("pull", "--now", FIRST, "--json").out)
    assert all(source["new"] > 0 and source["problems"] == [] for source in pulled)
    assert run("send", "--early", "--now", FIRST).code == 0
    got = mailbox.taken()
    assert set(got) == set(PEOPLE)
    assert len({message["Subject"] for message in got.values()}) == 3
    assert run("send", "--early", "--now", FIRST).code == 0
    assert mailbox.taken() == {}


def test_the_next_day_brings_new_papers_and_repeats_none(run, internet, mailbox):
    run("pull", "--now", FIRST)
    run("send", "--early", "--now", FIRST)
    before = mailbox.taken()
    internet(sample.DAYS[1])
    run("pull", "--now", SECOND)
    run("send", "--early", "--now", SECOND)
    after = mailbox.taken()
    assert set(after) == set(PEOPLE)
    assert any(titles(message) for message in after.values())
    for person in PEOPLE:
        assert not titles(before[person]) & titles(after[person])


def test_without_early_each_gets_it_at_their_own_hour(run, internet, mailbox):
    run("pull", "--now", FIRST)
    assert json.loads(run("status", "--json", "--now", FIRST).out)["due"] == 2
    # 08:30 UTC: past 07:30 in Berlin and past 08:15 in Tokyo, but only 01:30 in Los Angeles.
    run("send", "--now", FIRST)
    assert set(mailbox.taken()) == {"mira@example.org", "hana@example.org"}
    assert json.loads(run("status", "--json", "--now", FIRST).out)["due"] == 0
    run("send", "--now", "2026-06-17T12:59:00Z")
    assert mailbox.taken() == {}
    run("send", "--now", "2026-06-17T13:00:00Z")
    assert set(mailbox.taken()) == {"teo@example.org"}


def test_a_preview_has_no_effect_and_shows_what_will_be_sent(run, internet, mailbox, tmp_path):
    run("pull", "--now", FIRST)
    before = everything_in(tmp_path)
    for shape in ("html", "text", "md", "eml", None):
        options = ["--format", shape] if shape else ["--output", "page.html"]
        shown = run("preview", "mira@example.org", "--now", FIRST, *options)
        assert shown.code == 0, shape
        page = shown.out if shape else (tmp_path / "page.html").read_text(encoding="utf-8")
        assert "speculative decoding" in page.casefold(), shape
        assert everything_in(tmp_path) == before, shape
    run("send", "--early", "--now", FIRST)
    assert set(mailbox.taken()) == set(PEOPLE)


def test_a_dry_run_writes_and_sends_nothing(run, internet, mailbox, tmp_path):
    run("pull", "--now", FIRST)
    before = everything_in(tmp_path)
    said = json.loads(run("send", "--dry-run", "--early", "--now", FIRST, "--json").out)
    assert [row["subscriber"] for row in said["composed"]] == PEOPLE
    assert everything_in(tmp_path) == before
    assert mailbox.taken() == {}


def test_a_preview_without_an_address_is_the_first_subscribers(run, internet):
    run("pull", "--now", FIRST)
    assert "mira@example.org" in run("preview", "--format", "eml", "--now", FIRST).out


def test_a_preview_of_a_sent_day_is_what_was_sent(run, internet, mailbox):
    run("pull", "--now", FIRST)
    run("send", "--early", "--now", FIRST)
    sent = mailbox.taken()["mira@example.org"].get_body(("plain",)).get_content()
    day = sample.DAYS[0].isoformat()
    shown = run("preview", "mira@example.org", "--date", day, "--format", "text", "--now", SECOND).out
    assert shown.split() == sent.split()


def test_a_refused_address_is_an_exit_status_and_a_line_of_status_and_the_rest_is_sent(run, internet, mailbox):
    mailbox.refuses.add("teo@example.org")
    run("pull", "--now", FIRST)
    assert run("send", "--early", "--now", FIRST).code == 1
    assert set(mailbox.taken()) == {"mira@example.org", "hana@example.org"}
    status = json.loads(run("status", "--json", "--now", FIRST).out)
    assert status["deliveries"]["failed"] == 1
    assert status["failures"][0]["email"] == "teo@example.org"
    assert "no such user" in status["failures"][0]["detail"]
    assert "no such user" in run("status", "--now", FIRST).out


def test_a_relay_that_is_down_loses_nothing(run, internet, mailbox, tmp_path):
    run("pull", "--now", FIRST)
    config = tmp_path / "config.toml"
    right = config.read_text(encoding="utf-8")
    config.write_text(right.replace(f"port = {mailbox.port}", "port = 1"), encoding="utf-8")
    down = run("send", "--early", "--now", FIRST)
    assert down.code == 75
    assert "127.0.0.1:1" in down.err
    config.write_text(right, encoding="utf-8")
    assert run("send", "--now", FIRST).code == 0
    assert set(mailbox.taken()) == set(PEOPLE)


def test_a_source_that_is_down_is_said_in_the_mail_and_in_status_and_its_papers_come_later(
    run, internet, mailbox, tmp_path
):
    config = tmp_path / "config.toml"
    right = config.read_text(encoding="utf-8")
    config.write_text(right.replace("/api/daily_papers", "/nowhere"), encoding="utf-8")
    pulled = run("pull", "--now", FIRST)
    assert pulled.code == 0
    assert "404" in pulled.out
    run("send", "--early", "--now", FIRST)
    got = mailbox.taken()
    assert set(got) == set(PEOPLE)
    for message in got.values():
        assert "Sample Daily Papers" in message.get_body(("plain",)).get_content()
    status = json.loads(run("status", "--json", "--now", FIRST).out)
    (source,) = [s for s in status["sources"] if s["name"] == "Sample Daily Papers"]
    assert source["problems"]
    config.write_text(right, encoding="utf-8")
    (pulled,) = json.loads(run("pull", "--now", SECOND, "--source", "Sample Daily Papers", "--json").out)
    assert pulled["new"] > 0
    assert pulled["problems"] == []


def test_search_finds_what_was_pulled_and_says_so_when_there_is_nothing(run, internet):
    run("pull", "--now", FIRST)
    found = json.loads(run("search", "speculative", "decoding", "--json").out)
    assert any("peculative" in a["listing"]["title"] + a["listing"]["abstract"] for a in found)
    nothing = run("search", "xylophone-quark")
    assert nothing.code == 0
    assert "xylophone-quark" in nothing.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pull", "--source", "arxive"], "Sample arXiv"),
        (["preview", "nobody@example.org"], "subscribers list"),
        (["send", "--subscriber", "nobody@example.org"], "subscribers list"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(run, internet, arguments, said):
    run("pull", "--now", FIRST)
    result = run(*arguments)
    assert result.code == 2
    assert said in result.err


def test_a_preview_before_the_first_pull_says_what_to_do(run, internet, tmp_path):
    remove_store(tmp_path / "digest.db")
    result = run("preview")
    assert result.code == 2
    assert "digest pull" in result.err


@pytest.mark.parametrize("bad", ["yesterday", "2026-13-01", ""])
def test_a_time_that_is_none_shows_one_that_is(run, internet, bad):
    result = run("pull", "--now", bad)
    assert result.code == 2
    assert "2026-05-18" in result.err


def test_a_source_that_another_process_is_pulling_is_named(run, internet, tmp_path):
    with ExitStack() as stack:
        settings = wiring.load_settings(tmp_path / "config.toml")
        now = sample.MORNING
        store = stack.enter_context(wiring.store_of(settings, now))
        assert store.begin_pull("Sample Lab", now, now + timedelta(minutes=30), worker="elsewhere:1:x", force=True)
        pulled = run("pull", "--now", FIRST, "--json")
    assert [source["source"] for source in json.loads(pulled.out)] == ["Sample arXiv", "Sample Daily Papers"]
    assert "Being pulled by another process: Sample Lab." in pulled.err
