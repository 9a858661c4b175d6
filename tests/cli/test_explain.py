"""`digest explain`, as it is typed."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from digest.model import Announcement, Fetched, Kind, Listing
from digest.ranking.ranker import Ranker
from digest.store import open_store

from ..stores import copy_store, store_url  # noqa: TID252  (tests are no package)

CONFIG = """
[smtp]
kind = "files"
path = "outbox"

[[sources]]
kind = "arxiv"
name = "arxiv"
categories = ["cs.CL", "stat.ML"]
rss_url = "http://127.0.0.1:9/rss"
api_url = "http://127.0.0.1:9/api"

[[sources]]
kind = "feed"
name = "blog"
url = "http://127.0.0.1:9/feed"

[[subscribers]]
email = "ann@example.org"
keywords = ["flow matching", "-survey"]
sources = ["arxiv"]
max_papers = 1
max_trending = 0
send_at = "07:30"
"""
ROBOTS = (
    "Robots walk on two legs, and some on four; much is said of both. They fall. It may be that flow matching helps."
)
FIRST = date(2026, 5, 14)
DAY = timedelta(days=1)


def paper(number, title, abstract=""):
    return Listing(title, abstract, ("Ann One",), f"https://example.org/{number}", arxiv_id=f"2605.{number:05}")


def at(day, hour=6):
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def announce(day, *papers, source="arxiv", kind=Kind.NEW):
    store = open_store(store_url("digest.db"))
    news = tuple(Announcement(one, source, kind, day) for one in papers)
    store.announce(source, Fetched(news, covered={"cs.CL": day}), at(day), at(day) + DAY)
    store.close()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Where the first test leaves the database for the others."""
    return tmp_path_factory.mktemp("shelf")


@pytest.fixture
def home(run, tmp_path, shelf):
    """Two editions of one paper each, and a third day that is still to come."""
    (tmp_path / "config.toml").write_text(CONFIG)
    if not (shelf / "done").exists():
        live(run)
        copy_store(tmp_path / "digest.db", shelf / "digest.db")
        (shelf / "done").touch()
    copy_store(shelf / "digest.db", tmp_path / "digest.db")
    return tmp_path


def live(run):
    announce(FIRST - 9 * DAY, paper(1, "Flow matching of old"))
    for what in ("pause", "resume"):  # which is when she comes to be known
        run("subscribers", what, "ann@example.org", "--now", at(FIRST - DAY).isoformat())
    announce(FIRST, paper(2, "Flow matching", "On flow matching."), paper(3, "Robots that walk", ROBOTS))
    announce(FIRST, paper(4, "Flow matching for blogs"), source="blog")
    run("send", "--now", at(FIRST, 8).isoformat())
    announce(FIRST + DAY, paper(5, "A survey of flow matching"), paper(6, "Point clouds, matching and much else"))
    run("send", "--now", at(FIRST + DAY, 8).isoformat())
    announce(FIRST + 2 * DAY, paper(7, "Flow matching again"), paper(8, "Octopuses"))


def explained(run, *words, day=FIRST + 2 * DAY):
    ran = run("explain", "ann@example.org", *words, "--json", "--now", at(day).isoformat())
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_what_was_sent_is_told_as_it_was_sent(home, run):
    found = explained(run, "2605.00002")
    assert (found["shown"], found["stage"], found["edition"]) == (True, "sent", "2026-05-14")
    assert found["why"].startswith("It was in the edition of 14 May: 1st of 1, with a match of ")
    assert found["match"] == pytest.approx(sum(reason["contribution"] for reason in found["reasons"]))
    out = run("explain", "ann@example.org", "2605.00002", "--now", at(FIRST).isoformat()).out
    assert out.startswith("Flow matching (arXiv 2605.00002)\n\nIt was in the edition of 14 May")
    assert "Announced by arXiv on 14 May (new)." in out
    assert "flow matching" in out.partition("points")[2]
    assert "together" in out


@pytest.mark.parametrize(
    ("words", "edition", "hurdle", "why"),
    [
        (["2605.00003"], "2026-05-14", "cut", "It was not in the edition of 14 May: its match is"),
        (["robots", "that"], "2026-05-14", "cut", "and the one shown had"),
        (["2605.00005"], "2026-05-15", "excluded", "your `-survey` keeps it out"),
        (["2605.00006"], "2026-05-15", "partial", "it matches none of your keywords in full"),
        (["2605.00007"], "2026-05-16", "none", "As things stand it will be in the next edition, of 16 May: 1st of 1"),
        (["Octopuses"], "2026-05-16", "partial", "none of your keywords is in it"),
        (["https://example.org/4"], None, None, "It was announced by blog alone, and you read only arXiv."),
        (["2605.00001"], None, None, "It was announced on 5 May, before the subscription began"),
    ],
)
def test_what_was_not_shown_is_told_with_what_kept_it_out(home, run, words, edition, hurdle, why):  # noqa: PLR0917
    found = explained(run, *words)
    assert why in found["why"]
    assert (found["edition"], found["hurdle"]) == (edition, hurdle)
    assert found["shown"] is (hurdle == "none")


