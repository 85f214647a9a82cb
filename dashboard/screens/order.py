"""One order: everything that happened to it, with the words the two systems used."""

import itertools
import textwrap
from typing import Any

import streamlit as st

from dashboard import access, cards, data, narrative, send
from dashboard.data import Pulse
from dashboard.format import (
    count,
    humanised,
    left,
    london,
    london_clock,
    london_day,
    london_exact,
    money,
    parsed,
    state,
)
from dashboard.screens import edit_order, order_acceptance, order_desk, order_drift, order_money, order_returns

MOMENTS = 500  # of a time line at most: an order that nobody can settle is looked up for weeks
_SYSTEMS = {"marketplace": "John Lewis", "erp": "BlueCherry", "carrier": "Carrier", "payout": "Payout"}
_NOTHING_YET = {
    "marketplace": "Not seen", "erp": "Not in BlueCherry", "carrier": "Nothing has left",
    "payout": "Nothing booked",
}  # fmt: skip


@cards.screen("Order", "What happened to this order, who says so, and what comes next?")
def show(pulse: Pulse) -> None:
    given = st.query_params.get("order_id", "")
    typed = st.text_input("Order id", value=given, placeholder="The John Lewis order id", key=f"order-{given}")
    order_id = (typed or "").strip()
    if not order_id:
        cards.empty("Which order?", "Type its John Lewis order id, or pick one in Orders.")
        return
    found = data.order(pulse.as_of, order_id)
    if found is None:
        cards.empty(
            "No such order", f"{order_id} was never shown to us by John Lewis. Check the id, or look in Orders."
        )
        return
    _head(found, pulse)
    _actions(found, pulse)
    with st.container(key="order-wrong"):
        order_desk.wrong(order_id, pulse)
    differing = data.drift(pulse.as_of, order_id)
    with st.container():  # there also where nothing differs: what stands beneath keeps its place
        if words := order_drift.words_of(differing.to_dicts()):
            st.warning(f"**BlueCherry differs from what we sent:** {words}.", icon=":material/compare_arrows:")
    with st.container():
        order_acceptance.decide(found, pulse)
    _systems(pulse, order_id)
    story, lines, drift, parcels, back, ledger, desk, person = st.container(key="order-tabs").tabs(
        ["Time line", "Lines", "Differences", "Parcels", "Returns", "Money", "Asked for", "Customer"]
    )
    with story:
        _timeline(order_id)
    with lines:
        _lines(order_id)
    with drift:
        order_drift.differences(differing.to_dicts(), pulse)
    with parcels:
        _parcels(pulse, order_id)
    with back:
        order_returns.back(pulse, order_id)
    with ledger:
        order_money.ledger(order_id)
    with desk:
        order_desk.asked(order_id)
    with person:
        _customer(order_id)


def _head(found: dict[str, Any], pulse: Pulse) -> None:
    with st.container(horizontal=True):
        cards.badge(found["erp_state"], words=f"BlueCherry: {state(found['erp_state']).words}")
        cards.badge(found["state"], words=f"John Lewis: {state(found['state']).words}")
        if found["has_incident"]:
            cards.badge("INCIDENT_OPEN")
    if found["hold_reason"]:
        st.error(
            f"**Held: {humanised(found['hold_reason']).lower()}** ({found['hold_cause']}). {found['hold_detail']}",
            icon=":material/warning:",
        )
        _misfits(found["order_id"])
        edit_order.form(found["order_id"], pulse)
    is_over = found["is_shown_shipped"] or found["is_cancelled"]
    cards.numbers(
        [
            (
                "Total",
                money(found["total_amount"], found["currency"]),
                f"Commission {money(found['commission_amount'])}",
            ),
            ("Units", count(found["unit_count"]), f"{count(found['shipped_count'])} shipped by BlueCherry"),
            ("Ship by", "–" if is_over else left(found["left_seconds"]), london(found["shipping_deadline_at"])),
            ("Sales orders", found["ord_nums"] or "none yet", found["warehouses"]),
        ]
    )
    since = f" (accepted {london(found['sent_at'])})" if found["erp_state"] == "accepted" else ""
    st.markdown(f":material/arrow_forward: **Next:** {found['next_step']}{since}")


