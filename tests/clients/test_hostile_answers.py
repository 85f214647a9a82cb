"""Answers nobody should give: each becomes a record set aside, or an error a flow knows; never anything else."""

import contextlib
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.clients import answers
from sync.errors import Retriable, Unclear
from sync.ports import INVENTORY_COLUMNS, Address, SalesLineDraft, SalesOrderDraft, ShipmentDraft
from tests.clients.hostile import (
    JSON,
    NOW,
    ORDER,
    QUICK,
    READS,
    STYLE,
    TRANSACTION,
    found,
    held,
    saying,
)
from tests.spoiling import places, spoiled


@pytest.mark.parametrize("name", READS)
def test_the_records_of_this_test_are_good_ones(outside: Any, name: str) -> None:
    (page,) = found(outside, name, READS[name][1])

    assert (page[0].height if name == "stock" else len(page.items)) == 1


@pytest.mark.parametrize("name", READS)
@QUICK
@given(at=st.integers(0, 999), other=JSON)
def test_anything_in_any_place_of_a_record_is_set_aside_or_can_be_held(
    outside: Any, name: str, at: int, other: Any
) -> None:
    record = READS[name][1]
    document = spoiled(record, places(record)[at % len(places(record))], other)
    (page,) = found(outside, name, document)

    if name == "stock":
        assert dict(page[0].schema) == INVENTORY_COLUMNS
    else:
        held(page.items)
        held(page.skipped)
        # A style makes as many SKUs as it has sizes, so it may be neither set aside nor any.
        assert len(page.items) + len(page.skipped) == 1 or name == "styles"


@pytest.mark.parametrize("name", READS)
@QUICK
@given(at=st.integers(0, 2), other=JSON)
def test_anything_around_the_records_is_an_answer_or_asked_for_again(
    outside: Any, name: str, at: int, other: Any
) -> None:
    side, record, around, ask = READS[name]
    whole = around([record])
    document = spoiled(whole, places(whole)[at], other)
    with contextlib.suppress(Retriable):
        list(ask(saying(outside, side, json.dumps(document).encode())))


@pytest.mark.parametrize("name", READS)
def test_junk_among_the_records_is_named_and_the_good_ones_go_on(outside: Any, name: str) -> None:
    side, record, around, ask = READS[name]
    junk = [None, 1, "x", [], {}, record]
    (page,) = list(ask(saying(outside, side, json.dumps(around(junk)).encode())))

    if name == "stock":
        assert (page[0].height, int((page[0]["sku_key"] != "").sum())) == (len(junk), 1)
    else:
        assert (len(page.items), len(page.skipped)) == (1, 5)


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "half of it": b'{"orders": [{"order_id": "JLM',
    "a page for people": b"<html><body><h1>Down for maintenance</h1></body></html>",
    "deeper than anything": b'{"orders": [], "total_count": 0, "x": ' + b"[" * 700 + b"]" * 700 + b"}",
    "deeper than the parser": b"[" * 100_000,
    "a number that is none": b'{"orders": [], "total_count": NaN}',
    "a number without end": b'{"orders": [], "total_count": ' + b"9" * 5000 + b"}",
    "another alphabet": '{"orders": [], "x": "é"}'.encode("latin-1"),
    "a list": b"[]",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_says_nothing_is_asked_for_again_and_kept_as_its_hash(outside: Any, body: bytes) -> None:
    with pytest.raises(Retriable):
        list(saying(outside, "marketplace", body).orders())
    kept = outside.exchanges[-1].body

    assert kept == body if body in {b"null", b"[]"} else b"sha256" in kept


