"""Two policies replayed on a made-up history: what each sells, misses and oversells, knowing the past alone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.rules.aging import AgeLimits
from sync.rules.demand_events import DemandEvent
from sync.rules.measuring import Period, measure
from sync.rules.outlook import Outlook
from sync.rules.policies import Policy, with_policy
from sync.rules.replay import Batch, History, Terms, Window, decide, listed, outcome, replay
from sync.rules.trials import Tally, tally, week_of

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVERY, TAKES = 4 * HOUR, HOUR / 2
SHIRT, LINEN = "OXFORD-SHIRT-BLUE-M", "LINEN-SHIRT-WHITE-M"
TERMS = Terms(skew=timedelta(minutes=2), publishing=HOUR / 4, usual_delay=0.0)
STEPS = 60  # batches: ten days
NONE, ALL = Policy(), Policy(percent=Decimal(100))


def batches(count: int = STEPS) -> tuple[Batch, ...]:
    return tuple(
        Batch(MONDAY + EVERY * n, MONDAY + EVERY * n + TAKES, MONDAY + EVERY * (n + 1), 20.0 if n else None)
        for n in range(count)
    )


def moves(pools: dict[str, list[int]], own: dict[str, list[int]] | None = None) -> pl.DataFrame:
    """The pools batch by batch, as `pool_moves` would tell them; what fell and was not ours went to the others."""
    rows = [
        {
            "sku_key": sku, "batch_id": f"B{n}", "net_change": units - (before if n else 0), "later_change": 0,
            "coming_change": 0, "own_units": (own or {}).get(sku, [0] * len(pool))[n], "units": units,
            "before_at": MONDAY + EVERY * (n - 1) if n else None, "batch_at": MONDAY + EVERY * n,
        }
        for sku, pool in pools.items()
        for n, (before, units) in enumerate(zip([0, *pool], pool, strict=False))
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"before_at": pl.Datetime("us", "UTC")}).sort("batch_at", "sku_key")


def sales(*sold: tuple[str, float, int]) -> pl.DataFrame:
    """(SKU, hours after Monday, units): each is entered in the ERP a quarter of an hour later."""
    moment = pl.Datetime("us", "UTC")
    rows = [(sku, MONDAY + hours * HOUR, units, MONDAY + hours * HOUR + HOUR / 4) for sku, hours, units in sold]
    return pl.DataFrame(
        rows, schema={"sku": pl.String, "sold_at": moment, "units": pl.Int64, "entered_at": moment}, orient="row"
    ).sort("sold_at")


def skus(*names: str) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"sku": name, "sku_key": name, "division": "NMK", "category": "shirts", "multiple": 1}
            | {"margin_amount": Decimal(12), "cost_amount": Decimal(60)}
            for name in names
        ]
    )


def history(pools: dict[str, list[int]], sold: pl.DataFrame, own: dict[str, list[int]] | None = None) -> History:
    return History(skus(*pools), sold, moves(pools, own), batches(len(next(iter(pools.values())))))


def tried(past: History, terms: Terms = TERMS, **sides: Policy) -> Tally:
    told = {name: with_policy(past.skus.select("sku"), policy) for name, policy in sides.items()}
    return tally(replay(past, told, terms, MONDAY, MONDAY + timedelta(days=30)))


def sums(found: Tally, side: str) -> dict[str, Any]:
    return found.weeks.filter(pl.col("side") == side).drop("week_on").sum().row(0, named=True)


# Four units; in the second window the others take three and three are ordered here.
TIGHT = history({SHIRT: [4, 4, 4, 1, 1, 1]}, sales((SHIRT, 5.0, 1), (SHIRT, 5.5, 1), (SHIRT, 6.0, 1)))


@pytest.mark.parametrize(
    ("held", "sold", "lost", "oversold"), [(0, 3, 0, 2), (1, 3, 0, 2), (2, 2, 1, 1), (3, 1, 2, 0), (4, 0, 3, 0)]
)
def test_what_is_held_back_is_not_oversold_and_is_missed(held: int, sold: int, lost: int, oversold: int) -> None:
    past = history({SHIRT: [4, 4, 1, 1, 1]}, sales(*((SHIRT, 5 + n / 4, 1) for n in range(3))))
    found = sums(tried(past, a=Policy(units=held)), "a")

    assert (found["wanted_units"], found["sold_units"], found["lost_units"]) == (3, sold, lost)
    assert found["oversold_units"] == oversold
    assert found["lost_amount"] == pytest.approx(12 * lost)
    assert found["oversold_amount"] == pytest.approx(60 * oversold)
    assert found["oversells"] == min(oversold, 1)


def row(**given: int) -> dict[str, Any]:
    """What became of one offer: four units, all listed."""
    told: dict[str, Any] = {"sku": SHIRT, "base": 4, "quantity": 4, "chance": 0.1, "wanted_units": 0}
    told |= {"other_units": 0, **given}
    frame = pl.DataFrame([{**told, "sold_units": min(told["wanted_units"], told["quantity"]), "is_unread": False}])
    return outcome(skus(SHIRT), frame, "a").row(0, named=True)


@pytest.mark.parametrize(
    ("given", "sold", "lost", "oversold"),
    [
        ({"wanted_units": 3}, 3, 0, 0),
        ({"wanted_units": 9}, 4, 0, 0),  # the fifth was never there: nobody could have sold it
        ({"wanted_units": 3, "quantity": 1}, 1, 2, 0),
        ({"wanted_units": 3, "other_units": 3}, 3, 0, 2),
        ({"wanted_units": 0, "other_units": 6}, 0, 0, 0),  # what the others oversell alone is theirs
        ({"wanted_units": 2, "other_units": 6}, 2, 0, 2),
        ({"base": -2, "quantity": 0, "wanted_units": 2}, 0, 0, 0),
    ],
)
def test_what_came_of_an_offer(given: dict[str, int], sold: int, lost: int, oversold: int) -> None:
    found = row(**given)

    assert (found["sold_units"], found["lost_units"], found["oversold_units"]) == (sold, lost, oversold)


def test_what_a_policy_did_not_sell_stays_on_its_shelf() -> None:
    past = history({SHIRT: [4, 4, 0, 0, 0]}, sales((SHIRT, 5.0, 4), (SHIRT, 9.0, 1)), {SHIRT: [0, 0, 4, 0, 0]})
    found = tried(past, all=NONE, half=Policy(percent=Decimal(50)))
    everything, half = sums(found, "all"), sums(found, "half")

    # all four went in the first window; half of them did, and of the two left one was listed for the next order
    assert (everything["sold_units"], everything["lost_units"]) == (4, 0)
    assert (half["sold_units"], half["lost_units"]) == (2 + 1, 2)
    assert (everything["oversold_units"], half["oversold_units"]) == (0, 0)


def test_where_the_batch_grows_old_the_rest_of_its_window_is_as_cautious_as_the_worker() -> None:
    sold = sales((SHIRT, 5.0, 1), (SHIRT, 6.5, 4), (SHIRT, 7.5, 1))
    past = history({SHIRT: [6, 6, 0, 0]}, sold, {SHIRT: [0, 0, 6, 0]})
    old = replace(TERMS, limits=AgeLimits(max_age=2 * HOUR, hard_age=3 * HOUR, factor=Decimal(2)))
    policy = Policy(units=1)

    # counted at 4:00: five are listed; from 6:00 on two of five are held back; from 7:00 on two are too thin
    assert sums(tried(past, a=policy), "a")["sold_units"] == 5
    assert sums(tried(past, old, a=policy), "a")["sold_units"] == 1 + 3


def test_batches_that_never_stood_have_no_window_and_nothing_that_fell_in_them_is_lost() -> None:
    """The file of the second was open until that of the fourth took effect: the first stood all that time."""
    sold = sales((SHIRT, 5.0, 1), (SHIRT, 9.5, 1), (SHIRT, 13.0, 1))
    past = history({SHIRT: [9, 9, 8, 5, 4, 4]}, sold, {SHIRT: [0, 0, 1, 1, 1, 0]})
    late = past.batches[3].in_effect_at
    one, two, three, *rest = past.batches
    at_once = [replace(batch, in_effect_at=late) for batch in (two, three)]
    held_up = replace(past, batches=(one, *at_once, *rest))
    told = {"a": with_policy(past.skus.select("sku"), NONE)}
    found = list(replay(held_up, told, TERMS, MONDAY, MONDAY + 30 * HOUR))
    first = found[0].rows.row(0, named=True)

    assert [(one.began_at, one.ended_at) for one in found] == [
        (MONDAY + TAKES, late), (late, past.batches[4].in_effect_at)
    ]  # fmt: skip
    assert (first["base"], first["wanted_units"], first["other_units"]) == (9, 2, 2)
    assert [one.rows["wanted_units"].sum() for one in found] == [2, 1]


def test_a_window_that_ends_after_the_last_batch_is_not_replayed() -> None:
    """The numbers of the third stood until after the last batch's moment: what the others took is not known."""
    past = history({SHIRT: [4, 4, 4, 4, 1]}, sales((SHIRT, 13.0, 1)))
    *before, fourth, last = past.batches
    held_up = replace(past, batches=(*before, replace(fourth, in_effect_at=last.in_effect_at), last))

    assert tried(held_up, a=NONE).window_count == 2
    assert tried(past, a=NONE).window_count == 3


