"""A rule for a warehouse or a division says which held orders it moves on, whatever goods and places it names."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from store.commands import MappingRow, SetMapping, SetMappings
from store.journal import Personal
from sync.answers import Refusal
from sync.desk_mapping_lists import MappingLists
from sync.desk_mappings import MappingDesk
from sync.flows.dispatch_look import seek_from
from sync.flows.orders import known
from sync.ports import Address, Person
from sync.rules.orders import decide
from tests.flows.shop import Shop, settings_of
from tests.told import DAY, HOUR, NOW

SHIRT, COAT, GHOST = "NMK-04117-WHT-A--M", "NMM-05200-NVY-A--M", "-09000-RED-A--M"
HOME = Address("Ida Invented", "1 Invented Row", "", "Leeds", "", "ZZ1 1ZZ", "GBR")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Three orders held because no warehouse is mapped, and one whose SKU has no division."""
    opened = Shop(tmp_path / "store.duckdb", settings_of(start_on=NOW - 9 * DAY))
    told = opened.told
    told.skus(SHIRT, COAT, GHOST)
    told.mapping("ship_via", "STD-UK", "RML")
    for order_id, sku, country in (
        ("JL1-A", SHIRT, "GBR"), ("JL2-A", COAT, "GBR"), ("JL3-A", SHIRT, "IRL"), ("JL4-A", GHOST, "GBR"),
    ):  # fmt: skip
        home = Address(**{**asdict(HOME), "country": country})
        told.order(order_id, skus=[sku], deadline=NOW + DAY * int(order_id[2]))
        told.journal.append(personal=[Personal(order_id, NOW, json.dumps(asdict(Person(home, home))))])
    told.tell(*decide(known(opened.run)).holds)
    yield opened
    told.close()


@pytest.mark.parametrize(
    ("mapping", "key", "value", "words"),
    [
        ("warehouse", "NMK", "WH1", "2 orders, £85, first deadline 25 Nov 09:00 wait for it; with it 2 go on."),
        ("warehouse", "country:GBR", "WH1",
         "2 orders, £85, first deadline 25 Nov 09:00 wait for it; with it 2 go on."),
        ("warehouse", "NMK country:IRL", "WH1",
         "1 order, £42.50, first deadline 27 Nov 09:00 waits for it; with it 1 goes on."),
        ("warehouse", "NMM|05…", "WH1",
         "1 order, £42.50, first deadline 26 Nov 09:00 waits for it; with it 1 goes on."),
        ("warehouse", "zone:HIGHLANDS", "WH1", "Nothing waits for it."),
        ("division", f"sku:{GHOST}", "NMK",
         "1 order, £42.50, first deadline 28 Nov 09:00 waits for it; with it 1 stays held (missing warehouse)."),
    ],
)  # fmt: skip
def test_a_rule_with_goods_or_a_place_names_what_it_moves_on(
    shop: Shop, mapping: str, key: str, value: str, words: str
) -> None:
    desk = MappingDesk(shop.run.house, {})

    assert desk.set("Ada", SetMapping(mapping=mapping, key=key, value=value, dry_run=True))["message"] == words


def test_a_rule_that_is_set_says_what_waited_for_it_and_not_what_waited_for_another(shop: Shop) -> None:
    desk = MappingDesk(shop.run.house, {})
    one, other = (
        desk.set("Ada", SetMapping(mapping="warehouse", key=key, value="WH1")) for key in ("country:GBR", "NMK")
    )

    assert one["message"] == (
        "warehouse country:GBR is now WH1; 2 orders, £85, first deadline 25 Nov 09:00 waited for it: they go on"
    )
    assert "; 1 order, £42.50, first deadline 27 Nov 09:00 waited for it" in other["message"]


def test_a_list_says_before_it_is_set_what_all_of_it_together_moves_on_and_what_waited_after(shop: Shop) -> None:
    lists = MappingLists(shop.run.house, {}, MappingDesk(shop.run.house, {}))
    shop.told.skus(SHIRT, COAT, GHOST, "NMC-01000-RED-A--M")
    shop.told.order("JL5-A", skus=[SHIRT], deadline=NOW + DAY / 2)
    shop.told.shipment("S5/1", "JL5-A", ship_via="DPX")
    shop.told.shipment_held("S5/1", "JL5-A", "unmapped_carrier", cause="DPX")
    rows = (
        MappingRow(mapping="warehouse", key="NMK", value="WH1"),
        MappingRow(mapping="warehouse", key="NMM", value="WH1"),
        MappingRow(mapping="division", key=f"sku:{GHOST}", value="NMC"),  # which no rule places either
        MappingRow(mapping="carrier", key="DPX", value="dpd-uk"),
        MappingRow(mapping="warehouse", key="NMC", value="WH2", from_on=NOW.date() + DAY),  # not yet
    )
    idle = lists.set("Ada", SetMappings(rows=rows[-1:], dry_run=True))
    foreseen = lists.set("Ada", SetMappings(rows=rows, dry_run=True))
    done = lists.set("Ada", SetMappings(rows=rows))

    assert idle["message"] == "The one row would be set. Nothing waits for them."
    assert foreseen["message"] == (
        "5 of 5 rows would be set. 5 orders, £212.50, first deadline 24 Nov 21:00 wait for them; with them 3 go on,"
        " 1 stays held (missing warehouse), and parcels of 1 order are told."
    )
    assert done["message"].endswith("5 orders, £212.50, first deadline 24 Nov 21:00 waited for them: they go on.")


def test_a_status_that_is_set_says_of_which_orders_it_tells_the_state_and_where_a_shipment_is_to_be_sought(
    shop: Shop,
) -> None:
    for number, days in ((6, 2), (7, 1)):
        shop.told.order(f"JL{number}-A", skus=[SHIRT], deadline=NOW + days * DAY)
        shop.told.sales_order(f"SO-{number}", f"JL{number}-A", raw_status="50")
    desk = MappingDesk(shop.run.house, {})
    command = SetMapping(mapping="order_status", key="50", value="SHIPPED")
    before = seek_from(shop.run, NOW)
    foreseen = desk.set("Ada", command.model_copy(update={"dry_run": True}))
    done = desk.set("Ada", command)
    later = desk.set("Ada", command.model_copy(update={"dry_run": True}))

    assert foreseen["message"] == (
        "2 orders, £85, first deadline 25 Nov 09:00 wait for it; with it the state of 2 orders is known."
    )
    assert done["message"] == (
        "order_status 50 is now SHIPPED; 2 orders, £85, first deadline 25 Nov 09:00 waited for it:"
        " their state is known"
    )
    assert later["message"] == "Nothing waits for it."
    assert (before, seek_from(shop.run, NOW)) == (None, NOW - HOUR - 7 * DAY)


def test_a_status_of_nobodys_is_refused_with_the_words_there_are_alone_and_in_a_list(shop: Shop) -> None:
    desk = MappingDesk(shop.run.house, {})
    lists = MappingLists(shop.run.house, {}, desk)
    listed = lists.set(
        "Ada", SetMappings(rows=(MappingRow(mapping="order_status", key="20", value="open", line=4),), dry_run=True)
    )

    with pytest.raises(Refusal, match=r"20 cannot mean 'open': .* ENTERED, HELD, OPEN, PICKED, PART_SHIPPED"):
        desk.set("Ada", SetMapping(mapping="order_status", key="20", value="open"))
    assert listed["problems"][0].startswith(
        "Line 4, order_status 20: 20 cannot mean 'open': it is none of our words"
    )
