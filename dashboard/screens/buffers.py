"""Buffer policies, as a part of Stock: how much is held back, for what, from which day, and who said so.

What a policy leaves open is as the level above says: SKU before category, division, everything, the settings. None
is set before it was shown what it would change: to whom does not matter, a preview is the same for everybody.
"""

from typing import Any

import streamlit as st

from dashboard import cards, data, send
from dashboard.data import Pulse
from dashboard.format import count, on_london_clock
from dashboard.screens import previews

LEVELS = {"global": "Everything", "division": "Division", "category": "Category", "sku": "SKU"}
COMBINE = {"max": "the larger of percent and units", "sum": "percent and units together"}
RISKS = {
    "none": "not by risk",
    "service_level": "smallest buffer with that chance",
    "worst_case": "as if all listed were sold",
    "newsvendor": "margin against cost of an oversell",
}
STATES = {"in_force": "in force", "planned": "planned", "past": "past", "removed": "removed"}
NUMBERS = (("units", "Units"), ("minimum", "List none below"), ("maximum", "List at most"))
DAY_SECONDS = 86400.0  # a preview that is older speaks of other stock


def part(pulse: Pulse) -> None:
    """The policies, the form that sets one, and what was previewed so far."""
    st.subheader("Held back from sale", anchor=False)
    rows = data.buffer_policies(pulse.as_of).to_dicts()
    cards.table(
        [
            {
                "For": scope(row),
                "Held back": said_words(row),
                "Standing": STATES[row["state"]],
                "From": str(row["from_on"] or ""),
                "Until": str(row["until_on"] or ""),
                "Why": row["why"] or ("as configured" if row["level"] == "settings" else ""),
                "Who": row["actor"],
            }
            for row in rows
        ],
        key="buffer-policies",
        empty_words="No policy is set: the settings decide for every SKU.",
    )
    _form(pulse)
    previews.earlier(pulse, scope, said_words)


def scope(row: dict[str, Any]) -> str:
    """What a policy is for: `Everything`, `Division NMK`."""
    if row["level"] == "settings":
        return "Where no policy says otherwise"
    return f"{LEVELS.get(row['level'], row['level'])} {row['key']}".strip()


def said_words(row: dict[str, Any]) -> str:
    """What a policy, or the draft of one, says."""
    cost = row["oversell_cost_amount"]
    told = [
        f"{row['percent'].normalize():f} %" if row["percent"] is not None else "",
        count(row["units"], "unit", "units") if row["units"] is not None else "",
        COMBINE.get(row["combine"] or "", ""),
        f"by risk: {row['risk'].replace('_', ' ')}" if row["risk"] else "",
        f"chance {row['alpha'].normalize():f}" if row["alpha"] is not None else "",
        f"none below {count(row['minimum'])}" if row["minimum"] is not None else "",
        f"at most {count(row['maximum'])} listed" if row["maximum"] is not None else "",
        f"an oversold unit costs {cost:,.2f}" if cost is not None else "",
    ]
    return ", ".join(filter(None, told)) or "as the level above says"


