"""Accepting what is wrong as it is: what changed since it was shown is left, and keeps nothing else from it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from store.commands import Accept
from sync.answers import Refusal
from sync.desk_exceptions import ExceptionDesk
from tests.flows.shop import Shop, settings_of
from tests.told import NOW


def test_of_many_those_that_are_as_they_were_shown_are_accepted_and_the_others_named(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "store.duckdb", settings_of())
    told, hurried = shop.told, []
    lane = SimpleNamespace(hurry=lambda: hurried.append("watch"))
    desk = ExceptionDesk(shop.run.house, cast("Any", {"watch": lane}))
    grounds = {told.wrong("drift_price", f"SO-{n}", grounds="39.00 → 36.00"): "39.00 → 36.00" for n in range(4)}
    word = Accept(exception_ids=tuple(grounds), reason="agreed by telephone", grounds=grounds)
    told.wrong("drift_price", "SO-1", grounds="39.00 → 30.00")
    told.wrong("drift_price", "SO-2", grounds="39.00 → 36.00", is_closed=True)
    answer = desk.accept("Olu", word)
    accepted = [
        row["exception_subject"] for row in shop.rows("from exceptions($at) where is_accepted order by all", at=NOW)
    ]
    told.wrong("drift_price", "SO-0", grounds="other")
    told.wrong("drift_price", "SO-3", grounds="other")
    with pytest.raises(Refusal) as none_of_them:
        desk.accept("Olu", word)
    told.close()

    assert accepted == ["SO-0", "SO-3"]
    assert answer == {
        "message": "2 exceptions accepted as they are, until their values change or they are wrong anew."
        " 1 exception changed since it was shown: look again.",
        "count": 2, "changed": 1,
    }  # fmt: skip
    assert str(none_of_them.value) == "It changed since; look again."
    assert hurried == ["watch"]
