"""What is written down: once, together, in order; what is forgotten says so and changes nothing else."""

import random
import subprocess
import sys
import threading
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from store import events, reads
from store.database import local_ask, open_database
from store.evidence import Snapshot, packed
from store.journal import Journal, Personal, check_rebuild
from tests.store.conftest import HOUSE
from tests.told import DAY, HOUR, NOW, SHIRT, StandingClock, Told, thing


@pytest.fixture
def told(tmp_path: Path) -> Any:
    story = Told(tmp_path / "store.duckdb")
    yield story
    story.close()


def counts(story: Told) -> dict[str, int]:
    tables = ("events", "snapshots", "bodies", "personal", "bookmarks", "mapping_facts")
    return {name: local_ask(story.database)(f"select count(*) from {name}").item() for name in tables}


def mapped(carrier: str, *, lane: str = "carrier", after: int = 0) -> events.MappingSet:
    return events.MappingSet(happened_at=NOW + timedelta(seconds=after), mapping=lane, key=carrier, value="x")


def said(
    name: str, *, body: bytes = b"{}", request: bytes = b"", resource: str = "OR11", days: int = 0
) -> Snapshot:
    return Snapshot(
        snapshot_id=thing(name), source="marketplace", resource=resource, method="GET", path="/api/orders",
        status=200, latency_ms=80, seen_at=NOW - days * DAY, asked=packed(request), said=packed(body),
    )  # fmt: skip


def test_everything_of_one_append_becomes_visible_together_or_not_at_all(told: Told) -> None:
    person = Personal("JLM1-A", NOW, '{"ship_to": {"name": "Ada Invented"}}')
    told.journal.append([mapped("RML")], snapshots=[said("one")], personal=[person], bookmarks={"orders": "x"})
    whole = counts(told)
    beyond_any_column = events.PayoutSeen(
        happened_at=NOW, cycle_id="C1", closed_at=NOW, currency="GBP", amount=Decimal("1e13"), state="PAID",
        voucher="V1", paid_at=None,
    )  # fmt: skip

    with pytest.raises(duckdb.Error):
        told.journal.append(
            [mapped("DPD"), beyond_any_column],
            snapshots=[said("two", body=b"[]")],
            personal=[Personal("JLM2-A", NOW, "{}")],
            bookmarks={"orders": "y", "more": "z"},
        )

    assert whole == {"events": 1, "snapshots": 1, "bodies": 1, "personal": 1, "bookmarks": 1, "mapping_facts": 1}
    assert counts(told) == whole
    assert told.journal.append([mapped("DPD")]) == 1
    assert check_rebuild(told.database) == {}


