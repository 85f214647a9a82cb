"""The sandbox as a process: ports, switches, faults, and an orderly end."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

Start = Callable[..., Any]
KEY = {"Ocp-Apim-Subscription-Key": "sandbox-bluecherry-key"}
ROOT = Path(__file__).resolve().parents[2]


def test_both_ports_tell_the_same_time_and_it_moves_only_on_request(sandbox: Start) -> None:
    world = sandbox(days=0.2)
    before = [httpx.get(f"{url}/_sandbox/now").json() for url in world.urls.values()]
    time.sleep(1.2)

    world.advance(90)

    assert before[0] == before[1]
    assert before[0] == {"now": "2026-11-20T09:00:00Z", "start_on": "2026-11-20T09:00:00Z", "speed": 0.0}
    assert world.now()["now"] == "2026-11-20T10:30:00Z"


def test_in_live_mode_time_passes_at_the_given_speed(sandbox: Start) -> None:
    world = sandbox(days=0.2, live=True)

    time.sleep(2.5)

    assert "2026-11-20T09:00:01" <= world.now()["now"] <= "2026-11-20T09:00:30"


def test_an_answer_over_a_kept_connection_comes_at_once(sandbox: Start) -> None:
    """With Nagle's algorithm on, each would wait forty milliseconds for the acknowledgement of its first half."""
    world = sandbox(days=0, orders_per_day=0)
    took = []
    with httpx.Client(base_url=world.bluecherry, headers=KEY) as client:
        for _ in range(40):
            began = time.monotonic()
            client.get("/api/Location")
            took.append(time.monotonic() - began)

    assert statistics.median(took) < 0.03


def test_it_stops_on_a_signal_with_exit_code_zero(sandbox: Start) -> None:
    world = sandbox(days=0.2, apart=True)
    with httpx.Client(base_url=world.bluecherry, headers=KEY) as kept_open:
        kept_open.get("/api/pick")

        assert world.stop() == 0


def test_the_same_arguments_give_the_same_world(sandbox: Start) -> None:
    first, second = sandbox(days=1, apart=True), sandbox(days=1, apart=True)

    assert first.state("bluecherry") == second.state("bluecherry")
    assert first.state("john_lewis") == second.state("john_lewis")


def test_requests_are_remembered_and_the_switches_are_not_among_them(sandbox: Start) -> None:
    world = sandbox(days=0.2)
    httpx.get(f"{world.bluecherry}/api/Location", params={"_pgno": 1}, headers=KEY)
    httpx.get(f"{world.bluecherry}/api/Shipper")

    asked = world.requests("bluecherry")

    assert [(each["path"], each["query"], each["status"]) for each in asked] == [
        ("/api/Location", "_pgno=1", 200),
        ("/api/Shipper", "", 401),
    ]
    assert world.requests("bluecherry", since=1) == asked[1:]
    assert world.requests("john_lewis") == []


def test_a_refusing_fault_meets_only_the_system_the_paths_and_the_methods_it_names(sandbox: Start) -> None:
    world = sandbox(days=0, orders_per_day=0)
    faults: list[tuple[dict[str, Any], int]] = [
        ({"rate_429": 1.0}, 429),
        ({"rate_500": 1.0}, 500),
        ({"down": True}, 503),
    ]
    for fault, status in faults:
        world.faults(**fault, only="bluecherry", paths="/api/Loc")

        refused = httpx.get(f"{world.bluecherry}/api/Location", headers=KEY)
        spared = httpx.get(f"{world.bluecherry}/api/Shipper", headers=KEY)

        assert refused.status_code == status
        assert ("retry-after" in refused.headers) == (status == 429)
        assert spared.status_code == 200
        assert httpx.get(f"{world.john_lewis}/api/version").status_code == 401

    world.faults(down=True, only="bluecherry", paths="/api/(Location|Shipper)", methods="post")
    assert httpx.get(f"{world.bluecherry}/api/Location", headers=KEY).status_code == 200
    world.faults()
    assert httpx.get(f"{world.bluecherry}/api/Location", headers=KEY).status_code == 200


