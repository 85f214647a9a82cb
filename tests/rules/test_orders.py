"""What each order needs next, case by case."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.rules import mappings
from sync.rules.addresses import Misfit
from sync.rules.order_known import Known
from sync.rules.order_past import freed_by
from sync.rules.orders import Decision, decide, sku_trouble

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SHIRT, LONG_SHIRT, JUMPER = "NMK-04117-WHT-A--M", "NMK-04117-WHT-A--L", "NMC-07001-RED-A--4"
SUBJECT = "JLM1-A/NMK/WH1"
TOWN = Misfit("ship_to", "city", 29, 25)


def line(order_id: str = "JLM1-A", number: int = 1, sku: str = SHIRT, **more: Any) -> dict[str, Any]:
    return {
        "order_line_id": f"{order_id}-{number}", "order_id": order_id, "commercial_id": "JLM1",
        "line_number": number, "sku": sku, "state": "SHIPPING", "shipping_type": "STD-UK",
        "shipping_zone": "UK", "is_before_start": False, "currency": "GBP",
        "quantity": 2, "cancelled_quantity": 0, "unit_price_amount": "39.00", "shipping_amount": "3.50",
        "placed_at": NOW - timedelta(hours=1), "shipping_deadline_at": NOW + timedelta(days=2),
        **more,
    }  # fmt: skip


def intent(state: str, code: str = "", kind: str = "create_sales_order", **more: Any) -> dict[str, Any]:
    return {
        "intent_kind": kind, "subject": SUBJECT, "order_id": "JLM1-A", "state": state, "code": code,
        "message": "said so", "reference": "", "meant_at": NOW - timedelta(minutes=30),
        "happened_at": NOW - timedelta(minutes=30), "seq": 1,
        "is_pending": state in {"recorded", "unclear"}, "line_ids": ["JLM1-A-1"], **more,
    }  # fmt: skip


def sku(key: str, **more: Any) -> dict[str, Any]:
    division, style, *_ = key.split("-")
    return {
        "sku": key, "sku_key": key.replace("-", "|"), "division": division, "style": style, "upc": "",
        "is_active": True, **more,
    }  # fmt: skip


def placed_in(places: Mapping[str, str]) -> mappings.Mappings:
    """The ordinary mappings, and a warehouse for each of these SKUs."""
    return mappings.load(
        [
            *({"mapping": "warehouse", "key": f"sku:{key}", "value": place} for key, place in places.items()),
            {"mapping": "warehouse", "key": "NMK", "value": "WH1"},
            {"mapping": "warehouse", "key": "NMC", "value": "WH2"},
            {"mapping": "ship_via", "key": "STD-UK", "value": "RML"},
        ]
    )


ORDINARY = Known(
    lines=[line()],
    skus={SHIRT: sku(SHIRT), LONG_SHIRT: sku(LONG_SHIRT), JUMPER: sku(JUMPER)},
    near_skus={f"{SHIRT} ": [SHIRT], SHIRT.lower(): [SHIRT]},
    mappings=placed_in({}),
    intents=[],
    holds={},
    has_address={"JLM1-A": True},
    misfits={},
    other_content={},
    countries={"JLM1-A": "GBR"},
    cancelled=[],
    unreferenced=[],
    customer="JLM",
    accepts=True,
    trust_from=NOW - timedelta(days=1),
    now=NOW,
)


WAITING = line(state="WAITING_ACCEPTANCE")


def placed_by(rule: str) -> mappings.Mappings:
    """Only this rule names a warehouse."""
    return mappings.load(
        [
            {"mapping": "warehouse", "key": rule, "value": "WH1"},
            {"mapping": "ship_via", "key": "STD-UK", "value": "RML"},
        ]
    )


def steps(decision: Decision) -> dict[str, list[str]]:
    """What is to be done, by name; empty ones left out."""
    found = {
        "accept": [one.subject for one in decision.accept],
        "create": [one.subject for one in decision.create],
        "take_over": [one.subject for one in decision.take_over],
        "cancel": [one.subject for one in decision.cancel],
        "reference": [one.subject for one in decision.reference],
        "hold": [one.reason for one in decision.holds],
        "release": [one.order_id for one in decision.releases],
    }
    return {name: what for name, what in found.items() if what}


CASES: dict[str, tuple[dict[str, Any], dict[str, list[str]]]] = {
    "nothing open": ({"lines": []}, {}),
    "ordinary": ({}, {"create": [SUBJECT]}),
    "waits for acceptance": ({"lines": [line(state="WAITING_ACCEPTANCE")]}, {"accept": ["JLM1-A"]}),
    "accepted by the operator": ({"lines": [line(state="WAITING_ACCEPTANCE")], "accepts": False}, {}),
    "acceptance under way": (
        {
            "lines": [line(state="WAITING_ACCEPTANCE")],
            "intents": [intent("unclear", kind="accept_order", subject="JLM1-A")],
        },
        {},
    ),
    "a line nobody can send, refused by a person": (
        {
            "lines": [line(state="WAITING_ACCEPTANCE"), line(number=2, sku="WRONG", state="WAITING_ACCEPTANCE")],
            "refused_lines": {"JLM1-A-2"},
        },
        {"accept": ["JLM1-A"]},
    ),
    "a line nobody can send": (
        {"lines": [line(state="WAITING_ACCEPTANCE"), line(number=2, sku="WRONG", state="WAITING_ACCEPTANCE")]},
        {"hold": ["unknown_sku"]},
    ),
    "waits for acceptance, without a division": (
        {"lines": [WAITING], "skus": {SHIRT: sku(SHIRT, division="")}},
        {"hold": ["missing_division"]},
    ),
    "waits for acceptance, without a warehouse": (
        {"lines": [WAITING], "mappings": placed_by("NMC")},
        {"hold": ["missing_warehouse"]},
    ),
    "waits for acceptance, without a ship-via": (
        {"lines": [{**WAITING, "shipping_type": "LTR-UK"}]},
        {"hold": ["unknown_ship_via"]},
    ),
    "waits for acceptance, and its country may say where it is placed": (
        {"lines": [WAITING], "mappings": placed_by("NMK country:IRL"), "countries": {}},
        {"accept": ["JLM1-A"]},
    ),
    "waits for acceptance, and its country does not": (
        {"lines": [WAITING], "mappings": placed_by("NMK country:IRL")},
        {"hold": ["missing_warehouse"]},
    ),
    "waits for acceptance, and a country places other goods": (
        {"lines": [WAITING], "mappings": placed_by("NMC country:IRL"), "countries": {}},
        {"hold": ["missing_warehouse"]},
    ),
    "waits for acceptance, the line without a warehouse refused by a person": (
        {
            "lines": [WAITING, line(number=2, sku=JUMPER, state="WAITING_ACCEPTANCE")],
            "mappings": placed_by("NMK"),
            "refused_lines": {"JLM1-A-2"},
        },
        {"accept": ["JLM1-A"]},
    ),
    "two warehouses": (
        {"lines": [line(), line(number=2, sku=JUMPER)]},
        {"create": ["JLM1-A/NMC/WH2", SUBJECT]},
    ),
    "already meant": ({"intents": [intent("recorded")]}, {}),
    "unclear": ({"intents": [intent("unclear")]}, {}),
    "sent and not yet visible": ({"intents": [intent("confirmed")]}, {}),
    "never sent": ({"intents": [intent("refused", "not_sent")]}, {"create": [SUBJECT]}),
    "surely absent": ({"intents": [intent("refused", "absent")]}, {"create": [SUBJECT]}),
    "the number is there with other lines": ({"other_content": {"JLM1-A": "SO-77"}}, {"hold": ["duplicate_po"]}),
    "the number is there from before our start": (
        {"other_content": {"JLM1-A": "SO-77"}, "lines": [line(is_before_start=True)]},
        {},
    ),
    "found with another content": ({"intents": [intent("refused", "other_content")]}, {"hold": ["duplicate_po"]}),
    "refused as a duplicate": ({"intents": [intent("refused", "DUPLICATE_PO")]}, {"hold": ["duplicate_po"]}),
    "refused for a reason": ({"intents": [intent("refused", "UNKNOWN_SHIP_VIA")]}, {"hold": ["refused_by_erp"]}),
    "placed before we took over": ({"trust_from": NOW}, {"take_over": [SUBJECT]}),
    "taken over and looked for": ({"trust_from": NOW, "intents": [intent("unclear", "absent_once")]}, {}),
    "taken over and surely absent": (
        {"trust_from": NOW - timedelta(minutes=45), "intents": [intent("refused", "absent")]},
        {"create": [SUBJECT]},
    ),
    "absent before a restore proves nothing": (
        {"trust_from": NOW, "intents": [intent("refused", "absent")]},
        {"take_over": [SUBJECT]},
    ),
    "taken out of the sales order of another order": (
        {"taken_out": {"JLM1-A-1": NOW}},
        {"take_over": [SUBJECT]},
    ),
    "taken out there and looked for": (
        {"taken_out": {"JLM1-A-1": NOW}, "intents": [intent("unclear", "looking")]},
        {},
    ),
    "taken out there and surely absent since": (
        {"taken_out": {"JLM1-A-1": NOW - timedelta(minutes=45)}, "intents": [intent("refused", "absent")]},
        {"create": [SUBJECT]},
    ),
    "absent before it was taken out there": (
        {
            "lines": [line(), line(number=2)],
            "taken_out": {"JLM1-A-2": NOW},
            "intents": [intent("refused", "absent")],
        },
        {"take_over": [SUBJECT]},
    ),
    "unknown SKU": ({"lines": [line(sku="WRONG")]}, {"hold": ["unknown_sku"]}),
    "SKU in another case": ({"lines": [line(sku=SHIRT.lower())]}, {"hold": ["misspelt_sku"]}),
    "inactive SKU": ({"skus": {SHIRT: sku(SHIRT, is_active=False)}}, {"hold": ["inactive_sku"]}),
    "no division": ({"skus": {SHIRT: sku(SHIRT, division="")}}, {"hold": ["missing_division"]}),
    "no warehouse": ({"mappings": mappings.load([])}, {"hold": ["missing_warehouse"]}),
    "no ship-via": ({"lines": [line(shipping_type="LTR-UK")]}, {"hold": ["unknown_ship_via"]}),
    "no address yet": ({"has_address": {}}, {"hold": ["no_address"]}),
    "address too long": ({"misfits": {"JLM1-A": [TOWN]}}, {"hold": ["address_too_long"]}),
    "address without a town": (
        {"misfits": {"JLM1-A": [Misfit("ship_to", "city", 0, 0)]}},
        {"hold": ["address_incomplete"]},
    ),
    "one bad among good": (
        {
            "lines": [line("JLM0-A", sku="WRONG"), line()],
            "has_address": {"JLM0-A": True, "JLM1-A": True},
        },
        {"create": [SUBJECT], "hold": ["unknown_sku"]},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_order_gets_its_next_step(name: str) -> None:
    changes, expected = CASES[name]

    assert steps(decide(replace(ORDINARY, **changes))) == expected


def test_a_mended_order_is_released_and_goes_on() -> None:
    held = {"JLM1-A": {"reason": "unknown_sku", "cause": "x", "detail": "y", "happened_at": NOW}}

    assert steps(decide(replace(ORDINARY, holds=held))) == {"create": [SUBJECT], "release": ["JLM1-A"]}


def test_a_hold_is_said_once() -> None:
    first = decide(replace(ORDINARY, lines=[line(sku="WRONG")]))
    (said,) = first.holds
    held = {"JLM1-A": {"reason": said.reason, "cause": said.cause, "detail": said.detail, "happened_at": NOW}}

    assert steps(decide(replace(ORDINARY, lines=[line(sku="WRONG")], holds=held))) == {}


def test_a_refused_order_goes_on_only_when_released_after_the_refusal() -> None:
    refused = [intent("refused", "UNKNOWN_SHIP_VIA")]
    before: Mapping[str, Any] = {
        "reason": None,
        "cause": "",
        "detail": "",
        "seq": 2,
        "happened_at": NOW - timedelta(hours=1),
    }
    after = {**before, "happened_at": NOW}

    assert steps(decide(replace(ORDINARY, intents=refused, holds={"JLM1-A": before}))) == {
        "hold": ["refused_by_erp"]
    }
    assert steps(decide(replace(ORDINARY, intents=refused, holds={"JLM1-A": after}))) == {"create": [SUBJECT]}


@pytest.mark.parametrize(
    ("frees", "expected"),
    [
        ((), {"hold": ["refused_by_erp"]}),
        (freed_by("unknown_sku", "NMK-04117-WHT-A--m"), {"hold": ["refused_by_erp"]}),
        (freed_by("refused_by_erp", "CREDIT_HOLD"), {"hold": ["refused_by_erp"]}),
        (freed_by("reference_refused", "refused"), {"hold": ["refused_by_erp"]}),
        (freed_by("refused_by_erp", "UNKNOWN_SHIP_VIA"), {"create": [SUBJECT]}),
        (("create_sales_order",), {"create": [SUBJECT]}),
        (None, {"create": [SUBJECT]}),
    ],
)
def test_a_release_frees_what_it_was_for_and_no_other_refusal_of_the_order(
    frees: tuple[str, ...] | None, expected: dict[str, list[str]]
) -> None:
    refused = [intent("refused", "UNKNOWN_SHIP_VIA")]
    held = {"reason": None, "cause": "", "detail": "", "seq": 2, "happened_at": NOW, "frees": frees}

    assert steps(decide(replace(ORDINARY, intents=refused, holds={"JLM1-A": held}))) == expected


def test_an_order_that_is_held_no_more_by_itself_frees_nothing_that_was_refused() -> None:
    held = {"JLM1-A": {"reason": "unknown_sku", "cause": "x", "detail": "y", "happened_at": NOW, "seq": 3}}
    (released,) = decide(replace(ORDINARY, holds=held)).releases

    assert released.frees == ()


def test_only_units_still_wanted_are_sent_and_shipping_is_charged_once() -> None:
    lines = [line(cancelled_quantity=1), line(number=2, sku=JUMPER)]
    created = decide(replace(ORDINARY, lines=lines)).create

    assert [one.payload["shipping_amount"] for one in created] == ["3.50", "0"]
    assert [one.payload["lines"][0]["quantity"] for one in created] == [2, 1]
    assert {one.payload["lines"][0]["warehouse_rule"] for one in created} == {"NMC", "NMK"}
    assert {one.payload["ship_via_rule"] for one in created} == {"STD-UK"}


def test_the_second_sales_order_of_a_basket_does_not_charge_shipping_again() -> None:
    sent = intent("confirmed", subject="JLM1-A/NMC/WH2", line_ids=["JLM1-A-2"])
    (created,) = decide(replace(ORDINARY, intents=[sent])).create

    assert created.payload["shipping_amount"] == "0"


def test_a_cancelation_is_meant_once_for_each_sum_cancelled_before() -> None:
    row = {
        "order_line_id": "JLM1-A-1", "order_id": "JLM1-A", "ord_num": "0400001", "line_number": 1, "quantity": 1,
        "before_quantity": 0,
    }  # fmt: skip
    known = replace(ORDINARY, lines=[], cancelled=[row])
    done = intent("confirmed", kind="cancel_sales_line", subject="JLM1-A-1/0")

    assert steps(decide(known)) == {"cancel": ["JLM1-A-1/0"]}
    assert steps(decide(replace(known, intents=[done]))) == {}
    assert steps(decide(replace(known, intents=[done], cancelled=[{**row, "before_quantity": 1}]))) == {
        "cancel": ["JLM1-A-1/1"]
    }


def test_a_number_is_written_back_again_only_when_it_did_not_show_for_an_hour() -> None:
    row = {"order_id": "JLM1-A", "reference": "0400001"}
    known = replace(ORDINARY, lines=[], unreferenced=[row])
    written = intent("confirmed", kind="write_reference", subject="JLM1-A")
    long_ago = {**written, "happened_at": NOW - timedelta(hours=2)}

    assert steps(decide(known)) == {"reference": ["JLM1-A"]}
    assert steps(decide(replace(known, intents=[written]))) == {}
    assert steps(decide(replace(known, intents=[long_ago]))) == {"reference": ["JLM1-A"]}


def test_a_number_john_lewis_did_not_take_is_written_again_once_a_person_asks() -> None:
    row = {"order_id": "JLM1-A", "reference": "0400001"}
    refused = intent("refused", "refused", kind="write_reference", subject="JLM1-A")
    known = replace(ORDINARY, lines=[], unreferenced=[row], intents=[refused])
    released = {"order_id": "JLM1-A", "reason": None, "happened_at": NOW + timedelta(hours=1), "seq": 99}

    assert steps(decide(known)) == {}
    assert steps(decide(replace(known, holds={"JLM1-A": released}))) == {"reference": ["JLM1-A"]}


@pytest.mark.parametrize(
    ("offered", "trouble"),
    [
        (SHIRT, ("", "")),
        (
            f"{SHIRT} ",
            ("misspelt_sku", f"`{SHIRT} `: BlueCherry has `{SHIRT}`; the order's has a blank at its end."),
        ),
        (SHIRT.lower(), ("misspelt_sku", f"`{SHIRT.lower()}`: BlueCherry has `{SHIRT}`; the case differs.")),
        ("SOMETHING-ELSE", ("unknown_sku", "`SOMETHING-ELSE`: BlueCherry has nothing like it.")),
    ],
)
def test_a_sku_is_taken_byte_for_byte_or_not_at_all(offered: str, trouble: tuple[str, str]) -> None:
    assert sku_trouble(offered, ORDINARY.skus, ORDINARY.near_skus) == trouble


def test_what_does_not_fit_is_said_by_field_and_length_never_by_its_text() -> None:
    (held,) = decide(replace(ORDINARY, misfits={"JLM1-A": [TOWN]})).holds

    assert (held.cause, held.detail) == ("delivery town", "Delivery town: 29 characters, 25 fit. Nothing is cut.")
    assert [part.model_dump() for part in held.misfits] == [
        {"part": "ship_to", "field": "city", "length": 29, "fits": 25}
    ]
