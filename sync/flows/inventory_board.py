"""The counting half of the inventory: every offer with its stock, its sales in flight and what we sent last.

In flight is every unit sold at the marketplace that the batch does not contain: its sales order was not yet read
back from BlueCherry, or was entered there after the batch's moment less a skew of the clocks. What was entered
before is inside the batch, be it open, picked or shipped, and is not deducted twice. A sale refused or cancelled
is released at once only if it certainly never reached BlueCherry; otherwise the next batch shows it.
"""

import json
from collections.abc import Collection
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from sync.offers import last_read_at
from sync.rules.policies import Entry, Policy, resolve
from sync.rules.pushes import BOARD
from sync.rules.sellable import supply
from sync.runs import Run
from sync.settings import Settings

LONDON = ZoneInfo("Europe/London")
RELEASED = ("REFUSED", "CANCELED")
SHIPPED = ("SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED", "INCIDENT_OPEN", "REFUNDED")
RELEASES_SINCE = timedelta(days=7)

# The lines of the marketplace beside what BlueCherry has of them. `doubt`: a create may have arrived, unseen yet.
_LINES = """
with in_erp as (
    select
        line.order_line_id,
        sum(line.ordered_quantity) filter (head.entered_at > $cutoff) as late_quantity,
        bool_or(head.entered_at <= $cutoff) as is_inside,
    from sales_line_facts as line join sales_order_facts as head using (ord_num)
    where line.order_line_id <> ''
    group by line.order_line_id
),

doubt as (
    select distinct order_id from intent_facts
    where intent_kind = 'create_sales_order' and (
        state in ('recorded', 'unclear')
        or (state = 'confirmed' and reference not in (select ord_num from sales_order_facts))
    )
),

lines as (
    select
        line.sku, line.order_id, head.changed_at,
        line.quantity,
        line.quantity - line.cancelled_quantity as wanted,
        in_erp.order_line_id is not null as is_in_erp,
        coalesce(in_erp.is_inside, false) as is_inside,
        coalesce(in_erp.late_quantity, 0) as late_quantity,
        doubt.order_id is not null as is_doubtful,
        list_contains($released, line.state) or list_contains($released, head.state) as is_released,
        list_contains($shipped, line.state) or list_contains($shipped, head.state) as is_shipped,
        head.is_before_start,
    from order_line_facts as line
    join order_facts as head using (order_id)
    left join in_erp using (order_line_id)
    left join doubt on doubt.order_id = line.order_id
)
"""

_INFLIGHT = (
    _LINES
    + """
, counted as (
    select sku, order_id,
        case
            when is_inside then late_quantity
            when is_in_erp then greatest(late_quantity, wanted)
            when is_doubtful then quantity
            when is_released then 0
            -- shipped by hand at the marketplace: the goods of an earlier batch may still count there
            when is_shipped then if(not is_before_start and changed_at > $as_of, wanted, 0)
            else greatest(wanted, 0)
        end as units,
    from lines
)

select
    sku,
    sum(units)::bigint as inflight,
    string_agg(distinct order_id, ',' order by order_id) as inflight_orders,
from counted
where units > 0
group by sku
"""
)

_RELEASED = (
    _LINES
    + """
select sku, order_id, sum(if(is_released, quantity, quantity - wanted))::bigint as units,
from lines
where not is_in_erp and not is_doubtful and (is_released or quantity > wanted) and changed_at > $since
group by sku, order_id
"""
)

