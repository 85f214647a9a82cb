"""Values written into SQL text: the one place where it happens.

Quack can bind the text of a statement but not the values inside it. Law: a value reaches SQL text only
through `literal`, which knows a closed list of types and refuses every other; a placeholder is `$name`, and
only outside of quotes and comments.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

# Quoted text, quoted names and comments are stepped over, so a `$name` in them stays what it is.
_PIECES = re.compile(
    r"""(?P<skip>'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\$\$.*?\$\$)|(?<![\w$])\$(?P<name>[A-Za-z_]\w*)""",
    re.DOTALL,
)
_INT64 = 2**63
_DECIMAL_DIGITS = 38


def literal(value: object) -> str:  # noqa: C901, PLR0911 - one type, one line
    """One Python value as one SQL literal of the type that binding it would give."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return text_literal(value)
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, float):
        return f"cast('{value!r}' as double)" if math.isfinite(value) else _refuse(value)
    if isinstance(value, UUID):
        return f"cast('{value}' as uuid)"
    if isinstance(value, datetime):
        return f"timestamptz '{_utc(value):%Y-%m-%d %H:%M:%S.%f}+00'"
    if isinstance(value, date):
        return f"date '{value:%Y-%m-%d}'"
    if isinstance(value, timedelta):
        micros = (value - timedelta(days=value.days)) // timedelta(microseconds=1)
        return f"(to_days({value.days}) + to_microseconds({micros}))"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(literal(each) for each in value) + "]"
    return _refuse(value)


def text_literal(value: str) -> str:
    """Text in single quotes, quotes doubled: DuckDB gives nothing else in it a meaning."""
    if "\0" in value:
        raise ValueError("text with a NUL character cannot be a value")
    value.encode()  # half a surrogate pair is no text either: raises UnicodeEncodeError, a ValueError
    return "'" + str.__str__(value).replace("'", "''") + "'"


def fill(sql: str, values: Mapping[str, object]) -> str:
    """The statement with every `$name` replaced by its literal. Raises ValueError if names do not match."""
    check_names(sql, values)
    return _PIECES.sub(lambda found: found[0] if found["skip"] else literal(values[found["name"]]), sql)


def check_names(sql: str, values: Mapping[str, object]) -> None:
    """Raise ValueError unless the statement asks for exactly these names."""
    asked = {found["name"] for found in _PIECES.finditer(sql) if found["name"]}
    if asked != set(values):
        missing, unused = sorted(asked - set(values)), sorted(set(values) - asked)
        raise ValueError(f"the question and its values do not match: missing {missing}, not asked for {unused}")


def bound(values: Mapping[str, object]) -> dict[str, object]:
    """The same values, ready to be bound by DuckDB itself; what has no literal is refused here too."""
    for value in values.values():
        if isinstance(value, list) and all(type(each) is str for each in value):
            text_literal("".join(value))  # many names at once are looked through as one
        else:
            literal(value)
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> object:
    """A value as the plain type that DuckDB binds: no subclass of text, no tuple, moments in UTC."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value


def _integer(value: int) -> str:
    number = int(value)
    if -_INT64 < number < _INT64:
        return f"({number})" if number < 0 else str(number)
    return _refuse(value)


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        return _refuse(value)
    text = f"{value:f}"
    places = len(text.partition(".")[2])
    digits = max(len(text.lstrip("-").replace(".", "")), 1)
    if digits > _DECIMAL_DIGITS:
        return _refuse(value)
    return f"cast('{text}' as decimal({digits}, {places}))"


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be a value")
    return value.astimezone(UTC)


def _refuse(value: object) -> str:
    raise TypeError(f"a {type(value).__name__} like this cannot be a value of a question")
