"""Today: whether everything is healthy, and what needs a person.

The verdict in one sentence, four tiles, up to five things to do, the last two days. Never green on old data.
"""

from typing import Any

import streamlit as st

from dashboard import cards, charts, data
from dashboard.data import Pulse
from dashboard.format import ago, count, left, money, span, state

ACTIONS = 5


@cards.screen("Today", "Is everything healthy, and what needs a person?")
def show(pulse: Pulse) -> None:
    total = data.today(pulse.as_of) | data.stock_totals(pulse.as_of) | data.money_totals(pulse.as_of)
    causes = data.causes(pulse.as_of)
    open_causes = [row for row in causes.iter_rows(named=True) if not row["is_quiet"] and not row["is_hidden"]]
    _verdict(total, open_causes, pulse)
    _tiles(total)
    todo, hours = st.columns([3, 2], gap="medium")
    with todo:
        st.subheader("What needs a person", anchor=False)
        _actions(open_causes, pulse)
    with hours:
        st.subheader("Orders in the last two days", anchor=False)
        charts.draw(charts.order_hours(data.order_hours(pulse.as_of)), key="hours", alt="Orders by the hour")


def _verdict(total: dict[str, Any], open_causes: list[dict[str, Any]], pulse: Pulse) -> None:
    urgent = [row for row in open_causes if row["severity"] == "urgent"]
    running = f"{count(total['seen_count'], 'order')} seen, {count(total['in_erp_count'])} in BlueCherry"
    if not pulse.is_fresh:
        st.info(
            f"**Nobody can say how things are now:** the last report is {ago(pulse.age_seconds)}. "
            f"It said: {running}.",
            icon=":material/help:",
        )
    elif total["troubled_flows"] or urgent:
        reasons = [f"{row['sentence']} ({count(row['subject_count'])})" for row in urgent[:2]]
        if total["troubled_flows"]:
            reasons.insert(0, f"{total['troubled_flows']} not running as it should")
        more = len(urgent) - 2
        tail = f", and {more} more" if more > 0 else ""
        st.error(f"**It needs you now:** {'; '.join(reasons)}{tail}.", icon=":material/error:")
    elif open_causes:
        things = count(len(open_causes), "thing needs", "things need")
        st.warning(f"**Running, and {things} a person today.** {running}.", icon=":material/warning:")
    elif total["never_flow_count"]:
        st.info(f"**Starting:** not every flow has run yet. {running}.", icon=":material/hourglass_top:")
    else:
        st.success(
            f"**All is well:** every order is on its way, nothing is late. {running}.",
            icon=":material/check_circle:",
        )


def _tiles(total: dict[str, Any]) -> None:
    orders, stock, dispatch, money_tile = st.columns(4)
    with orders.container(border=True, height="stretch"):
        st.metric(
            ":material/shopping_bag: Orders, last 24 h",
            count(total["day_count"]),
            delta=f"{count(total['day_before_count'])} the day before",
            delta_arrow="off",
            delta_color="off",
        )
        st.caption(
            f"{money(total['day_amount'], total['currency'])} · {count(total['on_way_count'])} on the way · "
            f"{'**▲ ' + count(total['held_count']) + ' held**' if total['held_count'] else 'none held'}"
        )
        _link("orders", "Orders")
    with stock.container(border=True, height="stretch"):
        st.metric(
            ":material/inventory_2: Units on sale",
            count(total["shown_quantity"]),
            delta=f"{count(total['at_risk_count'], 'SKU')} at risk"
            if total["at_risk_count"]
            else "nothing at risk",
            delta_color="inverse" if total["at_risk_count"] else "off",
            delta_arrow="off",
        )
        age = span(total["batch_age_seconds"])
        st.caption(
            f"{count(total['published_count'])} of {count(total['sku_count'])} SKUs published · "
            f"{'**▲ batch late**, ' if total['is_batch_late'] else 'batch '}{age} old"
        )
        _link("inventory", "Stock")
    with dispatch.container(border=True, height="stretch"):
        st.metric(
            ":material/local_shipping: To ship",
            count(total["to_ship_count"]),
            delta=f"{total['late_count']} late" if total["late_count"] else "none late",
            delta_color="inverse" if total["late_count"] else "off",
            delta_arrow="off",
        )
        st.caption(
            f"{count(total['due_soon_count'])} due within 4 h · "
            f"{count(total['unconfirmed_count'])} shipped, John Lewis not told"
        )
        _link("dispatch", "Dispatch")
    with money_tile.container(border=True, height="stretch"):
        st.metric(
            ":material/payments: To come from John Lewis",
            money(total["payable_amount"] + total["pending_amount"], total["currency"]),
            delta=f"{money(total['unexplained_amount'], total['currency'])} not explained"
            if total["unexplained_count"]
            else "every payout explained",
            delta_color="inverse" if total["unexplained_count"] else "off",
            delta_arrow="off",
        )
        st.caption(
            f"{money(total['payable_amount'], total['currency'])} payable · "
            f"{count(total['matched_count'])} of {count(total['line_count'])} lines matched"
        )
        _link("settlement", "Money")


def _link(page: str, label: str) -> None:
    pages = st.session_state.get("pages") or {}
    if page in pages:
        st.page_link(pages[page], label=label, icon=":material/arrow_forward:", icon_position="right")


def _actions(open_causes: list[dict[str, Any]], pulse: Pulse) -> None:
    if not open_causes:
        cards.empty(
            "Nothing needs you" if pulse.is_fresh else "Nothing needed you then",
            "What goes wrong appears here by itself, the most pressing first.",
        )
        return
    for number, row in enumerate(open_causes[:ACTIONS]):
        with st.container(border=True):
            words, act = st.columns([5, 1], vertical_alignment="center")
            told = state(row["severity"])
            words.markdown(f"{told.icon} **{row['sentence']}**")
            facts = [told.words, f"{count(row['subject_count'])} waiting"]
            if row["left_seconds"] is not None:
                facts.append(f"first deadline {left(row['left_seconds'])}")
            if row["amount"]:
                facts.append(money(row["amount"], row["currency"]))
            facts.append(f"mend it in {row['fix_where']}" if row["fix_where"] else "")
            words.caption(" · ".join(fact for fact in facts if fact))
            if act.button("Open", key=f"open-{number}", width="stretch"):
                cards.go("exceptions", kind=row["exception_kind"], cause=row["cause"])
    if len(open_causes) > ACTIONS:
        st.caption(f"{len(open_causes) - ACTIONS} more in Exceptions.")
