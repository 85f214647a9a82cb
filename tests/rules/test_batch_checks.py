"""What makes a batch unusable, what holds it for a person, what is merely odd; and what its rows mean."""

from typing import Any

import polars as pl
import pytest

from sync.ports import INVENTORY_COLUMNS, StockBatch
from sync.rules.batch_checks import REASONS, Finding, fault, oddities, suspicions, unproven
from sync.rules.stock_rows import KEY, QUANTITIES, TELLS, normalised, to_store
from tests.told import NOW


def batch(kind: str = "FULL", **changes: Any) -> StockBatch:
    usual: dict[str, Any] = {
        "batch_id": "B1", "kind": kind, "state": "COMPLETE", "as_of": NOW, "started_at": NOW, "completed_at": NOW,
        "row_count": None, "checksum": "", "next_expected_at": None,
    }  # fmt: skip
    return StockBatch(**(usual | changes))


def rows(*given: dict[str, Any]) -> pl.DataFrame:
    usual = dict.fromkeys(INVENTORY_COLUMNS) | {"sku_key": "LINEN", "upc": "", "location": "WH1", "lot": "N"}
    return pl.DataFrame([usual | row for row in given], schema=INVENTORY_COLUMNS)


def known(*given: dict[str, Any]) -> pl.DataFrame:
    quantities = dict.fromkeys(QUANTITIES, pl.Int64)
    schema: dict[str, Any] = dict.fromkeys(KEY, pl.String) | quantities | {TELLS: pl.Boolean}
    usual = {"sku_key": "LINEN", "location": "WH1"} | dict.fromkeys(QUANTITIES, 0)
    return pl.DataFrame([usual | row for row in given], schema=schema)


def shelves(count: int, **buckets: Any) -> list[dict[str, Any]]:
    return [{"sku_key": f"S{number}", **buckets} for number in range(count)]


def doubts(given: pl.DataFrame, before: pl.DataFrame, kind: str = "FULL") -> list[str]:
    found = oddities(given, {"WH1"})
    return [one.code for one in suspicions(batch(kind), normalised(given), before, found)]


@pytest.mark.parametrize(
    ("case", "changes", "given", "expected"),
    [
        ("good", {"row_count": 1, "checksum": "4"}, [{"on_hand": 4}], None),
        ("a negative stock", {"checksum": "-2"}, [{"on_hand": -2}], None),
        ("too few rows", {"row_count": 2}, [{"on_hand": 4}], "row_count"),
        ("too many rows", {"row_count": 1}, [{"on_hand": 4}, {"on_hand": 1, "lot": "X"}], "row_count"),
        ("another sum", {"row_count": 1, "checksum": "5"}, [{"on_hand": 4}], "checksum"),
        ("a row without a key, and no count", {}, [{"on_hand": 4}, {"sku_key": ""}], "unreadable_rows"),
        ("the same key twice", {}, [{"on_hand": 4}, {"on_hand": 5}], "duplicate_rows"),
        ("two lots", {}, [{"on_hand": 4}, {"on_hand": 5, "lot": "X"}], None),
        ("no row at all, as it says", {"row_count": 0, "checksum": "0"}, [], None),
        ("no row at all, against what it says", {"row_count": 3}, [], "row_count"),
        ("a sum with decimals", {"checksum": "4.000"}, [{"on_hand": 4}], None),
        (
            "on hand of a row with a hole",
            {"checksum": "8"},
            [{"on_hand": 4}, {"on_hand": 4, "lot": "X", "is_unread": True}],
            None,
        ),
        (
            "another sum beside a hole",
            {"checksum": "9"},
            [{"on_hand": 4}, {"on_hand": 4, "lot": "X", "is_unread": True}],
            "checksum",
        ),
        (
            "no sum where an on hand cannot be read",
            {"checksum": "9"},
            [{"on_hand": 4}, {"lot": "X", "is_unread": True}],
            None,
        ),
        ("another sum with decimals", {"checksum": "4.500"}, [{"on_hand": 4}], "checksum"),
        ("a checksum that is no number contradicts nothing", {"checksum": "a1b2"}, [{"on_hand": 4}], None),
    ],
)
def test_what_makes_a_batch_unusable(
    case: str, changes: dict[str, Any], given: list[dict[str, Any]], expected: str | None
) -> None:
    found = fault(batch(**changes), rows(*given))

    assert (found.code if found else None) == expected, case


