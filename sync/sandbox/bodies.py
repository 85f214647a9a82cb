"""Reading a JSON body as both pretend systems do.

Law: what cannot be read is a ValueError, whatever is wrong with it; what can be read can also be written back.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any


def read_json(raw: bytes, *, number: Callable[[str], Any] = Decimal) -> Any:
    """The document, its numbers as exact as they were written: as decimals, or as their text.

    Raises:
        ValueError: it is no JSON, has half of a character in it, or is nested deeper than any document.

    """
    try:
        document = json.loads(raw, parse_float=number, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if b"\\u" in raw:
        _check_text(document)
    return document


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _check_text(value: Any) -> None:
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, str):
            inner.encode()
        elif isinstance(inner, dict):
            waiting += [*inner, *inner.values()]
        elif isinstance(inner, list):
            waiting += inner
