"""Every kind of thing that can be wrong: what it is called, how bad it is, whose it is, and where it is mended.

Law: one row per kind, here and nowhere else (a refusal of BlueCherry's has one for each of its codes);
`store/sql/exception_kinds.sql` is written from it (a test compares) so that the screens say the same words.
`{cause}` in a sentence is what is to be mended.
"""

from dataclasses import astuple, dataclass, fields
from typing import Literal

from sync import intents
from sync.rules.erp_refusals import REFUSALS

Severity = Literal["urgent", "high", "normal", "low"]
Team = Literal["ops", "finance", "it"]
Place = Literal["BlueCherry", "John Lewis", "mapping", "network", "Cherrylane"]
Remedy = Literal["technical", "data"]  # a technical fix, or an adjustment of data

NOTHING = "Nothing to press"


@dataclass(frozen=True, slots=True)
class ExceptionKind:
    """A kind of exception, as people meet it."""

    code: str
    sentence: str
    severity: Severity
    owner: Team
    fix_where: Place
    remedy: Remedy
    runbook: str  # the page of the handbook
    retry: str  # what "retry" means for it; it begins with NOTHING where it means nothing
    parent: str = ""  # kinds, one or more: while one is open for what this is about, this one is hidden beneath it

    @property
    def has_retry(self) -> bool:
        """Whether processing it again can mend it."""
        return not self.retry.startswith(NOTHING)


_AGAIN = "The next run tries again by itself; *Process again* does it now."
_LIFTS = "Nothing to press: the next run sees that it is mended and goes on."
_PRESS_NOTHING = "Nothing to press: answer it on the Order page, or put it back in BlueCherry."
_LOOKS = "Looks again whether it happened; it is never simply sent a second time."
_EDITED = "Nothing to press: *Edit and send again* on one order; mended at John Lewis, the next run sees it."
_FLOW = "flow_failing system_down"
_PASSES = "Tried again by itself, after gaps that grow; *Process again* does it now."
_ONCE_MORE = "Sends it once more."  # a refusal is a definite no: there is nothing to look for

