"""Readings of what the desk shows: what happened to an exception, what stands behind it, what was edited by hand.

As in `store.reads`: one typed function per read model, same facts and same `as_of`, same rows.
"""

from datetime import datetime

import polars as pl

from store.reads import Ask


def wrong_of_cause(ask: Ask, kind: str, cause: str, *, limit: int = 5001) -> pl.DataFrame:
    """All that is wrong of one cause, with the values it follows from; one more than one command is for."""
    return ask(
        "select exception_id, grounds from exception_facts"
        " where is_open and exception_kind = $kind and cause = $cause"
        " order by since_at, exception_subject limit $limit",
        {"kind": kind, "cause": cause, "limit": limit},
    )


def exception_history(ask: Ask, exception_id: str) -> pl.DataFrame:
    """Everything that happened to one exception, the newest first."""
    return ask("select * from exception_history($id) order by seq desc", {"id": exception_id})


def exception_evidence(ask: Ask, exception_id: str, *, limit: int = 50) -> pl.DataFrame:
    """The answers of the outside systems behind one exception, the newest first."""
    return ask(
        "select * from exception_evidence($id) order by seen_at desc limit $limit",
        {"id": exception_id, "limit": limit},
    )


def exception_records(ask: Ask, as_of: datetime, exception_id: str) -> pl.DataFrame:
    """What is written down here behind one exception that stands on no single answer, the newest first."""
    return ask(
        "select * from exception_records($id, $as_of) order by seen_at desc, kind, subject",
        {"id": exception_id, "as_of": as_of},
    )


def mapping_things(ask: Ask, as_of: datetime, mapping: str, key: str, *, limit: int = 50) -> pl.DataFrame:
    """What uses one mapping, the latest first."""
    return ask(
        "select thing, order_id, sku, max(used_at) as used_at from mapping_things($as_of)"
        " where mapping = $mapping and key = $key group by all"
        " order by used_at desc nulls last, sku, thing limit $limit",
        {"as_of": as_of, "mapping": mapping, "key": key, "limit": limit},
    )


def order_edits(ask: Ask, order_id: str) -> pl.DataFrame:
    """What people changed of one order before it went to BlueCherry, the newest first; without the texts."""
    return ask(
        "select * from order_edits where order_id = $order_id order by happened_at desc", {"order_id": order_id}
    )


def order_commands(ask: Ask, order_id: str) -> pl.DataFrame:
    """What people asked for about one order, the newest first, and what came of it."""
    return ask(
        "select * from order_commands where order_id = $order_id order by seq desc",
        {"order_id": order_id},
    )
