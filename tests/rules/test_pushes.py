"""Which quantities are sent: decreases at once, increases only for a reason, nothing twice."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.rules.aging import Caution
from sync.rules.policies import Policy, with_policy
from sync.rules.pushes import BOARD, UNMATCHED, Decision, Terms, decide, explained

USUAL: dict[str, Any] = {
    "sku": "NMK-NK2417-OAT-A-R-M", "sku_key": "NMK|NK2417|OAT|A|R|M", "multiple": 1, "supply": 10, "inflight": 0,
    "inflight_orders": "", "released": 0, "risk_units": 0, "offer_quantity": 10, "last_quantity": 10,
    "last_batch_id": "B1", "is_settled": True, "shown_least": None, "shown_most": None,
    "is_failed": False, "has_drifted": False,
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
        (
            "a sale the marketplace took off its offer itself",
            {"inflight": 2, "shown_least": 8, "shown_most": 8},
            {},
            [],
        ),
        (
            "a sale that may have been overwritten by our file",
            {"inflight": 2, "shown_least": 8, "shown_most": 10},
            {},
            [8],
        ),
        (
            "a sale the marketplace knows, orders stale",
            {"inflight": 2, "shown_least": 8, "shown_most": 8},
            {"may_rise": False},
            [],
        ),
        (
            "a cancelled sale that may have been put back",
            {"released": 2, "shown_least": 8, "shown_most": 10},
            {},
            [10],
        ),
        (
            "a cancelled sale that was surely not put back",
            {"released": 2, "shown_least": 8, "shown_most": 8},
            {},
            [10],
        ),
        (
            "less held back after a sale waits for a batch",
            {"inflight": 1, "shown_least": 8, "shown_most": 8},
            {},
            [],
        ),
        (
            "less held back after a sale, a new batch",
            {"inflight": 1, "shown_least": 8, "shown_most": 8},
            {"batch_id": "B2"},
            [9],
        ),
        (
            "more in a batch whose increases were sent",
            {"supply": 12},
            {"batch_id": "B2", "is_new_batch": False},
            [],
        ),
        ("stock sold out", {"supply": 0}, {}, [0]),
        ("stock below zero", {"supply": -7}, {}, [0]),
        ("more units of risk are held back at once", {"risk_units": 6}, {}, [4]),
        ("no risk, no buffer", {"risk_units": 0}, {}, []),
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
    assert explained(decision.board)["reason"].item() == "12 in stock and free, 2 more wait for the next batch"


def test_many_offers_without_a_sku_wait_for_a_person_and_the_rest_is_sent() -> None:
    lost = [{"sku": f"LOST-{number}", "sku_key": None} for number in range(3)]
    kept = [{"sku": f"KEPT-{number}", "inflight": 1} for number in range(97)]
    extra = [{"sku": "KEPT-97", "inflight": 1}]
    decision = decided(*lost, *kept)

    assert (decision.held_count, decision.unmatched_count, decision.rows.height) == (3, 3, 97)
    assert decided(*lost, *kept, zeroes_at_most=3).rows.height == 100
    assert decided(*lost[:2], *kept, *extra).rows.height == 100


def test_a_persons_word_lets_as_many_go_to_zero_as_it_named_and_no_more() -> None:
    lost = [{"sku": f"LOST-{number}", "sku_key": None} for number in range(4)]

    assert decided(*lost, zeroes_at_most=3).held_count == 4
    assert decided(*lost, zeroes_at_most=4).rows["quantity"].to_list() == [0, 0, 0, 0]


def test_offers_that_lose_their_sku_one_after_the_other_are_counted_together_within_a_day() -> None:
    kept = [{"sku": f"KEPT-{number}", "inflight": 1} for number in range(99)]
    lost = {"sku": "LOST-3", "sku_key": None}

    def held_after(*zeroed: str, **more: Any) -> int:
        return decided(lost, *kept, zeroed_lately=frozenset(zeroed), **more).held_count

    assert (held_after(), held_after("LOST-1"), held_after("LOST-1", "LOST-2")) == (0, 0, 1)
    assert held_after("LOST-1", "LOST-2", zeroes_at_most=3) == 0
    assert held_after("LOST-1", "LOST-2", "LOST-3") == 0  # it did before, and is sent once more


def test_zero_is_sent_as_zero_and_only_once() -> None:
    gone = {"supply": 3, "inflight": 3}

    assert sent(gone) == [0]
    assert sent(gone | {"last_quantity": 0, "offer_quantity": 0}) == []


def test_an_old_batch_lowers_at_once_and_raises_nothing() -> None:
    caution = Caution("aged", Decimal(3), thin_units=4, freezes=True)
    rows = [
        {"sku": "DEEP", "supply": 20, "last_quantity": 18},
        {"sku": "THIN", "supply": 3, "last_quantity": 1},
        {"sku": "MORE", "supply": 40, "last_quantity": 18},
    ]
    board = pl.DataFrame([dict.fromkeys(BOARD) | USUAL | row for row in rows], schema=BOARD)
    terms = Terms("B2", may_rise=False, caution=caution)
    decision = decide(with_policy(board, Policy(units=2)), terms)

    assert dict(decision.rows.select("sku", "quantity").rows()) == {"DEEP": 14, "THIN": 0}
    assert explained(decision.board).row(1, named=True)["reason"] == (
        "3 in stock and free, 6 held back (units), too thin for so old a batch"
    )


ROWS = st.fixed_dictionaries(
    {
        "supply": st.integers(-20, 60),
        "inflight": st.integers(0, 30),
        "offer_quantity": st.integers(0, 60),
        "released": st.integers(0, 9),
        "has_drifted": st.booleans(),
        "risk_units": st.integers(0, 9),
        "multiple": st.integers(1, 6),
    }
)
SENDINGS = st.just(NEVER) | st.builds(
    lambda last, sold, unsure, settled, failed: {
        "last_quantity": last, "is_settled": settled and not failed, "is_failed": failed,
        "shown_least": max(0, last - sold - unsure), "shown_most": max(0, last - sold),
    },
    st.integers(0, 60), st.integers(0, 9), st.integers(0, 4), st.booleans(), st.booleans(),
)  # fmt: skip
TERMS = st.fixed_dictionaries(
    {
        "may_rise": st.booleans(),
        "sends_all": st.booleans(),
        "is_new_batch": st.booleans(),
        "batch_id": st.sampled_from(["B1", "B2"]),
        "caution": st.builds(
            Caution, st.just("aged"), st.sampled_from([Decimal(1), Decimal("1.5")]), st.integers(0, 9)
        ),
    }
)
Offers = list[tuple[dict[str, Any], dict[str, Any]]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(ROWS, SENDINGS), min_size=1, max_size=20), TERMS)
def test_what_is_sent_never_exceeds_the_formula(offers: Offers, terms: dict[str, Any]) -> None:
    decision = decided(*(row | sending for row, sending in offers), **terms)

    allowed = (decision.rows["supply"] - decision.rows["inflight"]).clip(lower_bound=0)
    assert (decision.rows["quantity"] <= allowed).all()
    assert (decision.rows["quantity"] <= decision.rows["target"]).all()
    assert (decision.rows["quantity"] >= 0).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(ROWS, SENDINGS), min_size=1, max_size=20), TERMS)
def test_whatever_may_stand_above_the_formula_is_sent_down_at_once(offers: Offers, terms: dict[str, Any]) -> None:
    board = decided(*(row | sending for row, sending in offers), **terms).board
    left = board.filter(~pl.col("is_sent") & ~pl.col("is_failed"))

    assert (left["standing"] <= left["target"]).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(ROWS, SENDINGS), min_size=1, max_size=20), TERMS)
def test_nothing_rises_while_it_may_not(offers: Offers, terms: dict[str, Any]) -> None:
    board = decided(*(row | sending for row, sending in offers), **(terms | {"may_rise": False})).board

    assert (board["quantity"] <= board["standing"]).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(ROWS, SENDINGS), min_size=1, max_size=20))
def test_in_a_batch_already_sent_only_cancelled_sales_raise(offers: Offers) -> None:
    known = [row | sending for row, sending in offers if sending is not NEVER]
    board = decided(*known, batch_id="B2", is_new_batch=False).board.filter("is_settled") if known else None

    assert board is None or (board["quantity"] <= board["floor"] + board["released"]).all()
