"""Exceptions: what is wrong, where it is mended, who has it.

One row is a cause with its subjects beneath. A person takes it, puts it off, notes, retries or accepts it.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import access, cards, charts, data, send
from dashboard.data import Pulse
from dashboard.format import ago, count, left, london, money, state

HANDBOOK = Path(__file__).parent.parent / "handbook"
SHOWN = 100


@cards.screen("Exceptions", "What is wrong, where is it mended, and who has it?")
def show(pulse: Pulse) -> None:
    causes = list(data.causes(pulse.as_of).iter_rows(named=True))
    if not causes:
        cards.empty(
            "Nothing is wrong" if pulse.is_fresh else "Nothing was wrong then",
            "What goes wrong appears here by itself and goes away by itself once it is mended.",
        )
        return
    loud = [row for row in causes if not row["is_quiet"]]
    deadlines = [row["left_seconds"] for row in loud if row["left_seconds"] is not None]
    cards.numbers(
        [
            ("Causes", count(len(loud)), "Each mended once, whatever waits for it"),
            ("Things waiting", count(sum(row["subject_count"] - row["quiet_count"] for row in loud)), ""),
            ("Urgent", count(sum(row["severity"] == "urgent" for row in loud)), ""),
            ("First deadline", left(min(deadlines)) if deadlines else "–", ""),
        ]
    )
    given = (st.query_params.get("kind", ""), st.query_params.get("cause", ""))
    show_quiet = st.toggle(
        f"Show put off and accepted ({len(causes) - len(loud)})",
        key="show-quiet",
        disabled=len(loud) == len(causes),
    )
    for row in causes if show_quiet else loud:
        _cause(row, pulse, is_open=(row["exception_kind"], row["cause"]) == given)
    st.subheader("What waits for what", anchor=False)
    charts.draw(charts.causes(data.causes(pulse.as_of)), key="causes-chart", alt="Things waiting by cause")


def _cause(row: dict[str, Any], pulse: Pulse, *, is_open: bool) -> None:
    told = state(row["severity"])
    slot = f"{row['exception_kind']}-{row['cause']}"
    hidden = " (beneath a larger trouble)" if row["is_hidden"] else ""
    title = f"**{row['sentence']}**: {count(row['subject_count'])} waiting{hidden}"
    with st.container(border=True):
        words, clock = st.columns([4, 1], vertical_alignment="center")
        with words.container(horizontal=True):
            st.badge(told.words, icon=told.icon, color=told.colour)
            if row["fix_where"]:
                st.badge(f"Mend it in: {row['fix_where']}", icon=":material/build:", color="gray")
            if row["team"]:
                st.badge(f"Team: {row['team']}", icon=":material/group:", color="gray")
            if row["owners"]:
                st.badge(f"Taken by {row['owners']}", icon=":material/person:", color="violet")
        told_left = f"first deadline {left(row['left_seconds'])}" if row["left_seconds"] is not None else ""
        amount = money(row["amount"], row["currency"]) if row["amount"] else ""
        clock.caption("  \n".join(part for part in (told_left, amount, f"since {london(row['since_at'])}") if part))
        # what waits is asked for only where someone looks: a hundred causes cost one question, not a hundred
        box = st.expander(title, expanded=is_open, key=f"cause-{slot}", on_change="rerun")
        if not box.open:
            return
        with box:
            _inside(row, pulse, slot)


def _inside(row: dict[str, Any], pulse: Pulse, slot: str) -> None:
    wrong = list(
        data.exceptions(pulse.as_of, kind=row["exception_kind"], cause=row["cause"], limit=SHOWN).iter_rows(
            named=True
        )
    )
    picked = _subjects(wrong, slot)
    if wrong:
        _act(wrong[picked or 0], row, pulse, slot)
    _runbook(row)


def _subjects(wrong: list[dict[str, Any]], slot: str) -> int | None:
    return cards.table(
        [
            {
                "Subject": one["exception_subject"],
                "Order": one["order_id"] or "–",
                "What": one["detail"],
                "Since": ago(one["age_seconds"]),
                "Deadline": left(one["left_seconds"]),
                "Amount": money(one["amount"], one["currency"]),
                "Owner": one["owner"] or "nobody",
                "Note": f"{one['note']} ({one['noted_by']})" if one["note"] else "",
                "Standing": "accepted" if one["is_accepted"] else "put off" if one["is_snoozed"] else "open",
            }
            for one in wrong
        ],
        key=f"subjects-{slot}",
        right=("Amount",),
        wide=("What",),
        is_picking=True,
        empty_words="It has just been mended.",
    )


def _act(one: dict[str, Any], row: dict[str, Any], pulse: Pulse, slot: str) -> None:
    st.markdown(f"**For {one['exception_subject']}** (pick another row above to change)")
    exception_id = one["exception_id"]
    person = access.person()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cards.ask_button(
            "Retry", send.Retry(exception_id=exception_id), pulse, slot=slot, icon=":material/refresh:"
        )
        cards.ask_button(
            "Take it",
            send.Assign(exception_id=exception_id, owner=person.name),
            pulse,
            slot=slot + "-take",
            icon=":material/person_add:",
        )
        cards.ask_button(
            "Put off 4 h",
            send.Snooze(exception_id=exception_id, until_at=pulse.as_of + timedelta(hours=4)),
            pulse,
            slot=slot + "-off",
            icon=":material/snooze:",
        )
        if one["order_id"] and st.button("Open the order", key=f"order-{slot}", icon=":material/open_in_new:"):
            cards.go("order", order_id=one["order_id"])
    words = st.text_input("A note, or the reason to accept it as it is", key=f"words-{slot}")
    with st.container(horizontal=True):
        cards.ask_button(
            "Note it",
            send.Note(exception_id=exception_id, text=words or ""),
            pulse,
            slot=slot + "-note",
            icon=":material/edit_note:",
            is_disabled=not words,
        )
        cards.ask_button(
            "Accept it",
            send.Accept(exception_id=exception_id, reason=words or ""),
            pulse,
            slot=slot + "-accept",
            icon=":material/task_alt:",
            is_disabled=not words,
        )
    for part in ("", "-take", "-off", "-note", "-accept"):
        cards.outcome(slot + part)
    if row["fix_where"] == "mapping" and st.button("Set the mapping", key=f"map-{slot}", type="primary"):
        cards.go("mappings", cause=row["cause"])


def _runbook(row: dict[str, Any]) -> None:
    if row["retry"]:
        st.caption(f":material/refresh: Retry: {row['retry']}")
    page = HANDBOOK / f"{row['runbook']}.md"
    if row["runbook"] and page.exists():
        with st.popover("Runbook", icon=":material/menu_book:"):
            st.markdown(page.read_text())
