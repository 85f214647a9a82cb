"""The parts every screen is built of.

The frame of a page, its freshness, its empty, stale and unreadable faces, numbers, tables, and buttons that send
commands and show what came of them.

Law: a page never shows green on old data; a button that cannot work is disabled and says why; colour is never
the only sign. What a person types or chooses in stands in a container with a key: a refresh that draws more or
less above would otherwise close the list they opened and drop what they typed (Streamlit knows a container
without one by its place).
"""

import functools
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import polars as pl
import streamlit as st

from dashboard import (
    access,
    data,
    format,  # noqa: A004 - the house's word for how things are written
    picking,
    pressing,
    send,
)
from dashboard.data import Pulse
from store.errors import AskError, Reload, StoreError, StoreMissing, TooSlow, WorkerAway

REFRESH_SECONDS = 5
Body = Callable[[Pulse], None]


def screen(
    title: str, question: str, *, every: float | None = REFRESH_SECONDS
) -> Callable[[Body], Callable[[], None]]:
    """Make a page of its body: title, question, freshness; refreshed in place, never jumping."""

    def wrap(body: Body) -> Callable[[], None]:
        @st.fragment(run_every=every)
        def live() -> None:
            try:
                _draw(body)
            except StoreError as trouble:
                unreadable(trouble)
            pressing.drop()  # not reached by a drawing that is broken off: the next one has the press

        @functools.wraps(body)
        def show() -> None:
            st.title(title, anchor=False)
            st.caption(question)
            live()

        # the wrapped body takes a pulse, a page takes nothing
        del show.__wrapped__
        return show

    return wrap


def _draw(body: Body) -> None:
    pulse = data.pulse()
    freshness(pulse)
    if pulse.is_away:
        away(pulse)
    elif pulse.beat is None:
        empty("Nothing has been read yet", "The worker has not run on this store. It fills within a minute.")
    else:
        body(pulse)


# -- how fresh, and the three ways of having nothing to show -------------------------------------


def worker_badge(pulse: Pulse) -> None:
    """The worker's state, in words, with its sign."""
    since = f" since {format.london(pulse.state.since)}" if pulse.state.since else ""
    if pulse.state.is_serving and pulse.beat is not None and not pulse.is_fresh:
        st.badge(
            f"Worker serving, last report {format.ago(pulse.age_seconds)}",
            icon=":material/history:",
            color="orange",
        )
    elif pulse.state.is_serving:
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


def away(pulse: Pulse) -> None:
    """Somebody holds the store and does not answer: most often a worker that has just been started."""
    since = f" Its last word was at {format.london_exact(pulse.state.since)}." if pulse.state.since else ""
    st.info(f"**The worker is starting or stuck.** {pulse.why_not}{since}", icon=":material/hourglass_top:")
    st.caption(
        "Nothing is shown, so that nothing old is taken for new. The page tries again by itself; "
        f"if this lasts for minutes, stop process {pulse.state.pid or 'of the worker'} and start it again."
    )


