"""The pages that lead away, back and to one's own, as Chromium shows them: on the narrowest phone, in light and dark."""

import re
from dataclasses import replace
from datetime import date

import pytest

from digest.model import Away, Cause, Origin, Schedule, Status
from digest.tokens import Purpose
from digest.web import postman

from .conftest import ANN, NOW
from .digested import digested
from .looking import faults

OWN = "http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def pulled(pulled, tmp_path_factory):
    """With a digest of today, sent to Ann."""
    return digested(pulled, tmp_path_factory.mktemp("digested"))


@pytest.fixture
def own(make_site):
    """Pages that forms may be sent to: at their own address."""
    return make_site(url=OWN)


def links(site, email=ANN.email):
    one = site.store.subscriber(email)
    return {purpose.value: site.token(one, purpose) for purpose in Purpose}


def pages(site):
    """Every page, in every state, by a name of its own: what brings it about, and its path."""
    own = links(site)
    leave, change, say = (own[name] for name in ("unsubscribe", "preferences", "feedback"))
    store, email = site.store, ANN.email

    def posted(path, **data):
        return lambda: site.post(path, data=data).headers["location"]

    def looked(path, *before):
        return lambda: ([act() for act in before] and path) or path

    def moving():
        site.post(f"/preferences/{change}/address", data={"email": "new@example.org"})
        while postman.deliver(site.desk, site.clock()):
            pass
        mails = b"".join(path.read_bytes() for path in (site.folder / "sent").rglob("*.eml"))
        return re.search(rb"(/move/\S+)", mails.replace(b"=\r\n", b""))[1].decode()

    def paused():
        return store.set_status(email, Status.PAUSED, NOW)

    def active():
        return store.set_status(email, Status.ACTIVE, NOW)

    def planned():
        away = (Away(date(2026, 7, 1), date(2026, 7, 9)), Away(date(2026, 12, 24), date(2027, 1, 3)))
        return store.update(replace(store.subscriber(email), schedule=Schedule("Europe/Berlin", away=away)), NOW)

    yield "unsubscribe", looked(f"/unsubscribe/{leave}")
    yield "weekly", posted(f"/unsubscribe/{leave}/weekly")
    yield "month", posted(f"/unsubscribe/{leave}/pause")
    yield "resumed", looked(f"/unsubscribe/{leave}", active)
    yield "pause", looked(f"/preferences/{change}/pause", planned)
    yield "paused", posted(f"/preferences/{change}/pause", **{"for": "good"})
    yield "like", looked(f"/like/{say}/1")
    yield "liked", posted(f"/like/{say}/1")
    yield "disliked", posted(f"/dislike/{say}/2")
    yield "say", looked(f"/say/{say}/{store.window(0)[-1].listing.id}")
    yield "editions", looked(f"/preferences/{change}/editions")
    yield "edition", looked(f"/edition/{own['edition']}")
    yield "address", looked(f"/preferences/{change}/address")
    yield "move", moving
    yield "delete", looked(f"/preferences/{change}/delete")
    yield "left", posted(f"/unsubscribe/{leave}", by="page")
    yield "left-preferences", looked(f"/preferences/{change}/editions")
    yield "listed", looked(f"/unsubscribe/{leave}", lambda: store.suppress(email, Cause.BOUNCE, "550", NOW))
    yield "unknown", looked("/unsubscribe/1-20260618-abcdefghijklmnop")
    yield "deleted", posted(f"/preferences/{change}/delete")
    yield "file-address", looked(f"/preferences/{in_file(site)}/address")


def in_file(site):
    site.store.sync([replace(ANN, email="file@example.org", origin=Origin.FILE)], NOW)
    return links(site, "file@example.org")["preferences"]


def test_every_page_is_accessible_fits_the_narrowest_phone_and_asks_nobody_else(own, browser):
    context = browser.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for name, reach in pages(own):
        page.goto(own.desk.base + reach())
        assert faults(page) == [], name
    context.close()
    assert [url for url in asked if not url.startswith(own.desk.base)] == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with a script", "without"])
def test_somebody_likes_a_paper_pauses_leaves_takes_it_back_and_is_deleted(own, browser, scripts):
    context = browser.new_context(viewport={"width": 375, "height": 812}, java_script_enabled=scripts)
    page, base, own_links = context.new_page(), own.desk.base, links(own)
    page.set_default_timeout(10_000)
    press = lambda name: page.get_by_role("button", name=name, exact=True).first.click()  # noqa: E731
    heading = lambda words: page.get_by_role("heading", name=words).wait_for()  # noqa: E731
    page.goto(f"{base}/like/{own_links['feedback']}/1")
    press("More like this")
    heading("Noted: more like this")
    press("Take it back")
    heading("More like this?")
    page.goto(f"{base}/unsubscribe/{own_links['unsubscribe']}")
    press("Pause for a month")
    heading("Your digest is paused")
    press("Take it back")
    press("Unsubscribe")
    heading("You have left")
    press("Take it back")
    heading("Unsubscribe ann@example.org?")
    page.goto(f"{base}/preferences/{own_links['preferences']}/delete")
    press("Delete everything")
    heading("It is all gone")
    context.close()
    assert own.store.subscriber(ANN.email) is None
