"""Short stories told to a real store: each method appends what a flow would have written.

Law: nothing here writes a fact; everything goes through the journal, as in the house.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import polars as pl

from store import events
from store.database import Database, open_database
from store.evidence import Snapshot, packed
from store.journal import Journal, Personal
from tests.empty import lay_empty_store

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SHIRT = "NMK-04117-WHT-A--M"
_PLACE = UUID("4a8c3a2e-63a5-4f6a-8d8e-0d2f1c9b7a11")


def key_of(sku: str) -> str:
    """The sku_key the test SKUs have: their parts, by bars."""
    return sku.replace("-", "|")


def thing(name: str) -> UUID:
    """A UUID by name, so that a test can speak of it."""
    return uuid5(_PLACE, name)


@dataclass
class StandingClock:
    """A clock that stands still."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


@dataclass
class Told:
    """A store and the one writer of it."""

    path: Path
    now: datetime = NOW
    serves: bool = False  # whether the dashboard may ask it over the wire
    database: Database = field(init=False)
    journal: Journal = field(init=False)

    def __post_init__(self) -> None:
        if not self.path.exists():
            lay_empty_store(self.path)
        self.database = open_database(self.path, serves=self.serves)
        self.clock = StandingClock(self.now)
        self.journal = Journal(self.database, self.clock, shop="4107")
        self._versions = 0
        self._waiting: list[events.Event] | None = None

    def close(self) -> None:
        self.journal.close()
        self.database.close()

    def tell(self, *told: events.Event, **more: Any) -> None:
        if self._waiting is None:
            self.journal.append(told, **more)
        else:
            self._waiting += told

    @contextlib.contextmanager
    def in_one_go(self) -> Iterator[None]:
        """A long story: what is told within is written in one append at its end."""
        self._waiting = []
        yield
        waiting, self._waiting = self._waiting, None
        self.journal.append(waiting)

    def beat(self, *, doing: str = "") -> None:
        self.journal.beat(pid=4711, doing=doing)

    # -- orders --------------------------------------------------------------------------------

    def order(
        self,
        order_id: str,
        *,
        skus: Sequence[str] = (SHIRT,),
        quantity: int = 1,
        unit_price: str = "39.00",
        state: str = "SHIPPING",
        line_state: str = "",
        placed: datetime | None = None,
        changed: datetime | None = None,
        deadline: datetime | None = None,
        cancelled: int = 0,
        refunds: tuple[events.RefundPart, ...] = (),
        snapshot_id: UUID | None = None,
        **more: Any,
    ) -> None:
        """The marketplace showed an order with one line per SKU: `ORDER-1`, `ORDER-2` …"""
        placed = placed or self.now - 2 * HOUR
        changed = changed or placed
        price = Decimal(unit_price) * quantity
        lines = tuple(
            events.OrderLinePart(
                order_line_id=f"{order_id}-{number}", line_number=number, sku=sku, title="Linen shirt",
                state=line_state or state, quantity=quantity, cancelled_quantity=cancelled,
                refunded_quantity=sum(one.quantity for one in refunds),
                unit_price_amount=Decimal(unit_price), price_amount=price, shipping_amount=Decimal("3.50"),
                commission_amount=Decimal("9.36"), commission_vat_amount=Decimal("1.56"),
                cancelled_amount=Decimal(0), refunds=refunds,
                refunded_amount=sum((one.amount + one.shipping_amount for one in refunds), Decimal(0)),
            )
            for number, sku in enumerate(skus, 1)
        )  # fmt: skip
        shown: dict[str, Any] = {
            "order_id": order_id, "commercial_id": order_id.removesuffix("-A"), "state": state,
            "placed_at": placed, "changed_at": changed, "accepted_at": None, "debited_at": None,
            "shipping_deadline_at": deadline or placed + 2 * DAY,
            "currency": "GBP", "tax_mode": "TAX_INCLUDED", "line_count": len(lines),
            "unit_count": quantity * len(lines), "price_amount": price * len(lines),
            "shipping_amount": Decimal("3.50") * len(lines),
            "total_amount": (price + Decimal("3.50")) * len(lines),
            "commission_amount": Decimal("9.36") * len(lines), "shipping_type": "STD-UK", "seller_reference": "",
            "has_incident": False, "has_address": True, "carrier_code": "",
            "tracking": "", "is_before_start": False,
        }  # fmt: skip
        self.tell(
            events.OrderPlaced(happened_at=changed, snapshot_id=snapshot_id, lines=lines, **{**shown, **more})
        )

    def hold(self, order_id: str, reason: str, cause: str, detail: str = "", *, at: datetime | None = None) -> None:
        self.tell(
            events.OrderHeld(
                happened_at=at or self.now - HOUR, order_id=order_id, reason=reason, cause=cause, detail=detail
            )
        )

    def sales_order(
        self,
        ord_num: str,
        order_id: str,
        *,
        skus: Sequence[str] = (SHIRT,),
        line_ids: Sequence[str] = (),
        quantity: int = 1,
        picked: int = 0,
        shipped: int = 0,
        entered: datetime | None = None,
        read: datetime | None = None,
        warehouse: str = "WH1",
        status: str = "OPEN",
    ) -> None:
        """BlueCherry showed a sales order."""
        ids = line_ids or [f"{order_id}-{number}" for number in range(1, len(skus) + 1)]
        entered = entered or self.now - HOUR
        lines = tuple(
            events.SalesLinePart(
                line_number=number, order_line_id=line_id, sku_key=key_of(sku), ordered_quantity=quantity,
                open_quantity=quantity - shipped - picked, picked_quantity=picked, shipped_quantity=shipped,
                cancelled_quantity=0, cancel_kind="", unit_price_amount=Decimal("39.00"),
            )
            for number, (line_id, sku) in enumerate(zip(ids, skus, strict=True), 1)
        )  # fmt: skip
        self.tell(
            events.SalesOrderRead(
                happened_at=read or entered, ord_num=ord_num, order_id=order_id, division="NMK",
                warehouse=warehouse, ship_via="RML", raw_status="20", status=status,
                entered_at=entered, changed_at=read or entered,
                changed_by="APIUSER", revision=1, lines=lines,
            )
        )  # fmt: skip

    def intent(
        self,
        kind: str,
        subject: str,
        state: str,
        *,
        order_id: str = "",
        reference: str = "",
        code: str = "",
        message: str = "",
        payload: Mapping[str, Any] | None = None,
        at: datetime | None = None,
        intent_id: UUID | None = None,
    ) -> None:
        """Something was meant, and became `recorded`, `confirmed`, `refused` or `unclear`."""
        intent_id, at = intent_id or thing(f"{kind}/{subject}/{at}"), at or self.now - HOUR
        about: dict[str, Any] = {
            "happened_at": at, "intent_id": intent_id, "intent_kind": kind, "intent_subject": subject,
            "order_id": order_id,
        }  # fmt: skip
        self.tell(events.IntentRecorded(**about, payload=dict(payload or {})))
        outcomes = {
            "confirmed": events.IntentConfirmed, "refused": events.IntentRefused, "unclear": events.IntentUnclear,
        }  # fmt: skip
        if state in outcomes:
            self.tell(outcomes[state](**about, reference=reference, code=code, message=message))

    def described(self, topic: str, value: Any) -> None:
        """An outside system said what it is."""
        self.tell(events.MarketplaceDescribed(happened_at=self.now - HOUR, topic=topic, value=value))

    # -- dispatch ------------------------------------------------------------------------------

    def shipment(
        self,
        ship_id: str,
        order_id: str,
        *,
        ord_num: str = "SO-1",
        quantities: Mapping[str, int] | None = None,
        tracking: str = "RM100200300GB",
        cartons: Sequence[str] = ("C1",),
        ship_via: str = "RML",
        shipped: datetime | None = None,
        is_voided: bool = False,
        read: datetime | None = None,
    ) -> None:
        """BlueCherry posted a shipment."""
        shipped = shipped or self.now - HOUR
        parcels = tuple(
            events.CartonPart(carton=carton, tracking=tracking, quantities=dict(quantities or {f"{order_id}-1": 1}))
            for carton in cartons
        )
        self.tell(
            events.ShipmentPosted(
                happened_at=read or shipped, ship_id=ship_id, ord_num=ord_num, order_id=order_id, warehouse="WH1",
                ship_via=ship_via, shipped_at=shipped, changed_at=shipped, is_voided=is_voided, cartons=parcels,
            )
        )  # fmt: skip

    def shipment_held(self, ship_id: str, order_id: str, reason: str, cause: str, detail: str = "") -> None:
        self.tell(
            events.ShipmentHeld(
                happened_at=self.now - HOUR / 2, ship_id=ship_id, order_id=order_id, reason=reason, cause=cause,
                detail=detail,
            )
        )  # fmt: skip

    # -- stock ---------------------------------------------------------------------------------

    def skus(self, *skus: str, **more: Any) -> None:
        """BlueCherry showed SKUs, active and listed."""
        read_id = uuid4()
        rows = []
        for sku in skus:
            division, style, color, label, dimension, size = sku.split("-", 5)
            rows.append(
                {
                    "read_id": str(read_id), "sku_key": key_of(sku), "sku": sku, "division": division,
                    "style": style, "color_code": color, "label": label, "dimension": dimension, "size": size,
                    "style_name": "Linen shirt", "color_name": "White", "upc": "", "ean": "5012345678900",
                    "season": "AW26", "category": "shirts", "is_active": True, "is_listed": True, "is_gone": False,
                    "multiple": 1, "cost_amount": Decimal("12.00"), "price_amount": Decimal("39.00"), "problem": "",
                    "seen_at": self.now - DAY, **more,
                }
            )  # fmt: skip
        self._series("sku_rows", rows)
        self.tell(
            events.CatalogueRead(
                happened_at=self.now - DAY, read_id=read_id, sku_count=len(rows), changed_count=len(rows)
            )
        )

    def offers(self, quantities: Mapping[str, int], *, at: datetime | None = None, **more: Any) -> None:
        """The marketplace showed offers."""
        read_id, at = uuid4(), at or self.now - HOUR / 4
        rows = [
            {
                "read_id": str(read_id), "sku": sku, "offer_id": f"O{number}", "product_id": f"P{number}",
                "title": "Linen shirt", "quantity": quantity, "price_amount": Decimal("39.00"), "is_active": True,
                "is_gone": False, "inactivity_reasons": "", "seen_at": at, **more,
            }
            for number, (sku, quantity) in enumerate(quantities.items(), 1)
        ]  # fmt: skip
        self._series("offer_rows", rows)
        self.tell(
            events.OffersRead(happened_at=at, read_id=read_id, offer_count=len(rows), changed_count=len(rows))
        )

    def batch(
        self,
        batch_id: str,
        rows: Mapping[tuple[str, str], Mapping[str, int]],
        *,
        at: datetime | None = None,
        next_expected: datetime | None = None,
        findings: tuple[events.FindingPart, ...] = (),
    ) -> None:
        """A complete batch was read: (sku, location) → buckets."""
        read_id, at = uuid4(), at or self.now - 2 * HOUR
        empty = dict.fromkeys(
            (
                "on_hand", "linked", "allocated", "later_orders", "picked", "work_orders", "in_transit", "damaged",
                "held",
            ),
            0,
        )  # fmt: skip
        self._series(
            "stock_rows",
            [
                {"read_id": str(read_id), "batch_id": batch_id, "sku_key": key_of(sku), "location": location,
                 **empty, **buckets, "as_of": at}
                for (sku, location), buckets in rows.items()
            ],
        )  # fmt: skip
        self.seen(batch_id, at=at, row_count=len(rows), next_expected=next_expected)
        self.tell(
            events.StockBatchRead(
                happened_at=at, read_id=read_id, batch_id=batch_id, batch_kind="FULL", as_of=at,
                row_count=len(rows), changed_count=len(rows), findings=findings,
            )
        )  # fmt: skip

    def seen(
        self,
        batch_id: str,
        *,
        at: datetime,
        row_count: int = 1,
        next_expected: datetime | None = None,
        kind: str = "FULL",
        state: str = "COMPLETE",
    ) -> None:
        """BlueCherry showed a batch."""
        self.tell(
            events.StockBatchSeen(
                happened_at=at, batch_id=batch_id, batch_kind=kind, as_of=at, row_count=row_count,
                state=state, started_at=at, completed_at=at + HOUR / 3 if state == "COMPLETE" else None,
                next_expected_at=next_expected or at + 4 * HOUR,
            )
        )  # fmt: skip

    def publish(
        self,
        quantities: Mapping[str, int],
        *,
        at: datetime | None = None,
        name: str = "push",
        batch_id: str = "B1",
        is_finished: bool = True,
        errors: Mapping[str, str] | None = None,
        **more: Any,
    ) -> UUID:
        """A stock import was sent, and reached its end; `errors` by SKU."""
        push_id, at = thing(f"{name}/{at}"), at or self.now - 90 * HOUR / 60
        rows = [
            {
                "push_id": str(push_id), "sku": sku, "sku_key": key_of(sku), "batch_id": batch_id,
                "quantity": quantity, "before_quantity": None, "supply": quantity + 1, "inflight": 0,
                "base": quantity + 1, "buffer": 1, "buffer_rule": "absolute", "reason": "new batch",
                "inflight_orders": "", "sent_at": at, **more,
            }
            for sku, quantity in quantities.items()
        ]  # fmt: skip
        self._series("published_rows", rows)
        self.intent(
            "push_stock", str(push_id), "confirmed", reference="IMP-1", intent_id=push_id, at=at,
            payload={"skus": len(rows)},
        )  # fmt: skip
        if is_finished:
            self.tell(
                events.ImportFinished(
                    happened_at=at + HOUR / 12, import_id="IMP-1", push_id=push_id, state="complete",
                    success_count=len(rows), error_count=len(errors or {}), errors=dict(errors or {}),
                )
            )  # fmt: skip
        return push_id

    def compared(
        self,
        shown: Mapping[str, int],
        *,
        least: int,
        most: int,
        read_count: int = 2,
        applied: int | None = None,
        at: datetime | None = None,
    ) -> None:
        """What the marketplace shows was compared with what should stand there."""
        read_id, at = uuid4(), at or self.now - HOUR / 4
        rows = [
            {
                "read_id": str(read_id), "push_id": str(thing("push")), "sku": sku,
                "applied_quantity": most if applied is None else applied, "ordered_quantity": most - least,
                "restored_quantity": 0, "expected_quantity": least, "least_quantity": least, "most_quantity": most,
                "shown_quantity": quantity, "read_count": read_count, "applied_at": at - HOUR,
                "before_shown_quantity": quantity if read_count > 1 else None,
                "before_seen_at": at - HOUR / 6 if read_count > 1 else None,
                "first_seen_at": at - HOUR / 6 if read_count > 1 else at, "seen_at": at,
            }
            for sku, quantity in shown.items()
        ]  # fmt: skip
        self._series("comparison_rows", rows)
        self.tell(
            events.StockCompared(
                happened_at=at, read_id=read_id, read_from=at, read_until=at, orders_at=at,
                compared_count=len(rows), different_count=len(rows) if read_count else 0, skipped_count=0,
            )
        )  # fmt: skip

    # -- money ---------------------------------------------------------------------------------

    def transactions(self, *rows: Mapping[str, Any]) -> None:
        """Ledger lines; what is not said is empty."""
        read_id = uuid4()
        whole = [
            {
                "read_id": str(read_id), "transaction_id": f"T{self._next()}", "type": "ORDER_AMOUNT",
                "payment_state": "PAYABLE", "cycle_id": "", "document_number": "", "order_id": "",
                "order_line_id": "", "refund_id": "", "currency": "GBP", "balance_amount": None, "tax_rate": None,
                "created_at": self.now - DAY, "updated_at": self.now - DAY, **row,
                "amount": Decimal(row["amount"]),
            }
            for row in rows
        ]  # fmt: skip
        self._series("transaction_rows", whole)
        self.tell(
            events.TransactionsRead(
                happened_at=self.now - HOUR, read_id=read_id, row_count=len(whole), changed_count=len(whole)
            )
        )

    def payout(self, cycle_id: str, amount: str, *, closed: datetime | None = None, state: str = "PAID") -> None:
        closed = closed or self.now - 3 * DAY
        self.tell(
            events.PayoutSeen(
                happened_at=closed, cycle_id=cycle_id, closed_at=closed, currency="GBP", amount=Decimal(amount),
                state=state, voucher=f"JLV-{cycle_id}", paid_at=closed + 2 * DAY if state == "PAID" else None,
            )
        )  # fmt: skip

    # -- the house -----------------------------------------------------------------------------

    def mapping(
        self, mapping: str, key: str, value: str, why: str = "first start", *, from_on: date | None = None
    ) -> None:
        self.tell(
            events.MappingSet(
                happened_at=self.now - 5 * DAY, mapping=mapping, key=key, value=value, why=why, from_on=from_on
            )
        )

    def run(
        self,
        flow: str,
        state: str = "succeeded",
        *,
        ended: datetime | None = None,
        seconds: float = 4,
        message: str = "",
        counts: Mapping[str, int] | None = None,
        calls: Mapping[str, int] | None = None,
    ) -> None:
        ended = ended or self.now - HOUR / 60
        self.tell(
            events.RunFinished(
                happened_at=ended, run_id=thing(f"{flow}/{ended}"), flow=flow, state=state,
                started_at=ended - timedelta(seconds=seconds), counts=dict(counts or {}), message=message,
                due_at=None, calls=dict(calls or {"OR11": 1}),
            )
        )  # fmt: skip

    def runs_of_all(self, *, ended: datetime | None = None) -> None:
        for flow in (
            "catalogue", "inventory", "orders", "dispatch", "returns", "settlement", "watch", "alerts",
        ):  # fmt: skip
            self.run(flow, ended=ended)

    def wrong(
        self,
        kind: str,
        subject: str,
        *,
        cause: str = "",
        order_id: str = "",
        detail: str = "",
        amount: str | None = None,
        grounds: str | None = None,
        deadline: datetime | None = None,
        since: datetime | None = None,
        is_closed: bool = False,
    ) -> UUID:
        """An exception opened (or closed); its id."""
        exception_id = thing(f"{kind}/{subject}")
        about: dict[str, Any] = {
            "happened_at": self.now - HOUR / 6, "exception_id": exception_id, "exception_kind": kind,
            "exception_subject": subject, "order_id": order_id, "cause": cause, "detail": detail,
            "amount": Decimal(amount) if amount else None, "currency": "GBP" if amount else "",
            "grounds": grounds, "deadline_at": deadline, "since_at": since or self.now - 3 * HOUR,
        }  # fmt: skip
        self.tell(events.ExceptionOpened(**about))
        if is_closed:
            self.tell(events.ExceptionClosed(**{**about, "happened_at": self.now}))
        return exception_id

    def handle(self, exception_id: UUID, action: str, *, actor: str = "Ops", **more: Any) -> None:
        self.tell(
            events.ExceptionHandled(
                happened_at=self.now - HOUR / 12, actor=actor, exception_id=exception_id, action=action, **more
            )
        )

    def command(self, command_id: UUID, body: Mapping[str, Any], state: str = "", message: str = "") -> None:
        """A command came in; with a state, it ended so."""
        with self.database.connect() as connection:
            connection.execute("insert into commands (id, body) values (?, ?)", [str(command_id), json.dumps(body)])
        if state:
            self.tell(
                events.CommandTaken(
                    happened_at=self.now, actor=body["actor"], command_id=command_id, command=body["command"],
                    role=body["role"], role_from="command", arguments=body["arguments"],
                ),
                events.CommandFinished(
                    happened_at=self.now, actor="worker", command_id=command_id, state=state, message=message,
                    answer={},
                ),
            )  # fmt: skip

    def snapshot(
        self,
        name: str,
        *,
        resource: str = "OR11",
        body: str = "{}",
        status: int = 200,
        at: datetime | None = None,
        source: str = "marketplace",
    ) -> UUID:
        """An outside system said something."""
        snapshot_id = thing(name)
        shot = Snapshot(
            snapshot_id=snapshot_id, source=source, resource=resource, method="GET", path="/api/orders",
            status=status, latency_ms=120, seen_at=at or self.now - HOUR / 4, said=packed(body.encode()),
        )  # fmt: skip
        self.journal.append(snapshots=[shot])
        return snapshot_id

    def customer(self, order_id: str, name: str) -> None:
        person = {"ship_to": {"name": name, "line_1": "1 Invented Row", "city": "Nowhere", "postcode": "ZZ1 1ZZ"}}
        self.journal.append(personal=[Personal(order_id, self.now - DAY, json.dumps(person))])

    def _series(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        frame = pl.DataFrame([dict(row) for row in rows], infer_schema_length=None)
        columns = [pl.col(name).cast(pl.String) for name in ("read_id", "push_id") if name in frame.columns]
        self.journal.append_series(table, frame.with_columns(columns))

    def _next(self) -> int:
        self._versions += 1
        return self._versions
