"""Counts of units wanted, as probabilities: exact Poisson, or negative binomial where demand is lumpy.

    tail(x)    P(D > x)            1 for x below zero
    mass(x)    P(D = x)            0 for x below zero
    excess(x)  E[(D - x)^+]        mean - x for x below zero (the loss function of §3.6)

Arrays in, arrays out, one element a SKU; `x` holds whole numbers. The tails are scipy's own incomplete gamma and
beta functions, so nothing is summed and nothing approximated. Dispersion is variance / mean: 1 is Poisson; above
`LUMPY` the counts are negative binomial with the same mean (bluecherry.md §3.5).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LUMPY = 1.2  # variance / mean from which Poisson understates the tail
_FAR = 35.0  # exp(-35) is less than 1e-15
_NEWTON_STEPS = 5
_NONE = 1e-9
_NEARLY_ALL = 1 - 1e-6  # of the mean: counts that are Poisson


@dataclass(frozen=True, slots=True)
class Counts:
    """How many units may be wanted in a window, SKU by SKU."""

    mean: Floats
    dispersion: Floats

    @classmethod
    def of(cls, mean: npt.ArrayLike, dispersion: npt.ArrayLike = 1.0) -> Self:
        """Counts of these means; ValueError for a negative or missing mean."""
        means = np.atleast_1d(np.asarray(mean, dtype=np.float64))
        spread = np.broadcast_to(np.asarray(dispersion, dtype=np.float64), means.shape)
        if not (np.all(means >= 0) and np.all(np.isfinite(means)) and np.all(np.isfinite(spread))):
            raise ValueError("A mean demand must be a number, not below zero; a dispersion must be a number.")
        # One unit in a billion windows is none, and spares the special functions their overflow.
        return cls(np.where(means < _NONE, 0.0, means), spread)

    def at(self, places: npt.NDArray[np.bool_] | Ints) -> Self:
        """The same for some of the SKUs."""
        return type(self)(self.mean[places], self.dispersion[places])

    def first(self, count: int) -> Self:
        """The same for the first of the SKUs, without a copy."""
        return type(self)(self.mean[:count], self.dispersion[:count])

    def plus(self, other: Self) -> Self:
        """Both together: means and variances add up."""
        mean = self.mean + other.mean
        variance = self.mean * self.dispersion_used + other.mean * other.dispersion_used
        return type(self)(mean, np.divide(variance, mean, out=np.ones_like(mean), where=mean > 0))

    def tail(self, x: Ints) -> Floats:
        """P(D > x)."""
        return self._tail(x, 0.0)

    def mass(self, x: Ints) -> Floats:
        """P(D = x)."""
        is_real = x >= 0
        at = np.where(is_real, x, 0).astype(np.float64)
        found = np.exp(special.xlogy(at, self.mean) - self.mean - special.gammaln(at + 1))
        lumpy = self._is_lumpy & is_real
        if lumpy.any():
            spread, place = self.dispersion[lumpy], at[lumpy]
            size = self.mean[lumpy] / (spread - 1)
            found[lumpy] = np.exp(
                special.gammaln(place + size)
                - special.gammaln(size)
                - special.gammaln(place + 1)
                - size * np.log(spread)
                + special.xlogy(place, (spread - 1) / spread)
            )
        return np.where(is_real, found, 0.0)

    def excess(self, x: Ints, tail: Floats | None = None) -> Floats:
        """E[(D - x)^+]: the units wanted beyond x. Never below P(D > x), for an excess is a whole unit at least.

        `tail`: P(D > x), where it is known already.
        """
        beyond = self.tail(x) if tail is None else tail
        # E[D; D > x] is the mean times the tail of the same counts with one more success (Poisson: none).
        found = self.mean * self._tail(x - 1, 1.0) - x * beyond
        return np.where(x >= 0, np.maximum(found, beyond), self.mean - x)

    def most(self) -> Ints:
        """A count that is passed with a chance of less than 1e-15."""
        spread = self.dispersion_used
        start = self.mean + np.sqrt(2 * _FAR * self.mean * spread) + 2 * _FAR * spread
        found = np.ceil(_bound(self.mean, self._size, start)).astype(np.int64)
        return np.where(self.mean > 0, found, 0)

    def least(self) -> Ints:
        """A count that is missed with a chance of less than 1e-15: 0 unless the mean is large."""
        found = np.zeros(self.mean.shape, dtype=np.int64)
        large = self.mean > _FAR
        if large.any():
            mean = self.mean[large]
            found[large] = np.floor(_bound(mean, self._size[large], np.full(mean.shape, 1e-9))).astype(np.int64)
        return found

    def falling(self, x: Ints, mass: Floats) -> Floats:
        """P(D = x - 1) from P(D = x), without another call for each term of a sum."""
        size, mean = self._size, np.maximum(self.mean, _NONE)
        with np.errstate(divide="ignore", invalid="ignore"):
            less = np.where(np.isinf(size), x / mean, x * (mean + size) / (mean * (x - 1 + size)))
        # where nothing is wanted nothing can be made of P(D = 1), which is none
        return np.where((x == 1) & (self.mean == 0), 1.0, np.where(x > 0, mass * less, 0.0))

    def rising(self, x: Ints, mass: Floats) -> Floats:
        """P(D = x + 1) from P(D = x)."""
        size = self._size
        with np.errstate(invalid="ignore"):
            more = np.where(np.isinf(size), self.mean, self.mean * (x + size) / (self.mean + size))
        return mass * more / (x + 1)

    @property
    def _size(self) -> Floats:
        """The negative binomial's number of successes; infinite for Poisson."""
        found = np.full(self.mean.shape, np.inf)
        np.divide(self.mean, self.dispersion - 1, out=found, where=self._is_lumpy)
        return found

    @property
    def _is_lumpy(self) -> npt.NDArray[np.bool_]:
        return (self.dispersion > LUMPY) & (self.mean > 0)

    @property
    def dispersion_used(self) -> Floats:
        """Variance / mean as reckoned with: 1 where the counts are Poisson."""
        return np.asarray(np.where(self._is_lumpy, self.dispersion, 1.0))

    def _tail(self, x: Ints, more: float) -> Floats:
        from_zero = np.maximum(x, 0) + 1.0
        found = special.gammainc(from_zero, self.mean)
        lumpy = self._is_lumpy
        if lumpy.any():
            spread = self.dispersion[lumpy]
            size = self.mean[lumpy] / (spread - 1) + more
            found[lumpy] = special.betainc(from_zero[lumpy], size, (spread - 1) / spread)
        return np.where(x >= 0, found, 1.0)