KINDS: tuple[ExceptionKind, ...] = (
    # orders on their way into BlueCherry
    ExceptionKind("unknown_sku", "SKU {cause} is ordered, but BlueCherry has no such SKU", "high", "ops",
                  "BlueCherry", "data", "unknown-sku", _LIFTS),
    ExceptionKind("misspelt_sku", "SKU {cause} is BlueCherry's but for its case or blanks", "high", "ops",
                  "John Lewis", "data", "misspelt-sku", _LIFTS),
    ExceptionKind("inactive_sku", "SKU {cause} is ordered, but not active for this channel in BlueCherry", "high",
                  "ops", "BlueCherry", "data", "inactive-sku", _LIFTS),
    ExceptionKind("missing_division", "SKU {cause} has no division", "high", "ops", "BlueCherry", "data",
                  "missing-division", _LIFTS),
    ExceptionKind("missing_warehouse", "No warehouse is mapped for {cause}", "high", "ops", "mapping", "data",
                  "missing-warehouse", "Setting the mapping releases every order that waits for it."),
    ExceptionKind("unknown_ship_via", "Shipping type {cause} has no ship-via in BlueCherry", "high", "ops",
                  "mapping", "data", "unknown-ship-via", "Setting the mapping releases every order that waits."),
    ExceptionKind("address_too_long", "An address does not fit BlueCherry's fields: {cause}", "high", "ops",
                  "Cherrylane", "data", "address-too-long", _EDITED),
    ExceptionKind("address_incomplete", "An address lacks what BlueCherry needs: {cause}", "high", "ops",
                  "John Lewis", "data", "address-incomplete", _EDITED),
    ExceptionKind("refused_by_erp", "BlueCherry refused a sales order: {cause}", "high", "ops", "BlueCherry",
                  "data", "refused-by-erp", _ONCE_MORE),
    *(
        ExceptionKind(
            f"refused_by_erp/{one.code}", f"{one.sentence} ({{cause}})", "high", one.owner, one.fix_where,
            one.remedy, "refused-by-erp", _PASSES if one.passes else _ONCE_MORE,
            "system_down" if one.passes else "",
        )
        for one in REFUSALS
    ),
    ExceptionKind("duplicate_po", "BlueCherry has orders under a John Lewis number with other content", "urgent",
                  "ops", "BlueCherry", "data", "duplicate-po",
                  "Sends it once more, where BlueCherry has no live sales order of that number any more."),
    ExceptionKind("accept_refused", "John Lewis refused our acceptance: {cause}", "high", "ops", "John Lewis",
                  "data", "accept-refused", "Accepts once more."),
    ExceptionKind("refuse_refused", "John Lewis did not take our refusal of orders: {cause}", "high", "ops",
                  "John Lewis", "data", "refuse-refused", "Refuses once more."),
    ExceptionKind("refusal_overtaken", "Orders, or lines of them, were accepted though somebody had refused them",
                  "urgent", "ops", "John Lewis", "data", "refusal-overtaken",
                  "Nothing to press: cancel it at John Lewis, or accept here that it is sent."),
    ExceptionKind("reference_refused", "John Lewis does not take the number of our sales orders: {cause}", "low",
                  "ops", "John Lewis", "data", "reference-refused", "Writes it once more."),
    ExceptionKind("no_address", "Orders to be sent have no address yet", "high", "ops", "John Lewis", "data",
                  "no-address", _LIFTS),
    *(
        ExceptionKind(code, "An answer never came ({cause}): it may or may not have happened", "high", "it",
                      "network", "technical", "order-unclear", _LOOKS, _FLOW)
        # the flow it stands beneath is that of its cause, where that is another than the orders'
        for code in ("order_unclear", *(
            f"order_unclear/{meant}" for meant, one in intents.KINDS.items() if one.flow in ("dispatch", "returns")
        ))
    ),
    ExceptionKind("missing_in_erp", "Orders are not in BlueCherry: {cause}", "urgent", "ops", "BlueCherry", "data",
                  "missing-in-erp", "Decides again; *Fetch again* looks in both systems.", _FLOW),
    ExceptionKind("sent_not_visible", "BlueCherry took sales orders but does not show them", "high", "ops",
                  "BlueCherry", "technical", "sent-not-visible",
                  "Asks BlueCherry for it again; it is never simply sent a second time.", _FLOW),
    ExceptionKind("count_gap", "John Lewis and Cherrylane differ on the orders of {cause}", "high", "ops",
                  "John Lewis", "technical", "count-gap",
                  "Counts the day now, as the next hour does by itself; *Fetch again* reads the order.", _FLOW),
    ExceptionKind("day_not_counted", "Days are over whose orders were not counted at John Lewis and here", "normal",
                  "it", "Cherrylane", "technical", "day-not-counted",
                  "Counts them now, as the next night does by itself.", _FLOW),
    ExceptionKind("duplicate_sales_order", "Order lines stand in more than one sales order", "urgent", "ops",
                  "BlueCherry", "data", "duplicate-sales-order",
                  "Nothing to press: cancel one of them in BlueCherry."),
    ExceptionKind("unmapped_status", "BlueCherry status {cause} has no meaning here", "normal", "ops", "mapping",
                  "data", "unmapped-status", "Nothing to press: once its mapping is set, it closes by itself."),
    # clocks
    ExceptionKind("acceptance_due", "Orders wait for acceptance and will be refused by John Lewis", "urgent",
                  "ops", "John Lewis", "data", "acceptance-due", "Accepts now what can be accepted.", _FLOW),
    ExceptionKind("acceptance_missed", "John Lewis ended orders that waited for us, and nobody here refused them",
                  "high", "ops", "John Lewis", "data", "acceptance-missed",
                  "Nothing to press: the sale is lost. Accept it with the reason."),
    ExceptionKind("dispatch_due", "Orders must leave within four hours", "high", "ops", "BlueCherry", "data",
                  "dispatch-due", "Nothing to press: the warehouse has to ship."),
    ExceptionKind("dispatch_late", "Orders are past their dispatch deadline", "urgent", "ops", "BlueCherry", "data",
                  "dispatch-late", "Nothing to press: the warehouse has to ship."),
    # shipments on their way to John Lewis
    ExceptionKind("shipped_not_confirmed", "Shipped for two hours, and John Lewis does not know it ({cause})",
                  "urgent", "ops", "Cherrylane", "technical", "shipped-not-confirmed", _AGAIN, _FLOW),
    ExceptionKind("unmapped_carrier", "Ship-via {cause} has no carrier at John Lewis", "urgent", "ops", "mapping",
                  "data", "unmapped-carrier", "Setting the mapping confirms every shipment that waits for it."),
    ExceptionKind("missing_tracking", "Shipments by {cause} have no tracking number", "high", "ops", "BlueCherry",
                  "data", "missing-tracking", _LIFTS),
    ExceptionKind("over_shipped", "More units were shipped than are open: {cause}", "high", "ops", "BlueCherry",
                  "data", "over-shipped", _LIFTS),
    ExceptionKind("unknown_line", "A shipment carries a line the order does not have: {cause}", "high", "ops",
                  "BlueCherry", "data", "unknown-line", _LIFTS),
    ExceptionKind("voided", "A shipment was voided after John Lewis was told of it", "high", "ops", "BlueCherry",
                  "data", "voided", "Nothing to press: the customer may need a word."),
    ExceptionKind("refused_by_marketplace", "John Lewis refused a shipment: {cause}", "high", "ops", "John Lewis",
                  "data", "refused-by-marketplace", "Confirms once more."),
    # stock and catalogue
    ExceptionKind("batch_late", "BlueCherry's stock batch is late", "high", "it", "BlueCherry", "technical",
                  "batch-late", "Looks again for a complete batch.", "system_down"),
    ExceptionKind("batch_rejected", "A stock batch failed its checks: {cause}", "high", "it", "BlueCherry",
                  "technical", "batch-rejected", "Reads the batch once more."),
    ExceptionKind("batch_held", "A stock batch waits for a person: {cause}", "high", "ops", "BlueCherry", "data",
                  "batch-held", "Nothing to press to try again: accept or reject the batch."),
    ExceptionKind("batch_gap", "DELTA stock batches wait behind one that is not there: {cause}", "high", "it",
                  "BlueCherry", "technical", "batch-gap", "Looks again for the batch, and for a FULL one."),
    ExceptionKind("batch_doubtful", "The stock batch in use is odd: {cause}", "normal", "ops", "BlueCherry", "data",
                  "batch-doubtful", _LIFTS),
    ExceptionKind("batch_overaged", "The stock is so old that thin SKUs are not listed", "urgent", "it",
                  "BlueCherry", "technical", "batch-overaged", "Looks again for a complete batch."),
    ExceptionKind("warehouse_not_counted", "{cause} is allowed to sell, but is no warehouse: it is not counted",
                  "high", "ops", "Cherrylane", "data", "warehouse-not-counted", _LIFTS),
    ExceptionKind("warehouse_not_counted/none is left", "Nothing is listed: no place that may sell is a warehouse",
                  "urgent", "ops", "Cherrylane", "data", "warehouse-not-counted", _LIFTS),
    ExceptionKind("held_lot_awaited", "Lot {cause} is on hold, and still listed until the next FULL stock batch",
                  "high", "ops", "BlueCherry", "data", "held-lot-awaited", "Looks again for a FULL batch."),
    ExceptionKind("inflight_stuck", "Sold units are held back since two stock batches ({cause})", "high", "ops",
                  "BlueCherry", "data", "inflight-stuck",
                  "Decides again; *Fetch again* looks for the order in BlueCherry."),
    ExceptionKind("stock_mismatch", "John Lewis shows something else than it should", "urgent", "ops", "Cherrylane",
                  "technical", "stock-mismatch", "Sends the newest quantities; old pushes are never replayed."),
    ExceptionKind("offer_without_sku", "Offers have no active SKU in BlueCherry", "high", "ops", "BlueCherry",
                  "data", "offer-without-sku", _LIFTS),
    ExceptionKind("orphans_held", "{cause} offers without a SKU would lose their stock: too many for one day",
                  "high", "ops", "BlueCherry", "data", "orphans-held",
                  "Nothing to press to try again: allow it, or mend the SKUs."),
    ExceptionKind("import_failed", "John Lewis could not take a stock file", "high", "it", "John Lewis",
                  "technical", "import-failed", "Sends the newest quantities."),
    ExceptionKind("import_stuck", "A stock file does not end at John Lewis, and no other can be sent", "urgent",
                  "it", "John Lewis", "technical", "import-stuck", "Looks again how far it is.", "system_down"),
    ExceptionKind("stock_uncompared", "What John Lewis shows was not compared with what we sent for hours", "high",
                  "it", "Cherrylane", "technical", "stock-uncompared", "Reads the offers and compares them.",
                  "import_stuck flow_failing system_down credentials_refused"),
    ExceptionKind("import_errors", "John Lewis refused quantities: {cause}", "high", "ops", "John Lewis", "data",
                  "import-errors", "Sends the newest quantities."),
    ExceptionKind("oversell", "We list more than we have", "urgent", "ops", "Cherrylane", "technical", "oversell",
                  "Sends the newest quantities."),
    ExceptionKind("oversells_beyond", "More was oversold than the chances said", "high", "ops", "BlueCherry",
                  "technical", "oversells-beyond", "Nothing to press: looked at once a night."),
    ExceptionKind("duplicate_upc", "UPC {cause} stands on several SKUs", "normal", "ops", "BlueCherry", "data",
                  "duplicate-upc", _LIFTS),
    ExceptionKind("missing_upc", "Listed SKUs have no UPC", "normal", "ops", "BlueCherry", "data", "missing-upc",
                  _LIFTS),
    ExceptionKind("missing_ean", "Listed SKUs have no EAN", "low", "ops", "BlueCherry", "data", "missing-ean",
                  _LIFTS),
    ExceptionKind("bad_check_digit", "UPC {cause} has a wrong check digit", "normal", "ops", "BlueCherry", "data",
                  "bad-check-digit", _LIFTS),
    ExceptionKind("unfit_sku", "Listed SKUs cannot be sold as they are ({cause})", "normal", "ops", "BlueCherry",
                  "data", "unfit-sku", _LIFTS),
    # money
    ExceptionKind("payout_unexplained", "A payout is not what its lines come to", "high", "finance", "John Lewis",
                  "data", "payout-unexplained", "Reads the ledger of the payout once more."),
    ExceptionKind("transaction_unmatched", "Ledger lines belong to orders we do not know", "normal", "finance",
                  "John Lewis", "data", "transaction-unmatched", "Reads the order and the ledger once more."),
    ExceptionKind("balance_gap", "The ledger's running balance jumps: a line is missing", "high", "finance",
                  "John Lewis", "data", "balance-gap", "Reads the ledger once more."),
    # the house itself
    ExceptionKind("system_down", "{cause} does not answer", "urgent", "it", "network", "technical", "system-down",
                  "Asks again now; every flow does so by itself."),
    ExceptionKind("credentials_refused", "{cause} does not accept our key", "urgent", "it", "network", "technical",
                  "credentials-refused", "Asks again now, with the key as it is set."),
    ExceptionKind("rate_limited", "{cause} turns our calls away: too many", "normal", "it", "network", "technical",
                  "rate-limited", "Nothing to press: we wait as long as it asks, and go on."),
    ExceptionKind("clock_skew", "The clock of {cause} is not ours", "normal", "it", "network", "technical",
                  "clock-skew", "Compares again now.", "system_down"),
    ExceptionKind("mapping_invalid", "A mapping names what is not there: {cause}", "high", "ops", "mapping", "data",
                  "mapping-invalid", "Setting or removing the mapping is enough."),
    ExceptionKind("alert_failed", "Alerts do not reach {cause}", "high", "it", "network", "technical",
                  "alert-failed", "Sends what was not sent, now; it is tried again by itself after growing gaps."),
    ExceptionKind("unreadable", "Some of {cause} cannot be read", "high", "it", "Cherrylane", "technical",
                  "unreadable", "Reads once more; it is read again by itself, often at first, then once a day."),
    ExceptionKind("flow_failing", "The {cause} flow has not succeeded for a while", "urgent", "it", "network",
                  "technical", "flow-failing", "Runs the flow now.", "system_down credentials_refused"),
    ExceptionKind("silence", "No order for an unusually long time for this hour", "normal", "ops", "John Lewis",
                  "technical", "silence", "Reads the orders now.", "flow_failing system_down credentials_refused"),
    # sales orders that are not what we sent, and cancellations
    ExceptionKind("drift_quantity", "BlueCherry sends other units of {cause} than were sold", "high", "ops",
                  "BlueCherry", "data", "drift-quantity", _PRESS_NOTHING),
    ExceptionKind("drift_cancelled", "BlueCherry cancelled {cause}, and the customer still expects it", "high",
                  "ops", "BlueCherry", "data", "drift-cancelled", _PRESS_NOTHING),
    ExceptionKind("drift_substitution", "Another SKU stands in BlueCherry in the place of {cause}", "urgent", "ops",
                  "BlueCherry", "data", "drift-substitution", _PRESS_NOTHING),
    ExceptionKind("drift_warehouse", "Sales orders were moved to warehouse {cause}", "normal", "ops", "BlueCherry",
                  "data", "drift-warehouse", _PRESS_NOTHING),
    ExceptionKind("drift_ship_via", "Sales orders were given ship-via {cause}", "normal", "ops", "BlueCherry",
                  "data", "drift-ship-via", _PRESS_NOTHING),
    ExceptionKind("drift_address", "Sales orders go to another address: {cause}", "urgent", "ops", "BlueCherry",
                  "data", "drift-address", _PRESS_NOTHING),
    ExceptionKind("drift_billing", "BlueCherry bills another address than the customer gave: {cause}", "normal",
                  "ops", "BlueCherry", "data", "drift-billing", _PRESS_NOTHING),
    ExceptionKind("drift_house_account", "Sales orders were moved to account {cause}", "high", "finance",
                  "BlueCherry", "data", "drift-house-account", _PRESS_NOTHING),
    ExceptionKind("drift_order_number", "Sales orders do not carry their John Lewis number any more: {cause}",
                  "urgent", "ops", "BlueCherry", "data", "drift-order-number", _PRESS_NOTHING),
    ExceptionKind("drift_price", "BlueCherry invoices another price than the customer paid: {cause}", "normal",
                  "finance", "BlueCherry", "data", "drift-price", _PRESS_NOTHING),
    ExceptionKind("drift_dates", "BlueCherry's days of a sales order were changed: {cause}", "normal", "ops",
                  "BlueCherry", "data", "drift-dates", _PRESS_NOTHING),
    ExceptionKind("cancelation_refused", "A cancellation of ours at John Lewis is not settled: {cause}", "high",
                  "ops", "John Lewis", "data", "cancelation-refused",
                  "Nothing to press: answer the difference once more."),
    ExceptionKind("cancelled_after_pick", "The customer cancelled {cause}, and the warehouse has it in hand",
                  "urgent", "ops", "BlueCherry", "data", "cancelled-after-pick", _LIFTS),
    ExceptionKind("uncancelled_in_erp", "Units customers cancelled are still open in BlueCherry: {cause}", "urgent",
                  "ops", "BlueCherry", "data", "uncancelled-in-erp", "Cancels them there once more.", _FLOW),
    ExceptionKind("uncancelled_in_erp/in several lines",
                  "Units customers cancelled are still open in BlueCherry: {cause}", "urgent", "ops", "BlueCherry",
                  "data", "uncancelled-in-erp",
                  "Nothing to press: cancel the units there by hand, in the line that is not to be sent.", _FLOW),
    # acceptance
    ExceptionKind("not_fulfilable", "Orders wait for acceptance, and {cause} is not there to send", "urgent", "ops",
                  "John Lewis", "data", "not-fulfilable", "Judges the stock again; a person accepts or refuses it.",
                  _FLOW),
    ExceptionKind("stale_stock", "Orders wait for acceptance, and the stock is too old to judge them", "urgent",
                  "ops", "BlueCherry", "data", "stale-stock", "Judges again, once a newer stock batch is read.",
                  _FLOW),
    # returns
    ExceptionKind("return_not_authorised", "Returns are not authorised in BlueCherry: {cause}", "normal", "ops",
                  "BlueCherry", "data", "return-not-authorised",
                  "Authorises it once more, after a look whether it is there.", _FLOW),
    ExceptionKind("cancelled_return", "Returns are cancelled at John Lewis and not in BlueCherry: {cause}",
                  "normal", "ops", "BlueCherry", "data", "cancelled-return", "Withdraws it there once more.",
                  _FLOW),
    ExceptionKind("return_undecided", "Returns wait for our word: {cause}", "high", "ops", "John Lewis", "data",
                  "return-undecided", "Accepts now what can be accepted.", _FLOW),
    ExceptionKind("return_answer_refused", "John Lewis does not take what we say of a return: {cause}", "normal",
                  "ops", "John Lewis", "data", "return-answer-refused", "Says it once more."),
    ExceptionKind("received_not_refunded", "Goods came back, and the customer has no money yet", "high", "finance",
                  "John Lewis", "data", "received-not-refunded",
                  "Looks at the return again; a refund of it that was refused, or is in doubt, is sent by its own "
                  "exception alone.", _FLOW),
    ExceptionKind("received_not_refunded/shipping",
                  "Shipping was credited in BlueCherry, and the customer has not got it back", "high", "finance",
                  "John Lewis", "data", "received-not-refunded",
                  "Sends the shipping once more: press it only when John Lewis shows none.", _FLOW),
    ExceptionKind("refunded_not_received", "Money went back, and the goods did not come ({cause})", "normal",
                  "finance", "BlueCherry", "data", "refunded-not-received", _LIFTS, _FLOW),
    ExceptionKind("refund_without_return", "Goods were paid back at John Lewis, and no return was opened for them",
                  "normal", "finance", "John Lewis", "data", "refund-without-return", _LIFTS, _FLOW),
    ExceptionKind("goods_without_return", "{cause} came back to BlueCherry, and John Lewis has no return for it",
                  "high", "ops", "John Lewis", "data", "goods-without-return", _LIFTS, _FLOW),
    ExceptionKind("refunded_twice", "Lines were refunded more than once", "urgent", "finance", "John Lewis", "data",
                  "refunded-twice", "Nothing to press: ask John Lewis to take one back."),
    ExceptionKind("receipt_refused", "John Lewis does not take that goods came back: {cause}", "normal", "ops",
                  "John Lewis", "data", "receipt-refused", "Tells it once more."),
    ExceptionKind("refund_refused", "A refund of ours is not settled: {cause}", "urgent", "finance", "John Lewis",
                  "data", "refund-refused",
                  "Sends the refund once more: press it only when John Lewis shows none."),
)  # fmt: skip

