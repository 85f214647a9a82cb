"""A clock face that is shown twice, or never, is not read to our disadvantage."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.clients.erp_time import ErpTime
from sync.clients.records import Unreadable

NEW_YORK = ErpTime("America/New_York")
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


def test_an_ordinary_face_is_one_moment() -> None:
    moment = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    assert NEW_YORK.earlier("2026-11-24 04:00:00") == NEW_YORK.later("2026-11-24T04:00:00") == moment


def test_a_face_shown_twice_in_autumn_has_two_readings() -> None:
    assert NEW_YORK.earlier("2026-11-01 01:30:00") == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert NEW_YORK.later("2026-11-01 01:30:00") == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_a_face_never_shown_in_spring_is_read_on_either_side() -> None:
    assert NEW_YORK.earlier("2026-03-08 02:30:00") == datetime(2026, 3, 8, 6, 30, tzinfo=UTC)
    assert NEW_YORK.later("2026-03-08 02:30:00") == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24", datetime(2026, 11, 24, 5, 0, tzinfo=UTC)),
        ("11/24/2026", datetime(2026, 11, 24, 5, 0, tzinfo=UTC)),
        (" 2026-11-24 04:00:00.250 ", datetime(2026, 11, 24, 9, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-11-24T09:00:00Z", datetime(2026, 11, 24, 9, 0, tzinfo=UTC)),
    ],
)
def test_other_ways_of_writing_a_moment_are_read(text: str, moment: datetime) -> None:
    assert NEW_YORK.earlier(text) == moment


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "24/11/2026"])
def test_what_is_no_moment_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Unreadable):
        NEW_YORK.earlier(text)


@given(moment=MOMENTS, later=st.integers(0, 5 * 3600))
def test_no_change_hides_behind_changed_since(moment: datetime, later: int) -> None:
    """Whatever changes from the moment on has a face greater than the one asked with, clock changes included."""
    change = moment + timedelta(seconds=later)
    face = change.astimezone(ZoneInfo("America/New_York")).strftime("%Y-%m-%d %H:%M:%S")

    assert face > NEW_YORK.since(moment)


@pytest.mark.parametrize("minutes", range(0, 240, 7))
def test_no_change_hides_in_the_night_of_the_clock_change(minutes: int) -> None:
    moment = datetime(2026, 11, 1, 4, 0, tzinfo=UTC) + timedelta(minutes=minutes)
    for later in range(0, 300, 5):
        change = (moment + timedelta(minutes=later)).astimezone(ZoneInfo("America/New_York"))
        assert change.strftime("%Y-%m-%d %H:%M:%S") > NEW_YORK.since(moment)


@given(MOMENTS)
def test_a_moment_lies_between_its_readings(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    face = moment.astimezone(ZoneInfo("America/New_York")).strftime("%Y-%m-%d %H:%M:%S")

    assert NEW_YORK.earlier(face) <= moment <= NEW_YORK.later(face)


def test_the_day_is_the_servers() -> None:
    assert NEW_YORK.day(datetime(2026, 11, 24, 3, 0, tzinfo=UTC)) == "2026-11-23"
