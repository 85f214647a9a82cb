"""What is kept of an exchange names nobody, and changes nothing else."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.clients.redact import Redaction, parse, render, unreadable

ORDER = {
    "order_id": "JLM1004471-A",
    "customer_notification_email": "relay-1@customers.example",
    "references": {"order_reference_for_customer": "W884120"},
    "customer": {
        "customer_id": "c-55102",
        "firstname": "Zoë",
        "lastname": "Kettle",
        "locale": "en_GB",
        "shipping_address": {
            "street_1": "1 Pretend Row",
            "street_2": None,
            "city": "Leeds",
            "state": "",
            "zip_code": "LS1 0AA",
            "country_iso_code": "GBR",
            "phone": "07700900123",
        },
        "billing_address": None,
    },
    "order_additional_fields": [
        {"code": "gift-message", "type": "STRING", "value": "Happy birthday Zoë"},
        {"code": "gift-wrap", "type": "BOOLEAN", "value": "false"},
    ],
    "order_lines": [
        {"order_line_id": "JLM1004471-A-1", "shipping_from": {"address": {"street_1": "Unit 1, Warehouse Way"}}}
    ],
}
GONE = "personal:JLM1004471-A"


def test_the_people_of_an_order_become_a_reference_to_it() -> None:
    kept = Redaction().document({"orders": [ORDER]})["orders"][0]

    assert kept["customer"] == {
        "customer_id": "c-55102",
        "firstname": GONE,
        "lastname": GONE,
        "locale": "en_GB",
        "shipping_address": {
            "street_1": GONE,
            "street_2": None,
            "city": GONE,
            "state": "",
            "zip_code": GONE,
            "country_iso_code": "GBR",
            "phone": GONE,
        },
        "billing_address": None,
    }
    assert kept["customer_notification_email"] == GONE
    assert [field["value"] for field in kept["order_additional_fields"]] == [GONE, "false"]


def test_a_warehouse_and_a_reference_are_nobody() -> None:
    kept = Redaction().document(ORDER)

    assert kept["order_lines"] == ORDER["order_lines"]
    assert kept["references"] == ORDER["references"]


def test_the_document_itself_stays_as_it_was() -> None:
    before = json.dumps(ORDER)
    Redaction().ours(ORDER)

    assert json.dumps(ORDER) == before


def test_an_erp_document_is_known_by_its_po_num() -> None:
    document = {
        "data": {
            "header": [
                {
                    "po_num": "JLM7-A",
                    "notes": "ring Zoë",
                    "address": {"rows": [{"addr_type": "ST", "name": "Zoë Kettle", "city": "Leeds"}]},
                    "detail": {"rows": [{"style": "NK2417"}]},
                }
            ]
        }
    }
    (kept,) = Redaction().document(document)["data"]["header"]

    assert kept["address"] == {"rows": [{"addr_type": "ST", "name": "personal:JLM7-A", "city": "personal:JLM7-A"}]}
    assert kept["notes"] == "personal:JLM7-A"
    assert kept["detail"] == {"rows": [{"style": "NK2417"}]}


def test_our_shops_own_bank_account_is_not_kept() -> None:
    body = {"shop_id": 4107, "billing_info": {"iban": "GB00TEST", "owner": "Northmoor"}, "model": "MARKETPLACE"}
    kept = Redaction("shop").document(body)

    assert kept == {
        "shop_id": 4107,
        "billing_info": {"iban": "personal:shop", "owner": "personal:shop"},
        "model": "MARKETPLACE",
    }


def test_an_error_that_repeats_what_we_sent_loses_it_too() -> None:
    redaction = Redaction("JLM1-A")
    redaction.ours({"email": "zoe@customers.example"})

    assert redaction.text("no such mail: zoe@customers.example") == "no such mail: personal:JLM1-A"
    assert redaction.document({"message": "zoe@customers.example?"}) == {"message": "personal:JLM1-A?"}


def test_numbers_stay_word_for_word() -> None:
    body = (
        b'{"price":90.00,"rate":12345678901234567.891,"tiny":1E-7,"count":3,"name":"Zo\xc3\xab","half":"\\ud800"}'
    )

    assert render(parse(body)) == body
    assert parse(body)["price"] == Decimal("90.00")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=20,
    )
)
def test_any_document_survives_being_written_and_read(document: Any) -> None:
    again = parse(render(document))

    assert render(again) == render(document)


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b'{"a": NaN}', b"\xff\xfe", b'{"a":1}\x00<html>'])
def test_what_is_not_json_is_not_taken_for_it(body: bytes) -> None:
    with pytest.raises(ValueError):
        parse(body)
    assert json.loads(unreadable(body))["unreadable"]["length"] == len(body)
