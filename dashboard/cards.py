"""The parts every screen is built of.

The frame of a page, its freshness, its empty, stale and unreadable faces, numbers, tables, and buttons that send
commands and show what came of them.

Law: a page never shows green on old data; a button that cannot work is disabled and says why; colour is never
the only sign.
"""

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import polars as pl
import streamlit as st

from dashboard import access, data, format, send  # noqa: A004 - the house's word for how things are written
from dashboard.data import Pulse
from store.errors import AskError, Reload, StoreError, StoreMissing, TooSlow, WorkerAway

REFRESH_SECONDS = 5
ANSWER_SECONDS = 4.0
Body = Callable[[Pulse], None]


def screen(
    title: str, question: str, *, every: float | None = REFRESH_SECONDS
) -> Callable[[Body], Callable[[], None]]:
    """Make a page of its body: title, question, freshness; refreshed in place, never jumping."""

    def wrap(body: Body) -> Callable[[], None]:
        @st.fragment(run_every=every)
        def live() -> None:
            try:
                pulse = data.pulse()
                freshness(pulse)
                if pulse.beat is None:
                    empty(
                        "Nothing has been read yet",
                        "The worker has not run on this store. It fills within a minute.",
                    )
                    return
                body(pulse)
            except StoreError as trouble:
                unreadable(trouble)

        @functools.wraps(body)
        def show() -> None:
            st.title(title, anchor=False)
            st.caption(question)
            live()

        # the wrapped body takes a pulse, a page takes nothing
        del show.__wrapped__
        return show

    return wrap


# -- how fresh, and the three ways of having nothing to show -------------------------------------


def worker_badge(pulse: Pulse) -> None:
    """The worker's state, in words, with its sign."""
    since = f" since {format.london(pulse.state.since)}" if pulse.state.since else ""
    if pulse.state.is_serving:
        st.badge("Worker serving", icon=":material/check_circle:", color="green", help=f"Serving{since}")
    elif not pulse.state.is_stopped:
        st.badge("Worker starting or stuck", icon=":material/hourglass_top:", color="orange", help=pulse.why_not)
    else:
        st.badge(f"Worker stopped{since}", icon=":material/power_off:", color="red", help=pulse.why_not)


def freshness(pulse: Pulse) -> None:
    """Of when the data is; loudly, when it is old."""
    if pulse.beat is None:
        return
    at = format.london_exact(pulse.as_of)
    if pulse.is_fresh:
        st.caption(f":material/update: As of {at}, London time")
        return
    away = format.span(pulse.age_seconds)
    if pulse.state.is_serving:
        why = "The worker answers, but has not reported for that long; it may be stuck in one step."
    else:
        why = pulse.why_not
    st.warning(f"**This is how things stood {away} ago** ({at}). {why}", icon=":material/history:")


