"""One SKU: what is not in its walk stands beside it, where it lies or when it comes, and why it does not count."""

from decimal import Decimal

from store.events import StockTermsChanged, WorkOrderLinePart, WorkOrderRead
from tests.dashboard.looking import show, words
from tests.dashboard.test_stock import TROUSERS, risky_day
from tests.told import DAY, HOUR, NOW, SHIRT, Told


def test_one_sku_shows_beside_its_walk_where_units_lie_that_are_not_counted_and_why(told: Told) -> None:
    risky_day(told)
    places = {
        (SHIRT, place): {"on_hand": units} for place, units in (("WH1", 8), ("QA", 3), ("POE", 20), ("WH9", 4))
    }
    told.batch("B2", places, at=NOW - HOUR)
    told.described(
        "warehouses",
        [
            {"code": "WH1", "label": "Daventry", "detail": {"type": "W"}},
            {"code": "WH9", "label": "Stock room", "detail": {"type": "W"}},
            {"code": "QA", "label": "Quality hold", "detail": {"type": "Q"}},
        ],
    )
    told.tell(
        StockTermsChanged(
            happened_at=NOW - HOUR, batch_id="B2", batch_at=NOW - HOUR, due_at=None, due_from="", degraded="",
            degraded_at=None, overaged_at=NOW + DAY, buffer_factor=Decimal(1), thin_units=0, is_frozen=False,
            warehouses=("WH1",), clamps_warehouses=False, clock_skew_seconds=120, deducts_open_orders=True,
            deducts_sales=True, refused_warehouses=("QA",),
        )
    )  # fmt: skip

    assert (
        "**On hand and not counted:** 3 at QA (Quality hold; no warehouse, though allowed), "
        "4 at WH9 (Stock room; not allowed to sell from), 20 at POE (not in the building)."
    ) in words(show("sku", query={"sku": SHIRT}))


def test_one_sku_shows_beside_its_walk_what_is_coming_and_what_is_promised_for_later(told: Told) -> None:
    risky_day(told)
    plain = words(show("sku", query={"sku": SHIRT}))
    told.batch(
        "B2",
        {
            (SHIRT, "WH1"): {"on_hand": 8, "work_orders": 24, "later_orders": 6},
            (SHIRT, "POE"): {"in_transit": 12},
            (TROUSERS, "WH1"): {"on_hand": 8, "in_transit": 5},
        },
        at=NOW - HOUR,
    )  # fmt: skip
    line = {"style": "04117", "color_code": "WHT", "label": "A", "dimension": "", "size": "M", "warehouse": "WH1"}
    for number, units, due in ((1, 12, NOW + 20 * DAY), (2, 12, None), (3, 0, NOW - DAY), (4, 6, NOW + 2 * DAY)):
        told.tell(
            WorkOrderRead(
                happened_at=NOW - HOUR, work_order_id=f"PR{number}", stage="2", due_on=due, changed_at=NOW - HOUR,
                lines=(WorkOrderLinePart(**line, quantity=units),),
            )
        )  # fmt: skip
    shirt, trousers = (words(show("sku", query={"sku": sku})) for sku in (SHIRT, TROUSERS))
    told.scheduled("SO-88", {SHIRT: 2}, starts=NOW)
    leaving = words(show("sku", query={"sku": SHIRT}))

    assert "Coming" not in plain
    assert "Ships on scheduled orders" not in shirt
    assert "before the next batch lands, taken off:** 2 units (SO-88)." in leaving
    assert "**Promised for later, not taken off today:** 4 units of orders due beyond" in leaving
    assert "Work orders" not in plain
    assert "never listed before it is received:** 24 on open work orders and 12 in transit." in shirt
    assert "**Promised for later, not taken off today:** 6 units of orders due beyond" in shirt
    assert "never listed before it is received:** 5 in transit." in trousers
    assert "Promised for later" not in trousers
    assert (
        "**Work orders:** 6 due Thursday 26 November (PR4), 12 due Monday 14 December (PR1), "
        "12 due on no day yet (PR2)." in shirt
    )
    assert "Work orders" not in trousers
