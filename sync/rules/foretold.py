"""Whether the chances we listed by kept their word (bluecherry.md §3.7): what was said at a batch, and what came.

A window begins when a batch's numbers were first weighed and ends when the next one's were. In it an offer is
oversold where what was really sold here and drawn elsewhere passes the base that was there, less what the others
alone would have oversold: as in a back-test (`sync.rules.replay`), only that the quantities are those that stood
there. An offer whose pool cannot be read, for goods came, is left out.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from sync.rules.calibration import is_alarming, most_expected, tenth_of, tenths
from sync.rules.replay import Batch, History, happened, outcome

MOST_NAMED = 20  # offers oversold, in each tenth


@dataclass(frozen=True, slots=True)
class Said:
    """A window, and what was said at its beginning: `sku`, `base`, `quantity`, `chance` of each offer."""

    batch_id: str
    batch_at: datetime
    began_at: datetime
    ended_at: datetime
    offers: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Came:
    """What came of it: a row per tenth as `calibration.tenths`, with the names of those `oversold`."""

    said: Said
    tenths: pl.DataFrame
    left_out: int


def came(history: History, fallen: pl.DataFrame, said: Said) -> Came:
    """Hold a window against what happened. `fallen`: `draws.falls` of the history's moves."""
    batch = Batch(said.batch_at, said.began_at, said.ended_at, None)
    what = happened(history, fallen, batch, said.ended_at)
    offers = said.offers.join(what, on="sku", maintain_order="left")
    rows = outcome(history.skus, offers.with_columns(sold_units=pl.col("wanted_units")), "")
    cases = rows.filter(pl.col("quantity") > 0).with_columns(happened=pl.col("oversold_units") > 0)
    names = (
        cases.filter("happened")
        .sort("oversold_units", "sku", descending=[True, False])
        .group_by(tenth=tenth_of(), maintain_order=True)
        .agg(oversold=pl.col("sku").head(MOST_NAMED))
    )
    found = tenths(cases).sort("tenth").join(names, on="tenth", how="left", maintain_order="left")
    return Came(said, found.with_columns(pl.col("oversold").fill_null([])), offers.filter("is_unread").height)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of some windows: how many oversells were expected, how many came, and how many may be believed."""

    predicted: float
    happened: int

    @property
    def most(self) -> int:
        """Passed in one such period of a hundred, were the chances right."""
        return most_expected(self.predicted)

    @property
    def is_beyond(self) -> bool:
        """Whether more came than may be believed."""
        return is_alarming(self.predicted, self.happened)
