"""What the pretend marketplace's lists find: every documented filter, every sort, and pages in both ways."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

LEDGER = "/api/sellerpayment/transactions_logs"


def found(shop: Any, path: str, member: str, key: str, **query: Any) -> list[Any]:
    """The keys of what a list finds."""
    page = {"max" if member != "data" else "limit": 100}
    answer = shop.ask("GET", path, params={**page, **query})
    assert answer.status_code == 200, answer.text
    return [row[key] for row in answer.json()[member]]


UNREADABLE: tuple[tuple[str, dict[str, str]], ...] = (
    ("/api/orders", {"max": "101"}),
    ("/api/orders", {"max": "many"}),
    ("/api/orders", {"max": "-1"}),
    ("/api/orders", {"offset": "x"}),
    ("/api/orders", {"order_ids": ",".join(f"JLM{n}-A" for n in range(101))}),
    ("/api/orders", {"start_date": "yesterday"}),
    ("/api/orders", {"end_update_date": "2026-02-30T00:00:00Z"}),
    ("/api/orders", {"customer_debited": "perhaps"}),
    ("/api/orders", {"order_state_codes": "LOST"}),
    ("/api/orders", {"payment_workflow": "PAY_NEVER"}),
    ("/api/orders", {"order_tax_mode": "TAX_FREE"}),
    ("/api/orders", {"sort": "price"}),
    ("/api/orders", {"order": "sideways"}),
    ("/api/orders", {"locale": "de_DE"}),
    ("/api/offers", {"locale": "de_DE"}),
    ("/api/offers", {"sort": "colour"}),
    ("/api/reasons", {"locale": "de_DE"}),
    ("/api/shipping/types", {"locale": "de_DE"}),
    ("/api/shipments", {"page_token": "no-such-token"}),
    ("/api/shipments", {"limit": "101"}),
    ("/api/shipments", {"shipment_state_code": "LOST"}),
    ("/api/shipments", {"shipment_customer_debit_state_code": "LOST"}),
    ("/api/shipments/items_to_ship", {"sort": "dateCreated"}),
    (LEDGER, {"limit": "2001"}),
    (LEDGER, {"payment_state": "LOST"}),
    (LEDGER, {"transaction_type": "BRIBE"}),
    (LEDGER, {"shop_model": "BAZAAR"}),
    (LEDGER, {"pay_out_psp_codes": "A_FRIEND"}),
    (LEDGER, {"sort": "amount"}),
    ("/api/seller-billing-cycles", {"pay_out_state": "LOST"}),
    ("/api/seller-billing-cycles", {"limit": "1001"}),
    ("/api/seller-billing-cycles", {"pay_out_psp_code": "A_FRIEND"}),
)


@pytest.mark.parametrize(
    ("path", "query"), UNREADABLE, ids=[f"{path} {name}" for path, q in UNREADABLE for name in q]
)
def test_a_parameter_it_cannot_read_is_400_and_named(shop: Any, path: str, query: dict[str, str]) -> None:
    answer = shop.ask("GET", path, params=query)

    assert answer.status_code == 400
    assert next(iter(query)) in answer.json()["message"]


def test_orders_without_a_channel_are_found_whatever_channels_are_named_beside(shop: Any) -> None:
    shop.world.scenario("relaxed_limits")
    order = shop.order().order_id

    assert found(shop, "/api/orders", "orders", "order_id", channel_codes="INIT") == []
    assert found(shop, "/api/orders", "orders", "order_id", channel_codes="INIT", only_null_channel="true") == [
        order
    ]


def test_both_tax_modes_show_the_same_amounts_where_no_taxes_are_listed(shop: Any) -> None:
    shop.world.scenario("relaxed_limits")
    shop.order()
    seen = [
        shop.ask("GET", "/api/orders", params={"order_tax_mode": mode}).json()["orders"][0]
        for mode in ("TAX_INCLUDED", "TAX_EXCLUDED")
    ]

    assert [order.pop("order_tax_mode") for order in seen] == ["TAX_INCLUDED", "TAX_EXCLUDED"]
    assert seen[0] == seen[1]


def test_the_other_filters_of_orders_find_nothing_this_shop_has_none_of(shop: Any) -> None:
    shop.world.scenario("relaxed_limits")
    shop.order()

    assert found(shop, "/api/orders", "orders", "order_id", fulfillment_center_code="FC1") == []
    assert found(shop, "/api/orders", "orders", "order_id", payment_workflow="PAY_ON_SHIPMENT") == []
    assert len(found(shop, "/api/orders", "orders", "order_id", locale="en_GB", shop_id="4107")) == 1


def test_each_filter_of_shipments_narrows_as_documented(shop: Any) -> None:
    first, second = shop.order(to_ship=True), shop.order(to_ship=True)
    shop.ship(first, 1)
    shop.world.advance(30)
    shop.ship(second, 1, shipped=False)
    path, one, two = "/api/shipments", first.shipments[0].shipment_id, second.shipments[0].shipment_id

    def shipments(**query: Any) -> set[str]:
        return set(found(shop, path, "data", "id", **query))

    assert shipments(order_id=[first.order_id, "JLM1-A"]) == {one}
    assert shipments(shipment_state_code="SHIPPING") == {two}
    assert shipments(shipment_state_code=["SHIPPED", "RECEIVED"]) == {one}
    assert shipments(shipment_customer_debit_state_code="NO_DEBIT") == {one, two}
    assert shipments(shipment_customer_debit_state_code="DEBIT_OK") == set()
    moment = (first.shipments[0].updated_at + timedelta(minutes=1)).isoformat()
    assert shipments(last_updated_from=moment) == {two}
    assert shipments(last_updated_to=moment) == {one}
    assert found(shop, path, "data", "id", sort="dateCreated,DESC") == [two, one]
    shop.world.advance(6 * 1440)
    assert shipments(shipment_state_code="RECEIVED") == {one}


def test_each_filter_of_what_is_to_be_shipped_narrows_as_documented(shop: Any) -> None:
    shop.world.scenario("relaxed_limits")
    first, second = shop.order(to_ship=True), shop.order(to_ship=True)

    def waiting(**query: Any) -> set[str]:
        return set(found(shop, "/api/shipments/items_to_ship", "data", "order_id", **query))

    assert waiting() == {first.order_id, second.order_id}
    assert waiting(order_id=first.order_id) == {first.order_id}
    assert waiting(fulfillment_center_code="FC1") == set()
    assert waiting(shipping_date_from=second.shipping_at.isoformat()) == {second.order_id}
    assert waiting(shipping_date_to=first.shipping_at.isoformat()) == {first.order_id}


def later(order: Any) -> str:
    """After the order's own lines, and before the credit."""
    moment: datetime = order.created_at + timedelta(days=2)
    return moment.isoformat()