@pytest.mark.parametrize("checksum", ["a1b2", "NaN", "Infinity", "4 units"])
def test_a_checksum_that_is_no_number_holds_a_full_batch_and_is_a_finding_of_a_delta(checksum: str) -> None:
    given = rows({"on_hand": 4})
    for kind, expected in (("FULL", ["checksum_unreadable"]), ("DELTA", [])):
        told = batch(kind, checksum=checksum)
        found = unproven(told, given)
        held = suspicions(told, normalised(given), known(), found)

        assert [(one.code, one.count, one.is_incident) for one in found] == [("checksum_unreadable", 1, True)]
        assert checksum in found[0].detail
        assert [one.code for one in held] == expected, kind


def test_a_batch_that_says_no_checksum_or_a_number_leaves_nothing_open() -> None:
    assert all(unproven(batch(checksum=said), rows({"on_hand": 4})) == () for said in ("", " ", "4", "-2", "4.0"))


def test_every_reason_has_a_sentence_and_an_unusable_batch_says_the_numbers() -> None:
    found = fault(batch(row_count=2), rows({"on_hand": 4}))

    assert found == Finding("row_count", 1, "It should have 2 rows; 1 were read.")
    assert all(reason.sentence.endswith(".") for reason in REASONS.values())


def test_a_full_batch_with_few_of_the_skus_that_had_stock_is_held() -> None:
    before = known(*shelves(10, on_hand=1))

    assert doubts(rows(*shelves(8, on_hand=2)), before) == ["coverage"]
    assert doubts(rows(*shelves(9, on_hand=2)), before) == []


def test_a_sku_that_had_nothing_before_is_not_missed() -> None:
    before = known(*shelves(9, on_hand=1), {"sku_key": "S9"})

    assert doubts(rows(*shelves(9, on_hand=1)), before) == []


def test_a_batch_that_shrinks_by_half_is_held() -> None:
    before = known(*shelves(10, on_hand=10))

    assert doubts(rows(*shelves(10, on_hand=4)), before) == ["units_fell"]
    assert doubts(rows(*shelves(10, on_hand=5)), before) == []


def test_a_delta_may_name_few_skus_and_little_stock() -> None:
    assert doubts(rows({"sku_key": "S1", "on_hand": 0}), known(*shelves(10, on_hand=10)), "DELTA") == []


def test_the_first_full_batch_has_nothing_to_be_compared_with() -> None:
    assert doubts(rows({"on_hand": 1}), known()) == []


def test_another_open_to_sell_figure_is_a_finding_and_in_many_rows_holds_the_batch() -> None:
    right, wrong = {"on_hand": 9, "picked": 2, "reported_ots": 7}, {"on_hand": 9, "picked": 2, "reported_ots": 9}
    one_of_fifty = rows(*(({"sku_key": f"S{n}"} | (wrong if n == 0 else right)) for n in range(50)))
    two_of_fifty = rows(*(({"sku_key": f"S{n}"} | (wrong if n < 2 else right)) for n in range(50)))

    assert [(one.code, one.count, one.is_incident) for one in oddities(one_of_fifty, {"WH1"})] == [
        ("ots_difference", 1, True)
    ]
    assert doubts(one_of_fifty, known()) == []
    assert doubts(two_of_fifty, known()) == ["ots_difference"]


def test_the_reported_figure_is_compared_with_all_that_is_promised() -> None:
    given = rows({"on_hand": 20, "linked": 1, "open_orders": 5, "reserved": 2, "demand": 1, "picked": 3,
                  "reported_ots": 8})  # fmt: skip

    assert oddities(given, {"WH1"}) == ()


