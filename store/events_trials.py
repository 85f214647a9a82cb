"""The vocabulary of policies tried out before they count: previews on today's stock, and back-tests on our history.

As in `store.events`: frozen models in the past tense, kinds never renamed, members only added.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from store.events import Event


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
