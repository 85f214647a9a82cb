"""Exceptions: what is wrong, where it is mended, who has it, and for how long.

One row is a cause with its subjects beneath. The filters stand in the address: a bookmark keeps a selection. Pick
one cause and it opens with all that helps to mend it; pick several, or mark them by key, and they are given away,
put off or processed together.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from dashboard import access, cards, charts, data, pressing, send
from dashboard.data import Pulse
from dashboard.format import count, humanised, left, money, place, state
from dashboard.screens import acts, cause

AGES = {"any age": "subject_count", "> 4 h": "over_4_hours_count", "> 24 h": "over_a_day_count",
        "> 3 d": "over_3_days_count"}  # fmt: skip
# of a window of 1,440 pixels, so that owner and team are seen
WIDTHS = {
    "": 38, "How bad": 80, "What": 318, "Open": 48, "> 4 h": 46, "> 24 h": 52, "> 3 d": 46, "Money": 78,
    "First deadline": 104, "Owner": 74, "Team": 56, "Mended in": 90,
}  # fmt: skip
ANYBODY, MINE, NOBODY = "anybody", "me", "nobody"
OPEN = "exceptions-open"  # kind and cause of what is open
MARKED = "exceptions-marked"  # kind and cause of each that is marked by key
TOGETHER = "exceptions-together"  # kind and cause of each that was worked together in the last drawing
ONLY = "of_kind"  # the kind whose causes are shown alone


@cards.screen("Exceptions", "What is wrong, where is it mended, and who has it?")
def show(pulse: Pulse) -> None:
    causes = list(data.causes(pulse.as_of).iter_rows(named=True))
    if not causes:
        cards.empty(
            "Nothing is wrong" if pulse.is_fresh else "Nothing was wrong then",
            "What goes wrong appears here by itself and goes away by itself once it is mended.",
        )
        return
    _follow_link()
    loud = [row for row in causes if not row["is_quiet"]]
    _numbers(loud)
    shown = _filtered(causes)
    opened = _opened(causes)
    together: list[dict[str, Any]] = []
    if not shown:
        cards.empty(
            "Nothing waits for anybody" if not loud else "No cause fits these filters",
            "All that is wrong was put off or accepted." if not loud else "Clear a filter to see the others.",
        )
    else:
        opened = opened or shown[0]
        picked = _table(shown, opened)
        together = [row for number, row in enumerate(shown) if number in picked or _named(row) in _marked()]
    _all_are_there(together)
    if opened is not None:
        _steps(shown, opened)
    if len(together) > 1:
        _together(together, pulse)
        return
    if opened is not None:
        cause.show(opened, pulse)
    if len(loud) > 1:
        st.subheader("What waits for what", anchor=False)
        charts.draw(charts.causes(data.causes(pulse.as_of)), key="causes-chart", alt="Things waiting by cause")


def _numbers(loud: Sequence[dict[str, Any]]) -> None:
    deadlines = [row["left_seconds"] for row in loud if row["left_seconds"] is not None]
    currencies = {row["currency"] for row in loud if row["amount"]}
    amount = sum(row["amount"] for row in loud if row["amount"])
    cards.numbers(
        [
            ("Causes", count(len(loud)), "Each mended once, whatever waits for it"),
            (
                "Things waiting",
                count(sum(row["open_count"] for row in loud)),
                f"{count(sum(row['over_a_day_count'] for row in loud))} for longer than a day",
            ),
            ("Urgent", count(sum(row["severity"] == "urgent" for row in loud)), ""),
            ("First deadline", left(min(deadlines)) if deadlines else "–", ""),
            (
                "Money",
                money(amount, next(iter(currencies))) if len(currencies) == 1 else "–",
                "Of the orders and payouts that are named; one that stands in two causes counts twice",
            ),
        ]
    )


# -- which causes ----------------------------------------------------------------------------------


def _follow_link() -> None:
    """An address with kind and cause opens that cause; one with a kind alone shows that kind's causes alone."""
    given = (st.query_params.get("kind", ""), st.query_params.get("cause", ""))
    if given[0] and st.session_state.get("exceptions-given") != given:
        st.session_state["exceptions-given"] = given
        st.session_state[OPEN] = given
        if "cause" not in st.query_params:
            st.session_state[ONLY] = given[0]


