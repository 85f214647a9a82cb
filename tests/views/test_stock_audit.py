"""What John Lewis shows against what it should: given events, exactly these rows."""

from datetime import datetime
from typing import Any

import pytest

from store import reads, reads_risk, reads_stock
from store.database import Ask
from store.events import ImportFinished, RecordSkipped
from tests.told import HOUR, NOW, SHIRT, Told


def audited(ask: Ask, sku: str = SHIRT) -> dict[str, Any]:
    return reads_stock.stock_audit(ask, NOW, only_different=False, search=sku).row(0, named=True)


def stocked(told: Told, units: int = 9) -> None:
    told.skus(SHIRT)
    told.mapping("warehouse", "NMK", "WH1")
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": units}})


def test_what_stands_as_it_should_is_shown_only_when_all_are_asked_for(told: Told, ask: Ask) -> None:
    stocked(told)
    told.publish({SHIRT: 7})
    told.offers({SHIRT: 7})
    told.compared({SHIRT: 7}, least=7, most=7, read_count=0)
    row = audited(ask)

    assert (row["audit_state"], row["base"], row["published_quantity"], row["shown_quantity"]) == ("same", 9, 7, 7)
    assert (row["least_quantity"], row["most_quantity"], row["gap_quantity"]) == (7, 7, 0)
    assert (row["batch_at"], row["published_at"], row["shown_at"]) == (
        NOW - 2 * HOUR, NOW - 90 * HOUR / 60, NOW - HOUR / 4,
    )  # fmt: skip
    assert reads_stock.stock_audit(ask, NOW).is_empty()
    totals = reads_stock.stock_audit_totals(ask, NOW)
    assert (totals["offer_count"], totals["different_count"], totals["mismatch_count"]) == (1, 0, 0)


@pytest.mark.parametrize(("read_count", "state"), [(1, "differs_once"), (2, "mismatch")])
def test_what_is_shown_otherwise_than_expected_differs(told: Told, ask: Ask, read_count: int, state: str) -> None:
    stocked(told)
    told.publish({SHIRT: 7})
    told.offers({SHIRT: 5})
    told.compared({SHIRT: 5}, least=7, most=7, read_count=read_count)
    row = audited(ask)

    assert (row["audit_state"], row["gap_quantity"]) == (state, -2)
    assert reads_stock.stock_audit_totals(ask, NOW)[f"{state}_count"] == 1


def test_what_shows_more_than_there_is_comes_first(told: Told, ask: Ask) -> None:
    stocked(told, units=3)
    told.publish({SHIRT: 7})
    told.offers({SHIRT: 7})

    assert audited(ask)["audit_state"] == "shows_too_much"
    assert reads.stock_totals(ask, NOW)["overshown_count"] == 1


def test_what_was_sold_after_the_reading_is_no_longer_shown(told: Told, ask: Ask) -> None:
    stocked(told, units=7)
    told.publish({SHIRT: 7})
    told.offers({SHIRT: 7})
    told.order("JL1-A", quantity=2, placed=NOW - HOUR / 6)  # after it was read: John Lewis took it off itself
    found = reads.sku(ask, NOW, SHIRT)

    assert found is not None
    assert (found["base"], found["shown_quantity"], found["standing_quantity"]) == (5, 7, 5)
    assert not found["is_at_risk"]


def test_a_number_john_lewis_refused_is_not_taken_for_what_stands_there(told: Told, ask: Ask) -> None:
    stocked(told, units=3)
    told.offers({SHIRT: 7}, at=NOW - 2 * HOUR)
    told.publish({SHIRT: 2}, at=NOW - HOUR, errors={SHIRT: "No such offer."})
    found = reads.sku(ask, NOW, SHIRT)

    assert found is not None
    assert (found["standing_quantity"], found["is_at_risk"]) == (7, True)
    assert (found["published_quantity"], found["is_refused"]) == (2, True)
    assert ask("select * from expected_shown($now, $now)", {"now": NOW}).is_empty()


