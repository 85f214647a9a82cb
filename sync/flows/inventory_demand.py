"""The measuring part of the inventory: how fast each offer sells here, and what else draws on its pool.

Once an hour the orders of the last weeks and the stock batches we read are looked through again; what moved is
written down. In between the rates stand as they were told, so that a run costs no more than the risk itself.
"""

from datetime import datetime, timedelta
from uuid import uuid4

import numpy as np
import polars as pl

from store.events_risk import DemandMeasured, TradePart
from sync.flows.inventory_basis import Basis
from sync.freshness import orders_known_until
from sync.rules import draws, outlook
from sync.rules.outlook import OTHER, OWN, SIDE, Outlook, Swings
from sync.rules.trading_week import TradingWeek
from sync.runs import Run

MEASURED_EVERY = timedelta(hours=1)
LOOKS_BACK = timedelta(days=56)
_HOUR = timedelta(hours=1)

# A SKU name two live SKUs share is nobody's.
_SKUS = """
with sold as (
    select sku, any_value(sku_key) as sku_key, any_value(category) as category,
    from sku_facts
    where is_active and is_listed and not is_gone
    group by sku
    having count(*) = 1
)

select sold.sku, sold.sku_key, sold.category,
from sold
join offer_facts as offer on offer.sku = sold.sku and not offer.is_gone
order by sold.sku
"""

_SALES = """
select sku, placed_at as sold_at, quantity::bigint as units,
from order_line_facts
where placed_at >= $since and placed_at < $until and quantity > 0
order by placed_at, order_line_id
"""

_READINGS = """
select min(as_of) as since_at, max(as_of) as until_at,
from batch_reading_facts
where read_id is not null and as_of >= $since and as_of <= $until
"""


def demand(run: Run, found: Basis) -> Outlook | None:
    """What is known of demand now; None: nothing was ever on sale here."""
    told = run.rows("select max(happened_at) as measured_at from trade_facts")[0]["measured_at"]
    if told is None or run.now() - told >= MEASURED_EVERY:
        _measure(run, found)
    return demand_told(run)


def _measure(run: Run, found: Basis) -> None:
    ask, now = run.house.ask, run.now()
    skus = ask(_SKUS)
    if skus.is_empty():
        return
    until = orders_known_until(run) or now
    since = until - LOOKS_BACK
    sales = ask(_SALES, {"since": since, "until": until})
    if not sales.is_empty():
        since = max(since, sales["sold_at"].min())  # type: ignore[type-var, assignment]
    period = run.rows(_READINGS, {"since": now - LOOKS_BACK, "until": now})[0]
    read, pool = _drawn(run, found, period["since_at"], period["until_at"])
    told = outlook.measured(
        _shares(skus, pool, until - since, period),
        sales,
        _by_sku(draws.as_sales(read), skus),
        sales_since=since,
        sales_until=until,
        draws_since=period["since_at"],
        draws_until=period["until_at"],
    )
    withdrawn = _by_sku(pool, skus).select("sku", "withdrawal_count", "withdrawn_units")
    rows = told.skus.join(withdrawn, on="sku", how="left", maintain_order="left").with_columns(
        pl.col("withdrawal_count", "withdrawn_units").fill_null(0)
    )
    moved = outlook.news(rows, ask("select * from demand_facts"))
    read_id = uuid4()
    run.house.journal.append_series(
        "demand_rows", moved.with_columns(read_id=pl.lit(str(read_id)), measured_at=pl.lit(now))
    )
    event = DemandMeasured(
        happened_at=now, read_id=read_id, batch_id=found.batch.batch_id, since_at=since,
        drawn_since_at=period["since_at"] if read.height else None, sku_count=rows.height,
        changed_count=moved.height, own_units=int(rows["own_units"].sum()),
        other_units=int(rows["other_units"].sum()), withdrawal_count=int(rows["withdrawal_count"].sum()),
        withdrawn_units=int(rows["withdrawn_units"].sum()),
        trades=(_part(OWN, told.own), _part(OTHER, told.other)),
    )  # fmt: skip
    run.record([event])
    run.counts["rates_measured"] += moved.height


def _drawn(
    run: Run, found: Basis, since: datetime | None, until: datetime | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What moved between the batches of a period, and what it comes to by SKU of BlueCherry."""
    moves = run.house.ask(
        "from pool_moves($places, $since, $until)",
        {"places": sorted(found.warehouses), "since": since or run.now(), "until": until or run.now()},
    )
    last = until or run.now()
    read = draws.falls(moves, last)
    return read, draws.pool(read, moves, last)


def _shares(
    skus: pl.DataFrame, pool: pl.DataFrame, sold_for: timedelta, period: dict[str, datetime]
) -> pl.DataFrame:
    """`skus` with the share of each period there was something to draw on; before our first batch: all of it."""
    watched = (period["until_at"] - period["since_at"]) / _HOUR if period["since_at"] else 0.0
    hours = max(sold_for / _HOUR, watched, 1.0)
    empty = (watched - pl.col("stock_hours")).clip(lower_bound=0)
    return skus.join(pool, on="sku_key", how="left", maintain_order="left").select(
        "sku",
        "category",
        own_share=1 - (empty / hours).fill_null(0.0),
        other_share=(pl.col("other_hours") / max(watched, 1.0)).clip(0, 1).fill_null(0.0),
    )


def _by_sku(rows: pl.DataFrame, skus: pl.DataFrame) -> pl.DataFrame:
    """Rows of BlueCherry's keys under the names the marketplace has for them."""
    return rows.join(skus.select("sku", "sku_key"), on="sku_key", how="inner", maintain_order="left")


def _part(side: str, swings: Swings) -> TradePart:
    return TradePart(
        side=side,
        factors=tuple(swings.week.factors.tolist()),
        pace_swing=swings.pace_swing,
        day_swing=swings.day_swing,
        hour_swing=swings.hour_swing,
    )


def demand_told(run: Run) -> Outlook | None:
    """The outlook as it was written down last; None: it was not yet."""
    sides = {row["side"]: _swings(row) for row in run.rows("select * from trade_facts")}
    if OWN not in sides or OTHER not in sides:
        return None
    columns = ", ".join(f"{side}_{name}" for side in (OWN, OTHER) for name in SIDE)
    return Outlook(run.house.ask(f"select sku, {columns} from demand_facts"), sides[OWN], sides[OTHER])


def _swings(row: dict[str, object]) -> Swings:
    return Swings(
        TradingWeek(np.asarray(row["factors"], dtype=np.float64)),
        float(str(row["pace_swing"])),
        float(str(row["day_swing"])),
        float(str(row["hour_swing"])),
    )
