"""Wide stock rows, one for each kind of transaction with 24 size buckets, become a row for each SKU."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.ports import INVENTORY_COLUMNS, SIZE_BUCKETS, WIDE_INVENTORY_COLUMNS, StockBatch
from sync.rules.batch_checks import fault, is_many
from sync.rules.size_buckets import KINDS, LEFT_OUT, as_sent, unpivoted
from sync.rules.stock_rows import QUANTITIES, normalised, tells_open_orders
from tests.told import NOW

GOODS = ("division", "style", "color_code", "label", "dimension")
EMPTY: Mapping[int, int] = {}
LINEN = dict(zip(GOODS, ("NMK", "04117", "WHT", "A", "R"), strict=True))


def row(kind: str, units: Mapping[int, int] = EMPTY, **more: Any) -> dict[str, Any]:
    """A wide row of the white linen shirt at WH1, lot N: `row("R1", {2: 7})` has 7 in bucket 02."""
    buckets = {SIZE_BUCKETS[bucket - 1]: count for bucket, count in units.items()}
    return {**LINEN, "location": "WH1", "lot": "N", "unread": [], "rec_type": kind, **buckets, **more}


def wide(*given: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(given, schema=WIDE_INVENTORY_COLUMNS)


def skus(buckets: dict[str, int | None], *gone: str) -> pl.DataFrame:
    """The shirt's SKUs by size, and the bucket each says it is."""
    key = "|".join(LINEN.values())
    rows = [
        {**LINEN, "sku_key": f"{key}|{size}", "size_bucket": bucket, "is_gone": size in gone}
        for size, bucket in buckets.items()
    ]
    columns: dict[str, Any] = dict.fromkeys(("sku_key", *GOODS), pl.String)
    return pl.DataFrame(rows, schema=columns | {"size_bucket": pl.Int32, "is_gone": pl.Boolean})


def by_size(rows: pl.DataFrame, *columns: str) -> dict[str, Any]:
    return {one["sku_key"].rpartition("|")[2]: tuple(one[name] for name in columns) for one in rows.to_dicts()}


SIZES = skus({"S": 2, "M": 5, "XXL": 24})


def test_every_bucket_is_read_and_the_gaps_between_them_are_nobodys() -> None:
    rows, odd = unpivoted(wide(row("R1", {2: 7, 5: 1, 24: 3}), row("PK", {24: 2})), SIZES)

    assert dict(rows.schema) == INVENTORY_COLUMNS
    assert by_size(rows, "on_hand", "picked") == {"S": (7, 0), "M": (1, 0), "XXL": (3, 2)}
    assert odd == ()


def test_on_hand_is_what_was_received_less_what_is_gone_and_linked_units_stand_beside() -> None:
    """QOH = SA + RT + R1 + R2 - IN - CM + (RV - RI), and all but RV - RI, PK, RS, OP and DM is open to sell."""
    kinds = {"SA": -3, "RT": 2, "R1": 40, "R2": 1, "IN": 15, "CM": 4, "RV": 9, "RI": 2, "OP": 5, "RS": 1, "DM": 2,
             "PK": 3, "WP": 60}  # fmt: skip
    rows, odd = unpivoted(wide(*(row(kind, {5: units}) for kind, units in kinds.items())), SIZES)

    first = rows.row(0, named=True)
    assert {name: first[name] for name in KINDS} == {
        "on_hand": 28, "linked": 7, "open_orders": 5, "reserved": 1, "demand": 2, "picked": 3, "work_orders": 60,
    }  # fmt: skip
    stock = normalised(rows).row(0, named=True)
    open_to_sell = -3 + 2 + 40 + 1 - 15 - 4 - 3 - 1 - 5 - 2
    assert stock["on_hand"] - stock["linked"] - stock["allocated"] - stock["picked"] == open_to_sell
    assert odd == ()


