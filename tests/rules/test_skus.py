"""What a SKU is called at the marketplace, and what makes it unfit to be sold there."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.rules.skus import PROBLEMS, is_gtin, shop_sku, with_problems

TEMPLATE = "{division}-{style}-{color_code}-{label}-{dimension}-{size}"


def sku(**changes: Any) -> dict[str, Any]:
    """A SKU without a problem, less what the test changes."""
    usual = {
        "sku_key": "NMK|NK2417|OAT|A|R|M", "sku": "NMK-NK2417-OAT-A-R-M", "division": "NMK", "style": "NK2417",
        "color_code": "OAT", "label": "A", "dimension": "R", "size": "M", "upc": "036000291452",
        "ean": "4006381333931", "is_active": True, "is_gone": False,
    }  # fmt: skip
    return usual | changes


def problems(*skus: dict[str, Any]) -> list[str]:
    return with_problems(pl.DataFrame(list(skus)))["problem"].to_list()


def test_the_name_at_the_marketplace_keeps_leading_zeros_and_case() -> None:
    name = shop_sku(
        TEMPLATE, division="NMM", style="05001", color_code="black", label="A", dimension="L", size="3XL"
    )

    assert name == "NMM-05001-black-A-L-3XL"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("036000291452", True),
        ("4006381333931", True),
        ("04006381333931", True),
        ("96385074", True),
        ("036000291453", False),
        ("36000291452", False),
        ("03600029145X", False),
        ("", False),
    ],
)
def test_a_gtin_has_a_known_length_and_the_right_check_digit(code: str, expected: bool) -> None:
    assert is_gtin(code) is expected


@settings(max_examples=20, deadline=None)
@given(st.sets(st.text(st.sampled_from("0123456789"), min_size=1, max_size=15), min_size=1, max_size=20))
def test_all_skus_at_once_are_judged_as_one_is(codes: set[str]) -> None:
    found = with_problems(pl.DataFrame([sku(sku_key=code, sku=code, upc=code) for code in codes]))

    for code, problem in found.select("upc", "problem").rows():
        assert ("bad_check_digit" not in problem) is is_gtin(code)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ""),
        ({"is_active": False}, "inactive"),
        ({"upc": "", "ean": ""}, "no_upc_or_ean"),
        ({"ean": ""}, "no_ean"),
        ({"upc": ""}, "no_upc"),
        ({"ean": "4006381333932"}, "bad_check_digit"),
        ({"upc": "036000291452 "}, "untrimmed"),
        ({"size": " M"}, "untrimmed"),
        ({"sku": "X" * 41}, "sku_too_long"),
        ({"sku": "NMK-1/2-OAT"}, "sku_has_slash"),
        ({"is_active": False, "ean": ""}, "inactive,no_ean"),
    ],
)
def test_each_problem_is_named(changes: dict[str, Any], expected: str) -> None:
    assert problems(sku(**changes)) == [expected]
    assert set(filter(None, expected.split(","))) <= PROBLEMS.keys()


def test_two_skus_with_one_upc_are_both_named_also_when_one_wrote_it_as_an_ean() -> None:
    other = sku(sku_key="NMK|NK2417|OAT|A|R|L", sku="NMK-NK2417-OAT-A-R-L", upc="", ean="0036000291452")

    assert problems(sku(), other) == ["duplicate_upc", "no_upc,duplicate_upc"]


def test_two_skus_with_one_name_are_both_named_unless_one_is_gone() -> None:
    other = sku(sku_key="NMK|NK2417|OAT-A|R||M", upc="012345678905", ean="96385074")

    assert problems(sku(), other) == ["duplicate_sku", "duplicate_sku"]
    assert problems(sku(), other | {"is_gone": True}) == ["", ""]
