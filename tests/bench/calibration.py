"""Whether the demand model's chances keep their word, on real sales it has not seen.

The file (named by SALES_LINES, else beside the project; it is no part of it) holds a UK gift retailer's invoice
lines with local minutes. Codes are text; negative quantities are returns and zero prices adjustments, so neither is
a sale. Walk forward: before each trading day the model is fitted on the days before it alone, then asked for the
chance of at least k order lines, and at least k units, of each SKU sold before, in every hour, every four hours and
the whole of that day. The first five trading days are never foretold. Beside it stand two plain answers: Poisson
with the SKU's own raw rate, and Poisson with the mean rate of its category (the first two characters of the code).

Nothing is set to this file: each parameter is measured anew from the past of each day.

The chances judged are those of the demand model: a SKU in a basket is what arrives, sizes are mixed exactly, and
the retailer's opening hours are known. The worker asks of the same rates another question: how many units a window
may draw, of hundreds of thousands of SKUs. It counts order lines, learns when the shop trades from the sales alone,
and keeps of the sizes only what a negative binomial needs, so that a chance is one call of a special function
(`sync.rules.outlook`, `sync.rules.chances`). What that makes of this file stands below each, *as the worker
reckons*.

Beside each gap stands what chance alone does to it. The days foretold are few, and each is busy or quiet as a whole
(the last, a Sunday, sold half of what the Sunday before did), so the gaps of the upper tenths of a trading day hang
on a handful of days. And of what was out of stock the file says nothing: four hand warmers, of what sold best, were
gone at once in the middle of it, and are most of what is overstated in the last tenth of at least three lines.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from scipy import stats

from sync.rules import line_sizes, outlook
from sync.rules.calibration import brier, reliability, tenth_of
from sync.rules.chances import Counts, Floats
from sync.rules.demand import forecast, rates
from sync.rules.outlook import Outlook
from sync.rules.trade import Trade, observe
from sync.rules.trading_week import LONDON
from tests.bench.ground import Row, unless

ROOT = Path(__file__).resolve().parent.parent.parent
BESIDE = ROOT.parent / "shared" / "data" / "uk-giftware-sales-2010-12-01-to-12.csv"
LEARNED = 5  # trading days before the first that is foretold
LOOK_BACK = timedelta(days=56)
TOLERANCE, LEAST_SHARE = 0.05, 0.01
AT_LEAST = {"order lines": (1, 2, 3), "units": (1, 3, 6, 12, 24)}
_SATURDAY, _SUNDAY = 5, 6
# What the retailer says of itself: no trade on Saturdays, half a day on Sundays.
OPEN = {**dict.fromkeys(range(5), range(7, 21)), _SATURDAY: range(0), _SUNDAY: range(10, 17)}
CLOSED = frozenset(day * 24 + hour for day in range(7) for hour in range(24) if hour not in OPEN[day])
WINDOWS: dict[str, Sequence[range]] = {
    "1 h": [range(hour, hour + 1) for hour in range(7, 21)],
    "4 h": [range(8, 12), range(12, 16), range(16, 20)],
    "trading day": [range(24)],
}


def sales_lines() -> Path:
    """The file of real sales."""
    return Path(os.environ.get("SALES_LINES") or BESIDE)


def measure(_folder: Path) -> list[Row]:
    """One walk through the whole file."""
    path = sales_lines()
    if not path.exists():
        return [Row("calibration on real sales", "not measured", f"no file {path.name}; name it in SALES_LINES")]
    cases = pl.concat(foretold(read(path)))
    return [row for (what, window), part in parts(cases) for row in _rows(what, window, part)]


def parts(cases: pl.DataFrame) -> Iterator[tuple[tuple[str, str], pl.DataFrame]]:
    """The cases of each question: lines or units, in which window; all numbers k together."""
    for what in AT_LEAST:
        for window in WINDOWS:
            part = cases.filter((pl.col("what") == what) & (pl.col("window") == window))
            if part.height:
                yield (what, window), part


def worst_tenth(part: pl.DataFrame) -> float:
    """The largest distance between predicted and seen in a tenth with one case in a hundred or more."""
    return float(counted(part).select(pl.col("gap").abs().max()).item())


def counted(part: pl.DataFrame) -> pl.DataFrame:
    """`reliability` of the tenths with one case in a hundred or more, with `error`: how far chance moves a gap.

    Two standard errors, as the days show them: what is sold on one day is busy or quiet together, so that it is
    days that are independent, not cases. Of a tenth that occurs on one day alone nothing is known.
    """
    known = reliability(part).filter(pl.col("share") >= LEAST_SHARE)
    over = pl.col("chance") - pl.col("happened").cast(pl.Float64) - pl.col("gap")
    by_day = (
        part.with_columns(tenth=tenth_of())
        .join(known.select("tenth", "gap"), on="tenth")
        .group_by("tenth", "day")
        .agg(over=over.sum())
    )
    squared = (pl.col("over") ** 2).sum() * pl.len() / (pl.len() - 1)
    errors = by_day.group_by("tenth").agg(error=2 * squared.sqrt())
    return known.join(errors, on="tenth", maintain_order="left").with_columns(pl.col("error") / pl.col("cases"))


def read(path: Path) -> pl.DataFrame:
    """The sales: `order`, `sku`, `units`, `sold_at`, `day`."""
    given = pl.read_csv(path, schema_overrides={"invoice": pl.String, "sku": pl.String}, try_parse_dates=True)
    return given.filter((pl.col("quantity") > 0) & (pl.col("unit_price_gbp") > 0)).select(
        pl.col("invoice").alias("order"),
        "sku",
        pl.col("quantity").alias("units"),
        pl.col("sold_at_local").dt.replace_time_zone(LONDON.key, ambiguous="earliest").alias("sold_at"),
        pl.col("sold_at_local").dt.date().alias("day"),
    )


def foretold(lines: pl.DataFrame, days: int | None = None) -> Iterator[pl.DataFrame]:
    """A frame for each window, question and number k of each day foretold, or of the first `days` of them.

    Columns `what`, `window`, `k`, `day`, `chance`, `raw`, `category`, `worker` and `happened`, a row a SKU.
    """
    traded = lines["day"].unique().sort().to_list()
    for day in traded[LEARNED:][:days]:
        past = _Past.of(lines, day)
        for window, hours in WINDOWS.items():
            for some in hours:
                yield from past.foretell(window, some)


@dataclass(frozen=True, slots=True)
class _Past:
    """What was known before a day, and the day itself, which only `_happened` may look at."""

    day: date
    trade: Trade
    rated: pl.DataFrame  # one row a SKU sold before
    sizes: dict[str, line_sizes.Sizes]
    raw: dict[str, Floats]  # sold per trading day
    category: dict[str, Floats]
    open_hours: float  # of a trading day
    worker: Outlook  # the demand as the worker measures it
    after: pl.DataFrame

    @classmethod
    def of(cls, lines: pl.DataFrame, day: date) -> "_Past":
        """Fit on what was sold before the day began."""
        now = _moment(day)
        since = max(now - LOOK_BACK, _moment(lines.select(pl.col("day").min()).item()))
        before = lines.filter((pl.col("sold_at") >= since) & (pl.col("sold_at") < now))
        traded = before["day"].unique().to_list()
        whole = [since.date() + timedelta(days=n) for n in range((now.date() - since.date()).days)]
        # A basket may name a SKU on several lines: what arrives by chance is the SKU in the basket.
        baskets = before.group_by("order", "sku", maintain_order=True).agg(
            pl.col("sold_at").first(), pl.col("units").sum(), lines=pl.len()
        )
        trade = observe(baskets, since, now, closed=CLOSED, shut=frozenset(whole) - frozenset(traded))
        skus = baskets.select("sku", category=pl.col("sku").str.slice(0, 2)).unique("sku", maintain_order=True)
        sold = skus.join(
            before.group_by("sku").agg(pl.col("units").sum(), lines=pl.len()), on="sku", maintain_order="left"
        ).with_columns((pl.col("units", "lines") / len(traded)).name.suffix("_a_day"))
        means = sold.select(pl.col("units_a_day", "lines_a_day").mean().over("category"))
        return cls(
            day=day,
            trade=trade,
            rated=rates(baskets, skus, trade, sold_only=True),
            sizes={
                "order lines": line_sizes.fit(baskets.select("sku", units=pl.col("lines").cast(pl.Int64))),
                "units": line_sizes.fit(baskets),
            },
            raw={"order lines": sold["lines_a_day"].to_numpy(), "units": sold["units_a_day"].to_numpy()},
            category={"order lines": means["lines_a_day"].to_numpy(), "units": means["units_a_day"].to_numpy()},
            worker=outlook.measured(
                _listed(skus, baskets).with_columns(other_share=1.0),
                before,
                before.clear(),
                sales_since=since,
                sales_until=now,
                draws_since=None,
                draws_until=None,
            ),
            open_hours=sum(len(OPEN[one.weekday()]) for one in traded) / len(traded),
            after=lines.filter(pl.col("day") == day),
        )

    def foretell(self, window: str, hours: range) -> Iterator[pl.DataFrame]:
        """The chances for some hours of the day, and what happened then."""
        start = _moment(self.day)
        since, until = start + timedelta(hours=hours.start), start + timedelta(hours=hours.stop)
        open_hours = len([hour for hour in hours if hour in OPEN[self.day.weekday()]])
        if not open_hours:
            return
        part = 1.0 if len(hours) == 24 else open_hours / self.open_hours
        expected = forecast(self.rated, self.trade, since, until)
        happened = self._happened(since, until)
        reckoned = self._reckoned(since, until)
        for what, numbers in AT_LEAST.items():
            fewer = line_sizes.fewer_than(expected, self.sizes[what], max(numbers))
            for k in numbers:
                yield pl.DataFrame(
                    {
                        "what": [what] * expected.height,
                        "window": [window] * expected.height,
                        "k": [k] * expected.height,
                        "day": [self.day] * expected.height,
                        "chance": 1 - fewer[:, k - 1],
                        "raw": stats.poisson.sf(k - 1, self.raw[what] * part),
                        "category": stats.poisson.sf(k - 1, self.category[what] * part),
                        "worker": reckoned[what].tail(np.full(expected.height, k - 1)),
                        "happened": happened[what] >= k,
                    }
                )

    def _reckoned(self, since: datetime, until: datetime) -> dict[str, Counts]:
        """The order lines, and the units, the worker expects in the window."""
        known = self.rated.select("sku").join(self.worker.skus, on="sku", how="left", maintain_order="left")
        rated = known.select(rate="own_rate", certainty="own_certainty")
        lines = self.worker.own.forecast(rated, since, until)
        wanted = self.worker.within(
            self.rated.select("sku"), others_since=since, own_since=since, until=until, lag=timedelta(0)
        )
        return {
            "order lines": Counts.of(lines["mean"].to_numpy(), lines["dispersion"].to_numpy()),
            "units": Counts.of(wanted["own_mean"].to_numpy(), wanted["own_dispersion"].to_numpy()),
        }

    def _happened(self, since: datetime, until: datetime) -> dict[str, np.ndarray]:
        sold = (
            self.after.filter((pl.col("sold_at") >= since) & (pl.col("sold_at") < until))
            .group_by("sku")
            .agg(pl.col("units").sum(), lines=pl.len())
        )
        found = self.rated.select("sku").join(sold, on="sku", how="left", maintain_order="left").fill_null(0)
        return {"order lines": found["lines"].to_numpy(), "units": found["units"].to_numpy()}


def _listed(skus: pl.DataFrame, sales: pl.DataFrame) -> pl.DataFrame:
    """`skus` and as many that never sold as there may be beside them, for the worker knows its catalogue.

    Chao's estimate of species not seen: of those seen once, the square over twice those seen twice.
    """
    counts = sales.group_by("sku").len()["len"]
    once, twice = (int((counts == n).sum()) for n in (1, 2))
    unseen = [f"never sold {n}" for n in range(once * (once - 1) // (2 * (twice + 1)))]
    categories = skus["category"].sample(len(unseen), with_replacement=True, seed=1)
    return pl.concat([skus, pl.DataFrame({"sku": unseen, "category": categories}, schema=skus.schema)])


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), LONDON)


def _rows(what: str, window: str, part: pl.DataFrame) -> list[Row]:
    """What the demand model comes to, and after it the worker."""
    numbers = ", ".join(str(k) for k in AT_LEAST[what])
    ours, raw, category = (brier(part, name) for name in ("chance", "raw", "category"))
    plain = f"raw Poisson {raw:.4f}, category mean {category:.4f}"
    better = unless(ours < min(raw, category), f"{what} in the next {window}: a plain answer scores better.")
    rows = [
        Row(
            f"at least {numbers} {what} in the next {window}, {part.height:,} cases",
            f"Brier {ours:.4f}",
            plain,
            better,
        )
    ]
    rows += _tenths(what, window, part)
    theirs = part.with_columns(chance="worker")
    rows.append(Row(f"the same as the worker reckons: {what}, {window}", f"Brier {brier(theirs):.4f}"))
    return rows + _tenths(what, f"{window}, as the worker reckons", theirs)


def _tenths(what: str, window: str, part: pl.DataFrame) -> list[Row]:
    """The largest gap, that of each k alone, and every tenth with what chance may do to it."""
    worst = _worst(part)
    verdict = "kept" if abs(worst["gap"]) <= TOLERANCE else "broken"
    promise = f" ({verdict}: at most {TOLERANCE:.0%})" if what == "order lines" else ""
    broken = unless(
        what != "order lines" or abs(worst["gap"]) <= TOLERANCE,
        f"{what} in the next {window}: a tenth is off by {100 * worst['gap']:+.1f} points.",
    )
    rows = [Row("   largest gap of a tenth", f"{_points(worst)}{promise}", broken=broken)]
    for k in AT_LEAST[what]:
        alone = part.filter(pl.col("k") == k)
        rows.append(Row(f"   at least {k} alone", f"Brier {brier(alone):.4f}", _points(_worst(alone))))
    for tenth in counted(part).rows(named=True):
        span = f"{tenth['tenth'] * 10}-{tenth['tenth'] * 10 + 10} %"
        seen = f"predicted {tenth['predicted']:.1%}, seen {tenth['seen']:.1%}"
        rows.append(Row(f"   predicted {span} ({tenth['share']:.0%} of the cases)", seen, _points(tenth)))
    return rows


def _worst(part: pl.DataFrame) -> dict[str, float]:
    return counted(part).sort(pl.col("gap").abs()).row(-1, named=True)


def _points(tenth: dict[str, float]) -> str:
    error = f"±{100 * tenth['error']:.1f}" if np.isfinite(tenth["error"]) else "unknown"
    return f"{100 * tenth['gap']:+.1f} points, by chance {error}"
