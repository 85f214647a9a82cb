"""The pretend ERP's stock with 24 size buckets a row: its kinds come to the same stock as SKU by SKU."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

import pytest

from sync.sandbox.bluecherry import API_KEY
from sync.sandbox.bluecherry_http import bluecherry_routes
from sync.sandbox.world import World

MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
ON_HAND = {"SA": 1, "RT": 1, "R1": 1, "R2": 1, "IN": -1, "CM": -1, "RV": 1, "RI": -1}
BUCKETS = [f"size{number:02}_qty" for number in range(1, 25)]


@pytest.fixture
def world() -> World:
    return World(seed=3, start=MONDAY, skus=60, orders_per_day=20)


@pytest.fixture
def erp(world: World, door: Callable[..., Any]) -> Any:
    return door(bluecherry_routes(world), {"Ocp-Apim-Subscription-Key": API_KEY})


def newest(erp: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The newest batch and all its rows."""
    (batch,) = erp.get("/api/inventoryBatch", params={"_latest": 1}).json()["data"]["header"]
    query = {"$filter": f"batch_id eq '{batch['batch_id']}'", "_pgsize": 500}
    pages = [erp.get("/api/inventory", params=query | {"_pgno": page}).json()["data"] for page in range(1, 5)]
    return batch, [row for page in pages for row in page]


def goods(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("division", "style", "color_code", "lbl_code", "dimension"))


def summed(rows: list[dict[str, Any]], kinds: dict[str, int]) -> Counter[tuple[Any, ...]]:
    """Units of these kinds by goods, bucket and location."""
    found: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        for bucket, name in enumerate(BUCKETS, start=1):
            if row[name]:
                found[*goods(row), bucket, row["location"]] += kinds.get(row["rec_type"], 0) * row[name]
    return Counter({where: units for where, units in found.items() if units})


def told(rows: list[dict[str, Any]], figure: Callable[[dict[str, Any]], int]) -> Counter[tuple[Any, ...]]:
    """A figure of the long form by goods, bucket and location."""
    found = Counter({(*goods(row), row["size_bk"], row["location"]): figure(row) for row in rows})
    return Counter({where: units for where, units in found.items() if units})


def test_the_kinds_of_each_bucket_come_to_what_the_long_form_says(world: World, erp: Any) -> None:
    world.advance(3 * 1440)
    world.bluecherry.scenario("batch_now")
    _, long = newest(erp)
    world.bluecherry.scenario("wide_batches")
    world.bluecherry.scenario("batch_now")
    batch, wide = newest(erp)

    bad = told(long, lambda row: row["damaged"] + row["hold"] if row["location"] != "QA" else 0)
    lying = told(long, itemgetter("on_hand"))
    lying.subtract(bad)
    for (*what, _), units in bad.items():
        lying[*what, "QA"] += units
    assert bad
    assert summed(wide, ON_HAND) == Counter({where: units for where, units in lying.items() if units})
    assert summed(wide, {"RV": 1, "RI": -1}) == told(long, itemgetter("linked"))
    for kind, name in (("OP", "open_orders"), ("RS", "reserved"), ("DM", "demand"), ("PK", "picked")):
        assert summed(wide, {kind: 1}) == told(long, itemgetter(name)), kind
    assert summed(wide, {"WP": 1}) == told(long, lambda row: row["wip"] + row["in_transit"])
    assert (batch["row_count"], batch["checksum"]) == (len(wide), str(sum(row["on_hand"] for row in long)))
    assert {"SA", "RT", "R1", "R2", "IN", "CM", "RV", "OP", "PK", "CC"} <= {row["rec_type"] for row in wide}


def test_a_size_range_leaves_buckets_out_and_a_size_without_units_is_none(world: World, erp: Any) -> None:
    world.bluecherry.scenario("wide_batches")
    world.bluecherry.scenario("batch_now")
    _, wide = newest(erp)
    styles = erp.get("/api/style", params={"_include": "all", "_pgsize": 200}).json()["data"]["header"]
    sizes: dict[tuple[str, ...], set[int]] = {}
    for style in styles:
        for place, detail in enumerate(style["styledetail"]["rows"]):
            for size in style["stylecolorsizes"][f"rows-{place}"]:
                key = goods({**detail, **style, **size})
                sizes.setdefault(key, set()).add(size["size_bk"])

    for row in wide:
        said = {bucket for bucket, name in enumerate(BUCKETS, start=1) if row[name] is not None}
        assert said == sizes[goods(row)]
        assert any(row[name] for name in BUCKETS)
    assert any(0 in row.values() for row in wide)
    assert {2, 3, 5, 8, 13, 24} <= set().union(*sizes.values())
    assert len({(*goods(row), row["location"], row["lot"], row["rec_type"]) for row in wide}) == len(wide)


def test_a_delta_writes_every_size_and_kind_of_the_goods_of_which_something_changed(world: World, erp: Any) -> None:
    world.bluecherry.scenario("wide_batches")
    world.bluecherry.scenario("batch_now")
    world.bluecherry.stock_out(world.skus[0].key, 1, "web")
    world.bluecherry.scenario("delta_batch_now")
    delta, changed = newest(erp)
    world.bluecherry.scenario("batch_now")
    _, whole = newest(erp)

    first = goods(changed[0])
    members = ("rec_type", "location", *BUCKETS)
    assert delta["kind"] == "DELTA"
    assert {goods(row)[:3] for row in changed} == {first[:3]}
    assert [[row[name] for name in members] for row in changed] == [
        [row[name] for name in members] for row in whole if goods(row)[:3] == first[:3]
    ]


def test_a_running_batch_shows_part_of_its_rows_and_the_next_may_be_of_another_form(world: World, erp: Any) -> None:
    world.bluecherry.scenario("wide_batches")
    world.bluecherry.scenario("running_batch_now")
    world.advance(10)
    running, part = newest(erp)
    world.advance(12)
    complete, wide = newest(erp)
    world.bluecherry.scenario("long_batches")
    world.bluecherry.scenario("batch_now")
    _, long = newest(erp)

    assert (running["status"], running["row_count"]) == ("RUNNING", None)
    assert 0 < len(part) < len(wide) == complete["row_count"]
    assert all("size_desc" in row and "rec_type" not in row for row in long)
