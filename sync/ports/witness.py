"""Who else stands outside: who is told of every exchange, and who calls people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


class Messenger(Protocol):
    """Calls people along routes that are named in the settings."""

    def send(self, route: str, title: str, body: str) -> None:
        """Raises Retriable if the route does not take it; the message names no address."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call and its answer, as the witness is told: no key, no personal data in it."""

    snapshot_id: UUID
    source: str  # "marketplace" or "erp"
    resource: str  # the operation, e.g. "OR11" or "salesOrder"
    method: str
    path: str  # with query; no host
    seen_at: datetime
    status: int  # 0: no answer came
    latency_ms: int
    request_body: bytes
    body: bytes
    dated: str = ""  # what their clock said: the Date header, as it came


class Witness(Protocol):
    """Where the clients leave what was said; must be quick and thread-safe."""

    def __call__(self, exchange: Exchange, /) -> None: ...
