"""Which day is counted when: a London day, whole, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta

import pytest

from sync.rules.proof import DAYS, Counted, Window, is_spare, midnight, next_window, window, windows

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)


def all_counted(at: datetime) -> dict[date, Counted]:
    days = {TODAY - timedelta(days=age): Counted(at, is_closed=True, agrees=True) for age in range(1, DAYS + 1)}
    return {**days, TODAY: Counted(at, is_closed=False, agrees=True)}


NIGHT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def test_at_night_days_that_are_over_come_first_the_newest_first() -> None:
    assert next_window(NIGHT, {}, NIGHT) == Window(
        date(2026, 11, 23), datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC), is_closed=True
    )
    assert [one.day for one in windows(NOON)] == [TODAY - timedelta(days=age) for age in (*range(1, 8), 0)]


def test_by_day_only_today_is_counted_once_it_is_two_hours_old() -> None:
    found = next_window(NOON, {}, NOON)
    early = datetime(2026, 11, 24, 0, 50, tzinfo=UTC)

    assert found is not None
    assert (found.day, found.is_closed) == (TODAY, False)
    assert next_window(early, {}, early) is None


def test_a_day_somebody_asks_for_is_whole_once_it_is_over_and_today_as_much_as_was_looked_at() -> None:
    assert window(TODAY - timedelta(days=1), NOON) == next(windows(NOON))
    assert window(TODAY, NOON) == Window(TODAY, midnight(TODAY), NOON - HOUR / 12, is_closed=False)


def test_today_is_counted_hourly_up_to_a_little_before_the_last_look() -> None:
    counted = all_counted(NOON - HOUR / 2)

    assert next_window(NOON, counted, NOON) is None
    found = next_window(NOON + HOUR / 2, counted, NOON + HOUR / 2)
    assert found is not None
    assert (found.day, found.is_closed, found.until_at) == (TODAY, False, NOON + HOUR / 2 - timedelta(minutes=5))


def test_a_day_that_is_over_is_counted_once_a_night() -> None:
    counted = all_counted(datetime(2026, 11, 24, 0, 7, tzinfo=UTC))
    counted[TODAY] = Counted(datetime(2026, 11, 24, 23, 55, tzinfo=UTC), is_closed=False, agrees=True)
    evening, night = datetime(2026, 11, 24, 23, 56, tzinfo=UTC), datetime(2026, 11, 25, 1, 6, tzinfo=UTC)
    found = next_window(night, counted, night)

    assert next_window(evening, counted, evening) is None
    assert found is not None
    assert (found.day, found.is_closed) == (TODAY, True)


def test_a_day_that_did_not_agree_is_counted_again_within_the_hour() -> None:
    counted = all_counted(NOON - HOUR / 6)
    bad = TODAY - timedelta(days=3)
    counted[bad] = Counted(NOON - HOUR, is_closed=True, agrees=False)
    found = next_window(NOON, counted, NOON)

    assert found is not None
    assert found.day == bad


@pytest.mark.parametrize(
    ("last", "counted_again"),
    [
        (Counted(NIGHT - 24 * HOUR, is_closed=True, agrees=False), True),
        (Counted(NIGHT - HOUR, is_closed=True, agrees=False), False),  # this night already
        (Counted(NIGHT - 480 * HOUR, is_closed=False, agrees=True), True),  # as far as it went then
        (Counted(NIGHT - 480 * HOUR, is_closed=True, agrees=True), False),
        (None, True),  # nobody counted it: we stood still
    ],
)
def test_a_day_older_than_the_week_is_counted_every_night_until_it_is_proven(
    last: Counted | None, counted_again: bool
) -> None:
    old = TODAY - timedelta(days=20)
    before = {old - timedelta(days=1): Counted(NIGHT - 480 * HOUR, is_closed=True, agrees=True)}
    since = {
        TODAY - timedelta(days=age): Counted(NIGHT - HOUR, is_closed=True, agrees=True) for age in range(8, 20)
    }
    counted = {**all_counted(NIGHT - HOUR), **before, **since, **({old: last} if last else {})}
    found = next_window(NIGHT, {**counted, TODAY: Counted(NIGHT, is_closed=False, agrees=True)}, NIGHT)
    by_day = next_window(NOON, {**counted, TODAY: Counted(NOON, is_closed=False, agrees=True)}, NOON)

    assert (found.day if found else None) == (old if counted_again else None)
    assert by_day is None


def test_days_that_nobody_counted_since_we_began_are_counted_though_none_ever_was() -> None:
    began = TODAY - timedelta(days=20)
    counted = {**all_counted(NIGHT - HOUR), TODAY: Counted(NIGHT, is_closed=False, agrees=True)}
    found = next_window(NIGHT, counted, NIGHT, since=began)

    assert found is not None
    assert found.day == TODAY - timedelta(days=8)
    assert min(one.day for one in windows(NIGHT, since=began)) == began
    assert next_window(NIGHT, counted, NIGHT) is None


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 10, 26), 24), (date(2026, 7, 1), 24)],
)
def test_dst_nights_make_a_day_of_23_or_25_hours_and_no_moment_is_in_two_days(day: date, hours: int) -> None:
    after = day + timedelta(days=1)
    found = {one.day: one for one in windows(midnight(after) + HOUR)}

    assert found[day].until_at - found[day].from_at == hours * HOUR
    assert found[day].until_at == midnight(after) == found[after].from_at


def test_near_midnight_dates_belong_to_london_not_to_utc() -> None:
    """23:30 UTC on a summer evening is tomorrow for the people who count."""
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    (found,) = [one for one in windows(late + HOUR) if one.from_at <= late < one.until_at]

    assert found.day == date(2026, 7, 2)


def test_a_count_takes_a_call_only_when_a_look_was_just_made() -> None:
    minute = timedelta(minutes=1)
    assert is_spare(NOON, NOON - timedelta(seconds=61), minute)
    assert not is_spare(NOON, NOON - timedelta(seconds=125), minute)
    assert is_spare(NOON, NOON - timedelta(seconds=305), 5 * minute)
