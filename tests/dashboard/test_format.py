"""How things are written."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dashboard import format as written


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"),
        (0, "00:00:00"),
        (59.9, "00:00:59"),
        (3600 + 62, "01:01:02"),
        (86400 + 4 * 3600 + 12 * 60 + 9, "1 d 04:12:09"),
        (-190, "✕ late 00:03:10"),
    ],
)
def test_a_countdown_ticks_by_the_second(seconds: float | None, said: str) -> None:
    assert written.countdown(seconds) == said


@pytest.mark.parametrize(
    ("amount", "whole", "exact"),
    [
        ("15525.14", "£15,525", "£15,525.14"),
        ("15525.50", "£15,526", "£15,525.50"),
        ("-0.40", "£0", "−£0.40"),
        ("-1234567.891", "−£1,234,568", "−£1,234,567.89"),
    ],
)
def test_a_tile_has_whole_pounds_and_the_exact_amount_has_pence(amount: str, whole: str, exact: str) -> None:
    assert written.money_whole(Decimal(amount)) == whole
    assert written.money(Decimal(amount)) == exact


def test_a_london_day_begins_at_its_own_midnight_in_summer_too() -> None:
    assert written.london_midnight(date(2026, 7, 1)).astimezone(UTC) == datetime(2026, 6, 30, 23, 0, tzinfo=UTC)
    assert written.london_midnight(date(2026, 12, 1)).astimezone(UTC) == datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("face", "moment"),
    [
        ("2026-12-01 09:00", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("2026-07-01 09:00", datetime(2026, 7, 1, 8, tzinfo=UTC)),
        ("2027-03-28 01:30", None),  # the clock is put forward over it
        ("2026-10-25 01:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # shown twice that night: the first
    ],
)
def test_what_a_london_clock_shows_is_a_moment(face: str, moment: datetime | None) -> None:
    assert written.from_london(datetime.fromisoformat(face)) == moment


def test_moments_are_told_on_a_london_clock() -> None:
    moment = datetime(2026, 6, 30, 23, 5, 9, tzinfo=UTC)

    assert written.london(moment) == "1 Jul 00:05"
    assert written.london_clock(moment) == "00:05:09"
    assert written.london_short(moment) == "Wed 00:05"
    assert written.london_day(moment) == "Wednesday 1 July"


@pytest.mark.parametrize(
    ("words", "said"),
    [((), ""), (("orders",), "orders"), (("orders", "money"), "orders and money"),
     (("orders", "stock", "money"), "orders, stock and money")],
)  # fmt: skip
def test_a_list_is_said_as_one_would(words: tuple[str, ...], said: str) -> None:
    assert written.listed(words) == said


def test_a_state_nobody_wrote_down_is_shown_as_it_came() -> None:
    assert written.state("WAITING_FOR_GODOT").text == "· WAITING FOR GODOT"
    assert written.flow("inventory") == "Stock"
    assert written.flow("moonlight") == "Moonlight"
    assert written.place("mapping") == "Mappings"
    assert written.place("BlueCherry") == "BlueCherry"


def test_short_lengths_of_time_have_tenths() -> None:
    assert [written.span_exact(seconds) for seconds in (None, 0.04, 0.44, 9.96, 12, 3700)] == [
        "–", "0.0 s", "0.4 s", "10.0 s", "12 s", "1 h 1 min",
    ]  # fmt: skip
