"""How soon an order that may be sent is on its way to BlueCherry, polled as often as the settings say.

It is on its way once it is written down that it is about to be sent, which is done just before the call. The shop
is so busy that BlueCherry's usual budget of calls would be what is measured: it is raised, and the row says so.
"""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from store.database import open_database
from sync.settings import Settings
from tests.bench.ground import ROOT, Row, sandbox, unless

MINUTES = 5
BUDGET = 600  # calls a minute
UNPACED = {"CHERRYLANE_ERP_REQUESTS_PER_MINUTE": str(BUDGET)}
BUSY = ("--start", "2026-11-20T10:00:00Z", "--days", "0.02", "--skus", "200", "--orders-per-day", "12000")
WAITED = """
with meant as (
    select order_id, min(meant_at) as meant_at
    from intent_facts
    where intent_kind = 'create_sales_order'
    group by order_id
)

select max(meant_at - debited_at) as longest, median(meant_at - debited_at) as usual, count(*) as order_count
from meant
join order_facts as placed using (order_id)
-- those that could be sent while it was at work
where debited_at > (select min(started_at) from run_facts where flow = 'orders') + to_seconds($poll)
"""


def measure(folder: Path) -> list[Row]:
    """A few minutes of a busy shop, in real time."""
    store = folder / "prompt.duckdb"
    with sandbox(*BUSY, "--live") as settings:
        worker = subprocess.Popen(
            [sys.executable, "-m", "sync", "run"], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | settings | UNPACED | {"CHERRYLANE_STORE": str(store)},
        )  # fmt: skip
        time.sleep(MINUTES * 60)
        worker.terminate()
        worker.wait(60)
        os.environ.update(settings)
        usually = Settings(_env_file=None)
    poll = usually.orders_every
    with open_database(store) as database, database.connect() as connection:
        longest, usual, count = connection.execute(WAITED, {"poll": poll}).fetchall()[0]
    assert count, "no order could be sent in these minutes"
    allowed = timedelta(seconds=poll + 2)
    return [
        Row(
            f"an order that may be sent is meant to be, just before the call, polled every {poll} s ({count} orders"
            f" in {MINUTES} minutes; BlueCherry's call budget raised from {usually.erp_requests_per_minute} to"
            f" {BUDGET} a minute)",
            f"{longest.total_seconds():.1f} s at most, {usual.total_seconds():.1f} s usually",
            f"{longest / allowed:.2f} of one poll and two seconds",
            unless(longest <= allowed, f"An order waited {longest.total_seconds():.1f} s, over a poll and 2 s."),
        )
    ]
