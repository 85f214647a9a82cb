"""Which quantities are sent: decreases at once, increases only for a reason, nothing twice."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.rules.policies import Policy, with_policy
from sync.rules.pushes import BOARD, UNMATCHED, Decision, Terms, decide

USUAL: dict[str, Any] = {
    "sku": "NMK-NK2417-OAT-A-R-M", "sku_key": "NMK|NK2417|OAT|A|R|M", "multiple": 1, "supply": 10, "inflight": 0,
    "inflight_orders": "", "released": 0, "risk_units": 0, "offer_quantity": 10, "last_quantity": 10,
    "last_batch_id": "B1", "is_settled": True, "is_failed": False, "has_drifted": False,
}  # fmt: skip
NEVER = {"last_quantity": None, "last_batch_id": None, "is_settled": False}


def decided(*rows: dict[str, Any], **terms: Any) -> Decision:
    board = pl.DataFrame([dict.fromkeys(BOARD) | USUAL | row for row in rows], schema=BOARD)
    usual: dict[str, Any] = {"batch_id": "B1", "may_rise": True}
    return decide(with_policy(board, Policy()), Terms(**(usual | terms)))


def sent(*rows: dict[str, Any], **terms: Any) -> list[int]:
    return [int(one) for one in decided(*rows, **terms).rows["quantity"]]


@pytest.mark.parametrize(
    ("case", "row", "terms", "expected"),
    [
        ("unchanged", {}, {}, []),
        ("unchanged by a new batch", {}, {"batch_id": "B2"}, []),
        ("a sale", {"inflight": 2}, {}, [8]),
        ("a sale while orders are stale", {"inflight": 2}, {"may_rise": False}, [8]),
        ("more in the same batch", {"supply": 12}, {}, []),
        ("more in a new batch", {"supply": 12}, {"batch_id": "B2"}, [12]),
        ("more in a new batch, orders stale", {"supply": 12}, {"batch_id": "B2", "may_rise": False}, []),
        ("a cancelled sale", {"supply": 12, "released": 1}, {}, [11]),
        ("a cancelled sale, orders stale", {"supply": 12, "released": 1}, {"may_rise": False}, []),
        ("a cancelled sale gives no more than the formula", {"supply": 11, "released": 5}, {}, [11]),
        ("never sent", NEVER, {}, [10]),
        ("never sent, may not rise, would not fall", NEVER, {"may_rise": False}, []),
        ("never sent, may not rise, falls", NEVER | {"offer_quantity": 14}, {"may_rise": False}, [10]),
        ("not known to have arrived", {"is_settled": False}, {}, [10]),
        (
            "not known to have arrived, may not rise, the marketplace shows more",
            {"is_settled": False, "offer_quantity": 12},
            {"may_rise": False},
            [10],
        ),
        ("the marketplace shows more than we sent", {"has_drifted": True}, {}, [10]),
        (
            "the marketplace shows more, may not rise",
            {"has_drifted": True, "supply": 30},
            {"may_rise": False, "batch_id": "B2"},
            [10],
        ),
        ("an error, nothing new", {"is_settled": False, "is_failed": True}, {}, []),
        ("an error, a new batch", {"is_settled": False, "is_failed": True}, {"batch_id": "B2"}, [10]),
        ("every offer", {}, {"sends_all": True}, [10]),
        ("every offer, more in the same batch", {"supply": 12}, {"sends_all": True}, [10]),
        ("no SKU", {"sku_key": None}, {}, [0]),
        ("no SKU, already zero", {"sku_key": None, "last_quantity": 0, "offer_quantity": 0}, {}, []),
    ],
)
def test_what_is_sent(case: str, row: dict[str, Any], terms: dict[str, Any], expected: list[int]) -> None:
    assert sent(row, **terms) == expected, case


def test_an_offer_without_a_sku_says_so() -> None:
    assert decided({"sku_key": None}).rows["reason"].to_list() == [UNMATCHED]


def test_an_increase_that_waits_is_counted_and_said() -> None:
    decision = decided({"supply": 12})

    assert decision.waiting_count == 1
    assert decision.board["reason"].item() == "12 in stock and free, 2 more wait for the next batch"


def test_many_offers_without_a_sku_wait_for_a_person_and_the_rest_is_sent() -> None:
    lost = [{"sku": f"LOST-{number}", "sku_key": None} for number in range(3)]
    kept = [{"sku": f"KEPT-{number}", "inflight": 1} for number in range(97)]
    extra = [{"sku": "KEPT-97", "inflight": 1}]
    decision = decided(*lost, *kept)

    assert (decision.held_count, decision.unmatched_count, decision.rows.height) == (3, 3, 97)
    assert decided(*lost, *kept, may_zero_many=True).rows.height == 100
    assert decided(*lost[:2], *kept, *extra).rows.height == 100


ROWS = st.fixed_dictionaries(
    {
        "supply": st.integers(-20, 60),
        "inflight": st.integers(0, 30),
        "offer_quantity": st.integers(0, 60),
        "released": st.integers(0, 9),
        "has_drifted": st.booleans(),
    }
)
SENDINGS = st.just(NEVER) | st.fixed_dictionaries(
    {"last_quantity": st.integers(0, 60), "is_settled": st.booleans(), "is_failed": st.booleans()}
)
TERMS = st.fixed_dictionaries(
    {"may_rise": st.booleans(), "sends_all": st.booleans(), "batch_id": st.sampled_from(["B1", "B2"])}
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(ROWS, SENDINGS), min_size=1, max_size=20), TERMS)
def test_what_is_sent_never_exceeds_the_formula(
    offers: list[tuple[dict[str, Any], dict[str, Any]]], terms: dict[str, Any]
) -> None:
    decision = decided(*(row | sending for row, sending in offers), **terms)

    allowed = (decision.rows["supply"] - decision.rows["inflight"]).clip(lower_bound=0)
    assert (decision.rows["quantity"] <= allowed).all()
    assert (decision.rows["quantity"] >= 0).all()