def _filtered(causes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The causes that fit what the address says."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        severity = _pick("Severity", ["urgent", "high", "normal", "low"], "severity")
        team = _pick("Team", ["ops", "finance", "it"], "team")
        where = _pick("Mended in", sorted({row["fix_where"] for row in causes if row["fix_where"]}), "where")
        asked = st.session_state.get(ONLY) or st.query_params.get(ONLY)
        kinds = {row["exception_kind"] for row in causes} | ({asked} if asked else set())
        kind = _pick("Kind", sorted(kinds), ONLY, humanised)
        age = st.selectbox("Age", list(AGES), key="age", bind="query-params", width=120)
        owner = st.selectbox("Owner", [ANYBODY, MINE, NOBODY], key="owner", bind="query-params", width=120)
        find = st.text_input("Find", key="find", bind="query-params", placeholder="a SKU, carrier, kind", width=200)
        quiet = sum(row["is_quiet"] for row in causes)
        with_quiet = st.toggle(
            f"Put off or accepted ({quiet})", key="quiet", bind="query-params", disabled=not quiet
        )
    st.caption(
        ":material/bookmark: The filters stand in the address: a bookmark of this page keeps them."
        " :material/keyboard: J and K go from cause to cause, X marks one (mark several to work them together), U"
        " marks none; the key of each button stands on it."
    )
    words, me = (find or "").strip().lower(), access.person().name
    return [
        row
        for row in causes
        if (with_quiet or not row["is_quiet"])
        and severity in (None, row["severity"])
        and team in (None, row["team"])
        and where in (None, row["fix_where"])
        and kind in (None, row["exception_kind"])
        and row[AGES[age]] > 0
        and (owner == ANYBODY or (me in row["owners"].split(", ") if owner == MINE else not row["owners"]))
        and words in f"{row['sentence']} {row['exception_kind']} {row['cause']} {row['detail']}".lower()
    ]


def _pick(label: str, options: list[str], key: str, words: Callable[[str], str] = place) -> str | None:
    return st.selectbox(
        label, options, index=None, key=key, bind="query-params", placeholder="all", width=140, format_func=words
    )


def _opened(causes: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The cause the address or a pick names, if it is still wrong."""
    named = st.session_state.get(OPEN)
    return next((row for row in causes if _named(row) == named), None)


def _table(shown: Sequence[dict[str, Any]], opened: dict[str, Any]) -> list[int]:
    """The causes; the indices of those picked."""
    picked = cards.picks(
        [
            {
                "": ("▶" if row is opened else "") + ("✓" if _named(row) in _marked() else ""),
                "How bad": state(row["severity"]).text,
                "What": row["sentence"] + (" (beneath a larger trouble)" if row["is_hidden"] else ""),
                "Open": count(row["open_count"]),
                "> 4 h": count(row["over_4_hours_count"]) if row["over_4_hours_count"] else "–",
                "> 24 h": count(row["over_a_day_count"]) if row["over_a_day_count"] else "–",
                "> 3 d": count(row["over_3_days_count"]) if row["over_3_days_count"] else "–",
                "Money": money(row["amount"], row["currency"]) if row["amount"] else "–",
                "First deadline": left(row["left_seconds"]),
                "Owner": row["owners"] or "nobody",
                "Team": row["team"],
                "Mended in": place(row["fix_where"]),
            }
            for row in shown
        ],
        names=[_named(row) for row in shown],
        key="causes",
        right=("Open", "> 4 h", "> 24 h", "> 3 d", "Money"),
        widths=WIDTHS,
        height=min(36 * len(shown) + 40, 400),
    )
    before, names = st.session_state.get("exceptions-picked"), [_named(shown[number]) for number in picked]
    if names != before:  # a new pick opens; the next redraw leaves what the keys moved to
        st.session_state["exceptions-picked"] = names
        if len(picked) == 1:
            _open(shown[picked[0]])
            if before is not None:
                st.rerun(scope="fragment")
    return picked


def _open(row: dict[str, Any]) -> None:
    st.session_state[OPEN] = _named(row)


def _named(row: dict[str, Any]) -> tuple[str, str]:
    return row["exception_kind"], row["cause"]


def _marked() -> frozenset[tuple[str, str]]:
    marked: frozenset[tuple[str, str]] = st.session_state.get(MARKED, frozenset())
    return marked


def _mark(some: frozenset[tuple[str, str]]) -> None:
    st.session_state[MARKED] = some


def _steps(shown: Sequence[dict[str, Any]], opened: dict[str, Any]) -> None:
    """From one cause to the next, and into the number of those worked together, by key."""
    places = [number for number, row in enumerate(shown) if row is opened]
    at = places[0] if places else -1
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, step, key in (("Previous", at - 1, "K"), ("Next", at + 1, "J")):
            is_there = 0 <= step < len(shown)
            st.button(
                label,
                key=f"exceptions-{label}",
                type="tertiary",
                icon=":material/keyboard_arrow_up:" if key == "K" else ":material/keyboard_arrow_down:",
                shortcut=key,
                disabled=not is_there,
                on_click=_open if is_there else None,
                args=(shown[step],) if is_there else (),
            )
        st.caption(f"{at + 1} of {len(shown)}" if places else "")
        marked, this = _marked(), frozenset({_named(opened)})
        st.button(
            "Unmark" if this <= marked else "Mark",
            key="exceptions-mark",
            type="tertiary",
            icon=":material/check_box:" if this <= marked else ":material/check_box_outline_blank:",
            shortcut="X",
            help="Mark several and work them together",
            on_click=_mark,
            args=(marked ^ this,),
        )
        st.button(
            "Mark none",
            key="exceptions-unmark",
            type="tertiary",
            shortcut="U",
            disabled=not marked,
            on_click=_mark,
            args=(frozenset(),),
        )


# -- several at once -------------------------------------------------------------------------------


def _all_are_there(together: Sequence[dict[str, Any]]) -> None:
    """A press for several causes is for nothing if one of them is not among them any more."""
    names = {_named(row) for row in together}
    before = st.session_state.get(TOGETHER, set())
    if len(before) > 1 and before - names:
        pressing.drop("One of these causes is not there any more")
    st.session_state[TOGETHER] = names


def _together(rows: Sequence[dict[str, Any]], pulse: Pulse) -> None:
    """What may be done to several causes at once."""
    wrongs = [acts.of_cause(row) for row in rows]
    st.markdown(f"**For these {count(len(rows))} causes** ({count(sum(map(len, wrongs)))} things)")
    can = [one for one, row in zip(wrongs, rows, strict=True) if row["has_retry"]]
    of = functools.partial(acts.about, wrongs)
    nothing = "" if can else "There is nothing to process again: each is mended elsewhere."
    again, looks = acts.about(can, send.Retry), acts.about(can, send.Retry, dry_run=True)
    slot = "together"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        acts.button("look", "Show what processing again would do", looks, pulse, slot, no=nothing, has_keys=True)
        acts.button("retry", f"Process again ({len(can)})", again, pulse, slot, no=nothing, has_keys=True)
        acts.button("fetch", "Fetch again", of(send.FetchAgain), pulse, slot, has_keys=True)
    with st.container(horizontal=True, vertical_alignment="bottom", key="together-whom"):
        owner = acts.owner("together-owner")
        label = "Take them" if owner == access.person().name else "Give them"
        acts.button("give", label, of(send.Assign, owner=owner), pulse, slot, has_keys=True)
        until, why = acts.until(pulse, "together-later")
        acts.button("off", "Put them off", of(send.Snooze, **until), pulse, slot, no=why, has_keys=True)
    with st.container(horizontal=True, vertical_alignment="bottom", key="together-words"):
        words = (
            st.text_input("A note, or the reason to accept them as they are", key="together-why") or ""
        ).strip()
        no_note, no_reason = ("", "") if words else ("Write the note first.", "Write the reason first.")
        notes, accepts = of(send.Note, text=words), of(send.Accept, reason=words)
        acts.button("note", "Note it on them", notes, pulse, slot, no=no_note, has_keys=True)
        acts.button("accept", "Accept them", accepts, pulse, slot, no=no_reason, has_keys=True)
    for found in acts.outcomes(slot).values():
        for one in found:
            st.caption(f"{humanised(one['state'])}: {one['message']}")
