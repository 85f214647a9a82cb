"""How likely a SKU is sold more often than it is there, before the next batch can say so (bluecherry.md §3.6).

    base      units truly sellable before the buffer        quantity   units listed: the marketplace stops there
    own       demand of this channel in the window          other      everything else that draws on the same stock
    b         base - quantity, the units held back

    stock_out       P(own + other > base)
    oversell        P(min(own, quantity) + other > base)
    worst_case      P(other > b)                     as if all that is listed were sold
    oversold_units  E[(min(own, quantity) + other - base)^+]
    buffer_cover    b / other's mean                 below 1: less than the others may be expected to take
    window_cover    base / the mean of both

The marketplace lowers its own quantity with every order, so what the buffer guards against is the *other* demand
and a wrong record, once orders in flight are deducted. Where they are not, `not_deducted` moves this channel's own
demand to the others, as §3.6 says. Sales of ours between the pull of orders and the moment a stock file takes
effect are overwritten by that file: their mean belongs to `other` as well.

A frame comes in with the columns of `WANTED`, one row a SKU, and goes out with `RISK` added, in the same order.
Demand of the two sides is independent; what they share (a busy day) is in each one's dispersion. The law: a
probability is between 0 and 1; `oversold_units` is at least `oversell`; `oversell` is at most `worst_case` and at
most `stock_out`; none falls when demand rises, and none rises with the units held back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from sync.rules.chances import Counts, Floats, Ints
from sync.rules.record_error import rows_of

WANTED = ("base", "quantity", "own_mean", "own_dispersion", "other_mean", "other_dispersion")
_ROUNDED = 1e-9
RISK = ("stock_out", "oversell", "worst_case", "oversold_units", "buffer_cover", "window_cover")


# The chances that a stock record shows 1, 2, … units too many: of all SKUs, or a row a SKU.
Overstated = Sequence[float] | Floats


def record_of(skus: pl.DataFrame, overstated: Overstated) -> Overstated:
    """How wrong each record may be: the SKU's own `overstated` (`sync.rules.record_error`), or that of all."""
    return rows_of(skus) if "overstated" in skus.columns else overstated


def record_at(overstated: Overstated, places: Ints) -> Overstated:
    """The same for some of the SKUs."""
    return overstated[places] if isinstance(overstated, np.ndarray) else overstated


@dataclass(frozen=True, slots=True)
class Sides:
    """The demand of both sides in the window."""

    own: Counts
    other: Counts

    @classmethod
    def of(cls, skus: pl.DataFrame) -> "Sides":
        """From the columns of `WANTED`."""
        return cls(
            Counts.of(skus["own_mean"].to_numpy(), skus["own_dispersion"].to_numpy()),
            Counts.of(skus["other_mean"].to_numpy(), skus["other_dispersion"].to_numpy()),
        )

    def at(self, places: Ints) -> "Sides":
        """The same for some of the SKUs."""
        return Sides(self.own.at(places), self.other.at(places))


def risk(skus: pl.DataFrame, overstated: Overstated = ()) -> pl.DataFrame:
    """`skus` with the columns of `RISK`. `overstated` as `record_of` takes it."""
    sides, overstated = Sides.of(skus), record_of(skus, overstated)
    base, quantity = _whole(skus, "base"), _whole(skus, "quantity")
    held = base - quantity
    oversell, units = oversold(sides, base, quantity, overstated)
    together = sides.own.mean + sides.other.mean
    return skus.with_columns(
        stock_out=stock_out(sides, base, overstated),
        oversell=oversell,
        worst_case=worst_case(sides.other, held, overstated),
        oversold_units=units,
        buffer_cover=_cover(held, sides.other.mean),
        window_cover=_cover(base, together),
    )


def not_deducted(skus: pl.DataFrame) -> pl.DataFrame:
    """The same SKUs where orders since the batch are not deducted: the buffer must cover our own demand as well."""
    sides = Sides.of(skus)
    both = sides.other.plus(sides.own)
    return skus.with_columns(other_mean=both.mean, other_dispersion=both.dispersion)


def worst_case(other: Counts, held: Ints, overstated: Overstated = ()) -> Floats:
    """P(other > b), mixed over how wrong the record may be."""
    return _mixed(other, held, _weights(overstated, held.size))[0]


def alone(other: Counts, base: Ints, overstated: Overstated = ()) -> tuple[Floats, Floats]:
    """P(other > base) and the units expected beyond base: what the others oversell without us."""
    return _mixed(other, base, _weights(overstated, base.size))


def stock_out(sides: Sides, base: Ints, overstated: Overstated = ()) -> Floats:
    """P(own + other > base): the same sum as `oversold` without a listed quantity to stop the channel."""
    weights = _weights(overstated, base.size)
    found, _ = _mixed(Counts.of(sides.own.mean + sides.other.mean), base, weights)
    rest = np.flatnonzero((sides.own.dispersion_used != 1) | (sides.other.dispersion_used != 1))
    if rest.size:
        stock = base[rest]
        found[rest] = _sums(sides.at(rest), stock, np.maximum(stock + 1, 0), weights[:, rest])[0]
    return found


