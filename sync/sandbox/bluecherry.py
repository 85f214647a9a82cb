"""The pretend BlueCherry as a whole: stock, order book, warehouses, other channels, people and the books.

The law: this is the one door other rooms of the sandbox use; the wire (``bluecherry_http``) is another skin
over the same parts. ``state()`` is the full truth, orders nobody can read yet included.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from sync.sandbox.bluecherry_batches import Batch, Batches
from sync.sandbox.bluecherry_channels import SALE_SHARE, WEB_SHARE, OtherChannels
from sync.sandbox.bluecherry_documents import ErpRefusalError, SalesOrder
from sync.sandbox.bluecherry_edits import BUSY_RATE, USUAL_RATE, HandEdits
from sync.sandbox.bluecherry_fulfilment import Fulfilment
from sync.sandbox.bluecherry_money import Books
from sync.sandbox.bluecherry_orders import OrderBook
from sync.sandbox.bluecherry_parcels import Shipment
from sync.sandbox.bluecherry_returns import ReturnBook
from sync.sandbox.bluecherry_stock import StockLedger

if TYPE_CHECKING:
    from sync.sandbox.world import World

API_KEY = "sandbox-bluecherry-key"
# How a sales order is answered at a bad moment. The gateway gives up on a server that keeps the order all the same.
BUSY = {
    "BATCH_RUNNING": (503, "a batch is being posted"),
    "LOCK_TIMEOUT": (503, "another user holds the record"),
    "UPSTREAM_TIMEOUT": (504, "the server did not answer"),
}


class BlueCherry:
    """An ERP that moves stock in batches, shows orders late and lets people edit them."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.stock = StockLedger(world)
        self.batches = Batches(world, self.stock)
        self.book = OrderBook(world, self.stock)
        self.fulfilment = Fulfilment(world, self.book)
        self.channels = OtherChannels(world, self.stock)
        self.edits = HandEdits(world, self.book)
        self.books = Books(world, self.book)
        self.returns = ReturnBook(world, self.book)
        self.book.on_visible = self._became_visible
        self.fulfilment.on_shipped.append(self.books.expect_invoice)
        self.busy = ""  # one of BUSY; empty: it takes orders
        self.stock.begin()
        self.batches.begin()
        self.channels.begin()
        self.scenarios: dict[str, Callable[[], object]] = {
            "hand_edits": self._hand_edits,
            "no_hand_edits": lambda: self._set_edit_rate(0.0),
            "usual_hand_edits": lambda: self._set_edit_rate(USUAL_RATE),
            "refuse_duplicates": lambda: self._refuse_duplicates(refuse=True),
            "accept_duplicates": lambda: self._refuse_duplicates(refuse=False),
            "stick_orders": lambda: self._stick_orders(are_stuck=True),
            "take_orders": lambda: self._stick_orders(are_stuck=False),
            "post_stuck_orders": self.book.post_stuck,
            "ship_all": self.fulfilment.ship_all,
            "close_period": self.books.close_period,
            "goods_without_return": self.returns.take_in_by_hand,
            "other_channels": lambda: self._open_channels(is_open=True),
            "no_other_channels": lambda: self._open_channels(is_open=False),
            "batch_now": self.batches.start_now,
            "delta_batch_now": lambda: self.batches.start_now(kind="DELTA"),
            "failed_batch_now": lambda: self.batches.start_now(status="FAILED"),
            "running_batch_now": lambda: self.batches.start_now(minutes=20),
            "ship_by_dpx": lambda: self.fulfilment.habits.add("dpx"),
            "ship_untracked": lambda: self.fulfilment.habits.add("untracked"),
            "ship_in_cartons": lambda: self.fulfilment.habits.add("cartons"),
            "ship_in_parts": lambda: self.fulfilment.habits.add("parts"),
            "ship_as_usual": self.fulfilment.habits.clear,
            "void_shipment": self.fulfilment.void_newest,
            "end_of_season": lambda: self._end_season(is_over=True),
            "new_season": lambda: self._end_season(is_over=False),
            "late_batches": lambda: self._set_late(is_late=True),
            "punctual_batches": lambda: self._set_late(is_late=False),
            "wide_batches": lambda: self._set_wide(is_wide=True),
            "long_batches": lambda: self._set_wide(is_wide=False),
            "answers_as_usual": lambda: self._be_busy(""),
            **{f"answers_{code.lower()}": partial(self._be_busy, code) for code in BUSY},
            **{f"hand_{kind}": partial(self.edits.edit_newest, kind) for kind in self.edits.kinds},
        }

    def _became_visible(self, order: SalesOrder) -> None:
        self.fulfilment.plan(order)
        self.edits.consider(order)

    # -- what the rest of the sandbox asks ---------------------------------------------------

    @property
    def shipments(self) -> list[Shipment]:
        return self.fulfilment.shipments

    def popularity(self) -> dict[str, float]:
        """Each SKU's share of all sales, by its key."""
        return self.stock.weights

    def create_order(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a sales order document; raises ErpRefusalError."""
        if self.busy not in BUSY:
            return self.book.create(document)
        if self.busy == "UPSTREAM_TIMEOUT":
            self.book.create(document)
        status, why = BUSY[self.busy]
        raise ErpRefusalError(self.busy, why, status=status)

    def stock_out(self, sku_key: str, units: int, channel: str) -> int:
        """Another channel takes free units at once; how many it got."""
        return self.channels.stock_out(sku_key, units, channel)

    def latest_batch(self) -> Batch | None:
        """The newest COMPLETE batch."""
        return self.batches.latest()

    def batch_rows(self, batch_id: str) -> list[dict[str, Any]]:
        """The rows of a batch as the wire has them."""
        return list(self.batches.wire_rows(batch_id))

    def sellable_in(self, batch: Batch) -> dict[str, int]:
        """What a careful reader would sell from that batch: free units by shop SKU, never below zero."""
        return self.batches.sellable_in(batch)

    def available(self) -> dict[str, int]:
        """Units really sellable now at this channel, by shop SKU."""
        return self.stock.available()

    # -- switches ----------------------------------------------------------------------------

    def scenario(self, name: str) -> None:
        """Turn a switch or make something happen; KeyError for a name of nobody's."""
        self.scenarios[name]()

    def _hand_edits(self) -> None:
        self._set_edit_rate(BUSY_RATE)
        self.edits.edit_some(3)

    def _set_edit_rate(self, rate: float) -> None:
        self.edits.rate = rate

    def _refuse_duplicates(self, *, refuse: bool) -> None:
        self.book.refuse_duplicates = self.books.refuse_duplicates = refuse

    def _stick_orders(self, *, are_stuck: bool) -> None:
        self.book.is_stuck = are_stuck

    def _be_busy(self, code: str) -> None:
        """From now on every sales order is answered with this code; empty: as usual."""
        self.busy = code

    def _open_channels(self, *, is_open: bool) -> None:
        self.channels.is_open = is_open

    def _end_season(self, *, is_over: bool) -> None:
        """Nothing seasonal is made again, and the web shop holds a sale of what is left."""
        self.stock.is_season_over = is_over
        self.channels.web_share = SALE_SHARE if is_over else WEB_SHARE

    def _set_late(self, *, is_late: bool) -> None:
        self.batches.are_late = is_late

    def _set_wide(self, *, is_wide: bool) -> None:
        """From the next batch on, stock is posted with 24 size buckets a row, or with a row for each SKU."""
        self.batches.are_wide = is_wide

    # -- the truth ---------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        return {
            "sales_orders": self.book.state(),
            "shipments": [shipment.as_truth() for shipment in self.shipments],
            "invoices_count": len(self.books.invoices),
            "returns": self.returns.state(),
            "credit_memos_count": len(self.returns.memos),
            "journals": self.books.state(),
            "batches": [batch.as_truth() for batch in self.batches.batches],
            "available": self.available(),
            "oversold": list(self.book.oversold),
            "sold_elsewhere": dict(self.stock.sold_elsewhere),
            "switches": {
                "hand_edit_rate": self.edits.rate,
                "refuse_duplicates": self.book.refuse_duplicates,
                "busy": self.busy,
                "stick_orders": self.book.is_stuck,
                "other_channels": self.channels.is_open,
                "season_over": self.stock.is_season_over,
                "late_batches": self.batches.are_late,
                "wide_batches": self.batches.are_wide,
            },
        }
