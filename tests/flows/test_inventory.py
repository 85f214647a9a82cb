"""Stock from batch to offer, in a real house on a real sandbox."""

from collections.abc import Callable
from typing import Any

from sync.flows import inventory
from sync.intents import Intent, recorded
from sync.runs import Scope, running

SLOTS = 6


def settle(bench: Any, minutes: float = 4) -> None:
    """Let an import take effect and orders be pulled, until nothing more has to be sent."""
    for _ in range(SLOTS):
        bench.advance(minutes)
        bench.run_all("orders")
        if not bench.run("inventory").counts["published"] and not unfinished(bench):
            return
    raise AssertionError("the stock never came to rest")


def unfinished(bench: Any) -> int:
    return int(
        bench.value(
            "select count(*) from intent_facts where intent_kind = 'push_stock' and state <> 'refused'"
            " and intent_id not in (select push_id from import_facts)"
        )
    )


def offered(bench: Any) -> dict[str, int]:
    offers = bench.sandbox.state("john_lewis")["offers"]
    return {sku: offer["quantity"] for sku, offer in offers.items()}


def test_a_batch_becomes_offers_and_every_number_can_be_explained(bench: Callable[..., Any]) -> None:
    house = bench(days=2, skus=120, orders_per_day=60)
    house.run("catalogue")
    without_orders = house.run("inventory")
    house.run("orders")
    settle(house)

    # Before any order was pulled nothing rose: the history ended with offers that are not backed by a buffer.
    assert without_orders.state == "succeeded"
    assert without_orders.counts["increases"] == 0
    published = house.rows("select * from published_facts")
    assert len(published) == len(offered(house))
    for row in published:
        assert 0 <= row["quantity"] <= max(0, row["supply"] - row["inflight"])
        assert row["reason"]
    # The steps of every walk come to the number that was sent.
    walks = house.rows(
        "select sku, sum(units) filter (where not is_total) as taken,"
        " any_value(units) filter (where step = 'listed') as listed from stock_walk group by push_id, sku"
    )
    assert len(walks) == house.value("select count(*) from published_rows")
    assert [row for row in walks if row["taken"] != row["listed"]] == []
    # What was sent and not sold since is what stands there.
    sold = {row["sku"] for row in house.rows("select distinct sku from order_line_facts where placed_at > $at",
                                              at=max(row["happened_at"] for row in published))}  # fmt: skip
    shown = offered(house)
    assert {row["sku"]: row["quantity"] for row in published if row["sku"] not in sold} == {
        sku: quantity for sku, quantity in shown.items() if sku not in sold
    }
    assert house.value("select count(*) from published_facts where sku_key = '' and quantity > 0") == 0

    again = house.run("inventory")
    assert again.counts["published"] == 0

    # Of every batch of a new store it is known whether anything was to send.
    agreements_since = house.value(
        "select value::timestamptz from bookmarks where name = 'inventory.agreements_since'"
    )
    assert agreements_since <= house.value("select min(happened_at) from batch_reading_facts")

    # One SKU asked for by a person is sent even though nothing changed; looking at it first sends nothing.
    sku = published[0]["sku"]
    with running(house.house, "inventory") as look:
        seen = inventory.preview(look, Scope(key=sku))
    assert [row["sku"] for row in seen.differences] == [sku]
    assert seen.calls == {"STO01": 1, "STO02": 1}
    assert not unfinished(house)
    house.advance(2)
    assert house.run("inventory", Scope(key=sku)).counts["published"] >= 1

    # While that file is on its way no other is sent, and what is asked for meanwhile is not forgotten.
    blocked = house.run("inventory", Scope(is_full=True))
    assert (blocked.state, blocked.counts["published"]) == ("deferred", 0)
    house.advance(5)
    house.run("orders")
    assert house.run("inventory").counts["published"] == len(published)
    assert house.rebuild_differences() == {}


def test_looking_at_what_would_be_sent_asks_nothing_of_the_orders_and_says_so(bench: Callable[..., Any]) -> None:
    house = bench(days=1, skus=20, orders_per_day=200)
    house.run_all("catalogue", "orders", "inventory")
    house.advance(20)
    before = house.sandbox.state("bluecherry")["sales_orders"]
    runs = house.value("select count(*) from run_facts where flow = 'orders'")
    with running(house.house, "inventory", is_preview=True) as look:
        seen = inventory.preview(look)

    assert "The orders would be read first" in seen.sentence
    assert house.sandbox.state("bluecherry")["sales_orders"] == before
    assert house.value("select count(*) from run_facts where flow = 'orders'") == runs


def test_an_unclear_file_is_superseded_by_the_newest_values_and_one_side_down_stops_the_other_not(
    bench: Callable[..., Any],
) -> None:
    house = bench(days=1, skus=40, orders_per_day=40)
    house.run_all("catalogue", "orders")
    house.sandbox.faults(rate_500=1.0)
    failed = house.run("inventory")
    house.sandbox.faults(rate_500=0.0)
    waiting = house.run("inventory")

    # Nothing could be read, so nothing was sent; the next run goes on where this one stopped.
    assert failed.state == "failed"
    assert failed.counts["published"] == 0
    assert waiting.counts["published"] > 0

    # The answer to the next file is lost: it may have arrived.
    settle(house)
    push = house.rows("select intent_id, subject, payload from intent_facts where intent_kind = 'push_stock'")[-1]
    house.house.journal.append([_lost(house, push["subject"])])
    too_early = house.run("inventory", Scope(is_full=True))
    house.advance(11)
    house.run("orders")
    later = house.run("inventory")

    assert (too_early.state, too_early.counts["published"]) == ("deferred", 0)
    assert later.counts["published"] == len(offered(house))
    assert house.value("select count(*) from intent_facts where code = 'superseded'") == 1
    assert house.rebuild_differences() == {}


def test_while_a_stock_file_cannot_be_asked_about_batches_are_read_and_the_risk_reckoned(
    bench: Callable[..., Any],
) -> None:
    house = bench(days=1, skus=20, orders_per_day=40)
    house.run_all("catalogue", "orders")
    house.run("inventory")
    assert unfinished(house) == 1
    before = house.value("select max(as_of) from batch_reading_facts where read_id is not null")
    house.sandbox.faults(only="john_lewis", rate_500=1.0)
    house.advance(8 * 60)
    failed = house.run("inventory")

    assert failed.state == "failed"
    assert failed.counts["published"] == 0
    newest = house.value("select arg_max(batch_id, as_of) from batch_reading_facts where read_id is not null")
    assert house.value("select max(as_of) from batch_reading_facts where read_id is not null") > before
    assert house.value("select arg_max(batch_id, happened_at) from risk_window_facts") == newest
    # John Lewis is back: the file is looked at, and what changed since is sent.
    house.sandbox.faults()
    house.advance(1)
    house.run("orders")
    again = house.run("inventory")
    assert again.counts["imports_finished"] == 1
    assert again.counts["published"] > 0
    assert house.rebuild_differences() == {}


def _lost(bench: Any, subject: str) -> Any:
    return recorded(Intent(kind="push_stock", subject=subject, payload={"rows": 1}), bench.house.clock.now())
