"""Demand events: promotions and the like, of which somebody knows by how much they lift or lower demand.

    key     name, and whom it is about: Black Friday | Linen week category:shirts | On air sku:NMK-04117-WHT-A--M
            (`division:NMK`, `category:shirts`, `style:NMK|04117`, `sku:…`; without one, everything)
    value   2026-11-27 00:00 to 2026-12-01 00:00 x3 others x1.5    London's clock; the others' may be left out

An event multiplies the rate while it lasts (bluecherry.md §3.5). Where events overlap, their factors multiply: each
is a cause of its own. The law: a factor of 1 changes nothing; a factor over a whole window multiplies its mean; an
hour of the past within an event counts as so many hours, so that few sales in a slow time say little.

Arrays have one element for each row of `skus` (`sku`, `division`, `category`, `style`). Periods are half open.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
import polars as pl

from sync.rules.chances import Floats
from sync.rules.trading_week import Lifts, TradingWeek

SCOPES = ("division", "category", "style", "sku")
GOODS = ("sku", "division", "category", "style")
LEAST_FACTOR, MOST_FACTOR = 0.01, 100.0
_KEY = re.compile(r"(?P<name>.*?)(?:(?:^|\s)(?P<scope>\w+):(?P<goods>.*))?")
_AT, _TIMES = r"(\d{4}-\d\d-\d\d \d\d:\d\d)", r"x(\d+(?:\.\d+)?)"
_VALUE = re.compile(f"{_AT} to {_AT} {_TIMES}(?: others {_TIMES})?")
_MINUTE = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class DemandEvent:
    """One event: for which goods, from when until when, and by what it multiplies the demand of each side."""

    since: datetime
    until: datetime
    told_at: datetime  # when somebody said so
    own: float = 1.0
    other: float = 1.0
    scope: str = ""  # one of SCOPES; empty: everything
    goods: str = ""

    def factor(self, side: str) -> float:
        return self.own if side == "own" else self.other

    def meets(self, skus: pl.DataFrame) -> np.ndarray:
        """Which of the SKUs it is about."""
        if not self.scope:
            return np.ones(skus.height, dtype=bool)
        named = pl.concat_str("division", "style", separator="|") if self.scope == "style" else pl.col(self.scope)
        return skus.select((named == self.goods).fill_null(value=False)).to_series().to_numpy()


def check_key(key: str) -> None:
    """Whether the key of an event can be read.

    Raises:
        ValueError: it cannot; the message says what to write.

    """
    found = _KEY.fullmatch(key)
    if found is None or not found["name"].strip():
        raise ValueError("an event has a name, then whom it is about: Linen week category:shirts")
    if found["scope"] is not None and (found["scope"] not in SCOPES or not found["goods"].strip()):
        raise ValueError(f"an event is about everything, or one of {', '.join(f'{one}:…' for one in SCOPES)}")
    if found["scope"] == "style" and "|" not in found["goods"]:
        raise ValueError("a style is named with its division: style:NMK|04117")


def check_value(value: str) -> None:
    """Whether the value of an event can be meant.

    Raises:
        ValueError: it cannot; the message says what to write.

    """
    found = _VALUE.fullmatch(value)
    if found is None:
        raise ValueError("write from when to when, and the factor: 2026-11-27 00:00 to 2026-12-01 00:00 x3")
    begins, ends, *factors = found.groups()
    try:
        since, until = (datetime.strptime(one, _MINUTE) for one in (begins, ends))  # noqa: DTZ007 (London's clock)
    except ValueError as wrong:
        raise ValueError("one of its days or times is in no calendar") from wrong
    if until <= since:
        raise ValueError("it ends before it begins")
    if not all(LEAST_FACTOR <= float(one) <= MOST_FACTOR for one in factors if one):
        raise ValueError(f"a factor lies between {LEAST_FACTOR} and {MOST_FACTOR:.0f}")


def pieces(
    events: Sequence[DemandEvent], skus: pl.DataFrame, side: str, since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime, Floats]]:
    """The period cut where an event begins or ends: from, until, and each SKU's factor."""
    near = [one for one in events if one.factor(side) != 1 and one.since < until and one.until > since]
    met = [one.meets(skus) for one in near]
    cuts = sorted({since, until, *(min(max(at, since), until) for one in near for at in (one.since, one.until))})
    for begins, ends in pairwise(cuts):
        factors = np.ones(skus.height)
        for one, mine in zip(near, met, strict=True):
            if one.since <= begins and one.until >= ends:
                factors[mine] *= one.factor(side)
        yield begins, ends, factors


def lift(
    events: Sequence[DemandEvent],
    skus: pl.DataFrame,
    side: str,
    week: TradingWeek,
    window: tuple[datetime, datetime],
) -> Floats:
    """By what the events of a window multiply its demand: hours of the week weigh as they are traded in."""
    since, until = window
    hours = week.hours(since, until)
    if not events or hours == 0:
        return np.ones(skus.height)
    weighed = np.zeros(skus.height)
    for begins, ends, factors in pieces(events, skus, side, since, until):
        weighed += factors * week.hours(begins, ends)
    return weighed / hours


def lifts(
    events: Sequence[DemandEvent],
    skus: pl.DataFrame,
    side: str,
    sales: pl.DataFrame,
    period: tuple[datetime, datetime],
) -> Lifts:
    """What the events of a past period made of the sales of the shop as a whole: its pieces, each with a factor.

    SKUs weigh as they sell without events: `sales` (`sku`) over the time there was, each piece times its factor.
    Where there is no SKU, nothing is lifted.
    """
    if skus.is_empty() or not any(one.factor(side) != 1 for one in events):
        return ()
    cut = list(pieces(events, skus, side, *period))
    counts = sales.group_by("sku").len()
    sold = (
        skus.select("sku").join(counts, on="sku", how="left", maintain_order="left")["len"].fill_null(0).to_numpy()
    )
    usual = sold / sum((ends - begins).total_seconds() * factors for begins, ends, factors in cut)
    weights = usual / usual.sum() if usual.any() else np.full(skus.height, 1 / skus.height)
    return [(begins, ends, float(weights @ factors)) for begins, ends, factors in cut]
