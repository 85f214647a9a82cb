"""What is wrong now with stock and offers: each kind shows when it should, and goes away by itself."""

from datetime import timedelta
from typing import Any

import pytest

from store import events
from store.database import Ask
from tests.told import DAY, HOUR, NOW, SHIRT, Told, key_of
from tests.views.conditions import MINUTE, wrong


def test_a_batch_is_late_half_an_hour_after_it_was_expected(told: Told, ask: Ask) -> None:
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 6}}, next_expected=NOW - 30 * MINUTE)

    assert wrong(ask)["batch_late", "stock"]["since_at"] == NOW
    assert wrong(ask, NOW - MINUTE) == {}


def test_a_rejected_batch_is_wrong_until_a_good_one_is_read(told: Told, ask: Ask) -> None:
    told.tell(
        events.StockBatchRejected(happened_at=NOW - HOUR, batch_id="B1", reason="checksum", detail="Rows missing.")
    )
    assert wrong(ask)["batch_rejected", "B1"]["cause"] == "checksum"
    told.batch("B2", {(SHIRT, "WH1"): {"on_hand": 6}}, at=NOW - HOUR / 2)

    assert wrong(ask) == {}


def test_a_held_batch_is_wrong_until_it_is_judged_or_overtaken(told: Told, ask: Ask) -> None:
    held: dict[str, Any] = {"reason": "coverage", "detail": "It names 4 of 9 SKUs."}
    told.seen("B1", at=NOW - 2 * HOUR)
    told.seen("B2", at=NOW - HOUR)
    told.tell(
        events.StockBatchHeld(happened_at=NOW - 2 * HOUR, batch_id="B1", **held),
        events.StockBatchHeld(happened_at=NOW - HOUR, batch_id="B2", **held),
    )
    both = wrong(ask)
    told.tell(events.StockBatchJudged(happened_at=NOW, batch_id="B1", verdict="reject", why="The job broke off."))
    one = wrong(ask)
    told.batch("B3", {(SHIRT, "WH1"): {"on_hand": 6}}, at=NOW - HOUR / 2)

    assert list(both) == [("batch_held", "B1"), ("batch_held", "B2")]
    assert both["batch_held", "B1"]["detail"] == "It names 4 of 9 SKUs."
    assert list(one) == [("batch_held", "B2")]
    assert wrong(ask) == {}


@pytest.mark.parametrize(
    ("state", "cause", "after"),
    [("FAILED", "failed", 40 * MINUTE), ("RUNNING", "running", 6 * HOUR), ("COMPLETE", "unread", 80 * MINUTE)],
)
def test_deltas_behind_a_batch_that_is_not_there_are_wrong_until_a_full_one_is_read(
    told: Told, ask: Ask, state: str, cause: str, after: timedelta
) -> None:
    """Of one that failed, from the first DELTA on; that still runs, after six hours; that is unread, after one."""
    begun = NOW - 8 * HOUR
    told.batch("F1", {(SHIRT, "WH1"): {"on_hand": 6}}, at=begun - HOUR, next_expected=NOW + HOUR)
    told.seen("D2", at=begun, kind="DELTA", state=state, next_expected=NOW + HOUR)
    alone = wrong(ask)
    told.seen("D3", at=begun + 2 * HOUR / 3, kind="DELTA", next_expected=NOW + HOUR)
    behind = wrong(ask)
    told.batch("F4", {(SHIRT, "WH1"): {"on_hand": 6}}, at=NOW - HOUR, next_expected=NOW + HOUR)

    assert alone == {}
    assert list(behind) == [("batch_gap", "D2")]
    assert behind["batch_gap", "D2"]["cause"] == cause
    assert "up to D3 wait for D2" in behind["batch_gap", "D2"]["detail"]
    assert behind["batch_gap", "D2"]["since_at"] == begun + after
    assert wrong(ask) == {}


@pytest.mark.parametrize("order", [("D2", "D3"), ("D3", "D2")])
def test_of_two_unread_deltas_of_one_moment_always_the_same_is_named(
    told: Told, ask: Ask, order: tuple[str, str]
) -> None:
    due = NOW + HOUR
    told.batch("F1", {(SHIRT, "WH1"): {"on_hand": 6}}, at=NOW - 9 * HOUR, next_expected=due)
    for name in (*order, "D5", "D4"):
        at = NOW - 8 * HOUR if name in order else NOW - 6 * HOUR
        told.seen(name, at=at, kind="DELTA", next_expected=due)
    behind = wrong(ask)

    assert list(behind) == [("batch_gap", "D2")]
    assert "up to D5 wait for D2" in behind["batch_gap", "D2"]["detail"]


