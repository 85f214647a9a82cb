"""When the next batch is due: the ERP's word first, then the timetable, through both clock changes."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from sync.rules.timetable import Due, Timetable, next_due

LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
SIX, NOON, EVENING = time(6), time(12), time(18)


def utc(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_what_the_erp_says_comes_first() -> None:
    table = Timetable(LONDON, times=(SIX,))

    assert next_due(utc(24, 6), utc(24, 9), table) == Due(utc(24, 9), "erp")


def test_without_a_timetable_nobody_says_when() -> None:
    assert next_due(utc(24, 6), None, Timetable(LONDON)) == Due(None, "")


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (utc(24, 6), utc(24, 12, 20)),
        (utc(24, 5, 50), utc(24, 12, 20)),  # it began ten minutes early: it is the batch of six
        (utc(24, 7, 10), utc(24, 12, 20)),  # it began late
        (utc(24, 18, 5), utc(25, 6, 20)),
        (utc(24, 23, 59), utc(25, 6, 20)),
    ],
)
def test_the_next_time_of_the_timetable_and_the_minutes_it_takes(as_of: datetime, expected: datetime) -> None:
    table = Timetable(LONDON, times=(SIX, NOON, EVENING), takes=timedelta(minutes=20))

    assert next_due(as_of, None, table) == Due(expected, "timetable")


def test_times_are_of_the_erps_own_day() -> None:
    table = Timetable(NEW_YORK, times=(SIX,), takes=timedelta(0))

    assert next_due(utc(24, 10), None, table).at == utc(24, 11)


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (datetime(2026, 3, 28, 6, tzinfo=UTC), datetime(2026, 3, 29, 5, tzinfo=UTC)),  # summer time begins
        (datetime(2026, 10, 24, 5, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)),  # and ends
    ],
)
def test_the_clock_changes_move_the_batch_with_the_clock(as_of: datetime, expected: datetime) -> None:
    assert next_due(as_of, None, Timetable(LONDON, times=(SIX,), takes=timedelta(0))).at == expected


def test_a_time_the_clock_skips_still_comes() -> None:
    table = Timetable(LONDON, times=(time(1, 30),), takes=timedelta(0))

    assert next_due(datetime(2026, 3, 28, 2, tzinfo=UTC), None, table).at == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )


def test_an_interval_counts_from_the_batch() -> None:
    table = Timetable(LONDON, every=timedelta(minutes=240), takes=timedelta(minutes=20))

    assert next_due(utc(24, 6), None, table).at == utc(24, 10, 20)
