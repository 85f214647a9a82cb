"""A list of mappings is set whole or not at all, and what waited for them goes on."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from store import commands as ask
from store.commands import MappingRow
from sync.answers import Refusal
from sync.desk_mapping_lists import MappingLists
from sync.desk_mappings import MappingDesk
from sync.lanes import lanes_of
from tests.flows.shop import Shop, settings_of

DAY = timedelta(days=1)
TODAY, TOMORROW, LONG_AGO = date(2026, 11, 20), date(2026, 11, 21), date(2026, 1, 1)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path / "store.duckdb", settings_of())
    yield opened
    opened.told.close()


def in_force(house: Any) -> dict[tuple[str, str], str]:
    rows = house.rows("select * from mappings($now) where state = 'in_force'", now=house.house.clock.now())
    return {(row["mapping"], row["key"]): row["value"] for row in rows}


def events(house: Any) -> int:
    return int(house.value("select count(*) as n from events where kind = 'mapping.set'"))


def test_a_list_is_set_whole_or_not_at_all_and_says_what_of_it_is_new(bench: Callable[..., Any]) -> None:
    house = bench(days=0.02, orders_per_day=0)
    house.run("catalogue")
    lanes = lanes_of(house.house)
    lists = MappingLists(house.house, lanes, MappingDesk(house.house, lanes))
    held = in_force(house)
    # as it was taken out of here: with the day everything holds since
    taken_out = [
        MappingRow(mapping=mapping, key=key, value=value, from_on=LONG_AGO)
        for (mapping, key), value in held.items()
    ]
    new = [
        MappingRow(mapping="warehouse", key="NMK country:IRL", value="WH2"),
        MappingRow(mapping="carrier", key="007", value="dpd-uk", from_on=TOMORROW),
        MappingRow(mapping="attribute", key="shirts|colour", value="color_name"),
        MappingRow(mapping="account", key="COMMISSION_FEE", value="6100"),
    ]
    wrong = [
        MappingRow(mapping="carrier", key="DPX", value="no-such-carrier"),
        MappingRow(mapping="warehouse", key="country:", value="WH1"),
        MappingRow(mapping="attribute", key="colour", value="the colour"),
        MappingRow(mapping="account", key="COMMISSION_VAT", value="9999"),
        new[0].model_copy(update={"line": 9}),
    ]
    before = events(house)
    as_it_was = lists.set("ops", ask.SetMappings(rows=tuple(taken_out)))
    refused = lists.set("ops", ask.SetMappings(rows=(*taken_out, *new, *wrong), dry_run=True))
    with pytest.raises(
        Refusal, match=r"Nothing was set\. carrier DPX: 'no-such-carrier' is not one of the carriers"
    ):
        lists.set("ops", ask.SetMappings(rows=(*taken_out, *new, *wrong)))
    after_refusal = events(house)
    seen = lists.set("ops", ask.SetMappings(rows=(*taken_out, *new), dry_run=True))
    done = lists.set("ops", ask.SetMappings(rows=(*taken_out, *new), why="the new season"))

    assert as_it_was["message"] == f"Nothing to set: {len(held)} rows say what holds already."
    assert len(refused["problems"]) == 5
    assert refused["problems"][-1] == (
        f"Line 9, warehouse NMK country:IRL stands in the list twice for {TODAY}: leave one of them out."
    )
    assert before == after_refusal
    assert [
        (change["key"], change["before"], change["after"], change["from_on"]) for change in seen["changes"]
    ] == [
        ("NMK country:IRL", "", "WH2", TODAY.isoformat()),
        ("007", "", "dpd-uk", TOMORROW.isoformat()),
        ("shirts|colour", "", "color_name", TODAY.isoformat()),
        ("COMMISSION_FEE", "", "6100", TODAY.isoformat()),
    ]
    assert done["changes"] == seen["changes"]
    assert events(house) == before + 4
    assert in_force(house) == held | {
        ("warehouse", "NMK country:IRL"): "WH2", ("attribute", "shirts|colour"): "color_name",
        ("account", "COMMISSION_FEE"): "6100",
    }  # fmt: skip
    assert house.rebuild_differences() == {}


def test_a_planned_mapping_is_moved_to_another_day_or_called_off(shop: Shop) -> None:
    desk = MappingDesk(shop.run.house, {})
    lists = MappingLists(shop.run.house, {}, desk)
    soon, later = desk.today() + DAY, desk.today() + 4 * DAY

    def holds(*days: date) -> list[str]:
        told = "select value from mappings($at) where state = 'in_force' and key = 'NMK'"
        moments = [datetime.combine(day, time(12), UTC) for day in days]
        return [row["value"] for at in moments for row in shop.rows(told, at=at)]

    def asked(*rows: tuple[str, date]) -> list[tuple[str, str]]:
        told = lists.set(
            "ops",
            ask.SetMappings(
                rows=tuple(
                    MappingRow(mapping="warehouse", key="NMK", value=value, from_on=day) for value, day in rows
                )
            ),
        )
        return [(one["before"], one["after"]) for one in told["changes"]]

    shop.told.mapping("warehouse", "NMK", "WH1")
    planned = asked(("WH2", soon))
    moved = asked(("WH2", later), ("WH1", soon))
    between = holds(soon, later)
    called_off = asked(("WH1", later))

    assert (planned, moved) == ([("WH1", "WH2")], [("WH1", "WH2"), ("WH2", "WH1")])
    assert between == ["WH1", "WH2"]
    assert (called_off, holds(soon, later)) == ([("WH2", "WH1")], ["WH1", "WH1"])
