"""`digest rank`: every row that can be read is ranked, and its points add up, whatever stands around it."""

import gzip
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.cli import lines, rank, rows

FLOWS = {
    "id": "flows",
    "title": "Flow matching on a sphere",
    "abstract": "Paths that bend, by diffusion.",
    "authors": ["Ada Example", "Bo Sample"],
    "categories": ["cs.LG", "stat.ML"],
}
SURVEY = {"id": 7, "title": "A survey of diffusion", "abstract": "What is known.", "categories": ["cs.CV"]}
OCTOPUS = {"id": 2.5, "title": "The octopus sleeps", "abstract": "It dreams of matching colours."}
ANN = {"id": "ann", "keywords": ["flow matching", "diffusion"]}


def packed(*rows_):
    return b"".join(row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows_)


@pytest.fixture
def ranked(run, tmp_path):
    """Rank listings for profiles; gives the rows that come out and all that was said."""

    def ask(listings, profiles, *options):
        (tmp_path / "L.jsonl").write_bytes(packed(*listings))
        (tmp_path / "P.jsonl").write_bytes(packed(*profiles))
        ran = run("rank", "--listings", "L.jsonl", "--profiles", "P.jsonl", *options)
        assert ran.code == 0, ran.err
        return [json.loads(line, parse_float=Decimal) for line in ran.out.splitlines()], ran.err

    return ask


def listed(found, profile="ann"):
    return [row["listing"] for row in found if row["profile"] == profile]


# --- what comes out -------------------------------------------------------------------------------------------------


def test_every_listing_that_matches_is_ranked_the_best_first_and_says_why(ranked):
    found, said = ranked([SURVEY, FLOWS, OCTOPUS], [ANN])
    assert listed(found)[0] == "flows"
    assert [row["rank"] for row in found] == [1, 2, 3]
    assert {(of["term"], of["field"]) for of in found[0]["reasons"]} >= {("flow matching", "title")}
    assert said.strip() == "3 listings, 1 profile: 3 rows."


def test_points_add_up_to_the_score_and_its_match(ranked):
    found, _ = ranked([SURVEY, FLOWS, OCTOPUS], [ANN, {"id": 2, "keywords": ["octopus", "match*"], "liked": ["flows"]}])
    assert len(found) > 3
    for row in found:
        assert sum(of["points"] for of in row["reasons"]) == row["score"]
        assert sum(of["points"] for of in row["reasons"]) == row["match"]


def test_what_matches_in_part_comes_last_and_says_so(ranked):
    found, _ = ranked([OCTOPUS, FLOWS], [{"id": "ann", "keywords": ["flow matching"]}])
    assert listed(found) == ["flows", 2.5]
    assert [of.get("partial", False) for of in found[1]["reasons"]] == [True]
    assert not any("partial" in of for of in found[0]["reasons"])


def test_what_is_excluded_or_lacks_a_must_is_not_ranked(ranked):
    found, _ = ranked([SURVEY, FLOWS, OCTOPUS], [{"id": "ann", "keywords": ["+diffusion", "-survey", "octopus"]}])
    assert listed(found) == ["flows"]


def test_ids_come_back_as_they_were_given(ranked):
    papers = [{**FLOWS, "id": one, "authors": []} for one in ("ä\ud800/\x00", 7, 2.5, "x y")]
    found, _ = ranked(papers, [{**ANN, "id": one} for one in ("ä\ud800", 3, 0.25)])
    assert {row["profile"] for row in found} == {"ä\ud800", 3, Decimal("0.25")}
    assert set(listed(found, 3)) <= {"ä\ud800/\x00", 7, Decimal("2.5"), "x y"}


def test_top_is_how_many_each_profile_gets(ranked):
    found, _ = ranked([SURVEY, FLOWS], [ANN, {**ANN, "id": "bo"}], "--top", "1")
    assert [row["profile"] for row in found] == ["ann", "bo"]


def test_profiles_are_answered_the_same_some_at_a_time(ranked, monkeypatch):
    people = [{**ANN, "id": number} for number in range(5)]
    at_once, _ = ranked([SURVEY, FLOWS], people)
    monkeypatch.setattr(rank, "_PROFILES", 2)
    assert ranked([SURVEY, FLOWS], people)[0] == at_once


def test_what_people_like_and_dislike_is_known_to_them(ranked):
    found, _ = ranked(
        [FLOWS, SURVEY, OCTOPUS], [{**ANN, "keywords": ["diffusion", "octopus"], "liked": "flows", "disliked": ["7"]}]
    )
    assert listed(found) == [Decimal("2.5")]


