"""Stories of SKUs, batches, and what was published and shown, as `tests.told`."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from store import events
from tests.telling import DAY, HOUR, Teller, key_of, thing


class Stock(Teller):
    """What BlueCherry showed of stock, what was sent of it, and what the marketplace showed then."""

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
        read: datetime | None = None,
        next_expected: datetime | None = None,
        findings: tuple[events.FindingPart, ...] = (),
        kind: str = "FULL",
    ) -> None:
        """A complete batch was read, at its own moment unless told: (sku, location) → buckets."""
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
        self.seen(batch_id, at=at, row_count=len(rows), next_expected=next_expected, kind=kind)
        self.tell(
            events.StockBatchRead(
                happened_at=read or at, read_id=read_id, batch_id=batch_id, batch_kind=kind, as_of=at,
                row_count=len(rows), changed_count=len(rows), findings=findings,
            )
        )  # fmt: skip

    def scheduled(
        self,
        ord_num: str,
        wanted: Mapping[str, int],
        *,
        starts: datetime | None,
        entered: datetime | None = None,
        changed: datetime | None = None,
        cancels: datetime | None = None,
        left: Mapping[str, int] | None = None,
        warehouse: str = "WH1",
    ) -> None:
        """BlueCherry showed a wholesale order that ships later; of it `left` is neither picked nor shipped."""
        entered = entered or self.now - 30 * DAY
        changed = changed or entered
        self.tell(
            events.ScheduledOrderRead(
                happened_at=changed, ord_num=ord_num, customer="WHS", warehouse=warehouse, entered_at=entered,
                changed_at=changed, starts_at=starts, cancels_at=cancels,
                open_quantity=sum((left or wanted).values()),
                lines=tuple(
                    events.ScheduledLinePart(
                        sku_key=key_of(sku), wanted_quantity=units, open_quantity=(left or wanted).get(sku, 0)
                    )
                    for sku, units in wanted.items()
                ),
            )
        )  # fmt: skip

    def agreed(self, batch_id: str, *, at: datetime) -> None:
        """All offers were decided on a batch, and nothing was to send."""
        self.tell(events.StockBatchAgreed(happened_at=at, batch_id=batch_id))

    def writes_agreements(self, *, since: datetime) -> None:
        """From then on we wrote down of which batch nothing was to send."""
        self.journal.append(bookmarks={"inventory.agreements_since": since.isoformat()})

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
        takes: timedelta = HOUR / 12,
        state: str = "complete",
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
            payload={"rows": len(rows), "reason": "new batch"},
        )  # fmt: skip
        if is_finished:
            self.tell(
                events.ImportFinished(
                    happened_at=at + takes, import_id="IMP-1", push_id=push_id, state=state,
                    success_count=len(rows) - len(errors or {}), error_count=len(errors or {}),
                    errors=dict(errors or {}),
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
