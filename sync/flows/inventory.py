"""How many of each SKU John Lewis may sell: BlueCherry's newest complete batch, less what was sold since.

It looks at what became of the last stock file, every ten minutes at what the marketplace really shows, lets the
orders be read first, then looks at the stock batches. It counts the sales the batch does not contain, computes the
quantity of every offer (where there are many: of those something touched) and sends in one file those that are not
what stands there: decreases at once, increases with a new batch (or after a cancelled sale), all of them once a
night. It keeps the numbers behind every quantity, and how likely each is sold more often than it is there before
the next batch can say so.
What can go wrong: the orders cannot be read, or the batch is old (then nothing rises, and age makes us cautious), a
batch that fails its checks or waits for a person (then the one before stands), offers without a SKU (set to zero;
many within a day wait for a person), one of the systems down (the other's part still goes on).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import polars as pl

from store.events import StockBatchAgreed
from sync.errors import Deferred, Fatal, Retriable
from sync.flows.inventory_audit import compare, read_back, wanted_since
from sync.flows.inventory_basis import LONDON, Basis, basis
from sync.flows.inventory_batches import look, newest
from sync.flows.inventory_board import board, nets
from sync.flows.inventory_coming import look_ahead
from sync.flows.inventory_imports import is_lost_unread, last_end, rested_at, settle
from sync.flows.inventory_proof import prove
from sync.flows.inventory_risk import Foresight, assess, foreseen, foresight, is_due, with_risk
from sync.flows.inventory_touched import Touched, mark_decided, position, touched
from sync.flows.inventory_window import horizon
from sync.freshness import orders_first, orders_read_until
from sync.intents import Intent, carry_out
from sync.rules.pushes import Decision, Terms, decide, explained
from sync.rules.sellable import BUCKETS
from sync.runs import EVERYTHING, Preview, Run, Scope

NAME = "inventory"
FULL_HOUR = 3  # the nightly file, London time
FULL_ON = "inventory.full_on"
ASKED = "inventory.asked"  # SKUs a person wants sent, until they are
RAISED = "inventory.raised"  # the batch whose increases, of all offers, were sent
AGREEMENTS_SINCE = "inventory.agreements_since"  # from then on a batch of which nothing is to send is written down
EVERY_SKU = "*"
RELEASE_LASTS = timedelta(hours=24)  # a person's word that many offers may lose their stock
MOST_SHOWN = 1000

_PUBLISHED = (
    "sku", "sku_key", "batch_id", "quantity", "before_quantity", "supply", "inflight", "base", "buffer",
    "buffer_rule", "reason", "inflight_orders", *BUCKETS, "scheduled", "net_by_warehouse", "percent_units",
    "absolute_units", "risk_units", "minimum", "maximum", "multiple", "policy", "degraded",
    "waiting_units", "is_thin",
)  # fmt: skip


def run(run: Run, scope: Scope = EVERYTHING) -> None:
    """Settle, look, decide, send."""
    asked = _asked(run, scope)
    since = {} if run.bookmark(AGREEMENTS_SINCE) else {AGREEMENTS_SINCE: run.now().isoformat()}
    run.record(bookmarks=since | ({ASKED: "\n".join(sorted(asked))} if asked else {}))
    is_free, unasked = _settled(run)
    trouble = _look(run, is_free=is_free, is_asked=scope.is_asked)
    batch = newest(run)
    if batch is not None:
        found = basis(run, batch)
        if is_free or is_due(run, found):
            _decide_and_send(run, found, _terms(run, found, asked), is_free=is_free)
        look_ahead(run, batch)
        prove(run)
    trouble = unasked or trouble
    if trouble is not None:
        raise trouble


def _decide_and_send(run: Run, found: Basis, terms: Terms, *, is_free: bool) -> None:
    """Send what is due if the last file has ended; assess the risk of what is listed then."""
    at = position(run)
    some = touched(run, found, terms)
    ahead = foresight(run, found) if some is None else foreseen(run, found, some)
    decision = _decide(run, found, terms, ahead, some)
    if decision is None:
        return
    is_sent = False
    if is_free:
        _count(run, decision)
        is_sent = _send(run, decision.rows, terms, found, is_whole=some is None)
    if ahead is not None:
        assess(run, found, decision.listed(is_sent=is_sent), ahead, some)
    margin = ahead.typical_margin if ahead else None
    mark_decided(run, found, decision, at, was=some, is_sent=is_sent, margin=margin)


def preview(run: Run, scope: Scope = EVERYTHING) -> Preview:
    """What would be sent now, offer by offer, and why.

    Looking changes nothing outside: the orders, which a run lets be read first, are taken as they are known.
    """
    is_free, unasked = _settled(run)
    run.due_at = None  # looking waits for nothing
    asked = _asked(run, scope)
    trouble = unasked or _look(run, is_free=is_free, reads_orders=False)
    run.due_at = None
    if trouble is not None:
        raise trouble
    batch = newest(run)
    found = basis(run, batch) if batch else None
    terms = _terms(run, found, asked, reads_orders=False) if found else None
    decision = _decide(run, found, terms, foresight(run, found), None) if found and terms else None
    if found is None or decision is None:
        return Preview("There is no complete stock batch, no SKU or no offer yet: nothing would be sent.")
    shown = explained(_within(decision.board, scope)) if scope.key else decision.rows
    differences = shown.select(
        "sku", pl.col("standing").alias("before"), pl.col("quantity").alias("after"),
        pl.col("reason").alias("why"), "supply", "inflight", "buffer", "inflight_orders",
    )  # fmt: skip
    sent = shown.filter("is_sent").height
    return Preview(
        sentence=_sentence(scope, sent, shown.height, decision, found, is_fresh=_is_fresh(run)),
        differences=tuple(differences.head(MOST_SHOWN).to_dicts()),
        calls={"STO01": 1, "STO02": 1} if sent else {},
    )


def _asked(run: Run, scope: Scope) -> frozenset[str]:
    """What a person wants sent even if it did not change; remembered until it is."""
    asked = set(filter(None, (run.bookmark(ASKED) or "").split("\n")))
    if scope.key or scope.is_full:
        asked.add(scope.key or EVERY_SKU)
    return frozenset(asked.union(scope.named))


def _settled(run: Run) -> tuple[bool, Fatal | Retriable | None]:
    """Whether no file is open, and the trouble met in asking: then one may be, and nothing is sent."""
    try:
        return settle(run), None
    except (Fatal, Retriable) as met:
        return False, met


def _look(
    run: Run, *, is_free: bool, reads_orders: bool = True, is_asked: bool = False
) -> Fatal | Retriable | None:
    """Offers now and then, the orders, the batches; trouble with one side is kept until the rest is done."""
    trouble: Fatal | Retriable | None = None
    looks: tuple[Callable[[], object], ...] = (
        lambda: read_back(run) if is_free else None,
        lambda: _orders_first(run) if reads_orders else None,
        lambda: compare(run),
        lambda: look(run, is_asked=is_asked),
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


def _orders_first(run: Run) -> None:
    """Sales are known before quantities are computed: of late, past the last import's end and the last reading."""
    moments = (_fresh_since(run), last_end(run), wanted_since(run))
    orders_first(run, max(moment for moment in moments if moment is not None))


