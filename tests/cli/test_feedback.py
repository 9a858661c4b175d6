"""`digest feedback`: which paper is meant, what is kept of it, and what is said back."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from digest.model import Announcement, Fetched, Kind, Listing
from digest.store import open_store

from ..stores import store_url  # noqa: TID252  (tests are no package)

CONFIG = """
[[sources]]
kind = "arxiv"
categories = ["cs.LG"]

[[subscribers]]
email = "ann@example.org"
keywords = ["diffusion"]
"""
MORNING = datetime(2026, 5, 18, 7, tzinfo=UTC)
NOW = ("--now", MORNING.isoformat())
PAPERS = (
    Listing("Flow matching on a budget", "Straight paths for velocity.", ("Ann Bee",), arxiv_id="2605.01234"),
    Listing("Flow matching again", "Crooked paths.", ("Bo Cee",), doi="10.1101/2026.05.01.123456"),
    Listing("Songs of young finches", "They sing.", url="https://example.org/finches"),
)


@pytest.fixture(autouse=True)
def _papers(run):
    """`run` first: it makes the folder the working one."""
    Path("config.toml").write_text(CONFIG)
    filling = tuple(Listing(f"Filling number {n}", "Nothing much.", arxiv_id=f"2605.{n:05}") for n in range(30))
    day = date(2026, 5, 18)
    announced = tuple(Announcement(paper, "arxiv", Kind.NEW, day) for paper in (*PAPERS, *filling))
    store = open_store(store_url("digest.db"))
    store.announce("arxiv", Fetched(announced), MORNING, MORNING + timedelta(days=1))
    store.close()


def said(run):
    return {
        said["listing"]["title"]: said["liked"] for said in json.loads(run("feedback", "ann@example.org", "--json").out)
    }


@pytest.mark.parametrize(
    "name",
    ["2605.01234", "https://arxiv.org/abs/2605.01234v2", "1", "FLOW MATCHING: on a budget", "on a budget"],
)
def test_a_paper_is_liked_by_any_of_its_names(run, name):
    ran = run("feedback", "ann@example.org", "like", name, *NOW)
    assert (ran.code, ran.err) == (0, "")
    assert "Liked: Flow matching on a budget (arXiv 2605.01234)" in ran.out
    assert said(run) == {"Flow matching on a budget": True}


def test_what_was_learnt_is_said_at_once(run):
    ran = run("feedback", "ann@example.org", "like", "2605.01234", *NOW)
    (line,) = [line for line in ran.out.splitlines() if line.startswith("Weighs more now: ")]
    assert "flow" in line
    ran = run("feedback", "ann@example.org", "dislike", "1", *NOW)
    (line,) = [line for line in ran.out.splitlines() if line.startswith("Weighs less now: ")]
    assert "flow" in line


def test_a_title_needs_no_quotes(run):
    assert run("feedback", "ann@example.org", "like", "flow", "matching", "on", "a", "budget", *NOW).code == 0
    assert said(run) == {"Flow matching on a budget": True}


def test_several_papers_at_once_and_the_last_word_counts(run):
    run("feedback", "ann@example.org", "like", "1", "10.1101/2026.05.01.123456", "finches", *NOW)
    run("feedback", "ANN@example.org", "dislike", "finches", *NOW)
    run("feedback", "ann@example.org", "undo", "1", *NOW)
    assert said(run) == {"Flow matching again": True, "Songs of young finches": False}
    shown = run("feedback", "ann@example.org").out
    assert "disliked" in shown
    assert "doi 10.1101/2026.05.01.123456" in shown


def test_what_was_never_said_cannot_be_taken_back(run):
    run("feedback", "ann@example.org", "like", "1", *NOW)
    ran = run("feedback", "ann@example.org", "undo", "1", "finches", *NOW)
    assert (ran.code, ran.out.count("Taken back")) == (1, 1)
    assert ran.err.startswith("Nothing was said of Songs of young finches")


def test_a_name_of_several_papers_or_of_none_is_said_and_the_others_are_kept(run):
    ran = run("feedback", "ann@example.org", "like", "Flow matching", "2401.00001", "finches", *NOW)
    assert ran.code == 1
    assert "'Flow matching' is in 2 titles" in ran.err
    assert "arXiv 2605.01234  Flow matching on a budget" in ran.err
    assert "doi 10.1101/2026.05.01.123456  Flow matching again" in ran.err
    assert "No paper that was pulled goes by the name '2401.00001'" in ran.err
    assert said(run) == {"Songs of young finches": True}


def test_many_candidates_are_cut(run):
    assert "and 22 more" in run("feedback", "ann@example.org", "like", "filling", *NOW).err


def test_who_said_nothing_is_told_how_to_begin(run):
    assert "digest feedback ann@example.org like" in run("feedback", "ann@example.org").out
    assert json.loads(run("feedback", "ann@example.org", "--json").out) == []


def test_nobody_by_that_address_is_said(run):
    for arguments in ((), ("like", "finches")):
        ran = run("feedback", "nobody@example.org", *arguments)
        assert (ran.code, "nobody@example.org is not a subscriber" in ran.err) == (2, True)


def test_a_verdict_without_a_paper_asks_for_one(run):
    ran = run("feedback", "ann@example.org", "like")
    assert (ran.code, "Which paper?" in ran.err) == (2, True)


def test_programs_get_it_as_json(run):
    ran = run("feedback", "ann@example.org", "like", "finches", "nothing like it", "--json", *NOW)
    told = json.loads(ran.out)
    assert told["said"][0]["listing"]["url"] == "https://example.org/finches"
    assert len(told["faults"]) == 1
    assert ran.code == 1
