"""The model's values come back from JSON as they were."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Kind, Missing, Problem, Profile, Reason, Section, Subscriber, Validators
from digest.store import codec
from digest.store.kept import KeptEdition, KeptPick


@given(st.builds(Profile, keywords=st.lists(st.text()).map(tuple), max_papers=st.integers()))
def test_a_profile_comes_back(profile):
    assert codec.loads(Profile, codec.dumps(Profile, profile)) == profile
    assert codec.unpack(Profile, codec.pack(Profile, profile)) == profile


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_written_as_text_that_every_database_takes(text):
    written = codec.dumps(tuple[Problem, ...], (Problem(text),))
    assert written.isascii()
    assert "\0" not in written
    assert codec.loads(tuple[Problem, ...], written) == (Problem(text),)


def test_times_come_back_as_utc_whatever_their_zone():
    moment = datetime(2026, 5, 18, 2, 30, 0, 5, tzinfo=timezone(timedelta(hours=-4)))
    again = codec.loads(datetime, codec.dumps(datetime, moment))
    assert again == moment
    assert again.tzinfo is UTC


def test_a_time_without_zone_is_refused():
    with pytest.raises(ValueError, match="without a zone"):
        codec.dumps(datetime, datetime(2026, 5, 18))  # noqa: DTZ001


@dataclass
class Before:
    name: str
    gone: int = 1


@dataclass
class After:
    name: str
    came: str | None = None


def test_a_field_added_later_has_its_default_in_older_documents_and_a_dropped_one_is_passed_over():
    assert codec.loads(After, codec.dumps(Before, Before("Ann"))) == After("Ann")


def test_defaults_are_written_so_that_changing_one_changes_no_old_document():
    assert '"max_papers":20' in codec.dumps(Profile, Profile())


def test_numbers_of_numpy_are_numbers():
    numpy = pytest.importorskip("numpy")
    assert codec.dumps(Profile, Profile(max_papers=numpy.int64(3))) == codec.dumps(Profile, Profile(max_papers=3))
    assert codec.dumps(float, numpy.float32(0.5)) == "0.5"


def test_a_subscriber_with_everything_in_it_comes_back():
    subscriber = Subscriber("ann@example.org", "Ann", Profile(("a",)), last_issue=date(2026, 5, 18))
    assert codec.loads(Subscriber, codec.dumps(Subscriber, subscriber)) == subscriber


def test_a_mapping_of_values_comes_back():
    validators = {"https://example.org/feed": Validators(etag='"x"')}
    hint = Mapping[str, Validators]
    assert codec.loads(hint, codec.dumps(hint, validators)) == validators


REASONS = st.builds(Reason, st.text(), st.text(), st.floats(allow_nan=False), st.lists(st.text()).map(tuple))
PICKS = st.builds(
    KeptPick,
    section=st.sampled_from(Section),
    kind=st.sampled_from(Kind),
    source=st.text(),
    day=st.dates(),
    score=st.floats(allow_nan=False),
    reasons=st.lists(REASONS, max_size=3).map(tuple),
)
EDITIONS = st.builds(
    KeptEdition,
    subscriber=st.builds(Subscriber, st.text(st.characters(exclude_categories=()))),
    issue_date=st.dates(),
    composed_at=st.datetimes(timezones=st.just(UTC)),
    picks=st.lists(PICKS, max_size=3).map(tuple),
    read=st.dictionaries(st.text(), st.integers(0, 10**9)),
    missing=st.lists(st.builds(Missing, st.text(), st.text())).map(tuple),
    since=st.none() | st.dates(),
)


@given(EDITIONS)
def test_an_edition_comes_back_by_both_ways_of_reading(edition):
    packed = codec.pack(KeptEdition, edition)
    assert codec.unpack(KeptEdition, packed) == edition
    assert codec.loads(KeptEdition, zlib.decompress(packed).decode()) == edition


def test_both_ways_of_reading_pass_over_what_they_do_not_know_and_put_in_what_is_missing():
    assert codec.unpack(After, codec.pack(Before, Before("Ann"))) == After("Ann")


def test_what_was_never_written_is_read_by_neither():
    with pytest.raises((ValueError, TypeError, LookupError)):
        codec.unpack(KeptEdition, zlib.compress(b'{"subscriber": 3}'))