def empty(title: str, explanation: str) -> None:
    """Nothing to show, and that is no fault."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f"#### :material/inbox: {title}")
        st.caption(explanation)


def unreadable(trouble: StoreError) -> None:
    """The store did not answer: what happened and what to do."""
    titles: tuple[tuple[type[StoreError], str], ...] = (
        (StoreMissing, "There is no store yet"),
        (WorkerAway, "The worker is starting or stuck"),
        (TooSlow, "The answer takes too long"),
        (Reload, "This page and the worker are of different versions"),
        (AskError, "The store does not answer this question"),
    )
    title = next((words for kind, words in titles if isinstance(trouble, kind)), "The store cannot be read")
    st.error(f"**{title}.** {trouble}", icon=":material/cloud_off:")
    st.caption("Nothing is shown, so that nothing old is taken for new. The page tries again by itself.")


# -- numbers and tables ----------------------------------------------------------------------------


def numbers(row: Sequence[tuple[str, str, str]]) -> None:
    """Three to five numbers: label, value, explanation."""
    for column, (label, value, explanation) in zip(st.columns(len(row)), row, strict=True):
        column.metric(label, value, help=explanation or None, border=True)


def badge(code: str | None, *, words: str = "") -> None:
    """A state as a badge: sign, words and colour."""
    shown = format.state(code)
    st.badge(words or shown.words, icon=shown.icon, color=shown.colour)


def table(
    rows: Sequence[Mapping[str, Any]],
    *,
    key: str,
    right: Sequence[str] = (),
    wide: Sequence[str] = (),
    empty_words: str = "Nothing here.",
    height: int | None = None,
    is_picking: bool = False,
) -> int | None:
    """A table of text; the index of the row picked, if picking is on and one is."""
    if not rows:
        st.caption(f":material/inbox: {empty_words}")
        return None
    frame = pl.DataFrame([{name: str(value) for name, value in row.items()} for row in rows])
    config: dict[str, Any] = {name: st.column_config.TextColumn(alignment="right") for name in right}
    config |= {name: st.column_config.TextColumn(width="large") for name in wide}
    shape: dict[str, Any] = {"height": height} if height else {}
    if not is_picking:
        st.dataframe(frame, hide_index=True, column_config=config, key=key, **shape)
        return None
    picked = st.dataframe(
        frame,
        hide_index=True,
        column_config=config,
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        **shape,
    )
    chosen = picked["selection"]["rows"]
    return int(chosen[0]) if chosen and chosen[0] < len(rows) else None


def cut(shown: int, limit: int) -> None:
    """Say that a table ends early."""
    if shown >= limit:
        st.caption(f"The first {limit} are shown; narrow the search to see others.")


def go(page: str, **query: str) -> None:
    """Open another screen, with what it is about in the address."""
    pages = st.session_state.get("pages") or {}
    if page in pages:
        st.switch_page(pages[page], query_params=query)


# -- commands --------------------------------------------------------------------------------------


def why_not(kind: type[send.Command], pulse: Pulse) -> str:
    """Why this person cannot send this now; empty: they can."""
    person = access.person()
    if not send.may(kind, person.role):
        return f"Only {send.who_may(kind)} may do this; you are {person.role}."
    return pulse.why_not


def ask_button(
    label: str,
    command: send.Command,
    pulse: Pulse,
    *,
    slot: str,
    icon: str | None = None,
    is_primary: bool = False,
    is_disabled: bool = False,
) -> None:
    """A button that sends a command; what comes of it is shown by `outcome(slot)`."""
    no = why_not(type(command), pulse)
    pressed = st.button(
        label,
        key=f"ask-{slot}",
        icon=icon,
        type="primary" if is_primary else "secondary",
        disabled=bool(no) or is_disabled,
        help=no or None,
    )
    if pressed:
        submit(command, slot)


def submit(command: send.Command, slot: str) -> None:
    """Send a command and wait a moment for its answer."""
    person = access.person()
    st.session_state.pop(f"trouble-{slot}", None)
    try:
        command_id = send.send(data.window(), command, actor=person.name, role=person.role)
    except StoreError as trouble:
        st.session_state[f"trouble-{slot}"] = str(trouble)
        return
    st.session_state[f"command-{slot}"] = command_id
    give_up_at = time.monotonic() + ANSWER_SECONDS
    with st.spinner("Asking the worker…"):
        while time.monotonic() < give_up_at:
            found = data.command_result(command_id)
            if found and found["finished_at"]:
                return
            time.sleep(0.2)


def result(slot: str) -> dict[str, Any] | None:
    """What came of the last command of this slot; None: none was sent."""
    command_id = st.session_state.get(f"command-{slot}")
    return data.command_result(command_id) if isinstance(command_id, UUID) else None


def outcome(slot: str) -> dict[str, Any] | None:
    """Show what came of the last command of this slot."""
    trouble = st.session_state.get(f"trouble-{slot}")
    if trouble:
        st.error(trouble, icon=":material/cloud_off:")
        return None
    found = result(slot)
    if found is None:
        return None
    message = found["message"] or format.humanised(found["command"])
    if found["state"] == "done":
        st.success(f"Done. {message}", icon=":material/check_circle:")
    elif found["state"] == "refused":
        st.error(f"Refused. {message}", icon=":material/block:")
    elif found["state"] == "failed":
        st.error(f"Failed. {message}", icon=":material/error:")
    else:
        st.info(f"{format.state(found['state']).words}… {message}", icon=":material/hourglass_top:")
    return found
