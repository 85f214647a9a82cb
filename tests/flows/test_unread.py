"""What an outside system lists and nobody can read: named, waited for, never lost, and in nobody's way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sync.ports import CreditMemo, ErpReturn, MarketReturn, Page, SalesOrder
from sync.runs import EVERYTHING, Scope
from tests.flows.between import Between

MINUTE = timedelta(minutes=1)


def sales_order(name: str, at: datetime, customer: str) -> SalesOrder:
    return SalesOrder(
        ord_num=name, order_id=f"JLM-{name}-A", division="NMK", warehouse="WH1", customer=customer, ship_via="DPD",
        raw_status="O", entered_at=at, updated_at=at, updated_by="ops", revision=1, lines=(),
    )  # fmt: skip


def authorisation(name: str, at: datetime, customer: str) -> ErpReturn:  # noqa: ARG001 - all are made alike
    return ErpReturn(
        ret_num=name, order_id="JLM-1-A", ord_num="SO-1", return_id="", raw_status="O", is_closed=False,
        entered_at=at, updated_at=at, lines=(),
    )  # fmt: skip


def credit_memo(name: str, at: datetime, customer: str) -> CreditMemo:  # noqa: ARG001 - all are made alike
    return CreditMemo(
        memo_number=name, ret_num="RA-1", order_id="JLM-1-A", issued_on=at, currency="GBP",
        shipping_amount=Decimal(0), total_amount=Decimal(1), updated_at=at, lines=(),
    )  # fmt: skip


def market_return(name: str, at: datetime, customer: str) -> MarketReturn:  # noqa: ARG001 - all are made alike
    return MarketReturn(
        return_id=name, order_id="JLM-1-A", state="OPENED", reason_code="SIZE", rma="", tracking="", created_at=at,
        updated_at=at, lines=(),
    )  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A list of an outside system, and what is kept of it."""

    flow: str
    side: str
    method: str
    record: str
    make: Callable[[str, datetime, str], Any]
    kept: str
    bookmark: str
    cause: str


KINDS = (
    Kind("orders", "erp", "sales_orders", "sales order", sales_order,
         "select ord_num as name from sales_order_facts", "sales_orders.changed", "BlueCherry's sales orders"),
    Kind("returns", "erp", "list_returns", "return", authorisation,
         "select ret_num as name from erp_return_facts", "erp_returns.changed", "BlueCherry's returns"),
    Kind("returns", "erp", "list_credit_memos", "credit memo", credit_memo,
         "select memo_number as name from credit_memo_facts", "credit_memos.changed", "BlueCherry's credit memos"),
    Kind("returns", "marketplace", "list_returns", "return", market_return,
         "select return_id as name from market_return_facts", "returns.changed", "John Lewis's returns"),
)  # fmt: skip


@dataclass
class Shelf:
    """A house of which one list is told by hand."""

    house: Any
    kind: Kind
    records: dict[str, Any] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        port = getattr(self.house.house, self.kind.side)
        setattr(self.house.house, self.kind.side, Between(port, **{self.kind.method: self._listed}))

    def _listed(self, _: Any, *, updated_from: datetime | None = None, **named: Any) -> Iterator[Page[Any]]:
        shown = {
            name: one for name, one in self.records.items()
            if not named and (updated_from is None or one.updated_at >= updated_from)
        }  # fmt: skip
        skipped = tuple(f"{self.kind.record} {name}: lines is missing" for name in shown if name in self.bad)
        yield Page(tuple(one for name, one in shown.items() if name not in self.bad), None, skipped)

    def changed(self, name: str) -> None:
        house = self.house.house
        self.records[name] = self.kind.make(name, house.clock.now(), house.settings.erp_customer)

    def run(self, minutes: float, scope: Scope = EVERYTHING) -> None:
        self.house.advance(minutes)
        assert self.house.run(self.kind.flow, scope).is_good

    def kept(self) -> set[str]:
        return {row["name"] for row in self.house.rows(self.kind.kept)}

    def wrong(self) -> list[tuple[str, str]]:
        rows = self.house.rows(
            "select cause, detail from conditions($now) where kind = 'unreadable'",
            now=self.house.house.clock.now(),
        )
        return [(row["cause"], row["detail"]) for row in rows]

    def read_to(self) -> datetime:
        value = self.house.value("select value from bookmarks where name = $name", name=self.kind.bookmark)
        return datetime.fromisoformat(value)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.cause)
def shelf(bench: Callable[..., Any], request: pytest.FixtureRequest) -> Shelf:
    house = bench(days=0.02, orders_per_day=0, skus=20)
    for name in ("no_orders", "no_hand_edits", "no_surprises", "relaxed_limits"):
        house.sandbox.scenario(name)
    return Shelf(house, request.param)


def test_what_could_not_be_read_once_is_read_later_whatever_came_after_it(shelf: Shelf) -> None:
    shelf.changed("R1")
    shelf.run(2)
    shelf.changed("R2")
    shelf.bad.add("R2")
    shelf.run(2)
    named = shelf.wrong()
    shelf.house.advance(180)
    shelf.changed("R3")
    shelf.run(2)
    before = shelf.kept()
    shelf.bad.clear()
    shelf.run(2)

    assert named == [(shelf.kind.cause, f"{shelf.kind.record} R2: lines is missing")]
    assert before == {"R1", "R3"}
    assert shelf.kept() == {"R1", "R2", "R3"}
    assert shelf.wrong() == []
    assert shelf.house.rebuild_differences() == {}


def test_what_can_never_be_read_keeps_nothing_else_waiting_and_is_tried_again_every_day(shelf: Shelf) -> None:
    """New records keep coming, so that the newest is never old."""
    shelf.changed("R1")
    shelf.run(2)
    shelf.changed("R2")
    shelf.bad.add("R2")
    for hour in range(9):
        shelf.house.advance(60)
        shelf.changed(f"N{hour}")
        shelf.run(1)
    gap = shelf.house.house.clock.now() - shelf.read_to()
    still = shelf.wrong()
    shelf.bad.clear()
    shelf.run(24 * 60 + 1)

    assert gap < timedelta(hours=1)
    assert len(still) == 1
    assert "R2" in shelf.kept()
    assert shelf.wrong() == []


def test_what_could_not_be_read_at_the_first_start_is_read_again_and_a_full_reading_reads_all(
    shelf: Shelf,
) -> None:
    shelf.changed("R1")
    shelf.changed("R2")
    shelf.house.advance(24 * 60)
    shelf.changed("R3")
    shelf.bad |= {"R1", "R2"}
    shelf.run(2)
    shelf.bad.discard("R1")
    shelf.run(16)
    by_itself = shelf.kept()
    shelf.bad.clear()
    shelf.run(2, Scope(is_full=True))

    assert by_itself == {"R1", "R3"}
    assert shelf.kept() == {"R1", "R2", "R3"}
    assert shelf.wrong() == []
