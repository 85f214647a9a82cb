"""What may be done about exceptions, of one cause or of several: each act looks alike and has the same key."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

import streamlit as st

from dashboard import access, cards, data, pressing, send
from dashboard.data import Pulse
from dashboard.format import from_london, on_london_clock

# act: its picture, and the key that presses it where keys do
ACTS = {
    "look": (":material/visibility:", "L"),
    "retry": (":material/refresh:", "P"),
    "fetch": (":material/cloud_download:", "F"),
    "give": (":material/person_add:", "T"),
    "off": (":material/snooze:", "S"),
    "note": (":material/edit_note:", "N"),
    "accept": (":material/task_alt:", "A"),
}
CHOSEN = "until a time I choose"
UNTIL: dict[str, dict[str, Any]] = {
    "for 4 hours": {"after": timedelta(hours=4)},
    "for a day": {"after": timedelta(days=1)},
    "for 3 days": {"after": timedelta(days=3)},
    "for a week": {"after": timedelta(days=7)},
    CHOSEN: {},
    "until it changes": {"until_event": "change"},
    "until the next stock batch": {"until_event": "batch"},
    "until the next payout": {"until_event": "payout"},
}
MORNING = time(9)
Wrong = Mapping[Any, str | None]  # exceptions as they are shown: by id, the values they follow from


def about(wrongs: Sequence[Wrong], command: type[send.OfExceptions], **typed: Any) -> pressing.About:
    """The command for each of several parts of what is wrong, which names exactly the exceptions that are shown."""

    def of(wrong: Wrong) -> send.Command:
        grounds = {"grounds": wrong} if command is send.Accept else {}
        return command(exception_ids=tuple(wrong), **grounds, **typed)

    return pressing.About(wrongs, of)


def of_cause(row: Mapping[str, Any], wrong: Sequence[Mapping[str, Any]] = ()) -> Wrong:
    """All that is wrong of a cause; `wrong`: what of it was read already, perhaps not all."""
    if len(wrong) < row["subject_count"]:
        wrong = data.wrong_of_cause(row["exception_kind"], row["cause"]).to_dicts()
    return these(wrong)


def these(wrong: Sequence[Mapping[str, Any]]) -> Wrong:
    """What is wrong, as it was read."""
    return {one["exception_id"]: one["grounds"] for one in wrong}


def button(
    act: str,
    label: str,
    command: pressing.About,
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


def owner(key: str) -> str:
    """Whom to give it to, as chosen: oneself, somebody known, or a name that is typed."""
    me = access.person().name
    names = [me, *(one.name for one in access.known() if one.name != me)]
    return st.selectbox("Owner", names, key=key, accept_new_options=True, width=180) or me


def until(pulse: Pulse, key: str) -> tuple[dict[str, Any], str]:
    """Until when to put off, as chosen: the members of a Snooze, and why it cannot be yet (empty: it can)."""
    chosen = st.selectbox("Put off", list(UNTIL), key=key, width=200)
    if chosen == CHOSEN:
        at = _moment(pulse, f"{key}-at")
        why = "" if at is not None and at > pulse.as_of else "Choose a time that is to come (London's clock)."
        return {"until_at": at}, why
    ending = UNTIL[chosen]
    after = {"until_at": pulse.as_of + ending["after"]} if "after" in ending else {}
    return {"until_event": ending.get("until_event", ""), **after}, ""


def _moment(pulse: Pulse, key: str) -> datetime | None:
    """A day and a time on London's clock, tomorrow morning to begin with; None: none, or one that never is."""
    tomorrow = datetime.combine(on_london_clock(pulse.as_of).date() + timedelta(days=1), MORNING)
    face = st.datetime_input("Until (London)", value=tomorrow, format="DD/MM/YYYY", key=key, width=200)
    return None if face is None else from_london(face)
