"""The door judges every answer and every silence in one place, and tells the witness without secrets."""

import json
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sync.clients.budget import Limit
from sync.clients.http import Call, path_of
from sync.errors import Deferred, Fatal, Refused, Retriable, Skippable, SyncError, Unclear

READ = Call("OR11", "GET", "/api/orders")
WRITE = Call("ST01", "POST", "/api/shipments", document={"shipments": []}, is_write=True)
TRACKING = Call("OR23", "PUT", "/api/tracking", document={}, is_write=True, is_repeatable=True, expects="nothing")


def saying(*answers: httpx.Response | type[httpx.RequestError]) -> Callable[[httpx.Request], httpx.Response]:
    """An app that answers in turn, and with its last answer ever after."""
    waiting = list(answers)

    def app(request: httpx.Request) -> httpx.Response:
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        raise answer("no luck", request=request)

    return app


def ok() -> httpx.Response:
    return httpx.Response(200, json={"orders": []})


def test_a_read_is_tried_again_until_the_server_recovers(outside: Any) -> None:
    door = outside.door(saying(httpx.Response(503), httpx.ReadTimeout, ok()))

    assert door.send(READ).data == {"orders": []}
    assert [exchange.status for exchange in outside.exchanges] == [503, 0, 200]


def test_a_read_that_is_never_answered_is_left_to_the_next_run(outside: Any) -> None:
    door = outside.door(saying(httpx.ConnectError))

    with pytest.raises(Retriable, match="GET /api/orders"):
        door.send(READ)
    assert len(outside.requests) == 3


@pytest.mark.parametrize(
    "silence", [httpx.ReadTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError]
)
def test_a_write_whose_answer_never_came_is_unclear_and_sent_once(outside: Any, silence: Any) -> None:
    door = outside.door(saying(silence))

    with pytest.raises(Unclear):
        door.send(WRITE)
    assert len(outside.requests) == 1


@pytest.mark.parametrize("refusal", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_a_write_that_never_left_the_house_is_tried_again(outside: Any, refusal: Any) -> None:
    door = outside.door(saying(refusal, ok()))

    assert door.send(WRITE).status == 200
    assert len(outside.requests) == 2


def test_a_write_that_never_left_the_house_did_nothing(outside: Any) -> None:
    with pytest.raises(Retriable):
        outside.door(saying(httpx.ConnectError)).send(WRITE)


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(500), httpx.Response(504), httpx.Response(408), httpx.Response(201, content=b'{"half')],
    ids=["500", "504", "408", "half an answer"],
)
def test_a_write_answered_with_doubt_is_unclear_and_sent_once(outside: Any, answer: httpx.Response) -> None:
    door = outside.door(saying(answer))

    with pytest.raises(Unclear):
        door.send(WRITE)
    assert len(outside.requests) == 1


def test_a_write_answered_503_is_unclear_under_the_code_it_was_answered_with(outside: Any) -> None:
    body = {"errors": [{"errorCode": "BATCH_RUNNING", "errorMessage": "a batch is being posted"}]}

    with pytest.raises(Unclear) as doubt:
        outside.door(saying(httpx.Response(503, json=body))).send(WRITE)
    assert doubt.value.code == "BATCH_RUNNING"


def test_a_write_that_may_be_repeated_is_repeated(outside: Any) -> None:
    door = outside.door(saying(httpx.ReadTimeout, httpx.Response(500), httpx.Response(204)))

    assert door.send(TRACKING).status == 204


def test_half_an_answer_to_a_read_is_asked_for_again(outside: Any) -> None:
    door = outside.door(saying(httpx.Response(200, content=b'{"orders": [{"ord'), ok()))

    assert door.send(READ).data == {"orders": []}


def test_a_short_retry_after_is_waited(outside: Any) -> None:
    door = outside.door(saying(httpx.Response(429, headers={"Retry-After": "2"}), ok()))

    assert door.send(READ).status == 200
    assert outside.pauses == [2.0]


