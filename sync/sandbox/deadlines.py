"""The marketplace's calendar: deadlines are the end of a London day, said in UTC.

Law: a day is a day in London, so both clock changes move the UTC hour of the deadline and not the day.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
_LAST_MOMENT = time(23, 59, 59, 999000)
_SATURDAY = 5


def shipping_deadline(from_moment: datetime, lead_days: int) -> datetime:
    """End of the London day so many working days later."""
    day = from_moment.astimezone(LONDON).date()
    left = lead_days
    while left:
        day += timedelta(days=1)
        if day.weekday() < _SATURDAY:
            left -= 1
    return datetime.combine(day, _LAST_MOMENT, LONDON).astimezone(UTC)


def next_cycle_close(after: datetime) -> datetime:
    """The next 1st, 11th or 21st at two in the morning in London."""
    day = after.astimezone(LONDON).date()
    while True:
        moment = datetime.combine(day, time(2), LONDON).astimezone(UTC)
        if day.day in (1, 11, 21) and moment > after:
            return moment
        day += timedelta(days=1)


def iso(moment: datetime | None) -> str | None:
    """As the marketplace writes it: UTC, Z, milliseconds only where there are any."""
    if moment is None:
        return None
    text = f"{moment:%Y-%m-%dT%H:%M:%S}"
    thousandths = moment.microsecond // 1000
    return f"{text}.{thousandths:03d}Z" if thousandths else f"{text}Z"
