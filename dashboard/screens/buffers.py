"""Buffer policies, as a part of Mappings: how much is held back, for what, from which day, and who said so.

What a policy leaves open is as the level above says: SKU before category, division, everything, the settings.
"""

from typing import Any

import streamlit as st

from dashboard import cards, data, send
from dashboard.data import Pulse
from dashboard.format import count, on_london_clock

LEVELS = {"global": "Everything", "division": "Division", "category": "Category", "sku": "SKU"}
COMBINE = {"max": "the larger of percent and units", "sum": "percent and units together"}
STATES = {"in_force": "in force", "planned": "planned", "past": "past", "removed": "removed"}
NUMBERS = (("units", "Units"), ("minimum", "List none below"), ("maximum", "List at most"))


def part(pulse: Pulse) -> None:
    """The policies and the form that sets one."""
    st.subheader("Held back from sale", anchor=False)
    rows = data.buffer_policies(pulse.as_of).to_dicts()
    cards.table(
        [
            {
                "For": f"{LEVELS.get(row['level'], row['level'])} {row['key']}".strip(),
                "Held back": _words(row),
                "Standing": STATES[row["state"]],
                "From": str(row["from_on"]),
                "Until": str(row["until_on"] or ""),
                "Why": row["why"],
                "Who": row["actor"],
            }
            for row in rows
        ],
        key="buffer-policies",
        empty_words="No policy is set: the settings decide for every SKU.",
    )
    _form(pulse)


def _words(row: dict[str, Any]) -> str:
    if row["is_removed"]:
        return "as the level above says"
    told = [
        f"{row['percent'].normalize():f} %" if row["percent"] is not None else "",
        count(row["units"], "unit", "units") if row["units"] is not None else "",
        COMBINE.get(row["combine"] or "", ""),
        f"by risk: {row['risk'].replace('_', ' ')}" if row["risk"] else "",
        f"none below {count(row['minimum'])}" if row["minimum"] is not None else "",
        f"at most {count(row['maximum'])} listed" if row["maximum"] is not None else "",
    ]
    return ", ".join(filter(None, told))


def _form(pulse: Pulse) -> None:
    with st.container(border=True):
        where, which, begins, why = st.columns(4, vertical_alignment="bottom")
        level = str(where.selectbox("For", list(LEVELS), format_func=lambda name: LEVELS[name], key="buffer-level"))
        key = ""
        if level != "global":
            key = str(
                which.text_input(f"{LEVELS[level]}, as in BlueCherry", key=f"buffer-key-{level}") or ""
            ).strip()
        today = on_london_clock(pulse.as_of).date()
        day = begins.date_input("From", today, min_value=today, key="buffer-from", format="DD/MM/YYYY")
        reason = str(why.text_input("Why", key="buffer-why") or "").strip()
        share, *places, together = st.columns(5, vertical_alignment="bottom")
        said: dict[str, Any] = {
            "percent": share.number_input("Percent", 0.0, 100.0, None, 0.5, format="%.2f", key="buffer-percent")
        }
        if said["percent"] is not None:
            said["percent"] = f"{said['percent']:.2f}"
        for place, (name, label) in zip(places, NUMBERS, strict=True):
            said[name] = place.number_input(label, 0, None, None, 1, key=f"buffer-{name}")
        said["combine"] = together.selectbox(
            "Which of them", list(COMBINE), None, format_func=lambda name: COMBINE[name], key="buffer-combine",
            placeholder="As above",
        )  # fmt: skip
        no = "" if reason else "Write the reason first."
        if level != "global" and not key:
            no = f"Say which {LEVELS[level]}."
        about: dict[str, Any] = {"level": level, "key": key, "from_on": day, "why": reason}
        is_empty = all(value is None for value in said.values())
        with st.container(horizontal=True):
            cards.ask_button(
                "Set the policy", send.SetBufferPolicy(**about, **said), pulse, slot="set-buffer", is_primary=True,
                no=no or ("Say what is held back." if is_empty else ""),
            )  # fmt: skip
            cards.ask_button(
                "Remove the policy", send.RemoveBufferPolicy(**about), pulse, slot="remove-buffer", no=no
            )
        cards.outcome("set-buffer")
        cards.outcome("remove-buffer")
        st.caption("What is left open is as the level above says. Quantities are computed anew at once.")
