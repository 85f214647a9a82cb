"""The pretend John Lewis marketplace: one shop's account on it, with orders, offers and money.

Law: this room only assembles. Orders move in `john_lewis_orders`, stock in `john_lewis_offers`, money in
`john_lewis_money`; what the wire says of them is `john_lewis_wire`, and HTTP is `john_lewis_http`.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sync.sandbox.catalogue import CATEGORIES
from sync.sandbox.deadlines import iso
from sync.sandbox.john_lewis_model import Change, Line, Order
from sync.sandbox.john_lewis_money import VAT_PERCENT, Ledger, pennies
from sync.sandbox.john_lewis_offers import Offer, Offers
from sync.sandbox.john_lewis_orders import Orders
from sync.sandbox.john_lewis_returns import Returns
from sync.sandbox.people import Customer, draw_customer

if TYPE_CHECKING:
    from sync.sandbox.world import World

API_KEY = "sandbox-john-lewis-key"
KEY_WITHOUT_ACCOUNTANCY = "sandbox-john-lewis-key-without-accountancy"
SHOP_ID = 4107
SHOP_NAME = "Northmoor Knitwear"
FREE_SHIPPING_FROM = Decimal(60)
SHIPPING_PRICES = {"STD-UK": Decimal("3.95"), "EXP-UK": Decimal("6.95")}


class JohnLewis:
    """The marketplace as the shop knows it."""

    def __init__(self, world: "World") -> None:
        """An account with offers and no orders."""
        self.world = world
        self.opened_at: datetime = world.now
        self.ledger = Ledger(world)
        self.order_room = Orders(world, self.ledger)
        self.offer_room = Offers(world, self.ledger)
        self.returns = Returns(world)
        self._number = 1004000

    @property
    def orders(self) -> dict[str, Order]:
        """Every order by its id."""
        return self.order_room.orders

    @property
    def offers(self) -> dict[str, Offer]:
        """Every offer by its shop_sku."""
        return self.offer_room.offers

    def begin(self) -> None:
        """Open for business with what the brand really has, and set the cycles going."""
        for shop_sku, units in self.world.bluecherry.available().items():
            offer = self.offers.get(shop_sku)
            if offer is not None and offer.sku_key is not None:
                offer.quantity = max(0, units)
        self.ledger.begin()

    def import_stock(self, rows: Sequence[tuple[str, int]]) -> str:
        """Upload quantities; they take effect when the import completes."""
        return self.offer_room.import_stock(rows)

    def place_order(
        self,
        basket: Sequence[tuple[str, int]],
        *,
        will_pay: bool = True,
        shipping_type: str = "STD-UK",
        is_staged: bool = False,
        customer: Customer | None = None,
    ) -> Order:
        """A customer buys: the offers lose their stock at once. The operator looks at a staged order first."""
        now = self.world.now
        rng = self.world.rng("customers")
        self._number += rng.randrange(1, 4)
        commercial_id = f"JLM{self._number}"
        order_id = f"{commercial_id}-{'B' if rng.random() < 0.05 else 'A'}"
        goods = sum((self.offers[shop_sku].price * units for shop_sku, units in basket), Decimal(0))
        is_free = shipping_type == "STD-UK" and goods >= FREE_SHIPPING_FROM
        shipping = Decimal(0) if is_free else SHIPPING_PRICES[shipping_type]
        state = "STAGING" if is_staged else "WAITING_ACCEPTANCE"
        lines: list[Line] = []
        for index, (shop_sku, units) in enumerate(basket, start=1):
            offer = self.offers[shop_sku]
            rate = CATEGORIES[offer.category_code].commission_rate
            fee = pennies((offer.price * units + shipping) * rate)
            lines.append(Line(
                f"{order_id}-{index}", index, offer.offer_id, shop_sku, offer.product_sku, offer.title,
                offer.category_code, offer.category_label, units, offer.price, shipping, rate, fee,
                pennies(fee * VAT_PERCENT / 100), now, now, state,
            ))  # fmt: skip
            shipping = Decimal(0)  # charged once, on the first line
            self.offer_room.sell(shop_sku, units)
        order = Order(
            order_id, commercial_id, customer or draw_customer(rng, self._number), lines, state, now, now,
            shipping_type, f"W{rng.randrange(100000, 999999)}", will_pay,
        )  # fmt: skip
        self.order_room.add(order)
        return order

    def state(self) -> dict[str, Any]:
        """The full truth, for tests and the curious."""
        return {
            "now": iso(self.world.now),
            "start_on": iso(self.world.START_ON),
            "switches": dict(self.world.switches),
            "orders": {order.order_id: _order_truth(order) for order in self.orders.values()},
            "offers": {
                offer.shop_sku: {
                    "quantity": offer.quantity, "active": offer.quantity > 0, "offer_id": offer.offer_id,
                    "sku_key": offer.sku_key,
                }
                for offer in self.offers.values()
            },
            "payouts": [
                {
                    "id": cycle.cycle_id, "voucher": cycle.voucher, "created_at": iso(cycle.created_at),
                    "paid_at": iso(cycle.paid_at), "state": cycle.state, "amount": str(cycle.net),
                    "rows": len(cycle.rows),
                }
                for cycle in self.ledger.cycles
            ],
            "imports": [
                {
                    "import_id": each.import_id, "status": each.status, "created_at": iso(each.created_at),
                    "lines": len(each.lines), "errors": len(each.errors),
                }
                for each in self.offer_room.imports.values()
            ],
            "returns": [sent.as_truth() for sent in self.returns.returns.values()],
            "oversold": list(self.world.truth.oversold),
            "turned_away": list(self.world.truth.turned_away),
            "shipments_count": len(self.order_room.shipments),
            "transactions_count": len(self.ledger.rows),
            "balance": str(self.ledger.rows[-1].balance) if self.ledger.rows else "0",
        }  # fmt: skip


def _order_truth(order: Order) -> dict[str, Any]:
    return {
        "state": order.state,
        "created_at": iso(order.created_at),
        "updated_at": iso(order.updated_at),
        "accepted_at": iso(order.accepted_at),
        "debited_at": iso(order.debited_at),
        "shipping_deadline": iso(order.shipping_deadline),
        "shipped_at": iso(order.shipped_at),
        "received_at": iso(order.received_at),
        "commercial_id": order.commercial_id,
        "reference_for_seller": order.reference_for_seller,
        "lines": [
            {
                "order_line_id": line.line_id, "offer_sku": line.offer_sku, "state": line.state,
                "quantity": line.quantity, "shipped": line.shipped_quantity,
                "cancelled": line.cancelled_quantity, "price": str(line.price),
                "shipping_price": str(line.shipping_price),
                "commission": str(line.commission_fee + line.commission_vat),
            }
            for line in order.lines
        ],
        "confirmations": [
            {**confirmation, "at": iso(confirmation["at"])} for confirmation in order.confirmations
        ],
        "cancelations": [_change_truth(line, change) for line in order.lines for change in line.cancelations],
        "refunds": [_change_truth(line, change) for line in order.lines for change in line.refunds],
    }  # fmt: skip


def _change_truth(line: Line, change: Change) -> dict[str, Any]:
    return {
        "id": change.change_id, "order_line_id": line.line_id, "quantity": change.quantity,
        "amount": str(change.amount), "shipping_amount": str(change.shipping_amount),
        "reason_code": change.reason_code, "created_at": iso(change.created_at),
    }  # fmt: skip
