"""Stock as the ERP sums it up, a row for each kind of transaction with 24 size buckets, in our words."""

import json
from typing import Any

import httpx
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.ports import INVENTORY_COLUMNS, SIZE_BUCKETS, WIDE_INVENTORY_COLUMNS
from sync.rules.size_buckets import as_sent, unpivoted
from tests.clients.hostile import JSON, QUICK, STOCK, saying
from tests.spoiling import places, spoiled

SIZES = pl.DataFrame(
    {
        "sku_key": ["NMK|04117|WHT|A||M"], "division": "NMK", "style": "04117", "color_code": "WHT", "label": "A",
        "dimension": "", "size_bucket": 2, "is_gone": False,
    }
)  # fmt: skip


def wide_row(kind: str = "R1", **members: Any) -> dict[str, Any]:
    """A row as the ERP writes it: padded codes, a lot of blanks, only some of the buckets."""
    return {
        "pkey": 1, "division": "NMK", "style": "04117       ", "color_code": "WHT  ", "lbl_code": "A",
        "dimension": None, "location": "WH1 ", "lot": "  ", "rec_type": f"{kind}  ", **members,
    }  # fmt: skip


def frames_of(outside: Any, *rows: Any) -> list[pl.DataFrame]:
    content = json.dumps({"data": list(rows)}).encode()
    return [frame for frame, _ in saying(outside, "erp", content).inventory("IB1")]


def test_a_wide_row_is_told_by_itself_and_every_bucket_of_it_is_read_with_its_gaps(outside: Any) -> None:
    (frame,) = frames_of(outside, wide_row(size02_qty=7, size03_qty=None, size13_qty="3", size24_qty=2.0))

    assert dict(frame.schema) == WIDE_INVENTORY_COLUMNS
    row = frame.row(0, named=True)
    assert {name: row[name] for name in SIZE_BUCKETS if row[name] is not None} == {
        "size02": 7, "size13": 3, "size24": 2,
    }  # fmt: skip
    assert (row["division"], row["style"], row["color_code"], row["label"], row["dimension"]) == (
        "NMK", "04117", "WHT", "A", "",
    )  # fmt: skip
    assert (row["location"], row["lot"], row["rec_type"], row["unread"]) == ("WH1", "", "R1", [])


def test_buckets_make_a_row_wide_though_its_kind_is_missing(outside: Any) -> None:
    holed = wide_row(size02_qty=7)
    del holed["rec_type"]
    (frame,) = frames_of(outside, holed)

    assert frame["rec_type"].to_list() == [""]


def test_a_bucket_that_is_no_number_is_named(outside: Any) -> None:
    (frame,) = frames_of(outside, wide_row(size02_qty="seven", size03_qty=1, size24_qty=True, size07_qty=1.5))

    assert frame["unread"].to_list() == [[2, 7, 24]]
    assert frame["size03"].to_list() == [1]


@pytest.mark.parametrize("member", ["division", "style", "color_code", "location"])
def test_a_wide_row_without_its_key_is_kept_without_one(outside: Any, member: str) -> None:
    holed = wide_row("IN", pkey=2, size02_qty=3)
    del holed[member]
    (frame,) = frames_of(outside, wide_row(size02_qty=7), holed)

    assert as_sent(frame)["sku_key"].to_list() == ["NMK|04117|WHT|A|", ""]


def test_a_page_of_both_forms_comes_as_a_frame_of_each(outside: Any) -> None:
    wide, long = frames_of(outside, wide_row(pkey=2, size02_qty=7), STOCK)

    assert dict(wide.schema) == WIDE_INVENTORY_COLUMNS
    assert dict(long.schema) == INVENTORY_COLUMNS
    assert (wide.height, long["sku_key"].to_list()) == (1, ["NMK|04117|WHT|A||M"])


@QUICK
@given(at=st.integers(0, 99), other=JSON)
def test_anything_in_any_place_of_a_wide_row_comes_to_stock_or_to_none(outside: Any, at: int, other: Any) -> None:
    record = wide_row(size02_qty=7, size24_qty=0)
    document = spoiled(record, places(record)[at % len(places(record))], other)
    for frame in frames_of(outside, document):
        if "rec_type" in frame.columns:
            rows, _ = unpivoted(frame, SIZES)
            assert dict(rows.schema) == INVENTORY_COLUMNS
            assert as_sent(frame).height == 1


def test_pages_of_wide_rows_are_read_to_the_last(outside: Any) -> None:
    rows = [wide_row(pkey=number, location=f"W{number}", size02_qty=1) for number in range(1201)]

    def app(request: httpx.Request) -> httpx.Response:
        number, size = int(request.url.params["_pgno"]), int(request.url.params["_pgsize"])
        return httpx.Response(200, json={"data": rows[(number - 1) * size : number * size]})

    frames = [frame for frame, _ in outside.erp(app).inventory("IB1")]

    assert [frame.height for frame in frames] == [500, 500, 201]
    assert as_sent(pl.concat(frames))["on_hand"].sum() == 1201
