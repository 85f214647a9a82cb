"""What of an order is on its way back, on the Order page, and what a person may say of it."""

from typing import Any

import streamlit as st

from dashboard import cards, data, send
from dashboard.data import Pulse
from dashboard.format import count, london, state

_REFUSED = {
    "RETURN_REJECTION_NOT_ELIGIBLE": "Not eligible",
    "RETURN_REJECTION_NOT_NEEDED": "Not needed",
    "RETURN_REJECTION_WINDOW_CLOSED": "Too late",
}
_WRONG = {
    "RETURN_NON_COMPLIANT_MISSING_ITEM": "Something is missing",
    "RETURN_NON_COMPLIANT_WRONG_PRODUCT": "Another product",
    "RETURN_NON_COMPLIANT_DAMAGED_PRODUCT": "Damaged",
    "RETURN_NON_COMPLIANT_WINDOW_CLOSED": "Too late",
    "RETURN_NON_COMPLIANT_OTHER": "Another reason",
}


def back(pulse: Pulse, order_id: str) -> None:
    """Its returns, line by line, and the words that can be said of them."""
    rows = data.order_returns(pulse.as_of, order_id).to_dicts()
    cards.table(
        [
            {
                "Return": row["rma"] or row["return_id"],
                "Line": row["order_line_id"],
                "At John Lewis": state(row["state"]).text,
                "Units": count(row["quantity"]),
                "In BlueCherry": row["ret_nums"] or "–",
                "Received": count(row["received_quantity"]),
                "Credited": row["memo_numbers"] or "–",
                "Refunded": count(row["refunded_quantity"]),
                "Next": row["next_step"],
                "Opened": london(row["opened_at"]),
            }
            for row in rows
        ],
        key="order-returns",
        right=("Units", "Received", "Refunded"),
        empty_words="Nothing of it is on its way back.",
    )
    for row in {row["return_id"]: row for row in rows}.values():
        if row["state"] == "WAITING_ACCEPTANCE":
            _words(row, pulse, _REFUSED, (("accept", "Accept it"), ("refuse", "Refuse it")))
        elif row["state"] == "RECEIVED" and row["is_compliant"] is None:
            _words(row, pulse, _WRONG, (("not_compliant", "It is not as it should be"),))


def _words(row: dict[str, Any], pulse: Pulse, reasons: dict[str, str], labels: tuple[tuple[str, str], ...]) -> None:
    slot = f"return-{row['return_id']}"
    with st.container(border=True, key=f"decision-{slot}"):
        st.markdown(f"**Return {row['rma'] or row['return_id']}** · {row['next_step']}")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            why = (st.text_input("Why (kept here)", key=f"why-{slot}") or "").strip()
            reason = st.selectbox(
                "Reason given to John Lewis", [*reasons], key=f"reason-{slot}", format_func=reasons.__getitem__
            )
            for decision, label in labels:
                command = {
                    "return_id": row["return_id"],
                    "decision": decision,
                    "why": why,
                    "reason_code": "" if decision == "accept" else str(reason or ""),
                }
                cards.ask_button(
                    label,
                    send.DecideReturn.model_validate(command),
                    pulse,
                    slot=slot,
                    key=f"{decision}-{slot}",
                    no="" if why else "Write the reason first.",
                )
        cards.outcome(slot)
