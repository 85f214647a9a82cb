"""Dispatch: what must leave when, and whether John Lewis knows what has left."""

from typing import Any

import streamlit as st

from dashboard import cards, charts, data, send
from dashboard.data import Pulse
from dashboard.format import count, countdown, humanised, left, london, london_short, money, span, state

LIMIT = 300
TICK_SECONDS = 1


@cards.screen("Dispatch", "What must leave when, and does John Lewis know what has left?")
def show(pulse: Pulse) -> None:
    total = data.today(pulse.as_of)
    cards.numbers(
        [
            ("To ship", count(total["to_ship_count"]), "Orders with units still to leave"),
            ("Late", count(total["late_count"]), "Past the deadline John Lewis set"),
            ("Due within 4 h", count(total["due_soon_count"]), ""),
            ("John Lewis not told", count(total["unconfirmed_count"]), "Parcels that left, without a confirmation"),
        ]
    )
    rows = list(data.dispatch(pulse.as_of, limit=LIMIT).iter_rows(named=True))
    if not rows:
        cards.empty("Nothing to dispatch", "Every order has left, and John Lewis knows it.")
        return
    st.subheader("Time left", anchor=False)
    _clocks(data.deadlines(pulse.as_of).to_dicts(), pulse)
    untold = [row for row in rows if row["is_unconfirmed"]]
    if untold:
        st.subheader("Left the warehouse, John Lewis not told", anchor=False)
        above = st.container()
        opened = cards.table(
            [
                {
                    "State": state(row["state"]).text,
                    "Time left": left(row["left_seconds"]),
                    "Order": row["order_id"],
                    "Shipment": row["ship_id"],
                    "Left": f"{span(row['shipped_age_seconds'])} ago",
                    "Ship via": row["ship_via"],
                    "Tracking": row["tracking"] or "none",
                    "Why": f"{humanised(row['hold_reason'])}: {row['hold_cause']}"
                    if row["hold_reason"]
                    else row["confirm_message"] or "The next run confirms it",
                    "Value": money(row["total_amount"], row["currency"]),
                }
                for row in untold
            ],
            key="dispatch-untold",
            right=("Value",),
            height=280 if len(untold) > 6 else None,
            is_picking=True,
        )
        with above:
            cards.link_to_order(opened, untold)
        cards.ask_button(
            "Confirm now what can be confirmed",
            send.RunOnce(flows=("dispatch",)),
            pulse,
            slot="dispatch-run",
            icon=":material/send:",
            is_primary=True,
        )
        cards.outcome("dispatch-run")
    st.subheader("By hours left", anchor=False)
    charts.draw(
        charts.deadlines(data.deadline_hours(pulse.as_of)), key="dispatch-chart", alt="Open work by hours left"
    )
    st.subheader("To leave", anchor=False)
    to_leave = [row for row in rows if row["is_unshipped"]]
    place = st.container()
    picked = cards.table(
        [
            {
                "Time left": left(row["left_seconds"]),
                "Order": row["order_id"],
                "State": state(row["state"]).text,
                "Sales order": row["ord_num"] or "–",
                "Warehouse": row["warehouse"] or "–",
                "Units": count(row["unit_count"]),
                "Why": f"{humanised(row['hold_reason'])}: {row['hold_cause']}" if row["hold_reason"] else "",
                "Ship by": london(row["shipping_deadline_at"]),
                "Value": money(row["total_amount"], row["currency"]),
            }
            for row in to_leave
        ],
        key="dispatch-table",
        right=("Units", "Value"),
        height=380,
        is_picking=True,
        empty_words="Everything has left the warehouse.",
    )
    cards.cut(len(rows), LIMIT)
    if to_leave:
        with place:
            cards.link_to_order(picked, to_leave)


@st.fragment(run_every=TICK_SECONDS)
def _clocks(deadlines: list[dict[str, Any]], pulse: Pulse) -> None:
    """The next deadlines, ticking: the moment runs on from the worker's, so the store is not asked each second."""
    if not deadlines:
        st.caption(":material/inbox: No deadline is set for what is to leave.")
        return
    now = pulse.now()
    with st.container(horizontal=True):
        for row in deadlines:
            steps = {
                "to pick": row["unpicked_count"],
                "picked": row["picked_count"],
                "to be told": row["untold_count"],
            }
            st.metric(
                "Late, the oldest by" if row["is_late"] else f"Until {london_short(row['deadline_at'])}",
                countdown((row["deadline_at"] - now).total_seconds()),
                delta=f"{count(row['order_count'], 'order')}: "
                + ", ".join(f"{count(number)} {words}" for words, number in steps.items() if number),
                delta_color="inverse" if row["is_late"] else "off",
                delta_arrow="off",
                border=True,
            )
