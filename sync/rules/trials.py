"""What a replay came to: sums by week for each policy, and whether the chances kept their word.

A case is an offer that was listed in a window: what was said of it, and whether it was oversold for our listing.
The sums of windows may be added in any order and come to the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from sync.rules.calibration import is_alarming, tenths
from sync.rules.replay import ROW, Window
from sync.rules.trading_week import LONDON

_SUMS = ("sold_units", "lost_units", "oversold_units", "lost_amount", "oversold_amount", "listed_units")


@dataclass(frozen=True, slots=True)
class Tally:
    """`weeks`: a row per side and week; `tenths`: a row per side and tenth of the predicted chance."""

    weeks: pl.DataFrame
    tenths: pl.DataFrame
    window_count: int
    left_out: int  # offers and windows that could not be read, for goods came

    def brier(self, side: str) -> float | None:
        """The mean squared distance of what was said from what happened; none: nothing was listed."""
        ours = self.tenths.filter(pl.col("side") == side)
        cases = int(ours["cases"].sum())
        return float(ours["squares"].sum()) / cases if cases else None

    def is_beyond(self, side: str) -> bool:
        """Whether more oversells happened than the predictions allow in ninety-nine of a hundred cases."""
        ours = self.tenths.filter(pl.col("side") == side)
        return is_alarming(float(ours["predicted"].sum()), int(ours["happened"].sum()))


def tally(windows: Iterable[Window]) -> Tally:
    """Add the windows up."""
    weeks: list[pl.DataFrame] = [_week(pl.DataFrame(schema=ROW), date.min)]
    said: list[pl.DataFrame] = [_said(pl.DataFrame(schema=ROW))]
    count = left_out = 0
    for window in windows:
        weeks.append(_week(window.rows, week_of(window.began_at)))
        said.append(_said(window.rows))
        count, left_out = count + 1, left_out + window.left_out
    return Tally(
        pl.concat(weeks).group_by("side", "week_on").sum().sort("side", "week_on"),
        pl.concat(said).group_by("side", "tenth").sum().sort("side", "tenth"),
        count,
        left_out,
    )


def week_of(moment: datetime) -> date:
    """The Monday of a moment's week, in London."""
    day = moment.astimezone(LONDON).date()
    return day - timedelta(days=day.weekday())


def _week(rows: pl.DataFrame, week_on: date) -> pl.DataFrame:
    """Sums by side, with `oversells` (offers oversold) and `wanted_units`."""
    return (
        rows.with_columns(listed_units=pl.col("quantity"))
        .group_by("side")
        .agg(
            pl.col(*_SUMS, "wanted_units").sum(),
            oversells=(pl.col("oversold_units") > 0).sum().cast(pl.Int64),
            windows=pl.lit(1, pl.Int64),
        )
        .with_columns(week_on=pl.lit(week_on))
    )


def _said(rows: pl.DataFrame) -> pl.DataFrame:
    """The tenths of each side, in sums."""
    cases = rows.filter(pl.col("quantity") > 0).with_columns(happened=pl.col("oversold_units") > 0)
    empty = tenths(cases.clear()).with_columns(side=pl.lit("", pl.String))
    return pl.concat(
        [
            empty,
            *(
                tenths(part).with_columns(side=pl.lit(str(name), pl.String))
                for (name,), part in cases.group_by("side", maintain_order=True)
            ),
        ]
    )
