"""When what failed for a passing reason is tried again by itself: after gaps that grow, each a little different.

Laws: only what passes by itself is tried again without a person; what failed more often waits longer and goes last,
so that a few that always fail never delay the rest; the gap is drawn from the subject, so that a restart waits the
same and many that failed together do not come back together.
"""

from datetime import datetime, timedelta
from hashlib import sha256

from sync.rules.erp_refusals import REFUSALS

# Codes of refusals that pass by themselves (bluecherry.md §2.11, those marked "retry: yes" or "after wait").
TRANSIENT = frozenset({"QUOTA_EXCEEDED", "RATE_LIMITED", *(one.code for one in REFUSALS if one.passes)})
ABSENT = "absent"  # looked for, and surely not there: its answer never came, and nothing had happened

FIRST_GAP = timedelta(minutes=2)
LONGEST_GAP = timedelta(hours=1)
JITTER = 0.25  # of the gap, to either side


def is_transient(code: str) -> bool:
    """Whether a refusal with this code is tried again by itself."""
    return code in TRANSIENT or code == ABSENT


def gap(
    failures: int, subject: str, *, first: timedelta = FIRST_GAP, longest: timedelta = LONGEST_GAP
) -> timedelta:
    """How long to wait after so many failures in a row (at least one), give or take a quarter."""
    whole = min(first * float(2 ** min(failures - 1, 10)), longest)
    drawn = int.from_bytes(sha256(f"{subject}/{failures}".encode()).digest()[:4], "big") / 2**32
    return whole * (1 - JITTER + 2 * JITTER * drawn)


def next_try_at(failed_at: datetime, code: str, failures: int, subject: str) -> datetime:
    """When what failed so is tried again.

    What was absent once is sent again at once: the visibility delay and two sweeps lie behind it.
    """
    waited = failures - 1 if code == ABSENT else failures
    return failed_at + gap(waited, subject) if waited > 0 else failed_at
