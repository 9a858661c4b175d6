"""What people are told of a paper that was, or was not, shown."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import (
    Account,
    Announcement,
    Ground,
    Hurdle,
    Kind,
    Listing,
    Profile,
    Reason,
    Section,
    Status,
    Subscriber,
)
from digest.rendering.verdicts import brief, in_tenths, name_of, ordinal, remarks, told, verdict
from digest.standing import Stage, Standing

DAY = date(2026, 5, 18)
LISTING = Listing("A paper", id=4, arxiv_id="2605.00004", categories=("physics.optics", "quant-ph"))
READER = Subscriber(
    "ann@example.org",
    profile=Profile(categories=("cs.CL", "stat.*"), sources=("arxiv",), min_match=20.0, max_per_term=3),
)
NEWS = (Announcement(LISTING, "bio", Kind.NEW, date(2026, 5, 2), 1),)
NAMES = {"bio": "bioRxiv", "arxiv": "arXiv"}
PART = Reason("matching", "title", 3.0, partial=True)


def said(stage=Stage.CONSIDERED, account=None, today=DAY, **fields):
    base = {"issue_date": DAY, "shown": 15, "matched": 60}
    return verdict(Standing(READER, LISTING, NEWS, stage, account=account, **(base | fields)), NAMES, today)


@pytest.mark.parametrize(
    ("account", "clause"),
    [
        (Account(hurdle=Hurdle.NOT_NEWS), "nothing that makes it news was announced in its time"),
        (Account(hurdle=Hurdle.CATEGORY), "it is in physics.optics and quant-ph, and you read only cs.CL and stat.*"),
        (Account(hurdle=Hurdle.SENT), "you have had it already"),
        (
            Account(hurdle=Hurdle.SENT, twin=Listing("The same", id=7)),
            "you have had it already under another name: “The same” (number 7)",
        ),
        (Account(hurdle=Hurdle.EXCLUDED, terms=("-survey",)), "your `-survey` keeps it out"),
        (Account(hurdle=Hurdle.EXCLUDED, terms=("-a", "-b")), "your `-a` and `-b` keep it out"),
        (Account(hurdle=Hurdle.LACKING, terms=("+protein",)), "it lacks your `+protein`, which a paper must match"),
        (Account(hurdle=Hurdle.PARTIAL), "none of your keywords is in it"),
        (
            Account(3.0, (PART, replace(PART, field="abstract"), Reason("point", "abstract", 1.0, partial=True))),
            "it matches none of your keywords in full; all it has of them is “matching” and “point”",
        ),
        (Account(12.0, hurdle=Hurdle.WEAK), "its match is 12, and your least match is 20"),
        (Account(19.96, hurdle=Hurdle.WEAK), "its match is 19.96, and your least match is 20.00"),
        (Account(19.7, hurdle=Hurdle.WEAK), "its match is 19.7, and your least match is 20.0"),
        (
            Account(hurdle=Hurdle.TWIN, twin=Listing("The\nsame", doi="10.1101/1")),
            "the same paper is shown under another name: “The same” (doi 10.1101/1)",
        ),
        (
            Account(hurdle=Hurdle.CROWDED, terms=("diffusion",)),
            "it is there for `diffusion` above all, which brings 3 papers at most, and others matched it better",
        ),
        (Account(hurdle=Hurdle.CROWDED), "it says much the same as papers that matched better"),
        (
            Account(31.2, hurdle=Hurdle.CUT, place=22, last=44.4),
            "its match is 31, and the 15th and last shown had 44 (it came 22nd of 60)",
        ),
        (
            Account(44.0, hurdle=Hurdle.CUT, place=16, last=44.0),
            "its match is 44, and the 15th and last shown had 44 (it came 16th of 60)",
        ),
        (Account(hurdle=Hurdle.CUT), "there was no room for it"),
    ],
)
def test_what_kept_a_paper_out_is_said_in_one_clause(account, clause):
    account = account if account.hurdle is not Hurdle.NONE else replace(account, hurdle=Hurdle.PARTIAL)
    assert said(account=account) == f"It was not in the edition of 18 May: {clause}."
    coming = said(Stage.COMING, account)
    assert coming == f"As things stand it will not be in the next edition, of 18 May: {clause}."


def test_a_revision_alone_is_called_one():
    revised = Standing(
        READER,
        LISTING,
        (replace(NEWS[0], kind=Kind.REVISION),),
        Stage.COMING,
        issue_date=DAY,
        account=Account(hurdle=Hurdle.NOT_NEWS),
    )
    assert "only a new version of it was announced" in verdict(revised, NAMES, DAY)


def test_what_is_coming_is_said_with_its_place():
    account = Account(65.3, place=2)
    assert said(Stage.COMING, account, today=date(2025, 1, 1), section=Section.FOR_YOU, stands=(2, 15)) == (
        "As things stand it will be in the next edition, of 18 May 2026: 2nd of 15, with a match of 65."
    )
    assert said(Stage.COMING, account, section=Section.AUTHORS, stands=(1, 3)) == (
        "As things stand it will be in the next edition, of 18 May, under “Also from your authors”: "
        "1st of 3, with a match of 65."
    )


def test_what_is_coming_as_trending_is_said_with_why_it_is_not_for_you():
    account = Account(hurdle=Hurdle.LACKING, terms=("+protein",))
    assert said(Stage.COMING, account, section=Section.TRENDING) == (
        "As things stand it will be in the next edition, of 18 May, under “Trending”, which shows what is talked about "
        "most, whatever your keywords. It is not under “For you”: it lacks your `+protein`, which a paper must match."
    )


def test_a_paper_that_was_sent_is_found_where_it_stood(make):
    first, second = make.pick(replace(make.listing, id=1)), make.pick(replace(make.listing, id=2), score=31.4)
    trending = make.trending(replace(make.listing, id=3))
    of_authors = replace(second, section=Section.AUTHORS)
    version = replace(trending, section=Section.VERSIONS)
    edition = make.edition(first, second, trending, version, of_authors)

    def sent(pick):
        return said(Stage.SENT, pick=pick, edition=edition)

    assert sent(second) == "It was in the edition of 18 May: 2nd of 2, with a match of 31."
    assert sent(of_authors) == (
        "It was in the edition of 18 May, under “Also from your authors”: 1st of 1, with a match of 31."
    )
    assert sent(trending).startswith("It was in the edition of 18 May, under “Trending”, which shows")
    assert sent(version) == "It was in the edition of 18 May, under “New versions of papers you were sent”."
    assert sent(None) == "It was in the edition of 18 May."


@pytest.mark.parametrize(
    ("stage", "start"),
    [
        (Stage.BEFORE, "It was announced on 2 May, before the subscription began"),
        (Stage.ELSEWHERE, "It was announced by bioRxiv alone, and you read only arXiv."),
        (Stage.SILENT, "It was never announced as news"),
    ],
)
def test_what_no_edition_considered_is_said_with_the_reason(stage, start):
    assert said(stage, issue_date=None).startswith(start)


def test_what_would_be_shown_now_and_was_not_is_no_lie():
    assert "but worked out again it would be, with a match of 31" in said(account=Account(31.0))


def test_who_gets_nothing_and_what_was_worked_out_again_is_remarked():
    paused = Standing(replace(READER, status=Status.PAUSED), LISTING, NEWS, Stage.CONSIDERED, issue_date=DAY)
    found = remarks(paused, recomputed=True, asked=date(2026, 5, 3), today=DAY)
    assert [sentence.split(":")[0] for sentence in found] == [
        "ann@example.org is paused",
        "It was no news for the edition of 3 May.",
        "An edition does not keep what it left out",
    ]
    assert remarks(replace(paused, subscriber=READER), recomputed=False, asked=DAY, today=DAY) == ()


def test_new_versions_of_what_was_sent_are_remarked():
    days = tuple(date(2026, 5, day) for day in (3, 9, 12))
    standing = Standing(READER, LISTING, NEWS, Stage.SENT, issue_date=days[0], sent_on=days, version_due=DAY)
    assert remarks(standing, recomputed=False, asked=None, today=DAY) == (
        "A new version of it was in the editions of 9 May and 12 May.",
        "A new version of it was announced: as things stand it will be in the next edition, of 18 May.",
    )
    second = replace(standing, issue_date=days[1], version_due=None)
    assert remarks(second, recomputed=False, asked=days[1], today=DAY) == (
        "You were sent the paper in the edition of 3 May.",
        "A new version of it was in the edition of 12 May.",
    )


def test_reasons_say_what_they_rest_on():
    reasons = (
        Reason("author:Ho", "authors", 5.0),
        PART,
        Reason("score", "abstract", 2.0, ground=Ground.LIKED),
        Reason("42 upvotes", "", 1.0, ground=Ground.SIGNAL),
        Reason("meaning", "", 4.0, ground=Ground.MEANING),
    )
    assert told(reasons) == [
        ("keyword", "author Ho", "authors", 5.0),
        ("word of a keyword", "matching", "title", 3.0),
        ("learnt from likes", "score", "abstract", 2.0),
        ("signal", "42 upvotes", "", 1.0),
        ("meaning", "meaning", "", 4.0),
    ]


@given(st.lists(st.floats(-100, 100), max_size=12))
def test_points_that_are_printed_add_up_to_the_sum_that_is_printed(points):
    tenths = in_tenths(points)
    assert round(sum(tenths), 6) == round(round(10 * sum(points)) / 10, 6)
    assert all(abs(one - other) < 0.1 + 1e-9 for one, other in zip(tenths, points, strict=True))


def test_a_pick_in_brief(make):
    assert brief(make.pick()) == "flow matching 60, author Chen 5"
    assert brief(make.pick(reasons=())) == ""


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (22, "22nd"),
        (113, "113th"),
        (1001, "1,001st"),
    ],
)
def test_places_are_counted(place, name):
    assert ordinal(place) == name


def test_papers_have_names():
    assert name_of(LISTING) == "arXiv 2605.00004"
    assert name_of(Listing("x", doi="10.1/x", url="https://a.example")) == "doi 10.1/x"
    assert name_of(Listing("x", guid="f:1", url="https://a.example")) == "https://a.example"
    assert name_of(Listing("x", id=7, url="javascript:x")) == "number 7"
