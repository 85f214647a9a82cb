"""How the worker is, and how its clock runs on between two reports."""

from datetime import datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.data import STALE_SECONDS, Pulse
from store.clock import wall_now
from store.reads import Heartbeat
from store.window import StoreState, Worker
from tests.dashboard.looking import show
from tests.told import NOW, Told

SECOND = timedelta(seconds=1)


def pulse(*, age: float = 2.0, speed: float = 1.0, worker: Worker = Worker.SERVING) -> Pulse:
    beat = Heartbeat(worker_pid=1, doing="", domain_at=NOW, wall_at=wall_now() - age * SECOND)
    return Pulse(StoreState(worker, None), beat, NOW, age, speed)


@pytest.mark.parametrize(("speed", "low", "high"), [(0.0, 0, 0), (1.0, 2, 4), (60.0, 120, 240)])
def test_the_moment_runs_on_as_fast_as_the_business_clock(speed: float, low: float, high: float) -> None:
    assert low * SECOND <= pulse(age=2.0, speed=speed).now() - NOW <= high * SECOND


def test_an_old_moment_is_not_run_on() -> None:
    assert pulse(age=STALE_SECONDS + 1).now() == NOW
    assert pulse(age=2.0, worker=Worker.STOPPED).now() == NOW


@pytest.mark.parametrize(
    ("minutes", "speed"),
    [
        ((0,), 1.0),  # one report: taken to run as clocks do
        ((0, 0, 0), 0.0),  # it stands still
        ((0, 1, 2), 60.0),
        ((0, 45, 45), 0.0),  # it leapt once
        ((5, 4, 3), 0.0),  # it never runs backwards
    ],
)
def test_the_speed_is_learnt_from_the_last_reports(told: Told, minutes: tuple[int, ...], speed: float) -> None:
    page = AppTest.from_function(_ask_for_speed, default_timeout=60)
    start = wall_now() - 20 * SECOND
    for number, minute in enumerate(minutes):
        told.beat()
        _report(told, NOW + minute * timedelta(minutes=1), start + number * SECOND)
        page.run()

    assert not page.exception
    assert page.session_state["speed"] == pytest.approx(speed)


def _report(told: Told, domain_at: datetime, wall_at: datetime) -> None:
    with told.database.connect() as connection:
        connection.execute("update heartbeat set domain_at = ?, wall_at = ?", [domain_at, wall_at])


def _ask_for_speed() -> None:
    import streamlit as st

    from dashboard import data

    st.session_state["speed"] = data.pulse().speed


def test_the_next_deadlines_are_counted_down(told: Told) -> None:
    told.order("JL1-A", deadline=NOW + 90 * SECOND)
    told.order("JL2-A", deadline=NOW + 90 * SECOND)
    told.sales_order("SO-2", "JL2-A", picked=1)
    told.order("JL3-A", placed=NOW - timedelta(days=3), deadline=NOW - 61 * SECOND)
    told.beat()
    page = show("dispatch")
    late, soon = page.metric[4:]

    assert late.label == "Late, the oldest by"
    assert late.value.startswith("✕ late 00:01:0")
    assert late.delta == "1 order: 1 to pick"
    assert soon.label == "Until Tue 09:01"
    assert soon.value.startswith("00:01:2") or soon.value == "00:01:30"
    assert soon.delta == "2 orders: 1 to pick, 1 picked"
