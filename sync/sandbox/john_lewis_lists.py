"""What a list call finds: every documented filter and sort of the marketplace's lists.

Law: filters narrow, sorts are total (the id settles a tie), and a value nobody knows is a 400 where the
description names the values.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from sync.sandbox.john_lewis_model import Order, Refused, Shipment
from sync.sandbox.john_lewis_money import TYPES, Cycle, Transaction
from sync.sandbox.john_lewis_offers import Offer
from sync.sandbox.john_lewis_query import Asked
from sync.sandbox.john_lewis_wire import shown_status

if TYPE_CHECKING:
    from sync.sandbox.world import World

ORDER_STATES = frozenset((
    "STAGING", "WAITING_ACCEPTANCE", "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING", "SHIPPED",
    "TO_COLLECT", "RECEIVED", "CLOSED", "REFUSED", "CANCELED",
))  # fmt: skip
PAYMENT_STATES = frozenset(("PENDING", "PAYABLE", "PAID", "NOT_APPLICABLE", "RESERVE"))
PAYMENT_WORKFLOWS = frozenset((
    "PAY_ON_ACCEPTANCE", "PAY_ON_DELIVERY", "PAY_ON_DUE_DATE", "PAY_ON_SHIPMENT",
    "NO_CUSTOMER_PAYMENT_CONFIRMATION",
))  # fmt: skip
SHIPMENT_STATES = frozenset((
    "SHIPPING", "READY_FOR_PICK_UP", "SHIPMENT_PREPARED", "SHIPPED", "TO_COLLECT", "RECEIVED", "CANCELED", "CLOSED",
))  # fmt: skip
DEBIT_STATES = frozenset((
    "NO_DEBIT", "NOT_STARTED", "WAITING_TAX_CONFIRMATION", "WAITING_OPERATOR_SYSTEM_CONTACT",
    "WAITING_DEBIT_CONFIRMATION", "DEBIT_OK", "CANCELED",
))  # fmt: skip
SHOP_MODELS = frozenset(("MARKETPLACE", "DROPSHIP", "ONE_CREDITOR"))
PSP_CODES = frozenset(("NOT_SPECIFIED", "MANGOPAY", "MIRAKL_PAYOUT", "OPERATOR"))
PSP_CODE = "OPERATOR"
"""Who pays this shop out."""
# Nothing that changed must be missed: the marketplace looks a little further back than it is asked to.
UPDATE_MARGIN = timedelta(minutes=5)

_ORDER_MEMBERS = (
    ("order_id", "order_id"),
    ("order_reference_for_customer", "reference_for_customer"),
    ("order_reference_for_seller", "reference_for_seller"),
)
_T = TypeVar("_T")


def _known(name: str, values: set[str] | None, known: frozenset[str]) -> set[str] | None:
    if values is not None and (strange := sorted(values - known)):
        raise Refused(400, f"Parameter '{name}' has unknown values: {', '.join(strange)}")
    return values


def _sorted(
    asked: Asked, rows: list[_T], keys: dict[str, Callable[[_T], Any]], *, newest_first: bool = False
) -> list[_T]:
    """By the first key unless another is asked for; `sort=name,ASC` and `order=desc` both work."""
    sort = asked.text("sort") or next(iter(keys))
    name, _, direction = sort.partition(",")
    order = (direction or asked.text("order") or ("desc" if newest_first else "asc")).lower()
    if name not in keys or order not in ("asc", "desc"):
        raise Refused(400, f"Parameter 'sort' or 'order' is not valid: {sort} {order}")
    return sorted(rows, key=keys[name], reverse=order == "desc")


def orders(asked: Asked, world: "World") -> list[Order]:
    """OR11."""
    asked.check_locale()
    ids = asked.comma_list("order_ids")
    if ids is None:
        found = list(world.john_lewis.orders.values())
    else:
        found = [world.john_lewis.orders[each] for each in ids if each in world.john_lewis.orders]
    if (buyers := asked.comma_list("order_references_for_customer")) is not None:
        found = [order for order in found if order.reference_for_customer in buyers]
    if (sellers := asked.comma_list("order_references_for_seller")) is not None:
        found = [order for order in found if order.reference_for_seller in sellers]
    states = _known("order_state_codes", asked.comma_list("order_state_codes"), ORDER_STATES)
    if states is not None:
        found = [order for order in found if order.state in states]
    if (start := asked.moment("start_date")) is not None:
        found = [order for order in found if order.created_at >= start]
    if (end := asked.moment("end_date")) is not None:
        found = [order for order in found if order.created_at <= end]
    if (changed := asked.moment("start_update_date")) is not None:
        since = changed - UPDATE_MARGIN
        found = [order for order in found if order.updated_at >= since]
    if (until := asked.moment("end_update_date")) is not None:
        found = [order for order in found if order.updated_at <= until]
    if (debited := asked.flag("customer_debited")) is not None:
        found = [order for order in found if (order.debited_at is not None) == debited]
    if (incident := asked.flag("has_incident")) is not None:
        found = [order for order in found if order.has_incident == incident]
    channels = None if asked.flag("only_null_channel") else asked.comma_list("channel_codes")
    is_elsewhere = (
        channels is not None
        or asked.repeated("fulfillment_center_code") is not None
        or asked.one_of("payment_workflow", PAYMENT_WORKFLOWS) not in (None, "PAY_ON_ACCEPTANCE")
    )
    # Every order is of the null channel, sent by the shop and paid on acceptance: other wishes find nothing.
    kept = [] if is_elsewhere else found
    return _sorted(asked, kept, {"dateCreated": lambda order: (order.created_at, order.order_id)})


def offers(asked: Asked, world: "World") -> list[Offer]:
    """OF21; there are no prices by channel or by customer, so those two filters pick nothing out."""
    asked.check_locale()
    found = list(world.john_lewis.offers.values())
    if (sku := asked.text("sku")) is not None:
        found = [offer for offer in found if offer.shop_sku == sku]
    if (product := asked.text("product_id")) is not None:
        found = [offer for offer in found if product in (offer.product_sku, offer.ean)]
    if (states := asked.comma_list("offer_state_codes")) is not None and "11" not in states:
        found = []
    if asked.flag("favorite"):
        found = []
    keys: dict[str, Callable[[Offer], Any]] = {
        "totalPrice": lambda offer: (offer.price, offer.offer_id),
        "price": lambda offer: (offer.price, offer.offer_id),
        "productTitle": lambda offer: (offer.title, offer.price, offer.offer_id),
    }
    return _sorted(asked, found, keys)


def shipments(asked: Asked, world: "World") -> list[Shipment]:
    """ST11."""
    room = world.john_lewis.order_room
    ids = asked.repeated("order_id")
    if ids is None:
        found = list(room.shipments.values())
    else:
        found = [each for order_id in ids if order_id in room.orders for each in room.orders[order_id].shipments]
    states = _known("shipment_state_code", asked.repeated("shipment_state_code"), SHIPMENT_STATES)
    if states is not None:
        found = [each for each in found if shown_status(each, room.orders[each.order_id]) in states]
    name = "shipment_customer_debit_state_code"
    debits = _known(name, asked.repeated(name), DEBIT_STATES)
    if debits is not None and "NO_DEBIT" not in debits:
        found = []
    if (since := asked.moment("last_updated_from")) is not None:
        found = [each for each in found if each.updated_at >= since]
    if (until := asked.moment("last_updated_to")) is not None:
        found = [each for each in found if each.updated_at <= until]
    return _sorted(asked, found, {"dateCreated": lambda each: (each.created_at, each.shipment_id)})


def to_ship(asked: Asked, world: "World") -> list[Order]:
    """ST12."""
    found = [order for order in world.john_lewis.orders.values() if order.state == "SHIPPING"]
    if (ids := asked.repeated("order_id")) is not None:
        found = [order for order in found if order.order_id in ids]
    if asked.repeated("fulfillment_center_code") is not None:
        found = []
    if (since := asked.moment("shipping_date_from")) is not None:
        found = [order for order in found if order.shipping_at is not None and order.shipping_at >= since]
    if (until := asked.moment("shipping_date_to")) is not None:
        found = [order for order in found if order.shipping_at is not None and order.shipping_at <= until]
    return _sorted(asked, found, {"shippingDate": lambda order: (order.shipping_at, order.order_id)})


def transactions(asked: Asked, world: "World") -> Sequence[Transaction]:
    """TL02: newest first unless asked otherwise."""
    found = list(enumerate(world.john_lewis.ledger.rows))
    if (cycle_ids := asked.listed("seller_billing_cycle_id")) is not None:
        found = [pair for pair in found if pair[1].cycle_id in cycle_ids]
    if (states := _known("payment_state", asked.repeated("payment_state"), PAYMENT_STATES)) is not None:
        found = [pair for pair in found if pair[1].state in states]
    kinds = _known("transaction_type", asked.repeated("transaction_type"), TYPES)
    if kinds is not None:
        found = [pair for pair in found if pair[1].type in kinds]
    if (line_ids := asked.repeated("order_line_id")) is not None:
        found = [pair for pair in found if pair[1].line_id in line_ids]
    if (others := asked.repeated("other_reference")) is not None:
        found = [pair for pair in found if pair[1].note in others]
    for name, member in _ORDER_MEMBERS:
        if (wanted := asked.listed(name)) is not None:
            found = [
                pair for pair in found if pair[1].order is not None and getattr(pair[1].order, member) in wanted
            ]
    for name in ("accounting_document_number", "accounting_document_id"):
        if (document := asked.text(name)) is not None:
            found = [pair for pair in found if pair[1].document_number == document]
    # The transaction date is the payment's; lines without one are dated by their creation.
    for name in ("date_created", "transaction_date"):
        if (since := asked.moment(f"{name}_from")) is not None:
            found = [pair for pair in found if pair[1].created_at >= since]
        if (until := asked.moment(f"{name}_to")) is not None:
            found = [pair for pair in found if pair[1].created_at <= until]
    if (updated := asked.moment("last_updated_from")) is not None:
        found = [pair for pair in found if pair[1].updated_at >= updated]
    models = _known("shop_model", asked.repeated("shop_model"), SHOP_MODELS)
    payers = _known("pay_out_psp_codes", asked.listed("pay_out_psp_codes"), PSP_CODES)
    if "MARKETPLACE" not in (models or {"MARKETPLACE"}) or PSP_CODE not in (payers or {PSP_CODE}):
        found = []
    keys: dict[str, Callable[[tuple[int, Transaction]], Any]] = {
        "dateCreated": lambda pair: pair[0],
        "lastUpdated": lambda pair: (pair[1].updated_at, pair[0]),
    }
    return [row for _, row in _sorted(asked, found, keys, newest_first=True)]


def cycles(asked: Asked, world: "World") -> list[Cycle]:
    """SBC11."""
    found = list(world.john_lewis.ledger.cycles)
    if (ids := asked.repeated("id")) is not None:
        found = [cycle for cycle in found if cycle.cycle_id in ids]
    states = _known("pay_out_state", asked.repeated("pay_out_state"), frozenset(("TO_PAY", "PAID", "FAILED")))
    if states is not None:
        found = [cycle for cycle in found if cycle.state in states]
    currencies = asked.repeated("currency")
    payers = _known("pay_out_psp_code", asked.listed("pay_out_psp_code"), PSP_CODES)
    if "GBP" not in (currencies or {"GBP"}) or PSP_CODE not in (payers or {PSP_CODE}):
        found = []
    if (start := asked.moment("start_date")) is not None:
        found = [cycle for cycle in found if cycle.created_at >= start]
    if (end := asked.moment("end_date")) is not None:
        found = [cycle for cycle in found if cycle.created_at <= end]
    return _sorted(asked, found, {"dateCreated": lambda cycle: (cycle.created_at, cycle.cycle_id)})
