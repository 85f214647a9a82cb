"""What a buffer policy would change, before it counts: what is listed, and what a week of it should cost.

Two boards of the same offers, stock and demand are set beside each other: as the policies stand on a day, and as
they would with a draft. Each is listed as the formula says once everything has settled (rises wait for the next
batch), and assessed as `sync.rules.risk` does. A week is as many windows as batches land in it, each like now.

The law: a draft that says what counts already changes nothing, and no figure of the two then differs.
"""

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from sync.rules.aging import CAREFREE, Caution
from sync.rules.outcomes import Week, week
from sync.rules.sellable import sellable

# By offer, before and after: `quantity`, and of a week `oversells`, `lost_units`, `cost_amount`.
MEASURES = ("quantity", "oversells", "lost_units", "cost_amount")


@dataclass(frozen=True, slots=True)
class Expected:
    """What a week should come to."""

    week: Week
    cost_amount: Decimal  # of overselling, and the margin of sales missed for what is held back


@dataclass(frozen=True, slots=True)
class Effect:
    """What a draft would change."""

    offer_count: int
    changed_count: int
    units_change: int
    before: Expected
    after: Expected
    changes: pl.DataFrame  # `sku`, `base`, and MEASURES before_ and after_; the largest first

    @property
    def sentence(self) -> str:
        """What it comes to, in one line."""
        if not self.changed_count:
            return "Would change no listing."
        listings = f"{self.changed_count:,} listing{'' if self.changed_count == 1 else 's'}"
        return (
            f"Would change {listings}, {_signed(self.units_change)} units, oversells expected "
            f"{self.before.week.oversells:.1f} → {self.after.week.oversells:.1f} a week, lost sales "
            f"{self.before.week.turned_away_units:.1f} → {self.after.week.turned_away_units:.1f} units a week."
        )


def listed(board: pl.DataFrame, caution: Caution = CAREFREE) -> pl.DataFrame:
    """A board with risk, everything listed as the formula says: offers as `risk.assessed` wants them."""
    offers = sellable(board.filter(pl.col("sku_key").is_not_null()), caution)
    return offers.with_columns(base=pl.col("supply") - pl.col("inflight"), quantity=pl.col("target"))


def effect(before: pl.DataFrame, after: pl.DataFrame, windows: float) -> Effect:
    """Both as `risk.assessed` gives them, the same offers, over the time from batch to batch: `windows` a week."""
    beside = _weekly(before, windows, "before").join(
        _weekly(after, windows, "after").drop("base"), on="sku", maintain_order="left"
    )
    change = pl.col("after_quantity") - pl.col("before_quantity")
    changed = beside.filter(change != 0)
    return Effect(
        offer_count=beside.height,
        changed_count=changed.height,
        units_change=int(changed.select(change.sum()).item() or 0),
        before=_expected(before, beside["before_cost_amount"], windows),
        after=_expected(after, beside["after_cost_amount"], windows),
        changes=changed.sort(change.abs(), _cost_change().abs(), "sku", descending=[True, True, False]),
    )


def _weekly(rows: pl.DataFrame, windows: float, when: str) -> pl.DataFrame:
    # an offer without a known margin loses a sale all the same, at no known price
    lost = pl.col("lost_units") * pl.col("margin_amount").cast(pl.Float64).fill_null(0.0)
    figures = {
        "quantity": pl.col("quantity"),
        "oversells": pl.col("own_chance") * windows,
        "lost_units": pl.col("lost_units") * windows,
        "cost_amount": ((pl.col("cost_amount").cast(pl.Float64) + lost) * windows).round(6).cast(pl.Decimal(18, 6)),
    }
    return rows.select("sku", "base", *(figures[name].alias(f"{when}_{name}") for name in MEASURES))


def _cost_change() -> pl.Expr:
    return pl.col("after_cost_amount") - pl.col("before_cost_amount")


def _expected(rows: pl.DataFrame, costs: pl.Series, windows: float) -> Expected:
    ours = rows.select("oversold_units", oversell="own_chance", turned_away_units="lost_units")
    return Expected(week(ours, windows), Decimal(costs.sum() or 0))


def _signed(number: int) -> str:
    return f"{'−' if number < 0 else '+'}{abs(number):,}"
