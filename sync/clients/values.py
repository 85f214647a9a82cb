"""Values from outside that the ledger can hold: text, units, amounts, moments.

The law: a value no business has (a price of forty digits, a quantity that is a yes, a moment before our era) makes
its record unreadable, which is named while the others go on; it never reaches arithmetic. Text is kept as it came,
but for what no text file can hold.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

# What `decimal(18,6)` and a bigint with room to add up hold.
MOST_AMOUNT = Decimal(10) ** 12
MOST_UNITS = 10**9
_FINEST = -40
# Half a surrogate pair is an emoji somebody cut in two; neither it nor NUL can be written as UTF-8 text.
_UNWRITABLE = re.compile("[\ud800-\udfff\x00]")


def written(text: str) -> str:
    """Text that can be written: what cannot be is shown as the replacement character."""
    return _UNWRITABLE.sub("\ufffd", text)


def _text(value: str | None) -> str | None:
    return None if value is None else written(value)


def _no_flag(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a yes or no is no number")  # noqa: TRY004 - pydantic reads ValueError alone
    return value


def _amount(value: Decimal | None) -> Decimal | None:
    """Amounts below a million million, however many decimals they carry."""
    if value is not None:
        exponent = value.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < _FINEST or abs(value) >= MOST_AMOUNT:
            raise ValueError("no amount of money")
    return value


def moment_of(text: str) -> datetime:
    """A moment as it may come: with Z, with an offset, or (in old recordings) bare, which means UTC."""
    moment = datetime.fromisoformat(text.strip())
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no moment of our time") from error


def _moment(value: Any) -> Any:
    """Only text is a moment: a bare number could be seconds or days, since anything."""
    if value is None or isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise ValueError("a moment is text")  # noqa: TRY004 - pydantic reads ValueError alone
    return moment_of(value)


Text = Annotated[str | None, AfterValidator(_text)]
Amount = Annotated[Decimal | None, BeforeValidator(_no_flag), AfterValidator(_amount)]
Units = Annotated[int, BeforeValidator(_no_flag), Field(ge=-MOST_UNITS, le=MOST_UNITS)] | None
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
