"""What the page of a backtest promises, whatever strangers wrote."""

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from lxml import html as lxml_html

from digest.backtest import Backtest, Day, Near
from digest.model import Ground, Hurdle, Profile, Reason
from digest.rendering import backtest_view
from digest.rendering.backtest_page import backtest_page
from digest.rendering.backtest_view import report
from digest.rendering.words import short_day

FIRST = date(2026, 5, 11)
NAMES = {"arxiv": "arXiv", "hf": "Hugging Face"}
HOSTILE = "<script>alert(1)</script> & {{ 7 * 7 }}"
LEARNT = Reason("score", "abstract", 5.0, ground=Ground.LIKED)


def days(make, *sizes):
    """Days with so many papers shown; None is a day that is not held."""
    number = 0
    for place, size in enumerate(sizes):
        day = FIRST + timedelta(days=place)
        if size is None:
            yield Day(day, missing=("arxiv", "hf"))
            continue
        picks = []
        for _ in range(size):
            number += 1
            picks.append(make.pick(replace(make.listing, id=number), day=day, score=90.0 - number))
        yield Day(day, 100 if size else 0, size, tuple(picks))


def trial(make, *sizes, name="ann@example.org", **changes):
    result = Backtest(Profile(('"flow matching"^3', "author:Chen", "octopus"), max_papers=4), tuple(days(make, *sizes)))
    labels = {line: (line,) for line in result.profile.keywords}
    return backtest_view.Tested(name, replace(result, **changes), labels)


@pytest.fixture(scope="module")
def near(make):
    def one(number, hurdle, score=40.0):
        return Near(make.pick(replace(make.listing, id=number, title=f"Near {number}"), score=score), hurdle)

    return one


@pytest.fixture
def page(renderer):
    def render(*of):
        return backtest_page(renderer.templates, report(of, NAMES))

    return render


def text(html):
    return " ".join(lxml_html.fromstring(html).text_content().split())


# --- values -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "summary"),
    [
        ((2, 4, 3), "It would have sent 9 of 300 papers, on 3 days: 2 to 4 a day, 3 as a rule."),
        ((2, 2, 0), "It would have sent 4 of 200 papers, on 2 days: 2 a day."),
        ((1,), "It would have sent 1 of 100 papers, on 1 day: 1 a day."),
        ((0, None), "It would have sent nothing: nothing was announced, as far as is known."),
    ],
)
def test_the_sum_of_it_is_one_sentence(make, sizes, summary):
    (side,) = report([trial(make, *sizes)], NAMES).sides
    assert side.summary == summary


def test_a_day_says_why_it_is_empty(make, near):
    some = (
        Day(FIRST, 0),
        Day(FIRST, 9),
        Day(FIRST, 9, near=(near(1, Hurdle.WEAK, 12.4),)),
        Day(FIRST, 9, near=(near(1, Hurdle.CUT),)),
        Day(FIRST, 9, missing=("hf",)),
        Day(FIRST, missing=("arxiv", "hf")),
    )
    of = trial(make, days=some, profile=Profile(min_match=20.0))
    (side,) = report([of], NAMES).sides
    assert [(bar.papers, bar.note) for bar in side.bars] == [
        (0, "nothing was announced"),
        (9, "nothing matched"),
        (9, "the best had 12, under 20"),
        (9, "no room"),
        (9, "nothing matched; without Hugging Face"),
        (None, "nothing is held of arXiv and Hugging Face"),
    ]
    assert side.notes == (
        "On 4 days with news there was nothing to send.",
        "On 1 day nothing was announced.",
        (
            "Of 1 day nothing is known: arXiv and Hugging Face had not been read. "
            f"`digest pull --since {FIRST}` fetches what there is."
        ),
    )


def test_days_in_a_row_of_which_nothing_is_held_are_told_at_once(make):
    days = [Day(FIRST + timedelta(days=n), missing=("hf",)) for n in range(3)]
    known = Day(FIRST + timedelta(days=3), 9, missing=("hf",))
    (side,) = report([trial(make, days=(*days, known))], NAMES).sides
    assert [(bar.day, bar.papers, bar.note) for bar in side.bars] == [
        (short_day(FIRST), None, f"up to {short_day(FIRST + timedelta(days=2))} nothing is held of Hugging Face"),
        (short_day(known.day), 9, "nothing matched; without Hugging Face"),
    ]


def test_the_best_and_the_weakest_are_never_the_same_paper(make):
    for size in range(12):
        (side,) = report([trial(make, size)], NAMES).sides
        assert len(side.best) == min(5, size)
        assert len(side.last_in) == min(5, max(0, size - 5))
        ids = [row.match for row in (*side.best, *side.last_in)]
        assert ids == sorted(ids, reverse=True)
        assert len(set(ids)) == len(ids)


