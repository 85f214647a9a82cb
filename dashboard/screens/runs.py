"""Runs: whether each flow runs, how far behind it is, and how much we ask of the two systems.

Here a person has everything looked at again: first what would change, then, if they agree, the thing itself.
"""

import json
from datetime import date, datetime
from typing import Any

import streamlit as st

from dashboard import cards, charts, data, send
from dashboard.data import Pulse
from dashboard.format import (
    ago,
    count,
    counts,
    flow,
    humanised,
    london,
    london_midnight,
    parsed,
    span,
    span_exact,
    state,
)

SCOPES = {
    "stock": "Stock: every quantity at John Lewis",
    "orders": "Orders: everything John Lewis has",
    "shipments": "Shipments: everything BlueCherry posted",
    "settlement": "Money: ledger and payouts",
    "catalogue": "Catalogue: every SKU and offer",
}
ONE_OF = {"stock": "Only this SKU", "orders": "Only this order"}  # scopes that may be narrowed to one thing
SINCE = ("orders", "settlement")  # scopes that may be narrowed to what is newer
CARD_WIDTH = 148


@cards.screen("Runs", "Does each flow run, how far behind is it, and how much do we ask of the two systems?")
def show(pulse: Pulse) -> None:
    flows = data.flows(pulse.as_of).to_dicts()
    _doing(pulse)
    _flows(flows)
    st.subheader("Look at everything again", anchor=False)
    _resync(pulse)
    history, asked, budget = st.container(key="runs-tabs").tabs(["Runs", "Commands", "Calls"])
    with history:
        _runs([row["name"] for row in flows], pulse)
    with asked:
        _commands()
    with budget:
        _budget(pulse)


def _doing(pulse: Pulse) -> None:
    with st.container(horizontal=True):
        cards.worker_badge(pulse)
        doing = parsed(pulse.beat.doing if pulse.beat and pulse.is_fresh else "")
        for name, words in doing.items() if isinstance(doing, dict) else ():
            st.badge(f"{flow(name)}: {words}", icon=":material/sync:", color="blue")


def _flows(flows: list[dict[str, Any]]) -> None:
    with st.container(horizontal=True):
        for row in flows:
            with st.container(border=True, width=CARD_WIDTH):
                st.markdown(f"**{flow(row['name'])}**")
                cards.badge(row["state"])
                st.caption(
                    f"{ago(row['lag_seconds']) if row['last_success_at'] else 'not yet'}  \n"
                    f"{count(row['backlog'])} waiting  \n"
                    f"{count(row['run_count'], 'run')}, {count(row['failed_count'])} failed"
                )
    with st.container():  # there also where all is well: what stands beneath keeps its place
        for row in flows:
            if row["state"] in {"failed", "late"}:
                words = "failed last time" if row["last_state"] == "failed" else "has not succeeded for too long"
                said = f": {row['last_message'][:400]}" if row["last_message"] else "."
                st.warning(f"**{flow(row['name'])} {words}**{said}", icon=":material/warning:")


def _resync(pulse: Pulse) -> None:
    with st.container(border=True, key="resync"):
        what, one, since = st.columns([3, 2, 2], vertical_alignment="bottom")
        scope = str(what.selectbox("What", list(SCOPES), format_func=lambda name: SCOPES[name], key="resync-scope"))
        key = one.text_input(
            ONE_OF.get(scope, "Only one"),
            key=f"resync-one-{scope}",
            placeholder="all",
            disabled=scope not in ONE_OF,
        )
        day = since.date_input("Only since", value=None, key=f"resync-since-{scope}", disabled=scope not in SINCE)
        command = _command(scope, (key or "").strip(), day if isinstance(day, date) else None)
        slot = f"{command.scope}-{command.since or ''}"
        with st.container(horizontal=True):
            cards.ask_button(
                "Show what would change",
                command.model_copy(update={"dry_run": True}),
                pulse,
                slot=f"dry-{slot}",
                icon=":material/preview:",
                is_primary=True,
            )
            is_seen = any(found["state"] == "done" for found in cards.results(f"dry-{slot}"))
            cards.ask_button(
                "Resync now",
                command,
                pulse,
                slot=f"wet-{slot}",
                icon=":material/sync:",
                no="" if is_seen else "First look at what it would change.",
            )
        if not is_seen:
            st.caption("Resync becomes available once you have seen what it would change.")
        for found in cards.outcome(f"dry-{slot}"):
            if found["state"] == "done":
                _preview(parsed(found["answer"]))
        for found in cards.outcome(f"wet-{slot}"):
            if found["state"] == "done":
                _done(parsed(found["answer"]))


def _command(scope: str, one: str, day: date | None) -> send.Resync:
    since: datetime | None = london_midnight(day) if day else None
    if not one:
        return send.Resync(scope=scope, since=since)
    return send.Resync(scope=f"order:{one}" if scope == "orders" else f"{scope}:{one}", since=since)


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
        cards.table(rows, key="resync-differences", height=240 if len(rows) > 5 else None)
        if answer.get("difference_count", 0) > len(differences):
            st.caption(f"{count(answer['difference_count'])} in all; the first {len(differences)} are shown.")


def _done(answer: Any) -> None:
    """What each flow did, in numbers."""
    did = answer.get("flows") if isinstance(answer, dict) else None
    for name, numbers in (did or {}).items():
        st.caption(f"{flow(name)}: {counts(json.dumps(numbers)) or 'nothing had changed'}")


def _runs(names: list[str], pulse: Pulse) -> None:
    chosen = st.segmented_control(
        "Flow", ["", *names], default="", key="runs-flow", format_func=lambda name: flow(name) if name else "All"
    )
    found = data.runs(pulse.as_of, flow=chosen or "", limit=200)
    if found.is_empty():
        cards.empty("No run yet", "The worker starts every flow as soon as it runs.")
        return
    charts.draw(charts.run_lengths(found), key="runs-chart", alt="How long each run took")
    cards.table(
        [
            {
                "Ended": london(row["ended_at"]),
                "Flow": flow(row["flow"]),
                "How": state(row["state"]).text,
                "Took": span_exact(row["duration_seconds"]),
                "Did": counts(row["counts"]) or "nothing new",
                "Calls": _calls(row["calls"]),
                "Says": row["message"],
            }
            for row in found.iter_rows(named=True)
        ],
        key="runs-table",
        height=360,
        right=("Took",),
    )


def _calls(text: str) -> str:
    told = parsed(text)
    return ", ".join(f"{number} x {name}" for name, number in told.items()) if isinstance(told, dict) else ""


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
                "Of what is allowed": _allowance(row),
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
    st.caption(
        "Calls of the last hour, or day where one a day is allowed. The further pages of a list do not count "
        "against what John Lewis allows."
    )


def _allowance(row: dict[str, Any]) -> str:
    if row["allowed_count"] is None:
        return "no limit published" if row["source"] == "marketplace" else "by agreement"
    full = row["used_count"] >= row["allowed_count"] and row["allowed_count"] > 1
    return f"{'▲ ' if full else ''}{row['used_count']} of {row['allowed_count']} in {span(row['window_seconds'])}"
