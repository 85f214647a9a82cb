"""The counting half of the inventory: every offer with its stock, its sales in flight and what we sent last.

In flight is every unit sold at the marketplace that the batch does not contain (`store/sql/inflight_lines.sql`):
its sales order was not yet read back from BlueCherry, or was entered there after the batch's moment less a skew of
the clocks. What was entered before is inside the batch, be it open, picked or shipped, and is not deducted twice. A
sale refused or cancelled is released at once only if it certainly never reached BlueCherry.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

import polars as pl

from sync.flows.inventory_basis import Basis, entries, fallback, policy_day
from sync.rules.policies import Entry, resolve
from sync.rules.pushes import BOARD
from sync.rules.sellable import BUCKETS, scheduled, supply
from sync.runs import Run

RELEASES_SINCE = timedelta(days=7)

_INFLIGHT = """
select
    sku,
    sum(inflight_quantity)::bigint as inflight,
    string_agg(distinct order_id, ',' order by order_id) as inflight_orders,
from inflight_lines($batch_at, skew_seconds := $skew, deducts_open_orders := $open{of_named})
where inflight_quantity > 0
group by sku
"""

# Units deducted last time, or sold since, whose sale was cancelled before BlueCherry had it.
_RELEASED = """
select line.sku, sum(line.released_quantity)::bigint as released,
from inflight_lines($batch_at, skew_seconds := $skew, deducts_open_orders := $open{of_named}) as line
join published_facts as sent on sent.sku = line.sku
where line.released_quantity > 0 and line.changed_at > $since and (
    list_contains(string_split(sent.inflight_orders, ','), line.order_id)
    or line.placed_at > sent.happened_at - to_seconds($skew)
)
group by line.sku
"""

# A row per offer and live SKU of its name. Where only some offers are asked for, each table is cut down to them
# first: left to itself DuckDB puts all of them side by side, and then takes those.
_OFFERS = """
with offered as materialized (
    select sku, quantity from offer_facts where not is_gone {and_named}
),

sold as materialized (
    select sku, sku_key, multiple::bigint as multiple, division, category,
    from sku_facts
    where is_active and is_listed and not is_gone {and_named}
),

sent as materialized (
    select sku, quantity, batch_id, push_id, happened_at from published_facts where true {and_named}
),

arrivals as (
    select
        push.intent_id as push_id,
        push.state = 'confirmed'
            and coalesce(arrived.state, 'complete') in ('complete', 'unproven', 'lost') as is_settled,
        coalesce(arrived.state = 'complete', false) as is_complete,
    from intent_facts as push
    left join import_facts as arrived on arrived.push_id = push.intent_id
    where push.intent_kind = 'push_stock'
),

-- what John Lewis reported as errors of the last file each SKU was in
failed as (
    select push_id, sku from refused_quantities where push_id in (select push_id from sent)
),

unproven as (
    select sku from unproven_skus where true {and_named}
),

-- of which anything was sold or called off since the oldest of these sendings; what others show is what was sent
moving as (
    select distinct line.sku
    from order_line_facts as line
    join order_facts as placed on placed.order_id = line.order_id
    where placed.changed_at > (select min(happened_at) - to_seconds($skew) from sent) {and_line_named}
),

