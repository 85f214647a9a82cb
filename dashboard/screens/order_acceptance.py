"""What a person may say, on the Order page, of an order that waits for our acceptance."""

from typing import Any

import streamlit as st

from dashboard import cards, send
from dashboard.data import Pulse


def decide(found: dict[str, Any], pulse: Pulse) -> None:
    """Accept it as it is, or refuse it; the reason is kept, John Lewis is not told one."""
    if found["state"] != "WAITING_ACCEPTANCE":
        return
    order_id = found["order_id"]
    slot = f"acceptance-{order_id}"
    with st.container(border=True, horizontal=True, vertical_alignment="bottom", key=f"decision-{slot}"):
        why = (st.text_input("Why (kept here; John Lewis is not told)", key=f"why-{slot}") or "").strip()
        no = "" if why else "Write the reason first."
        for decision, label, icon in (
            ("accept", "Accept it as it is", ":material/task_alt:"),
            ("refuse", "Refuse it", ":material/block:"),
        ):
            cards.ask_button(
                label,
                send.DecideAcceptance.model_validate({"order_id": order_id, "decision": decision, "why": why}),
                pulse,
                slot=slot,
                key=f"{decision}-{slot}",
                icon=icon,
                no=no,
            )
    cards.outcome(slot)
