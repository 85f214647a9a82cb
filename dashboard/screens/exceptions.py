"""Exceptions: what is wrong, where it is mended, who has it.

One row is a cause with its subjects beneath. A person takes it, gives it away, puts it off, notes, retries or
accepts it: for the subjects picked, or for all of a cause when none is.
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import access, cards, charts, data, send
from dashboard.data import Pulse
from dashboard.format import ago, count, left, london, money, place, state

HANDBOOK = Path(__file__).parent.parent / "handbook"
SHOWN = 100
RETRIED = 10
LATER = {
    "4 hours": timedelta(hours=4),
    "a day": timedelta(days=1),
    "3 days": timedelta(days=3),
    "a week": timedelta(days=7),
}

OF_A_SKU = frozenset({"stock_mismatch", "oversell", "offer_without_sku", "import_errors"})  # its subject
ANSWERS = {"accept": ":material/done_all:", "reject": ":material/block:", "release": ":material/exposure_zero:"}


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
        f"Show what is put off or accepted ({len(causes) - len(loud)})",
        key="show-quiet",
        disabled=len(loud) == len(causes),
    )
    shown = causes if show_quiet else loud
    for row in shown:
        _cause(row, pulse, is_open=(row["exception_kind"], row["cause"]) == given)
    if not shown:
        cards.empty("Nothing waits for anybody", "All that is wrong was put off or accepted.")
    if len(loud) > 1:
        st.subheader("What waits for what", anchor=False)
        charts.draw(charts.causes(data.causes(pulse.as_of)), key="causes-chart", alt="Things waiting by cause")


def _cause(row: dict[str, Any], pulse: Pulse, *, is_open: bool) -> None:
    told = state(row["severity"])
    slot = f"{row['exception_kind']}-{row['cause']}"
    facts = [f"{count(row['subject_count'])} waiting"]
    if row["left_seconds"] is not None:
        facts.append(f"first deadline {left(row['left_seconds'])}")
    if row["amount"]:
        facts.append(money(row["amount"], row["currency"]))
    if row["owners"]:
        facts.append(f"taken by {row['owners']}")
    if row["is_hidden"]:
        facts.append("beneath a larger trouble")
    title = f":{told.colour}-badge[{told.icon} {told.words}] **{row['sentence']}** · {' · '.join(facts)}"
    # what waits is asked for only where someone looks: a hundred causes cost one question, not a hundred
    box = st.expander(title, expanded=is_open, key=f"cause-{slot}", on_change="rerun")
    if box.open:
        with box:
            _inside(row, pulse, slot)


def _inside(row: dict[str, Any], pulse: Pulse, slot: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if row["fix_where"]:
            st.badge(f"Mended in {place(row['fix_where'])}", icon=":material/build:", color="gray")
        if row["remedy"]:
            words = "A technical fix" if row["remedy"] == "technical" else "An adjustment of data"
            st.badge(words, icon=":material/handyman:", color="gray")
        if row["team"]:
            st.badge(f"Team: {row['team']}", icon=":material/group:", color="gray")
        st.badge(f"Since {london(row['since_at'])}", icon=":material/schedule:", color="gray")
        _runbook(row)
        if row["fix_where"] == "mapping":
            cards.link("mappings", "Set the mapping", cause=row["cause"])
    wrong = list(
        data.exceptions(pulse.as_of, kind=row["exception_kind"], cause=row["cause"], limit=SHOWN).iter_rows(
            named=True
        )
    )
    picked = _subjects(wrong, slot)
    if wrong:
        _act([wrong[number] for number in picked] or wrong, row, pulse, slot)
        cards.cut(len(wrong), SHOWN)


def _subjects(wrong: list[dict[str, Any]], slot: str) -> list[int]:
    return cards.picks(
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
                "Standing": _standing(one),
            }
            for one in wrong
        ],
        key=f"subjects-{slot}",
        right=("Amount",),
        height=280 if len(wrong) > 6 else None,
        empty_words="It has just been mended.",
    )


def _standing(one: dict[str, Any]) -> str:
    if one["is_accepted"]:
        return f"accepted by {one['accepted_by']}: {one['accepted_reason']}"
    return f"put off until {london(one['snoozed_until_at'])}" if one["is_snoozed"] else "open"


def _act(chosen: Sequence[dict[str, Any]], row: dict[str, Any], pulse: Pulse, slot: str) -> None:
    ids = [one["exception_id"] for one in chosen]
    subject = chosen[0]["exception_subject"]
    of_them = f"**For {subject}**" if len(ids) == 1 else f"**For these {count(len(ids))}**"
    st.markdown(f"{of_them} (pick rows above to choose others)" if row["subject_count"] > 1 else of_them)
    _decide(chosen, row, pulse, slot)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cards.ask_button(
            "Retry",
            [send.Retry(exception_id=one) for one in ids],
            pulse,
            slot=f"{slot}-retry",
            icon=":material/refresh:",
            no=_no_retry(row, len(ids)),
        )
        _give(ids, pulse, slot)
        _put_off(ids, pulse, slot)
        order_id = chosen[0]["order_id"]
        if len(ids) == 1 and order_id:
            cards.link("order", "Open the order", order_id=order_id)
        if len(ids) == 1 and row["exception_kind"] in OF_A_SKU:
            cards.link("sku", "Open the SKU", sku=subject)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = (st.text_input("A note, or the reason to accept it as it is", key=f"words-{slot}") or "").strip()
        cards.ask_button(
            "Note it",
            [send.Note(exception_id=one, text=words) for one in ids],
            pulse,
            slot=f"{slot}-note",
            icon=":material/edit_note:",
            no="" if words else "Write the note first.",
        )
        cards.ask_button(
            "Accept it",
            [send.Accept(exception_id=one, reason=words) for one in ids],
            pulse,
            slot=f"{slot}-accept",
            icon=":material/task_alt:",
            no="" if words else "Write the reason first.",
        )
    if row["retry"]:
        st.caption(f":material/refresh: Retry: {row['retry']}")
    for part in ("retry", "give", "off", "note", "accept"):
        cards.outcome(f"{slot}-{part}")


def _decide(chosen: Sequence[dict[str, Any]], row: dict[str, Any], pulse: Pulse, slot: str) -> None:
    """What waits for a person's word, and the words that can be given."""
    kind = row["exception_kind"]
    if kind not in {"batch_held", "orphans_held"}:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        why = (st.text_input("Why (kept with the decision)", key=f"why-{slot}") or "").strip()
        no = "" if why else "Write the reason first."
        answers: dict[str, tuple[str, list[send.Command]]] = {}
        if kind == "batch_held":
            names = [one["exception_subject"] for one in chosen]
            answers["Accept the batch"] = ("accept", [send.AcceptBatch(batch_id=one, why=why) for one in names])
            answers["Reject the batch"] = ("reject", [send.RejectBatch(batch_id=one, why=why) for one in names])
        else:
            number = int(row["cause"])
            answers[f"Let these {count(number)} go to zero"] = (
                "release",
                [send.ReleaseOrphans(offer_count=number, why=why)],
            )
        for label, (word, commands) in answers.items():
            cards.ask_button(
                label,
                commands,
                pulse,
                slot=f"decide-{slot}",
                key=f"decide-{word}-{slot}",
                icon=ANSWERS[word],
                no=no,
            )
    cards.outcome(f"decide-{slot}")


