"""What the rows of a stock batch mean here, and which of them are news.

The law: in a FULL batch a missing SKU has no stock; in a DELTA it is unchanged. Lots are added up; what the ERP
gave no number for counts as none, and of a row with a number nobody can read all of them do.
"""

from collections.abc import Collection, Mapping

import polars as pl

from sync.rules.changes import changed, compared

# Goods that are not in the building, whatever a setting says: port of entry, at origin, unassigned.
NEVER_SOLD_FROM = frozenset({"POE", "FOB", ""})
WAREHOUSE = "W"  # the one type of location BlueCherry calls a warehouse

KEY = ("sku_key", "location")
QUANTITIES = (
    "on_hand", "linked", "allocated", "later_orders", "picked", "work_orders", "in_transit", "damaged", "held",
)  # fmt: skip
TELLS = "tells_open_orders"


def may_sell(location: str, types: Mapping[str, str]) -> bool:
    """Whether goods at a location may be sold at all, once it is allowed.

    `types`: of each location BlueCherry lists; empty: its list was never read, and nothing is judged by it. Of the
    types only the warehouse is known: what is typed as anything else (QA, returns, in transit, samples) or is not
    listed never sells. What has no type may be a warehouse.
    """
    if location.strip().upper() in NEVER_SOLD_FROM:
        return False
    return not types or types.get(location, "?").strip().upper() in {"", WAREHOUSE}


def normalised(
    rows: pl.DataFrame, *, deducts_open_orders: bool = True, held_lots: Collection[str] = ()
) -> pl.DataFrame:
    """Rows of a batch as `stock_facts` has them: one per SKU and location, lots added up, nothing null.

    Orders due beyond the ERP's horizon (next season's pre-books) are kept apart in `later_orders`. Of the promised
    only as many are taken off as can be in it: an ERP may leave open orders out of `allocated`. Where it is
    known to (`deducts_open_orders` is false: allocated is what was set aside), all that is due is promised instead,
    and `tells_open_orders` says whether a row told how much that is; null: it need not, or cannot be read.
    `held_lots`: of those nothing may be sold (QA, seconds), so what is left of them is held.
    A SKU, location and lot stand in `rows` once (`batch_checks.fault`).
    """
    later = (pl.col("open_orders") - pl.col("open_due")).clip(lower_bound=0).fill_null(0)
    taken_off = promised() - pl.min_horizontal("later_orders", _beyond_due())
    if not deducts_open_orders:
        taken_off = pl.max_horizontal(taken_off, _due())
    tells = pl.lit(None, pl.Boolean) if deducts_open_orders else pl.when(~is_unread()).then(tells_open_orders())
    given = (
        rows.with_columns(later.alias("later_orders"))
        .with_columns(taken_off.alias("allocated"))
        .select(*KEY, "lot", pl.when(~is_unread()).then(pl.col(QUANTITIES)).fill_null(0), tells.alias(TELLS))
    )
    if held_lots:
        left = pl.col("on_hand") - pl.sum_horizontal("linked", "allocated", "picked", "damaged", "held")
        is_held = pl.col("lot").is_in(sorted(held_lots))
        given = given.with_columns(
            held=pl.col("held") + pl.when(is_held).then(left.clip(lower_bound=0)).otherwise(0)
        )
    if rows["lot"].n_unique() <= 1:  # nothing to add up, and looking for it takes longer than all the rest
        return given.drop("lot")
    return given.group_by(*KEY, maintain_order=True).agg(pl.col(QUANTITIES).sum(), pl.col(TELLS).min())


def is_unread() -> pl.Expr:
    """Whether a quantity of a row that decides something cannot be read."""
    return pl.col("is_unread").fill_null(value=False)


def _beyond_due() -> pl.Expr:
    """Units promised over and above the orders due now: those due later are among them, if anywhere."""
    return (promised() - pl.col("open_due").fill_null(0)).clip(lower_bound=0)


def _due() -> pl.Expr:
    """Units all open orders want now, ours among them, whether anything was set aside for them or not."""
    return pl.sum_horizontal(pl.coalesce("open_due", "open_orders"), "reserved", "demand")


def tells_open_orders() -> pl.Expr:
    """Whether a row says how many units open orders want."""
    return pl.any_horizontal(pl.col("open_due", "open_orders").is_not_null())


def promised() -> pl.Expr:
    """Units promised to sales orders, as given or of their parts."""
    return pl.col("allocated").fill_null(pl.sum_horizontal("open_orders", "reserved", "demand"))


def has_any() -> pl.Expr:
    """Whether a row says anything of its SKU."""
    return pl.any_horizontal(pl.col(name) != 0 for name in QUANTITIES)


def to_store(kind: str, rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The rows that differ from what is held; after a FULL batch a row it left out is all zero.

    A DELTA carries every lot of the SKUs and locations it names.
    """
    before = known.select(*KEY, *QUANTITIES, TELLS)
    if kind != "FULL":
        return changed(rows, before, KEY)
    news, missing = compared(rows, before, KEY)
    zero = missing.filter(has_any() | pl.col(TELLS).is_not_null()).select(
        *KEY, *(pl.lit(0, pl.Int64).alias(name) for name in QUANTITIES), pl.lit(None, pl.Boolean).alias(TELLS)
    )
    return pl.concat([news, zero])
