"""Stock: whether we list what is there, and John Lewis shows what we published."""

from typing import Any

import streamlit as st

from dashboard import cards, charts, data, send
from dashboard.data import Pulse
from dashboard.format import ago, count, london, money, span, state

LIMIT = 300
FILTERS = ("", "at_risk", "mismatch", "problem", "never_published", "sold_out", "fine", "not_offered")


@cards.screen("Stock", "Do we list what is there, and does John Lewis show what we published?")
def show(pulse: Pulse) -> None:
    total = data.stock_totals(pulse.as_of)
    if not total["sku_count"]:
        cards.empty(
            "No stock yet", "SKUs appear once the catalogue was read, quantities with BlueCherry's first batch."
        )
        return
    cards.numbers(
        [
            ("Units on sale", count(total["shown_quantity"]), "As John Lewis shows them"),
            (
                "Published",
                f"{count(total['published_count'])} of {count(total['sku_count'])}",
                "SKUs we sent a number for",
            ),
            (
                "At risk",
                count(total["at_risk_count"]),
                "More shown than there is, or likelier to be oversold than its policy accepts",
            ),
            ("Not as published", count(total["mismatched_count"]), "Settled, and still more than we sent"),
            ("Batch age", span(total["batch_age_seconds"]), "Since BlueCherry counted"),
        ]
    )
    if total["is_batch_late"]:
        st.warning("**BlueCherry's next stock batch is late.** Increases wait for it.", icon=":material/schedule:")
    states = {row["state"]: row["sku_count"] for row in data.inventory_states(pulse.as_of).iter_rows(named=True)}
    search, pick = st.columns([2, 4], vertical_alignment="bottom")
    words = search.text_input("Find", placeholder="SKU, style or colour", key="stock-find")
    chosen = pick.segmented_control(
        "State",
        [code for code in FILTERS if not code or code in states],
        default="",
        key="stock-state",
        format_func=lambda code: f"{state(code).words} {count(states[code])}" if code else "All",
    )
    found = data.inventory(pulse.as_of, search=words or "", state=chosen or "", limit=LIMIT)
    rows = list(found.iter_rows(named=True))
    picked = cards.table(
        [
            {
                "SKU": row["sku"],
                "What": " ".join(part for part in (row["style_name"], row["color_name"], row["size"]) if part),
                "State": state(row["state"]).text,
                "On hand": count(row["on_hand"]),
                "Supply": count(row["supply"]),
                "In flight": count(row["inflight"]),
                "Sellable": count(row["base"]),
                "Published": count(row["published_quantity"]),
                "John Lewis shows": count(row["shown_quantity"]),
                "Sold, 30 days": count(row["sold_30d"]),
                "Why not": row["problem"],
            }
            for row in rows
        ],
        key="stock-table",
        height=400,
        is_picking=True,
        empty_words="No SKU fits. Clear the search or pick another state.",
        right=("On hand", "Supply", "In flight", "Sellable", "Published", "John Lewis shows", "Sold, 30 days"),
    )
    cards.cut(len(rows), LIMIT)
    if picked is None:
        st.caption("Pick a row to see why we listed that number.")
        charts.draw(
            charts.states(data.inventory_states(pulse.as_of), "state", "sku_count"),
            key="stock-chart",
            alt="SKUs by state",
        )
    else:
        _one(rows[picked], pulse)


def _one(row: dict[str, Any], pulse: Pulse) -> None:
    st.subheader(f"Why this number? {row['sku']}", anchor=False)
    made, drawn = st.columns([2, 3], gap="medium")
    with made.container(border=True):
        cards.badge(row["state"])
        steps = [
            ("On hand, in the warehouses we sell from", row["on_hand"]),
            ("linked", -row["linked"]), ("allocated", -row["allocated"]), ("picked", -row["picked"]),
            ("damaged", -row["damaged"]), ("held", -row["held"]),
            ("**Supply**", row["supply"]),
            ("sold, not yet inside the batch", -row["inflight"]),
            ("**Sellable before the buffer**", row["base"]),
        ]  # fmt: skip
        st.table(
            {"Step": [words for words, _ in steps], "Units": [f"{number:,}" for _, number in steps]},
            hide_index=True,
        )
        st.caption(
            f"Batch {row['batch_id'] or 'none'}, {ago(row['batch_age_seconds'])}. "
            f"Work orders {count(row['work_orders'])} and in transit {count(row['in_transit'])} are shown here "
            f"and never sold. Price {money(row['price_amount'])}."
        )
        slot = f"stock-{row['sku']}"
        cards.ask_button(
            "Send it again", send.Resync(scope=f"stock:{row['sku']}"), pulse, slot=slot, icon=":material/sync:"
        )
        cards.outcome(slot)
    with drawn:
        sent = data.publications(row["sku"])
        if sent.is_empty():
            cards.empty("Never published", "We have not sent a number for this SKU.")
            return
        charts.draw(charts.publications(sent), key="stock-sent", alt="Published quantities over time")
        cards.table(
            [
                {
                    "Sent": london(one["sent_at"]),
                    "Published": count(one["quantity"]),
                    "Supply": count(one["supply"]),
                    "In flight": count(one["inflight"]),
                    "Buffer": f"{one['buffer']} ({one['buffer_rule']})",
                    "Because": one["reason"],
                    "Import": one["import_state"] or one["push_state"],
                }
                for one in sent.iter_rows(named=True)
            ],
            key="stock-publications",
            right=("Published", "Supply", "In flight"),
            height=220,
        )