def _misfits(order_id: str) -> None:
    """What BlueCherry would cut of an address, to those who may see it; nothing was cut."""
    rows = data.order_misfits(order_id).to_dicts()
    if not rows:
        return
    person = (data.personal(order_id) or {}) if access.person().sees_people else {}
    cards.table(
        [
            {
                "Address": edit_order.PARTS.get(row["part"], row["part"]),
                "Field": edit_order.field_words(row["field"]),
                "Characters": count(row["length"]),
                "Fit": _fit(row),
                "As it is": _cut(person.get(row["part"]), row) if person else "shown to ops and admin only",
            }
            for row in rows
        ],
        key="order-misfits",
        right=("Characters", "Fit"),
    )


def _fit(row: dict[str, Any]) -> str:
    if row["field"] == "street":
        return f"2 lines of {count(row['fits'] // 2)}"
    return count(row["fits"]) if row["fits"] else "–"


def _cut(address: Any, row: dict[str, Any]) -> str:
    """The text, with a mark where BlueCherry's field ends."""
    if not isinstance(address, dict):
        return "–"
    if row["field"] == "street":
        return broken(
            ", ".join(str(address[name]) for name in edit_order.STREET if address.get(name)), row["fits"] // 2
        )
    text = str(address.get(row["field"]) or "")
    return f"{text[: row['fits']]} ✂ {text[row['fits'] :]}" if row["fits"] else text or "–"


def broken(street: str, width: int) -> str:
    """A street in the two lines it would break into, between words, with a mark before what is left over."""
    lines = textwrap.wrap(street, width, break_long_words=False, break_on_hyphens=False)
    kept = list(itertools.takewhile(lambda line: len(line) <= width, lines[:2]))
    return " ".join([" ⏎ ".join(kept), *(["✂", *lines[len(kept) :]] if len(kept) < len(lines) else [])]).strip()


def _actions(found: dict[str, Any], pulse: Pulse) -> None:
    slot = f"order-{found['order_id']}"
    with st.container(horizontal=True):
        cards.ask_button(
            "Read it again from both systems",
            send.Resync(scope=f"order:{found['order_id']}"),
            pulse,
            slot=slot,
            icon=":material/sync:",
        )
    cards.outcome(slot)


def _systems(pulse: Pulse, order_id: str) -> None:
    """What each system says of the order now, side by side."""
    rows = data.order_systems(pulse.as_of, order_id).to_dicts()
    for column, row in zip(st.columns(len(rows) or 1), rows, strict=False):
        with column, st.container(border=True, height="stretch"):
            st.caption(_SYSTEMS[row["system"]])
            if row["state"]:
                st.markdown(f"**{state(row['state']).text}**")
            else:
                st.markdown(f"**{_NOTHING_YET[row['system']]}**")
            if row["amount"] is not None:
                st.caption(money(row["amount"], row["currency"]))
            if row["detail"]:
                st.caption(row["detail"])
            if row["since_at"] is not None:
                st.caption(f"since {london(row['since_at'])}")


def _timeline(order_id: str) -> None:
    """What happened, oldest first, a day at a time, and how often each was read again since."""
    rows, day = data.order_timeline(order_id, limit=MOMENTS), ""
    if not rows.is_empty() and (total := rows["moment_count"][0]) > rows.height:
        st.caption(f"The latest {count(rows.height)} of {count(total)} moments; what was before is not shown.")
    for row in rows.iter_rows(named=True):
        if london_day(row["happened_at"]) != day:
            day = london_day(row["happened_at"])
            st.markdown(f"**{day}**")
        body = parsed(row["body"])
        body = body if isinstance(body, dict) else {}
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(london_clock(row["happened_at"]), width=64)
            told = f"{narrative.icon(row['kind'])} {narrative.sentence(row['kind'], body)}"
            st.markdown(f"{told}{_again(row, body)}", width="stretch")
            st.caption(narrative.source(row["kind"], row["actor"]), width=100)
            # what is behind a moment is asked for only where someone looks
            box = st.popover("Evidence", type="tertiary", key=f"evidence-{row['moment_id']}", on_change="rerun")
        if box.open:
            with box:
                _evidence(row, body)


