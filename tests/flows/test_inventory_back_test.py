"""Two buffer policies replayed on stored history: what is gathered, told, kept, and refused with the reason."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from store import commands as ask
from store.database import local_ask
from store.events import BufferPolicySet
from store.journal import check_rebuild
from store.reads_risk import back_test_reliability, back_test_weeks, back_tests
from sync.answers import Refusal
from sync.desk_stock import StockDesk
from sync.desk_trials import TrialDesk
from sync.errors import Skippable
from sync.flows.inventory_back_test import gather
from sync.flows.inventory_recall import recall
from sync.lanes import NothingSeen
from sync.runs import Run
from tests.flows.between import Between
from tests.flows.shop import NEWEST_NUMBER, QUICK, SLOW, WAREHOUSE, Shop, complete_at, settings_of, trade
from tests.told import DAY, HOUR, NOW

TODAY = NOW.date()
SINCE, UNTIL = TODAY - timedelta(days=3), TODAY + timedelta(days=1)
NONE = ask.TriedPolicy(percent=Decimal(0), units=0, risk="none")
ALL = ask.TriedPolicy(percent=Decimal(100))
AS_IT_IS = ask.TriedPolicy(as_it_is=True)


class Replayer:
    """The desk, and what it said while it worked."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.said: list[str] = []
        self.ask = local_ask(shop.told.database)
        self.desk = TrialDesk(shop.run.house, StockDesk(shop.run.house, {}))

    def test(
        self, a: ask.TriedPolicy, b: ask.TriedPolicy, since: date = SINCE, until: date = UNTIL
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """The answer, and what is stored of both sides."""
        command = ask.BackTest(from_on=since, until_on=until, a=a, b=b)
        answer = self.desk.back_test(uuid4(), "Ops", command, self.said.append)
        rows = back_tests(self.ask, NOW).to_dicts()
        return answer, {row["side"]: row for row in rows if str(row["test_id"]) == answer["test_id"]}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """`shop()`: two weeks of orders and three days of batches, in which the others take three every four hours."""
    opened: list[Shop] = []

    def begin(*, trades: bool = True, **settings: Any) -> Shop:
        made = Shop(tmp_path / f"store-{len(opened)}.duckdb", settings_of(**settings))
        opened.append(made)
        if trades:
            trade(made)
        return made

    yield begin
    for each in opened:
        each.told.close()


def test_both_policies_are_replayed_and_kept_with_what_they_would_have_come_to(shop: Callable[..., Shop]) -> None:
    replayer = Replayer(shop())
    answer, sides = replayer.test(NONE, ALL)
    weeks = back_test_weeks(replayer.ask, answer["test_id"])
    a, b = sides["a"], sides["b"]

    assert (a["policy"], b["policy"]) == ("nothing held back", "100 %")
    assert a["window_count"] == b["window_count"] == weeks.filter(weeks["side"] == "a")["window_count"].sum() > 12
    assert a["wanted_units"] == b["wanted_units"] > 12
    assert (a["sold_units"], a["lost_units"]) == (a["wanted_units"], 0)
    assert (b["sold_units"], b["lost_units"], b["oversold_units"]) == (0, b["wanted_units"], 0)
    assert b["lost_amount"] > 0
    assert b["brier_score"] is None
    assert a["saved_amount"] == -b["saved_amount"] == b["total_amount"] - a["total_amount"]
    assert answer["message"].endswith(f" and missed 0 units, B oversold 0 and missed {b['lost_units']} units.")
    assert replayer.said[0] == "gathering what happened"
    assert any(words.startswith("replaying the week of ") for words in replayer.said)


def test_as_it_is_now_means_the_policies_in_force_and_the_settings(shop: Callable[..., Shop]) -> None:
    replayer = Replayer(shop(buffer_risk="none", buffer_percent=0, buffer_units=100))
    _, sides = replayer.test(AS_IT_IS, ask.TriedPolicy(units=100))

    assert sides["a"]["policy"] == "as it is now"
    assert sides["a"]["sold_units"] == sides["b"]["sold_units"] == 0
    assert sides["a"]["saved_amount"] == 0


def test_a_policy_tried_for_one_sku_leaves_the_rest_as_things_stand(shop: Callable[..., Shop]) -> None:
    replayer = Replayer(shop(buffer_risk="none", buffer_percent=0, buffer_units=0))
    alone = ask.TriedPolicy(percent=Decimal(100), level="sku", key=QUICK)
    _, sides = replayer.test(AS_IT_IS, alone)
    _, other = replayer.test(AS_IT_IS, alone.model_copy(update={"key": SLOW}))

    assert sides["b"]["policy"] == f"100 % for sku {QUICK}"
    assert sides["a"]["lost_units"] == 0
    assert sides["b"]["lost_units"] == sides["a"]["wanted_units"] > 0  # nobody wanted the slow one
    assert other["b"]["lost_units"] == 0
    assert 0 < other["b"]["listed_units"] < other["a"]["listed_units"]


@pytest.mark.parametrize(("level", "key"), [("division", "NMK"), ("category", "shirts")])
def test_a_policy_tried_for_many_skus_does_what_setting_it_would_do(
    shop: Callable[..., Shop], level: str, key: str
) -> None:
    """The one SKU's own policy still wins, and what the tried one leaves open is as the level above says."""
    made = shop(buffer_risk="none", buffer_percent=0, buffer_units=0)
    replayer = Replayer(made)
    made.told.tell(
        BufferPolicySet(happened_at=NOW, level="global", key="", from_on=TODAY, maximum=30),
        BufferPolicySet(happened_at=NOW, level="sku", key=QUICK, from_on=TODAY, percent=Decimal(100)),
    )
    _, tried = replayer.test(AS_IT_IS, ask.TriedPolicy(units=2, level=level, key=key))
    made.told.tell(BufferPolicySet(happened_at=NOW, level=level, key=key, from_on=TODAY, units=2))
    _, real = replayer.test(AS_IT_IS, NONE)

    assert tried["b"]["listed_units"] == real["a"]["listed_units"] == 30
    assert tried["b"]["sold_units"] == real["a"]["sold_units"] == 0


def test_what_an_oversell_costs_is_said_where_a_policy_weighs_it(shop: Callable[..., Shop]) -> None:
    dear = ask.TriedPolicy(risk="newsvendor", oversell_cost=Decimal(6000))
    cheap = ask.TriedPolicy(risk="newsvendor", oversell_cost=Decimal("0.5"))
    _, sides = Replayer(shop()).test(cheap, dear)

    assert [sides[side]["policy"] for side in "ab"] == [
        "by risk (newsvendor), 0.50 an oversold unit",
        "by risk (newsvendor), 6,000.00 an oversold unit",
    ]
    assert sides["b"]["listed_units"] < sides["a"]["listed_units"]


def test_the_chances_are_held_against_what_happened(shop: Callable[..., Shop]) -> None:
    replayer = Replayer(shop())
    answer, sides = replayer.test(NONE, ask.TriedPolicy(risk="service_level", alpha=Decimal("0.01")))
    found = back_test_reliability(replayer.ask, answer["test_id"])

    assert sides["b"]["policy"] == "by risk (service level at 1 %)"
    assert 0 < sides["b"]["predicted_oversells"] <= sides["a"]["predicted_oversells"] < 1
    assert sides["a"]["case_count"] == found.filter(found["side"] == "a")["case_count"].sum()
    assert 0 <= sides["a"]["brier_score"] < 0.25
    assert found["case_share"].sum() == pytest.approx(2)


def test_a_record_that_may_overstate_counts_in_a_back_test_as_it_does_for_the_worker(
    shop: Callable[..., Shop],
) -> None:
    _, trusted = Replayer(shop()).test(NONE, ALL)
    _, doubted = Replayer(shop(record_error=(0.2, 0.1))).test(NONE, ALL)

    assert doubted["a"]["predicted_oversells"] > trusted["a"]["predicted_oversells"]
    assert doubted["a"]["sold_units"] == trusted["a"]["sold_units"]


def test_what_is_gathered_is_what_was_sold_and_drawn(shop: Callable[..., Shop]) -> None:
    made = shop()
    made.told.order("JL-GONE", skus=(QUICK,), placed=NOW - 5 * DAY, state="CANCELED")
    found = gather(made.run, NOW - 3 * DAY)

    assert found.skus["sku"].to_list() == [SLOW, QUICK]
    assert found.sales["units"].sum() == 85  # what was cancelled and never reached BlueCherry was no sale
    assert found.sales["entered_at"].null_count() == 0
    assert len(found.batches) == 19
    delays = [one.delay for one in found.batches]
    assert delays[0] is None
    assert all((one.in_effect_at - one.as_of) >= HOUR / 3 for one in found.batches)


def test_a_batch_is_in_effect_when_it_was_seen_to_be_and_else_as_long_after_as_others_took(
    shop: Callable[..., Shop],
) -> None:
    made = shop()
    unmeasured = gather(made.run, NOW - 3 * DAY).batches
    assert {one.in_effect_at - one.as_of for one in unmeasured} == {HOUR / 3 + HOUR / 4}

    seen = unmeasured[-2]
    made.told.publish({SLOW: 1}, at=seen.as_of + HOUR / 3 + HOUR / 60, batch_id=f"B{NEWEST_NUMBER - 1}")
    measured = gather(made.run, NOW - 3 * DAY).batches
    assert {one.in_effect_at - one.as_of for one in measured} == {HOUR / 3 + HOUR / 10}


def test_a_batch_of_which_nothing_was_to_send_is_in_effect_when_that_was_found(shop: Callable[..., Shop]) -> None:
    """Its first file is that of the night, or of the next sale: the stock stood there before."""
    made = shop()
    for number in range(NEWEST_NUMBER):
        waits = HOUR / 30 if number % 6 else 3 * HOUR
        if not number % 6:
            made.told.agreed(f"B{number}", at=complete_at(number) + HOUR / 60)
        made.told.publish({QUICK: 5}, at=complete_at(number) + waits, name=f"p{number}", batch_id=f"B{number}")

    found = gather(made.run, NOW - 3 * DAY).batches
    assert {one.in_effect_at - one.as_of - HOUR / 3 for one in found} == {HOUR / 60, HOUR / 30 + HOUR / 12}


def test_a_file_open_for_hours_keeps_later_batches_from_effect_and_counts_no_sale_twice(
    shop: Callable[..., Shop],
) -> None:
    wanted: list[int] = []
    for takes in (HOUR / 12, 9 * HOUR):
        made = shop()
        for number in set(range(NEWEST_NUMBER)) - {11, 12}:
            made.told.publish(
                {QUICK: 5}, at=complete_at(number), name=f"p{number}", batch_id=f"B{number}",
                takes=takes if number == 10 else HOUR / 12,
            )  # fmt: skip
        moments = [one.in_effect_at for one in gather(made.run, NOW - 3 * DAY).batches]
        _, sides = Replayer(made).test(NONE, ALL)
        wanted.append(sides["a"]["wanted_units"])

        assert moments == sorted(moments)
    assert wanted[0] == wanted[1]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"since": UNTIL, "until": SINCE}, "The last day must come after the first."),
        ({"since": TODAY, "until": UNTIL}, "There is nothing to replay yet"),
        ({"since": TODAY - timedelta(days=400)}, "At most 26 weeks are replayed at once."),
        ({"a": ask.TriedPolicy(percent=Decimal(101))}, "Policy A: The percent lies between 0 and 100."),
        ({"b": ask.TriedPolicy(as_it_is=True, units=1)}, "Policy B is as things stand: then it says nothing else."),
        (
            {"b": ask.TriedPolicy(as_it_is=True, level="division", key="NMK")},
            "Policy B is as things stand: then it says nothing else.",
        ),
        ({"b": ask.TriedPolicy(level="division")}, "Policy B: Say which division: the key is empty."),
        ({"b": ask.TriedPolicy(level="sku", key="GONE")}, "Policy B: BlueCherry has no sku 'GONE'."),
        ({"since": date(2026, 6, 1), "until": date(2026, 6, 8)}, "the stock is known here from 21 November on."),
    ],
)
def test_what_cannot_be_replayed_is_refused_with_the_reason(
    shop: Callable[..., Shop], given: dict[str, Any], sentence: str
) -> None:
    replayer = Replayer(shop())

    with pytest.raises(Refusal, match=sentence):
        replayer.test(**({"a": NONE, "b": ALL} | given))
    assert replayer.shop.rows("select count(*) as n from back_test_facts") == [{"n": 0}]


