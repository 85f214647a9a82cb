"""The desk and exceptions on the real sandbox: processed again, fetched again, mended, and who may do it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from store.commands import Accept, Assign, FetchAgain, Note, Resync, Retry, SetMapping, Snooze
from store.events import ExceptionOpened, MappingSet, RecordSkipped
from sync.rules.exceptions import kind_of
from sync.rules.trading_week import LONDON
from sync.rules.watch import exception_id
from sync.settings import Settings
from tests.flows.between import Between
from tests.flows.desk import Counter


def small(begin: Callable[..., Any], **world: Any) -> Any:
    """A small house in which nobody orders unless told to."""
    house = begin(**{"days": 0.05, "orders_per_day": 20, "skus": 40, **world})
    for name in ("no_orders", "no_hand_edits", "relaxed_limits"):
        house.sandbox.scenario(name)
    house.run("catalogue")
    return house


@pytest.fixture
def refused(bench: Callable[..., Any]) -> Iterator[Counter]:
    """BlueCherry refuses every order, because our house account is not theirs."""
    house = small(bench, settings={"erp_customer": "NOBODY"})
    house.sandbox.scenario("burst")
    for _ in range(3):
        house.run("orders")
        house.advance(12)
    house.run("watch")
    counter = Counter(house)
    yield counter
    counter.close()


def cause_of(house: Any, kind: str) -> str:
    return str(house.value("select any_value(cause) as c from exception_facts where exception_kind = $k", k=kind))


def open_count(house: Any, kind: str) -> int:
    return int(
        house.value("select count(*) as n from exception_facts where is_open and exception_kind = $k", k=kind)
    )


def asked(house: Any, system: str) -> int:
    """How often the sandbox was asked anything but a write of ours."""
    return sum(one["method"] == "GET" and "/_sandbox" not in one["path"] for one in house.sandbox.requests(system))


def test_all_of_a_cause_are_processed_again_with_a_preview_and_a_counted_result(refused: Counter) -> None:
    house = refused.bench
    many, cause = open_count(house, "refused_by_erp"), cause_of(house, "refused_by_erp")
    all_of_it: dict[str, Any] = {"exception_kind": "refused_by_erp", "cause": cause}
    foreseen = refused.ask(Retry(**all_of_it, dry_run=True))
    in_vain = refused.ask(Retry(**all_of_it))
    house.house.settings = house.house.settings.model_copy(update={"erp_customer": "JLM"})  # mended
    house.advance(1)
    done = refused.ask(Retry(**all_of_it))

    assert many > 1
    assert foreseen["message"] == f"Of {many} exceptions, {many} go on."
    assert len(foreseen["answer"]["differences"]) == many
    assert in_vain["answer"] == {"count": many, "mended": 0, "still_wrong": many}
    assert done["message"].endswith(f"{many} of {many} mended.")
    assert open_count(house, "refused_by_erp") == 0
    assert house.rebuild_differences() == {}


def test_finance_processes_and_fetches_again_what_is_its_own(refused: Counter) -> None:
    """The house account is theirs, and so are payouts, ledger and refunds: whoever owns a kind may try it again."""
    (one, *_) = refused.bench.rows(
        "select exception_id, cause from exception_facts where exception_kind = 'refused_by_erp'"
    )
    named: dict[str, Any] = {"exception_id": one["exception_id"]}
    asked_for = (Retry(**named, dry_run=True), Retry(**named), FetchAgain(**named))

    assert kind_of("refused_by_erp", one["cause"]).owner == "finance"
    assert [refused.ask(command, role="finance")["state"] for command in asked_for] == ["done"] * 3
    assert [refused.ask(command, role="viewer")["state"] for command in asked_for] == ["refused"] * 3


def test_process_again_reads_nothing_and_fetch_again_reads_the_order(refused: Counter) -> None:
    house = refused.bench
    (one, *_) = house.rows(
        "select exception_id, order_id from exception_facts where exception_kind = 'refused_by_erp'"
    )
    before = asked(house, "john_lewis"), asked(house, "bluecherry")
    refused.ask(Retry(exception_id=one["exception_id"]))
    processed = asked(house, "john_lewis"), asked(house, "bluecherry")
    refused.ask(FetchAgain(exception_id=one["exception_id"]))
    paths = [request["path"] for request in house.sandbox.requests("john_lewis")]

    assert processed == before
    assert asked(house, "john_lewis") > before[0]
    assert any(one["order_id"] in path for path in paths)


def test_trying_another_exception_of_an_order_sends_nothing_of_it_that_was_refused(refused: Counter) -> None:
    house = refused.bench
    order_id = house.value("select min(order_id) as o from order_hold_facts where reason = 'refused_by_erp'")
    other, now = exception_id("unknown_ship_via", order_id), house.house.clock.now()
    house.house.journal.append(
        [
            ExceptionOpened(
                happened_at=now, exception_id=other, exception_kind="unknown_ship_via", exception_subject=order_id,
                order_id=order_id, cause="DHL", detail="", amount=None, currency="", deadline_at=None, since_at=now,
            )
        ]
    )  # fmt: skip
    before = house.sandbox.requests("bluecherry")[-1]["n"]
    refused.ask(Retry(exception_id=other))

    assert not [one for one in house.sandbox.requests("bluecherry", before) if one["method"] == "POST"]


def without_address(house: Any, orders: Sequence[str]) -> None:
    """An exception of one cause for each of these orders."""
    now = house.house.clock.now()
    house.house.journal.append(
        [
            ExceptionOpened(
                happened_at=now, exception_id=exception_id("no_address", order_id), exception_kind="no_address",
                exception_subject=order_id, order_id=order_id, cause="many", detail="", amount=None, currency="",
                deadline_at=None, since_at=now,
            )
            for order_id in orders
        ]
    )  # fmt: skip


def test_many_orders_are_fetched_again_by_name_in_both_systems_however_long_ago_they_changed(
    refused: Counter,
) -> None:
    house = refused.bench
    rows = house.rows("select order_id from exception_facts where exception_kind = 'refused_by_erp'")
    real = sorted(row["order_id"] for row in rows)
    orders = sorted([*real, *(f"GHOST-{number:03}-A" for number in range(150 - len(real)))])
    without_address(house, orders)
    house.advance(60 * 24 * 3)
    before = {system: house.sandbox.requests(system)[-1]["n"] for system in ("john_lewis", "bluecherry")}
    done = refused.ask(FetchAgain(exception_kind="no_address", cause="many"))
    market, erp = (
        [one["query"] for one in house.sandbox.requests(system, since)] for system, since in before.items()
    )
    by_name = [query for query in market if "order_ids=" in query]

    assert (done["state"], done["answer"]["count"]) == ("done", 150)
    assert (done["answer"]["asked"], done["answer"]["read"]) == (150, len(real))
    assert done["message"].startswith(f"Asked for 150 orders, {len(real)} read: ")
    assert len(by_name) == 8
    assert not any("start_update_date" in query for query in market)
    assert all(sum(order_id in query for query in by_name) == 1 for order_id in orders)
    assert all(any("po_num" in query and order_id in query for query in erp) for order_id in orders)


def test_while_many_orders_are_fetched_again_what_is_new_is_looked_for_as_ever(refused: Counter) -> None:
    """BlueCherry takes a call a second: five thousand of them would keep new orders waiting for hours."""
    house = refused.bench
    without_address(house, [f"GHOST-{number:03}-A" for number in range(100)])
    real, asked_for = house.house.erp, list[str]()

    def slow(port: Any, *, order_id: str = "", **named: Any) -> Any:
        if order_id.startswith("GHOST"):
            asked_for.append(order_id)
            if len(asked_for) % 10 == 0:
                house.advance(0.5)
        return port.sales_orders(order_id=order_id, **named)

    house.house.erp = Between(real, sales_orders=slow)
    before = house.sandbox.requests("john_lewis")[-1]["n"]
    done = refused.ask(FetchAgain(exception_kind="no_address", cause="many"))
    house.house.erp = real
    looks = ["order_ids=" not in one["query"] for one in house.sandbox.requests("john_lewis", before)]
    by_name = [place for place, is_ordinary in enumerate(looks) if not is_ordinary]

    assert (done["answer"]["asked"], len(by_name)) == (100, 5)
    assert len(looks) >= 7
    assert any(by_name[0] < place < by_name[-1] for place, is_ordinary in enumerate(looks) if is_ordinary)


def test_an_order_that_could_not_be_read_is_read_by_name_when_it_is_tried_again(refused: Counter) -> None:
    """Nothing of it is stored, and it changed long before anybody looks at what changed."""
    house = refused.bench
    now = house.house.clock.now()
    order_id = max(house.sandbox.state("john_lewis")["orders"])
    skipped = RecordSkipped(
        happened_at=now, system="John Lewis", record="order", record_id=order_id, detail="lines is missing"
    )
    house.house.journal.append([skipped])
    house.advance(60)
    house.run("watch")
    before = house.sandbox.requests("john_lewis")[-1]["n"]
    named = {"exception_kind": "unreadable", "cause": "John Lewis's orders"}
    foreseen = refused.ask(Retry(**named, dry_run=True))
    done = refused.ask(Retry(**named))

    assert "nothing is to be done" not in foreseen["message"]
    assert any(order_id in one["query"] for one in house.sandbox.requests("john_lewis", before))
    assert (done["state"], done["answer"]["mended"]) == ("done", 1)


def test_what_is_about_the_reading_itself_is_read_again(refused: Counter) -> None:
    house = refused.bench
    now = house.house.clock.now()
    silent = exception_id("silence", "orders")
    house.house.journal.append(
        [
            ExceptionOpened(
                happened_at=now, exception_id=silent, exception_kind="silence", exception_subject="orders",
                cause="", detail="None came.", amount=None, currency="", deadline_at=None, since_at=now,
            )
        ]
    )  # fmt: skip
    before = asked(house, "john_lewis")
    refused.ask(Retry(exception_id=silent))

    assert asked(house, "john_lewis") > before


def test_what_was_mended_meanwhile_is_not_processed_again(refused: Counter) -> None:
    house = refused.bench
    (one, *_) = house.rows("select exception_id from exception_facts where exception_kind = 'refused_by_erp'")
    house.house.settings = house.house.settings.model_copy(update={"erp_customer": "JLM"})
    refused.ask(Retry(exception_id=one["exception_id"]))
    again = refused.ask(Retry(exception_id=one["exception_id"]))

    assert again["state"] == "refused"
    assert again["message"] == "It is mended already; there is nothing to process again."


def test_a_mapping_names_what_waits_for_it_and_releases_it_after_one_confirmation(
    bench: Callable[..., Any],
) -> None:
    house = small(bench)
    (row, *_) = house.rows("select key, value from mapping_facts where mapping = 'ship_via' and value <> ''")
    now = house.house.clock.now()
    house.house.journal.append(
        [
            MappingSet(happened_at=now, mapping="ship_via", key=one["key"], value="")
            for one in house.rows("select key from mapping_facts where mapping = 'ship_via'")
        ]
    )
    house.sandbox.scenario("burst")
    for _ in range(2):
        house.run("orders")
        house.advance(12)
    house.run("watch")
    counter = Counter(house)
    causes = house.rows("select cause, count(*) as n from exception_facts where is_open and"
                        " exception_kind = 'unknown_ship_via' group by cause order by n desc")  # fmt: skip
    key, many = causes[0]["cause"], causes[0]["n"]
    mapping = SetMapping(mapping="ship_via", key=key, value=row["value"])
    foreseen = counter.ask(mapping.model_copy(update={"dry_run": True}))
    still = open_count(house, "unknown_ship_via")
    done = counter.ask(mapping)
    house.run("orders")
    house.run("watch")
    counter.close()

    assert many > 1
    assert foreseen["message"].startswith(f"{many} orders, £")
    assert ", first deadline " in foreseen["message"]
    assert foreseen["message"].endswith(f" wait for it; with it {many} go on.")
    assert still == sum(one["n"] for one in causes)
    assert f"; {many} orders, £" in done["message"]
    assert done["message"].endswith("waited for it: they go on")
    assert house.value("select count(*) as n from exception_facts where is_open and cause = $key", key=key) == 0


def test_viewers_may_nothing_and_accepting_takes_the_right_to_approve(refused: Counter) -> None:
    house = refused.bench
    (one, *_) = house.rows(
        "select exception_id, grounds from exception_facts where exception_kind = 'refused_by_erp'"
    )
    named = {"exception_id": one["exception_id"]}
    telephone = Accept(**named, reason="sold by telephone", grounds={one["exception_id"]: one["grounds"]})
    for command in (
        Assign(**named, owner="Ops"), Note(**named, text="x"), Retry(**named), FetchAgain(**named),
        Snooze(**named, until_event="change"), Accept(**named, reason="x"),
    ):  # fmt: skip
        answer = refused.ask(command, actor="Manager", role="viewer", is_approver=True)
        assert (answer["state"], "Manager is viewer" in answer["message"]) == ("refused", True)
    without = refused.ask(telephone, actor="Finance", role="finance")
    right = refused.ask(telephone, actor="Finance approver", role="finance", is_approver=True)
    row = house.rows("select * from exceptions($now) where exception_id = $id", now=house.house.clock.now(),
                     id=one["exception_id"])[0]  # fmt: skip

    assert without["message"] == "Finance may not approve; accept needs the right to approve."
    assert right["state"] == "done"
    assert (row["is_accepted"], row["accepted_by"], row["accepted_reason"]) == (
        True, "Finance approver", "sold by telephone",
    )  # fmt: skip


def test_where_roles_are_configured_a_claim_of_the_page_counts_for_nothing(refused: Counter) -> None:
    house = refused.bench
    listed: Settings = house.house.settings.model_copy(
        update={"roles": {"a@brand.test": "finance", "b@brand.test": "finance"}, "approvers": ("b@brand.test",)}
    )
    house.house.settings = listed
    (one, *_) = house.rows(
        "select exception_id, grounds from exception_facts where exception_kind = 'refused_by_erp'"
    )
    accept = Accept(
        exception_id=one["exception_id"], reason="right as it is", grounds={one["exception_id"]: one["grounds"]}
    )
    stranger = refused.ask(accept, actor="c@brand.test", role="admin", is_approver=True)
    claims = refused.ask(accept, actor="a@brand.test", role="admin", is_approver=True)
    approver = refused.ask(accept, actor="b@brand.test", role="viewer")
    taken = house.rows(
        "select body ->> 'role' as role, body ->> 'role_from' as told_by, body ->> 'is_approver' as approves"
        " from events where kind = 'command.taken' order by seq desc limit 1"
    )

    assert stranger["message"].startswith("c@brand.test is viewer")
    assert claims["message"] == "a@brand.test may not approve; accept needs the right to approve."
    assert approver["state"] == "done"
    assert taken == [{"role": "finance", "told_by": "settings", "approves": "true"}]


def test_a_whole_cause_is_given_away_noted_and_put_off_at_once(refused: Counter) -> None:
    house = refused.bench
    many, cause = open_count(house, "refused_by_erp"), cause_of(house, "refused_by_erp")
    all_of_it: dict[str, Any] = {"exception_kind": "refused_by_erp", "cause": cause}
    given = refused.ask(Assign(**all_of_it, owner="Ops"))
    noted = refused.ask(Note(**all_of_it, text="the account is being opened"))
    later = house.house.clock.now() + timedelta(hours=4)
    put_off = refused.ask(Snooze(**all_of_it, until_at=later, until_event="change"))
    now = house.house.clock.now()
    row = house.rows("select * from causes($now) where exception_kind = 'refused_by_erp'", now=now)[0]
    for_ever = refused.ask(Snooze(**all_of_it, until_at=now + timedelta(days=90)))
    first = min(
        row["at"] for row in house.rows("select wakes_at as at from exceptions($now)", now=now) if row["at"]
    )
    woken = refused.ask(Snooze(**all_of_it))
    awake = house.rows("select is_quiet from causes($now) where exception_kind = 'refused_by_erp'",
                       now=house.house.clock.now())[0]  # fmt: skip

    assert (given["answer"]["count"], noted["answer"]["count"]) == (many, many)
    assert put_off["message"].endswith("London time or it changes.")
    assert (row["owners"], row["is_quiet"], row["quiet_count"]) == ("Ops", True, many)
    shown = f"{first.astimezone(LONDON):%-d %b %H:%M} London time"
    assert for_ever["message"].endswith(
        f" {many} exceptions come back sooner for a deadline, the first on {shown}."
    )
    assert woken["message"] == f"{many} exceptions shown again."
    assert awake["is_quiet"] is False


def test_what_was_asked_for_a_whole_cause_stands_with_each_of_its_orders_with_who_and_what_came_of_it(
    refused: Counter,
) -> None:
    house = refused.bench
    orders = {
        row["order_id"]
        for row in house.rows("select order_id from exception_facts where exception_kind = 'refused_by_erp'")
    }
    all_of_it: dict[str, Any] = {
        "exception_kind": "refused_by_erp", "cause": cause_of(house, "refused_by_erp")
    }  # fmt: skip
    refused.ask(Note(**all_of_it, text="asked finance"), actor="Olu")
    refused.ask(Retry(**all_of_it), actor="Bea")
    one = min(orders)
    refused.ask(Resync(scope=f"order:{one}"), actor="Cai")
    told = house.rows("select * from order_commands order by seq, order_id")
    noted = house.rows("select actor from events where kind = 'exception.handled' and order_id = $id", id=one)

    assert {row["order_id"] for row in told if row["command"] == "note"} == orders
    assert [(row["actor"], row["command"], row["why"]) for row in told if row["order_id"] == one] == [
        ("Olu", "note", "asked finance"), ("Bea", "retry", ""), ("Cai", "resync", "")
    ]  # fmt: skip
    assert all(row["message"] for row in told)
    assert noted == [{"actor": "Olu"}]
    assert house.rebuild_differences() == {}
