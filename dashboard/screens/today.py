"""Today: whether everything is healthy, and what needs a person.

The verdict in one sentence, up to five things to do, four tiles, the last two days. Never green on old data.
"""

from typing import Any

import streamlit as st

from dashboard import cards, charts, data
from dashboard.data import Pulse
from dashboard.format import ago, count, flow, left, listed, money, money_whole, place, span, state

ACTIONS = 5


@cards.screen("Today", "Is everything healthy, and what needs a person?")
def show(pulse: Pulse) -> None:
    total = data.today(pulse.as_of) | data.stock_totals(pulse.as_of) | data.money_totals(pulse.as_of)
    causes = data.causes(pulse.as_of)
    open_causes = [row for row in causes.iter_rows(named=True) if not row["is_quiet"] and not row["is_hidden"]]
    _verdict(total, open_causes, pulse)
    with st.container(horizontal=True):
        _orders(total)
        _stock(total)
        _dispatch(total)
        _money(total)
    todo, hours = st.columns([3, 2], gap="medium")
    with todo:
        st.subheader("What needs a person", anchor=False)
        _actions(open_causes, pulse)
    with hours:
        st.subheader("Orders in the last two days", anchor=False)
        charts.draw(charts.order_hours(data.order_hours(pulse.as_of)), key="hours", alt="Orders by the hour")


def _verdict(total: dict[str, Any], open_causes: list[dict[str, Any]], pulse: Pulse) -> None:
    """One plain sentence."""
    urgent = [row for row in open_causes if row["severity"] == "urgent"]
    troubled = [flow(name).lower() for name in total["troubled_flows"].split(", ") if name]
    if not pulse.is_fresh:
        st.info(
            f"**Nobody can say how things are now:** the last report is {ago(pulse.age_seconds)}, and then "
            f"{count(len(open_causes), 'thing', 'things')} needed a person.",
            icon=":material/help:",
        )
    elif troubled or urgent:
        reasons = [f"{row['sentence']} ({count(row['open_count'])} waiting)" for row in urgent[:2]]
        if troubled:
            verb = "does" if len(troubled) == 1 else "do"
            reasons.insert(0, f"{listed(troubled)} {verb} not run as it should")
        more = len(urgent) - 2
        tail = f", and {count(more)} more" if more > 0 else ""
        st.error(f"**It needs you now:** {'; '.join(reasons)}{tail}.", icon=":material/error:")
    elif open_causes:
        things = count(len(open_causes), "thing needs", "things need")
        st.warning(
            f"**Everything runs, and {things} a person today;** none of it is urgent.", icon=":material/warning:"
        )
    elif total["never_flow_count"]:
        st.info("**Starting:** not every flow has run yet.", icon=":material/hourglass_top:")
    else:
        st.success(
            f"**All is well:** every flow runs, {count(total['seen_count'], 'order is', 'orders are')} accounted "
            "for, and nothing waits for a person.",
            icon=":material/check_circle:",
        )


def _tile(label: str, value: str, delta: str, caption: str, way: tuple[str, str], *, is_bad: bool = False) -> None:
    """A number, what to know of it, and the way to its screen; the colour of a bad one is never its only sign."""
    with st.container(border=True, height="stretch"):
        st.metric(label, value, delta=delta, delta_color="inverse" if is_bad else "off", delta_arrow="off")
        st.caption(caption)
        cards.link(*way)


def _orders(total: dict[str, Any]) -> None:
    held = f"**▲ {count(total['held_count'])} held**" if total["held_count"] else "none held"
    _tile(
        ":material/shopping_bag: Orders, last 24 h",
        count(total["day_count"]),
        f"{count(total['day_before_count'])} the day before",
        f"{money(total['day_amount'], total['currency'])}  \n"
        f"{count(total['on_way_count'])} on the way to BlueCherry, {held}",
        ("orders", "Orders"),
    )


def _stock(total: dict[str, Any]) -> None:
    risk = total["at_risk_count"]
    late = "**▲ batch late**," if total["is_batch_late"] else "batch"
    _tile(
        ":material/inventory_2: Stock on sale",
        count(total["shown_quantity"]),
        f"▲ {count(risk, 'SKU')} at risk" if risk else "nothing at risk",
        f"{count(total['published_count'])} of {count(total['sku_count'])} SKUs published  \n"
        f"{late} {span(total['batch_age_seconds'])} old",
        ("inventory", "Stock"),
        is_bad=bool(risk),
    )


def _dispatch(total: dict[str, Any]) -> None:
    late = total["late_count"]
    _tile(
        ":material/local_shipping: To dispatch",
        count(total["to_ship_count"]),
        f"▲ {count(late)} late" if late else "none late",
        f"{count(total['due_soon_count'])} due within 4 h  \n"
        f"{count(total['unconfirmed_count'])} shipped, John Lewis not told",
        ("dispatch", "Dispatch"),
        is_bad=bool(late),
    )


def _money(total: dict[str, Any]) -> None:
    currency, unexplained = total["currency"], total["unexplained_count"]
    _tile(
        ":material/payments: Money to come",
        money_whole(total["payable_amount"] + total["pending_amount"], currency),
        f"▲ {money(total['unexplained_amount'], currency)} not explained" if unexplained else "all explained",
        f"{money(total['payable_amount'], currency)} payable  \n"
        f"{count(total['matched_count'])} of {count(total['line_count'])} lines matched",
        ("settlement", "Money"),
        is_bad=bool(unexplained),
    )


def _actions(open_causes: list[dict[str, Any]], pulse: Pulse) -> None:
    if not open_causes:
        cards.empty(
            "Nothing needs you" if pulse.is_fresh else "Nothing needed you then",
            "What goes wrong appears here by itself, the most pressing first.",
        )
        return
    for row in open_causes[:ACTIONS]:
        with st.container(border=True, horizontal=True, wrap=False, vertical_alignment="center"):
            words = st.container()
            told = state(row["severity"])
            words.markdown(f":{told.colour}[{told.icon}] **{row['sentence']}**")
            facts = [told.words, f"{count(row['open_count'])} waiting"]
            if row["left_seconds"] is not None:
                facts.append(f"first deadline {left(row['left_seconds'])}")
            if row["amount"]:
                facts.append(money(row["amount"], row["currency"]))
            facts.append(f"mended in {place(row['fix_where'])}" if row["fix_where"] else "")
            facts.append(f"taken by {row['owners']}" if row["owners"] else "")
            words.caption(" · ".join(fact for fact in facts if fact))
            cards.link("exceptions", "Open", kind=row["exception_kind"], cause=row["cause"])
    if len(open_causes) > ACTIONS:
        st.caption(f"{count(len(open_causes) - ACTIONS)} more in Exceptions.")
