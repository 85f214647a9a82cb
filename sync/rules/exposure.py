"""For how long each SKU was there to be wanted, as its rate of sale must know it.

    part = hours of the trade in which it could be bought, each by the factor of the events in it / all its hours

A SKU out of stock, or of which the marketplace had none to sell, sells nothing and reveals nothing: those hours do
not count. Nights weigh as little as nights sell. Of the others' side only a share is known: of the time in which
what they draw can be read. Without events and without spans away the part is that share.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from sync.rules import demand_events
from sync.rules.chances import Floats, Ints
from sync.rules.demand_events import DemandEvent
from sync.rules.trade import Trade
from sync.rules.trading_week import Lifts

_LEAST_PART = 0.02  # a SKU in stock for an hour or two of the period says little, not all


@dataclass(frozen=True, slots=True)
class Away:
    """Spans in which a SKU could not be bought: its row among the SKUs, seconds since 1970."""

    place: Ints
    since: Floats
    until: Floats

    @classmethod
    def of(cls, skus: pl.DataFrame, spans: pl.DataFrame | None) -> "Away":
        """From `sku`, `since`, `until`, spans that do not overlap; None: never away."""
        if spans is None:
            return cls(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
        placed = spans.join(skus.select("sku").with_row_index("place"), on="sku", maintain_order="left")
        return cls(placed["place"].to_numpy(), *(_seconds(placed[name]) for name in ("since", "until")))


@dataclass(frozen=True, slots=True)
class Presence:
    """When the SKUs could be bought on one side, and the events they were in. `share` has an element a SKU."""

    skus: pl.DataFrame
    side: str
    share: Floats
    away: Away
    events: Sequence[DemandEvent] = ()

    def lifts(self, sales: pl.DataFrame, since: datetime, until: datetime) -> Lifts:
        """What the events made of the sales of all in a period."""
        return demand_events.lifts(self.events, self.skus, self.side, sales, (since, until))

    def part(self, trade: Trade, fades: timedelta) -> Floats:
        """The part of the trade's hours that counts, where what is past fades."""
        whole = trade.exposure(fades=fades)
        counted = np.zeros(self.skus.height)
        for since, until, factors in demand_events.pieces(
            self.events, self.skus, self.side, trade.since, trade.until
        ):
            begins, ends = since.timestamp(), until.timestamp()
            first, last = trade.exposed(np.array([begins, ends]), fades)
            gone = trade.exposed(np.clip(self.away.until, begins, ends), fades)
            gone -= trade.exposed(np.clip(self.away.since, begins, ends), fades)
            counted += factors * ((last - first) * self.share - self._by_sku(gone))
        return np.maximum(counted / whole if whole else self.share, _LEAST_PART)

    def hours(self, since: datetime, until: datetime) -> Floats:
        """Hours on the clock in which it could be bought."""
        begins, ends = since.timestamp(), until.timestamp()
        gone = np.clip(self.away.until, begins, ends) - np.clip(self.away.since, begins, ends)
        return np.maximum((ends - begins) / 3600 * self.share - self._by_sku(gone) / 3600, 0.0)

    def _by_sku(self, values: Floats) -> Floats:
        found = np.bincount(self.away.place, weights=values, minlength=self.skus.height)
        return found.astype(np.float64)


def _seconds(moments: pl.Series) -> Floats:
    return moments.dt.epoch("ms").to_numpy().astype(np.float64) / 1000
