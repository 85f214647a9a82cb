"""Whose turn it is where not all of many can be looked at in one run.

Pure. Law: starvation-free. Every key of `n` is among the chosen within ceil(n / most) rounds, however the others
fare: a round begins after the last one of the round before and goes round the end.
"""

from bisect import bisect_right
from collections.abc import Sequence


def next_turns(keys: Sequence[str], last: str, most: int) -> list[str]:
    """At most so many of the keys (sorted), beginning after `last`; it need not be among them any more."""
    start = bisect_right(keys, last)
    return [*keys[start:], *keys[:start]][:most]
