"""When BlueCherry takes no sales orders at all, all of them rest, and one is tried now and then.

Laws: what a code says of one sales order (its records are held, the gateway or the server failed on it) stops no
other; the one that is tried is the oldest of those that failed least, so that none is always left to wait.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.rules.erp_refusals import REFUSALS
from sync.rules.retrying import gap

OF_ALL = frozenset(one.code for one in REFUSALS if one.is_of_all)
LONGEST_GAP = timedelta(minutes=5)  # what waits goes soon after it is over
QUIET_FOR = timedelta(minutes=15)  # as for an answer that does not come: before that nobody is told


@dataclass(frozen=True, slots=True)
class Rest:
    """BlueCherry answered the last creations it answered with a code about all of them."""

    code: str
    tries: int  # at least one
    since_at: datetime  # the first of them
    last_at: datetime

    @property
    def next_try_at(self) -> datetime:
        return self.last_at + gap(self.tries, self.code, longest=LONGEST_GAP)

    @property
    def words(self) -> str:
        return (
            f"BlueCherry answers all sales orders with {self.code} since {self.since_at:%H:%M} UTC."
            " One is tried every few minutes; once it is taken, this one is sent."
        )

    def is_told(self, now: datetime) -> bool:
        """Whether it has lasted so long that it is told of orders nobody has asked about."""
        return now - self.since_at >= QUIET_FOR
