"""What may or may not be in BlueCherry, and how it was looked for there."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from store.database import Ask
from store.events import CreationMissed
from store.evidence import Snapshot, packed
from store.journal import check_rebuild
from tests.told import HOUR, NOW, Told, thing
from tests.views.conditions import MINUTE, wrong


def asked(told: Told, field: str, number: str, at: datetime) -> None:
    """BlueCherry answered a question about a number, as our client asks it."""
    query = urlencode({"_include": "all", "$filter": f"{field} eq '{number}'", "_pgno": 1})
    told.journal.append(
        snapshots=[
            Snapshot(
                snapshot_id=thing(f"{field}/{number}/{at}"), source="erp", resource="salesOrder", method="GET",
                path=f"/api/salesOrder?{query}", status=200, latency_ms=90, seen_at=at, said=packed(b"[]"),
            )
        ]
    )  # fmt: skip


def test_a_look_for_one_number_is_none_for_a_number_that_begins_like_it(told: Told, ask: Ask) -> None:
    for order_id in ("SO-1", "SO-10", "O'1"):
        told.intent(
            "create_sales_order", f"{order_id}/NMK/WH1", "unclear", order_id=order_id, at=NOW - HOUR,
            payload={"lines": [{"order_line_id": f"{order_id}-1"}]},
        )  # fmt: skip
    asked(told, "po_num", "SO-10", NOW - 30 * MINUTE)
    asked(told, "po_num", "SO-10", NOW - 20 * MINUTE)
    asked(told, "po_num", "O''1", NOW - 20 * MINUTE)

    rows = {row["order_id"]: row for row in ask("select * from unclear_in_erp").to_dicts()}
    assert {order_id: row["look_count"] for order_id, row in rows.items()} == {"SO-1": 0, "SO-10": 2, "O'1": 1}
    assert (rows["SO-1"]["looked_at"], rows["SO-10"]["looked_at"]) == (None, NOW - 20 * MINUTE)


def test_what_got_a_number_and_is_not_shown_says_how_it_was_missed(told: Told, ask: Ask) -> None:
    for order_id, number in (("O1-A", "400001"), ("O2-A", "400002")):
        told.order(order_id)
        told.intent(
            "create_sales_order", f"{order_id}/NMK/WH1", "confirmed", order_id=order_id, reference=number,
            intent_id=thing(order_id), payload={"lines": [{"order_line_id": f"{order_id}-1"}]},
        )  # fmt: skip
    for at in (NOW - 20 * MINUTE, NOW - 10 * MINUTE):
        told.tell(
            CreationMissed(
                happened_at=at, intent_id=thing("O1-A"), intent_kind="create_sales_order",
                intent_subject="O1-A/NMK/WH1", order_id="O1-A", reference="400001",
            )
        )  # fmt: skip
    told.sales_order("400002", "O2-A")

    (row,) = ask("select * from unclear_in_erp").to_dicts()
    assert (row["state"], row["reference"], row["shown"]) == ("confirmed", "400001", "")
    assert (row["missed_first_at"], row["missed_last_at"]) == (NOW - 20 * MINUTE, NOW - 10 * MINUTE)


def test_an_unclear_call_names_the_code_it_was_answered_with_once(told: Told, ask: Ask) -> None:
    told.order("O1-A", placed=NOW - HOUR)
    about: dict[str, Any] = {"order_id": "O1-A", "at": NOW - 20 * MINUTE, "answered": "BATCH_RUNNING"}
    told.intent("create_sales_order", "O1-A/NMK/WH1", "unclear", message="503 BATCH_RUNNING", **about)
    told.intent("create_sales_order", "O1-A/NMC/WH2", "unclear", message="Not found once", **about)

    assert {row["detail"] for (kind, _), row in wrong(ask).items() if kind == "order_unclear"} == {
        "503 BATCH_RUNNING", "Not found once. It was answered BATCH_RUNNING",
    }  # fmt: skip
    assert check_rebuild(told.database) == {}


@pytest.mark.parametrize("minutes", [0, 10])
def test_the_next_try_of_what_holds_its_order_is_no_second_trouble_until_the_look_for_it_has_no_end(
    told: Told, ask: Ask, minutes: int
) -> None:
    creating: dict[str, Any] = {"kind": "create_sales_order", "state": "unclear", "at": NOW}
    for number, reason in enumerate(("refused_by_erp", "unknown_ship_via", None), start=1):
        told.order(f"O{number}-A")
        told.intent(**creating, subject=f"O{number}-A/NMK/WH1", order_id=f"O{number}-A")
        if reason:
            told.hold(f"O{number}-A", reason, "BATCH_RUNNING")
    told.intent(kind="write_reference", subject="O1-A", order_id="O1-A", state="unclear", at=NOW)

    def doubted(after: int) -> set[str]:
        rows = wrong(ask, NOW + after * MINUTE, visibility_minutes=minutes)
        return {subject for kind, subject in rows if kind == "order_unclear"}

    others = {"create_sales_order/O2-A/NMK/WH1", "create_sales_order/O3-A/NMK/WH1", "write_reference/O1-A"}
    assert doubted(14) == set()
    assert doubted(14 + minutes) == (others if minutes else set())
    assert doubted(15 + minutes) == others | {"create_sales_order/O1-A/NMK/WH1"}
