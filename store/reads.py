"""One typed function per read model: the only place where the store's views are asked.

Every function takes `ask(sql, values) → DataFrame`, so local and remote reading share every statement. Law: same
facts and same `as_of`, same rows; nothing here is worked out that a view could say.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import polars as pl

LIMIT = 500


class Ask(Protocol):
    """A way to put a question to the store: SQL with `$name` placeholders, and their values."""

    def __call__(self, sql: str, values: Mapping[str, object] | None = None) -> pl.DataFrame: ...


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The worker's last sign of life, by the business clock and by the machine's."""

    worker_pid: int
    doing: str
    domain_at: datetime
    wall_at: datetime


@dataclass(frozen=True, slots=True)
class Payload:
    """What we asked an outside system and what it said, word for word; personal data was never kept here."""

    snapshot_id: str
    source: str
    resource: str
    method: str
    path: str
    status: int
    latency_ms: int
    seen_at: datetime
    request_body: str
    body: str
    is_purged: bool


def heartbeat(ask: Ask) -> Heartbeat | None:
    """The last heartbeat; None: no worker ever ran on this store."""
    rows = ask("select worker_pid, doing, domain_at, wall_at from heartbeat where id = 1").to_dicts()
    return Heartbeat(**rows[0]) if rows else None


# -- across the house --------------------------------------------------------------------------


def today(ask: Ask, as_of: datetime) -> dict[str, Any]:
    """The one row that says how orders, dispatch and the house itself are."""
    return ask("select * from today($as_of)", {"as_of": as_of}).row(0, named=True)


def stock_totals(ask: Ask, as_of: datetime) -> dict[str, Any]:
    """The one row that says how the stock is."""
    return ask("select * from stock_totals($as_of)", {"as_of": as_of}).row(0, named=True)


def money_totals(ask: Ask, as_of: datetime) -> dict[str, Any]:
    """The one row that says how the money is."""
    return ask("select * from money_totals($as_of)", {"as_of": as_of}).row(0, named=True)


def order_hours(ask: Ask, as_of: datetime) -> pl.DataFrame:
    """Orders, units and amount for each hour of the last two days."""
    return ask("select * from order_hours($as_of) order by hour_at", {"as_of": as_of})


def flows(ask: Ask, as_of: datetime) -> pl.DataFrame:
    """Every flow with its last success, lag and backlog."""
    return ask("select * from flows($as_of) order by position", {"as_of": as_of})


def runs(ask: Ask, as_of: datetime, *, flow: str = "", limit: int = LIMIT) -> pl.DataFrame:
    """The latest runs, newest first."""
    return ask(
        "select * from runs($as_of) where $flow in ('', flow) order by ended_at desc limit $limit",
        {"as_of": as_of, "flow": flow, "limit": limit},
    )


def api_budget(ask: Ask, as_of: datetime) -> pl.DataFrame:
    """Calls of the last hour by operation."""
    return ask("select * from api_budget($as_of) order by source, call_count desc, resource", {"as_of": as_of})


def causes(ask: Ask, as_of: datetime) -> pl.DataFrame:
    """Causes of exceptions, the most pressing first."""
    return ask(
        "select * exclude (near) from causes($as_of) order by is_quiet, is_hidden, rank, deadline_at nulls last,"
        " amount desc nulls last, since_at, cause",
        {"as_of": as_of},
    )


def exceptions(
    ask: Ask, as_of: datetime, *, kind: str = "", cause: str | None = None, order_id: str = "", limit: int = LIMIT
) -> pl.DataFrame:
    """What is wrong now, one row each; of one kind and cause, or of one order, if asked for."""
    return ask(
        "select * from exceptions($as_of) where $kind in ('', exception_kind) and ($any_cause or cause = $cause)"
        " and $order_id in ('', order_id)"
        " order by deadline_at nulls last, since_at, exception_subject limit $limit",
        {
            "as_of": as_of, "kind": kind, "any_cause": cause is None, "cause": cause or "", "order_id": order_id,
            "limit": limit,
        },
    )  # fmt: skip


# -- orders ------------------------------------------------------------------------------------


def orders(
    ask: Ask,
    as_of: datetime,
    *,
    search: str = "",
    erp_state: str = "",
    state: str = "",
    sees_people: bool = False,
    limit: int = LIMIT,
) -> pl.DataFrame:
    """Orders: what waits longest first, then what is over, newest first.

    `search`: part of any id of either side, of a tracking number, the beginning of a SKU or, for those who see
    people, of a postcode.
    """
    return ask(
        "select * from orders($as_of) where $erp_state in ('', erp_state) and $state in ('', state)"
        " and ($search = '' or order_id in (select order_id from order_search($search, $sees_people)))"
        " order by is_shown_shipped or is_cancelled or erp_state = 'not_needed',"
        " case when is_shown_shipped or is_cancelled or erp_state = 'not_needed'"
        " then -epoch(placed_at) else epoch(placed_at) end, order_id limit $limit",
        {
            "as_of": as_of,
            "search": search.strip(),
            "erp_state": erp_state,
            "state": state,
            "sees_people": sees_people,
            "limit": limit,
        },
    )


