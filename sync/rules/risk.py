"""What overselling may cost until the next batch lands, offer by offer, and the buffer that risk asks for.

    oversell    P(min(own, quantity) + other > base)               of the whole pool (`sync.rules.oversell`)
    owed to us  the same less P(other > base)                      what would not happen were nothing listed here
    cost        expected oversold units owed to us x the cost of one

What the other channels sell beyond the pool by themselves is theirs: it is shown, but no buffer of ours prevents
it, so it neither costs us nor puts an offer at risk. At risk is an offer whose chance passes the one its policy
accepts, or that lists more than there is, whatever the chances say.

The law: a row is told again only where it says something else: another number of units, or a chance that moved by
more than a tenth of itself. So a window that merely passes does not fill the store.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from sync.rules import buffers
from sync.rules.buffers import Rule
from sync.rules.outcomes import BUFFERS, grid, with_turned_away
from sync.rules.oversell import Overstated, Sides, alone, record_of, risk

RULES: Mapping[str, Rule] = {
    "service_level": Rule.OVERSELL,
    "worst_case": Rule.WORST_CASE,
    "newsvendor": Rule.NEWSVENDOR,
}
FALLBACK = "service_level"  # advises where a policy names no rule, or margins are unknown

# What is stored of an offer, beside its name and moment.
ROW: dict[str, pl.DataType] = {
    "buffer_rule": pl.String(),
    "advised_rule": pl.String(),
    "base": pl.Int64(),
    "quantity": pl.Int64(),
    "buffer": pl.Int64(),
    "advised_buffer": pl.Int64(),
    "own_mean": pl.Float64(),
    "other_mean": pl.Float64(),
    "oversell_chance": pl.Float64(),
    "own_chance": pl.Float64(),
    "worst_chance": pl.Float64(),
    "stock_out_chance": pl.Float64(),
    "oversold_units": pl.Float64(),
    "lost_units": pl.Float64(),
    "buffer_cover": pl.Float64(),
    "window_cover": pl.Float64(),
    "cost_amount": pl.Decimal(18, 6),
    "margin_amount": pl.Decimal(18, 6),
    "is_at_risk": pl.Boolean(),
}
_EXACT = ("buffer_rule", "advised_rule", "base", "quantity", "buffer", "advised_buffer", "is_at_risk")
_MEASURES = (
    "oversell_chance", "own_chance", "worst_chance", "stock_out_chance", "oversold_units", "lost_units",
    "margin_amount",
)  # fmt: skip
TOLD = (*_EXACT, *_MEASURES)  # what makes a row news
_NOTHING = 0.001  # measures that differ by less are the same
_LITTLE = 1e-9


def typical(margins: pl.Series) -> float | None:
    """What stands in for a margin that is not known: the median of those that are; None: none is."""
    found = margins.cast(pl.Float64).median()
    return None if found is None else float(str(found))


def advised(skus: pl.DataFrame, typical_margin: float | None = None, overstated: Overstated = ()) -> pl.DataFrame:
    """`skus` with `advised_buffer`, `advised_rule` and `risk_units`: what the rule of risk asks to hold back.

    A row per offer with `base`, the demand columns of `oversell`, `margin_amount` (may be null) and of its policy
    `risk_rule`, `risk_alpha`, `oversell_cost_amount`. A policy without a rule holds nothing back for risk
    (`risk_units` 0); what the service level would ask for is advised all the same. `typical_margin` stands in for
    one that is not known; None: the typical one of these. `overstated` as in `oversell.record_of`.
    """
    margins = skus["margin_amount"].cast(pl.Float64)
    stands_in = typical(margins) if typical_margin is None else typical_margin
    rule = pl.when(pl.col("risk_rule").is_in(list(RULES))).then("risk_rule").otherwise(pl.lit(FALLBACK))
    if stands_in is None:
        rule = pl.when(rule == "newsvendor").then(pl.lit(FALLBACK)).otherwise(rule)
    asked = skus.with_row_index("_place").with_columns(
        base=pl.col("base").clip(lower_bound=0),
        advised_rule=rule,
        _margin=margins.fill_null(stands_in or 0.0).clip(lower_bound=0.0),
        _cost=pl.col("oversell_cost_amount").cast(pl.Float64),
    )
    parts = [
        part.select(
            "_place",
            "advised_rule",
            advised_buffer=buffers.advised(
                part,
                buffers.Terms(
                    alpha=float(str(alpha)),
                    margin="_margin",
                    cost="_cost",
                    rule=RULES[str(name)],
                    overstated=overstated,
                ),
            )["risk_units"],
        )
        for (name, alpha), part in asked.group_by("advised_rule", "risk_alpha", maintain_order=True)
    ]
    empty = asked.clear().select("_place", "advised_rule", advised_buffer=pl.lit(0, pl.Int64))
    told = pl.concat([empty, *parts]).sort("_place").drop("_place")
    is_asked = pl.col("risk_rule").is_in(list(RULES))
    return pl.concat([skus.drop("risk_units", strict=False), told], how="horizontal").with_columns(
        risk_units=pl.when(is_asked).then("advised_buffer").otherwise(0)
    )


def assessed(skus: pl.DataFrame, overstated: Overstated = ()) -> pl.DataFrame:
    """`sku` and the columns of ROW.

    A row per offer with `base` (below zero: sold and not there), `quantity` (listed), `buffer_rule`,
    `advised_buffer`, `advised_rule`, the demand columns of `oversell`, `margin_amount`, and of its policy
    `risk_alpha`, `oversell_cost_amount`. `overstated` as in `oversell.record_of`: what others find missing is not
    ours.
    """
    base = skus["base"].to_numpy().astype(np.int64)
    found = with_turned_away(risk(skus, overstated))
    theirs, their_units = alone(Sides.of(skus).other, base, record_of(skus, overstated))
    own_chance = np.clip(found["oversell"].to_numpy() - theirs, 0.0, 1.0)
    units = np.maximum(found["oversold_units"].to_numpy() - their_units, 0.0)
    cost = units * skus["oversell_cost_amount"].cast(pl.Float64).to_numpy()
    lists_too_much = pl.col("quantity") > pl.col("base")
    is_beyond = pl.lit(pl.Series(own_chance)) > pl.col("risk_alpha") + _LITTLE
    return found.with_columns(
        buffer=pl.col("base") - pl.col("quantity"),
        oversell_chance="oversell",
        own_chance=own_chance,
        worst_chance="worst_case",
        stock_out_chance="stock_out",
        oversold_units=units,
        lost_units="turned_away_units",
        cost_amount=pl.Series(cost).round(6),
        is_at_risk=(pl.col("quantity") > 0) & (lists_too_much | is_beyond),
        **{name: pl.when(pl.col(name).is_finite()).then(name) for name in ("buffer_cover", "window_cover")},
    ).select("sku", *(pl.col(name).cast(dtype) for name, dtype in ROW.items()))


def grids(by_interval: Mapping[float, pl.DataFrame], overstated: Overstated = ()) -> pl.DataFrame:
    """What other buffers and batch intervals would come to: a row per offer and interval, lists by buffer.

    `by_interval` holds for each interval in hours the offers as `assessed` wants them, with the base they have in
    it; buffers are held back of that. As there, what the others sell beyond it by themselves is not counted. Where
    more is held back, or advised, than what is worked out for all, that is among the buffers too.
    """
    theirs = pl.concat(_theirs(skus, hours, overstated) for hours, skus in by_interval.items())
    offers = next(iter(by_interval.values()))
    costs = pl.concat(
        skus.select("sku", "base", "oversell_cost_amount", "margin_amount", interval_hours=pl.lit(float(hours)))
        for hours, skus in by_interval.items()
    )
    return (
        grid(by_interval, margin=0.0, cost=0.0, overstated=overstated, further=_further(offers))
        .join(theirs, on=["interval_hours", "sku"], how="left", maintain_order="left")
        .join(costs, on=["interval_hours", "sku"], how="left", maintain_order="left")
        .with_columns(
            oversell_chances=(pl.col("oversell") - pl.col("theirs")).clip(0, 1),
            oversold_units=(pl.col("oversold_units") - pl.col("their_units")).clip(lower_bound=0),
        )
        .with_columns(
            cost_amounts=_money(pl.col("oversold_units") * pl.col("oversell_cost_amount").cast(pl.Float64)),
            lost_amounts=_money(pl.col("turned_away_units") * pl.col("margin_amount").cast(pl.Float64)),
        )
        .group_by("sku", "interval_hours", maintain_order=True)
        .agg(
            pl.col("base").first(),
            pl.col("buffer").cast(pl.Int64).alias("buffers"),
            "oversell_chances",
            "oversold_units",
            pl.col("turned_away_units").alias("lost_units"),
            "cost_amounts",
            "lost_amounts",
        )
    )


def _further(offers: pl.DataFrame) -> pl.DataFrame:
    """`sku`, `buffer`: those that stand, or are advised, beyond the ones worked out for all."""
    return (
        offers.select("sku", buffer=pl.concat_list(pl.col("base") - pl.col("quantity"), "advised_buffer"))
        .explode("buffer")
        .filter(pl.col("buffer") > max(BUFFERS))
        .unique()
        .sort("sku", "buffer")
        .with_columns(pl.col("buffer").cast(pl.Int64))
    )


def _theirs(skus: pl.DataFrame, hours: float, overstated: Overstated) -> pl.DataFrame:
    """What the other channels sell beyond the base without us."""
    record = record_of(skus, overstated)
    chance, units = alone(Sides.of(skus).other, skus["base"].to_numpy().astype(np.int64), record)
    return skus.select("sku", interval_hours=pl.lit(float(hours)), theirs=chance, their_units=units)


def _money(amount: pl.Expr) -> pl.Expr:
    return amount.round(6).cast(pl.Decimal(18, 6))


def news(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The rows that say something else than what is known (`sku` and the columns TOLD), or something new."""
    before = known.select("sku", *(pl.col(name).alias(f"{name}_before") for name in TOLD))
    beside = rows.join(before, on="sku", how="left", maintain_order="left")
    moved = [pl.col(name).ne_missing(pl.col(f"{name}_before")) for name in _EXACT]
    for name in _MEASURES:
        now, then = pl.col(name).cast(pl.Float64), pl.col(f"{name}_before").cast(pl.Float64)
        moved += [
            now.is_null() != then.is_null(),
            ((now - then).abs() > _NOTHING + then / 10).fill_null(value=False),
        ]
    return beside.filter(pl.any_horizontal(moved)).select(rows.columns)


def any_of(chances: pl.Series) -> float:
    """The chance that at least one happens."""
    return float(-np.expm1(np.log1p(-np.clip(chances.to_numpy(), 0.0, 1.0 - 1e-12)).sum()))
