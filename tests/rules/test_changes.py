"""What is news in a frame, and what is gone from it."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.rules.changes import _places_by_name, changed, compared, gone

KEY = ("sku_key", "location")
PLACES = st.dictionaries(
    st.tuples(st.sampled_from(["LINEN", "WOOL", "SILK", "LINEN|M"]), st.sampled_from(["WH1", "WH2", ""])),
    st.tuples(st.none() | st.integers(0, 3), st.sampled_from(["", "x"])),
)


def frame(rows: dict[tuple[str, str], tuple[int | None, str]]) -> pl.DataFrame:
    told = [(*key, *values) for key, values in rows.items()]
    return pl.DataFrame(told, {"sku_key": str, "location": str, "on_hand": int, "batch": str}, orient="row")


@settings(deadline=None)
@given(PLACES, PLACES)
def test_what_is_news_and_what_is_gone_is_what_a_comparison_of_each_row_says(
    now: dict[tuple[str, str], tuple[int | None, str]], before: dict[tuple[str, str], tuple[int | None, str]]
) -> None:
    news, missing = compared(frame(now), frame(before), KEY)

    assert news.rows() == [(*key, *now[key]) for key in now if before.get(key) != now[key]]
    assert missing.rows() == [(*key, *before[key]) for key in before if key not in now]
    assert news.equals(changed(frame(now), frame(before), KEY))
    assert missing.equals(gone(frame(now), frame(before), KEY))


def test_of_very_many_rows_each_finds_its_own() -> None:
    count = 200_000
    known = pl.DataFrame({"sku": pl.Series(range(count)).cast(pl.String), "quantity": pl.Series(range(count))})
    moved = known.sample(fraction=1, shuffle=True, seed=7).with_columns(
        quantity=pl.when(pl.col("sku") == "4711").then(0).otherwise("quantity")
    )
    news, missing = compared(moved.filter(pl.col("sku") != "815"), known, ["sku"])

    assert (news["sku"].to_list(), missing["sku"].to_list()) == (["4711"], ["815"])


def test_rows_are_found_by_name_too() -> None:
    known = frame({("WOOL", "WH1"): (1, ""), ("LINEN", "WH2"): (2, "")})
    new = frame({("LINEN", "WH2"): (2, ""), ("SILK", "WH1"): (1, "")})

    assert _places_by_name(new, known, KEY).tolist() == [1, -1]
