"""A rate that spikes, measured on what the store has: more is wanted, so more is held back and less is listed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sync.flows.inventory_board import board
from sync.flows.inventory_risk import assess, foresight, with_risk
from sync.rules.pushes import Terms, decide
from tests.flows.shop import NEWEST, NEWEST_ID, NEWEST_NUMBER, QUICK, T_B, WAREHOUSE, Shop, complete_at, settings_of
from tests.told import HOUR, NOW

LEFT = 7  # in the newest batch, whatever was sold before
EVERY = 4 * HOUR
USUAL, BURST, LASTS = 1, 9, 3  # units from one batch to the next, in the burst, and for how many batches


@pytest.fixture
def traded(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """`traded(here=…, elsewhere=…)`: three days of batches; in the last twelve hours a side may sell more."""
    opened: list[Shop] = []

    def begin(*, here: int = USUAL, elsewhere: int = USUAL) -> Shop:
        made = Shop(tmp_path / f"store-{len(opened)}.duckdb", settings_of())
        opened.append(made)
        with made.told.in_one_go():
            _trade(made, here, elsewhere)
        return made

    yield begin
    for each in opened:
        each.told.close()


def _trade(shop: Shop, here: int, elsewhere: int) -> None:
    """Every sale of ours is entered in BlueCherry at once, and every unit that goes is off its next batch."""
    told = shop.told
    told.skus(QUICK)
    told.offers({QUICK: LEFT})
    told.mapping("warehouse", "NMK", WAREHOUSE)
    on_hand = LEFT
    for number in range(NEWEST_NUMBER, -1, -1):
        batch_at = T_B - (NEWEST_NUMBER - number) * EVERY
        told.batch(
            f"B{number}", {(QUICK, WAREHOUSE): {"on_hand": on_hand}}, at=batch_at, read=complete_at(number),
            next_expected=batch_at + EVERY,
        )  # fmt: skip
        ours, theirs = (here, elsewhere) if number > NEWEST_NUMBER - LASTS else (USUAL, USUAL)
        on_hand += ours + theirs
        for one in range(ours):
            sold_at = batch_at - EVERY * (one + 0.5) / ours
            told.order(f"JL-{number}-{one}", skus=(QUICK,), placed=sold_at, state="CLOSED")
            told.sales_order(f"SO-{number}-{one}", f"JL-{number}-{one}", entered=sold_at)
    told.journal.append(bookmarks={"orders.changed": NOW.isoformat()})


def measured(shop: Shop) -> dict[str, Any]:
    """What is decided of it, and what was measured and assessed for that; at the same quantity for all: five."""
    ahead = foresight(shop.run, NEWEST)
    assert ahead is not None
    offers = with_risk(shop.run, board(shop.run, NEWEST, until=ahead.span.window.until), ahead)
    decision = decide(offers, Terms(NEWEST_ID, may_rise=True))
    assess(shop.run, NEWEST, decision.board.with_columns(listed=pl.lit(5)), ahead)
    told = shop.rows("select * from demand_facts")[0] | shop.rows("select * from stock_risk_facts")[0]
    return told | decision.board.row(0, named=True)


@pytest.mark.parametrize("side", ["here", "elsewhere"])
def test_after_a_burst_of_sales_the_rate_the_chance_and_the_buffer_are_larger(
    traded: Callable[..., Shop], side: str
) -> None:
    quiet, busy = measured(traded()), measured(traded(**{side: BURST}))
    name = {"here": "own", "elsewhere": "other"}[side]

    assert quiet["base"] == busy["base"] == LEFT
    assert busy[f"{name}_units"] == quiet[f"{name}_units"] + LASTS * (BURST - USUAL)
    assert busy[f"{name}_rate"] > 1.5 * quiet[f"{name}_rate"]
    assert busy[f"{name}_mean"] > 1.5 * quiet[f"{name}_mean"]
    assert busy["own_chance"] > 2 * quiet["own_chance"]
    assert busy["cost_amount"] > quiet["cost_amount"]
    assert busy["risk_units"] > quiet["risk_units"]
    assert busy["target"] < quiet["target"]
    assert busy["withdrawn_units"] == quiet["withdrawn_units"] == 0
