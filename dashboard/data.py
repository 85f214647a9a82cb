"""The dashboard's readings: the one place that asks the store, and says how fresh the answer is.

Law: old data is never passed off as new. `pulse` is asked for at each refresh; its `as_of` is the worker's own
business moment, and its staleness is judged by the machine's clock.
"""

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st

from store import reads, reads_desk, reads_orders, reads_risk, reads_stock
from store.clock import wall_now
from store.reads import Ask, Heartbeat
from store.window import StoreState, Window

STALE_SECONDS = 30.0
TOTALS_SECONDS = 8.0

Goods = reads_stock.Goods
ALL_GOODS = reads_stock.ALL_GOODS

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the worker is doing, and of when the data is."""

    state: StoreState
    beat: Heartbeat | None
    as_of: datetime
    age_seconds: float
    speed: float = 1.0  # business seconds to a real one

    @property
    def is_away(self) -> bool:
        """Whether somebody holds the store and does not answer: nothing can be read, and nothing is known."""
        return not (self.state.is_serving or self.state.is_stopped)

    @property
    def is_fresh(self) -> bool:
        """Whether what is shown may be believed to be so now."""
        return self.state.is_serving and self.beat is not None and self.age_seconds <= STALE_SECONDS

    @property
    def can_send(self) -> bool:
        """Whether somebody is there to take a command."""
        return self.state.is_serving

    @property
    def why_not(self) -> str:
        """Why buttons that need the worker are disabled; empty: they are not."""
        if self.can_send:
            return ""
        if self.is_away:
            return "The worker holds the store but does not answer: it is starting, very busy or stuck."
        return "The worker is stopped. Start it with `cherrylane run`."

    def now(self) -> datetime:
        """The business moment at this instant, run on from the last heartbeat; an old one is not run on."""
        if not self.is_fresh or self.beat is None:
            return self.as_of
        since = (wall_now() - self.beat.wall_at).total_seconds()
        return self.as_of + timedelta(seconds=self.speed * min(max(since, 0.0), STALE_SECONDS))


@st.cache_resource(max_entries=8, show_spinner=False)
def _window(path: str, token: str | None) -> Window:
    return Window(Path(path), token)


def window() -> Window:
    """Our view into the store named by CHERRYLANE_STORE."""
    path = os.environ.get("CHERRYLANE_STORE") or "var/cherrylane.duckdb"
    return _window(str(Path(path).absolute()), os.environ.get("CHERRYLANE_STORE_TOKEN") or None)


def pulse() -> Pulse:
    """How the worker is, asked now. Raises StoreError if the store cannot be read."""
    st.session_state["is_fresh"] = False
    found = _felt()
    st.session_state["is_fresh"] = found.is_fresh
    return found


def is_fresh() -> bool:
    """Whether the pulse last felt was fresh: what is drawn may be green."""
    return bool(st.session_state.get("is_fresh", False))


def _felt() -> Pulse:
    state = window().state()
    # Who holds the store without answering answers no question either: to ask would only take longer.
    is_silent = not (state.is_serving or state.is_stopped)
    beat = None if is_silent else reads.heartbeat(window().ask)
    now = wall_now()
    if beat is None:
        return Pulse(state, None, now, 0.0)
    return Pulse(state, beat, beat.domain_at, max((now - beat.wall_at).total_seconds(), 0.0), _speed(beat))


def _speed(beat: Heartbeat) -> float:
    """How fast the business clock runs, from the last heartbeats; a sandbox's may stand still, or leap."""
    seen: list[Heartbeat] = st.session_state.setdefault("beats", [])
    if not seen or beat.wall_at > seen[-1].wall_at:
        seen.append(beat)
        del seen[:-3]
    # the slower of two steps: a leap is over by the time it is seen
    steps = [(new.domain_at - old.domain_at) / (new.wall_at - old.wall_at) for old, new in itertools.pairwise(seen)]
    return max(min(steps, default=1.0), 0.0)


@st.cache_data(ttl=TOTALS_SECONDS, max_entries=24, show_spinner=False)
def _totals(path: str, room: str, _as_of: datetime) -> dict[str, Any]:
    del path  # the key: one row for each store and room
    readers = {
        "today": reads.today,
        "stock": reads.stock_totals,
        "money": reads.money_totals,
        "audit": reads_stock.stock_audit_totals,
    }
    return readers[room](window().ask, _as_of)


def today(as_of: datetime) -> dict[str, Any]:
    """The totals of orders, dispatch and the house; asked again after a few seconds, for the question is large."""
    return _totals(str(window().path), "today", as_of)


def stock_totals(as_of: datetime) -> dict[str, Any]:
    """The totals of stock."""
    return _totals(str(window().path), "stock", as_of)


def stock_audit_totals(as_of: datetime, goods: Goods = ALL_GOODS) -> dict[str, Any]:
    """How many offers differ, and in which way."""
    if goods != ALL_GOODS:
        return reads_stock.stock_audit_totals(window().ask, as_of, goods=goods)
    return _totals(str(window().path), "audit", as_of)


