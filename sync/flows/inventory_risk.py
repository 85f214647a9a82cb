"""The risk part of the inventory: how likely each number does not hold until the next batch, and what that costs.

The buffer a policy of risk asks for is worked out before the quantities are decided; afterwards each offer is
assessed as it is listed. What moved is written down, with a grid of what other buffers and batch intervals would
come to for the offers at risk, those that may cost most, and those risk keeps from being listed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import polars as pl

from store.events import RiskAssessed
from sync.flows.inventory_basis import Basis
from sync.flows.inventory_board import withdrawals
from sync.flows.inventory_demand import demand, demand_told
from sync.flows.inventory_touched import Touched
from sync.flows.inventory_window import Horizon, horizon
from sync.rules import risk
from sync.rules.outlook import Outlook
from sync.rules.oversell import not_deducted
from sync.rules.record_error import convolved, with_errors
from sync.runs import Run

ASSESSED_EVERY = timedelta(minutes=10)  # told so often at least, even if nothing moved
INTERVALS = (1, 2, 4, 6, 8, 12, 24)  # hours between batches, for what-if
AS_IT_IS = 0
MOST_GRIDS = 300  # offers that are not at risk whose grid is worked out in one run, the costliest first
GRIDS_AT_ONCE = 500  # offers: each comes to a hundred outcomes, worked out side by side

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
    where is_active and is_listed and not is_gone {and_sku_named}
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
where not offer.is_gone {and_offer_named}
"""
_RECORDS = """
select sku_key, location, greatest(on_hand, 0) as on_hand
from stock_facts
where list_contains($warehouses, location) {and_named}
"""
_NAMED = "and {} in (select unnest($names))"
_LATELY = timedelta(days=56)
# What was assessed last of the offers that are not decided now, in sum.
_OTHERS = """
select
    count(*) as sku_count,
    count(*) filter (where risk.is_at_risk) as at_risk_count,
    coalesce(sum(risk.oversold_units), 0) as oversold_units,
    1 - exp(coalesce(sum(ln(1 - least(risk.own_chance, 1 - 1e-12))), 0)) as oversell_chance,
    coalesce(sum(risk.cost_amount), 0)::decimal(18, 6) as cost_amount,
from stock_risk_facts as risk
where risk.sku not in (select sku from offer_facts where is_gone) and risk.sku not in (select unnest($names))
"""


@dataclass(frozen=True, slots=True)
class Foresight:
    """What will be asked for, and for how long the numbers must hold."""

    outlook: Outlook
    span: Horizon
    record_errors: pl.DataFrame | None  # `sku_key`, `overstated`: how wrong its records may be; None: all are right
    margins: pl.DataFrame  # `sku`, `margin_amount` of one unit: price less the commission really charged less cost
    typical_margin: float | None  # of all offers: of those whose cost is not known


def foresight(run: Run, found: Basis) -> Foresight | None:
    """Measured on the past; None: nothing was ever on sale here."""
    span = horizon(run, found)
    return _foresight(run, found, demand(run, found, _farthest(span)), span)


def foreseen(run: Run, found: Basis, some: Touched | None = None) -> Foresight | None:
    """The same from what was measured last; None: nothing was yet. Who only looks measures nothing."""
    span = horizon(run, found)
    outlook = demand_told(run, found, _farthest(span), some.names if some else None)
    return _foresight(run, found, outlook, span, some)


def _foresight(
    run: Run, found: Basis, outlook: Outlook | None, span: Horizon, some: Touched | None = None
) -> Foresight | None:
    if outlook is None:
        return None
    earned = margins(run, some.names if some else None)
    typical = some.mark.typical_margin if some else risk.typical(earned["margin_amount"])
    return Foresight(outlook, span, _record_errors(run, found, some), earned, typical)


def with_risk(run: Run, board: pl.DataFrame, ahead: Foresight) -> pl.DataFrame:
    """The board with what is wanted in the window, and the units its policies' rules of risk hold back."""
    offers = board.join(ahead.margins, on="sku", how="left", maintain_order="left").with_columns(
        base=pl.col("supply") - pl.col("inflight")
    )
    offers = with_errors(offers, ahead.record_errors)
    return risk.advised(wanted(run, offers, ahead, AS_IT_IS), ahead.typical_margin).drop("base")


def _record_errors(run: Run, found: Basis, some: Touched | None) -> pl.DataFrame | None:
    """`sku_key`, `overstated`: how wrong the records of the warehouses that sell here may be."""
    if not found.record_errors:
        return None
    values: dict[str, object] = {"warehouses": sorted(found.record_errors)}
    if some is None:
        return convolved(run.house.ask(_RECORDS.format(and_named=""), values), found.record_errors)
    named = "and sku_key in (select sku_key from sku_facts where sku in (select unnest($names)))"
    values["names"] = list(some.names)
    return convolved(run.house.ask(_RECORDS.format(and_named=named), values), found.record_errors)


def margins(run: Run, names: Sequence[str] | None = None) -> pl.DataFrame:
    """`sku`, `margin_amount` of a unit (price less the commission really charged less cost), of all or of some."""
    sku, offer = ("", "") if names is None else (_NAMED.format("sku"), _NAMED.format("offer.sku"))
    values: dict[str, object] = {"since": run.now() - _LATELY}
    if names is not None:
        values["names"] = list(names)
    return run.house.ask(_MARGINS.format(and_sku_named=sku, and_offer_named=offer), values)