def test_a_long_retry_after_is_noted_in_domain_time_and_not_asked_again_before(outside: Any) -> None:
    door = outside.door(saying(httpx.Response(429, headers={"Retry-After": "120"}), ok()))

    with pytest.raises(Deferred) as deferred:
        door.send(READ)
    with pytest.raises(Deferred):
        door.send(READ)
    assert deferred.value.due_at == outside.clock.now() + timedelta(seconds=120)
    assert len(outside.requests) == 1
    outside.clock.pass_by(seconds=120)
    assert door.send(READ).status == 200


def test_a_write_answered_429_did_nothing_and_may_be_deferred(outside: Any) -> None:
    door = outside.door(saying(httpx.Response(429, headers={"Retry-After": "60"})))

    with pytest.raises(Deferred):
        door.send(WRITE)


def test_429_without_a_word_how_long_is_retriable(outside: Any) -> None:
    with pytest.raises(Retriable):
        outside.door(saying(httpx.Response(429))).send(WRITE)


def test_a_retry_after_written_as_a_date_is_understood(outside: Any) -> None:
    headers = {"Retry-After": "Wed, 01 Jan 2098 00:00:00 GMT"}

    with pytest.raises(Deferred) as deferred:
        outside.door(saying(httpx.Response(429, headers=headers))).send(READ)
    assert deferred.value.due_at > outside.clock.now() + timedelta(days=365)


@pytest.mark.parametrize(
    ("answer", "call", "error", "words"),
    [
        (httpx.Response(401), READ, Fatal, "does not accept our key"),
        (httpx.Response(401), WRITE, Fatal, "does not accept our key"),
        (httpx.Response(403), Call("TL02", "GET", "/tl", role="ACCOUNTANCY"), Fatal, "the role ACCOUNTANCY"),
        (httpx.Response(404), READ, Skippable, "not there"),
        (httpx.Response(400), READ, Fatal, "the request is wrong"),
        (httpx.Response(302, headers={"Location": "https://elsewhere.example"}), READ, Fatal, "302"),
    ],
)
def test_each_no_says_what_to_do(
    outside: Any, answer: httpx.Response, call: Call, error: type[SyncError], words: str
) -> None:
    with pytest.raises(error, match=words):
        outside.door(saying(answer)).send(call)


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_definite_no_to_a_write_carries_code_and_reason(outside: Any, status: int) -> None:
    body = {"status": status, "message": "ORDER_INVALID_STATE: the order is not waiting"}

    with pytest.raises(Refused) as refused:
        outside.door(saying(httpx.Response(status, json=body))).send(WRITE)
    assert (refused.value.status, refused.value.code) == (status, "ORDER_INVALID_STATE")
    assert refused.value.reason == "ORDER_INVALID_STATE: the order is not waiting"


def test_a_no_in_html_is_still_a_no(outside: Any) -> None:
    with pytest.raises(Refused) as refused:
        outside.door(saying(httpx.Response(400, html="<h1>no</h1>"))).send(WRITE)
    assert refused.value.code == ""


def test_a_second_call_within_its_published_minute_is_deferred_without_asking(outside: Any) -> None:
    door = outside.door(saying(ok()), OR11=(Limit(1, timedelta(minutes=1)),))
    door.send(READ)
    outside.clock.pass_by(seconds=20)

    with pytest.raises(Deferred) as deferred:
        door.send(READ)
    assert deferred.value.due_at == outside.clock.now() + timedelta(seconds=40)
    assert len(outside.requests) == 1


def test_a_call_that_was_never_answered_does_not_use_up_its_day(outside: Any) -> None:
    door = outside.door(
        saying(httpx.ConnectError, httpx.ConnectError, httpx.ConnectError, ok()), A01=(Limit(1, timedelta(days=1)),)
    )
    call = Call("A01", "GET", "/api/account")
    with pytest.raises(Retriable):
        door.send(call)

    assert door.send(call).status == 200


