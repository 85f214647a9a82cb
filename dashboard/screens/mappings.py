"""Mappings: what a code of one side means on the other, and what waits for one that is missing.

The only master data Cherrylane holds. No default is guessed: what is not mapped waits, and says so here.
"""

from typing import Any

import streamlit as st

from dashboard import cards, data, send
from dashboard.data import Pulse
from dashboard.format import count, humanised, left, london, money
from dashboard.screens import buffers

KINDS = {
    "carrier": ("Carrier", "BlueCherry ship-via", "John Lewis carrier", "carriers"),
    "warehouse": ("Warehouse", "Division, or division|style…", "BlueCherry warehouse", "warehouses"),
    "ship_via": ("Ship-via", "John Lewis shipping type", "BlueCherry ship-via", "ship_vias"),
    "order_status": ("Order status", "BlueCherry status code", "Our word", ""),
}


@cards.screen("Mappings", "What does a code of one side mean on the other, and what waits for one that is missing?")
def show(pulse: Pulse) -> None:
    rows = data.mappings().to_dicts()
    waiting = data.unmapped(pulse.as_of).to_dicts()
    missing = [row for row in waiting if row["mapping"]]
    cards.numbers(
        [
            ("In force", count(len(rows)), "Mappings that are set"),
            ("Missing", count(len(missing)), "Codes that something waits for"),
            ("Held by them", count(sum(row["held_count"] for row in missing)), "Orders and shipments"),
        ]
    )
    if missing:
        st.subheader("Missing", anchor=False)
        for row in missing:
            _missing(row, pulse)
    # beneath the rows, for the one that was set has left them
    cards.outcome("map-missing")
    st.subheader("Set one", anchor=False)
    _form(pulse)
    st.subheader("In force", anchor=False)
    _in_force(rows)
    buffers.part(pulse)


def _in_force(rows: list[dict[str, Any]]) -> None:
    if not rows:
        cards.empty("No mapping is set", "Orders and shipments wait until their codes are mapped.")
        return
    for kind, (title, key_words, value_words, _) in KINDS.items():
        with st.expander(f"{title} ({sum(row['mapping'] == kind for row in rows)})", expanded=kind == "carrier"):
            cards.table(
                [
                    {
                        key_words: row["key"],
                        value_words: row["value"],
                        "Why": row["why"],
                        "Set": london(row["set_at"]),
                    }
                    for row in rows
                    if row["mapping"] == kind
                ],
                key=f"mappings-{kind}",
                empty_words="None set.",
            )


def _missing(row: dict[str, Any], pulse: Pulse) -> None:
    kind = row["mapping"]
    key = row["cause"].removeprefix(f"{kind}/")
    with st.container(border=True):
        words, value, act = st.columns([3, 2, 1], vertical_alignment="bottom")
        words.markdown(f":material/warning: **{KINDS[kind][0]} `{key}` is not mapped**")
        told = [f"setting it releases {count(row['held_count'], 'one', 'of them')}"]
        if row["left_seconds"] is not None:
            told.append(f"first deadline {left(row['left_seconds'])}")
        if row["amount"]:
            told.append(money(row["amount"], row["currency"]))
        words.caption(" · ".join(told))
        chosen = _value(value, kind, f"missing-{kind}-{key}")
        with act:
            cards.ask_button(
                "Set",
                send.SetMapping(mapping=kind, key=key, value=chosen, why="was missing"),
                pulse,
                slot="map-missing",
                key=f"map-{kind}-{key}",
                is_primary=True,
                is_disabled=not chosen,
            )


def _value(place: Any, kind: str, key: str) -> str:
    codes = _codes(KINDS[kind][3])
    if codes:
        chosen = place.selectbox(
            KINDS[kind][2],
            list(codes),
            index=None,
            placeholder="Choose",
            key=key,
            format_func=lambda code: f"{code}  {codes[code]}",
        )
        return str(chosen or "")
    return str(place.text_input(KINDS[kind][2], key=key) or "").strip()


def _codes(topic: str) -> dict[str, str]:
    described = data.described(topic) if topic else None
    if not isinstance(described, list):
        return {}
    return {
        str(one["code"]): str(one.get("label") or "")
        for one in described
        if isinstance(one, dict) and "code" in one
    }


def _form(pulse: Pulse) -> None:
    with st.container(border=True):
        what, code, means, why = st.columns(4, vertical_alignment="bottom")
        kind = str(what.selectbox("Mapping", list(KINDS), format_func=lambda name: KINDS[name][0], key="set-kind"))
        key = str(code.text_input(KINDS[kind][1], key=f"set-key-{kind}") or "").strip()
        value = _value(means, kind, f"set-value-{kind}")
        reason = str(why.text_input("Why", key="set-why") or "").strip()
        with st.container(horizontal=True):
            cards.ask_button(
                "Set it",
                send.SetMapping(mapping=kind, key=key or "-", value=value, why=reason),
                pulse,
                slot="set-mapping",
                is_primary=True,
                is_disabled=not (key and value),
            )
            cards.ask_button(
                "Remove it",
                send.SetMapping(mapping=kind, key=key or "-", value="", why=reason),
                pulse,
                slot="remove-mapping",
                is_disabled=not key,
            )
        cards.outcome("set-mapping")
        cards.outcome("remove-mapping")
        st.caption(f"{humanised(kind)}: what waits for it goes on within a second of being set.")