def test_on_an_old_batch_nothing_rises() -> None:
    """Seven came before 8:00, and that batch is half an hour old when it takes effect: two go on standing there."""
    past = history({SHIRT: [2, 2, 9, 9, 9]}, sales((SHIRT, 9.0, 5)))
    limits = AgeLimits(max_age=HOUR / 4, hard_age=90 * HOUR)
    free, frozen = (sums(tried(past, terms, a=NONE), "a") for terms in (TERMS, replace(TERMS, limits=limits)))

    # the windows before it cannot be read, for goods came
    assert (free["listed_units"], free["sold_units"]) == (9, 5)
    assert (frozen["listed_units"], frozen["sold_units"]) == (2, 2)


def test_sales_a_batch_does_not_contain_are_deducted_and_others_are_not() -> None:
    past = history({SHIRT: [9, 9, 9]}, sales((SHIRT, 3.0, 2), (SHIRT, 3.9, 1), (SHIRT, 4.2, 1)))
    found = decide(past.until(MONDAY + EVERY + TAKES), _outlook(past), TERMS).row(0, named=True)

    # sold at 3:00 and entered at 3:15: inside the batch of 4:00; at 3:54 and 4:12 not yet entered then
    assert (found["supply"], found["inflight"], found["base"]) == (9, 2, 7)


