"""The table of exception kinds is one table, on every floor."""

import re
from pathlib import Path

import pytest

import sync.rules.orders
from store.commands import SetMapping
from store.database import SQL
from sync.lanes import FLOWS
from sync.rules.erp_refusals import REFUSALS
from sync.rules.exceptions import (
    _RETRIED_BY,
    BY_CODE,
    KINDS,
    SENT_AGAIN,
    ExceptionKind,
    as_sql,
    kind_of,
    retried_by,
    sentence,
)

HANDBOOK = SQL.parent.parent / "dashboard" / "handbook"
RULES = Path(sync.rules.orders.__file__).parent
DECIDED_AS_STORED = ("refused_by_erp", "missing_in_erp")


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


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "/" not in kind.code], ids=lambda kind: kind.code)
def test_every_kind_has_a_runbook_that_says_all_that_is_needed(kind: ExceptionKind) -> None:
    """Symptom, technical fix or data adjustment, what is mended where, who, and how one knows that it is done."""
    text = (HANDBOOK / f"{kind.runbook}.md").read_text()
    fix = "Technical fix" if kind.remedy == "technical" else "Data adjustment"
    parts = dict(re.findall(r"^\*\*([^*]+)\.\*\* (.+)$", text, re.MULTILINE))

    assert text.startswith("# ")
    assert list(parts) == ["Symptom", fix, "In BlueCherry", "In John Lewis", "Who", "Done when"]
    assert all(len(words) >= 3 for words in parts.values())


def test_what_a_mapping_mends_is_owned_by_a_team_that_may_set_one() -> None:
    assert {
        kind.code for kind in KINDS if kind.fix_where == "mapping" and kind.owner not in SetMapping.roles
    } == set()


def test_the_runbook_of_refusals_names_each_code() -> None:
    text = (HANDBOOK / "refused-by-erp.md").read_text()

    assert all(f"| {one.code} |" in text for one in REFUSALS)
    assert {kind.runbook for kind in KINDS if kind.code.startswith("refused_by_erp/")} == {"refused-by-erp"}


def test_no_runbook_is_left_over() -> None:
    aside = {"ownership", "daily-work", "worker-down", "buffer-policies"}

    assert {file.stem for file in HANDBOOK.glob("*.md")} - aside == {kind.runbook for kind in KINDS}


def test_each_refusal_of_bluecherry_is_said_in_its_own_words_with_its_team() -> None:
    assert sentence("refused_by_erp", "CREDIT_HOLD") == (
        "Our house account is on credit hold in BlueCherry (CREDIT_HOLD)"
    )
    assert kind_of("refused_by_erp", "CREDIT_HOLD").owner == "finance"
    assert sentence("refused_by_erp", "E4711") == "BlueCherry refused a sales order: E4711"


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.code.partition("/")[0] in DECIDED_AS_STORED], ids=lambda kind: kind.code
)
def test_what_is_decided_on_what_is_stored_promises_no_look(kind: ExceptionKind) -> None:
    """*Process again* on a refused or a missing order reads nothing first: that is *Fetch again*."""
    before, _, fetched = kind.retry.partition("*Fetch again*")

    assert "look" not in before
    assert bool(fetched) == (kind.code == "missing_in_erp")


def test_every_kind_is_retried_by_the_flow_it_is_about() -> None:
    told = {
        kind: retried_by(kind, "dispatch")
        for kind in ("unknown_sku", "unmapped_carrier", "batch_late", "payout_unexplained", "flow_failing")
    }

    assert {kind for kinds in _RETRIED_BY.values() for kind in kinds} <= set(BY_CODE)
    assert {retried_by(kind.code, "watch") for kind in KINDS} <= set(FLOWS)
    assert {retried_by(kind, "") for kind in SENT_AGAIN} == {"inventory"}
    assert set(BY_CODE) >= SENT_AGAIN
    assert told == {
        "unknown_sku": "orders", "unmapped_carrier": "dispatch", "batch_late": "inventory",
        "payout_unexplained": "settlement", "flow_failing": "dispatch",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cause", "flow"),
    [("confirm_shipment", "dispatch"), ("create_return", "returns"), ("answer_return", "returns"),
     ("refund_line", "returns"), ("accept_order", "orders"), ("create_sales_order", "orders")],
)  # fmt: skip
def test_an_answer_that_never_came_is_looked_up_by_the_flow_that_wrote(cause: str, flow: str) -> None:
    assert retried_by("order_unclear", cause) == flow
    assert kind_of("order_unclear", cause).sentence == kind_of("order_unclear").sentence
