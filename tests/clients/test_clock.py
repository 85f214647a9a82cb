"""The worker goes by the machine's clock, or by a sandbox's on this machine."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from store.clock import SystemClock
from sync.clients.clock import SandboxClock, make_clock
from sync.errors import Fatal

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class Sandbox:
    """A sandbox whose clock says what the test wants, or nothing."""

    def __init__(self) -> None:
        self.now = NINE
        self.speed = 0.0
        self.is_down = False
        self.asked = 0
        self.seconds = 0.0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/_sandbox/now"
        self.asked += 1
        if self.is_down:
            raise httpx.ConnectError("down", request=request)
        said = {"now": self.now.isoformat(), "start_on": "2026-11-24T08:00:00Z", "speed": self.speed}
        return httpx.Response(200, json=said)

    def clock(self, sleep: Callable[[float], None] = lambda _: None) -> SandboxClock:
        return SandboxClock(
            "http://127.0.0.1:8701",
            transport=httpx.MockTransport(self),
            monotonic=lambda: self.seconds,
            sleep=sleep,
        )


def test_a_still_sandbox_stands_still_and_is_asked_every_two_seconds_at_most() -> None:
    sandbox = Sandbox()
    clock = sandbox.clock()
    for _ in range(50):
        assert clock.now() == NINE

    assert sandbox.asked == 1
    sandbox.now += timedelta(days=14)
    sandbox.seconds += 2.0
    assert clock.now() == NINE + timedelta(days=14)
    assert sandbox.asked == 2


def test_the_moment_history_ended_is_known() -> None:
    assert Sandbox().clock().start_on == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def test_through_an_outage_the_clock_runs_on_and_does_not_ask_every_time() -> None:
    sandbox = Sandbox()
    sandbox.speed = 3600.0
    clock = sandbox.clock()
    sandbox.is_down = True
    sandbox.seconds += 2.0
    first = clock.now()
    for _ in range(50):
        assert clock.now() >= first

    assert first >= NINE
    assert sandbox.asked == 2


def test_a_small_step_back_is_not_taken_but_a_new_world_is() -> None:
    sandbox = Sandbox()
    clock = sandbox.clock()
    sandbox.now -= timedelta(seconds=1)
    sandbox.seconds += 2.0
    assert clock.now() == NINE

    sandbox.now -= timedelta(days=1)
    sandbox.seconds += 2.0
    assert clock.now() == NINE - timedelta(days=1, seconds=1)


def test_a_sandbox_that_is_just_starting_gets_some_seconds() -> None:
    sandbox = Sandbox()
    sandbox.is_down = True
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        sandbox.is_down = len(pauses) < 3

    assert sandbox.clock(sleep).now() == NINE
    assert len(pauses) == 3


def test_a_clock_that_never_answers_says_what_to_do() -> None:
    sandbox = Sandbox()
    sandbox.is_down = True

    with pytest.raises(Fatal, match="start the sandbox"):
        sandbox.clock()


@pytest.mark.parametrize("address", ["https://sandbox.example", "http://10.0.0.7:8701"])
def test_only_a_clock_on_this_machine_is_believed(address: str) -> None:
    with pytest.raises(Fatal):
        make_clock(address)


@pytest.mark.parametrize("setting", ["system", "", " system "])
def test_the_systems_clock_is_the_usual_one(setting: str) -> None:
    assert isinstance(make_clock(setting), SystemClock)
