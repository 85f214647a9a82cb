"""However many answers never came, BlueCherry has time for what is new, and each of them has its turn."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from sync.flows.orders_settle import settle
from sync.ports import Page, SalesOrder
from tests.flows.shop import Shop, settings_of
from tests.told import HOUR, NOW
from tests.views.test_drift import PAYLOAD, line, shows

MANY = 40


@dataclass
class Erp:
    """A BlueCherry that has none of what it is asked for."""

    asked: list[str] = field(default_factory=list)

    def sales_orders(self, *, order_id: str = "", ord_num: str = "") -> Iterator[Page[SalesOrder]]:
        self.asked.append(order_id or ord_num)
        yield Page((), None, ())


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Sixty calls a minute, a run a minute; of many creations and cancellations no answer came an hour ago."""
    opened = Shop(tmp_path / "store.duckdb", settings_of(ERP_VISIBILITY_MINUTES=15))
    opened.run.flow = "orders"
    told = opened.told
    with told.in_one_go():
        for number in range(MANY):
            order_id = f"JL{number:02}-A"
            lines = [{**PAYLOAD["lines"][0], "order_line_id": f"{order_id}-1"}]
            told.intent(
                "create_sales_order", f"{order_id}/NMK/WH1", "unclear", order_id=order_id,
                payload={**PAYLOAD, "lines": lines}, at=NOW - HOUR + timedelta(seconds=number),
            )  # fmt: skip
    yield opened
    told.close()


def settled(shop: Shop, *named: str) -> list[str]:
    """What BlueCherry is asked about in one run."""
    erp = Erp()
    shop.run.house.erp = cast("Any", erp)
    settle(shop.run, named)
    return erp.asked


def test_many_unclear_creations_leave_half_of_what_bluecherry_takes_for_new_orders(shop: Shop) -> None:
    rounds = [settled(shop) for _ in range(2)]

    assert [len(asked) for asked in rounds] == [30, 10]  # all of them once; twice only a minute later
    assert sorted(one for asked in rounds for one in asked) == [f"JL{number:02}-A" for number in range(MANY)]


def test_what_was_read_by_now_is_known_without_asking(shop: Shop) -> None:
    """All but three came after all, and stand in the list of what changed."""
    with shop.told.in_one_go():
        for number in range(3, MANY):
            order_id = f"JL{number:02}-A"
            there = line(order_line_id=f"{order_id}-1")
            shows(shop.told, there, order_id=order_id, ord_num=f"SO-{number}", at=NOW - HOUR / 2)
    asked = settled(shop)
    (known,) = shop.rows("select count(*) as n from intent_facts where state = 'confirmed'")

    assert asked == ["JL00-A", "JL01-A", "JL02-A"]
    assert known["n"] == MANY - 3


def test_unclear_cancellations_do_not_take_the_turns_of_creations(shop: Shop) -> None:
    with shop.told.in_one_go():
        for number in range(MANY):
            what = {"ord_num": f"SO-{number:02}", "line_number": 1, "quantity": 1, "before_quantity": 0}
            shop.told.intent(
                "cancel_sales_line",
                f"JLX{number}-1/0",
                "unclear",
                order_id=f"JLX{number}",
                payload=what,
                at=NOW - HOUR,
            )
    asked = settled(shop)

    assert [sum(one.startswith(sort) for one in asked) for sort in ("SO-", "JL")] == [15, 15]


def test_the_orders_a_person_names_are_asked_about_at_once_and_no_others(shop: Shop) -> None:
    assert settled(shop, "JL35-A", "JL39-A") == ["JL35-A", "JL39-A"]
    assert settled(shop)[0] == "JL00-A"