BY_CODE = {kind.code: kind for kind in KINDS}


def kind_of(code: str, cause: str = "") -> ExceptionKind:
    """The kind with this code, or that of its cause where it has one; what has no row is shown plainly."""
    words = code.replace("_", " ")
    return (
        BY_CODE.get(f"{code}/{cause}")
        or BY_CODE.get(code)
        or ExceptionKind(
            code, f"{words.capitalize()}: {{cause}}", "high", "it", "Cherrylane", "technical", "exceptions", _AGAIN
        )
    )


def sentence(code: str, cause: str) -> str:
    """The plain sentence of a kind for one cause."""
    return kind_of(code, cause).sentence.replace("{cause}", cause)


# The flow that looks at a kind again; what is not named here is about orders.
_RETRIED_BY = {
    "dispatch": ("unmapped_carrier", "missing_tracking", "over_shipped", "unknown_line", "refused_by_marketplace",
                 "shipped_not_confirmed", "voided"),
    "inventory": ("batch_late", "batch_rejected", "batch_held", "batch_gap", "batch_doubtful", "batch_overaged",
                  "warehouse_not_counted", "held_lot_awaited",
                  "stock_mismatch", "orphans_held", "import_failed", "import_stuck", "import_errors",
                  "oversell", "oversells_beyond", "stock_uncompared"),
    "catalogue": ("offer_without_sku", "duplicate_upc", "missing_upc", "missing_ean", "bad_check_digit",
                  "unfit_sku"),
    "returns": ("return_not_authorised", "received_not_refunded", "refunded_not_received", "refunded_twice",
                "receipt_refused", "refund_refused", "cancelled_return", "refund_without_return",
                "goods_without_return",
                "return_undecided", "return_answer_refused"),
    "settlement": ("payout_unexplained", "transaction_unmatched", "balance_gap"),
    "watch": ("clock_skew", "mapping_invalid"),
    "alerts": ("alert_failed",),
}  # fmt: skip


