"""Which of two readings of a return at John Lewis shows what was, where their stamps do not say it.

Pure. A return never goes back to an earlier state, and what was said of what came back stays said.
"""

from store.events import ReturnSeen

_STEPS = (
    ("WAITING_ACCEPTANCE",), ("IN_PROGRESS",), ("RECEIVED", "NO_RECEPTION"), ("CLOSED", "REFUSED", "CANCELED"),
)  # fmt: skip
_RANKS = {state: rank for rank, states in enumerate(_STEPS) for state in states}


def is_earlier(shown: ReturnSeen, before: ReturnSeen) -> bool:
    """Whether what is shown now is what was before; of a state nobody told us of, only what was said tells it."""
    ranks = _RANKS.get(shown.state), _RANKS.get(before.state)
    if ranks[0] is not None and ranks[1] is not None and ranks[0] != ranks[1]:
        return ranks[0] < ranks[1]
    said = {line.order_line_id for line in before.lines if line.is_compliant is not None}
    return any(line.is_compliant is None and line.order_line_id in said for line in shown.lines)
