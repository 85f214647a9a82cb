"""The vocabulary of policies tried out before they count: previews on today's stock, and back-tests on our history.

As in `store.events.base`: frozen models in the past tense, kinds never renamed, members only added.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from store.events.base import Event, Part


class PolicyPreviewed(Event):
    """What a buffer policy would change on the stock and demand of its moment; by offer: `policy_preview_rows`.

    Expected figures are of a week, as if all of it were as now.
    """

    kind: ClassVar[str] = "policy.previewed"
    preview_id: UUID
    # the draft
    level: str
    key: str
    from_on: date
    is_removal: bool = False
    percent: Decimal | None = None
    units: int | None = None
    combine: str | None = None
    risk: str | None = None
    alpha: Decimal | None = None
    oversell_cost_amount: Decimal | None = None
    minimum: int | None = None
    maximum: int | None = None
    # on what it was worked out
    batch_id: str
    batch_at: datetime
    offer_count: int
    windows_weekly: float  # batches that land in a week
    # what it would change
    changed_count: int
    units_change: int
    before_oversells: float  # offers oversold, counted once a batch
    after_oversells: float
    before_lost_units: float  # sales missed for what is held back
    after_lost_units: float
    before_cost_amount: Decimal  # of overselling, and the margin of missed sales
    after_cost_amount: Decimal
    currency: str

    @property
    def subject(self) -> str:
        return str(self.preview_id)

    @property
    def natural_key(self) -> str:
        return f"policy.previewed/{self.preview_id}"


class StockBatchRecalled(Event):
    """A stock batch from before our first was read, for back-tests alone; nothing is listed by it. `stock_rows`."""

    kind: ClassVar[str] = "stock_batch.recalled"
    batch_id: str
    read_id: UUID
    batch_kind: str
    as_of: datetime
    row_count: int
    changed_count: int

    @property
    def subject(self) -> str:
        return self.batch_id

    @property
    def natural_key(self) -> str:
        return f"stock_batch.recalled/{self.read_id}"


class TrialPart(Part):
    """One of the two policies of a back-test."""

    side: str  # a or b
    policy: str  # in words
    brier_score: float | None  # none: nothing was listed
    is_beyond: bool  # more oversells happened than the predictions allow


class TrialWeekPart(Part):
    """What one policy would have come to in one week."""

    side: str
    week_on: date  # its Monday
    window_count: int
    listed_units: int  # summed over the windows
    wanted_units: int
    sold_units: int
    lost_units: int
    oversells: int  # offers oversold, counted once a window
    oversold_units: int
    lost_amount: Decimal  # margin of what was missed
    oversold_amount: Decimal  # cost of what was sold and was not there


class TrialTenthPart(Part):
    """Offers and windows whose predicted chance lay in one tenth: 0 is below 10 %, 9 from 90 %."""

    side: str
    tenth: int
    case_count: int
    predicted: float  # the sum of the chances
    happened: int
    squares: float  # the sum of (chance - outcome)²


class BackTestFinished(Event):
    """Two policies were replayed on our own history."""

    kind: ClassVar[str] = "back_test.finished"
    test_id: UUID
    from_on: date
    until_on: date  # not included
    first_at: datetime | None  # the first and the last window that could be replayed; none: no window
    last_at: datetime | None
    window_count: int
    offer_count: int
    left_out_count: int  # offers and windows in which goods came: their pool cannot be read
    currency: str
    trials: tuple[TrialPart, ...]
    weeks: tuple[TrialWeekPart, ...]
    tenths: tuple[TrialTenthPart, ...]

    @property
    def subject(self) -> str:
        return str(self.test_id)

    @property
    def natural_key(self) -> str:
        return f"back_test.finished/{self.test_id}"
