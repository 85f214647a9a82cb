"""Makes facts out of events: every fact table, emptied and filled, by its fold alone.

Laws: a fold reads `fresh`, the temp table of the events at hand, never `events`; it gives the same rows however the
events are sliced. Nothing has happened more than ten minutes after it was written down. Each fact table carries the
mark of the file it was made by: when a later version folds otherwise, or knows a fact an earlier one did not, the
table is made anew from the journal at opening. So a change of a fact needs no step of its own, and facts always
equal the journal as this program reads it.
"""

import re
from collections.abc import Mapping
from hashlib import sha256

import duckdb

from store.copies import quoted
from store.literals import literal

SLICE = 200_000
# A record that the other side stamped with a moment to come is no newer than what was read of it later. A clock a
# few minutes ahead of ours still tells the older of two readings; one further off (an hour is a usual mistake) not.
FRESH = """
create or replace temp table fresh as
select * replace (if(happened_at > recorded_at + interval 10 minutes, recorded_at, happened_at) as happened_at)
from events
where seq > $since and seq <= $until
"""

# Which kinds of event each fold reads, so that an append runs only the folds it needs. A second word names the
# one kind of intent it reads.
FOLDED_KINDS: dict[str, tuple[str, ...]] = {
    "orders": ("order.placed", "order.changed"),
    "order_lines": ("order.placed", "order.changed"),
    "order_holds": ("order.held", "order.released"),
    "order_edits": ("order.edited",),
    "order_counts": ("orders.counted",),
    "sales_orders": ("sales_order.read",),
    "sales_lines": ("sales_order.read",),
    "sales_firsts": ("sales_order.read",),
    "addresses_kept": ("sales_order.read",),
    "scheduled_orders": ("scheduled_order.read",),
    "sent_orders": ("intent.recorded create_sales_order",),
    "drift_answers": ("drift.answered",),
    "acceptance_decisions": ("acceptance.decided",),
    "return_decisions": ("return.decided",),
    "absence_words": ("absence.said",),
    "missed_creations": ("creation.missed",),
    "cancelation_asks": ("cancelation.asked",),
    "market_returns": ("return.seen",),
    "erp_returns": ("return.read",),
    "credit_memos": ("credit_memo.read",),
    "refunds": ("order.placed", "order.changed"),
    "intents": ("intent.recorded", "intent.confirmed", "intent.refused", "intent.unclear"),
    "shipments": ("shipment.posted",),
    "cartons": ("shipment.posted",),
    "shipment_holds": ("shipment.held",),
    "skus": ("catalogue.read",),
    "offers": ("offers.read",),
    "stock_batches": ("stock_batch.seen",),
    "batch_readings": ("stock_batch.read", "stock_batch.rejected", "stock_batch.held"),
    "batch_verdicts": ("stock_batch.judged",),
    "batch_agreements": ("stock_batch.agreed",),
    "stock_terms": ("stock_terms.changed",),
    "stock_places": ("stock_terms.changed",),
    "buffer_policies": ("buffer_policy.set",),
    "orphan_releases": ("orphans.released",),
    "stock_audits": ("stock.compared",),
    "comparisons": ("stock.compared",),
    "stock": ("stock_batch.read",),
    "published": ("intent.recorded push_stock",),
    "demand": ("demand.measured",),
    "trades": ("demand.measured",),
    "risk_windows": ("risk.assessed",),
    "stock_risk": ("risk.assessed",),
    "risk_grids": ("risk.assessed",),
    "risk_outcomes": ("risk.proved",),
    "risk_foretold": ("risk.proved",),
    "risk_proofs": ("risk.proved",),
    "work_orders": ("work_order.read",),
    "policy_previews": ("policy.previewed",),
    "batch_recalls": ("stock_batch.recalled",),
    "back_tests": ("back_test.finished",),
    "back_test_weeks": ("back_test.finished",),
    "back_test_tenths": ("back_test.finished",),
    "imports": ("import.finished",),
    "transactions": ("transactions.read",),
    "payouts": ("payout.seen",),
    "invoices": ("invoice.read",),
    "marketplace": ("marketplace.described",),
    "mappings": ("mapping.set",),
    "runs": ("run.finished",),
    "commands": ("command.taken", "command.progressed", "command.finished"),
    "exceptions": ("exception.opened", "exception.changed", "exception.closed"),
    "exception_handling": ("exception.handled",),
    "clocks": ("clock.compared",),
    "unread": ("record.skipped", "record.read"),
    "alerts": ("alert.begun",),
    "alert_ends": ("alert.ended",),
    "alert_causes": ("alert.begun", "alert.cleared", "alert.returned"),
}

# The parts of a fact's file by name: `table` makes it, `fold` merges `fresh` into it.
Parts = Mapping[str, str]

_MADE = re.compile(r"create table if not exists (?P<table>\w+_facts) \(")


def fold(
    connection: duckdb.DuckDBPyConnection,
    folds: Mapping[str, str],
    reads: Mapping[str, tuple[str, ...]],
    topics: set[str],
) -> None:
    """Merge `fresh` into every fact that reads any of these topics: kinds of event, or of one kind of intent."""
    for name, sql in folds.items():
        if topics.intersection(reads[name]):
            connection.execute(sql)


def refold(
    connection: duckdb.DuckDBPyConnection,
    folds: Mapping[str, str],
    *,
    reads: Mapping[str, tuple[str, ...]] | None = None,
    slice_size: int = SLICE,
) -> None:
    """Fold all events, in slices, into empty tables; `reads` spares the folds that a slice has nothing for."""
    for since in range(0, newest_seq(connection), slice_size):
        connection.execute(FRESH, {"since": since, "until": since + slice_size})
        if reads is None:
            for sql in folds.values():
                connection.execute(sql)
        else:
            kinds = {row[0] for row in connection.execute("select distinct kind from fresh").fetchall()}
            topics = {topic for wanted in reads.values() for topic in wanted if topic.partition(" ")[0] in kinds}
            fold(connection, folds, reads, topics)


def make_facts(connection: duckdb.DuckDBPyConnection, facts: Mapping[str, Parts]) -> list[str]:
    """See to it that every fact table is made and filled as its file says; those that were not before, by name."""
    marks = dict(
        connection.execute(
            "select table_name, coalesce(comment, '') from duckdb_tables() where not temporary"
            " and database_name = current_database() and table_name like '%\\_facts' escape '\\'"
        ).fetchall()
    )
    stale = []
    for name, parts in facts.items():
        table, mark = table_of(parts), _mark(parts)
        if marks.pop(table, None) == mark:
            continue
        stale.append(name)
        connection.execute(f"drop table if exists {table}")
        connection.execute(parts["table"])
        connection.execute(f"comment on table {table} is {literal(mark)}")
    for forgotten in marks:  # of a fact that this program does not know any more
        connection.execute(f"drop table {quoted(forgotten)}")
    if stale:
        refold(connection, {name: facts[name]["fold"] for name in stale})
    return stale


def table_of(parts: Parts) -> str:
    """The table a fact's file makes. Raises ValueError if its first statement makes none."""
    found = _MADE.match(parts["table"])
    if found is None:
        raise ValueError("a fact's file begins with `create table if not exists …_facts (`")
    return found["table"]


def newest_seq(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of the event recorded last; 0: there is none."""
    row = connection.execute("select coalesce(max(seq), 0) from events").fetchone()
    return int(row[0]) if row else 0


def _mark(parts: Parts) -> str:
    return sha256("\n".join((FRESH, parts["table"], parts["fold"])).encode()).hexdigest()[:16]