def test_without_any_order_there_is_nothing_to_replay_and_no_flow_has_failed(shop: Callable[..., Shop]) -> None:
    replayer = Replayer(shop(trades=False))
    replayer.shop.told.mapping("warehouse", "NMK", WAREHOUSE)

    with pytest.raises(Refusal, match="No order is known here"):
        replayer.test(NONE, ALL)
    assert replayer.shop.rows("select distinct state from run_facts") == [{"state": "previewed"}]


def test_back_tests_are_folded_again_from_the_journal(shop: Callable[..., Shop]) -> None:
    replayer = Replayer(shop())
    replayer.test(NONE, ALL)

    assert check_rebuild(replayer.shop.told.database) == {}


def test_past_batches_are_read_once_from_bluecherry_and_nothing_is_listed_by_them(bench: Any) -> None:
    begun = bench(days=3, orders_per_day=60, skus=40)
    begun.run_all("catalogue", "orders", "inventory")
    before = begun.rows("select sku_key, location, on_hand from stock_facts order by all")
    pools = "select * from pool_moves(['WH1', 'WH2'], $since, $until) order by all"
    now = begun.house.clock.now()
    of_now = begun.rows(pools, since=now - 9 * DAY, until=now)
    said: list[str] = []
    replayer = TrialDesk(begun.house, StockDesk(begun.house, {}))
    day = now.date()
    command = ask.BackTest(from_on=day - timedelta(days=3), until_on=day + timedelta(days=1), a=NONE, b=ALL)
    replayer.back_test(uuid4(), "Ops", command, said.append)
    past = begun.value("select count(*) from batch_recall_facts")
    sides = {row["side"]: row for row in back_tests(begun.house.ask, now).to_dicts()}
    reading = [words for words in said if words.startswith("reading BlueCherry's past stock batches: ")]
    said.clear()
    replayer.back_test(uuid4(), "Ops", command, said.append)

    assert past > 10
    assert len(reading) >= past
    assert not [words for words in said if words.startswith("reading")]
    assert sides["a"]["window_count"] > 8
    assert sides["a"]["sold_units"] > sides["b"]["sold_units"] == 0
    assert begun.rows("select sku_key, location, on_hand from stock_facts order by all") == before
    assert begun.rows(pools, since=now - 9 * DAY, until=now) == of_now
    assert begun.rebuild_differences() == {}


