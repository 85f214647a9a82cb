"""Buffer policies, as a part of Mappings: how much is held back, for what, from which day, and who said so.

What a policy leaves open is as the level above says: SKU before category, division, everything, the settings. None
is set before it was shown what it would change.
"""

from typing import Any

import streamlit as st

from dashboard import cards, data, send
from dashboard.data import Pulse
from dashboard.format import ago, count, money, money_whole, on_london_clock, parsed

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
WHEN = ("before", "after")
SHOWN = 50


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
        f"chance {row['alpha'].normalize():f}" if row["alpha"] is not None else "",
        f"none below {count(row['minimum'])}" if row["minimum"] is not None else "",
        f"at most {count(row['maximum'])} listed" if row["maximum"] is not None else "",
    ]
    return ", ".join(filter(None, told))


def _form(pulse: Pulse) -> None:
    with st.container(border=True, key="buffer-policy"):
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
        said = _said()
        keyless = f"Say which {LEVELS[level]}." if level != "global" and not key else ""
        is_empty = all(value is None for value in said.values())
        about: dict[str, Any] = {"level": level, "key": key, "from_on": day}
        draft = send.PreviewPolicy(**about, **said)
        end = send.PreviewPolicy(**about, is_removal=True)
        with st.container(horizontal=True):
            cards.ask_button(
                "Preview", draft, pulse, slot=_slot(draft), key="preview-buffer", icon=":material/preview:",
                is_primary=True, no=keyless or ("Say what is held back." if is_empty else ""),
            )  # fmt: skip
            cards.ask_button(
                "Set the policy", send.SetBufferPolicy(**about, **said, why=reason), pulse, slot="set-buffer",
                no=keyless or ("Say what is held back." if is_empty else _not_yet(draft, pulse, reason)),
            )  # fmt: skip
            cards.ask_button(
                "Preview its end", end, pulse, slot=_slot(end), key="preview-end", icon=":material/preview:",
                no=keyless,
            )  # fmt: skip
            cards.ask_button(
                "Remove the policy", send.RemoveBufferPolicy(**about, why=reason), pulse, slot="remove-buffer",
                no=keyless or _not_yet(end, pulse, reason),
            )  # fmt: skip
        cards.outcome("set-buffer")
        cards.outcome("remove-buffer")
        for one in (draft, end):
            _previewed(one, pulse)
        st.caption(
            "What is left open is as the level above says. A policy can be set once you have seen what it would "
            "change; quantities are then computed anew at once."
        )


def _said() -> dict[str, Any]:
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
    ended = [one for one in cards.results(_slot(draft)) if one["finished_at"] is not None]
    if not ended:
        return "Preview it first."
    found = _found(ended[0], pulse)
    if found is not None and found["has_newer_policy"]:
        return "Another policy was set since: preview it again."
    return "" if reason else "Write the reason first."


def _found(result: dict[str, Any], pulse: Pulse) -> dict[str, Any] | None:
    answer = parsed(result["answer"])
    known = answer.get("preview_id") if isinstance(answer, dict) else None
    return data.policy_preview(pulse.as_of, str(known)) if known else None


def _previewed(draft: send.PreviewPolicy, pulse: Pulse) -> None:
    """What the draft would change: the sentence, the numbers, the offers."""
    for result in cards.outcome(_slot(draft)):
        found = _found(result, pulse)
        if found is None:
            continue
        if found["has_newer_policy"]:
            st.warning(
                "A policy was set since this preview: it is not how things stand.", icon=":material/history:"
            )
        elif found["has_newer_batch"]:
            st.caption(":material/history: Worked out on an earlier stock batch; preview again for the newest.")
        _numbers(found)
        changes = data.policy_preview_changes(str(found["preview_id"]), limit=SHOWN).to_dicts()
        cards.table(
            [
                {
                    "SKU": row["sku"],
                    "Sellable": count(row["base"]),
                    "Listed now": count(row["before_quantity"]),
                    "Would be": count(row["after_quantity"]),
                    "Oversells a week": _pair(row, "oversells", 2),
                    "Lost sales a week": _pair(row, "lost_units", 1),
                    "Cost a week": _costs(row, found["currency"]),
                }
                for row in changes
            ],
            key=f"preview-changes-{found['preview_id']}",
            right=("Sellable", "Listed now", "Would be"),
            empty_words="No listing would change.",
        )
        if found["changed_count"] > len(changes):
            st.caption(f"The {len(changes)} largest of {count(found['changed_count'])} changes are shown.")
        st.caption(
            f"Worked out {ago(found['age_seconds'])} on batch {found['batch_id']}, as if the whole week were like "
            "now: today's stock, demand as measured, as many batches as usual. Rises wait for the next batch. Cost "
            "is overselling and the margin of sales missed."
        )


def _numbers(found: dict[str, Any]) -> None:
    change = found["units_change"]
    cards.numbers(
        [
            (
                "Listings changed",
                f"{count(found['changed_count'])} of {count(found['offer_count'])}",
                "Offers that would list another number",
            ),
            ("Units on sale", f"{'−' if change < 0 else '+'}{count(abs(change))}", "More or fewer than now"),
            ("Oversells a week", _pair(found, "oversells", 1), "Offers expected to sell more than there is"),
            ("Lost sales a week", _pair(found, "lost_units", 1), "Units missed for what is held back"),
            (
                "Cost a week",
                " → ".join(money_whole(found[f"{when}_cost_amount"], found["currency"]) for when in WHEN),
                f"Of overselling, and the margin of lost sales: {_costs(found, found['currency'])}",
            ),
        ]
    )


def _pair(row: dict[str, Any], name: str, places: int) -> str:
    return f"{row[f'before_{name}']:,.{places}f} → {row[f'after_{name}']:,.{places}f}"


def _costs(row: dict[str, Any], currency: str) -> str:
    return f"{money(row['before_cost_amount'], currency)} → {money(row['after_cost_amount'], currency)}"