def test_kinds_that_are_no_stock_of_today_change_nothing() -> None:
    received = row("R1", {2: 7})
    besides = [row(kind, {2: 9}) for kind in sorted(LEFT_OUT)]

    assert unpivoted(wide(received, *besides), SIZES)[0].equals(unpivoted(wide(received), SIZES)[0])
    assert {"RP", "RO", "ST", "CC", "CH", "NS", "US", "NW"} == LEFT_OUT


def test_a_size_of_which_all_that_is_said_is_none_is_a_row_of_none() -> None:
    """In a DELTA that is news: it was sold out."""
    rows, _ = unpivoted(wide(row("OP", {2: 0}), row("R1", {5: 4}), row("IN", {5: 4})), SIZES)

    assert by_size(normalised(rows), *QUANTITIES) == dict.fromkeys(("S", "M", "XXL"), (0,) * 9)


def test_a_size_whose_bucket_has_no_number_is_none_and_unread_where_no_bucket_has_one() -> None:
    """In a DELTA a row that is left out would leave its stock as it was."""
    rows, odd = unpivoted(wide(row("R1", {2: 7}), row("R1", location="WH2")), SIZES)
    here, there = (rows.filter(pl.col("location") == place) for place in ("WH1", "WH2"))

    assert by_size(here, "on_hand", "is_unread") == {"S": (7, False), "M": (0, False), "XXL": (0, False)}
    assert by_size(there, "is_unread") == dict.fromkeys(("S", "M", "XXL"), (True,))
    assert by_size(normalised(there), "on_hand") == dict.fromkeys(("S", "M", "XXL"), (0,))
    assert odd == ()


def test_in_a_full_batch_a_size_of_which_nothing_was_told_is_missing_for_the_checks_to_see() -> None:
    told = wide(row("R1", {2: 7}), row("R1", location="WH2"))
    rows, _ = unpivoted(told, SIZES, is_full=True)

    assert by_size(rows.filter(location="WH1"), "on_hand") == {"S": (7,)}
    assert by_size(rows.filter(location="WH2"), "is_unread") == dict.fromkeys(("S", "M", "XXL"), (True,))


@pytest.mark.parametrize(
    ("is_full", "kinds", "tells"), [(True, ["R1"], False), (True, ["R1", "OP"], True), (False, ["R1"], True)]
)
def test_where_no_row_of_a_full_batch_tells_of_promises_it_does_not_say_that_there_are_none(
    *, is_full: bool, kinds: list[str], tells: bool
) -> None:
    """A DELTA may be of goods nobody ordered."""
    rows, _ = unpivoted(wide(*(row(kind, {2: 0}) for kind in kinds)), SIZES, is_full=is_full)

    assert rows.select(tells_open_orders().unique()).to_series().to_list() == [tells]


def test_places_and_lots_are_kept_apart() -> None:
    rows, _ = unpivoted(
        wide(
            row("R1", {2: 7}), row("R1", {2: 1}, location="WH2"),
            row("R1", {2: 2}, lot="X"), row("IN", {2: 1}, lot="X"),
            row("R1", {2: 5}, location=""),
        ),
        SIZES,
    )  # fmt: skip

    assert sorted(rows.filter(sku_key="NMK|04117|WHT|A|R|S").select("location", "lot", "on_hand").rows()) == [
        ("", "N", 5), ("WH1", "N", 7), ("WH1", "X", 1), ("WH2", "N", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "known"),
    [
        ("no SKU is of that bucket", skus({"S": 2})),
        ("no SKU says its bucket", skus({"S": 2, "M": None})),
        ("two SKUs say it is theirs", skus({"S": 2, "M": 5, "L": 5})),
        ("two SKUs said so, and are gone", skus({"S": 2, "M": 5, "L": 5}, "M", "L")),
        ("it is of another colour", skus({"S": 2, "M": 5}).with_columns(
            color_code=pl.when(pl.col("size_bucket") == 5).then(pl.lit("NVY")).otherwise("color_code")
        )),
    ],
)  # fmt: skip
def test_units_in_a_bucket_of_no_known_size_are_said_with_bucket_and_quantity_and_not_sold(
    case: str, known: pl.DataFrame
) -> None:
    rows, (odd,) = unpivoted(wide(row("R1", {2: 7, 5: 4, 6: 0}), row("OP", {5: 1})), known)

    left = by_size(normalised(rows), "on_hand")
    assert left.pop("S") == (7,), case
    assert set(left.values()) <= {(0,)}, case
    assert (odd.code, odd.count) == ("unknown_size", 1)
    assert odd.detail.endswith("bucket 05 of NMK|04117|WHT|A|R at WH1 (on hand 4, open orders 1).")