def empty(title: str, explanation: str) -> None:
    """Nothing to show, and that is no fault."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f"#### :material/inbox: {title}")
        st.caption(explanation)


def unreadable(trouble: StoreError) -> None:
    """The store did not answer: what happened and what to do."""
    titles: tuple[tuple[type[StoreError], str], ...] = (
        (StoreMissing, "There is no store yet"),
        (WorkerAway, "The worker does not answer"),
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
    with st.container(horizontal=True):
        # side by side where they fit, beneath each other where not: a number is never cut
        for label, value, explanation in row:
            st.metric(label, value, help=explanation or None, border=True)


def badge(code: str | None, *, words: str = "") -> None:
    """A state as a badge: sign, words and colour; what was green on old data is grey."""
    shown = format.state(code)
    if shown.colour == "green" and not data.is_fresh():
        st.badge(f"{words or shown.words}, then", icon=":material/history:", color="gray")
    else:
        st.badge(words or shown.words, icon=shown.icon, color=shown.colour)


def table(
    rows: Sequence[Mapping[str, Any]],
    *,
    key: str,
    right: Sequence[str] = (),
    wide: Sequence[str] = (),
    widths: Mapping[str, int] | None = None,
    ways: Mapping[str, str] | None = None,
    empty_words: str = "Nothing here.",
    height: int | None = None,
    is_picking: bool = False,
) -> int | None:
    """A table of text; the index of the row picked, if picking is on and one is.

    `widths`: of columns that are not as wide as their texts, in pixels.
    `ways`: the columns that are addresses (`way`), each with the words to click on; they open beside this page.
    """
    shape: dict[str, Any] = {
        "right": right,
        "wide": wide,
        "widths": widths,
        "empty_words": empty_words,
        "height": height,
        "ways": ways,
    }
    if not is_picking:
        _frame(rows, key=key, **shape)
        return None
    drawn = _frame(rows, key=key, **shape, on_select="rerun", selection_mode="single-row")
    chosen = drawn["selection"]["rows"] if drawn is not None else []
    return next((int(row) for row in chosen if row < len(rows)), None)


def picks(
    rows: Sequence[Mapping[str, Any]],
    *,
    names: Sequence[Hashable],
    key: str,
    right: Sequence[str] = (),
    widths: Mapping[str, int] | None = None,
    empty_words: str = "Nothing here.",
    height: int | None = None,
) -> list[int]:
    """A table of text; the indices of the rows picked, none to all of them. `names`: what each row is about.

    What is picked stays picked wherever its row goes; whether it went for good: `picking.gone(key)`.
    """
    chosen = picking.settle(key, names)
    shape: dict[str, Any] = {"right": right, "widths": widths, "empty_words": empty_words, "height": height}
    shape |= {"on_select": "rerun", "selection_mode": "multi-row"}
    first = {"selection": {"rows": picking.selected_first(key)}}
    _frame(rows, key=picking.table_key(key), **shape, selection_default=first)
    picking.drawn(key, names)
    return chosen


def _frame(
    rows: Sequence[Mapping[str, Any]],
    *,
    key: str,
    right: Sequence[str],
    widths: Mapping[str, int] | None,
    empty_words: str,
    height: int | None,
    wide: Sequence[str] = (),
    ways: Mapping[str, str] | None = None,
    **more: Any,
) -> Any:
    if not rows:
        st.caption(f":material/inbox: {empty_words}")
        return None
    frame = pl.DataFrame([{name: str(value) for name, value in row.items()} for row in rows])
    width: dict[str, Any] = dict.fromkeys(wide, "large") | dict(widths or {})
    config: dict[str, Any] = {
        name: st.column_config.TextColumn(alignment="right" if name in right else None, width=width.get(name))
        for name in {*right, *width}
    }
    config |= {name: st.column_config.LinkColumn(display_text=words) for name, words in (ways or {}).items()}
    shape: dict[str, Any] = {"height": height} if height else {}
    return st.dataframe(frame, hide_index=True, column_config=config, key=key, **shape, **more)


def cut(shown: int, limit: int) -> None:
    """Say that a table ends early."""
    if shown >= limit:
        st.caption(f"The first {limit} are shown; narrow the search to see others.")


def link(page: str, label: str, **query: str) -> None:
    """A way to another screen, with what it is about in the address.

    Always a link, never a switch by the server: a refresh asked for by the page that is being left arrives in the
    midst of the next one, and Streamlit (1.67) then empties it.
    """
    pages = st.session_state.get("pages") or {}
    if page in pages:
        st.page_link(
            pages[page], label=label, icon=":material/arrow_forward:", icon_position="right", query_params=query
        )


def way(page: str, **query: str) -> str:
    """The address of another screen from this one, for a table's cell."""
    return f"{page}?{urlencode(query)}"


def exchange(snapshot_id: str | UUID) -> None:
    """What we asked an outside system and what it said, as it was kept."""
    said = data.payload(snapshot_id)
    if said is None:
        st.caption("The answer is not kept any more.")
        return
    answered = said.status or "no answer"
    st.caption(f"{said.source} · {said.method} {said.path} · {answered} in {said.latency_ms} ms")
    if said.is_purged:
        st.caption("Its words were deleted after the configured time; hash and headers stay.")
    for label, text in (("We asked", said.request_body), ("It said", said.body)):
        if text:
            st.markdown(f"**{label}**")
            st.code(text[:20000], language="json", height=260)