def test_a_full_batch_a_person_rejected_is_named_once_deltas_wait_behind_it_until_a_full_one_is_read(
    told: Told, ask: Ask
) -> None:
    """They may leave out what it told. While it waits for the person, it is that which is wrong."""
    due = NOW + HOUR
    told.batch("F1", {(SHIRT, "WH1"): {"on_hand": 9}}, at=NOW - 8 * HOUR, next_expected=due)
    told.seen("F2", at=NOW - 6 * HOUR, next_expected=due)
    told.tell(events.StockBatchHeld(happened_at=NOW - 5 * HOUR, batch_id="F2", reason="coverage", detail="few"))
    told.seen("D3", at=NOW - 4 * HOUR, next_expected=due, kind="DELTA")
    held = wrong(ask)
    told.tell(
        events.StockBatchJudged(
            happened_at=NOW - 3 * HOUR, actor="olu", batch_id="F2", verdict="reject", why="Too few SKUs."
        )
    )
    one_behind = wrong(ask)
    told.seen("D4", at=NOW - 2 * HOUR, next_expected=due, kind="DELTA")
    two_behind = wrong(ask)
    told.batch("F5", {(SHIRT, "WH1"): {"on_hand": 8}}, at=NOW - HOUR, next_expected=due)

    assert list(held) == [("batch_held", "F2")]
    assert list(one_behind) == list(two_behind) == [("batch_gap", "F2")]
    gap = two_behind["batch_gap", "F2"]
    assert (gap["cause"], gap["since_at"]) == ("refused", NOW - 3 * HOUR)
    assert gap["detail"] == "DELTA batches up to D4 wait for the next FULL one: F2 was rejected by a person."
    assert wrong(ask) == {}


def test_a_full_batch_a_person_rejected_is_named_also_behind_one_that_still_runs(told: Told, ask: Ask) -> None:
    due = NOW + HOUR
    told.batch("F1", {(SHIRT, "WH1"): {"on_hand": 9}}, at=NOW - 8 * HOUR, next_expected=due)
    told.seen("D2", at=NOW - 5.5 * HOUR, next_expected=due, kind="DELTA", state="RUNNING")
    for batch_id, at in (("F3", NOW - 5 * HOUR), ("F4", NOW - 4.5 * HOUR)):
        told.seen(batch_id, at=at, next_expected=due)
        told.tell(
            events.StockBatchHeld(happened_at=at, batch_id=batch_id, reason="coverage", detail="few"),
            events.StockBatchJudged(happened_at=NOW - 4 * HOUR, batch_id=batch_id, verdict="reject", why="few"),
        )
    for number in (5, 6):
        told.seen(f"D{number}", at=NOW - (9 - number) * HOUR, next_expected=due, kind="DELTA")

    assert list(wrong(ask)) == [("batch_gap", "F3")]
    assert wrong(ask)["batch_gap", "F3"]["cause"] == "refused"


def test_a_rejected_batch_is_wrong_again_once_deltas_wait_behind_it_though_one_before_it_was_read_later(
    told: Told, ask: Ask
) -> None:
    """One look finds a FULL batch and behind it one of no known kind: it rejects this, and then reads that."""
    due = NOW + HOUR
    told.seen("P2", at=NOW - 6 * HOUR, kind="PARTIAL", next_expected=due)
    told.tell(
        events.StockBatchRejected(happened_at=NOW - 5 * HOUR, batch_id="P2", reason="unknown_kind", detail="X")
    )
    told.batch(
        "F1", {(SHIRT, "WH1"): {"on_hand": 6}}, at=NOW - 7 * HOUR, read=NOW - 5 * HOUR + MINUTE, next_expected=due
    )
    alone = wrong(ask)
    for number in (3, 4):
        told.seen(f"D{number}", at=NOW - (8 - number) * HOUR, kind="DELTA", next_expected=due)
    behind = wrong(ask)
    told.batch("F5", {(SHIRT, "WH1"): {"on_hand": 6}}, at=NOW - HOUR, next_expected=due)

    assert alone == {}
    assert list(behind) == [("batch_rejected", "P2")]
    assert wrong(ask) == {}