def test_stopped_on_the_way_it_says_so_and_goes_on_from_the_batches_it_has(bench: Any) -> None:
    begun = bench(days=3, orders_per_day=60, skus=40)
    begun.run_all("catalogue", "orders", "inventory")
    desk = TrialDesk(begun.house, StockDesk(begun.house, {}))
    day = begun.house.clock.now().date()
    command = ask.BackTest(from_on=day - timedelta(days=3), until_on=day + timedelta(days=1), a=NONE, b=ALL)
    said: list[str] = []

    def tell(words: str) -> None:
        said.append(words)
        if len(said) == 5:
            begun.house.stopping.set()

    with pytest.raises(NothingSeen, match=r"stopped: .* Asked again, it goes on from there"):
        desk.back_test(uuid4(), "Ops", command, tell)
    read = begun.value("select count(*) from batch_recall_facts")
    begun.house.stopping.clear()
    answer = desk.back_test(uuid4(), "Ops", command, said.append)

    assert 3 <= read <= 5
    assert "batches replayed" in answer["message"]
    assert begun.rows("select count(*) as n from (select distinct batch_id from batch_recall_facts)") != [
        {"n": read}
    ]


def test_a_batch_bluecherry_has_not_kept_is_passed_over(bench: Any) -> None:
    begun = bench(days=3, orders_per_day=60, skus=40)
    begun.run_all("catalogue", "orders", "inventory")
    past = begun.rows(
        "select batch_id from stock_batch_facts where state = 'COMPLETE' and batch_kind = 'FULL' order by as_of"
    )
    gone = past[2]["batch_id"]

    def inventory(port: Any, batch_id: str) -> Any:
        if batch_id == gone:
            raise Skippable("GET /api/inventory: 404 BATCH_NOT_FOUND: it is not there")
        yield from port.inventory(batch_id)

    begun.house.erp = Between(begun.house.erp, inventory=inventory)
    read = recall(_run(begun), begun.house.clock.now() - 9 * DAY, lambda _: None)

    assert read > 10
    assert begun.value("select count(*) from batch_recall_facts where batch_id = $gone", gone=gone) == 0


