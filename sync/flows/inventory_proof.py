"""The accounting part of the inventory: once a night, whether the chances we listed by kept their word.

Every window that ended since is held against what happened (`sync.rules.foretold`) and written down: what was
said, in tenths, and what came, until the next batch was listed by and until the chances' own time was over. The
verdict is on seven days: more oversells than right chances would pass in one week of a hundred are an exception. A
window is told only when the batches after both show what the others drew, so the newest come a night later.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from store.events import ForetoldTenthPart, ProvedTenthPart, ProvedWindowPart, RiskProved
from sync.flows.inventory_back_test import gather
from sync.rules import draws
from sync.rules.foretold import Came, Said, Verdict, came
from sync.rules.progress import day_of, is_new_day
from sync.runs import Run

PROVED_ON = "inventory.proved_on"
PERIOD = timedelta(days=7)

# Each batch from when its numbers were first weighed until the next one's were, as far as the batches reach.
_WINDOWS = """
with weighed as (
    select
        subject as batch_id,
        min(happened_at) as began_at,
        arg_min(body ->> 'lands_at', (happened_at, seq))::timestamptz as lands_at,
    from events
    where kind = 'risk.assessed' and happened_at >= $since
    group by subject
),

windows as (
    select
        weighed.batch_id,
        seen.as_of as batch_at,
        weighed.began_at,
        lead(weighed.began_at) over (order by weighed.began_at) as ended_at,
        weighed.lands_at,
    from weighed
    join stock_batch_facts as seen on seen.batch_id = weighed.batch_id
)

select *,
from windows
where ended_at is not null
    and greatest(ended_at, lands_at) <= (select max(as_of) from batch_reading_facts where read_id is not null)
    and batch_id not in (select batch_id from risk_outcome_facts)
order by began_at
"""

# How each offer stood listed at a moment, and what was said of it.
_SAID = """
select
    sku,
    arg_max(base, assessed_at) as base,
    arg_max(quantity, assessed_at) as quantity,
    arg_max(own_chance, assessed_at) as chance,
from stock_risk_rows
where assessed_at <= $at
group by sku
order by sku
"""

_TOLD = """
select
    count(distinct batch_id) as windows,
    coalesce(sum(case_count), 0)::bigint as cases,
    coalesce(sum(predicted), 0)::double as predicted,
    coalesce(sum(happened), 0)::bigint as happened,
    coalesce(sum(squares), 0)::double as squares,
from risk_outcome_facts
where ended_at >= $since and ended_at < $until
"""


def prove(run: Run) -> None:
    """The night's look, if it is due."""
    now = run.now()
    if not is_new_day(run.bookmark(PROVED_ON), now):
        return
    found = _came(run, now)
    if found:
        run.record([_event(run, found, now)], bookmarks={PROVED_ON: day_of(now)})
        run.counts["windows_proved"] += len(found)
    else:
        run.record(bookmarks={PROVED_ON: day_of(now)})


def _came(run: Run, now: datetime) -> list[Came]:
    windows = run.rows(_WINDOWS, {"since": now - PERIOD})
    if not windows:
        return []
    history = gather(run, windows[0]["batch_at"])
    if not history.batches:
        return []
    fallen = draws.falls(history.moves, history.batches[-1].as_of)
    found = []
    for window in windows:
        run.check()
        offers = run.house.ask(_SAID, {"at": window["began_at"]})
        live = offers.join(history.skus.select("sku"), on="sku", how="semi", maintain_order="left")
        found.append(came(history, fallen, Said(**window, offers=live)))
    return found


def _event(run: Run, found: Sequence[Came], now: datetime) -> RiskProved:
    since = now - PERIOD
    before = run.rows(_TOLD, {"since": since, "until": now})[0]
    new = pl.concat(one.tenths.drop("oversold") for one in found)
    cases = before["cases"] + int(new["cases"].sum())
    squares = before["squares"] + float(new["squares"].sum())
    verdict = Verdict(
        before["predicted"] + float(new["predicted"].sum()), before["happened"] + int(new["happened"].sum())
    )
    return RiskProved(
        happened_at=now, since_at=since, until_at=now, window_count=before["windows"] + len(found),
        case_count=cases, predicted=verdict.predicted, happened=verdict.happened, most_expected=verdict.most,
        is_beyond=verdict.is_beyond, brier_score=squares / cases if cases else None,
        windows=tuple(_part(one) for one in found),
    )  # fmt: skip


def _part(one: Came) -> ProvedWindowPart:
    return ProvedWindowPart(
        batch_id=one.said.batch_id, batch_at=one.said.batch_at, began_at=one.said.began_at,
        ended_at=one.said.ended_at, left_out_count=one.left_out,
        tenths=tuple(
            ProvedTenthPart(**_sums(row), oversold=tuple(row["oversold"])) for row in one.tenths.to_dicts()
        ),
        lands_at=one.said.lands_at,
        foretold=tuple(ForetoldTenthPart(**_sums(row)) for row in one.foretold.to_dicts()),
    )  # fmt: skip


def _sums(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "case_count": row["cases"],
        **{name: row[name] for name in ("tenth", "predicted", "happened", "squares")},
    }