def of_order(row: Any) -> bool:
    return "order" in row["entities"]


LEDGER_FILTERS: tuple[tuple[str, Callable[[Any], Any], Callable[[Any], bool]], ...] = (
    ("payment_state", lambda _: ["PAYABLE"], lambda row: row["payment_state"] == "PAYABLE"),
    ("transaction_type", lambda _: ["COMMISSION_FEE", "COMMISSION_VAT"], lambda row: "COMMISSION" in row["type"]),
    ("order_id", lambda order: [order.order_id], of_order),
    (
        "order_line_id",
        lambda order: order.lines[1].line_id,
        lambda row: row["entities"].get("order_line", {}).get("id", "").endswith("-2"),
    ),
    ("order_reference_for_customer", lambda order: f"W0,{order.reference_for_customer}", of_order),
    ("order_reference_for_seller", lambda _: "0400001", of_order),
    ("other_reference", lambda _: "Goodwill", lambda row: row["type"].startswith("MANUAL_CREDIT")),
    ("shop_model", lambda _: ["MARKETPLACE"], lambda _: True),
    ("shop_model", lambda _: ["DROPSHIP"], lambda _: False),
    ("pay_out_psp_codes", lambda _: "OPERATOR,MANGOPAY", lambda _: True),
    ("pay_out_psp_codes", lambda _: "MANGOPAY", lambda _: False),
    ("seller_billing_cycle_id", lambda _: ["00000000-0000-4000-8000-000000000001"], lambda _: False),
    ("accounting_document_number", lambda _: "JLI-4107-00001", lambda _: False),
    ("accounting_document_id", lambda _: "JLI-4107-00001", lambda _: False),
    ("date_created_from", later, lambda row: not of_order(row)),
    ("date_created_to", later, of_order),
    ("transaction_date_from", later, lambda row: not of_order(row)),
    ("transaction_date_to", later, of_order),
    ("last_updated_from", later, lambda row: not of_order(row)),
)


