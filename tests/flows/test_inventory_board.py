"""Which sales are in flight: every row of the table that says when a sold unit is deducted, and when not."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import polars as pl
import pytest

from store.database import local_ask
from sync.flows.inventory_board import board
from sync.runs import House, Notebook, Run
from sync.settings import Settings
from tests.told import HOUR, NOW, Told

T_B = NOW - 2 * HOUR
SKEW = timedelta(seconds=120)


class Shop:
    """A store with offers, and the board drawn from it; neither outside system is asked."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.told = Told(path)
        house = House(
            settings=settings,
            clock=self.told.clock,
            journal=self.told.journal,
            ask=local_ask(self.told.database),
            marketplace=cast("Any", None),
            erp=cast("Any", None),
            notebook=Notebook(),
            start_on=NOW,
            stopping=threading.Event(),
        )
        self.run = Run(house, "inventory", uuid4(), NOW)
        self.stalls = 0

    def board(self) -> pl.DataFrame:
        return board(self.run, T_B, {"WH1"})


class Stall:
    """One SKU of the shop, of one test alone: its orders are called JL-1 … and its sales orders SO-1 …"""

    def __init__(self, shop: Shop) -> None:
        shop.stalls += 1
        self.shop, self.told = shop, shop.told
        self.name = f"T{shop.stalls}"
        self.sku = f"NMK-{self.name}-WHT-A--M"
        self.told.skus(self.sku)
        self.told.offers({self.sku: 10})

    def order(self, order_id: str, **more: Any) -> None:
        self.told.order(self._own(order_id), skus=(self.sku,), **more)

    def sales_order(self, ord_num: str, order_id: str, **more: Any) -> None:
        self.told.sales_order(self._own(ord_num), self._own(order_id), skus=(self.sku,), **more)

    def creating(self, order_id: str, state: str, *, ord_num: str = "", **more: Any) -> None:
        """We set out to create its sales order."""
        order_id, ord_num = self._own(order_id), ord_num and self._own(ord_num)
        self.told.intent(
            "create_sales_order", f"{order_id}|NMK|WH1", state, order_id=order_id, reference=ord_num, **more
        )

    def publish(self, quantity: int, **more: Any) -> None:
        self.told.publish({self.sku: quantity}, name=self.name, **more)

    def row(self) -> dict[str, Any]:
        return self.shop.board().row(by_predicate=pl.col("sku") == self.sku, named=True)

    @property
    def inflight(self) -> int:
        return int(self.row()["inflight"])

    def _own(self, name: str) -> str:
        return f"{self.name}-{name}"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One store for all: opening one takes longer than all the tests."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {
            "MARKETPLACE_URL": "https://marketplace.example",
            "MARKETPLACE_KEY": "none",
            "MARKETPLACE_SHOP_ID": "4107",
            "ERP_URL": "https://erp.example",
            "ERP_KEY": "none",
            "ERP_TIMEZONE": "America/New_York",
        }.items():  # fmt: skip
            environment.setenv(f"CHERRYLANE_{name}", value)  # nobody is asked: only the settings must be whole
        opened = Shop(tmp_path_factory.mktemp("board") / "store.duckdb", Settings(_env_file=None))
    yield opened
    opened.told.close()


@pytest.fixture
def stall(shop: Shop) -> Stall:
    return Stall(shop)


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


def test_a_push_accepted_but_not_applied_is_seen_when_offers_are_read_again(stall: Stall) -> None:
    stall.publish(7)
    stall.told.tell(bookmarks={"offers.read_at": (NOW - 3 * HOUR).isoformat()})
    before = stall.row()["has_drifted"]
    stall.told.tell(bookmarks={"offers.read_at": NOW.isoformat()})

    assert (before, stall.row()["has_drifted"]) == (False, True)