def link_to_order(picked: int | None, rows: Sequence[Mapping[str, Any]]) -> None:
    """The way to the order of the row that is picked."""
    if picked is None:
        st.caption("Pick a row to open its order.")
    else:
        order_id = str(rows[picked]["order_id"])
        link("order", f"Open order {order_id}", order_id=order_id)


def link_to_sku(picked: int | None, rows: Sequence[Mapping[str, Any]]) -> None:
    """The way to the page of the SKU of the row that is picked."""
    if picked is None:
        st.caption("Pick a row to see one SKU: why its number is what it is, and how sure that is.")
    else:
        name = str(rows[picked]["sku"])
        link("sku", f"Open SKU {name}", sku=name)


# -- commands --------------------------------------------------------------------------------------


def why_not(command: send.Command, pulse: Pulse) -> str:
    """Why this person cannot send this now; empty: they can."""
    person = access.person()
    if not send.may(command, person.role, is_approver=person.is_approver):
        return f"Only {send.who_may(command)} may do this; you are {person.role}."
    return pulse.why_not


def ask_button(
    label: str,
    command: send.Command | Sequence[send.Command] | pressing.About,
    pulse: Pulse,
    *,
    slot: str,
    key: str = "",
    icon: str | None = None,
    is_primary: bool = False,
    is_disabled: bool = False,
    no: str = "",
    shortcut: str | None = None,
) -> None:
    """A button that sends a command, or one for each of several things; what comes of it: `outcome(slot)`.

    What may be about other things by the next drawing comes as `About`. `key`: tells it from others of the same
    slot. `no`: why it makes no sense here, in a sentence; empty: it does.
    """
    about = command if isinstance(command, pressing.About) else None
    commands = _commands(command)
    reason = no or (why_not(commands[0], pulse) if commands else "Nothing is picked.")
    name = key or slot
    number = pressing.number(name, about.shown) if about else None
    st.button(
        label,
        key=f"ask-{name}" if number is None else f"ask-{name}-{number}",
        icon=icon,
        type="primary" if is_primary else "secondary",
        disabled=bool(reason) or is_disabled,
        help=reason or None,
        shortcut=shortcut,
        on_click=pressing.remember,
        args=(name, number),
    )
    pressed = pressing.taken(name)
    if pressed is not None and reason:
        pressing.not_sent(reason)
    elif pressed is not None:
        pressing.submit(about.commands(pressed) if about else commands, slot)


def _commands(command: send.Command | Sequence[send.Command] | pressing.About) -> Sequence[send.Command]:
    if isinstance(command, pressing.About):
        return command.commands()
    return (command,) if isinstance(command, send.Command) else command


def results(slot: str) -> list[dict[str, Any]]:
    """What came of the commands last sent from this slot; empty: none was."""
    sent = st.session_state.get(f"commands-{slot}")
    return data.command_outcomes(sent).to_dicts() if sent else []


def outcome(slot: str) -> list[dict[str, Any]]:
    """Show what came of the commands last sent from this slot."""
    trouble = st.session_state.get(f"trouble-{slot}")
    if trouble:
        st.error(trouble, icon=":material/cloud_off:")
        return []
    found = results(slot)
    for code in ("refused", "failed", "done", "running", "waiting"):
        part = [one for one in found if one["state"] == code]
        if not part:
            continue
        times = f" ({format.count(len(part))} of {format.count(len(found))})" if len(found) > 1 else ""
        said = part[0]["message"] or format.humanised(part[0]["command"])
        show, icon = _FACES.get(code, (st.info, ":material/hourglass_top:"))
        show(f"**{format.state(code).words}{times}.** {said}", icon=icon)
    return found


_FACES: dict[str, tuple[Callable[..., Any], str]] = {
    "refused": (st.error, ":material/block:"),
    "failed": (st.error, ":material/error:"),
    "done": (st.success, ":material/check_circle:"),
}