@pytest.mark.parametrize(
    ("name", "given", "is_wanted"), LEDGER_FILTERS, ids=[f"{each[0]}-{n}" for n, each in enumerate(LEDGER_FILTERS)]
)
def test_each_filter_of_the_ledger_narrows_as_documented(
    shop: Any, name: str, given: Callable[[Any], Any], is_wanted: Callable[[Any], bool]
) -> None:
    shop.world.scenario("relaxed_limits")
    order = shop.order((shop.skus[0], 1), (shop.skus[1], 1), to_ship=True)
    order.reference_for_seller = "0400001"
    shop.world.advance(3 * 1440)
    shop.world.john_lewis.ledger.charge("MANUAL_CREDIT", shop.world.skus[0].price, "Goodwill")
    every = shop.ask("GET", LEDGER, params={"limit": 100}).json()["data"]
    rows = shop.ask("GET", LEDGER, params={"limit": 100, name: given(order)}).json()["data"]

    assert len(every) > 6
    assert [row["id"] for row in rows] == [row["id"] for row in every if is_wanted(row)]


def test_the_ledger_comes_newest_first_and_by_last_change_when_asked(shop: Any) -> None:
    shop.world.scenario("relaxed_limits")
    first = shop.order(to_ship=True)
    shop.world.advance(60)
    shop.order(to_ship=True)
    shop.ship(first, 1)
    shop.world.advance(5 * 1440)  # received: the first order's lines change last

    created = found(shop, LEDGER, "data", "id")
    newest = shop.ask("GET", LEDGER, params={"limit": 1}).json()["data"][0]
    changed = shop.ask("GET", LEDGER, params={"limit": 100, "sort": "lastUpdated,ASC"}).json()["data"]

    assert found(shop, LEDGER, "data", "id", sort="dateCreated,ASC") == created[::-1]
    assert newest["id"] == created[0]
    assert [row["last_updated"] for row in changed] == sorted(row["last_updated"] for row in changed)
    assert changed[-1]["entities"]["order"]["id"] == first.order_id


def test_each_filter_of_billing_cycles_narrows_as_documented(shop: Any) -> None:
    shop.world.scenario("relaxed_limits")
    for day in (4, 14, 21):
        shop.world.john_lewis.ledger.charge("MANUAL_CREDIT", shop.world.skus[0].price * 9, "x")
        shop.world.advance_to(datetime(2026, 4, day, 2, tzinfo=UTC))
    path = "/api/seller-billing-cycles"
    first, *_, last = cycles = found(shop, path, "data", "id")
    moments = found(shop, path, "data", "date_created")

    def chosen(**query: Any) -> list[str]:
        return found(shop, path, "data", "id", **query)

    assert len(cycles) == 3
    assert chosen(id=[first, last]) == [first, last]
    assert chosen(start_date=moments[-1]) == [last]
    assert chosen(end_date=moments[0]) == [first]
    assert chosen(pay_out_state="TO_PAY") == [last]
    assert chosen(pay_out_state=["PAID", "FAILED"]) == cycles[:-1]
    assert (chosen(currency="EUR"), chosen(currency=["EUR", "GBP"])) == ([], cycles)
    assert (chosen(pay_out_psp_code="MANGOPAY"), chosen(pay_out_psp_code="OPERATOR")) == ([], cycles)
    assert chosen(sort="dateCreated,DESC") == cycles[::-1]


