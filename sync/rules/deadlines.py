"""The clocks of an order: until when it must be accepted, sent, and confirmed as sent.

Law: a deadline is a moment somebody else holds us to. The dispatch deadline is the marketplace's own word and is
never worked out here; the acceptance window is the operator's (settings); the confirmation clock is our promise.
Ranges are half open: at the deadline itself it is late. `conditions.sql` asks the same with the same numbers.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CONFIRM_WITHIN = timedelta(hours=2)  # from the shipment in BlueCherry to its confirmation at the marketplace
SOON = timedelta(hours=4)  # a deadline this near needs a person
NOT_SENT = frozenset({"STAGING", "WAITING_ACCEPTANCE", "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING"})


class Urgency(StrEnum):
    """How a deadline stands."""

    CALM = "calm"
    DUE = "due"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock of one thing."""

    name: str  # acceptance, dispatch or confirmation
    at: datetime

    def left(self, now: datetime) -> timedelta:
        """Time left; negative once it is late."""
        return self.at - now

    def urgency(self, now: datetime) -> Urgency:
        """Late at the moment itself, due in the last hours before it."""
        if now >= self.at:
            return Urgency.LATE
        return Urgency.DUE if self.left(now) <= SOON else Urgency.CALM


def acceptance(placed_at: datetime, window_hours: int) -> Deadline:
    """The operator refuses an order by itself when nobody accepts it in its window."""
    return Deadline("acceptance", placed_at + timedelta(hours=window_hours))


def dispatch(shipping_deadline_at: datetime | None) -> Deadline | None:
    """The marketplace's own deadline; None while it has set none."""
    return None if shipping_deadline_at is None else Deadline("dispatch", shipping_deadline_at)


def confirmation(shipped_at: datetime) -> Deadline:
    """What left the warehouse should be confirmed within two hours: the customer waits for the tracking."""
    return Deadline("confirmation", shipped_at + CONFIRM_WITHIN)


def next_of(
    state: str,
    *,
    placed_at: datetime,
    shipping_deadline_at: datetime | None,
    window_hours: int,
    shipped_at: datetime | None = None,
) -> Deadline | None:
    """The clock that runs now for an order in this state; None: none does."""
    if state == "WAITING_ACCEPTANCE":
        return acceptance(placed_at, window_hours)
    if state not in NOT_SENT:
        return None
    running = [dispatch(shipping_deadline_at)]
    if shipped_at is not None:
        running.append(confirmation(shipped_at))
    return min((one for one in running if one is not None), key=lambda one: one.at, default=None)