expected as (
    from expected_shown(
        $now, $now, skew_seconds := $skew, deducts_sales := $sales,
        names := (select coalesce(list(sku), []) from moving)
    )
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
    coalesce(expected.least_quantity, if(arrivals.is_complete, sent.quantity, null)) as shown_least,
    coalesce(expected.most_quantity, if(arrivals.is_complete, sent.quantity, null)) as shown_most,
    coalesce(arrivals.is_settled, false) and failed.sku is null and unproven.sku is null as is_settled,
    failed.sku is not null as is_failed,
    -- read back after it took effect: at once where more stands there than may, else when it is sure
    coalesce(
        audit.happened_at > sent.happened_at and audit.read_count > 0
        and (audit.shown_quantity > audit.most_quantity or audit.read_count >= 2), false
    ) as has_drifted,
from offered as offer
left join sold using (sku)
left join sent using (sku)
left join arrivals on arrivals.push_id = sent.push_id
left join failed on failed.sku = offer.sku and failed.push_id = sent.push_id
left join unproven on unproven.sku = offer.sku
left join expected on expected.sku = offer.sku
left join comparison_facts as audit on audit.sku = offer.sku
"""

_STOCK = """
select sku_key, location, {buckets},
from stock_facts
where list_contains($warehouses, location) {and_named}
"""

_NAMED = {
    "{of_named}": ", names := $names",
    "{and_named}": "and {key} in (select unnest($names))",
    "{and_line_named}": "and line.sku in (select unnest($names))",
}

# What leaves on dated orders of other customers until a moment, of the warehouses that sell here.
_LEAVING = """
select sku_key, location, quantity
from scheduled_units($batch_at, $until, skew_seconds := $skew)
where list_contains($warehouses, location) {and_named}
"""

_NETS = """
select
    sku_key,
    string_agg(location || ' ' || (on_hand - linked - allocated - picked - damaged - held), ', ' order by location)
        as net_by_warehouse,
from stock_facts
where list_contains($warehouses, location) and sku_key in (select unnest($keys))
group by sku_key
"""


def board(
    run: Run,
    basis: Basis,
    *,
    until: datetime,
    names: Sequence[str] | None = None,
    policies: Sequence[Entry] | None = None,
    on: date | None = None,
) -> pl.DataFrame:
    """A row per offer, as `sync.rules.pushes` wants them, of all or of those named.

    `until`: when the next batch's numbers stand; what leaves by then as scheduled is not there to be sold. To try
    something: by other policies, of another day.
    """
    settings = run.house.settings
    skew = settings.clock_skew_seconds
    values = {"now": run.now(), "skew": skew, "sales": settings.marketplace_deducts_sales}
    offers = _nobodys(_ask(run, _OFFERS, names, values))
    keys = None if names is None else offers["sku_key"].drop_nulls().to_list()
    pooled = supply(
        _stock(run, basis, keys),
        basis.warehouses,
        leaving=_leaving(run, basis, until, keys),
        clamps=settings.clamp_warehouses,
    )
    counted = {"batch_at": basis.batch.as_of, "skew": skew, "open": basis.has_open_orders}
    inflight = _ask(run, _INFLIGHT, names, counted)
    released = _ask(run, _RELEASED, names, {**counted, "since": basis.batch.as_of - RELEASES_SINCE})
    counted_off = inflight.join(released, on="sku", how="full", coalesce=True)
    drawn = (
        offers.join(pooled, on="sku_key", how="left", maintain_order="left")
        .join(counted_off, on="sku", how="left", maintain_order="left")
        .with_columns(
            pl.col("supply", "scheduled", "inflight", "released", *BUCKETS).fill_null(0),
            pl.col("inflight_orders").fill_null(""),
            risk_units=pl.lit(0),
        )
    )
    told = entries(run) if policies is None else policies
    return resolve(drawn, told, on or policy_day(run.now()), fallback(settings)).select(
        pl.col(name).cast(dtype) for name, dtype in BOARD.items()
    )


def _nobodys(offers: pl.DataFrame) -> pl.DataFrame:
    """A row per offer: a SKU name two live SKUs share is nobody's."""
    if offers["sku"].hash().n_unique() == offers.height:  # no two names are the same
        return offers
    is_shared = pl.col("sku").is_duplicated()
    owned = {name: pl.when(~is_shared).then(name) for name in ("sku_key", "division", "category")}
    return offers.with_columns(**owned, multiple=pl.when(is_shared).then(1).otherwise("multiple")).unique(
        "sku", keep="first", maintain_order=True
    )


def _stock(run: Run, basis: Basis, keys: Sequence[str] | None) -> pl.DataFrame:
    """The stock rows of the warehouses that sell here."""
    sql = _STOCK.replace("{buckets}", ", ".join(BUCKETS))
    return _ask(run, sql, keys, {"warehouses": sorted(basis.warehouses)}, key="sku_key")


def withdrawals(
    run: Run, basis: Basis, moments: Mapping[int, datetime], keys: Sequence[str]
) -> dict[int, pl.DataFrame]:
    """By name of a moment `sku_key`, `scheduled`: what leaves on scheduled orders until then, of the supply."""
    stock, clamps = _stock(run, basis, keys), run.house.settings.clamp_warehouses
    return {
        name: scheduled(_leaving(run, basis, until, keys), stock, basis.warehouses, clamps=clamps)
        for name, until in moments.items()
    }


def _leaving(run: Run, basis: Basis, until: datetime, keys: Sequence[str] | None) -> pl.DataFrame:
    """`sku_key`, `location`, `quantity`: what leaves on scheduled orders until a moment, of all SKUs or of some."""
    values = {
        "batch_at": basis.batch.as_of,
        "until": until,
        "skew": run.house.settings.clock_skew_seconds,
        "warehouses": sorted(basis.warehouses),
    }
    return _ask(run, _LEAVING, keys, values, key="sku_key")


def _ask(
    run: Run, sql: str, names: Sequence[str] | None, values: dict[str, object], *, key: str = "sku"
) -> pl.DataFrame:
    """The question of all offers, or of those named by their key."""
    is_named = names is not None
    for mark, words in _NAMED.items():
        sql = sql.replace(mark, words.replace("{key}", key) if is_named else "")
    return run.house.ask(sql, values | ({"names": list(names)} if names is not None else {}))


def nets(run: Run, warehouses: Collection[str], keys: Collection[str]) -> pl.DataFrame:
    """`sku_key`, `net_by_warehouse`: what each warehouse that sells here has left, in words."""
    return run.house.ask(_NETS, {"warehouses": sorted(warehouses), "keys": sorted(keys)})
