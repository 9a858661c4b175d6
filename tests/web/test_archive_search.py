"""Search, in the profile language: what is asked, and what is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Kind
from digest.web.archive import asking
from digest.web.archive.asking import asked
from digest.web.archive.searching import Search, search_of

from .test_archive_days import announce, titles
from .test_archive_papers import PAPER, store


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('"draft with a small model"', ["Speculative Decoding, Faster Still"]),
        ("author:lovelace", ["Speculative Decoding, Faster Still"]),
        ("lovelace decoding", ["Speculative Decoding, Faster Still"]),
        ("2606.12345", ["Speculative Decoding, Faster Still"]),
        ("https://arxiv.org/abs/2606.12345v2", ["Speculative Decoding, Faster Still"]),
        ("doi:10.5555/spec", ["Speculative Decoding, Faster Still"]),
        ("quidditch", []),
        ("quidditch -decoding", []),
        ("speculative -decoding", []),
    ],
)
def test_what_is_asked_is_found(site, query, found):
    store(site, PAPER)
    page = site.get("/search", params={"q": query})
    assert page.status_code == 200
    assert titles(page) == found


def test_nothing_asked_shows_what_can_be_asked(site):
    page = site.get("/search").text
    assert "What can be asked" in page
    assert 'role="status"' not in page


def test_what_was_found_is_counted_and_its_words_marked(site):
    store(site, PAPER)
    page = site.get("/search?q=lovelace+draft").text
    assert "1 paper" in page
    assert "<mark>draft</mark>" in page


def test_what_cannot_be_read_is_said_and_read_as_plain_words(site):
    store(site, PAPER)
    page = site.get("/search", params={"q": 'titel:decoding "faster'}).text
    assert "did you mean `title:`" in page
    assert 'class="fault"' in page


def test_only_one_category_and_some_days_are_shown_where_that_is_wanted(site):
    store(site, PAPER)
    assert titles(site.get("/search?q=faster+draft&category=cs.CL"))
    assert not titles(site.get("/search?q=faster+draft&category=math"))
    assert titles(site.get("/search?q=lovelace+draft&since=2026-06-18&until=2026-06-18"))
    assert not titles(site.get("/search?q=lovelace+draft&until=2026-06-17"))
    assert titles(site.get("/search?category=cs.CL&since=2026-06-18"))
    page = site.get("/search?q=faster+draft&since=yesterday").text
    assert "“yesterday” is no day" in page
    assert titles(site.get("/search?q=faster+draft&since=yesterday"))


def test_many_papers_are_shown_page_by_page_closest_or_newest_first(site):
    listings = [PAPER.__class__(f"Zymurgy {n:02}", "Of zymurgy.", url=f"https://example.org/z{n}") for n in range(45)]
    announce(site, *listings)
    first = site.get("/search?q=zymurgy&order=newest")
    assert titles(first)[0] == "Zymurgy 44"
    assert "45 papers, the newest first. Page 1 of 3" in first.text
    assert len(titles(site.get("/search?q=zymurgy&order=newest&page=3"))) == 5
    assert "There are no more pages" in site.get("/search?q=zymurgy&page=9").text
    seen = [title for n in (1, 2, 3) for title in titles(site.get(f"/search?q=zymurgy&page={n}"))]
    assert len(seen) == len(set(seen)) == 45


def test_what_was_typed_is_shown_again_as_text(site):
    page = site.get("/search", params={"q": '"><script>alert(1)</script>', "category": '"><b>'}).text
    assert "<script>alert" not in page
    assert '"><b>' not in page


@pytest.mark.parametrize("values", [{"q": "\0"}, {"q": "\ud800"}, {"page": "-5"}, {"order": "x"}, {"q": "x" * 9_999}, {"since": "0001-01-01", "until": "9999-12-31"}, {"q": '" OR 1=1 --'}, {"q": "NEAR(a b) * ^ : {}"}])  # fmt: skip
def test_no_input_is_an_error(site, values):
    encoded = {name: value.encode("utf-8", "surrogatepass") for name, value in values.items()}
    assert site.get("/search", params=encoded).status_code == 200


# --- reading ------------------------------------------------------------------------------------------------------


@given(st.text() | st.text("abz \"'|-+=*:^,;()GAN光\n"))
def test_every_text_can_be_asked(text):
    query = asked(text)
    assert (query.part is None) == (not query.readings and not query.wanted and not query.keys)


def test_how_a_paper_was_announced_is_asked_for_apart():
    query = asked("decoding source:hf kind:trending")
    assert (query.sources, query.kinds) == (frozenset({"hf"}), frozenset({Kind.TRENDING}))


def test_a_long_text_is_bounded():
    assert len(asked("word " * 5_000).keys) <= 24
    assert len(search_of({"q": "x" * 9_999}).q) == asking.LONGEST


def test_an_address_asks_for_the_same_again():
    search = Search("a b", "newest", "cs.CL", "2026-01-01", "", 3)
    assert search.address() == "q=a+b&order=newest&category=cs.CL&since=2026-01-01&page=3"
    assert search.address(page=1, order="") == "q=a+b&category=cs.CL&since=2026-01-01"
