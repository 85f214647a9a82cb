"""The totals of `cherrylane status --json`: the figures the dashboard shows, gathered in one answer."""

from datetime import datetime
from typing import Any

from store.clock import aware
from store.money import to_pence
from store.reads import Ask, flows, money_totals, order_places, stock_totals, today


def status(ask: Ask, as_of: datetime, *, store_bytes: int = 0, worker: str = "") -> dict[str, Any]:
    """The totals of `cherrylane status --json`; the store's size and the worker's state the caller knows."""
    total = today(ask, as_of) | stock_totals(ask, as_of) | money_totals(ask, as_of)
    wrong = ask(
        "select exception_kind as kind, count(*) as open, min(since_at) as oldest_at"
        " from exceptions($as_of) group by all order by kind",
        {"as_of": as_of},
    )
    counted = ask(
        "select (select count(*) from events) as events, (select count(*) from intent_facts"
        " where intent_kind = 'post_journal' and state = 'confirmed') as journals"
    ).row(0, named=True)
    return {
        "as_of": _iso(as_of),
        "flows": [
            {
                "name": flow["name"],
                "last_success_at": _iso(flow["last_success_at"]),
                "lag_seconds": flow["lag_seconds"],
                "backlog": flow["backlog"],
                "state": flow["state"],
            }
            for flow in flows(ask, as_of).iter_rows(named=True)
        ],
        "exceptions": [{**row, "oldest_at": _iso(row["oldest_at"])} for row in wrong.iter_rows(named=True)],
        "orders": {
            name: total[f"{name}_count"] for name in ("seen", "in_erp", "held", "cancelled", "shipped", "confirmed")
        },
        "order_places": [
            {"place": place["place"], "reason": place["reason"], "orders": place["order_count"]}
            for place in order_places(ask, as_of).iter_rows(named=True)
        ],
        "stock": {
            "skus": total["sku_count"],
            "published": total["published_count"],
            "at_risk": total["at_risk_count"],
            "mismatched": total["mismatched_count"],
        },
        "settlement": {
            "lines": total["line_count"],
            "matched": total["matched_count"],
            "unexplained_amount": str(to_pence(total["unexplained_amount"])),
            "journals": counted["journals"],
        },
        "store": {"events": counted["events"], "bytes": store_bytes, "worker": worker},
    }


def _iso(moment: datetime | None) -> str | None:
    return aware(moment).isoformat() if moment else None