_READS = {
    "returns": "returns", "credit memos": "returns", "shipments": "dispatch", "invoices": "settlement",
    "transactions": "settlement", "billing cycles": "settlement", "work orders": "inventory",
    "stock batches": "inventory", "styles": "catalogue", "offers": "catalogue",
}  # fmt: skip


# About the quantity of the SKU that is their subject: tried again, it is sent whether it changed or not.
SENT_AGAIN = frozenset({"stock_mismatch", "import_errors", "oversell"})

# Nothing that is stored of their orders can tell more than it told: tried again, the orders are read first.
READ_FIRST = frozenset({"unreadable", "order_unclear", "sent_not_visible"})


def retried_by(code: str, cause: str) -> str:
    """The flow that tries again what is wrong; a failing flow is its own cause, a lost answer its write's."""
    if code == "flow_failing":
        return cause
    if code == "order_unclear" and cause in intents.KINDS:
        return intents.KINDS[cause].flow
    if code == "unreadable":
        return next((flow for record, flow in _READS.items() if cause.endswith(record)), "orders")
    return next((flow for flow, kinds in _RETRIED_BY.items() if code in kinds), "orders")


def as_sql() -> str:
    """The table as the read model `exception_kinds`."""
    columns = ", ".join([*(field.name for field in fields(ExceptionKind)), "flow", "has_retry"])
    rows = ",\n".join(
        f"    ({number}, "
        + ", ".join(_quoted(text) for text in (*astuple(kind), _flow_of(kind)))
        + f", {str(kind.has_retry).lower()})"
        for number, kind in enumerate(KINDS, start=1)
    )
    return (
        "-- One row per kind of exception. What is it in plain words, how bad, whose, and where is it mended?\n"
        "-- Written from sync/rules/exceptions.py; a test compares.\n"
        "create or replace view exception_kinds as\n"
        f"select * from (values\n{rows}\n) as kinds (number, {columns});\n"
    )


def _flow_of(kind: ExceptionKind) -> str:
    code, _, cause = kind.code.partition("/")
    return retried_by(code, cause)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
