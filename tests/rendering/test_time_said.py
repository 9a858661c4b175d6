"""What a digest says of time: since when it is, who is late, and when there is more."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from digest.model import NOT_YET_ANNOUNCED, Missing
from digest.rendering.cards import Setting
from digest.rendering.language import language
from digest.rendering.view import Frame, view
from digest.store import codec
from digest.store.kept import KeptEdition, whole_edition

SETTING = Setting({"arxiv": "arXiv", "hf": "Hugging Face"}, language("en"))
FRAME = Frame("Daily Papers", None, "mailto:a@example.org", "mailto:b@example.org")
LATE = Missing("arxiv", NOT_YET_ANNOUNCED)
NOVEMBER = date(2026, 11, 21)


@pytest.fixture
def seen(make):
    return lambda *picks, **changes: view(make.edition(*picks, **changes), SETTING, FRAME)


def covering(make, since, *picks, last_issue=None, locale="", **changes):
    subscriber = make.subscriber(locale=locale, last_issue=last_issue or since)
    return make.edition(*picks, subscriber=subscriber, issue_date=NOVEMBER, since=since, **changes)


@pytest.mark.parametrize(
    ("locale", "since", "last_issue", "said"),
    [
        ("en", date(2026, 11, 9), None, "It covers the 12 days since 9 November."),
        ("en", date(2026, 11, 20), None, "It covers the day since 20 November."),
        (
            "en",
            date(2026, 11, 7),
            date(2026, 10, 1),
            "It covers the last 14 days; what was announced before 7 November is left out.",
        ),
        ("de", date(2026, 11, 9), None, "Diese Ausgabe umfasst die 12 Tage seit dem 9. November."),
        (
            "de",
            date(2026, 11, 7),
            date(2026, 10, 1),
            "Diese Ausgabe umfasst die letzten 14 Tage; was vor dem 7. November bekanntgegeben wurde, fehlt.",
        ),
        ("zh_Hans", date(2026, 11, 9), None, "本期涵盖自11月9日以来的 12 天。"),
        ("zh_Hans", date(2026, 11, 7), date(2026, 10, 1), "本期涵盖最近 14 天；11月7日之前公布的内容未收录。"),
    ],
)
def test_after_days_were_missed_the_summary_says_since_when_in_every_part(
    make, renderer, *, locale, since, last_issue, said
):
    bodies = renderer.bodies(covering(make, since, make.pick(), last_issue=last_issue, locale=locale))
    for body in (bodies.html, bodies.text, bodies.markdown):
        assert said.replace(" ", "") in "".join(body.split())


def test_an_edition_on_time_says_nothing_of_it(make, renderer):
    assert "It covers" not in renderer.bodies(make.edition(make.pick())).text


def test_the_year_is_said_where_it_is_another(make, renderer):
    text = renderer.bodies(covering(make, date(2025, 12, 30))).text
    assert "since 30 December 2025." in " ".join(text.split())


def test_an_empty_edition_that_looks_back_says_so_as_well(make, seen):
    shown = seen(read={}, since=date(2026, 5, 10))
    assert shown.summary == "No new papers since your last digest. It covers the 8 days since 10 May."


def test_an_edition_that_an_earlier_release_kept_says_nothing_of_it():
    """Its document has no such key."""
    document = {"subscriber": {"email": "ann@example.org"}, "issue_date": "2026-05-18", "picks": []}
    kept = codec.loads(KeptEdition, json.dumps({**document, "composed_at": "2026-05-18T07:30:00+00:00"}))
    assert whole_edition(kept, []).since is None


# --- a source that is late --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "arXiv has not announced its newest papers yet; they will come in a later edition."),
        ("de", "arXiv hat die neuesten Arbeiten noch nicht bekanntgegeben; sie kommen in einer späteren Ausgabe."),
        ("zh_Hans", "arXiv 尚未公布最新论文；这些论文会在之后的简报中补上。"),
    ],
)
def test_who_is_late_is_said_above_the_papers(make, renderer, locale, said):
    edition = make.edition(make.pick(), missing=(LATE,), subscriber=make.subscriber(locale=locale))
    text = "".join(renderer.bodies(edition).text.split())
    assert text.index(said.replace(" ", "")) < text.index("FlowMatchingfor")


def test_late_is_not_empty(make, renderer, seen):
    shown = seen(read={}, missing=(LATE,))
    assert shown.summary == "Nothing to show yet: arXiv has not announced its newest papers."
    assert not any("arXiv" in sentence for sentence in shown.empty)
    subject = seen(read={}, missing=(LATE,)).subject
    assert subject == "Monday, 18 May 2026: papers are late, they will come"


def test_late_and_broken_are_told_apart(seen):
    both = (LATE, Missing("hf", "it answered 503"))
    assert seen(read={}, missing=both).summary == "Nothing to show yet: Hugging Face could not be read."


# --- when there is more -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 5, 16), "Nothing new from arXiv today: it announces again on Sunday evening."),
        (date(2026, 7, 4), "Nothing new from arXiv today: it announces again on Monday evening."),  # a long weekend
        (date(2026, 11, 27), "Nothing new from arXiv today: it announces again on Sunday evening."),  # Thanksgiving
        (date(2026, 12, 26), "Nothing new from arXiv today: it announces again on Monday evening."),  # winter break
        (date(2027, 5, 15), "Nothing new from arXiv today."),  # nobody knows that year's holidays yet
    ],
)
def test_when_arxiv_announces_again_is_said_only_where_it_is_known(make, seen, day, said):
    schedule = replace(make.subscriber().schedule, timezone="America/New_York")
    composed = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    shown = seen(
        read={"hf": 39},
        issue_date=day,
        composed_at=composed + timedelta(minutes=1),
        subscriber=make.subscriber(schedule=schedule),
    )
    assert shown.empty[-1] == said
