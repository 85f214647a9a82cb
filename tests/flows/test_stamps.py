"""What is stamped behind what we have counts all the same: in the second showing of BlueCherry's autumn hour, and
after a clock was put right. Only what John Lewis shows of an earlier state does not.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from store.journal import check_rebuild
from sync.clients.erp_time import ErpTime
from sync.flows.dispatch_look import read_shipments
from sync.flows.orders_seen import record_sales_orders
from sync.flows.returns import look
from sync.flows.returns_settle import record_returns
from sync.flows.settlement import read_invoices
from sync.ports import CreditMemo, ErpReturn, Invoice, MarketReturn, Page, ReturnedLine, SalesOrder, Shipment
from sync.runs import EVERYTHING
from tests.flows.shop import Shop, settings_of
from tests.told import NOW

FACE = ErpTime("America/New_York")
FIRST, SECOND = FACE.earlier("2026-11-01 01:50:00"), FACE.earlier("2026-11-01 01:10:00")  # twenty minutes later
ORDER = SalesOrder(
    ord_num="SO-1", order_id="JL1-A", division="NMK", warehouse="WH1", customer="JLM", ship_via="DPD",
    raw_status="O", entered_at=FIRST, updated_at=FIRST, updated_by="", revision=0, lines=(),
)  # fmt: skip
SHIPMENT = Shipment(
    ship_id="SH-1", ord_num="SO-1", order_id="JL1-A", warehouse="WH1", ship_via="DPD", scac="", shipped_at=FIRST,
    updated_at=FIRST, is_voided=False, cartons=(),
)  # fmt: skip
RETURN = ErpReturn(
    ret_num="RA-1", order_id="JL1-A", ord_num="SO-1", return_id="", raw_status="O", is_closed=False,
    entered_at=FIRST, updated_at=FIRST, lines=(),
)  # fmt: skip


MEMO = CreditMemo(
    memo_number="CM-1", ret_num="RA-1", order_id="JL1-A", issued_on=FIRST, currency="GBP",
    shipping_amount=Decimal(0), total_amount=Decimal(39), updated_at=FIRST, lines=(),
)  # fmt: skip
INVOICE = Invoice(
    invoice_number="I-1", ord_num="SO-1", order_id="JL1-A", invoiced_on=FIRST, currency="GBP",
    total_amount=Decimal(39), tax_amount=Decimal(0), shipping_amount=Decimal(0), updated_at=FIRST,
)  # fmt: skip
ON_ITS_WAY = MarketReturn(
    return_id="R1", order_id="JL1-A", state="IN_PROGRESS", reason_code="SIZE", rma="RMA1", tracking="",
    created_at=NOW, updated_at=NOW + timedelta(minutes=8), lines=(ReturnedLine("JL1-A-1", 1, "SIZE"),),
)  # fmt: skip


class Listing:
    """A system that lists one record, in the list of its kind."""

    def __init__(self, one: object) -> None:
        self._one = one

    def _listed(self, kind: type) -> Iterator[Page[Any]]:
        yield Page((self._one,) if isinstance(self._one, kind) else (), None, ())

    def shipments(self, **_: Any) -> Iterator[Page[Shipment]]:
        return self._listed(Shipment)

    def list_returns(self, **_: Any) -> Iterator[Page[Any]]:
        return self._listed(MarketReturn)

    def list_credit_memos(self, **_: Any) -> Iterator[Page[CreditMemo]]:
        return self._listed(CreditMemo)

    def invoices(self, **_: Any) -> Iterator[Page[Invoice]]:
        return self._listed(Invoice)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path / "store.duckdb", settings_of(ERP_CUSTOMER="JLM"))
    opened.told.order("JL1-A", placed=NOW)
    yield opened
    opened.told.close()


def read_shipment(shop: Shop, one: Shipment) -> None:
    shop.run.house.erp = cast("Any", Listing(one))
    read_shipments(shop.run, EVERYTHING)


def read_return(shop: Shop, one: MarketReturn) -> None:
    shop.run.house.marketplace, shop.run.house.erp = cast("Any", Listing(one)), cast("Any", Listing(None))
    look(shop.run, EVERYTHING)


def read_memo(shop: Shop, one: CreditMemo) -> None:
    shop.run.house.marketplace, shop.run.house.erp = cast("Any", Listing(None)), cast("Any", Listing(one))
    look(shop.run, EVERYTHING)


def read_invoice(shop: Shop, one: Invoice) -> None:
    shop.run.house.erp = cast("Any", Listing(one))
    read_invoices(shop.run, EVERYTHING)


@pytest.mark.parametrize(
    ("record", "first", "changes", "shown"),
    [
        (lambda shop, one: record_sales_orders(shop.run, Page((one,), None, ())), ORDER, {"warehouse": "WH2"},
         "select warehouse = 'WH2' and changed_at = $second as it from sales_order_facts"),
        (read_shipment, SHIPMENT, {"is_voided": True},
         "select is_voided and changed_at = $second as it from shipment_facts"),
        (lambda shop, one: record_returns(shop.run, Page((one,), None, ())), RETURN, {"is_closed": True},
         "select is_closed and changed_at = $second as it from erp_return_facts"),
        (read_memo, MEMO, {"total_amount": Decimal(78)},
         "select total_amount = 78 and happened_at > $second as it from credit_memo_facts"),
        (read_invoice, INVOICE, {"tax_amount": Decimal(7)},
         "select tax_amount = 7 and happened_at > $second as it from invoice_facts"),
    ],
    ids=["a sales order", "a shipment", "a return", "a credit memo", "an invoice"],
)  # fmt: skip
def test_what_is_stamped_in_the_second_showing_of_an_hour_is_not_lost_behind_the_first(
    shop: Shop, record: Callable[[Shop, Any], object], first: Any, changes: dict[str, Any], shown: str
) -> None:
    later = replace(first, updated_at=SECOND, **changes)
    for one in (first, later, later):  # the overlap of two looks shows it twice
        record(shop, one)
    kinds = "('sales_order.read', 'shipment.posted', 'return.read', 'credit_memo.read', 'invoice.read')"

    assert SECOND < FIRST
    assert shop.rows(shown, second=SECOND) == [{"it": True}]
    assert shop.rows(f"select count(*)::integer as n from events where kind in {kinds}") == [{"n": 2}]
    assert check_rebuild(shop.told.database) == {}


def test_a_return_that_changed_after_john_lewis_put_its_clock_right_counts_at_once_and_never_goes_back(
    shop: Shop,
) -> None:
    behind = NOW + timedelta(minutes=1)
    read = (
        ON_ITS_WAY,
        replace(ON_ITS_WAY, state="RECEIVED", updated_at=behind),
        replace(ON_ITS_WAY, state="RECEIVED", tracking="RM1", updated_at=behind),
        replace(ON_ITS_WAY, updated_at=behind),  # a late answer
        ON_ITS_WAY,
    )
    shown = []
    for one in read:
        read_return(shop, one)
        shown += shop.rows("select state, tracking from market_return_facts")
    received = {"state": "RECEIVED", "tracking": ""}
    known = {**received, "tracking": "RM1"}

    assert shown == [{"state": "IN_PROGRESS", "tracking": ""}, received, known, known, known]
    assert check_rebuild(shop.told.database) == {}
