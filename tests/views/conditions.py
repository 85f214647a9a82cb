"""What the tests of what is wrong share: the rows of that moment, by kind and subject."""

from datetime import datetime, timedelta
from typing import Any

from store.database import Ask
from tests.told import DAY, NOW

MINUTE = timedelta(minutes=1)
YEAR = 365 * DAY


def wrong(ask: Ask, at: datetime = NOW, **options: int) -> dict[tuple[str, str], dict[str, Any]]:
    named = "".join(f", {name} := {value}" for name, value in options.items())
    rows = ask(f"select * from conditions($at{named})", {"at": at}).to_dicts()
    return {(row["kind"], row["subject"]): row for row in rows}
