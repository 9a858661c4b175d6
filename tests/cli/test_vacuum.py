"""`digest vacuum`: what goes, what is said of it afterwards, and when the daemon does it."""

import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest

from digest.cli import wiring
from digest.cli.vacuum import _room, chore, is_due
from digest.daemon import Round
from digest.model import Outcome, Settled, State, Verdict
from digest.store import keeping, open_store

from ..store.making import announce_papers, begin, claim, edition, end, papers, publish, subscribe  # noqa: TID252  (tests are no package)
from ..stores import POSTGRESQL, store_url  # noqa: TID252  (tests are no package)

NOW = datetime(2026, 5, 18, 8, tzinfo=UTC)
LATER = ("--now", "2028-05-18T09:00:00Z")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CONFIG = '[[sources]]\nkind = "feed"\nname = "arxiv"\nurl = "http://127.0.0.1:9/feed"\n'


@pytest.fixture
def store(tmp_path, run):
    """A database in which ann was sent one of many papers, long ago."""
    (tmp_path / "config.toml").write_text(CONFIG)
    opened = open_store(store_url(tmp_path / "digest.db"))
    announce_papers(opened, 400)
    publish(opened, edition(subscribe(opened), papers(opened)[:1]))
    (held,) = claim(opened)
    assert begin(opened, held)
    end(opened, held, Outcome(Verdict.SENT, "250 OK"), Settled(State.SENT))
    yield opened
    opened.close()


def test_a_dry_run_says_what_would_go_and_takes_nothing(run, store):
    said = run("vacuum", "--dry-run", *LATER).out
    assert "Would go, from before 2027-04-14: the contents of 1 edition, 1 text of" in said
    assert "399 papers that nobody was sent" in said
    assert len(papers(store)) == 400


def test_what_is_old_goes_and_the_file_is_smaller(run, store):
    told = json.loads(run("vacuum", "--json", *LATER).out)
    assert told["gone"] == {"editions": 1, "texts": 1, "papers": 399, "returns": 0}
    assert POSTGRESQL or told["size"] < told["size_before"] * 0.7  # its own vacuum keeps room for what comes
    assert len(papers(store)) == 1


def test_it_is_said_what_became_of_the_room():
    assert "had 3.0 MB, and has 2.0 MB" in _room(3_000_000, 2_000_000, is_file=True)
    assert "had 3.0 MB, and has 3.0 MB" in _room(3_000_000, 3_000_000, is_file=True)
    assert "had 3.0 MB, and has 2.0 MB" in _room(3_000_000, 2_000_000, is_file=False)
    assert "has 3.0 MB as before: PostgreSQL's autovacuum" in _room(3_000_000, 3_000_000, is_file=False)


def test_how_long_is_asked_for_or_configured(run, store, tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG + "[operator]\nkeep_days = 800\n")
    assert json.loads(run("vacuum", "--json", *LATER).out)["gone"]["papers"] == 0
    assert json.loads(run("vacuum", "--json", "--keep-days", "30", *LATER).out)["gone"]["papers"] == 399
    assert run("vacuum", "--keep-days", "29", *LATER).code == 2


def test_an_edition_that_went_is_spoken_of_kindly(run, store):
    run("vacuum", *LATER)
    ran = run("preview", "ann@example.org", "--date", "2026-05-18", *LATER)
    assert ran.code == 2
    assert "2026-05-18 was composed" in ran.err
    assert "vacuumed" in ran.err


def test_a_paper_that_was_sent_in_it_is_still_explained(run, store):
    run("vacuum", *LATER)
    ran = run("explain", "ann@example.org", "2605.00001", *LATER)
    assert ran.code == 0, ran.err
    told = json.loads(run("explain", "ann@example.org", "2605.00001", "--json", *LATER).out)
    assert (told["stage"], told["sent_on"]) == ("sent", ["2026-05-18"])


@pytest.mark.parametrize(
    ("last", "is_quiet", "due"),
    [
        (None, True, True),
        (None, False, False),
        (NOW - 23 * HOUR, True, False),
        (NOW - 24 * HOUR, True, True),
        (NOW - 24 * HOUR, False, False),
        (NOW - 48 * HOUR, False, True),
        (NOW + 300 * DAY, True, True),
        (NOW + HOUR, True, False),
    ],
)
def test_the_daemon_does_it_once_a_day_at_a_quiet_moment(last, is_quiet, due):
    assert is_due(last, NOW, is_quiet=is_quiet) is due


def test_the_daemon_takes_a_little_at_a_time_and_goes_on_with_the_next_tick(store, tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "BATCH", 30)
    later = NOW + 800 * DAY
    seconds = itertools.count(step=4)
    left = []
    with wiring.installation(tmp_path / "config.toml") as home:
        vacuum = chore(home, lambda: False, lambda: float(next(seconds)))
        for _ in range(9):
            vacuum(Round(later))
            left.append(len(papers(store)))
    assert left == sorted(left, reverse=True)
    assert len(set(left)) > 3
    assert (left[-1], store.vacuumed_at()) == (1, later)
