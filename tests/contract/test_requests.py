"""Every request our client sends to the marketplace is one that Mirakl's own description allows."""

import contextlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from sync.clients import open_marketplace
from sync.clients.mirakl import Mirakl
from sync.errors import SyncError
from sync.ports import Exchange, LineCancelation, LineRefund, ReturnAnswer, ReturnReport, ShipmentDraft, Tracking

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
AGO = NOW - timedelta(days=1)
TRACKED = Tracking("royal-mail", "Royal Mail", "RM123456785GB")

Act = Callable[[Mirakl], Any]
ACTS: dict[str, Act] = {
    "V01": lambda market: market.ping(),
    "A01": lambda market: market.account(),
    "PC01": lambda market: market.rules(),
    "SH21": lambda market: market.carriers(),
    "SH12": lambda market: market.shipping_types(),
    "RE01": lambda market: market.reasons(),
    "OR11 changed": lambda market: list(market.orders(updated_from=AGO)),
    "OR11 created": lambda market: list(market.orders(created_from=AGO, created_to=NOW)),
    "OR11 by id": lambda market: list(market.orders(order_ids=["JLM1-A", "JLM2-A"])),
    "OR21": lambda market: market.accept("JLM1-A", ["JLM1-A-1", "JLM1-A-2"]),
    "OR21 refused": lambda market: market.refuse("JLM1-A", ["JLM1-A-1", "JLM1-A-2"]),
    "OR04": lambda market: market.write_references({"JLM1-A": "0400001", "JLM2-A": "0400002/0400003"}),
    "OR23 and OR24": lambda market: market.ship_whole("JLM1-A", TRACKED),
    "OR24 untracked": lambda market: market.ship_whole("JLM1-A", None),
    "OR30": lambda market: market.cancel_lines(
        [LineCancelation("JLM1-A-1", 1, Decimal("45.10"), Decimal("0.00"), "CNL-SHORT-PICK")]
    ),
    "ST01": lambda market: market.create_shipments(
        [
            ShipmentDraft("JLM1-A", "S1-CTN1", {"JLM1-A-1": 1, "JLM1-A-2": 2}, TRACKED),
            ShipmentDraft("JLM1-A", "S1/CTN 2", {"JLM1-A-1": 1}, None),
        ]
    ),
    "ST11": lambda market: list(market.shipments([f"JLM{number}-A" for number in range(120)])),
    "OR28": lambda market: market.refund_line(
        LineRefund("JLM1-A-1", 1, Decimal("45.10"), Decimal("0.00"), "RFD-SIZE", "GBP")
    ),
    "RT11": lambda market: list(market.list_returns(updated_from=AGO)),
    "RT21": lambda market: market.answer_returns(
        [
            ReturnAnswer("6a2d3f0e-0000-4000-8000-5d1c7a9b0001", is_accepted=True),
            ReturnAnswer(
                "6a2d3f0e-0000-4000-8000-5d1c7a9b0002", is_accepted=False, reason_code="RETURN_REJECTION_NOT_NEEDED"
            ),
        ]
    ),
    "RT26": lambda market: market.report_returns(
        [
            ReturnReport(
                "6a2d3f0e-0000-4000-8000-5d1c7a9b0001",
                {"JLM1-A-1": True, "JLM1-A-2": False},
                "RETURN_NON_COMPLIANT_MISSING_ITEM",
            )
        ]
    ),
    "RT25": lambda market: market.receive_returns(["6a2d3f0e-0000-4000-8000-5d1c7a9b0001"]),
    "OF21": lambda market: list(market.offers()),
    "STO01": lambda market: market.import_stock({"NMK-04117-WHT-A--M": 12, "NMK-04117-WHT-A--L": 0}),
    "STO02": lambda market: market.import_status("6a2d3f0e-0000-4000-8000-5d1c7a9b0001"),
    "STO03": lambda market: market.import_errors("6a2d3f0e-0000-4000-8000-5d1c7a9b0001"),
    "TL02": lambda market: list(market.transactions(updated_from=AGO)),
    "SBC11": lambda market: list(market.billing_cycles(created_from=AGO)),
}


class Standing:
    def now(self) -> datetime:
        return NOW


@dataclass
class Listener:
    """Writes down every request; answers lists in two pages, so that further pages are asked for too."""

    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        query = request.url.params
        if request.method != "GET":
            return httpx.Response(201, json={"import_id": "1"})
        if request.url.path.endswith("error_report"):
            return httpx.Response(200, text="error-line;error-message;offer-sku\n")
        is_first = query.get("offset", "0") == "0" and "page_token" not in query
        following = request.url.copy_set_param("offset", "100")
        body: dict[str, Any] = {name: [{}] for name in ("orders", "offers", "data", "carriers", "reasons")}
        body |= {"total_count": 2, "next_page_token": "dG9rZW4=" if is_first else None}
        headers = {"Link": f'<{following}>; rel="next"'} if is_first and "max" in query else {}
        return httpx.Response(200, json=body, headers=headers)


