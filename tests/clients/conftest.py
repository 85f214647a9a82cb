"""A door to a tiny app instead of a network: each test writes the app that answers it.

Law: our own code is real here; only the other side of the wire is made up.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sync.clients.bluecherry import BlueCherry
from sync.clients.budget import Budget, Limit
from sync.clients.connect import open_erp, open_marketplace
from sync.clients.http import Door, Patience
from sync.clients.mirakl import Mirakl
from sync.ports import Exchange

App = Callable[[httpx.Request], httpx.Response]
QUICK = Patience(attempts=3, first_pause=0.0, longest_pause=0.0, jitter=0.0)


@dataclass
class Clock:
    """A clock that moves when told to."""

    moment: datetime = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, **span: float) -> None:
        self.moment += timedelta(**span)


@dataclass
class Outside:
    """The other side of the wire, and what was said across it."""

    clock: Clock = field(default_factory=Clock)
    exchanges: list[Exchange] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def transport(self, app: App) -> httpx.MockTransport:
        def answer(request: httpx.Request) -> httpx.Response:
            request.read()
            self.requests.append(request)
            return app(request)

        return httpx.MockTransport(answer)

    def door(self, app: App, **limits: tuple[Limit, ...]) -> Door:
        return Door(
            "https://outside.example",
            {"Authorization": "very-secret-key"},
            source="marketplace",
            clock=self.clock,
            witness=self.exchanges.append,
            budget=Budget(self.clock, limits),
            patience=QUICK,
            transport=self.transport(app),
            sleep=self.pauses.append,
        )

    def marketplace(self, app: App, **options: Any) -> Mirakl:
        return open_marketplace(
            "https://market.example",
            "very-secret-key",
            "4107",
            self.clock,
            self.exchanges.append,
            patience=QUICK,
            transport=self.transport(app),
            **options,
        )

    def erp(self, app: App, *, timezone: str = "America/New_York") -> BlueCherry:
        return open_erp(
            "https://erp.example/NORTHMOOR",
            "very-secret-key",
            timezone,
            self.clock,
            self.exchanges.append,
            patience=QUICK,
            transport=self.transport(app),
        )


@pytest.fixture
def outside() -> Outside:
    return Outside()