def test_the_order_of_recording_is_the_order_of_numbers_whoever_writes(told: Told) -> None:
    def write(lane: int) -> None:
        for number in range(15):
            told.journal.append(
                [
                    events.MappingSet(
                        happened_at=NOW + timedelta(seconds=part),
                        mapping=f"lane {lane}",
                        key=f"{number}",
                        value="x",
                    )
                    for part in range(2)
                ]
            )

    lanes = [threading.Thread(target=write, args=(lane,)) for lane in range(4)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    rows = local_ask(told.database)(
        "select count(*) as n, count(distinct seq) as numbers, max(seq) as newest from events"
    ).row(0)

    assert rows == (120, 120, 120)
    assert local_ask(told.database)("select count(*) from mapping_facts").item() == 60
    assert check_rebuild(told.database) == {}


def test_a_journal_opened_again_goes_on_counting(tmp_path: Path) -> None:
    for value in ("WH1", "WH2"):
        story = Told(tmp_path / "store.duckdb")
        story.tell(events.MappingSet(happened_at=NOW, mapping="warehouse", key="NMK", value=value))
        rows = local_ask(story.database)("select seq, body ->> 'value' as value from events order by seq").rows()
        story.close()

    assert rows == [(1, "WH1"), (2, "WH2")]


def test_a_moment_without_a_time_zone_is_refused(told: Told) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        told.order("JLM1-A", placed=NOW.replace(tzinfo=None))

    assert counts(told)["events"] == 0


def test_the_same_words_are_kept_once_and_every_exchange_is(told: Told) -> None:
    page = b'{"orders": ["JLM1-A"]}' * 400
    told.journal.append(snapshots=[said("one", body=page), said("two", body=page, request=b"what?")])
    sizes = local_ask(told.database)("select size_bytes, octet_length(body) as kept from bodies order by 1").rows()
    shown = [reads.payload(local_ask(told.database), thing(name)) for name in ("one", "two")]

    assert counts(told)["snapshots"] == 2
    assert [size for size, _ in sizes] == [5, len(page)]
    assert sizes[1][1] < len(page) / 14
    assert [one.body for one in shown if one] == [page.decode()] * 2
    assert [one.request_body for one in shown if one] == ["", "what?"]


def test_old_bodies_are_forgotten_bulk_first_and_say_so(told: Told) -> None:
    told.journal.append(
        snapshots=[
            said("stock page", body=b"stock", resource="inventory", days=8),
            said("fresh stock page", body=b"fresh stock", resource="inventory", days=6),
            said("order", body=b"order", request=b"asked", days=8),
            said("old order", body=b"old order", request=b"old asked", days=401),
            said("said again", body=b"the same", days=401),
            said("said again lately", body=b"the same", days=1),
            said("both", body=b"both", resource="inventory", days=8),
            said("both, in an order", body=b"both", days=8),
        ]
    )
    forgotten = told.journal.forget_bodies(
        resources=["inventory", "OF21"], bulk_before=NOW - 7 * DAY, others_before=NOW - 400 * DAY
    )
    ask = local_ask(told.database)
    purged = ask("select size_bytes from bodies where body is null and purged_at is not null order by 1")
    old, new = reads.payload(ask, thing("old order")), reads.payload(ask, thing("order"))

    assert forgotten == 3
    assert counts(told)["bodies"] == 8
    assert purged["size_bytes"].to_list() == [len(b"stock"), len(b"old order"), len(b"old asked")]
    assert old is not None
    assert (old.is_purged, old.body, old.request_body, old.status) == (True, "", "", 200)
    assert new is not None
    assert (new.is_purged, new.body, new.request_body) == (False, "order", "asked")


def test_words_forgotten_and_said_again_are_kept_again(told: Told) -> None:
    told.journal.append(snapshots=[said("long ago", body=b"the same", days=500)])
    told.journal.forget_bodies(resources=[], bulk_before=NOW, others_before=NOW - 400 * DAY)
    told.journal.append(snapshots=[said("today", body=b"the same")])
    shown = reads.payload(local_ask(told.database), thing("today"))

    assert shown is not None
    assert (shown.body, shown.is_purged) == ("the same", False)
    assert counts(told)["bodies"] == 1


def test_forgetting_customers_changes_nothing_else(told: Told) -> None:
    told.order("JLM1-A", placed=NOW - 200 * DAY, state="CLOSED")
    told.order("JLM2-A")
    ask = local_ask(told.database)
    for order_id, age in (("JLM1-A", 200), ("JLM2-A", 0)):
        told.journal.append(personal=[Personal(order_id, NOW - age * DAY, '{"ship_to": {"name": "Ada Invented"}}')])
    told.journal.append(bookmarks={"offers.next": "a page's token", "mappings.first": NOW.isoformat()})
    before = ask("select * from order_facts order by order_id")

    forgotten = told.journal.forget_personal(NOW - 180 * DAY)
    told.tell(events.PersonalPurged(happened_at=NOW, before_at=NOW - 180 * DAY, order_count=forgotten))

    assert forgotten == 1
    assert told.journal.forget_personal(NOW - 180 * DAY) == 0
    assert reads.personal(ask, "JLM1-A") is None
    assert reads.personal(ask, "JLM2-A") == {"ship_to": {"name": "Ada Invented"}}
    assert ask("select * from order_facts order by order_id").equals(before)
    assert check_rebuild(told.database) == {}


def test_a_long_series_is_appended_whole_and_an_empty_one_is_nothing(told: Told) -> None:
    told.skus(SHIRT)
    row = local_ask(told.database)("select * from sku_rows").with_columns(read_id=pl.lit(str(thing("long"))))
    many = pl.select(sku_key=pl.format("NMK|{}", pl.int_range(150_000))).join(row.drop("sku_key"), how="cross")
    told.journal.append_series("sku_rows", many)
    told.journal.append_series("sku_rows", many.head(0))
    told.tell(
        events.CatalogueRead(happened_at=NOW, read_id=thing("long"), sku_count=150_000, changed_count=150_000)
    )

    assert local_ask(told.database)("select count(*) from sku_facts").item() == 150_001
    with pytest.raises(ValueError, match="events is not a series; there are sku_rows"):
        told.journal.append_series("events", many)


# Appends for ever, and says after each append how far it is; an order, its body, its customer and the bookmark go
# together.
WRITER = """
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from store.database import open_database
from store.journal import Journal, Personal
from tests.bench.ground import order
from tests.store.test_journal import said
from tests.told import NOW, StandingClock

with open_database(Path(sys.argv[1]), serves=False) as database:
    journal = Journal(database, StandingClock(), shop="4107")
    row = database.connect().execute("select coalesce(max(value::int), 0) from bookmarks").fetchone()
    number = row[0] if row else 0
    print("ready", flush=True)
    while True:
        number += 1
        journal.append(
            [order(number)], snapshots=[said(f"{number}", body=f"page {number}".encode())],
            personal=[Personal(f"JLM{number:07d}-A", NOW, "{}")], bookmarks={"orders.changed": str(number)},
        )
        print(number, flush=True)
"""


def test_kill_9_in_the_middle_of_an_append_leaves_it_whole_or_not_at_all(tmp_path: Path) -> None:
    path, chance, told_last = tmp_path / "store.duckdb", random.Random(4107), 0
    for _ in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            cwd=HOUSE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert writer.stdout is not None
        assert writer.stdout.readline().strip() == "ready", writer.communicate()[1]
        writer.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.4))
        writer.kill()
        lines = writer.communicate()[0].split()
        told_last = max([told_last, *(int(line) for line in lines[:-1])])
        with open_database(path, serves=False) as database:
            ask = local_ask(database)
            bookmark = int(ask("select max(value::int) from bookmarks").item())
            standing = [
                ask(f"select {what}").item()
                for what in (
                    "count(*) from events", "max(seq) from events", "count(*) from snapshots",
                    "count(*) from bodies", "count(*) from personal", "count(*) from order_facts",
                    "count(*) from order_line_facts",
                )
            ]  # fmt: skip

        assert bookmark >= told_last
        assert standing == [bookmark] * len(standing)
    with open_database(path, serves=False) as database:
        assert check_rebuild(database) == {}


def test_the_heartbeat_tells_both_times(told: Told) -> None:
    told.clock.moment = NOW + HOUR
    told.beat(doing='{"orders": "running"}')
    beat = reads.heartbeat(local_ask(told.database))

    assert beat is not None
    assert (beat.worker_pid, beat.domain_at) == (4711, NOW + HOUR)
    assert beat.wall_at != beat.domain_at
    assert Journal(told.database, StandingClock(), shop="4107").trouble is None
