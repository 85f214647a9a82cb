"""One order's time line: what happened, with every call about it and the payout it ended in."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from store import reads
from store.database import Ask
from store.journal import check_rebuild
from tests.told import DAY, HOUR, NOW, Told

MINUTE = timedelta(minutes=1)


def moments(ask: Ask, order_id: str) -> list[dict[str, Any]]:
    rows = reads.order_timeline(ask, order_id).iter_rows(named=True)
    return [{**row, "body": json.loads(row["body"])} for row in rows]


def at(told: Told, moment: datetime) -> None:
    told.clock.moment = moment


def asked_erp(told: Told, name: str, order_id: str, moment: datetime, *, status: int = 200) -> None:
    """BlueCherry was asked for the sales orders of an order."""
    at(told, moment)
    path = f"/api/salesOrder?_include=all&%24filter=po_num+eq+%27{order_id}%27&_pgno=1&_pgsize=200"
    told.snapshot(name, resource="salesOrder", source="erp", path=path, status=status, at=moment)


def test_look_ups_that_found_nothing_are_one_moment_until_something_else_happens(told: Told, ask: Ask) -> None:
    at(told, NOW - 2 * HOUR)
    told.order("JL1-A")
    told.order("JL1-AB")
    told.intent("create_sales_order", "JL1-A/NMK/WH1", "unclear", order_id="JL1-A", at=NOW - 2 * HOUR)
    asked_erp(told, "one", "JL1-A", NOW - 60 * MINUTE)
    asked_erp(told, "two", "JL1-A", NOW - 50 * MINUTE)
    asked_erp(told, "of another", "JL1-AB", NOW - 45 * MINUTE)
    asked_erp(told, "lost", "JL1-A", NOW - 40 * MINUTE, status=0)
    at(told, NOW - 30 * MINUTE)
    told.sales_order("SO-1", "JL1-A", entered=NOW - 35 * MINUTE)
    asked_erp(told, "three", "JL1-A", NOW - 20 * MINUTE)
    told.snapshot(
        "by number", resource="salesOrder", source="erp", at=NOW - 10 * MINUTE,
        path="/api/salesOrder?%24filter=ord_num+eq+%27SO-1%27&_pgno=1",
    )  # fmt: skip
    story = [
        (row["kind"], row["body"].get("found"), row["body"].get("count"), row["happened_at"])
        for row in moments(ask, "JL1-A")
        if row["happened_at"] > NOW - 90 * MINUTE
    ]

    assert story == [
        ("call.made", "nothing", 2, NOW - 60 * MINUTE),
        ("call.made", "no_answer", 1, NOW - 40 * MINUTE),
        ("sales_order.read", None, None, NOW - 35 * MINUTE),
        ("call.made", "same", 2, NOW - 20 * MINUTE),
    ]


def test_a_call_an_event_was_read_from_stands_once_and_one_that_names_many_at_each(told: Told, ask: Ask) -> None:
    at(told, NOW - HOUR)
    shown = told.snapshot("both", path="/api/orders?order_ids=JL1-A%2CJL2-A&max=100", at=NOW - HOUR)
    told.order("JL1-A", snapshot_id=shown)
    told.order("JL2-A")
    path = "/api/orders/JL1-A/accept?shop_id=4107"
    told.snapshot("accept", resource="OR21", method="PUT", path=path, status=204, at=NOW - HOUR / 2)

    assert [(row["kind"], row["body"].get("found")) for row in moments(ask, "JL1-A")] == [
        ("order.placed", None),
        ("call.made", "done"),
    ]
    assert [row["kind"] for row in moments(ask, "JL2-A")] == ["order.placed", "call.made"]


def test_what_was_read_again_and_said_the_same_says_how_often_and_when_last(told: Told, ask: Ask) -> None:
    pages = [told.snapshot(f"page {number}", at=NOW - HOUR + number * MINUTE) for number in range(4)]
    for number, page in enumerate(pages):
        at(told, NOW - HOUR + number * MINUTE)
        told.order("JL1-A", snapshot_id=page)
    told.order("JL1-A", snapshot_id=pages[3], state="SHIPPED", changed=NOW)
    placed, changed = moments(ask, "JL1-A")

    assert (placed["snapshot_id"], placed["again_count"]) == (str(pages[0]), 3)
    assert (placed["again_at"], placed["again_snapshot_id"]) == (NOW - 57 * MINUTE, str(pages[3]))
    assert (changed["kind"], changed["again_count"], changed["again_at"]) == ("order.placed", 0, None)
    assert check_rebuild(told.database) == {}


def test_of_a_long_story_the_latest_is_told_and_how_much_there_is(told: Told, ask: Ask) -> None:
    for number in range(5):
        told.order("JL1-A", state="SHIPPING", changed=NOW - HOUR + number * MINUTE)
    rows = reads.order_timeline(ask, "JL1-A", limit=2)

    assert rows["happened_at"].to_list() == [NOW - HOUR + number * MINUTE for number in (3, 4)]
    assert set(rows["moment_count"]) == {5}


def test_the_payout_that_paid_an_order_stands_on_the_day_with_the_orders_part_of_it(told: Told, ask: Ask) -> None:
    at(told, NOW - 10 * DAY)
    told.order("JL1-A", placed=NOW - 10 * DAY)
    told.order("JL2-A", placed=NOW - 10 * DAY)
    told.transactions(
        {"amount": "39.00", "order_id": "JL1-A", "order_line_id": "JL1-A-1", "cycle_id": "C1"},
        {"amount": "-9.36", "order_id": "JL1-A", "type": "COMMISSION_FEE", "cycle_id": "C1"},
        {"amount": "20.00", "order_id": "JL2-A", "order_line_id": "JL2-A-1", "cycle_id": "C2"},
    )
    told.payout("C1", "5000.00")
    told.payout("C2", "20.00")
    paid = [row for row in moments(ask, "JL1-A") if row["kind"] == "payout.seen"]

    assert [(row["subject"], row["body"]["state"], row["happened_at"]) for row in paid] == [
        ("C1", "PAID", NOW - 3 * DAY)
    ]
    assert Decimal(str(paid[0]["body"]["order_amount"])) == Decimal("29.64")
    assert paid[0]["body"]["amount"] == "5000.00"
    assert moments(ask, "") == []