def _form(pulse: Pulse) -> None:
    # a link may say what it is for (`sku:NMK-04117-WHT-A--M`), and how many units to hold back; its form is its own
    given = st.query_params.get("policy_of", "")
    told_level, _, told_key = given.partition(":")
    told_units = st.query_params.get("policy_units", "")
    led = f"-{given}-{told_units}" if given else ""
    with st.container(border=True, key="buffer-policy"):
        where, which, begins, why = st.columns(4, vertical_alignment="bottom")
        levels = list(LEVELS)
        level = str(
            where.selectbox(
                "For",
                levels,
                levels.index(told_level) if told_level in levels else 0,
                format_func=lambda name: LEVELS[name],
                key=f"buffer-level{led}",
            )
        )
        key = ""
        if level != "global":
            key = str(
                which.text_input(
                    f"{LEVELS[level]}, as in BlueCherry",
                    told_key if level == told_level else "",
                    key=f"buffer-key-{level}{led}",
                )
                or ""
            ).strip()
        today = on_london_clock(pulse.as_of).date()
        day = begins.date_input("From", today, min_value=today, key="buffer-from", format="DD/MM/YYYY")
        reason = str(why.text_input("Why", key="buffer-why") or "").strip()
        said = _said(int(told_units) if told_units.isdecimal() else None, led)
        keyless = f"Say which {LEVELS[level]}." if level != "global" and not key else ""
        is_empty = all(value is None for value in said.values())
        about: dict[str, Any] = {"level": level, "key": key, "from_on": day}
        draft = send.PreviewPolicy(**about, **said)
        end = send.PreviewPolicy(**about, is_removal=True)
        not_set = keyless or ("Say what is held back." if is_empty else _not_yet(draft, pulse, reason))
        with st.container(horizontal=True):
            cards.ask_button(
                "Preview", draft, pulse, slot=_slot(draft), key="preview-buffer", icon=":material/preview:",
                is_primary=True, no=keyless or ("Say what is held back." if is_empty else ""),
            )  # fmt: skip
            cards.ask_button(
                "Set the policy", send.SetBufferPolicy(**about, **said, why=reason), pulse, slot="set-buffer",
                no=not_set,
            )  # fmt: skip
            cards.ask_button(
                "Preview its end", end, pulse, slot=_slot(end), key="preview-end", icon=":material/preview:",
                no=keyless,
            )  # fmt: skip
            cards.ask_button(
                "Remove the policy", send.RemoveBufferPolicy(**about, why=reason), pulse, slot="remove-buffer",
                no=keyless or _not_yet(end, pulse, reason),
            )  # fmt: skip
        if not_set:
            st.caption(f":material/arrow_forward: Before it can be set: {not_set}")
        cards.outcome("set-buffer")
        cards.outcome("remove-buffer")
        sent = [one for each in (draft, end) for one in _previewed(each, pulse)]
        previews.running("preview_policy", "is having a policy previewed", sent)
        st.caption(
            "What is left open is as the level above says. A policy can be set once you have seen what it would "
            "change; quantities are then computed anew at once."
        )


def _said(told_units: int | None, led: str) -> dict[str, Any]:
    share, *places, together = st.columns(5, vertical_alignment="bottom")
    said: dict[str, Any] = {
        "percent": share.number_input("Percent", 0.0, 100.0, None, 0.5, format="%.2f", key="buffer-percent")
    }
    if said["percent"] is not None:
        said["percent"] = f"{said['percent']:.2f}"
    for place, (name, label) in zip(places, NUMBERS, strict=True):
        begins, of_link = (told_units, led) if name == "units" else (None, "")
        said[name] = place.number_input(label, 0, None, begins, 1, key=f"buffer-{name}{of_link}")
    said["combine"] = together.selectbox(
        "Which of them", list(COMBINE), None, format_func=lambda name: COMBINE[name], key="buffer-combine",
        placeholder="As above",
    )  # fmt: skip
    rule, chance, cost = st.columns(3, vertical_alignment="bottom")
    said["risk"] = rule.selectbox(
        "By the risk of overselling", list(RISKS), None, format_func=lambda name: RISKS[name], key="buffer-risk",
        placeholder="As above",
    )  # fmt: skip
    alpha = chance.number_input(
        "Accepted chance of an oversell, %", 0.01, 99.0, None, 0.1, format="%.2f", key="buffer-alpha"
    )
    said["alpha"] = None if alpha is None else f"{alpha / 100:.4f}"
    price = cost.number_input("What an oversold unit costs", 0.01, None, None, 1.0, key="buffer-cost")
    said["oversell_cost"] = None if price is None else f"{price:.2f}"
    return said


def _slot(draft: send.PreviewPolicy) -> str:
    """A place for the preview of this very draft: another draft has another one."""
    return f"preview-{draft.model_dump_json()}"


def _not_yet(draft: send.PreviewPolicy, pulse: Pulse, reason: str) -> str:
    """Why the draft cannot be set yet; empty: it can. One that could not be worked out may be set all the same."""
    found = data.policy_preview_of(pulse.as_of, draft.model_dump())
    if found is not None and found["has_newer_policy"]:
        return "Another policy was set since: preview it again."
    is_known = found is not None and found["age_seconds"] <= DAY_SECONDS
    if not is_known and all(one["finished_at"] is None for one in cards.results(_slot(draft))):
        return "Preview it first."
    return "" if reason else "Write the reason first."


def _previewed(draft: send.PreviewPolicy, pulse: Pulse) -> list[dict[str, Any]]:
    """How far the preview of the draft is, and what it would change, whoever asked; what was sent from here."""
    slot = _slot(draft)
    found = data.policy_preview_of(pulse.as_of, draft.model_dump())
    sent = cards.results(slot)
    if found is None or any(one["state"] != "done" for one in sent):
        cards.outcome(slot)
    if found is not None and all(one["finished_at"] is not None for one in sent):
        previews.show(found)
    return sent
