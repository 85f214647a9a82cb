"""Values in SQL text mean what they meant in Python, whatever they contain."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.literals import bound, fill, literal

AWKWARD = (
    "O'Neill & Sons", "'; drop table commands; --", "a;b", "back\\slash\\", "\\'", "''", "'", "''''", '"', "$name",
    "$$", "--", "/*", "*/", "E'\\x41'", "line\nbreak\r\n\ttab", "naïve café ☕ 日本 \U0001f455",
    "\u202eright to left", "", " ",
)  # fmt: skip


ONE = duckdb.connect()


class Lane(StrEnum):
    ORDERS = "orders"


def both_ways(value: object) -> tuple[object, object]:
    """What DuckDB makes of a value as a literal, and of the same value bound."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        shown = "select cast($v as varchar) as value, typeof($v) as type"
        written = connection.execute(fill(shown, {"v": value})).fetchall()
        given_ = connection.execute(shown, bound({"v": value})).fetchall()
    return written, given_


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_arrives_as_it_left(text: str) -> None:
    with duckdb.connect() as connection:
        found = connection.execute(fill("select $v", {"v": text})).fetchall()

    assert found == [(text,)]


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")))
def test_any_text_arrives_as_it_left(text: str) -> None:
    found = ONE.execute(f"select {literal(text)}, {literal([text, text])}").fetchall()

    assert found == [(text, [text, text])]


@pytest.mark.parametrize(
    "value",
    [
        "LINEN-SHIRT-WHITE-M",
        Lane.ORDERS,
        True,
        0,
        -7,
        2**40,
        Decimal("-19.990000"),
        Decimal("0.05"),
        Decimal(1200),
        1.5,
        -0.1,
        date(2026, 3, 29),
        datetime(2026, 3, 29, 0, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=timezone(timedelta(hours=1))),
        timedelta(hours=-3, microseconds=1),
        UUID("6b1f4a52-0000-4000-8000-00000000000a"),
        ["a'", "b"],
        ("a", "b"),
        [1, 2],
    ],
)
def test_a_literal_has_the_value_that_binding_gives(value: object) -> None:
    written, given_ = both_ways(value)

    def values_of(answer: object) -> object:
        return [row[0] for row in answer] if isinstance(answer, list) else answer

    assert values_of(written) == values_of(given_)


@pytest.mark.parametrize(
    "value", ["text", date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), True, 1.5, UUID(int=1)]
)
def test_a_literal_has_the_type_that_binding_gives(value: object) -> None:
    written, given_ = both_ways(value)

    assert written == given_


@pytest.mark.parametrize(
    "value",
    [
        "nul\0", "half\ud800", float("nan"), float("inf"), Decimal("NaN"), 2**63, Decimal("1e40"),
        datetime(2026, 1, 1), {"a": 1}, object(), b"bytes", ["ok", b"no"],  # noqa: DTZ001 - naive on purpose
    ],
)  # fmt: skip
def test_what_has_no_safe_literal_is_refused_both_ways(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        literal(value)
    with pytest.raises((TypeError, ValueError)):
        bound({"v": value})


@pytest.mark.parametrize(
    ("sql", "values", "filled"),
    [
        ("select $a, $b, $a", {"a": 1, "b": "x"}, "select 1, 'x', 1"),
        ("select '$a', \"$a\", $a -- $a\n/* $a */", {"a": 1}, "select '$a', \"$a\", 1 -- $a\n/* $a */"),
        ("select 'it''s $a', $a", {"a": "y"}, "select 'it''s $a', 'y'"),
        ("select $a::date", {"a": "2026-01-01"}, "select '2026-01-01'::date"),
        ("select $day, $days", {"day": 1, "days": 2}, "select 1, 2"),
    ],
)
def test_only_placeholders_outside_of_quotes_are_filled(
    sql: str, values: Mapping[str, object], filled: str
) -> None:
    assert fill(sql, values) == filled


def test_a_value_that_looks_like_a_placeholder_is_not_filled_again() -> None:
    assert fill("select $a, $b", {"a": "$b", "b": "'"}) == "select '$b', ''''"


def test_names_must_match() -> None:
    with pytest.raises(ValueError, match=r"missing \['b'\], not asked for \['c'\]"):
        fill("select $a, $b", {"a": 1, "c": 2})
