"""How many of each SKU John Lewis may sell: BlueCherry's newest complete batch, less what was sold since.

It looks at what became of the last stock file, at the stock batches, and, every ten minutes, at what the
marketplace really shows. It counts the sales the batch does not contain, computes the quantity of every offer and
sends those that changed in one file: decreases at once, increases with a new batch (or after a cancelled sale), all
of them once a night. It keeps the numbers behind every quantity. What can go wrong: no orders pulled lately, or an
old batch (then nothing rises), a batch that fails its checks (then the one before stands), offers without a SKU
(set to zero; many at once wait for a person), one of the systems down (the other's part still goes on).
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import polars as pl

from sync.errors import Deferred, Fatal, Retriable
from sync.flows.inventory_batches import look, newest
from sync.flows.inventory_board import board
from sync.flows.inventory_imports import rested_at, settle
from sync.intents import Intent, carry_out
from sync.offers import READ_BACK_EVERY, last_read_at, read_offers
from sync.rules.batches import Newest
from sync.rules.mappings import load
from sync.rules.pushes import Decision, Terms, decide
from sync.runs import EVERYTHING, Preview, Run, Scope

NAME = "inventory"
LONDON = ZoneInfo("Europe/London")
FULL_HOUR = 3  # the nightly file, London time
FULL_ON = "inventory.full_on"
ASKED = "inventory.asked"  # SKUs a person wants sent, until they are
EVERY_SKU = "*"
ORDERS_FRESH_FOR = timedelta(minutes=10)
MOST_SHOWN = 1000

_PUBLISHED = (
    "sku", "sku_key", "batch_id", "quantity", "before_quantity", "supply", "inflight", "base", "buffer",
    "buffer_rule", "reason", "inflight_orders",
)  # fmt: skip


def run(run: Run, scope: Scope = EVERYTHING) -> None:
    """Settle, look, decide, send."""
    asked = _asked(run, scope)
    run.record(bookmarks={ASKED: "\n".join(sorted(asked))} if asked else None)
    is_free = settle(run)
    trouble = _look(run, asked)
    batch = newest(run)
    if batch is not None and is_free:
        terms = _terms(run, batch, asked)
        decision = _decide(run, batch, terms)
        if decision is not None:
            _count(run, decision)
            _send(run, decision.rows, terms)
    if trouble is not None:
        raise trouble


def preview(run: Run, scope: Scope = EVERYTHING) -> Preview:
    """What would be sent now, offer by offer, and why."""
    settle(run)
    run.due_at = None  # looking waits for nothing
    asked = _asked(run, scope)
    trouble = _look(run, asked)
    if trouble is not None:
        raise trouble
    batch = newest(run)
    decision = _decide(run, batch, _terms(run, batch, asked)) if batch else None
    if batch is None or decision is None:
        return Preview("There is no complete stock batch, no SKU or no offer yet: nothing would be sent.")
    shown = _within(decision.board if scope.key else decision.rows, scope)
    differences = _rows_of(shown).select(
        "sku", pl.col("before_quantity").alias("before"), pl.col("quantity").alias("after"),
        pl.col("reason").alias("why"), "supply", "inflight", "buffer", "inflight_orders",
    )  # fmt: skip
    sent = shown.filter("is_sent").height
    return Preview(
        sentence=_sentence(scope, sent, shown.height, decision, batch),
        differences=tuple(differences.head(MOST_SHOWN).to_dicts()),
        calls={"STO01": 1, "STO02": 1} if sent else {},
    )


def _asked(run: Run, scope: Scope) -> frozenset[str]:
    """What a person wants sent even if it did not change; remembered until it is."""
    asked = set(filter(None, (run.bookmark(ASKED) or "").split("\n")))
    if scope.key or scope.is_full:
        asked.add(scope.key or EVERY_SKU)
    return frozenset(asked)


def _look(run: Run, asked: frozenset[str]) -> Fatal | Retriable | None:
    """Batches and, now and then, offers; trouble with one side is kept until the rest is done."""
    trouble: Fatal | Retriable | None = None
    looks: tuple[Callable[[], object], ...] = (
        lambda: look(run, accepts_thin=EVERY_SKU in asked),
        lambda: _read_back(run),
    )
    for one in looks:
        run.check()
        try:
            one()
        except Deferred as later:
            run.defer(later.due_at, str(later))
        except (Fatal, Retriable) as met:
            trouble = trouble or met
    return trouble


def _read_back(run: Run) -> None:
    """What the marketplace shows: at most every ten minutes, and only if we sent something since."""
    read_at = last_read_at(run)
    if read_at is not None:
        if run.now() - read_at < READ_BACK_EVERY:
            return
        values = {"read_at": read_at}
        if not run.rows("select 1 from import_facts where happened_at > $read_at limit 1", values):
            return
    read_offers(run)


def _terms(run: Run, batch: Newest, asked: frozenset[str]) -> Terms:
    settings = run.house.settings
    is_recent = run.now() - batch.as_of <= timedelta(hours=settings.batch_max_age_hours)
    may_rise = is_recent and _are_orders_fresh(run)
    is_nightly = run.bookmark(FULL_ON) != _night(run.now())
    return Terms(
        batch_id=batch.batch_id,
        may_rise=may_rise,
        sends_all=EVERY_SKU in asked or (is_nightly and may_rise),
        sends=asked,
        may_zero_many=EVERY_SKU in asked,
    )


def _decide(run: Run, batch: Newest, terms: Terms) -> Decision | None:
    """None while it is not known what may be sold at all."""
    if not run.rows("select 1 from sku_facts where not is_gone limit 1"):
        return None
    rows = board(run, batch.as_of, _warehouses(run))
    return decide(rows, terms) if rows.height else None


def _warehouses(run: Run) -> frozenset[str]:
    chosen = frozenset(run.house.settings.warehouses)
    if not chosen:
        chosen = load(run.rows("select mapping, key, value from mapping_facts")).warehouses()
    if not chosen:
        raise Fatal("No warehouse sells on this channel: map a division to a warehouse, or set WAREHOUSES.")
    return chosen


def _are_orders_fresh(run: Run) -> bool:
    """Whether orders were pulled lately: without them we do not know what was sold."""
    return bool(
        run.rows(
            """
            select 1 from run_facts
            where flow = 'orders' and started_at >= $since
                and (state = 'succeeded' or (state = 'deferred' and (calls ->> '$.OR11') is not null))
            limit 1
            """,
            {"since": run.now() - ORDERS_FRESH_FOR},
        )
    )


def _night(moment: datetime) -> str:
    """The night a moment belongs to: the London day that began at the hour of the nightly file."""
    return (moment.astimezone(LONDON) - timedelta(hours=FULL_HOUR)).date().isoformat()


def _within(rows: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    return rows.filter(pl.col("sku") == scope.key) if scope.key else rows


def _rows_of(board: pl.DataFrame) -> pl.DataFrame:
    """Rows with what stood there before beside them."""
    return board.with_columns(
        before_quantity=pl.coalesce("last_quantity", "offer_quantity"), sku_key=pl.col("sku_key").fill_null("")
    )


def _count(run: Run, decision: Decision) -> None:
    run.counts["unmatched"] = decision.unmatched_count
    run.counts["zeroing_held"] = decision.held_count
    run.counts["increases_waiting"] = decision.waiting_count
    run.counts["inflight_units"] = int(decision.board["inflight"].sum())


def _send(run: Run, rows: pl.DataFrame, terms: Terms) -> None:
    """One file with everything that is due, and the numbers that made it."""
    if rows.is_empty():
        run.record(bookmarks={ASKED: ""} if terms.sends else None)
        return
    free_at = rested_at(run)
    if free_at is not None:
        run.defer(free_at, "a minute between two stock files")
        return
    push_id = uuid4()
    published = _rows_of(rows).with_columns(batch_id=pl.lit(terms.batch_id)).select(_PUBLISHED)
    run.house.journal.append_series(
        "published_rows", published.with_columns(push_id=pl.lit(str(push_id)), sent_at=pl.lit(run.now()))
    )
    quantities: Mapping[str, int] = dict(zip(rows["sku"], rows["quantity"], strict=True))
    why = "every offer" if terms.sends_all else "what changed"
    intent = Intent(
        kind="push_stock", subject=str(push_id), payload={"rows": rows.height, "reason": why}, intent_id=push_id
    )
    tally = carry_out(run, [intent], lambda _: run.house.marketplace.import_stock(quantities))
    if not tally["confirmed"]:
        return
    done = {ASKED: ""} if terms.sends else {}
    if terms.sends_all:
        done[FULL_ON] = _night(run.now())
    run.record(bookmarks=done)
    before = pl.coalesce("last_quantity", "offer_quantity")
    run.counts["published"] += rows.height
    run.counts["decreases"] += rows.filter(pl.col("quantity") < before).height
    run.counts["increases"] += rows.filter(pl.col("quantity") > before).height


def _sentence(scope: Scope, sent: int, shown: int, decision: Decision, batch: Newest) -> str:
    if scope.key and not shown:
        return f"John Lewis shows no offer named {scope.key}."
    words = [f"{sent} of {decision.board.height} offers would be sent, from batch {batch.batch_id}."]
    if decision.held_count:
        words.append(
            f"{decision.held_count} offers without a SKU would lose their stock: press resync to allow it."
        )
    if decision.waiting_count:
        words.append(f"{decision.waiting_count} could rise; that waits for the next batch and fresh orders.")
    return " ".join(words)