def oversold(sides: Sides, base: Ints, quantity: Ints, overstated: Overstated = ()) -> tuple[Floats, Floats]:
    """P(min(own, quantity) + other > base) and the units expected beyond base."""
    chance, units = _sums(sides, base, quantity, _weights(overstated, base.size))
    return chance, np.maximum(units, chance)


def _sums(sides: Sides, base: Ints, quantity: Ints, weights: Floats) -> tuple[Floats, Floats]:
    """The exact sums of §3.6: all that is listed sold, and then each number below it that matters."""
    own, other = sides.own, sides.other
    all_sold = np.where(quantity > 0, own.tail(quantity - 1), 1.0)
    chance, units = _mixed(other, base - quantity, weights)
    chance, units = all_sold * chance, all_sold * units
    # Below `first` the others would have to want more than they can, or we to sell less than we can.
    least = base - (len(weights) - 1)
    first = np.maximum(np.maximum(least - other.most(), own.least()), 0)
    terms = np.minimum(quantity - 1, own.most()) - first + 1
    longest_first = np.argsort(-terms, kind="stable")
    longest_first = longest_first[: np.count_nonzero(terms > 0)]
    some, more = _terms(
        sides.at(longest_first), (base - first)[longest_first], first[longest_first], terms[longest_first],
        weights[:, longest_first],
    )  # fmt: skip
    chance[longest_first] += some
    units[longest_first] += more
    return np.clip(chance, 0.0, 1.0), units


def _terms(sides: Sides, left: Ints, sold: Ints, terms: Ints, weights: Floats) -> tuple[Floats, Floats]:
    """Sums over `terms` numbers sold, from `sold` upwards, while what is `left` for the others shrinks.

    Each term is made from the one before by adding and multiplying positive numbers, so nothing cancels. The SKUs
    come with the longest sums first: those still adding are a slice.
    """
    own, other = sides.own, sides.other
    ours = own.mass(sold)
    theirs = [other.mass(left)]  # P(D = what is left - k) for each error k of the record
    for k in range(1, len(weights)):
        theirs.append(other.falling(left - k + 1, theirs[-1]))
    tail, excess = _mixed(other, left, weights)
    chance, units = np.zeros(left.shape), np.zeros(left.shape)
    for step in range(int(terms.max(initial=0))):
        live = int(np.searchsorted(-terms, -step, side="left"))
        own, other, weights = own.first(live), other.first(live), weights[:, :live]
        ours, tail, excess = ours[:live], tail[:live], excess[:live]
        theirs = [mass[:live] for mass in theirs]
        chance[:live] += ours * tail
        units[:live] += ours * excess
        ours = own.rising(sold[:live] + step, ours)
        tail = np.minimum(tail + _weighed(theirs, weights), 1.0)
        excess = excess + tail
        theirs = [*theirs[1:], other.falling(left[:live] - step - len(weights) + 1, theirs[-1])]
    return chance, units


def _mixed(other: Counts, x: Ints, weights: Floats) -> tuple[Floats, Floats]:
    """P(D > x - k) and E[(D - x + k)^+], mixed over the errors k; each made from the one before it."""
    tail = other.tail(x)
    excess = other.excess(x, tail)
    if len(weights) == 1:
        return tail, excess
    chance, units = weights[0] * tail, weights[0] * excess
    mass = other.mass(x)
    for k, weight in enumerate(weights[1:], start=1):
        tail = np.minimum(tail + mass, 1.0)
        excess = excess + tail
        mass = other.falling(x - k + 1, mass)
        chance += weight * tail
        units += weight * excess
    return chance, units


def _weighed(values: list[Floats], weights: Floats) -> Floats:
    if len(values) == 1:
        return values[0]
    found: Floats = sum((weight * value for weight, value in zip(weights, values, strict=True)), np.zeros(1))
    return found


def _weights(overstated: Overstated, count: int) -> Floats:
    """The chances of an error of 0, 1, … units, a row each, for every SKU; ValueError if they are none."""
    rows = np.atleast_2d(np.asarray(overstated, dtype=np.float64))
    wrong = rows.sum(axis=1)
    if (rows < 0).any() or (wrong > 1 + _ROUNDED).any():
        raise ValueError("The chances of a wrong record must not be negative nor add up to more than 1.")
    chances = np.column_stack([np.maximum(1 - wrong, 0.0), rows]).T
    found: Floats = np.broadcast_to(chances, (len(chances), count))
    return found


def _whole(skus: pl.DataFrame, name: str) -> Ints:
    return skus[name].to_numpy().astype(np.int64)


def _cover(units: Ints, mean: Floats) -> Floats:
    """How often the units cover the mean; infinite where nothing is wanted."""
    found = np.full(mean.shape, np.inf)
    np.divide(units, mean, out=found, where=mean > 0)
    return found