@pytest.mark.parametrize(
    "body", [b for b in BODIES.values() if b != b"null"], ids=[n for n in BODIES if n != "null"]
)
def test_such_a_body_leaves_a_write_unclear_and_it_is_sent_once(outside: Any, body: bytes) -> None:
    draft = ShipmentDraft("JLM1-A", "S1-C1", {"JLM1-A-1": 1}, None)
    with pytest.raises(Unclear):
        saying(outside, "marketplace", body, 201).create_shipments([draft])
    sent = len(outside.requests)
    with pytest.raises(Unclear):
        saying(outside, "erp", body).create_order(DRAFT, "key-1")

    assert (sent, len(outside.requests)) == (1, 1)


HOME = Address('Zoë O\'Kettle "Bobbin"', "1 Pretend Row", "", "Leeds", "", "LS1 0AA", "GBR")
DRAFT = SalesOrderDraft(
    order_id="JLM1-A",
    commercial_id="JLM1",
    division="NMK",
    warehouse="WH1",
    customer="JLM",
    ship_via="RML",
    currency="GBP",
    starts_on=NOW,
    cancels_on=NOW,
    shipping_amount=Decimal("3.95"),
    lines=(SalesLineDraft(1, "JLM1-A-1", "NMK|04117|WHT|A||M", "84011", 1, Decimal(45), Decimal(0)),),
    ship_to=HOME,
    bill_to=HOME,
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_hindrance(outside: Any, encoding: str) -> None:
    body = json.dumps({"orders": [ORDER], "total_count": 1}, ensure_ascii=False).encode(encoding)
    (page,) = saying(outside, "marketplace", body).orders()

    assert page.items[0].person is not None
    assert page.items[0].person.ship_to.name == 'Zoë O\'Kettle "Bobbin"'


def test_an_answer_that_cannot_be_unpacked_never_came(outside: Any) -> None:
    with pytest.raises(Retriable, match="DecodingError"):
        list(saying(outside, "marketplace", b"junk", headers={"Content-Encoding": "gzip"}).orders())


def test_a_body_larger_than_any_we_ask_for_is_not_read_to_its_end(outside: Any) -> None:
    part = b" " * 1_000_000
    given: list[int] = []

    def endless() -> Any:
        yield b'{"orders": ['
        for number in range(100_000):
            given.append(number)
            yield part

    with pytest.raises(Retriable):
        list(outside.marketplace(lambda _: httpx.Response(200, content=endless())).orders())

    assert len(given) < 4 * (answers.MOST_BYTES / len(part) + 2)
    assert b"sha256" in outside.exchanges[0].body


def test_a_page_of_ten_thousand_orders_is_read_whole(outside: Any) -> None:
    """The page size is a wish; a server that gives more has given more."""
    rows = [{**ORDER, "order_id": f"JLM{number}-A"} for number in range(10_000)]
    (page,) = saying(outside, "marketplace", json.dumps({"orders": rows, "total_count": 10_000}).encode()).orders()

    assert len(page.items) == 10_000


@pytest.mark.parametrize("link", ["<http://[::1>", "no brackets at all", "<\x1f>"])
def test_a_link_that_is_none_leaves_the_count_to_say_whether_there_is_more(outside: Any, link: str) -> None:
    header = f'{link}; rel="next"'.encode("utf-8", "replace")
    body = json.dumps({"orders": [ORDER], "total_count": 1}).encode()

    def app(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=body, headers=[(b"Link", header)])

    seen = [item.order_id for page in outside.marketplace(app).orders() for item in page.items]

    assert seen == ["JLM1-A"]


@pytest.mark.parametrize("token", [7, {"a": 1}, ["a"], True, "\ud800", "a\nb"])
def test_a_token_that_cannot_be_sent_back_ends_the_sweep_as_incomplete(outside: Any, token: Any) -> None:
    body = json.dumps({"data": [TRANSACTION], "next_page_token": token}).encode()

    with pytest.raises(Retriable, match="token cannot be read"):
        list(saying(outside, "marketplace", body).transactions(updated_from=NOW))


def test_a_list_that_ends_before_its_count_is_not_taken_for_whole(outside: Any) -> None:
    with pytest.raises(Retriable, match="7 rows are there, 0 were shown"):
        list(saying(outside, "marketplace", b'{"orders": [], "total_count": 7}').orders())


def test_tokens_without_end_are_stopped(outside: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.clients.mirakl_paging.MOST_PAGES", 50)
    numbers = iter(range(10**6))

    def app(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"data": [TRANSACTION], "next_page_token": f"T{next(numbers)}"})

    with pytest.raises(Retriable, match="circles"):
        list(outside.marketplace(app).transactions(updated_from=NOW))
    assert len(outside.requests) == 50


@QUICK
@given(text=st.binary(max_size=60) | st.sampled_from([b'"1"\n"2;"', b"a\x00b;c\nx;y;z\n", b"x" * 200_000]))
def test_any_error_report_is_read_or_asked_for_again(outside: Any, text: bytes) -> None:
    with contextlib.suppress(Retriable):
        held(saying(outside, "marketplace", text).import_errors("6a2d"))


@pytest.mark.parametrize("rows", [5, "x", {"a": 1}, None])
def test_an_answer_to_a_write_without_its_lists_is_unclear(outside: Any, rows: Any) -> None:
    body = json.dumps({"shipment_success": rows, "shipment_errors": rows}).encode()

    with pytest.raises(Unclear):
        saying(outside, "marketplace", body, 201).create_shipments(
            [ShipmentDraft("JLM1-A", "S1-C1", {"JLM1-A-1": 1}, None)]
        )


def test_a_code_that_would_fall_apart_in_its_key_is_named(outside: Any) -> None:
    record = spoiled(STYLE, ("stylecolorsizes", "rows-0", 0, "color_code"), "WH|T")
    (page,) = found(outside, "styles", record)

    assert page.items == ()
    assert "|" in page.skipped[0]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ({"street_1": "1 Pretend Row"}, "without a name"),
        (["1 Pretend Row"], "without a name"),
        ("x" * 10_000, "x" * 80),
        ("JLM1\x00-A", "JLM1\ufffd-A"),
        ("\ud800", "\ufffd"),
        ("", "without a name"),
        (7, "7"),
    ],
)
def test_a_record_set_aside_is_named_by_its_key_alone(outside: Any, key: Any, name: str) -> None:
    record = {"order_id": key, "order_lines": None, "customer": None, "shipping_type_code": None}
    (page,) = found(outside, "orders", record)

    assert page.skipped[0].startswith(f"order {name}: ")


