from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from digest.model import Kind, Layout, Listing, Missing, Profile, Schedule, Section
from digest.rendering.cards import Setting, card_of, prepared
from digest.rendering.language import language
from digest.rendering.view import Frame, folded, view

SETTING = Setting({"arxiv": "arXiv", "hf": "Hugging Face"}, language("en"))
FRAME = Frame("Daily Papers", None, "mailto:a@example.org", "mailto:b@example.org")
MISSING = Missing("hf", "it answered 503", datetime(2026, 5, 16, 23, 30, tzinfo=UTC))


@pytest.fixture
def seen(make):
    return lambda *picks, **changes: view(make.edition(*picks, **changes), SETTING, FRAME)


# --- the one sentence ---------------------------------------------------------------------------------------------


def test_the_summary_says_how_many_of_how_many_and_the_strongest_term(make, seen):
    assert seen(make.pick(), make.pick()).summary == "2 of 1,243 new papers match; strongest: flow matching."
    assert seen(make.pick(), read={"arxiv": 1}).summary == "1 of 1 new paper matches; strongest: flow matching."
    assert seen(make.pick(reasons=())).summary == "1 of 1,243 new papers matches."


def test_matches_that_are_not_shown_are_counted(make, seen):
    assert seen(make.pick(), matched=31).summary == (
        "31 of 1,243 new papers match, the best one is here; strongest: flow matching."
    )


def test_the_summary_is_the_first_visible_line_of_every_part(make, renderer):
    bodies = renderer.bodies(make.edition(make.pick()))
    summary = "1 of 1,243 new papers matches; strongest: flow matching."
    assert bodies.text.startswith(summary)
    assert bodies.markdown.startswith(summary)
    body = bodies.html.partition("<body")[2]
    assert body.index(summary) < body.index("<h1")


def test_a_day_of_trending_papers_alone_says_so(make, seen):
    summary = seen(make.trending(make.listing)).summary
    assert summary == "None of 1,243 new papers matches your keywords; below: 1 paper that others talk about."


@pytest.mark.parametrize(
    ("sections", "summary", "subject"),
    [
        ("a", "1 of 1,243 new papers matches; strongest: author Chen.", "Author"),
        ("v", "None of 1,243 new papers matches your keywords; below: 1 new version of a paper you were sent.", "New version: Version"),
        (
            "tvv",
            ("None of 1,243 new papers matches your keywords; below: 1 paper that others talk about and 2 new versions of "
            "papers you were sent."),
            "New version: Version and 2 more",
        ),
        ("tva", "1 of 1,243 new papers matches; strongest: author Chen.", "Author and 2 more"),
        ("fa", "2 of 1,243 new papers match; strongest: flow matching.", "Yours and 1 more"),
    ],
)  # fmt: skip
def test_every_mixture_of_sections_is_summed_up_and_called_by_its_best_paper(make, seen, sections, summary, subject):
    picks = {
        "f": make.pick(Listing(title="Yours")),
        "a": make.pick(Listing(title="Author"), section=Section.AUTHORS, reasons=make.pick().reasons[2:]),
        "v": make.pick(Listing(title="Version"), section=Section.VERSIONS, kind=Kind.REVISION, reasons=()),
        "t": make.trending(Listing(title="Trend")),
    }
    matched = sum(letter in "fa" for letter in sections)
    shown = seen(*[picks[letter] for letter in sections], matched=matched)
    assert (shown.summary, shown.subject) == (summary, subject)


def test_sections_come_in_their_order_and_number_their_papers_through(make, seen):
    picks = [make.pick(section=section) for section in reversed(Section)]
    shown = seen(*picks).sections
    assert [section.title for section in shown] == [
        "Picked by people here", "For you", "Also from your authors", "Trending",
        "New versions of papers you were sent",
    ]  # fmt: skip
    assert [card.number for section in shown for card in section.cards] == [1, 2, 3, 4, 5]


# --- error is not emptiness ---------------------------------------------------------------------------------------


def test_a_source_that_could_not_be_read_is_said_with_reason_since_and_what_comes(seen):
    assert seen(missing=(MISSING,), read={}).missing == (
        "Hugging Face could not be read since 17 May (it answered 503); its papers will come in a later edition.",
    )


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (
            replace(MISSING, since=datetime(2026, 5, 18, 4, 10, tzinfo=UTC)),
            "could not be read in full since 06:10 today",
        ),
        (
            replace(MISSING, since=datetime(2025, 12, 30, tzinfo=UTC)),
            "could not be read in full since 30 December 2025 (",
        ),
        (replace(MISSING, since=None), "could not be read in full so far (it answered 503);"),
        (Missing("hf", "it has not been read yet"), "Hugging Face has not been read yet; its papers will come"),
        (replace(MISSING, why="line\nbreak."), "(line break);"),
        (replace(MISSING, why=""), "since 17 May; its"),
    ],
)
def test_what_is_missing_is_said_in_the_readers_own_time(seen, missing, said):
    assert said in seen(missing=(missing,)).missing[0]


