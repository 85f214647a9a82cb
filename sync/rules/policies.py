"""Buffer policies: how many units are held back, for which SKUs, from which day.

A policy says something for everything (global), a division, a category or one SKU, from a day on. The most specific
level wins **member by member**: what a policy leaves open is as the level above says, down to the settings, which
are the last word. Of the policies of one level and key the newest that has begun counts, whole.

Laws: resolving is the same for one SKU and for half a million; a policy that has not begun changes nothing; a
removal lets the level above speak again from its day on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal, get_args

import polars as pl

Level = Literal["global", "division", "category", "sku"]
LEVELS: tuple[Level, ...] = ("global", "division", "category", "sku")  # from the widest to the most specific
Combine = Literal["max", "sum"]
# The smallest buffer with an oversell probability of at most `alpha` (service_level), the same as if the channel
# sold all it lists (worst_case), or the one margin and the cost of an oversell ask for (newsvendor).
RiskRule = Literal["none", "service_level", "worst_case", "newsvendor"]

MOST_UNITS = 1_000_000  # lifts any cap
MOST_COST = 1_000_000

# What a SKU's policy comes to. Hundredths of a percent are whole numbers, so that rounding is exact.
COLUMNS: dict[str, pl.DataType] = {
    "percent_points": pl.Int64(),
    "absolute_units": pl.Int64(),
    "is_sum": pl.Boolean(),
    "risk_rule": pl.String(),
    "risk_alpha": pl.Float64(),
    "oversell_cost_amount": pl.Decimal(18, 6),
    "minimum": pl.Int64(),
    "maximum": pl.Int64(),  # null: no cap
    "policy": pl.String(),  # which policies had a say, the most specific first
}


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy with every member said: what the settings fall back to, and what a test sets."""

    percent: Decimal = Decimal(0)
    units: int = 0
    combine: Combine = "max"
    risk: RiskRule = "none"
    alpha: Decimal = Decimal("0.01")
    oversell_cost: Decimal = Decimal(60)
    minimum: int = 0  # below it: nothing
    maximum: int | None = None
    name: str = "settings"


