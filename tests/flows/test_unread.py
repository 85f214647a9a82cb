"""What an outside system lists and nobody can read: named, waited for, never lost, and in nobody's way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sync.ports import (
    CreditMemo,
    ErpReturn,
    Invoice,
    MarketReturn,
    Page,
    SalesOrder,
    Shipment,
    TransactionLine,
)
from sync.runs import EVERYTHING, Scope
from tests.flows.between import Between
from tests.told import Told

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


def shipment(name: str, at: datetime, customer: str) -> Shipment:  # noqa: ARG001 - all are made alike
    return Shipment(
        ship_id=name, ord_num="SO-1", order_id="JLM-1-A", warehouse="WH1", ship_via="DPD", scac="", shipped_at=at,
        updated_at=at, is_voided=True, cartons=(),
    )  # fmt: skip


def invoice(name: str, at: datetime, customer: str) -> Invoice:  # noqa: ARG001 - all are made alike
    return Invoice(
        invoice_number=name, ord_num="SO-1", order_id="JLM-1-A", invoiced_on=at, currency="GBP",
        total_amount=Decimal(1), tax_amount=Decimal(0), shipping_amount=Decimal(0), updated_at=at,
    )  # fmt: skip


def transaction(name: str, at: datetime, customer: str) -> TransactionLine:  # noqa: ARG001 - all are made alike
    return TransactionLine(
        transaction_id=name, type="ORDER_AMOUNT", amount=Decimal(1), balance=None, currency="GBP",
        payment_state="PENDING", created_at=at, updated_at=at, cycle_id="", document_number="", order_id="",
        order_line_id="", refund_id="", tax_rate=None,
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
    Kind("dispatch", "erp", "shipments", "shipment", shipment,
         "select ship_id as name from shipment_facts", "shipments.changed", "BlueCherry's shipments"),
    Kind("settlement", "erp", "invoices", "invoice", invoice,
         "select invoice_number as name from invoice_facts", "invoices.changed", "BlueCherry's invoices"),
    Kind("settlement", "marketplace", "transactions", "transaction", transaction,
         "select transaction_id as name from transaction_facts", "transactions.changed",
         "John Lewis's transactions"),
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


class Teller(Told):
    """Tells a story to the store of a house."""

    def __init__(self, house: Any) -> None:
        self.journal, self.now = house.house.journal, house.house.clock.now()
        self._waiting = None


@pytest.fixture(params=KINDS, ids=lambda kind: kind.cause)
def shelf(bench: Callable[..., Any], request: pytest.FixtureRequest) -> Shelf:
    house = bench(days=0.02, orders_per_day=0, skus=20)
    for name in ("no_orders", "no_hand_edits", "no_surprises", "relaxed_limits"):
        house.sandbox.scenario(name)
    Teller(house).order("JLM-1-A", state="CLOSED")  # shipments and invoices of others are not kept
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


def test_what_was_listed_too_long_ago_to_be_listed_again_stays_an_exception(shelf: Shelf) -> None:
    """It was never read: that no list shows it any more does not mend it."""
    shelf.changed("R1")
    shelf.run(2)
    shelf.changed("R2")
    shelf.bad.add("R2")
    shelf.run(2)
    shelf.house.advance(125 * 24 * 60)
    shelf.run(2, Scope(is_full=True))
    still = shelf.wrong()
    shelf.changed("R2")
    shelf.bad.clear()
    shelf.run(2)

    assert len(still) == 1
    assert shelf.wrong() == []


def test_what_changed_before_a_moment_somebody_asks_for_is_not_passed_over(shelf: Shelf) -> None:
    shelf.changed("R1")
    shelf.run(2)
    shelf.house.advance(60)
    shelf.changed("R2")
    shelf.house.advance(60)
    shelf.changed("R3")
    shelf.run(1, Scope(since=shelf.house.house.clock.now() - 10 * MINUTE))
    shelf.run(2)

    assert shelf.kept() == {"R1", "R2", "R3"}


def test_one_record_of_a_day_to_come_hides_nothing_that_changes_before_it(shelf: Shelf) -> None:
    """A clock was wrong there for a moment; what it stamped is newest for a year."""
    house = shelf.house.house
    shelf.changed("R1")
    later = house.clock.now() + timedelta(days=400)
    shelf.records["R2"] = shelf.kind.make("R2", later, house.settings.erp_customer)
    shelf.run(2)
    shelf.house.advance(60)
    shelf.changed("R3")
    shelf.run(2)

    assert shelf.kept() == {"R1", "R2", "R3"}


@pytest.mark.parametrize(("flow", "method", "bookmark"), [
    ("dispatch", "shipments", "shipments.changed"),
    ("settlement", "transactions", "transactions.changed"),
])  # fmt: skip
def test_a_first_reading_that_is_stopped_passes_over_nothing_that_could_not_be_read(
    bench: Callable[..., Any], flow: str, method: str, bookmark: str
) -> None:
    house = bench(days=0.02, orders_per_day=0, skus=20)
    shelf = Shelf(house, next(kind for kind in KINDS if kind.method == method))
    shelf.changed("R1")
    port = getattr(house.house, shelf.kind.side)

    def stopped(_: Any, **named: Any) -> Iterator[Page[Any]]:
        (page,) = shelf._listed(_, **named)
        yield Page((), None, (f"{shelf.kind.record} R0: lines is missing",))
        house.house.stopping.set()
        yield page

    setattr(house.house, shelf.kind.side, Between(port, **{method: stopped}))
    run = house.run(flow)

    assert run.state == "stopped"
    assert house.rows("select value from bookmarks where name = $name", name=bookmark) == []


def test_an_order_that_could_not_be_read_in_a_count_is_read_again_soon_and_can_be_fetched_by_name(
    bench: Callable[..., Any],
) -> None:
    """It changed long before the bookmark: no look at what changed since would ever meet it."""
    house = bench(days=0.02, orders_per_day=20, skus=20)
    for name in ("no_orders", "no_hand_edits", "no_surprises", "relaxed_limits", "acceptance_automatic", "burst"):
        house.sandbox.scenario(name)
    house.run("orders")
    real = house.house.marketplace
    order_id = house.value("select max(order_id) from order_facts")

    def holed(port: Any, **named: Any) -> Iterator[Page[Any]]:
        for page in port.orders(**named):
            is_count = named.get("created_from") is not None
            good = tuple(one for one in page.items if one.order_id != order_id or not is_count)
            bad = () if len(good) == len(page.items) else (f"order {order_id}: order_lines is missing",)
            yield Page(good, page.snapshot_id, bad, page.total)

    house.house.marketplace = Between(real, orders=holed)
    for minutes in (90, 1.05):  # a count takes the call of a look, if there was one just before
        house.advance(minutes)
        counted = house.run("orders")
    named = house.rows(
        "select order_id from conditions($now) where kind = 'unreadable'", now=house.house.clock.now()
    )
    house.house.marketplace = real
    house.advance(16)
    again = house.run("orders")

    assert counted.counts["days_counted"] == 1
    assert named == [{"order_id": order_id}]
    assert again.counts["days_counted"] == 0
    assert unreadable(house) == []


def unreadable(house: Any) -> list[tuple[str, str]]:
    rows = house.rows(
        "select cause, subject from conditions($now) where kind = 'unreadable' order by subject",
        now=house.house.clock.now(),
    )
    return [(row["cause"], row["subject"]) for row in rows]
