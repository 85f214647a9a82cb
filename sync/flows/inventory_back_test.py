"""The replaying part of the inventory: two buffer policies on the weeks of our own history that somebody chose.

It reads the past stock batches that were never read here, gathers what happened (order lines, sales orders, pools),
lets `sync.rules.replay` decide every batch anew, and writes down what each policy would have come to. Nothing is
sent. Where the past does not reach, it says so; stopped, it goes on from the batches it has when asked again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl

from store.events import BackTestFinished, TrialPart, TrialTenthPart, TrialWeekPart
from sync.flows.inventory_basis import (
    LONDON,
    age_limits,
    demand_events,
    entries,
    fallback,
    policy_day,
    record_errors,
    timetable,
    warehouses,
)  # fmt: skip
from sync.flows.inventory_demand import listed_at_none
from sync.flows.inventory_recall import recall
from sync.flows.inventory_risk import margins
from sync.flows.inventory_window import publishing
from sync.rules.policies import Entry, resolve
from sync.rules.record_error import MOST_UNITS, convolved, with_errors
from sync.rules.replay import LOOKS_BACK, Batch, History, Terms, Window, replay
from sync.rules.timetable import next_due
from sync.rules.trials import Tally, tally, week_of
from sync.runs import Run

WARMS_UP = timedelta(days=7)  # batches before the first week, so that the others' demand is known in it
_MINUTE = timedelta(minutes=1)
Tell = Callable[[str], None]

# A SKU name two live SKUs share is nobody's.
_SKUS = """
with sold as (
    select
        sku, any_value(sku_key) as sku_key, any_value(multiple)::bigint as multiple,
        any_value(division) as division, any_value(category) as category, any_value(style) as style,
    from sku_facts
    where is_active and is_listed and not is_gone
    group by sku
    having count(*) = 1
)

select sold.*,
from sold
join offer_facts as offer on offer.sku = sold.sku and not offer.is_gone
order by sold.sku
"""

# What never reached BlueCherry and is not wanted any more was no sale. Where the moment of entry is not known (an
# order from before our time), it is the usual one.
_SALES = """
with entries as (
    select line.order_line_id, min(head.entered_at) as entered_at
    from sales_line_facts as line
    join sales_order_facts as head on head.ord_num = line.ord_num
    where line.order_line_id <> ''
    group by line.order_line_id
),

usual as (
    select coalesce(median(epoch(entries.entered_at - line.placed_at)), 900) as seconds
    from entries
    join order_line_facts as line on line.order_line_id = entries.order_line_id
    where entries.entered_at >= line.placed_at
)

select
    line.sku,
    line.placed_at as sold_at,
    line.quantity::bigint as units,
    coalesce(entries.entered_at, line.placed_at + to_seconds(usual.seconds)) as entered_at,
from order_line_facts as line
cross join usual
left join entries on entries.order_line_id = line.order_line_id
where line.placed_at >= $since and line.quantity > 0
    and not (entries.order_line_id is null and line.state in ('REFUSED', 'CANCELED'))
order by line.placed_at, line.order_line_id
"""

# Where each SKU has a record now stands for the past; how many units it showed then does not matter.
_RECORDS = """
select distinct sku_key, location, $most::bigint as on_hand
from stock_facts
where list_contains($warehouses, location)
"""

# Every batch whose stock is known here, with what was said of the next and when its numbers took effect, if seen.
_BATCHES = """
with known as (
    select batch_id from batch_reading_facts where read_id is not null
    union
    select batch_id from batch_recall_facts
)

select
    seen.batch_id, seen.as_of, seen.completed_at, seen.next_expected_at,
    coalesce(shown.shown_at, agreed.happened_at) as shown_at,
from known
join stock_batch_facts as seen on seen.batch_id = known.batch_id
left join batches_shown($now) as shown on shown.batch_id = known.batch_id
left join batch_agreement_facts as agreed on agreed.batch_id = known.batch_id
where seen.completed_at is not null and seen.as_of >= $since
order by seen.as_of, seen.batch_id
"""


@dataclass(frozen=True, slots=True)
class Tried:
    """One side of a back-test: in words, and a policy beside those in force; none: as things stand now."""

    side: str
    words: str
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class BackTest:
    """What somebody wants to know."""

    test_id: UUID
    actor: str
    from_on: date
    until_on: date
    sides: tuple[Tried, ...]


def back_test(run: Run, asked: BackTest, tell: Tell) -> Tally | None:
    """Replay it and write it down; None: the past does not reach there, the run's note says how far it does."""
    since, until = _midnight(asked.from_on), _midnight(asked.until_on)
    recall(run, since - WARMS_UP, tell)
    tell("gathering what happened")
    history = gather(run, since)
    if not history.sales.height:
        run.note = "No order is known here: there is nothing to replay."
        return None
    settings = run.house.settings
    terms = Terms(
        skew=timedelta(seconds=settings.clock_skew_seconds),
        publishing=publishing(run),
        usual_delay=0.0,
        deducts_sales=settings.marketplace_deducts_sales,
        limits=age_limits(settings),
    )
    windows: list[datetime] = []
    steps = _told(run, replay(history, _policies(run, history.skus, asked), terms, since, until), windows, tell)
    seen = tally(steps)
    if not seen.window_count:
        first = history.batches[0].as_of.astimezone(LONDON) if history.batches else None
        run.note = (
            f"No stock batch of these days can be replayed: the stock is known here from {first:%-d %B} on."
            if first
            else "No stock batch of these days is known here, and BlueCherry shows none."
        )
        return None
    run.record([_event(run, asked, history, seen, windows)])
    return seen


