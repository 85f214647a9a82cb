"""The exceptions' part of the desk: given away, put off, noted, accepted, processed again or fetched again.

Laws: what is asked for one may be asked for all of a cause, and the answer says how many it was for; *process
again* decides anew on what is stored, *fetch again* reads both systems first; both say how many are mended.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from store import commands as ask
from store.events import Event, ExceptionHandled, OrderReleased
from sync.answers import CHANGED, Failure, Refusal
from sync.flows.orders_again import foresee
from sync.intents import KINDS
from sync.lanes import Lane
from sync.rules import return_frees
from sync.rules.exceptions import READ_FIRST, SENT_AGAIN, kind_of, retried_by, sentence
from sync.rules.order_past import freed_by
from sync.rules.trading_week import LONDON
from sync.runs import EVERYTHING, House, Run, Scope, running

MOST = 5000  # exceptions one command is for
FETCHED = 20  # orders read by name in one run, each a call to BlueCherry; between two runs others have their turn
SHOWN = 200
COUNTED = frozenset({"count_gap", "day_not_counted"})  # closed by a count of their day alone
REJECTED = "batch_rejected"  # read again at once, whenever it would be by itself
FREES_NOTHING = COUNTED | {"order_unclear"}  # what holds their orders is another matter

_FIND = """
select exception_id, exception_kind, exception_subject, order_id, cause, grounds, is_open from exception_facts
where exception_id in (select unnest($ids::uuid[]))
    or ($kind <> '' and is_open and exception_kind = $kind and cause = $cause)
order by since_at, exception_subject
limit $most
"""
_SOONER = """
select count(*) as count, min(wakes_at) as at from exceptions($now)
where is_snoozed and exception_id in (select unnest($ids::uuid[]))
    and wakes_at is not null and wakes_at is distinct from snoozed_until_at
