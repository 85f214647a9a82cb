"""Watch: what is wrong now, since when, and what is not wrong any more.

Looks at nothing outside: asks the store what is wrong (`conditions`), compares with what it said last time, and
records what opened, changed and closed. What people did about it (owner, snooze, note) is theirs and stays. Once a
night it forgets what must not be kept: personal data of old orders, and the bodies of old answers.

What can go wrong: it stops. Then the screens show when it last looked, and that they are stale.
"""

from collections import Counter
from datetime import timedelta

from store.events import ClockCompared, ExceptionChanged, ExceptionClosed, ExceptionOpened, PersonalPurged
from sync.rules import clocks
from sync.rules.progress import day_of, is_new_day
from sync.rules.watch import decide
from sync.runs import EVERYTHING, Preview, Run, Scope

NAME = "watch"
PURGED = "watch.purged"
BULK = ("OF21", "inventory", "style", "TL02")  # pages too big to keep for long
SENT_VISIBLE_AFTER = 30  # minutes, where the ERP's delay is not configured
LOOKED_WITHIN = (
    15  # minutes between two looks at the orders, at most; three times their interval where that is longer
)
_WORDS = ((ExceptionOpened, "opened"), (ExceptionChanged, "changed"), (ExceptionClosed, "closed"))


def run(run: Run, scope: Scope = EVERYTHING) -> None:  # noqa: ARG001 - every flow is called alike
    """One run, as the module says."""
    run.record(_clocks(run))
    events = decide(_wrong(run), _open(run), run.now())
    run.record(events)
    for kind, word in _WORDS:
        run.counts[word] += sum(1 for event in events if type(event) is kind)
    _forget(run)


def preview(run: Run, scope: Scope = EVERYTHING) -> Preview:  # noqa: ARG001 - every flow is called alike
    """What would be opened, changed and closed."""
    rows = []
    tally: Counter[str] = Counter()
    for event in decide(_wrong(run), _open(run), run.now()):
        word = next(word for kind, word in _WORDS if type(event) is kind)
        tally[word] += 1
        rows.append({"does": word, "what": event.subject})
    return Preview(
        f"{tally['opened']} exceptions would open, {tally['changed']} change, {tally['closed']} close.", tuple(rows)
    )


def _wrong(run: Run) -> list[dict[str, object]]:
    settings = run.house.settings
    visible_after = settings.erp_visibility_minutes
    return run.rows(
        """
        select * from conditions(
            $now, acceptance_hours := $acceptance, visibility_minutes := $visible, batch_hours := $batch,
            count_hours := $counted, look_minutes := $looked,
            returnless := $returnless::varchar[], routes := $routes::varchar[]
        )
        """,
        {
            "now": run.now(),
            "acceptance": settings.acceptance_hours,
            "visible": SENT_VISIBLE_AFTER if visible_after is None else visible_after + 5,
            "batch": settings.batch_max_age_hours,
            "counted": settings.counted_within_hours,
            "looked": max(LOOKED_WITHIN, 3 * settings.orders_every // 60),
            "returnless": list(settings.reasons_without_return),
            "routes": [route.name for route in settings.alerts],
        },
    )


def _clocks(run: Run) -> tuple[ClockCompared, ...]:
    """Whether the clocks of the two systems, as their answers said, left ours or came back."""
    known = {
        row["system"]: row["ahead_seconds"] for row in run.rows("select system, ahead_seconds from clock_facts")
    }
    return clocks.decide(run.house.notebook.clocks(), known, run.now())


def _open(run: Run) -> list[dict[str, object]]:
    return run.rows("select * from exception_facts where is_open")


def _forget(run: Run) -> None:
    """Once a night: personal data and bodies older than the settings allow."""
    now, settings = run.now(), run.house.settings
    if not is_new_day(run.bookmark(PURGED), now):
        return
    before = now - timedelta(days=settings.personal_days)
    orders = run.house.journal.forget_personal(before)
    bodies = run.house.journal.forget_bodies(
        resources=BULK,
        bulk_before=now - timedelta(days=settings.bulk_body_days),
        others_before=now - timedelta(days=settings.body_days),
    )
    run.counts["people_forgotten"] += orders
    run.counts["bodies_forgotten"] += bodies
    events = [PersonalPurged(happened_at=now, before_at=before, order_count=orders)] if orders else []
    run.record(events, bookmarks={PURGED: day_of(now)})
