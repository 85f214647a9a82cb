"""Edit and send again: what an order will carry into BlueCherry, corrected by hand. Drawn by Exceptions and Order.

What people typed goes to the worker and to the one table of personal data; those who may see it are shown it.
"""

from typing import Any

import streamlit as st

from dashboard import access, cards, data, send
from dashboard.data import Pulse
from dashboard.format import count, humanised

FIELDS = ("name", "line_1", "line_2", "city", "state", "postcode", "country", "phone")
PARTS = {"ship_to": "Delivery", "bill_to": "Billing"}
WORDS = {"line_1": "Street", "city": "Town", "state": "County"}  # as the exception names them
STREET = ("line_1", "line_2")


def form(order_id: str, pulse: Pulse) -> None:
    """Fields to correct, what would come of it, and the button that saves and sends."""
    if not access.person().sees_people:
        st.caption(":material/lock: Customers' addresses are edited by ops and admin only.")
        return
    person = data.personal(order_id)
    slot = f"edit-{order_id}"
    with st.expander("Edit and send again", icon=":material/edit:", key=f"open-{slot}"):
        if not person:
            st.caption(":material/inbox: There is no address to edit: John Lewis has not shown one yet.")
            return
        wrong = {(row["part"], row["field"]): row for row in data.order_misfits(order_id).to_dicts()}
        changes = _texts(_edited(person), wrong, slot) | _ship_via(slot)
        why = (st.text_input("Why (kept with the edit)", key=f"{slot}-why") or "").strip()
        nothing = "" if changes else "Change a field first."
        with st.container(horizontal=True):
            cards.ask_button(
                "Show what would happen",
                send.EditOrder(order_id=order_id, changes=changes, why=why, dry_run=True),
                pulse,
                slot=f"{slot}-look",
                icon=":material/visibility:",
                no=nothing,
            )
            cards.ask_button(
                "Save and send again",
                send.EditOrder(order_id=order_id, changes=changes, why=why),
                pulse,
                slot=slot,
                icon=":material/send:",
                is_primary=True,
                no=nothing or ("" if why else "Write the reason first."),
            )
        cards.outcome(f"{slot}-look")
        cards.outcome(slot)
        st.caption("A SKU is never edited: it is BlueCherry's own, byte for byte, or the order waits.")


def _texts(person: dict[str, Any], wrong: dict[tuple[str, str], dict[str, Any]], slot: str) -> dict[str, str]:
    """The texts as they were changed, by field."""
    changes: dict[str, str] = {}
    is_one = person.get("ship_to") == person.get("bill_to")
    for part, label in PARTS.items():
        address = person.get(part)
        if not isinstance(address, dict) or (part == "bill_to" and is_one):
            continue
        st.markdown(f"**{label} address**" + (" (and billing: they are the same)" if is_one else ""))
        with st.container(horizontal=True):
            for field in FIELDS:
                before = str(address.get(field) or "")
                misfit = wrong.get((part, field)) or (wrong.get((part, "street")) if field in STREET else None)
                text = st.text_input(
                    field_words(field) + (f" :red[({_misfit(misfit)})]" if misfit else ""),
                    value=before,
                    key=f"{slot}-{part}-{field}",
                    width=240,
                )
                if (text or "").strip() != before:
                    changes[f"{part}.{field}"] = (text or "").strip()
    email = str(person.get("email") or "")
    text = st.text_input("E-mail", value=email, key=f"{slot}-email", width=320)
    if (text or "").strip() != email:
        changes["email"] = (text or "").strip()
    return changes


def field_words(field: str) -> str:
    """`Town`; of a field within a part, `Delivery town`."""
    part, _, member = field.rpartition(".")
    words = WORDS.get(member, humanised(member))
    return f"{PARTS.get(part, humanised(part))} {words.lower()}" if part else words


def _misfit(row: dict[str, Any]) -> str:
    if row["field"] == "street":
        return f"{count(row['length'])} characters, no two lines of {count(row['fits'] // 2)}"
    if row["fits"]:
        return f"{count(row['length'])} characters, {count(row['fits'])} fit"
    return "no postcode" if row["length"] else "missing"


def _ship_via(slot: str) -> dict[str, str]:
    told = data.described("ship_vias")
    codes = sorted(str(one["code"]) for one in told) if isinstance(told, list) else []
    chosen = st.selectbox(
        "Ship-via", codes, index=None, placeholder="as the mapping says", key=f"{slot}-ship-via", width=240
    )
    return {"ship_via": chosen} if chosen else {}


def _edited(person: dict[str, Any]) -> dict[str, Any]:
    """The person with the edits that still hold, as BlueCherry would get them."""
    shown = {name: dict(part) if isinstance(part, dict) else part for name, part in person.items()}
    for edit in shown.pop("edits", []):
        part, _, member = str(edit["field"]).partition(".")
        holder, key = (shown.get(part), member) if member else (shown, part)
        if isinstance(holder, dict) and str(holder.get(key) or "") == edit["before"]:
            holder[key] = edit["after"]
    return shown
