"""Every kind of fault, on both systems: what the caller sees, and what became true all the same."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import uuid4

import httpx
import pytest

from sync.sandbox.faults import BURST

KINDS = ("rate_429", "rate_500", "timeout_before", "timeout_after", "cut", "malformed", "hole", "burst_429")
LOST = (httpx.RemoteProtocolError, httpx.ReadError)


@dataclass
class Caller:
    """Somebody who reads from one system and writes to it, each write once and countable."""

    sandbox: Any
    system: str
    read: str
    headers: dict[str, str]
    mark: str = ""

    @property
    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.sandbox.urls[self.system], headers=self.headers, timeout=10)

    def write(self, client: httpx.Client) -> httpx.Response:
        self.mark = f"R-{uuid4()}"
        if self.system == "john_lewis":
            rows = [{"order_id": self.order_id, "references": {"order_reference_for_seller": self.mark}}]
            return client.put("/api/orders", json={"orders": rows})
        return client.post("/api/journal", json=[journal(self.mark)])

    @property
    def order_id(self) -> str:
        orders: dict[str, Any] = self.sandbox.state("john_lewis")["orders"]
        return next(iter(orders))

    def happened(self) -> bool:
        """Whether the last write took effect."""
        if self.system == "john_lewis":
            order = self.sandbox.state("john_lewis")["orders"][self.order_id]
            return bool(order["reference_for_seller"] == self.mark)
        return any(each["batch_ref"] == self.mark for each in self.sandbox.state("bluecherry")["journals"])


@pytest.fixture(scope="module")
def callers(lasting_sandbox: Callable[..., Any]) -> Callable[[str], Caller]:
    """Both systems of one sandbox, for all tests here."""
    running = lasting_sandbox(days=1, skus=40, orders_per_day=20)
    running.scenario("relaxed_limits")
    reads = {"john_lewis": "/api/offers", "bluecherry": "/api/Location"}
    keys = running.environment
    headers = {
        "john_lewis": {"Authorization": keys["CHERRYLANE_MARKETPLACE_KEY"]},
        "bluecherry": {"Ocp-Apim-Subscription-Key": keys["CHERRYLANE_ERP_KEY"]},
    }
    return lambda system: Caller(running, system, reads[system], headers[system])


def journal(batch_ref: str) -> dict[str, Any]:
    lines = [{"account": "1010", "debit": "10.00"}, {"account": "1210", "credit": "10.00"}]
    return {
        "company": "NORTHMOOR", "batch_ref": batch_ref, "period": "2026-11", "post_date": "2026-11-20",
        "curr_code": "GBP", "lines": {"rows": lines},
    }  # fmt: skip


def test_the_kinds_are_those_of_the_switch(callers: Callable[[str], Caller]) -> None:
    told = callers("john_lewis").sandbox.faults()

    assert set(told) == {"john_lewis", "bluecherry"}
    for settings in told.values():
        assert {name for name, value in settings.items() if value == 0.0} == {*KINDS, "slow_ms", "down"}


@pytest.mark.parametrize("system", ["john_lewis", "bluecherry"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_shows_as_its_name_says_and_changes_no_more_than_that(
    callers: Callable[[str], Caller], system: str, kind: str
) -> None:
    caller = callers(system)
    status: int | None = None
    with caller.client as client:
        caller.sandbox.faults(**{kind: 1.0, "timeout_seconds": 0.2}, only=system)
        try:
            answer = caller.write(client)
        except LOST:
            pass
        else:
            status = answer.status_code
        caller.sandbox.faults()
        happened = caller.happened()
        last = caller.sandbox.requests(system)[-1]

    if kind in {"timeout_before", "timeout_after", "cut"}:
        assert status is None
        assert (last["status"], last["fault"]) == (None, kind)
    elif kind in {"rate_429", "burst_429", "rate_500"}:
        assert status == int(kind[-3:])
        assert ("retry-after" in answer.headers) == (kind != "rate_500")
    else:
        assert status == 200
    if kind in {"rate_429", "burst_429", "timeout_before"}:
        assert not happened
    elif kind != "rate_500":  # which says nothing either way
        assert happened


@pytest.mark.parametrize("system", ["john_lewis", "bluecherry"])
def test_a_burst_turns_calls_away_in_a_row_and_says_each_time_how_long_to_wait(
    callers: Callable[[str], Caller], system: str
) -> None:
    caller = callers(system)
    with caller.client as client:
        caller.sandbox.faults(burst_429=0.1, only=system)
        answers = [caller.write(client) for _ in range(120)]
        caller.sandbox.faults()
    rows = [
        (turned_away, len(list(same))) for turned_away, same in groupby(one.status_code == 429 for one in answers)
    ]
    bursts = [length for turned_away, length in rows if turned_away][:-1]  # the last may have been cut short

    assert bursts
    assert all(length >= BURST[0] for length in bursts)
    assert all(1 <= int(one.headers["retry-after"]) <= 3 for one in answers if one.status_code == 429)


@pytest.mark.parametrize("system", ["john_lewis", "bluecherry"])
def test_a_500_after_a_write_proves_nothing(callers: Callable[[str], Caller], system: str) -> None:
    caller = callers(system)
    caller.sandbox.faults(rate_500=1.0, only=system)
    outcomes = set()
    with caller.client as client:
        for _ in range(24):
            assert caller.write(client).status_code == 500
            outcomes.add(caller.happened())
    caller.sandbox.faults()

    assert outcomes == {True, False}


@pytest.mark.parametrize("system", ["john_lewis", "bluecherry"])
def test_a_hole_takes_one_member_from_one_record_and_a_garbled_answer_is_no_json(
    callers: Callable[[str], Caller], system: str
) -> None:
    caller = callers(system)
    with caller.client as client:
        whole = client.get(caller.read).json()
        caller.sandbox.faults(hole=1.0, only=system)
        holed = client.get(caller.read).json()
        caller.sandbox.faults(malformed=1.0, only=system)
        garbled = client.get(caller.read)
        caller.sandbox.faults()

    assert members(whole) - members(holed) >= 1
    assert type(whole) is type(holed)
    with pytest.raises(ValueError):
        json.loads(garbled.content)


def test_a_garbled_answer_to_a_write_that_answers_with_nothing_is_no_fault_of_the_server(
    sandbox: Callable[..., Any], capfd: pytest.CaptureFixture[str]
) -> None:
    """Mirakl answers an acceptance with 204, of which a server sends no body, and says so in its log."""
    running = sandbox(days=0.05, skus=20, orders_per_day=20)
    headers = {"Authorization": running.environment["CHERRYLANE_MARKETPLACE_KEY"]}
    running.scenario("relaxed_limits")
    running.scenario("burst")
    with httpx.Client(base_url=running.urls["john_lewis"], headers=headers, timeout=10) as client:
        found = client.get("/api/orders", params={"order_state_codes": "WAITING_ACCEPTANCE"}).json()["orders"]
        running.faults(malformed=1.0, only="john_lewis")
        answers = []
        for order in found:
            lines = [{"id": line["order_line_id"], "accepted": True} for line in order["order_lines"]]
            answers.append(client.put(f"/api/orders/{order['order_id']}/accept", json={"order_lines": lines}))
        running.faults()

    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.content for answer in answers)
    assert capfd.readouterr().err == ""


def members(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(members, value.values()))
    return sum(map(members, value)) if isinstance(value, list) else 0


@pytest.mark.parametrize("system", ["john_lewis", "bluecherry"])
def test_a_slow_system_answers_whole_and_late(callers: Callable[[str], Caller], system: str) -> None:
    caller = callers(system)
    caller.sandbox.faults(slow_ms=300, only=system)
    with caller.client as client:
        began = time.monotonic()
        answer = client.get(caller.read)
        took = time.monotonic() - began
    caller.sandbox.faults()

    assert answer.status_code == 200
    assert took > 0.14


@pytest.mark.parametrize("system", ["john_lewis", "bluecherry"])
def test_faults_strike_as_often_as_their_probability_and_the_others_are_spared(
    callers: Callable[[str], Caller], system: str
) -> None:
    caller = callers(system)
    other = callers("bluecherry" if system == "john_lewis" else "john_lewis")
    caller.sandbox.faults(rate_500=0.3, rate_429=0.2, only=system)
    with caller.client as client, other.client as spared:
        found = [client.get(caller.read).status_code for _ in range(200)]
        quiet = {spared.get(other.read).status_code for _ in range(20)}
    caller.sandbox.faults()

    assert 35 < found.count(500) < 90
    assert 18 < found.count(429) < 66
    assert quiet == {200}