def _no_retry(row: dict[str, Any], number: int) -> str:
    if row["retry"].startswith("Nothing to press"):
        return str(row["retry"])
    # each retry is a run of its flow
    return f"Pick at most {RETRIED} of them above." if number > RETRIED else ""


def _give(ids: Sequence[Any], pulse: Pulse, slot: str) -> None:
    person = access.person()
    names = [person.name, *(one.name for one in access.known() if one.name != person.name)]
    owner = st.selectbox("Owner", names, key=f"owner-{slot}", accept_new_options=True, width=200)
    cards.ask_button(
        "Take it" if owner == person.name else "Give it",
        [send.Assign(exception_id=one, owner=owner or person.name) for one in ids],
        pulse,
        slot=f"{slot}-give",
        icon=":material/person_add:",
    )


def _put_off(ids: Sequence[Any], pulse: Pulse, slot: str) -> None:
    later = st.selectbox("For", list(LATER), key=f"later-{slot}", width=120)
    cards.ask_button(
        "Put it off",
        [send.Snooze(exception_id=one, until_at=pulse.as_of + LATER[later]) for one in ids],
        pulse,
        slot=f"{slot}-off",
        icon=":material/snooze:",
    )


def _runbook(row: dict[str, Any]) -> None:
    page = HANDBOOK / f"{row['runbook']}.md"
    if row["runbook"] and page.exists():
        with st.popover("Runbook", icon=":material/menu_book:", type="tertiary"):
            st.markdown(page.read_text())
