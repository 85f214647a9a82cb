"""What another buffer, or batches oftener or rarer, would come to for one SKU, as a part of its page.

Law: the sliders read what the worker worked out, nothing is worked out here. What is so today is marked on both of
them; where they stand there, they say what stands above, or it is said why not.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from dashboard import cards, charts, data
from dashboard.format import SIGNS, chance, count, expected, london, london_short, money, rule, span, times

AS_IT_IS = 0.0  # hours; what is left of the window that runs
# Why there is nothing to slide.
NO_GRID = {
    "nothing_to_weigh": "No buffer would be advised and no oversell is expected: there is nothing to weigh.",
    "for_another_base": "What there is has changed since it was worked out; the next assessment works it out anew.",
    "not_yet": "It was not among the costliest of its assessment. It is worked out once its risk has moved.",
}
Row = Mapping[str, Any]


def part(name: str, found: Row, risk: Row | None) -> None:
    """The sliders, the chart, and what the choice comes to beside how it is."""
    st.subheader("What would another buffer come to?", anchor=False)
    if risk is None:
        why = "It is not offered." if not found["is_offered"] else "No assessment has been made of it yet."
        cards.empty("Not assessed", f"{why} The worker assesses every offer with a SKU of BlueCherry.")
        return
    rows = data.risk_grid(name)
    if rows.is_empty():
        cards.empty("Nothing to compare", NO_GRID.get(risk["grid_state"], NO_GRID["not_yet"]))
        return
    buffers = rows["buffer"].unique().sort().to_list()
    left, right = st.columns([2, 3], gap="medium")
    with left:
        buffer, interval = _sliders(name, rows, risk)
    with right:
        marks = {"now": risk["buffer"], "advised": risk["advised_buffer"], "chosen": buffer}
        if buffer in (risk["buffer"], risk["advised_buffer"]):
            del marks["chosen"]
        charts.draw(
            charts.risk_by_buffer(
                rows.filter(pl.col("interval_hours") == interval),
                [(f"{words} {at}", at) for words, at in marks.items() if at in buffers],
                SIGNS.get(risk["currency"], ""),
            ),
            key="sku-risk",
            alt="Chance and cost of overselling by units held back",
        )
    today = _choice(rows, AS_IT_IS, risk["buffer"])
    _outcome(_choice(rows, interval, buffer), risk, today)
    st.caption(_beside_the_list(rows, risk, today))


def _sliders(name: str, rows: pl.DataFrame, risk: Row) -> tuple[int, float]:
    """Both sliders begin with how it is, and stay where a person put them."""
    buffers, intervals = (rows[column].unique().sort().to_list() for column in ("buffer", "interval_hours"))
    usual = (risk["next_at"] - risk["batch_at"]).total_seconds()
    nearest = min(filter(None, intervals), key=lambda hours: abs(hours * 3600 - usual), default=None)

    def named(hours: float) -> str:
        if hours == AS_IT_IS:
            return "as it is now"
        return f"{hours:.0f} h{' (about as today)' if hours == nearest else ''}"

    # a default for each turn: what the page itself puts in a slider, a browser that draws it late overrules
    turn = st.session_state.setdefault(f"what-if-turn-{name}", 0)
    begins = (min(buffers, key=lambda units: abs(units - risk["buffer"])), AS_IT_IS)
    buffer = st.select_slider(
        f"Units held back (now {risk['buffer']})",
        buffers,
        value=begins[0],
        key=f"what-if-buffer-{name}-{turn}",
    )
    interval = st.select_slider(
        f"A batch every (now: the next one {span(usual)} after the last)",
        intervals,
        value=begins[1],
        key=f"what-if-interval-{name}-{turn}",
        format_func=named,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Back to how it is",
            key=f"what-if-back-{name}",
            icon=":material/undo:",
            disabled=(buffer, interval) == begins,
            on_click=partial(st.session_state.update, {f"what-if-turn-{name}": turn + 1}),
        )
        cards.link("inventory", "Set a buffer policy", view="Buffers", policy_of=f"sku:{name}")
    st.caption(
        f"Held back now: {risk['buffer']} ({rule(risk['buffer_rule'])}). Advised: {risk['advised_buffer']} "
        f"({rule(risk['advised_rule'])}). There are {count(risk['base'])}, cover {times(risk['window_cover'])}. "
        f"*As it is now*: what is left until the next batch is in effect, about {london_short(risk['lands_at'])}; "
        "so many hours: the whole time from a batch until the next is in effect."
    )
    return buffer, interval


def _choice(rows: pl.DataFrame, interval: float, buffer: int) -> Row | None:
    found = rows.filter((pl.col("interval_hours") == interval) & (pl.col("buffer") == buffer)).to_dicts()
    return found[0] if found else None


def _outcome(choice: Row | None, risk: Row, today: Row | None) -> None:
    """What this choice comes to, beside how it is: that as the list of SKUs at risk has it."""
    if choice is None:
        st.caption("This choice was not worked out.")
        return
    currency = risk["currency"]
    now = {"oversell_chance": risk["own_chance"], "lost_amount": today["lost_amount"] if today else None}
    with st.container(horizontal=True):
        for label, column, shown in (
            ("Chance of an oversell", "oversell_chance", chance),
            ("Oversold units", "oversold_units", expected),
            ("Sales lost, units", "lost_units", expected),
            ("Cost of overselling", "cost_amount", partial(money, currency=currency)),
            ("Margin lost", "lost_amount", partial(money, currency=currency)),
        ):
            was = now[column] if column in now else risk[column]
            beside: dict[str, Any] = {"delta": f"now {shown(was)}", "delta_color": "off", "delta_arrow": "off"}
            st.metric(label, shown(choice[column]), border=True, **(beside if was is not None else {}))


def _beside_the_list(rows: pl.DataFrame, risk: Row, today: Row | None) -> str:
    """Whether the sliders, where they are marked as now, say what the list of SKUs at risk says; and why not."""
    worked_out = london(rows["assessed_at"][0])
    nowhere = "no place on the slider is how it is: what stands behind *now* is."
    if risk["buffer"] < 0:
        return f"More is listed than there is ({-risk['buffer']}), so {nowhere}"
    if today is None:
        most = rows["buffer"].cast(pl.Int64).to_list()
        return f"{count(risk['buffer'])} are held back, and up to {count(max(most))} were worked out: {nowhere}"
    if _same(today, risk):
        return f"With both sliders as they are marked now, this is what Stock says of it. Worked out {worked_out}."
    return (
        f"This was worked out {worked_out}; the risk was weighed anew {london(risk['changed_at'])}, as it stands "
        "behind *now* and on Stock. The sliders follow when it is worked out again."
    )


def _same(today: Row, risk: Row) -> bool:
    """Whether both are written alike."""
    return (chance(today["oversell_chance"]), expected(today["oversold_units"]), money(today["cost_amount"])) == (
        chance(risk["own_chance"]),
        expected(risk["oversold_units"]),
        money(risk["cost_amount"]),
    )
