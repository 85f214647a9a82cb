"""What we are about to do outside: recorded before the call, settled after, never blindly repeated.

An unclear write (time-out, cut connection, 5xx, a kill of ours) is looked up before anything else is done about
its subject. KINDS says for each kind how, and what "already done" looks like. Intents are called concurrently, and
their outcomes committed together every 200 ms, or 200 calls, with the intents that take their places: about as many
as will be called in the next 400 ms, so that a kill makes few unclear where calls are slow.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from store.events import Event, IntentConfirmed, IntentRecorded, IntentRefused, IntentUnclear
from sync.errors import Deferred, Fatal, Refused, Retriable, SyncError, Unclear, Withheld
from sync.ports import Outcome
from sync.runs import Crew, Run

COMMIT_EVERY = 200
COMMIT_SECONDS = 0.2
FEWEST = 20  # under way where it is not known yet how fast they are called, or slowly
TOGETHER = 100  # in one call
NOT_SENT = "not_sent"  # the call was never made or certainly did nothing: it may be planned again


@dataclass(frozen=True, slots=True)
class Kind:
    """How an intent of this kind is found again when its outcome is unclear."""

    flow: str
    key: str  # what makes it one and the same
    look_up: str  # where we look
    already_done: str  # how we know it happened
    repeatable: bool  # may be sent again once it is known, or does not matter, that it did not happen


KINDS: dict[str, Kind] = {
    "accept_order": Kind(
        "orders", "order id", "OR11 two minutes after the call",
        "the order is past WAITING_ACCEPTANCE, and not refused", repeatable=True,
    ),
    "refuse_order": Kind(
        "orders", "order id", "OR11 two minutes after the call", "the order is REFUSED", repeatable=True,
    ),
    "create_sales_order": Kind(
        "orders", "order id, division, warehouse", "sales orders by po_num",
        "a sales order carries the line ids, as meant (else a person decides); absent only after the visibility "
        "delay and two sweeps",
        repeatable=True,
    ),
    "cancel_sales_line": Kind(
        "orders", "order line and the sum cancelled so far", "sales orders by po_num",
        "the line's cancelled units exceed the sum before; absent only after the visibility delay and two sweeps",
        repeatable=True,
    ),
    "cancel_market_line": Kind(
        "orders", "order line and the sum cancelled there so far", "OR11 after the call",
        "the line's cancelled units have grown by as many; where they have not, a person decides", repeatable=False,
    ),
    "write_reference": Kind(
        "orders", "order id", "OR11 two minutes after the call", "the reference reads as we wrote it",
        repeatable=True,
    ),
    "create_return": Kind(
        "returns", "return id and sales order", "return orders by po_num",
        "a return order carries the return's id; absent only after the visibility delay and two sweeps",
        repeatable=True,
    ),
    "cancel_return": Kind(
        "returns", "return id and authorisation", "return orders by po_num", "the authorisation is closed",
        repeatable=True,
    ),
    "answer_return": Kind(
        "returns", "return id", "RT11", "the return is past WAITING_ACCEPTANCE", repeatable=True,
    ),
    "report_return": Kind(
        "returns", "return id", "RT11", "a line of it reads as not as it should be", repeatable=True,
    ),
    "receive_return": Kind(
        "returns", "return id", "RT11", "the return is past IN_PROGRESS", repeatable=True,
    ),
    "refund_line": Kind(
        "returns", "return and order line", "OR11 after the call",
        "the line's refunded sum has grown by the amount; where it has not, a person decides", repeatable=False,
    ),
    "push_stock": Kind(
        "inventory", "push id", "the next push carries all newest values",
        "superseded: quantities are absolute", repeatable=True,
    ),
    "confirm_shipment": Kind(
        "dispatch", "shipment and carton", "ST11 by order (OR11 where multi-shipment is off)",
        "a shipment carries our reference or tracking number", repeatable=True,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Intent:
    """An order to carry out. The payload says what, in our words, without personal data."""

    kind: str
    subject: str
    payload: dict[str, Any]
    order_id: str = ""
    intent_id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True)
class OpenIntent:
    """An intent whose outcome is not known: its call may have happened."""

    intent_id: UUID
    kind: str
    subject: str
    order_id: str
    payload: dict[str, Any]
    state: str
    code: str
    meant_at: datetime
    happened_at: datetime
    reference: str = ""  # what the outside system called it before it was in doubt
    answered: str = ""  # the outside system's code for the answer that left it unclear
    said_absent: str = ""  # by whom and why; empty: nobody has said so


def recorded(intent: Intent, now: datetime) -> IntentRecorded:
    """The event that says we are about to do it."""
    return IntentRecorded(
        happened_at=now,
        intent_id=intent.intent_id,
        intent_kind=intent.kind,
        intent_subject=intent.subject,
        order_id=intent.order_id,
        payload=intent.payload,
    )


def confirmed(
    intent: Intent | OpenIntent, now: datetime, reference: str, message: str = "", snapshot_id: UUID | None = None
) -> IntentConfirmed:
    return IntentConfirmed(**_about(intent, now), reference=reference, message=message, snapshot_id=snapshot_id)


def refused(
    intent: Intent | OpenIntent, now: datetime, code: str, message: str, snapshot_id: UUID | None = None
) -> IntentRefused:
    return IntentRefused(
        **_about(intent, now), code=code, message=message[:500], answered=_answered_with(intent),
        snapshot_id=snapshot_id,
    )  # fmt: skip


def unclear(
    intent: Intent | OpenIntent, now: datetime, code: str, message: str, snapshot_id: UUID | None = None,
    *, answered: str = "",
) -> IntentUnclear:  # fmt: skip
    """It may have happened; `answered` is the code that came, which stays with it whatever is found."""
    return IntentUnclear(
        **_about(intent, now), code=code, message=message[:500], answered=answered or _answered_with(intent),
        snapshot_id=snapshot_id,
    )  # fmt: skip


def _answered_with(intent: Intent | OpenIntent) -> str:
    return intent.answered if isinstance(intent, OpenIntent) else ""


def carry_out(
    run: Run, intents: Sequence[Intent], call: Callable[[Intent], str], *,
    workers: int = 1, still_meant: Callable[[Sequence[Intent]], Sequence[Intent]] = list,
) -> dict[str, int]:  # fmt: skip
    """Record, call, record what became of it; how many ended confirmed, refused, unclear, not_sent.

    `call` returns the outside system's reference and raises as sync.errors says. `still_meant` says, just before
    some are recorded, which of them a person's word has not overtaken: no others are. Trouble that stops the flow
    is raised again once every outcome is written.
    """
    doing = _Doing(run, call, still_meant, deque(intents))
    with Crew(workers) as crew:
        try:
            while doing.queue or doing.waiting:
                doing.write(crew)
                if doing.waiting:
                    doing.take()
        finally:  # whatever ends us, what was begun has an outcome
            while doing.waiting:
                doing.take()
            run.record(doing.outcomes)
    if doing.trouble is not None:
        raise doing.trouble
    return doing.tally


@dataclass(slots=True)
class _Doing:
    """A group under way: what has ended is written down and followed by the next while the rest is called."""

    run: Run
    call: Callable[[Intent], str]
    still_meant: Callable[[Sequence[Intent]], Sequence[Intent]]
    queue: deque[Intent]
    waiting: dict[Future[Event | SyncError], Intent] = field(default_factory=dict)
    ended: deque[Future[Event | SyncError]] = field(default_factory=deque)
    are_enough: threading.Event = field(default_factory=threading.Event)  # have ended
    outcomes: list[Event] = field(default_factory=list)  # not written yet
    room: int = FEWEST  # for so many under way
    trouble: SyncError | None = None
    tally: dict[str, int] = field(default_factory=lambda: {"confirmed": 0, "refused": 0, "unclear": 0, NOT_SENT: 0})

    def write(self, crew: Crew) -> None:
        """Record the outcomes there are and the intents that take their places, and hand these to the crew."""
        self.run.check()
        group = self._next()
        if not (group or self.outcomes):
            return
        now = self.run.now()
        self.run.record([*self.outcomes, *(recorded(intent, now) for intent in group)])
        self.outcomes.clear()
        for intent in group:
            begun = crew.submit(self._attempt, intent)
            self.waiting[begun] = intent
            begun.add_done_callback(self._end)

    def _next(self) -> list[Intent]:
        """As many as there is room for; what is not meant any more takes up none, nor the time of a commit."""
        group: list[Intent] = []
        while self.queue and (room := self.room - len(self.waiting) - len(group)) > 0:
            group += self.still_meant([self.queue.popleft() for _ in range(min(room, len(self.queue)))])
        return group

    def take(self) -> None:
        """Wait until many calls have ended, or all, or for a while; note what came of those that have."""
        self.are_enough.wait(COMMIT_SECONDS)
        self.are_enough.clear()
        before = len(self.waiting)
        while self.ended:
            self._note(self.ended.popleft())
        self.room = max(FEWEST, min(2 * (before - len(self.waiting)), 2 * COMMIT_EVERY))

    def _end(self, done: Future[Event | SyncError]) -> None:
        self.ended.append(done)
        if len(self.ended) >= min(COMMIT_EVERY, len(self.waiting)):
            self.are_enough.set()

    def _attempt(self, intent: Intent) -> Event | SyncError:
        if self.trouble is not None:
            return refused(intent, self.run.now(), NOT_SENT, f"not tried: {self.trouble}")
        if self.run.house.stopping.is_set():
            return refused(intent, self.run.now(), NOT_SENT, "not tried: the worker stops")
        return _attempt(self.run, intent, self.call)

    def _note(self, done: Future[Event | SyncError]) -> None:
        intent, outcome = self.waiting.pop(done), done.result()
        if isinstance(outcome, SyncError):
            self.trouble = outcome
            self.queue.clear()
            outcome = refused(intent, self.run.now(), NOT_SENT, str(outcome))
        self.outcomes.append(outcome)
        _count(self.tally, outcome)


def _attempt(run: Run, intent: Intent, call: Callable[[Intent], str]) -> Event | SyncError:
    try:
        with run.house.notebook.writes() as made:
            reference = call(intent)
    except Refused as no:
        return refused(intent, run.now(), no.code or str(no.status), no.reason or str(no), no.snapshot_id)
    except Unclear as doubt:
        return unclear(intent, run.now(), "", str(doubt), doubt.snapshot_id, answered=doubt.code)
    except Withheld as why:
        return refused(intent, run.now(), NOT_SENT, str(why))
    except (Fatal, Retriable, Deferred) as trouble:
        return trouble
    return confirmed(intent, run.now(), reference, snapshot_id=_last(made))


def _last(made: Sequence[UUID]) -> UUID | None:
    """The answer that decided, where a call has several steps; None: a door that is not witnessed."""
    return made[-1] if made else None


def _count(tally: dict[str, int], outcome: Event) -> None:
    if isinstance(outcome, IntentRefused) and outcome.code == NOT_SENT:
        tally[NOT_SENT] += 1
    else:
        tally[outcome.kind.removeprefix("intent.")] += 1


def carry_out_together(
    run: Run, intents: Sequence[Intent], call: Callable[[Sequence[Intent]], Mapping[str, Outcome]]
) -> dict[str, int]:
    """Like `carry_out`, for a call that takes many at once and answers by subject.

    What the answer does not mention is unclear. Raises as `carry_out` does.
    """
    tally = {"confirmed": 0, "refused": 0, "unclear": 0, NOT_SENT: 0}
    for start in range(0, len(intents), TOGETHER):
        group = intents[start : start + TOGETHER]
        run.check()
        run.record([recorded(intent, run.now()) for intent in group])
        trouble: SyncError | None = None
        try:
            with run.house.notebook.writes() as made:
                answers = call(group)
            said = _last(made)
            outcomes = [_answered(intent, run.now(), answers.get(intent.subject), said) for intent in group]
        except Refused as no:
            code, why = no.code or str(no.status), no.reason or str(no)
            outcomes = [refused(one, run.now(), code, why, no.snapshot_id) for one in group]
        except Unclear as doubt:
            outcomes = [
                unclear(one, run.now(), "", str(doubt), doubt.snapshot_id, answered=doubt.code) for one in group
            ]
        except (Fatal, Retriable, Deferred) as cause:
            trouble = cause
            outcomes = [refused(intent, run.now(), NOT_SENT, str(cause)) for intent in group]
        for outcome in outcomes:
            _count(tally, outcome)
        run.record(outcomes)
        if trouble is not None:
            raise trouble
    return tally


def _answered(intent: Intent, now: datetime, outcome: Outcome | None, said: UUID | None) -> Event:
    if outcome is None:
        return unclear(intent, now, "", "the answer did not mention it", said)
    if outcome.is_ok:
        return confirmed(intent, now, outcome.reference, snapshot_id=said)
    return refused(intent, now, "refused", outcome.message, said)


def still_open(run: Run, kinds: Iterable[str]) -> list[OpenIntent]:
    """Intents of these kinds whose outcome is not known, oldest first."""
    rows = run.rows(
        """
        select
            meant.intent_id, meant.intent_kind, meant.subject, meant.order_id, meant.payload, meant.state,
            meant.code, meant.reference, meant.answered, meant.meant_at, meant.happened_at,
            coalesce(said.actor || ': ' || said.why, '') as said_absent,
        from intent_facts as meant
        left join absence_word_facts as said on said.intent_id = meant.intent_id
        where meant.state in ('recorded', 'unclear') and meant.intent_kind in (select unnest($kinds::varchar[]))
        order by meant.meant_at, meant.intent_id
        """,
        {"kinds": list(kinds)},
    )
    return [_open_intent(row) for row in rows]


def _open_intent(row: dict[str, Any]) -> OpenIntent:
    return OpenIntent(
        intent_id=UUID(str(row["intent_id"])),
        kind=row["intent_kind"],
        subject=row["subject"],
        order_id=row["order_id"],
        payload=json.loads(row["payload"] or "{}"),
        state=row["state"],
        code=row["code"],
        meant_at=row["meant_at"],
        happened_at=row["happened_at"],
        reference=row["reference"],
        answered=row["answered"],
        said_absent=row["said_absent"],
    )


def _about(intent: Intent | OpenIntent, now: datetime) -> dict[str, Any]:
    return {
        "happened_at": now,
        "intent_id": intent.intent_id,
        "intent_kind": intent.kind,
        "intent_subject": intent.subject,
        "order_id": intent.order_id,
    }
