"""Both clients against real servers: the sandbox, over real sockets, with its faults on.

The checks are small and named for what a flow relies on; the sandbox's own truth says who is right.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from sync.clients import SandboxClock, open_erp, open_marketplace
from sync.clients.bluecherry import BlueCherry
from sync.clients.http import Patience, Timeouts
from sync.clients.mirakl import Mirakl
from sync.errors import Deferred, Fatal, Refused, Retriable, Skippable, Unclear
from sync.ports import (
    Address,
    Exchange,
    MarketOrder,
    SalesLineDraft,
    SalesOrderDraft,
    ShipmentDraft,
    Tracking,
)

HOME = Address("Zoë Kettle", "1 Pretend Row", "", "Leeds", "", "LS1 0AA", "GBR")
SETTINGS: dict[str, str] = {}
PATIENT = Patience(first_pause=0.01, longest_pause=0.1, jitter=0.05)


@dataclass
class Standing:
    """Both clients at one sandbox, and everything they said."""

    sandbox: Any
    clock: SandboxClock
    marketplace: Mirakl
    erp: BlueCherry
    exchanges: list[Exchange] = field(default_factory=list)

    def advance(self, minutes: float) -> None:
        self.sandbox.advance(minutes)
        self.clock._read_at = -1e9  # the test knows that time was moved; it does not wait to hear of it

    def all_orders(self) -> list[MarketOrder]:
        since = self.clock.now() - timedelta(days=30)
        return [item for page in self.marketplace.orders(created_from=since) for item in page.items]

    def draft(self, order_id: str, sku: str = "") -> SalesOrderDraft:
        """A sales order of one unit of any SKU of the main warehouse."""
        skus = [item for page in self.erp.skus() for item in page.items]
        chosen = next(
            item
            for item in skus
            if item.division == "NMK" and item.is_active and item.multiple == 1 and sku in {"", item.key}
        )
        now = self.clock.now()
        line = SalesLineDraft(1, f"{order_id}-1", chosen.key, chosen.upc, 1, Decimal("45.00"), Decimal("7.50"))
        return SalesOrderDraft(
            order_id=order_id,
            commercial_id=order_id,
            division="NMK",
            warehouse="WH1",
            customer="JLM",
            ship_via="RML",
            currency="GBP",
            starts_on=now,
            cancels_on=now + timedelta(days=7),
            shipping_amount=Decimal("3.95"),
            lines=(line,),
            ship_to=HOME,
            bill_to=HOME,
        )


@pytest.fixture
def standing(sandbox: Callable[..., Any]) -> Iterator[Standing]:
    running = sandbox(days=2, skus=50, orders_per_day=60)
    # Keys and zone are the same for every sandbox; asking each one costs a process.
    settings = SETTINGS or running.environment
    SETTINGS.update(settings)
    clock = SandboxClock(running.john_lewis)
    exchanges: list[Exchange] = []
    timeouts = Timeouts(connect=2, read=2, write=2, pool=10)
    market = open_marketplace(
        running.john_lewis,
        settings["CHERRYLANE_MARKETPLACE_KEY"],
        settings["CHERRYLANE_MARKETPLACE_SHOP_ID"],
        clock,
        exchanges.append,
        timeouts=timeouts,
        patience=PATIENT,
    )
    erp = open_erp(
        running.bluecherry,
        settings["CHERRYLANE_ERP_KEY"],
        settings["CHERRYLANE_ERP_TIMEZONE"],
        clock,
        exchanges.append,
        timeouts=timeouts,
        patience=PATIENT,
    )
    yield Standing(running, clock, market, erp, exchanges)
    market.close()
    erp.close()
    clock.close()


def test_everything_the_marketplace_says_is_read_and_true(standing: Standing) -> None:
    truth = standing.sandbox.state("john_lewis")
    since = standing.clock.now() - timedelta(days=30)
    pages = list(standing.marketplace.orders(created_from=since))
    orders = {item.order_id: item for page in pages for item in page.items}
    offers = {item.sku: item.quantity for page in standing.marketplace.offers() for item in page.items}
    lines = [item for page in standing.marketplace.transactions(updated_from=since) for item in page.items]
    shipments = [item for page in standing.marketplace.shipments(list(orders)) for item in page.items]

    assert [page.skipped for page in pages if page.skipped] == []
    assert {order_id: item.state for order_id, item in orders.items()} == {
        order_id: order["state"] for order_id, order in truth["orders"].items()
    }
    assert pages[-1].total == len(orders)
    assert offers == {sku: offer["quantity"] for sku, offer in truth["offers"].items()}
    assert len(lines) == truth["transactions_count"]
    assert len(shipments) == sum(len(order["confirmations"]) for order in truth["orders"].values())
    assert standing.marketplace.ping()
    assert standing.marketplace.account().model == "MARKETPLACE"
    assert standing.marketplace.rules().multi_shipment
    assert "royal-mail" in {code.code for code in standing.marketplace.carriers()}
    assert standing.marketplace.shipping_types()[0].detail["mandatory_tracking"] is True
    assert any(code.detail["is_ours"] for code in standing.marketplace.reasons())
    assert list(standing.marketplace.billing_cycles(created_from=since))


def test_everything_the_erp_says_is_read_and_true(standing: Standing) -> None:
    truth = standing.sandbox.state("bluecherry")
    order_pages = list(standing.erp.sales_orders())
    orders = {item.ord_num: item for page in order_pages for item in page.items}
    shipments = [item for page in standing.erp.shipments() for item in page.items]
    batches = [
        item
        for page in standing.erp.batches(completed_from=standing.clock.now() - timedelta(days=2))
        for item in page.items
    ]
    complete = [item for item in batches if item.state == "COMPLETE"]
    frames = [frame for frame, _ in standing.erp.inventory(complete[-1].batch_id)]

    assert [page.skipped for page in order_pages if page.skipped] == []
    for order in truth["sales_orders"]:
        if order["visible"]:
            got = orders[order["ord_num"]]
            assert (got.order_id, got.warehouse) == (order["po_num"], order["warehouse"])
            assert [(line.order_line_id, line.shipped_quantity) for line in got.lines] == [
                (line["ext_line_id"], line["qty_shipped"]) for line in order["lines"]
            ]
    assert len(shipments) == len(truth["shipments"])
    stock = pl.concat(frames)
    assert stock.height == complete[-1].row_count
    assert str(stock["on_hand"].sum()) == complete[-1].checksum
    assert [item.as_of for item in batches] == sorted(item.as_of for item in batches)
    assert standing.erp.ping()
    assert {code.code for code in standing.erp.locations() if code.detail["type"] == "W"} >= {"WH1", "WH2"}
    assert "DPX" in {code.code for code in standing.erp.ship_vias()}
    assert ("6100", "Marketplace commission") in {(code.code, code.label) for code in standing.erp.accounts()}
    assert [item for page in standing.erp.invoices() for item in page.items]


def test_an_order_walks_from_acceptance_to_its_confirmed_parcel(standing: Standing) -> None:
    for _ in range(30):
        if any(order.state == "WAITING_ACCEPTANCE" for order in standing.all_orders()):
            break
        standing.advance(10)
    waiting = next(
        order
        for page in standing.marketplace.orders(order_ids=list(standing.sandbox.state("john_lewis")["orders"]))
        for order in page.items
        if order.state == "WAITING_ACCEPTANCE"
    )
    line_ids = [line.order_line_id for line in waiting.lines]
    assert waiting.person is None

    assert standing.marketplace.accept(waiting.order_id, line_ids) is not None
    with pytest.raises(Refused):
        standing.marketplace.accept(waiting.order_id, line_ids)
    standing.advance(24 * 60)
    ((accepted,),) = (page.items for page in standing.marketplace.orders(order_ids=[waiting.order_id]))
    if accepted.state != "SHIPPING":  # some customers never pay
        assert accepted.state in {"CANCELED", "WAITING_DEBIT_PAYMENT", "WAITING_DEBIT"}
        return
    assert accepted.person is not None
    draft = ShipmentDraft(
        accepted.order_id,
        "S77-CTN1",
        {line.order_line_id: line.quantity for line in accepted.lines},
        Tracking("royal-mail", "", "RM123456785GB"),
    )
    again, first = (standing.marketplace.create_shipments([draft])[0] for _ in range(2))
    found = [item for page in standing.marketplace.shipments([accepted.order_id]) for item in page.items]

    assert {again.is_ok, first.is_ok} == {True, False}
    assert [item.reference for item in found] == ["S77-CTN1"]
    assert standing.marketplace.write_references({accepted.order_id: "0400999"})[0].is_ok


def test_stock_is_imported_and_its_refused_lines_are_named(standing: Standing) -> None:
    sku = next(item.sku for page in standing.marketplace.offers() for item in page.items)
    import_id = standing.marketplace.import_stock({sku: 3, "NOBODY-HAS-THIS": 1})
    with pytest.raises(Deferred) as deferred:
        standing.marketplace.import_stock({sku: 4})
    assert deferred.value.due_at == standing.clock.now() + timedelta(minutes=1)
    assert standing.marketplace.import_status(import_id).state == "waiting"
    standing.advance(5)
    status = standing.marketplace.import_status(import_id)

    assert (status.state, status.has_error_report, status.error_count) == ("complete", True, 1)
    assert list(standing.marketplace.import_errors(import_id)) == ["NOBODY-HAS-THIS"]


def test_a_sales_order_is_created_seen_later_and_cancelled(standing: Standing) -> None:
    ord_num = standing.erp.create_order(standing.draft("JLM777-A"), "key-777")
    assert [item for page in standing.erp.sales_orders(order_id="JLM777-A") for item in page.items] == []
    standing.advance(11)
    ((found,),) = (page.items for page in standing.erp.sales_orders(order_id="JLM777-A"))
    assert (found.ord_num, found.lines[0].order_line_id) == (ord_num, "JLM777-A-1")

    standing.erp.cancel_line(ord_num, 1, 1, "customer changed their mind")
    with pytest.raises(Refused) as refused:
        standing.erp.cancel_line(ord_num, 1, 1, "customer changed their mind")
    assert refused.value.code == "ORDER_LOCKED"
    ((cancelled,),) = (page.items for page in standing.erp.sales_orders(ord_num=ord_num))
    assert cancelled.lines[0].cancelled_quantity == 1


def test_what_the_erp_refuses_says_why(standing: Standing) -> None:
    good = standing.draft("JLM778-A")
    line = replace(good.lines[0], sku_key="NMK|NOSUCH|WHT|A||M")
    for draft, code in (
        (replace(good, warehouse=""), "MISSING_WAREHOUSE"),
        (replace(good, lines=(line,)), "UNKNOWN_SKU"),
        (replace(good, ship_to=replace(HOME, line_1="1 Pretend Row " * 5)), "FIELD_TOO_LONG"),
    ):
        with pytest.raises(Refused) as refused:
            standing.erp.create_order(draft, "key-778")
        assert refused.value.code == code
    with pytest.raises(Skippable):
        list(standing.erp.inventory("NO-SUCH-BATCH"))


def test_a_wrong_key_is_a_persons_business(standing: Standing) -> None:
    clock = standing.clock
    market = open_marketplace(standing.sandbox.john_lewis, "wrong", "4107", clock, lambda _: None)
    erp = open_erp(standing.sandbox.bluecherry, "wrong", "America/New_York", clock, lambda _: None)

    with closing(market), pytest.raises(Fatal, match="key"):
        market.ping()
    with closing(erp), pytest.raises(Fatal, match="key"):
        erp.ping()


def test_sixteen_threads_create_each_order_once_whatever_the_network_does(standing: Standing) -> None:
    """Each call ends in exactly one of the four ways, and each of them is the truth."""
    drafts = [standing.draft(f"JLM9{number:03d}-A") for number in range(60)]
    standing.sandbox.faults(
        rate_429=0.05, rate_500=0.1, timeout_before=0.03, timeout_after=0.05, cut=0.05, malformed=0.05, hole=0.05
    )

    def create(draft: SalesOrderDraft) -> str:
        try:
            return f"created {standing.erp.create_order(draft, draft.order_id)}"
        except (Unclear, Retriable, Deferred) as error:
            return type(error).__name__.lower()

    with ThreadPoolExecutor(16) as threads:
        outcomes = dict(zip([draft.order_id for draft in drafts], threads.map(create, drafts), strict=True))
    standing.sandbox.faults()
    there = Counter(order["po_num"] for order in standing.sandbox.state("bluecherry")["sales_orders"])

    for order_id, outcome in outcomes.items():
        assert there[order_id] <= 1, f"{order_id} twice after {outcome}"
        if outcome.startswith("created"):
            assert there[order_id] == 1
        if outcome in {"retriable", "deferred"}:
            assert there[order_id] == 0
    assert {outcome.partition(" ")[0] for outcome in outcomes.values()} >= {"created", "unclear"}


def test_a_burst_of_429s_is_waited_for_as_told_and_what_is_turned_away_did_not_happen(standing: Standing) -> None:
    draft = standing.draft("JLM9900-A")
    before = len(standing.sandbox.requests("bluecherry"))
    standing.sandbox.faults(burst_429=1.0, only="bluecherry")
    begun = time.monotonic()
    with pytest.raises(Deferred):
        standing.erp.create_order(draft, draft.order_id)
    took = time.monotonic() - begun
    standing.sandbox.faults()
    turned_away = standing.sandbox.requests("bluecherry")[before:]
    number = standing.erp.create_order(draft, draft.order_id)
    there = [
        order["ord_num"]
        for order in standing.sandbox.state("bluecherry")["sales_orders"]
        if order["po_num"] == "JLM9900-A"
    ]

    assert {(one["status"], one["fault"]) for one in turned_away} == {(429, "burst_429")}
    assert len(turned_away) > 1
    assert took >= len(turned_away) - 1  # each said a second at least
    assert there == [number]


def test_reads_come_through_a_bad_network_complete(standing: Standing) -> None:
    whole = {item.ord_num for page in standing.erp.sales_orders() for item in page.items}
    standing.sandbox.faults(rate_500=0.2, cut=0.1, malformed=0.1)
    begun = time.monotonic()
    found: set[str] = set()
    for _ in range(20):
        try:
            found = {item.ord_num for page in standing.erp.sales_orders() for item in page.items}
            break
        except Retriable:
            continue

    assert found == whole
    assert time.monotonic() - begun < 60


def test_nothing_kept_of_all_this_names_anybody(standing: Standing) -> None:
    orders = standing.all_orders()
    standing.erp.create_order(standing.draft("JLM779-A"), "key-779")
    standing.advance(11)
    list(standing.erp.sales_orders())
    names = {"Zoë Kettle", "Pretend Row"}
    for order in orders:
        if order.person is not None and order.person.ship_to is not None:
            there = order.person.ship_to
            names |= {there.name, there.line_1, there.phone, order.person.email}
    kept = b"\n".join(exchange.request_body + exchange.body for exchange in standing.exchanges).decode()

    assert len(names) > 50
    assert [name for name in names if len(name) > 4 and name in kept] == []
    assert SETTINGS["CHERRYLANE_MARKETPLACE_KEY"] not in kept
    assert SETTINGS["CHERRYLANE_ERP_KEY"] not in kept