def test_what_people_like_teaches(ranked):
    papers = [FLOWS, SURVEY, OCTOPUS, {"id": 4, "title": "Spheres and bending paths", "abstract": "More of them."}]
    papers += [{**FLOWS, "id": "flows too", "authors": [], "title": "Flow on another sphere"}]
    found, _ = ranked(papers, [{"id": "ann", "liked": ["flows", "flows too"], "disliked": ["7"]}])
    assert listed(found)[0] == 4
    assert {of["ground"] for of in found[0]["reasons"]} == {"liked"}
    assert sum(of["points"] for of in found[0]["reasons"]) == found[0]["match"]


def test_signals_count_beside_the_match_if_asked_for(ranked):
    papers = [FLOWS, {**SURVEY, "upvotes": 90, "comments": 20, "code_url": "https://example.org/code"}]
    found, _ = ranked(papers, [{**ANN, "signals": True}, {**ANN, "id": "bo"}])
    (survey,) = [row for row in found if (row["profile"], row["listing"]) == ("ann", 7)]
    said = sum(of["points"] for of in survey["reasons"] if of.get("ground") == "signal")
    assert said > 0
    assert survey["match"] + said == survey["score"] <= 100
    assert all(row["score"] == row["match"] for row in found if row["profile"] == "bo")


def test_a_paper_under_two_ids_is_ranked_once(ranked):
    assert listed(ranked([FLOWS, {**FLOWS, "id": "again"}], [ANN])[0]) in (["flows"], ["again"])


def test_a_liked_listing_that_is_not_there_is_named_and_the_rest_counts(ranked):
    found, said = ranked([FLOWS], [{**ANN, "liked": ["gone"]}])
    assert listed(found) == ["flows"]
    assert "P.jsonl:1: likes or dislikes 'gone'" in said


def test_rarity_is_learned_from_the_listings_alone_if_asked(ranked):
    alone, _ = ranked([SURVEY, FLOWS, OCTOPUS], [ANN], "--no-background")
    beside, _ = ranked([SURVEY, FLOWS, OCTOPUS], [ANN])
    assert listed(alone)[0] == listed(beside)[0] == "flows"
    assert [row["score"] for row in alone] != [row["score"] for row in beside]


def test_output_goes_to_a_file_if_asked(ranked, tmp_path):
    assert ranked([FLOWS], [ANN], "--output", "out.jsonl")[0] == []
    assert json.loads((tmp_path / "out.jsonl").read_text())["listing"] == "flows"


# --- what goes in ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keywords",
    ["octopus", ["octopus"], "How does an octopus sleep?", ["", "octopus"], "-flow, octopus; =Bees"],
)
def test_keywords_are_a_list_or_one_text(ranked, keywords):
    assert listed(ranked([OCTOPUS, FLOWS], [{"id": "ann", "keywords": keywords}])[0])[0] == Decimal("2.5")


@pytest.mark.parametrize("authors", [["Ada Example"], "Bo Sample, Ada Example and Cy Dee", "Sample, B.; Example, Ada"])
def test_authors_are_a_list_or_one_text(ranked, authors):
    papers = [{**OCTOPUS, "authors": authors}, FLOWS | {"authors": None}]
    found, _ = ranked(papers, [{"id": "ann", "keywords": ['author:"Ada Example"']}])
    assert listed(found) == [Decimal("2.5")]


@pytest.mark.parametrize("categories", [["cs.CL", "hep-th"], "cs.CL hep-th", "cs.CL, hep-th", "hep-th;cs.CL"])
def test_categories_are_a_list_or_one_text(ranked, categories):
    found, _ = ranked([{**FLOWS, "categories": categories}], [{**ANN, "categories": "hep-th"}])
    assert listed(found) == ["flows"]


def test_a_category_of_two_words_is_one():
    news, _ = rows.announcement({"title": "x", "categories": "cell biology"}, 1, None)
    assert news.listing.categories == ("cell biology",)


def test_latex_is_read_as_text(ranked):
    found, _ = ranked([{"id": 1, "title": r"Erd\H{o}s graphs"}], [{"id": "ann", "keywords": ["Erdős"]}])
    assert listed(found) == [1]


def test_an_abstract_may_be_a_list_of_sentences(ranked):
    paper = {"id": 1, "title": None, "abstract": ["An octopus.", "It sleeps."]}
    assert listed(ranked([paper], [{"id": "ann", "keywords": ["sleeps"]}])[0]) == [1]


