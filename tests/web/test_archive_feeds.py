"""Feeds, as the standards have them, and what search engines are told."""

import json
from datetime import UTC, date, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from digest import sample
from digest.model import Kind, Listing, Pick, Section, Status
from digest.tokens import Purpose
from digest.web.archive import feeds, following, mapping
from digest.web.archive.feeds import Feed

from .conftest import NOW
from .test_archive_days import announce
from .test_archive_papers import PAPER, store

DAY = sample.DAYS[1]
ATOM = "{http://www.w3.org/2005/Atom}"


def entries(answer: httpx.Response) -> list[etree._Element]:
    return etree.fromstring(answer.content).findall(f"{ATOM}entry")


def names(answer: httpx.Response) -> list[str]:
    return [entry.findtext(f"{ATOM}title") for entry in entries(answer)]


def sound(root: etree._Element) -> None:
    """What RFC 4287 asks of a feed and of its entries (4.1.1, 4.1.2)."""
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
        assert element.findtext(f"{ATOM}id").startswith("https://")
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated")).tzinfo
        assert len(element.findall(f"{ATOM}link[@rel='alternate']")) == 1
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    assert len(root.findall(f"{ATOM}link[@rel='self']")) == 1
    ids = [entry.findtext(f"{ATOM}id") for entry in root.findall(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", ["/papers.atom", f"/papers/{DAY}.atom", "/search.atom?q=model", "/search.atom", "/papers/2026-06-07.atom"])  # fmt: skip
def test_atom_is_as_the_standard_has_it(site, path):
    answer = site.get(path)
    assert answer.headers["content-type"] == "application/atom+xml"
    sound(etree.fromstring(answer.content))


@pytest.mark.parametrize("path", ["/papers.json", f"/papers/{DAY}.json", "/search.json?q=model", "/search.json"])
def test_json_feed_is_as_the_standard_has_it(site, path):
    answer = site.get(path)
    assert answer.headers["content-type"] == "application/feed+json"
    said = json.loads(answer.content)
    assert said["version"] == "https://jsonfeed.org/version/1.1"
    assert said["feed_url"] == "https://papers.example.org" + path
    assert all(isinstance(one["id"], str) and "content_text" in one for one in said["items"])
    assert all(datetime.fromisoformat(one["date_published"]) for one in said["items"])


def test_a_feed_of_a_day_has_its_papers_those_talked_about_most_first(site):
    announce(site, Listing("The loud one of the two", "All of it.", ("Ann Lee",), "https://example.org/2", upvotes=9_999, categories=("cs.CL",)))  # fmt: skip
    first = entries(site.get("/papers.atom"))[0]
    assert first.findtext(f"{ATOM}title") == "The loud one of the two"
    assert first.findtext(f"{ATOM}summary") == "All of it."
    assert first.find(f"{ATOM}link[@rel='related']").get("href") == "https://example.org/2"
    assert first.find(f"{ATOM}category").get("term") == "cs.CL"
    assert names(site.get("/papers.atom?category=cs.CL"))[0] == "The loud one of the two"
    assert names(site.get("/papers.atom?category=q-fin")) == []


def test_a_feed_of_a_search_has_the_newest_first(site):
    announce(site, Listing("Zymurgy one", url="https://example.org/8"))
    announce(site, Listing("Zymurgy two", url="https://example.org/9"))
    assert names(site.get("/search.atom?q=zymurgy&order=closest")) == ["Zymurgy two", "Zymurgy one"]


@pytest.mark.parametrize("form", following.FORMS)
def test_a_feed_is_the_same_until_something_is_announced(site, form):
    before = site.get(f"/papers.{form}")
    site.clock.turn(hours=3)
    assert site.get(f"/papers.{form}").content == before.content
    assert site.get(f"/papers.{form}", headers={"If-None-Match": before.headers["etag"]}).status_code == 304


def test_pages_name_their_feeds(site):
    assert 'type="application/atom+xml" title="New papers every day" href="/papers.atom"' in site.get("/papers").text
    store(site, PAPER)
    assert 'href="/search.atom?q=lovelace"' in site.get("/search?q=lovelace").text


# --- profiles -----------------------------------------------------------------------------------------------------


def test_a_profile_can_be_followed_with_why_each_was_chosen(site):
    ann = site.subscribe()
    token = site.token(ann, Purpose.FEED)
    answer = site.get(f"/feed/{token}.atom")
    assert answer.headers["cache-control"] == "no-store"
    root = etree.fromstring(answer.content)
    sound(root)
    assert any("speculative decoding" in entry.findtext(f"{ATOM}summary").splitlines()[0] for entry in entries(answer))
    days = [entry.findtext(f"{ATOM}updated") for entry in entries(answer)]
    assert days == sorted(days, reverse=True)
    assert token not in "".join(entry.findtext(f"{ATOM}id") for entry in entries(answer))
    said = json.loads(site.get(f"/feed/{token}.json").content)
    assert len(said["items"]) == len(days)


def test_a_profiles_feed_does_not_grow_old_and_ends_when_its_reader_leaves(site):
    ann = site.subscribe()
    token = site.token(ann, Purpose.FEED)
    site.clock.turn(days=400)
    assert site.get(f"/feed/{token}.atom").status_code == 200
    site.store.set_status(ann.email, Status.REMOVED, NOW)
    assert site.get(f"/feed/{token}.atom").status_code == 410


@pytest.mark.parametrize("token", ["x", "1-20260618-AAAAAAAAAAAAAAAA"])
def test_a_link_that_is_nobodys_has_no_feed(site, token):
    assert site.get(f"/feed/{token}.atom").status_code == 404


def test_a_link_for_something_else_has_no_feed(site):
    assert site.get(f"/feed/{site.token(site.subscribe(), Purpose.EDITION)}.json").status_code == 404


# --- writing ------------------------------------------------------------------------------------------------------


@given(st.text(st.characters(exclude_categories=())), st.text(), st.lists(st.text(), max_size=3))
def test_whatever_a_paper_says_feeds_can_be_read(title, abstract, names):
    listing = Listing(title, abstract, tuple(names), url=abstract, categories=tuple(names), id=1)
    one = feeds.item(Pick(listing, Section.TRENDING, Kind.NEW, "arxiv", DAY, 0.0), "https://example.org")
    feed = Feed(title, "https://example.org/", f"https://example.org/{abstract}", "Site", feeds.midnight(DAY), (one,))
    assert etree.fromstring(feeds.atom(feed)).findtext(f"{ATOM}entry/{ATOM}title") == one.title
    assert json.loads(feeds.json_feed(feed))["items"][0]["title"] == one.title


def test_a_feed_of_nothing_changed_when_its_day_began():
    assert feeds.changed((), date(2026, 6, 18)) == datetime(2026, 6, 18, tzinfo=UTC)


# --- search engines -----------------------------------------------------------------------------------------------

MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def places(answer: httpx.Response) -> list[str]:
    assert answer.headers["content-type"].startswith("application/xml")
    return [place.text for place in etree.fromstring(answer.content).iter(f"{MAP}loc")]


def test_the_map_has_every_day_and_every_paper_once(site):
    numbers = site.store.paper_numbers(0, 1_000)
    found = places(site.get("/sitemap.xml"))
    assert len(set(found)) == len(found) == 2 + len(site.store.archive_days()) + len(numbers)
    assert f"https://papers.example.org/papers/{DAY}" in found
    assert all(site.get(place.removeprefix("https://papers.example.org")).status_code == 200 for place in found[-3:])


def test_too_many_papers_for_one_map_have_several(site, monkeypatch):
    monkeypatch.setattr(mapping, "AT_ONCE", 20)
    parts = places(site.get("/sitemap.xml"))
    assert parts[0] == "https://papers.example.org/sitemap-days.xml"
    found = [place for part in parts for place in places(site.get(part.removeprefix("https://papers.example.org")))]
    assert len(found) == len(set(found)) == 2 + len(site.store.archive_days()) + len(site.store.paper_numbers(0, 1_000))
    assert places(site.get(f"/sitemap-{10**30}.xml")) == places(site.get("/sitemap-0.xml"))


def test_search_engines_are_told_what_is_private(site):
    said = site.get("/robots.txt")
    assert said.headers["content-type"].startswith("text/plain")
    assert "Disallow: /preferences/\n" in said.text
    assert said.text.endswith("Sitemap: https://papers.example.org/sitemap.xml\n")