def test_what_is_kept_has_neither_our_key_nor_anybodys_address(outside: Any) -> None:
    address = {"addr_type": "ST", "name": "Zoë Kettle", "addr1": "1 Pretend Row", "country": "GBR"}
    call = Call(
        "salesOrder",
        "POST",
        "/api/salesOrder",
        document=[{"po_num": "JLM1-A", "address": {"rows": [address]}, "detail": {"rows": [{"qty": 2}]}}],
        is_write=True,
        subject="JLM1-A",
    )
    body = {"errors": [{"errorCode": "FIELD_TOO_LONG", "errorMessage": "addr1 '1 Pretend Row' is too long"}]}

    with pytest.raises(Refused) as refused:
        outside.door(saying(httpx.Response(422, json=body))).send(call)
    (exchange,) = outside.exchanges
    kept = exchange.request_body.decode() + exchange.body.decode() + exchange.path + str(refused.value)
    for secret in ("very-secret-key", "Zoë", "Kettle", "Pretend Row"):
        assert secret not in kept
    assert json.loads(exchange.request_body)[0]["address"]["rows"][0] == {
        "addr_type": "ST",
        "name": "personal:JLM1-A",
        "addr1": "personal:JLM1-A",
        "country": "GBR",
    }
    assert json.loads(outside.requests[0].content)[0]["address"]["rows"][0]["name"] == "Zoë Kettle"


def test_a_body_nobody_can_parse_is_kept_as_length_and_hash(outside: Any) -> None:
    with pytest.raises(Unclear):
        outside.door(saying(httpx.Response(200, content=b"<p>Zoe Kettle, 1 Pretend Row"))).send(WRITE)

    kept = json.loads(outside.exchanges[0].body)["unreadable"]
    assert kept["length"] == 28
    assert len(kept["sha256"]) == 64


def test_an_exchange_says_what_was_asked_and_how_long_it_took(outside: Any) -> None:
    call = Call("OR11", "GET", "/api/orders", (("start_update_date", "2026-11-24T09:00:00+00:00"),))
    outside.door(saying(ok())).send(call)

    (exchange,) = outside.exchanges
    assert exchange.path == "/api/orders?start_update_date=2026-11-24T09%3A00%3A00%2B00%3A00"
    assert (exchange.source, exchange.resource, exchange.method) == ("marketplace", "OR11", "GET")
    assert exchange.seen_at == outside.clock.now()
    assert exchange.latency_ms >= 0


def test_every_exchange_leaves_one_line_with_an_action(outside: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="sync.clients.http"):
        outside.door(saying(ok())).send(READ)

    (line,) = [record for record in caplog.records if record.name == "sync.clients.http"]
    assert line.getMessage() == "Asked an outside system"
    assert line.__dict__["action"] == "exchange"
    assert line.__dict__["status"] == 200


def test_the_log_of_a_repeated_call_names_nobody(outside: Any, caplog: pytest.LogCaptureFixture) -> None:
    call = Call("X", "PUT", "/x", document={"email": "zoe@customers.example"}, is_write=True, is_repeatable=True)
    with caplog.at_level(logging.DEBUG):
        outside.door(saying(httpx.Response(500), ok())).send(call)

    assert "zoe@customers.example" not in str([record.__dict__ for record in caplog.records])


def test_many_threads_share_one_door(outside: Any) -> None:
    door = outside.door(saying(ok()))
    threads = [threading.Thread(target=lambda: door.send(READ)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert len(outside.exchanges) == 16
    assert len({exchange.snapshot_id for exchange in outside.exchanges}) == 16


def test_an_id_stays_one_segment_of_the_path() -> None:
    assert path_of("/api/orders/{order_id}/ship", order_id="A/../B?x") == "/api/orders/A%2F..%2FB%3Fx/ship"
