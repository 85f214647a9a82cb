"""The pretend ERP's order book as its wire shows it."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sync.sandbox.bluecherry import API_KEY
from sync.sandbox.bluecherry_http import bluecherry_routes
from sync.sandbox.catalogue import Sku
from sync.sandbox.world import World

MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    built = World(seed=3, start=MONDAY, skus=60, orders_per_day=0)
    built.bluecherry.scenario("no_other_channels")
    built.bluecherry.scenario("no_hand_edits")
    return built


@pytest.fixture
def erp(world: World, door: Callable[..., Any]) -> Any:
    return door(bluecherry_routes(world), {"Ocp-Apim-Subscription-Key": API_KEY})


def deep(world: World) -> Sku:
    """A SKU with plenty on the shelf of the first warehouse."""
    sold = (sku for sku in world.skus if sku.active and world.home_warehouse(sku) == "WH1")
    return max(sold, key=lambda sku: world.bluecherry.stock.home(sku).free())


def document(world: World, sku: Sku, po_num: str, qty: int = 1, **changes: Any) -> dict[str, Any]:
    line = {
        "line_seq": 1,
        "style": sku.style,
        "color_code": sku.color_code,
        "lbl_code": sku.label,
        "dimension": sku.dimension,
        "size_desc": sku.size_desc,
        "upc": sku.upc,
        "qty": qty,
        "price": "45.00",
        "tax_amt": "7.50",
        "ext_line_id": f"{po_num}-1",
        **changes.pop("line", {}),
    }
    ship_to = {
        "addr_type": "ST",
        "name": "Ivy Example",
        "addr1": "1 Invented Row",
        "city": "Leeds",
        "zipcode": "LS1 1AA",
        "country": "GB",
        **changes.pop("ship_to", {}),
    }
    return {
        "division": sku.division,
        "customer": "JLM",
        "ord_type": "MP",
        "po_num": po_num,
        "ref_num2": "C-77",
        "location": world.home_warehouse(sku),
        "shipper": "RML",
        "start_date": "2026-11-16",
        "end_date": "2026-11-30",
        "curr_code": "GBP",
        "frgt_amt": "3.50",
        "address": {"rows": [ship_to]},
        "detail": {"rows": [line]},
        **changes,
    }


def found(erp: Any, po_num: str) -> list[dict[str, Any]]:
    answer = erp.get("/api/salesOrder", params={"$filter": f"po_num eq '{po_num}'", "_include": "all"})
    headers: list[dict[str, Any]] = answer.json()["data"]["header"]
    return headers


def test_an_order_is_promised_at_once_and_seen_only_minutes_later(world: World, erp: Any) -> None:
    sku = deep(world)
    before = world.bluecherry.available()[sku.shop_sku]

    reply = erp.post("/api/salesOrder", json=[document(world, sku, "JL-1", qty=2)]).json()

    assert reply["ord_num"] == "0400001"
    assert world.bluecherry.available()[sku.shop_sku] == before - 2
    assert found(erp, "JL-1") == []
    world.advance(10)
    (order,) = found(erp, "JL-1")
    assert order["ord_num"] == reply["ord_num"]
    assert order["entered_at"] == "2026-11-16 04:00:00"
    assert order["detail"]["rows"][0]["qty_open"] == 2
    assert order["detail"]["rows"][0]["ext_line_id"] == "JL-1-1"


def test_a_second_order_with_the_same_number_is_taken_unless_the_switch_refuses(world: World, erp: Any) -> None:
    body = [document(world, deep(world), "JL-1")]
    key = {"Idempotency-Key": "the-same"}
    first, second = (erp.post("/api/salesOrder", json=body, headers=key) for _ in range(2))
    world.bluecherry.scenario("refuse_duplicates")
    third = erp.post("/api/salesOrder", json=body)

    assert first.json()["ord_num"] != second.json()["ord_num"]
    assert (third.status_code, third.json()["errors"][0]["errorCode"]) == (409, "DUPLICATE_PO")
    assert len(world.bluecherry.state()["sales_orders"]) == 2


@pytest.mark.parametrize(
    ("code", "status", "kept"), [("BATCH_RUNNING", 503, 0), ("LOCK_TIMEOUT", 503, 0), ("UPSTREAM_TIMEOUT", 504, 1)]
)
def test_at_a_bad_moment_an_order_is_answered_with_a_code_and_kept_where_only_the_gateway_gave_up(
    world: World, erp: Any, code: str, status: int, kept: int
) -> None:
    world.bluecherry.scenario(f"answers_{code.lower()}")
    answer = erp.post("/api/salesOrder", json=[document(world, deep(world), "JL-1")])
    orders = world.bluecherry.state()["sales_orders"]
    world.bluecherry.scenario("answers_as_usual")
    again = erp.post("/api/salesOrder", json=[document(world, deep(world), "JL-2")])

    assert (answer.status_code, answer.json()["errors"][0]["errorCode"]) == (status, code)
    assert len(orders) == kept
    assert again.status_code == 200


def test_what_sticks_gets_a_number_and_is_nowhere_until_it_is_posted(world: World, erp: Any) -> None:
    world.bluecherry.scenario("stick_orders")
    number = erp.post("/api/salesOrder", json=[document(world, deep(world), "JL-1")]).json()["ord_num"]
    world.bluecherry.scenario("take_orders")
    world.advance(60)
    before = list(world.bluecherry.book.visible()), world.bluecherry.state()["sales_orders"]
    world.bluecherry.scenario("post_stuck_orders")
    (order,) = world.bluecherry.book.visible("JL-1")

    assert before == ([], [])
    assert order.ord_num == number


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"division": ""}, "MISSING_DIVISION"),
        ({"division": "XXX"}, "UNKNOWN_DIVISION"),
        ({"division": "NMC"}, "SKU_NOT_IN_DIVISION"),
        ({"location": None}, "MISSING_WAREHOUSE"),
        ({"location": "WH7"}, "UNKNOWN_WAREHOUSE"),
        ({"location": "RET"}, "NOT_A_WAREHOUSE"),
        ({"customer": "ACME"}, "UNKNOWN_CUSTOMER"),
        ({"shipper": "UPS"}, "UNKNOWN_SHIP_VIA"),
        ({"curr_code": "EUR"}, "CURRENCY_MISMATCH"),
        ({"start_date": "31/31/2026"}, "INVALID_DATE"),
        ({"end_date": "2026-11-01"}, "CANCEL_BEFORE_START"),
        ({"ship_to": {"addr1": "x" * 41}}, "FIELD_TOO_LONG"),
        ({"ship_to": {"city": ""}}, "INVALID_ADDRESS"),
        ({"line": {"qty": 0}}, "INVALID_QTY"),
        ({"line": {"price": None}}, "PRICE_MISSING"),
        ({"line": {"size_desc": "XXXXL"}}, "UNKNOWN_SKU"),
        ({"detail": {"rows": []}}, "INVALID_QTY"),
    ],
)
def test_a_bad_document_is_refused_with_its_code_and_leaves_no_trace(
    world: World, erp: Any, changes: dict[str, Any], code: str
) -> None:
    answer = erp.post("/api/salesOrder", json=[document(world, deep(world), "JL-1", **changes)])

    assert (answer.status_code, answer.json()["errors"][0]["errorCode"]) == (422, code)
    assert world.bluecherry.state()["sales_orders"] == []


def test_many_documents_are_answered_one_by_one(world: World, erp: Any) -> None:
    sku = deep(world)
    body = [document(world, sku, "JL-1"), document(world, sku, "JL-2", customer="ACME")]

    results = erp.post("/api/salesOrder", json=body).json()["data"]

    assert results[0]["ord_num"] == "0400001"
    assert results[1]["errors"][0]["errorCode"] == "UNKNOWN_CUSTOMER"


def test_padding_of_fixed_width_codes_is_cut_and_nothing_else(world: World, erp: Any) -> None:
    sku = deep(world)
    padded = document(world, sku, "JL-1", line={"style": sku.style.ljust(12)})
    lowered = document(world, sku, "JL-2", line={"style": sku.style.lower()})

    assert erp.post("/api/salesOrder", json=[padded]).status_code == 200
    assert erp.post("/api/salesOrder", json=[lowered]).status_code == 422


def test_an_order_for_more_than_is_free_is_taken_and_remembered_as_oversold(world: World, erp: Any) -> None:
    sku = deep(world)
    free = world.bluecherry.stock.home(sku).free()

    erp.post("/api/salesOrder", json=[document(world, sku, "JL-1", qty=free + 3)])

    (oversold,) = world.bluecherry.state()["oversold"]
    assert (oversold["sku"], oversold["qty"], oversold["short"]) == (sku.shop_sku, free + 3, 3)


def test_an_order_is_picked_shipped_with_tracking_and_invoiced(world: World, erp: Any) -> None:
    sku = deep(world)
    on_hand = world.bluecherry.stock.home(sku).on_hand
    erp.post("/api/salesOrder", json=[document(world, sku, "JL-1")])

    world.advance(4 * 1440)

    (order,) = found(erp, "JL-1")
    line = order["detail"]["rows"][0]
    assert (order["ord_status"], line["qty_shipped"], line["qty_open"]) == ("60", 1, 0)
    (shipment,) = erp.get("/api/shipment", params={"_include": "all"}).json()["data"]["header"]
    carton = shipment["cartons"]["rows"][0]
    assert (shipment["po_num"], shipment["ord_num"]) == ("JL-1", order["ord_num"])
    assert len(carton["carton_num"]) == 20
    assert carton["lines"]["rows"][0]["ext_line_id"] == "JL-1-1"
    (pick,) = erp.get("/api/pick", params={"_include": "all"}).json()["data"]["header"]
    assert pick["pickdetail"]["rows"][0]["total_qty"] == 1
    (invoice,) = erp.get("/api/invoice", params={"_include": "all"}).json()["data"]["header"]
    assert (invoice["total"], invoice["tax_amt"], invoice["frgt_amt"]) == ("48.50", "7.50", "3.50")
    assert world.bluecherry.stock.home(sku).on_hand == on_hand - 1


def test_a_discount_on_the_whole_order_is_taken_off_its_invoices_by_what_each_ships(world: World, erp: Any) -> None:
    """To the penny, in however many parts it leaves."""
    world.bluecherry.scenario("ship_in_parts")
    erp.post("/api/salesOrder", json=[document(world, deep(world), "JL-1", qty=3, disc_amt="5.00")])
    world.advance(7 * 1440)
    invoices = erp.get("/api/invoice", params={"_include": "all"}).json()["data"]["header"]
    totals, discounts = ([Decimal(one[name]) for one in invoices] for name in ("total", "disc_amt"))

    assert len(invoices) > 1
    assert all(discount > 0 for discount in discounts)
    assert sum(discounts) == Decimal("5.00")
    assert sum(totals) == 3 * Decimal("45.00") + Decimal("3.50") - Decimal("5.00")


def test_each_oddity_of_shipping_can_be_made_a_habit(world: World, erp: Any) -> None:
    sku = deep(world)
    for habit in ("ship_by_dpx", "ship_untracked", "ship_in_cartons"):
        world.bluecherry.scenario(habit)
    erp.post("/api/salesOrder", json=[document(world, sku, "JL-1", qty=2)])
    world.advance(10)
    world.bluecherry.scenario("ship_all")
    world.bluecherry.scenario("ship_as_usual")
    world.bluecherry.scenario("ship_in_parts")
    erp.post("/api/salesOrder", json=[document(world, sku, "JL-2", qty=3)])
    world.advance(4 * 1440)

    odd, *parts = world.bluecherry.state()["shipments"]

    assert odd["shipper"] == "DPX"
    assert [carton["track_no"] for carton in odd["cartons"]] == ["", ""]
    assert len(parts) == 2
    units = [line["qty"] for part in parts for carton in part["cartons"] for line in carton["lines"]]
    assert sum(units) == 3


def test_what_is_not_on_the_shelf_is_cancelled_by_the_house(world: World, erp: Any) -> None:
    sku = deep(world)
    pickable = world.bluecherry.stock.home(sku).pickable()
    erp.post("/api/salesOrder", json=[document(world, sku, "JL-1", qty=pickable + 2)])
    # The rest of the story must not be saved by a delivery.
    world.bluecherry.stock.home(sku).wip = 0

    world.advance(10)
    world.bluecherry.scenario("ship_all")
    world.advance(3 * 1440)

    line = found(erp, "JL-1")[0]["detail"]["rows"][0]
    assert (line["qty_shipped"], line["qty_cancelled"], line["cancel_kind"]) == (pickable, 2, "HOUSE")


def test_open_units_can_be_cancelled_and_picked_ones_are_locked(world: World, erp: Any) -> None:
    number = erp.post("/api/salesOrder", json=[document(world, deep(world), "JL-1", qty=3)]).json()["ord_num"]
    too_early = erp.post("/api/salesOrderCancel", json=[{"ord_num": number, "line_seq": 1, "qty": 1}])
    world.advance(10)
    one = erp.post("/api/salesOrderCancel", json=[{"ord_num": number, "ext_line_id": "JL-1-1", "qty": 1}])
    world.bluecherry.scenario("ship_all")
    too_late = erp.post("/api/salesOrderCancel", json=[{"ord_num": number}])

    assert (too_early.status_code, too_early.json()["errors"][0]["errorCode"]) == (404, "ORDER_NOT_FOUND")
    assert (one.status_code, one.json()["qty_cancelled"]) == (200, 1)
    assert (too_late.status_code, too_late.json()["errors"][0]["errorCode"]) == (409, "ORDER_LOCKED")
    line = found(erp, "JL-1")[0]["detail"]["rows"][0]
    assert (line["qty_cancelled"], line["cancel_kind"], line["qty_shipped"]) == (1, "CUSTOMER", 2)


def test_an_order_for_a_later_day_is_kept_apart_until_then_and_shipped_after(world: World, erp: Any) -> None:
    sku = deep(world)
    home = world.bluecherry.stock.home(sku)
    free, apart, promised = home.free(), home.prebook, home.open_orders
    days = {"start_date": "2026-11-18", "end_date": "2026-11-25"}
    for number, units in enumerate((3, 2)):
        erp.post("/api/salesOrder", json=[document(world, sku, f"WH-{number}", units, customer="WHS", **days)])
    world.advance(60)
    entered = (home.free(), home.prebook, home.open_orders)
    (shown,) = found(erp, "WH-0")
    cancel = {"ord_num": found(erp, "WH-1")[0]["ord_num"], "line_seq": 1, "qty": 2}
    erp.post("/api/salesOrderCancel", json=[cancel])
    world.advance(24 * 60)
    waits = (home.free(), home.prebook)
    world.advance(20 * 60)
    due = (home.free(), home.prebook)
    world.advance(5 * 24 * 60)

    assert entered == (free, apart + 5, promised + 5)
    assert (shown["ord_status"], shown["start_date"]) == ("10", "2026-11-18")
    assert waits == (free, apart + 3)
    assert due == (free - 3, apart)
    assert found(erp, "WH-0")[0]["detail"]["rows"][0]["qty_shipped"] == 3


def test_hand_edits_raise_the_edit_number_and_keep_the_stock_true(world: World, erp: Any) -> None:
    sku = deep(world)
    kinds = [name for name, _, _ in world.bluecherry.edits._kinds]
    for number, kind in enumerate(kinds):
        erp.post("/api/salesOrder", json=[document(world, sku, f"JL-{number}-{kind}", qty=2)])
    world.advance(10)
    orders = list(world.bluecherry.book.visible())

    edited = [world.bluecherry.edits.edit(order, kind) for order, kind in zip(orders, kinds, strict=True)]

    assert edited == [True] * len(kinds)
    for kind in kinds:
        (order,) = found(erp, f"JL-{kinds.index(kind)}-{kind}")
        assert (order["edit_seq"], order["last_user"] != "API") == (1, True)
    promised = sum(line.open for order in orders for line in order.lines)
    in_stock = sum(each.open_orders - each.prebook for each in world.bluecherry.stock.positions.values())
    assert in_stock == promised
    assert found(erp, "JL-2-cancelled")[0]["ord_status"] == "90"


def test_pages_are_cut_filters_understood_and_nonsense_refused(world: World, erp: Any) -> None:
    sku = deep(world)
    for number in range(5):
        erp.post("/api/salesOrder", json=[document(world, sku, f"JL-{number}")])
    world.advance(10)

    pages = [
        [order["po_num"] for order in answer.json()["data"]["header"]]
        for answer in (erp.get("/api/salesOrder", params={"_pgno": page, "_pgsize": 2}) for page in (1, 2, 3, 4))
    ]
    one = erp.get("/api/salesOrder", params={"$filter": "ord_num eq '0400003' and last_mod gt '2026-11-16'"})
    none = erp.get("/api/salesOrder", params={"$filter": "last_mod gt '2026-11-16 04:10:00'"})
    nonsense = erp.get("/api/Location", params={"$filter": "loc_type = W"})
    unknown = erp.get("/api/salesOrder", params={"$filter": "colour eq 'red'"})

    assert pages == [["JL-0", "JL-1"], ["JL-2", "JL-3"], ["JL-4"], []]
    assert [order["po_num"] for order in one.json()["data"]["header"]] == ["JL-2"]
    assert none.json()["data"]["header"] == []
    assert (nonsense.status_code, type(nonsense.json()["message"])) == (400, str)
    assert (unknown.status_code, unknown.json()["errors"][0]["errorCode"]) == (400, "INVALID_REQUEST")


def test_without_the_key_nothing_is_told(erp: Any) -> None:
    refused = erp.get("/api/salesOrder", headers={"Ocp-Apim-Subscription-Key": "wrong"})

    assert (refused.status_code, refused.json()["statusCode"]) == (401, 401)
    assert erp.get("/api/pick").json()["version"]