def order_states(ask: Ask, as_of: datetime) -> pl.DataFrame:
    """How many orders stand where."""
    return ask(
        "select erp_state, state, count(*) as order_count, sum(total_amount)::decimal(18, 6) as total_amount"
        " from orders($as_of) group by all order by erp_state, state",
        {"as_of": as_of},
    )


def order_places(ask: Ask, as_of: datetime) -> pl.DataFrame:
    """Every place orders are in, and for what; what waits longest first within a place."""
    return ask("select * from order_places($as_of) order by position, oldest_at, reason", {"as_of": as_of})


def order(ask: Ask, as_of: datetime, order_id: str) -> dict[str, Any] | None:
    """One order; None: we never saw it."""
    rows = ask(
        "select * from orders($as_of) where order_id = $order_id", {"as_of": as_of, "order_id": order_id}
    ).to_dicts()
    return rows[0] if rows else None


def order_lines(ask: Ask, order_id: str) -> pl.DataFrame:
    """The lines of one order and what they became in BlueCherry."""
    return ask(
        "select * from order_lines where order_id = $order_id order by line_number, ord_num",
        {"order_id": order_id},
    )


def order_misfits(ask: Ask, order_id: str) -> pl.DataFrame:
    """The fields of a held order's addresses that BlueCherry does not take, with their lengths."""
    return ask("select * from order_misfits where order_id = $order_id", {"order_id": order_id})


def order_timeline(ask: Ask, order_id: str, *, limit: int = LIMIT) -> pl.DataFrame:
    """What happened to one order, oldest first: the latest of it; `moment_count` says how much there is."""
    return ask(
        "select * from (select *, count(*) over () as moment_count from order_timeline($order_id)"
        " order by happened_at desc, seq desc, moment_id desc limit $limit) order by happened_at, seq, moment_id",
        {"order_id": order_id, "limit": limit},
    )


def payload(ask: Ask, snapshot_id: str | UUID) -> Payload | None:
    """The words an event was read from."""
    rows = ask(
        "select shot.*, answer.body as answer_body, asked.body as asked_body,"
        " coalesce(answer.purged_at, asked.purged_at) is not null as is_purged"
        " from snapshots as shot"
        " left join bodies as answer on answer.content_hash = shot.content_hash and shot.content_hash <> ''"
        " left join bodies as asked on asked.content_hash = shot.request_hash and shot.request_hash <> ''"
        " where shot.snapshot_id = $snapshot_id limit 1",
        {"snapshot_id": UUID(str(snapshot_id))},
    ).to_dicts()
    if not rows:
        return None
    row = rows[0]
    return Payload(
        snapshot_id=str(row["snapshot_id"]),
        source=row["source"],
        resource=row["resource"],
        method=row["method"],
        path=row["path"],
        status=row["status"],
        latency_ms=row["latency_ms"],
        seen_at=row["seen_at"],
        request_body=_text(row["asked_body"]),
        body=_text(row["answer_body"]),
        is_purged=row["is_purged"],
    )


def personal(ask: Ask, order_id: str) -> dict[str, Any] | None:
    """The customer of one order, with what people changed (`edits`); None: purged, or hidden so far."""
    rows = ask("select body, edits from personal where order_id = $order_id", {"order_id": order_id}).to_dicts()
    if not rows:
        return None
    edits = {"edits": json.loads(rows[0]["edits"])} if rows[0]["edits"] else {}
    return dict(json.loads(rows[0]["body"])) | edits


# -- stock and catalogue -----------------------------------------------------------------------


def sku(ask: Ask, as_of: datetime, name: str) -> dict[str, Any] | None:
    """One SKU; None: neither side has it."""
    rows = ask("select * from inventory($as_of) where sku = $sku", {"as_of": as_of, "sku": name}).to_dicts()
    return rows[0] if rows else None


def publications(ask: Ask, name: str, *, limit: int = 50) -> pl.DataFrame:
    """What was sent for one SKU, newest first, with the numbers that made it."""
    return ask(
        "select * from publications where sku = $sku order by sent_at desc limit $limit",
        {"sku": name, "limit": limit},
    )


def mappings(ask: Ask, as_of: datetime) -> pl.DataFrame:
    """Every mapping in force."""
    return ask("select * from mappings($as_of) order by mapping, key, from_on nulls first", {"as_of": as_of})


def mapping_uses(ask: Ask, as_of: datetime) -> pl.DataFrame:
    """By mapping and key, what of the last thirty days carries its code or fits its rule."""
    return ask("select * from mapping_uses($as_of)", {"as_of": as_of})


def unmapped(ask: Ask, as_of: datetime) -> pl.DataFrame:
    """What holds orders and shipments, and what mending it would release."""
    return ask(
        "select * from unmapped($as_of) order by deadline_at nulls last, held_count desc, cause",
        {"as_of": as_of},
    )