def _outlook(past: History) -> Outlook:
    period = Period(MONDAY - 24 * HOUR, MONDAY + EVERY, None, None)
    return measure(past.skus, past.sales, past.moves, period).outlook


def test_an_offer_whose_goods_came_is_left_out_of_that_window_and_told() -> None:
    past = history({SHIRT: [4, 4, 20, 20, 20, 20]}, sales((SHIRT, 1.0, 1), (SHIRT, 5.0, 1)))
    found = tried(past, a=NONE)

    assert found.left_out == 2  # the window of the fall itself, and the one before, which reaches into it
    assert (found.window_count, sums(found, "a")["wanted_units"]) == (4, 0)


def test_every_window_is_of_a_week_of_london() -> None:
    assert week_of(datetime(2026, 11, 1, 23, 59, tzinfo=UTC)) == date(2026, 10, 26)
    assert week_of(datetime(2026, 6, 7, 23, 30, tzinfo=UTC)) == date(2026, 6, 8)  # summer time: Monday already


POOL = st.lists(st.integers(0, 3), min_size=STEPS // 6, max_size=STEPS // 6)
SOLD = st.lists(st.tuples(st.integers(1, 36), st.integers(1, 3)), min_size=1, max_size=12)


def drained(takes: list[int], full: int = 12) -> list[int]:
    """A pool from which so many units are taken from batch to batch."""
    pool = [full]
    for units in takes:
        pool.append(max(pool[-1] - units, 0))
    return pool


def any_history(takes: list[int], sold: list[tuple[int, int]]) -> History:
    return history(
        {SHIRT: drained(takes), LINEN: drained(takes[::-1], 5)},
        sales(*((SHIRT if n % 2 else LINEN, float(hour), units) for n, (hour, units) in enumerate(sold))),
    )


@settings(deadline=None, max_examples=8)
@given(takes=POOL, sold=SOLD, units=st.integers(0, 4), rule=st.sampled_from(["none", "service_level"]))
def test_equal_policies_come_to_equal_figures(
    takes: list[int], sold: list[tuple[int, int]], units: int, rule: Any
) -> None:
    policy = Policy(units=units, risk=rule)
    found = tried(any_history(takes, sold), a=policy, b=policy)

    assert sums(found, "a") == sums(found, "b")
    assert found.brier("a") == found.brier("b")


@settings(deadline=None, max_examples=8)
@given(takes=POOL, sold=SOLD)
def test_what_holds_everything_back_oversells_nothing(takes: list[int], sold: list[tuple[int, int]]) -> None:
    found = tried(any_history(takes, sold), a=ALL)

    assert (sums(found, "a")["sold_units"], sums(found, "a")["oversold_units"]) == (0, 0)
    assert found.brier("a") is None  # nothing was listed, so nothing was foretold


@settings(deadline=None, max_examples=8)
@given(takes=POOL, sold=SOLD, few=st.integers(0, 4), more=st.integers(0, 4))
def test_more_held_back_never_oversells_more_nor_misses_less(
    takes: list[int], sold: list[tuple[int, int]], few: int, more: int
) -> None:
    found = tried(any_history(takes, sold), a=Policy(units=few), b=Policy(units=few + more))
    a, b = sums(found, "a"), sums(found, "b")

    assert b["oversold_units"] <= a["oversold_units"]
    assert b["lost_units"] >= a["lost_units"]
    assert b["sold_units"] <= a["sold_units"]


@settings(deadline=None, max_examples=8)
@given(takes=POOL, sold=SOLD, at=st.integers(1, 8), else_=SOLD, other=POOL)
def test_nothing_of_the_future_is_in_a_decision(
    takes: list[int], sold: list[tuple[int, int]], at: int, else_: list[tuple[int, int]], other: list[int]
) -> None:
    moment = MONDAY + EVERY * at + TAKES
    hours = at * 4.0 + 0.5
    past = any_history(takes, sold)
    later = [(hour, units) for hour, units in else_ if hour >= hours]
    changed = any_history([*takes[:at], *other[at:]], sold)
    changed = History(
        past.skus,
        pl.concat(
            [past.sales.filter(pl.col("sold_at") < moment), sales(*((SHIRT, float(h), u) for h, u in later))]
        ),
        pl.concat(
            [
                past.moves.filter(pl.col("batch_at") <= MONDAY + EVERY * at),
                changed.moves.filter(pl.col("batch_at") > MONDAY + EVERY * at),
            ]
        ),
        past.batches,
    )
    policies = with_policy(past.skus.select("sku"), Policy(risk="service_level"))

    def quantities(told: History) -> pl.DataFrame:
        known = told.until(moment)
        return listed(decide(known, _outlook(known), TERMS), policies)

    assert quantities(changed).equals(quantities(past))


def test_a_demand_event_lifts_what_was_listed_for_only_once_somebody_had_told_of_it() -> None:
    told_at = MONDAY + 3 * EVERY
    event = DemandEvent(MONDAY, MONDAY + 90 * HOUR, told_at, 1.0, 9.0)
    past = replace(
        any_history([1] * 10, [(1, 1), (5, 1), (9, 1)]), events=(event,),
        skus=skus(SHIRT, LINEN).with_columns(style=pl.lit("041")),
    )  # fmt: skip

    def chances(events: tuple[DemandEvent, ...]) -> list[float]:
        told = {"a": with_policy(past.skus.select("sku"), NONE)}
        steps = replay(replace(past, events=events), told, TERMS, MONDAY, MONDAY + timedelta(days=2))
        return [float(step.rows["chance"].sum()) for step in steps]

    before, after = chances(()), chances((event,))
    known = [MONDAY + EVERY * n + TAKES >= told_at for n in range(len(before))]
    assert [a == b for a, b in zip(before, after, strict=True)] == [not is_known for is_known in known]


def test_the_same_history_gives_the_same_figures_each_time() -> None:
    assert tried(TIGHT, a=NONE).weeks.equals(tried(TIGHT, a=NONE).weeks)


@pytest.mark.parametrize(("chance", "is_beyond"), [(0.01, True), (0.12, False)])
def test_more_oversells_than_were_foretold_is_said(chance: float, *, is_beyond: bool) -> None:
    """A hundred offers of which twelve were oversold."""
    told = {"sku": SHIRT, "base": 4, "quantity": 4, "chance": chance, "wanted_units": 4, "sold_units": 4}
    rows = pl.DataFrame([{**told, "is_unread": False, "other_units": 1 if n < 12 else 0} for n in range(100)])
    found = tally([Window(MONDAY, MONDAY + EVERY, outcome(skus(SHIRT), rows, "a"), 0)])

    assert sums(found, "a")["oversells"] == 12
    assert found.tenths.select("cases", "happened").row(0) == (100, 12)
    assert found.brier("a") == pytest.approx(0.12 * (1 - chance) ** 2 + 0.88 * chance**2)
    assert found.is_beyond("a") is is_beyond
