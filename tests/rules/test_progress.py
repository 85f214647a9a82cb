"""How far a reading has provably come."""

from datetime import UTC, datetime, timedelta

from sync.rules.progress import Progress, day_of, is_new_day, start_of

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_bookmark_moves_with_every_page_that_comes_in_order() -> None:
    progress = Progress(NINE)
    progress.add([NINE, NINE + MINUTE])
    assert progress.safe == NINE + MINUTE
    progress.add([NINE + MINUTE, NINE + 3 * MINUTE])

    assert progress.safe == NINE + 3 * MINUTE


def test_once_out_of_order_a_bookmark_moves_only_at_the_end() -> None:
    progress = Progress(NINE)
    progress.add([NINE + 5 * MINUTE, NINE + MINUTE])

    assert progress.safe is None
    assert progress.newest == NINE + 5 * MINUTE


def test_reading_begins_before_the_bookmark_and_far_back_at_first() -> None:
    history, overlap = timedelta(days=60), timedelta(minutes=10)

    assert start_of(NINE.isoformat(), NINE + MINUTE, overlap=overlap, history=history) == NINE - overlap
    assert start_of(None, NINE, overlap=overlap, history=history) == NINE - history


def test_the_nightly_work_is_due_once_after_two_in_the_morning() -> None:
    done = day_of(NINE)

    assert not is_new_day(done, NINE + timedelta(hours=16))
    assert is_new_day(done, NINE + timedelta(hours=17))
    assert is_new_day(None, NINE)