def test_only_what_somebody_should_act_on_in_the_batch_in_use_is_wrong(told: Told, ask: Ask) -> None:
    told.batch(
        "B1",
        {(SHIRT, "WH1"): {"on_hand": 6}},
        findings=(
            events.FindingPart(code="unknown_location", count=1, detail="Unknown locations, not counted: 'MOON'."),
            events.FindingPart(code="negative_on_hand", count=1, detail="1 rows have a negative stock."),
        ),
    )
    odd = wrong(ask)
    told.batch("B2", {(SHIRT, "WH1"): {"on_hand": 6}}, at=NOW - HOUR)

    assert {key: row["detail"] for key, row in odd.items()} == {
        ("batch_doubtful", "unknown_location"): "Batch B1: Unknown locations, not counted: 'MOON'."
    }
    assert wrong(ask) == {}


def test_what_is_odd_in_a_full_batch_is_wrong_until_the_next_full_one_whatever_delta_ones_say(
    told: Told, ask: Ask
) -> None:
    """What they do not name stands as that batch told it."""
    size = events.FindingPart(code="unknown_size", count=1, detail="Bucket 09 is of no size.")
    two = events.FindingPart(code="unknown_size", count=1, detail="Bucket 07 is of no size.")
    empty = events.FindingPart(code="empty_rows", count=1, detail="1 rows have no quantities.")
    told.batch("F0", {(SHIRT, "WH1"): {"on_hand": 6}}, at=NOW - 9 * HOUR, findings=(empty,))
    told.batch("F1", {(SHIRT, "WH1"): {"on_hand": 6}}, at=NOW - 8 * HOUR, findings=(size,))
    told.batch("D2", {(SHIRT, "WH1"): {"on_hand": 5}}, at=NOW - 6 * HOUR, kind="DELTA")
    built_on = wrong(ask, NOW - 5 * HOUR)
    told.batch("D3", {(SHIRT, "WH1"): {"on_hand": 4}}, at=NOW - 4 * HOUR, kind="DELTA", findings=(size, two, empty))
    told.batch("D4", {(SHIRT, "WH1"): {"on_hand": 3}}, at=NOW - 2 * HOUR, kind="DELTA", findings=(two,))
    all_of_it = wrong(ask)
    told.batch("F5", {(SHIRT, "WH1"): {"on_hand": 3}}, at=NOW - HOUR)

    odd = built_on["batch_doubtful", "unknown_size"]
    assert (odd["detail"], odd["since_at"]) == ("Batch F1: Bucket 09 is of no size.", NOW - 8 * HOUR)
    assert {key: row["detail"] for key, row in all_of_it.items()} == {
        ("batch_doubtful", "unknown_size"): "Batch D4: Bucket 07 is of no size. Batch D3: Bucket 09 is of no size.",
        ("batch_doubtful", "empty_rows"): "Batch D3: 1 rows have no quantities.",
    }
    assert all_of_it["batch_doubtful", "unknown_size"]["grounds"] != odd["grounds"]
    assert wrong(ask) == {}


def test_many_delta_batches_each_odd_in_its_own_way_are_one_cause_that_names_the_newest(
    told: Told, ask: Ask
) -> None:
    told.batch("F1", {(SHIRT, "WH1"): {"on_hand": 6}}, at=NOW - 8 * HOUR)
    for number in range(1, 8):
        odd = events.FindingPart(code="ots_difference", count=number, detail=f"{number} rows differ.")
        told.batch(
            f"D{number}", {(SHIRT, "WH1"): {"on_hand": 6}}, at=NOW - (8 - number) * HOUR, kind="DELTA",
            findings=(odd,),
        )  # fmt: skip

    (found,) = wrong(ask).values()
    assert found["detail"] == (
        "Batch D7: 7 rows differ. Batch D6: 6 rows differ. Batch D5: 5 rows differ. Batch D4: 4 rows differ."
        " Batch D3: 3 rows differ. And 2 more."
    )


