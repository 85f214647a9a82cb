"""Stock with 24 size buckets a row, from the ERP's own summary to the offers: as if it had come SKU by SKU."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import polars as pl
import pytest

from store.events import StockBatchJudged
from sync.flows.inventory_batches import look
from sync.flows.inventory_recall import recall
from sync.freshness import STYLES_LOOKED
from sync.runs import Run, Scope
from tests.flows.between import Between
from tests.flows.posting import BEGIN, MINUTE, Erp, by_sku
from tests.flows.shop import Shop, settings_of
from tests.rules.test_size_buckets import row, wide
from tests.told import DAY

# A number that does not hang on the hour: what is held back by risk grows as a batch ages.
STEADY: dict[str, object] = {"buffer_risk": "none", "buffer_units": 1}
NOTHING_MOVES = ("no_other_channels", "no_hand_edits")


def undated(erp: Any, batch_id: str) -> Iterator[tuple[pl.DataFrame, Any]]:
    """Stock SKU by SKU that does not say when open orders are due: no more does the wide form."""
    for frame, snapshot in erp.inventory(batch_id):
        yield frame.with_columns(open_due=pl.lit(None, pl.Int64)), snapshot


def posted(house: Any) -> list[dict[str, Any]]:
    batches: list[dict[str, Any]] = house.sandbox.state("bluecherry")["batches"]
    return batches


def new_batch(house: Any, kind: str = "batch_now") -> str:
    """A batch is posted now, or once the one under way is done; its name."""
    before = len(posted(house))
    while len(posted(house)) == before or posted(house)[-1]["status"] == "RUNNING":
        house.advance(5)
        house.sandbox.scenario(kind)
    return str(posted(house)[-1]["batch_id"])


def publish(house: Any) -> dict[str, dict[str, Any]]:
    """Every offer's quantity is sent and takes effect; what was sent, with what made it."""
    house.run("orders")
    house.run("inventory", Scope(is_full=True))
    house.advance(5)
    house.run_all("orders", "inventory")
    assert house.value("select count(*) from import_facts where state = 'complete'") > 0
    return {row["sku"]: row for row in house.rows("select * from published_facts")}


def offered(house: Any) -> dict[str, int]:
    offers = house.sandbox.state("john_lewis")["offers"]
    return {sku: offer["quantity"] for sku, offer in offers.items()}


def reading(house: Any, batch_id: str) -> tuple[str, str]:
    sql = "select state, coalesce(reason, '') as reason from batch_reading_facts where batch_id = $batch_id"
    (found,) = house.rows(sql, batch_id=batch_id)
    return (found["state"], found["reason"])


def findings(house: Any, batch_id: str) -> list[str]:
    sql = "select findings from batch_reading_facts where batch_id = $batch_id"
    return [one["code"] for one in json.loads(house.value(sql, batch_id=batch_id))]


def test_the_same_stock_is_published_from_either_form(bench: Callable[..., Any]) -> None:
    house = bench(days=1, skus=60, orders_per_day=0, begin_with=NOTHING_MOVES, settings=STEADY)
    house.run("catalogue")
    real = house.house.erp
    house.house.erp = Between(real, inventory=undated)
    long_id = new_batch(house)
    by_sku, shown = publish(house), offered(house)
    house.house.erp = real
    house.sandbox.scenario("wide_batches")
    wide_id = new_batch(house)
    by_bucket = publish(house)

    assert {row["batch_id"] for row in by_sku.values()} == {long_id}
    assert {row["batch_id"] for row in by_bucket.values()} == {wide_id}
    same = ("quantity", "supply", "inflight", "base", "buffer", "linked", "allocated", "picked", "net_by_warehouse")
    assert by_bucket.keys() == by_sku.keys() == shown.keys()
    for sku, sent in by_bucket.items():
        assert {name: sent[name] for name in same} == {name: by_sku[sku][name] for name in same}, sku
        lying = by_sku[sku]["on_hand"] - by_sku[sku]["damaged"] - by_sku[sku]["held"]
        assert (sent["on_hand"], sent["damaged"], sent["held"]) == (lying, 0, 0), sku
    assert offered(house) == shown
    assert sum(shown.values()) > 60
    assert reading(house, wide_id) == ("read", "")
    assert findings(house, wide_id) == findings(house, long_id) == ["negative_on_hand"]


