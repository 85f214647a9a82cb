"""Reads of the oversell risk, as `store.reads`: one typed function per read model, nothing worked out here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from store.reads import LIMIT, Ask
from store.reads_stock import ALL_GOODS, Goods

_COSTLIEST = "cost_amount desc, is_at_risk desc, own_chance desc, sku"
_SAME_DRAFT = (
    "(level, key, from_on, is_removal) = ($level, $key, $from_on, $is_removal)"
    " and percent is not distinct from $percent and units is not distinct from $units"
    " and combine is not distinct from $combine and risk is not distinct from $risk"
    " and alpha is not distinct from $alpha and oversell_cost_amount is not distinct from $oversell_cost"
    " and minimum is not distinct from $minimum and maximum is not distinct from $maximum"
)


def stock_risk(
    ask: Ask, as_of: datetime, *, only_at_risk: bool = False, goods: Goods = ALL_GOODS, limit: int = LIMIT
) -> pl.DataFrame:
    """Offers by what overselling them may cost until the next batch lands, the costliest first."""
    chosen = ask(
        f"select sku from weighed_offers where (not $only_at_risk or is_at_risk){goods.and_within()}"
        f" order by {_COSTLIEST} limit $limit",
        {"only_at_risk": only_at_risk, "limit": limit, **goods.values()},
    )
    return ask(
        f"select * from stock_risk($as_of, names := $names) order by {_COSTLIEST}",
        {"as_of": as_of, "names": chosen["sku"].to_list()},
    )


def stock_window(ask: Ask, as_of: datetime) -> dict[str, Any] | None:
    """How long the numbers that stand now must hold, and what is expected; None: no batch was assessed yet."""
    rows = ask("select * from stock_window($as_of)", {"as_of": as_of}).to_dicts()
    return rows[0] if rows else None


def risk_proof(ask: Ask, as_of: datetime) -> dict[str, Any] | None:
    """Whether the chances of the last week kept their word; None: no night looked yet."""
    rows = ask("select * from risk_proof($as_of)", {"as_of": as_of}).to_dicts()
    return rows[0] if rows else None


def risk_calibration(ask: Ask, as_of: datetime) -> dict[str, Any]:
    """How near the chances of the last eight weeks came, and the plain share of oversells beside them."""
    return ask("select * from risk_calibration($as_of)", {"as_of": as_of}).to_dicts()[0]


def risk_reliability(ask: Ask, as_of: datetime) -> pl.DataFrame:
    """How often what was said in the last eight weeks happened, by tenth of the chance."""
    return ask("select * from risk_reliability($as_of) order by tenth", {"as_of": as_of})


def risk_grid(ask: Ask, name: str) -> pl.DataFrame:
    """What other buffers and batch intervals (hours; 0: as it is) would come to for one SKU; empty: not at risk."""
    return ask("select * from risk_grid where sku = $sku order by interval_hours, buffer", {"sku": name})


def buffer_spending(ask: Ask, units: int) -> pl.DataFrame:
    """Where so many units more held back spare the most oversells per pound of margin, the best SKU first."""
    return ask("select * from buffer_spending($units)", {"units": units})


def sales_rate(ask: Ask, as_of: datetime, name: str) -> dict[str, Any] | None:
    """How fast one SKU sells here and elsewhere, and how sure that is; None: not measured yet."""
    rows = ask("select * from sales_rates($as_of) where sku = $sku", {"as_of": as_of, "sku": name}).to_dicts()
    return rows[0] if rows else None


def sku_demand_events(ask: Ask, as_of: datetime, name: str) -> pl.DataFrame:
    """The demand events of one SKU as they stand at a moment, the last to begin first."""
    return ask(
        "select * from sku_demand_events($as_of, $sku) order by since_at desc, key", {"as_of": as_of, "sku": name}
    )


def trading_hours(ask: Ask) -> pl.DataFrame:
    """When in the week each side is busy."""
    return ask("select * from trading_hours order by side, hour_of_week")


def policy_previews(ask: Ask, as_of: datetime, *, limit: int = LIMIT) -> pl.DataFrame:
    """What previews of buffer policies found, the newest first."""
    return ask(
        "select * from policy_previews($as_of) order by previewed_at desc, preview_id limit $limit",
        {"as_of": as_of, "limit": limit},
    )


def policy_preview_of(ask: Ask, as_of: datetime, draft: Mapping[str, Any]) -> dict[str, Any] | None:
    """The newest preview of this very draft (the members of `PreviewPolicy`), whoever asked; None: nobody did."""
    rows = ask(
        f"select * from policy_previews($as_of) where {_SAME_DRAFT} order by previewed_at desc limit 1",
        {"as_of": as_of, **draft},
    ).to_dicts()
    return rows[0] if rows else None


def running_trials(ask: Ask, command: str) -> pl.DataFrame:
    """Previews (`preview_policy`) or back-tests (`back_test`) that somebody asked for and that have not ended."""
    return ask(
        "select command_id, actor, state, message, received_at from command_results"
        " where command = $command and finished_at is null order by received_at",
        {"command": command},
    )


def policy_preview_changes(ask: Ask, preview_id: str, *, limit: int = LIMIT) -> pl.DataFrame:
    """The offers a previewed policy would change, the largest changes first."""
    return ask(
        "select * from policy_preview_changes where preview_id = $preview_id::uuid"
        " order by abs(quantity_change) desc, abs(cost_change_amount) desc, sku limit $limit",
        {"preview_id": preview_id, "limit": limit},
    )


def back_tests(ask: Ask, as_of: datetime, *, limit: int = LIMIT) -> pl.DataFrame:
    """Back-tests, the newest first: a row for each of their two policies."""
    return ask(
        "select * from back_tests($as_of) order by tested_at desc, test_id, side limit $limit",
        {"as_of": as_of, "limit": limit},
    )


def back_test_weeks(ask: Ask, test_id: str) -> pl.DataFrame:
    """What both policies of one back-test would have come to, week by week."""
    return ask(
        "select * from back_test_weeks where test_id = $test_id::uuid order by week_on, side", {"test_id": test_id}
    )


def back_test_reliability(ask: Ask, test_id: str) -> pl.DataFrame:
    """How often what was said happened, by tenth of the chance, for both policies."""
    return ask(
        "select * from back_test_reliability where test_id = $test_id::uuid order by side, tenth",
        {"test_id": test_id},
    )
