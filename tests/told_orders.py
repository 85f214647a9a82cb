"""Stories of orders and of what was sent for them, as `tests.told`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from store import events
from tests.telling import DAY, HOUR, NOW, SHIRT, Teller, key_of


class Orders(Teller):
    """What the marketplace showed of orders, and BlueCherry of sales orders and shipments."""

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
        cancelled: int = 0,
        entered: datetime | None = None,
        read: datetime | None = None,
        warehouse: str = "WH1",
        raw_status: str = "20",
    ) -> None:
        """BlueCherry showed a sales order; of its statuses 20 is mapped."""
        ids = line_ids or [f"{order_id}-{number}" for number in range(1, len(skus) + 1)]
        entered = entered or self.now - HOUR
        lines = tuple(
            events.SalesLinePart(
                line_number=number, order_line_id=line_id, sku_key=key_of(sku), ordered_quantity=quantity,
                open_quantity=quantity - shipped - picked - cancelled, picked_quantity=picked,
                shipped_quantity=shipped, cancelled_quantity=cancelled, cancel_kind="",
                unit_price_amount=Decimal("39.00"),
            )
            for number, (line_id, sku) in enumerate(zip(ids, skus, strict=True), 1)
        )  # fmt: skip
        self.tell(
            events.MappingSet(
                happened_at=NOW - 5 * DAY, mapping="order_status", key="20", value="OPEN", why="first start"
            ),
            events.SalesOrderRead(
                happened_at=read or entered, ord_num=ord_num, order_id=order_id, division="NMK",
                warehouse=warehouse, ship_via="RML", raw_status=raw_status,
                entered_at=entered, changed_at=read or entered,
                changed_by="APIUSER", revision=1, lines=lines,
            )
        )  # fmt: skip

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