def test_a_lost_answer_says_nothing_of_the_effect(sandbox: Start) -> None:
    world = sandbox(days=0, orders_per_day=0)
    journals = 0
    for fault, happened in (("timeout_before", 0), ("timeout_after", 1), ("cut", 1)):
        world.faults(**{fault: 1.0, "timeout_seconds": 0.3})

        with pytest.raises(httpx.RemoteProtocolError):
            httpx.post(f"{world.bluecherry}/api/journal", json=[_journal("PAYOUT-1")], headers=KEY)

        journals += happened
        assert len(world.state("bluecherry")["journals"]) == journals

    assert [each["status"] for each in world.requests("bluecherry")] == [None, None, None]


def test_a_client_that_gives_up_first_ends_the_wait(sandbox: Start) -> None:
    world = sandbox(days=0, orders_per_day=0)
    world.faults(timeout_before=1.0, timeout_seconds=60)
    began = time.monotonic()

    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{world.bluecherry}/api/Location", headers=KEY, timeout=0.3)
    world.stop()

    assert time.monotonic() - began < 8


def test_malformed_answers_cannot_be_read_and_holes_lack_one_member(sandbox: Start) -> None:
    world = sandbox(days=0, orders_per_day=0)
    url = f"{world.bluecherry}/api/Location"
    whole = httpx.get(url, headers=KEY).json()["data"]
    world.faults(malformed=1.0)
    garbled = httpx.get(url, headers=KEY)
    world.faults(hole=1.0)
    holed = httpx.get(url, headers=KEY).json()["data"]

    with pytest.raises(ValueError):
        garbled.json()
    assert sum(map(len, whole)) - sum(map(len, holed)) == 1


def test_unreadable_switches_are_refused(sandbox: Start) -> None:
    world = sandbox(days=0, orders_per_day=0)
    unreadable: list[tuple[str, dict[str, Any]]] = [
        ("faults", {"cutt": 1.0}),
        ("faults", {"cut": 2.0}),
        ("faults", {"only": "sap"}),
        ("faults", {"slow_ms": -1}),
        ("scenario", {"name": "?"}),
        ("advance", {"minutes": -1}),
        ("advance", {}),
    ]
    for name, body in unreadable:
        answer = httpx.post(f"{world.bluecherry}/_sandbox/{name}", json=body)

        assert answer.status_code == 400, (name, body)


def test_only_loopback_is_served_and_a_taken_port_is_named(sandbox: Start) -> None:
    world = sandbox(days=0, orders_per_day=0)
    taken = world.bluecherry.rpartition(":")[2]

    abroad = _run("--host", "192.0.2.7")
    second = _run("--mirakl-port", "0", "--bluecherry-port", taken)

    assert (abroad.returncode, "127.0.0.1 only" in abroad.stderr) == (2, True)
    assert (second.returncode, "A port is taken" in second.stderr) == (2, True)


def test_the_printed_settings_point_at_the_running_sandbox(sandbox: Start) -> None:
    world = sandbox(days=0, orders_per_day=0)

    environment = world.environment

    assert environment["CHERRYLANE_ERP_URL"] == world.bluecherry
    assert environment["CHERRYLANE_MARKETPLACE_URL"] == world.john_lewis == environment["CHERRYLANE_CLOCK"]
    assert environment["CHERRYLANE_START_ON"] == world.now()["start_on"]
    account = httpx.get(
        f"{world.john_lewis}/api/account",
        params={"shop_id": environment["CHERRYLANE_MARKETPLACE_SHOP_ID"]},
        headers={"Authorization": environment["CHERRYLANE_MARKETPLACE_KEY"]},
    )
    assert account.status_code == 200


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sync.sandbox", "--still", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def _journal(batch_ref: str) -> dict[str, Any]:
    lines = [
        {"line_no": 1, "account": "1010", "debit": "10.00", "credit": "0.00"},
        {"line_no": 2, "account": "1210", "debit": "0.00", "credit": "10.00"},
    ]
    return {
        "company": "NORTHMOOR",
        "batch_ref": batch_ref,
        "period": "2026-11",
        "post_date": "2026-11-20",
        "curr_code": "GBP",
        "lines": {"rows": lines},
    }
