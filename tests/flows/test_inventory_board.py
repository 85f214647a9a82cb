"""Which sales are in flight: every row of the table that says when a sold unit is deducted, and when not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from store import events
from sync.flows.inventory_board import board, nets
from tests.flows.shop import BASIS, SKEW, T_B, Stall
from tests.told import HOUR, NOW


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("STAGING", 2), ("WAITING_ACCEPTANCE", 2), ("WAITING_DEBIT", 2), ("WAITING_DEBIT_PAYMENT", 2),
        ("SHIPPING", 2), ("A_STATE_NOBODY_KNOWS", 2), ("REFUSED", 0), ("CANCELED", 0),
    ],
)  # fmt: skip
def test_a_sale_is_deducted_from_first_sight_until_it_is_refused_or_cancelled(
    stall: Stall, state: str, expected: int
) -> None:
    stall.order("JL-1", quantity=2, state=state)

    assert stall.inflight == expected


@pytest.mark.parametrize(
    ("case", "entered", "more", "expected"),
    [
        ("entered well before the batch", T_B - HOUR, {}, 0),
        ("entered just before the skew", T_B - SKEW, {}, 0),
        ("entered within the skew", T_B - SKEW + timedelta(seconds=1), {}, 2),
        ("entered exactly at the batch", T_B, {}, 2),
        ("entered after the batch", T_B + HOUR, {}, 2),
        ("entered before, shipped after", T_B - HOUR, {"shipped": 2, "read": T_B + HOUR}, 0),
        ("entered after, already shipped", T_B + HOUR / 2, {"shipped": 2, "read": T_B + HOUR}, 2),
    ],
)
def test_a_sale_in_the_erp_is_deducted_until_a_batch_contains_it(
    stall: Stall, case: str, entered: Any, more: dict[str, Any], expected: int
) -> None:
    stall.order("JL-1", quantity=2)
    stall.sales_order("SO-1", "JL-1", quantity=2, entered=entered, **more)

    assert stall.inflight == expected, case


@pytest.mark.parametrize("entered", [T_B - HOUR, T_B + HOUR])
def test_a_sale_cancelled_at_the_marketplace_but_open_in_the_erp_is_not_added_back(
    stall: Stall, entered: Any
) -> None:
    stall.order("JL-1", quantity=2, state="CANCELED", changed=NOW)
    stall.sales_order("SO-1", "JL-1", quantity=2, entered=entered)

    assert stall.inflight == (2 if entered > T_B else 0)


@pytest.mark.parametrize(
    ("state", "ord_num", "expected"),
    [("unclear", "", 2), ("recorded", "", 2), ("confirmed", "SO-9", 2), ("refused", "", 0)],
)
def test_a_cancelled_sale_is_released_only_if_it_certainly_never_reached_the_erp(
    stall: Stall, state: str, ord_num: str, expected: int
) -> None:
    stall.order("JL-1", quantity=2, state="CANCELED", changed=NOW)
    stall.creating("JL-1", state, ord_num=ord_num, code="UNKNOWN_SKU")

    assert stall.inflight == expected


def test_a_sale_the_erp_rejects_for_two_days_is_deducted_all_the_time(stall: Stall) -> None:
    stall.order("JL-1", quantity=2, placed=NOW - 48 * HOUR)
    stall.creating("JL-1", "refused", code="UNKNOWN_SKU", at=NOW - 40 * HOUR)

    assert stall.inflight == 2


def test_a_quantity_cut_by_hand_in_the_erp_adds_nothing_back_before_a_batch_shows_it(stall: Stall) -> None:
    stall.order("JL-1", quantity=3)
    stall.sales_order("SO-1", "JL-1", quantity=1, entered=T_B + HOUR)

    assert stall.inflight == 3


def test_part_of_a_line_cancelled_before_it_was_sent_is_released(stall: Stall) -> None:
    stall.order("JL-1", quantity=3, cancelled=1)

    assert stall.inflight == 2


def test_an_order_taken_over_at_the_start_is_covered_by_its_sales_order_the_same_way(stall: Stall) -> None:
    stall.order("JL-1", quantity=2, is_before_start=True)
    stall.order("JL-2", quantity=1, is_before_start=True)
    stall.order("JL-3", quantity=5, is_before_start=True, state="SHIPPED", changed=NOW)
    stall.sales_order("SO-1", "JL-1", quantity=2, entered=T_B - HOUR)

    assert stall.inflight == 1
    assert stall.row()["inflight_orders"] == f"{stall.name}-JL-2"


def test_an_order_shipped_by_hand_is_deducted_until_a_batch_is_later_than_that(stall: Stall) -> None:
    stall.order("JL-1", quantity=2, state="SHIPPED", changed=T_B - HOUR)
    stall.order("JL-2", quantity=3, state="SHIPPED", changed=T_B + HOUR)

    assert stall.inflight == 3


def test_stock_is_pooled_over_the_allowed_warehouses_only(stall: Stall) -> None:
    shelves = {(stall.sku, "WH1"): {"on_hand": 9, "picked": 2}, (stall.sku, "WH9"): {"on_hand": 50}}
    stall.told.batch("B1", shelves, at=T_B)

    assert stall.row()["supply"] == 7


@pytest.mark.parametrize("more", [{"is_active": False}, {"is_listed": False}, {"is_gone": True}])
def test_an_offer_needs_an_active_listed_sku(stall: Stall, more: dict[str, Any]) -> None:
    stall.told.skus(stall.sku, seen_at=NOW, **more)

    assert stall.row()["sku_key"] is None


def test_an_offer_needs_a_sku_of_exactly_its_name(stall: Stall) -> None:
    near = [stall.sku.lower(), stall.sku + " ", stall.sku.replace("-T", "-0T")]
    stall.told.offers(dict.fromkeys(near, 3))

    keys = dict(stall.shop.board().select("sku", "sku_key").rows())
    assert [keys[name] for name in (stall.sku, *near)] == [f"NMK|{stall.name}|WHT|A||M", None, None, None]


def test_a_name_two_skus_share_is_nobodys(stall: Stall) -> None:
    stall.told.skus(stall.sku, sku_key=f"NMK|{stall.name}|WHT-A|||M")

    assert stall.row()["sku_key"] is None


def test_units_of_a_sale_cancelled_since_the_last_sending_are_released(stall: Stall) -> None:
    stall.publish(7, inflight=2, inflight_orders=f"{stall.name}-JL-1,{stall.name}-JL-2")
    stall.order("JL-1", quantity=2, state="CANCELED", changed=NOW)
    stall.order("JL-2", quantity=4)
    stall.order("JL-3", quantity=8, state="CANCELED", changed=NOW)

    assert stall.row()["released"] == 2


def test_what_was_sent_is_settled_once_its_import_is_complete_and_not_refused(stall: Stall) -> None:
    stall.publish(7)

    row = stall.row()
    assert (row["last_quantity"], row["is_settled"], row["is_failed"]) == (7, True, False)


def awaiting(stall: Stall) -> None:
    stall.order("JL-1", quantity=2, state="WAITING_ACCEPTANCE")


def queued(stall: Stall) -> None:
    stall.order("JL-1", quantity=2)
    stall.creating("JL-1", "refused", code="UNKNOWN_SKU", at=NOW - 40 * HOUR)


def posted(stall: Stall) -> None:
    stall.order("JL-1", quantity=2)
    stall.creating("JL-1", "confirmed", ord_num="SO-9")


def entered_after(stall: Stall) -> None:
    stall.order("JL-1", quantity=2)
    stall.sales_order("SO-1", "JL-1", quantity=2, entered=T_B + HOUR)


def entered_before(stall: Stall) -> None:
    stall.order("JL-1", quantity=2)
    stall.sales_order("SO-1", "JL-1", quantity=2, entered=T_B - HOUR)


def shipped_before(stall: Stall) -> None:
    stall.order("JL-1", quantity=2, state="SHIPPED")
    stall.sales_order("SO-1", "JL-1", quantity=2, entered=T_B - 3 * HOUR, shipped=2, read=T_B - HOUR)


def entered_before_shipped_after(stall: Stall) -> None:
    stall.order("JL-1", quantity=2, state="SHIPPED")
    stall.sales_order("SO-1", "JL-1", quantity=2, entered=T_B - HOUR, shipped=2, read=T_B + HOUR)


def entered_after_already_shipped(stall: Stall) -> None:
    stall.order("JL-1", quantity=2, state="SHIPPED")
    stall.sales_order("SO-1", "JL-1", quantity=2, entered=T_B + HOUR / 2, shipped=2, read=T_B + HOUR)


def cancelled_never_in_erp(stall: Stall) -> None:
    stall.order("JL-1", quantity=2, state="CANCELED", changed=NOW)


def cancelled_after_an_unknown_post(stall: Stall) -> None:
    stall.order("JL-1", quantity=2, state="CANCELED", changed=NOW)
    stall.creating("JL-1", "unclear")


def cancelled_still_open_in_erp(stall: Stall) -> None:
    stall.order("JL-1", quantity=2, state="CANCELED", changed=NOW)
    stall.sales_order("SO-1", "JL-1", quantity=2, entered=T_B - HOUR)


def edited_down_by_hand(stall: Stall) -> None:
    stall.order("JL-1", quantity=3)
    stall.sales_order("SO-1", "JL-1", quantity=1, entered=T_B - HOUR)


def put_into_another(stall: Stall, *, cancelled: int = 0) -> None:
    line_id = f"{stall.name}-JL-1-1"
    stall.order("JL-1", quantity=2)
    stall.sales_order(
        "SO-2", "JL-2", line_ids=(line_id,), quantity=2, cancelled=cancelled, entered=T_B - 3 * HOUR,
        read=T_B - 2 * HOUR,
    )  # fmt: skip


def cancelled_in_another(stall: Stall) -> None:
    put_into_another(stall, cancelled=2)


def taken_out_of_another(stall: Stall) -> None:
    put_into_another(stall)
    stall.sales_order("SO-2", "JL-2", quantity=2, entered=T_B - 3 * HOUR, read=T_B - HOUR)


def taken_out_and_sent_anew(stall: Stall) -> None:
    taken_out_of_another(stall)
    stall.sales_order("SO-1", "JL-1", quantity=2, entered=T_B - HOUR)


@pytest.mark.parametrize(
    ("story", "inflight", "standing"),
    [
        (awaiting, 2, "not_in_erp"),
        (queued, 2, "not_in_erp"),
        (posted, 2, "unclear"),
        (entered_after, 2, "entered_after"),
        (entered_before, 0, "inside"),
        (shipped_before, 0, "inside"),
        (entered_before_shipped_after, 0, "inside"),
        (entered_after_already_shipped, 2, "entered_after"),
        (cancelled_never_in_erp, 0, "released"),
        (cancelled_after_an_unknown_post, 2, "unclear"),
        (cancelled_still_open_in_erp, 0, "inside"),
        (edited_down_by_hand, 0, "inside"),
        (put_into_another, 0, "inside"),
        (cancelled_in_another, 0, "inside"),  # a person says whether it goes
        (taken_out_of_another, 2, "not_in_erp"),
        (taken_out_and_sent_anew, 0, "inside"),
    ],
    ids=lambda value: value.__name__ if callable(value) else str(value),
)
def test_each_row_of_the_table_of_sales_in_flight(
    stall: Stall, story: Callable[[Stall], None], inflight: int, standing: str
) -> None:
    story(stall)
    rows = stall.shop.rows("select * from inflight_lines($at) where sku = $sku", at=T_B, sku=stall.sku)
    named = stall.shop.rows("select * from inflight_lines($at, names := $names)", at=T_B, names=[stall.sku])

    assert stall.inflight == inflight
    assert [row["standing"] for row in rows] == [standing]
    assert named == rows


def test_an_order_already_inside_the_batch_is_not_deducted_twice(stall: Stall) -> None:
    """Double deduction hides stock: the batch's supply has the order off already."""
    stall.told.batch("B1", {(stall.sku, "WH1"): {"on_hand": 10, "allocated": 2}}, at=T_B)
    entered_before(stall)

    row = stall.row()
    assert (row["supply"], row["inflight"]) == (8, 0)


