"""Whether the chances we list by can be trusted: what was said of every offer at every batch, and what came.

The worker looks each night; here stands what eight weeks of it come to, beside the plain share of oversells, which
whoever knows nothing of an offer would say of each.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import cards, charts, data
from dashboard.data import Pulse
from dashboard.format import count, expected, london

NUMBERS = ("Cases", "On average", "Happened")


def show(pulse: Pulse) -> None:
    """The sentence, the numbers, the picture."""
    found = data.risk_calibration(pulse.as_of)
    if not found["case_count"]:
        cards.empty(
            "Nothing to judge them by yet",
            "Each night, what was said of every offer when a batch came is held against what came until the next.",
        )
        return
    st.markdown(sentence(found))
    cards.numbers(
        [
            ("Cases", count(found["case_count"]), "An offer that was listed on a batch is one"),
            ("Oversells foretold", expected(found["predicted"]), "The sum of all chances"),
            ("Oversells that came", count(found["happened"]), "Within the time the chances were given for"),
            ("Brier score of the chances", f"{found['brier_score']:.5f}", "0 is perfect"),
            (
                "Brier score of the plain share",
                f"{found['plain_brier_score']:.5f}",
                f"{found['plain_share']:.3%}, said of every offer alike",
            ),
        ]
    )
    rows = data.risk_reliability(pulse.as_of)
    left, right = st.columns(2, gap="medium")
    with left:
        charts.draw(
            charts.reliability({"ours": rows}), key="kept-word", alt="Chance we listed by, and what happened"
        )
    with right:
        cards.table([tenth(row) for row in rows.to_dicts()], key="kept-word-tenths", right=NUMBERS)
    st.caption(
        f"{count(found['batch_count'], 'batch', 'batches')} since {london(found['since_at'])}: what was said of "
        "each offer when a batch was first weighed, against what was sold here and drawn elsewhere in the time it "
        "was said for: until the next batch was expected to show, as late as nine in ten do. Where that one came "
        "sooner, what would have been oversold without it counts as well. Left out are offers for which goods came."
    )


def sentence(found: Mapping[str, Any]) -> str:
    """Whether they can be trusted, in plain words."""
    foretold, came = expected(found["predicted"]), count(found["happened"])
    told = f"{foretold} oversells were foretold, {came} came."
    if found["skill"] is None:
        which = "Every offer was oversold" if found["happened"] else "No offer was oversold"
        return f"**{which}: how well the chances tell which are in danger cannot be said yet.** {told}"
    gap = f"No tenth with a case in a hundred or more is over {100 * found['widest_gap']:.1f} points off."
    if found["skill"] > 0:
        return (
            f"**The chances tell which offers are in danger**: they are {found['skill']:.0%} nearer to what came "
            f"than the plain share of oversells said of every offer alike. {told} {gap}"
        )
    return (
        "**The chances do not tell which offers are in danger**: the plain share of oversells, said of every offer "
        f"alike, is nearer to what came. {told} {gap}"
    )


def tenth(row: Mapping[str, Any]) -> dict[str, str]:
    """One tenth of the chances, as cells of a table."""
    return {
        "Chance said": f"{row['tenth'] * 10} to {row['tenth'] * 10 + 10} %",
        "Cases": count(row["case_count"]),
        "On average": f"{row['predicted_share']:.2%}",
        "Happened": f"{row['happened_share']:.2%}",
    }
