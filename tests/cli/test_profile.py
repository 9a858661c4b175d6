"""`digest profile`: as it is read, what it finds, what was learnt, and what could be in it."""

import json
import tomllib
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
keywords = ['"flow matching"^3', "diffusion", "-survey", '"never closed']
categories = ["cs.LG"]
max_papers = 7
"""
MORNING = datetime(2026, 5, 18, 7, tzinfo=UTC)
NOW = ("--now", MORNING.isoformat())
PAPERS = (
    Listing("Flow matching on a budget", "Straight paths, with a model.", ("Yann LeCun",), arxiv_id="2605.01234"),
    Listing("Diffusion by transformers", "A model of flow.", ("Bo Cee",), arxiv_id="2605.01235"),
    Listing("A survey of retrieval", "A model, matching nothing; GANs.", arxiv_id="2605.01236"),
)


def announce(*days):
    store = open_store(store_url("digest.db"))
    for number, day in enumerate(days):
        filling = tuple(
            Listing(f"Filling {number} {n}", "Much.", arxiv_id=f"26{number:02}.{n:05}") for n in range(1, 8)
        )
        papers = (*PAPERS, *filling) if number == 0 else filling
        fetched = Fetched(tuple(Announcement(_classified(paper), "arxiv", Kind.NEW, day) for paper in papers))
        store.announce("arxiv", fetched, MORNING, MORNING + timedelta(days=1))
    store.close()


def _classified(paper):
    return Listing(
        **{**{name: getattr(paper, name) for name in Listing.__dataclass_fields__}, "categories": ("cs.LG",)}
    )


@pytest.fixture
def home(run):
    """`run` first: it makes the folder the working one."""
    Path("config.toml").write_text(CONFIG.replace(", '\"never closed'", ""))
    announce(date(2026, 5, 17), date(2026, 3, 1))


def checked(run, *arguments):
    ran = run("profile", "check", *arguments, "--json", *NOW)
    told = json.loads(ran.out)
    return {term["text"]: term for term in told["terms"]}, told


# --- check ----------------------------------------------------------------------------------------------------------


def test_each_term_is_told_how_it_was_read_and_how_many_papers_it_finds(run, home):
    written = '"flow matching"^3; model; transformer; -survey; author:LeCun; diffusion | retrieval; source:arxiv'
    terms, told = checked(run, written)
    assert {text: term["papers"] for text, term in terms.items()} == {
        '"flow matching"^3': 1,
        "model": 3,
        "transformer": 1,
        "-survey": 1,
        "author:LeCun": 1,
        "diffusion | retrieval": 2,
        "source:arxiv": 10,
    }
    assert terms["-survey"]["reading"].startswith("never")
    assert (told["papers"], told["counted_in"], told["days"]) == (10, "pulled", 30)
    assert told["together"] == 9  # all but the survey


def test_a_term_that_finds_nothing_gets_near_spellings(run, home):
    terms, _ = checked(run, 'difusion, author:LeCum, category:cs.LH, "survey diffusion", =GAN')
    remarks = [term["remark"] for term in terms.values()]
    assert remarks == [
        "nothing: did you mean `diffusion`?",
        "nothing: did you mean `lecun`?",
        "nothing: did you mean `cs.LG`?",
        "nothing: never near one another (survey: 1, diffusion: 1)",
        "nothing: no paper has `GAN`",
    ]


def test_a_term_that_finds_too_much_is_told_so(run, home):
    terms, _ = checked(run, "model, -model, +model, transformer")
    assert "30% of all papers" in terms["model"]["remark"]
    assert terms["-model"]["remark"] == "leaves out 30% of all papers"
    assert terms["+model"]["remark"] == terms["transformer"]["remark"] == ""


def test_it_is_a_table_for_people(run, home):
    ran = run("profile", "check", "diffusion, difusion", *NOW)
    assert "this word in all its forms" in ran.out
    assert "Of 10 papers of the last 30 days the profile as a whole finds 1" in ran.out


def test_a_subscribers_own_profile_is_checked_with_its_limits_and_faults(run, home):
    Path("config.toml").write_text(CONFIG.replace(", '\"never closed'", "").replace('["cs.LG"]\nmax', '["cs.CV"]\nmax'))
    terms, told = checked(run, "--email", "ann@example.org")
    assert list(terms) == ['"flow matching"^3', "diffusion", "-survey"]
    assert told["together"] == 0


def test_what_cannot_be_read_is_shown_with_its_column_and_the_rest_is_checked(run, home):
    ran = run("profile", "check", "diffusion, titel:flow", *NOW)
    assert ran.code == 1
    assert "diffusion" in ran.out
    assert "Column 12: there is no field `titel:`; did you mean `title:`?" in ran.err
    assert ran.err.splitlines()[-1].index("^") == 4 + 11


def test_a_file_of_keywords_is_checked_with_lines(run, home):
    Path("mine.txt").write_text("\ufeffdiffusion\ntitel:flow\n")
    ran = run("profile", "check", "--file", "mine.txt", *NOW)
    assert "Line 2, column 1: there is no field" in ran.err
    assert "diffusion" in run("profile", "check", "--file", "-", *NOW, stdin="diffusion").out


def test_before_anything_was_pulled_words_are_counted_in_what_is_shipped(run):
    ran = run("profile", "check", "diffusion, difusion, author:LeCun", *NOW)
    assert ran.code == 0
    assert "abstracts of arXiv" in ran.out
    terms, told = checked(run, "diffusion | =GAN, difusion, author:LeCun, tokeni*, -survey, model")
    assert told["counted_in"] == "shipped"
    assert terms["author:LeCun"]["papers"] is None
    assert terms["difusion"]["remark"] == "nothing: did you mean `diffusion`?"
    assert all(terms[text]["papers"] > 10 for text in ("diffusion | =GAN", "tokeni*", "-survey", "model"))
    assert "of all papers" in terms["model"]["remark"]


def test_a_profile_without_a_word_is_refused(run, home):
    ran = run("profile", "check", " ")
    assert (ran.code, "not a word" in ran.err) == (2, True)


@pytest.mark.parametrize("arguments", [(), ("diffusion", "--email", "ann@example.org")])
def test_one_profile_is_asked_for(run, home, arguments):
    ran = run("profile", "check", *arguments)
    assert (ran.code, "Which profile?" in ran.err) == (2, True)


# --- show, forget, remember -----------------------------------------------------------------------------------------


def learned(run):
    return {word["written"]: word["weight"] for word in shown(run)["learned"]}


def shown(run):
    return json.loads(run("profile", "show", "ann@example.org", "--json", *NOW).out)


def test_a_profile_is_shown_as_it_is_read_with_its_limits(run, home):
    ran = run("profile", "show", "ann@example.org", *NOW)
    assert "counts 3 times" in ran.out
    assert "categories: cs.LG" in ran.out
    assert "at most: 7 papers" in ran.out
    assert "digest feedback ann@example.org like" in ran.out
    assert shown(run)["max_papers"] == 7


def test_what_was_learnt_is_shown_with_its_weight_and_from_how_much(run, home):
    run("feedback", "ann@example.org", "like", "2605.01234", *NOW)
    run("feedback", "ann@example.org", "dislike", "2605.01236", *NOW)
    ran = run("profile", "show", "ann@example.org", *NOW)
    assert "Learnt from 1 like and 1 dislike" in ran.out
    assert "budget" in ran.out
    words = learned(run)
    assert words["retrieval"] < 0 < words["budget"]
    assert (shown(run)["likes"], shown(run)["dislikes"]) == (1, 1)


def test_a_word_is_forgotten_in_all_its_forms_until_it_is_remembered(run, home):
    run("feedback", "ann@example.org", "like", "2605.01234", *NOW)
    before = learned(run)
    ran = run("profile", "forget", "ann@example.org", "Budgets", "octopus", *NOW)
    assert ran.out == "Forgotten: Budgets, octopus.\nNot learnt so far, and not to be: octopus.\n"
    assert learned(run) == pytest.approx({word: weight for word, weight in before.items() if word != "budget"})
    assert shown(run)["forgotten"] == ["budget", "octopus"]
    ran = run("profile", "remember", "ann@example.org", "budget", "flow", *NOW)
    assert ran.out == "Remembered: budget.\nNever forgotten: flow.\n"
    assert learned(run) == pytest.approx(before)


def test_all_is_forgotten_and_remembered(run, home):
    run("feedback", "ann@example.org", "like", "2605.01234", *NOW)
    before = learned(run)
    run("profile", "forget", "ann@example.org", "--all", *NOW)
    assert learned(run) == {}
    assert "Nothing is left to learn from 1 like." in run("profile", "show", "ann@example.org", *NOW).out
    run("profile", "remember", "ann@example.org", "--all", *NOW)
    assert learned(run) == pytest.approx(before)


@pytest.mark.parametrize("command", ["forget", "remember"])
def test_words_are_asked_for(run, home, command):
    ran = run("profile", command, "ann@example.org")
    assert (ran.code, "Which words?" in ran.err) == (2, True)


@pytest.mark.parametrize("arguments", [("show",), ("forget", "flow"), ("remember", "flow")])
def test_nobody_by_that_address_is_said(run, home, arguments):
    command, *words = arguments
    ran = run("profile", command, "nobody@example.org", *words)
    assert (ran.code, "nobody@example.org is not a subscriber" in ran.err) == (2, True)


# --- suggest --------------------------------------------------------------------------------------------------------

BIBTEX = r"""
@article{a, title={{F}low {M}atching}, author={O'Brien, Ann}}
@article{b, title={More of Flow Matching}, author={Ann O'Brien}}
@article{c, title={Songs of Finches}, author={Bo Cee}}
@article{d, title={Finches}, author={Bo Cee}}
@article{broken, title={
"""


def test_keywords_are_proposed_as_toml_to_paste(run):
    Path("refs.bib").write_text(BIBTEX)
    ran = run("profile", "suggest", "--from", "refs.bib")
    keywords = tomllib.loads(ran.out)["keywords"]
    assert {'"flow matching"^2', 'author:"Ann O\'Brien"'} <= set(keywords)
    assert "# Proposed from 4 entries of refs.bib; 1 left out." in ran.out
    assert "refs.bib, line 6: a value is never closed" in ran.err
    (line,) = [line for line in ran.out.splitlines() if "flow matching" in line]
    assert line.endswith("# 2")


def test_papers_that_were_pulled_are_known_by_their_names(run, home):
    ran = run(
        "profile", "suggest", "--from", "-", "--json", stdin="2605.01234\nDiffusion by transformers\n2401.00001\n"
    )
    told = json.loads(ran.out)
    assert told["entries"] == 2
    assert told["categories"] == [{"category": "cs.LG", "support": 2}]
    assert told["left_out"] == ["arxiv 2401.00001 is not among the papers pulled"]
    assert "# categories" in run("profile", "suggest", "--from", "-", stdin="2605.01234\n").out


def test_where_nothing_stands_out_that_is_said(run):
    ran = run("profile", "suggest", "--from", "-", stdin="and of the\n")
    assert (ran.code, tomllib.loads(ran.out)) == (0, {})
    assert ran.out.startswith("# Nothing in 1 entry of - stands out")


def test_no_more_keywords_than_asked_for(run):
    Path("refs.bib").write_text(BIBTEX)
    told = json.loads(run("profile", "suggest", "--from", "refs.bib", "--most", "1", "--json").out)
    assert len([proposal for proposal in told["keywords"] if "author" not in proposal["line"]]) == 1


@pytest.mark.parametrize(
    ("content", "why"), [(b"%PDF-1.4", "expected BibTeX"), (b"2401.00001\n", "no entry of it has a title")]
)
def test_a_file_that_is_of_no_use_is_told_why(run, content, why):
    Path("file").write_bytes(content)
    ran = run("profile", "suggest", "--from", "file")
    assert (ran.code, why in ran.err) == (2, True)