def test_what_bluecherry_really_has_left_is_read_from_full_and_delta_batches_of_size_buckets(
    bench: Callable[..., Any],
) -> None:
    """Against the sandbox's own truth; but for pre-books, which the wide form does not tell from what is due."""
    house = bench(days=1, skus=60, orders_per_day=60, begin_with=["wide_batches"])
    house.run_all("catalogue", "inventory")
    sizes = house.rows("select min(size_bucket) as first, max(size_bucket) as last from sku_facts")
    now = house.house.clock.now()
    recalled = recall(Run(house.house, "back_test", uuid4(), now), now - 9 * DAY, lambda _: None)
    house.sandbox.scenario("long_batches")
    new_batch(house)
    house.run("inventory")
    prebooked = {row["sku_key"] for row in house.rows("select sku_key from stock_facts where later_orders > 0")}
    house.sandbox.scenario("wide_batches")
    counts = []
    for kind in ("batch_now", "delta_batch_now"):
        house.advance(90)
        batch_id = new_batch(house, kind)
        truth = house.sandbox.state("bluecherry")["available"]
        house.run("inventory")
        assert reading(house, batch_id) == ("read", "")
        left = house.rows(
            "select sku, greatest(0, sum(on_hand - linked - allocated - picked - damaged - held))::bigint as units"
            " from stock_facts join sku_facts using (sku_key)"
            " where location in ('WH1', 'WH2') and sku_key not in (select unnest($prebooked)) group by sku",
            prebooked=sorted(prebooked),
        )
        known = {row["sku"]: row["units"] for row in left if row["sku"] in truth}
        assert known == {sku: truth[sku] for sku in known}
        counts.append(len(known))

    assert min(counts) > 30
    assert prebooked
    assert sizes == [{"first": 2, "last": 24}]
    assert recalled > 3
    assert house.rows("select distinct state from batch_reading_facts") == [{"state": "read"}]
    assert house.value("select count(*) from stock_facts where later_orders > 0") == 0
    assert house.rebuild_differences() == {}


# -- what cannot be told ---------------------------------------------------------------------

STYLES = tuple(f"0{number}" for number in range(4100, 4160))  # each white, with a size M
SHIRTS = tuple(row("R1", {2: 5}, style=style) for style in STYLES)


@dataclass
class House:
    shop: Shop
    erp: Erp

    def styles_read(self, minute: int, *untold: str) -> None:
        """The catalogue looked; the styles named do not say which bucket their M is."""
        told = self.shop.told
        told.clock.moment = BEGIN + minute * MINUTE
        for names, bucket in (([one for one in STYLES if one not in untold], 2), (untold, None)):
            told.skus(*(f"NMK-{style}-WHT-A-R-M" for style in names), size_bucket=bucket)
        told.journal.append(bookmarks={STYLES_LOOKED: told.clock.moment.isoformat()})

    def look(self, minute: int, batch_id: str) -> tuple[str, str]:
        """Look at that minute; what became of a batch, and why."""
        self.shop.told.clock.moment = BEGIN + minute * MINUTE
        look(self.shop.run)
        return reading(self.shop, batch_id)

    def wrong(self) -> dict[str, str]:
        rows = self.shop.rows("select * from conditions($at)", at=self.shop.told.clock.moment)
        return {row["cause"]: f"{row['kind']}: {row['detail']}" for row in rows if row["kind"].startswith("batch_")}

    def on_hand(self, style: str) -> int | None:
        rows = self.shop.rows("select on_hand from stock_facts where contains(sku_key, $style)", style=style)
        return rows[0]["on_hand"] if rows else None


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    shop = Shop(tmp_path / "store.duckdb", settings_of())
    erp = Erp()
    shop.run.house.erp = cast("Any", erp)
    yield House(shop, erp)
    shop.told.close()


