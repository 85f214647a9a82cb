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


def sent(told: Told, order_id: str, *rules: str, ship_via_rule: str = "STD-UK", days_ago: int = 2) -> None:
    """A sales order went out, its lines' warehouses chosen by these rules."""
    told.intent(
        "create_sales_order", f"{order_id}/NMK/WH1", "confirmed", order_id=order_id, reference=f"SO-{order_id}",
        payload={
            "division": "NMK", "warehouse": "WH1", "ship_via": "RML", "ship_via_rule": ship_via_rule,
            "lines": [
                {"order_line_id": f"{order_id}-{number}", "division_rule": "", "warehouse_rule": rule}
                for number, rule in enumerate(rules, 1)
            ],
        },
        at=NOW - days_ago * DAY,
    )  # fmt: skip


def test_an_attribute_of_every_category_is_not_used_by_those_that_have_their_own(told: Told, ask: Ask) -> None:
    told.skus(SHIRT)
    (category,) = ask("select category from sku_facts")["category"]
    told.mapping("attribute", "colour", "color_name")
    told.mapping("attribute", "size", "size")
    told.mapping("attribute", f"{category}|colour", "text:Red")
    told.mapping("attribute", f"{category}|size", "text:M", from_on=date(2026, 12, 1))
    counted = {row["key"]: row["use_count"] for row in reads.mapping_uses(ask, NOW).to_dicts()}

    # what is planned takes nothing away from what is in force
    assert counted == {"colour": 0, "size": 1, f"{category}|colour": 1, f"{category}|size": 1}


def test_a_mapping_is_used_by_what_it_decided_and_not_by_what_it_would_have_fitted(told: Told, ask: Ask) -> None:
    for key in ("NMK", "NMK|04…", "NMK country:IRL", "NMK|09…"):
        told.mapping("warehouse", key, "WH1")
    told.mapping("division", "country:IRL", "NMI")
    told.mapping("ship_via", "STD-UK", "RML")
    told.mapping("carrier", "DPX", "dpd-uk")
    told.mapping("attribute", "colour", "color_name")
    told.mapping("attribute", "shoes|size", "size")
    told.mapping("account", "COMMISSION_FEE", "6100")
    told.skus(SHIRT)
    told.transactions({"amount": "-9", "type": "COMMISSION_FEE"}, {"amount": "-1", "type": "COMMISSION_VAT"})
    sent(told, "JL1-A", "NMK|04…", "NMK|04…")
    sent(told, "JL2-A", "NMK country:IRL", "NMK|04…", ship_via_rule="")
    sent(told, "JL3-A", "NMK", days_ago=40)
    told.shipment("S1", "JL1-A", ship_via="DPX")
    counted = {(row["mapping"], row["key"]): row["use_count"] for row in reads.mapping_uses(ask, NOW).to_dicts()}

    assert counted == {
        ("warehouse", "NMK"): 0,
        ("warehouse", "NMK|04…"): 2,
        ("warehouse", "NMK country:IRL"): 1,
        ("warehouse", "NMK|09…"): 0,
        ("division", "country:IRL"): 0,
        ("ship_via", "STD-UK"): 1,
        ("carrier", "DPX"): 1,
        ("attribute", "colour"): 1,
        ("attribute", "shoes|size"): 0,
        ("account", "COMMISSION_FEE"): 1,
    }