def _fresh_since(run: Run) -> datetime:
    return run.now() - timedelta(seconds=run.house.settings.orders_fresh_seconds)


def _is_fresh(run: Run) -> bool:
    known = orders_read_until(run)
    return known is not None and known >= _fresh_since(run)


def _terms(run: Run, found: Basis, asked: frozenset[str], *, reads_orders: bool = True) -> Terms:
    """On what to decide; who only looks counts as if the orders were read, as a run would see to."""
    is_fresh = _is_fresh(run) or not reads_orders
    is_nightly = run.bookmark(FULL_ON) != _night(run.now())
    released, since = _released(run)
    return Terms(
        batch_id=found.batch.batch_id,
        may_rise=is_fresh and not found.caution.freezes and not is_lost_unread(run),
        is_new_batch=run.bookmark(RAISED) != found.batch.batch_id,
        caution=found.caution,
        sends_all=EVERY_SKU in asked or (is_nightly and is_fresh),
        sends=asked,
        zeroes_at_most=released,
        zeroed_lately=_zeroed(run, since),
    )


def _released(run: Run) -> tuple[int, datetime]:
    """How many offers without a SKU a person lately let lose their stock, and since when they are counted."""
    since = run.now() - RELEASE_LASTS
    rows = run.rows(
        "select offer_count, happened_at from orphan_release_facts where happened_at >= $since", {"since": since}
    )
    return (int(rows[0]["offer_count"]), rows[0]["happened_at"]) if rows else (0, since)


def _zeroed(run: Run, since: datetime) -> frozenset[str]:
    """The SKUs that lost what stood at John Lewis, for want of a SKU, after a moment."""
    rows = run.rows(
        """
        select distinct sku from published_rows
        where sent_at > $since and sku_key = '' and quantity = 0 and before_quantity > 0
        """,
        {"since": since},
    )
    return frozenset(row["sku"] for row in rows)


