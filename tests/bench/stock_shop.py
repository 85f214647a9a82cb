"""The shop the bench of stock stands on: 500,000 SKUs in three warehouses, their batches as files, and a store."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import numpy as np
import polars as pl
from pydantic import SecretStr

from store import events
from store.database import Database, local_ask, open_database
from store.journal import Journal
from sync.flows import inventory
from sync.flows.inventory import _send
from sync.flows.inventory_basis import basis
from sync.flows.inventory_batches import look, newest
from sync.flows.inventory_board import board
from sync.freshness import ORDERS_SEEN
from sync.ports import INVENTORY_COLUMNS, Code, Page, StockBatch
from sync.rules.pushes import Decision, Terms, decide
from sync.runs import House, Notebook, Run
from sync.settings import Settings
from tests.bench.ground import order

SKUS = 500_000
PLACES = ("WH1", "WH2", "WH9")
SELLING = ("WH1", "WH2")
CHANGED = 0.05  # of the rows, from one batch to the next
FEW = 1_000
ORDERS = 2_000  # sold and not yet inside the batch
T_B = datetime(2026, 11, 24, 7, tzinfo=UTC)
EVERY = timedelta(hours=4)
COMPLETE_AFTER = timedelta(minutes=20)
# When each batch tells of; the updates come close together, within what one look at all offers is good for.
SOON = timedelta(minutes=2)
FULL, UPDATES = {"B1": T_B, "B2": T_B + EVERY}, {f"B{3 + n}": T_B + 2 * EVERY + n * SOON for n in range(3)}
BATCHES = FULL | UPDATES


# -- the shop --------------------------------------------------------------------------------


@dataclass
class Shop:
    """The inventory's run on a store; the ERP's batches are files, and what is sent arrives at once."""

    database: Database
    folder: Path
    moment: datetime = T_B + COMPLETE_AFTER
    decided_on: str = ""

    def __post_init__(self) -> None:
        self.journal = Journal(self.database, self, shop="4107")
        house = House(
            settings=_settings(), clock=self, journal=self.journal, ask=local_ask(self.database),
            marketplace=cast("Any", self), erp=cast("Any", self), notebook=Notebook(), start_on=T_B,
        )  # fmt: skip
        self.run = Run(house, "inventory", uuid4(), T_B)

    def now(self) -> datetime:
        return self.moment

    def whole_run(self) -> dict[str, int]:
        """What a run of the inventory does once its orders are read; its counts."""
        read_at, night = self.moment.isoformat(), inventory._night(self.moment)
        self.journal.append(bookmarks={ORDERS_SEEN: read_at, inventory.FULL_ON: night})
        self.run.counts.clear()
        look(self.run)
        batch = newest(self.run)
        assert batch is not None
        self.decided_on, found = batch.batch_id, basis(self.run, batch)
        terms = inventory._terms(self.run, found, frozenset())
        inventory._decide_and_send(self.run, found, terms, is_free=True)
        return dict(self.run.counts)

    def decided(self) -> Decision:
        """What to send on the newest batch."""
        offers = self.board()
        return decide(offers, Terms(self.decided_on, may_rise=True))

    def board(self) -> pl.DataFrame:
        """Every offer on the newest batch."""
        batch = newest(self.run)
        assert batch is not None
        self.decided_on = batch.batch_id
        return board(self.run, basis(self.run, batch), until=T_B + EVERY)

    def send(self, decision: Decision) -> None:
        """The file goes out and has taken effect."""
        batch = newest(self.run)
        assert batch is not None
        found = basis(self.run, batch)
        assert _send(self.run, decision.rows, Terms(batch.batch_id, may_rise=True), found, is_whole=True)
        self.arrive()

    def arrive(self) -> None:
        """The last file has taken effect."""
        push = self.run.rows(
            "select intent_id, reference from intent_facts where intent_kind = 'push_stock' order by seq"
        )[-1]
        self.run.record([
            events.ImportFinished(
                happened_at=self.moment, import_id=push["reference"], push_id=push["intent_id"], state="complete",
                success_count=1, error_count=0, errors={},
            )
        ])  # fmt: skip

    # -- what the inventory asks the two systems -----------------------------------------------

    def import_stock(self, quantities: Mapping[str, int]) -> str:
        return f"IMP-{len(quantities)}"

    def locations(self) -> tuple[Code, ...]:
        return tuple(Code(place, place, {"type": "W"}) for place in PLACES)

    def batches(self, *, completed_from: datetime | None = None) -> Iterator[Page[StockBatch]]:
        told = json.loads((self.folder / "batches.json").read_text())
        all_of_them = [
            StockBatch(
                batch_id=name, kind="FULL" if name in FULL else "DELTA", state="COMPLETE", as_of=as_of,
                started_at=as_of, completed_at=as_of + COMPLETE_AFTER, row_count=told[name][0],
                checksum=str(told[name][1]), next_expected_at=as_of + EVERY,
            )
            for name, as_of in BATCHES.items()
        ]  # fmt: skip
        shown = [batch for batch in all_of_them if batch.completed_at and batch.completed_at <= self.moment]
        yield Page(tuple(shown if completed_from else shown[-1:]), None)

    def inventory(self, batch_id: str) -> Iterator[tuple[pl.DataFrame, UUID | None]]:
        yield pl.read_csv(self.folder / f"{batch_id}.csv", schema=INVENTORY_COLUMNS), None


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Shop]:
    with open_database(folder / "stock.duckdb") as database:
        shop = Shop(database, folder)
        yield shop
        shop.journal.close()


def _settings() -> Settings:
    """The defaults; nobody is called."""
    names = [name for name in os.environ if name.startswith("CHERRYLANE_")]
    for name in names:
        del os.environ[name]
    return Settings(
        _env_file=None, marketplace_url="https://marketplace.example", marketplace_key=SecretStr("none"),
        marketplace_shop_id="4107", erp_url="https://erp.example", erp_key=SecretStr("none"),
        erp_timezone="Europe/London", warehouses=SELLING,
    )  # fmt: skip


# -- what it stands on -----------------------------------------------------------------------


def prepare(folder: Path) -> None:
    """The batches as files; a store with every offer, a few sales, and the first batch read and sent."""
    dice = np.random.default_rng(20261124)
    first = _rows(dice)
    second = _moved(first, dice, CHANGED)
    few = second.filter(pl.col("sku_key").is_in(_keys()[:FEW].to_list()))
    updates = [few]
    for _ in UPDATES:
        updates.append(_moved(updates[-1], dice, 1.0))
    told = {}
    for name, rows in zip(BATCHES, (first, second, *updates[1:]), strict=True):
        rows.write_csv(folder / f"{name}.csv")
        told[name] = (rows.height, int(rows["on_hand"].sum()))
    (folder / "batches.json").write_text(json.dumps(told))
    with opened(folder) as shop:
        _list_everything(shop)
        look(shop.run)
        shop.send(shop.decided())


def _keys() -> pl.Series:
    numbers = pl.Series(np.arange(SKUS))
    style, size = (numbers // 20).cast(pl.String).str.zfill(5), (numbers % 20).cast(pl.String).str.zfill(2)
    return pl.select("NMK|" + style + "|WHT|A|REG|" + size).to_series().alias("sku_key")


def _rows(dice: np.random.Generator) -> pl.DataFrame:
    """Every SKU in every warehouse, as the ERP port gives rows."""
    count = SKUS * len(PLACES)
    on_hand = np.minimum(dice.geometric(0.05, count), 400)
    open_orders, picked = dice.integers(0, 3, count), dice.integers(0, 2, count)
    none = pl.lit(0, pl.Int64)
    return (
        pl.DataFrame({
            "sku_key": pl.concat([_keys()] * len(PLACES)),
            "location": np.repeat(np.array(PLACES), SKUS),
            "on_hand": on_hand,
            "open_orders": open_orders,
            "picked": picked,
        })
        .with_columns(
            upc=pl.lit("5012345678900"), lot=pl.lit("N"), linked=none, open_due="open_orders", reserved=none,
            demand=none, allocated="open_orders", work_orders=none, in_transit=none, damaged=none, held=none,
            is_unread=pl.lit(value=False),
            reported_ots=pl.col("on_hand") - pl.col("open_orders") - pl.col("picked"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in INVENTORY_COLUMNS.items())
        .sort("sku_key", "location")
    )  # fmt: skip


def _moved(rows: pl.DataFrame, dice: np.random.Generator, part: float) -> pl.DataFrame:
    """So many of the rows have a unit more or less."""
    step = np.where(dice.random(rows.height) < part, dice.choice([-2, -1, 3], rows.height), 0)
    by = pl.Series(step)
    return rows.with_columns(pl.col("on_hand", "reported_ots") + by)


def _list_everything(shop: Shop) -> None:
    keys, read_id, seen_at = _keys(), uuid4(), T_B - EVERY
    parts = keys.str.split("|")
    names = ("division", "style", "color_code", "label", "dimension", "size")
    text = {name: parts.list.get(place) for place, name in enumerate(names)}
    skus = pl.DataFrame({"sku_key": keys, "sku": keys.str.replace_all("|", "-", literal=True), **text})
    told = {"read_id": pl.lit(str(read_id)), "seen_at": pl.lit(seen_at)}
    price = pl.lit(Decimal("39.00"), pl.Decimal(18, 6))
    shop.journal.append_series(
        "sku_rows",
        skus.with_columns(
            style_name=pl.lit("Linen shirt"), color_name=pl.lit("White"), upc=pl.lit(""), ean=pl.lit(""),
            season=pl.lit("AW26"), category="style", is_active=pl.lit(value=True), is_listed=pl.lit(value=True),
            is_gone=pl.lit(value=False), multiple=pl.lit(1), cost_amount=price, price_amount=price,
            problem=pl.lit(""), **told,
        ),
    )  # fmt: skip
    shop.journal.append_series(
        "offer_rows",
        skus.select(
            "sku", offer_id="sku", product_id="sku", title=pl.lit("Linen shirt"), quantity=pl.lit(0),
            price_amount=price, is_active=pl.lit(value=True), is_gone=pl.lit(value=False),
            inactivity_reasons=pl.lit(""), **told,
        ),
    )  # fmt: skip
    members: dict[str, Any] = {"happened_at": seen_at, "read_id": read_id, "changed_count": SKUS}
    sold = [
        order(number, sku=skus["sku"][number * 97 % SKUS]).model_copy(
            update={"placed_at": T_B + COMPLETE_AFTER / 2}
        )
        for number in range(ORDERS)
    ]
    shop.journal.append(
        [events.CatalogueRead(sku_count=SKUS, **members), events.OffersRead(offer_count=SKUS, **members), *sold]
    )