def _again(row: dict[str, Any], body: dict[str, Any]) -> str:
    """When the last of several calls was, or that later readings said the same."""
    if row["again_count"]:
        times = count(row["again_count"], "time")
        return f" :gray[(read again {times} since, unchanged; last {london(row['again_at'])})]"
    return f" :gray[(last {london(row['recorded_at'])})]" if int(body.get("count") or 1) > 1 else ""


def _evidence(row: dict[str, Any], body: dict[str, Any]) -> None:
    st.caption(f"{row['kind']} · recorded {london_exact(row['recorded_at'])}")
    st.json(body, expanded=1)
    if row["snapshot_id"] is None:
        st.caption("Ours: there is no outside answer behind it.")
        return
    if st.toggle("Show the answer it was read from", key=f"words-{row['moment_id']}"):
        cards.exchange(row["snapshot_id"])
    again = row["again_snapshot_id"]
    if again is not None and st.toggle("Show the answer that said it last", key=f"again-{row['moment_id']}"):
        cards.exchange(again)


def _lines(order_id: str) -> None:
    cards.table(
        [
            {
                "Line": row["order_line_id"],
                "SKU": row["sku"],
                "What": row["title"],
                "At John Lewis": state(row["state"]).text,
                "Units": count(row["quantity"] - row["cancelled_quantity"]),
                "Sales order": row["ord_num"] or "–",
                "Warehouse": row["warehouse"] or "–",
                "Open": count(row["open_quantity"]),
                "Picked": count(row["picked_quantity"]),
                "Shipped": count(row["shipped_quantity"]),
                "Price": money(row["price_amount"], row["currency"]),
            }
            for row in data.order_lines(order_id).iter_rows(named=True)
        ],
        key="order-lines",
        right=("Units", "Open", "Picked", "Shipped", "Price"),
    )


def _parcels(pulse: Pulse, order_id: str) -> None:
    cards.table(
        [
            {
                "State": state(row["state"]).text,
                "Shipment": row["ship_id"] or "–",
                "Carton": row["carton"] or "–",
                "Tracking": row["tracking"] or "–",
                "Ship via": row["ship_via"],
                "Warehouse": row["warehouse"],
                "Shipped": london(row["shipped_at"]),
                "Confirmed": london(row["confirm_at"]),
                "Says": row["hold_detail"] or row["confirm_message"],
            }
            for row in data.dispatch(pulse.as_of, order_id=order_id, is_open_only=False).iter_rows(named=True)
        ],
        key="order-parcels",
        empty_words="Nothing was shipped, and nothing is to be.",
    )


def _customer(order_id: str) -> None:
    if not access.person().sees_people:
        st.caption(":material/lock: Customers' names and addresses are shown to ops and admin only.")
        return
    told = data.personal(order_id)
    if not told:
        st.caption(":material/inbox: Not kept: John Lewis has not shown it yet, or it was deleted after its time.")
        return
    for edit in told.pop("edits", []):
        where = edit_order.field_words(str(edit["field"]))
        st.caption(f":material/edit: {where}: {edit['before'] or 'empty'} → {edit['after'] or 'empty'}")
    for row in data.order_edits(order_id).iter_rows(named=True):
        fields = ", ".join(edit_order.field_words(str(field)).lower() for field in row["fields"])
        st.caption(f"Edited {london_exact(row['happened_at'])} by {row['actor']} ({fields}): {row['why']}")
    for label, part in told.items():
        if isinstance(part, dict):
            lines = [str(value) for value in part.values() if value]
            st.markdown(f"**{humanised(label)}**")
            st.text("\n".join(lines))
        elif part:
            st.text(f"{humanised(label)}: {part}")
