"""The door on a real wire: connections kept, time-outs named, pauses that differ, keys that stay with us."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import stamina.instrumentation

from sync.clients.budget import MIRAKL_LIMITS, Budget
from sync.clients.connect import open_marketplace
from sync.clients.http import Call, Door, Patience, Timeouts
from sync.errors import Deferred, Fatal, Refused, Retriable, Unclear
from sync.ports import Exchange

READ = Call("OR11", "GET", "/orders")
WRITE = Call("ST01", "POST", "/shipments", document={"shipments": []}, is_write=True)
KEY = "very-secret-key"


@dataclass
class House:
    """A server on loopback; how many callers it let in, and what each was told."""

    port: int
    connections: list[Any] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[House]:
    house = House(0)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            house.connections.append(self.client_address)
            super().setup()

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            house.paths.append(self.path)
            answer(self)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Nothing: the test looks for itself."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    house.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield house
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def good(handler: BaseHTTPRequestHandler) -> None:
    body = b'{"orders": []}'
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def door(outside: Any, port: int, **options: Any) -> Iterator[Door]:
    opened = Door(
        f"http://127.0.0.1:{port}",
        {"Authorization": KEY},
        source="marketplace",
        clock=outside.clock,
        witness=outside.exchanges.append,
        budget=Budget(outside.clock, {}),
        patience=options.pop("patience", Patience(attempts=2, first_pause=0.01, longest_pause=0.02, jitter=0.01)),
        **options,
    )
    with opened:
        yield opened


def test_one_connection_serves_call_after_call(outside: Any) -> None:
    with serving(good) as house, door(outside, house.port) as opened:
        for _ in range(25):
            opened.send(READ)

    assert len(house.paths) == 25
    assert len(house.connections) == 1


def test_an_idle_connection_is_let_go_before_a_write_could_meet_its_end(outside: Any) -> None:
    """Servers hang up after about five idle seconds; a write sent at that very moment would be unclear."""
    with serving(good) as house, door(outside, house.port) as opened:
        opened.send(READ)
        time.sleep(3.4)
        opened.send(WRITE)

    assert len(house.connections) == 2


def test_an_answer_that_does_not_come_in_time_is_given_up_by_the_name_of_the_wait(outside: Any) -> None:
    def silent(_: BaseHTTPRequestHandler) -> None:
        time.sleep(2)

    waits = Timeouts(connect=1, read=0.2, write=1, pool=1)
    with serving(silent) as house, door(outside, house.port, timeouts=waits) as opened:
        began = time.monotonic()
        with pytest.raises(Unclear, match="ReadTimeout"):
            opened.send(WRITE)
        once = time.monotonic() - began
        with pytest.raises(Retriable, match="ReadTimeout"):
            opened.send(READ)

    assert once < 1.5
    assert house.paths == ["/shipments", "/orders", "/orders"]
    assert [exchange.status for exchange in outside.exchanges] == [0, 0, 0]


def test_a_house_that_is_not_there_was_never_reached(outside: Any) -> None:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    with door(outside, port) as opened, pytest.raises(Retriable, match="ConnectError"):
        opened.send(WRITE)

    assert len(outside.exchanges) == 2, "it was tried again: it cannot have happened"


def test_an_answer_cut_in_the_middle_is_asked_for_again_and_a_write_is_not(outside: Any) -> None:
    def cut(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "500")
        handler.end_headers()
        handler.wfile.write(b'{"orders": [')
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)

    with serving(cut) as house, door(outside, house.port) as opened:
        with pytest.raises(Retriable):
            opened.send(READ)
        with pytest.raises(Unclear):
            opened.send(WRITE)

    assert house.paths == ["/orders", "/orders", "/shipments"]


def test_every_wait_has_its_own_limit() -> None:
    waits = Timeouts()

    assert (waits.connect, waits.read, waits.write, waits.pool) == (5.0, 30.0, 15.0, 30.0)


def test_pauses_grow_differ_and_have_a_cap(outside: Any) -> None:
    pauses: list[float] = []

    def failing(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(503)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    before = stamina.instrumentation.get_on_retry_hooks()
    stamina.instrumentation.set_on_retry_hooks([lambda details: pauses.append(details.wait_for)])
    patience = Patience(attempts=6, seconds=5, first_pause=0.02, longest_pause=0.1, jitter=0.05)
    try:
        with serving(failing) as house, door(outside, house.port, patience=patience) as opened:
            for _ in range(3):
                with pytest.raises(Retriable):
                    opened.send(READ)
    finally:
        stamina.instrumentation.set_on_retry_hooks(before)

    assert len(pauses) == 15
    assert len(set(pauses)) > 5, "without jitter every caller comes back at the same moment"
    assert max(pauses) <= 0.15, pauses
    assert Patience().jitter > 0


@pytest.mark.parametrize("after", ["999999999999999", "9" * 400, "Wed, 01 Jan 9999 00:00:00 GMT"])
def test_a_wait_nobody_means_is_a_year(outside: Any, after: str) -> None:
    answer = httpx.Response(429, headers={"Retry-After": after})

    with pytest.raises(Deferred) as deferred:
        outside.door(lambda _: answer).send(READ)
    assert timedelta(days=365) < deferred.value.due_at - outside.clock.now() <= timedelta(days=366)


@pytest.mark.parametrize(("after", "pause"), [("0", 0.0), ("1.5", 1.5), (" 2 ", 2.0), ("5", 5.0)])
def test_a_wait_of_up_to_five_seconds_is_waited(outside: Any, after: str, pause: float) -> None:
    answers = [httpx.Response(429, headers={"Retry-After": after}), httpx.Response(200, json={})]

    assert outside.door(lambda _: answers.pop(0)).send(READ).status == 200
    assert outside.pauses == [pause]


@pytest.mark.parametrize("after", ["6", "5.01", "60"])
def test_a_longer_wait_is_noted_and_not_waited(outside: Any, after: str) -> None:
    with pytest.raises(Deferred):
        outside.door(lambda _: httpx.Response(429, headers={"Retry-After": after})).send(READ)
    assert outside.pauses == []


@pytest.mark.parametrize("after", ["", "soon", "-5", "1e5", "5; later", "\u0663"])
def test_a_word_nobody_understands_is_no_word(outside: Any, after: str) -> None:
    headers = [(b"Retry-After", after.encode())]

    with pytest.raises(Retriable, match="without a word how long"):
        outside.door(lambda _: httpx.Response(429, headers=headers)).send(READ)


def echoing(status: int) -> Callable[[httpx.Request], httpx.Response]:
    """A gateway that repeats what it was given."""

    def app(request: httpx.Request) -> httpx.Response:
        said = f"the key {request.headers['Authorization']} may not do this"
        return httpx.Response(status, json={"message": said, "orders": [{"note": said}]})

    return app


@pytest.mark.parametrize("status", [200, 400, 401, 422, 500])
def test_a_key_that_is_echoed_is_kept_by_nobody(
    outside: Any, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    opened = outside.door(echoing(status))
    failed = ""
    for call in (READ, WRITE):
        try:
            opened.send(call)
        except (Fatal, Refused, Retriable, Unclear) as error:
            failed += f"{error} {getattr(error, 'reason', '')}"
    kept = [each.body + each.request_body + each.path.encode() for each in outside.exchanges]

    assert kept
    assert KEY.encode() not in b"".join(kept)
    assert KEY not in failed + str([record.__dict__ for record in caplog.records])


def test_what_is_kept_of_an_impersonal_page_is_word_for_word_but_for_our_key(outside: Any) -> None:
    call = Call("OF21", "GET", "/api/offers", is_impersonal=True)
    body = b'{ "offers" : [ 1.50,  "very-secret-key" ] }'
    outside.door(lambda _: httpx.Response(200, content=body)).send(call)

    assert outside.exchanges[0].body == b'{ "offers" : [ 1.50,  "(our key)" ] }'


# Mirakl's published maximum of every operation we call: calls in so many seconds (mirakl.md §1.7).
PUBLISHED = {
    "OR11": {(1, 60)},
    "RT11": {(1, 300)},
    "OR04": {(1, 60)},
    "STO01": {(1, 60)},
    "STO02": {(1, 15)},
    "STO03": {(1, 60)},
    "TL02": {(20, 60), (60, 3600)},
    "SBC11": {(1, 86_400)},
    "A01": {(1, 86_400)},
    "SH12": {(1, 86_400)},
    "SH21": {(1, 86_400)},
}


def test_the_budget_is_what_mirakl_publishes() -> None:
    ours = {
        name: {(limit.calls, limit.every.total_seconds()) for limit in limits}
        for name, limits in MIRAKL_LIMITS.items()
    }

    assert ours == PUBLISHED


@pytest.mark.parametrize("resource", PUBLISHED)
def test_a_call_over_the_budget_is_deferred_to_the_moment_it_is_free_without_asking(
    outside: Any, resource: str
) -> None:
    calls, seconds = min(PUBLISHED[resource], key=lambda limit: limit[1])
    opened = outside.door(lambda _: httpx.Response(200, json={}), **{resource: MIRAKL_LIMITS[resource]})
    call = Call(resource, "GET", "/x")
    began = time.monotonic()
    for _ in range(calls):
        opened.send(call)
    with pytest.raises(Deferred) as deferred:
        opened.send(call)

    assert len(outside.requests) == calls
    assert deferred.value.due_at == outside.clock.now() + timedelta(seconds=seconds)
    assert time.monotonic() - began < 5, "nobody waits for domain time"
    outside.clock.pass_by(seconds=seconds)
    assert opened.send(call).status == 200


def test_the_marketplace_is_opened_with_that_budget_and_its_pages_are_one_call(outside: Any) -> None:
    pages = {None: "T2", "T2": "T3", "T3": None}

    def app(request: httpx.Request) -> httpx.Response:
        token = pages[request.url.params.get("page_token")]
        row = {
            "id": f"C-{token}", "date_created": "2026-11-14T00:00:00Z", "currency_iso_code": "GBP",
            "amount_transferred_to_seller": 1,
        }  # fmt: skip
        return httpx.Response(200, json={"data": [row], "next_page_token": token})

    exchanges: list[Exchange] = []
    market = open_marketplace(
        "https://market.example", KEY, "4107", outside.clock, exchanges.append, transport=outside.transport(app)
    )
    since = outside.clock.now()
    found = [item.cycle_id for page in market.billing_cycles(created_from=since) for item in page.items]
    left = {allowance.resource: allowance for allowance in market.allowances()}

    assert len(found) == len(exchanges) == 3
    assert (left["SBC11"].used_count, left["SBC11"].allowed_count) == (1, 1)
    with pytest.raises(Deferred):
        list(market.billing_cycles(created_from=since))


def test_an_exchange_that_failed_leaves_its_words_too(outside: Any) -> None:
    draft = {"order_id": "JLM1-A", "customer": {"firstname": "Zoë"}}
    call = Call("X", "POST", "/x", document=draft, is_write=True, subject="JLM1-A")

    def app(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    with pytest.raises(Unclear):
        outside.door(app).send(call)
    (exchange,) = outside.exchanges

    assert (exchange.status, exchange.body) == (0, b"")
    assert json.loads(exchange.request_body)["customer"] == {"firstname": "personal:JLM1-A"}
    assert str(exchange.snapshot_id) == outside.requests[0].headers["X-Correlation-Id"]
