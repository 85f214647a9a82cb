"""Every order ever seen is in exactly one place, whatever became of it, and the places add up to what was seen."""

from itertools import product

from store import events, reads
from store.database import Ask
from sync.rules.order_past import NO_ANSWER
from sync.rules.retrying import TRANSIENT
from tests.told import DAY, HOUR, NOW, SHIRT, Told

TROUSERS = "NMC-05220-NVY-A--8"
STATES = ("STAGING", "WAITING_ACCEPTANCE", "SHIPPING", "SHIPPED", "CANCELED", "REFUSED", "A_STATE_OF_NEXT_YEAR")
INTENTS = (None, "unclear", "confirmed", "refused")
HOLDS = (None, "unknown_sku", "refused_by_erp")
SALES_ORDERS = ("none", "half", "whole")


def places(ask: Ask) -> dict[tuple[str, str], int]:
    rows = reads.order_places(ask, NOW).iter_rows(named=True)
    return {(row["place"], row["reason"]): row["order_count"] for row in rows}


def test_the_places_add_up_to_the_orders_seen_whatever_became_of_them(told: Told, ask: Ask) -> None:
    """Every state at John Lewis, with every past of ours and everything BlueCherry may show."""
    pasts = list(product(STATES, INTENTS, HOLDS, SALES_ORDERS))
    with told.in_one_go():
        for number, (state, intent, hold, sales) in enumerate(pasts):
            order_id = f"JL{number}-A"
            told.order(order_id, skus=(SHIRT, TROUSERS), state=state, is_before_start=number % 5 == 0)
            if intent:
                told.intent("create_sales_order", f"{order_id}/NMK/WH1", intent, order_id=order_id)
            if hold:
                told.hold(order_id, hold, "LINEN-SHIRT")
            if sales != "none":
                told.sales_order(f"SO-{number}", order_id, skus=(SHIRT, TROUSERS)[: 1 if sales == "half" else 2])
    seen = ask("select count(distinct subject) as n from events where kind = 'order.placed'").item()
    counted = reads.order_places(ask, NOW)

    assert counted["order_count"].sum() == seen == len(pasts)
    assert set(counted["place"]) == {"waiting", "held", "refused", "missing", "in_erp", "adopted", "cancelled"}
    assert counted["position"].null_count() == 0
    needs_reason = counted.filter(counted["place"].is_in(["waiting", "held", "refused"]))
    assert (needs_reason["reason"] != "").all()


def test_what_fails_for_a_passing_reason_waits_for_its_next_try_and_for_nobody(told: Told, ask: Ask) -> None:
    codes = sorted(TRANSIENT | {NO_ANSWER})
    for number, code in enumerate((*codes, "CREDIT_HOLD")):
        told.order(f"JL{number}-A")
        told.hold(f"JL{number}-A", "refused_by_erp", code)
    told.order("JL8-A")
    told.hold("JL8-A", "refused_by_erp", "LOCK_TIMEOUT")
    told.intent("create_sales_order", "JL8-A/NMK/WH1", "unclear", order_id="JL8-A")
    found = reads.order_places(ask, NOW).select("place", "reason", "order_count").sort("order_count")

    assert found.rows() == [
        ("waiting", "The next run looks in BlueCherry whether it arrived", 1),
        ("refused", "refused_by_erp", 1),
        ("waiting", "Cherrylane sends it again by itself", len(codes)),
    ]


def test_waiting_says_for_what_held_why_and_refused_with_which_reason(told: Told, ask: Ask) -> None:
    told.order("JL1-A", state="WAITING_ACCEPTANCE")
    told.order("JL2-A", state="WAITING_DEBIT")
    told.order("JL3-A")
    told.hold("JL3-A", "unknown_sku", "LINEN-SHIRT")
    told.order("JL4-A")
    told.hold("JL4-A", "refused_by_erp", "CREDIT_HOLD")
    told.order("JL5-A")
    told.sales_order("SO-5", "JL5-A")
    told.order("JL6-A", state="CANCELED")
    for order_id, why in (
        ("JL7-A", "lost in the fire"),
        ("JL8-A", "policy: proven zero stock: none"),
        ("JL9-A", ""),
    ):
        told.order(order_id, state="REFUSED")
        if why:
            told.tell(events.AcceptanceDecided(happened_at=NOW, order_id=order_id, decision="refuse", why=why))
    told.order("JL10-A", state="REFUSED", is_before_start=True)

    assert places(ask) == {
        ("waiting", "Cherrylane accepts it"): 1,
        ("waiting", "John Lewis releases it for shipping"): 1,
        ("held", "unknown_sku"): 1,
        ("refused", "refused_by_erp"): 1,
        ("refused", "by_a_person"): 1,
        ("refused", "by_policy"): 1,
        ("refused", "by_john_lewis"): 1,
        ("refused", "before_our_start"): 1,
        ("in_erp", ""): 1,
        ("cancelled", ""): 1,
    }


def test_an_order_cancelled_while_its_answer_is_lost_still_waits_for_bluecherry(told: Told, ask: Ask) -> None:
    """It may be there: its goods would be picked for a customer who does not want them."""
    told.order("JL1-A", state="CANCELED")
    told.intent("create_sales_order", "JL1-A/NMK/WH1", "unclear", order_id="JL1-A")
    told.order("JL2-A", state="CANCELED")
    told.intent("create_sales_order", "JL2-A/NMK/WH1", "confirmed", order_id="JL2-A", reference="SO-2")

    assert places(ask) == {
        ("waiting", "The next run looks in BlueCherry whether it arrived"): 1,
        ("waiting", "BlueCherry shows the sales order, and it is cancelled there"): 1,
    }