def test_a_number_john_lewis_refused_is_not_on_its_way(told: Told, ask: Ask) -> None:
    stocked(told)
    told.offers({SHIRT: 7}, at=NOW - 2 * HOUR)
    told.publish({SHIRT: 9}, at=NOW - HOUR, errors={SHIRT: "busy"})

    assert audited(ask)["audit_state"] == "refused"


def test_a_number_lowered_since_the_reading_is_not_taken_for_what_stands_there(told: Told, ask: Ask) -> None:
    stocked(told, units=3)
    told.offers({SHIRT: 7}, at=NOW - 2 * HOUR)
    told.publish({SHIRT: 2}, at=NOW - HOUR)
    found = reads.sku(ask, NOW, SHIRT)

    assert found is not None
    assert (found["shown_quantity"], found["standing_quantity"], found["is_at_risk"]) == (7, 2, False)
    assert audited(ask)["audit_state"] == "on_its_way"


@pytest.mark.parametrize(("met", "standing"), [(NOW - 90 * HOUR / 60, 7), (NOW - HOUR / 6, 2)])
def test_an_offer_that_cannot_be_read_is_not_taken_as_read_with_the_others(
    told: Told, ask: Ask, met: datetime, standing: int
) -> None:
    """Sent up to 7 after it was last read; what was compared of the others says nothing of it."""
    stocked(told, units=3)
    told.offers({SHIRT: 2}, at=NOW - 2 * HOUR)
    told.tell(RecordSkipped(happened_at=met, system="John Lewis", record="offer", record_id=SHIRT, detail="price"))
    told.publish({SHIRT: 7}, at=NOW - HOUR)
    told.compared({"NMK-COTTON-SOCKS-NAV--M": 4}, least=4, most=4, read_count=0)
    found = reads.sku(ask, NOW, SHIRT)

    assert found is not None
    assert (found["standing_quantity"], found["is_at_risk"]) == (standing, standing > 3)
    assert found["shown_at"] == (NOW - 2 * HOUR if standing == 7 else NOW - HOUR / 4)


@pytest.mark.parametrize("is_unread", [True, False])
def test_the_number_of_an_offer_nobody_can_read_proves_no_file(told: Told, ask: Ask, *, is_unread: bool) -> None:
    stocked(told)
    told.offers({SHIRT: 7}, at=NOW - 2 * HOUR)
    push_id = told.publish({SHIRT: 7}, at=NOW - HOUR, is_finished=False)
    told.tell(
        ImportFinished(
            happened_at=NOW - HOUR / 2, import_id="IMP-1", push_id=push_id, state="unproven", success_count=0,
            error_count=1, errors={},
        )
    )  # fmt: skip
    if is_unread:
        met = NOW - HOUR
        told.tell(
            RecordSkipped(happened_at=met, system="John Lewis", record="offer", record_id=SHIRT, detail="price")
        )
    told.compared({"NMK-COTTON-SOCKS-NAV--M": 4}, least=4, most=4, read_count=0)

    assert ask("select sku from unproven_skus")["sku"].to_list() == ([SHIRT] if is_unread else [])


def test_an_increase_that_waits_is_a_difference(told: Told, ask: Ask) -> None:
    stocked(told)
    told.publish({SHIRT: 4}, waiting_units=3)
    told.offers({SHIRT: 4})
    told.compared({SHIRT: 4}, least=4, most=4, read_count=0)

    assert audited(ask)["audit_state"] == "waits_to_rise"


def test_an_offer_that_sold_out_is_still_offered(told: Told, ask: Ask) -> None:
    stocked(told, units=0)
    told.publish({SHIRT: 0})
    told.offers({SHIRT: 0}, is_active=False, inactivity_reasons="ZERO_QUANTITY")
    found = reads.sku(ask, NOW, SHIRT)

    assert found is not None
    assert found["state"] == "sold_out"


def test_before_the_first_batch_nothing_is_said_to_be_at_risk(told: Told, ask: Ask) -> None:
    told.skus(SHIRT)
    told.offers({SHIRT: 7})

    assert reads.stock_totals(ask, NOW)["at_risk_count"] == 0
    assert reads_risk.stock_window(ask, NOW) is None
