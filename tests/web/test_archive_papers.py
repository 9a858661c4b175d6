"""The page of a paper, its citation, what is like it, and what a reader may say there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import sample
from digest.model import Announcement, Fetched, Kind, Listing, Status
from digest.tokens import Purpose
from digest.web.archive import alike
from digest.web.archive.citing import bibtex, key

from .conftest import NOW

DAY = sample.DAYS[1]
PAPER = Listing(
    "Speculative Decoding, Faster Still",
    "We draft with a small model. The draft is read by a large one.\n\nThen we do it again.",
    ("Ada Lovelace", "Noémie Castellanos-Brandt"),
    "https://arxiv.org/abs/2606.12345",
    arxiv_id="2606.12345",
    doi="10.5555/spec",
    version=2,
    categories=("cs.CL", "cs.LG"),
    published=datetime(2026, 6, 17, tzinfo=UTC),
    upvotes=1204,
    comments=3,
)


def store(site, *listings, kind=Kind.NEW):
    said = tuple(Announcement(listing, "Sample arXiv", kind, DAY) for listing in listings)
    site.store.announce("Sample arXiv", Fetched(said), NOW, NOW + timedelta(hours=1))
    return [site.store.find(listing.title)[0].id for listing in listings]


def test_a_paper_has_a_page_with_all_that_is_known_of_it(site):
    (number,) = store(site, PAPER)
    page = site.get(f"/paper/{number}").text
    for said in (
        "<h1", "Speculative Decoding, Faster Still", "Ada Lovelace, Noémie Castellanos-Brandt", "We draft with a small model.",
        "Then we do it again.", "17 June 2026", "2606.12345", "10.5555/spec", "1,204 upvotes, 3 comments", "Thursday, 18 June 2026",
        f'<link rel="canonical" href="https://papers.example.org/paper/{number}">', '<meta property="og:title"',
        'href="/search?q=category%3Acs.CL"',
    ):  # fmt: skip
        assert said in page


def test_strangers_text_stays_text(site):
    nasty = replace(PAPER, title='"><script>alert(1)</script> of the titles', abstract="<img src=x onerror=alert(2)>", authors=("<b>Bob",), doi=None, arxiv_id=None, url="javascript:alert(3)")  # fmt: skip
    (number,) = store(site, nasty)
    page = site.get(f"/paper/{number}").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<b>Bob" not in page
    assert "javascript:" not in page


def test_two_papers_that_turned_out_to_be_one_are_at_the_older_ones_page(site):
    younger = Listing("The same paper under another name", url="https://example.org/other", doi="10.1/other")
    older, gone = store(site, PAPER, younger)
    store(site, replace(PAPER, doi="10.1/other"))
    answer = site.get(f"/paper/{gone}")
    assert (answer.status_code, answer.headers["location"]) == (301, f"/paper/{older}")
    assert site.get(f"/paper/{gone}.bib").headers["location"] == f"/paper/{older}.bib"


@pytest.mark.parametrize("number", ["0", "999999", "-1", "x", "1e3", "٣", "9" * 40, "%2e%2e"])
def test_what_is_no_paper_is_said(site, number):
    answer = site.get(f"/paper/{number}")
    assert answer.status_code == 404
    assert "There is no such paper here" in answer.text


def test_a_number_is_written_in_one_way(site):
    (number,) = store(site, PAPER)
    assert site.get(f"/paper/00{number}").headers["location"] == f"/paper/{number}"


def test_papers_that_share_its_telling_words_are_shown(site):
    twin = Listing(
        "Decoding speculatively with two drafts", "Speculative decoding with drafts.", url="https://example.org/7"
    )
    number, other = store(site, PAPER, twin)
    page = site.get(f"/paper/{number}").text
    similar = page[page.index("Similar papers") :]
    assert f'href="/paper/{other}"' in similar
    assert f'href="/paper/{number}"' not in similar
    assert 'href="/search?q=' in similar


def test_a_citation_can_be_downloaded(site):
    (number,) = store(site, PAPER)
    answer = site.get(f"/paper/{number}.bib")
    assert answer.headers["content-type"].startswith("application/x-bibtex")
    assert 'filename="lovelace2026speculative.bib"' in answer.headers["content-disposition"]
    assert "eprint = {2606.12345}" in answer.text


# --- citing -------------------------------------------------------------------------------------------------------


def test_an_entry_names_what_is_known():
    assert bibtex(PAPER) == (
        "@misc{lovelace2026speculative,\n"
        "  title = {{Speculative Decoding, Faster Still}},\n"
        "  author = {Ada Lovelace and Noémie Castellanos-Brandt},\n"
        "  year = {2026},\n"
        "  month = {6},\n"
        "  eprint = {2606.12345},\n"
        "  archiveprefix = {arXiv},\n"
        "  primaryclass = {cs.CL},\n"
        "  doi = {10.5555/spec},\n"
        "  url = {https://arxiv.org/abs/2606.12345},\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("listing", "named"),
    [
        (PAPER, "lovelace2026speculative"),
        (Listing("On the Études of Chopin", authors=("Müller, Jörg",)), "mulleretudes"),
        (Listing("", id=7), "paper7"),
        (Listing("光", authors=("李",), id=8), "paper8"),
    ],
)
def test_a_key_is_plain_ascii(listing, named):
    assert key(listing) == named


@given(st.text(), st.lists(st.text(), max_size=3), st.text())
def test_no_text_ends_an_entry_before_its_end(title, authors, url):
    entry = bibtex(Listing(title, authors=tuple(authors), url=url, doi=url))
    depth = 0
    for before, character in zip(" " + entry, entry, strict=False):
        depth += {"{": 1, "}": -1}.get(character, 0) if before != "\\" else 0
        assert depth >= 0
    assert depth == 0
    assert entry.endswith("}\n")


# --- alike --------------------------------------------------------------------------------------------------------


def test_what_tells_is_rare_and_said_often_and_first_of_all_in_the_title():
    rare = {"specul": 6.0, "decod": 5.0, "draft": 7.0, "model": 1.0}
    words = alike.telling(PAPER, lambda keys: max(rare.get(each, 0.0) for each in keys))
    assert [word.key for word in words] == ["draft", "specul", "decod"]
    assert alike.query(words) == "draft speculative decoding"


def test_one_word_tells_nothing():
    assert alike.part([alike.Telling("draft", "draft", 1.0)]) is None


# --- a reader's own view ------------------------------------------------------------------------------------------


def test_a_reader_sees_what_they_said_and_what_they_may_say(site):
    ann, (number,) = site.subscribe(), store(site, PAPER)
    token = site.token(ann, Purpose.FEEDBACK)
    page = site.get(f"/reader/{token}/paper/{number}")
    assert page.headers["cache-control"] == "no-store"
    assert '<meta name="robots" content="noindex">' in page.text
    assert f'action="/say/{token}/{number}"' in page.text
    assert "Suggest it" not in page.text
    site.store.give_feedback(ann.email, number, True, NOW)
    site.store.vote(ann.id, number, NOW, on=True)
    page = site.get(f"/reader/{token}/paper/{number}").text
    assert "You want more like this" in page
    assert "Stop recommending it" in page


def test_its_buttons_do_what_they_say(site):
    ann, (number,) = site.subscribe(), store(site, PAPER)
    token = site.token(ann, Purpose.FEEDBACK)
    assert site.post(f"/say/{token}/{number}", data={"say": "like"}).status_code == 303
    assert site.post(f"/vote/{token}/{number}", data={"on": "1"}).status_code == 303
    assert [(said.listing.id, said.liked) for said in site.store.feedback(ann.email)] == [(number, True)]
    assert site.store.voted(ann.id, number)
    site.post(f"/say/{token}/{number}", data={"say": "undo"})
    site.post(f"/vote/{token}/{number}", data={"off": "1"})
    assert site.store.feedback(ann.email) == []
    assert not site.store.voted(ann.id, number)


def test_where_there_are_curators_a_reader_may_suggest(make_site):
    site = make_site(more='\n[web]\ncurators = ["mira@example.org"]\n')
    ann, (number,) = site.subscribe(), store(site, PAPER)
    token = site.token(ann, Purpose.FEEDBACK)
    assert f'action="/suggest/{token}"' in site.get(f"/reader/{token}/paper/{number}").text
    assert site.post(f"/suggest/{token}", data={"number": str(number)}).status_code == 303


def test_a_link_for_something_else_shows_nothing_of_a_reader(site):
    ann, (number,) = site.subscribe(), store(site, PAPER)
    assert site.get(f"/reader/{site.token(ann, Purpose.EDITION)}/paper/{number}").status_code == 404
    site.store.set_status(ann.email, Status.REMOVED, NOW)
    assert "You have left" in site.get(f"/reader/{site.token(ann, Purpose.FEEDBACK)}/paper/{number}").text
