"""How a story is told to a real store: the store, the one who writes it, and what every story needs.

Law: nothing here writes a fact; everything goes through the journal, as in the house.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import polars as pl

from store import events
from store.database import Database, open_database
from store.journal import Journal
from tests.empty import lay_empty_store

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SHIRT = "NMK-04117-WHT-A--M"
_PLACE = UUID("4a8c3a2e-63a5-4f6a-8d8e-0d2f1c9b7a11")


def key_of(sku: str) -> str:
    """The sku_key the test SKUs have: their parts, by bars."""
    return sku.replace("-", "|")


def thing(name: str) -> UUID:
    """A UUID by name, so that a test can speak of it."""
    return uuid5(_PLACE, name)


@dataclass
class StandingClock:
    """A clock that stands still."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


@dataclass
class Teller:
    """A store and the one writer of it."""

    path: Path
    now: datetime = NOW
    serves: bool = False  # whether the dashboard may ask it over the wire
    database: Database = field(init=False)
    journal: Journal = field(init=False)

    def __post_init__(self) -> None:
        if not self.path.exists():
            lay_empty_store(self.path)
        self.database = open_database(self.path, serves=self.serves)
        self.clock = StandingClock(self.now)
        self.journal = Journal(self.database, self.clock, shop="4107")
        self._versions = 0
        self._waiting: list[events.Event] | None = None

    def close(self) -> None:
        self.journal.close()
        self.database.close()

    def tell(self, *told: events.Event, **more: Any) -> None:
        if self._waiting is None:
            self.journal.append(told, **more)
        else:
            self._waiting += told

    @contextlib.contextmanager
    def in_one_go(self) -> Iterator[None]:
        """A long story: what is told within is written in one append at its end."""
        self._waiting = []
        yield
        waiting, self._waiting = self._waiting, None
        self.journal.append(waiting)

    def beat(self, *, doing: str = "") -> None:
        self.journal.beat(pid=4711, doing=doing)

    def intent(
        self,
        kind: str,
        subject: str,
        state: str,
        *,
        order_id: str = "",
        reference: str = "",
        code: str = "",
        message: str = "",
        answered: str = "",
        payload: Mapping[str, Any] | None = None,
        at: datetime | None = None,
        intent_id: UUID | None = None,
    ) -> None:
        """Something was meant, and became `recorded`, `confirmed`, `refused` or `unclear`."""
        intent_id, at = intent_id or thing(f"{kind}/{subject}/{at}"), at or self.now - HOUR
        about: dict[str, Any] = {
            "happened_at": at, "intent_id": intent_id, "intent_kind": kind, "intent_subject": subject,
            "order_id": order_id,
        }  # fmt: skip
        self.tell(events.IntentRecorded(**about, payload=dict(payload or {})))
        outcomes = {
            "confirmed": events.IntentConfirmed, "refused": events.IntentRefused, "unclear": events.IntentUnclear,
        }  # fmt: skip
        if state in outcomes:
            said = {"reference": reference, "code": code, "message": message, "answered": answered}
            self.tell(outcomes[state](**about, **said))

    def described(self, topic: str, value: Any) -> None:
        """An outside system said what it is."""
        self.tell(events.MarketplaceDescribed(happened_at=self.now - HOUR, topic=topic, value=value))

    def _series(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        frame = pl.DataFrame([dict(row) for row in rows], infer_schema_length=None)
        columns = [pl.col(name).cast(pl.String) for name in ("read_id", "push_id") if name in frame.columns]
        self.journal.append_series(table, frame.with_columns(columns))

    def _next(self) -> int:
        self._versions += 1
        return self._versions
