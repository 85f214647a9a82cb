"""From a FULL batch of 500,000 SKUs in three warehouses to the quantities to push, against DuckDB reading the rows.

First by the rules alone, from the file's rows to what is to be sent, on what is known of the offers; then as the
worker does it, on a real store: the batch is read, checked, compared with the one before and written down, then
every offer is decided. The rows come from a CSV file instead of pages of JSON, and reading it is part of our time
as it is of DuckDB's. What risk holds back has a bench of its own (`risk`).
"""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl

from store import reads, reads_risk
from sync.flows.inventory_basis import fallback, policy_day
from sync.flows.inventory_batches import look
from sync.rules import policies
from sync.rules.policies import resolve
from sync.rules.pushes import BOARD, Terms, decide
from sync.rules.sellable import BUCKETS, supply
from sync.rules.stock_rows import normalised
from tests.bench.ground import Row, timed, unless
from tests.bench.stock_shop import (
    CHANGED,
    COMPLETE_AFTER,
    EVERY,
    FEW,
    ORDERS,
    PLACES,
    SELLING,
    SKUS,
    SOON,
    T_B,
    UPDATES,
    Shop,
    opened,
    prepare,
)

MOST_TIMES = 3

# The same rows, read and added up by SKU, and no more.
_AGGREGATE = """
select
    sku_key,
    sum(on_hand - linked - allocated - picked - damaged - held) filter (location in ('WH1', 'WH2')) as supply,
from read_csv($path)
group by sku_key
"""


def measure(folder: Path) -> list[Row]:
    """One run, in a process of its own: its memory is that of the measured work alone."""
    prepare(folder)
    words = [sys.executable, "-m", "tests.bench.stock", str(folder)]
    ended = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return [Row(**row) for row in json.loads(ended.stdout)]


def _measured(folder: Path) -> list[Row]:
    took: dict[str, float] = {}
    with timed(took, "duckdb"), duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(_AGGREGATE, {"path": str(folder / "B2.csv")}).pl()
    with opened(folder) as shop:
        offers = shop.board().drop("supply", "scheduled", *BUCKETS, *policies.COLUMNS)
        shop.moment = T_B + EVERY + COMPLETE_AFTER
        with timed(took, "rules"):
            delta = _by_the_rules(shop, offers)
        peak = _peak()
        with timed(took, "read"):
            look(shop.run)
        with timed(took, "decide"):
            decision = shop.decided()
            due = decision.rows.height
        assert shop.decided_on == "B2"
        assert SKUS * CHANGED / 2 < delta.height == due
        with timed(took, "send"):
            shop.send(decision)
        whole_peak = _peak()
        shop.moment += EVERY - timedelta(minutes=4)
        shop.whole_run()  # as every ten minutes: all offers, and the risk of each
        shop.arrive()
        shop.moment += timedelta(minutes=2)
        shop.whole_run()
        shop.moment += timedelta(minutes=2)
        updates = [_update(shop, name) for name in UPDATES]
        few = min(updates, key=lambda one: one.busy)
        with timed(took, "totals"):
            assert reads.stock_totals(shop.run.house.ask, shop.moment)["published_count"] == SKUS
        with timed(took, "risks"):
            assert not reads_risk.stock_risk(shop.run.house.ask, shop.moment).is_empty()
        whole = took["read"] + took["decide"]
        return [
            Row(
                f"FULL batch of {SKUS:,} SKUs in {len(PLACES)} warehouses to {delta.height:,} quantities to push",
                f"{took['rules']:.1f} s",
                f"{took['rules'] / took['duckdb']:.1f} times DuckDB's {took['duckdb']:.1f} s to read and add up",
                unless(
                    took["rules"] <= MOST_TIMES * took["duckdb"],
                    f"A FULL batch takes more than {MOST_TIMES} times what DuckDB takes to read and add it up.",
                ),
            ),
            Row(
                "   memory at its peak",
                f"{peak:,.0f} MB",
                f"{peak / 2048:.2f} of 2 GB",
                unless(peak <= 2048, "A FULL batch takes more than 2 GB."),
            ),
            Row(
                "   the same through the store, checked and written down",
                f"{whole:.1f} s (read {took['read']:.1f}, decided {took['decide']:.1f}), {whole_peak:,.0f} MB",
                f"{whole / took['duckdb']:.1f} times",
            ),
            Row(
                "   and the quantities to push written down, with what made each, when they are sent",
                f"{took['send']:.1f} s",
                f"{(whole + took['send']) / took['duckdb']:.1f} times with the rest",
            ),
            Row(
                f"   a DELTA of {FEW:,} SKUs after it, read, decided with its risk, sent and written down",
                f"{few.took * 1000:.0f} ms ({few.busy * 1000:.0f} ms of work)",
                f"{few.decided:,} offers decided, {few.published:,} sent; the quickest of {len(updates)}",
                unless(few.busy < 1, f"An update of {FEW:,} SKUs takes a second of work or more."),
            ),
            Row(
                "   what the Stock screen shows of them: the totals, and what may cost most",
                f"{took['totals'] * 1000:.0f} ms, {took['risks'] * 1000:.0f} ms",
            ),
        ]


@dataclass(frozen=True, slots=True)
class Update:
    """What a DELTA of a few SKUs came to: seconds on the clock and of work, offers decided and sent.

    Work is bounded, not the clock: a machine that does something else besides takes no more of it.
    """

    took: float
    busy: float
    decided: int
    published: int


def _update(shop: Shop, name: str) -> Update:
    took: dict[str, float] = {}
    before = time.process_time()
    with timed(took, "few"):
        few = shop.whole_run()
    busy = time.process_time() - before
    assert shop.decided_on == name
    assert FEW <= few["decided"] <= FEW + ORDERS  # what was in flight may be inside the newer batch
    assert FEW / 2 < few["published"] <= FEW
    shop.arrive()
    shop.moment += SOON
    return Update(took["few"], busy, few["decided"], few["published"])


def _by_the_rules(shop: Shop, offers: pl.DataFrame) -> pl.DataFrame:
    """What to send of the second batch, from its rows and what is known of the offers."""
    ((rows, _),) = shop.inventory("B2")
    pooled = supply(normalised(rows), SELLING)
    offered = offers.join(pooled, on="sku_key", how="left", maintain_order="left")
    settings = shop.run.house.settings
    drawn = resolve(offered, (), policy_day(shop.moment), fallback(settings))
    return decide(drawn.select(list(BOARD)), Terms("B2", may_rise=True)).rows


def _peak() -> float:
    """The most memory this process ever had, in MB; `getrusage` would count its parent's before the start, too."""
    told = Path("/proc/self/status").read_text()
    return int(told.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    print(json.dumps([asdict(row) for row in _measured(Path(sys.argv[1]))]))
