"""Time as the pretend ERP writes it and as its warehouses work.

The law: inside, moments are aware UTC; on the wire they are naive text in the server's own zone, which
repeats an hour in autumn like the real thing.
"""

import contextlib
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SERVER_ZONE = "America/New_York"
_SERVER = ZoneInfo(SERVER_ZONE)
_WAREHOUSE = ZoneInfo("Europe/London")
_DATE_FORMATS = ("%Y-%m-%d %H:%M:%S", "%m/%d/%Y")


def local_text(moment: datetime | None) -> str | None:
    """A moment as the ERP writes it."""
    return None if moment is None else moment.astimezone(_SERVER).strftime("%Y-%m-%d %H:%M:%S")


def server_day(moment: datetime) -> date:
    return moment.astimezone(_SERVER).date()


def day_begins(day: date) -> datetime:
    """The first moment of one of the ERP's days."""
    return datetime.combine(day, time(), _SERVER).astimezone(UTC)


def utc_text(moment: datetime | None) -> str | None:
    """A moment as the sandbox's own answers write it."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_date(value: object) -> date | None:
    """A date as a document may carry it; None where it cannot be read."""
    with contextlib.suppress(ValueError):
        return date.fromisoformat(str(value))  # the usual form, read fast
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(str(value), form).replace(tzinfo=_SERVER).date()
        except ValueError:
            continue
    return None


def next_working(moment: datetime) -> datetime:
    """That moment if a warehouse is at work then, else the next opening (Mon-Fri 7-19, Sat 8-13, London)."""
    here = moment.astimezone(_WAREHOUSE)
    for _ in range(8):
        hours = _hours(here.date())
        if hours is not None:
            opens = datetime.combine(here.date(), hours[0], _WAREHOUSE)
            closes = datetime.combine(here.date(), hours[1], _WAREHOUSE)
            if here < closes:
                return max(here, opens).astimezone(UTC)
        here = datetime.combine(here.date() + timedelta(days=1), time(0), _WAREHOUSE)
    return moment


def _hours(day: date) -> tuple[time, time] | None:
    if (day.month, day.day) in {(12, 25), (12, 26), (1, 1)} or day.weekday() == 6:
        return None
    return (time(8), time(13)) if day.weekday() == 5 else (time(7), time(19))
