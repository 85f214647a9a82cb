"""How long the numbers of a batch must hold: from the batch's moment until the next one's have taken effect.

Measured on our own batches and stock files: how late batches come, how long a complete one takes to show at the
marketplace, and how long passes between a pull of orders and the effect of what was computed from it. While nothing
was measured, the settings say it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sync.flows.inventory_basis import Basis, timetable
from sync.freshness import orders_read_until
from sync.rules.latency import Lags, Window, percentile, window
from sync.rules.timetable import Due, Timetable, next_due
from sync.runs import Run
from sync.settings import Settings

MEASURED = "measured"  # nobody says when the next batch is due: it comes as the others did
_MINUTE, _WEEK = timedelta(minutes=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Horizon:
    """The window of this run, who says when the next batch is due, and how long a stock file takes."""

    window: Window
    next_from: str
    apply: timedelta


def horizon(run: Run, found: Basis) -> Horizon:
    """Measure it."""
    settings, now = run.house.settings, run.now()
    batches = run.rows("select * from batch_lags($now)", {"now": now})
    imports = run.rows("select * from sending_lags($now)", {"now": now})
    usual = [float(settings.publish_takes)]
    publish = _publish(batches)
    apply = [_minutes(row["pulled_at"], row["applied_at"]) for row in imports]
    return Horizon(
        window(
            found.batch.as_of,
            orders_read_until(run) or found.batch.as_of,
            now,
            found.due.at or found.batch.as_of,
            Lags(_delays(batches, found.due, settings), publish or usual),
        ),
        found.due.source or MEASURED,
        percentile(apply or usual) * _MINUTE,
    )


def publishing(run: Run) -> timedelta:
    """How long a complete batch takes to show at the marketplace, as nine in ten do; unmeasured: the setting."""
    rows = run.rows("select * from batch_lags($now)", {"now": run.now()})
    return percentile(_publish(rows) or [float(run.house.settings.publish_takes)]) * _MINUTE


def weekly_windows(run: Run, found: Basis) -> float:
    """How many batches land in a week: by the usual time from one to the next, or what the settings expect."""
    rows = run.rows("select * from batch_lags($now)", {"now": run.now()})
    gaps = [row["batch_at"] - row["before_at"] for row in rows if row["before_at"]]
    interval = (
        median(gaps)
        if gaps
        else (found.due.at or found.batch.as_of + found.limits.max_age / 2) - (found.batch.as_of)
    )
    return _WEEK / max(interval, _MINUTE)


def _publish(batches: list[dict[str, Any]]) -> list[float]:
    """Minutes from complete to shown, of the batches of which something was sent."""
    return [_minutes(row["completed_at"], row["shown_at"]) for row in batches if row["shown_at"]]


def _delays(batches: list[dict[str, Any]], due: Due, settings: Settings) -> list[float]:
    """Minutes from when each batch was due to when it was complete; from the batch before, where nobody says."""
    pairs = [row for row in batches if row["before_at"]]
    if due.at is None:
        # a batch counts as old after two intervals
        interval = timedelta(hours=settings.batch_max_age_hours) / 2 / _MINUTE
        return [_minutes(row["before_at"], row["completed_at"]) for row in pairs] or [interval]
    table = timetable(settings)
    return [_minutes(at, row["completed_at"]) for row in pairs if (at := _due(row, table)) is not None] or [0.0]


def _due(row: dict[str, Any], table: Timetable) -> datetime | None:
    return next_due(row["before_at"], row["told_at"], table).at


def _minutes(since: datetime, until: datetime) -> float:
    return (until - since) / _MINUTE
