"""The measuring part of the inventory: how fast each offer sells here, and what else draws on its pool.

Once an hour the orders of the last weeks and the stock batches we read are looked through again; what moved is
written down. In between the rates stand as they were told, so that a run costs no more than the risk itself.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import numpy as np
import polars as pl

from store.events import DemandMeasured, TradePart
from sync.flows.inventory_basis import Basis
from sync.freshness import orders_read_until
from sync.rules import outlook
from sync.rules.demand_events import GOODS
from sync.rules.measuring import Period, measure
from sync.rules.outlook import OTHER, OWN, SIDE, Outlook, Swings
from sync.rules.trading_week import TradingWeek
from sync.runs import Run

MEASURED_EVERY = timedelta(hours=1)
LOOKS_BACK = timedelta(days=56)

# A SKU name two live SKUs share is nobody's.
_SKUS = """
with sold as (
    select
        sku, any_value(sku_key) as sku_key, any_value(division) as division, any_value(category) as category,
        any_value(style) as style,
    from sku_facts
    where is_active and is_listed and not is_gone {and_named}
    group by sku
    having count(*) = 1
)

select sold.*,
from sold
join offer_facts as offer on offer.sku = sold.sku and not offer.is_gone
order by sold.sku
"""

_NAMED = "and sku in (select unnest($names))"

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


def demand(run: Run, found: Basis, until: datetime) -> Outlook | None:
    """What is known of demand now, as far as windows up to a moment ask; None: nothing was ever on sale here."""
    told = run.rows("select max(happened_at) as measured_at from trade_facts")[0]["measured_at"]
    is_news = told is not None and any(one.told_at > told for one in found.events)
    if told is None or is_news or run.now() - told >= MEASURED_EVERY:
        _measure(run, found)
    return demand_told(run, found, until)


def _measure(run: Run, found: Basis) -> None:
    ask, now = run.house.ask, run.now()
    skus = ask(_SKUS.format(and_named=""))
    if skus.is_empty():
        return
    until = orders_read_until(run) or now
    since = until - LOOKS_BACK
    sales = ask(_SALES, {"since": since, "until": until})
    if not sales.is_empty():
        since = max(since, sales.select(pl.col("sold_at").min()).item())
    period = run.rows(_READINGS, {"since": now - LOOKS_BACK, "until": now})[0]
    moves = ask(
        "from pool_moves($places, $since, $until)",
        {
            "places": sorted(found.warehouses),
            "since": period["since_at"] or now,
            "until": period["until_at"] or now,
        },
    )
    told = measure(
        skus, sales, moves, Period(since, until, period["since_at"], period["until_at"]),
        listed_at_none=listed_at_none(run, since, until), events=found.events,
    )  # fmt: skip
    rates = told.outlook.skus.drop("division", "category", "style", strict=False)
    rows = rates.join(told.withdrawn, on="sku", how="left", maintain_order="left").with_columns(
        pl.col("withdrawal_count", "withdrawn_units").fill_null(0)
    )
    moved = outlook.news(rows, ask("select * from demand_facts"))
    read_id = uuid4()
    run.house.journal.append_series(
        "demand_rows", moved.with_columns(read_id=pl.lit(str(read_id)), measured_at=pl.lit(now))
    )
    event = DemandMeasured(
        happened_at=now, read_id=read_id, batch_id=found.batch.batch_id, since_at=since,
        drawn_since_at=period["since_at"] if told.has_draws else None, sku_count=rows.height,
        changed_count=moved.height, own_units=int(rows["own_units"].sum()),
        other_units=int(rows["other_units"].sum()), withdrawal_count=int(rows["withdrawal_count"].sum()),
        withdrawn_units=int(rows["withdrawn_units"].sum()),
        trades=(_part(OWN, told.outlook.own), _part(OTHER, told.outlook.other)),
    )  # fmt: skip
    run.record([event])
    run.counts["rates_measured"] += moved.height


def listed_at_none(run: Run, since: datetime, until: datetime) -> pl.DataFrame:
    """`sku`, `since`, `until`: when John Lewis had none of a SKU to sell, as far as we sent its quantities."""
    return run.house.ask(
        "from listed_at_none($since, $until, deducts_sales := $deducts)",
        {"since": since, "until": until, "deducts": run.house.settings.marketplace_deducts_sales},
    )


def _part(side: str, swings: Swings) -> TradePart:
    return TradePart(
        side=side,
        factors=tuple(swings.week.factors.tolist()),
        pace_swing=swings.pace_swing,
        day_swing=swings.day_swing,
        hour_swing=swings.hour_swing,
    )


def demand_told(run: Run, found: Basis, until: datetime, names: Sequence[str] | None = None) -> Outlook | None:
    """The outlook as it was written down last, of all SKUs or of those named; None: it was not yet.

    Windows begin with the batch and end at `until` at the latest: an event outside lifts nothing in one.
    """
    sides = {row["side"]: _swings(row) for row in run.rows("select * from trade_facts")}
    if OWN not in sides or OTHER not in sides:
        return None
    ahead = tuple(one for one in found.events if one.until > found.batch.as_of and one.since < until)
    columns = ", ".join(f"{side}_{name}" for side in (OWN, OTHER) for name in SIDE)
    sql = f"select demand.sku, {columns} from demand_facts as demand"
    if ahead:
        goods = ", ".join(name for name in GOODS if name != "sku")
        # the catalogue of a large shop is not looked through for a few of its SKUs
        goods_of = _SKUS.format(and_named="" if names is None else _NAMED)
        sql = (
            f"select demand.sku, {columns}, {goods} from demand_facts as demand left join ({goods_of}) using (sku)"
        )
    if names is None:
        return Outlook(run.house.ask(sql), sides[OWN], sides[OTHER], ahead)
    rates = run.house.ask(f"{sql} where demand.sku in (select unnest($names))", {"names": list(names)})
    return Outlook(rates, sides[OWN], sides[OTHER], ahead)


def _swings(row: dict[str, object]) -> Swings:
    return Swings(
        TradingWeek(np.asarray(row["factors"], dtype=np.float64)),
        float(str(row["pace_swing"])),
        float(str(row["day_swing"])),
        float(str(row["hour_swing"])),
    )
