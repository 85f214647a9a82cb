"""Mappings hold from their day on; what was before, and what is to come, stays to be seen."""

from datetime import date

from store import reads
from store.database import Ask
from sync.rules.mappings import IN_FORCE
from tests.told import DAY, NOW, SHIRT, Told

TODAY = date(2026, 11, 24)


def in_force(ask: Ask, days: int = 0) -> list[tuple[str, str, str]]:
    return sorted(ask(IN_FORCE, {"now": NOW + days * DAY}).rows())


def test_a_mapping_holds_from_its_day_on_until_the_next_and_a_removal_is_one_too(told: Told, ask: Ask) -> None:
    told.mapping("warehouse", "NMK", "WH1")
    told.mapping("warehouse", "NMK", "WH2", from_on=date(2026, 11, 26))
    told.mapping("warehouse", "NMK", "", from_on=date(2026, 11, 28))
    told.mapping("carrier", "RML", "ROYAL_MAIL")

    assert in_force(ask) == [("carrier", "RML", "ROYAL_MAIL"), ("warehouse", "NMK", "WH1")]
    assert in_force(ask, 2) == [("carrier", "RML", "ROYAL_MAIL"), ("warehouse", "NMK", "WH2")]
    assert in_force(ask, 4) == [("carrier", "RML", "ROYAL_MAIL")]


def test_what_was_and_what_is_to_come_is_shown_with_its_days(told: Told, ask: Ask) -> None:
    told.mapping("warehouse", "NMK", "WH1", "first start")
    told.mapping("warehouse", "NMK", "WH2", "the move", from_on=TODAY)
    told.mapping("warehouse", "NMK", "WH3", from_on=date(2026, 12, 1))
    rows = reads.mappings(ask, NOW).select("value", "state", "from_on", "until_on").rows()

    assert rows == [
        ("WH1", "past", None, TODAY),
        ("WH2", "in_force", TODAY, date(2026, 12, 1)),
        ("WH3", "planned", date(2026, 12, 1), None),
    ]


def test_a_mapping_begins_at_londons_midnight(told: Told, ask: Ask) -> None:
    """In summer the new day is an hour old in London when it begins in UTC."""
    told.mapping("warehouse", "NMK", "WH1", from_on=date(2026, 7, 2))
    late = NOW.replace(month=7, day=1, hour=23, minute=30)

    assert ask(IN_FORCE, {"now": late}).rows() == [("warehouse", "NMK", "WH1")]
    assert ask(IN_FORCE, {"now": late.replace(hour=22)}).rows() == []


def test_who_uses_a_mapping_is_counted_by_what_carries_its_code_or_fits_its_rule(told: Told, ask: Ask) -> None:
    told.skus(SHIRT)
    told.mapping("warehouse", "NMK", "WH1")
    told.mapping("warehouse", "NMK|04…", "WH2")
    told.mapping("warehouse", f"sku:{SHIRT}", "WH3")
    told.mapping("warehouse", "NMK country:IRL", "WH3")
    told.mapping("warehouse", "NMK|09…", "WH4")
    told.mapping("ship_via", "STD-UK", "RML")
    told.mapping("carrier", "DPX", "dpd-uk")
    told.order("JL1-A", skus=(SHIRT,), placed=NOW - 2 * DAY)
    told.order("JL2-A", skus=(SHIRT,), placed=NOW - 40 * DAY)
    told.shipment("S1", "JL1-A", ship_via="DPX")
    counted = {(row["mapping"], row["key"]): row["use_count"] for row in reads.mapping_uses(ask, NOW).to_dicts()}

    assert counted == {
        ("warehouse", "NMK"): 1,
        ("warehouse", "NMK|04…"): 1,
        ("warehouse", f"sku:{SHIRT}"): 1,
        ("warehouse", "NMK country:IRL"): None,
        ("warehouse", "NMK|09…"): 0,
        ("ship_via", "STD-UK"): 1,
        ("carrier", "DPX"): 1,
    }