def test_what_was_missing_stands_above_the_papers_of_every_part(make, renderer):
    bodies = renderer.bodies(make.edition(make.pick(), missing=(MISSING,)))
    for body in (bodies.html, bodies.text, bodies.markdown):
        assert body.index("it answered 503") < body.index("Flow Matching for")


def test_no_new_papers_is_said_only_when_it_is_known(seen):
    known, unknown = seen(read={}), seen(read={}, missing=(MISSING,))
    assert known.summary == "No new papers since your last digest."
    assert unknown.summary == "Nothing to show yet: Hugging Face could not be read."
    assert not any("Nothing new from Hugging Face" in sentence for sentence in unknown.empty)


def test_trending_papers_do_not_hide_that_nothing_could_be_read(make, seen):
    summary = seen(make.trending(make.listing), read={}, missing=(MISSING,)).summary
    assert summary.startswith("Nothing to show yet: Hugging Face could not be read;")


def test_an_empty_day_says_what_was_looked_for_and_when_more_comes(make, seen):
    sunday = datetime(2026, 5, 17, 8, tzinfo=UTC)
    new_york = make.subscriber(schedule=Schedule("America/New_York", time(7, 30)))
    shown = seen(read={"hf": 39}, issue_date=date(2026, 5, 17), composed_at=sunday, subscriber=new_york)
    assert shown.summary == "None of 39 new papers matches your keywords."
    assert shown.empty == (
        "Looked for flow matching and author Chen.",
        "Nothing new from arXiv today: it announces again on Sunday evening.",
    )


def test_the_next_announcement_is_said_in_the_readers_own_time(make, seen):
    beijing = make.subscriber(schedule=Schedule("Asia/Shanghai", time(7, 30)))
    sunday = datetime(2026, 5, 17, 8, tzinfo=UTC)
    shown = seen(read={"hf": 39}, composed_at=sunday, subscriber=beijing)
    assert "it announces again on Monday morning." in shown.empty[-1]


def test_a_profile_without_keywords_is_told_so(make, seen):
    shown = seen(subscriber=make.subscriber(profile=Profile()))
    assert "Your profile has no keywords yet" in shown.empty[0]


def test_sources_the_reader_did_not_ask_for_are_not_spoken_of(make, seen):
    shown = seen(read={}, subscriber=make.subscriber(profile=Profile(sources=("hf",))))
    assert shown.empty == ("Nothing new from Hugging Face today.",)


def test_faults_of_the_profile_are_shown_in_every_part(make, renderer):
    problem = 'Your keyword `"flow` could not be read: the quote is never closed.'
    bodies = renderer.bodies(make.edition(make.pick(), problems=(problem,)))
    for body in (bodies.html, bodies.text, bodies.markdown):
        assert "the quote is never closed" in " ".join(body.split())


# --- cards --------------------------------------------------------------------------------------------------------


def test_three_authors_are_named_and_the_rest_counted(make):
    def byline(count):
        listing = Listing(title="x", authors=tuple(f"A{n}" for n in range(count)))
        return card_of(make.pick(listing), make.day, SETTING).authors

    assert [byline(n) for n in (0, 1, 2, 3, 4, 603)] == [
        "",
        "A0",
        "A0 and A1",
        "A0, A1 and A2",
        "A0, A1, A2 and 1 more",
        "A0, A1, A2 and 600 more",
    ]


def test_links_name_their_target_and_none_is_there_twice(make):
    listing = replace(make.listing, project_url=make.listing.code_url)
    labels = [link.label for link in card_of(make.pick(listing), make.day, SETTING).links]
    assert labels == ["Abstract", "PDF", "Code", "Discussion 14"]


@pytest.mark.parametrize(
    ("kind", "version", "note"),
    [
        (Kind.NEW, 1, ""),
        (Kind.CROSS, 1, "cross-listed"),
        (Kind.REVISION, 3, "version 3"),
        (Kind.REVISION, None, "revised"),
    ],
)
def test_news_that_is_not_new_says_what_it_is(make, kind, version, note):
    pick = make.pick(replace(make.listing, version=version), kind=kind)
    assert card_of(pick, make.day, SETTING).note == note


@pytest.mark.parametrize(
    ("section", "layout", "template"),
    [
        (Section.FOR_YOU, Layout.CARDS, "card"),
        (Section.AUTHORS, Layout.FULL, "card"),
        (Section.TRENDING, Layout.CARDS, "trending"),
        (Section.VERSIONS, Layout.FULL, "line"),
        (Section.TRENDING, Layout.COMPACT, "line"),
    ],
)
def test_a_card_names_the_template_that_shows_it(make, section, layout, template):
    assert card_of(make.pick(section=section), make.day, replace(SETTING, layout=layout)).template == template


def test_layouts_show_a_line_or_what_matters_or_all(make):
    abstract = "One. Two.\n\nWe use flow matching at x^(k+1).\n\nFour."
    pick = make.pick(replace(make.listing, abstract=abstract))
    compact, cards, full = (
        card_of(pick, make.day, replace(SETTING, layout=layout))
        for layout in (Layout.COMPACT, Layout.CARDS, Layout.FULL)
    )
    assert (compact.abstract, compact.explanation) == ("", "Match 4 of 5: flow matching (title and abstract)")
    assert cards.abstract == "We use flow matching at x^(k+1)."
    assert full.abstract == abstract
    assert [len(paragraph) for paragraph in full.paragraphs] == [1, 5, 1]
    assert "".join(run.text for run in full.runs) == "One. Two. We use flow matching at xk+1. Four."


