"""SKUs and offers, in a real house on a real sandbox; and what a reading says about the SKUs it lacks."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from sync.errors import Retriable
from sync.flows import catalogue
from sync.freshness import STYLES_LOOKED
from sync.ports import Page, SkuRecord
from sync.runs import Scope, running
from tests.flows.between import Between

COLUMNS = catalogue._COLUMNS


def frame(*names: str, **changes: Any) -> pl.DataFrame:
    usual = {
        "division": "NMK", "style": "NK1", "color_code": "OAT", "label": "A", "dimension": "R", "size": "M",
        "style_name": "Jumper", "color_name": "Oat", "ean": "", "season": "CORE", "category": "knit",
        "is_active": True, "is_listed": True, "is_gone": False, "multiple": 1, "cost_amount": None,
        "price_amount": None, "problem": "no_ean", "size_bucket": 3,
    }  # fmt: skip
    upcs = ["036000291452", "012345678905", "042100005264"]
    rows = [usual | {"sku_key": name, "sku": name, "upc": upcs[ord(name[0]) % 3]} | changes for name in names]
    return pl.DataFrame(rows, schema=COLUMNS)


def test_an_unchanged_sku_is_not_stored_again() -> None:
    rows, every, _ = catalogue.decide(frame("A", "B"), frame("A"), is_whole=False)

    assert rows["sku"].to_list() == ["B"]
    assert every.height == 2


@pytest.mark.parametrize(("is_whole", "expected"), [(True, ["L"]), (False, [])])
def test_only_a_whole_reading_says_that_a_sku_is_gone(is_whole: bool, expected: list[str]) -> None:
    known = pl.concat([frame(letter).with_columns(upc=pl.lit("")) for letter in "ABCDEFGHIJKL"])
    known = known.with_columns(problem=pl.lit("no_upc_or_ean"))
    rows, _, doubted = catalogue.decide(known.head(11), known, is_whole=is_whole)

    assert rows.filter("is_gone")["sku"].to_list() == expected
    assert doubted == 0


def test_a_whole_reading_that_lacks_many_skus_is_not_believed() -> None:
    known = frame("A", "B", "C")
    rows, _, doubted = catalogue.decide(frame("A"), known, is_whole=True)

    assert rows.filter("is_gone").is_empty()
    assert doubted == 2


def test_the_skus_of_a_style_that_cannot_be_read_are_not_gone_and_others_are() -> None:
    known = pl.concat(
        [frame(letter, style=f"NK{letter}").with_columns(upc=pl.lit("")) for letter in "ABCDEFGHIJKL"]
    )
    known = known.with_columns(problem=pl.lit("no_upc_or_ean"))
    rows, every, doubted = catalogue.decide(known.head(10), known, is_whole=True, unreadable={"NKL"})

    assert rows.filter("is_gone")["sku"].to_list() == ["K"]
    assert every.filter(pl.col("sku") == "L")["is_gone"].to_list() == [False]
    assert doubted == 0


def test_a_full_reading_marks_what_is_gone_while_another_style_cannot_be_read(bench: Callable[..., Any]) -> None:
    house = bench(days=0.02, orders_per_day=0, skus=60)
    house.run("catalogue")
    real = house.house.erp
    first, *_, last = house.rows("select upc, style from sku_facts where upc <> '' order by style, upc")
    bad, gone = first["style"], last["upc"]

    def shown(port: Any, **named: Any) -> Iterator[Page[SkuRecord]]:
        for page in port.skus(**named):
            good = tuple(one for one in page.items if one.style != bad and one.upc != gone)
            yield replace(page, items=good, skipped=(f"style {bad}: upc is missing",))

    house.house.erp = Between(real, skus=shown)
    house.run("catalogue", Scope(is_full=True))

    assert [row["upc"] for row in house.rows("select upc from sku_facts where is_gone")] == [gone]
    assert bad != last["style"]


def test_the_styles_count_as_read_though_the_offers_behind_them_could_not_be(bench: Callable[..., Any]) -> None:
    """A stock batch of size buckets waits for them, not for John Lewis."""

    def down(_: Any, **_asked: Any) -> Iterator[Page[Any]]:
        raise Retriable("John Lewis does not answer")

    house = bench(days=0.02, orders_per_day=0, skus=60)
    real, began = house.house.marketplace, house.house.clock.now()
    house.house.marketplace = Between(real, offers=down)
    looks = [house.run("catalogue").state]
    house.house.erp = Between(house.house.erp, skus=down)
    read = house.rows("select value::timestamptz as at from bookmarks where name = $name", name=STYLES_LOOKED)
    house.advance(5)
    looks.append(house.run("catalogue").state)
    again = house.rows("select value::timestamptz as at from bookmarks where name = $name", name=STYLES_LOOKED)

    assert looks == ["failed", "failed"]
    assert house.value("select count(*) from sku_facts") == 60
    assert len(read) == 1
    assert read[0]["at"] >= began
    assert again == read


def test_the_styles_do_not_count_as_read_while_one_is_waited_for_that_cannot_be(bench: Callable[..., Any]) -> None:
    """A stock batch of size buckets would take its units for nobody's."""
    looked = "select count(*) from bookmarks where name = $name"

    def shown(port: Any, *, updated_from: Any) -> Iterator[Page[SkuRecord]]:
        for page in port.skus(updated_from=updated_from):
            yield replace(page, skipped=("style NK1: size is missing",) if updated_from is None else ())

    house = bench(days=0.02, orders_per_day=0, skus=60)
    house.house.erp = Between(house.house.erp, skus=shown)
    counts = []
    for minutes in (0, 5, 6 * 60):
        house.advance(minutes)
        house.run("catalogue")
        counts.append(house.value(looked, name=STYLES_LOOKED))

    assert counts == [0, 0, 1]


def test_a_new_sku_with_a_known_upc_changes_both() -> None:
    rows, _, _ = catalogue.decide(frame("D"), frame("A"), is_whole=False)

    assert dict(rows.select("sku", "problem").rows()) == {"A": "no_ean,duplicate_upc", "D": "no_ean,duplicate_upc"}


def test_every_sku_and_offer_is_read_named_and_judged(bench: Callable[..., Any]) -> None:
    house = bench(days=1, skus=120, orders_per_day=20)
    first = house.run("catalogue")
    again = house.run("catalogue")
    with running(house.house, "catalogue") as look:
        seen = catalogue.preview(look, Scope(is_full=True))

    assert (first.state, first.counts["skus"], first.counts["skus_changed"]) == ("succeeded", 120, 120)
    assert (again.counts["skus_changed"], again.counts["offers_changed"]) == (0, 0)
    assert seen.differences == ()
    problems = {row["problem"] for row in house.rows("select problem from sku_facts")}
    assert {"", "no_ean", "no_upc_or_ean", "duplicate_upc", "bad_check_digit"} <= problems
    assert house.value("select bool_and(size_bucket between 1 and 24) from sku_facts")
    assert house.rebuild_differences() == {}
    truth = house.sandbox.state("john_lewis")["offers"]
    assert {row["sku"] for row in house.rows("select sku from offer_facts")} == set(truth)
    exact = house.rows(
        "select sku from offer_facts join sku_facts using (sku) where sku_facts.is_active and is_listed"
    )
    assert {row["sku"] for row in exact} == {sku for sku, offer in truth.items() if offer["sku_key"]}
