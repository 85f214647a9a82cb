"""Sales orders that somebody put into one in BlueCherry: no line, order or charge of theirs is lost from sight."""

from decimal import Decimal
from typing import Any

import pytest

from store.database import Ask
from tests.told import HOUR, NOW, SHIRT, Told, key_of
from tests.views.test_drift import PAYLOAD, found, line, shows

GONE = {"cancelled_quantity": 2, "open_quantity": 0, "cancel_kind": "HOUSE"}
SECOND = {"order_line_id": "JL1-A-2"}
OTHER = {"order_line_id": "JL2-A-1"}


def sent(told: Told, ord_num: str, line_id: str, warehouse: str, shipping: str) -> None:
    order_id = line_id[:5]
    lines = [{**PAYLOAD["lines"][0], "order_line_id": line_id}]
    told.intent(
        "create_sales_order", f"{order_id}/NMK/{warehouse}", "confirmed", order_id=order_id, reference=ord_num,
        payload={**PAYLOAD, "warehouse": warehouse, "shipping_amount": shipping, "lines": lines}, at=NOW - 2 * HOUR,
    )  # fmt: skip


def a_basket_of_two_warehouses(told: Told) -> None:
    """JL1-A went as SO-1 from WH1, with the shipping of both, and as SO-2 from WH2."""
    told.order("JL1-A", skus=(SHIRT, SHIRT), quantity=2)
    sent(told, "SO-1", "JL1-A-1", "WH1", "3.50")
    sent(told, "SO-2", "JL1-A-2", "WH2", "0")


def two_orders(told: Told) -> None:
    """JL1-A went as SO-1, and JL2-A as SO-2."""
    for number in (1, 2):
        told.order(f"JL{number}-A", quantity=2)
        sent(told, f"SO-{number}", f"JL{number}-A-1", "WH1", "3.50")


def so_2(told: Told, *lines: Any, **more: Any) -> None:
    shows(told, *lines, ord_num="SO-2", **{"warehouse": "WH2", "shipping_amount": Decimal(0), **more})


@pytest.mark.parametrize("shipping", ["3.50", "0"])
def test_what_is_put_into_the_second_sales_order_brings_its_shipping_and_leaves_from_elsewhere(
    told: Told, ask: Ask, shipping: str
) -> None:
    a_basket_of_two_warehouses(told)
    shows(told, line(**GONE))
    so_2(told, line(**SECOND), line(line_number=2), shipping_amount=Decimal(shipping))
    lost = [("price", "SO-2", "shipping 3.50", "shipping 0.00", True)] if shipping == "0" else []

    assert found(ask) == [*lost, ("warehouse", "JL1-A-1", "WH1", "WH2", True)]


def test_what_is_put_into_the_first_is_not_taken_for_goods_nobody_bought(told: Told, ask: Ask) -> None:
    a_basket_of_two_warehouses(told)
    so_2(told, line(**SECOND, **GONE))
    shows(told, line(), line(**SECOND, line_number=2))

    assert found(ask) == [("warehouse", "JL1-A-2", "WH2", "WH1", True)]


def test_what_is_put_into_a_third_of_its_warehouse_has_the_shipping_of_both(told: Told, ask: Ask) -> None:
    told.order("JL1-A", skus=(SHIRT, SHIRT), quantity=2)
    sent(told, "SO-1", "JL1-A-1", "WH1", "3.50")
    sent(told, "SO-2", "JL1-A-2", "WH1", "0")
    shows(told, line(**GONE))
    so_2(told, line(**SECOND, **GONE), warehouse="WH1")
    shows(told, line(), line(**SECOND, line_number=2), ord_num="SO-3", revision=0)

    assert found(ask) == []