def test_a_row_whose_buckets_are_all_null_is_no_stock_and_many_of_them_hold_the_batch() -> None:
    given = rows(*shelves(49, on_hand=1), {"sku_key": "S49"})

    assert normalised(given).filter(pl.col("sku_key") == "S49")["on_hand"].item() == 0
    assert [one.code for one in oddities(given, {"WH1"})] == ["empty_rows"]
    assert doubts(given, known()) == []
    assert "empty_rows" in doubts(rows(*shelves(20)), known(*shelves(20, on_hand=1)))


def test_a_row_with_a_number_nobody_can_read_is_no_stock_and_reported() -> None:
    given = rows(*shelves(49, on_hand=1), {"sku_key": "S49", "on_hand": 9, "reported_ots": 4, "is_unread": True})

    assert normalised(given).filter(pl.col("sku_key") == "S49").select(QUANTITIES).sum_horizontal().item() == 0
    assert [(one.code, one.count) for one in oddities(given, {"WH1"})] == [("empty_rows", 1)]


def test_an_unknown_location_and_a_negative_stock_are_said() -> None:
    given = rows({"location": "MOON", "on_hand": 3}, {"on_hand": -1})

    assert [(one.code, one.is_incident) for one in oddities(given, {"WH1"})] == [
        ("unknown_location", True), ("negative_on_hand", False),
    ]  # fmt: skip


def test_next_seasons_orders_are_kept_apart_and_lots_are_added_up() -> None:
    given = rows(
        {"on_hand": 20, "open_orders": 12, "open_due": 2, "reserved": 1, "demand": 1, "allocated": 14},
        {"on_hand": 3, "lot": "X", "open_orders": 2, "reserved": 0},
    )
    row = normalised(given).row(0, named=True)

    assert (row["on_hand"], row["allocated"], row["later_orders"]) == (23, 6, 10)


def test_what_is_left_of_a_held_lot_is_on_hold_and_one_promised_beyond_itself_eats_into_the_others() -> None:
    given = rows(
        {"on_hand": 20, "held": 1},
        {"on_hand": 7, "lot": "QA", "allocated": 2, "picked": 1},
        {"on_hand": 1, "lot": "B2", "allocated": 3},
    )
    row = normalised(given, held_lots=("QA", "B2")).row(0, named=True)
    alone = normalised(given.filter(pl.col("lot") == "QA"), held_lots=("QA",)).row(0, named=True)

    assert (row["on_hand"], row["allocated"], row["picked"], row["held"]) == (28, 5, 1, 1 + 4)
    assert alone["held"] == 4
    assert normalised(given).row(0, named=True)["held"] == 1


def test_an_erp_that_leaves_open_orders_out_of_allocated_gives_no_stock_beyond_what_is_on_hand() -> None:
    given = rows({"on_hand": 10, "allocated": 2, "open_orders": 30, "open_due": 5})

    assert normalised(given)["allocated"].item() == 2


@pytest.mark.parametrize(
    ("case", "row", "expected"),
    [
        ("nothing was set aside yet", {"allocated": 0, "open_orders": 30, "open_due": 5}, 5),
        ("what was set aside is one of those that are open", {"allocated": 2, "open_orders": 30, "open_due": 5}, 5),
        ("more was set aside than is due", {"allocated": 7, "open_orders": 30, "open_due": 5}, 5),
        ("without a horizon all are due", {"allocated": 2, "open_orders": 9}, 9),
        (
            "what is reserved or in demand is wanted too",
            {"allocated": 2, "open_orders": 5, "open_due": 5, "reserved": 2, "demand": 1},
            8,
        ),
        ("nothing said of them", {"allocated": 2}, 2),
        ("nothing set aside, nothing said", {}, 0),
    ],
)
def test_where_allocated_is_only_what_was_set_aside_all_that_open_orders_want_now_is_taken_off(
    case: str, row: dict[str, Any], expected: int
) -> None:
    given = rows({"on_hand": 40, **row})

    assert normalised(given, deducts_open_orders=False)["allocated"].item() == expected, case


