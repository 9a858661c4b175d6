"""What every page is made with."""

from digest.tokens import Purpose

from .conftest import ANN


def test_a_link_knows_whose_it_is_and_what_it_is_good_for(site):
    ann = site.subscribe()
    token = site.token(ann, Purpose.UNSUBSCRIBE)
    assert site.desk.reader(token, Purpose.UNSUBSCRIBE).subscriber == ann
    assert site.desk.reader(token, Purpose.PREFERENCES) is None
    assert site.desk.reader(token.replace(f"{ann.id}-", f"{ann.id + 1}-", 1), Purpose.UNSUBSCRIBE) is None
    assert ann.email == ANN.email


def test_a_link_grows_old_after_90_days(site):
    reader = lambda: site.desk.reader(token, Purpose.PREFERENCES)  # noqa: E731
    token = site.token(site.subscribe(), Purpose.PREFERENCES)
    assert not reader().is_old
    site.clock.turn(days=91)
    assert reader().is_old


def test_what_pages_need_is_served_under_an_address_that_changes_with_it(site):
    style = site.desk.static["site.css"]
    answer = site.get(style.path)
    assert (answer.status_code, answer.content) == (200, style.content)
    assert answer.headers["content-type"].startswith("text/css")
