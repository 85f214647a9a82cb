"""Reading functions about one order's life beyond its sale: what differs from what we sent, and what came of it.

As in `store.reads`: every function takes `ask(sql, values) → DataFrame`; nothing is worked out here.
"""

from datetime import datetime

import polars as pl

from store.reads import Ask


def drift(ask: Ask, as_of: datetime, order_id: str) -> pl.DataFrame:
    """Every way the sales orders of one order differ from what we sent, open ones first."""
    return ask(
        "select * from drift($as_of) where order_id = $order_id"
        " order by is_open desc, ord_num, drift_class, subject",
        {"as_of": as_of, "order_id": order_id},
    )


def order_systems(ask: Ask, as_of: datetime, order_id: str) -> pl.DataFrame:
    """What the marketplace, the ERP, the carrier and the payout say of one order now."""
    return ask(
        "select * from order_systems($as_of) where order_id = $order_id order by position",
        {"as_of": as_of, "order_id": order_id},
    )


def order_money(ask: Ask, order_id: str) -> pl.DataFrame:
    """What John Lewis booked for one order against what BlueCherry charged: sold, given back, together."""
    return ask("select * from order_money where order_id = $order_id order by position", {"order_id": order_id})


def order_documents(ask: Ask, order_id: str) -> pl.DataFrame:
    """BlueCherry's invoices and credit memos of one order, oldest first."""
    return ask(
        "select * from order_documents where order_id = $order_id order by issued_at, document",
        {"order_id": order_id},
    )


def order_returns(ask: Ask, as_of: datetime, order_id: str) -> pl.DataFrame:
    """The returns of one order, line by line, oldest first."""
    return ask(
        "select * from order_returns($as_of) where order_id = $order_id"
        " order by opened_at, return_id, order_line_id",
        {"as_of": as_of, "order_id": order_id},
    )


def unclear_in_erp(ask: Ask, order_id: str = "") -> pl.DataFrame:
    """What was to be created or cancelled in BlueCherry and may be there, of one order or all, oldest first."""
    return ask(
        "select * from unclear_in_erp where $order_id in ('', order_id) order by meant_at, intent_id",
        {"order_id": order_id},
    )


def order_funnel(ask: Ask, as_of: datetime) -> pl.DataFrame:
    """How far the orders of the last fortnight, and all that are open, have come."""
    return ask("select * from order_funnel($as_of) order by position", {"as_of": as_of})
