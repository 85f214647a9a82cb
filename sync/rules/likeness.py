"""What an ordered SKU that BlueCherry does not have may have been meant to be, in words; never used by itself.

There is no alias table: a near SKU is shown to the person who mends it, and nothing else is done with it.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

SHOWN = 3


def spelt_as(ordered: str, candidates: Sequence[str]) -> str:
    """The candidate that differs only by case or blanks; empty: none does."""
    return next((one for one in candidates if _folded(one) == _folded(ordered)), "")


def described(ordered: str, candidates: Sequence[str]) -> str:
    """The nearest SKUs and how they differ: `BlueCherry has `LS-100-WHT-M`; the case differs`.

    `candidates` come nearest first; empty: nothing is near.
    """
    told = [f"`{one}`; {difference(ordered, one)}" for one in candidates[:SHOWN]]
    return f"BlueCherry has {', '.join(told)}" if told else "BlueCherry has nothing like it"


def difference(ordered: str, ours: str) -> str:
    """How an ordered SKU differs from one of BlueCherry's, in words."""
    if ordered.strip() == ours:
        return _blank_where(ordered)
    if _folded(ordered) == _folded(ours):
        has_case, has_blanks = ordered.lower() != ordered or ours.lower() != ours, _bare(ordered) != ordered
        same_case = _bare(ordered) == _bare(ours)
        if same_case:
            return "the blanks differ"
        return "the case and the blanks differ" if has_case and (has_blanks or _bare(ours) != ours) else _CASE
    if _numbers(ordered) == _numbers(ours):
        return "leading zeros differ"
    if _letters(ordered) == _letters(ours):
        return "the separators differ"
    return _changes(ordered, ours)


_CASE = "the case differs"


def _blank_where(ordered: str) -> str:
    ends = [
        word for word, is_so in (("beginning", ordered[:1].isspace()), ("end", ordered[-1:].isspace())) if is_so
    ]
    return f"the order's has a blank at its {' and its '.join(ends)}" if ends else "nothing differs"


def _changes(ordered: str, ours: str) -> str:
    parts = []
    for what, a, b, c, d in SequenceMatcher(None, ordered, ours, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        if a == b:
            parts.append(f"{ours[c:d]!r} is missing")
        elif c == d:
            parts.append(f"{ordered[a:b]!r} is too many")
        else:
            parts.append(f"{ordered[a:b]!r} stands for {ours[c:d]!r}")
    return " and ".join(parts) if len(parts) < 3 else f"it differs in {len(parts)} places"


def _bare(sku: str) -> str:
    return "".join(sku.split())


def _folded(sku: str) -> str:
    return _bare(sku).casefold()


def _numbers(sku: str) -> str:
    return re.sub(r"(?<!\d)0+(?=\d)", "", _folded(sku))


def _letters(sku: str) -> str:
    return re.sub(r"[^0-9a-z]", "", _folded(sku))
