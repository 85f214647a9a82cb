"""The table of exception kinds is one table, on every floor."""

from pathlib import Path

import pytest

import sync.rules.orders
from store.database import SQL
from sync.lanes import FLOWS
from sync.rules.exceptions import _RETRIED_BY, BY_CODE, KINDS, as_sql, kind_of, retried_by, sentence

RULES = Path(sync.rules.orders.__file__).parent


def test_the_screens_read_the_same_words() -> None:
    assert (SQL / "exception_kinds.sql").read_text() == as_sql()


def test_every_kind_is_there_once_and_its_parent_too() -> None:
    assert len(BY_CODE) == len(KINDS)
    assert {parent for kind in KINDS for parent in kind.parent.split()} <= set(BY_CODE)


def test_a_sentence_names_what_is_to_be_mended() -> None:
    assert sentence("unmapped_carrier", "DPX") == "Ship-via DPX has no carrier at John Lewis"


def test_a_kind_nobody_wrote_down_is_shown_plainly() -> None:
    assert kind_of("moon_too_bright").sentence == "Moon too bright: {cause}"
    assert sentence("moon_too_bright", "full") == "Moon too bright: full"


@pytest.mark.parametrize("code", sorted({kind.code.partition("/")[0] for kind in KINDS}))
def test_every_kind_has_a_condition_that_produces_it(code: str) -> None:
    """A condition names it, or it is what a flow holds an order or shipment for, and a condition shows those."""
    conditions = "".join(file.read_text() for file in SQL.glob("conditions_*.sql"))
    reasons = "".join((RULES / name).read_text() for name in ("orders.py", "dispatch.py"))

    assert f"'{code}'" in conditions or f'"{code}"' in reasons


def test_each_refusal_of_bluecherry_is_said_in_its_own_words_with_its_team() -> None:
    assert sentence("refused_by_erp", "CREDIT_HOLD") == (
        "Our house account is on credit hold in BlueCherry (CREDIT_HOLD)"
    )
    assert kind_of("refused_by_erp", "CREDIT_HOLD").owner == "finance"
    assert sentence("refused_by_erp", "E4711") == "BlueCherry refused a sales order: E4711"


def test_every_kind_is_retried_by_the_flow_it_is_about() -> None:
    told = {
        kind: retried_by(kind, "dispatch")
        for kind in ("unknown_sku", "unmapped_carrier", "batch_late", "payout_unexplained", "flow_failing")
    }

    assert {kind for kinds in _RETRIED_BY.values() for kind in kinds} <= set(BY_CODE)
    assert {retried_by(kind.code, "watch") for kind in KINDS} <= set(FLOWS)
    assert told == {
        "unknown_sku": "orders", "unmapped_carrier": "dispatch", "batch_late": "inventory",
        "payout_unexplained": "settlement", "flow_failing": "dispatch",
    }  # fmt: skip
