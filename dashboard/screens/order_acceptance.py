"""What a person may say, on the Order page, of an order that waits for our acceptance."""

from typing import Any

import streamlit as st

from dashboard import cards, data, send
from dashboard.data import Pulse
from dashboard.format import count


def decide(found: dict[str, Any], pulse: Pulse) -> None:
    """Accept it, all of it or without some lines, or refuse it; the reason is kept, John Lewis is not told one."""
    if found["state"] != "WAITING_ACCEPTANCE":
        return
    order_id = found["order_id"]
    slot = f"acceptance-{order_id}"
    with st.container(border=True, horizontal=True, vertical_alignment="bottom", key=f"decision-{slot}"):
        why = (st.text_input("Why (kept here; John Lewis is not told)", key=f"why-{slot}") or "").strip()
        no = "" if why else "Write the reason first."
        lines = data.order_lines(order_id).unique("order_line_id", maintain_order=True).to_dicts()
        without = _without(lines, slot) if len(lines) > 1 else []
        accepts = f"Accept it without {count(len(without), 'line')}" if without else "Accept it as it is"
        for decision, label, icon in (
            ("accept", accepts, ":material/task_alt:"),
            ("refuse", "Refuse it", ":material/block:"),
        ):
            cards.ask_button(
                label,
                send.DecideAcceptance.model_validate(
                    {
                        "order_id": order_id,
                        "decision": decision,
                        "why": why,
                        "refused_lines": without if decision == "accept" else [],
                    }
                ),
                pulse,
                slot=slot,
                key=f"{decision}-{slot}",
                icon=icon,
                no=no or _no(decision, without, lines),
            )
    cards.outcome(slot)


def _without(lines: list[dict[str, Any]], slot: str) -> list[str]:
    """The lines that are refused while the others are accepted; a line is taken whole or not at all."""
    names = {line["order_line_id"]: f"{line['sku']} × {line['quantity']}" for line in lines}
    chosen: list[str] = st.multiselect(
        "Lines to refuse", list(names), format_func=names.__getitem__, key=f"lines-{slot}", placeholder="None"
    )
    return chosen


def _no(decision: str, without: list[str], lines: list[dict[str, Any]]) -> str:
    if decision == "accept" and len(without) == len(lines):
        return "These are all its lines: refuse it."
    if decision == "refuse" and without:
        return "Some lines are picked: accept it without them, or pick none."
    return ""
