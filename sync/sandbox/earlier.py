"""The integration that was there before us: it plays the history, and stops the moment the history ends.

Law: it touches only orders created before `START_ON` and uses the same doors any integration has. It is no
model: it falls back to a default carrier, cuts addresses to length and keeps no record, but it loses nothing.
"""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sync.sandbox.bluecherry_time import server_day
from sync.sandbox.catalogue import CHANNEL
from sync.sandbox.john_lewis_model import Line, Order, Refused
from sync.sandbox.john_lewis_money import pennies
from sync.sandbox.john_lewis_shipping import shipment_draft

if TYPE_CHECKING:
    from sync.sandbox.bluecherry_parcels import Shipment
    from sync.sandbox.world import World

TICK_MINUTES = 15
CANCELLED_EVERY_TICKS = 16
CARRIERS = {"RML": "royal-mail", "DPD": "dpd-uk", "EVR": "evri", "YDL": "yodel"}
SHIP_VIA = {"STD-UK": "RML", "EXP-UK": "DPD"}
FALLBACK_CARRIER = "royal-mail"


class EarlierIntegration:
    """Accepts, copies, confirms and pushes stock, until it is switched off."""

    def __init__(self, world: "World") -> None:
        """Know the world; do nothing until the history begins."""
        self.world = world
        self.refused: list[tuple[str, str]] = []
        self.sends_stock = True
        self.forgotten: set[str] = set()  # orders it will not accept
        self._copied: dict[str, list[str]] = {}
        self._to_copy: list[Order] = []
        self._shipments_seen = 0
        self._batch_seen = ""
        self._ticks = 0
        self._rng = world.rng("earlier")

    def begin(self) -> None:
        """Start work."""
        room = self.world.john_lewis.order_room
        room.on_waiting.append(self._waiting)
        room.on_shipping.append(self._to_ship)
        self._tick()

    def _waiting(self, order: Order) -> None:
        if self.world.history:
            self.world.after(self._rng.uniform(3, 35), lambda: self._accept(order))

    def _accept(self, order: Order) -> None:
        if self.world.history and order.state == "WAITING_ACCEPTANCE":
            # Now and then it sleeps through the night, and the marketplace refuses by itself.
            if self._rng.random() < 0.002 or order.order_id in self.forgotten:
                return
            decisions = [(line.line_id, True) for line in order.lines]
            self.world.john_lewis.order_room.accept(order.order_id, decisions)

    def _to_ship(self, order: Order) -> None:
        if self.world.history:
            self._to_copy.append(order)

    def _tick(self) -> None:
        """Every quarter of an hour: orders, then shipments, then stock."""
        if not self.world.history:
            return
        waiting, self._to_copy = self._to_copy, []
        for order in waiting:
            self._copy(order)
        shipments = self.world.bluecherry.shipments
        for shipment in shipments[self._shipments_seen :]:
            self._confirm(shipment)
        self._shipments_seen = len(shipments)
        self._ticks += 1
        if self._ticks % CANCELLED_EVERY_TICKS == 0:
            self._pass_on_cancelled()
        if self.sends_stock:
            self._push_stock()
        self.world.after(TICK_MINUTES, self._tick)

    # -- orders ------------------------------------------------------------------------------

    def _copy(self, order: Order) -> None:
        """One sales order for each division and warehouse of the basket."""
        if order.state != "SHIPPING":
            return
        groups: dict[tuple[str, str], list[Line]] = {}
        for line in order.lines:
            sku = self.world.by_shop_sku.get(line.offer_sku)
            if line.open_quantity and sku is not None:
                groups.setdefault((sku.division, self.world.home_warehouse(sku)), []).append(line)
        numbers: list[str] = []
        for (division, warehouse), lines in groups.items():
            document = self._document(order, division, warehouse, lines)
            try:
                answer = self.world.bluecherry.create_order(document)
            except Exception as refusal:  # noqa: BLE001  (whatever the ERP says, the old script went on)
                self.refused.append((order.order_id, str(refusal)))
                continue
            numbers.append(str(answer["ord_num"]))
        if numbers:
            self._copied[order.order_id] = numbers
            order.reference_for_seller = ",".join(numbers)
            order.updated_at = self.world.now

    def _document(self, order: Order, division: str, warehouse: str, lines: list[Line]) -> dict[str, Any]:
        customer = order.customer
        address = {
            "name": f"{customer.firstname} {customer.lastname}".strip()[:40],
            "addr1": customer.street_1[:40],
            "addr2": (customer.street_2 or "").strip()[:40],
            "city": customer.city[:25],
            "state": "",
            "zipcode": customer.zip_code[:10],
            "country": "GB",
            "email": customer.email,
            "contact": customer.phone,
        }
        rows: list[dict[str, Any]] = []
        for number, line in enumerate(lines, start=1):
            sku = self.world.by_shop_sku[line.offer_sku]
            net = line.price / (1 + sku.vat_rate)
            rows.append({
                "line_seq": number, "style": sku.style, "color_code": sku.color_code, "lbl_code": sku.label,
                "dimension": sku.dimension, "size_desc": sku.size_desc, "upc": sku.upc,
                "qty": line.open_quantity, "price": str(line.unit_price),
                "tax_amt": str(pennies(line.price - net)), "ext_line_id": line.line_id,
            })  # fmt: skip
        today = server_day(self.world.now)
        return {
            "division": division,
            "customer": CHANNEL,
            "ord_type": "MP",
            "po_num": order.order_id,
            "ref_num2": order.commercial_id,
            "location": warehouse,
            "shipper": SHIP_VIA[order.shipping_type],
            "start_date": today.isoformat(),
            "end_date": (today + timedelta(days=14)).isoformat(),
            "curr_code": "GBP",
            "frgt_amt": str(sum((line.shipping_price for line in lines), Decimal(0))),
            "tax_amt": str(sum((Decimal(row["tax_amt"]) for row in rows), Decimal(0))),
            "disc_amt": "0.00",
            "notes": customer.gift_message or "",
            "address": {"rows": [{"addr_type": kind, **address} for kind in ("BT", "ST")]},
            "detail": {"rows": rows},
        }

    # -- dispatch ----------------------------------------------------------------------------

    def _confirm(self, shipment: "Shipment") -> None:
        """One marketplace shipment for each carton."""
        room = self.world.john_lewis.order_room
        header = shipment.header()
        if header["po_num"] not in self._copied:
            return
        for carton in shipment.cartons:
            lines = [(line.ext_line_id, units) for line, units in carton.units if line.ext_line_id]
            if not lines:
                continue  # a line keyed in by hand: nobody ordered that here
            wanted = {
                "order_id": header["po_num"],
                "shipped": True,
                "invoice_reference": header["ship_id"],
                "shipment_lines": [
                    {"order_line_id": line_id, "quantity": units, "package_reference": carton.carton_num}
                    for line_id, units in lines
                ],
                "tracking": {
                    "carrier_code": CARRIERS.get(shipment.shipper, FALLBACK_CARRIER),
                    "tracking_number": carton.track_no or header["ship_id"],
                },
            }
            try:
                room.create_shipment(shipment_draft(wanted))
            except Refused as refused:
                self.refused.append((header["po_num"], refused.message))

    def _pass_on_cancelled(self) -> None:
        """Units the house cancelled will never come: tell the customer."""
        room = self.world.john_lewis.order_room
        for order_id, numbers in list(self._copied.items()):
            order = room.get(order_id)
            if order.state != "SHIPPING":
                del self._copied[order_id]
                continue
            for number in numbers:
                for row in self.world.bluecherry.book.by_ord_num[number].lines:
                    if row.cancelled and row.ext_line_id:
                        self._cancel_difference(row.ext_line_id, row.cancelled)

    def _cancel_difference(self, line_id: str, cancelled: int) -> None:
        room = self.world.john_lewis.order_room
        try:
            _, line = room.line(line_id)
        except Refused:
            return
        units = min(cancelled - line.cancelled_quantity, line.open_quantity)
        if units > 0:
            is_rest = units == line.quantity - line.cancelled_quantity
            amount = line.amount_left if is_rest else min(line.unit_price * units, line.amount_left)
            shipping = line.shipping_left if is_rest else Decimal(0)
            room.cancel(line_id, amount, shipping, units, "CNL-SHORT-PICK")

    # -- stock -------------------------------------------------------------------------------

    def _push_stock(self) -> None:
        """After each new batch: what is free in it, less what was ordered since."""
        batch = self.world.bluecherry.latest_batch()
        if batch is None or batch.batch_id == self._batch_seen or batch.kind != "FULL":
            return
        self._batch_seen = batch.batch_id
        offers = self.world.john_lewis.offers
        since: dict[str, int] = {}
        for order in reversed(self.world.john_lewis.orders.values()):
            if order.created_at < batch.as_of - timedelta(hours=1):
                break
            for line in order.live_lines:
                since[line.offer_sku] = since.get(line.offer_sku, 0) + line.quantity
        rows = [
            (shop_sku, max(0, units - since.get(shop_sku, 0)))
            for shop_sku, units in self.world.bluecherry.sellable_in(batch).items()
            if shop_sku in offers and offers[shop_sku].sku_key is not None
        ]
        self.world.john_lewis.import_stock(rows)