def test_what_a_listing_can_do_without_is_named_where_it_cannot_be_read(ranked):
    paper = {**FLOWS, "upvotes": "many", "published": "yesterday", "kind": "old", "doi": 5, "comments": 3.0}
    found, said = ranked([paper], [ANN])
    assert listed(found) == ["flows"]
    assert {line.split("`")[1] for line in said.splitlines() if "`" in line} == {"upvotes", "published", "kind", "doi"}


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("plain", lambda content: content),
        ("BOM", lambda content: b"\xef\xbb\xbf" + content),
        ("CRLF and blank lines", lambda content: content.replace(b"\n", b"\r\n \r\n")),
        ("no newline at the end", bytes.rstrip),
        ("gzip", gzip.compress),
    ],
)
def test_files_are_read_however_they_are_written(run, tmp_path, name, pack):
    (tmp_path / "L.jsonl").write_bytes(pack(packed(FLOWS, SURVEY)))
    ran = run("rank", "--listings", "L.jsonl", "--profiles", "-", stdin=pack(packed(ANN, {**ANN, "id": "bo"})))
    assert (ran.code, len(ran.out.splitlines())) == (0, 4)
    assert ran.err.startswith("2 listings, 2 profiles")


def test_only_one_file_can_be_standard_input(run):
    ran = run("rank", "--listings", "-", "--profiles", "-")
    assert ran.code == 2
    assert "name a file for the other" in ran.err


# --- bad rows -------------------------------------------------------------------------------------------------------

BAD_LINES = [
    (b"{bad\n", "is not JSON (column 2"),
    (b"[1]\n", "is no object but a list"),
    (b"null\n", "is no object but null"),
    (b"\xff\xfe{\n", "is not UTF-8 (byte 1)"),
    (b"\x00\n", "is not JSON"),
    (b"[" * 100_000 + b"\n", "is nested too deeply"),
    (b'{"id": ' + b"9" * 5_000 + b"}\n", "is not a row"),
    (b'{"title": "' + b"x" * (1 << 22) + b'"}\n', "is longer than 4 MB"),
    ({"title": "x", "keywords": "x"}, "has no id"),
    ({"id": True, "title": "x", "keywords": "x"}, "has no id"),
    (b'{"id": NaN, "title": "x", "keywords": "x"}\n', "has no id"),
    (b'{"id": 1e999, "title": "x", "keywords": "x"}\n', "has no id"),
]
BAD_LISTINGS = [
    ({"id": 5}, "has neither title nor abstract"),
    ({"id": 5, "title": 5}, "has a title that cannot be read"),
    ({"id": 5, "title": "x", "authors": [{"x": 1}]}, "has authors that cannot be read"),
    ({"id": 5, "title": "x", "abstract": {"a": []}}, "has an abstract that cannot be read"),
    ({**FLOWS, "title": "Twice"}, "has the id of an earlier line"),
]
BAD_PROFILES = [
    ({"id": 5}, "asks for nothing"),
    ({"id": 5, "keywords": " "}, "asks for nothing"),
    ({"id": 5, "keywords": "a^" * 20_000}, "has keywords of 40,000 characters"),
    ({"id": 5, "keywords": {"a": 1}}, "has keywords that cannot be read"),
    ({"id": 5, "keywords": ["x", 5]}, "has keywords that cannot be read"),
    ({"id": 5, "liked": [[1]]}, "has `liked` that are no ids"),
    ({"id": 5, "keywords": "x", "min_match": 101}, "has a `min_match` that is no number from 0 to 100"),
    ({"id": 5, "keywords": "x", "diversity": "much"}, "has a `diversity` that is no number from 0 to 1"),
    ({"id": 5, "keywords": "x", "signals": 1}, "has `signals` that are neither true nor false"),
]


@pytest.mark.parametrize(("bad", "what"), BAD_LINES + BAD_LISTINGS, ids=[what for _, what in BAD_LINES + BAD_LISTINGS])
def test_a_listing_that_cannot_be_read_is_named_by_its_line_and_the_others_are_ranked(ranked, bad, what):
    found, said = ranked([FLOWS, bad, SURVEY], [ANN])
    assert listed(found) == ["flows", 7]
    assert f"L.jsonl:2: {what}" in said
    assert said.endswith("Left out, as said: 1 listing.\n")


@pytest.mark.parametrize(("bad", "what"), BAD_LINES + BAD_PROFILES, ids=[what for _, what in BAD_LINES + BAD_PROFILES])
def test_a_profile_that_cannot_be_read_is_named_by_its_line_and_the_others_are_answered(ranked, bad, what):
    found, said = ranked([FLOWS], [ANN, bad, {**ANN, "id": "bo"}])
    assert [row["profile"] for row in found] == ["ann", "bo"]
    assert f"P.jsonl:2: {what}" in said


def test_a_row_left_out_gives_its_id_to_a_later_one(ranked):
    found, _ = ranked([{"id": "flows"}, SURVEY, FLOWS], [{**ANN, "disliked": [7]}])
    assert listed(found) == ["flows"]


def test_a_keyword_that_cannot_be_read_is_named_and_the_others_count(ranked):
    found, said = ranked([OCTOPUS], [{"id": "ann", "keywords": ["octopus", 'title:"sleep']}])
    assert listed(found) == [Decimal("2.5")]
    assert 'P.jsonl:1: Your keyword `title:"sleep` could not be read' in said


