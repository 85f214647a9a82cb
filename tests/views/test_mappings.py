"""Mappings hold from their day on; what was before, and what is to come, stays to be seen."""

from datetime import UTC, date, datetime

import pytest

from store import reads, reads_desk, reads_orders, reads_risk
from store.database import Ask
from sync.rules.mappings import IN_FORCE, check_key, check_value
from sync.rules.trading_week import LONDON
from tests.told import DAY, HOUR, NOW, SHIRT, Told, key_of
from tests.views.conditions import wrong

TODAY, TOMORROW = date(2026, 11, 24), date(2026, 11, 25)


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
    told.mapping("demand_event", "Linen week category:shirts", "2026-11-23 00:00 to 2026-11-30 00:00 x2")
    told.mapping("demand_event", "On air style:NMK|99999", "2026-11-23 00:00 to 2026-11-30 00:00 x2")
    told.mapping("record_error", "WH1", "0.02")
    told.mapping("record_error", "WH2", "0.02")
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 3}, (SHIRT, "WH2"): {"on_hand": 0}})
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
        ("demand_event", "Linen week category:shirts"): 1,
        ("demand_event", "On air style:NMK|99999"): 0,
        ("record_error", "WH1"): 1,
        ("record_error", "WH2"): 0,
    }

    named = {
        about: reads_desk.mapping_things(ask, NOW, *about).select("thing", "order_id", "sku").rows()
        for about in (
            ("warehouse", "NMK|04…"),
            ("carrier", "DPX"),
            ("record_error", "WH1"),
            ("attribute", "colour"),
        )
    }

    assert sorted(named["warehouse", "NMK|04…"]) == [("JL1-A", "JL1-A", ""), ("JL2-A", "JL2-A", "")]
    assert named["carrier", "DPX"] == [("S1", "JL1-A", "")]
    assert named["record_error", "WH1"] == named["attribute", "colour"] == [(key_of(SHIRT), "", SHIRT)]
    assert reads_desk.mapping_things(ask, NOW, "warehouse", "NMK|04…", limit=1).height == 1


def test_demand_events_are_told_on_londons_clock_and_which_are_of_a_sku(told: Told, ask: Ask) -> None:
    """The last Sunday of March has 23 hours; SHIRT is a shirt of NMK's."""
    division, style = SHIRT.split("-")[:2]
    told.skus(SHIRT)
    told.mapping("demand_event", "Black Friday", "2026-11-20 08:30 to 2026-12-01 00:00 x3 others x1.5")
    told.mapping("demand_event", "Spring  category:coats", "2027-03-28 00:00 to 2027-03-29 00:00 x0.5")
    told.mapping("demand_event", f"On air style:{division}|{style}", "2026-07-01 20:00 to 2026-07-01 21:00 x12")
    told.mapping("demand_event", f"Later sku:{SHIRT}", "2026-12-24 00:00 to 2026-12-25 00:00 x2", from_on=TOMORROW)
    rows = ask("select * from demand_events($now) order by since_at", {"now": NOW}).to_dicts()
    mine = reads_risk.sku_demand_events(ask, NOW, SHIRT)

    assert [(row["name"], row["scope"], row["goods"]) for row in rows] == [
        ("On air", "style", f"{division}|{style}"), ("Black Friday", "", ""), ("Later", "sku", SHIRT),
        ("Spring", "category", "coats"),
    ]  # fmt: skip
    assert [(row["own_factor"], row["other_factor"]) for row in rows] == [(12, 1), (3, 1.5), (2, 1), (0.5, 1)]
    assert [(row["state"], row["is_on"]) for row in rows] == [
        ("in_force", False), ("in_force", True), ("planned", False), ("in_force", False),
    ]  # fmt: skip
    assert rows[0]["since_at"] == datetime(2026, 7, 1, 19, tzinfo=UTC)
    assert rows[1]["since_at"] == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    assert rows[3]["until_at"] - rows[3]["since_at"] == 23 * HOUR
    assert mine["name"].to_list() == ["Later", "Black Friday", "On air"]


@pytest.mark.parametrize("key", ["Black Friday", "Linen week category:knit wear", "a b sku:A-B--M", "x style:N|04"])
@pytest.mark.parametrize("more", ["x3", "x0.5 others x2"])
def test_whatever_may_be_set_as_a_demand_event_is_read_as_one(told: Told, ask: Ask, key: str, more: str) -> None:
    value = f"2026-11-27 00:00 to 2026-12-01 06:15 {more}"
    check_key("demand_event", key)
    check_value("demand_event", value)
    told.mapping("demand_event", key, value)
    row = ask("select * from demand_events($now)", {"now": NOW}).row(0, named=True)
    whom = f" {row['scope']}:{row['goods']}" if row["scope"] else ""

    assert f"{row['name']}{whom}" == key
    begins, ends = (row[name].astimezone(LONDON) for name in ("since_at", "until_at"))
    assert value.startswith(f"{begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} x{row['own_factor']:g}")
    assert value.endswith(f"others x{row['other_factor']:g}") == (row["other_factor"] != 1)


def test_an_order_of_which_two_parcels_wait_for_a_mapping_is_worth_its_total_once(told: Told, ask: Ask) -> None:
    for order_id in ("JL1-A", "JL2-A"):
        told.order(order_id)
        told.sales_order(f"SO-{order_id}", order_id)
        for number in (1, 2):
            told.shipment(f"SH-{order_id}-{number}", order_id, ship_via="DPDX")
            told.shipment_held(f"SH-{order_id}-{number}", order_id, "unmapped_carrier", "DPDX")
    (row,) = reads.unmapped(ask, NOW).to_dicts()
    total = ask("select sum(total_amount) from order_facts").item()

    assert (row["held_count"], row["order_count"], row["amount"]) == (4, 2, total)


def test_a_status_nobody_mapped_is_wrong_until_it_is_mapped_though_nothing_is_read_anew(
    told: Told, ask: Ask
) -> None:
    for number in (1, 2):
        told.order(f"O{number}-A", deadline=NOW + number * DAY)
        told.sales_order(f"SO-{number}", f"O{number}-A", raw_status="77")
    told.sales_order("SO-3", "O2-A", line_ids=("O2-A-2",), raw_status="77")
    told.order("O3-A", state="SHIPPED")
    told.sales_order("SO-4", "O3-A", raw_status="77")
    seen = []
    for value, days in (("", 0), ("PICKED", 1), ("", 2), ("HELD", 3)):
        if value or days:
            told.mapping("order_status", "77", value, from_on=NOW.date() + days * DAY)
        at = NOW + days * DAY
        waits = {(one["mapping"], one["cause"]): one for one in reads.unmapped(ask, at).to_dicts()}
        (_, erp, *_) = reads_orders.order_systems(ask, at, "O1-A").to_dicts()
        named = sorted(subject for kind, subject in wrong(ask, at) if kind == "unmapped_status")
        seen.append((named, waits, erp["state"]))
    (first, mapped, removed, again) = seen
    (row,) = first[1].values()

    assert first[0] == removed[0] == ["SO-1", "SO-2", "SO-3"]
    assert (row["mapping"], row["cause"], row["held_count"], row["order_count"]) == ("order_status", "77", 3, 2)
    assert (row["amount"], row["deadline_at"]) == (
        ask("select sum(total_amount) from order_facts where state = 'SHIPPING'").item(),
        NOW + DAY,
    )
    assert (first[2], removed[2]) == ("77", "77")
    assert mapped == ([], {}, "PICKED")
    assert again == ([], {}, "HELD")
