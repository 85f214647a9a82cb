"""What the default policy is for, told by the sandbox's own truth: days of an end of season, lived twice.

In this process, where the worker's rules decide; and in the campaign over HTTP, where its flows do. The long
version, with twenty seeds of three weeks, is `make truth`.
"""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sync.assembly import Assembled, assemble
from sync.lanes import once
from sync.settings import Settings
from tests.bench.truth import DEFAULT, FLAT, NOTHING, outcome

DAYS = 2
HOURS_BETWEEN = 3  # the worker looks every minute in life
TAKES = 4  # minutes a stock file takes to have its effect
NOTHING_HELD_BACK = {"BUFFER_PERCENT": "0", "BUFFER_UNITS": "0", "BUFFER_RISK": "none"}
A_SEASON_ENDS = {
    "days": 14, "skus": 400, "orders_per_day": 150, "seed": 1001, "begin_with": ("end_of_season", "no_hand_edits"),
}  # fmt: skip


def lived(path: Path, sandbox: Any, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Some days under those settings; the marketplace's truth of them."""
    with monkeypatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("CHERRYLANE_")]:
            environment.delenv(name)
        given = {**sandbox.environment, "CHERRYLANE_STORE": str(path)}
        given |= {"CHERRYLANE_ERP_REQUESTS_PER_MINUTE": "100000"}
        given |= {f"CHERRYLANE_{name}": value for name, value in settings.items()}
        for name, value in given.items():
            environment.setenv(name, value)
        assembled = assemble(Settings(_env_file=None))
    try:
        for flow in ("start", "catalogue"):
            assert once(assembled.house, flow).state == "succeeded"
        before = sandbox.state("john_lewis")["oversold"]
        for _ in range(DAYS * 24 // HOURS_BETWEEN):
            look(assembled)
            pass_by(assembled, sandbox, TAKES)
            look(assembled)
            pass_by(assembled, sandbox, HOURS_BETWEEN * 60 - TAKES)
        found: dict[str, Any] = sandbox.state("john_lewis")
        found["oversold"] = found["oversold"][len(before) :]
        return found
    finally:
        assembled.close()


def look(assembled: Assembled) -> None:
    for flow in ("orders", "inventory"):
        assert once(assembled.house, flow).is_good


def pass_by(assembled: Assembled, sandbox: Any, minutes: float) -> None:
    sandbox.advance(minutes)
    assembled.house.clock._read_at = 0.0  # type: ignore[attr-defined]  # a sandbox's clock, read again at once


def test_the_default_policy_oversells_a_fraction_of_what_nothing_or_a_flat_buffer_does_and_loses_little_more() -> (
    None
):
    """A seed that is none of the twenty, judged as they are. Chosen by what nothing held back oversells in it."""
    span = {"history": timedelta(days=4), "length": timedelta(days=17)}

    nothing, flat, default = (outcome(2001, policy, **span) for policy in (NOTHING, FLAT, DEFAULT))

    assert nothing.oversells >= 10
    assert default.oversells * 10 <= nothing.oversells
    assert default.oversells * 2 <= flat.oversells
    assert default.lost * 2 <= flat.lost * 3
    assert default.sold > nothing.sold * 0.95


@pytest.mark.campaign  # minutes, most of it the sandbox's two weeks of history and the looks at 400 SKUs
def test_the_default_policy_hardly_oversells_where_nothing_held_back_does(
    tmp_path: Path, sandbox: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = lived(tmp_path / "nothing.duckdb", sandbox(**A_SEASON_ENDS), NOTHING_HELD_BACK, monkeypatch)
    default = lived(tmp_path / "default.duckdb", sandbox(**A_SEASON_ENDS), {}, monkeypatch)
    told = {
        name: (len(one["oversold"]), len(one["turned_away"]), len(one["orders"]))
        for name, one in (("nothing held back", nothing), ("default", default))
    }

    assert nothing["oversold"], json.dumps(told)
    assert len(default["oversold"]) * 2 <= len(nothing["oversold"]), json.dumps(told)
    assert len(default["orders"]) > len(nothing["orders"]) * 0.98, json.dumps(told)