def spread_for(mean: Floats, dispersion: Floats, none: Floats) -> Floats:
    """The dispersion, lessened where with it nothing would be wanted likelier than `none` says.

    A few customers who take very many at once make the variance so large that a negative binomial of it believes in
    quiet windows there are not: the chance that a thin stock is drawn on at all would be understated. There the one
    of the same mean with just that P(D = 0) is used. It solves log(s) / (s - 1) = -log(none) / mean.
    """
    found = dispersion.copy()
    doubtful = np.flatnonzero((mean > _NONE) & (dispersion > LUMPY) & (none > 0))
    spread = dispersion[doubtful]
    least = -np.log(none[doubtful]) / mean[doubtful]
    is_quiet = np.log(spread) / (spread - 1) < least
    places, wanted = doubtful[is_quiet], np.minimum(least[is_quiet], _NEARLY_ALL)
    # the branch above one, by Lambert's function: s = -W(-c exp(-c)) / c
    found[places] = np.maximum(-special.lambertw(-wanted * np.exp(-wanted), -1).real / wanted, 1.0)
    return found


def _bound(mean: Floats, size: Floats, start: Floats) -> Floats:
    """Where Chernoff's bound of the tail reaches exp(-_FAR).

    The bound's exponent is convex, so Newton's method from outside never passes the place: however few the steps,
    what is found lies on the safe side.
    """
    mean = np.maximum(mean, _NONE)
    lumpy = np.flatnonzero(np.isfinite(size))
    far = start
    is_above = start >= mean
    for _ in range(_NEWTON_STEPS):
        slope = np.log(far / mean)
        height = far * slope - far + mean
        if lumpy.size:
            at, successes = far[lumpy], size[lumpy]
            less = np.log((at + successes) / (mean[lumpy] + successes))
            height[lumpy] = at * slope[lumpy] - (at + successes) * less
            slope[lumpy] -= less
        stepped = far - (height - _FAR) / slope
        far = np.where(is_above, np.maximum(stepped, mean * (1 + 1e-9)), np.clip(stepped, 1e-9, mean * (1 - 1e-9)))
    return far