def _decide(run: Run, found: Basis, terms: Terms, ahead: Foresight | None, some: Touched | None) -> Decision | None:
    """Of all offers, or of some; None while it is not known what may be sold at all."""
    if not run.rows("select 1 from sku_facts where not is_gone limit 1"):
        return None
    span = ahead.span if ahead else horizon(run, found)
    rows = board(run, found, until=span.window.until, names=some.names if some else None)
    if some is not None:
        terms = replace(terms, offer_count=some.offer_count)
    elif rows.is_empty():
        return None
    return decide(rows if ahead is None else with_risk(run, rows, ahead), terms)


def _night(moment: datetime) -> str:
    """The night a moment belongs to: the London day that began at the hour of the nightly file."""
    return (moment.astimezone(LONDON) - timedelta(hours=FULL_HOUR)).date().isoformat()


def _within(rows: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    return rows.filter(pl.col("sku") == scope.key)


def _count(run: Run, decision: Decision) -> None:
    run.counts["decided"] = decision.board.height
    run.counts["unmatched"] = decision.unmatched_count
    run.counts["zeroing_held"] = decision.held_count
    run.counts["increases_waiting"] = decision.waiting_count
    run.counts["inflight_units"] = int(decision.board["inflight"].sum())


def _send(run: Run, rows: pl.DataFrame, terms: Terms, found: Basis, *, is_whole: bool) -> bool:
    """One file with everything that is due, and the numbers that made it; whether it was sent.

    A batch's increases are done with when all offers were decided on it: where only risk had lowered an offer,
    nothing of a new batch touches it.
    """
    done = {RAISED: terms.batch_id} if terms.may_rise and is_whole else {}
    if rows.is_empty():
        is_news = bool(done) and terms.is_new_batch
        agreed = [StockBatchAgreed(happened_at=run.now(), batch_id=terms.batch_id)] if is_news else []
        run.record(agreed, bookmarks=done | ({ASKED: ""} if terms.sends else {}))
        return False
    free_at = rested_at(run)
    if free_at is not None:
        run.defer(free_at, "a minute between two stock files")
        return False
    push_id = uuid4()
    run.house.journal.append_series(
        "published_rows",
        _published(run, rows, found).with_columns(push_id=pl.lit(str(push_id)), sent_at=pl.lit(run.now())),
    )
    quantities: Mapping[str, int] = dict(zip(rows["sku"], rows["quantity"], strict=True))
    why = "every offer" if terms.sends_all else "what changed"
    intent = Intent(
        kind="push_stock", subject=str(push_id), payload={"rows": rows.height, "reason": why}, intent_id=push_id
    )
    tally = carry_out(run, [intent], lambda _: run.house.marketplace.import_stock(quantities))
    if not tally["confirmed"]:
        return False
    if terms.sends:
        done[ASKED] = ""
    if terms.sends_all:
        done[FULL_ON] = _night(run.now())
    run.record(bookmarks=done)
    run.counts["published"] += rows.height
    run.counts["decreases"] += rows.filter(pl.col("quantity") < pl.col("standing")).height
    run.counts["increases"] += rows.filter(pl.col("quantity") > pl.col("standing")).height
    return True


def _published(run: Run, rows: pl.DataFrame, found: Basis) -> pl.DataFrame:
    """The rows to send as they are kept: "why did we list 7?"."""
    keys = rows["sku_key"].drop_nulls().to_list()
    return (
        rows.join(nets(run, found.warehouses, keys), on="sku_key", how="left", maintain_order="left")
        .with_columns(
            pl.col("sku_key", "net_by_warehouse").fill_null(""),
            before_quantity=pl.col("standing"),
            waiting_units=(pl.col("target") - pl.col("quantity")).clip(lower_bound=0),
            batch_id=pl.lit(found.batch.batch_id),
            degraded=pl.lit(found.caution.state),
        )
        .select(_PUBLISHED)
    )


def _sentence(scope: Scope, sent: int, shown: int, decision: Decision, found: Basis, *, is_fresh: bool) -> str:
    if scope.key and not shown:
        return f"John Lewis shows no offer named {scope.key}."
    words = [f"{sent} of {decision.board.height} offers would be sent, from batch {found.batch.batch_id}."]
    if not is_fresh:
        words.append("The orders would be read first: what was sold of late is not counted in this.")
    if found.caution.state:
        words.append("The batch is old: buffers are larger, and thin SKUs may be left out.")
    if decision.held_count:
        words.append(f"{decision.held_count} offers without a SKU would lose their stock: that waits for a person.")
    if decision.waiting_count:
        words.append(f"{decision.waiting_count} could rise; that waits for the next batch and fresh orders.")
    return " ".join(words)
