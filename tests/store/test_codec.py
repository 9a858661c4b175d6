"""The model's values come back from JSON as they were."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Problem, Profile, Subscriber, Validators
from digest.store import codec


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
