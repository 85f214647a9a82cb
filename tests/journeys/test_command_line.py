"""The command line, as people type it: alone with the store, and beside a running worker."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from sync.__main__ import app
from tests.journeys.conftest import FLOWS

SCOPES = ("stock", "orders", "shipments", "settlement", "catalogue")
STATUS = {
    "orders": {"seen", "in_erp", "held", "cancelled", "shipped", "confirmed"},
    "stock": {"skus", "published", "at_risk", "mismatched"},
    "settlement": {"lines", "matched", "unexplained_amount", "journals"},
    "store": {"events", "bytes", "worker"},
}
FORBIDDEN = (
    "drop table events",
    "insert into mapping_facts select * from mapping_facts",
    "select * from read_csv('/etc/passwd')",
)
PREVIEW = re.compile("would be|are new or changed|differ from")  # each scope's sentence begins with a number
Typed = Callable[..., Result]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Typed]:
    """`typed(home)("status", "--json")`: `cherrylane status --json` in the surroundings of that house."""

    def at(home: Any) -> Typed:
        for name, value in home.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("COLUMNS", "200")

        def type_(*words: str, ends: int = 0) -> Result:
            ended = CliRunner().invoke(app, list(words))
            if ended.exception is not None and not isinstance(ended.exception, SystemExit):
                raise ended.exception
            assert ended.exit_code == ends, ended.output
            return ended

        return type_

    return at


def written(home: Any) -> int:
    """How often either system was asked to change something."""
    return sum(
        one["method"] != "GET" for system in ("john_lewis", "bluecherry") for one in home.sandbox.requests(system)
    )


def peaceful(house: Callable[..., Any]) -> Any:
    home = house(orders_per_day=20)
    home.sandbox.scenario("no_hand_edits")
    home.sandbox.scenario("relaxed_limits")
    return home


def test_before_anything_has_run_each_command_says_what_to_do(
    house: Callable[..., Any], typed: Callable[[Any], Typed]
) -> None:
    home = peaceful(house)
    cherrylane = typed(home)

    assert "cherrylane run" in cherrylane("status", ends=1).stderr
    assert "cherrylane run" in cherrylane("sql", "select 1", ends=1).stderr
    assert "fix store: there is none" in cherrylane("doctor", ends=1).stdout
    assert "there is no flow nonsense" in cherrylane("once", "nonsense", ends=2).stderr
    assert "there is no backup in" in cherrylane("restore", str(home.store.parent), ends=1).stderr


def test_alone_with_the_store_every_command_does_its_work_itself(
    house: Callable[..., Any], typed: Callable[[Any], Typed], tmp_path: Path
) -> None:
    home = peaceful(house)
    cherrylane = typed(home)

    ran = cherrylane("once").stdout.splitlines()
    assert [line.split()[:2] for line in ran[1:]] == [[name, "succeeded"] for name in FLOWS]
    told = json.loads(cherrylane("status", "--json").stdout)
    assert {flow["name"]: flow["state"] for flow in told["flows"]} == dict.fromkeys(FLOWS, "succeeded")
    assert told["store"]["worker"] == "stopped"
    for topic, names in STATUS.items():
        assert set(told[topic]) >= names
    assert "worker: stopped" in cherrylane("status").stdout
    assert "fix" not in cherrylane("doctor").stdout

    order_id, sku = look_at_everything(home, cherrylane)
    before = written(home)
    assert "catalogue succeeded" in cherrylane("resync", "catalogue").stdout
    assert "orders succeeded" in cherrylane("resync", f"order:{order_id}").stdout
    assert written(home) == before
    assert "There is no scope 'everything'" in cherrylane("resync", "everything", ends=1).stderr
    assert "inventory" in cherrylane("resync", f"stock:{sku}").stdout
    said = try_policies(home, cherrylane)
    assert "working out every offer" in said
    assert "replaying the week of" in said

    copies = tmp_path / "copies"
    assert "Backup made and verified" in cherrylane("backup", str(copies)).stdout
    seen = cherrylane("sql", "select count(*) as n from order_facts", "--format", "json").stdout
    home.sandbox.scenario("burst")
    cherrylane("once", "orders")
    assert "Restored and verified" in cherrylane("restore", str(copies)).stdout
    assert cherrylane("sql", "select count(*) as n from order_facts", "--format", "json").stdout == seen
    assert cherrylane("rebuild", "--check").stdout == "Facts equal the journal.\n"
    assert "events folded again" in cherrylane("rebuild").stdout
    (copy,) = copies.glob("*.duckdb")
    with copy.open("r+b") as spoilt:
        spoilt.seek(5000)
        spoilt.write(b"spoilt")
    assert "checksum differs" in cherrylane("restore", str(copies), ends=1).stderr


def test_a_restored_store_can_be_asked_and_nothing_is_created_twice(
    house: Callable[..., Any], typed: Callable[[Any], Typed], tmp_path: Path
) -> None:
    """In a world days ahead of this machine's clock: an order is older than the restoring by the world's clock."""
    home = peaceful(house)
    cherrylane = typed(home)
    home.sandbox.advance(3 * 24 * 60)
    cherrylane("once")
    cherrylane("backup", str(tmp_path / "copies"))
    home.sandbox.scenario("burst")
    cherrylane("once", "orders")
    created = home.sandbox.state("bluecherry")["sales_orders"]

    cherrylane("restore", str(tmp_path / "copies"))
    assert json.loads(cherrylane("status", "--json").stdout)["flows"]
    for _ in range(4):
        cherrylane("once", "orders")
        home.sandbox.advance(10)

    lines = [line["ext_line_id"] for one in created for line in one["lines"] if line["ext_line_id"]]
    after = home.sandbox.state("bluecherry")["sales_orders"]
    found = Counter(line["ext_line_id"] for one in after for line in one["lines"] if line["ext_line_id"])
    assert len(lines) > 20
    assert {line: found[line] for line in lines} == dict.fromkeys(lines, 1)
    assert set(found.values()) == {1}


def test_beside_a_running_worker_commands_are_sent_to_it(
    house: Callable[..., Any], typed: Callable[[Any], Typed], tmp_path: Path
) -> None:
    home = peaceful(house)
    cherrylane = typed(home)
    worker = home.start()
    home.advance(1)

    assert json.loads(cherrylane("status", "--json").stdout)["store"]["worker"] == "serving"
    assert "worker serving" in cherrylane("doctor").stdout
    assert "dispatch succeeded; watch succeeded" in cherrylane("once", "watch", "dispatch").stdout
    look_at_everything(home, cherrylane)
    try_policies(home, cherrylane)  # how far it is, is asked five times a second: it may be over before
    assert "catalogue succeeded" in cherrylane("resync", "catalogue").stdout
    assert "There is no scope 'everything'" in cherrylane("resync", "everything", ends=1).stderr
    assert "Backup made and verified" in cherrylane("backup", str(tmp_path / "copies")).stdout
    assert cherrylane("rebuild", "--check").stdout == "Facts equal the journal.\n"
    assert str(worker) in cherrylane("restore", str(tmp_path / "copies"), ends=1).stderr
    asked = home.rows("select command, state, actor from command_results")
    assert {one["command"] for one in asked} >= {"once", "resync", "backup", "rebuild"}
    assert all(one["actor"].startswith("cli:") for one in asked)
    assert home.stop(worker) == 0
    assert home.rebuild_differences() == {}


def try_policies(home: Any, cherrylane: Typed) -> str:
    """A preview and a back-test set and send nothing, and print what they found; how far they said to be."""
    before = written(home)
    previewed = cherrylane("preview", "percent=50,units=3")
    assert "Would change" in previewed.stdout
    assert "says nothing of a policy" in cherrylane("preview", "half", ends=2).stderr
    assert "neither everything nor" in cherrylane("preview", "units=1", "--of", "shop", ends=2).stderr
    assert "BlueCherry has no category" in cherrylane("preview", "units=1", "--of", "category:boats", ends=1).stderr
    (beat,) = home.rows("select domain_at from heartbeat")
    days = [(beat["domain_at"] + timedelta(days=days)).date().isoformat() for days in (-3, 1)]
    tested = cherrylane(
        "backtest", "now", "percent=50,units=3", "--of", "division:NMK", "--from", days[0], "--until", days[1]
    )
    assert "batches replayed" in tested.stdout
    assert "50" in tested.stdout.split("B", 1)[1]
    assert len(home.rows("select side from back_test_facts")) == 2
    assert not home.rows("select 1 from buffer_policy_facts")
    assert written(home) == before
    return previewed.stderr + tested.stderr


def look_at_everything(home: Any, cherrylane: Typed) -> tuple[str, str]:
    """Questions and dry runs, which change nothing outside; an order and a SKU there are."""
    before = written(home)
    asked = "select order_id, sku from order_line_facts join offer_facts using (sku) order by all limit 1"
    (row,) = json.loads(cherrylane("sql", asked, "--format", "json").stdout)
    assert next(csv.DictReader(io.StringIO(cherrylane("sql", asked, "--format", "csv").stdout))) == row
    assert row["order_id"] in cherrylane("sql", asked).stdout
    assert "there is no format 'xml'" in cherrylane("sql", asked, "--format", "xml", ends=2).stderr
    for question in FORBIDDEN:
        cherrylane("sql", question, ends=1)
    for scope in (*SCOPES, f"stock:{row['sku']}", f"order:{row['order_id']}"):
        assert PREVIEW.search(cherrylane("resync", scope, "--dry-run").stdout), scope
    assert PREVIEW.search(cherrylane("resync", "orders", "--since", "2026-11-19", "--dry-run").stdout)
    assert written(home) == before
    return row["order_id"], row["sku"]
