"""Configuration, from the environment or `.env`, prefix CHERRYLANE_. Nothing is guessed from the host.

Law: whatever is missing or wrong is named in a sentence that says what to do, never with its value.
"""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError


class StoreSettings(BaseSettings):
    """Where the store is: all that looking into it needs."""

    model_config = SettingsConfigDict(env_prefix="CHERRYLANE_", env_file=".env", extra="ignore", frozen=True)

    store: Path = Path("var/cherrylane.duckdb")
    store_token: SecretStr | None = None
    clock: str = "system"


class AlertRoute(BaseModel):
    """Somebody to call: where (a secret), and about what."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(min_length=1)
    to: SecretStr  # an address as the apprise library reads it: mailto://…, slack://…, workflows://…, json://…
    kinds: tuple[str, ...] = ()  # of exceptions; none: all
    severity: Literal["urgent", "high", "normal", "low"] = "high"  # at least so bad
    teams: tuple[Literal["ops", "finance", "it"], ...] = ()  # none: all
    batch_minutes: int = Field(default=10, ge=0)  # between two messages, but for a deadline within the hour
    quiet: str = ""  # London's hours in which only deadlines call: 22:00-07:00

    @field_validator("quiet")
    @classmethod
    def _is_a_span(cls, words: str) -> str:
        if words and len(parsed_times(words.replace("-", ","))) != 2:
            raise ValueError(f"{words!r} is no span of hours; write it like 22:00-07:00")
        return words

    @property
    def quiet_hours(self) -> tuple[time, time] | None:
        """From and until, which may be over midnight."""
        begin, _, end = self.quiet.partition("-")
        return (parsed_times(begin)[0], parsed_times(end)[0]) if end else None


class Settings(StoreSettings):
    """Everything the worker is told from outside."""

    marketplace_url: str = Field(min_length=1)
    marketplace_key: SecretStr
    marketplace_shop_id: str = Field(min_length=1)
    marketplace_model: Literal["MARKETPLACE", "DROPSHIP"] = "MARKETPLACE"
    marketplace_tenant: str = ""  # empty: whichever answers
    erp_url: str = Field(min_length=1)
    erp_key: SecretStr
    erp_timezone: str = Field(min_length=1)
    erp_customer: str = "JLM"  # the house account of the marketplace
    erp_visibility_minutes: int | None = None  # how long a created order may stay invisible; none: a person decides
    erp_requests_per_minute: int | None = 60
    erp_concurrency: int = Field(default=2, ge=1, le=16)

    start_on: datetime | None = None  # orders created before it are adopted; none: the first start's moment
    first_mappings: dict[str, dict[str, str]] = Field(default_factory=dict)  # set once, where none is set yet

    sku_template: str = "{division}-{style}-{color_code}-{label}-{dimension}-{size}"
    destination: str = "JLM"  # the catalogue destination that lists a SKU on this channel
    currency: str = "GBP"

    catalogue_every: int = 3600  # seconds
    inventory_every: int = 60
    orders_every: int = 60
    dispatch_every: int = 60
    returns_every: int = 900
    settlement_every: int = 900
    watch_every: int = 30
    alerts_every: int = 30
    overlap_minutes: int = 10  # re-scan of what may have been missed
    history_days: int = 60  # how far back the first start reads
    counted_within_hours: int = Field(default=36, ge=1)  # of a day's end its orders are counted on both sides

    warehouses: tuple[str, ...] = ()  # allowed to sell from; none: those the warehouse mapping names
    held_lots: tuple[str, ...] = ()  # nothing is sold from, once a FULL batch is read: QA, seconds
    # the buffer where no policy says otherwise
    buffer_percent: Decimal = Field(default=Decimal(5), ge=0, le=100, decimal_places=2)
    buffer_units: int = Field(default=1, ge=0)
    buffer_policy: Literal["max", "sum"] = "max"
    buffer_risk: Literal["none", "service_level", "worst_case", "newsvendor"] = "service_level"
    risk_alpha: Decimal = Field(default=Decimal("0.01"), gt=0, lt=1)  # the most an oversell may be likely
    oversell_cost: Decimal = Field(default=Decimal(60), gt=0)  # of one unit, in the shop's currency
    record_error: tuple[
        float, ...
    ] = ()  # chances that a stock record shows 1, 2, … units too many; by cycle counts
    minimum_quantity: int = Field(default=1, ge=0)
    maximum_listed: int | None = Field(default=None, ge=0)
    clamp_warehouses: bool = False  # each warehouse counts at least zero; only where stock is never re-sourced
    clock_skew_seconds: int = Field(default=120, ge=0)
    orders_fresh_seconds: int = Field(default=120, ge=1)  # quantities are computed on sales known so recently
    batch_deducts_open_orders: bool = True  # the batch takes open sales orders off, not only allocated ones
    marketplace_deducts_sales: bool = True  # the marketplace lowers its offer itself when it takes an order

    batch_times: str = ""  # when the ERP begins to post stock, in its zone: 06:00,12:00,18:00
    batch_every: int | None = Field(default=None, ge=1)  # or every so many minutes
    batch_takes: int = Field(default=30, ge=0)  # minutes a posting takes
    publish_takes: int = Field(default=15, ge=0)  # minutes from there to the marketplace, until it was measured
    batch_max_age_hours: int = Field(default=12, ge=1)
    batch_hard_age_hours: int = Field(default=24, ge=1)
    aged_buffer_factor: Decimal = Field(default=Decimal(2), ge=1, decimal_places=2)
    decide_all_up_to: int = Field(default=10_000, ge=0)  # offers; of more, a run decides those something touched
    aged_thin_units: int = Field(default=0, ge=0)  # a base below it is not listed; 0: all are
    aged_freezes_increases: bool = True
    overaged_thin_units: int = Field(default=5, ge=0)

    refunded_by: Literal["john_lewis", "seller"] = "john_lewis"  # who gives the money of returns back; never both
    refund_reason: str = ""  # the reason John Lewis is told where we refund: one of RE01's for refunds
    reasons_without_return: tuple[str, ...] = ()  # John Lewis's reasons for refunds after which no goods come back

    accepts_returns: Literal["fitting", "none"] = "fitting"  # which returns we accept by ourselves, where asked
    accepts: Literal["all", "fulfilable"] = "fulfilable"  # which orders we accept by ourselves, where we are asked
    refuses_zero_stock: bool = False  # refuse by ourselves what a fresh batch has not one unit of
    acceptance_hours: int = 24  # the operator's window; the marketplace does not tell it
    personal_days: int = 400
    body_days: int = 400
    bulk_body_days: int = 7
    alerts: tuple[AlertRoute, ...] = ()  # whom to call; none: nobody
    site_url: str = "http://localhost:8501"  # where the dashboard answers: links in alerts lead there
    query_patience_seconds: float = Field(default=60.0, gt=0)  # a longer question makes the worker start again
    roles: dict[str, str] = Field(default_factory=dict)  # e-mail → role; empty: the role in the command counts
    approvers: tuple[str, ...] = ()  # e-mail addresses with the right to approve, where roles are configured

    @field_validator("marketplace_url", "erp_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError("must be an address that begins with https://")
        return value

    @field_validator("erp_timezone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, OSError, ValueError) as error:
            raise ValueError("must be a time zone such as America/New_York") from error
        return value

    @field_validator("batch_times")
    @classmethod
    def _are_times(cls, words: str) -> str:
        parsed_times(words)
        return words

    @field_validator("record_error")
    @classmethod
    def _are_chances(cls, chances: tuple[float, ...]) -> tuple[float, ...]:
        if any(not 0 <= chance <= 1 for chance in chances) or sum(chances) > 1:
            raise ValueError("must be chances between 0 and 1 that add up to at most 1, such as [0.02, 0.005]")
        return chances

    @field_validator("alerts")
    @classmethod
    def _have_names_of_their_own(cls, routes: tuple[AlertRoute, ...]) -> tuple[AlertRoute, ...]:
        if len({one.name for one in routes}) != len(routes):
            raise ValueError("two routes have one name; each needs its own")
        return routes

    @model_validator(mode="after")
    def _ages_are_in_order(self) -> Self:
        if self.batch_hard_age_hours < self.batch_max_age_hours:
            raise ValueError(
                f"BATCH_HARD_AGE_HOURS ({self.batch_hard_age_hours}) is less than BATCH_MAX_AGE_HOURS "
                f"({self.batch_max_age_hours}): a batch is old before it is too old"
            )
        return self

    @model_validator(mode="after")
    def _refunds_have_a_reason(self) -> Self:
        if self.refunded_by == "seller" and not self.refund_reason:
            raise ValueError(
                "REFUNDED_BY is seller, and REFUND_REASON does not say which of John Lewis's reasons a refund is "
                "given"
            )
        return self

    @property
    def batch_moments(self) -> tuple[time, ...]:
        """When the ERP begins to post stock, in its zone."""
        return parsed_times(self.batch_times)

    def every(self, flow: str) -> timedelta:
        """How often a flow runs."""
        return timedelta(seconds=int(getattr(self, f"{flow}_every")))

    @property
    def overlap(self) -> timedelta:
        return timedelta(minutes=self.overlap_minutes)


class WrongSettings(Exception):
    """A setting is missing or wrong; `sentences` name each and say what to do."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("; ".join(sentences))
        self.sentences = sentences