@dataclass(frozen=True, slots=True)
class Members:
    """What one policy says; None: as the level above says. A cap is lifted by a larger one."""

    percent: Decimal | None = None
    units: int | None = None
    combine: str | None = None
    risk: str | None = None
    alpha: Decimal | None = None
    oversell_cost: Decimal | None = None
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A policy of one level and key from a day on; without members it says nothing any more."""

    level: Level
    key: str  # empty for global; a division, a category, a SKU as the marketplace names it
    from_on: date
    members: Members = field(default_factory=Members)

    @property
    def name(self) -> str:
        """How a published number names it."""
        return f"{self.level}{f' {self.key}' if self.key else ''} from {self.from_on.isoformat()}"


def refusal(entry: Entry, today: date) -> str:
    """Why a policy cannot be meant, as a sentence that says what could; empty: it can."""
    said = entry.members
    checks = (
        (entry.level == "global" and entry.key != "", "The global policy has no key: leave it empty."),
        (entry.level != "global" and not entry.key, f"Say which {entry.level}: the key is empty."),
        (
            entry.from_on < today,
            f"A policy cannot begin before today ({today.isoformat()}): what was listed then had another.",
        ),
        (_is_outside(said.percent, 0, 100), "The percent lies between 0 and 100."),
        (
            said.percent is not None and said.percent * 100 % 1 != 0,
            "The percent has at most two places after the point.",
        ),
        (_is_outside(said.units, 0, MOST_UNITS), f"The units lie between 0 and {MOST_UNITS}."),
        (said.combine not in {None, *get_args(Combine)}, "Combine is max (the largest counts) or sum."),
        (said.risk not in {None, *get_args(RiskRule)}, f"The risk rule is one of {', '.join(get_args(RiskRule))}."),
        (
            said.alpha is not None and not 0 < said.alpha < 1,
            "Alpha is a probability between 0 and 1, e.g. 0.01 for one in a hundred.",
        ),
        (
            said.oversell_cost is not None and not 0 < said.oversell_cost <= MOST_COST,
            f"The cost of an oversell is an amount above 0, at most {MOST_COST}.",
        ),
        (_is_outside(said.minimum, 0, MOST_UNITS), f"The minimum lies between 0 and {MOST_UNITS}."),
        (_is_outside(said.maximum, 0, MOST_UNITS), f"The maximum lies between 0 and {MOST_UNITS}."),
        (
            said.minimum is not None and said.maximum is not None and said.minimum > said.maximum,
            "The minimum is larger than the maximum: that cannot be meant.",
        ),
    )
    return next((sentence for is_wrong, sentence in checks if is_wrong), "")


def _is_outside(value: Decimal | int | None, least: int, most: int) -> bool:
    return value is not None and not least <= value <= most


def words(members: Members) -> str:
    """What a policy says, as one would say it; what it leaves open is not in it."""
    cost = None if members.oversell_cost is None else f"{members.oversell_cost:,.2f} an oversold unit"
    told = (
        *_held_back(members),
        "added up" if members.combine == "sum" else None,
        cost if members.risk in {None, "newsvendor"} else None,
        None if members.minimum is None else f"none below {members.minimum}",
        None if members.maximum is None else f"at most {members.maximum} listed",
    )
    return ", ".join(filter(None, told)) or "as the levels above say"


def _held_back(members: Members) -> tuple[str | None, ...]:
    if members.percent == 0 and members.units == 0 and members.risk == "none":
        return ("nothing held back",)
    return (
        None if members.percent is None else f"{_plain(members.percent)} %",
        None if members.units is None else f"{members.units} unit{'' if members.units == 1 else 's'}",
        _by_risk(members.risk, members.alpha),
    )


def _by_risk(rule: str | None, alpha: Decimal | None) -> str | None:
    if rule == "none":
        return "not by risk"
    chance = "" if alpha is None else f"at {_plain(alpha * 100)} %"
    said = " ".join(filter(None, ((rule or "").replace("_", " "), chance)))
    return f"by risk ({said})" if said else None


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def with_policy(skus: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """`skus` with the COLUMNS of one policy for all of them."""
    values = _columns_of(Members(
        policy.percent, policy.units, policy.combine, policy.risk, policy.alpha, policy.oversell_cost,
        policy.minimum, policy.maximum,
    )) | {"policy": policy.name}  # fmt: skip
    return skus.with_columns(pl.lit(values[name], dtype).alias(name) for name, dtype in COLUMNS.items())


def resolve(skus: pl.DataFrame, entries: Sequence[Entry], on: date, fallback: Policy) -> pl.DataFrame:
    """`skus` (with `sku`, `division`, `category`) with the COLUMNS that apply to each on a day.

    A null division or category is met by the global policy alone.
    """
    resolved = with_policy(skus, fallback)
    for level in LEVELS:
        begun = _begun(entries, level, on)
        if begun:
            resolved = _overlaid(resolved, level, begun)
    return resolved


def _begun(entries: Sequence[Entry], level: Level, on: date) -> list[Entry]:
    """The policy in force for each key of a level; of two from one day the later told counts."""
    newest: dict[str, Entry] = {}
    for entry in entries:
        if entry.level != level or entry.from_on > on:
            continue
        known = newest.get(entry.key)
        if known is None or entry.from_on >= known.from_on:
            newest[entry.key] = entry
    return [entry for entry in newest.values() if entry.members != Members()]


def _overlaid(resolved: pl.DataFrame, level: Level, begun: Sequence[Entry]) -> pl.DataFrame:
    said = pl.DataFrame(
        [{"key": entry.key, **_columns_of(entry.members), "policy": entry.name} for entry in begun],
        schema={"key": pl.String(), **COLUMNS},
    )
    key = pl.lit("").alias("key") if level == "global" else pl.col(level).alias("key")
    beside = resolved.select(key).join(said, on="key", how="left", maintain_order="left")
    members = [name for name in COLUMNS if name != "policy"]
    return resolved.with_columns(
        *(pl.coalesce(beside[name], pl.col(name)).alias(name) for name in members),
        pl.concat_str(beside["policy"], pl.col("policy"), separator=", ", ignore_nulls=True).alias("policy"),
    )


def _columns_of(members: Members) -> dict[str, Any]:
    return {
        "percent_points": None if members.percent is None else int(members.percent * 100),
        "absolute_units": members.units,
        "is_sum": None if members.combine is None else members.combine == "sum",
        "risk_rule": members.risk,
        "risk_alpha": None if members.alpha is None else float(members.alpha),
        "oversell_cost_amount": members.oversell_cost,
        "minimum": members.minimum,
        "maximum": members.maximum,
    }
