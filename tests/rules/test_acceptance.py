"""What stock says of an order that waits for acceptance: short, stale, proven zero, or nothing."""

from typing import Any

import pytest

from sync.rules.acceptance import judged


def line(**changed: Any) -> dict[str, Any]:
    return {
        "order_id": "O1-A", "order_line_id": "O1-A-1", "sku": "LINEN-SHIRT-M", "quantity": 1, "supply": 3,
        "scheduled": 0, "earlier": 1, "fulfilable": 2, "batch_id": "B1",
        "is_stale": False, "is_known": True, **changed,
    }  # fmt: skip


def test_an_order_whose_units_are_there_is_not_judged() -> None:
    assert judged([line(quantity=2)]) == {}
    assert judged([]) == {}


@pytest.mark.parametrize(
    ("lines", "words", "is_zero"),
    [
        ((line(quantity=3),), "3 ordered, 2 left before buffers (3 in batch B1, 1 of them sold before)", False),
        ((line(supply=0, earlier=0, fulfilable=0),), "1 ordered, 0 left", True),
        # sold before by others is not proven zero: one of them may still be cancelled
        ((line(supply=1, fulfilable=0),), "1 ordered, 0 left", False),
        # nor is what wholesale takes that still lies there
        (
            (line(scheduled=2, fulfilable=0),),
            "(3 in batch B1, 2 of them ship on scheduled orders, 1 of them sold before)", False,
        ),
        # the same SKU on two lines wants both
        ((line(quantity=1, fulfilable=1), line(order_line_id="O1-A-2", fulfilable=1)), "2 ordered, 1 left", False),
        # one line is there, and of the other is certainly nothing
        (
            (line(), line(order_line_id="O1-A-2", sku="OTHER", supply=0, earlier=0, fulfilable=0)),
            "`OTHER`: 1 ordered", True,
        ),
        # of one is nothing, and of the other too little: that is for a person
        (
            (line(quantity=3), line(order_line_id="O1-A-2", sku="OTHER", supply=0, earlier=0, fulfilable=0)),
            "2 left before buffers (3 in batch B1, 1 of them sold before); `OTHER`: 1 ordered, 0 left", False,
        ),
    ],
)  # fmt: skip
def test_missing_units_are_said_before_buffers(
    lines: tuple[dict[str, Any], ...], words: str, is_zero: bool
) -> None:
    verdict = judged(lines)["O1-A"]

    assert words in verdict.words
    assert (verdict.is_stale, verdict.is_proven_zero) == (False, is_zero)


def test_the_lines_that_are_nowhere_are_told_from_those_that_can_be_sent() -> None:
    gone = {"supply": 0, "earlier": 0, "fulfilable": 0}
    part = judged([line(), line(order_line_id="O1-A-2", sku="OTHER", **gone)])["O1-A"]
    whole = judged([line(**gone), line(order_line_id="O1-A-2", sku="OTHER", **gone)])["O1-A"]

    assert (part.zero_lines, part.is_partly_there) == (("O1-A-2",), True)
    assert (whole.zero_lines, whole.is_partly_there) == (("O1-A-1", "O1-A-2"), False)


def test_stale_stock_proves_nothing() -> None:
    verdict = judged([line(is_stale=True, supply=0, fulfilable=0)])["O1-A"]

    assert (verdict.is_stale, verdict.is_proven_zero) == (True, False)


def test_nothing_is_said_of_an_order_with_a_sku_nobody_knows() -> None:
    unknown = line(sku="linen-shirt-m", supply=0, earlier=0, fulfilable=0, is_known=False)
    nowhere = line(order_line_id="O1-A-2", sku="OTHER", supply=0, earlier=0, fulfilable=0)

    assert judged([unknown]) == {}
    assert judged([unknown, nowhere]) == {}
