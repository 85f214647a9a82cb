"""A stock batch that waits for a person: what was found, and one click beside it that accepts or rejects it.

Law: a decision is never kept without a reason; who types none decided on what was found, and that is kept.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard import cards, data, pressing, send
from dashboard.data import Pulse
from dashboard.format import humanised

ICONS = {"accept": ":material/done_all:", "reject": ":material/block:"}


def buttons(found: Mapping[str, str], pulse: Pulse, slot: str, why: str = "") -> None:
    """Accept or reject batches: what was `found` in each, by its name. What comes of it: `cards.outcome(slot)`."""
    asked: Sequence[tuple[str, str, type[send.AcceptBatch | send.RejectBatch]]] = (
        ("accept", "Accept the batch", send.AcceptBatch),
        ("reject", "Reject the batch", send.RejectBatch),
    )
    for word, label, command in asked:

        def judged(
            one: tuple[str, str], command: type[send.AcceptBatch | send.RejectBatch] = command
        ) -> send.Command:
            return command(batch_id=one[0], why=why or f"On what was found: {one[1]}")

        cards.ask_button(
            label,
            pressing.About(list(found.items()), judged),
            pulse,
            slot=slot,
            key=f"{word}-{slot}",
            icon=ICONS[word],
        )


def notices(pulse: Pulse) -> None:
    """Every batch that waits, with its reason and the two buttons beside it."""
    for row in data.batches(pulse.as_of).iter_rows(named=True):
        if row["is_waiting"]:
            _notice(row, pulse)


def _notice(row: dict[str, Any], pulse: Pulse) -> None:
    slot = f"held-{row['batch_id']}"
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=slot):
        st.markdown(
            f":red[:material/front_hand:] **Batch {row['batch_id']} waits for a person: "
            f"{humanised(row['reason']).lower()}.** {row['detail']} Until then the one before stands."
        )
        buttons({row["batch_id"]: row["detail"]}, pulse, slot)
        cards.link("exceptions", "What to look at first", kind="batch_held", cause=row["reason"])
    cards.outcome(slot)
