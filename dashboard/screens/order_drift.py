"""What BlueCherry changed, on the Order page: side by side, with its consequence and the answers."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard import cards, data, pressing, send
from dashboard.data import Pulse
from dashboard.format import humanised, listed, london

_CANCELLED = ("quantity", "cancelled")
_PASSED_ON = {
    "waiting": "asked for, not sent yet", "recorded": "on its way", "unclear": "no clear answer: looked up",
    "confirmed": "cancelled there", "refused": "refused there",
    "overtaken": "nothing left to send: as many are cancelled there already",
}  # fmt: skip
_SAID = {
    "cancel_line": "the line is cancelled at John Lewis", "confirm_rest": "the rest is sent",
    "revert": "to be put back in BlueCherry", "accept": "accepted",
}  # fmt: skip
_ICONS = {
    "cancel_line": ":material/remove_shopping_cart:", "confirm_rest": ":material/local_shipping:",
    "revert": ":material/undo:", "accept": ":material/task_alt:",
}  # fmt: skip


def differences(rows: list[dict[str, Any]], pulse: Pulse) -> None:
    """What the sales orders are and are not, and what a person may say to it."""
    cards.table(
        [
            {
                "What": humanised(row["drift_class"]),
                "Line": row["order_line_id"] or "whole order",
                "We sent": row["sent"] or "–",
                "BlueCherry shows": row["shown"],
                "John Lewis": row["market"],
                "Changed": f"{row['changed_by'] or '–'}, {london(row['changed_at'])}",
                "Standing": _standing(row),
            }
            for row in rows
        ],
        key="order-drift",
        empty_words="BlueCherry has what we sent.",
    )
    for row in rows:
        if row["is_open"]:
            _answer(row, pulse)


def _standing(row: dict[str, Any]) -> str:
    is_taken_back = row["passed_on"] in {"waiting", "overtaken"} and row["answer"] in {"revert", "accept"}
    if row["passed_on"] and not is_taken_back:
        return str(_PASSED_ON.get(row["passed_on"], row["passed_on"]))
    if row["answer"]:
        return f"{_SAID.get(row['answer'], row['answer'])} ({row['answered_by']}: {row['answer_why']})"
    return "open"


def _answer(row: dict[str, Any], pulse: Pulse) -> None:
    slot = f"drift-{row['drift_class']}-{row['subject']}"
    with st.container(border=True, key=f"answer-{slot}"):
        st.markdown(f"**{humanised(row['drift_class'])}** · {row['order_line_id'] or row['ord_num']}")
        st.caption(f":material/info: {row['consequence']}")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            why = (st.text_input("Why (kept with the answer)", key=f"why-{slot}") or "").strip()
            reason = _reason(row, slot)
            for answer, label in _labels(row):
                cards.ask_button(
                    label,
                    pressing.About([row["shown_mark"]], _saying(row, answer, why, reason)),
                    pulse,
                    slot=slot,
                    key=f"{answer}-{slot}",
                    icon=_ICONS[answer],
                    no="" if why else "Write the reason first.",
                )
        cards.outcome(slot)


def _saying(row: dict[str, Any], answer: Any, why: str, reason: str) -> Callable[[str | None], send.Command]:
    """The answer to the difference as it was shown."""

    def say(shown_mark: str | None) -> send.Command:
        return send.AnswerDrift(
            order_id=row["order_id"],
            drift_class=row["drift_class"],
            drift_subject=row["subject"],
            answer=answer,
            why=why,
            reason_code=reason if answer in {"cancel_line", "confirm_rest"} else "",
            shown_mark=shown_mark,
        )

    return say


def _labels(row: dict[str, Any]) -> list[tuple[Any, str]]:
    labels: list[tuple[Any, str]] = []
    if row["order_line_id"] and row["drift_class"] in (*_CANCELLED, "substitution") and row["short_quantity"]:
        labels.append(("cancel_line", "Cancel the line there"))
        if row["drift_class"] in _CANCELLED:
            labels.append(("confirm_rest", "Confirm the rest"))
    return [*labels, ("revert", "Revert in BlueCherry"), ("accept", "Accept")]


def _reason(row: dict[str, Any], slot: str) -> str:
    """John Lewis's reason for a cancellation, where one is to be given."""
    if len(_labels(row)) == len(("revert", "accept")):
        return ""
    known = {
        str(one["code"]): str(one["label"])
        for one in data.described("reasons") or ()
        if one.get("detail", {}).get("type") == "CANCELATION" and one.get("detail", {}).get("is_ours")
    }
    if not known:
        st.caption("John Lewis has not told its reasons yet.")
        return ""
    chosen = st.selectbox(
        "Reason given to John Lewis", [*known], key=f"reason-{slot}", format_func=lambda code: known[str(code)]
    )
    return str(chosen or "")


def words_of(rows: list[dict[str, Any]]) -> str:
    """The classes that are open, for the head of the page; empty: none is."""
    classes = dict.fromkeys(humanised(row["drift_class"]).lower() for row in rows if row["is_open"])
    return listed(list(classes))
