"""A sandbox's world in this process, and the worker's decisions on its stock, without HTTP and without a store.

The world is the sandbox's own: customers, the web shop, warehouses, batches and stock files move in it by its
clock, and its earlier integration accepts orders and brings them to BlueCherry every quarter of an hour. The
decisions are the worker's own: its rules, and its SQL for sales in flight and for what others drew, over tables
that hold what it would have read. Left out, for every policy alike: trouble on the way, drift and its correction by
read-back, and rises for cancelled sales before the next batch. A decision is made when a batch is complete, when
something was sold while a stock file took effect, and every half hour while the next batch is late; the worker
decides every minute. Demand is measured once a day; the worker does it once an hour.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from sync.flows.inventory_basis import age_limits, policy_day
from sync.flows.inventory_demand import LOOKS_BACK
from sync.rules import risk
from sync.rules.aging import caution
from sync.rules.latency import Lags, percentile, window
from sync.rules.measuring import Period, measure
from sync.rules.outlook import Outlook
from sync.rules.policies import Policy, resolve
from sync.rules.pushes import BOARD, Terms, decide
from sync.rules.sellable import BUCKETS, supply
from sync.rules.stock_rows import KEY, normalised, to_store
from sync.sandbox.bluecherry_batches import Batch
from sync.sandbox.bluecherry_stock import BUCKETS as FIGURES
from sync.sandbox.bluecherry_stock import SELLING
from sync.sandbox.john_lewis_offers import StockImport
from sync.sandbox.world import World
from sync.settings import Settings

SQL = Path(__file__).resolve().parents[2] / "store" / "sql"
MINUTE = timedelta(minutes=1)
WHILE_LATE = 30 * MINUTE
MEASURED_EVERY = timedelta(days=1)
LATELY = timedelta(days=2)  # what was sold so long before a batch is inside it
MEASURES = 60  # batches and files whose delays count, as in the views

# What the worker's SQL reads, as it would stand in the store.
_TABLES: dict[str, dict[str, Any]] = {
    "order_facts": {"order_id": pl.String, "state": pl.String, "is_before_start": pl.Boolean,
                    "placed_at": pl.Datetime("us", "UTC"), "changed_at": pl.Datetime("us", "UTC"),
                    "accepted_at": pl.Datetime("us", "UTC"), "debited_at": pl.Datetime("us", "UTC")},
    "order_line_facts": {"order_line_id": pl.String, "order_id": pl.String, "sku": pl.String, "state": pl.String,
                         "quantity": pl.Int64, "cancelled_quantity": pl.Int64,
                         "placed_at": pl.Datetime("us", "UTC")},
    "published_rows": {"push_id": pl.String, "sku": pl.String, "quantity": pl.Int64},
    "import_facts": {"push_id": pl.String, "state": pl.String, "happened_at": pl.Datetime("us", "UTC")},
    "refused_quantities": {"push_id": pl.String, "sku": pl.String},
    "sales_order_facts": {"ord_num": pl.String, "entered_at": pl.Datetime("us", "UTC"), "warehouse": pl.String,
                          "happened_at": pl.Datetime("us", "UTC"), "seq": pl.Int64},
    "sales_line_facts": {"order_line_id": pl.String, "ord_num": pl.String, "sku_key": pl.String,
                         "ordered_quantity": pl.Int64, "cancelled_quantity": pl.Int64, "open_quantity": pl.Int64,
                         "order_id": pl.String, "happened_at": pl.Datetime("us", "UTC"), "seq": pl.Int64},
    "intent_facts": {"order_id": pl.String, "intent_kind": pl.String, "state": pl.String, "reference": pl.String},
    "batch_reading_facts": {"batch_id": pl.String, "read_id": pl.String, "as_of": pl.Datetime("us", "UTC")},
    "batch_recall_facts": {"batch_id": pl.String, "read_id": pl.String, "as_of": pl.Datetime("us", "UTC")},
    "stock_rows": {"read_id": pl.String, "as_of": pl.Datetime("us", "UTC"), "sku_key": pl.String,
                   "location": pl.String, "on_hand": pl.Int64, "linked": pl.Int64, "allocated": pl.Int64,
                   "later_orders": pl.Int64, "picked": pl.Int64, "work_orders": pl.Int64, "in_transit": pl.Int64,
                   "damaged": pl.Int64, "held": pl.Int64, "tells_open_orders": pl.Boolean},
    "stock_facts": {"sku_key": pl.String, "tells_open_orders": pl.Boolean},
}  # fmt: skip
_INFLIGHT = """
select sku, sum(inflight_quantity)::bigint as inflight
from inflight_lines($at, skew_seconds := $skew)
where inflight_quantity > 0
group by sku
"""


@dataclass
class Replay:
    """The worker's stock decisions under one policy, in one world."""

    world: World
    policy: Policy
    settings: Settings
    known: pl.DataFrame = field(init=False)  # stock as `stock_facts` has it
    batch: Batch | None = None  # the newest read
    sent: StockImport | None = None
    outlook: Outlook | None = None
    _sent_at: datetime | None = None
    _measured_at: datetime | None = None
    _raised: str = ""
    _is_undecided: bool = False  # nothing was decided on the newest batch yet
    _is_first: bool = False  # what was sent last was the first decision on its batch
    _publish: list[float] = field(default_factory=list)
    _apply: list[float] = field(default_factory=list)
    _files: list[tuple[StockImport, datetime]] = field(default_factory=list)  # and when they took effect
    _last: pl.DataFrame = field(init=False)  # what was sent of each offer

    def __post_init__(self) -> None:
        self.store = duckdb.connect(config={"threads": 1})
        self.store.execute("set timezone = 'UTC'")
        for name, columns in _TABLES.items():
            self._fill(name, pl.DataFrame(schema=columns))
        for macro in ("inflight_lines", "pool_moves", "listed_at_none"):
            self.store.execute((SQL / f"{macro}.sql").read_text())
        self.known = pl.DataFrame(schema={**dict.fromkeys(KEY, pl.String), **_quantities()})
        self._last = pl.DataFrame(schema={"sku": pl.String, "last_quantity": pl.Int64, "last_batch_id": pl.String})
        offers = self.world.john_lewis.offers
        self.skus = pl.DataFrame(
            [
                {"sku": sku.shop_sku, "sku_key": sku.key, "category": sku.category_code, "division": sku.division,
                 "margin_amount": sku.price * (1 - sku.commission_rate) - sku.cost}
                for sku in self.world.skus
                if sku.active and sku.shop_sku in offers and offers[sku.shop_sku].sku_key is not None
            ],
            schema_overrides={"margin_amount": pl.Decimal(18, 6)},
        ).sort("sku")  # fmt: skip
        self._readings: list[dict[str, Any]] = []
        self._changes: list[pl.DataFrame] = []

    def run(self, until: datetime) -> None:
        """Let the world live until then, deciding as the worker would."""
        is_due = False
        while self.world.now < until:
            self.world.advance_to(self.world.now + MINUTE)
            is_due = self._look() or self._settle() or self._is_late() or is_due
            if is_due and self.sent is None:
                self._decide()
                is_due = False

    def _is_late(self) -> bool:
        """Whether the next batch should have been there, each half hour anew."""
        if self.batch is None:
            return False
        late = self.world.now - self.batch.next_expected_at
        return late > MINUTE and late % WHILE_LATE < MINUTE

    # -- looking -----------------------------------------------------------------------------

    def _look(self) -> bool:
        """Read the newest complete batch, once."""
        batch = self.world.bluecherry.latest_batch()
        if batch is None or batch is self.batch or (self.batch and batch.as_of <= self.batch.as_of):
            return False
        rows = to_store(batch.kind, normalised(_rows(batch)), self.known)
        self.known = pl.concat([self.known.join(rows, on=list(KEY), how="anti"), rows])
        self._changes.append(rows.with_columns(read_id=pl.lit(batch.batch_id), as_of=pl.lit(batch.as_of)))
        self._readings.append({"batch_id": batch.batch_id, "read_id": batch.batch_id, "as_of": batch.as_of})
        self.batch, self._is_undecided = batch, True
        is_old = self._measured_at is None or self.world.now - self._measured_at >= MEASURED_EVERY
        if self.policy.risk != "none" and is_old:
            self.outlook, self._measured_at = self._measured(), self.world.now
        return True

    def _settle(self) -> bool:
        """Whether the stock file that was open has just ended, and something was sold meanwhile."""
        if self.sent is None or not self.sent.finished:
            return False
        assert self._sent_at is not None
        assert self.batch is not None
        self._apply.append((self.world.now - self._sent_at) / MINUTE)
        if self.sent.status == "COMPLETE":
            self._files.append((self.sent, self.world.now))
        # a batch that changed nothing waits for the next sale: that is no measure of how long one takes to show
        if self.batch.completed_at and self._is_first:
            self._publish.append((self.world.now - self.batch.completed_at) / MINUTE)
        self.sent = None
        newest = next(reversed(self.world.john_lewis.orders.values()), None)
        return newest is not None and newest.created_at >= self._sent_at

    # -- deciding ----------------------------------------------------------------------------

    def _decide(self) -> None:
        if self.batch is None:
            return
        now, batch, limits = self.world.now, self.batch, age_limits(self.settings)
        careful = caution(batch.as_of, now, limits)
        board = self._board(batch)
        if self.outlook is not None:
            board = self._with_risk(board, self.outlook, batch)
        terms = Terms(
            batch.batch_id, may_rise=not careful.freezes, is_new_batch=self._raised != batch.batch_id,
            caution=careful,
        )  # fmt: skip
        rows = decide(board.select(list(BOARD)), terms).rows
        self._is_first, self._is_undecided = self._is_undecided, False
        if terms.may_rise:
            self._raised = batch.batch_id
        if rows.is_empty():
            return
        self._last = pl.concat([
            self._last.join(rows, on="sku", how="anti"),
            rows.select("sku", last_quantity="quantity", last_batch_id=pl.lit(batch.batch_id)),
        ])  # fmt: skip
        room = self.world.john_lewis.offer_room
        self.sent = room.imports[room.import_stock(list(rows.select("sku", "quantity").iter_rows()))]
        self._sent_at = now

    def _board(self, batch: Batch) -> pl.DataFrame:
        self._tell_orders(since=batch.as_of - LATELY)
        inflight = self.store.execute(_INFLIGHT, {"at": batch.as_of, "skew": self.settings.clock_skew_seconds}).pl()
        offers = self.world.john_lewis.offers
        shown = pl.DataFrame({
            "sku": self.skus["sku"], "offer_quantity": [offers[sku].quantity for sku in self.skus["sku"]],
        })  # fmt: skip
        drawn = (
            self.skus.join(shown, on="sku", how="left", maintain_order="left")
            .join(supply(self.known, SELLING), on="sku_key", how="left", maintain_order="left")
            .join(inflight, on="sku", how="left", maintain_order="left")
            .join(self._last, on="sku", how="left", maintain_order="left")
            .with_columns(
                pl.col("supply", "scheduled", "inflight", *BUCKETS).fill_null(0),
                multiple=pl.lit(1), inflight_orders=pl.lit(""), released=pl.lit(0), risk_units=pl.lit(0),
                shown_least="offer_quantity", shown_most="offer_quantity", is_settled=pl.lit(value=True),
                is_failed=pl.lit(value=False), has_drifted=pl.lit(value=False),
            )
        )  # fmt: skip
        resolved = resolve(drawn, (), policy_day(self.world.now), self.policy)
        return resolved.select("margin_amount", *(pl.col(name).cast(dtype) for name, dtype in BOARD.items()))

    def _with_risk(self, board: pl.DataFrame, ahead: Outlook, batch: Batch) -> pl.DataFrame:
        now, usual = self.world.now, [float(self.settings.publish_takes)]
        past = [one for one in self.world.bluecherry.batches.batches if one.status == "COMPLETE"]
        delays = [
            (after.completed_at - before.next_expected_at) / MINUTE
            for before, after in pairwise(past)
            if after.completed_at
        ]
        lags = Lags(delays[-MEASURES:] or [0.0], self._publish[-MEASURES:] or usual)
        span = window(batch.as_of, now, now, batch.next_expected_at, lags)
        lag = percentile(self._apply[-MEASURES:] or usual) * MINUTE
        wanted = ahead.within(
            board.with_columns(base=pl.col("supply") - pl.col("inflight")),
            others_since=span.others_since, own_since=span.own_since, until=span.until, lag=lag,
        )  # fmt: skip
        return risk.advised(wanted)

    # -- measuring ---------------------------------------------------------------------------

    def _measured(self) -> Outlook:
        """What the demand flow measures, from the orders known now and the batches read so far."""
        now = self.world.now
        sales = pl.DataFrame(
            [
                (line.offer_sku, order.created_at, line.quantity)
                for order in self.world.john_lewis.orders.values()
                if order.created_at >= now - LOOKS_BACK
                for line in order.lines
            ],
            schema={"sku": pl.String, "sold_at": pl.Datetime("us", "UTC"), "units": pl.Int64}, orient="row",
        )  # fmt: skip
        period = {"since_at": self._readings[0]["as_of"], "until_at": self._readings[-1]["as_of"]}
        self._fill("batch_reading_facts", pl.DataFrame(self._readings, schema=_TABLES["batch_reading_facts"]))
        self._fill("stock_rows", pl.concat(self._changes).select(list(_TABLES["stock_rows"])))
        self._tell_sales_orders(since=period["since_at"])
        moves = self.store.execute(
            "from pool_moves($places, $since, $until)",
            {"places": list(SELLING), "since": period["since_at"], "until": period["until_at"]},
        ).pl()
        moves = moves.with_columns(pl.col("before_at", "batch_at").dt.convert_time_zone("UTC"))
        since = sales["sold_at"].min() if sales.height else now
        assert isinstance(since, datetime)
        skus = self.skus.select("sku", "sku_key", "category")
        looked_at = Period(since, now, period["since_at"], period["until_at"])
        return measure(skus, sales, moves, looked_at, listed_at_none=self._listed_at_none(since)).outlook

    def _listed_at_none(self, since: datetime) -> pl.DataFrame:
        """When John Lewis had none to sell, from the files of this policy and the orders."""
        now = self.world.now
        self._tell_orders(since)
        sent = [(file.import_id, sku, quantity) for file, _ in self._files for sku, quantity in file.lines]
        ends = [(file.import_id, "complete", at) for file, at in self._files]
        for name, rows in (("published_rows", sent), ("import_facts", ends)):
            self._fill(name, pl.DataFrame(rows, schema=_TABLES[name], orient="row"))
        found = self.store.execute("from listed_at_none($since, $now)", {"since": since, "now": now}).pl()
        return found.with_columns(pl.col("since", "until").dt.convert_time_zone("UTC"))

    # -- what the worker would have read ---------------------------------------------------------

    def _tell_orders(self, since: datetime) -> None:
        orders = []
        for order in reversed(self.world.john_lewis.orders.values()):
            if order.created_at < since:
                break
            orders.append(order)
        heads = [
            (one.order_id, one.state, False, one.created_at, one.updated_at, one.accepted_at, one.debited_at)
            for one in orders
        ]
        lines = [
            (
                line.line_id,
                one.order_id,
                line.offer_sku,
                line.state,
                line.quantity,
                line.cancelled_quantity,
                one.created_at,
            )
            for one in orders
            for line in one.lines
        ]
        self._fill("order_facts", pl.DataFrame(heads, schema=_TABLES["order_facts"], orient="row"))
        self._fill("order_line_facts", pl.DataFrame(lines, schema=_TABLES["order_line_facts"], orient="row"))
        self._tell_sales_orders(since)

    def _tell_sales_orders(self, since: datetime) -> None:
        now, found = self.world.now, []
        for order in reversed(self.world.bluecherry.book.orders):
            if order.entered_at < since:
                break
            if order.visible_at <= now:
                found.append(order)
        heads = [(one.ord_num, one.entered_at, one.location, now, 0) for one in found]
        lines = [
            (line.ext_line_id, one.ord_num, line.sku.key, line.qty, line.cancelled, line.open, one.po_num, now, 0)
            for one in found
            for line in one.lines
        ]
        self._fill("sales_order_facts", pl.DataFrame(heads, schema=_TABLES["sales_order_facts"], orient="row"))
        self._fill("sales_line_facts", pl.DataFrame(lines, schema=_TABLES["sales_line_facts"], orient="row"))

    def _fill(self, table: str, rows: pl.DataFrame) -> None:
        self.store.register(table, rows.to_arrow())


def _rows(batch: Batch) -> pl.DataFrame:
    """A batch's rows as the ERP port gives them."""
    names = {"wip": "work_orders", "hold": "held"}
    figures = pl.DataFrame(
        [row for _, row in batch.rows],
        schema=dict.fromkeys((names.get(n, n) for n in FIGURES), pl.Int64),
        orient="row",
    )
    return figures.with_columns(
        sku_key=pl.Series([position.key[0] for position, _ in batch.rows], dtype=pl.String),
        location=pl.Series([position.location for position, _ in batch.rows], dtype=pl.String),
        lot=pl.Series([position.lot for position, _ in batch.rows], dtype=pl.String),
        open_due=pl.col("open_orders") - pl.col("prebook"),
        allocated=pl.sum_horizontal("open_orders", "reserved", "demand"),
        is_unread=pl.lit(value=False),
    )


def _quantities() -> dict[str, Any]:
    schema = _TABLES["stock_rows"]
    return {name: dtype for name, dtype in schema.items() if name not in {*KEY, "read_id", "as_of"}}
