"""What is wrong with the two systems and our way to them: each kind shows when it should, and goes by itself."""

from datetime import timedelta
from typing import Any

import pytest

from store.database import Ask
from store.events import ClockCompared, MarketplaceDescribed
from sync.rules.mappings import STATUSES, parsed
from tests.told import DAY, HOUR, NOW, SHIRT, Told

MINUTE = timedelta(minutes=1)


def wrong(ask: Ask, at: Any = NOW) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (row["kind"], row["subject"]): row for row in ask("select * from conditions($at)", {"at": at}).to_dicts()
    }


def heard(told: Told, *statuses: int, system: str = "erp", minutes: int = 8, resource: str = "salesOrder") -> None:
    """Answers of a system, evenly over the last minutes."""
    for number, status in enumerate(statuses):
        at = NOW - minutes * MINUTE + number * minutes * MINUTE / max(len(statuses), 1)
        told.snapshot(f"{system}{resource}{number}{status}", resource=resource, status=status, at=at, source=system)


@pytest.mark.parametrize("status", [0, 500, 503])
def test_a_system_that_answers_nothing_for_five_minutes_is_down_until_it_answers(
    told: Told, ask: Ask, status: int
) -> None:
    heard(told, status, status, status)
    row = wrong(ask)["system_down", "BlueCherry"]
    too_soon = wrong(ask, NOW - 4 * MINUTE)
    told.snapshot("back", resource="style", status=200, at=NOW, source="erp")

    assert row["cause"] == "BlueCherry"
    assert row["since_at"] == NOW - 8 * MINUTE
    assert too_soon == {}
    assert wrong(ask) == {}


def test_two_lost_calls_or_one_broken_operation_are_no_outage(told: Told, ask: Ask) -> None:
    heard(told, 0, 500)
    heard(told, 200, system="marketplace")
    heard(told, 500, 500, 500, 500, system="marketplace")
    told.snapshot("elsewhere", resource="OR11", status=200, at=NOW)

    assert wrong(ask) == {}


def test_a_key_that_is_refused_is_wrong_until_it_is_taken(told: Told, ask: Ask) -> None:
    heard(told, 200, 401)
    row = wrong(ask)["credentials_refused", "BlueCherry"]
    told.snapshot("good", resource="style", status=200, at=NOW, source="erp")

    assert row["detail"] == "BlueCherry answers 401: it does not take our key."
    assert wrong(ask) == {}


def test_a_missing_role_names_the_operation_and_leaves_the_rest_alone(told: Told, ask: Ask) -> None:
    heard(told, 403, system="marketplace", resource="TL02")
    told.snapshot("others", resource="OR11", status=200, at=NOW)

    assert list(wrong(ask)) == [("credentials_refused", "John Lewis/TL02")]


def test_a_missing_role_for_what_is_asked_once_a_day_is_wrong_until_that_is_answered(told: Told, ask: Ask) -> None:
    subject = ("credentials_refused", "John Lewis/A01")
    told.snapshot("refused", resource="A01", status=403, at=NOW - MINUTE)
    told.wrong("credentials_refused", "John Lewis/A01", cause="John Lewis", since=wrong(ask)[subject]["since_at"])
    for number, status in enumerate((0, 503, 429)):  # says nothing of our key
        told.snapshot(f"no answer {number}", resource="A01", status=status, at=NOW + number * HOUR)
    told.snapshot("others", resource="OR11", status=200, at=NOW + HOUR)
    next_day = wrong(ask, NOW + DAY)
    told.snapshot("answered", resource="A01", status=200, at=NOW + DAY)

    assert list(next_day) == [subject]
    assert subject in wrong(ask, NOW + 2 * HOUR)
    assert wrong(ask, NOW + DAY) == {}
    assert wrong(ask, NOW + 3 * DAY) == {}


