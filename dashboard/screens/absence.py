"""What a person may say of a write to BlueCherry whose answer never came, with what was looked up for it."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import cards, data, send
from dashboard.data import Pulse
from dashboard.format import count, humanised, london, london_exact

KINDS = frozenset({"create_sales_order", "create_return", "cancel_sales_line", "cancel_return"})
SHOWN = 10


def word(wrong: Sequence[dict[str, Any]], pulse: Pulse, slot: str) -> None:
    """How each was looked for, and the word that it is surely not there; at most so many at once."""
    subjects = {one["exception_subject"] for one in wrong[:SHOWN]}
    order_id = wrong[0]["order_id"] if len(wrong) == 1 else ""
    rows = [
        row
        for row in data.unclear_in_erp(order_id).iter_rows(named=True)
        if f"{row['intent_kind']}/{row['subject']}" in subjects
    ]
    if not rows:
        return
    with st.container(border=True, key=f"absence-{slot}"):
        cards.table(
            [
                {
                    "What": humanised(row["intent_kind"].removeprefix("create_")),
                    "Sent": london_exact(row["meant_at"]),
                    "Looked up by": f"{'ord_num' if row['intent_kind'] == 'cancel_sales_line' else 'po_num'} "
                    f"{row['looked_up_by']}",
                    "Times": count(row["look_count"]),
                    "Last": london(row["looked_at"]) if row["looked_at"] is not None else "not yet",
                    "Found": row["shown"] or "nothing",
                    "Said": f"{row['said_by']}: {row['said_why']}" if row["said_by"] else "–",
                }
                for row in rows
            ],
            key=f"looked-{slot}",
            right=("Times",),
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            why = (st.text_input("How you know it (kept with the word)", key=f"why-{slot}") or "").strip()
            there = next((row["shown"] for row in rows if row["shown"]), "")
            no = f"BlueCherry shows it: {there}." if there else "" if why else "Write first how you know it."
            cards.ask_button(
                "Surely absent: send again",
                [send.SayAbsent(intent_id=row["intent_id"], why=why) for row in rows],
                pulse,
                slot=f"absent-{slot}",
                icon=":material/search_off:",
                no=no,
            )
        st.caption(
            ":material/info: *Fetch again* asks BlueCherry for it now. The word makes it be looked for once more; "
            "only what is still not found is sent again."
        )
    cards.outcome(f"absent-{slot}")
