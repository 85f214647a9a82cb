"""The pretend ERP's wire: envelopes, pages, keys, and an error of each of the three shapes seen in the wild."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.sandbox.bluecherry import API_KEY
from sync.sandbox.bluecherry_http import bluecherry_routes
from sync.sandbox.world import World

DOCUMENTS = ("style", "pick", "inventoryBatch", "salesOrder", "shipment", "invoice", "journal")
TABLES = ("Location", "Shipper", "account", "period")
TUESDAY = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    """Three weeks of a busy house, with a journal of somebody's in the books."""
    built = World(seed=8, start=TUESDAY - timedelta(days=21), skus=80, orders_per_day=30)
    built.play_history(TUESDAY)
    lines = [{"account": "1010", "debit": "1.00"}, {"account": "1210", "credit": "1.00"}]
    for number in range(3):
        built.bluecherry.books.post({
            "company": "NORTHMOOR", "batch_ref": f"R{number}", "period": "2026-11", "post_date": "2026-11-24",
            "curr_code": "GBP", "lines": lines,
        })  # fmt: skip
    built.advance(30)
    return built


@pytest.fixture
def erp(world: World, door: Callable[..., Any]) -> Any:
    return door(bluecherry_routes(world), {"Ocp-Apim-Subscription-Key": API_KEY})


@pytest.mark.parametrize("entity", [*DOCUMENTS, *TABLES, "inventory"])
def test_without_the_key_no_entity_tells_anything(erp: Any, entity: str) -> None:
    for key in ("", "wrong"):
        refused = erp.get(f"/api/{entity}", headers={"Ocp-Apim-Subscription-Key": key})

        assert (refused.status_code, set(refused.json())) == (401, {"statusCode", "message"})


@pytest.mark.parametrize("entity", ["salesOrder", "salesOrderCancel", "journal"])
def test_without_the_key_nothing_is_written(erp: Any, entity: str) -> None:
    assert erp.post(f"/api/{entity}", json=[{}], headers={"Ocp-Apim-Subscription-Key": "x"}).status_code == 401


@pytest.mark.parametrize("entity", DOCUMENTS)
def test_documents_come_as_headers_in_an_envelope_with_their_children_on_request(erp: Any, entity: str) -> None:
    bare = erp.get(f"/api/{entity}").json()
    whole = erp.get(f"/api/{entity}", params={"_include": "all"}).json()
    header = bare["data"]["header"][0]

    assert (set(bare), set(bare["data"])) == ({"version", "data"}, {"header"})
    assert {"pkey", "last_mod"} <= set(header)
    assert not any(isinstance(value, dict) for value in header.values())
    children = {name for name, value in whole["data"]["header"][0].items() if isinstance(value, dict)}
    assert bool(children) == (entity != "inventoryBatch")


@pytest.mark.parametrize("entity", TABLES)
def test_code_tables_come_as_plain_rows_in_an_envelope(erp: Any, entity: str) -> None:
    answer = erp.get(f"/api/{entity}").json()

    assert set(answer) == {"version", "data"}
    assert isinstance(answer["data"], list)
    assert all("pkey" in row for row in answer["data"])


@pytest.mark.parametrize("entity", DOCUMENTS)
def test_pages_of_documents_are_cut_at_two_hundred_and_come_one_after_another(erp: Any, entity: str) -> None:
    def page(number: int, size: int) -> list[int]:
        params = {"_pgno": number, "_pgsize": size}
        return [row["pkey"] for row in erp.get(f"/api/{entity}", params=params).json()["data"]["header"]]

    first, second, both = page(1, 2), page(2, 2), page(1, 4)

    assert first + second == both
    assert len(page(1, 1000)) <= 200
    assert page(10_000, 200) == []


@pytest.mark.parametrize("entity", DOCUMENTS)
def test_the_change_feed_gives_what_changed_after_a_moment_of_the_servers_clock(erp: Any, entity: str) -> None:
    headers = erp.get(f"/api/{entity}", params={"_pgsize": 200}).json()["data"]["header"]
    moments = sorted(header["last_mod"] for header in headers)
    middle = moments[len(moments) // 2]
    newer = erp.get(f"/api/{entity}", params={"$filter": f"last_mod gt '{middle}'", "_pgsize": 200}).json()

    assert all(header["last_mod"] > middle for header in newer["data"]["header"])
    expected = {header["pkey"] for header in headers if header["last_mod"] > middle}
    assert expected <= {header["pkey"] for header in newer["data"]["header"]}


@pytest.mark.parametrize("entity", DOCUMENTS)
def test_one_document_is_found_by_its_key(erp: Any, entity: str) -> None:
    pkey = erp.get(f"/api/{entity}").json()["data"]["header"][-1]["pkey"]
    found = erp.get(f"/api/{entity}", params={"pkey": pkey}).json()["data"]["header"]

    assert [header["pkey"] for header in found] == [pkey]


SHAPES: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("salesOrder", "post", lambda body: body["errors"][0]["errorMessage"]),
    ("journal", "post", lambda body: body["message"][0]["message"]),
    ("style", "get", lambda body: body["message"]),
)