def buffer_policies(ask: Ask, as_of: datetime) -> pl.DataFrame:
    """What the settings hold back, and every buffer policy ever set: the widest level first, the newest first."""
    return ask(
        "select * from buffer_policies($as_of)"
        " order by list_position(['settings', 'global', 'division', 'category', 'sku'], level), key, from_on desc",
        {"as_of": as_of},
    )


def described(ask: Ask, topic: str) -> Any:
    """What an outside system says of itself (carriers, shipping_types, ship_vias, warehouses …); None: not yet."""
    rows = ask("select value from marketplace_facts where topic = $topic", {"topic": topic}).to_dicts()
    return json.loads(rows[0]["value"]) if rows else None


# -- dispatch ----------------------------------------------------------------------------------


def dispatch(
    ask: Ask, as_of: datetime, *, order_id: str = "", is_open_only: bool = True, limit: int = LIMIT
) -> pl.DataFrame:
    """Parcels and orders still without one, the nearest deadline first."""
    return ask(
        "select * from dispatch($as_of) where $order_id in ('', order_id)"
        " and (not $open_only or is_unshipped or is_unconfirmed)"
        " order by shipping_deadline_at nulls last, order_id, ship_id, carton limit $limit",
        {"as_of": as_of, "order_id": order_id, "open_only": is_open_only, "limit": limit},
    )


def dispatch_states(ask: Ask, as_of: datetime) -> pl.DataFrame:
    """How many rows of dispatch stand where, and how many of them are late."""
    return ask(
        "select state, count(*) as row_count, count(*) filter (where is_late) as late_count"
        " from dispatch($as_of) group by all order by state",
        {"as_of": as_of},
    )


def deadline_hours(ask: Ask, as_of: datetime) -> pl.DataFrame:
    """Open work by hours left to its deadline, the late as -1, beyond two days as 48."""
    return ask(
        "select greatest(-1, least(48, floor(left_seconds / 3600)))::bigint as hours_left, state,"
        " count(*) as row_count from dispatch($as_of)"
        " where left_seconds is not null and (is_unshipped or is_unconfirmed)"
        " group by all order by hours_left, state",
        {"as_of": as_of},
    )


def deadlines(ask: Ask, as_of: datetime, *, limit: int = 4) -> pl.DataFrame:
    """The moments by which orders must leave, nearest first, with what stands before each; all the late are one."""
    return ask(
        "select is_late, min(shipping_deadline_at) as deadline_at, count(distinct order_id) as order_count,"
        " count(distinct order_id) filter (where state in ('order_held', 'not_in_erp', 'to_pick'))"
        " as unpicked_count,"
        " count(distinct order_id) filter (where state in ('picked', 'part_shipped')) as picked_count,"
        " count(distinct order_id) filter (where is_unconfirmed) as untold_count from dispatch($as_of)"
        " where (is_unshipped or is_unconfirmed) and shipping_deadline_at is not null"
        " group by is_late, case when is_late then null else shipping_deadline_at end"
        " order by deadline_at limit $limit",
        {"as_of": as_of, "limit": limit},
    )


# -- money -------------------------------------------------------------------------------------


def settlement(ask: Ask, as_of: datetime) -> pl.DataFrame:
    """Payouts, newest first."""
    return ask("select * from settlement($as_of) order by closed_at desc", {"as_of": as_of})


def ledger(
    ask: Ask, *, cycle_id: str = "", order_id: str = "", matched_to: str = "", limit: int = LIMIT
) -> pl.DataFrame:
    """Ledger lines, newest first."""
    return ask(
        "select * from ledger where $cycle_id in ('', cycle_id) and $order_id in ('', order_id)"
        " and $matched_to in ('', matched_to) order by created_at desc, transaction_id limit $limit",
        {"cycle_id": cycle_id, "order_id": order_id, "matched_to": matched_to, "limit": limit},
    )


def profit(ask: Ask, *, search: str = "", limit: int = LIMIT) -> pl.DataFrame:
    """Orders with money in the ledger, newest first."""
    return ask(
        "select * from profit where $search = '' or contains(lower(order_id), lower($search))"
        " order by placed_at desc nulls last, order_id limit $limit",
        {"search": search.strip(), "limit": limit},
    )


# -- commands and totals -----------------------------------------------------------------------


def command_results(ask: Ask, *, limit: int = 50) -> pl.DataFrame:
    """The last commands and what came of them."""
    return ask(
        "select * from command_results order by received_at desc limit $limit",
        {"limit": limit},
    )


def command_outcomes(ask: Ask, command_ids: Sequence[UUID]) -> pl.DataFrame:
    """These commands and what came of them; what is not in the inbox is missing."""
    return ask(
        "select * from command_results where list_contains($command_ids, command_id) order by received_at",
        {"command_ids": list(command_ids)},
    )


def _text(body: bytes | None) -> str:
    return zlib.decompress(body).decode("utf-8", "replace") if body else ""
