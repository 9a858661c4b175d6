"""What is asked for on pages: one mail, however often it is asked, and nothing that a crash could lose."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from digest import wishing
from digest.errors import UsageError
from digest.model import Cause, Errand, Origin, Profile, Schedule, Status, Subscriber, Wish

from .making import HOUR, NOW, subscribe

DAY = timedelta(days=1)
LEASE = timedelta(minutes=10)
ANN = Subscriber("ann@example.org", profile=Profile(keywords=("diffusion",)), schedule=Schedule("Asia/Tokyo"))


def ask(store, email="ann@example.org", now=NOW, errand=Errand.SIGN_UP, **fields):
    known = {"wanted": replace(ANN, email=email)} if errand is Errand.SIGN_UP else {}
    store.wish(Wish(errand, email, now, **(known | fields)), now)


def claim(store, now=NOW, limit=50):
    return store.claim_wishes(now, LEASE, limit)


def mail(store, now=NOW):
    """How many mails go out now."""
    mine = claim(store, now)
    for wish in mine:
        store.wish_mailed(wish, now)
    return len(mine)


def test_a_wish_comes_back_as_it_was_asked(store):
    ask(store, "Ann@Example.org")
    (wish,) = claim(store)
    assert wish == Wish(Errand.SIGN_UP, "Ann@Example.org", NOW, replace(ANN, email="Ann@Example.org"), id=wish.id)
    assert store.wish_numbered(wish.id) == wish
    assert store.wish_numbered(wish.id + 1) is None


def test_whoever_asks_a_thousand_times_has_one_mail_sent_in_three_days(store):
    sent = 0
    for number in range(1_000):
        ask(store, "ann@example.org" if number % 2 else "ANN@EXAMPLE.ORG", NOW + number * timedelta(minutes=4))
        sent += mail(store, NOW + number * timedelta(minutes=4)) if number % 10 == 0 else 0
    assert sent == 1


@pytest.mark.parametrize("errand", [Errand.SIGN_UP, Errand.MOVE])
def test_one_mailbox_has_one_mail_sent_however_its_address_is_spelt(store, errand):
    for spelling in ("ann@gmail.com", "Ann+1@gmail.com", "a.n.n+2@gmail.com", "ann@googlemail.com"):
        ask(store, spelling, errand=errand)
    assert mail(store) == 1


def test_people_of_like_names_do_not_stand_in_each_others_way(store):
    for spelling in ("ann@example.org", "a.nn@example.org", "ann+x@example.com", "+x@example.org", "x@example.org"):
        ask(store, spelling)
    assert mail(store) == 5


def test_a_tag_in_the_address_is_kept(store):
    ask(store, "Ann+Papers@Example.org")
    (wish,) = claim(store)
    assert store.confirm_wish(wish, NOW).email == "Ann+Papers@Example.org"


def test_what_was_asked_with_a_tag_is_erased_with_its_reader(store):
    ask(store, "Ann+Papers@Example.org")
    (wish,) = claim(store)
    who = store.confirm_wish(wish, NOW)
    assert store.erase(who.id, NOW)
    assert store.wish_numbered(wish.id) is None


def test_each_wait_is_three_times_the_one_before_up_to_27_days(store):
    sent = []
    for day in range(300):
        ask(store, now=NOW + day * DAY)
        sent += [day] * mail(store, NOW + day * DAY)
    assert sent == [0, 3, 12, *range(39, 300, 27)]


def test_a_link_to_ones_preferences_is_mailed_once_a_day_however_often_it_is_asked_for(store):
    sent = []
    for hours in range(0, 24 * 5, 6):
        ask(store, now=NOW + hours * HOUR, errand=Errand.LINK)
        sent += [hours] * mail(store, NOW + hours * HOUR)
    assert sent == [0, 24, 48, 72, 96]


def test_nothing_is_mailed_later_for_what_was_asked_too_early(store):
    ask(store)
    mail(store)
    ask(store, now=NOW + HOUR)
    assert mail(store, NOW + 30 * DAY) == 0


def test_what_was_mailed_stays_what_it_was_while_its_link_works(store):
    ask(store)
    (wish,) = claim(store)
    store.wish_mailed(wish, NOW)
    ask(store, now=NOW + HOUR, wanted=replace(ANN, profile=Profile(keywords=("astrology",))))
    kept = store.wish_numbered(wish.id)
    assert kept.wanted.profile.keywords == ("diffusion",)
    assert (kept.at, kept.mails, kept.mailed_at) == (NOW, 1, NOW)


def test_before_it_is_mailed_the_last_word_counts(store):
    ask(store)
    ask(store, now=NOW + timedelta(seconds=9), wanted=replace(ANN, profile=Profile(keywords=("astronomy",))))
    (wish,) = claim(store, NOW + HOUR)
    assert wish.wanted.profile.keywords == ("astronomy",)


def test_what_is_asked_while_the_mail_is_on_its_way_brings_no_second_one(store):
    ask(store)
    (wish,) = claim(store)
    ask(store, now=NOW + timedelta(seconds=1))
    assert claim(store, NOW + timedelta(seconds=2)) == []
    store.wish_mailed(wish, NOW + timedelta(seconds=3))
    assert claim(store, NOW + HOUR) == []


def test_whoever_dies_while_mailing_leaves_it_to_others_when_the_lease_ends(store):
    ask(store)
    (wish,) = claim(store)
    assert claim(store, NOW + LEASE / 2) == []
    assert claim(store, NOW + LEASE) == [wish]


def test_what_is_put_off_comes_back_at_its_time(store):
    ask(store)
    (wish,) = claim(store)
    store.put_off_wish(wish, NOW + HOUR)
    assert claim(store, NOW + HOUR / 2) == []
    assert claim(store, NOW + HOUR) == [wish]


def test_nothing_is_kept_of_what_is_not_mailed_for(store):
    ask(store, errand=Errand.LINK)
    (wish,) = claim(store)
    store.drop_wish(wish)
    assert store.wish_numbered(wish.id) is None
    ask(store, errand=Errand.LINK)
    assert mail(store) == 1


def test_what_was_mailed_once_is_remembered_when_the_next_one_is_dropped(store):
    ask(store, errand=Errand.LINK)
    mail(store)
    later = NOW + 4 * DAY
    ask(store, errand=Errand.LINK, now=later)
    (wish,) = claim(store, later)
    store.drop_wish(wish)
    assert store.wish_numbered(wish.id).mails == 1
    assert claim(store, later + DAY) == []


def test_errands_do_not_stand_in_each_others_way(store):
    for errand in Errand:
        ask(store, errand=errand)
    assert mail(store) == len(Errand)


def test_one_domain_gets_a_hundred_mails_an_hour_and_the_others_wait_for_none(store):
    for number in range(130):
        ask(store, f"victim{number}@example.org")
    ask(store, "bob@bücher.example")
    sent = [
        [wish.email.partition("@")[2] for wish in _all_mailed(store, NOW + n * timedelta(minutes=6))] for n in range(12)
    ]
    assert Counter(sent[0]) == {"example.org": wishing.MOST_A_DOMAIN, "bücher.example": 1}
    assert [len(each) for each in sent[1:10]] == [0] * 9
    assert sum(len(each) for each in sent) == 131


def _all_mailed(store, now):
    done = []
    while mine := claim(store, now):
        for wish in mine:
            store.wish_mailed(wish, now)
        done += mine
    return done


def test_confirming_subscribes_once(store):
    ask(store)
    (wish,) = claim(store)
    ann = store.confirm_wish(wish, NOW)
    assert (ann.email, ann.profile, ann.schedule, ann.origin) == (ANN.email, ANN.profile, ANN.schedule, Origin.DATABASE)
    assert store.confirm_wish(wish, NOW) is None
    assert store.subscriber("ann@example.org") == ann
    assert store.wish_numbered(wish.id).done_at == NOW
    assert claim(store, NOW + DAY) == []


def test_confirming_what_was_asked_anew_since_does_nothing(store):
    ask(store)
    (old,) = claim(store)
    store.put_off_wish(old, NOW)
    ask(store, now=NOW + HOUR)
    assert store.confirm_wish(old, NOW + HOUR) is None
    assert store.subscriber("ann@example.org") is None


def test_who_left_comes_back_with_their_number_and_what_they_want_now(store):
    before = subscribe(store, "ann@example.org")
    store.set_status("ann@example.org", Status.REMOVED, NOW)
    ask(store)
    (wish,) = claim(store)
    ann = store.confirm_wish(wish, NOW)
    assert (ann.id, ann.status, ann.profile) == (before.id, Status.ACTIVE, ANN.profile)


def test_who_is_in_already_stays_as_they_are(store):
    ask(store)
    (wish,) = claim(store)
    before = subscribe(store, "ann@example.org", profile=Profile(keywords=("mine",)))
    assert store.confirm_wish(wish, NOW) == before
    assert store.subscriber("ann@example.org").profile.keywords == ("mine",)


def test_who_gets_no_mail_cannot_confirm_and_the_wish_stays_open(store):
    ask(store)
    (wish,) = claim(store)
    store.suppress("ann@example.org", Cause.COMPLAINT, "", NOW)
    with pytest.raises(UsageError, match="suppression list"):
        store.confirm_wish(wish, NOW)
    assert store.wish_numbered(wish.id).done_at is None


def test_after_it_is_confirmed_it_can_be_asked_anew(store):
    ask(store)
    (wish,) = claim(store)
    store.wish_mailed(wish, NOW)
    store.confirm_wish(wish, NOW)
    ask(store, now=NOW + HOUR)
    assert mail(store, NOW + HOUR) == 1
    ask(store, now=NOW + 2 * HOUR)
    assert mail(store, NOW + 2 * HOUR) == 0


def test_what_was_asked_three_months_ago_is_forgotten(store):
    ask(store)
    (wish,) = claim(store)
    store.wish_mailed(wish, NOW)
    store.vacuum(NOW - 400 * DAY, NOW + 89 * DAY)
    assert store.wish_numbered(wish.id)
    store.vacuum(NOW - 400 * DAY, NOW + 91 * DAY)
    assert store.wish_numbered(wish.id) is None


# --- when -----------------------------------------------------------------------------------------------------------


def test_a_mail_that_does_not_get_out_is_tried_for_a_day_ever_less_often():
    wish, now, waits = Wish(Errand.LINK, "ann@example.org", NOW), NOW, []
    while at := wishing.retry(wish, now):
        waits.append((at - now) // timedelta(minutes=1))
        now = at
    assert waits == [2, 2, 4, 8, 16, 32, 64, 128, 240, 240, 240, 240, 240, 240][: len(waits)]
    assert now - NOW >= DAY


@pytest.mark.parametrize(("hours", "works"), [(0, True), (71.9, True), (72, False), (2_000, False)])
def test_a_link_works_for_three_days_after_its_mail(hours, works):
    assert wishing.works(Wish(Errand.LINK, "ann@example.org", NOW, mailed_at=NOW), NOW + hours * HOUR) is works
