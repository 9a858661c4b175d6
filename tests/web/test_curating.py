"""Curators pick papers for everybody; readers recommend and suggest; nothing happens by looking."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.curating import NOTE, PINS_A_DAY, SUGGESTIONS_A_DAY
from digest.model import Judged, Pin, Status
from digest.tokens import Purpose
from digest.web.curating.drafts import AHEAD, NAME, draft

from ..stores import rows_of  # noqa: TID252  (tests are no package)
from .conftest import ANN, NOW

TODAY, DAY = NOW.date(), timedelta(days=1)
CURATORS = '\n[web]\ncurators = ["Ann@example.org"]\n'
BEN = replace(ANN, email="ben@example.org", name="Ben")
NOTE_WRITTEN = "**Read** section 3. [Notes](https://a.example/n) <script>alert(1)</script>"


@pytest.fixture
def home(make_site):
    """A site whose curator is Ann."""
    site = make_site(more=CURATORS)
    site.subscribe()
    site.subscribe(BEN)
    return site


@pytest.fixture
def ann(home):
    return home.store.subscriber(ANN.email)


@pytest.fixture
def ben(home):
    return home.store.subscriber(BEN.email)


@pytest.fixture
def papers(home):
    """The numbers of those that arXiv announced yesterday, in order."""
    window = home.store.window(after=0)
    return sorted({said.listing.id for said in window if said.listing.arxiv_id and said.day == TODAY - DAY})


@pytest.fixture
def curate(home, ann):
    return f"/preferences/{home.token(ann, Purpose.PREFERENCES)}/curate"


def own(site, subscriber, path):
    return f"/{path}/{site.token(subscriber, Purpose.FEEDBACK)}"


def filled(paper, day=TODAY, **changes):
    return {"paper": paper, "day": str(day), "name": "Ann Author", "note": NOTE_WRITTEN, **changes}


# --- picking ------------------------------------------------------------------------------------------------------


def test_a_curator_finds_a_paper_picks_it_with_words_and_takes_it_away_again(home, curate, papers):
    listing = home.store.listing(papers[3])
    found = home.get(curate, params={"q": listing.arxiv_id})
    assert f'name="paper" value="{papers[3]}"' in found.text
    answer = home.post(curate, data=filled(papers[3]))
    assert (answer.status_code, answer.headers["location"]) == (303, f"{curate}?done=picked")
    assert home.store.pins(TODAY) == [Pin(TODAY, papers[3], "Ann Author", NOTE_WRITTEN, ANN.email, NOW)]
    page = home.get(answer.headers["location"]).text
    assert "Picked. It comes first" in page
    assert "<strong>Read</strong> section 3." in page
    assert "alert(1)" not in page
    home.post(f"{curate}/unpick", data={"paper": papers[3], "day": str(TODAY)})
    assert home.store.pins(TODAY) == []


def test_words_find_several_papers_to_choose_from(home, curate):
    page = home.get(curate, params={"q": "decoding"}).text
    assert page.count(">Choose it<") > 1
    assert 'name="paper"' not in page
    assert "No paper that is held here goes by “zebra crossings”" in home.get(f"{curate}?q=zebra+crossings").text


def test_a_link_to_our_own_page_of_a_paper_names_it(home, curate, papers):
    page = home.get(curate, params={"q": f"https://papers.example.org/paper/{papers[5]}"}).text
    assert f'name="paper" value="{papers[5]}"' in page


def test_the_form_begins_with_the_next_day_the_curators_name_and_what_was_written_before(home, curate, papers):
    page = home.get(curate, params={"paper": papers[0]}).text  # it is eleven in Berlin: today's have gone out
    assert f'value="{TODAY + DAY}"' in page
    assert 'value="Ann"' in page
    home.post(curate, data=filled(papers[0], TODAY + 2 * DAY, note="Mine."))
    page = home.get(curate, params={"paper": papers[0], "day": str(TODAY + 2 * DAY)}).text
    assert re.search(r"<textarea[^>]*>\nMine\.</textarea>", page)
    assert 'value="Ann Author"' in page


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"day": "tomorrow"}, "Write the day like 2026-06-18."),
        ({"day": "2026-06-17"}, "That day is over"),
        ({"day": "2027-06-17"}, "too far ahead"),
        ({"name": " "}, "Say who picks it"),
        ({"name": "x" * (NAME + 1)}, "A shorter name"),
        ({"note": "x" * (NOTE + 2)}, "2 characters too long: 600 at most."),
    ],
)
def test_a_fault_is_said_beside_its_field_and_everything_typed_stays(home, curate, papers, change, said):
    (field,) = change
    answer = home.post(curate, data=filled(papers[0], note="Kept words.") | change)
    assert answer.status_code == 422
    assert f'id="{field}-fault">' in answer.text
    assert said in answer.text
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', answer.text)
    assert "Kept words." in answer.text or "note" in change
    assert home.store.pins_since(TODAY) == []


def test_a_day_that_is_full_is_said_at_the_day(home, curate, papers):
    for number in papers[:PINS_A_DAY]:
        home.post(curate, data=filled(number))
    answer = home.post(curate, data=filled(papers[-1]))
    assert answer.status_code == 422
    assert "5 papers are picked for that day already: take one away first, or choose another day." in answer.text


def test_looking_how_it_looks_keeps_nothing(home, curate, papers):
    page = home.post(curate, data=filled(papers[0], look="1"))
    assert page.status_code == 200
    part = home.post(f"{curate}/preview", data=filled(papers[0]))
    for text in (page.text, part.text):
        assert "<strong>Read</strong> section 3." in text
        assert "alert(1)" not in text.replace("&lt;script&gt;alert(1)&lt;/script&gt;", "")
    assert "<html" not in part.text
    assert home.store.pins_since(TODAY) == []


def test_who_is_no_curator_picks_and_judges_nothing(home, ben, papers):
    base = f"/preferences/{home.token(ben, Purpose.PREFERENCES)}/curate"
    home.store.suggest(ben.id, papers[0], NOW)
    (waiting,) = home.store.suggestions(Judged.OPEN, 9)
    home.store.pin(Pin(TODAY, papers[1], "Ann", "", ANN.email, NOW))
    answers = [
        home.get(base),
        home.post(base, data=filled(papers[2])),
        home.post(f"{base}/preview", data=filled(papers[2])),
        home.post(f"{base}/unpick", data={"paper": papers[1], "day": str(TODAY)}),
        home.post(f"{base}/decline", data={"suggestion": waiting.id}),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert all("for curators" in answer.text for answer in answers)
    assert [pin.listing for pin in home.store.pins(TODAY)] == [papers[1]]
    assert home.store.suggestions(Judged.OPEN, 9) == [waiting]


def test_a_curators_link_grows_old_and_is_good_for_nothing_else(home, ann, papers):
    feedback = home.token(ann, Purpose.FEEDBACK)
    assert home.get(f"/preferences/{feedback}/curate").status_code == 404
    token = home.token(ann, Purpose.PREFERENCES)
    home.clock.turn(days=91)
    assert home.post(f"/preferences/{token}/curate", data=filled(papers[0])).status_code == 410
    assert home.store.pins_since(TODAY) == []


def test_preferences_lead_there(home, ann, ben):
    ours, theirs = (home.get(f"/preferences/{home.token(who, Purpose.PREFERENCES)}").text for who in (ann, ben))
    assert "/curate" in ours
    assert "/curate" not in theirs
    assert own(home, ben, "suggest") in theirs


# --- recommending -------------------------------------------------------------------------------------------------


def test_a_reader_recommends_a_paper_and_takes_it_back(home, ben, papers):
    link = f"{own(home, ben, 'vote')}/{papers[0]}"
    assert "Nobody has yet." in home.get(link).text
    for _ in range(2):
        answer = home.post(link)
        assert (answer.status_code, answer.headers["location"]) == (303, link)
    page = home.get(link).text
    assert "You recommend this paper" in page
    assert "You are the first." in page
    assert home.store.votes(papers) == {papers[0]: 1}
    home.post(link, data={"off": "1"})
    assert home.store.votes(papers) == {}


def test_a_recommendation_says_how_many_others_do_and_nobody_who(home, ann, ben, papers):
    home.store.vote(ann.id, papers[0], NOW, on=True)
    link = f"{own(home, ben, 'vote')}/{papers[0]}"
    page = home.get(link).text
    assert "1 reader recommends it." in page
    home.post(link)
    assert "So does 1 other reader." in home.get(link).text
    assert ANN.email not in page


@pytest.mark.parametrize("number", ["0", "999999", "x", "-1", "9" * 40, "%00", "١"])
def test_a_paper_that_is_not_there_cannot_be_recommended(home, ben, number):
    link = f"{own(home, ben, 'vote')}/{number}"
    assert home.get(link).status_code == 404
    assert home.post(link).status_code == 404


def test_who_has_left_recommends_and_suggests_nothing(home, ben, papers):
    home.store.set_status(ben.email, Status.REMOVED, NOW)
    for link in (f"{own(home, ben, 'vote')}/{papers[0]}", own(home, ben, "suggest")):
        assert "You have left" in home.post(link, data={"paper": str(papers[0])}).text
    assert home.store.votes(papers) == {}
    assert home.store.suggestions(Judged.OPEN, 9) == []


# --- suggesting ---------------------------------------------------------------------------------------------------


def test_a_reader_suggests_a_paper_and_a_curator_picks_it(home, ben, curate, papers):
    link, listing = own(home, ben, "suggest"), home.store.listing(papers[2])
    answer = home.post(link, data={"paper": f"https://arxiv.org/abs/{listing.arxiv_id}"})
    assert answer.status_code == 303
    assert "Thank you" in home.get(answer.headers["location"]).text
    (waiting,) = home.store.suggestions(Judged.OPEN, 9)
    page = home.get(curate).text
    assert "Suggested by readers" in page
    assert BEN.email not in page
    assert f"suggestion={waiting.id}#pick" in page
    form = home.get(f"{curate}?paper={papers[2]}&suggestion={waiting.id}").text
    assert f'name="suggestion" value="{waiting.id}"' in form
    home.post(curate, data=filled(papers[2], suggestion=waiting.id))
    assert [pin.listing for pin in home.store.pins(TODAY)] == [papers[2]]
    assert home.store.suggestions(Judged.OPEN, 9) == []
    late = home.post(curate, data=filled(papers[2], TODAY + DAY, suggestion=waiting.id))
    assert late.headers["location"].endswith("?done=late")
    assert home.store.pins(TODAY + DAY) == []


def test_what_is_declined_is_gone_from_the_list(home, ben, curate, papers):
    home.store.suggest(ben.id, papers[2], NOW)
    (waiting,) = home.store.suggestions(Judged.OPEN, 9)
    answer = home.post(f"{curate}/decline", data={"suggestion": waiting.id})
    assert "Declined. Nobody is told." in home.get(answer.headers["location"]).text
    assert home.store.suggestions(Judged.OPEN, 9) == []


def test_words_that_several_papers_hold_ask_which_is_meant(home, ben):
    link = own(home, ben, "suggest")
    page = home.post(link, data={"paper": "speculative decoding"}).text
    assert "Which of these do you mean?" in page
    number = re.search(r'name="number" value="(\d+)"', page)[1]
    assert home.post(link, data={"paper": "speculative decoding", "number": number}).status_code == 303
    assert [one.listing for one in home.store.suggestions(Judged.OPEN, 9)] == [int(number)]


def test_what_cannot_be_suggested_is_said_with_what_to_do(home, ann, ben, papers):
    link = own(home, ben, "suggest")

    def said(text, subscriber=ben):
        answer = home.post(own(home, subscriber, "suggest"), data={"paper": text})
        assert answer.status_code == 422
        return answer.text

    assert "Write which paper you mean" in said("")
    assert "No paper that is held here goes by that." in said("2101.00001")
    assert "No paper that is held here goes by that." in said("http://169.254.169.254/latest/meta-data")
    ids = [home.store.listing(number).arxiv_id for number in papers[:5]]
    home.store.pin(Pin(TODAY, papers[0], "Ann", "", ANN.email, NOW))
    assert "A curator has picked this paper already." in said(ids[0])
    for name in ids[1:4]:
        assert home.post(link, data={"paper": name}).status_code == 303
    assert "Somebody has suggested this paper already." in said(ids[1], ann)
    assert f"You have suggested {SUGGESTIONS_A_DAY} papers today" in said(ids[4])
    home.clock.turn(days=20)
    assert "more than 7 days old" in said(ids[4])


def test_a_site_without_curators_takes_no_suggestions(site):
    ann = site.subscribe()
    link = own(site, ann, "suggest")
    assert site.get(link).status_code == 404
    answer = site.post(link, data={"paper": "decoding"})
    assert (answer.status_code, "Nobody picks papers here" in answer.text) == (404, True)


# --- for all ------------------------------------------------------------------------------------------------------


def test_looking_changes_nothing(home, ben, curate, papers):
    home.store.suggest(ben.id, papers[1], NOW)
    home.store.pin(Pin(TODAY, papers[0], "Ann", "", ANN.email, NOW))
    before = rows_of(home.folder / "digest.db")
    links = [curate, f"{curate}?paper={papers[0]}", f"{own(home, ben, 'vote')}/{papers[3]}", own(home, ben, "suggest")]
    for link in [*links, f"{own(home, ben, 'suggest')}/{papers[1]}"]:
        for method in ("GET", "HEAD", "GET", "HEAD"):
            assert home.client.request(method, link).status_code == 200
    assert rows_of(home.folder / "digest.db") == before


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from(["paper", "number", "day", "name", "note", "suggestion", "look", "q"]), st.text())
)
def test_whatever_is_sent_no_page_breaks(home, ben, curate, papers, form):
    links = (curate, f"{curate}/preview", f"{curate}/unpick", f"{curate}/decline", own(home, ben, "suggest"))
    for link in links:
        assert home.post(link, data=form).status_code < 500
        assert home.get(link, params=form).status_code < 500


@given(st.dictionaries(st.sampled_from(["day", "name", "note"]), st.text(max_size=2_000)))
def test_what_is_read_without_a_fault_fits_and_is_one_line_where_it_must_be(form):
    written = draft(form, TODAY)
    if not written.faults:
        assert TODAY <= written.day <= TODAY + AHEAD
        assert len(written.name) <= NAME
        assert len(written.note) <= NOTE
    assert written.name.splitlines() in ([written.name], [])
