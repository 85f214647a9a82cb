"""A fold gives the same rows however events are sliced and whenever they arrive; what was tampered with shows."""

import contextlib
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import events
from store.database import FACTS, Database, local_ask, open_database, sections
from store.folding import FOLDED_KINDS, table_of
from store.journal import SERIES, Journal, check_rebuild, fact_tables, rebuild
from tests.store.stories import (
    IDS,
    UNFOLDED,
    any_event,
    at_moments_of_their_own,
    kinds_of_events,
    say_everything,
)
from tests.told import DAY, HOUR, NOW, SHIRT, StandingClock, Told

STORIES = st.lists(st.lists(any_event(), min_size=1, max_size=6), min_size=1, max_size=4)
patient = functools.partial(settings, deadline=None, suppress_health_check=list(HealthCheck))

# One event for each series, naming the first read of it.
NAMING: dict[str, events.Event] = {
    "skus": events.CatalogueRead(happened_at=NOW, read_id=IDS[0], sku_count=3, changed_count=3),
    "offers": events.OffersRead(happened_at=NOW, read_id=IDS[0], offer_count=3, changed_count=3),
    "stock": events.StockBatchRead(
        happened_at=NOW, batch_id="B1", read_id=IDS[0], batch_kind="FULL", as_of=NOW, row_count=3, changed_count=3
    ),
    "published": events.IntentRecorded(
        happened_at=NOW, intent_id=IDS[0], intent_kind="push_stock", intent_subject="push", payload={}
    ),
    "transactions": events.TransactionsRead(happened_at=NOW, read_id=IDS[0], row_count=3, changed_count=3),
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with open_database(tmp_path_factory.mktemp("folds") / "store.duckdb", serves=False) as opened:
        journal = Journal(opened, StandingClock(), shop="4107")
        say_everything(opened, journal)
        journal.close()
        yield opened


def emptied(database: Database) -> Journal:
    """A journal on a store in which nothing happened yet, but every series has been said."""
    with contextlib.closing(database.connect()) as connection:
        for table in ("events", *fact_tables(connection)):
            connection.execute(f"delete from {table}")
    return Journal(database, StandingClock(), shop="4107")


def facts_of(database: Database, *, without: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Every fact table, its rows in some fixed order."""
    with contextlib.closing(database.connect()) as connection:
        frames = {table: connection.execute(f"select * from {table}").pl() for table in fact_tables(connection)}
    return {
        table: sorted(map(repr, frame.drop(without, strict=False).iter_rows())) for table, frame in frames.items()
    }


@patient(max_examples=25)
@given(story=STORIES, slice_size=st.sampled_from([1, 2, 5, 9]))
def test_folds_give_the_same_rows_however_events_are_sliced(
    database: Database, story: list[list[events.Event]], slice_size: int
) -> None:
    journal = emptied(database)
    for told in story:
        journal.append(told)
    as_appended = facts_of(database)
    with contextlib.closing(database.connect()) as connection:
        rebuild(connection, slice_size=slice_size)
        in_slices = facts_of(database)
        rebuild(connection)
    in_one = facts_of(database)
    journal.close()

    assert in_slices == as_appended
    assert in_one == as_appended


@patient(max_examples=15)
@given(story=st.lists(any_event(), min_size=2, max_size=12), data=st.data())
def test_facts_do_not_depend_on_what_arrived_first(
    database: Database, story: list[events.Event], data: st.DataObject
) -> None:
    story = at_moments_of_their_own(story)
    shuffled = data.draw(st.permutations(story))
    journal = emptied(database)
    for event in story:
        journal.append([event])
    in_order = facts_of(database, without=("seq",))
    journal.close()
    journal = emptied(database)
    for event in shuffled:
        journal.append([event])
    in_disorder = facts_of(database, without=("seq",))
    journal.close()

    assert in_disorder == in_order


@patient(max_examples=10)
@given(story=st.lists(any_event(), min_size=1, max_size=8))
def test_the_same_events_offered_again_change_nothing(database: Database, story: list[events.Event]) -> None:
    journal = emptied(database)
    fresh = journal.append(story)
    before = facts_of(database)
    again = journal.append(list(reversed(story)))
    after = facts_of(database)
    journal.close()

    assert fresh == len({event.event_id("4107") for event in story})
    assert again == 0
    assert after == before


def test_every_event_that_says_something_new_is_folded_into_a_fact() -> None:
    folded = {topic.partition(" ")[0] for topics in FOLDED_KINDS.values() for topic in topics}

    assert folded == set(kinds_of_events()) - UNFOLDED
    assert set(FOLDED_KINDS) == set(FACTS)


@pytest.mark.parametrize("fact", FACTS)
def test_a_fold_is_run_for_the_kinds_it_reads_and_reads_nothing_but_fresh(fact: str) -> None:
    sql = re.sub(r"--[^\n]*", "", sections(fact)["fold"])
    sources = set(re.findall(r"\b(?:from|join)\s+(\w+)\b(?!\()", sql)) - {"from_json"}
    steps = set(re.findall(r"(\w+) as \(\s*select", sql))

    assert set(re.findall(r"'([a-z_]+\.[a-z_]+)'", sql)) == {
        topic.partition(" ")[0] for topic in FOLDED_KINDS[fact]
    }
    assert sources - steps <= {"fresh", *SERIES}
    assert sql.lstrip().startswith(f"merge into {table_of(sections(fact))}")


@pytest.mark.parametrize("fact", NAMING)
def test_rows_of_a_series_count_once_an_event_names_their_read(database: Database, fact: str) -> None:
    count = f"select count(*) as n from {table_of(sections(fact))}"
    journal = emptied(database)
    before = local_ask(database)(count).item()
    journal.append([NAMING[fact]])
    after = local_ask(database)(count).item()
    journal.close()

    assert (before, after) == (0, 3)


def test_what_one_reading_says_twice_counts_as_it_was_said_last(tmp_path: Path) -> None:
    told = Told(tmp_path / "store.duckdb")
    ask = local_ask(told.database)
    told.order("JLM1-A")
    placed = json.loads(ask("select body from events").item())
    lines = [{**placed["lines"][0], "title": title} for title in ("first", "second", "third")]
    told.tell(events.OrderChanged.model_validate({**placed, "lines": lines, "happened_at": NOW}))
    told.offers({SHIRT: 7})
    row = ask("select * from offer_rows").with_columns(read_id=pl.lit(str(IDS[0])), seen_at=pl.lit(NOW))
    told.journal.append_series("offer_rows", pl.concat([row.with_columns(quantity=n) for n in (1, 2, 3)]))
    told.tell(NAMING["offers"])
    titles = ask("select title from order_line_facts")["title"].to_list()
    shown = ask("select quantity from offer_facts")["quantity"].to_list()
    found = check_rebuild(told.database)
    told.close()

    assert (titles, shown) == (["third"], [3])
    assert found == {}


def test_what_became_of_an_intent_stands_above_what_was_meant(tmp_path: Path) -> None:
    told = Told(tmp_path / "store.duckdb")
    about: dict[str, Any] = {
        "intent_id": IDS[0], "intent_kind": "create_sales_order", "intent_subject": "JLM1-A", "order_id": "JLM1-A",
    }  # fmt: skip
    told.tell(events.IntentConfirmed(happened_at=NOW - HOUR, reference="SO-1", **about))
    told.tell(events.IntentRecorded(happened_at=NOW, payload={"units": 2}, **about))
    ask = local_ask(told.database)
    row = ask("select state, reference, payload, meant_at, happened_at from intent_facts").row(0)
    told.close()

    assert row == ("confirmed", "SO-1", '{"units":2}', NOW, NOW - HOUR)


def test_a_stamp_that_is_to_come_holds_nothing_back_that_is_read_after_it(tmp_path: Path) -> None:
    told = Told(tmp_path / "store.duckdb")
    told.order("JLM1-A", changed=NOW + 40 * DAY)
    told.sales_order("SO-1", "JLM1-A", read=NOW + 40 * DAY)
    told.clock.moment = NOW + HOUR
    told.order("JLM1-A", state="CANCELED", changed=NOW + HOUR)
    told.sales_order("SO-1", "JLM1-A", raw_status="90", read=NOW + HOUR / 2)
    told.order("JLM1-A", state="SHIPPED", changed=NOW + HOUR / 2)  # an older page, read late
    ask = local_ask(told.database)
    row = ask(
        "select placed.state, line.state, sales.raw_status from order_facts as placed"
        " join order_line_facts as line using (order_id) join sales_order_facts as sales using (order_id)"
    ).row(0)
    found = check_rebuild(told.database)
    told.close()

    assert row == ("CANCELED", "CANCELED", "90")
    assert found == {}


def test_with_a_clock_minutes_ahead_an_older_reading_that_comes_late_changes_nothing(tmp_path: Path) -> None:
    minute = HOUR / 60
    told = Told(tmp_path / "store.duckdb")
    told.order("JLM1-A", state="SHIPPING", changed=NOW + 5 * minute)
    told.transactions(
        {"transaction_id": "T1", "payment_state": "PAID", "amount": "4", "updated_at": NOW + 5 * minute}
    )
    told.clock.moment = NOW + 4 * minute
    told.order("JLM1-A", state="WAITING_ACCEPTANCE", changed=NOW + 3 * minute)
    told.transactions(
        {"transaction_id": "T1", "payment_state": "PENDING", "amount": "4", "updated_at": NOW + 3 * minute}
    )
    ask = local_ask(told.database)
    states = ask("select state, payment_state from order_facts, transaction_facts").row(0)
    found = check_rebuild(told.database)
    told.close()

    assert states == ("SHIPPING", "PAID")
    assert found == {}


def test_a_tampered_fact_is_found(tmp_path: Path) -> None:
    told = Told(tmp_path / "store.duckdb")
    told.order("JLM1-A")
    told.order("JLM2-A")
    with contextlib.closing(told.database.connect()) as connection:
        connection.execute("update order_facts set state = 'SHIPPED' where order_id = 'JLM2-A'")
        connection.execute("delete from order_line_facts where order_id = 'JLM1-A'")
    found = check_rebuild(told.database)
    told.close()

    assert found == {"order_facts": 2, "order_line_facts": 1}


def test_an_untouched_store_shows_no_differences(tmp_path: Path) -> None:
    told = Told(tmp_path / "store.duckdb")
    told.order("JLM1-A")
    told.intent("create_sales_order", "JLM1-A/NMK/WH1", "unclear", order_id="JLM1-A")
    found = check_rebuild(told.database)
    told.close()

    assert found == {}