@pytest.mark.parametrize(("entity", "how", "words"), SHAPES, ids=[each[0] for each in SHAPES])
def test_errors_come_in_three_shapes(erp: Any, entity: str, how: str, words: Callable[[Any], str]) -> None:
    if how == "post":
        refused = erp.post(f"/api/{entity}", json=[{}])
    else:
        refused = erp.get(f"/api/{entity}", params={"$filter": "style like 'x'"})

    assert 400 <= refused.status_code < 500
    assert isinstance(words(refused.json()), str)
    assert words(refused.json())


def test_a_refusal_of_an_order_names_code_field_and_line(world: World, erp: Any) -> None:
    order = next(order for order in world.bluecherry.book.orders if order.division == "NMK")
    line = order.lines[0].sku_members() | {"line_seq": 7, "qty": "2.5", "price": "1.00"}
    document = {**order.header(), "address": {"rows": order.addresses}, "detail": {"rows": [line]}}
    (error,) = erp.post("/api/salesOrder", json=[document]).json()["errors"]

    assert error == {
        "errorCode": "INVALID_QTY", "errorMessage": "qty 2.5", "field": "qty", "line_seq": 7, "retryable": False,
    }  # fmt: skip


def test_the_children_of_a_shipment_carry_a_tracking_number_for_each_carton(erp: Any) -> None:
    shipments = erp.get("/api/shipment", params={"_include": "all", "_pgsize": 200}).json()["data"]["header"]
    cartons = [carton for shipment in shipments for carton in shipment["cartons"]["rows"]]

    assert len(cartons) > len(shipments)
    assert len({carton["carton_num"] for carton in cartons}) == len(cartons)
    assert sum(bool(carton["track_no"]) for carton in cartons) > 0.9 * len(cartons)
    assert all(line["qty"] > 0 for carton in cartons for line in carton["lines"]["rows"])


def test_invoices_add_up_to_what_was_shipped_and_charge_shipping_once(world: World) -> None:
    shipped: dict[str, int] = {}
    for shipment in world.bluecherry.shipments:
        units = sum(count for _, count in shipment.pick.units)
        shipped[shipment.pick.pick_num] = shipped.get(shipment.pick.pick_num, 0) + units
    freight: dict[str, list[str]] = {}
    for invoice in world.bluecherry.books.invoices:
        header, rows = invoice.header(), invoice.children()["detail"]["rows"]
        freight.setdefault(header["ord_num"], []).append(header["frgt_amt"])
        assert sum(row["qty"] for row in rows) == shipped[header["pick_num"]]

    assert all(charge == "0.00" for charges in freight.values() for charge in charges[1:])
    assert any(len(charges) > 1 for charges in freight.values())


def test_a_voided_shipment_gives_its_units_back_and_they_are_sent_again() -> None:
    world = World(seed=8, start=TUESDAY - timedelta(days=3), skus=80, orders_per_day=30)
    world.play_history(TUESDAY)
    world.bluecherry.scenario("ship_all")
    shipment = world.bluecherry.shipments[-1]
    order, (line, units), *_ = shipment.pick.order, *shipment.pick.units
    position = world.bluecherry.stock.position(line.sku, order.location)
    before, free = position.on_hand, position.free()

    world.bluecherry.scenario("void_shipment")
    told = shipment.header()
    after, still_free = position.on_hand, position.free()
    world.advance(2 * 1440)

    assert (told["voided"], after, still_free) == ("Y", before + units, free)
    assert told["last_mod"] == "2026-11-24 08:00:00"
    again = [each for each in world.bluecherry.shipments if each.pick.order is order and not each.voided]
    assert sum(count for each in again for one, count in each.pick.units if one is line) == line.shipped == line.qty
    assert shipment not in [invoice.shipment for invoice in world.bluecherry.books.invoices]


def test_each_way_a_period_says_no_to_a_second_journal_is_a_switch() -> None:
    world = World(seed=8, start=TUESDAY, skus=10, orders_per_day=0)
    lines = [{"account": "1010", "debit": "1.00"}, {"account": "1210", "credit": "1.00"}]
    document = {
        "company": "NORTHMOOR", "batch_ref": "R1", "period": "2026-11", "post_date": "2026-11-24",
        "curr_code": "GBP", "lines": lines,
    }  # fmt: skip
    first, second = (world.bluecherry.books.post(document) for _ in range(2))
    world.bluecherry.scenario("refuse_duplicates")

    assert first["gl_batch"] != second["gl_batch"]
    with pytest.raises(Exception, match="DUPLICATE_JOURNAL_REF"):
        world.bluecherry.books.post(document)
