"""When a shop trades, told from its orders alone: how busy it is in each cell of the week, and where it is closed.

    cells     hours of the day, days of the week, hours of the week
    orders    a row a cell, a column each time it came round: the orders taken then
    expected  the same: how many it would have been, were the cell like all others
    uneven    how much orders differ in size (squared coefficient of variation), where they are counted by it

A cell is *open*, and then by some factor quicker or slower than the others (gamma, mean 1), or it is *closed*.
Each time it comes round an open one may be shut by exception (a holiday), a closed one traded in by exception. When
shut, nothing comes in but a stray order. When traded in, orders are negative binomial, for days stray.

So what is weighed is evidence, not weeks. No order where hundreds were expected can only have been shut; two such
Saturdays make a closed Saturday, for two holidays in a row are rarer than a shop closed on Saturdays; one of them
among many does not. No order where one was expected says hardly anything, and hours of the night in which nothing
ever came are dead after few nights.

The prior is what is true of shops, not of one of them: see the constants.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import special

from sync.rules.chances import Floats

CLOSED = 0.05  # of the weekdays of shops, and of the hours of their days, one in twenty is closed
EXCEPTION = 0.02  # public holidays are one day in fifty; as rarely somebody trades on a closed one
STRAY = 0.01  # of the usual orders: what still comes in while shut
# How alike cells are (1 / squared coefficient of variation): an hour of the day may be anything from dead to
# several times the average; open days differ by a sixth; an hour on one of them and on the others by a fifth.
_HOURS_ALIKE, _DAYS_ALIKE, _REST_ALIKE = 1.0, 40.0, 20.0
# How far the orders of a day, and of an hour, stray from what is usual for it (squared): by a third, and by half.
_DAY_STRAYS, _HOUR_STRAYS = 0.1, 0.2
_MANY = 0.1  # where more days are exceptions there is no timetable, only a lumpy trade
_WEEK = 7
# Factors told apart: from hardly any trade to twenty times the usual, by steps of a twelfth.
_FACTORS = np.exp(np.linspace(np.log(0.005), np.log(20), 100))
_BETWEEN = np.sqrt(_FACTORS[1:] * _FACTORS[:-1])
_MOST = 700.0  # exp of more is no number
_NONE = 1e-9


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of each cell: how likely it has each of the factors, or (the last) is closed."""

    weights: Floats
    shut_by: Floats  # cell, time, factor: how likely it was shut then

    @property
    def factors(self) -> Floats:
        """How many orders each cell should have, for one of a cell like all others."""
        found: Floats = self.weights @ np.append(_FACTORS, EXCEPTION)
        return found

    @property
    def shut(self) -> Floats:
        """How likely each cell was shut each time it came round."""
        found: Floats = np.einsum("ctf,cf->ct", self.shut_by, self.weights)
        return found

    @property
    def exceptions(self) -> float:
        """How many times cells were shut or traded in by exception."""
        usual = np.append(np.zeros(_FACTORS.size), 1.0)
        return float(np.einsum("ctf,cf->", np.abs(self.shut_by - usual), self.weights))


def away(orders: Floats, times: Floats) -> np.ndarray:
    """Days within a silence of a week or more that is no chance: the shop as a whole was away, or not yet there.

    Day by day: orders, and how much of it was lived through. Such a silence says nothing of any weekday.
    """
    found = np.zeros(orders.size, dtype=bool)
    level = orders.sum() / times.sum()
    sold = np.concatenate([[-1], np.flatnonzero(orders > 0), [orders.size]])
    for before, after in pairwise(sold):
        silence = slice(before + 1, after)
        found[silence] = after - before > _WEEK and np.exp(-level * times[silence].sum()) < EXCEPTION
    return found


def hours_of_day(orders: Floats, expected: Floats, uneven: float) -> Opening:
    """The 24 hours; none is closed, for an hour of hardly any trade is ordinary."""
    return _learn(orders, expected, _HOURS_ALIKE, (uneven, _HOUR_STRAYS), closed=0.0)


def hours_of_week(orders: Floats, expected: Floats, uneven: float) -> Opening:
    """The 168 hours, against their hour of the day and day of the week."""
    return _learn(orders, expected, _REST_ALIKE, (uneven, _HOUR_STRAYS))


def days_of_week(orders: Floats, expected: Floats, uneven: float) -> Opening:
    """The seven days. With too many exceptions none is taken for closed or shut."""
    spread = (uneven, _DAY_STRAYS)
    found = _learn(orders, expected, _DAYS_ALIKE, spread)
    if found.exceptions <= 1 + _MANY * np.count_nonzero(expected):
        return found
    return _learn(orders, expected, _DAYS_ALIKE, spread, closed=0.0, exception=0.0)


def _learn(
    orders: Floats,
    expected: Floats,
    alike: float,
    spread: tuple[float, float],
    *,
    closed: float = CLOSED,
    exception: float = EXCEPTION,
) -> Opening:
    """What the orders say of the cells. Where nothing is expected nothing is learned.

    `spread`: how uneven orders are and how far times stray: a mean m has the variance m (1 + uneven) + m^2 strays.
    """
    orders = np.where(expected > 0, orders, 0.0)[..., None]
    stray = STRAY * expected[..., None]
    shut = special.xlogy(orders, stray / (1 + stray)) - np.log1p(stray)
    # for each factor of an open cell, and if it is closed: how much likelier than shut is what was seen
    usual = expected[..., None] * np.append(_FACTORS, 1.0)
    likelier = np.exp(np.minimum(_when_traded(orders, usual, spread) - shut, _MOST))
    is_shut = np.append(np.full(_FACTORS.size, exception), 1 - exception)
    either = is_shut + (1 - is_shut) * likelier
    shares = np.diff(special.gammainc(alike, alike * _BETWEEN), prepend=0.0, append=1.0)
    with np.errstate(divide="ignore"):
        prior = np.log(np.append((1 - closed) * shares, closed))
        weights = special.softmax(np.log(either).sum(1) + prior, axis=-1)
    return Opening(weights, is_shut / either)


def _when_traded(orders: Floats, means: Floats, spread: tuple[float, float]) -> Floats:
    """Log likelihood of the orders about their means: negative binomial."""
    uneven, strays = spread
    size = 1 / (strays + uneven / np.maximum(means, _NONE))
    certain = special.gammaln(orders + size) - special.gammaln(size) - special.gammaln(orders + 1)
    found: Floats = (
        certain + special.xlogy(orders, means) + size * np.log(size) - (orders + size) * np.log(means + size)
    )
    return found
