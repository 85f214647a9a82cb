"""A rule for a warehouse or a division says which held orders it moves on, whatever goods and places it names."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from store.commands import SetMapping
from store.journal import Personal
from sync.desk_mappings import MappingDesk
from sync.flows.orders import known
from sync.ports import Address, Person
from sync.rules.orders import decide
from tests.flows.shop import Shop, settings_of
from tests.told import DAY, NOW

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