def test_each_filter_and_sort_of_offers_is_as_documented(shop: Any) -> None:
    offers = list(shop.world.john_lewis.offers.values())
    one = offers[7]

    def skus(**query: Any) -> list[str]:
        return found(shop, "/api/offers", "offers", "shop_sku", **query)

    def sorted_by(name: str, **query: str) -> list[Any]:
        return found(shop, "/api/offers", "offers", name, sort=query.pop("sort", name), **query)

    assert skus(product_id=one.product_sku) == [one.shop_sku]
    assert skus(offer_state_codes="11,1") == skus()
    assert skus(offer_state_codes="1") == []
    assert (skus(favorite="true"), len(skus(favorite="false"))) == ([], len(skus()))
    assert skus(pricing_channel_code="INIT", pricing_customer_organization_id="NOBODY") == skus()
    assert sorted_by("price") == sorted(sorted_by("price"))
    assert sorted_by("price", order="desc") == sorted(sorted_by("price"), reverse=True)
    assert sorted_by("total_price", sort="totalPrice") == sorted(sorted_by("total_price", sort="totalPrice"))


def test_pages_of_orders_are_linked_and_counted_both_ways(shop: Any) -> None:
    shop.world.scenario("relaxed_limits")
    orders = []
    for _ in range(3):
        orders.append(shop.order().order_id)
        shop.world.advance(1)

    middle = shop.ask("GET", "/api/orders", params={"max": 1, "offset": 1})
    newest = shop.ask("GET", "/api/orders", params={"order": "desc"}).json()

    assert middle.json()["total_count"] == 3
    assert middle.links["next"]["url"].endswith("offset=2")
    assert middle.links["previous"]["url"].endswith("offset=0")
    assert [order["order_id"] for order in newest["orders"]] == orders[::-1]


def test_each_filter_of_orders_narrows_as_documented(shop: Any) -> None:
    shop.world.scenario("relaxed_limits")
    first = shop.order(to_ship=True)
    first.reference_for_seller = "0400001"
    second = shop.order()

    def matching(**query: str) -> set[str]:
        body = shop.ask("GET", "/api/orders", params={"max": 100, **query}).json()
        return {order["order_id"] for order in body["orders"]}

    both, one, two = {first.order_id, second.order_id}, {first.order_id}, {second.order_id}
    assert matching(order_state_codes="SHIPPING,SHIPPED") == one
    assert matching(order_references_for_customer=second.reference_for_customer) == two
    assert matching(order_references_for_seller="0400001") == one
    assert matching(customer_debited="false") == two
    assert matching(start_date=second.created_at.isoformat()) == two
    assert matching(end_date=first.created_at.isoformat()) == one
    # It looks a little further back than asked: an update some minutes before the start is found again.
    assert matching(start_update_date=(first.updated_at + timedelta(minutes=4)).isoformat()) == both
    assert matching(end_update_date=(first.updated_at).isoformat()) == one
    assert matching(only_null_channel="true", payment_workflow="PAY_ON_ACCEPTANCE") == both
    assert matching(channel_codes="INIT") == set()
    assert matching(has_incident="true") == set()


def test_seek_tokens_are_opaque_absent_at_the_ends_and_overrule_other_parameters(shop: Any) -> None:
    shop.order((shop.skus[0], 2), (shop.skus[1], 1), to_ship=True)
    path = "/api/sellerpayment/transactions_logs"

    first = shop.ask("GET", path, params={"limit": 4}).json()
    second = shop.ask("GET", path, params={"page_token": first["next_page_token"], "limit": 1}).json()

    assert (first["previous_page_token"], len(first["data"])) == (None, 4)
    assert (second["next_page_token"], len(second["data"])) == (None, 2)
    assert (
        shop.ask("GET", path, params={"page_token": second["previous_page_token"]}).json()["data"] == first["data"]
    )


def test_offers_are_found_by_sku_and_sorted_by_title(shop: Any) -> None:
    sku = shop.skus[0]
    found = shop.ask("GET", "/api/offers", params={"sku": sku}).json()["offers"]
    titled = shop.ask("GET", "/api/offers", params={"sort": "productTitle", "max": 100}).json()["offers"]

    assert [offer["shop_sku"] for offer in found] == [sku]
    assert [offer["product_title"] for offer in titled] == sorted(offer["product_title"] for offer in titled)