"""
_STILL = """
select exception_id from exception_facts
where is_open and exception_id in (select unnest($ids::uuid[]))
"""
_UNANSWERED = """
select distinct order_id, intent_kind from intent_facts
where state in ('recorded', 'unclear') and meant_at >= $since and order_id in (select unnest($orders::varchar[]))
"""


class ExceptionDesk:
    """Carries out the commands about exceptions."""

    def __init__(self, house: House, lanes: Mapping[str, Lane]) -> None:
        self._house = house
        self._lanes = lanes

    # -- what is only written down ---------------------------------------------------------------

    def assign(self, actor: str, command: ask.Assign) -> dict[str, Any]:
        """Raises Refusal without a name."""
        if not command.owner.strip():
            raise Refusal("Say who takes it.")
        count = self._handle(actor, self._still_wrong(command), "assign", owner=command.owner.strip())
        return {"message": f"{_things(count)} given to {command.owner.strip()}.", "count": count}

    def snooze(self, actor: str, command: ask.Snooze) -> dict[str, Any]:
        """Raises Refusal for a moment that is over."""
        now = self._house.clock.now()
        if command.until_at is not None and command.until_at <= now:
            raise Refusal("That moment is over: put it off until a later one.")
        until_at = command.until_at if command.until_at or command.until_event else now
        count = self._handle(
            actor, self._still_wrong(command), "snooze", until_at=until_at, until_event=command.until_event
        )
        return {"message": f"{_things(count)} {_until(command)}.{self._sooner(command)}", "count": count}

    def _sooner(self, command: ask.Snooze) -> str:
        """Which of them a deadline brings back before that."""
        ids = [str(row["exception_id"]) for row in self._chosen(command)]
        (woken,) = self._house.ask(_SOONER, {"now": self._house.clock.now(), "ids": ids}).to_dicts()
        if not woken["count"]:
            return ""
        come = "comes" if woken["count"] == 1 else "come"
        return f" {_things(woken['count'])} {come} back sooner for a deadline, the first on {_moment(woken['at'])}."

    def accept(self, actor: str, command: ask.Accept) -> dict[str, Any]:
        """Only those that are as they were shown. Raises Refusal without a reason, or where none of them is."""
        if not command.reason.strip():
            raise Refusal("Say why it is right as it is: the reason is kept with it.")
        rows = self._still_wrong(command)
        shown = [
            row for row in rows if (one := _id(row)) in command.grounds and command.grounds[one] == row["grounds"]
        ]
        if not shown:
            raise Refusal(CHANGED)
        count, changed = self._handle(actor, shown, "accept", note=command.reason.strip()), len(rows) - len(shown)
        message = (
            f"{_things(count)} accepted as {'it is' if count == 1 else 'they are'}, until "
            f"{'its values change or it is' if count == 1 else 'their values change or they are'} wrong anew."
        )
        if changed:
            message += (
                f" {_things(changed)} changed since {'it was' if changed == 1 else 'they were'} shown: look again."
            )
        return {"message": message, "count": count, **({"changed": changed} if changed else {})}

    def note(self, actor: str, command: ask.Note) -> dict[str, Any]:
        """Raises Refusal without words."""
        if not command.text.strip():
            raise Refusal("Write the note first.")
        count = self._handle(actor, self._still_wrong(command), "note", note=command.text.strip())
        return {"message": f"Noted on {_things(count)}.", "count": count}

    def _still_wrong(self, command: ask.OfExceptions) -> list[dict[str, Any]]:
        """Those of a command that are wrong now: a word on one that is mended would hold for its next time."""
        rows = [row for row in self._chosen(command) if row["is_open"]]
        if not rows:
            raise Refusal("It is mended already.")
        return rows

    def _handle(self, actor: str, rows: Sequence[Mapping[str, Any]], action: str, **what: Any) -> int:
        now = self._house.clock.now()
        self._record(
            [
                ExceptionHandled(
                    happened_at=now,
                    actor=actor,
                    exception_id=_id(row),
                    order_id=row["order_id"],
                    exception_kind=row["exception_kind"],
                    action=action,
                    grounds=row["grounds"] if action == "accept" else None,
                    **what,
                )
                for row in rows
            ]
        )
        self._lanes["watch"].hurry()
        return len(rows)

    # -- what is done again ----------------------------------------------------------------------

    def retry(self, actor: str, command: ask.Retry, tell: Callable[[str], None]) -> dict[str, Any]:
        """Process again. Raises Refusal where a person must mend something first, Failure if a run failed."""
        rows = [row for row in self._chosen(command) if row["is_open"]]
        if not rows:
            raise Refusal("It is mended already; there is nothing to process again.")
        kinds = {kind_of(row["exception_kind"], row["cause"]) for row in rows}
        if idle := sorted({kind.retry for kind in kinds if not kind.has_retry}):
            raise Refusal(" ".join(idle))
        flows: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            flows.setdefault(retried_by(row["exception_kind"], row["cause"]), []).append(row)
        if flows.keys() - self._lanes.keys():  # the start, which runs before all of them
            raise Refusal(
                "The worker asks both systems again by itself until they answer as it needs; `cherrylane doctor` "
                "says what is missing."
            )
        if command.dry_run:
            return self._foreseen(flows)
        # nothing is stored of them that could be decided; of a write of another flow, that flow reads what it needs
        self._read(_orders([row for row in rows if _is_read_first(row)]), tell)
        now = self._house.clock.now()
        # what holds an order on its way to BlueCherry is no matter of its parcels and returns
        freed = _freed([row for row in flows.get("orders", ()) if row["exception_kind"] not in FREES_NOTHING])
        self._record(
            [OrderReleased(happened_at=now, actor=actor, order_id=one, frees=frees) for one, frees in freed.items()]
        )
        for flow, about in flows.items():
            tell(f"{flow} is deciding again on what is stored")
            for scope in _scopes(flow, about):
                self._succeeds(flow, scope)
        return self._mended(rows, sentence(rows[0]["exception_kind"], rows[0]["cause"]), since=now)

    def fetch_again(self, command: ask.FetchAgain, tell: Callable[[str], None]) -> dict[str, Any]:
        """Read anew, then decide. Raises Failure if a run failed."""
        rows = self._chosen(command)
        orders = _orders(rows)
        read = self._read(orders, tell)
        flows = {retried_by(row["exception_kind"], row["cause"]) for row in rows}
        for flow in sorted(flows - ({"orders"} if orders else set())):
            if flow in self._lanes:
                tell(f"{flow} is reading everything changed")
                self._succeeds(flow, EVERYTHING)
        if not orders:
            return self._mended(rows, "Read again")
        answer = self._mended(rows, f"Asked for {_counted(len(orders), 'order')}, {read:,} read")
        return {**answer, "asked": len(orders), "read": read}

    def _read(self, orders: Sequence[str], tell: Callable[[str], None]) -> int:
        """Read orders by name in both systems, some at a time; how many John Lewis showed, and could be read."""
        lane, clock = self._lanes["orders"], self._house.clock
        looked_at, read = clock.now(), 0
        for start in range(0, len(orders), FETCHED):
            if clock.now() - looked_at >= lane.every:  # what is new there does not wait until all of them are read
                looked_at = clock.now()
                lane.run_once(EVERYTHING)
            part = orders[start : start + FETCHED]
            tell(f"reading {len(part)} of {len(orders):,} orders, {read:,} of {start:,} asked for are read")
            scope = Scope(key=part[0]) if len(orders) == 1 else Scope(named=tuple(part))
            read += self._succeeds("orders", scope).counts["orders_read"]
        return read

    def _foreseen(self, flows: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
        """What would become of these exceptions, by flow, if they were tried again; a look outside at most."""
        words: list[str] = []
        differences: list[dict[str, Any]] = []
        looks: dict[str, list[Mapping[str, Any]]] = {}  # by what is looked for
        for flow, rows in flows.items():
            decided = []
            for row in rows:
                if _is_looked_for(row):
                    looks.setdefault(kind_of(row["exception_kind"], row["cause"]).retry, []).append(row)
                else:
                    decided.append(row)
            if decided:
                said, found = self._decided(flow, decided)
                words.append(said)
                differences += found
        for retry, rows in looks.items():
            words.append(f"For {_things(len(rows))}: {retry} What comes of it shows only then.")
            differences += [{"order": order, "then": retry} for order in _orders(rows)]
        return {
            "message": " ".join(words),
            "differences": json.loads(json.dumps(differences[:SHOWN], default=str)),
            "difference_count": len(differences),
        }

    def _decided(self, flow: str, rows: Sequence[Mapping[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
        """What a flow would decide of these exceptions: in words, and a row for each step."""
        if flow == "orders" and _orders(rows):
            with running(self._house, "orders", is_preview=True) as run:
                seen = foresee(run, _freed(rows))
            steps = [{"order": order, "then": words} for order, words in seen.steps().items()]
            return f"Of {_things(len(rows))}, {seen.words}.", steps
        previews = [self._lanes[flow].preview(scope) for scope in _scopes(flow, rows)]
        sentences = " ".join(preview.sentence for preview in previews)
        return (
            f"The {flow} flow would run for {_things(len(rows))}: {sentences}",
            [dict(step) for preview in previews for step in preview.differences],
        )

    def _succeeds(self, flow: str, scope: Scope) -> Run:
        run = self._lanes[flow].run_once(scope)
        if not run.is_good:
            raise Failure(f"{flow} {run.ending}")
        return run

    def _mended(
        self, rows: Sequence[Mapping[str, Any]], what: str, *, since: datetime | None = None
    ) -> dict[str, Any]:
        """How many of them are right now, counted by looking again.

        `since`: what was tried after then, and is not answered, may still come to nothing: it is not mended yet.
        """
        self._lanes["watch"].run_once(EVERYTHING)
        still = {_id(row) for row in self._house.ask(_STILL, {"ids": [str(_id(row)) for row in rows]}).to_dicts()}
        closed = [row for row in rows if _id(row) not in still]
        unanswered = self._unanswered(closed, since) if since is not None else 0
        mended = len(closed) - unanswered
        message = f"{what}: {mended} of {len(rows)} mended"
        message += f", {len(still)} still wrong" if still else ""
        message += f", {unanswered} sent again without an answer: it is looked for" if unanswered else ""
        counted = {"count": len(rows), "mended": mended, "still_wrong": len(still)}
        return {"message": f"{message}.", **counted, **({"unanswered": unanswered} if unanswered else {})}

    def _unanswered(self, rows: Sequence[Mapping[str, Any]], since: datetime) -> int:
        """How many of them were tried again after then, and nobody knows what became of it."""
        asked = {"since": since, "orders": _orders(rows)}
        doubts = {(row["order_id"], row["intent_kind"]) for row in self._house.ask(_UNANSWERED, asked).to_dicts()}
        return sum(any((row["order_id"], kind) in doubts for kind in _tried(row)) for row in rows)

    # -- which ones ------------------------------------------------------------------------------

    def _chosen(self, command: ask.OfExceptions) -> list[dict[str, Any]]:
        """The exceptions a command is for. Raises Refusal if there are none, or too many."""
        rows = found(self._house, command)
        if not rows:
            raise Refusal("There is no such exception any more; reload the page.")
        if len(rows) > MOST:
            raise Refusal(f"More than {MOST:,} at once: mend the cause, or take them in parts.")
        return rows

    def _record(self, events: Sequence[Event]) -> None:
        self._house.journal.append(events)


def found(house: House, command: ask.OfExceptions) -> list[dict[str, Any]]:
    """The exceptions a command names, or those of its cause that are open; one more than may be handled at once."""
    one = [command.exception_id] if command.exception_id else []
    ids = [str(each) for each in (*command.exception_ids, *one)]
    values = {"ids": ids, "kind": command.exception_kind, "cause": command.cause, "most": MOST + 1}
    return house.ask(_FIND, values).to_dicts()


def _id(row: Mapping[str, Any]) -> UUID:
    return UUID(str(row["exception_id"]))


def _orders(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted({row["order_id"] for row in rows if row["order_id"]})


def _is_read_first(row: Mapping[str, Any]) -> bool:
    kind, cause = row["exception_kind"], row["cause"]
    return kind in READ_FIRST and (kind == "unreadable" or retried_by(kind, cause) == "orders")


def _is_looked_for(row: Mapping[str, Any]) -> bool:
    """Whether only a look outside tells what becomes of it: nothing that is stored does."""
    kind = row["exception_kind"]
    return kind in COUNTED or (bool(row["order_id"]) and kind in READ_FIRST)


def _freed(rows: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """By order, which of its refusals are meant when these exceptions of it are tried again."""
    freed = {order: set[str]() for order in _orders(rows)}
    for row in rows:
        if row["order_id"]:
            freed[row["order_id"]] |= set(_meant(row))
    return {order: tuple(sorted(frees)) for order, frees in freed.items()}


def _meant(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Which refusals are meant when an exception is tried again."""
    kind, cause = row["exception_kind"], row["cause"]
    if retried_by(kind, cause) == "returns":
        return return_frees.freed_by(kind, cause, row["exception_subject"])
    return freed_by(kind, cause)


