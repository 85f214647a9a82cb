"""A mapping on a real house: it says what waits for it, holds from its day on, and releases what waited."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from store import commands as ask
from store.events import MappingSet
from sync.answers import Refusal
from sync.desk_mappings import MappingDesk
from sync.lanes import lanes_of

TODAY, TOMORROW = date(2026, 11, 20), date(2026, 11, 21)


def held(house: Any) -> dict[str, int]:
    rows = house.rows("select cause from order_hold_facts where reason = 'missing_warehouse'")
    return dict(Counter(row["cause"] for row in rows))


def warehouses(house: Any) -> set[tuple[str, str]]:
    orders = house.sandbox.state("bluecherry")["sales_orders"]
    return {(one["division"], one["warehouse"]) for one in orders}


def sent(house: Any) -> set[tuple[str, str]]:
    """Order and division of everything BlueCherry has."""
    orders = house.sandbox.state("bluecherry")["sales_orders"]
    return {(one["po_num"], one["division"]) for one in orders}


def used(house: Any) -> dict[str, int]:
    """How many orders each rule for a warehouse decided."""
    rows = house.rows(
        "select key, use_count from mapping_uses($now) where mapping = 'warehouse' and use_count > 0",
        now=house.house.clock.now(),
    )
    return {row["key"]: row["use_count"] for row in rows}


def test_a_mapping_names_what_waits_for_it_and_holds_from_its_day_on(bench: Callable[..., Any]) -> None:
    house = bench(days=0.02, orders_per_day=0, skus=60, start="2026-11-20T22:00:00Z")
    for name in ("no_orders", "no_hand_edits", "no_surprises", "relaxed_limits"):
        house.sandbox.scenario(name)
    house.run("catalogue")
    now = house.house.clock.now()
    removed = [
        MappingSet(happened_at=now, mapping="warehouse", key=row["key"], value="", from_on=TODAY)
        for row in house.rows("select key from mapping_facts where mapping = 'warehouse'")
    ]
    house.house.journal.append(removed)
    desk = MappingDesk(house.house, lanes_of(house.house))
    house.sandbox.scenario("burst")
    for _ in range(2):
        house.advance(20)
        house.run("orders")
    waiting = held(house)
    division = max(waiting, key=lambda name: waiting[name])
    refusals = {
        "no rule": ask.SetMapping(mapping="warehouse", key="country:", value="WH1"),
        "one of the warehouses": ask.SetMapping(mapping="warehouse", key=division, value="RET"),
        "one of the divisions": ask.SetMapping(mapping="division", key="country:IRL", value="XXX"),
        "it ends before it begins": ask.SetMapping(
            mapping="demand_event", key="Black Friday", value="2026-11-28 00:00 to 2026-11-27 00:00 x3"
        ),
        "write the chances of": ask.SetMapping(mapping="record_error", key="WH1", value="2 %"),
        "'WH77' is not one of the warehouses": ask.SetMapping(mapping="record_error", key="WH77", value="0.02"),
        "is about everything": ask.SetMapping(mapping="demand_event", key="Black Friday colour:red", value="x3"),
        "from today at the earliest": ask.SetMapping(
            mapping="warehouse", key=division, value="WH1", from_on=date(2026, 11, 19)
        ),
    }
    for words, command in refusals.items():
        with pytest.raises(Refusal, match=words):
            desk.set("olu", command)
    later = desk.set(
        "olu", ask.SetMapping(mapping="warehouse", key=division, value="WH1", from_on=TOMORROW, why="the move")
    )
    house.advance(5)
    house.run("orders")
    before = warehouses(house)
    house.advance(90)  # London's midnight lies between
    for minutes in (12, 0):  # now that it can be placed it is accepted, and then sent
        house.run("orders")
        house.advance(minutes)
    house.run("orders")
    after = warehouses(house)
    waiting = held(house)
    others = sorted(waiting)
    at_once = [desk.set("olu", ask.SetMapping(mapping="warehouse", key=one, value="WH2")) for one in others]

    assert later == {"message": f"warehouse {division} is from 21 Nov 2026 on WH1"}
    assert before == set()
    assert after == {(division, "WH1")}
    assert all(
        f"; {waiting[one]} orders, £" in answer["message"] and " waited for it: they go on" in answer["message"]
        for one, answer in zip(others, at_once, strict=True)
    )
    assert used(house) == dict(Counter(place for _, place in sent(house)))
    assert house.rebuild_differences() == {}
