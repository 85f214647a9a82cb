"""The pretend ERP's stock: batches are photographs, other channels sell meanwhile, books close."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.sandbox.bluecherry import API_KEY
from sync.sandbox.bluecherry_http import bluecherry_routes
from sync.sandbox.bluecherry_time import local_text, next_working
from sync.sandbox.world import World

MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    return World(seed=3, start=MONDAY, skus=60, orders_per_day=20)


@pytest.fixture
def erp(world: World, door: Callable[..., Any]) -> Any:
    return door(bluecherry_routes(world), {"Ocp-Apim-Subscription-Key": API_KEY})


def rows(erp: Any, batch_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for page in range(1, 20):
        answer = erp.get(
            "/api/inventory", params={"$filter": f"batch_id eq '{batch_id}'", "_pgno": page, "_pgsize": 50}
        )
        part = answer.json()["data"]
        found += part
        if len(part) < 50:
            break
    return found


def latest(erp: Any) -> dict[str, Any]:
    (batch,) = erp.get("/api/inventoryBatch", params={"_latest": 1}).json()["data"]["header"]
    return dict(batch)


def test_a_running_batch_shows_only_part_of_itself_and_a_complete_one_adds_up(world: World, erp: Any) -> None:
    world.advance(15)
    running, part = latest(erp), rows(erp, latest(erp)["batch_id"])
    world.advance(200)
    complete = erp.get("/api/inventoryBatch", params={"$filter": "status eq 'COMPLETE'"}).json()["data"]
    batch = complete["header"][0]
    whole = rows(erp, batch["batch_id"])

    assert (running["status"], running["row_count"], running["completed_at"]) == ("RUNNING", None, None)
    assert len(part) < len(whole) == batch["row_count"]
    assert batch["checksum"] == str(sum(row["on_hand"] for row in whole))
    assert batch["as_of"] == local_text(MONDAY + timedelta(minutes=10))


def test_a_batch_of_each_sort_can_be_asked_for(world: World, erp: Any) -> None:
    for name in ("batch_now", "delta_batch_now", "failed_batch_now", "running_batch_now", "batch_now"):
        world.bluecherry.scenario(name)

    batches = world.bluecherry.state()["batches"]

    assert [(batch["kind"], batch["status"]) for batch in batches] == [
        ("FULL", "COMPLETE"),
        ("DELTA", "COMPLETE"),
        ("FULL", "FAILED"),
        ("FULL", "RUNNING"),
    ]
    assert rows(erp, batches[1]["batch_id"]) == []
    failed = rows(erp, batches[2]["batch_id"])
    assert len(failed) < len(rows(erp, batches[0]["batch_id"]))
    missing = erp.get("/api/inventory", params={"$filter": "batch_id eq 'IB0'"})
    assert (missing.status_code, missing.json()["message"][0]["message"]) == (404, "BATCH_NOT_FOUND: IB0")


def test_every_row_keeps_the_arithmetic_of_the_erp(world: World, erp: Any) -> None:
    world.bluecherry.scenario("batch_now")

    whole = rows(erp, latest(erp)["batch_id"])

    for row in whole:
        assert row["ots"] == row["on_hand"] - row["linked"] - row["allocated"] - row["picked"]
        assert row["allocated"] == row["open_orders"] + row["reserved"] + row["demand"]
        assert row["open_due_qty"] <= row["open_orders"]
    keys = [
        (row["division"], row["style"], row["color_code"], row["dimension"], row["size_desc"], row["location"])
        for row in whole
    ]
    assert len(keys) == len(set(keys))
    assert {"WH1", "WH2", "WH9"} <= {row["location"] for row in whole}
    assert any(row["open_due_qty"] < row["open_orders"] for row in whole), "there must be pre-books"


def test_production_orders_say_what_is_still_expected_of_makers_and_by_when(world: World, erp: Any) -> None:
    def told() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for number in range(1, 100):
            query = {"_include": "all", "_pgno": str(number), "_pgsize": "200"}
            page = erp.get("/api/productionOrderByStage", params=query).json()["data"]["header"]
            found += [header | header["productiondetailbystage"]["rows"][0] for header in page]
            if len(page) < 200:
                break
        return found

    seen: set[str] = set()
    for _ in range(12):
        world.advance(4 * 1440)
        positions = world.bluecherry.stock.positions.values()
        afar = sum(each.in_transit for each in positions if each.location in {"POE", "FOB"})
        rows = told()
        expected = {
            stage: sum(row["prod_qty"] for row in rows if row["stage_num"] == stage) for stage in ("2", "3", "4")
        }
        seen |= {row["stage_num"] for row in rows}

        assert expected["2"] == sum(each.wip for each in positions)
        assert expected["3"] == sum(each.in_transit for each in positions) - afar
        assert expected["4"] == 0
        assert all(row["last_mod"] == row["due_date"] for row in rows if row["stage_num"] == "4")
        assert all(row["due_date"] > row["orgentdate"] for row in rows)
    assert seen == {"2", "3", "4"}


def test_a_batch_tells_what_was_true_at_its_moment(world: World) -> None:
    world.bluecherry.scenario("batch_now")
    batch = world.bluecherry.latest_batch()
    assert batch is not None
    truth = world.bluecherry.available()
    photographed = world.bluecherry.sellable_in(batch)

    world.advance(2 * 1440)

    assert {sku: photographed[sku] for sku in truth} == truth
    assert world.bluecherry.sellable_in(batch) == photographed
    assert world.bluecherry.available() != truth, "other channels sell from the same stock"


def test_over_weeks_most_batches_are_full_and_in_time_and_some_are_not(world: World) -> None:
    world.advance(60 * 1440)

    batches = world.bluecherry.state()["batches"]
    done = [batch for batch in world.bluecherry.batches.batches if batch.completed_at is not None]
    late = [batch for batch in done if batch.ends_at - batch.started_at > timedelta(minutes=40)]
    kinds = [batch["kind"] for batch in batches]
    assert 300 < len(batches) < 380
    assert 0.05 < len(late) / len(done) < 0.22
    assert 0 < kinds.count("DELTA") < kinds.count("FULL") / 3
    assert any(batch["status"] == "FAILED" for batch in batches)
    assert all(each.picked >= 0 and each.open_orders >= 0 for each in world.bluecherry.stock.positions.values())


def test_warehouses_rest_at_night_on_sundays_and_at_christmas() -> None:
    friday_night = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
    saturday_afternoon = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    christmas = datetime(2026, 12, 25, 10, 0, tzinfo=UTC)

    assert next_working(friday_night) == datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    assert next_working(saturday_afternoon) == datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    assert next_working(christmas) == datetime(2026, 12, 28, 7, 0, tzinfo=UTC)
    assert next_working(MONDAY) == MONDAY


def test_the_servers_hour_repeats_in_autumn() -> None:
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)

    assert local_text(first) == local_text(first + timedelta(hours=1)) == "2026-11-01 01:30:00"


def test_styles_carry_padded_codes_and_identifiers_as_keyed(world: World, erp: Any) -> None:
    styles = erp.get("/api/style", params={"_include": "all", "_pgsize": 200}).json()["data"]["header"]

    sizes = [size for style in styles for own in style["stylecolorsizes"].values() for size in own]
    assert all(len(style["style"]) == 12 for style in styles)
    assert len(sizes) == len(world.skus)
    assert [size["upc"] for size in sizes if size["upc"] != size["upc"].strip()] == [
        sku.upc for sku in world.skus if sku.upc != sku.upc.strip()
    ]
    assert "stylecolorsizes" not in erp.get("/api/style").json()["data"]["header"][0]


def journal(**changes: Any) -> dict[str, Any]:
    lines = [
        {"line_no": 1, "account": "1010", "debit": "80.00", "credit": "0"},
        {"line_no": 2, "account": "6100", "debit": "20.00", "credit": "0"},
        {"line_no": 3, "account": "1210", "debit": "0", "credit": "100.00"},
    ]
    return {
        "company": "NORTHMOOR",
        "batch_ref": "CYCLE-9",
        "period": "2026-11",
        "post_date": "2026-11-16",
        "curr_code": "GBP",
        "lines": {"rows": lines},
        **changes,
    }


def test_a_journal_is_seen_and_posted_later_and_a_second_one_is_one_more(world: World, erp: Any) -> None:
    question = {"$filter": "batch_ref eq 'CYCLE-9'"}
    first, second = (erp.post("/api/journal", json=[journal()]).json() for _ in range(2))
    at_once = erp.get("/api/journal", params=question).json()["data"]["header"]
    world.advance(30)
    later = erp.get("/api/journal", params=question).json()["data"]["header"]

    assert at_once == []
    assert [each["gl_batch"] for each in later] == [first["gl_batch"], second["gl_batch"]]
    assert {each["status"] for each in later} == {"POSTED"}
    assert len(world.bluecherry.state()["journals"]) == 2


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"period": "2026-10"}, 422, "CLOSED_PERIOD"),
        ({"period": "2026-13"}, 422, "INVALID_DATE"),
        ({"curr_code": "EUR"}, 422, "CURRENCY_MISMATCH"),
        ({"lines": [{"account": "1010", "debit": "1.00"}]}, 422, "UNBALANCED_JOURNAL"),
        ({"lines": [{"account": "0000", "debit": "1.00"}]}, 422, "UNKNOWN_ACCOUNT"),
        ({"lines": [{"account": "1010", "debit": "1.001"}]}, 422, "UNBALANCED_JOURNAL"),
    ],
)
def test_an_unsound_journal_is_refused_in_the_shape_of_its_entity(
    world: World, erp: Any, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = erp.post("/api/journal", json=[journal(**changes)])

    assert answer.status_code == status
    assert answer.json()["message"][0]["message"].startswith(f"{code}: ")
    assert world.bluecherry.books.journals == []


def test_periods_close_by_the_calendar_and_on_request(world: World, erp: Any) -> None:
    world.bluecherry.scenario("close_period")
    refused = erp.post("/api/journal", json=[journal()])
    periods = {each["period"]: each["status"] for each in erp.get("/api/period").json()["data"]}

    assert refused.status_code == 422
    assert (periods["2026-10"], periods["2026-11"], periods["2026-12"]) == ("CLOSED", "CLOSED", "OPEN")
