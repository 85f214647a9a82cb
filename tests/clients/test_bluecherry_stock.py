"""BlueCherry's stock batches and their rows in our words."""

import json
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import httpx
import polars as pl
import pytest

from sync.errors import Skippable
from sync.ports import INVENTORY_COLUMNS
from tests.clients.answers import answering, documents, paged


def batch(number: int, **members: Any) -> dict[str, Any]:
    return {
        "pkey": number,
        "batch_id": f"IB{number}",
        "kind": "FULL",
        "status": "COMPLETE",
        "as_of": f"2026-11-2{number} 04:00:00",
        "row_count": 2,
        "checksum": "17",
        **members,
    }


def test_batches_come_oldest_first_and_the_newest_alone_when_no_moment_is_given(outside: Any) -> None:
    erp = outside.erp(answering(200, documents(batch(4, status="RUNNING", row_count=None), batch(3))))
    (page,) = erp.batches(completed_from=datetime(2026, 11, 20, tzinfo=UTC))
    list(erp.batches())

    assert [(item.batch_id, item.state, item.row_count) for item in page.items] == [
        ("IB3", "COMPLETE", 2),
        ("IB4", "RUNNING", None),
    ]
    assert "_latest" not in outside.requests[0].url.params
    assert outside.requests[1].url.params["_latest"] == "1"


def stock_row(number: int, **members: Any) -> dict[str, Any]:
    return {
        "pkey": number,
        "division": "NMK",
        "style": f"{number:05d}  ",
        "color_code": "WHT",
        "lbl_code": "A",
        "dimension": "",
        "size_desc": "M",
        "upc": "840110000015",
        "location": "WH1",
        "lot": None,
        "on_hand": 7,
        "open_due_qty": "2",
        "wip": 3.0,
        **members,
    }


def test_stock_comes_as_frames_with_nothing_where_the_erp_gave_nothing(outside: Any) -> None:
    rows = [stock_row(1), stock_row(2, on_hand=-3, location=""), stock_row(3, on_hand="1.5")]
    ((frame, snapshot_id),) = outside.erp(paged(rows, is_table=True)).inventory("IB3")

    assert dict(frame.schema) == INVENTORY_COLUMNS
    assert frame["sku_key"].to_list()[0] == "NMK|00001|WHT|A||M"
    assert frame["on_hand"].to_list() == [7, -3, None]
    assert frame["location"].to_list() == ["WH1", "", "WH1"]
    assert (frame["open_due"][0], frame["work_orders"][0], frame["picked"][0]) == (2, 3, None)
    assert snapshot_id == outside.exchanges[0].snapshot_id
    assert unquote_plus(outside.exchanges[0].path).startswith("/NORTHMOOR/api/inventory?$filter=batch_id eq 'IB3'")


def test_a_stock_row_without_its_key_is_kept_without_one(outside: Any) -> None:
    holed = stock_row(2)
    del holed["size_desc"]
    ((frame, _),) = outside.erp(paged([stock_row(1), holed, {}], is_table=True)).inventory("IB3")

    assert frame["sku_key"].to_list() == ["NMK|00001|WHT|A||M", "", ""]
    assert dict(frame.schema) == INVENTORY_COLUMNS


def test_a_stock_row_of_which_one_quantity_is_no_number_is_marked_unless_it_decides_nothing(outside: Any) -> None:
    """Seven on hand, and who knows how many promised: seven would be listed. What is on the way moves nothing."""
    rows = [
        stock_row(1, allocated="six"), stock_row(2, allocated=6), stock_row(3, on_hand="?"),
        stock_row(4, ots="n/a", wip="?", in_transit="1.5"),
    ]  # fmt: skip
    ((frame, _),) = outside.erp(paged(rows, is_table=True)).inventory("IB3")

    assert frame["is_unread"].to_list() == [True, False, True, False]
    assert frame["on_hand"].to_list() == [7, 7, None, 7]
    assert frame["allocated"].to_list() == [None, 6, None, None]
    assert frame["work_orders"].to_list() == [3, 3, 3, None]


def test_a_batch_nobody_knows_is_skippable(outside: Any) -> None:
    with pytest.raises(Skippable):
        list(outside.erp(answering(404, {"message": "BATCH_NOT_FOUND: IB9"})).inventory("IB9"))


def test_twenty_thousand_stock_rows_are_read_quickly(outside: Any) -> None:
    template = json.dumps([{**stock_row(place), "pkey": f"<{place}>", "wip": 0} for place in range(500)])

    def app(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params["_pgno"])
        if number > 40:
            return httpx.Response(200, json={"data": []})
        # The same rows under new keys: making the answers must not take longer than reading them.
        return httpx.Response(200, content=f'{{"data": {template.replace("<", f"<{number}-")}}}'.encode())

    started = time.process_time()
    frames = [frame for frame, _ in outside.erp(app).inventory("IB3")]

    assert sum(frame.height for frame in frames) == 20_000
    assert pl.concat(frames)["on_hand"].sum() == 140_000
    assert time.process_time() - started < 10