# A SKU name two live SKUs share is nobody's.
_OFFERS = """
with sold as (
    select sku, any_value(sku_key) as sku_key, any_value(multiple)::bigint as multiple,
        any_value(division) as division, any_value(category) as category,
    from sku_facts
    where is_active and is_listed and not is_gone
    group by sku
    having count(*) = 1
)

select
    offer.sku,
    sold.sku_key,
    sold.division,
    sold.category,
    coalesce(sold.multiple, 1) as multiple,
    offer.quantity as offer_quantity,
    sent.quantity as last_quantity,
    sent.batch_id as last_batch_id,
    sent.inflight_orders as last_orders,
    sent.push_id::varchar as push_id,
    coalesce(push.state = 'confirmed' and coalesce(arrived.state, 'complete') = 'complete', false) as is_settled,
    coalesce(offer.quantity > sent.quantity and $read_at > arrived.happened_at, false) as has_drifted,
from offer_facts as offer
left join sold using (sku)
left join published_facts as sent using (sku)
left join intent_facts as push on push.intent_id = sent.push_id
left join import_facts as arrived on arrived.push_id = sent.push_id
where not offer.is_gone
order by offer.sku
"""


def board(run: Run, as_of: datetime, warehouses: Collection[str]) -> pl.DataFrame:
    """A row per offer, as `sync.rules.pushes` wants them."""
    ask = run.house.ask
    entries: list[Entry] = []
    offers = ask(_OFFERS, {"read_at": last_read_at(run)})
    stock = ask(
        "select sku_key, location, on_hand, linked, allocated, picked, damaged, held from stock_facts"
        " where list_contains($warehouses, location)",
        {"warehouses": sorted(warehouses)},
    )
    cutoff = as_of - timedelta(seconds=run.house.settings.clock_skew_seconds)
    moments = {"cutoff": cutoff, "released": list(RELEASED), "shipped": list(SHIPPED)}
    inflight = ask(_INFLIGHT, {**moments, "as_of": as_of})
    released = ask(_RELEASED, {**moments, "since": as_of - RELEASES_SINCE})
    drawn = (
        offers.join(supply(stock, warehouses), on="sku_key", how="left", maintain_order="left")
        .join(inflight, on="sku", how="left", maintain_order="left")
        .join(_released_since(offers, released), on="sku", how="left", maintain_order="left")
        .join(_failed(run), on=["push_id", "sku"], how="left", maintain_order="left")
        .with_columns(
            pl.col("supply", "inflight", "released").fill_null(0),
            pl.col("inflight_orders").fill_null(""),
            pl.col("is_failed").fill_null(value=False),
        )
        .with_columns(risk_units=pl.lit(0), is_settled=pl.col("is_settled") & ~pl.col("is_failed"))
    )
    return resolve(drawn, entries, policy_day(run.now()), fallback(run.house.settings)).select(
        pl.col(name).cast(dtype) for name, dtype in BOARD.items()
    )


def fallback(settings: Settings) -> Policy:
    """The policy of the settings: the last word where nobody set another."""
    return Policy(
        percent=settings.buffer_percent,
        units=settings.buffer_units,
        combine=settings.buffer_policy,
        risk=settings.buffer_risk,
        alpha=settings.risk_alpha,
        oversell_cost=settings.oversell_cost,
        minimum=settings.minimum_quantity,
        maximum=settings.maximum_listed,
    )


def policy_day(moment: datetime) -> date:
    """The day a policy counts by: London's."""
    return moment.astimezone(LONDON).date()


def _released_since(offers: pl.DataFrame, released: pl.DataFrame) -> pl.DataFrame:
    """Units of the sales deducted last time that were cancelled since."""
    return (
        offers.select("sku", pl.col("last_orders").fill_null("").alias("order_id"))
        .filter(pl.col("order_id") != "")
        .with_columns(pl.col("order_id").str.split(","))
        .explode("order_id")
        .join(released, on=["sku", "order_id"])
        .group_by("sku")
        .agg(pl.col("units").sum().alias("released"))
    )


def _failed(run: Run) -> pl.DataFrame:
    """What the marketplace reported as errors of the last file each SKU was in."""
    rows = run.rows(
        "select push_id::varchar as push_id, errors from import_facts"
        " where error_count > 0 and push_id in (select push_id from published_facts)"
    )
    pairs = [(row["push_id"], sku, True) for row in rows for sku in json.loads(row["errors"] or "{}")]
    return pl.DataFrame(
        pairs, schema={"push_id": pl.String, "sku": pl.String, "is_failed": pl.Boolean}, orient="row"
    )
