"""Orders: where every one of them stands, at John Lewis and in BlueCherry."""

import polars as pl
import streamlit as st

from dashboard import access, cards, charts, data
from dashboard.data import Pulse
from dashboard.format import count, humanised, left, london, money, state

LIMIT = 300
# of a window of 1,440 pixels, so that the last of them is seen
WIDTHS = {
    "Order": 110, "Placed": 90, "In BlueCherry": 106, "At John Lewis": 112, "Next step": 182, "Units": 46,
    "Total": 72, "Time left": 102, "Sales orders": 122,
}  # fmt: skip
FILTERS = ("", "missing", "held", "waiting", "sent", "accepted", "unclear", "in_erp", "adopted", "not_needed")


@cards.screen("Orders", "Where does every order stand, at John Lewis and in BlueCherry?")
def show(pulse: Pulse) -> None:
    standing = data.order_states(pulse.as_of)
    if standing.is_empty():
        cards.empty("No orders yet", "Orders appear here within a minute of being placed at John Lewis.")
        return
    by_state: dict[str, int] = {}
    for row in standing.iter_rows(named=True):
        by_state[row["erp_state"]] = by_state.get(row["erp_state"], 0) + row["order_count"]
    cards.numbers(
        [
            ("Seen", count(sum(by_state.values())), "Every order John Lewis has shown us"),
            (
                "In BlueCherry",
                count(by_state.get("in_erp", 0) + by_state.get("adopted", 0)),
                f"Every line of them; {count(by_state.get('adopted', 0))} were there before Cherrylane began",
            ),
            (
                "On the way",
                count(sum(by_state.get(name, 0) for name in ("waiting", "sent", "accepted", "unclear"))),
                "Waiting for payment, or sent to BlueCherry and not yet seen there",
            ),
            ("Held", count(by_state.get("held", 0)), "A person has to mend something first"),
            ("Not needed", count(by_state.get("not_needed", 0)), "Cancelled before they reached BlueCherry"),
        ]
    )
    sees_people = access.person().sees_people
    words = st.text_input(
        "Find",
        placeholder="Any id of either side, tracking number, SKU" + (", postcode" if sees_people else ""),
        key="orders-find",
    )
    chosen = st.segmented_control(
        "In BlueCherry",
        [code for code in FILTERS if not code or by_state.get(code)],
        default="",
        key="orders-state",
        format_func=lambda code: f"{state(code).words} {count(by_state.get(code, 0))}" if code else "All",
    )
    found = data.orders(
        pulse.as_of, search=words or "", erp_state=chosen or "", sees_people=sees_people, limit=LIMIT
    )
    rows = list(found.iter_rows(named=True))
    above = st.container()
    picked = cards.table(
        [
            {
                "Order": row["order_id"],
                "Placed": london(row["placed_at"]),
                "In BlueCherry": state(row["erp_state"]).text,
                "At John Lewis": state(row["state"]).text,
                "Next step": f"{humanised(row['hold_reason'])}: {row['hold_cause']}"
                if row["hold_reason"]
                else row["next_step"],
                "Units": count(row["unit_count"]),
                "Total": money(row["total_amount"], row["currency"]),
                "Time left": left(row["left_seconds"])
                if not row["is_shown_shipped"] and not row["is_cancelled"]
                else "–",
                "Sales orders": row["ord_nums"],
            }
            for row in rows
        ],
        key="orders-table",
        right=("Units", "Total"),
        widths=WIDTHS,
        empty_words="No order fits. Clear the search or pick another state.",
        height=460,
        is_picking=True,
    )
    cards.cut(len(rows), LIMIT)
    with above:
        cards.link_to_order(picked, rows)
    st.subheader("How far they have come", anchor=False)
    _funnel(pulse)
    with st.expander("Every order in one place", icon=":material/filter_alt:"):
        _places(pulse)


def _funnel(pulse: Pulse) -> None:
    """The last fortnight's orders and all that are open, stage by stage, and where they wait."""
    stages = data.order_funnel(pulse.as_of)
    charts.draw(charts.funnel(stages), key="orders-funnel", alt="Orders by the stage they have reached")
    cards.table(
        [
            {
                "Stage": state(row["stage"]).words,
                "Came so far": count(row["reached_count"]),
                "Stand here now": count(row["waiting_count"]),
                "Total": money(row["waiting_amount"], row["currency"]),
                "Oldest": london(row["oldest_at"]),
            }
            for row in stages.iter_rows(named=True)
        ],
        key="orders-stages",
        right=("Came so far", "Stand here now", "Total"),
    )


def _places(pulse: Pulse) -> None:
    """Where they stand and for what, what waits longest first; the sum is what was seen."""
    places = data.order_places(pulse.as_of)
    charts.draw(
        charts.states(
            places.group_by("place", maintain_order=True).agg(pl.sum("order_count")), "place", "order_count"
        ),
        key="orders-chart",
        alt="Orders by place",
    )
    cards.table(
        [
            {
                "Place": state(row["place"]).text,
                "For what": row["reason"] if row["place"] == "waiting" else humanised(row["reason"]) or "–",
                "Orders": count(row["order_count"]),
                "Total": money(row["amount"], row["currency"]),
                "Oldest": london(row["oldest_at"]),
                "First deadline": left(row["left_seconds"]),
            }
            for row in places.iter_rows(named=True)
        ],
        key="orders-places",
        right=("Orders", "Total"),
    )
    st.caption(f"Together {count(int(places['order_count'].sum()))}: every order John Lewis ever showed us, once.")
