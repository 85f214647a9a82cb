"""The risk part of the inventory: how likely each number does not hold until the next batch, and what that costs.

The buffer a policy of risk asks for is worked out before the quantities are decided; afterwards each offer is
assessed as it is listed. What moved is written down, with a grid of what other buffers and batch intervals would
come to for the offers at risk, those that may cost most, and those risk keeps from being listed.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import polars as pl

from store.events_risk import RiskAssessed
from sync.flows.inventory_basis import Basis
from sync.flows.inventory_demand import demand, demand_told
from sync.flows.inventory_window import Horizon, horizon
from sync.rules import risk
from sync.rules.outlook import Outlook
from sync.rules.oversell import not_deducted
from sync.runs import Run

ASSESSED_EVERY = timedelta(minutes=10)  # told so often at least, even if nothing moved
INTERVALS = (1, 2, 4, 6, 8, 12, 24)  # hours between batches, for what-if
AS_IT_IS = 0
MOST_GRIDS = 300  # offers whose grid is worked out in one run, the costliest first

# What one unit sold brings in: its price, less the commission we are really charged, less what it cost.
_MARGINS = """
with charged as (
    select
        sum(commission_amount + commission_vat_amount) / nullif(sum(price_amount), 0) as share,
    from order_line_facts
    where placed_at >= $since
),

costs as (
    select sku, any_value(cost_amount) as cost_amount
    from sku_facts
    where is_active and is_listed and not is_gone
    group by sku
    having count(*) = 1
)

select
    offer.sku,
    greatest(offer.price_amount * (1 - coalesce(charged.share, 0)) - costs.cost_amount, 0)::decimal(18, 6)
        as margin_amount,
from offer_facts as offer
join costs on costs.sku = offer.sku
cross join charged
where not offer.is_gone
"""
_LATELY = timedelta(days=56)


@dataclass(frozen=True, slots=True)
class Foresight:
    """What will be asked for, and for how long the numbers must hold."""

    outlook: Outlook
    span: Horizon


def foresight(run: Run, found: Basis) -> Foresight | None:
    """Measured on the past; None: nothing was ever on sale here."""
    outlook = demand(run, found)
    return None if outlook is None else Foresight(outlook, horizon(run, found))


def foreseen(run: Run, found: Basis) -> Foresight | None:
    """The same from what was measured last; None: nothing was yet. Who only looks measures nothing."""
    outlook = demand_told(run)
    return None if outlook is None else Foresight(outlook, horizon(run, found))


def with_risk(run: Run, board: pl.DataFrame, ahead: Foresight) -> pl.DataFrame:
    """The board with what is wanted in the window, and the units its policies' rules of risk hold back."""
    offers = board.join(margins(run), on="sku", how="left", maintain_order="left").with_columns(
        base=pl.col("supply") - pl.col("inflight")
    )
    return risk.advised(wanted(run, offers, ahead, AS_IT_IS)).drop("base")


def margins(run: Run) -> pl.DataFrame:
    """`sku`, `margin_amount` of one unit: price less the commission really charged less cost."""
    return run.house.ask(_MARGINS, {"since": run.now() - _LATELY})


def assess(run: Run, found: Basis, decided: pl.DataFrame, ahead: Foresight) -> None:
    """Assess every offer with a SKU as it is listed now: `listed` of `decided`, a board with risk."""
    now, span = run.now(), ahead.span
    offers = decided.filter(pl.col("sku_key").is_not_null()).with_columns(
        base=pl.col("supply") - pl.col("inflight"), quantity=pl.col("listed")
    )
    rows = risk.assessed(offers)
    moved = risk.news(rows, run.house.ask("select * from stock_risk_facts"))
    if moved.is_empty() and not is_due(run, found):
        return
    read_id, moment = uuid4(), pl.lit(now)
    told = {"read_id": pl.lit(str(read_id)), "assessed_at": moment}
    run.house.journal.append_series("stock_risk_rows", moved.with_columns(**told))
    grids = _grids(run, offers, moved, ahead)
    run.house.journal.append_series("risk_grid_rows", grids.with_columns(**told))
    at_risk = int(rows["is_at_risk"].sum())
    event = RiskAssessed(
        happened_at=now, read_id=read_id, batch_id=found.batch.batch_id, batch_at=found.batch.as_of,
        next_at=span.window.next_at, next_from=span.next_from, lands_at=span.window.until,
        is_late=span.window.is_late, apply_seconds=int(span.apply.total_seconds()), sku_count=rows.height,
        changed_count=moved.height, at_risk_count=at_risk, oversold_units=float(rows["oversold_units"].sum()),
        oversell_chance=risk.any_of(rows["own_chance"]), cost_amount=rows["cost_amount"].sum(),
        currency=run.house.settings.currency,
    )  # fmt: skip
    run.record([event])
    run.counts["risk_assessed"] += moved.height
    run.counts["at_risk"] = at_risk


def is_due(run: Run, found: Basis) -> bool:
    """Whether it is time to say that the risk stands as it was: of a new batch at once."""
    rows = run.rows(
        "select happened_at from risk_window_facts where batch_id = $batch_id", {"batch_id": found.batch.batch_id}
    )
    return not rows or run.now() - rows[0]["happened_at"] >= ASSESSED_EVERY


def wanted(run: Run, offers: pl.DataFrame, ahead: Foresight, interval: float) -> pl.DataFrame:
    """The demand of both sides in the window as it is, or in one that a batch interval of so many hours makes."""
    window = ahead.span.window
    own_since, until = window.own_since, window.until
    if interval:
        own_since = window.others_since
        until = own_since + timedelta(hours=interval) + (window.until - window.next_at)
    wanted = ahead.outlook.within(
        offers, others_since=window.others_since, own_since=own_since, until=until, lag=ahead.span.apply
    )
    return wanted if run.house.settings.marketplace_deducts_sales else not_deducted(wanted)


def _grids(run: Run, offers: pl.DataFrame, moved: pl.DataFrame, ahead: Foresight) -> pl.DataFrame:
    chosen = (
        moved.filter(pl.col("is_at_risk") | (pl.col("cost_amount") > 0) | (pl.col("advised_buffer") > 0))
        .sort("is_at_risk", "cost_amount", "lost_units", "sku", descending=[True, True, True, False])
        .head(MOST_GRIDS)
    )
    of_them = offers.join(chosen.select("sku"), on="sku", how="semi", maintain_order="left")
    return risk.grids({hours: wanted(run, of_them, ahead, hours) for hours in (AS_IT_IS, *INTERVALS)})