@st.cache_data(ttl=TOTALS_SECONDS, max_entries=8, show_spinner=False)
def _choices(path: str, _as_of: datetime) -> list[dict[str, Any]]:
    del path  # the key
    return reads_stock.stock_choices(window().ask, _as_of).to_dicts()


def stock_choices(as_of: datetime) -> list[dict[str, Any]]:
    """By what the stock can be narrowed; asked again after a few seconds, for the question is large."""
    return _choices(str(window().path), as_of)


@st.cache_data(ttl=TOTALS_SECONDS, max_entries=24, show_spinner=False)
def _styles(path: str, _as_of: datetime, words: str, limit: int) -> list[dict[str, Any]]:
    del path  # the key
    return reads_stock.style_choices(window().ask, _as_of, words, limit=limit).to_dicts()


def style_choices(as_of: datetime, words: str, limit: int) -> list[dict[str, Any]]:
    """Styles some words fit; asked again after a few seconds, as `stock_choices`."""
    return _styles(str(window().path), as_of, words, limit)


def money_totals(as_of: datetime) -> dict[str, Any]:
    """The totals of money."""
    return _totals(str(window().path), "money", as_of)


def _asking(reader: Callable[Concatenate[Ask, P], R]) -> Callable[P, R]:
    """A reading of the store through our window."""

    def asked(*arguments: P.args, **named: P.kwargs) -> R:
        return reader(window().ask, *arguments, **named)

    return asked


order_hours = _asking(reads.order_hours)
flows = _asking(reads.flows)
runs = _asking(reads.runs)
api_budget = _asking(reads.api_budget)
causes = _asking(reads.causes)
exceptions = _asking(reads.exceptions)
wrong_of_cause = _asking(reads_desk.wrong_of_cause)
exception_history = _asking(reads_desk.exception_history)
exception_evidence = _asking(reads_desk.exception_evidence)
exception_records = _asking(reads_desk.exception_records)
order_edits = _asking(reads_desk.order_edits)
order_commands = _asking(reads_desk.order_commands)
orders = _asking(reads.orders)
order_states = _asking(reads.order_states)
order_places = _asking(reads.order_places)
order = _asking(reads.order)
order_lines = _asking(reads.order_lines)
order_misfits = _asking(reads.order_misfits)
drift = _asking(reads_orders.drift)
order_systems = _asking(reads_orders.order_systems)
order_money = _asking(reads_orders.order_money)
order_documents = _asking(reads_orders.order_documents)
order_returns = _asking(reads_orders.order_returns)
unclear_in_erp = _asking(reads_orders.unclear_in_erp)
order_funnel = _asking(reads_orders.order_funnel)
order_timeline = _asking(reads.order_timeline)
payload = _asking(reads.payload)
personal = _asking(reads.personal)
inventory = _asking(reads_stock.inventory)
inventory_states = _asking(reads_stock.inventory_states)
sku = _asking(reads.sku)
publications = _asking(reads.publications)
stock_window = _asking(reads_risk.stock_window)
stock_risk = _asking(reads_risk.stock_risk)
stock_aside = _asking(reads_stock.stock_aside)
work_orders = _asking(reads_stock.work_orders)
risk_calibration = _asking(reads_risk.risk_calibration)
risk_reliability = _asking(reads_risk.risk_reliability)
risk_proof = _asking(reads_risk.risk_proof)
risk_grid = _asking(reads_risk.risk_grid)
buffer_spending = _asking(reads_risk.buffer_spending)
sales_rate = _asking(reads_risk.sales_rate)
sku_demand_events = _asking(reads_risk.sku_demand_events)
trading_hours = _asking(reads_risk.trading_hours)
sku_risk = _asking(reads_stock.sku_risk)
stock_share = _asking(reads_stock.stock_share)
stock_audit = _asking(reads_stock.stock_audit)
stock_history = _asking(reads_stock.stock_history)
stock_inflight = _asking(reads_stock.stock_inflight)
stock_walk = _asking(reads_stock.stock_walk)
batches = _asking(reads_stock.batches)
mappings = _asking(reads.mappings)
unmapped = _asking(reads.unmapped)
mapping_uses = _asking(reads.mapping_uses)
mapping_things = _asking(reads_desk.mapping_things)
buffer_policies = _asking(reads.buffer_policies)
policy_previews = _asking(reads_risk.policy_previews)
policy_preview_of = _asking(reads_risk.policy_preview_of)
running_trials = _asking(reads_risk.running_trials)
back_tests = _asking(reads_risk.back_tests)
back_test_weeks = _asking(reads_risk.back_test_weeks)
back_test_reliability = _asking(reads_risk.back_test_reliability)
policy_preview_changes = _asking(reads_risk.policy_preview_changes)
described = _asking(reads.described)
dispatch = _asking(reads.dispatch)
dispatch_states = _asking(reads.dispatch_states)
deadline_hours = _asking(reads.deadline_hours)
deadlines = _asking(reads.deadlines)
settlement = _asking(reads.settlement)
ledger = _asking(reads.ledger)
profit = _asking(reads.profit)
command_results = _asking(reads.command_results)
command_outcomes = _asking(reads.command_outcomes)
