"""Reads of stock: every SKU, one SKU, and the audit, as `store.reads`: one typed function per read model."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import polars as pl

from store.reads import LIMIT, Ask

# In which ways an offer may differ, the worst first.
DIFFERENCES = (
    "shows_too_much", "mismatch", "differs_once", "may_be_sold", "never_published", "refused", "on_its_way",
    "waits_to_rise",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Goods:
    """Which goods a question is narrowed to; empty: any."""

    division: str = ""
    category: str = ""
    style: str = ""
    warehouse: str = ""  # with stock in it

    def and_within(self) -> str:
        """The condition on `sku`, beginning with `and`; of all goods there is none, which costs nothing."""
        if self == ALL_GOODS:
            return ""
        return " and sku in (select sku from narrowed_skus($division, $category, $style, $warehouse))"

    def values(self) -> dict[str, str]:
        """What the condition asks for."""
        return {} if self == ALL_GOODS else asdict(self)


ALL_GOODS = Goods()
_SEARCHED = " and ($search = '' or contains(lower(sku || ' ' || style_name || ' ' || color_name), lower($search)))"


def inventory(
    ask: Ask, as_of: datetime, *, search: str = "", state: str = "", goods: Goods = ALL_GOODS, limit: int = LIMIT
) -> pl.DataFrame:
    """SKUs, those at risk first, then what sells most."""
    return ask(
        f"select * from inventory($as_of) where $state in ('', state){_SEARCHED}{goods.and_within()}"
        " order by is_at_risk desc, at_risk_quantity desc, is_mismatched desc, sold_30d desc, sku limit $limit",
        {"as_of": as_of, "search": search.strip(), "state": state, "limit": limit, **goods.values()},
    )


def inventory_states(ask: Ask, as_of: datetime, *, goods: Goods = ALL_GOODS) -> pl.DataFrame:
    """How many SKUs stand where, and the units shown of each."""
    return ask(
        "select state, count(*) as sku_count, coalesce(sum(shown_quantity), 0)::bigint as shown_quantity"
        f" from inventory($as_of) where true{goods.and_within()} group by all order by state",
        {"as_of": as_of, **goods.values()},
    )


def stock_audit(
    ask: Ask,
    as_of: datetime,
    *,
    only_different: bool = True,
    search: str = "",
    goods: Goods = ALL_GOODS,
    limit: int = LIMIT,
) -> pl.DataFrame:
    """Offers with what BlueCherry has, what we sent and what is shown; those that show too much first."""
    return ask(
        "select * from stock_audit($as_of) where (not $only_different or is_different)"
        f"{_SEARCHED}{goods.and_within()}"
        " order by audit_state <> 'shows_too_much', audit_state <> 'mismatch', is_different desc,"
        " abs(coalesce(gap_quantity, 0)) desc, sku limit $limit",
        {
            "as_of": as_of, "only_different": only_different, "search": search.strip(), "limit": limit,
            **goods.values(),
        },
    )  # fmt: skip


def stock_audit_totals(ask: Ask, as_of: datetime, *, goods: Goods = ALL_GOODS) -> dict[str, Any]:
    """How many offers there are, how many differ, and in which way."""
    counts = ", ".join(f"count(*) filter (where audit_state = '{state}') as {state}_count" for state in DIFFERENCES)
    return ask(
        "select count(*) as offer_count, count(*) filter (where is_different) as different_count,"
        f" {counts} from stock_audit($as_of) where true{goods.and_within()}",
        {"as_of": as_of, **goods.values()},
    ).row(0, named=True)


def batches(ask: Ask, as_of: datetime, *, limit: int = 100) -> pl.DataFrame:
    """Stock batches, the newest first."""
    return ask(
        "select * from batches($as_of) order by batch_at desc, batch_id desc limit $limit",
        {"as_of": as_of, "limit": limit},
    )


def stock_choices(ask: Ask, as_of: datetime) -> pl.DataFrame:
    """By which division, category and warehouse the stock can be narrowed; styles are too many to be listed."""
    return ask("select * from stock_choices($as_of) where kind <> 'style' order by kind, value", {"as_of": as_of})


def style_choices(ask: Ask, as_of: datetime, words: str, *, limit: int = LIMIT) -> pl.DataFrame:
    """Styles whose number or name contains some words, those of that very number or name first."""
    return ask(
        """
        select *, lower($words) in (lower(value), lower(value || ' ' || words)) as is_exact
        from stock_choices($as_of)
        where kind = 'style' and contains(lower(value || ' ' || words), lower($words))
        order by is_exact desc, value
        limit $limit
        """,
        {"as_of": as_of, "words": words, "limit": limit},
    )


def stock_share(ask: Ask, as_of: datetime, goods: Goods) -> dict[str, Any]:
    """What the goods chosen come to: SKUs, at risk, units shown, and what overselling them may cost."""
    return ask(
        "select * from stock_share($as_of, $division, $category, $style, $warehouse)",
        {"as_of": as_of, **asdict(goods)},
    ).row(0, named=True)


def stock_aside(ask: Ask, name: str) -> pl.DataFrame:
    """Where units of one SKU lie that are in no quantity we list, and why not; empty before the first batch."""
    return ask("select * from stock_aside($sku) order by why, location", {"sku": name})


def work_orders(ask: Ask, name: str) -> pl.DataFrame:
    """Open lines of work orders of one SKU, those due first before the others."""
    return ask(
        "select * from work_orders where sku = $sku order by due_on nulls last, work_order_id", {"sku": name}
    )


def stock_history(ask: Ask, as_of: datetime, name: str) -> pl.DataFrame:
    """What the batches had of one SKU, what we sent and what John Lewis showed, oldest first."""
    return ask("select * from stock_history($as_of, $sku) order by series, moved_at", {"as_of": as_of, "sku": name})


def stock_inflight(ask: Ask, as_of: datetime, name: str, *, limit: int = LIMIT) -> pl.DataFrame:
    """The order lines held back of one SKU now, or when its quantity was last sent; the newest first."""
    return ask(
        "select * from stock_inflight($as_of) where sku = $sku"
        " order by is_counted desc, placed_at desc, order_line_id limit $limit",
        {"as_of": as_of, "sku": name, "limit": limit},
    )


def stock_walk(ask: Ask, name: str, push_id: str | UUID) -> pl.DataFrame:
    """The steps from on hand to what was listed, of one quantity we sent."""
    return ask(
        "select * from stock_walk where sku = $sku and push_id = $push_id order by position",
        {"sku": name, "push_id": UUID(str(push_id))},
    )


def sku_risk(ask: Ask, as_of: datetime, name: str) -> dict[str, Any] | None:
    """How likely one SKU is oversold, at what cost; None: not assessed, for nothing of it is offered."""
    rows = ask("select * from stock_risk($as_of, names := $names)", {"as_of": as_of, "names": [name]}).to_dicts()
    return rows[0] if rows else None
