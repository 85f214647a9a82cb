"""How soon an order that may be sent is posted to BlueCherry, polled as often as the settings say.

What counts is when the call was made, not when it was written down that it is about to be. An order that was not
posted at all has waited until the end, so one that waits for ever breaks the bound. The shop has as many orders as
BlueCherry's usual budget of calls allows: beyond that the budget would be what is measured.
"""

import os
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from store.clock import Clock
from store.database import open_database
from sync.clients.clock import SandboxClock
from sync.settings import Settings
from tests.bench.ground import ROOT, Row, sandbox, unless

MINUTES = 5
BUSY = ("--start", "2026-11-20T10:00:00Z", "--days", "0.02", "--skus", "200", "--orders-per-day", "1200")
WAITED = """
with posted as (
    select said.order_id, min(call.seen_at) as posted_at
    from events as said
    join snapshots as call on call.snapshot_id = said.snapshot_id
    where said.kind in ('intent.confirmed', 'intent.refused', 'intent.unclear')
        and (said.body ->> 'intent_kind') = 'create_sales_order'
    group by said.order_id
),

waited as (
    select
        placed.order_id,
        posted.posted_at is null as is_waiting,
        coalesce(posted.posted_at, $until) - placed.debited_at as waited,
    from order_facts as placed
    left join posted on posted.order_id = placed.order_id
    left join order_hold_facts as hold on hold.order_id = placed.order_id and hold.reason is not null
    -- those that could be sent while it was at work; what was placed before our start is looked for first
    where not placed.is_before_start
        and placed.debited_at > (select min(started_at) from run_facts where flow = 'orders') + to_seconds($poll)
        and (posted.posted_at is not null or (placed.state = 'SHIPPING' and hold.order_id is null))
)

select
    max(waited) as longest,
    median(waited) filter (not is_waiting) as usual,
    count(*) filter (not is_waiting) as posted_count,
    count(*) filter (is_waiting) as waiting_count,
from waited
"""


def measure(folder: Path) -> list[Row]:
    """A few minutes of a busy shop, in real time."""
    store = folder / "prompt.duckdb"
    with sandbox(*BUSY, "--live") as settings:
        os.environ.update(settings)
        usually = Settings(_env_file=None)
        clock: Clock = SandboxClock(usually.clock)
        worker = subprocess.Popen(
            [sys.executable, "-m", "sync", "run"], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | {"CHERRYLANE_STORE": str(store)},
        )  # fmt: skip
        time.sleep(MINUTES * 60)
        until = clock.now()
        worker.terminate()
        worker.wait(60)
    return [judged(store, usually.orders_every, until, usually.erp_requests_per_minute)]


def judged(store: Path, poll: int, until: datetime, budget: int | None) -> Row:
    """The row of a store in which a worker was at work until then; `budget`: calls a minute BlueCherry allows."""
    with open_database(store) as database, database.connect() as connection:
        longest, usual, posted, waiting = connection.execute(WAITED, {"poll": poll, "until": until}).fetchall()[0]
    assert posted, "no order was posted in these minutes"
    allowed = timedelta(seconds=poll + 2)
    return Row(
        f"an order that may be sent is posted, polled every {poll} s ({posted} orders in {MINUTES} minutes,"
        f" {waiting} still waiting at their end; at most {budget} calls a minute to BlueCherry)",
        f"{longest.total_seconds():.1f} s at most, {usual.total_seconds():.1f} s usually",
        f"{longest / allowed:.2f} of one poll and two seconds",
        unless(longest <= allowed, f"An order waited {longest.total_seconds():.1f} s, over a poll and 2 s."),
    )