def test_calls_turned_away_are_wrong_once_they_are_many(told: Told, ask: Ask) -> None:
    heard(told, 429, 429, 200, 429, 429)
    few = wrong(ask)
    told.snapshot("one more", resource="style", status=429, at=NOW - MINUTE, source="erp")
    many = wrong(ask)

    assert few == {}
    assert many["rate_limited", "BlueCherry"]["detail"].startswith("5 calls were turned away")
    assert wrong(ask, NOW + 20 * MINUTE) == {}


def test_a_clock_two_minutes_off_is_wrong_until_it_is_set(told: Told, ask: Ask) -> None:
    told.tell(ClockCompared(happened_at=NOW - MINUTE, system="John Lewis", ahead_seconds=-150.0))
    row = wrong(ask)["clock_skew", "John Lewis"]
    told.tell(ClockCompared(happened_at=NOW, system="John Lewis", ahead_seconds=3.0))

    assert row["detail"] == "Its clock is 150 seconds behind ours."
    assert wrong(ask) == {}


def test_records_stamped_with_a_moment_to_come_are_named_until_it_has_come(told: Told, ask: Ask) -> None:
    for number in range(1, 6):
        told.order(f"JL{number}-A", changed=NOW + number * DAY, state="CLOSED", is_before_start=True)
    told.sales_order("SO-1", "JL1-A", read=NOW + 5 * MINUTE)
    rows = {subject: row for (kind, subject), row in wrong(ask).items() if kind == "clock_skew"}

    assert list(rows) == ["John Lewis/order"]
    assert rows["John Lewis/order"]["detail"] == (
        "It stamped order JL5-A, JL4-A, JL3-A and 2 more with a moment to come, 29 Nov 2026 09:00 UTC the latest."
        " A stamp more than ten minutes ahead does not count: what is read last does."
    )
    assert not [kind for kind, _ in wrong(ask, NOW + 6 * DAY) if kind == "clock_skew"]


def test_a_mapping_to_what_the_other_side_does_not_have_any_more_is_wrong(told: Told, ask: Ask) -> None:
    told.skus(SHIRT)
    told.mapping("carrier", "DPX", "dpx-uk")
    told.mapping("carrier", "RML", "royal-mail")
    told.mapping("division", "country:IRL", "GONE")
    unread = [subject for kind, subject in wrong(ask) if kind == "mapping_invalid"]
    told.tell(MarketplaceDescribed(happened_at=NOW, topic="carriers", value=[{"code": "royal-mail", "detail": {}}]))
    found = {subject: row["cause"] for (kind, subject), row in wrong(ask).items() if kind == "mapping_invalid"}
    told.mapping("carrier", "DPX", "")

    assert unread == ["division/country:IRL"]
    assert found == {
        "carrier/DPX": "carrier DPX → dpx-uk", "division/country:IRL": "division country:IRL → GONE",
    }  # fmt: skip


def test_a_status_that_settings_gave_a_word_of_nobodys_is_wrong(told: Told, ask: Ask) -> None:
    for number, word in enumerate((*STATUSES, "OPN")):
        told.mapping("order_status", f"{number}0", word)

    assert [row["cause"] for (kind, _), row in wrong(ask).items() if kind == "mapping_invalid"] == [
        "order_status 80 → OPN"
    ]


@pytest.mark.parametrize(
    "key",
    ["NMK", "NMK|05…", "sku:NMK-04117-WHT-A--M", "country:IRL", "zone:HIGHLANDS", "NMK country:IRL", "country:",
     "zone: NMK", "sku:", "NMK|05", "country:IRL country:FRA", "sku:A|B"],
)  # fmt: skip
def test_a_key_that_is_no_rule_is_wrong_exactly_where_it_cannot_be_read(told: Told, ask: Ask, key: str) -> None:
    told.mapping("warehouse", key, "WH1")
    try:
        parsed(key)
    except ValueError:
        is_rule = False
    else:
        is_rule = True

    assert (("mapping_invalid", f"warehouse/{key}") not in wrong(ask)) is is_rule
