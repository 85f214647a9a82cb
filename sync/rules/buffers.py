"""How many units to hold back from the marketplace, and what that buys (bluecherry.md §3.7).

Three rules give `risk_units`, each the smallest b that satisfies it, SKU by SKU:

    worst_case   P(other > b) <= alpha                       as if all that is listed were sold
    oversell     P(min(own, base - b) + other > base) <= alpha   the default: less is held back where stock is deep
    newsvendor   P(other <= b) >= C / (C + M)                margin M lost by not listing, cost C of an oversell

`advised` sets all three beside each other. A record that overstates its stock counts as further demand of the
others. Where even holding back everything leaves more than alpha, the buffer is the
whole base: what remains belongs to the other channels.

Frames come as `sync.rules.oversell` wants them. Every buffer is a whole number from 0 to the base, but for those of
the worst case and the newsvendor, which know no base; `risk_units` is within it whatever the rule.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import polars as pl

from sync.rules.chances import Counts, Floats, Ints
from sync.rules.oversell import Overstated, Sides, oversold, record_at, record_of, worst_case

ADVICE = ("worst_case_units", "oversell_units", "newsvendor_units")


_ALL_BUT_IMPOSSIBLE = 1e-9


class Rule(StrEnum):
    """How `risk_units` are chosen."""

    WORST_CASE = "worst_case"
    OVERSELL = "oversell"
    NEWSVENDOR = "newsvendor"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person decided about risk."""

    alpha: float = 0.01  # the risk accepted for a SKU in a window
    margin: float | str = 0.0  # what a unit sold earns: a number, or the column that has it
    cost: float | str = 1.0  # what a unit oversold costs: refund, contact, penalty, shadow price
    rule: Rule = Rule.OVERSELL
    overstated: Overstated = ()  # chances that the record shows 1, 2, … units too many

    def __post_init__(self) -> None:
        """ValueError for an alpha that is no probability."""
        if not 0 < self.alpha < 1:
            raise ValueError("The accepted risk must lie between 0 and 1, both excluded.")


def advised(skus: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """`skus` with the three columns of `ADVICE` and `risk_units`, the one of the rule in force, within the base."""
    sides, base = Sides.of(skus), skus["base"].to_numpy().astype(np.int64)
    terms = replace(terms, overstated=record_of(skus, terms.overstated))
    most = worst_case_units(sides.other, terms.alpha, terms.overstated)
    by_rule = {
        Rule.WORST_CASE: most,
        Rule.OVERSELL: _oversell_units(sides, base, most, terms),
        Rule.NEWSVENDOR: newsvendor_units(
            sides.other, _values(skus, terms.margin), _values(skus, terms.cost), terms.overstated
        ),
    }
    within = np.minimum(by_rule[terms.rule], np.maximum(base, 0))
    return skus.with_columns(
        **dict(zip(ADVICE, by_rule.values(), strict=True)), risk_units=pl.Series(within, dtype=pl.Int64)
    )


def worst_case_units(other: Counts, alpha: npt.ArrayLike, overstated: Overstated = ()) -> Ints:
    """The smallest b with P(other > b) <= alpha."""
    accepted = np.broadcast_to(np.asarray(alpha, dtype=np.float64), other.mean.shape)
    high = other.most() + np.shape(overstated)[-1]

    def suffices(places: Ints, held: Ints) -> npt.NDArray[np.bool_]:
        return worst_case(other.at(places), held, record_at(overstated, places)) <= accepted[places]

    return _smallest(high, suffices)


def newsvendor_units(
    other: Counts, margin: npt.ArrayLike, cost: npt.ArrayLike, overstated: Overstated = ()
) -> Ints:
    """The smallest b with P(other <= b) >= C / (C + M); ValueError unless M >= 0 and C > 0."""
    earned, lost = np.asarray(margin, dtype=np.float64), np.asarray(cost, dtype=np.float64)
    if np.any(earned < 0) or np.any(lost <= 0):
        raise ValueError("A margin must not be negative, and the cost of an oversell must be above zero.")
    # No margin: nothing is lost by holding back, so all but impossible demand is covered.
    return worst_case_units(other, np.maximum(earned / (earned + lost), _ALL_BUT_IMPOSSIBLE), overstated)


def oversell_units(sides: Sides, base: Ints, terms: Terms) -> Ints:
    """The smallest b up to the base with P(min(own, base - b) + other > base) <= alpha; else the whole base."""
    return _oversell_units(sides, base, worst_case_units(sides.other, terms.alpha, terms.overstated), terms)


def _oversell_units(sides: Sides, base: Ints, most: Ints, terms: Terms) -> Ints:
    # Selling all that is listed is the worst that can happen, so what covers the worst case is always enough.
    def suffices(places: Ints, held: Ints) -> npt.NDArray[np.bool_]:
        stock = base[places]
        record = record_at(terms.overstated, places)
        chance, _ = oversold(sides.at(places), stock, np.maximum(stock - held, 0), record)
        return chance <= terms.alpha

    return _smallest(np.minimum(most, np.maximum(base, 0)), suffices)


def _smallest(high: Ints, suffices: Callable[[Ints, Ints], npt.NDArray[np.bool_]]) -> Ints:
    """The smallest number from 0 to `high` that suffices, by halving; `high` where none below it does."""
    places = np.flatnonzero(high > 0)
    found = np.zeros(high.shape, dtype=np.int64)
    places = places[~suffices(places, found[places])]
    low, up = np.zeros_like(high), high.copy()  # low never suffices, up does
    while places.size:
        open_still = up[places] - low[places] > 1
        found[places[~open_still]] = up[places[~open_still]]
        places = places[open_still]
        middle = (low[places] + up[places]) // 2
        enough = suffices(places, middle)
        up[places[enough]] = middle[enough]
        low[places[~enough]] = middle[~enough]
    return found


def _values(skus: pl.DataFrame, given: float | str) -> Floats:
    return skus[given].to_numpy().astype(np.float64) if isinstance(given, str) else np.full(skus.height, given)