def test_a_file_that_is_cut_off_counts_as_far_as_it_goes(run, tmp_path):
    Path("L.gz").write_bytes(gzip.compress(packed(*({**FLOWS, "id": str(n) * 50} for n in range(500))))[:-20])
    Path("P").write_bytes(packed(ANN))
    ran = run("rank", "--listings", "L.gz", "--profiles", "P", "--top", "5")
    assert (ran.code, len(ran.out.splitlines())) == (0, 5)
    assert "the file cannot be read from here on" in ran.err


@pytest.mark.parametrize(
    ("listings", "profiles", "code"),
    [
        (b"\n", packed(ANN), 0),  # a day without papers is no fault
        (packed(FLOWS), b"", 0),
        (b"{bad\n", packed(ANN), 2),
        (packed(FLOWS), b"{bad\n", 2),
    ],
)
def test_only_nothing_that_can_be_read_is_a_failure(run, tmp_path, listings, profiles, code):
    Path("L").write_bytes(listings)
    Path("P").write_bytes(profiles)
    ran = run("rank", "--listings", "L", "--profiles", "P")
    assert (ran.code, ran.out) == (code, "")


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = ("id", "title", "abstract", "authors", "categories", "keywords", "liked", "disliked", "sources", *rows._EXTRAS)
odd_row = st.dictionaries(st.sampled_from((*NAMES, "min_match", "diversity", "signals", "max_per_term")), junk)
odd_line = st.binary(max_size=60).map(lambda content: content + b"\n") | odd_row.map(packed)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(papers=st.lists(odd_line, max_size=4), people=st.lists(odd_line, max_size=4))
def test_whatever_strangers_write_good_rows_are_ranked(ranked, papers, people):
    found, _ = ranked([FLOWS, *papers, SURVEY], [{**ANN, "id": "first"}, *people, {**ANN, "id": "last"}])
    assert {"flows", 7} <= set(listed(found, "first")) == set(listed(found, "last"))
    for row in found:
        assert sum(of["points"] for of in row["reasons"]) == row["score"]


# --- parts ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-1e5, 1e6), min_size=1, max_size=40))
def test_shares_are_whole_add_up_and_are_off_by_less_than_one(addends):
    total = round(sum(addends))
    found = rows.shares(addends, total)
    assert sum(found) == total
    assert all(abs(share - addend) <= 1 for share, addend in zip(found, addends, strict=True))


def test_a_long_line_is_not_read_into_memory(tmp_path):
    (tmp_path / "L").write_bytes(b"x" * (3 * lines._LONGEST) + b"\n" + packed(FLOWS))
    said = []
    assert [where for where, _ in lines.read(str(tmp_path / "L"), lambda *what: said.append(what))] == [
        f"{tmp_path / 'L'}:2"
    ]
    assert len(said) == 1


# --- as a program ---------------------------------------------------------------------------------------------------


def test_a_reader_that_leaves_early_is_no_error(tmp_path):
    (tmp_path / "L").write_bytes(packed(*({**FLOWS, "id": n} for n in range(200))))
    (tmp_path / "P").write_bytes(packed(*({**ANN, "id": n} for n in range(20))))
    command = [sys.executable, "-m", "digest", "rank", "--listings", "L", "--profiles", "P", "--top", "200"]
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, cwd=tmp_path, env=environ, **piped) as asked:
        assert asked.stdout.readline().startswith(b'{"profile"')
        asked.stdout.close()
        assert asked.stderr.read() == b""


def test_points_add_up_on_a_day_of_real_listings(ranked, shared):
    with gzip.open(shared / "data" / "arxiv_2026_cs_daily.jsonl.gz", "rt", encoding="utf-8") as file:
        papers = [json.loads(next(file)) for _ in range(200)]
    people = [
        {"id": n, "keywords": [paper["title"], *paper["title"].split()[:4], f"author:{paper['authors'][0]}"]}
        for n, paper in enumerate(papers[:100])
    ]
    found, _ = ranked(papers, people)
    assert len({row["profile"] for row in found if row["rank"] == 1}) == len(people)
    for row in found:
        assert sum(of["points"] for of in row["reasons"]) == row["score"] <= 100


def test_a_folder_without_an_encoder_is_named(run, tmp_path):
    for name, row in (("L.jsonl", FLOWS), ("P.jsonl", {"id": 1, "keywords": "flow"})):
        (tmp_path / name).write_bytes(packed(row))
    refused = run("rank", "--listings", "L.jsonl", "--profiles", "P.jsonl", "--semantic", tmp_path)
    assert refused.code == 2
    assert "--semantic" in refused.err
    assert "tokenizer.json is missing" in refused.err