def test_what_was_read_of_a_listing_can_be_kept_for_other_readers(make):
    for layout in Layout:
        setting = replace(SETTING, layout=layout)
        for pick in (make.pick(), make.pick(reasons=()), make.trending(make.listing)):
            kept = prepared(pick.listing, layout)
            assert card_of(pick, make.day, setting, texts=kept) == card_of(pick, make.day, setting)


def test_thumbnails_are_shown_only_where_the_operator_wants_them(make):
    pick = make.pick(replace(make.listing, thumbnail_url="https://example.org/a.png"))
    assert card_of(pick, make.day, SETTING).image is None
    assert card_of(pick, make.day, replace(SETTING, images=True)).image == "https://example.org/a.png"


def test_the_reader_can_answer_where_there_are_pages_that_listen(make):
    frame = replace(FRAME, like="https://a.example/like/", dislike="https://a.example/dislike/")
    card = view(make.edition(make.pick()), SETTING, frame).sections[0].cards[0]
    assert (card.like.url, card.dislike.url) == ("https://a.example/like/1", "https://a.example/dislike/1")
    assert view(make.edition(make.pick()), SETTING, FRAME).sections[0].cards[0].like is None


def test_a_listing_without_anything_still_makes_a_card(make, renderer):
    bodies = renderer.bodies(make.edition(make.pick(Listing(title=""), reasons=())))
    assert "Untitled" in bodies.html
    assert "Untitled" in bodies.text


def test_folding_keeps_the_first_cards_and_counts_the_rest(make, seen):
    whole = seen(*[make.pick()] * 3, *[make.trending(make.listing)] * 2)
    for keep, shape in ((5, [3, 2]), (4, [3, 1]), (2, [2]), (0, [])):
        part = folded(whole, keep, SETTING.language)
        assert [len(section.cards) for section in part.sections] == shape
        assert part.count == 5
        assert (f"… and {5 - keep} more." in part.more) is (keep < 5)


# --- subject and footer -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("titles", "changes", "subject"),
    [
        (["A Title"], {}, "A Title"),
        (["A Title", "B", "C"], {}, "A Title and 2 more"),
        (
            ["Word " * 30, "B"],
            {},
            "Word Word Word Word Word Word Word Word Word Word Word… and 1 more",
        ),
        ([], {}, "Monday, 18 May 2026: nothing for you among 1,243 new papers"),
        ([], {"read": {}}, "Monday, 18 May 2026: no new papers"),
        ([], {"read": {}, "missing": (MISSING,)}, "Monday, 18 May 2026: papers are late, they will come"),
    ],
)
def test_subjects_lead_with_the_best_paper_and_fit_a_list_of_mails(make, renderer, titles, changes, subject):
    picks = [make.pick(Listing(title=title)) for title in titles]
    shown = renderer.bodies(make.edition(*picks, **changes)).subject
    assert shown == subject
    assert len(shown) <= 70


def test_a_day_of_trending_papers_alone_has_a_subject_that_says_so(make, renderer):
    edition = make.edition(make.trending(Listing(title="A Title")), make.trending(Listing(title="B")))
    assert renderer.bodies(edition).subject == "Talked about: A Title and 1 more"


@pytest.mark.parametrize(
    ("days", "said"),
    [(range(7), "every day at 07:30"), (range(5), "Monday to Friday at"), ([0, 3], "on Mondays and Thursdays at")],
)
def test_the_footer_says_why_this_mail_comes(make, seen, days, said):
    schedule = Schedule("Europe/Berlin", time(7, 30), frozenset(days))
    why = seen(subscriber=make.subscriber(schedule=schedule)).why
    assert why.startswith("You get this because anna@example.org is subscribed to Daily Papers, ")
    assert said in why
    assert why.endswith("(Europe/Berlin).")


def test_the_footer_counts_what_was_read_where_and_says_how_to_stop(make, renderer):
    bodies = renderer.bodies(make.edition(make.pick()))
    for body in (bodies.html, bodies.text, bodies.markdown):
        assert "1,204" in body
        assert "https://papers.example.org/unsubscribe/7-" in body
    without_pages = make.renderer(url=None).bodies(make.edition(make.pick()))
    for body in (without_pages.html, without_pages.text, without_pages.markdown):
        assert "mailto:papers@example.org?subject=unsubscribe" in body


def test_a_time_zone_nobody_knows_does_not_stop_the_mail(make, renderer):
    reader = make.subscriber(schedule=Schedule("Mars/Olympus", time(7, 30)))
    assert "17 May" not in renderer.bodies(make.edition(subscriber=reader, missing=(MISSING,))).text


def test_a_paper_that_two_sources_announced_counts_once(make, seen):
    shown = seen(make.pick(), read={"arxiv": 8, "hf": 3}, papers=9)
    assert shown.summary.startswith("1 of 9 new papers")