def test_a_post_that_failed_silently_is_still_deducted(stall: Stall) -> None:
    """Missed deduction oversells: a number in an answer is not yet an order in BlueCherry."""
    stall.told.batch("B1", {(stall.sku, "WH1"): {"on_hand": 10}}, at=T_B)
    posted(stall)

    row = stall.row()
    assert (row["supply"], row["inflight"], row["inflight_orders"]) == (10, 2, f"{stall.name}-JL-1")


def test_a_line_entered_twice_is_deducted_for_the_one_the_batch_has_not(stall: Stall) -> None:
    stall.order("JL-1", quantity=2)
    stall.sales_order("SO-1", "JL-1", quantity=2, entered=T_B - HOUR)
    stall.sales_order("SO-2", "JL-1", quantity=2, entered=T_B + HOUR)

    assert stall.inflight == 2


def test_a_line_cancelled_and_keyed_in_anew_since_the_batch_is_deducted_once(stall: Stall) -> None:
    stall.order("JL-1", quantity=2)
    stall.sales_order("SO-1", "JL-1", quantity=2, cancelled=2, entered=T_B + HOUR / 2)
    stall.sales_order("SO-2", "JL-1", quantity=2, entered=T_B + HOUR)

    assert stall.inflight == 2


@pytest.mark.parametrize(
    ("before", "after", "inflight"),
    [
        ({"cancelled": 2}, {}, 2),
        ({"cancelled": 2}, {"cancelled": 2}, 2),  # nothing is left of it in BlueCherry, and it is wanted
        ({"cancelled": 1}, {"quantity": 1}, 1),
        ({}, {"cancelled": 2}, 0),  # keyed in once too often and taken back
        ({}, {"cancelled": 1}, 1),
    ],
)
def test_of_a_line_entered_twice_is_deducted_what_lives_and_whatever_else_is_wanted(
    stall: Stall, before: dict[str, int], after: dict[str, int], inflight: int
) -> None:
    stall.order("JL-1", quantity=2)
    stall.sales_order("SO-1", "JL-1", **{"quantity": 2, **before}, entered=T_B - HOUR)
    stall.sales_order("SO-2", "JL-1", **{"quantity": 2, **after}, entered=T_B + HOUR)

    assert stall.inflight == inflight


