"""What is sent when a button is pressed, and what is not.

Law: a press is for what was shown when it was pressed. Between that and the drawing that sends it things are mended
and others go wrong: what it is about comes from the drawing that was seen, what is typed and chosen from the fields
as they are. A press whose button is not there any more is dropped, and that is said. A button about other things is
another button, with a number of its own: a click that crosses a redraw is still for the one that was seen.
"""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import streamlit as st
from streamlit.errors import StreamlitAPIException

from dashboard import access, data, send
from store.errors import StoreError

ANSWER_SECONDS = 2.0
KEPT = 8  # of what a button was about; a click is for one of these
NUMBERS = 1000  # that many are told apart: Streamlit keeps what it knows of every button there ever was
_PRESSED = "pressed-"
_GONE = "What you pressed is not there any more"


@dataclass(frozen=True)
class About:
    """What a button is about as it is shown, and the command for each of that, with what is typed by then."""

    shown: Sequence[Any]
    command: Callable[[Any], send.Command]

    def commands(self, shown: Sequence[Any] | None = None) -> list[send.Command]:
        """Those for what is shown now, or was."""
        return [self.command(one) for one in (self.shown if shown is None else shown)]


@dataclass
class _Drawn:
    number: int = 0
    shown: dict[int, Sequence[Any]] = field(default_factory=dict)  # by number, the oldest first


def number(name: str, shown: Sequence[Any]) -> int:
    """The number of the button that is about this: the last one, or the next where that was about anything else."""
    drawn = _drawn(name)
    if drawn.shown.get(drawn.number) != shown:
        drawn.number = (drawn.number + 1) % NUMBERS
        drawn.shown[drawn.number] = shown
        if len(drawn.shown) > KEPT:
            del drawn.shown[next(iter(drawn.shown))]
    return drawn.number


def remember(name: str, pressed: int | None) -> None:
    """A press counts also when the drawing it came with is broken off by a refresh before it reaches its button.

    `pressed`: the number of the button; None: it is about nothing that changes.
    """
    shown = () if pressed is None else _drawn(name).shown.get(pressed)
    if shown is None:
        not_sent(f"{_GONE}: look again.")
    else:
        st.session_state[f"{_PRESSED}{name}"] = shown


def _drawn(name: str) -> _Drawn:
    drawn: _Drawn = st.session_state.setdefault(f"drawn-{name}", _Drawn())
    return drawn


def taken(name: str) -> Sequence[Any] | None:
    """What was shown when the button was pressed; None: it was not."""
    shown: Sequence[Any] | None = st.session_state.pop(f"{_PRESSED}{name}", None)
    return shown


def drop(why: str = _GONE) -> None:
    """A press that no button has taken is for nothing."""
    names = [name for name in st.session_state if str(name).startswith(_PRESSED)]
    for name in names:
        del st.session_state[name]
    if names:
        not_sent(f"{why}: look again.")


def not_sent(why: str) -> None:
    """Say that a press came to nothing."""
    st.toast(f"**Nothing was sent.** {why}", icon=":material/block:")


def submit(commands: Sequence[send.Command], slot: str) -> None:
    """Send commands, wait a moment for their answers, and show the page as it is then."""
    person = access.person()
    st.session_state.pop(f"trouble-{slot}", None)
    sent: list[UUID] = []
    st.session_state[f"commands-{slot}"] = sent
    try:
        with st.spinner("Asking the worker…"):
            sent.extend(
                send.send(
                    data.window(), command, actor=person.name, role=person.role, is_approver=person.is_approver
                )
                for command in commands
            )
            _wait(sent)
    except StoreError as trouble:
        st.session_state[f"trouble-{slot}"] = str(trouble)
    # the rest of the page was drawn before; outside of a fragment the next refresh shows it
    with contextlib.suppress(StreamlitAPIException):
        st.rerun(scope="fragment")


def _wait(sent: Sequence[UUID]) -> None:
    give_up_at = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < give_up_at:
        found = data.command_outcomes(sent)
        if found["finished_at"].count() == len(sent):
            return
        time.sleep(0.2)
