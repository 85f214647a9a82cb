"""What of a list that has no moment to read on from cannot be read: an exception until it can."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from sync.ports import Page
from tests.flows.between import Between
from tests.flows.test_unread import unreadable


@dataclass(frozen=True)
class List:
    """A list that is read whole, or from where its records began."""

    flow: str
    side: str
    method: str
    record: str
    key: str
    cause: str


LISTS = (
    List("catalogue", "erp", "skus", "style", "style", "BlueCherry's styles"),
    List("catalogue", "marketplace", "offers", "offer", "sku", "John Lewis's offers"),
    List("settlement", "marketplace", "billing_cycles", "billing cycle", "cycle_id", "John Lewis's billing cycles"),
    List("inventory", "erp", "work_orders", "work order", "work_order_id", "BlueCherry's work orders"),
    List("inventory", "erp", "batches", "stock batch", "batch_id", "BlueCherry's stock batches"),
)


@pytest.mark.parametrize("one", LISTS, ids=lambda one: one.cause)
def test_what_cannot_be_read_of_any_list_is_an_exception_until_it_can(bench: Callable[..., Any], one: List) -> None:
    house = bench(days=12 if one.method == "billing_cycles" else 1, orders_per_day=2, skus=20)
    for name in ("no_orders", "no_hand_edits", "no_surprises", "relaxed_limits"):
        house.sandbox.scenario(name)
    port = getattr(house.house, one.side)
    chosen: list[str] = []

    def spoilt(real: Any, **named: Any) -> Iterator[Page[Any]]:
        for page in getattr(real, one.method)(**named):
            names = [getattr(record, one.key) for record in page.items]
            chosen[:] = chosen or names[-1:]
            good = tuple(record for record, name in zip(page.items, names, strict=True) if name not in chosen)
            bad = () if len(good) == len(names) else (f"{one.record} {chosen[0]}: lines is missing",)
            yield Page(good, page.snapshot_id, bad, page.total)

    setattr(house.house, one.side, Between(port, **{one.method: spoilt}))
    if one.flow == "inventory":
        house.run("catalogue")
    assert house.run(one.flow).is_good
    named = unreadable(house)
    setattr(house.house, one.side, port)
    house.advance(24 * 60 + 10)
    assert house.run(one.flow).is_good

    system = one.cause.partition("'")[0]
    assert named == [(one.cause, f"{system} {one.record} {chosen[0]}")]
    assert unreadable(house) == []


def test_a_batch_that_the_look_at_the_latest_could_not_read_is_read_once_the_list_is_whole(
    bench: Callable[..., Any],
) -> None:
    house = bench(days=1, orders_per_day=2, skus=20)
    for name in ("no_orders", "no_hand_edits", "no_surprises", "relaxed_limits"):
        house.sandbox.scenario(name)
    port = house.house.erp

    def spoilt(real: Any, **named: Any) -> Iterator[Page[Any]]:
        for page in real.batches(**named):
            bad = "stock batch without a name: as_of is missing"
            yield page if named else Page((), page.snapshot_id, (bad,), page.total)

    house.house.erp = Between(port, batches=spoilt)
    house.run("catalogue")
    assert house.run("inventory").is_good
    named = unreadable(house)
    house.house.erp = port
    house.advance(24 * 60 + 10)
    assert house.run("inventory").is_good

    assert [cause for cause, _ in named] == ["BlueCherry's stock batches"]
    assert unreadable(house) == []