def test_of_a_line_entered_twice_both_are_deducted_where_no_batch_tells_open_orders(stall: Stall) -> None:
    stall.order("JL-1", quantity=2)
    stall.sales_order("SO-1", "JL-1", quantity=2, entered=T_B - HOUR)
    stall.sales_order("SO-2", "JL-1", quantity=2, entered=T_B + HOUR)
    hard = board(stall.shop.run, replace(BASIS, has_open_orders=False), until=NOW)

    assert hard.row(by_predicate=pl.col("sku") == stall.sku, named=True)["inflight"] == 4


def test_a_batch_that_leaves_open_orders_out_and_does_not_tell_them_leaves_ours_to_be_deducted(
    stall: Stall,
) -> None:
    stall.order("JL-1", quantity=5)
    stall.sales_order("SO-1", "JL-1", quantity=5, picked=2, entered=T_B - HOUR)
    hard = board(stall.shop.run, replace(BASIS, has_open_orders=False), until=NOW)

    assert stall.inflight == 0
    assert hard.row(by_predicate=pl.col("sku") == stall.sku, named=True)["inflight"] == 3


def test_a_sale_cancelled_after_it_was_sent_and_never_in_the_erp_is_released_too(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR)
    stall.order("JL-1", quantity=2, state="CANCELED", placed=NOW - HOUR / 2, changed=NOW)

    assert stall.row()["released"] == 2


def test_the_board_has_the_buckets_the_policy_and_the_warehouses_behind_a_number(stall: Stall) -> None:
    shelves = {
        (stall.sku, "WH1"): {"on_hand": 9, "linked": 1, "allocated": 2, "picked": 1, "damaged": 1, "held": 1},
        (stall.sku, "WH3"): {"on_hand": 5},
    }
    stall.told.batch("B1", shelves, at=T_B)
    stall.told.tell(
        events.BufferPolicySet(
            happened_at=NOW, level="sku", key=stall.sku, from_on=date(2026, 11, 1), units=4, why="a sample sale"
        )
    )
    row = stall.row()
    words = nets(stall.shop.run, {"WH1", "WH3"}, [row["sku_key"]])["net_by_warehouse"].item()

    assert [row[name] for name in ("on_hand", "linked", "allocated", "picked", "damaged", "held", "supply")] == [
        9, 1, 2, 1, 1, 1, 3,
    ]  # fmt: skip
    assert (row["absolute_units"], row["percent_points"]) == (4, 500)
    assert row["policy"] == f"sku {stall.sku} from 2026-11-01, settings"
    assert words == "WH1 3, WH3 5"
