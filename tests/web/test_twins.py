"""Addresses that compare alike and are two people's: with `ss` and with `ß` are two domains (RFC 5891), of two owners."""

from dataclasses import replace

import pytest

from digest.errors import UsageError
from digest.model import Errand, Status
from digest.web.preferences.choosing import is_curator

from .conftest import ANN, NOW
from .test_postman import make_office, office  # noqa: F401  (fixtures)

OWN, TWIN = "ann@strasse.example", "ann@stra\N{LATIN SMALL LETTER SHARP S}e.example"


@pytest.mark.parametrize(("there", "stranger"), [(OWN, TWIN), (TWIN, OWN)])
@pytest.mark.parametrize("errand", [Errand.LINK, Errand.SIGN_UP])
def test_nobody_is_mailed_the_link_of_another_whose_address_compares_alike(office, there, stranger, errand):  # noqa: F811
    office.desk.store.add(replace(ANN, email=there), NOW)
    office.ask(errand, stranger)
    office.deliver()
    assert not [mail for mail in office.relay.mails if "/preferences/" in mail.as_string()]


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.REMOVED])
def test_nobody_takes_the_place_of_another_whose_address_compares_alike(office, status):  # noqa: F811
    store = office.desk.store
    office.ask(Errand.SIGN_UP, TWIN)
    number = store.set_status(store.add(replace(ANN, email=OWN), NOW).email, status, NOW).id
    mover = store.add(replace(ANN, email="mover@example.org"), NOW)
    office.ask(Errand.MOVE, TWIN, subscriber=mover.id)
    for wish, confirm in ((1, store.confirm_wish), (2, store.confirm_move)):
        with pytest.raises(UsageError):
            confirm(store.wish_numbered(wish), NOW)
    assert store.subscriber_numbered(number).email == OWN
    assert store.subscriber(TWIN) is None


def test_a_curator_is_nobody_whose_address_but_compares_alike(make_site):
    desk = make_site(more=f'[web]\ncurators = ["{OWN}"]').desk
    assert [is_curator(desk, replace(ANN, email=email)) for email in (OWN.upper(), TWIN)] == [True, False]
