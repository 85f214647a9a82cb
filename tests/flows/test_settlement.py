"""The ledger, the payouts and the invoices as they stand: held against the sandbox's truth."""

from collections.abc import Callable
from typing import Any

from sync.sandbox.john_lewis import KEY_WITHOUT_ACCOUNTANCY

QUICK = {"erp_requests_per_minute": "6000"}


def test_the_whole_ledger_is_read_once_and_every_payout_is_explained(bench: Callable[..., Any]) -> None:
    made = bench(days=12, orders_per_day=30, skus=60, settings=QUICK)
    made.sandbox.scenario("no_orders")
    made.run("orders")
    first = made.run("settlement")
    truth = made.sandbox.state("john_lewis")

    assert (first.state, first.message) == ("succeeded", "")
    assert made.value("select count(*) from transaction_facts") == truth["transactions_count"]
    assert made.value("select count(*) from payout_facts") == len(truth["payouts"]) > 0
    assert first.counts["invoices"] > 0
    assert first.counts["payouts_unexplained"] == first.counts["balance_gaps"] == 0
    money = "('payout_unexplained', 'transaction_unmatched', 'balance_gap')"
    now = made.house.clock.now()
    assert made.rows(f"select * from conditions($now) where kind in {money}", now=now) == []

    again = made.run("settlement")
    assert (again.counts["transactions"], again.counts["payouts"], again.counts["invoices"]) == (0, 0, 0)
    assert made.value("select count(*) from transaction_rows") == first.counts["transactions"]

    made.advance(2 * 24 * 60)
    later = made.run("settlement")
    assert later.counts["transactions"] > 0
    assert (
        made.value("select count(*) from transaction_facts")
        == (made.sandbox.state("john_lewis")["transactions_count"])
    )
    assert made.value("select count(*) from transaction_rows") == (
        first.counts["transactions"] + later.counts["transactions"]
    )
    assert made.rebuild_differences() == {}


def test_a_key_without_the_accountancy_role_stops_only_this_reading(bench: Callable[..., Any]) -> None:
    lesser = {"marketplace_key": KEY_WITHOUT_ACCOUNTANCY}
    made = bench(days=2, orders_per_day=30, skus=40, settings={**QUICK, **lesser})
    made.run("orders")
    run = made.run("settlement")

    assert run.state == "failed"
    assert "accountancy" in run.message.lower()
    assert run.counts["invoices"] > 0
    assert made.run("dispatch").state == "succeeded"
