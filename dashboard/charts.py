"""The pictures: one plotly figure per question. The only place where amounts become floats.

Law: the figures are worked out in the store; here they are only drawn. No colour carries meaning alone.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from dashboard.data import is_fresh
from dashboard.format import flow as flow_words
from dashboard.format import on_london_clock, state

CHERRY, SLATE, SAND, GREEN, AMBER, VIOLET = "#8c1d40", "#5b6b7a", "#cfc6ba", "#2f7d5b", "#c77d0a", "#6b4c8a"
COLOURS = {"red": CHERRY, "orange": AMBER, "blue": SLATE, "green": GREEN, "violet": VIOLET, "gray": SAND}
HEIGHT = 240
HOURS = "%H:%M\n%-d %b"  # the day is written once, beneath


def draw(figure: go.Figure, *, key: str, alt: str) -> None:
    """Put a figure on the page, in the house's manner."""
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=len(figure.data) > 1,
        legend={"orientation": "h", "y": 1.15, "x": 0},
        bargap=0.25,
        hovermode="x unified",
    )
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)


def order_hours(rows: pl.DataFrame) -> go.Figure:
    """Orders by the hour of the last two days; the running hour in the lighter shade."""
    moments = [on_london_clock(moment) for moment in rows["hour_at"]]
    colours = [CHERRY] * (len(moments) - 1) + [SAND] if moments else []
    figure = go.Figure(go.Bar(x=moments, y=rows["order_count"].to_list(), name="Orders", marker_color=colours))
    figure.update_xaxes(tickformat=HOURS, tickangle=0, nticks=6)
    figure.update_yaxes(rangemode="tozero", tickformat="d")
    return figure


