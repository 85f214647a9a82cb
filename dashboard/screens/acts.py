"""What may be done about exceptions, of one cause or of several: each act looks alike and has the same key."""

from collections.abc import Sequence
from typing import Any

from dashboard import cards, send
from dashboard.data import Pulse

# act: its picture, and the key that presses it where keys do
ACTS = {
    "look": (":material/visibility:", None),
    "retry": (":material/refresh:", "P"),
    "fetch": (":material/cloud_download:", "F"),
    "give": (":material/person_add:", "T"),
    "off": (":material/snooze:", "S"),
    "note": (":material/edit_note:", None),
    "accept": (":material/task_alt:", None),
}


def button(
    act: str,
    label: str,
    command: send.Command | Sequence[send.Command],
    pulse: Pulse,
    slot: str,
    *,
    no: str = "",
    has_keys: bool = False,
) -> None:
    """A button of that act; `has_keys`: also by the keyboard, once on a page."""
    icon, shortcut = ACTS[act]
    cards.ask_button(
        label, command, pulse, slot=f"{slot}-{act}", icon=icon, no=no, shortcut=shortcut if has_keys else None
    )


def outcomes(slot: str) -> dict[str, list[dict[str, Any]]]:
    """Show what came of each act of this slot."""
    return {act: cards.outcome(f"{slot}-{act}") for act in ACTS}