def test_a_batch_of_hard_allocations_that_does_not_say_what_open_orders_want_is_a_finding() -> None:
    given = rows({"on_hand": 4, "allocated": 1, "open_orders": 1}, {"on_hand": 4, "allocated": 1, "lot": "X"})

    assert [(one.code, one.count) for one in oddities(given, {"WH1"}, deducts_open_orders=False)] == [
        ("open_orders_missing", 1)
    ]
    assert oddities(given, {"WH1"}) == ()


@pytest.mark.parametrize("allocated", [None, 0, 1, 7, 40])
@pytest.mark.parametrize("due", [None, 0, 5, 30])
def test_what_is_promised_is_never_less_than_nothing(allocated: int | None, due: int | None) -> None:
    given = rows({"on_hand": 10, "allocated": allocated, "open_orders": 30, "open_due": due})

    assert normalised(given)["allocated"].item() >= 0


def test_a_upc_on_two_skus_keeps_their_stock_apart() -> None:
    given = rows(
        {"sku_key": "LINEN-M", "upc": "5012345678900", "on_hand": 4},
        {"sku_key": "LINEN-L", "upc": "5012345678900", "on_hand": 9},
    )

    assert fault(batch(), given) is None
    assert dict(normalised(given).select("sku_key", "on_hand").rows()) == {"LINEN-M": 4, "LINEN-L": 9}


def test_size_buckets_one_to_twenty_four_with_gaps_are_each_a_sku_and_a_gap_is_no_stock() -> None:
    """The ERP leaves buckets out that a size range does not have; a bucket that vanished was sold out."""
    before = known(*({"sku_key": f"LINEN|{bucket}", "on_hand": 5} for bucket in (1, 2, 7, 24)))
    given = rows(*({"sku_key": f"LINEN|{bucket}", "on_hand": bucket} for bucket in (1, 2, 24)))
    kept = to_store("FULL", normalised(given), before)

    assert dict(kept.select("sku_key", "on_hand").rows()) == {
        "LINEN|1": 1, "LINEN|2": 2, "LINEN|24": 24, "LINEN|7": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "tells"),
    [
        ([{"open_orders": 2}, {"lot": "B2", "open_due": 0}], True),
        ([{"open_orders": 2}, {"lot": "B2"}], False),
        ([{"open_orders": 2}, {"lot": "B2", "is_unread": True}], True),
        ([{"is_unread": True}], None),
    ],
)
def test_a_sku_tells_what_open_orders_want_where_each_of_its_lots_that_can_be_read_does(
    given: list[dict[str, Any]], tells: bool | None
) -> None:
    silent = {"open_orders": None, "open_due": None}
    lots = rows(*(silent | row for row in given))

    assert normalised(lots, deducts_open_orders=False)[TELLS].to_list() == [tells]
    assert normalised(lots)[TELLS].to_list() == [None]  # there they are off its figures anyway


def test_of_a_sku_a_full_batch_leaves_out_nobody_says_any_more_what_open_orders_want() -> None:
    before = known({TELLS: False}, {"sku_key": "WOOL"})
    kept = to_store("FULL", normalised(rows()), before)

    assert kept.select("sku_key", "on_hand", TELLS).rows() == [("LINEN", 0, None)]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("FULL", [("LINEN", 4), ("WOOL", 0)]), ("DELTA", [("LINEN", 4)])],
)
def test_a_missing_sku_has_no_stock_after_a_full_batch_and_is_unchanged_after_a_delta(
    kind: str, expected: list[tuple[str, int]]
) -> None:
    before = known(
        {"on_hand": 5}, {"sku_key": "WOOL", "on_hand": 2}, {"sku_key": "SILK", "on_hand": 0},
        {"sku_key": "SAME", "on_hand": 7},
    )  # fmt: skip
    now = normalised(rows({"on_hand": 4}, {"sku_key": "SAME", "on_hand": 7}))
    if kind == "DELTA":
        now = now.filter(pl.col("sku_key") != "SAME")
    kept = to_store(kind, now, before)

    assert list(zip(kept["sku_key"], kept["on_hand"], strict=True)) == expected