def test_an_edition_of_the_past_is_worked_out_again_with_its_own_profile_and_papers(home, run):
    text = (home / "config.toml").read_text()
    (home / "config.toml").write_text(
        text.replace("max_papers = 1", "max_papers = 9").replace('"-survey"', '"-robots"')
    )
    run("send", "--now", at(FIRST + 2 * DAY, 8).isoformat())
    found = explained(run, "2605.00003", day=FIRST + 3 * DAY)
    assert (found["hurdle"], found["place"], found["matched"]) == ("cut", 2, 2)
    assert any("worked out again, with the profile of that day" in remark for remark in found["remarks"])


def test_another_day_can_be_asked_for(home, run):
    announce(FIRST + DAY, paper(3, "Robots that walk", ROBOTS), kind=Kind.CROSS)
    run("send", "--now", at(FIRST + 2 * DAY, 8).isoformat())
    assert explained(run, "2605.00003", "--date", "2026-05-14", day=FIRST + 3 * DAY)["edition"] == "2026-05-14"
    other = explained(run, "2605.00003", "--date", "2026-05-15", day=FIRST + 3 * DAY)
    assert other["edition"] == "2026-05-16"
    assert "It was no news for the edition of 15 May." in other["remarks"]


def test_a_new_version_is_told_with_the_edition_that_told_of_it(home, run):
    later = FIRST + 2 * DAY
    announce(later, replace(paper(2, "Flow matching", "On flow matching, revised."), version=2), kind=Kind.REVISION)
    found = explained(run, "2605.00002")
    assert (found["stage"], found["section"], found["version_due"]) == ("sent", "for_you", "2026-05-16")
    assert found["remarks"] == [
        "A new version of it was announced: as things stand it will be in the next edition, of 16 May."
    ]
    run("send", "--now", at(later, 8).isoformat())
    found = explained(run, "2605.00002", day=later + DAY)
    assert found["why"].startswith("It was in the edition of 14 May: 1st of 1")
    assert found["remarks"] == ["A new version of it was in the edition of 16 May."]
    found = explained(run, "2605.00002", "--date", later.isoformat(), day=later + DAY)
    assert found["why"] == "It was in the edition of 16 May, under “New versions of papers you were sent”."
    assert found["remarks"] == ["You were sent the paper in the edition of 14 May."]
    assert (found["shown"], found["section"], found["sent_on"]) == (True, "versions", ["2026-05-14", "2026-05-16"])


def test_what_only_its_authors_speak_for_is_told_where_it_is_shown(home, run):
    text = (home / "config.toml").read_text()
    (home / "config.toml").write_text(text.replace('"flow matching"', '"author:Ann One"'))
    found = explained(run, "2605.00007")
    assert found["why"].startswith(
        "As things stand it will be in the next edition, of 16 May, under “Also from your authors”: 1st of 1, with"
    )
    assert (found["shown"], found["section"], found["hurdle"]) == (True, "authors", "none")
    assert "the one shown had" in explained(run, "2605.00008")["why"]


def test_who_gets_nothing_is_remarked(home, run):
    run("subscribers", "pause", "ann@example.org")
    assert explained(run, "2605.00007")["remarks"] == ["ann@example.org is paused: nothing is sent for now."]


def test_a_paper_that_is_not_here_is_told_with_what_is(home, run):
    ran = run("explain", "ann@example.org", "2604.09999", "--now", at(FIRST).isoformat())
    assert ran.code == 2
    assert "No paper that was pulled goes by '2604.09999'." in ran.err
    assert "arxiv (cs.CL, stat.ML): read up to 2026-05-16" in ran.err
    assert "`digest pull --since 2026-04-01` reads back to it" in ran.err
    assert "`digest search WORDS` finds papers by words" in run("explain", "ann@example.org", "no such paper").err


def test_several_papers_of_one_name_are_listed(home, run):
    ran = run("explain", "ann@example.org", "flow", "matching", "of")
    assert ran.code == 0  # of one alone
    ran = run("explain", "ann@example.org", "a")
    assert ran.code == 2
    assert "papers go by 'a'; say which, by its number:" in ran.err
    assert "Flow matching again (arXiv 2605.00007)" in ran.err


def test_somebody_unknown_is_named(home, run):
    assert "bob@example.org is not a subscriber" in run("explain", "bob@example.org", "2605.00002").err


def test_a_ranker_that_explains_nothing_still_tells_what_was_sent(home, run, monkeypatch):
    monkeypatch.delattr(Ranker, "explain", raising=False)
    assert explained(run, "2605.00002")["shown"]
    ran = run("explain", "ann@example.org", "2605.00003")
    assert ran.code == 2
    assert "does not say why it leaves papers out" in ran.err