def test_more_shown_than_expected_is_wrong_at_the_second_reading(told: Told, ask: Ask) -> None:
    told.skus(SHIRT)
    told.publish({SHIRT: 5})
    told.offers({SHIRT: 9})
    told.compared({SHIRT: 9}, least=3, most=5, read_count=1, applied=5, at=NOW - HOUR / 2)
    assert wrong(ask) == {}
    told.compared({SHIRT: 9}, least=3, most=5, read_count=2, applied=5, at=NOW - HOUR / 4)
    row = wrong(ask)["stock_mismatch", SHIRT]
    told.compared({SHIRT: 4}, least=3, most=5, read_count=0, applied=5, at=NOW)

    assert row["detail"] == (
        "Expected 3 (5 applied 24 Nov 07:45 UTC, less 2 ordered, plus 0 restored), John Lewis shows 9 "
        "(read 24 Nov 08:45 UTC) and showed 9 (read 24 Nov 08:35 UTC)."
    )
    assert wrong(ask) == {}


def test_many_offers_without_a_sku_wait_for_a_person_who_names_how_many(told: Told, ask: Ask) -> None:
    told.skus(SHIRT)
    told.offers({SHIRT: 3, "GHOST-1": 2, "GHOST-2": 1, "GHOST-3": 0})
    waiting = wrong(ask)["orphans_held", "offers"]
    told.tell(events.OrphansReleased(happened_at=NOW - HOUR, offer_count=1, why="one is right"))
    too_few = wrong(ask)
    told.tell(events.OrphansReleased(happened_at=NOW, offer_count=2, why="both left the range"))

    assert waiting["cause"] == "2"
    assert ("orphans_held", "offers") in too_few
    assert ("orphans_held", "offers") not in wrong(ask)
    assert ("orphans_held", "offers") in wrong(ask, NOW + DAY + MINUTE)


def test_an_offer_without_a_sku_waits_after_others_lost_their_stock_within_a_day(told: Told, ask: Ask) -> None:
    told.skus(SHIRT)
    told.offers({SHIRT: 3, "GHOST-1": 2})
    alone = wrong(ask)
    told.publish({"GHOST-2": 0}, sku_key="", before_quantity=4, at=NOW - 23 * HOUR)
    waiting = wrong(ask)["orphans_held", "offers"]
    told.tell(events.OrphansReleased(happened_at=NOW - HOUR, offer_count=1, why="it left the range"))

    assert ("orphans_held", "offers") not in alone
    assert waiting["cause"] == "1"
    assert waiting["detail"].endswith("would lose their stock, after 1 within a day.")
    assert ("orphans_held", "offers") not in wrong(ask)


def test_a_stock_file_that_failed_as_a_whole_is_wrong_until_the_next_arrives(told: Told, ask: Ask) -> None:
    push_id = told.publish({SHIRT: 5}, is_finished=False)
    told.tell(
        events.ImportFinished(
            happened_at=NOW - HOUR, import_id="IMP-1", push_id=push_id, state="failed", success_count=0,
            error_count=0, errors={},
        )
    )  # fmt: skip
    failed = wrong(ask)
    told.publish({SHIRT: 5}, at=NOW - HOUR / 2, name="again")

    assert ("import_failed", "stock") in failed
    assert ("import_failed", "stock") not in wrong(ask)


def test_a_stock_file_that_does_not_end_for_half_an_hour_is_wrong_until_it_does(told: Told, ask: Ask) -> None:
    told.skus(SHIRT)
    told.offers({SHIRT: 5})
    sent_at = NOW - HOUR / 2
    push_id = told.publish({SHIRT: 5}, at=sent_at, is_finished=False)
    before, stuck = wrong(ask, NOW - MINUTE), wrong(ask)
    told.tell(
        events.ImportFinished(
            happened_at=NOW, import_id="IMP-1", push_id=push_id, state="complete", success_count=1, error_count=0,
            errors={},
        )
    )  # fmt: skip

    assert before == {}
    assert list(stuck) == [("import_stuck", "IMP-1")]
    row = stuck["import_stuck", "IMP-1"]
    assert row["since_at"] == sent_at
    assert row["detail"].startswith(f"Stock import IMP-1 was taken {sent_at:%d %b %H:%M} UTC and has not ended")
    assert wrong(ask) == {}


