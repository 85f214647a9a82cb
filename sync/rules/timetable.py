"""When the next stock batch is due, where the ERP does not say it: by the timetable of its batch cycle.

A timetable is times of the ERP's own day at which it begins to post (`06:00,12:00,18:00`) or an interval; either
plus the minutes a posting takes. The law: what the ERP itself says comes first; local times are walked through
both clock changes; a posting that began a few minutes early is the one of that time, not a reason to wait twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

EARLY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Timetable:
    """The ERP's batch cycle. Without times and interval nobody says when the next batch comes."""

    zone: ZoneInfo
    times: Sequence[time] = ()
    every: timedelta | None = None
    takes: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Due:
    """When the next batch should be complete, and who says so: erp, timetable, or nobody."""

    at: datetime | None
    source: str


def next_due(as_of: datetime, told: datetime | None, table: Timetable) -> Due:
    """When the batch after the one of that moment should be complete."""
    if told is not None:
        return Due(told, "erp")
    begins = [begin for begin in (_by_times(as_of, table), _by_interval(as_of, table)) if begin is not None]
    return Due(min(begins) + table.takes, "timetable") if begins else Due(None, "")


def _by_times(as_of: datetime, table: Timetable) -> datetime | None:
    if not table.times:
        return None
    day = as_of.astimezone(table.zone).date()
    moments = (
        datetime.combine(day + timedelta(days=ahead), at, table.zone).astimezone(UTC)
        for ahead in range(-1, 3)
        for at in table.times
    )
    return min(moment for moment in moments if moment > as_of + EARLY)


def _by_interval(as_of: datetime, table: Timetable) -> datetime | None:
    return as_of + table.every if table.every is not None else None