def test_a_few_units_in_a_bucket_of_no_size_are_an_exception_and_all_else_is_used(house: House) -> None:
    house.styles_read(0)
    house.erp.post("B1", 5, wide(*SHIRTS, row("SA", {6: 3}, style="04100")))
    first, odd = house.look(6, "B1"), house.wrong()
    house.erp.post("B2", 65, wide(*SHIRTS))

    assert first == ("read", "")
    assert odd == {
        "unknown_size": "batch_doubtful: Batch B1: No single SKU says which size a bucket is; what lies there is"
        " not sold: bucket 06 of NMK|04100|WHT|A|R at WH1 (on hand 3)."
    }
    assert house.on_hand("04100") == 5
    assert (house.look(66, "B2"), house.wrong()) == (("read", ""), {})


def test_a_quantity_of_a_kind_nobody_knows_is_an_exception_and_its_size_is_not_sold(house: House) -> None:
    house.styles_read(0)
    house.erp.post("B1", 5, wide(*SHIRTS), wide(row("XX", {2: 1}, style="04100")))  # on the next page

    assert house.look(6, "B1") == ("read", "")
    assert (house.on_hand("04100"), house.on_hand("04101")) == (0, 5)
    assert house.wrong()["unknown_rec_type"].endswith(": 'XX' 1 in bucket 02 of NMK|04100|WHT|A|R at WH1.")


def test_new_skus_are_stock_as_soon_as_the_catalogue_knows_them(house: House) -> None:
    """A season's styles reach the stock before the next look at the styles: nobody has to be asked."""
    house.styles_read(0, "04100", "04101")
    house.erp.post("B1", 5, wide(*SHIRTS))
    unread, said = house.look(6, "B1"), house.wrong()
    too_early = house.look(12, "B1")
    house.styles_read(13)

    assert unread == too_early == ("rejected", "sizes_unread")
    assert "have not been read since the batch." in said["sizes_unread"]
    assert "bucket 02 of NMK|04100|WHT|A|R at WH1 (on hand 5)" in said["sizes_unread"]
    assert house.look(18, "B1") == ("read", "")
    assert house.on_hand("04100") == 5


def test_a_look_at_the_skus_on_its_way_when_the_batch_was_rejected_is_what_it_waits_for(house: House) -> None:
    house.styles_read(0, "04100", "04101")
    house.erp.post("B1", 5, wide(*SHIRTS))
    rejected = [house.look(minute, "B1") for minute in (6, 12, 24)]
    house.styles_read(23)  # it began before the last rejection, and ended after it

    assert rejected == [("rejected", "sizes_unread")] * 3
    assert house.look(26, "B1") == ("read", "")


def test_many_buckets_of_no_size_though_the_skus_were_read_wait_for_a_person(house: House) -> None:
    house.erp.post("B1", 5, wide(*SHIRTS))
    house.styles_read(7, "04100", "04101")
    held, why = house.look(8, "B1"), house.wrong()
    house.shop.told.tell(
        StockBatchJudged(
            happened_at=house.shop.told.clock.moment, batch_id="B1", verdict="accept", why="Two old styles.",
            actor="olu", command_id=uuid4(),
        )
    )  # fmt: skip

    assert held == ("held", "unknown_size")
    assert "bucket 02 of NMK|04101|WHT|A|R at WH1 (on hand 5)" in why["unknown_size"]
    assert house.look(9, "B1") == ("read", "")
    assert (house.on_hand("04101"), house.on_hand("04102")) == (0, 5)


def test_a_batch_of_both_forms_is_rejected_and_says_so(house: House) -> None:
    house.styles_read(0)
    long = by_sku({"sku_key": "NMK|04100|WHT|A|R|M", "on_hand": 5})
    house.erp.post("B1", 5, wide(*SHIRTS), long)

    assert house.look(6, "B1") == ("rejected", "mixed_forms")
    assert house.wrong()["mixed_forms"].endswith(
        "1 of its 61 rows are of one SKU each, the others of size buckets."
    )
    assert house.look(60, "B1") == ("rejected", "mixed_forms")
