"""Pulling the plug at any moment, with both systems at their worst, loses nothing and doubles nothing."""

import gzip
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.clock import wall_now
from tests.journeys.truth import SOLD, WAITING, confirmed_once, lines_once, store_agrees

ROOT = Path(__file__).resolve().parents[2]
CAMPAIGN = ROOT / "var" / "campaign"
RESULT = ROOT / "tests" / "bench" / "campaign.md"
WORST = {
    "timeout_after": 0.05, "timeout_before": 0.02, "cut": 0.04, "rate_500": 0.06, "rate_429": 0.03,
    "malformed": 0.04, "hole": 0.04, "burst_429": 0.01, "timeout_seconds": 0.3,
}  # fmt: skip
# What may keep an order from BlueCherry in this world; anything else is trouble of ours.
GOOD_REASONS = {
    "unknown_sku",
    "misspelt_sku",
    "address_too_long",
    "address_incomplete",
    "inactive_sku",
    "missing_division",
}


def kill_again_and_again(house: Any, kills: int, chance: random.Random, *, bursts: int) -> None:
    """Start, let it work for a moment, kill; the world goes on all the while."""
    world = house.sandbox
    world.scenario("no_hand_edits")
    world.scenario("relaxed_limits")
    first = house.start()  # in peace, so that every later one is in the middle of something
    house.advance(5)
    assert house.stop(first) == 0
    for number in range(kills):
        world.faults(**WORST)
        if number % max(1, kills // max(1, bursts)) == 0:
            world.scenario("burst")
        if number % 7 == 3:
            world.scenario("cancel_some")
        if number % 7 == 5:
            world.scenario("ship_all")
        world.advance(chance.choice((2, 9, 25)))
        process = house.start_to_kill()
        house.until(lambda: '"action": "exchange"' in house.log(), "the worker asks somebody something")
        time.sleep(chance.uniform(0.0, 1.5))
        house.kill(process)
    world.faults()
    world.scenario("no_orders")


def drain(house: Any) -> None:
    """Let one worker finish what is under way: paid, created, shipped, confirmed, read back."""
    world = house.sandbox
    process = house.start()
    for step in range(24):
        if step in {3, 8, 13, 18}:
            world.scenario("ship_all")
        house.advance(31, "orders", "dispatch")
        if step > 4 and not unfinished(house):
            break
    # Twice more, so that both have seen the last change of the other.
    house.advance(31)
    house.advance(31)
    assert house.stop(process) == 0


def unfinished(house: Any) -> list[str]:
    """What still has to happen, in words."""
    market = house.sandbox.state("john_lewis")
    waiting = [name for name, order in market["orders"].items() if order["state"] in WAITING]
    rows = house.rows(
        "select intent_kind || ' ' || subject as what from intent_facts where state in ('recorded', 'unclear')"
    )
    rows += house.rows(
        "select 'not in ERP: ' || order_id as what from orders_open_lines "
        "where order_id not in (select order_id from order_hold_facts where reason is not null)"
    )
    erp = house.sandbox.state("bluecherry")
    late = confirmed_once(market, erp, held_shipments(house))
    return [*waiting, *(row["what"] for row in rows), *late]


def held_orders(house: Any) -> dict[str, str]:
    return {
        row["order_id"]: row["reason"]
        for row in house.rows("select order_id, reason from order_hold_facts where reason is not null")
    }


def held_shipments(house: Any) -> set[str]:
    return {row["order_id"] for row in house.rows("select order_id from shipment_hold_facts where reason <> ''")}


def all_agrees(house: Any) -> None:
    """John Lewis, BlueCherry, the store and its journal say the same."""
    market, erp = house.sandbox.state("john_lewis"), house.sandbox.state("bluecherry")
    held = held_orders(house)
    here = house.rows(
        "select line.*, parent.state as order_state from order_line_facts as line join order_facts as parent "
        "using (order_id)"
    )
    there = house.rows("select * from sales_line_facts")

    assert set(held.values()) <= GOOD_REASONS
    assert unfinished(house) == []
    assert lines_once(market, erp, set(held)) == []
    assert confirmed_once(market, erp, held_shipments(house)) == []
    assert store_agrees(market, erp, here, there) == []
    assert house.rebuild_differences() == {}


def sold_orders(house: Any) -> list[Any]:
    orders = house.sandbox.state("john_lewis")["orders"].values()
    return [order for order in orders if order["state"] in SOLD]


def faults_met(house: Any) -> Counter[str]:
    """How many calls met each fault; the sandbox keeps its last 50,000."""
    return Counter(
        one["fault"]
        for system in ("john_lewis", "bluecherry")
        for one in house.sandbox.requests(system)
        if one["fault"]
    )


def summary(house: Any, seed: int, kills: int, met: Counter[str]) -> str:
    """What a campaign came to, once all agreed; the page that is kept with the program."""
    sold = sold_orders(house)
    rows = [
        ("day", f"{wall_now():%Y-%m-%d}"),
        ("seed", str(seed)),
        ("workers killed", str(kills)),
        ("orders sold", str(len(sold))),
        ("order lines sold", str(sum(len(order["lines"]) for order in sold))),
        ("orders held for a reason", str(len(held_orders(house)))),
        *((f"calls that met `{fault}`", str(count)) for fault, count in sorted(met.items())),
        ("lines missing, doubled or with other units", "0"),
        ("facts that differ from the journal", "0"),
    ]
    table = "\n".join(f"| {what} | {figure} |" for what, figure in rows)
    return (
        f"# The last campaign\n\nWritten by `make campaign` when everything agreed.\n\n| | |\n|---|---:|\n{table}\n"
    )


def keep_log(house: Any) -> None:
    """What every killed worker wrote, one after the other, where it outlives the test."""
    CAMPAIGN.mkdir(parents=True, exist_ok=True)
    kept = CAMPAIGN / f"kills-{wall_now():%Y-%m-%d-%H%M}.log.gz"
    with gzip.open(kept, "wt") as log:
        for number, path in enumerate(house.logs):
            log.write(f"== worker {number}\n{path.read_text()}\n")
    print(f"{len(sold_orders(house))} orders, {len(house.logs)} workers; their logs: {kept.relative_to(ROOT)}")


def test_twenty_kills_under_faults_lose_and_double_nothing(house: Callable[..., Any]) -> None:
    home = house(orders_per_day=30)
    kill_again_and_again(home, 20, random.Random(20), bursts=3)
    met = faults_met(home)
    drain(home)

    all_agrees(home)
    assert len(sold_orders(home)) >= 100
    assert set(met) == set(WORST) - {"timeout_seconds"}
    page = summary(home, 20, 20, met)
    assert f"| calls that met `burst_429` | {met['burst_429']} |" in page
    assert f"| orders sold | {len(sold_orders(home))} |" in page


@pytest.mark.campaign
def test_two_hundred_kills_and_a_thousand_orders(house: Callable[..., Any]) -> None:
    home = house(orders_per_day=60, skus=400, seed=7)
    kill_again_and_again(home, 200, random.Random(7), bursts=25)
    met = faults_met(home)
    drain(home)
    keep_log(home)

    all_agrees(home)
    assert len(sold_orders(home)) >= 1000
    RESULT.write_text(summary(home, 7, 200, met))
