"""What opens every link of a mail before its reader does: filters, previews, people who click around. Nothing changes."""

import re
from collections import Counter
from html.parser import HTMLParser

import httpx

from digest.model import Errand, Pin, Wish
from digest.tokens import Purpose

from ..stores import rows_of  # noqa: TID252  (tests are no package)
from .community import digests, letters, link, urls
from .conftest import ANN, NOW

_OF_A_KIND = 3


class Links(HTMLParser):
    """Where a page leads by GET."""

    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.found |= {given[name] for name in ("href", "src") if given.get(name)}
        if tag == "form" and given.get("method", "get").lower() == "get":
            self.found.add(f"{given.get('action', '')}?q=retrieval")


def rows(site):
    """Everything that is in the database."""
    return rows_of(site.folder / "digest.db")


def every_kind_of_mail(site, mailbox):
    """One of each: a digest, and all small mails."""
    ann = site.subscribe()
    listing = site.store.find("2606.99002")[0].id
    site.store.pin(Pin(NOW.date(), listing, "Ann", "Read **this**.", ANN.email, NOW))
    assert digests(site) == 1
    for wish in (
        Wish(Errand.SIGN_UP, "new@example.org", site.clock(), wanted=ANN),
        Wish(Errand.SIGN_UP, ann.email, site.clock(), wanted=ANN),
        Wish(Errand.LINK, ann.email, site.clock()),
        Wish(Errand.MOVE, "elsewhere@example.org", site.clock(), subscriber=ann.id),
    ):
        site.store.wish(wish, site.clock())
    letters(site)
    got, mailbox.got = mailbox.got, []
    assert len(got) == 5
    return [message for _, message in got]


def kind(url):
    """Alike for pages of one kind: what differs is a number, a day, a token or what is asked for."""
    address = httpx.URL(url)
    return re.sub(r"[\w-]{20,}|\d[\d-]*", "*", address.path), tuple(sorted(address.params))


def open_everything(client, first):
    """GET and HEAD, twice each, of these and of what they lead to, a few of each kind; returns the answers to GET."""
    base = str(client.base_url).rstrip("/")
    waiting, seen, answers, kinds = sorted(first), set(first), {}, Counter(map(kind, first))
    while waiting:
        url = waiting.pop(0)
        for method in ("HEAD", "GET") * 2:
            answers[url] = answer = client.request(method, url)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        page = Links()
        page.feed(answer.text)
        new = {str(httpx.URL(url).join(link)).partition("#")[0] for link in page.found} - seen
        for one in sorted(new):
            seen.add(one)
            kinds[kind(one)] += 1
            if one.startswith(base) and kinds[kind(one)] <= _OF_A_KIND:
                waiting.append(one)
    return answers, seen


def test_opening_every_link_of_every_mail_and_all_that_they_lead_to_changes_nothing_and_finds_no_dead_end(
    community, mailbox
):
    base, mails = community.desk.base, every_kind_of_mail(community, mailbox)
    first = {url for mail in mails for url in urls(mail) if url.startswith(base)} | {f"{base}/"}
    for way in ("preferences", "unsubscribe", "like", "dislike", "confirm", "move", "archive"):
        assert any(f"/{way}" in url for url in first), f"no mail leads to {way}"
    before = rows(community)
    at_leisure = {"request": [lambda _: community.clock.turn(seconds=20)]}  # in haste, searches are limited
    with httpx.Client(base_url=base, trust_env=False, timeout=30, event_hooks=at_leisure) as client:
        answers, seen = open_everything(client, first)
    assert rows(community) == before
    assert {url: answer.status_code for url, answer in answers.items() if answer.status_code >= 400} == {}
    own = httpx.URL(base)
    assert {url for url in seen if httpx.URL(url).netloc == own.netloc and not url.startswith(base)} == set()


def test_one_click_from_a_mail_server_needs_neither_cookie_nor_page(community, mailbox):
    ann = community.subscribe()
    digests(community)
    ((_, mail),) = mailbox.got
    url = link(mail, "unsubscribe")
    with httpx.Client(trust_env=False) as client:
        for files in (None, {"List-Unsubscribe": (None, "One-Click")}):
            data = None if files else {"List-Unsubscribe": "One-Click"}
            answer = client.post(url, data=data, files=files)
            assert (answer.status_code, answer.headers.get("set-cookie")) == (200, None)
    assert community.store.subscriber(ann.email).status == "removed"
    assert community.desk.reader(url.rpartition("/")[2], Purpose.UNSUBSCRIBE) is not None