def gather(run: Run, since: datetime) -> History:
    """What happened, from as far back as a replay from that moment looks."""
    ask, now = run.house.ask, run.now()
    costs = resolve(ask(_SKUS), entries(run), policy_day(now), fallback(run.house.settings))
    places = warehouses(run)
    names = ("sku", "sku_key", "division", "category", "style", "multiple")
    skus = costs.select(*names, cost_amount="oversell_cost_amount")
    batches = ask(_BATCHES, {"since": since - WARMS_UP, "now": now}).to_dicts()
    moves = ask(
        "from pool_moves($places, $since, $until, with_recalled := true)",
        {
            "places": sorted(places),
            "since": batches[0]["as_of"] if batches else now,
            "until": now,
        },
    )
    if wrong := record_errors(run, places):
        skus = with_errors(skus, convolved(ask(_RECORDS, {"warehouses": sorted(wrong), "most": MOST_UNITS}), wrong))
    return History(
        skus.join(margins(run), on="sku", how="left", maintain_order="left"),
        ask(_SALES, {"since": since - LOOKS_BACK}),
        moves,
        _batches(run, batches),
        listed_at_none(run, since - LOOKS_BACK, now),
        demand_events(run),
    )


def _batches(run: Run, rows: Sequence[dict[str, Any]]) -> tuple[Batch, ...]:
    """Each in effect when it was seen to be, or nothing of it was to send; else as long after it as others took.

    None sooner than the one before: while that one's file stands open, nothing newer can show.
    """
    table, takes = timetable(run.house.settings), publishing(run)
    found: list[Batch] = []
    before: datetime | None = None  # when this one was due, as known at the one before
    for row in rows:
        due = next_due(row["as_of"], row["next_expected_at"], table).at
        in_effect_at = row["shown_at"] or row["completed_at"] + takes
        found.append(
            Batch(
                as_of=row["as_of"],
                in_effect_at=max(in_effect_at, found[-1].in_effect_at) if found else in_effect_at,
                due_at=due or row["as_of"],
                delay=(row["completed_at"] - before) / _MINUTE if before else None,
            )
        )
        before = due or row["as_of"]
    return tuple(found)


def _policies(run: Run, skus: pl.DataFrame, asked: BackTest) -> dict[str, pl.DataFrame]:
    """The policies of each side, as they would apply today were its own set: what is more specific still wins."""
    bare, known = skus.select("sku", "division", "category"), entries(run)
    today, beneath = policy_day(run.now()), fallback(run.house.settings)
    sides = {}
    for tried in asked.sides:
        more = [] if tried.entry is None else [tried.entry]
        sides[tried.side] = resolve(bare, [*known, *more], today, beneath).drop("division", "category")
    return sides


def _told(run: Run, steps: Iterator[Window], windows: list[datetime], tell: Tell) -> Iterator[Window]:
    """The same windows, with a word at each new week; stops when the worker is stopped."""
    week: date | None = None
    for step in steps:
        run.check()
        windows.append(step.began_at)
        if week != week_of(step.began_at):
            week = week_of(step.began_at)
            tell(f"replaying the week of {week:%-d %B}")
        yield step


def _event(
    run: Run, asked: BackTest, history: History, seen: Tally, windows: Sequence[datetime]
) -> BackTestFinished:
    return BackTestFinished(
        happened_at=run.now(), actor=asked.actor, test_id=asked.test_id, from_on=asked.from_on,
        until_on=asked.until_on, first_at=windows[0], last_at=windows[-1], window_count=seen.window_count,
        offer_count=history.skus.height, left_out_count=seen.left_out, currency=run.house.settings.currency,
        trials=tuple(
            TrialPart(
                side=tried.side, policy=tried.words, brier_score=seen.brier(tried.side),
                is_beyond=seen.is_beyond(tried.side),
            )
            for tried in asked.sides
        ),
        weeks=tuple(_week(row) for row in seen.weeks.to_dicts()),
        tenths=tuple(
            TrialTenthPart(
                side=row["side"], tenth=row["tenth"], case_count=row["cases"], predicted=row["predicted"],
                happened=row["happened"], squares=row["squares"],
            )
            for row in seen.tenths.to_dicts()
        ),
    )  # fmt: skip


def _week(row: dict[str, Any]) -> TrialWeekPart:
    amounts = {name: Decimal(str(round(row[name], 6))) for name in ("lost_amount", "oversold_amount")}
    names = ("side", "week_on", "listed_units", "wanted_units", "sold_units", "lost_units", "oversells")
    return TrialWeekPart(
        **{name: row[name] for name in names},
        window_count=row["windows"],
        oversold_units=row["oversold_units"],
        **amounts,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), LONDON)
