"""The command line's words for trying buffer policies: what they mean, and what came of it as a table.

A policy is written as `percent=10,units=2,risk=service_level,alpha=0.01`; what it leaves open is left open.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from store import commands as ask
from store import reads_risk
from store.reads import Ask
from sync.rules.policies import LEVELS
from sync.rules.trading_week import LONDON

AS_IT_IS = "now"
EVERYTHING = "everything"
SHOWN = 20
USUAL = timedelta(weeks=6)
Table = tuple[list[str], list[list[str]]]


def today_of(moment: datetime) -> date:
    """The day policies count by: London's."""
    return moment.astimezone(LONDON).date()


def preview_of(words: str, of: str, from_on: date, *, is_end: bool) -> ask.PreviewPolicy:
    """The command that previews a policy of `everything`, or of `division:NMK`, `category:shirts`, `sku:…`.

    Raises ValueError for words that say no policy.
    """
    level, key = _scope(of)
    said: dict[str, Any] = {} if is_end else members(words)
    try:
        return ask.PreviewPolicy(level=level, key=key, from_on=from_on, is_removal=is_end, **said)
    except ValidationError as wrong:
        raise ValueError(_sentence(wrong)) from wrong


def back_test_of(
    a: str, b: str, from_on: date | None, until_on: date | None, today: date, *, of: str = EVERYTHING
) -> ask.BackTest:
    """The command that replays two policies on a half-open span of days; unless told, the last six whole weeks.

    What they say is of everything, or as in `preview_of`. Raises ValueError for words that say no policy.
    """
    until = until_on or today - timedelta(days=today.weekday())
    return ask.BackTest(from_on=from_on or until - USUAL, until_on=until, a=tried(a, of), b=tried(b, of))


def tried(words: str, of: str = EVERYTHING) -> ask.TriedPolicy:
    """One side of a back-test: `now` for the policies in force, or a policy. Raises ValueError."""
    level, key = _scope(of)
    if words == AS_IT_IS:
        return ask.TriedPolicy(as_it_is=True)
    try:
        return ask.TriedPolicy(level=level, key=key, **members(words))
    except ValidationError as wrong:
        raise ValueError(_sentence(wrong)) from wrong


def _scope(of: str) -> tuple[str, str]:
    """Level and key. Raises ValueError."""
    level, _, key = ("global", "", "") if of == EVERYTHING else of.partition(":")
    if level not in LEVELS or (level != "global" and not key):
        raise ValueError(f"{of!r} is neither {EVERYTHING} nor division:…, category:… or sku:…")
    return level, key


def members(words: str) -> dict[str, Any]:
    """`percent=10,units=2` by name. Raises ValueError for what has not that form, or says nothing."""
    said: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in words.split(","))):
        name, is_said, value = part.partition("=")
        if not is_said or not value or name not in ask.PolicyMembers.model_fields:
            raise ValueError(f"{part!r} says nothing of a policy: {', '.join(ask.PolicyMembers.model_fields)}")
        said[name.strip()] = value.strip()
    if not said:
        raise ValueError("the policy says nothing")
    return said


def changes(question: Ask, preview_id: str) -> Table:
    """The offers a preview would change most."""
    rows = reads_risk.policy_preview_changes(question, preview_id, limit=SHOWN).to_dicts()
    return ["SKU", "sellable", "listed now", "would be", "oversells a week", "lost sales a week"], [
        [
            row["sku"], str(row["base"]), str(row["before_quantity"]), str(row["after_quantity"]),
            f"{row['before_oversells']:.2f} → {row['after_oversells']:.2f}",
            f"{row['before_lost_units']:.1f} → {row['after_lost_units']:.1f}",
        ]
        for row in rows
    ]  # fmt: skip


def sides(question: Ask, as_of: datetime, test_id: str) -> Table:
    """What both policies of a back-test would have come to."""
    rows = [row for row in reads_risk.back_tests(question, as_of).to_dicts() if str(row["test_id"]) == test_id]
    return ["", "policy", "oversold", "missed", "cost", "oversells foretold", "Brier score"], [
        [
            row["side"].upper(), row["policy"], str(row["oversold_units"]), str(row["lost_units"]),
            f"{row['total_amount']:.2f} {row['currency']}", f"{row['predicted_oversells']:.1f}", _score(row),
        ]
        for row in rows
    ]  # fmt: skip


def _score(row: dict[str, Any]) -> str:
    return "none was listed" if row["brier_score"] is None else f"{row['brier_score']:.5f}"


def _sentence(wrong: ValidationError) -> str:
    return "; ".join(f"{_name(one['loc'])}: {one['msg']}" for one in wrong.errors())


def _name(place: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in place)