def read_settings() -> Settings:
    """The configuration as it is set. Raises WrongSettings."""
    try:
        return Settings()
    except SettingsError as error:  # a setting that holds a table is no JSON; its value may be a secret
        name = str(error).partition('"')[2].partition('"')[0].upper()
        raise WrongSettings([f"CHERRYLANE_{name}: must be JSON; {_WHERE}"]) from error
    except ValidationError as error:
        raise WrongSettings([_sentence(one) for one in error.errors()]) from error


def _sentence(one: ErrorDetails) -> str:
    said = one["msg"].removeprefix("Value error, ")
    what = "is missing" if one["type"] == "missing" else f"{said[:1].lower()}{said[1:]}"
    name = "_".join(str(part) for part in one["loc"]).upper()  # none: settings that do not fit together
    return f"CHERRYLANE_{name}: {what}; {_WHERE}" if name else f"{said}; {_WHERE}"


_WHERE = "set it in the environment or in .env"


def parsed_times(words: str) -> tuple[time, ...]:
    """`06:00,12:00` as times of day, in order.

    Raises:
        ValueError: a part is no time of day; the message names it.

    """
    found = []
    for word in filter(None, (part.strip() for part in words.split(","))):
        try:
            found.append(datetime.strptime(word, "%H:%M").replace(tzinfo=UTC).time())
        except ValueError as wrong:
            raise ValueError(f"{word!r} is no time of day; write them like 06:00,12:00,18:00") from wrong
    return tuple(sorted(set(found)))