def asked(act: Act) -> list[httpx.Request]:
    """What our client sends for one act, whatever it makes of the answers."""
    listener = Listener()
    witnessed: list[Exchange] = []
    market = open_marketplace(
        "https://market.example",
        "key",
        "4107",
        Standing(),
        witnessed.append,
        limits={},
        transport=httpx.MockTransport(listener),
    )
    try:
        act(market)
    except SyncError:
        assert listener.requests, "nothing was sent"
    return listener.requests


def operation(contract: dict[str, Any], request: httpx.Request) -> tuple[dict[str, Any], dict[str, str]]:
    """The operation a request is meant for, and the ids in its path."""
    for template, methods in contract["paths"].items():
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
        found = re.fullmatch(pattern, request.url.path)
        if found and request.method.lower() in methods:
            return methods[request.method.lower()], found.groupdict()
    raise AssertionError(f"no operation is described for {request.method} {request.url.path}")


def faults(contract: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    whole = {**schema, "components": contract["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(value)]


def meant(schema: dict[str, Any], given: list[str]) -> Any:
    """A query value as the type its description gives it."""
    kind = schema.get("type")
    if kind == "array":
        return [meant(schema.get("items", {}), [each]) for each in given]
    assert len(given) == 1, "only a list may be repeated"
    if kind == "integer":
        return int(given[0])
    return {"true": True, "false": False}.get(given[0], given[0]) if kind == "boolean" else given[0]


@pytest.mark.parametrize("name", ACTS)
def test_a_request_is_one_mirakl_describes(name: str, mirakl_contract: dict[str, Any]) -> None:
    for request in asked(ACTS[name]):
        described, ids = operation(mirakl_contract, request)
        parameters = {(each["in"], each["name"]): each for each in described.get("parameters", [])}
        query = request.url.params

        assert described["operationId"].split()[0] in name
        for member in query:
            assert ("query", member) in parameters, f"{name}: {member} is no parameter"
            schema = parameters["query", member]["schema"]
            assert faults(mirakl_contract, schema, meant(schema, query.get_list(member))) == []
            if schema.get("format") == "date-time":
                assert datetime.fromisoformat(query[member]).tzinfo is not None
        for (place, member), each in parameters.items():
            if each.get("required"):
                assert member in (query if place == "query" else ids)


@pytest.mark.parametrize("name", ACTS)
def test_a_body_is_one_mirakl_describes(name: str, mirakl_contract: dict[str, Any]) -> None:
    for request in asked(ACTS[name]):
        described, _ = operation(mirakl_contract, request)
        content = described.get("requestBody", {}).get("content", {})
        kind = request.headers.get("Content-Type", "").partition(";")[0]
        if not content:
            assert request.content == b""
        elif kind == "multipart/form-data":
            assert kind in content
            assert set(re.findall(rb'; name="(\w+)"', request.content)) == {b"file"}
            assert set(content[kind]["schema"].get("required", [])) <= {"file"}
        else:
            schema = content[kind]["schema"]
            assert faults(mirakl_contract, schema, json.loads(request.content)) == []
            assert strangers(mirakl_contract, schema, json.loads(request.content)) == []


def strangers(contract: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    """Members of a body that the description does not know."""
    if "$ref" in schema:
        schema = contract["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, list):
        return [name for item in value for name in strangers(contract, schema.get("items", {}), item)]
    if not isinstance(value, dict):
        return []
    known = schema.get("properties", {})
    found = [name for name in value if name not in known]
    for name in value.keys() & known.keys():
        found += strangers(contract, known[name], value[name])
    return found


def test_the_further_pages_of_every_list_are_asked_for() -> None:
    for name in ("OR11 changed", "OF21", "TL02", "SBC11"):
        assert len(asked(ACTS[name])) == 2, name


def test_every_request_carries_the_bare_key_and_the_shop() -> None:
    for act in ACTS.values():
        for request in asked(act):
            assert request.headers["Authorization"] == "key"
            assert request.url.params["shop_id"] == "4107"


def test_everything_our_client_can_do_is_among_them() -> None:
    """A new method of the client must show its request here."""
    done: set[str] = set()

    class Noting(Mirakl):
        def __getattribute__(self, name: str) -> Any:
            if not name.startswith("_"):
                done.add(name)
            return super().__getattribute__(name)

    for act in ACTS.values():
        listener = Listener()
        market = open_marketplace(
            "https://market.example", "key", "4107", Standing(), lambda _: None, limits={},
            transport=httpx.MockTransport(listener),
        )  # fmt: skip
        with contextlib.suppress(SyncError):
            act(Noting(market._door, shop_id="4107"))
    speaks = {name for name in vars(Mirakl) if not name.startswith("_")} - {"close", "allowances"}

    assert done == speaks
