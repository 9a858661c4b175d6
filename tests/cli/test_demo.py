"""The demo is the whole program on the sample: what it promises on its page has to be true."""

import email
import json
import re
from email import policy
from itertools import combinations

import pytest
from typer.testing import CliRunner

from digest import config, pipeline, sample
from digest.cli import app, demo_run, wiring
from digest.model import Format, Section
from digest.sample import wire
from digest.sample.server import answer, serving
from digest.sources.client import Client


@pytest.fixture(scope="module")
def arrivals():
    return demo_run.run()


@pytest.fixture(scope="module")
def folder(arrivals, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    demo_run.write(arrivals, folder)
    return folder


def parsed(arrival):
    return email.message_from_bytes(arrival.content, policy=policy.default)


# --- the sample ---------------------------------------------------------------------------------------------------


def test_the_sample_is_a_morning_of_66_papers_or_more_and_a_few_of_the_next():
    first, second = map(sample.sample, sample.DAYS)
    morning = {paper["id"] for paper in (*first.announced, *first.discussed)} | {post["slug"] for post in first.posts}
    assert len(morning) >= 66
    assert 3 <= len({paper["id"] for paper in second.announced} - morning) <= 10


def test_ids_of_the_sample_are_numbers_that_arxiv_never_gives():
    for day in sample.DAYS:
        for paper in sample.sample(day).announced:
            year_month, _, number = paper["id"].partition(".")
            assert (
                number >= "98000" or paper["id"] == "q-bio/0605999" or (year_month < "2606" and number.startswith("99"))
            )


def test_every_abstract_of_the_sample_is_a_text_of_its_own():
    abstracts = [
        p["abstract"] for p in (*sample.sample(sample.DAYS[0]).announced, *sample.sample(sample.DAYS[0]).discussed)
    ]
    opening = {" ".join(text.split()[:4]) for text in abstracts}
    assert len(opening) == len(set(abstracts))
    assert all(55 <= len(text.split()) <= 150 for text in abstracts)


def test_the_sample_holds_what_is_hard_about_real_listings():
    text = "".join(
        wire.announcements(sample.sample(sample.DAYS[0]), c).decode() for c in ("cs.CL", "cs.LG", "q-bio.NC")
    )
    for hard in (
        r"$\mathcal{O}(n \log n)$",
        r"{\em Almost}",
        r"H\"older",
        "p &lt; 0.05",
        "&lt;EOS&gt;",
        "$40",
        "茶飲み話",
        "ليلى حداد",
    ):
        assert hard in text, hard
    assert max(map(len, re.findall(r"<dc:creator>(.*)</dc:creator>", text))) > 600  # forty authors
    assert max(map(len, re.findall(r"<title>(.*)</title>", text))) > 200


def test_a_cross_listed_paper_is_new_in_its_own_category_and_cross_in_the_other():
    first = sample.sample(sample.DAYS[0])
    kinds = {
        category: re.search(r"2606\.99045v1 Announce Type: (\S+)", wire.announcements(first, category).decode())[1]
        for category in ("q-bio.NC", "cs.CL")
    }
    assert kinds == {"q-bio.NC": "new", "cs.CL": "cross"}


def test_a_page_after_the_last_is_empty_and_an_unknown_path_is_not_there():
    known = sample.sample(sample.DAYS[0])
    assert json.loads(answer(known, "/api/daily_papers?date=2026-06-17&p=1")[1]) == []
    assert len(json.loads(answer(known, "/api/daily_papers?date=2026-06-17&limit=100")[1])) >= 10
    assert answer(known, "/favicon.ico") is None


# --- the run ------------------------------------------------------------------------------------------------------


def test_three_subscribers_get_a_digest_each_with_picks_of_their_own(arrivals):
    chosen = [{pick.listing.title for pick in a.edition.section(Section.FOR_YOU)} for a in arrivals]
    assert len(chosen) == 3
    assert all(len(titles) >= 4 for titles in chosen)
    assert all(len(one & other) <= 2 for one, other in combinations(chosen, 2))


def test_zones_and_formats_differ_and_the_day_is_the_samples_everywhere(arrivals):
    assert {a.edition.subscriber.format for a in arrivals} == set(Format)
    assert len({a.edition.subscriber.schedule.timezone for a in arrivals}) == 3
    assert {a.edition.issue_date for a in arrivals} == {sample.DAYS[0]}


def test_nothing_is_missing_and_no_profile_has_a_fault(arrivals):
    assert [a.edition.missing + a.edition.problems for a in arrivals] == [(), (), ()]


def test_a_paper_of_both_arxiv_and_the_community_is_one_with_its_signals(arrivals):
    titles = [pick.listing.title for pick in arrivals[0].edition.picks]
    assert len(titles) == len(set(titles))
    both = arrivals[0].edition.picks[0].listing
    assert both.arxiv_id == "2606.99001"
    assert (both.upvotes, both.comments, both.code_url) == (187, 14, "https://example.org/code/over-to-you")
    assert both.categories == ("cs.CL", "cs.LG")


def test_what_nobody_wants_is_not_shown(arrivals):
    shown = [pick.listing.title for pick in arrivals[0].edition.picks]
    assert "A Survey of Surveys of Large Language Models" not in shown


def test_every_arrival_is_a_whole_message_in_the_format_that_was_asked_for(arrivals):
    shapes = {a.edition.subscriber.format: [p.get_content_type() for p in parsed(a).walk()] for a in arrivals}
    assert shapes == {
        Format.HTML: ["multipart/alternative", "text/plain", "text/html"],
        Format.TEXT: ["text/plain"],
        Format.MARKDOWN: ["text/plain"],
    }
    assert all(a.subject and parsed(a)["To"] for a in arrivals)


def test_no_latex_of_the_sample_is_left_in_a_digest(arrivals):
    for arrival in arrivals:
        text = arrival.bodies.text
        assert not re.search(r"\\[a-zA-Z]+|\$[^$]*[\\^_{][^$]*\$|\{\\|``", text)


def test_the_text_that_arrived_is_the_text_that_is_written(arrivals, folder):
    plain = {a.name: a for a in arrivals if a.edition.subscriber.format is Format.TEXT}
    for name, arrival in plain.items():
        body = parsed(arrival).get_content().replace("\r\n", "\n")
        assert body == (folder / f"{name}.txt").read_text(encoding="utf-8")


def test_the_folder_holds_every_form_and_a_page_that_links_them(arrivals, folder):
    names = {f"{a.name}.{end}" for a in arrivals for end in ("eml", "html", "txt", "md")}
    assert {path.name for path in folder.iterdir()} == names | {"index.html"}
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert all(f'href="{name}"' in page for name in names)
    assert "made up" in page


def test_the_same_demo_again_says_the_same(arrivals):
    again = demo_run.run()
    assert [a.bodies for a in again] == [a.bodies for a in arrivals]


def test_the_command_writes_only_its_folder_and_says_who_got_what_and_why(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["demo", "--output", "there"])
    assert result.exit_code == 0, result.output
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    for word in (
        "Mira",
        "Europe/Berlin",
        "Teo",
        "Hana",
        "speculative decoding (title and abstract)",
        "there/index.html",
    ):
        assert word in result.output, word


# --- the next morning ---------------------------------------------------------------------------------------------


def test_the_next_morning_brings_what_is_new_and_repeats_nothing(tmp_path):
    sent = {}
    for day in sample.DAYS:
        now = sample.MORNING + (day - sample.DAYS[0])
        with serving(day) as web, Client(sleep=lambda _: None) as client:
            text = sample.configuration(web, 25).replace('host = "127.0.0.1"', 'kind = "files"\npath = "out"')
            settings = config.from_text(text, tmp_path / "config.toml", {})
            with wiring.store_of(settings, now) as store:
                parts = wiring.assemble(settings, store, client).parts
                problems = [pulled.problems for pulled in pipeline.pull(parts, now, force=True)]
                assert problems == [(), (), ()]
                for edition in pipeline.compose(parts, now, early=True):
                    sent.setdefault(edition.subscriber.email, []).append(edition)
                assert pipeline.deliver(parts, lambda now=now: now).sent == 3
    for first, second in sent.values():
        news = [pick for pick in second.picks if pick.section is not Section.VERSIONS]
        assert not {pick.listing.title for pick in first.picks} & {pick.listing.title for pick in news}
    assert [any("Second Thoughts" in p.listing.title for p in e.picks) for e in sent["mira@example.org"]] == [
        False,
        True,
    ]


def test_who_got_what_and_why_is_there_for_programs_too(run):
    said = json.loads(run("demo", "--json").out)
    assert set(said) == {"mira", "teo", "hana"}
    assert all(pick["title"] and pick["why"] for picks in said.values() for pick in picks)
