"""Whether the chances we listed by kept their word (bluecherry.md §3.7): what was said at a batch, and what came.

A window begins when a batch's numbers were first weighed and ends when the next one's were. In it an offer is
oversold where what was really sold here and drawn elsewhere passes the base that was there, less what the others
alone would have oversold: as in a back-test (`sync.rules.replay`), only that the quantities are those that stood
there. An offer whose pool cannot be read, for goods came, is left out.

That is what came of it, and what the alarm asks about. A chance is given for longer: until the next batch shows,
as late as nine in ten do. Whether it is right is asked of that time alone (`Came.foretold`). What was ordered and
drawn until then is known, whichever batch was listed by.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from sync.rules.calibration import is_alarming, most_expected, tenth_of, tenths
from sync.rules.replay import Batch, History, happened, outcome, wanted_in

MOST_NAMED = 20  # offers oversold, in each tenth


@dataclass(frozen=True, slots=True)
class Said:
    """A window, and what was said at its beginning: `sku`, `base`, `quantity`, `chance` of each offer."""

    batch_id: str
    batch_at: datetime
    began_at: datetime
    ended_at: datetime
    lands_at: datetime  # the chances were given until then
    offers: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Came:
    """What came of it: a row per tenth as `calibration.tenths`, with the names of those `oversold`.

    `foretold`: the same without names, of the time the chances were given for.
    """

    said: Said
    tenths: pl.DataFrame
    foretold: pl.DataFrame
    left_out: int


def came(history: History, fallen: pl.DataFrame, said: Said) -> Came:
    """Hold a window against what happened. `fallen`: `draws.falls` of the history's moves."""
    offers = _until(history, fallen, said, said.ended_at)
    cases = _cases(history, offers.with_columns(sold_units=pl.col("wanted_units")))
    names = (
        cases.filter("happened")
        .sort("oversold_units", "sku", descending=[True, False])
        .group_by(tenth=tenth_of(), maintain_order=True)
        .agg(oversold=pl.col("sku").head(MOST_NAMED))
    )
    found = tenths(cases).sort("tenth").join(names, on="tenth", how="left", maintain_order="left")
    return Came(
        said,
        found.with_columns(pl.col("oversold").fill_null([])),
        tenths(_cases(history, _promised(history, fallen, said))).sort("tenth"),
        offers.filter("is_unread").height,
    )


def _until(history: History, fallen: pl.DataFrame, said: Said, until: datetime) -> pl.DataFrame:
    """The offers with what was wanted of them and drawn elsewhere up to a moment."""
    batch = Batch(said.batch_at, said.began_at, until, None)
    return said.offers.join(happened(history, fallen, batch, until), on="sku", maintain_order="left")


def _promised(history: History, fallen: pl.DataFrame, said: Said) -> pl.DataFrame:
    """The offers until their chances' time is over: what was really sold, then as far as the quantity goes."""
    really = wanted_in(history, said.began_at, min(said.ended_at, said.lands_at))
    offers = _until(history, fallen, said, said.lands_at)
    return offers.join(
        really.rename({"wanted_units": "really_units"}), on="sku", how="left", maintain_order="left"
    ).with_columns(
        sold_units=pl.max_horizontal(
            pl.col("really_units").fill_null(0), pl.min_horizontal("wanted_units", "quantity")
        )
    )


def _cases(history: History, offers: pl.DataFrame) -> pl.DataFrame:
    """What was listed, and whether it `happened`."""
    rows = outcome(history.skus, offers, "")
    return rows.filter(pl.col("quantity") > 0).with_columns(happened=pl.col("oversold_units") > 0)


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
