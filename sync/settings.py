"""Configuration, from the environment or `.env`, prefix CHERRYLANE_. Nothing is guessed from the host.

Raises pydantic's ValidationError; `doctor` turns it into sentences.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Everything the worker is told from outside."""

    model_config = SettingsConfigDict(env_prefix="CHERRYLANE_", env_file=".env", extra="ignore", frozen=True)

    marketplace_url: str = Field(min_length=1)
    marketplace_key: SecretStr
    marketplace_shop_id: str = Field(min_length=1)
    marketplace_model: Literal["MARKETPLACE", "DROPSHIP"] = "MARKETPLACE"
    marketplace_tenant: str = ""  # empty: whichever answers
    erp_kind: Literal["rest"] = "rest"
    erp_url: str = Field(min_length=1)
    erp_key: SecretStr
    erp_timezone: str = Field(min_length=1)
    erp_customer: str = "JLM"  # the house account of the marketplace
    erp_visibility_minutes: int | None = None  # how long a created order may stay invisible; none: a person decides
    erp_requests_per_minute: int | None = 60
    erp_concurrency: int = Field(default=8, ge=1, le=16)

    store: Path = Path("var/cherrylane.duckdb")
    store_token: SecretStr | None = None
    clock: str = "system"
    start_on: datetime | None = None  # orders created before it are adopted; none: the first start's moment
    first_mappings: dict[str, dict[str, str]] = Field(default_factory=dict)  # set once, where none is set yet

    sku_template: str = "{division}-{style}-{color_code}-{label}-{dimension}-{size}"
    destination: str = "JLM"  # the catalogue destination that lists a SKU on this channel
    currency: str = "GBP"

    catalogue_every: int = 3600  # seconds
    inventory_every: int = 60
    orders_every: int = 60
    dispatch_every: int = 60
    settlement_every: int = 900
    watch_every: int = 30
    overlap_minutes: int = 10  # re-scan of what may have been missed
    history_days: int = 60  # how far back the first start reads

    warehouses: tuple[str, ...] = ()  # allowed to sell from; none: those the warehouse mapping names
    buffer_percent: Decimal = Decimal(5)
    buffer_units: int = 1
    buffer_policy: Literal["max", "sum"] = "max"
    minimum_quantity: int = 1
    maximum_listed: int | None = None
    clock_skew_seconds: int = 120
    open_order_horizon_days: int = 14
    batch_max_age_hours: int = 12

    acceptance_hours: int = 24  # the operator's window; the marketplace does not tell it
    personal_days: int = 400
    body_days: int = 400
    bulk_body_days: int = 7
    roles: dict[str, str] = Field(default_factory=dict)  # e-mail → role; empty: the role in the command counts

    def every(self, flow: str) -> timedelta:
        """How often a flow runs."""
        return timedelta(seconds=int(getattr(self, f"{flow}_every")))

    @property
    def overlap(self) -> timedelta:
        return timedelta(minutes=self.overlap_minutes)