def test_what_john_lewis_shows_and_nobody_compared_for_six_hours_is_wrong(told: Told, ask: Ask) -> None:
    told.publish({SHIRT: 5}, base=9, at=NOW - 9 * HOUR)
    told.compared({SHIRT: 5}, least=5, most=5, read_count=0, at=NOW - 6 * HOUR)
    late = wrong(ask)
    told.compared({SHIRT: 5}, least=5, most=5, read_count=0, at=NOW - 5 * HOUR)

    assert [(key, row["since_at"]) for key, row in late.items()] == [
        (("stock_uncompared", "offers"), NOW - 6 * HOUR)
    ]
    assert wrong(ask) == {}


def test_quantities_in_effect_that_were_never_compared_are_wrong_after_six_hours(told: Told, ask: Ask) -> None:
    told.publish({SHIRT: 5}, base=9, at=NOW - 3 * DAY)
    took_effect = NOW - 3 * DAY + HOUR / 12
    early, late = wrong(ask, took_effect + 6 * HOUR - MINUTE), wrong(ask, took_effect + 6 * HOUR)
    told.compared({SHIRT: 5}, least=5, most=5, read_count=0, at=NOW - HOUR)

    assert early == {}
    assert late["stock_uncompared", "offers"]["since_at"] == took_effect
    assert late["stock_uncompared", "offers"]["detail"] == (
        "What John Lewis shows was never compared with what should stand there, though quantities took effect "
        f"{took_effect:%d %b %H:%M} UTC."
    )
    assert wrong(ask) == {}


def test_a_sale_two_batches_do_not_contain_is_stuck(told: Told, ask: Ask) -> None:
    told.order("O1-A", placed=NOW - 3 * HOUR, quantity=2)
    told.order("O2-A", placed=NOW - 3 * HOUR, state="WAITING_ACCEPTANCE")
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 6}}, at=NOW - 2 * HOUR)
    once = wrong(ask)
    told.batch("B2", {(SHIRT, "WH1"): {"on_hand": 6}}, at=NOW - HOUR)
    stuck = {key: row for key, row in wrong(ask).items() if key[0] == "inflight_stuck"}

    assert not [key for key in once if key[0] == "inflight_stuck"]
    assert list(stuck) == [("inflight_stuck", "O1-A-1")]
    row = stuck["inflight_stuck", "O1-A-1"]
    assert (row["order_id"], row["cause"], row["since_at"]) == ("O1-A", "not_in_erp", NOW - HOUR)
    assert row["detail"] == f"2 of {SHIRT} are held back for it."


def test_listing_more_than_the_base_is_wrong(told: Told, ask: Ask) -> None:
    told.publish({SHIRT: 5}, base=4)

    assert ("oversell", SHIRT) in wrong(ask)


def test_an_offer_without_an_active_sku_is_wrong(told: Told, ask: Ask) -> None:
    told.skus(SHIRT)
    told.offers({SHIRT: 3, "GHOST-1": 2})

    assert list(wrong(ask)) == [("offer_without_sku", "GHOST-1")]


def test_a_refused_quantity_is_wrong_until_a_newer_one_is_sent(told: Told, ask: Ask) -> None:
    push_id = told.publish({SHIRT: 5}, is_finished=False)
    told.tell(
        events.ImportFinished(
            happened_at=NOW - HOUR, import_id="IMP-1", push_id=push_id, state="complete", success_count=0,
            error_count=1, errors={SHIRT: "Offer is locked"},
        )
    )  # fmt: skip
    assert wrong(ask)["import_errors", SHIRT]["cause"] == "Offer is locked"
    told.publish({SHIRT: 4}, at=NOW - HOUR / 2)

    assert wrong(ask) == {}


def test_listed_skus_with_bad_identifiers_are_wrong(told: Told, ask: Ask) -> None:
    told.skus(SHIRT, problem="no_ean,bad_check_digit", upc="501234567899")
    told.skus("NMK-1-B-A--S", problem="no_upc")
    told.skus("NMK-2-B-A--S", problem="inactive", is_active=False)

    assert {key: row["cause"] for key, row in wrong(ask).items()} == {
        ("bad_check_digit", key_of(SHIRT)): "501234567899",
        ("missing_ean", key_of(SHIRT)): "",
        ("missing_upc", "NMK|1|B|A||S"): "",
    }
