"""How long the exact risk of 500,000 SKUs takes, and advice on their buffers."""

import time
from pathlib import Path

import numpy as np
import polars as pl

from sync.flows.inventory_risk import AS_IT_IS, GRIDS_AT_ONCE, INTERVALS
from sync.rules.buffers import Terms, advised
from sync.rules.oversell import risk
from sync.rules.record_error import convolved, with_errors
from sync.rules.risk import grids
from tests.bench.ground import Row, timed, unless

SKUS = 500_000
ALLOWED = 10.0
FEW_ALLOWED = 0.25  # seconds, of 1,000 SKUs
AT_RISK = 5_000


def measure(_folder: Path) -> list[Row]:
    """One run over SKUs that all have stock and demand, most of it lumpy."""
    skus = world(SKUS)
    took: dict[str, float] = {}
    wrong = with_errors(skus.with_columns(sku_key=pl.col("sku").cast(pl.String)), _errors(skus))
    with timed(took, "wrong"):
        risk(wrong)
    before = time.process_time()
    with timed(took, "risk"):
        risked = risk(skus)
    busy = time.process_time() - before
    with timed(took, "advice"):
        advised(risked, Terms(margin=12, cost=200))
    few = skus.head(1_000)
    with timed(took, "few"):
        advised(risk(few), Terms(margin=12, cost=200))
    weighed = skus.head(AT_RISK).with_columns(
        pl.col("sku").cast(pl.String),
        margin_amount=pl.lit(12.0),
        oversell_cost_amount=pl.lit(200.0),
        advised_buffer=pl.lit(3, pl.Int64),
    )
    with timed(took, "grids"):
        for some in weighed.iter_slices(GRIDS_AT_ONCE):
            grids(dict.fromkeys(map(float, (AS_IT_IS, *INTERVALS)), some))
    return [
        Row(
            f"exact risk of {SKUS:,} SKUs",
            f"{took['risk']:.1f} s ({busy:.1f} s of work)",
            f"{took['risk'] / ALLOWED:.2f} of the {ALLOWED:.0f} s allowed",
            unless(took["risk"] <= ALLOWED, f"Exact risk of {SKUS:,} SKUs takes more than {ALLOWED:.0f} s."),
        ),
        Row(
            "   the same where the records of two warehouses may be wrong",
            f"{took['wrong']:.1f} s",
            f"{took['wrong'] / ALLOWED:.2f} of them",
            unless(took["wrong"] <= ALLOWED, f"Risk with wrong records takes more than {ALLOWED:.0f} s."),
        ),
        Row(f"buffers by all three rules for {SKUS:,} SKUs", f"{took['advice']:.1f} s"),
        Row(
            "risk and buffers of 1,000 SKUs",
            f"{took['few'] * 1000:.0f} ms",
            f"{took['few'] / FEW_ALLOWED:.2f} of the {FEW_ALLOWED * 1000:.0f} ms allowed",
            unless(took["few"] <= FEW_ALLOWED, "Risk and buffers of 1,000 SKUs take over a quarter of a second."),
        ),
        Row(f"what other buffers and intervals come to for {AT_RISK:,} SKUs at risk", f"{took['grids']:.1f} s"),
    ]


def _errors(skus: pl.DataFrame) -> pl.DataFrame:
    """Half of what there is in each of two warehouses, one of them careless."""
    places = {"WH1": (0.02, 0.005), "WH2": (0.05, 0.01)}
    half = skus.select(sku_key=pl.col("sku").cast(pl.String), on_hand=pl.col("base") // 2)
    return convolved(pl.concat(half.with_columns(location=pl.lit(place)) for place in places), places)


def world(count: int) -> pl.DataFrame:
    """SKUs as a fashion brand has them: most thin, some deep, demand with a heavy tail."""
    dice = np.random.default_rng(20261101)
    base = np.minimum(dice.geometric(0.05, count), 400)
    return pl.DataFrame(
        {
            "sku": np.arange(count),
            "base": base,
            "quantity": base - np.minimum(dice.integers(0, 3, count), base),
            "own_mean": dice.gamma(0.4, 1.5, count),
            "own_dispersion": dice.choice([1.0, 1.5, 2.5], count, p=[0.2, 0.5, 0.3]),
            "other_mean": dice.gamma(0.4, 1.0, count),
            "other_dispersion": dice.choice([1.0, 1.5, 2.5], count, p=[0.2, 0.5, 0.3]),
        }
    )