def _tried(row: Mapping[str, Any]) -> set[str]:
    """The kinds of intents that are tried again with an exception."""
    kind, cause = row["exception_kind"], row["cause"]
    if kind in COUNTED:
        return set()
    freed = {name.partition("/")[0] for name in _meant(row)}
    return freed or {meant for meant, one in KINDS.items() if one.flow == retried_by(kind, cause)}


def _scopes(flow: str, rows: Sequence[Mapping[str, Any]]) -> list[Scope]:
    """What a flow is to try again for these of its exceptions, one run each."""
    orders = _orders(rows)
    match flow:
        case "orders":
            return _of_orders(rows)
        case "returns":  # what was refused is sent once more only where it is what a person chose
            frees = sorted({name for row in rows for name in _meant(row)})
            return [Scope(named=tuple(orders), frees=tuple(frees))]
        case "dispatch":
            return [Scope(named=tuple(orders))]
        case "inventory":
            subjects = {row["exception_subject"] for row in rows if row["exception_kind"] in SENT_AGAIN}
            names = tuple(sorted(one for one in subjects if not one.startswith("import/")))
            return [Scope(named=names, is_asked=any(row["exception_kind"] == REJECTED for row in rows))]
        case "alerts":
            return [Scope(is_full=True)]
    return [EVERYTHING]


