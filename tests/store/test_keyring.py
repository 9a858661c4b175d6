"""Keys that links are signed with, and how long they are good."""

from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 6, 18, 9, 0, tzinfo=UTC)
HALF_A_YEAR = timedelta(days=180)


def test_the_first_key_is_what_links_were_always_signed_with(store):
    assert store.keys() == store.keys(NOW) == (store.secret(),)


def test_a_new_key_signs_and_the_one_before_stays_good_for_half_a_year(store):
    first = store.secret()
    store.rotate_keys(NOW)
    newest, *others = store.keys(NOW + HALF_A_YEAR - timedelta(seconds=1))
    assert (others, len(newest), newest == first) == ([first], 32, False)
    assert store.keys(NOW + HALF_A_YEAR) == (newest,)


def test_each_key_is_good_for_half_a_year_from_when_the_next_one_came(store):
    for months in range(4):
        store.rotate_keys(NOW + months * timedelta(days=100))
    last = NOW + timedelta(days=300)
    four = store.keys(last)
    assert len(four) == 3  # the one of the beginning ended on day 180, that of day 0 on day 280
    assert store.keys(last + timedelta(days=81)) == four[:2]
    assert store.keys(last + HALF_A_YEAR) == four[:1]


def test_message_ids_are_made_of_what_never_changes(store):
    secret = store.secret()
    store.rotate_keys(NOW)
    assert store.secret() == secret


def test_keys_are_of_the_database_and_not_of_a_process(store):
    store.rotate_keys(NOW)
    assert store.keys() == store.keys()
    assert len(set(store.keys())) == 2


def test_keys_that_leaked_are_good_for_nothing(store):
    store.rotate_keys(NOW)
    before = store.keys()
    store.rotate_keys(NOW, leaked=True)
    assert len(store.keys()) == 1
    assert store.keys()[0] not in before
