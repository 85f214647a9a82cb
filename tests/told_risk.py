"""Stories about the oversell risk, as `tests.told`: what an assessment or a measured demand would have left."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import polars as pl

from store.events import (
    DemandMeasured,
    ForetoldTenthPart,
    ProvedTenthPart,
    ProvedWindowPart,
    RiskAssessed,
    RiskProved,
)
from tests.told import HOUR, Told

BUFFERS = range(13)


def assessed(
    told: Told,
    skus: Mapping[str, Mapping[str, Any]],
    *,
    batch_id: str = "B1",
    batch_at: datetime | None = None,
    next_at: datetime | None = None,
    at: datetime | None = None,
    grids: Sequence[str] = (),
    buffers: Sequence[int] = BUFFERS,
    is_late: bool = False,
) -> None:
    """The risk of each SKU; of those in `grids` what other choices come to, half as much with each unit more."""
    read_id, at = uuid4(), at or told.now - HOUR / 30
    batch_at, next_at = batch_at or told.now - 2 * HOUR, next_at or told.now + 2 * HOUR
    rows = [{**_ROW, **row, "sku": sku} for sku, row in skus.items()]
    _append(told, "stock_risk_rows", [{**row, "read_id": str(read_id), "assessed_at": at} for row in rows])
    _append(
        told,
        "risk_grid_rows",
        [
            {
                "read_id": str(read_id), "sku": sku, "interval_hours": hours,
                "base": {**_ROW, **skus[sku]}["base"],
                "buffers": list(buffers),
                "oversell_chances": [0.4 * (hours or 4) / 24 / 2**buffer for buffer in buffers],
                "oversold_units": [(hours or 4) / 24 / 2**buffer for buffer in buffers],
                "lost_units": [buffer / 10 for buffer in buffers],
                "cost_amounts": [Decimal(60) / 2**buffer for buffer in buffers],
                "lost_amounts": [Decimal(buffer) for buffer in buffers],
                "assessed_at": at,
            }
            for sku in grids
            for hours in (0.0, 4.0, 12.0)
        ],
    )  # fmt: skip
    told.tell(
        RiskAssessed(
            happened_at=at, read_id=read_id, batch_id=batch_id, batch_at=batch_at,
            next_at=next_at, next_from="erp", lands_at=next_at + HOUR,
            is_late=is_late, apply_seconds=600, sku_count=len(rows), changed_count=len(rows),
            at_risk_count=sum(row["is_at_risk"] for row in rows),
            oversold_units=sum(row["oversold_units"] for row in rows), oversell_chance=0.25,
            cost_amount=sum((row["cost_amount"] for row in rows), Decimal(0)), currency="GBP",
        )
    )  # fmt: skip


def kept(told: Told, *tenths: tuple[int, int, float, int], batch_id: str = "B0") -> None:
    """Of the offers of a batch each (tenth, cases, chance of each, happened) came so within the time given."""
    parts = tuple(
        ForetoldTenthPart(
            tenth=tenth, case_count=cases, predicted=cases * chance, happened=came,
            squares=came * (1 - chance) ** 2 + (cases - came) * chance**2,
        )
        for tenth, cases, chance, came in tenths
    )  # fmt: skip
    _proved(told, batch_id, (), parts, predicted=0.0, happened=0, most=0)


def proved(told: Told, *, predicted: float, happened: int, most: int, oversold: Sequence[str] = ()) -> None:
    """A night found that so many oversells were foretold in forty batches of two offers, and so many came."""
    tenth = ProvedTenthPart(
        tenth=0, case_count=80, predicted=predicted, happened=happened, squares=0.5, oversold=tuple(oversold)
    )
    _proved(told, "B0", (tenth,), (), predicted=predicted, happened=happened, most=most)


def _proved(
    told: Told,
    batch_id: str,
    tenths: tuple[ProvedTenthPart, ...],
    foretold: tuple[ForetoldTenthPart, ...],
    *,
    predicted: float,
    happened: int,
    most: int,
) -> None:
    ended_at = told.now - 6 * HOUR
    window = ProvedWindowPart(
        batch_id=batch_id, batch_at=ended_at - 5 * HOUR, began_at=ended_at - 4 * HOUR, ended_at=ended_at,
        left_out_count=0, tenths=tenths, lands_at=ended_at + HOUR, foretold=foretold,
    )  # fmt: skip
    told.tell(
        RiskProved(
            happened_at=told.now - HOUR, since_at=told.now - 169 * HOUR, until_at=told.now - HOUR, window_count=40,
            case_count=80, predicted=predicted, happened=happened, most_expected=most, is_beyond=happened > most,
            brier_score=0.00625, windows=(window,),
        )
    )  # fmt: skip


def demanded(told: Told, *skus: str) -> None:
    """Each SKU sells one unit a day here, half to two nine times in ten, and twice as much elsewhere."""
    read_id = uuid4()
    side = {"units": 28, "sales": 28, "hours": 672.0, "certainty": 28.0, "size": 1.0, "square": 1.0}
    rows = [
        {
            "read_id": str(read_id), "sku": sku, **{f"own_{name}": value for name, value in side.items()},
            **{f"other_{name}": value for name, value in side.items()},
            "own_rate": 1 / 24, "own_low_rate": 0.5 / 24, "own_high_rate": 2 / 24,
            "other_rate": 2 / 24, "other_low_rate": 1 / 24, "other_high_rate": 4 / 24,
            "withdrawal_count": 0, "withdrawn_units": 0, "measured_at": told.now - HOUR,
        }
        for sku in skus
    ]  # fmt: skip
    _append(told, "demand_rows", rows)
    told.tell(
        DemandMeasured(
            happened_at=told.now - HOUR, read_id=read_id, batch_id="B1", since_at=told.now - 28 * 24 * HOUR,
            drawn_since_at=None, sku_count=len(rows), changed_count=len(rows), own_units=28, other_units=28,
            withdrawal_count=0, withdrawn_units=0, trades=(),
        )
    )  # fmt: skip


_ROW: Mapping[str, Any] = {
    "buffer_rule": "absolute", "advised_rule": "service_level", "base": 8, "quantity": 7, "buffer": 1,
    "advised_buffer": 2, "own_mean": 1.0, "other_mean": 2.0, "oversell_chance": 0.05, "own_chance": 0.04,
    "worst_chance": 0.1, "stock_out_chance": 0.1, "oversold_units": 0.07, "lost_units": 0.0, "buffer_cover": 0.5,
    "window_cover": 1.4, "cost_amount": Decimal("4.20"), "margin_amount": Decimal("20.00"), "is_at_risk": True,
}  # fmt: skip


def _append(told: Told, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        frame = pl.DataFrame([dict(row) for row in rows], infer_schema_length=None)
        told.journal.append_series(table, frame)
