"""The bench of how soon orders are posted counts when the call was made, and what was never posted."""

from datetime import timedelta
from pathlib import Path

import pytest

from store.events import IntentConfirmed
from tests.bench.prompt import judged
from tests.told import HOUR, NOW, Told, thing

SECOND = timedelta(seconds=1)


def posted(told: Told, order_id: str, *, after: float) -> None:
    """It is debited now, meant at once, and posted so many seconds later."""
    told.order(order_id, debited_at=NOW)
    call = told.snapshot(f"post {order_id}", source="erp", resource="salesOrder", at=NOW + after * SECOND)
    subject = f"{order_id}/NMK/WH1"
    told.intent("create_sales_order", subject, "recorded", order_id=order_id, at=NOW, intent_id=thing(order_id))
    told.tell(
        IntentConfirmed(
            happened_at=NOW + (after + 1) * SECOND, snapshot_id=call, intent_id=thing(order_id),
            intent_kind="create_sales_order", intent_subject=subject, order_id=order_id, reference="SO-1", code="",
            message="",
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("case", "after", "waits", "breaks"),
    [
        ("in time", 61, False, ""),
        ("posted long after it was meant", 90, False, "An order waited 90.0 s, over a poll and 2 s."),
        ("one is never posted", 61, True, "An order waited 300.0 s, over a poll and 2 s."),
    ],
)
def test_what_waits_breaks_the_bound(tmp_path: Path, case: str, after: float, waits: bool, breaks: str) -> None:
    told = Told(tmp_path / "store.duckdb")
    told.run("orders", ended=NOW - HOUR)
    posted(told, "JL1-A", after=after)
    told.order("JL2-A", debited_at=NOW if waits else None)
    told.order("JL3-A", debited_at=NOW)
    told.hold("JL3-A", "unknown_sku", "x")
    told.order("JL4-A", debited_at=NOW, is_before_start=True)
    told.close()

    assert judged(tmp_path / "store.duckdb", 60, NOW + 300 * SECOND, 60).broken == breaks, case
