"""What the editor's form says, and what can be read of what comes back: pure."""

import tomllib
from dataclasses import fields, replace
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import config
from digest.backtest import Day
from digest.model import (
    Away,
    Format,
    Kind,
    Layout,
    Listing,
    Pick,
    Profile,
    Schedule,
    Section,
    Status,
    Subscriber,
)
from digest.ranking.query import parse
from digest.text.background import prior
from digest.web.preferences import chart, proposing, saying
from digest.web.preferences.form import FLAGS, LISTS, TEXTS, Choices, differences, read, shown, toml
from digest.web.preferences.terms import LONGEST_TERM, MOST_TERMS, written

CHOICES = Choices({"arxiv": "arXiv", "hf": "Hugging Face"}, ("", "en", "de"))
ANN = Subscriber(
    "ann@example.org",
    "Ann",
    Profile(keywords=('"flow matching"^3', "-survey"), categories=("cs.CL",), sources=("arxiv",), min_match=20),
    Schedule("Europe/Berlin", time(7, 30), frozenset({0, 4}), (Away(date(2026, 7, 1), date(2026, 7, 9)),), False),
    Format.TEXT,
    Layout.FULL,
    "de",
    send_empty=False,
    id=7,
    cursor=99,
)
NOW = datetime(2026, 6, 18, 9, 0, tzinfo=UTC)  # a Thursday, 11:00 in Berlin


def posted(draft):
    """What a browser posts of the form as it is shown."""
    values = draft.values
    sent = {name: [str(values[name])] for name in (*TEXTS, "keywords", "categories")}
    sent |= {name: ["", *values[name]] for name in LISTS}
    return sent | {name: ["", "on"] if values[name] else [""] for name in FLAGS}


# --- keywords ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("diffusion\n\n  flow matching  \ndiffusion", ["diffusion", "flow matching"]),
        ("diffusion, flow matching; tokeni*^2", ["diffusion", "flow matching", "tokeni*^2"]),
        ('"speech, music"^2', ['"speech, music"^2']),
        ("author:Chen", ["author:Chen"]),
        ("\r\nGAN\r\n", ["GAN"]),
    ],
)
def test_a_line_is_a_term_and_a_list_in_a_line_is_several(text, lines):
    assert written(text).lines == tuple(lines)


def test_a_line_that_one_has_already_stays_as_it_is():
    assert written("author:Chen, Wei", ["author:Chen, Wei"]).lines == ("author:Chen, Wei",)


