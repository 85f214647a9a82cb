"""A list of mappings is set whole or not at all, and what waited for them goes on."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from store import commands as ask
from store.commands import MappingRow
from sync.answers import Refusal
from sync.desk_mapping_lists import MappingLists
from sync.desk_mappings import MappingDesk
from sync.lanes import lanes_of

TODAY, TOMORROW, LONG_AGO = date(2026, 11, 20), date(2026, 11, 21), date(2026, 1, 1)


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
        new[0],
    ]
    before = events(house)
    as_it_was = lists.set("ops", ask.SetMappings(rows=tuple(taken_out)))
    refused = lists.set("ops", ask.SetMappings(rows=(*taken_out, *new, *wrong), dry_run=True))
    with pytest.raises(Refusal, match=r"Nothing was set\. Row \d+: 'no-such-carrier' is not one of the carriers"):
        lists.set("ops", ask.SetMappings(rows=(*taken_out, *new, *wrong)))
    after_refusal = events(house)
    seen = lists.set("ops", ask.SetMappings(rows=(*taken_out, *new), dry_run=True))
    done = lists.set("ops", ask.SetMappings(rows=(*taken_out, *new), why="the new season"))

    assert as_it_was["message"] == f"Nothing to set: {len(held)} rows say what holds already."
    assert len(refused["problems"]) == 5
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
