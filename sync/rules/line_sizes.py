"""From sales to units: how many a customer takes at once, SKU by SKU.

Most take one; some take a dozen. A SKU's own sizes are drawn towards those of all SKUs, as strongly as the past
says SKUs resemble each other (the Dirichlet concentration that makes their sizes likeliest). The units of a window
are then a compound: a negative binomial number of sales, each of a random size (Panjer's recursion, exact).

    sales     sku, units      a row a sale; what comes back (units below 1) is no sale
    forecast  sku, mean, dispersion     of `sync.rules.demand`
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import special

from sync.rules.chances import Floats

_CONCENTRATIONS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


@dataclass(frozen=True, slots=True)
class Sizes:
    """What is known of sizes: all SKUs' together, how alike they are, and each SKU's own."""

    shares: Floats  # shares[x]: of the sales, those of x units; the last holds the rest, shares[0] is 0
    alike: float  # sales of its own after which a SKU's sizes count as much as those of all
    mean: float
    square: float
    own: pl.DataFrame  # sku, units, sold

    @property
    def most(self) -> int:
        """Sizes from here on are not told apart."""
        return self.shares.size - 1


def fit(sales: pl.DataFrame, most: int = 48) -> Sizes:
    """The sizes of past sales. With none: every sale is of one unit."""
    sizes = sales.select("sku", "units").filter(pl.col("units") > 0)
    own = sizes.group_by("sku", "units").agg(sold=pl.len().cast(pl.Int64)).sort("sku", "units")
    if own.is_empty():
        return Sizes(np.array([0.0, 1.0] + [0.0] * (most - 1)), 1.0, 1.0, 1.0, own)
    units = sizes["units"].to_numpy().astype(np.float64)
    shares = np.bincount(np.minimum(units, most).astype(np.int64), minlength=most + 1) / units.size
    return Sizes(shares, _alike(own, shares, most), float(units.mean()), float((units**2).mean()), own)


def in_units(forecast: pl.DataFrame, sizes: Sizes) -> pl.DataFrame:
    """`forecast` with `mean` and `dispersion` of units instead of sales: what `oversell` wants.

    Mean m E[x]; variance / mean E[x^2] / E[x] + (d - 1) E[x], where d is the dispersion of the sales.
    """
    own = sizes.own.group_by("sku").agg(
        _sold=pl.col("sold").sum(),
        _units=(pl.col("units") * pl.col("sold")).sum(),
        _square=(pl.col("units") ** 2 * pl.col("sold")).sum(),
    )
    weight = pl.col("_sold").fill_null(0) + sizes.alike
    size = (pl.col("_units").fill_null(0) + sizes.alike * sizes.mean) / weight
    square = (pl.col("_square").fill_null(0) + sizes.alike * sizes.square) / weight
    return (
        forecast.join(own, on="sku", how="left", maintain_order="left")
        .with_columns(
            mean=pl.col("mean") * size,
            dispersion=square / size + (pl.col("dispersion") - 1) * size,
        )
        .drop("_sold", "_units", "_square")
    )


def fewer_than(forecast: pl.DataFrame, sizes: Sizes, most: int) -> Floats:
    """P(units < k) for k = 1 … `most`, a row a SKU; ValueError beyond the sizes told apart."""
    if not 1 <= most <= sizes.most:
        raise ValueError(f"Sizes are told apart up to {sizes.most} units; asked for {most}.")
    mean, cv2 = forecast["mean"].to_numpy(), _swing(forecast)
    of_size = _of_size(forecast["sku"], sizes, most)
    successes = 1 / cv2
    more = mean / (mean + successes)  # Panjer's class: P(n) / P(n - 1) = more + (successes - 1) more / n
    chances = np.zeros((mean.size, most))
    chances[:, 0] = np.exp(-successes * np.log1p(mean / successes))
    for units in range(1, most):
        for size in range(1, units + 1):
            factor = more * (1 + (successes - 1) * size / units)
            chances[:, units] += factor * of_size[:, size] * chances[:, units - size]
    return np.minimum(np.cumsum(chances, axis=1), 1.0)


def _swing(forecast: pl.DataFrame) -> Floats:
    mean = forecast["mean"].to_numpy()
    over = forecast["dispersion"].to_numpy() - 1
    found: Floats = np.divide(over, mean, out=np.zeros_like(mean), where=mean > 1e-9)
    return np.maximum(found, 1e-6)  # as good as Poisson


def _of_size(skus: pl.Series, sizes: Sizes, most: int) -> Floats:
    """P(a sale is of x units) for x = 0 … most - 1, a row a SKU."""
    place = pl.DataFrame({"sku": skus, "row": np.arange(len(skus))})
    own = sizes.own.join(place, on="sku")
    counts = np.zeros((len(skus), most))
    total = np.bincount(own["row"].to_numpy(), weights=own["sold"].to_numpy(), minlength=len(skus))
    small = own.filter(pl.col("units") < most)
    np.add.at(counts, (small["row"].to_numpy(), small["units"].to_numpy()), small["sold"].to_numpy())
    found: Floats = (counts + sizes.alike * sizes.shares[:most]) / (total + sizes.alike)[:, None]
    return found


def _alike(own: pl.DataFrame, shares: Floats, most: int) -> float:
    """The concentration that makes each SKU's sizes likeliest, given those of all."""
    binned = (
        own.with_columns(pl.col("units").clip(upper_bound=most)).group_by("sku", "units").agg(pl.col("sold").sum())
    )
    sold, share = binned["sold"].to_numpy(), shares[binned["units"].to_numpy()]
    total = binned.group_by("sku").agg(pl.col("sold").sum())["sold"].to_numpy()

    def likely(alike: float) -> float:
        drawn = special.gammaln(sold + alike * share) - special.gammaln(alike * share)
        return float(drawn.sum() + (special.gammaln(alike) - special.gammaln(total + alike)).sum())

    return max(_CONCENTRATIONS, key=likely)
