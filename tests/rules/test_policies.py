"""Which buffer policy applies: the most specific level, member by member, from its day on."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.rules.policies import COLUMNS, Entry, Members, Policy, refusal, resolve, words

TODAY = date(2026, 11, 24)
FALLBACK = Policy(percent=Decimal(5), units=1, risk="service_level", minimum=1)
SKUS = pl.DataFrame(
    {
        "sku": ["LINEN-M", "LINEN-L", "GHOST"],
        "division": ["NMK", "NMC", None],
        "category": ["shirts", "shirts", None],
    }
)


def resolved(*entries: Entry, on: date = TODAY) -> dict[str, dict[str, object]]:
    rows = resolve(SKUS, entries, on, FALLBACK)
    return {row["sku"]: row for row in rows.iter_rows(named=True)}


def test_where_nobody_set_a_policy_the_settings_count() -> None:
    rows = resolved()

    assert {row["policy"] for row in rows.values()} == {"settings"}
    assert [rows["GHOST"][name] for name in COLUMNS] == [
        500, 1, False, "service_level", 0.01, Decimal("60.000000"), 1, None, "settings",
    ]  # fmt: skip


def test_the_most_specific_level_wins_member_by_member() -> None:
    rows = resolved(
        Entry("global", "", TODAY, Members(percent=Decimal(10), minimum=2)),
        Entry("category", "shirts", TODAY, Members(units=3)),
        Entry("division", "NMK", TODAY, Members(units=9, maximum=50)),
        Entry("sku", "LINEN-M", TODAY, Members(percent=Decimal("2.5"))),
    )
    medium, large, ghost = rows["LINEN-M"], rows["LINEN-L"], rows["GHOST"]

    assert [medium[name] for name in ("percent_points", "absolute_units", "minimum", "maximum")] == [250, 3, 2, 50]
    assert [large[name] for name in ("percent_points", "absolute_units", "minimum", "maximum")] == [
        1000,
        3,
        2,
        None,
    ]
    assert [ghost[name] for name in ("percent_points", "absolute_units")] == [1000, 1]
    assert medium["policy"] == (
        "sku LINEN-M from 2026-11-24, category shirts from 2026-11-24, division NMK from 2026-11-24,"
        " global from 2026-11-24, settings"
    )


def test_a_policy_counts_from_its_day_and_the_newest_that_began_counts_whole() -> None:
    old = Entry("global", "", date(2026, 11, 1), Members(percent=Decimal(10), units=4))
    new = Entry("global", "", date(2026, 11, 25), Members(percent=Decimal(20)))

    assert resolved(old, new)["LINEN-M"]["percent_points"] == 1000
    later = resolved(new, old, on=date(2026, 11, 25))["LINEN-M"]
    assert (later["percent_points"], later["absolute_units"]) == (2000, 1)


def test_a_removal_lets_the_level_above_speak_again() -> None:
    set_once = Entry("sku", "LINEN-M", date(2026, 11, 1), Members(units=8))

    assert resolved(set_once)["LINEN-M"]["absolute_units"] == 8
    assert resolved(set_once, Entry("sku", "LINEN-M", TODAY))["LINEN-M"]["absolute_units"] == 1


@pytest.mark.parametrize(
    ("members", "told"),
    [
        (Members(Decimal(0), 0, "max", "none"), "nothing held back"),
        (Members(percent=Decimal(0)), "0 %"),
        (Members(units=1, risk="none", oversell_cost=Decimal(9)), "1 unit, not by risk"),
        (Members(alpha=Decimal("0.005"), minimum=2), "by risk (at 0.5 %), none below 2"),
        (Members(), "as the levels above say"),
    ],
)
def test_a_policy_is_said_in_words_without_what_it_leaves_open(members: Members, told: str) -> None:
    assert words(members) == told


def test_a_division_or_category_nobody_has_is_met_by_the_global_policy_alone() -> None:
    rows = resolved(
        Entry("division", "", TODAY, Members(units=7)), Entry("category", "socks", TODAY, Members(units=9))
    )

    assert {row["absolute_units"] for row in rows.values()} == {1}


def test_a_cap_of_the_settings_is_lifted_for_a_sku_by_a_larger_one() -> None:
    rows = resolve(
        SKUS, [Entry("sku", "LINEN-M", TODAY, Members(maximum=500))], TODAY, replace(FALLBACK, maximum=20)
    )

    assert rows["maximum"].to_list() == [500, 20, 20]


def test_a_risk_rule_goes_with_what_it_needs_from_the_level_above() -> None:
    row = resolved(Entry("category", "shirts", TODAY, Members(risk="newsvendor")))["LINEN-M"]

    assert (row["risk_rule"], row["oversell_cost_amount"]) == ("newsvendor", Decimal(60))


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (Entry("sku", "LINEN-M", TODAY, Members(percent=Decimal("12.25"))), ""),
        (Entry("global", "", TODAY, Members(risk="worst_case", alpha=Decimal("0.005"))), ""),
        (Entry("global", "NMK", TODAY), "The global policy has no key: leave it empty."),
        (Entry("division", "", TODAY), "Say which division: the key is empty."),
        (Entry("global", "", TODAY - timedelta(days=1)), "A policy cannot begin before today (2026-11-24)"),
        (Entry("global", "", TODAY, Members(percent=Decimal(101))), "The percent lies between 0 and 100."),
        (Entry("global", "", TODAY, Members(percent=Decimal("1.234"))), "at most two places"),
        (Entry("global", "", TODAY, Members(units=-1)), "The units lie between 0 and 1000000."),
        (Entry("global", "", TODAY, Members(combine="both")), "Combine is max (the largest counts) or sum."),
        (Entry("global", "", TODAY, Members(risk="some")), "none, service_level, worst_case, newsvendor"),
        (Entry("global", "", TODAY, Members(alpha=Decimal(1))), "Alpha is a probability between 0 and 1"),
        (Entry("global", "", TODAY, Members(oversell_cost=Decimal(0))), "an amount above 0"),
        (Entry("global", "", TODAY, Members(minimum=-2)), "The minimum lies"),
        (Entry("global", "", TODAY, Members(maximum=-2)), "The maximum lies"),
        (Entry("global", "", TODAY, Members(minimum=5, maximum=4)), "that cannot be meant"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_could(entry: Entry, words: str) -> None:
    said = refusal(entry, TODAY)

    assert words in said
    assert bool(said) == bool(words)


MEMBERS = st.builds(
    Members,
    percent=st.none() | st.decimals(0, 100, places=2),
    units=st.none() | st.integers(0, 9),
    combine=st.none() | st.sampled_from(["max", "sum"]),
    minimum=st.none() | st.integers(0, 9),
    maximum=st.none() | st.integers(0, 9),
)
ENTRIES = st.lists(
    st.builds(
        lambda entry, days, members: replace(entry, from_on=TODAY + timedelta(days=days), members=members),
        st.sampled_from(
            [
                Entry("global", "", TODAY),
                Entry("division", "NMK", TODAY),
                Entry("division", "NMC", TODAY),
                Entry("category", "shirts", TODAY),
                Entry("sku", "LINEN-M", TODAY),
            ]
        ),
        st.integers(-3, 3),
        st.just(Members()) | MEMBERS,
    ),
    max_size=9,
)


def by_hand(sku: dict[str, Any], entries: list[Entry], member: str, otherwise: Any) -> Any:
    """Level by level, from the most specific, the newest policy that has begun."""
    places = (("sku", sku["sku"]), ("category", sku["category"]), ("division", sku["division"]), ("global", ""))
    for level, key in places:
        begun = [one for one in entries if (one.level, one.key) == (level, key) and one.from_on <= TODAY]
        if begun:
            newest = max(enumerate(begun), key=lambda pair: (pair[1].from_on, pair[0]))[1]
            value = getattr(newest.members, member)
            if value is not None:
                return value
    return otherwise


@settings(max_examples=60, deadline=None)
@given(ENTRIES)
def test_all_skus_at_once_give_what_one_gives_by_hand(entries: list[Entry]) -> None:
    rows = resolve(SKUS, entries, TODAY, FALLBACK)

    for row in rows.iter_rows(named=True):
        assert row["percent_points"] == int(by_hand(row, entries, "percent", FALLBACK.percent) * 100)
        assert row["absolute_units"] == by_hand(row, entries, "units", FALLBACK.units)
        assert row["is_sum"] == (by_hand(row, entries, "combine", "max") == "sum")
        assert row["minimum"] == by_hand(row, entries, "minimum", FALLBACK.minimum)
        assert row["maximum"] == by_hand(row, entries, "maximum", None)
