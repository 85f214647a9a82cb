"""What was said to a run waits with the witness until the run writes it down."""

import zlib
from datetime import UTC, datetime
from uuid import uuid4

from sync.ports import Exchange
from sync.runs import Notebook


def said(body: bytes) -> Exchange:
    return Exchange(
        snapshot_id=uuid4(), source="erp", resource="salesOrder", method="POST", path="/api/salesOrder",
        seen_at=datetime(2026, 11, 24, 9, tzinfo=UTC), status=201, latency_ms=7, request_body=b"[]", body=body,
    )  # fmt: skip


def test_what_was_said_is_taken_whole_and_in_its_order_however_long_it_is() -> None:
    notebook = Notebook()
    short, long = said(b'{"ord_num": "0001234"}'), said(b'{"rows": [' + b'"1", ' * 20_000 + b'"2"]}')
    for exchange in (short, long, short):
        notebook(exchange)
    taken = notebook.take(None)

    assert [one.snapshot_id for one in taken] == [short.snapshot_id, long.snapshot_id, short.snapshot_id]
    assert [zlib.decompress(one.said.packed) for one in taken] == [short.body, long.body, short.body]
    assert notebook.take(None) == []