def _of_orders(rows: Sequence[Mapping[str, Any]]) -> list[Scope]:
    """Days that are to be counted again, and orders to be decided again."""
    days = {_day(row) for row in rows if row["exception_kind"] in COUNTED}
    orders = _orders([row for row in rows if row["exception_kind"] not in COUNTED])
    scopes = [Scope(day=day) for day in sorted(days)]
    if orders:
        scopes.append(Scope(key=orders[0] if len(orders) == 1 else "", is_stored=True))
    return scopes or [EVERYTHING]  # what is about no order is about the reading itself


def _day(row: Mapping[str, Any]) -> date:
    """The day a count is about: it is the cause of a gap (`22 Nov 2026`), the subject where none was made."""
    if row["exception_kind"] == "day_not_counted":
        return date.fromisoformat(row["exception_subject"])
    return datetime.strptime(row["cause"], "%d %b %Y").date()  # noqa: DTZ007 - a day of London's, no moment


def _things(count: int) -> str:
    return _counted(count, "exception")


def _counted(count: int, thing: str) -> str:
    return f"1 {thing}" if count == 1 else f"{count:,} {thing}s"


def _until(command: ask.Snooze) -> str:
    events = {"change": "it changes", "batch": "the next stock batch is in use", "payout": "the next payout"}
    parts = [_moment(command.until_at)] if command.until_at else []
    parts += [events[command.until_event]] if command.until_event else []
    return f"put off until {' or '.join(parts)}" if parts else "shown again"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(LONDON):%-d %b %H:%M} London time"