def test_units_below_zero_are_no_order(outside: Any) -> None:
    (page,) = found(outside, "orders", spoiled(ORDER, ("order_lines", 0, "quantity"), -1))

    assert (page.items, page.skipped) == ((), ("order JLM1-A: order_lines.quantity is below zero",))


def test_amounts_keep_every_decimal_they_come_with(outside: Any) -> None:
    (page,) = found(outside, "orders", spoiled(ORDER, ("order_lines", 0, "price_unit"), 3.9499999999999997))

    assert page.items[0].lines[0].unit_price == Decimal("3.9499999999999997")


@pytest.mark.parametrize("name", ["Zoë O'Kettle", 'Fictive & Sons; "Makers"', "李 – 王", "a\\b\u2028c", "🧶" * 20])
def test_a_name_of_any_letters_reaches_the_erp_and_stays_out_of_what_is_kept(outside: Any, name: str) -> None:
    erp = saying(outside, "erp", b'{"version": "7", "pkey": 1, "ord_num": "0400001"}')
    home = Address(name, name, name, "Leeds", "", "LS1 0AA", "GBR")
    erp.create_order(replace(DRAFT, ship_to=home, bill_to=home), "key-1")
    sent = json.loads(outside.requests[0].content)[0]["address"]["rows"][1]

    assert (sent["name"], sent["addr1"]) == (name, name)
    assert name.encode() not in outside.exchanges[0].request_body
