"""Which days are to be counted now, and what a count says: the proof that no order was missed.

A London day is counted whole, once a night, for a week; today hourly, up to a little before the last look, for what
is newer may not have been read yet. A day that did not agree is counted again after an hour; one older than that
week every night until it is proven, and so is one nobody counted because we stood still. A count takes a call that
a look would have taken, so it is made only when a look was made just before, never two in a row. It keeps no order
waiting: at night few are placed, and today, once it is old enough to hold those not paid yet, is read whole.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
DAYS = 7  # days that are over and still counted every night
AGAIN = timedelta(hours=1)  # today, and a day that did not agree
LATE = timedelta(minutes=5)  # an order may show so much later than it was placed
NIGHT = range(1, 6)  # hours in London
YOUNG = timedelta(hours=2)  # a day may hold orders placed the day before and not paid yet
SPARE = 1.5  # times the gap between looks: one so recent may be followed by a count instead of a look


@dataclass(frozen=True, slots=True)
class Window:
    """A London day, or as much of it as may be counted; half open."""

    day: date
    from_at: datetime
    until_at: datetime
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """When a day was last counted, how much of it, and whether both sides agreed."""

    at: datetime
    is_closed: bool
    agrees: bool


def is_spare(now: datetime, looked_until: datetime, every: timedelta) -> bool:
    """Whether a count may be asked for instead of what changed, asked every so often; the last look ended then."""
    return now - looked_until <= SPARE * every


def next_window(
    looked_at: datetime, counted: Mapping[date, Counted], now: datetime, *, since: date | None = None
) -> Window | None:
    """The day to count now: days that are over first, the newest first; None: all is proven for the time being."""
    days = windows(looked_at, counted, since=since)
    return next((one for one in days if _is_due(one, counted.get(one.day), now)), None)


def windows(
    looked_at: datetime, counted: Mapping[date, Counted] = MappingProxyType({}), *, since: date | None = None
) -> Iterator[Window]:
    """The days that may be counted after a look at that moment: a week, what is not proven before it, and today.

    `since`: the day we began, counted or not.
    """
    until = looked_at - LATE
    today = until.astimezone(LONDON).date()
    first = min([today, *counted, *([since] if since else [])])
    for age in range(1, max(DAYS, (today - first).days) + 1):
        day = today - timedelta(days=age)
        if age <= DAYS or not _is_proven(counted.get(day)):
            yield window(day, looked_at)
    if until > midnight(today):
        yield window(today, looked_at)


def window(day: date, looked_at: datetime) -> Window:
    """A day, or as much of it as may be counted after a look at that moment."""
    until, end = looked_at - LATE, midnight(day + timedelta(days=1))
    return Window(day, midnight(day), min(until, end), is_closed=end <= until)


def midnight(day: date) -> datetime:
    """When a London day begins; a day may have 23 or 25 hours."""
    return datetime.combine(day, time.min, LONDON).astimezone(ZoneInfo("UTC"))


def _is_proven(last: Counted | None) -> bool:
    return last is not None and last.is_closed and last.agrees


def _is_due(window: Window, last: Counted | None, now: datetime) -> bool:
    here = now.astimezone(LONDON)
    if not window.is_closed:
        return window.until_at - window.from_at >= YOUNG and (last is None or now - last.at >= AGAIN)
    if last is None or not last.is_closed:
        return here.hour in NIGHT
    if not last.agrees and here.date() - window.day <= timedelta(days=DAYS):
        return now - last.at >= AGAIN
    return here.hour in NIGHT and last.at.astimezone(LONDON).date() < here.date()
