"""The trying part of the inventory: what a buffer policy would change on today's stock and demand.

It reads what is stored (the newest batch, the sales since, the demand as last measured), asks nobody outside, sends
nothing, and writes down what it found: the sums as an event, the largest changes by offer as a series. Where there
is nothing to work on yet, it says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import polars as pl

from store.events import PolicyPreviewed
from sync.flows.inventory_basis import Basis, basis, entries, policy_day
from sync.flows.inventory_batches import newest
from sync.flows.inventory_board import board
from sync.flows.inventory_risk import Foresight, foreseen, wanted, with_risk
from sync.flows.inventory_window import weekly_windows
from sync.rules.policies import Entry
from sync.rules.previews import MEASURES, Effect, effect, listed
from sync.rules.risk import assessed
from sync.runs import Run

MOST_KEPT = 500  # offers kept by name, the largest changes first
_WEEK_HOURS = 168.0
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Draft:
    """A policy somebody thinks of setting, or of ending (then its entry says nothing)."""

    preview_id: UUID
    actor: str
    entry: Entry
    is_removal: bool


def preview_policy(run: Run, draft: Draft, tell: Tell) -> Effect | None:
    """Work it out and write it down; None: there is nothing to work on yet, the run's note says why."""
    batch = newest(run)
    found = basis(run, batch) if batch else None
    ahead = foreseen(run, found) if found else None
    if found is None or ahead is None:
        run.note = (
            "Demand was not measured yet: ask again when the inventory has run once."
            if found
            else "There is no complete stock batch yet: nothing is listed that a policy could change."
        )
        return None
    tell("working out every offer as the policies stand")
    windows = weekly_windows(run, found)
    before = _as_listed(run, found, ahead, draft, [], windows=windows)
    tell(f"working out {before.height} offers with the new policy")
    after = _as_listed(run, found, ahead, draft, [draft.entry], windows=windows)
    seen = effect(before, after, windows)
    _keep(run, found, draft, seen, windows)
    return seen


def _as_listed(
    run: Run, found: Basis, ahead: Foresight, draft: Draft, more: Sequence[Entry], *, windows: float
) -> pl.DataFrame:
    """Every offer as it would be listed on the day the draft begins, on the stock of now."""
    run.check()
    on = max(draft.entry.from_on, policy_day(run.now()))
    rows = board(run, found, until=ahead.span.window.until, policies=[*entries(run), *more], on=on)
    offers = listed(with_risk(run, rows, ahead), found.caution)
    # listed by what is left of this window; judged by a whole one, for a week is made of those
    return assessed(wanted(run, offers, ahead, _WEEK_HOURS / windows))


def _keep(run: Run, found: Basis, draft: Draft, seen: Effect, windows: float) -> None:
    columns = [f"{when}_{name}" for when in ("before", "after") for name in MEASURES]
    told = {"read_id": pl.lit(str(draft.preview_id)), "previewed_at": pl.lit(run.now())}
    run.house.journal.append_series(
        "policy_preview_rows", seen.changes.head(MOST_KEPT).select("sku", "base", *columns, **told)
    )
    entry, before, after = draft.entry, seen.before, seen.after
    said = entry.members
    members: dict[str, Any] = {
        "percent": said.percent, "units": said.units, "combine": said.combine, "risk": said.risk,
        "alpha": said.alpha, "oversell_cost_amount": said.oversell_cost, "minimum": said.minimum,
        "maximum": said.maximum,
    }  # fmt: skip
    event = PolicyPreviewed(
        happened_at=run.now(), actor=draft.actor, preview_id=draft.preview_id, level=entry.level, key=entry.key,
        from_on=entry.from_on, is_removal=draft.is_removal, **members, batch_id=found.batch.batch_id,
        batch_at=found.batch.as_of, offer_count=seen.offer_count, windows_weekly=windows,
        changed_count=seen.changed_count, units_change=seen.units_change,
        before_oversells=before.week.oversells, after_oversells=after.week.oversells,
        before_lost_units=before.week.turned_away_units, after_lost_units=after.week.turned_away_units,
        before_cost_amount=before.cost_amount, after_cost_amount=after.cost_amount,
        currency=run.house.settings.currency,
    )  # fmt: skip
    run.record([event])
