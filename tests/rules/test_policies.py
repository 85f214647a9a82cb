"""Which buffer policy applies: the most specific level, member by member, from its day on."""

from datetime import date
from decimal import Decimal

import polars as pl

from sync.rules.policies import COLUMNS, Entry, Members, Policy, resolve

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
