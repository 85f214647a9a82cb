"""Looks at many things in turn, each a question to a system that may not answer about one of them.

Where more wait than one run may ask for, runs take turns (sync.rules.turns): what stays unclear, or what gets no
answer, never keeps another from being looked at, nor the run from going on.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from sync.errors import Retriable
from sync.intents import OpenIntent
from sync.rules.turns import next_turns
from sync.runs import Run

Thing = TypeVar("Thing")

LOOKED_FOR_AT_ONCE = 200
UNANSWERED_AT_MOST = 3  # looks of a run that get no answer, each after its tries


def in_turn(
    run: Run, bookmark: str, things: Mapping[str, Thing], most: int, look: Callable[[Thing], object]
) -> None:
    """Look at so many of them, where the last run left off; one that gets no answer waits for its next turn."""
    last = reached = run.bookmark(bookmark) or ""
    unanswered = 0
    try:
        for key in next_turns(sorted(things), last, most):
            run.check()
            reached = key
            try:
                look(things[key])
            except Retriable:
                unanswered += 1
                if unanswered == UNANSWERED_AT_MOST:
                    break
    finally:
        if reached != last:
            run.record(bookmarks={bookmark: reached})


def by_age(intents: Iterable[OpenIntent], *kinds: str) -> dict[str, OpenIntent]:
    """Those of some kinds, by a key that puts the oldest first."""
    return {f"{one.meant_at.isoformat()} {one.intent_id}": one for one in intents if one.kind in kinds}
