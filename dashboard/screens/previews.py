"""What buffer policies would change, as the worker worked it out: one sentence, the numbers, the offers.

Law: what is shown is the stored result, the same for everybody who looks; it says on which stock it was worked out,
and when a policy set since has made it untrue.
"""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from dashboard import cards, data
from dashboard.data import Pulse
from dashboard.format import ago, count, expected, money, money_whole

WHEN = ("before", "after")
SHOWN = 50
EARLIER = 30
Words = Callable[[dict[str, Any]], str]


def headline(found: dict[str, Any]) -> str:
    """`would change 312 listings, −1,204 units, oversells expected 3.1 → 0.6 a week`."""
    if not found["changed_count"]:
        return "would change no listing"
    return (
        f"would change {count(found['changed_count'], 'listing')}, {_more(found['units_change'])}, "
        f"oversells expected {_oversells(found)} a week"
    )


def show(found: dict[str, Any]) -> None:
    """One preview: the sentence, the numbers, the offers it would change most."""
    with st.container(key=f"preview-{found['preview_id']}"):
        said = headline(found)
        st.info(f"**{said[:1].upper()}{said[1:]}.**", icon=":material/balance:")
        if found["has_newer_policy"]:
            st.warning(
                "A policy was set since this preview: it is not how things stand.", icon=":material/history:"
            )
        elif found["has_newer_batch"]:
            st.caption(":material/history: Worked out on an earlier stock batch; preview again for the newest.")
        _numbers(found)
        _changes(found)
        st.caption(
            f"Worked out {ago(found['age_seconds'])} for {found['actor']} on batch {found['batch_id']}, as if the "
            "whole week were like now: today's stock, demand as measured, as many batches as usual. Rises wait for "
            "the next batch. Cost is overselling and the margin of sales missed."
        )


def running(command: str, words: str, sent: Sequence[dict[str, Any]]) -> None:
    """How far those are that others asked for; `sent` from here stand elsewhere."""
    ours = {one["command_id"] for one in sent}
    for one in data.running_trials(command).to_dicts():
        if one["command_id"] not in ours:
            far = one["message"] or "waits for the worker"
            st.caption(f":material/hourglass_top: {one['actor']} {words}: {far}.")


def earlier(pulse: Pulse, scope: Words, said_words: Words) -> None:
    """What was worked out before, whoever asked; one that is picked is shown whole."""
    rows = data.policy_previews(pulse.as_of, limit=EARLIER).to_dicts()
    if not rows:
        return
    with st.expander(f"Previewed so far ({count(len(rows))})", icon=":material/history:"):
        picked = cards.table(
            [
                {
                    "For": scope(row),
                    "Held back": said_words(row),
                    "From": str(row["from_on"]),
                    "Comes to": headline(row),
                    "Worked out": ago(row["age_seconds"]),
                    "Who": row["actor"],
                }
                for row in rows
            ],
            key="previews-so-far",
            is_picking=True,
            height=240 if len(rows) > 5 else None,
        )
        if picked is None:
            st.caption("Pick a row to see it whole.")
        else:
            show(rows[picked])


def _numbers(found: dict[str, Any]) -> None:
    cards.numbers(
        [
            (
                "Listings changed",
                f"{count(found['changed_count'])} of {count(found['offer_count'])}",
                "Offers that would list another number",
            ),
            ("Units on sale", _signed(found["units_change"]), "More or fewer than now"),
            (
                "Oversells a week",
                _oversells(found).replace("under ", "<"),
                "Offers expected to sell more than there is",
            ),
            ("Lost sales a week", _pair(found, "lost_units", 1), "Units missed for what is held back"),
            (
                "Cost a week",
                " → ".join(money_whole(found[f"{when}_cost_amount"], found["currency"]) for when in WHEN),
                f"Of overselling, and the margin of lost sales: {_costs(found, found['currency'])}",
            ),
        ]
    )


def _changes(found: dict[str, Any]) -> None:
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
        height=320 if len(changes) > 8 else None,
        empty_words="No listing would change.",
    )
    if found["changed_count"] > len(changes):
        st.caption(f"The {len(changes)} largest of {count(found['changed_count'])} changes are shown.")


def _signed(number: int) -> str:
    return f"{'−' if number < 0 else '+' if number else ''}{count(abs(number))}"


def _more(units: int) -> str:
    return f"{_signed(units)} {'unit' if abs(units) == 1 else 'units'}"


def _oversells(found: dict[str, Any]) -> str:
    """With one place, as long as it tells anything."""
    both = [found[f"{when}_oversells"] for when in WHEN]
    if max(both) >= 0.1:
        return _pair(found, "oversells", 1)
    return " → ".join(expected(number) for number in both)


def _pair(row: dict[str, Any], name: str, places: int) -> str:
    return f"{row[f'before_{name}']:,.{places}f} → {row[f'after_{name}']:,.{places}f}"


def _costs(row: dict[str, Any], currency: str) -> str:
    return f"{money(row['before_cost_amount'], currency)} → {money(row['after_cost_amount'], currency)}"
