"""What an order that waits for acceptance may count on: the batch, less what others have a claim to before it."""

from datetime import datetime
from decimal import Decimal

import pytest

from store.database import Ask
from store.events import StockTermsChanged
from tests.told import DAY, HOUR, NOW, SHIRT, Told
from tests.told_risk import assessed

T_B = NOW - 2 * HOUR
LANDS_AT = NOW + 3 * HOUR


@pytest.mark.parametrize(
    ("case", "starts", "clamps", "left"),
    [
        ("it ships before the next batch lands", NOW + HOUR, False, (7, 4, 3)),
        ("it ships later", LANDS_AT, False, (7, 0, 7)),
        ("a warehouse that has only two of it, and counts alone", NOW + HOUR, True, (7, 2, 5)),
    ],
)
def test_an_order_takes_nothing_from_wholesale_that_ships_before_the_next_batch_lands(
    told: Told, ask: Ask, *, case: str, starts: datetime, clamps: bool, left: tuple[int, int, int]
) -> None:
    shelves = {(SHIRT, "WH1"): {"on_hand": 5}, (SHIRT, "WH2"): {"on_hand": 2, "later_orders": 4}}
    told.skus(SHIRT)
    told.batch("B1", shelves, at=T_B)
    told.tell(
        StockTermsChanged(
            happened_at=T_B, batch_id="B1", batch_at=T_B, due_at=None, due_from="", degraded="", degraded_at=None,
            overaged_at=NOW + DAY, buffer_factor=Decimal(1), thin_units=0, is_frozen=False,
            warehouses=("WH1", "WH2"), clamps_warehouses=clamps, clock_skew_seconds=120, deducts_open_orders=True,
            deducts_sales=True,
        )
    )  # fmt: skip
    assessed(told, {SHIRT: {}}, batch_at=T_B, next_at=LANDS_AT - HOUR)
    told.scheduled("WHS-1", {SHIRT: 4}, starts=starts, warehouse="WH2")
    told.order("JL1-A", state="WAITING_ACCEPTANCE", skus=(SHIRT,), placed=NOW - HOUR)
    found = ask("select supply, scheduled, fulfilable from orders_acceptance($now)", {"now": NOW})

    assert found.rows() == [left], case