@pytest.mark.parametrize(
    ("case", "told", "expected"),
    [
        ("what was told may be theirs", {2: 7, 5: 4}, {"S": False, "M": True, "L": True, "XL": True}),
        ("there is none of all that may", {2: 7, 5: 0, 6: 0}, {"S": False, "M": False, "L": False, "XL": False}),
        ("nothing was told that may", {2: 7}, {"S": False, "M": False, "L": False, "XL": False}),
    ],
)
def test_a_sku_whose_bucket_nobody_knows_is_not_left_as_it_was(
    case: str, told: dict[int, int], expected: dict[str, bool]
) -> None:
    """A DELTA that says nothing of a SKU leaves its stock unchanged, and it may have been sold out."""
    rows, _ = unpivoted(wide(row("R1", told)), skus({"S": 2, "M": None, "L": 5, "XL": 5}))

    assert by_size(rows, "is_unread") == {size: (is_unread,) for size, is_unread in expected.items()}, case
    assert by_size(normalised(rows), "on_hand") == dict.fromkeys(expected, (0,)) | {"S": (7,)}, case


def test_a_bucket_of_no_known_size_from_which_everything_went_is_not_missed() -> None:
    rows, odd = unpivoted(wide(row("R1", {7: 900, 8: 0}), row("IN", {7: 900})), SIZES)

    assert rows["on_hand"].to_list() == [0, 0, 0]
    assert odd == ()


def test_a_sku_that_is_gone_has_its_bucket_until_another_takes_it() -> None:
    told = wide(row("R1", {5: 4}))

    assert by_size(unpivoted(told, skus({"M": 5}, "M"))[0], "on_hand") == {"M": (4,)}
    assert by_size(unpivoted(told, skus({"M": 5, "M/L": 5}, "M"))[0], "on_hand") == {"M/L": (4,)}


def test_a_sku_that_is_gone_has_its_bucket_only_where_it_can_be_no_other_ones() -> None:
    """One that is there and does not say its bucket may have taken it: a size was renamed."""
    known = skus({"S": 2, "M": 5, "M/L": None}, "M")
    rows, (odd,) = unpivoted(wide(row("R1", {2: 7, 5: 4})), known)
    there, fine = unpivoted(wide(row("R1", {2: 7, 5: 0})), known)

    assert by_size(rows, "on_hand", "is_unread") == {"S": (7, False), "M/L": (0, True)}
    assert (odd.code, odd.detail.rpartition(": ")[2]) == (
        "unknown_size", "bucket 05 of NMK|04117|WHT|A|R at WH1 (on hand 4)."
    )  # fmt: skip
    assert by_size(there, "on_hand", "is_unread") == {"S": (7, False), "M/L": (0, False)}
    assert fine == ()


@pytest.mark.parametrize(("kind", "shown"), [("XX", "'XX' 3"), ("r1", "'r1' 3"), ("", "'' 3")])
def test_a_quantity_of_a_kind_nobody_knows_makes_its_size_no_stock(kind: str, shown: str) -> None:
    rows, (odd,) = unpivoted(wide(row("R1", {2: 7, 5: 4}), row(kind, {2: 0, 5: 3})), SIZES)

    assert by_size(rows, "is_unread") == {"S": (False,), "M": (True,), "XXL": (False,)}
    assert by_size(normalised(rows), "on_hand") == {"S": (7,), "M": (0,), "XXL": (0,)}
    assert (odd.code, odd.count) == ("unknown_rec_type", 1)
    assert odd.detail.endswith(f": {shown} in bucket 05 of NMK|04117|WHT|A|R at WH1.")


