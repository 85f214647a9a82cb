"""What must agree when the dust has settled: John Lewis, BlueCherry and the store, unit by unit.

Every function answers with sentences; no sentence means that all agrees.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]
SOLD = {"SHIPPING", "SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"}
WAITING = {"STAGING", "WAITING_ACCEPTANCE", "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT"}


def lines_once(market: Mapping[str, Any], erp: Mapping[str, Any], held: set[str]) -> list[str]:
    """Every line sold is in BlueCherry exactly once, with as many units as are still wanted."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    edited = {order["po_num"] for order in erp["sales_orders"] if order["hand_edits"]}
    for order in erp["sales_orders"]:
        for line in order["lines"]:
            if line["ext_line_id"]:
                found[line["ext_line_id"]].append(line)
    wrong: list[str] = []
    for order_id, order in market["orders"].items():
        if order_id in edited:
            continue
        for line in order["lines"]:
            there = found.get(line["order_line_id"], [])
            is_wanted = order["state"] in SOLD and line["state"] not in {"REFUSED", "CANCELED"}
            wanted = line["quantity"] - line["cancelled"] if is_wanted else 0
            if len(there) > 1:
                wrong.append(f"line {line['order_line_id']} is in BlueCherry {len(there)} times")
            elif not there and wanted and order_id not in held:
                wrong.append(f"line {line['order_line_id']} ({order['state']}) is not in BlueCherry")
            elif there and order_id in held:
                wrong.append(f"line {line['order_line_id']} of a held order is in BlueCherry")
            elif there:
                # What the warehouse itself could not find is BlueCherry's cancelation, not the customer's.
                short = there[0]["qty_cancelled"] if there[0]["cancel_kind"] not in {None, "CUSTOMER"} else 0
                kept = there[0]["qty"] - there[0]["qty_cancelled"] + short
                sent_too_soon = kept == there[0]["qty_shipped"] > wanted
                if kept != wanted and not sent_too_soon:
                    wrong.append(f"line {line['order_line_id']}: {wanted} wanted, {kept} in BlueCherry")
    known = {line["order_line_id"] for order in market["orders"].values() for line in order["lines"]}
    wrong += [f"line {one} in BlueCherry is nobody's" for one in sorted(set(found) - known)]
    return wrong


def confirmed_once(market: Mapping[str, Any], erp: Mapping[str, Any], held: set[str]) -> list[str]:
    """Every unit that left the building is confirmed to John Lewis, once, with its tracking."""
    shipped: dict[str, int] = defaultdict(int)
    for shipment in erp["shipments"]:
        if not shipment["voided"]:
            for carton in shipment["cartons"]:
                for line in carton["lines"]:
                    shipped[line["ext_line_id"]] += line["qty"]
    wrong: list[str] = []
    for order_id, order in market["orders"].items():
        told: dict[str, int] = defaultdict(int)
        for confirmation in order["confirmations"]:
            if not confirmation["tracking_number"]:
                wrong.append(f"order {order_id} was confirmed without a tracking number")
            for line_id, units in confirmation["lines"].items():
                told[line_id] += units
        for line in order["lines"]:
            line_id = line["order_line_id"]
            most = line["quantity"] - line["cancelled"]
            if told[line_id] > shipped[line_id]:
                wrong.append(f"line {line_id}: {told[line_id]} confirmed, {shipped[line_id]} shipped")
            elif told[line_id] < min(shipped[line_id], most) and order_id not in held:
                wrong.append(f"line {line_id}: {shipped[line_id]} shipped, {told[line_id]} confirmed")
    return wrong


def store_agrees(market: Mapping[str, Any], erp: Mapping[str, Any], here: Rows, there: Rows) -> list[str]:
    """The store's order lines (`here`) and sales lines (`there`) say what the two systems say."""
    wrong: list[str] = []
    lines = {row["order_line_id"]: row for row in here}
    for order in market["orders"].values():
        for line in order["lines"]:
            row = lines.pop(line["order_line_id"], None)
            if row is None:
                wrong.append(f"the store does not know line {line['order_line_id']}")
                continue
            refunded = sum(
                one["quantity"] for one in order["refunds"] if one["order_line_id"] == line["order_line_id"]
            )
            is_so = (row["quantity"], row["cancelled_quantity"], row["refunded_quantity"], row["order_state"])
            should = (line["quantity"], line["cancelled"], refunded, order["state"])
            if is_so != should:
                wrong.append(f"line {line['order_line_id']} is {should}, the store says {is_so}")
    wrong += [f"the store invented line {one}" for one in lines]
    names = ("qty", "qty_open", "qty_picked", "qty_shipped", "qty_cancelled")
    columns = ("ordered_quantity", "open_quantity", "picked_quantity", "shipped_quantity", "cancelled_quantity")
    sales = {(row["ord_num"], row["order_line_id"]): row for row in there}
    for order in erp["sales_orders"]:
        if not order["po_num"] or order["hand_edits"] or not order["visible"]:
            continue
        for line in order["lines"]:
            row = sales.get((order["ord_num"], line["ext_line_id"]))
            if row is None:
                wrong.append(f"the store does not know {order['ord_num']} {line['ext_line_id']}")
                continue
            here_units, there_units = [row[name] for name in columns], [line[name] for name in names]
            if here_units != there_units:
                wrong.append(
                    f"{order['ord_num']} {line['ext_line_id']} is {there_units}, the store says {here_units}"
                )
    return wrong
