"""The ERP's clock face: moments without a zone, in the zone its server stands in.

The law: a face that is shown twice (autumn) or never (spring) is never read to our disadvantage. Where a moment
is compared with a bookmark the earlier reading is taken, so that nothing is missed; where it says from when
something is known the later one. A question "changed since" is put so early that no change hides behind it.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sync.clients.records import Unreadable

_FACE = "%Y-%m-%d %H:%M:%S"
_AMERICAN_DAY = "%m/%d/%Y"


class ErpTime:
    """Reads and writes moments in the server's zone."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)

    def earlier(self, text: str) -> datetime:
        """The earliest moment this face can mean."""
        return min(self._readings(text))

    def later(self, text: str) -> datetime:
        """The latest moment this face can mean."""
        return max(self._readings(text))

    def _readings(self, text: str) -> tuple[datetime, datetime]:
        face = _parsed(text)
        try:
            if face.tzinfo is not None:
                return face.astimezone(UTC), face.astimezone(UTC)
            first = face.replace(tzinfo=self._zone, fold=0).astimezone(UTC)
            second = face.replace(tzinfo=self._zone, fold=1).astimezone(UTC)
        except OverflowError as error:
            raise Unreadable("a moment is none of our time") from error
        return first, second

    def since(self, moment: datetime) -> str:
        """A face for `last_mod gt …` behind which nothing from `moment` on can hide."""
        local = moment.astimezone(self._zone)
        # While the hour is shown for the first time, its second showing is still to come with smaller faces.
        first = local.replace(fold=0).utcoffset() or timedelta()
        second = local.replace(fold=1).utcoffset() or timedelta()
        repeats = max(first - second, timedelta()) if local.fold == 0 else timedelta()
        # Faces have whole seconds and the comparison is strict.
        return (local.replace(tzinfo=None) - repeats - timedelta(seconds=1)).strftime(_FACE)

    def day(self, moment: datetime) -> str:
        """The server's calendar day."""
        return moment.astimezone(self._zone).strftime("%Y-%m-%d")

    def whole_day(self, text: str) -> tuple[datetime, datetime]:
        """The server's calendar day of a date, from its first moment up to the next day's."""
        first = _parsed(text).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        try:
            beginning, end = (
                first.replace(tzinfo=self._zone),
                (first + timedelta(days=1)).replace(tzinfo=self._zone),
            )
            return beginning.astimezone(UTC), end.astimezone(UTC)
        except OverflowError as error:
            raise Unreadable("a day is none of our time") from error


def _parsed(text: str) -> datetime:
    text = text.strip()
    for read in (datetime.fromisoformat, _american_day):
        try:
            return read(text)
        except ValueError:
            continue
    raise Unreadable("a moment cannot be read")


def _american_day(text: str) -> datetime:
    return datetime.strptime(text, _AMERICAN_DAY)  # noqa: DTZ007 - the zone is the server's, added by the caller
