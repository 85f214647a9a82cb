"""Puts the clients together from plain values; the only place that knows headers and limits of both systems."""

from collections.abc import Mapping

import httpx

from store.clock import Clock
from sync.clients.bluecherry import BlueCherry
from sync.clients.budget import MIRAKL_LIMITS, Budget, Limit, Pace
from sync.clients.http import Door, Patience, Timeouts
from sync.clients.mirakl import Mirakl
from sync.ports import Witness

_IN_FLIGHT_WHEN_PACED = 2


def open_marketplace(
    url: str,
    key: str,
    shop_id: str,
    clock: Clock,
    witness: Witness,
    *,
    limits: Mapping[str, tuple[Limit, ...]] = MIRAKL_LIMITS,
    timeouts: Timeouts | None = None,
    patience: Patience | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Mirakl:
    """The marketplace at `url`, with its bare key and published limits."""
    door = Door(
        url,
        {"Authorization": key},
        source="marketplace",
        clock=clock,
        witness=witness,
        budget=Budget(clock, limits),
        timeouts=timeouts,
        patience=patience,
        transport=transport,
    )
    return Mirakl(door, shop_id=shop_id)


def open_erp(  # noqa: PLR0917 - the six values of the settings, in their order
    url: str,
    key: str,
    timezone: str,
    clock: Clock,
    witness: Witness,
    requests_per_minute: int | None = None,
    *,
    in_flight: int | None = None,
    timeouts: Timeouts | None = None,
    patience: Patience | None = None,
    transport: httpx.BaseTransport | None = None,
) -> BlueCherry:
    """The ERP at `url`; without `requests_per_minute` it is asked as fast as it answers."""
    if in_flight is None and requests_per_minute is not None:
        in_flight = _IN_FLIGHT_WHEN_PACED
    door = Door(
        url,
        {"Ocp-Apim-Subscription-Key": key},
        source="erp",
        clock=clock,
        witness=witness,
        budget=Budget(clock, {}),
        pace=Pace(requests_per_minute, in_flight),
        timeouts=timeouts,
        patience=patience,
        transport=transport,
    )
    return BlueCherry(door, timezone=timezone)