def test_what_is_no_number_makes_its_size_no_stock_unless_it_decides_nothing() -> None:
    rows, odd = unpivoted(
        wide(
            row("R1", {2: 7, 5: 4, 24: 2}), row("PK", unread=[2]),
            row("WP", unread=[5]), row("CC", unread=[24]),
        ),
        SIZES,
    )  # fmt: skip

    assert by_size(rows, "is_unread") == {"S": (True,), "M": (False,), "XXL": (False,)}
    assert odd == ()
    assert unpivoted(wide(row("R1", unread=[6])), SIZES)[1][0].detail.endswith("(unreadable).")


def test_odd_buckets_are_many_or_few_among_those_that_were_told_of() -> None:
    """Sizes of which nothing was told are none in a DELTA: rows that say nothing of how odd the batch is."""
    known = skus({str(bucket): bucket for bucket in range(1, 13)})
    told = [row("R1", {1: 5, 2: 0}, location=f"WH{place}") for place in range(1, 31)]
    few, many = (
        unpivoted(wide(*told, *(row("R1", {1: 5, 20: 1, 21: 0}, location=f"X{place}") for place in odd)), known)
        for odd in (range(1), range(2))
    )

    assert (few[1][0].count, few[1][0].out_of) == (1, 62)
    assert not is_many(few[1][0], few[0])
    assert (many[1][0].count, many[1][0].out_of) == (2, 64)
    assert is_many(many[1][0], many[0])


def test_of_many_odd_buckets_some_are_named_and_the_others_counted() -> None:
    _, (odd,) = unpivoted(wide(row("R1", dict.fromkeys(range(6, 24), 1))), SIZES)

    assert odd.count == 18
    assert odd.detail.count("(on hand 1)") == 10
    assert odd.detail.endswith("; and 8 more.")


# -- what the checks count -------------------------------------------------------------------


def batch(**changes: Any) -> StockBatch:
    usual: dict[str, Any] = {
        "batch_id": "B1", "kind": "FULL", "state": "COMPLETE", "as_of": NOW, "started_at": NOW, "completed_at": NOW,
        "row_count": 3, "checksum": "8", "next_expected_at": None,
    }  # fmt: skip
    return StockBatch(**(usual | changes))


RECEIVED = (row("R1", {2: 7, 9: 4}), row("IN", {2: 3}), row("OP", {2: 5}))


@pytest.mark.parametrize(
    ("case", "changes", "given", "expected"),
    [
        ("good, a bucket of no known size with it", {}, RECEIVED, None),
        ("a row too few", {}, RECEIVED[:2], "row_count"),
        ("another sum", {"checksum": "16"}, RECEIVED, "checksum"),
        (
            "no sum where an on hand cannot be read",
            {"checksum": "16"},
            (*RECEIVED[:2], row("RT", unread=[2])),
            None,
        ),
        ("a sum beside what is no on hand", {"checksum": "16"}, (*RECEIVED[:2], row("OP", unread=[2])),
         "checksum"),
        ("a kind twice", {"row_count": 4}, (*RECEIVED, row("OP", {3: 1})), "duplicate_rows"),
        ("a kind of another lot", {"row_count": 4}, (*RECEIVED, row("OP", {3: 1}, lot="X")), None),
        ("a row without its key", {}, (*RECEIVED[:2], row("OP") | dict.fromkeys((*GOODS, "location"))),
         "unreadable_rows"),
    ],
)  # fmt: skip
def test_a_wide_batch_is_proved_by_its_rows_as_they_were_sent(
    case: str, changes: dict[str, Any], given: tuple[dict[str, Any], ...], expected: str | None
) -> None:
    found = fault(batch(**changes), as_sent(wide(*given)))

    assert (found.code if found else None) == expected, case


