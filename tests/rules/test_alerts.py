"""Whom to call about what: told once, again when it got worse, quiet at night but for deadlines."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sync.rules.alerts import Part, Post, Route, Told, decide, stage_of

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
OPS = Route("ops", severity="normal")


def cause(**other: Any) -> dict[str, Any]:
    """37 shipments wait for a carrier."""
    return {
        "exception_kind": "unmapped_carrier", "cause": "DPX",
        "sentence": "Ship-via DPX has no carrier at John Lewis", "severity": "urgent", "rank": 1, "team": "ops",
        "fix_where": "mapping", "is_hidden": False, "is_quiet": False,
        "open_count": 37, "amount": Decimal("3912.000000"), "currency": "GBP",
        "deadline_at": NOW + 5 * HOUR, "disturbed_since_at": None, "near": [], **other,
    }  # fmt: skip


def told(*, minutes: int = 30, cleared: datetime | None = None, **other: Any) -> Told:
    part = {"kind": "unmapped_carrier", "cause": "DPX", "rank": 1, "stage": 0, "count": 37, **other}
    return Told("ops", Part(**part), NOW - minutes * MINUTE, cleared)


def sent(rows: list[dict[str, Any]], known: list[Told] | None = None, route: Route = OPS, **more: Any) -> list[str]:
    """The causes that would be told now."""
    given = {"posts": {}, "now": NOW, **more}
    decision = decide(rows, [route], known or [], given.pop("posts"), given.pop("now"), site="http://x", **given)
    return [part.cause for alert in decision.alerts for part in alert.parts]


def test_a_message_says_what_how_many_deadline_money_where_and_a_link() -> None:
    (alert,) = decide([cause()], [OPS], [], {}, NOW, site="http://shop.test").alerts

    assert alert.title == "Cherrylane: Ship-via DPX has no carrier at John Lewis"
    assert alert.body == (
        "URGENT: Ship-via DPX has no carrier at John Lewis (37 waiting; first deadline 24 Nov 14:00; £3,912.00; "
        "mended in Mappings here)\nhttp://shop.test/exceptions?kind=unmapped_carrier&cause=DPX"
    )


def test_several_go_in_one_message_the_most_pressing_first_and_the_rest_counted() -> None:
    rows = [cause(cause=f"C{number}", rank=2, severity="high", deadline_at=None) for number in range(24)]
    (alert,) = decide([*rows, cause(cause="FIRST")], [OPS], [], {}, NOW, site="http://x").alerts

    assert alert.title == "Cherrylane: 25 things need somebody, first deadline 24 Nov 14:00"
    assert len(alert.parts) == 25
    assert alert.parts[0].cause == "FIRST"
    assert alert.body.endswith("and 5 more: http://x/exceptions")


def test_what_somebody_let_rest_after_it_was_told_is_told_again_once_it_rests_no_more() -> None:
    rested = NOW - 20 * MINUTE
    row = cause(disturbed_since_at=rested)

    assert sent([row], [told(minutes=30)]) == ["DPX"]
    assert sent([row], [told(minutes=10)]) == []  # and that only once
    assert sent([row | {"is_quiet": True}], [told(minutes=30)]) == []


def test_what_was_told_is_not_told_again() -> None:
    assert sent([cause()], [told()]) == []
    assert sent([cause()], [told(minutes=60 * 24 * 9)]) == []


@pytest.mark.parametrize(
    ("now_so", "before"),
    [
        ({}, {"rank": 2}),  # more urgent than it was
        ({"deadline_at": NOW + 3 * HOUR}, {}),  # its deadline came near
        ({"deadline_at": NOW}, {"stage": 2}),  # and passed
        ({"open_count": 74}, {}),  # twice as many
    ],
)
def test_what_got_worse_is_told_again(now_so: dict[str, Any], before: dict[str, Any]) -> None:
    assert sent([cause(**now_so)], [told(**before)]) == ["DPX"]


@pytest.mark.parametrize(
    ("now_so", "before"),
    [({"open_count": 73}, {}), ({"open_count": 4}, {"count": 2}), ({"rank": 2}, {}),
     ({"open_count": 40}, {})],
)  # fmt: skip
def test_a_little_more_or_better_is_no_news(now_so: dict[str, Any], before: dict[str, Any]) -> None:
    assert sent([cause(**now_so)], [told(**before)]) == []


def late(*subjects: str, left: timedelta = -HOUR) -> dict[str, Any]:
    """Late orders, the first for two hours, and the others with this left."""
    near = [{"subject": subject, "deadline_at": NOW + left} for subject in subjects]
    near[0]["deadline_at"] = NOW - 2 * HOUR
    return cause(exception_kind="dispatch_late", cause="", near=near, deadline_at=NOW - 2 * HOUR, open_count=12)


def told_late(*subjects: str) -> Told:
    return told(kind="dispatch_late", cause="", stage=3, count=12, near=frozenset(subjects))


def test_each_deadline_that_comes_near_is_told_once_however_bad_the_cause_is_already() -> None:
    (alert,) = decide([late("a", "b", "c")], [OPS], [told_late("a")], {}, NOW, site="http://x").alerts

    assert "2 more near their deadline, the first 24 Nov 08:00" in alert.body
    assert alert.parts[0].near == {"a", "b", "c"}
    assert sent([late("a", "b", "c")], [told_late("a", "b", "c")]) == []
    assert sent([late("a", "c")], [told_late("a", "b", "c")]) == []  # one was sent


@pytest.mark.parametrize(("left", "is_called"), [(-HOUR, False), (50 * MINUTE, True), (3 * HOUR, False)])
def test_deadlines_that_come_near_one_by_one_go_together_but_for_one_within_the_hour(
    left: timedelta, is_called: bool
) -> None:
    row, before = late("a", "b", left=left), told_late("a")

    assert bool(sent([row], [before], posts={"ops": Post(NOW - 5 * MINUTE)})) is is_called
    assert sent([row], [before], posts={"ops": Post(NOW - 10 * MINUTE)}) == [""]


def test_what_comes_back_is_told_only_if_it_was_gone_for_an_hour() -> None:
    assert sent([cause()], [told(cleared=NOW - 59 * MINUTE)]) == []
    assert sent([cause()], [told(cleared=NOW - HOUR)]) == ["DPX"]


def test_what_comes_back_within_the_hour_counts_as_never_gone() -> None:
    def returned(*known: Told, rows: tuple[dict[str, Any], ...] = (cause(),)) -> list[str]:
        decision = decide(rows, [OPS], known, {}, NOW, site="http://x")
        return [one.part.cause for one in decision.returned]

    assert returned(told(cleared=NOW - 59 * MINUTE)) == ["DPX"]
    assert returned(told(cleared=NOW - HOUR)) == []
    assert returned(told(cleared=NOW - MINUTE), rows=()) == []
    assert returned(told()) == []


def test_what_is_gone_is_cleared_once() -> None:
    gone = decide([], [OPS], [told()], {}, NOW, site="http://x").cleared

    assert [one.part.cause for one in gone] == ["DPX"]
    assert decide([], [OPS], [told(cleared=NOW)], {}, NOW, site="http://x").cleared == ()
    assert decide([cause()], [OPS], [told()], {}, NOW, site="http://x").cleared == ()


@pytest.mark.parametrize("why", ["is_hidden", "is_quiet"])
def test_what_is_beneath_a_larger_trouble_or_put_off_calls_nobody(why: str) -> None:
    assert sent([cause(**{why: True})]) == []


@pytest.mark.parametrize(
    ("route", "is_called"),
    [
        (Route("ops", kinds=frozenset({"unmapped_carrier"})), True),
        (Route("ops", kinds=frozenset({"batch_late"})), False),
        (Route("ops", teams=frozenset({"ops", "it"})), True),
        (Route("ops", teams=frozenset({"finance"})), False),
        (Route("ops", severity="urgent"), True),
    ],
)
def test_a_route_is_called_for_its_kinds_its_teams_and_what_is_bad_enough(route: Route, is_called: bool) -> None:
    assert bool(sent([cause()], route=route)) is is_called
    assert sent([cause(rank=2, severity="high")], route=Route("ops", severity="urgent")) == []


NIGHT = Route("ops", quiet=(time(22), time(7)))


@pytest.mark.parametrize(
    ("hour", "left", "is_called"),
    [
        (23, 9, False), (3, 9, False), (6, 9, False), (7, 9, True), (21, 9, True),
        (3, 3, True),  # a deadline calls at night
    ],
)  # fmt: skip
def test_at_night_only_deadlines_call(hour: int, left: int, is_called: bool) -> None:
    now = datetime(2026, 11, 24, hour, 0, tzinfo=UTC)  # London's winter
    row = cause(deadline_at=now + left * HOUR)

    assert bool(sent([row], route=NIGHT, now=now)) is is_called


def test_quiet_hours_are_londons_in_summer_too() -> None:
    evening = datetime(2026, 7, 1, 21, 30, tzinfo=UTC)  # half past ten in London

    assert sent([cause(deadline_at=None)], route=NIGHT, now=evening) == []


def test_messages_of_a_route_keep_their_distance_but_for_a_deadline_within_the_hour() -> None:
    just_sent = {"ops": Post(NOW - 5 * MINUTE)}

    assert sent([cause()], posts=just_sent) == []
    assert sent([cause()], posts={"ops": Post(NOW - 10 * MINUTE)}) == ["DPX"]
    assert sent([cause(deadline_at=NOW + 50 * MINUTE)], posts=just_sent) == ["DPX"]


def test_a_route_that_failed_is_tried_again_after_gaps_that_grow_or_when_somebody_asks() -> None:
    assert sent([cause()], posts={"ops": Post(NOW - MINUTE, failures=1)}) == []
    assert sent([cause()], posts={"ops": Post(NOW - 3 * MINUTE, failures=1)}) == ["DPX"]
    assert sent([cause()], posts={"ops": Post(NOW - 10 * MINUTE, failures=5)}) == []
    assert sent([cause()], posts={"ops": Post(NOW - 10 * MINUTE, failures=5)}, is_asked=True) == ["DPX"]


@pytest.mark.parametrize(("left", "stage"), [(5 * HOUR, 0), (4 * HOUR, 1), (HOUR, 2), (timedelta(0), 3)])
def test_a_deadline_comes_nearer_in_stages(left: timedelta, stage: int) -> None:
    assert stage_of(NOW + left, NOW) == stage
    assert stage_of(None, NOW) == 0
