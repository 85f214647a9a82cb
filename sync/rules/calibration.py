"""Whether probabilities keep their word: reliability by tenths, the Brier score, and an alarm (bluecherry.md §3.7).

`cases` holds a row a prediction: `chance` (0 to 1) and `happened` (true or false).
"""

import numpy as np
import polars as pl
from scipy import special

TENTHS = 10
ALARM = 0.01  # chance of more oversells than the bound, were the predictions right


def reliability(cases: pl.DataFrame) -> pl.DataFrame:
    """One row per tenth of the predicted chance that occurs: `tenth`, `cases`, `share`, `predicted`, `seen`, `gap`.

    `gap` is predicted less seen; above zero the risk was overstated.
    """
    return (
        tenths(cases)
        .with_columns(predicted=pl.col("predicted") / pl.col("cases"), seen=pl.col("happened") / pl.col("cases"))
        .with_columns(share=pl.col("cases") / pl.col("cases").sum(), gap=pl.col("predicted") - pl.col("seen"))
        .sort("tenth")
        .select("tenth", "cases", "share", "predicted", "seen", "gap")
    )


def tenth_of() -> pl.Expr:
    """The tenth a chance lies in: 0 is below 10 %, 9 from 90 %."""
    return (pl.col("chance") * TENTHS).floor().clip(0, TENTHS - 1).cast(pl.Int64)


def tenths(cases: pl.DataFrame) -> pl.DataFrame:
    """One row per tenth that occurs, in sums: `tenth`, `cases`, `predicted` (chances), `happened`, `squares`.

    Sums of many frames may be added up; `squares` (of the distances) over the cases is the Brier score.
    """
    distance = pl.col("chance") - pl.col("happened").cast(pl.Float64)
    return cases.group_by(tenth=tenth_of()).agg(
        cases=pl.len().cast(pl.Int64),
        predicted=pl.col("chance").sum(),
        happened=pl.col("happened").sum().cast(pl.Int64),
        squares=(distance**2).sum(),
    )


def brier(cases: pl.DataFrame, chance: str = "chance") -> float:
    """The mean squared distance of a chance from what happened; 0 is perfect."""
    found = cases.select(((pl.col(chance) - pl.col("happened").cast(pl.Float64)) ** 2).mean()).item()
    return float(found) if found is not None else 0.0


def most_expected(predicted: float) -> int:
    """The number of oversells that right predictions of this sum pass in one case of a hundred only."""
    if predicted <= 0:
        return 0
    counts = np.arange(int(predicted + 10 * predicted**0.5) + 20)
    # by the incomplete gamma, for scipy.stats takes a second to load, at every start of the worker
    return int(np.argmax(special.gammainc(counts + 1, predicted) <= ALARM))


def is_alarming(predicted: float, happened: int) -> bool:
    """Whether more oversells happened than the predictions allow."""
    return happened > most_expected(predicted)