def test_a_batch_of_both_forms_is_refused_and_says_so() -> None:
    long = pl.DataFrame([{"sku_key": "NMK|04117|WHT|A|R|S", "location": "WH1", "lot": "N", "on_hand": 7}])
    found = fault(batch(row_count=4), pl.concat([long, as_sent(wide(*RECEIVED))], how="diagonal"))

    assert found is not None
    assert found.code == "mixed_forms"
    assert found.detail == "1 of its 4 rows are of one SKU each, the others of size buckets."


# -- there and back --------------------------------------------------------------------------

PARTS = ("on_hand", "linked", "open_orders", "reserved", "demand", "picked", "work_orders")
KIND_OF = dict(zip(PARTS[1:], ("RV", "OP", "RS", "DM", "PK", "WP"), strict=True))
Where = tuple[str, int, str, str]  # style, bucket, location, lot
CALM = settings(deadline=None, max_examples=60)  # each makes two frames of 24 buckets
STYLES = st.sampled_from(["04117", "04118"])
UNITS = st.integers(-50, 500)
POSITIONS = st.dictionaries(
    st.tuples(STYLES, st.integers(1, 24), st.sampled_from(["WH1", "WH2", ""]), st.sampled_from(["N", "X"])),
    st.tuples(*(UNITS for _ in PARTS)),
    max_size=30,
)


def spread(positions: dict[Where, tuple[int, ...]], gone: int) -> pl.DataFrame:
    """The positions as the ERP sums them up; a kind of none is left out, but for what was received."""
    kinds: dict[tuple[str, str, str, str], dict[int, int]] = {}
    for (style, bucket, location, lot), figures in positions.items():
        said = dict(zip(PARTS, figures, strict=True))
        units = {KIND_OF[name]: said[name] for name in KIND_OF} | {"IN": gone}
        units["R1"] = said["on_hand"] - said["linked"] + gone
        for kind, count in units.items():
            if count or kind == "R1":
                kinds.setdefault((style, location, lot, kind), {})[bucket] = count
    return wide(
        *(
            row(kind, units, style=style, location=location, lot=lot)
            for (style, location, lot, kind), units in kinds.items()
        )
    )


@CALM
@given(positions=POSITIONS, gone=st.integers(0, 40))
def test_any_positions_spread_over_kinds_and_buckets_come_back_as_they_were(
    positions: dict[Where, tuple[int, ...]], gone: int
) -> None:
    every = pl.concat(
        skus({f"B{bucket}": bucket for bucket in range(1, 25)}).with_columns(
            pl.lit(style).alias("style"),
            pl.concat_str(pl.lit(f"{style}|B"), "size_bucket").alias("sku_key"),
        )
        for style in ("04117", "04118")
    )
    told = spread(positions, gone)
    rows, odd = unpivoted(told, every)

    assert odd == ()
    back = {
        (one["sku_key"], one["location"], one["lot"]): tuple(one[name] or 0 for name in PARTS)
        for one in rows.to_dicts()
    }
    told_of = {(style, location, lot) for style, _, location, lot in positions}
    assert back == {
        (f"{style}|B{bucket}", location, lot): positions.get((style, bucket, location, lot), (0,) * len(PARTS))
        for style, location, lot in told_of
        for bucket in range(1, 25)
    }
    assert as_sent(told)["on_hand"].sum() == sum(figures[0] for figures in positions.values())


@CALM
@given(positions=POSITIONS, known=st.sets(st.integers(1, 24)))
def test_no_unit_is_lost_it_is_a_skus_or_it_is_said(
    positions: dict[Where, tuple[int, ...]], known: set[int]
) -> None:
    shirts = {
        (LINEN["style"], bucket, location, lot): figures
        for (_, bucket, location, lot), figures in positions.items()
    }
    rows, odd = unpivoted(spread(shirts, 3), skus({f"B{bucket}": bucket for bucket in known}))

    lost = {where: figures for where, figures in shirts.items() if where[1] not in known and any(figures)}
    assert sum(one.count for one in odd) == len(lost)
    kept = sum(figures[0] for where, figures in shirts.items() if where[1] in known)
    assert rows["on_hand"].sum() == kept
