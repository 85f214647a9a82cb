"""Open work orders are read once a batch, those that changed; where they cannot be read, the stock goes on."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sync.errors import Retriable, Skippable
from tests.flows.between import Between

TWO_WEEKS = 14 * 24 * 60


def expected(house: Any) -> dict[str, int]:
    """What the sandbox still expects of makers, by order."""
    orders = [one for page in house.house.erp.work_orders() for one in page.items]
    return {one.work_order_id: sum(line.quantity for line in one.lines) for one in orders if one.lines[0].quantity}


def known(house: Any) -> dict[str, int]:
    rows = house.rows("select distinct work_order_id, quantity from work_orders")
    return {row["work_order_id"]: row["quantity"] for row in rows}


def test_what_is_coming_is_known_by_sku_and_day_and_what_was_received_is_not_expected_any_more(
    bench: Callable[..., Any],
) -> None:
    house = bench(days=20, skus=60, orders_per_day=5)
    first = house.run_all("catalogue", "inventory")["inventory"]
    before, at_first = expected(house), known(house)
    house.advance(TWO_WEEKS)
    house.sandbox.scenario("batch_now")
    later = house.run("inventory")
    again = house.run("inventory")
    after, made = expected(house), sum(len(page.items) for page in house.house.erp.work_orders())

    assert at_first == before
    assert first.counts["work_orders"] > len(before)  # with those received before
    assert known(house) == after != before
    assert 0 < later.counts["work_orders"] < made  # those that changed
    assert again.counts["work_orders"] == 0  # of this batch it was asked
    assert house.value("select count(*) from work_orders where due_on is null or sku is null") == 0
    assert house.rebuild_differences() == {}


@pytest.mark.parametrize("trouble", [Retriable("no answer"), Skippable("404: there is no such entity")])
def test_where_they_cannot_be_read_the_stock_goes_on_and_they_are_asked_for_again(
    bench: Callable[..., Any], trouble: Exception
) -> None:
    def refused(_erp: Any, **_asked: Any) -> Iterator[Any]:
        raise trouble

    house = bench(days=2, skus=40, orders_per_day=0)
    real = house.house.erp
    house.house.erp = Between(real, work_orders=refused)
    without = house.run_all("catalogue", "inventory")["inventory"]
    house.house.erp = real
    then = house.run("inventory")

    assert (without.counts["batches_read"], without.counts["coming_unread"]) == (1, 1)
    assert without.is_good
    assert then.counts["work_orders"] > 0
    assert known(house) == expected(house)