@pytest.mark.parametrize(
    ("text", "number", "column", "part"),
    [
        ("ok\nflow^0", 2, 5, "a weight of 0"),
        ("ok\n\n   titel:x", 3, 4, "title"),
        ('"open', 1, 1, "quote"),
        ("fine, cat^nine", 1, 10, "not a weight"),
        ("x" * (LONGEST_TERM + 1), 1, 1, "longer than 300"),
        ("\n".join(f"word{n}" for n in range(MOST_TERMS + 1)), MOST_TERMS + 1, 1, "200 terms at most"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line_and_column(text, number, column, part):
    (slip,) = written(text).slips
    assert (slip.number, slip.column) == (number, column)
    assert part in slip.what


@given(st.text())
def test_whatever_is_written_is_terms_or_slips(text):
    found = written(text)
    for line in found.lines:
        parse(line)
    assert all(slip.number >= 1 and slip.column >= 1 and slip.what for slip in found.slips)


# --- the form ---------------------------------------------------------------------------------------------------------


def test_a_form_that_is_sent_as_it_is_changes_nothing():
    draft = read(posted(shown(ANN, CHOICES)), ANN, CHOICES)
    assert draft.is_sound
    assert draft.subscriber == ANN


def test_an_empty_form_changes_nothing():
    assert read({}, ANN, CHOICES).subscriber == ANN


@pytest.mark.parametrize(
    ("sent", "where", "value"),
    [
        ({"keywords": ["cat\ndog^2"]}, "profile.keywords", ("cat", "dog^2")),
        (
            {"categories": ["cs.CL, cs.*;math.AG stat.ML"]},
            "profile.categories",
            ("cs.CL", "cs.*", "math.AG", "stat.ML"),
        ),
        ({"categories": [""]}, "profile.categories", ()),
        ({"sources": ["", "hf"]}, "profile.sources", ("hf",)),
        ({"sources": ["", "hf", "arxiv"]}, "profile.sources", ()),  # all of them: also those that come later
        ({"days": ["", "mon", "sun"]}, "schedule.days", frozenset({0, 6})),
        ({"send_at": ["06:05"]}, "schedule.send_at", time(6, 5)),
        ({"timezone": ["Asia/Tokyo"]}, "schedule.timezone", "Asia/Tokyo"),
        ({"max_papers": [" 7 "]}, "profile.max_papers", 7),
        ({"diversity": ["0.25"]}, "profile.diversity", 0.25),
        ({"signals": ["", "on"]}, "profile.signals", True),
        ({"send_empty": ["", "on"]}, "send_empty", True),
        ({"catch_up": ["", "on"]}, "schedule.catch_up", True),
        ({"format": ["html"]}, "format", Format.HTML),
        ({"layout": ["compact"]}, "layout", Layout.COMPACT),
        ({"locale": [""]}, "locale", ""),
        ({"name": ["Ann B."]}, "name", "Ann B."),
    ],
)
def test_one_field_changes_one_thing(sent, where, value):
    draft = read(sent, ANN, CHOICES)
    part, _, name = where.rpartition(".")
    after = replace(getattr(ANN, part), **{name: value}) if part else value
    assert draft.is_sound
    assert draft.subscriber == replace(ANN, **{part or name: after})


@pytest.mark.parametrize(
    ("name", "sent", "part"),
    [
        ("days", [""], "one day at least"),
        ("days", ["", "someday"], "not a day"),
        ("sources", [""], "one source at least"),
        ("sources", ["", "gone"], "gone"),
        ("max_papers", ["many"], "whole number"),
        ("max_papers", [""], "Write a number."),
        ("max_papers", ["201"], "Must be 200 or less"),
        ("min_match", ["-1"], "0 or more"),
        ("min_match", ["nan"], "0 or more"),
        ("timezone", ["Europe/Berln"], 'did you mean "Europe/Berlin"?'),
        ("send_at", ["7 o'clock"], "hours and minutes"),
        ("categories", ["cs.cl"], 'did you mean "cs.CL"?'),
        ("categories", [" ".join(["cs.CL"] * 51)], "50 is the most"),
        ("format", ["pdf"], "html"),
        ("locale", ["xx"], "one of these languages"),
        ("name", ["=?utf-8?q?x?="], "=?"),
        ("name", ["x" * 201], "too long"),
    ],
)
def test_a_fault_is_said_beside_its_field_and_the_field_stays_as_it_was(name, sent, part):
    draft = read({name: sent, "max_trending": ["3"]}, ANN, CHOICES)
    assert list(draft.faults) == [name]
    assert part in draft.faults[name][0]
    assert draft.subscriber == replace(ANN, profile=replace(ANN.profile, max_trending=3))


def test_what_was_typed_is_kept_beside_a_fault():
    sent = {"max_papers": ["lots"], "keywords": ["titel:x\ncat"], "categories": ["cs.cl, stat.ML"], "days": [""]}
    draft = read(sent, ANN, CHOICES)
    assert not draft.is_sound
    for name in ("max_papers", "keywords", "categories"):
        assert draft.values[name] == sent[name][0]
    assert draft.subscriber.profile.keywords == ("cat",)


@given(st.dictionaries(st.sampled_from([*TEXTS, *FLAGS, *LISTS, "keywords", "categories"]), st.lists(st.text())))
def test_whatever_is_sent_somebody_stays_who_they_are(sent):
    draft = read(sent, ANN, CHOICES)
    wants = {"name", "profile", "schedule", "format", "layout", "locale", "send_empty"}
    for one in fields(Subscriber):
        if one.name not in wants:
            assert getattr(draft.subscriber, one.name) == getattr(ANN, one.name)
    assert draft.subscriber.schedule.away == ANN.schedule.away
    entry, faults = config.read_subscriber(
        {
            key: value
            for key, value in config.record(draft.subscriber).items()
            if not key.startswith(("status", "paused"))
        },
        CHOICES.sources,
    )
    assert (entry.subscriber(ANN.origin).profile, faults) == (draft.subscriber.profile, [])


def test_somebody_whose_source_is_gone_can_choose_anew():
    old = replace(ANN, profile=replace(ANN.profile, sources=("gone",)))
    assert read({"sources": ["", "hf"]}, old, CHOICES).subscriber.profile.sources == ("hf",)


# --- for the operator -------------------------------------------------------------------------------------------------


def test_the_lines_for_the_operator_say_what_changed_and_nothing_else():
    sent = {
        "keywords": ['"flow matching"\n"it\'s odd"\nback\\slash'],
        "max_papers": ["5"],
        "signals": ["on"],
        "name": ['A "B"'],
    }
    wanted = read(sent, ANN, CHOICES).subscriber
    lines = toml(differences(ANN, wanted))
    assert tomllib.loads(lines) == {
        "name": 'A "B"',
        "keywords": ['"flow matching"', '"it\'s odd"', "back\\slash"],
        "max_papers": 5,
        "signals": True,
    }
    assert toml(differences(ANN, ANN)) == ""


# --- in words ---------------------------------------------------------------------------------------------------------


def test_saved_says_from_when_it_holds():
    sent = replace(ANN, last_issue=date(2026, 6, 18))
    assert saying.holds(sent, NOW).endswith("your next digest: tomorrow at 07:30 (Berlin time).")
    assert "after the pause" in saying.holds(replace(ANN, status=Status.PAUSED), NOW)
    assert "works again" in saying.holds(replace(ANN, status=Status.SUPPRESSED), NOW)


@pytest.mark.parametrize(
    ("days", "zone", "said"),
    [
        (range(7), "UTC", "Every day at 07:30, UTC"),
        (range(5), "Europe/Berlin", "Monday to Friday at 07:30, Berlin time"),
        ([3], "America/New_York", "Thursdays at 07:30, New York time"),
        ([0, 2, 4], "UTC", "Mon, Wed and Fri at 07:30, UTC"),
    ],
)
def test_how_often_it_comes_is_said_in_a_line(days, zone, said):
    assert saying.rhythm(Schedule(zone, days=frozenset(days))) == said


# --- the chart --------------------------------------------------------------------------------------------------------

PICK = Pick(Listing("A paper"), Section.FOR_YOU, Kind.NEW, "arxiv", date(2026, 6, 1), 50.0)


def test_the_fullest_day_is_as_high_as_the_drawing_and_all_columns_stay_within():
    days = [
        Day(date(2026, 6, 1), papers=40, picks=(PICK,) * 4),
        Day(date(2026, 6, 2), papers=10, picks=(PICK,) * 2),
        Day(date(2026, 6, 3)),
        Day(date(2026, 6, 4), missing=("arxiv",)),
    ]
    columns = chart.columns(days)
    assert [column.height for column in columns[:3]] == [chart.HIGH, chart.HIGH / 2, 0]
    assert all(column.y + column.height == chart.HIGH for column in columns)
    assert [column.papers for column in columns] == [40, 10, 0, None]
    assert all(column.x >= 0 and column.x + column.width <= chart.WIDE for column in columns)
    assert [column.note for column in columns[1:]] == [
        "Tue 2 Jun: 2 of 10 papers",
        "Wed 3 Jun: nothing was announced",
        "Thu 4 Jun: nothing is held of this day",
    ]
    assert chart.columns([]) == ()


# --- proposals --------------------------------------------------------------------------------------------------------

LIKED = [Listing(f"Speculative decoding with draft models, part {n}", authors=("A. Vestergaard",)) for n in range(3)]


def test_what_is_proposed_is_not_in_the_profile_already():
    every = [term.line for term in proposing.proposed("", LIKED, prior(), []).terms]
    assert '"speculative decoding"' in {line.partition("^")[0] for line in every}
    others = [term.line for term in proposing.proposed("", LIKED, prior(), ["Speculative-Decoding^5"]).terms]
    assert not any("speculative decoding" in line for line in others)
    assert set(others) < set(every)


def test_a_library_is_read_up_to_its_thousandth_entry():
    text = "\n".join(f"A paper about diffusion number {chr(97 + n % 26)}{n}" for n in range(1_200))
    entries, left_out = proposing.entries_of(text.encode())
    assert len(entries) == proposing.MOST_ENTRIES
    assert left_out == ["200 entries beyond the first 1,000"]


def test_what_is_known_of_an_entry_completes_it_and_a_bare_number_that_is_not_is_said():
    known = Listing("Known", "An abstract.", arxiv_id="2605.00001", id=3)
    entries = [
        Listing("", arxiv_id="2605.00001", keywords=("tag",)),
        Listing("", arxiv_id="2605.00002"),
        Listing("Own"),
    ]
    papers, unknown = proposing.completed(entries, [known, None, None])
    assert papers == [replace(known, keywords=("tag",)), entries[1], entries[2]]
    assert unknown == ["arxiv 2605.00002 is not among the papers read here"]