def assess(run: Run, found: Basis, decided: pl.DataFrame, ahead: Foresight, some: Touched | None = None) -> None:
    """Assess every offer with a SKU as it is listed now: `listed` of `decided`, a board with risk.

    Where only some were decided, the others count as they were assessed last.
    """
    now, span = run.now(), ahead.span
    offers = decided.filter(pl.col("sku_key").is_not_null()).with_columns(
        base=pl.col("supply") - pl.col("inflight"), quantity=pl.col("listed")
    )
    rows = risk.assessed(offers)
    moved = risk.news(rows, _known(run, some))
    if moved.is_empty() and not is_due(run, found):
        return
    read_id, moment = uuid4(), pl.lit(now)
    told = {"read_id": pl.lit(str(read_id)), "assessed_at": moment}
    run.house.journal.append_series("stock_risk_rows", moved.with_columns(**told))
    for grids in _grids(run, found, offers, moved, ahead):
        run.house.journal.append_series("risk_grid_rows", grids.with_columns(**told))
    sums = _sums(run, rows, some)
    event = RiskAssessed(
        happened_at=now, read_id=read_id, batch_id=found.batch.batch_id, batch_at=found.batch.as_of,
        next_at=span.window.next_at, next_from=span.next_from, lands_at=span.window.until,
        is_late=span.window.is_late, apply_seconds=int(span.apply.total_seconds()), changed_count=moved.height,
        currency=run.house.settings.currency, **sums,
    )  # fmt: skip
    run.record([event])
    run.counts["risk_assessed"] += moved.height
    run.counts["at_risk"] = sums["at_risk_count"]


def _known(run: Run, some: Touched | None) -> pl.DataFrame:
    """What was said of them last, as far as it can be news."""
    sql = f"select sku, {', '.join(risk.TOLD)} from stock_risk_facts"
    if some is None:
        return run.house.ask(sql)
    return run.house.ask(f"{sql} where sku in (select unnest($names))", {"names": list(some.names)})


def _sums(run: Run, rows: pl.DataFrame, some: Touched | None) -> dict[str, Any]:
    """What the assessed offers come to, with the others as they were assessed last."""
    sums: dict[str, Any] = {
        "sku_count": rows.height,
        "at_risk_count": int(rows["is_at_risk"].sum()),
        "oversold_units": float(rows["oversold_units"].sum()),
        "oversell_chance": risk.any_of(rows["own_chance"]),
        "cost_amount": rows["cost_amount"].sum(),
    }
    if some is None:
        return sums
    others = run.rows(_OTHERS, {"names": list(some.names)})[0]
    either = risk.any_of(pl.Series([sums["oversell_chance"], others["oversell_chance"]]))
    return {name: value + others[name] for name, value in sums.items()} | {"oversell_chance": either}


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
        own_since, until = window.others_since, _until(ahead.span, interval)
    wanted = ahead.outlook.within(
        offers, others_since=window.others_since, own_since=own_since, until=until, lag=ahead.span.apply
    )
    return wanted if run.house.settings.marketplace_deducts_sales else not_deducted(wanted)


def _until(span: Horizon, interval: float) -> datetime:
    """When a batch after so many hours would have taken effect."""
    return span.window.others_since + timedelta(hours=interval) + (span.window.until - span.window.next_at)


def _farthest(span: Horizon) -> datetime:
    """The end of the longest window anything is asked of, and of the sales that cross a stock file."""
    return max(span.window.until, _until(span, max(INTERVALS)), span.window.own_since + span.apply)


def _grids(
    run: Run, found: Basis, offers: pl.DataFrame, moved: pl.DataFrame, ahead: Foresight
) -> Iterator[pl.DataFrame]:
    """Of every offer at risk that moved, and of those nearest to it; some at a time, however many there are."""
    near = (
        moved.filter(~pl.col("is_at_risk") & ((pl.col("cost_amount") > 0) | (pl.col("advised_buffer") > 0)))
        .sort("cost_amount", "lost_units", "sku", descending=[True, True, False])
        .head(MOST_GRIDS)
    )
    chosen = pl.concat([moved.filter("is_at_risk"), near])
    of_them = offers.join(chosen.select("sku"), on="sku", how="semi", maintain_order="left")
    keys = of_them["sku_key"].to_list()
    gone = withdrawals(run, found, {hours: _until(ahead.span, hours) for hours in INTERVALS}, keys)
    for some in of_them.iter_slices(GRIDS_AT_ONCE):
        run.check()
        by_interval = {float(AS_IT_IS): wanted(run, some, ahead, AS_IT_IS)}
        by_interval |= {float(hours): wanted(run, _left_by(some, gone[hours]), ahead, hours) for hours in INTERVALS}
        yield risk.grids(by_interval)


def _left_by(offers: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """The offers with the base of another window: of one that ends later more leaves on scheduled orders."""
    base = pl.col("base") + pl.col("scheduled") - pl.col("then").fill_null(0)
    then = gone.rename({"scheduled": "then"})
    return offers.join(then, on="sku_key", how="left", maintain_order="left").with_columns(base=base).drop("then")
