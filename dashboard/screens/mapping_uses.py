"""Who uses a mapping: how many orders, shipments, SKUs and ledger lines, and which, with the way to each."""

from typing import Any

import streamlit as st

from dashboard import cards, data
from dashboard.data import Pulse
from dashboard.format import count, london

SHOWN = 50
USED_BY = {
    "carrier": ("shipment", "shipments"),
    "order_status": ("sales order", "sales orders"),
    "warehouse": ("order", "orders"),
    "division": ("order", "orders"),
    "ship_via": ("order", "orders"),
    "attribute": ("listed SKU", "listed SKUs"),
    "account": ("ledger line", "ledger lines"),
    "demand_event": ("listed SKU", "listed SKUs"),
    "record_error": ("SKU with stock in it", "SKUs with stock in it"),
}


def words(use: dict[str, Any] | None) -> str:
    """Who uses it: `37 orders, last 24 Nov 14:10`; empty: it does not hold any more."""
    if use is None:
        return ""
    if not use["use_count"]:
        return "nothing"
    one, many = USED_BY[use["mapping"]]
    last = f", last {london(use['last_used_at'])}" if use["last_used_at"] is not None else ""
    return f"{count(use['use_count'], one, many)}{last}"


def things(kind: str, picked: dict[str, Any] | None, use_count: int, pulse: Pulse) -> None:
    """What uses the mapping that is picked, the latest first, each with its page."""
    if picked is None:
        st.caption("Pick a row to see who uses it.")
        return
    one, many = USED_BY[kind]
    rows = list(data.mapping_things(pulse.as_of, kind, picked["key"], limit=SHOWN).iter_rows(named=True))
    st.markdown(f"**`{picked['key']}` is used by {count(use_count, one, many)}**")
    cards.table(
        [
            {
                f"{one[:1].upper()}{one[1:]}": row["sku"] or row["thing"],
                "Last used": london(row["used_at"]),
                "Page": _page(row),
            }
            for row in rows
        ],
        key=f"mapping-things-{kind}",
        ways={"Page": "Open"},
        empty_words="Nothing uses it: nothing was decided by it in the last thirty days.",
    )
    if use_count > len(rows):
        st.caption(f"The latest {count(len(rows))} of them are shown.")


def _page(row: dict[str, Any]) -> str:
    """The address of the order or the SKU it is about; empty: of neither."""
    if row["order_id"]:
        return cards.way("order", order_id=row["order_id"])
    return cards.way("sku", sku=row["sku"]) if row["sku"] else ""
