"""What comes back over the wire, before anybody judges it: how much of it, what it says, and how long to wait.

The law: nothing here fails for what an answer holds. A body larger than any we ask for is not read to its end, one
that is no JSON (or nested deeper than anything anybody means) is nothing, and a wait nobody means is a year.
"""

import re
from collections.abc import Mapping
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from store.clock import wall_now
from sync.clients.redact import Redaction, parse, render

# The largest page we ask for (500 stock rows) has a quarter of a megabyte.
MOST_BYTES = 64 * 1024 * 1024
LONGEST_WAIT = timedelta(days=366)
_SECONDS = re.compile(r"[0-9]+(\.[0-9]*)?")


def content_of(response: httpx.Response) -> tuple[bytes, bool]:
    """The body, and whether that is all of it: nobody sends us this much, so we stop listening.

    Raises:
        httpx.RequestError: it broke off, or cannot be unpacked.

    """
    parts: list[bytes] = []
    size = 0
    try:
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > MOST_BYTES:
                return b"".join(parts), False
    finally:
        response.close()
    return b"".join(parts), True


def read_body(content: bytes, redaction: Redaction | None) -> tuple[Any, bytes | None]:
    """The JSON of a body and what is kept of it: itself where it holds nobody, else without its people.

    Both are None where it cannot be read.
    """
    try:
        data = parse(content)
        return data, content if redaction is None else render(redaction.document(data))
    except (ValueError, RecursionError):
        return None, None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as the other side said; None where it did not, or not understandably."""
    given = headers.get("Retry-After", "").strip()
    try:
        if _SECONDS.fullmatch(given):
            seconds = float(given)
        else:
            moment = parsedate_to_datetime(given)
            moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
            seconds = (moment - wall_now()).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), LONGEST_WAIT.total_seconds())