def test_past_batches_join_the_first_of_ours_and_an_earlier_stretch_joins_a_later_one(bench: Any) -> None:
    begun = bench(days=3, orders_per_day=60, skus=40)
    begun.run_all("catalogue", "orders", "inventory")
    now = begun.house.clock.now()
    run = _run(begun)
    late = recall(run, now - 1 * DAY, lambda _: None)
    all_of_it = recall(run, now - 9 * DAY, lambda _: None) - late
    pool = begun.rows(
        "select sku_key, arg_max(units, batch_at) as units from pool_moves(['WH1', 'WH2'], $since, $until,"
        " with_recalled := true) group by sku_key having units <> 0 order by all",
        since=now - 9 * DAY, until=now,
    )  # fmt: skip
    stock = begun.rows(
        "select sku_key, sum(on_hand - linked - allocated - picked - damaged - held)::bigint as units"
        " from stock_facts where location in ('WH1', 'WH2') group by sku_key having units <> 0 order by all"
    )

    assert late > 2
    assert all_of_it > late
    assert pool == stock
    assert recall(run, now - 9 * DAY, lambda _: None) == late + all_of_it  # nothing more was read


def _run(begun: Any) -> Run:
    return Run(begun.house, "back_test", uuid4(), begun.house.clock.now())
