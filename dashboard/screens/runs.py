"""Runs: whether each flow runs, how far behind it is, and how much we ask of the two systems.

Here a person has everything looked at again: first what would change, then, if they agree, the thing itself.
"""

import json
from typing import Any

import streamlit as st

from dashboard import cards, charts, data, send
from dashboard.data import Pulse
from dashboard.format import ago, count, counts, humanised, london, parsed, span, state

SCOPES = {
    "stock": "Stock: every quantity at John Lewis",
    "orders": "Orders: everything John Lewis has",
    "shipments": "Shipments: everything BlueCherry posted",
    "settlement": "Money: ledger and payouts",
    "catalogue": "Catalogue: every SKU and offer",
}


@cards.screen("Runs", "Does each flow run, how far behind is it, and how much do we ask of the two systems?")
def show(pulse: Pulse) -> None:
    with st.container(horizontal=True):
        cards.worker_badge(pulse)
        doing = parsed(pulse.beat.doing if pulse.beat else "")
        for flow, words in doing.items() if isinstance(doing, dict) else ():
            st.badge(f"{humanised(flow)}: {words}", icon=":material/sync:", color="blue")
    _flows(pulse)
    st.subheader("Look at everything again", anchor=False)
    _resync(pulse)
    history, asked, budget = st.tabs(["Runs", "Commands", "Calls in the last hour"])
    with history:
        _runs(pulse)
    with asked:
        _commands()
    with budget:
        _budget(pulse)


def _flows(pulse: Pulse) -> None:
    for column, row in zip(st.columns(6), data.flows(pulse.as_of).iter_rows(named=True), strict=False):
        told = state(row["state"])
        if not pulse.is_fresh and told.colour == "green":
            told = state("stopped")
        with column.container(border=True):
            st.markdown(f"**{humanised(row['name'])}**")
            st.badge(told.words if pulse.is_fresh else f"{told.words}, then", icon=told.icon, color=told.colour)
            st.caption(
                f"{ago(row['lag_seconds']) if row['last_success_at'] else 'not yet'}  \n"
                f"{count(row['backlog'])} waiting"
            )
            if row["last_state"] == "failed" and row["last_message"]:
                st.caption(f":material/error: {row['last_message'][:140]}")


def _resync(pulse: Pulse) -> None:
    with st.container(border=True):
        left, right = st.columns([3, 2], vertical_alignment="bottom")
        scope = left.selectbox("What", list(SCOPES), format_func=lambda name: SCOPES[name], key="resync-scope")
        one = right.text_input(
            "Only this order or SKU", key="resync-one", placeholder="all", help="For orders and stock"
        )
        asked = _scope(str(scope), (one or "").strip())
        with st.container(horizontal=True):
            cards.ask_button(
                "Show what would change",
                send.Resync(scope=asked, dry_run=True),
                pulse,
                slot=f"dry-{asked}",
                icon=":material/preview:",
                is_primary=True,
            )
            preview = cards.result(f"dry-{asked}")
            is_ready = preview is not None and preview["state"] == "done"
            cards.ask_button(
                "Resync now",
                send.Resync(scope=asked),
                pulse,
                slot=f"wet-{asked}",
                icon=":material/sync:",
                is_disabled=not is_ready,
            )
        if not is_ready:
            st.caption("Resync becomes available once you have seen what it would change.")
        shown = cards.outcome(f"dry-{asked}")
        if shown and shown["state"] == "done":
            _preview(parsed(shown["answer"]))
        done = cards.outcome(f"wet-{asked}")
        if done and done["state"] == "done":
            st.json(parsed(done["answer"]), expanded=1)


def _scope(scope: str, one: str) -> str:
    if not one:
        return scope
    return f"order:{one}" if scope == "orders" else f"{scope}:{one}"


def _preview(answer: Any) -> None:
    if not isinstance(answer, dict):
        return
    differences = answer.get("differences") or []
    calls = answer.get("calls") or {}
    if calls:
        st.caption("Calls it would take: " + ", ".join(f"{number} x {name}" for name, number in calls.items()))
    if differences:
        rows = [
            {humanised(str(name)): value for name, value in row.items()}
            if isinstance(row, dict)
            else {"Difference": row}
            for row in differences
        ]
        cards.table(rows, key="resync-differences", height=240)
        if answer.get("difference_count", 0) > len(differences):
            st.caption(f"{answer['difference_count']} in all; the first {len(differences)} are shown.")


def _runs(pulse: Pulse) -> None:
    names = ["", *data.flows(pulse.as_of)["name"].to_list()]
    flow = st.segmented_control(
        "Flow", names, default="", key="runs-flow", format_func=lambda name: humanised(name) if name else "All"
    )
    found = data.runs(pulse.as_of, flow=flow or "", limit=200)
    if found.is_empty():
        cards.empty("No run yet", "The worker starts every flow as soon as it runs.")
        return
    charts.draw(charts.run_lengths(found), key="runs-chart", alt="How long each run took")
    cards.table(
        [
            {
                "Ended": london(row["ended_at"]),
                "Flow": humanised(row["flow"]),
                "How": state(row["state"]).text,
                "Took": span(row["duration_seconds"]),
                "Did": counts(row["counts"]) or "nothing new",
                "Calls": counts(row["calls"]),
                "Says": row["message"],
            }
            for row in found.iter_rows(named=True)
        ],
        key="runs-table",
        height=360,
        wide=("Did",),
    )


def _commands() -> None:
    cards.table(
        [
            {
                "Asked": london(row["received_at"]),
                "By": row["actor"],
                "Role": row["role"],
                "Command": humanised(row["command"]),
                "With": _arguments(row["arguments"]),
                "How": state(row["state"]).text,
                "Says": row["message"],
            }
            for row in data.command_results().iter_rows(named=True)
        ],
        key="commands-table",
        wide=("Says",),
        empty_words="Nobody has asked for anything yet.",
    )


def _arguments(text: str) -> str:
    told = parsed(text)
    if not isinstance(told, dict):
        return text
    return ", ".join(
        f"{name} {json.dumps(value)}" for name, value in told.items() if value not in (None, "", False, [])
    )


def _budget(pulse: Pulse) -> None:
    cards.table(
        [
            {
                "System": "John Lewis" if row["source"] == "marketplace" else "BlueCherry",
                "Operation": row["resource"],
                "Calls": count(row["call_count"]),
                "Told to slow down": count(row["throttled_count"]),
                "Failed": count(row["failed_count"]),
                "Refused": count(row["refused_count"]),
                "Typical": f"{row['typical_ms']} ms",
                "Slowest": f"{row['slowest_ms']} ms",
                "Last": london(row["last_at"]),
            }
            for row in data.api_budget(pulse.as_of).iter_rows(named=True)
        ],
        key="budget-table",
        right=("Calls", "Told to slow down", "Failed", "Refused", "Typical", "Slowest"),
        empty_words="No call in the last hour.",
    )