def test_an_order_of_which_no_line_is_wanted_any_more_waits_for_nothing(told: Told, ask: Ask) -> None:
    told.order("JL1-A", line_state="CANCELED")
    told.order("JL2-A", quantity=2, cancelled=2)

    assert places(ask) == {("cancelled", ""): 2}


def test_an_order_shipped_past_bluecherry_is_missing_and_wrong_until_it_is_there(told: Told, ask: Ask) -> None:
    told.order("JL1-A", state="SHIPPED", placed=NOW - DAY, changed=NOW - 2 * HOUR)
    sql = "select kind, subject, cause from conditions($now) where kind = 'missing_in_erp'"

    assert places(ask) == {("missing", ""): 1}
    assert ask(sql, {"now": NOW}).rows() == [("missing_in_erp", "JL1-A", "shipped elsewhere")]

    told.sales_order("SO-1", "JL1-A", shipped=1)

    assert places(ask) == {("in_erp", ""): 1}
    assert ask(sql, {"now": NOW}).rows() == []


def test_an_order_shipped_past_bluecherry_weeks_before_anybody_knows_is_missing_as_soon_as_both_states_are(
    told: Told, ask: Ask
) -> None:
    """Its answer was lost, and a person says now that BlueCherry never had it; or it is found only now."""
    long_ago = NOW - 45 * DAY
    for order_id in ("JL1-A", "JL2-A", "JL3-A"):
        told.order(order_id, state="CLOSED", placed=long_ago, changed=long_ago)
    told.order("JL4-A", state="SHIPPED", placed=NOW - HOUR, changed=NOW - 0.6 * HOUR)
    told.order("JL5-A", state="SHIPPED", placed=NOW - HOUR, changed=NOW - 0.4 * HOUR)
    told.intent("create_sales_order", "JL1-A/NMK/WH1", "refused", order_id="JL1-A", code="absent")
    told.intent("create_sales_order", "JL2-A/NMK/WH1", "unclear", order_id="JL2-A")
    sql = "select subject from conditions($now) where kind = 'missing_in_erp' order by subject"

    assert ask(sql, {"now": NOW}).rows() == [("JL1-A",), ("JL3-A",), ("JL4-A",)]


def test_half_a_basket_shipped_past_bluecherry_is_missing_and_wrong_until_it_is_there(told: Told, ask: Ask) -> None:
    told.order("JL1-A", skus=(SHIRT, TROUSERS), state="SHIPPED", placed=NOW - DAY, changed=NOW - 2 * HOUR)
    told.sales_order("SO-1", "JL1-A", shipped=1)
    told.intent("create_sales_order", "JL1-A/NMK/WH1", "confirmed", order_id="JL1-A", reference="SO-1")
    sql = "select detail from conditions($now) where kind = 'missing_in_erp'"
    for state, is_missing in (("recorded", False), ("unclear", False), ("refused", True)):
        told.intent("create_sales_order", "JL1-A/NMC/WH2", state, order_id="JL1-A", code="CREDIT_HOLD", at=NOW)

        assert (("missing", "") in places(ask)) == is_missing
        assert len(ask(sql, {"now": NOW})) == is_missing

    assert ask(sql, {"now": NOW}).rows() == [
        (f"John Lewis shows it as shipped, and BlueCherry never had {TROUSERS} of it.",)
    ]

    told.sales_order("SO-2", "JL1-A", skus=(TROUSERS,), line_ids=("JL1-A-2",), shipped=1)

    assert places(ask) == {("in_erp", ""): 1}
    assert ask(sql, {"now": NOW}).rows() == []


def test_what_somebody_typed_into_bluecherry_without_our_line_ids_was_not_shipped_past_it(
    told: Told, ask: Ask
) -> None:
    told.skus(SHIRT, TROUSERS)
    told.order("JL1-A", skus=(SHIRT, TROUSERS), state="SHIPPED", placed=NOW - DAY, changed=NOW - 2 * HOUR)
    told.sales_order("SO-1", "JL1-A", shipped=1)
    told.sales_order("SO-2", "JL1-A", skus=(TROUSERS,), line_ids=("",), shipped=1)

    assert "missing" not in {place for place, _ in places(ask)}
    assert not ask("from conditions($now) where kind = 'missing_in_erp'", {"now": NOW}).rows()


def test_an_order_in_a_state_nobody_told_us_of_is_not_left_waiting_in_silence(told: Told, ask: Ask) -> None:
    told.order("JL1-A", state="WAITING_COURIER")
    sql = "select kind, subject, cause from conditions($now)"

    assert places(ask) == {("waiting", "A person finds out what WAITING_COURIER means: nobody told us"): 1}
    assert ("missing_in_erp", "JL1-A", "unknown state WAITING_COURIER") in ask(sql, {"now": NOW}).rows()

    told.order("JL1-A", state="STAGING", changed=NOW)

    assert places(ask) == {("waiting", "John Lewis releases it for shipping"): 1}
    assert [row for row in ask(sql, {"now": NOW}).rows() if row[0] == "missing_in_erp"] == []


def test_within_a_place_what_waits_longest_comes_first(told: Told, ask: Ask) -> None:
    told.order("JL1-A", placed=NOW - HOUR)
    told.order("JL2-A", state="STAGING", placed=NOW - DAY)
    told.order("JL3-A")
    told.hold("JL3-A", "unknown_sku", "LINEN-SHIRT")
    told.tell(events.OrderReleased(happened_at=NOW, order_id="JL3-A"))
    rows = reads.order_places(ask, NOW)

    assert rows["reason"].to_list() == [
        "John Lewis releases it for shipping", "Cherrylane creates the sales order",
    ]  # fmt: skip
    assert rows["order_count"].to_list() == [1, 2]
    assert rows["age_seconds"].to_list() == [DAY.total_seconds(), 2 * HOUR.total_seconds()]
