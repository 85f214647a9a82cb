"""Short stories told to a real store: each method appends what a flow would have written.

Orders and stock have rooms of their own; money and the house are here.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from store import events
from store.evidence import Snapshot, packed
from store.journal import Personal
from tests.telling import DAY, HOUR, NOW, SHIRT, StandingClock, key_of, thing
from tests.told_orders import Orders
from tests.told_stock import Stock

__all__ = ["DAY", "HOUR", "NOW", "SHIRT", "StandingClock", "Told", "key_of", "thing"]


class Told(Orders, Stock):
    """A store and the one writer of it, who knows stories of every room."""

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

    def invoice(self, number: str, order_id: str, amount: str, *, currency: str = "GBP") -> None:
        """BlueCherry invoiced what it shipped of an order."""
        self.tell(
            events.InvoiceRead(
                happened_at=self.now - HOUR, invoice_number=number, ord_num="SO-1", order_id=order_id,
                invoiced_at=self.now - HOUR, currency=currency, total_amount=Decimal(amount),
                tax_amount=Decimal("7.08"), shipping_amount=Decimal("3.50"),
            )
        )  # fmt: skip

    def credit_memo(self, number: str, order_id: str, amount: str) -> None:
        """BlueCherry credited what came back of an order."""
        self.tell(
            events.CreditMemoRead(
                happened_at=self.now, memo_number=number, ret_num="R1", order_id=order_id, currency="GBP",
                total_amount=Decimal(amount), shipping_amount=Decimal(0), issued_at=self.now, lines=(),
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
        path: str = "/api/orders",
        method: str = "GET",
        run_id: UUID | None = None,
    ) -> UUID:
        """An outside system said something."""
        snapshot_id = thing(name)
        shot = Snapshot(
            snapshot_id=snapshot_id, source=source, resource=resource, method=method, path=path,
            status=status, latency_ms=120, seen_at=at or self.now - HOUR / 4, said=packed(body.encode()),
        )  # fmt: skip
        self.journal.append(snapshots=[shot], run_id=run_id)
        return snapshot_id

    def customer(self, order_id: str, name: str) -> None:
        person = {"ship_to": {"name": name, "line_1": "1 Invented Row", "city": "Nowhere", "postcode": "ZZ1 1ZZ"}}
        self.journal.append(personal=[Personal(order_id, self.now - DAY, json.dumps(person))])
