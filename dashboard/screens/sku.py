"""One SKU: why we list that number, how likely it is sold more often than it is there, and what else could be done.

Law: the number is explained by what was kept when it was sent, not by how things are today.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

from dashboard import cards, charts, data, send
from dashboard.data import Pulse
from dashboard.format import (
    ago,
    chance,
    count,
    expected,
    london,
    london_day,
    london_short,
    money,
    rule,
    sku_words,
    span,
    state,
    times,
)
from dashboard.screens import what_if

SOON = timedelta(days=1)  # what begins by then may lie in the window a number must hold for
MOST_DUE = 5  # work orders, the next due


@cards.screen("One SKU", "Why do we list that number, how sure is it, and what would another buffer come to?")
def show(pulse: Pulse) -> None:
    given = st.query_params.get("sku", "")
    typed = st.text_input(
        "SKU", value=given, placeholder="As John Lewis and BlueCherry name it", key=f"sku-{given}"
    )
    name = typed or ""
    if not name.strip():
        cards.empty("Which SKU?", "Type it as BlueCherry and John Lewis name it, or pick one in Stock.")
        return
    found = data.sku(pulse.as_of, name)
    if found is None:
        cards.empty("No such SKU", f"Neither BlueCherry nor John Lewis has shown {name}. Look for it in Stock.")
        cards.link("inventory", "All SKUs", view="All SKUs")
        return
    risk = data.sku_risk(pulse.as_of, name)
    sent = data.publications(name)
    _head(found, risk, pulse)
    why, moved = st.columns([3, 2], gap="medium")
    with why:
        _walk(name, sent)
        _aside(name, found)
    with moved:
        st.subheader("How it came here", anchor=False)
        past = data.stock_history(pulse.as_of, name)
        if past.is_empty():
            cards.empty("No history yet", "It begins with the first batch, sending or reading of this SKU.")
        else:
            charts.draw(
                charts.stock_history(past, pulse.as_of),
                key="sku-history",
                alt="Quantities in BlueCherry's batches, published, and shown by John Lewis, over time",
            )
    what_if.part(name, found, risk)
    pace, flying = st.columns([1, 2], gap="medium")
    with pace:
        _pace(name, pulse)
    with flying:
        _inflight(name, pulse)


def _head(found: dict[str, Any], risk: dict[str, Any] | None, pulse: Pulse) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if risk and risk["is_at_risk"]:
            cards.badge("at_risk", words="At risk of being oversold")
        if found["state"] != "fine" or not (risk and risk["is_at_risk"]):
            cards.badge(found["state"])
        st.markdown(f"**{sku_words(found)}** · {found['division']} · {found['category'] or 'no category'}")
        slot = f"sku-{found['sku']}"
        cards.ask_button(
            "Send it again", send.Resync(scope=f"stock:{found['sku']}"), pulse, slot=slot, icon=":material/sync:"
        )
        cards.link("inventory", "Stock")
    cards.outcome(slot)
    _caution(pulse)
    if found["problem"]:
        st.warning(f"**Unfit to sell:** {found['problem']}.", icon=":material/warning:")
    told = risk or {}
    cards.numbers(
        [
            _published(found),
            ("John Lewis shows", count(found["shown_quantity"]), f"Read {london(found['shown_at'])}"),
            (
                "Sellable now",
                count(found["base"]),
                f"Supply {count(found['supply'])}, less {count(found['inflight'])} sold since the batch",
            ),
            (
                "Chance of an oversell",
                chance(told.get("own_chance")),
                "That more is sold than there is before the next batch takes effect, because of what we list",
            ),
            (
                "Expected cost",
                money(told.get("cost_amount"), told.get("currency")),
                f"{expected(told.get('oversold_units'))} units until about {london_short(told.get('lands_at'))}",
            ),
        ]
    )


def _published(found: dict[str, Any]) -> tuple[str, str, str]:
    """What was sent last, which John Lewis may have refused."""
    sent = f"Sent {london(found['published_at'])}"
    if found["is_refused"]:
        return "Sent, refused", count(found["published_quantity"]), f"{sent}; John Lewis did not take it"
    return "Published", count(found["published_quantity"]), sent


def _caution(pulse: Pulse) -> None:
    """What makes the chances below less than they seem."""
    window = data.stock_window(pulse.as_of)
    if window is None:
        return
    if window["is_batch_late"]:
        st.warning(
            f"**BlueCherry's next stock batch is late** (the last is {span(window['batch_age_seconds'])} old): the "
            "risk grows until it comes.",
            icon=":material/schedule:",
        )
    if window["is_out_of_date"]:
        st.warning(
            f"**The risk was last assessed {ago(window['assessed_age_seconds'])}** and says little of now.",
            icon=":material/history:",
        )


# -- why this number -------------------------------------------------------------------------------


def _walk(name: str, sent: pl.DataFrame) -> None:
    heading = st.empty()
    if sent.is_empty():
        heading.subheader("Why this number?", anchor=False)
        cards.empty("Never published", "We have not sent a number for this SKU.")
        return
    rows = list(sent.iter_rows(named=True))
    chart, said = st.container(), st.container()
    with st.expander(f"Everything we sent of it ({count(len(rows))})", icon=":material/history:"):
        picked = cards.table(
            [
                {
                    "Sent": london(one["sent_at"]),
                    "Published": count(one["quantity"]),
                    "Because": one["reason"],
                    "Batch": one["batch_id"],
                    "Import": one["import_state"] or one["push_state"],
                    "In effect": london(one["effective_at"]),
                }
                for one in rows
            ],
            key="sku-publications",
            right=("Published",),
            height=220,
            is_picking=True,
        )
        st.caption("Pick a row to see the walk of that number above.")
    standing = next((place for place, one in enumerate(rows) if one["effective_at"] is not None), None)
    chosen = picked if picked is not None else standing or 0
    one = rows[chosen]
    heading.subheader(f"Why {_listed(one, stands=chosen == standing)} {count(one['quantity'])}?", anchor=False)
    with chart:
        charts.draw(
            charts.walk(data.stock_walk(name, one["push_id"])),
            key="sku-walk",
            alt=f"From {count(one['on_hand'])} on hand to {count(one['quantity'])} listed, step by step",
        )
    facts = [
        f"as sent {london(one['sent_at'])} from batch {one['batch_id'] or 'none'}",
        f"by warehouse: {one['net_by_warehouse']}" if one["net_by_warehouse"] else "",
        f"buffer from {one['policy']}" if one["policy"] else "",
        _candidates(one),
        _lifted(data.sku_demand_events(one["sent_at"], name), one["sent_at"]),
    ]
    said.caption(
        f"{one['reason'][:1].upper()}{one['reason'][1:]}.  \n" + "; ".join(part for part in facts if part) + "."
    )


def _listed(one: dict[str, Any], *, stands: bool) -> str:
    """What became of a number we sent: it stands at John Lewis, stood there, or did not come into effect."""
    if stands:
        return "do we list"
    return "did we list" if one["effective_at"] is not None else "did we send"


def _aside(name: str, found: dict[str, Any]) -> None:
    """What is not in the walk: goods elsewhere, goods that are coming, and what is promised for later."""
    elsewhere = [_elsewhere(row) for row in data.stock_aside(name).iter_rows(named=True)]
    coming = {"on open work orders": found["work_orders"], "in transit": found["in_transit"]}
    told = [f"{count(units)} {where}" for where, units in coming.items() if units]
    later = found["later_orders"] - found["scheduled"]
    due = [
        f"{count(row['quantity'])} due {london_day(row['due_on']) if row['due_on'] else 'on no day yet'} "
        f"({row['work_order_id']})"
        for row in data.work_orders(name).head(MOST_DUE).iter_rows(named=True)
    ]
    parts = [
        f"**On hand and not counted:** {', '.join(elsewhere)}." if elsewhere else "",
        f"**Coming, never listed before it is received:** {' and '.join(told)}." if told else "",
        f"**Ships on scheduled orders before the next batch lands, taken off:** "
        f"{count(found['scheduled'], 'unit')} ({found['scheduled_orders']})."
        if found["scheduled"]
        else "",
        f"**Promised for later, not taken off today:** {count(later, 'unit')} of orders due beyond BlueCherry's "
        "horizon."
        if later
        else "",
        f"**Work orders:** {', '.join(due)}." if due else "",
    ]
    if any(parts):
        st.caption("  \n".join(part for part in parts if part))


def _elsewhere(row: Mapping[str, Any]) -> str:
    """`3 at QA (Quality hold; no warehouse)`."""
    why = {"pseudo": "not in the building", "no_warehouse": "no warehouse"}.get(
        row["why"], "not allowed to sell from"
    )
    but = ", though allowed" if row["is_refused"] else ""
    label = f"{row['label']}; " if row["label"] else ""
    return f"{count(row['on_hand'])} at {row['location'] or 'no place'} ({label}{why}{but})"


def _candidates(one: dict[str, Any]) -> str:
    """What the buffer was chosen from."""
    asked = {"percent": one["percent_units"], "absolute": one["absolute_units"], "risk": one["risk_units"]}
    told = ", ".join(f"{rule(code)} {count(units)}" for code, units in asked.items() if units is not None)
    won = f"{rule(one['buffer_rule'])} won" if one["buffer"] else "no buffer"
    return f"asked for: {told}; {won}" if told else ""


def _lifted(rows: pl.DataFrame, sent_at: datetime) -> str:
    """The demand events the risk units of that number counted with: those in force then, or about to be."""
    known = [
        _event_words(row)
        for row in rows.iter_rows(named=True)
        if row["told_at"] <= sent_at < row["until_at"] and row["since_at"] < sent_at + SOON
    ]
    return f"risk with the demand of {', '.join(known)}" if known else ""


def _event_words(row: Mapping[str, Any]) -> str:
    """`Black Friday, 3.0 × here and 1.5 × elsewhere from 27 Nov 00:00 to 1 Dec 00:00`."""
    return (
        f"{row['name']}, {times(row['own_factor'])} here and {times(row['other_factor'])} elsewhere from "
        f"{london(row['since_at'])} to {london(row['until_at'])}"
    )


# -- how fast it sells, and what is on its way -----------------------------------------------------


def _pace(name: str, pulse: Pulse) -> None:
    st.subheader("How fast it sells", anchor=False)
    rate = data.sales_rate(pulse.as_of, name)
    if rate is None:
        cards.empty("Not measured yet", "Rates are measured once orders and two batches were read.")
        return
    charts.draw(charts.sales_rate(rate), key="sku-rate", alt="Units a day here and elsewhere, with their range")
    st.caption(
        "The bar is where the true rate lies nine times in ten. Counted: "
        f"{count(rate['own_units'], 'unit')} here in {span(rate['own_hours'] * 3600)} with stock, "
        f"{count(rate['other_units'], 'unit')} elsewhere. Single large withdrawals, not in it: "
        f"{count(rate['withdrawn_units'], 'unit')}. Measured {ago(rate['age_seconds'])}."
    )
    for event in data.sku_demand_events(pulse.as_of, name).iter_rows(named=True):
        if event["is_on"]:
            st.info(f"**In force:** {_event_words(event)}.", icon=":material/trending_up:")
        elif event["until_at"] > pulse.as_of:
            st.caption(f"To come: {_event_words(event)}.")
    with st.expander("When in the week it sells", icon=":material/schedule:"):
        charts.draw(
            charts.trading_week(data.trading_hours()),
            key="sku-week",
            alt="How busy each hour of the week is, here and elsewhere",
        )
        st.caption("The shop's week: every SKU's rate follows it. 1 is an average hour.")


def _inflight(name: str, pulse: Pulse) -> None:
    st.subheader("Sold, and not inside the batch yet", anchor=False)
    rows = list(data.stock_inflight(pulse.as_of, name).iter_rows(named=True))
    above = st.container()
    picked = cards.table(
        [
            {
                "Order": row["order_id"],
                "Sold": london(row["placed_at"]),
                "At John Lewis": state(row["order_state"]).text,
                "Standing": state(row["standing"]).text,
                "Units": count(row["quantity"]),
                "Held back": count(row["inflight_quantity"]),
                "In the number sent": "yes" if row["was_counted"] else "no",
            }
            for row in rows
        ],
        key="sku-inflight",
        right=("Units", "Held back"),
        height=240 if len(rows) > 5 else None,
        is_picking=True,
        empty_words="Every sale of it is inside the batch.",
    )
    if rows:
        with above:
            cards.link_to_order(picked, rows)
