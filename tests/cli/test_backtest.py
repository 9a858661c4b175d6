"""`digest backtest`, as it is typed."""

import json
from datetime import UTC, date, datetime, timedelta
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from digest.cli import backtest_text
from digest.model import Announcement, Fetched, Kind, Listing
from digest.rendering.words import width
from digest.store import open_store

from ..stores import rows_of, store_url  # noqa: TID252  (tests are no package)

CONFIG = """
[smtp]
kind = "files"
path = "outbox"

[[sources]]
kind = "feed"
name = "blog"
url = "http://127.0.0.1:9/feed"

[[subscribers]]
email = "ann@example.org"
keywords = ["flow matching", "-survey", "title:octopus"]
max_papers = 2
"""
LAST = date(2026, 5, 18)
NOW = ("--now", "2026-05-18T20:00:00Z")
DAY = timedelta(days=1)


def paper(number, title, abstract=""):
    return Listing(title, abstract, ("Ann One",), f"https://example.org/{number}", arxiv_id=f"2605.{number:05}")


NEWS = {
    LAST - 4 * DAY: [
        paper(1, "Flow matching"),
        paper(2, "Flow matching for robots"),
        paper(3, "Robots and how they walk", "Much is known. " * 20 + "Flow matching helps."),
    ],
    LAST - 3 * DAY: [paper(4, "A survey of flow matching"), paper(5, "Diffusion")],
    LAST - 2 * DAY: [],
    LAST - 1 * DAY: [
        paper(6, "Diffusion", "It is like flow matching."),
        paper(7, "Much diffusion, and 你好 in wide letters"),
    ],
}


@pytest.fixture
def home(run, tmp_path):
    """A database with five days, of which the last was not read; and one day before anything was."""
    (tmp_path / "config.toml").write_text(CONFIG)
    store = open_store(store_url("digest.db"))
    for day, papers in NEWS.items():
        now = datetime.combine(day, datetime.min.time(), UTC)
        news = tuple(Announcement(one, "blog", Kind.NEW, day) for one in papers)
        store.announce("blog", Fetched(news, covered={"": day}), now, now + DAY)
    store.close()
    return tmp_path


def told(run, *arguments):
    ran = run("backtest", *arguments, "--json", *NOW)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def ids(picks):
    return [int(pick["arxiv_id"][5:]) for pick in picks]


def test_each_day_says_what_it_would_have_brought(home, run):
    found = told(run, "ann@example.org", "--days", "6")
    assert (found["since"], found["until"], found["comparison"]) == ("2026-05-13", "2026-05-18", None)
    (profile,) = found["profiles"]
    assert [ids(day["shown"]) for day in profile["days"]] == [[], [1, 2], [], [], [6], []]
    assert [day["announced"] for day in profile["days"]] == [0, 3, 2, 0, 2, 0]
    assert [day["missing"] for day in profile["days"]] == [["blog"], [], [], [], [], ["blog"]]
    assert [(ids([one]), one["hurdle"]) for one in profile["days"][1]["near"]] == [([3], "cut")]
    assert profile["idle"] == ["title:octopus"]
    assert profile["total"] == 3
    for pick in (pick for day in profile["days"] for pick in day["shown"]):
        assert pick["match"] == pytest.approx(sum(reason["contribution"] for reason in pick["reasons"]))


def test_a_person_sees_bars_the_best_and_the_borderline(home, run):
    out = run("backtest", "--days", "6", *NOW).out
    assert "What would have been sent: ann@example.org, 13 May to 18 May 2026" in out
    assert "  Wed 13 May    ?       nothing is held of blog\n" in out
    assert "  Thu 14 May    2 of 3  ██\n" in out
    assert "  Fri 15 May    0 of 2  nothing matched\n" in out
    assert "  Sat 16 May    0 of 0  nothing was announced\n" in out
    assert "The best" in out
    assert "The first that did not" in out
    assert "no room among 2 papers that day" in out
    assert "Brought nothing: title:octopus" in out
    assert max(width(line) for line in out.splitlines()) <= 80
    assert "\x1b" not in out


def test_keywords_need_no_subscriber_and_are_one_text(home, run):
    found = told(run, "--keywords", 'diffusion, "flow matching"^2, -robots', "--days", "5")
    (profile,) = found["profiles"]
    assert profile["profile"]["keywords"] == ["diffusion", '"flow matching"^2', "-robots"]
    assert profile["profile"]["max_papers"] == 20
    assert {2}.isdisjoint(ids(pick for day in profile["days"] for pick in day["shown"]))


def test_keywords_beside_a_subscriber_keep_her_other_settings(home, run):
    for arguments in (("ann@example.org", "--keywords", "diffusion"), ("ann@example.org", "--against", "diffusion")):
        profile = told(run, *arguments, "--days", "5")["profiles"][-1]["profile"]
        assert (profile["keywords"], profile["max_papers"]) == (["diffusion"], 2)


def test_two_profiles_stand_side_by_side(home, run):
    found = told(run, "--against", "diffusion", "--days", "5")["comparison"]
    assert [(day["both"], day["one"], day["other"]) for day in found["days"]] == [
        (0, 2, 0), (0, 0, 1), (0, 0, 0), (1, 0, 1), (0, 0, 0),
    ]  # fmt: skip
    assert (ids(found["both"]), ids(found["one"]), sorted(ids(found["other"]))) == ([6], [1, 2], [5, 7])
    out = run("backtest", "--against", "diffusion", "--days", "5", *NOW).out
    assert "1 paper in both, 2 only in the first, 2 only in the second." in out
    assert "  Sun 17 May     1       0       1  █░" in out
    assert max(width(line) for line in out.splitlines()) <= 80


def test_nothing_is_written_that_a_real_run_would_read(home, run):
    before = rows_of("digest.db")
    run("backtest", *NOW)
    assert rows_of("digest.db") == before


def test_days_of_which_nothing_is_held_are_no_empty_days(home, run):
    ran = run("backtest", "--days", "9", "--now", "2026-07-18")
    assert ran.code == 2
    assert "Nothing is held of 2026-07-10 to 2026-07-18: run `digest pull --since 2026-07-10`" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--against", "bob@example.org"), "bob@example.org is not a subscriber"),
        (("--keywords", "the of"), "there is no word to look for here"),
        (("bob@example.org",), "bob@example.org is not a subscriber"),
        (("--days", "0"), "--days"),
    ],
)
def test_what_cannot_be_tested_is_said(home, run, arguments, said):
    ran = run("backtest", *arguments, *NOW)
    assert ran.code == 2
    assert said in ran.err


def test_the_page_is_written_where_it_is_asked_for(home, run):
    ran = run("backtest", "--output", "mine.html", *NOW)
    assert (ran.code, ran.out) == (0, "")
    assert "mine.html" in ran.err
    assert "<h1>What would have been sent: ann@example.org</h1>" in Path("mine.html").read_text(encoding="utf-8")


def test_a_terminal_without_blocks_gets_letters(home, run, monkeypatch):
    monkeypatch.setattr(backtest_text.sys, "stdout", TextIOWrapper(BytesIO(), encoding="ascii"))
    assert backtest_text._drawn((3, 2, 0), 5) == "###++"
    assert backtest_text._drawn((1, 0, 400), 400) == "#" + "-" * 30