def states(rows: pl.DataFrame, column: str, number: str) -> go.Figure:
    """How many stand where, the words at the bar."""
    told = [state(code) for code in rows[column]]
    figure = go.Figure(
        go.Bar(
            x=rows[number].to_list(),
            y=[one.text for one in told],
            orientation="h",
            # what was green on old data is grey
            marker_color=[
                SAND if one.colour == "green" and not is_fresh() else COLOURS[one.colour] for one in told
            ],
            text=rows[number].to_list(),
            textposition="auto",
        )
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(visible=False)
    return figure


def funnel(rows: pl.DataFrame) -> go.Figure:
    """How many have come so far, stage by stage, the words at the bar."""
    return go.Figure(
        go.Funnel(
            y=[state(code).words for code in rows["stage"]],
            x=rows["reached_count"].to_list(),
            textinfo="value",
            marker={"color": SLATE},
            connector={"line": {"color": SAND}},
            name="Orders",
        )
    )


def deadlines(rows: pl.DataFrame) -> go.Figure:
    """Open work by the time left, the late apart; within a bar, how far it has come."""
    figure = go.Figure()
    names = [name for name, _ in _SPANS]
    for code, colour in _STEPS.items():
        part = rows.filter(pl.col("state") == code)
        if part.is_empty():
            continue
        counts = dict.fromkeys(names, 0)
        for hours, number in part.select("hours_left", "row_count").iter_rows():
            counts[next(name for name, below in _SPANS if hours < below)] += number
        figure.add_bar(x=names, y=list(counts.values()), name=state(code).text, marker_color=colour)
    figure.update_layout(barmode="stack")
    figure.update_xaxes(categoryorder="array", categoryarray=names, range=[-0.5, len(names) - 0.5])
    figure.update_yaxes(rangemode="tozero", tickformat="d")
    return figure


# Time left in words, and the hours it ends at.
_SPANS: tuple[tuple[str, float], ...] = (
    ("late", 0), ("under 4 h", 4), ("4 to 12 h", 12), ("12 to 24 h", 24), ("1 to 2 days", 48), ("later", math.inf),
)  # fmt: skip
# The way an order goes to the customer: each step has a shade of its own.
_STEPS = {
    "order_held": CHERRY, "not_in_erp": "#b9c3cc", "to_pick": "#8fa0ae", "picked": SLATE, "part_shipped": VIOLET,
    "shipped_not_confirmed": AMBER, "unclear": "#e0b15c", "refused": "#b5546f", "held": "#d08aa0",
}  # fmt: skip


def payouts(rows: pl.DataFrame) -> go.Figure:
    """What each payout is made of."""
    parts: Sequence[tuple[str, str, str]] = (
        ("Sales", "sales_amount", GREEN),
        ("Shipping", "shipping_amount", SLATE),
        ("Commission", "commission_amount", CHERRY),
        ("Refunds", "refund_amount", AMBER),
        ("Other", "other_amount", SAND),
    )
    figure = go.Figure()
    names = rows["voucher"].to_list()
    for label, column, colour in parts:
        figure.add_bar(x=names, y=_floats(rows[column]), name=label, marker_color=colour)
    figure.update_layout(barmode="relative")
    figure.update_yaxes(title_text="pounds", tickformat=",.0f")
    return figure


def run_lengths(rows: pl.DataFrame) -> go.Figure:
    """How long each run took, by flow."""
    figure = go.Figure()
    colours = [CHERRY, SLATE, GREEN, AMBER, VIOLET, SAND]
    for flow, colour in zip(rows["flow"].unique(maintain_order=True).sort(), colours, strict=False):
        part = rows.filter(pl.col("flow") == flow)
        figure.add_scatter(
            x=[on_london_clock(moment) for moment in part["ended_at"]],
            y=part["duration_seconds"].to_list(),
            mode="markers",
            name=flow_words(flow),
            marker={"color": colour, "size": 7},
        )
    figure.update_xaxes(tickformat=HOURS)
    figure.update_yaxes(rangemode="tozero", ticksuffix=" s")
    return figure


def causes(rows: pl.DataFrame) -> go.Figure:
    """How many things wait for each cause."""
    worst: Any = rows.head(8)
    told = [state(code) for code in worst["severity"]]
    figure = go.Figure(
        go.Bar(
            x=worst["open_count"].to_list(),
            y=worst["sentence"].str.slice(0, 60).to_list(),
            orientation="h",
            marker_color=[COLOURS[one.colour] for one in told],
            text=[f"{number} · {one.words}" for number, one in zip(worst["open_count"], told, strict=True)],
            textposition="auto",
        )
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(visible=False)
    return figure


def walk(rows: pl.DataFrame) -> go.Figure:
    """One published number, step by step, from on hand to listed."""
    names = [WALK.get(step, step) for step in rows["step"]]
    units = rows["units"].to_list()
    totals = rows["is_total"].to_list()
    figure = go.Figure(
        go.Waterfall(
            x=names,
            y=units,
            measure=["total" if is_total else "relative" for is_total in totals],
            text=[f"{number:,}".replace("-", "−") for number in units],
            textinfo="text",
            textposition="outside",
            cliponaxis=False,
            connector={"line": {"color": SAND, "width": 1}},
            increasing={"marker": {"color": SLATE}},
            decreasing={"marker": {"color": AMBER}},
            totals={"marker": {"color": CHERRY}},
        )
    )
    figure.update_xaxes(tickangle=0, automargin=True)
    figure.update_yaxes(visible=False, rangemode="tozero")
    return figure


# The steps of the walk, in the words of the trade; a step written on two lines fits beneath its bar.
WALK = {
    "on_hand": "on<br>hand", "linked": "linked", "allocated": "allo-<br>cated", "picked": "picked",
    "damaged": "dam-<br>aged", "held": "held", "scheduled": "ships<br>soon", "pooled": "pooled",
    "supply": "<b>supply</b>", "inflight": "sold<br>since",
    "below_zero": "not below<br>zero", "base": "<b>sellable</b>", "buffer": "buffer",
    "thin": "too thin for<br>so old a batch", "minimum": "below the<br>minimum", "maximum": "cap",
    "packs": "whole<br>packs", "waits": "waits for<br>the next batch", "listed": "<b>listed</b>",
}  # fmt: skip


def stock_history(rows: pl.DataFrame, until: datetime) -> go.Figure:
    """What the batches had, what we sent and what was shown: each number stands until the next one."""
    figure = go.Figure()
    for label, series, colour, dash in _SERIES:
        part = rows.filter(pl.col("series") == series)
        if part.is_empty():
            continue
        moments = [on_london_clock(moment) for moment in (*part["moved_at"], until)]
        figure.add_scatter(
            x=moments,
            y=[*part["quantity"], part["quantity"][-1]],
            name=label,
            mode="lines",
            line={"color": colour, "shape": "hv", "dash": dash, "width": 2},
        )
    figure.update_xaxes(tickformat=HOURS, tickangle=0, nticks=6)
    figure.update_yaxes(rangemode="tozero", tickformat="d", dtick=_whole_step(rows["quantity"]))
    return figure


def _whole_step(quantities: pl.Series) -> int | None:
    """Units are whole: where few are counted, the axis counts each."""
    most = max((int(one) for one in quantities), default=0)
    return 1 if most <= 6 else None


_SERIES = (
    ("Batch", "batch", SLATE, "solid"),
    ("Published", "published", CHERRY, "solid"),
    ("Shown", "shown", AMBER, "dot"),
)


def risk_by_buffer(rows: pl.DataFrame, marks: Sequence[tuple[str, int]], sign: str) -> go.Figure:
    """What each buffer would come to: the chance of an oversell, and what it and lost sales may cost."""
    buffers = rows["buffer"].to_list()
    figure = go.Figure()
    for label, column, colour in (
        ("Cost of overselling", "cost_amount", CHERRY),
        ("Margin lost", "lost_amount", SAND),
    ):
        if rows[column].null_count() == 0:
            figure.add_bar(
                x=buffers, y=_floats(rows[column]), name=label, marker_color=colour,
                hovertemplate=sign + "%{y:,.2f}",
            )  # fmt: skip
    # on the second axis, so that the line is drawn above the bars; in percent, that hardly any is still told apart
    figure.add_scatter(
        x=buffers, y=[100 * share for share in rows["oversell_chance"]], name="Chance of an oversell",
        mode="lines+markers", line={"color": SLATE, "width": 2}, hovertemplate="%{y:.2~g} %", yaxis="y2",
    )  # fmt: skip
    # beneath one another, so that two marks at one buffer are both read
    for number, (words, buffer) in enumerate(marks):
        figure.add_vline(x=buffer, line={"color": SLATE, "dash": "dot", "width": 1.5})
        figure.add_annotation(
            x=buffer, xanchor="left", xshift=4, yref="paper", y=1, yanchor="top", yshift=-16 * number,
            text=f"<b>{words}</b>", showarrow=False, bgcolor="rgba(255, 255, 255, 0.8)",
        )  # fmt: skip
    figure.update_layout(
        barmode="stack",
        yaxis={"tickprefix": sign, "rangemode": "tozero", "title": "expected cost"},
        yaxis2={
            "overlaying": "y", "side": "right", "tickformat": ".2~g", "ticksuffix": " %", "rangemode": "tozero",
            "showgrid": False, "title": "chance",
        },
    )  # fmt: skip
    figure.update_xaxes(title="units held back", dtick=1 if max(buffers) <= 20 else None)
    return figure


def sales_rate(row: Mapping[str, Any]) -> go.Figure:
    """How fast it sells here and elsewhere, with the range the true rate lies in nine times in ten."""
    figure = go.Figure()
    for label, side, colour in (("Everywhere else", "other", SLATE), ("At John Lewis", "own", CHERRY)):
        middle, low, high = (row[f"{side}_{part}"] for part in ("daily", "low_daily", "high_daily"))
        figure.add_scatter(
            x=[middle], y=[f"{label}<br><b>{middle:.1f}</b> ({low:.1f} to {high:.1f})"], mode="markers", name=label,
            marker={"color": colour, "size": 12}, showlegend=False,
            error_x={"type": "data", "symmetric": False, "array": [high - middle], "arrayminus": [middle - low]},
            hovertemplate=f"{low:.1f} to {high:.1f} a day",
        )  # fmt: skip
    figure.update_xaxes(rangemode="tozero", title="units a day")
    figure.update_yaxes(range=[-0.6, 1.6])
    return figure


def trading_week(rows: pl.DataFrame) -> go.Figure:
    """When in the week each side is busy: 1 is an average hour."""
    figure = go.Figure()
    for label, side, colour in (("Everywhere else", "other", SLATE), ("At John Lewis", "own", CHERRY)):
        part = rows.filter(pl.col("side") == side)
        figure.add_scatter(
            x=part["hour_of_week"].to_list(), y=part["factor"].to_list(), name=label, mode="lines",
            line={"color": colour, "width": 1.5, "shape": "hv"}, hovertemplate="%{y:.1f} ×",
        )  # fmt: skip
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    figure.update_xaxes(tickvals=[24 * day for day in range(7)], ticktext=days, title="London's clock")
    figure.update_yaxes(rangemode="tozero", title="times an average hour")
    return figure


def back_test_weeks(rows: pl.DataFrame) -> go.Figure:
    """What each policy would have cost, week by week: overselling at the bottom, missed sales on it."""
    figure = go.Figure()
    for place, (side, (dark, light)) in enumerate({"a": (CHERRY, "#d08aa0"), "b": (SLATE, "#b9c3cc")}.items()):
        part = rows.filter(pl.col("side") == side)
        weeks = [f"{day:%-d %b}" for day in part["week_on"]]
        for label, column, colour in (
            ("overselling", "oversold_amount", dark),
            ("missed sales", "lost_amount", light),
        ):
            figure.add_bar(
                x=weeks, y=_floats(part[column]), name=f"{side.upper()}: {label}", marker_color=colour,
                offsetgroup=str(place),
            )  # fmt: skip
    figure.update_layout(barmode="relative")
    figure.update_xaxes(type="category", title_text="week of")
    figure.update_yaxes(rangemode="tozero", title_text="pounds", tickformat=",.0f")
    return figure


def reliability(sides: Mapping[str, pl.DataFrame]) -> go.Figure:
    """What was said beside what happened, of one or two sides; on the line, they are the same.

    The larger the dot, the more cases.
    """
    shares = [
        rows.select(pl.max_horizontal("predicted_share", "happened_share").max()).item() for rows in sides.values()
    ]
    worst = max([0.05, *(float(share) for share in shares if share is not None)]) * 1.1
    figure = go.Figure()
    shown = zip(sides.items(), ((CHERRY, "circle"), (SLATE, "diamond")), strict=False)
    for (name, part), (colour, symbol) in shown:
        figure.add_scatter(
            x=part["predicted_share"].to_list(), y=part["happened_share"].to_list(), mode="markers",
            name=name, cliponaxis=False, text=[f"{number:,} cases" for number in part["case_count"]],
            marker={"color": colour, "symbol": symbol, "size": [8 + 16 * one**0.5 for one in part["case_share"]]},
        )  # fmt: skip
    figure.add_scatter(
        x=[0, worst], y=[0, worst], mode="lines", name="as said", line={"color": SAND, "dash": "dash"}
    )
    figure.update_xaxes(title_text="chance said", tickformat=".0%", range=[-0.05 * worst, worst])
    figure.update_yaxes(title_text="happened", tickformat=".0%", range=[-0.05 * worst, worst])
    return figure


def _floats(column: pl.Series) -> list[float]:
    return [float(value or 0) for value in column]
