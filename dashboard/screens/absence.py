"""What a person may say of a write to BlueCherry whose answer never came, or that it took and never showed.

With what was looked up for it, and what would be sent again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard import cards, data, pressing, send
from dashboard.data import Pulse
from dashboard.format import count, humanised, london, london_exact, parsed

KINDS = frozenset({"create_sales_order", "create_return", "cancel_sales_line", "cancel_return"})
SHOWN = 10


def is_about(row: Mapping[str, Any]) -> bool:
    """Whether a cause is such a write."""
    kind = row["exception_kind"]
    return kind == "sent_not_visible" or (kind == "order_unclear" and row["cause"] in KINDS)


def word(wrong: Sequence[dict[str, Any]], pulse: Pulse, slot: str) -> None:
    """How each was looked for, and the word that it is surely not there; at most so many at once."""
    subjects = {one["exception_subject"] for one in wrong[:SHOWN]}
    order_id = wrong[0]["order_id"] if len(wrong) == 1 else ""
    rows = [
        row
        for row in data.unclear_in_erp(order_id).iter_rows(named=True)
        if (row["subject"] if row["state"] == "confirmed" else f"{row['intent_kind']}/{row['subject']}") in subjects
    ]
    if not rows:
        return
    with st.container(border=True, key=f"absence-{slot}"):
        cards.table(
            [
                {
                    "What": humanised(row["intent_kind"].removeprefix("create_")),
                    "Sent": london_exact(row["meant_at"]),
                    "Looked up by": _looked_up_by(row),
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
            no = _why_not(rows)
            about = [row["intent_id"] for row in rows]
            cards.ask_button(
                "Show what would be sent",
                pressing.About(about, lambda one: send.SayAbsent(intent_id=one, why=why, dry_run=True)),
                pulse,
                slot=f"again-{slot}",
                icon=":material/visibility:",
                no=no,
            )
            cards.ask_button(
                "Surely absent: send again",
                pressing.About(about, lambda one: send.SayAbsent(intent_id=one, why=why)),
                pulse,
                slot=f"absent-{slot}",
                icon=":material/search_off:",
                no=no or ("" if why else "Write first how you know it."),
            )
        st.caption(
            ":material/info: *Fetch again* asks BlueCherry for it now. The word makes it be looked for once more; "
            "only what is still not found is sent again."
        )
    for number, found in enumerate(cards.outcome(f"again-{slot}")):
        if lines := parsed(found["answer"] or "{}").get("differences"):
            cards.table(
                [{humanised(name): value for name, value in one.items()} for one in lines],
                key=f"again-{number}-{slot}",
                right=("Units",),
            )
    cards.outcome(f"absent-{slot}")


def _looked_up_by(row: Mapping[str, Any]) -> str:
    if row["intent_kind"] == "cancel_sales_line":
        return f"ord_num {row['looked_up_by']}"
    by_both = f"ord_num {row['reference']} and " if row["reference"] else ""
    return f"{by_both}po_num {row['looked_up_by']}"


def _why_not(rows: Sequence[Mapping[str, Any]]) -> str:
    """Why nobody can say that they are absent; empty: somebody can."""
    if there := next((row["shown"] for row in rows if row["shown"]), ""):
        return f"BlueCherry shows it: {there}."
    if early := [row["reference"] for row in rows if row["state"] == "confirmed" and not _was_missed_twice(row)]:
        return (
            f"BlueCherry was not asked twice for {' and '.join(early)} by that number and the order's since it"
            " should show it: every run of the orders asks."
        )
    return ""


def _was_missed_twice(row: Mapping[str, Any]) -> bool:
    return row["missed_first_at"] is not None and row["missed_last_at"] > row["missed_first_at"]
