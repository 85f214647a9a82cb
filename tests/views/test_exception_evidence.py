"""What stands behind an exception that is about no single record: what was seen, and what is written down of it."""

from datetime import timedelta
from uuid import UUID

from store import reads_desk
from store.database import Ask
from store.events import ClockCompared
from tests.told import DAY, HOUR, NOW, Told, thing

MINUTE = timedelta(minutes=1)


def answers(ask: Ask, wrong: UUID) -> list[str]:
    return [str(name) for name in reads_desk.exception_evidence(ask, str(wrong))["snapshot_id"]]


def records(ask: Ask, wrong: UUID) -> list[tuple[str, str, str]]:
    return reads_desk.exception_records(ask, NOW, str(wrong)).select("kind", "subject", "words").rows()


def test_a_flow_that_fails_shows_its_runs_the_last_that_went_well_and_the_calls_that_failed(
    told: Told, ask: Ask
) -> None:
    well, failed = NOW - 5 * HOUR, NOW - HOUR
    told.run("dispatch", ended=well)
    told.run("dispatch", "failed", ended=failed, message="BlueCherry did not answer")
    told.run("orders", "failed", ended=failed)
    ran = thing(f"dispatch/{failed}")
    told.snapshot("before", at=well, status=500, run_id=thing(f"dispatch/{well}"))
    good = told.snapshot("good", at=failed, run_id=ran)
    bad = told.snapshot("bad", resource="shipment", source="erp", at=failed, status=503, run_id=ran)
    told.snapshot("of another", at=failed, status=500, run_id=thing(f"orders/{failed}"))
    wrong = told.wrong("flow_failing", "dispatch", cause="dispatch", detail="BlueCherry did not answer")

    assert sorted(answers(ask, wrong)) == sorted([str(good), str(bad)])
    assert records(ask, wrong) == [
        ("run", "dispatch", 'failed: BlueCherry did not answer; calls {"OR11":1}'),
        ("found", "dispatch", "BlueCherry did not answer"),
        ("last success", "dispatch", 'succeeded; calls {"OR11":1}'),
    ]


def test_a_silence_shows_the_last_looks_the_newest_order_and_what_came_in_the_weeks_before(
    told: Told, ask: Ask
) -> None:
    looked = told.snapshot("looked", at=NOW - MINUTE)
    told.order("JL9-A", placed=NOW - 6 * HOUR)
    for week in (1, 2):
        for number in range(week):
            told.order(f"JL{week}{number}-A", placed=NOW - week * 7 * DAY - HOUR)
    told.journal.append(bookmarks={"orders.looked": (NOW - MINUTE).isoformat()})
    told.run("orders", ended=NOW - 2 * MINUTE)
    wrong = told.wrong("silence", "orders")

    assert answers(ask, wrong) == [str(looked)]
    assert records(ask, wrong) == [
        ("last look", "orders", "John Lewis was looked at for orders"),
        ("last success", "orders", 'succeeded; calls {"OR11":1}'),
        ("newest order", "JL9-A", "placed"),
        ("weeks before", "1 week before", "1 order came in the same stretch"),
        ("weeks before", "2 weeks before", "2 orders came in the same stretch"),
        ("weeks before", "3 weeks before", "0 orders came in the same stretch"),
        ("weeks before", "4 weeks before", "0 orders came in the same stretch"),
    ]


def test_a_clock_that_is_off_shows_how_far_it_was_and_the_answers_that_said_so(told: Told, ask: Ask) -> None:
    before = told.snapshot("before", source="erp", resource="style", at=NOW - HOUR)
    told.snapshot("of John Lewis", at=NOW - HOUR)
    told.tell(ClockCompared(happened_at=NOW, system="BlueCherry", ahead_seconds=-150.0))
    told.snapshot("after", source="erp", resource="style", at=NOW + HOUR)
    wrong = told.wrong("clock_skew", "BlueCherry", cause="BlueCherry")

    assert answers(ask, wrong) == [str(before)]
    assert records(ask, wrong) == [("clock compared", "BlueCherry", "150 seconds behind ours")]


def test_stamps_that_are_to_come_show_the_answers_they_stood_in(told: Told, ask: Ask) -> None:
    ahead, plain = told.snapshot("ahead"), told.snapshot("plain")
    told.order("JL1-A", changed=NOW + DAY, snapshot_id=ahead)
    told.order("JL2-A", snapshot_id=plain)
    order = told.wrong("clock_skew", "John Lewis/order", cause="John Lewis")
    other = told.wrong("clock_skew", "BlueCherry/shipment", cause="BlueCherry")

    assert (answers(ask, order), answers(ask, other)) == ([str(ahead)], [])


def test_a_mapping_that_cannot_be_right_shows_who_set_it_and_the_list_that_lacks_what_it_names(
    told: Told, ask: Ask
) -> None:
    shown = told.snapshot("locations", source="erp", resource="Location")
    told.snapshot("carriers", resource="SH21")
    told.mapping("warehouse", "NMK", "WH9", "moved")
    told.mapping("warehouse", "NMX", "WH1")
    told.described("warehouses", [{"code": "WH2"}, {"code": "WH1"}])
    wrong = told.wrong("mapping_invalid", "warehouse/NMK", detail="There is no warehouse WH9 any more.")

    assert answers(ask, wrong) == [str(shown)]
    assert records(ask, wrong) == [
        ("codes there are", "warehouse", "WH1, WH2"),
        ("found", "warehouse/NMK", "There is no warehouse WH9 any more."),
        ("mapping set", "warehouse NMK", "means WH9, from the start, by worker: moved"),
    ]


def test_what_stands_on_an_order_has_no_records_of_the_house(told: Told, ask: Ask) -> None:
    told.order("JL1-A")

    assert records(ask, told.wrong("unknown_sku", "JL1-A", order_id="JL1-A", detail="No such SKU.")) == []
