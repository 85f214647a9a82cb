"""What a SKU is called at the marketplace, and what makes one unfit to be sold there.

The marketplace's `shop_sku` is one template over the ERP's fields, computed for every SKU and compared byte for
byte; there is no alias and nothing is ever read back out of it. Identifiers are text: leading zeros count.
"""

import polars as pl

LONGEST = 40
_GTIN = 14
_CODES = ("division", "style", "color_code", "label", "dimension", "size", "upc", "ean")

# Each problem with the sentence people read; a SKU's problems are these names, joined by a comma.
PROBLEMS: dict[str, str] = {
    "inactive": "It is not active in BlueCherry.",
    "no_upc_or_ean": "It has neither UPC nor EAN in BlueCherry.",
    "no_upc": "It has no UPC in BlueCherry.",
    "no_ean": "It has no EAN in BlueCherry.",
    "bad_check_digit": "The check digit of its UPC or EAN is wrong.",
    "duplicate_upc": "Another SKU has the same UPC or EAN.",
    "untrimmed": "One of its codes begins or ends with a blank.",
    "sku_too_long": f"Its marketplace SKU is longer than {LONGEST} characters.",
    "sku_has_slash": "Its marketplace SKU contains a slash.",
    "duplicate_sku": "Another SKU has the same marketplace SKU.",
}


def shop_sku(
    template: str, *, division: str, style: str, color_code: str, label: str, dimension: str, size: str
) -> str:
    """The marketplace's name of a SKU."""
    return template.format(
        division=division, style=style, color_code=color_code, label=label, dimension=dimension, size=size
    )


def is_gtin(code: str) -> bool:
    """Whether this is a UPC, EAN or GTIN with the right check digit."""
    if not (code.isascii() and code.isdigit() and len(code) in {8, 12, 13, 14}):
        return False
    digits = [int(digit) for digit in code.zfill(_GTIN)]
    return sum(digit * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits)) % 10 == 0


def with_problems(skus: pl.DataFrame) -> pl.DataFrame:
    """Every SKU with its `problem`: names from PROBLEMS joined by a comma, empty for none.

    `skus` must hold every SKU there is, for one can only be a duplicate among all.
    """
    upc, ean = pl.col("upc").str.strip_chars(), pl.col("ean").str.strip_chars()
    blank_upc, blank_ean = upc == "", ean == ""
    # Compared as GTIN-14, so that a UPC-A is seen to be the same as its EAN-13.
    shared = _identifiers(skus)
    is_live = ~pl.col("is_gone")
    tests = {
        "inactive": ~pl.col("is_active"),
        "no_upc_or_ean": blank_upc & blank_ean,
        "no_upc": blank_upc & ~blank_ean,
        "no_ean": blank_ean & ~blank_upc,
        "bad_check_digit": ~(_is_fine(upc) & _is_fine(ean)),
        "duplicate_upc": pl.col("sku_key").is_in(shared.implode()),
        "untrimmed": pl.any_horizontal(pl.col(name) != pl.col(name).str.strip_chars() for name in _CODES),
        "sku_too_long": pl.col("sku").str.len_chars() > LONGEST,
        "sku_has_slash": pl.col("sku").str.contains("/", literal=True),
        "duplicate_sku": is_live & (is_live.sum().over("sku") > 1),
    }
    names = [pl.when(test).then(pl.lit(name)) for name, test in tests.items()]
    return skus.with_columns(pl.concat_str(names, separator=",", ignore_nulls=True).alias("problem"))


def _is_fine(code: pl.Expr) -> pl.Expr:
    """An absent identifier is another problem; a present one must carry the right check digit."""
    padded = code.str.zfill(_GTIN)
    total = pl.sum_horizontal(
        padded.str.slice(place, 1).cast(pl.Int32, strict=False) * (3 if place % 2 == 0 else 1)
        for place in range(_GTIN)
    )
    is_number = code.str.contains(r"^(\d{8}|\d{12,14})$")
    return (code == "") | (is_number & (total % 10 == 0))


def _identifiers(skus: pl.DataFrame) -> pl.Series:
    """The keys of SKUs that share an identifier with another."""
    both = skus.filter(~pl.col("is_gone")).select("sku_key", "upc", "ean")
    each = (
        both.unpivot(index="sku_key", on=["upc", "ean"], value_name="code")
        .with_columns(pl.col("code").str.strip_chars())
        .filter(pl.col("code") != "")
        .with_columns(pl.col("code").str.zfill(_GTIN))
        .unique(["sku_key", "code"])
    )
    return each.filter(pl.len().over("code") > 1)["sku_key"].unique()
