"""How long a published quantity must hold: from the batch's moment until the next one shows at the marketplace.

    H = (next batch complete - T_B) + ingest + compute + publish + marketplace processing       (bluecherry.md §3.4)

This is periodic review: the review period and the lead time are protected together. Both parts come from what was
measured, at a percentile and not at the mean. The law: the window never shrinks while a batch is late. A batch
later than the percentile moves it to that of the delays still possible; one later than any before is expected to be
as late again as it already is beyond the usual, so the risk grows by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

PERCENTILE = 0.9
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Lags:
    """What was measured of past batches, in minutes; the newest few dozen of each will do."""

    batch: Sequence[float]  # from when a batch was due to when it was complete; early ones are negative
    publish: Sequence[float]  # from complete to the marketplace showing it: ingest, compute, import, processing


@dataclass(frozen=True, slots=True)
class Window:
    """What the buffer must cover."""

    others_since: datetime  # the batch's moment: what others took since is not known
    own_since: datetime  # the last pull of orders: our own sales before are deducted
    next_at: datetime  # the next batch is expected to be complete
    until: datetime
    is_late: bool  # the next batch should have been there

    @property
    def length(self) -> timedelta:
        """H."""
        return self.until - self.others_since


def window(as_of: datetime, orders_read_at: datetime, now: datetime, due_at: datetime, lags: Lags) -> Window:
    """The window of the batch of `as_of`, as seen `now`.

    `due_at`: when the next batch is due, by the ERP or a timetable; `as_of` itself where nobody says, with
    `lags.batch` then measured from one batch's moment to the next one's completion. ValueError where nothing was
    measured: the caller has a configured value for that (a sequence of one).
    """
    if not lags.batch or not lags.publish:
        raise ValueError("Nothing was measured yet: give one configured delay for batches and one for publishing.")
    waited = (now - due_at) / _MINUTE
    usual = percentile(lags.batch)
    next_at = max(due_at + expected_delay(lags.batch, waited) * _MINUTE, as_of)
    until = next_at + percentile(lags.publish) * _MINUTE
    return Window(as_of, min(max(orders_read_at, as_of), until), next_at, until, waited > usual)


def expected_delay(measured: Sequence[float], waited: float) -> float:
    """Minutes after it was due by which a batch should be complete, given it was not after `waited` minutes."""
    usual = percentile(measured)
    if waited <= usual:
        return usual
    possible = [delay for delay in measured if delay > waited]
    if possible:
        return max(percentile(possible), usual)
    return max(2 * waited - usual, *measured)


def percentile(measured: Sequence[float]) -> float:
    """What nine in ten do not pass: an actual measurement, the next above where it falls between two."""
    return float(np.quantile(np.asarray(measured, dtype=np.float64), PERCENTILE, method="higher"))