def test_a_part_that_is_put_there_brings_no_shipping_anybody_knows_of(told: Told, ask: Ask) -> None:
    """SO-1 lives on without its second line, which stands in SO-2 now."""
    told.order("JL1-A", skus=(SHIRT, SHIRT, SHIRT), quantity=2)
    both = [{**PAYLOAD["lines"][0], "order_line_id": f"JL1-A-{number}"} for number in (1, 3)]
    told.intent(
        "create_sales_order", "JL1-A/NMK/WH1", "confirmed", order_id="JL1-A", reference="SO-1",
        payload={**PAYLOAD, "lines": both}, at=NOW - 2 * HOUR,
    )  # fmt: skip
    sent(told, "SO-2", "JL1-A-2", "WH2", "0")
    third = {"order_line_id": "JL1-A-3"}
    shows(told, line(), line(**third, **GONE, line_number=2))
    so_2(told, line(**SECOND), line(**third, line_number=2))

    assert found(ask) == [("warehouse", "JL1-A-3", "WH1", "WH2", True)]


def wrong(ask: Ask) -> list[tuple[str, str, str]]:
    rows = ask("select kind, order_id, detail from conditions($at) order by order_id", {"at": NOW}).rows()
    return [(kind, order_id, detail) for kind, order_id, detail in rows]


@pytest.mark.parametrize("second", ["cancelled there", "taken out there"])
def test_an_order_put_into_the_sales_order_of_another_is_told_of_both(told: Told, ask: Ask, second: str) -> None:
    two_orders(told)
    shows(told, line(), line(**OTHER, line_number=2))
    left = (line(**OTHER, **GONE),) if second == "cancelled there" else ()
    so_2(told, order_id="JL2-A", warehouse="WH1", lines=left)
    shirts, by = f"2 of {key_of(SHIRT)}", ", last changed by CSDESK1"

    assert wrong(ask) == [
        (
            "drift_quantity", "JL1-A",
            f"Sales order SO-1: sent no such line, BlueCherry shows {shirts}, of order JL2-A{by}.",
        ),
        (
            "drift_cancelled", "JL2-A",
            f"Sales order SO-2: sent {shirts}, BlueCherry shows put into SO-1 of JL1-A{by}.",
        ),
    ]  # fmt: skip
    # it is sent after all: nobody is offered to cancel it at John Lewis
    assert ask("select max(short_quantity) from drift($at)", {"at": NOW}).item() == 0


def test_of_an_order_put_into_a_third_sales_order_of_another_nothing_is_lost_from_sight(
    told: Told, ask: Ask
) -> None:
    two_orders(told)
    shows(told, line(**GONE))
    so_2(told, line(**OTHER, **GONE), order_id="JL2-A", warehouse="WH1")
    shows(told, line(), line(**OTHER, line_number=2), ord_num="SO-3", revision=0)

    assert [(kind, order_id) for kind, order_id, _ in wrong(ask)] == [
        ("drift_quantity", "JL1-A"), ("drift_cancelled", "JL2-A"),
    ]  # fmt: skip


def test_of_a_line_only_a_part_of_which_was_put_there_the_rest_is_said(told: Told, ask: Ask) -> None:
    two_orders(told)
    one = {"ordered_quantity": 1, "open_quantity": 1}
    shows(told, line(), line(**OTHER, **one, line_number=2))
    so_2(told, line(**OTHER, **one), order_id="JL2-A", warehouse="WH1", shipping_amount=Decimal("3.50"))
    rows = ask("select shown, short_quantity from drift($at) where order_id = 'JL2-A'", {"at": NOW}).rows()

    assert rows == [("1 unit and 1 put into SO-1 of JL1-A", 0)]


def test_put_back_under_its_own_number_an_order_differs_no_more(told: Told, ask: Ask) -> None:
    two_orders(told)
    shows(told, line(), line(**OTHER, line_number=2))
    so_2(told, line(**OTHER, **GONE), order_id="JL2-A", warehouse="WH1", shipping_amount=Decimal("3.50"))
    shows(told, line(), at=NOW)
    so_2(told, line(**OTHER), order_id="JL2-A", warehouse="WH1", shipping_amount=Decimal("3.50"), at=NOW)

    assert wrong(ask) == []