def test_what_missed_says_by_what(make, near):
    only = Day(FIRST, 9, near=(near(1, Hurdle.CUT, 50.0), near(2, Hurdle.CROWDED), near(3, Hurdle.WEAK, 12.0)))
    (side,) = report([trial(make, days=(only,), profile=Profile(max_papers=4, min_match=20.0))], NAMES).sides
    assert [row.hurdle for row in side.first_out] == [
        "no room among 4 papers that day",
        "too much like others of that day",
        "below the least match of 20",
    ]


def test_terms_are_named_as_people_say_them(make):
    picks = (make.pick(reasons=(*make.pick().reasons, Reason("matching", "title", 2.0), LEARNT)),)
    (side,) = report([trial(make, days=(Day(FIRST, 9, 1, picks),))], NAMES).sides
    assert [(row.term, row.sort, round(row.points)) for row in side.terms] == [
        ("flow matching", "", 60),
        ("author Chen", "", 5),
        ("matching", "word of a keyword", 2),
        ("score", "learnt from likes", 5),
    ]
    assert side.idle == ("octopus",)


# --- the page -----------------------------------------------------------------------------------------------------


def test_the_page_needs_nothing_from_anywhere(make, page):
    html = page(trial(make, 3, 0, None))
    assert not re.search(
        r"<(script|img|link|iframe|object)|@import|@font-face|url\(|https?://(?!arxiv|github|hugg)", html
    )


def test_what_strangers_wrote_is_text(make, page):
    listing = replace(make.listing, title=HOSTILE, url="javascript:alert(1)", pdf_url=None, discussion_url=None)
    pick = make.pick(listing, reasons=(Reason(HOSTILE, "title", 5.0),))
    of = trial(make, days=(Day(FIRST, 9, 1, (pick,)),), name=HOSTILE, problems=(HOSTILE,))
    html = page(of._replace(labels={HOSTILE: ("x",)}), of)
    assert "<script" not in html
    assert "javascript:" not in html
    assert text(html).count("<script>alert(1)</script> & {{ 7 * 7 }}") >= 5


def test_every_number_of_the_chart_is_said_and_bars_are_no_more_than_decoration(make, page):
    tree = lxml_html.fromstring(page(trial(make, 3, 0, None, 1)))
    rows = [[cell.text_content().strip() for cell in row] for row in tree.cssselect("table")[0].cssselect("tbody tr")]
    assert [row[:3] for row in rows] == [
        ["Mon 11 May", "3", "100"],
        ["Tue 12 May", "0", "0"],
        ["Wed 13 May", "?", ""],
        ["Thu 14 May", "1", "100"],
    ]
    assert rows[2][3] == "nothing is held of arXiv and Hugging Face"
    assert all(track.get("aria-hidden") == "true" for track in tree.cssselect(".track"))
    widths = [bar.get("style") for bar in tree.cssselect(".track i")]
    assert widths == ["width: 100.0%", "width: 33.33%"]


def test_two_profiles_share_one_chart(make, page):
    html = page(trial(make, 3, 1), trial(make, 1, 0, name="diffusion"))
    tree = lxml_html.fromstring(html)
    assert tree.cssselect("h1")[0].text_content() == "Two profiles side by side"
    rows = [[cell.text_content().strip() for cell in row] for row in tree.cssselect("table")[0].cssselect("tbody tr")]
    assert [row[:4] for row in rows] == [["Mon 11 May", "1", "2", "0"], ["Tue 12 May", "0", "1", "0"]]
    assert "First: ann@example.org" in text(html)
    assert "Second: diffusion" in text(html)


def test_headings_are_in_order_and_tables_say_what_their_rows_are(make, page):
    tree = lxml_html.fromstring(page(trial(make, 9, 0), trial(make, 2, 0)))
    levels = [int(element.tag[1]) for element in tree.cssselect("h1, h2, h3, h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert tree.cssselect("table caption")
    assert all(head.get("scope") or not head.text_content() for head in tree.cssselect("th"))


def test_every_colour_is_readable_on_its_paper(make, page):
    html = page(trial(make, 1))
    for block in re.findall(r":root \{([^}]*)\}", html):
        named = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", block))
        paper = luminance(named["paper"])
        for name, least in {"ink": 4.5, "soft": 4.5, "accent": 4.5, "bar": 3.0, "other": 3.0}.items():
            lighter, darker = sorted((luminance(named[name]), paper), reverse=True)
            assert (lighter + 0.05) / (darker + 0.05) >= least, (name, named[name])


def luminance(colour):
    """WCAG 2.2, relative luminance."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
