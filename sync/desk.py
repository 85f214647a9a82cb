"""The desk: takes what people ask, once each, checks that they may, and answers with events.

A command waits at most a second. The role comes from our own list where one is configured, else from the command,
and which of the two is recorded. An equal request joins one still waiting or running. What a stop cut off is
answered as failed at the next start, so that nobody waits for ever.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from pydantic import ValidationError

from store import commands as ask
from store.database import Database, backup
from store.errors import StoreError
from store.events import CommandFinished, CommandProgressed, CommandTaken, Event, PersonalPurged
from store.journal import check_rebuild
from sync.answers import Failure, Refusal
from sync.desk_absence import AbsenceDesk
from sync.desk_acceptance import AcceptanceDesk
from sync.desk_drift import DriftDesk
from sync.desk_exceptions import ExceptionDesk
from sync.desk_mapping_lists import MappingLists
from sync.desk_mappings import MappingDesk
from sync.desk_orders import OrderDesk
from sync.desk_returns import ReturnDesk
from sync.desk_stock import StockDesk
from sync.desk_subjects import orders_of
from sync.desk_trials import TrialDesk
from sync.errors import SyncError
from sync.flows import start
from sync.lanes import FLOWS, START, Lane, NothingSeen, lanes_of, once, once_each
from sync.runs import House, Run, Scope

log = logging.getLogger(__name__)
SCOPES = {
    "stock": "inventory", "order": "orders", "orders": "orders", "shipments": "dispatch",
    "settlement": "settlement", "catalogue": "catalogue",
}  # fmt: skip
SHOWN = 200  # differences a preview carries to the page


class Desk:
    """Carries out commands beside the lanes."""

    def __init__(self, house: House, database: Database, lanes: Mapping[str, Lane]) -> None:
        self._house = house
        self._database = database
        self._lanes = lanes
        self.flows_may_run = threading.Event()  # not before we know whose house we are in
        self._stock = StockDesk(house, lanes)
        self._mappings = MappingDesk(house, lanes)
        self._mapping_lists = MappingLists(house, lanes, self._mappings)
        self._exceptions = ExceptionDesk(house, lanes)
        self._orders = OrderDesk(house, lanes)
        self._drift = DriftDesk(house, lanes)
        self._acceptance = AcceptanceDesk(house, lanes)
        self._returns = ReturnDesk(house, lanes)
        self._absence = AbsenceDesk(house, lanes)
        self._trials = TrialDesk(house, self._stock)
        self._crew = ThreadPoolExecutor(max_workers=4, thread_name_prefix="desk")
        self._lock = threading.Lock()
        self._running: dict[str, Future[dict[str, Any]]] = {}

    def open(self) -> None:
        """Answer what a stop cut off."""
        rows = self._house.ask(
            """
            select taken.command_id from command_facts as taken
            left join command_facts as ended on ended.command_id = taken.command_id and ended.stage = 'finished'
            where taken.stage = 'taken' and ended.command_id is null
            """
        ).to_dicts()
        for row in rows:
            self._finish(UUID(str(row["command_id"])), "failed", "The worker was stopped in the middle; ask again.")

    def take_new(self) -> int:
        """Take up what was asked since; how many."""
        rows = self._house.ask(
            """
            select id, body from commands as asked
            where not exists (from command_facts as known where known.command_id = asked.id)
            order by received_at
            """
        ).to_dicts()
        for row in rows:
            self._take(UUID(str(row["id"])), str(row["body"]))
        return len(rows)

    def close(self) -> None:
        """Finish what is in hand."""
        self._crew.shutdown(wait=True)

    def _take(self, command_id: UUID, body: str) -> None:
        try:
            request = ask.Request.model_validate_json(body)
            command = request.parsed()
        except (ValidationError, ValueError) as error:
            self._record(
                CommandTaken(
                    happened_at=self._house.clock.now(), actor="unknown", command_id=command_id,
                    command="unreadable", role="", role_from="", arguments={},
                )
            )  # fmt: skip
            self._finish(command_id, "refused", f"The command could not be read: {error}")
            return
        role, role_from, is_approver = self._rights_of(request)
        taken = CommandTaken(
            happened_at=self._house.clock.now(),
            actor=request.actor,
            command_id=command_id,
            command=request.command,
            role=role,
            role_from=role_from,
            arguments=request.arguments,
            is_approver=is_approver,
            order_ids=orders_of(self._house, command),
        )
        if isinstance(command, ask.EditOrder):  # a customer's text stays in the inbox no longer than it must
            kept = request.model_copy(update={"arguments": command.discreet()})
            taken = taken.model_copy(update={"arguments": kept.arguments})
            self._house.journal.append([taken], reworded={command_id: kept.model_dump_json()})
        else:
            self._record(taken)
        if no := _not_allowed(request.actor, role, command, is_approver=is_approver):
            self._finish(command_id, "refused", no)
            return
        equal = f"{request.command}/{json.dumps(request.arguments, sort_keys=True)}"
        with self._lock:
            future = self._running.get(equal)
            if future is None or future.done():
                future = self._crew.submit(self._carry_out, command_id, request.actor, command)
                self._running[equal] = future
        # Outside the lock: what is done already calls back at once, in this very thread.
        future.add_done_callback(lambda done: self._forget(equal, done))
        future.add_done_callback(lambda done: self._answer(command_id, done))

    def _forget(self, equal: str, done: "Future[dict[str, Any]]") -> None:
        with self._lock:
            if self._running.get(equal) is done:
                self._running.pop(equal)

    def _rights_of(self, request: ask.Request) -> tuple[str, str, bool]:
        """The role, where it is from, and whether with the right to approve: our own lists come first."""
        settings = self._house.settings
        if settings.roles and not request.actor.startswith("cli:"):
            role, right = settings.roles.get(request.actor, "viewer"), request.actor in settings.approvers
            return role, "settings", right
        return request.role, "command", request.is_approver

    def _answer(self, command_id: UUID, done: "Future[dict[str, Any]]") -> None:
        try:
            answer = done.result()
        except Refusal as no:
            self._finish(command_id, "refused", str(no))
        except (Failure, NothingSeen, StoreError, SyncError) as trouble:
            self._finish(command_id, "failed", str(trouble))
        except Exception as mistake:
            log.exception("a command failed", extra={"action": "command_failed"})
            self._finish(command_id, "failed", f"{type(mistake).__name__}: {mistake}")
        else:
            self._finish(command_id, "done", str(answer.pop("message", "Done.")), answer)

    def _finish(self, command_id: UUID, state: str, message: str, answer: dict[str, Any] | None = None) -> None:
        self._record(
            CommandFinished(
                happened_at=self._house.clock.now(),
                command_id=command_id,
                state=state,
                message=message[:2000],
                answer=answer or {},
            )
        )

    def _record(self, *events: Event) -> None:
        self._house.journal.append(events)

    # -- what each command does ----------------------------------------------------------------

    def _carry_out(self, command_id: UUID, actor: str, command: ask.Command) -> dict[str, Any]:
        def tell(words: str) -> None:
            self._progress(command_id, words)

        does: dict[type[ask.Command], Callable[[Any], dict[str, Any]]] = {
            ask.Resync: lambda one: self.resync(command_id, one),
            ask.RunOnce: lambda one: self._run_once(command_id, one),
            ask.Retry: lambda one: self._started(self._exceptions.retry, actor, one, tell),
            ask.FetchAgain: lambda one: self._started(self._exceptions.fetch_again, one, tell),
            ask.Assign: lambda one: self._exceptions.assign(actor, one),
            ask.Snooze: lambda one: self._exceptions.snooze(actor, one),
            ask.Accept: lambda one: self._exceptions.accept(actor, one),
            ask.Note: lambda one: self._exceptions.note(actor, one),
            ask.EditOrder: lambda one: self._started(self._orders.edit, actor, one, tell),
            ask.SetMapping: lambda one: self._mappings.set(actor, one),
            ask.SetMappings: lambda one: self._mapping_lists.set(actor, one),
            ask.SetBufferPolicy: lambda one: self._stock.set_policy(actor, one),
            ask.RemoveBufferPolicy: lambda one: self._stock.remove_policy(actor, one),
            ask.PreviewPolicy: lambda one: self.try_out(command_id, actor, one, tell),
            ask.BackTest: lambda one: self.try_out(command_id, actor, one, tell),
            ask.AcceptBatch: lambda one: self._stock.judge_batch(actor, one),
            ask.RejectBatch: lambda one: self._stock.judge_batch(actor, one),
            ask.ReleaseOrphans: lambda one: self._stock.release_orphans(actor, one),
            ask.GiveUpImport: lambda one: self._stock.give_up_import(actor, one),
            ask.DecideAcceptance: lambda one: self._acceptance.decide(actor, one),
            ask.DecideReturn: lambda one: self._returns.decide(actor, one),
            ask.SayAbsent: lambda one: self._started(self._absence.say, actor, one, tell),
            ask.AnswerDrift: lambda one: self._drift.answer_drift(actor, one),
            ask.PurgePersonal: lambda one: self._purge(actor, one),
            ask.Rebuild: self._rebuild,
            ask.Backup: self._backup,
        }
        return does[type(command)](command)

    def _lane_and_scope(self, command: ask.Resync) -> tuple[Lane, Scope]:
        what, _, key = command.scope.partition(":")
        if what not in SCOPES or (key and what not in {"stock", "order"}) or (what == "order" and not key):
            raise Refusal(
                f"There is no scope {command.scope!r}: stock, stock:SKU, order:ID, orders, shipments, settlement "
                "or catalogue."
            )
        self._check_started()
        return self._lanes[SCOPES[what]], Scope(
            key=key, since=command.since, is_full=not key and command.since is None
        )

    def resync(self, command_id: UUID, command: ask.Resync) -> dict[str, Any]:
        lane, scope = self._lane_and_scope(command)
        if command.dry_run:
            preview = lane.preview(scope)
            return {
                "message": preview.sentence,
                "differences": json.loads(json.dumps(preview.differences[:SHOWN], default=str)),
                "difference_count": len(preview.differences),
                "calls": dict(preview.calls),
            }
        self._progress(command_id, f"{lane.name} is looking at everything again")
        return self._ended({lane.name: lane.run_once(scope)})

    def try_out(
        self, command_id: UUID, actor: str, command: ask.PreviewPolicy | ask.BackTest, tell: Callable[[str], None]
    ) -> dict[str, Any]:
        """What policies would change, or would have come to; raises as the trial does."""
        if isinstance(command, ask.PreviewPolicy):
            return self._trials.preview_policy(command_id, actor, command, tell)
        self._check_started()  # it may have to ask BlueCherry for past batches
        return self._trials.back_test(command_id, actor, command, tell)

    def _started(self, does: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
        self._check_started()  # it runs a flow
        return does(*arguments)

    def _check_started(self) -> None:
        if not self.flows_may_run.is_set():
            raise Refusal(
                "The worker is still starting: it waits for John Lewis and BlueCherry to say what they are. Ask "
                "again when it has; `cherrylane doctor` says what is missing."
            )

    def _run_once(self, command_id: UUID, command: ask.RunOnce) -> dict[str, Any]:
        unknown = set(command.flows) - set(FLOWS)
        if unknown:
            raise Refusal(f"There is no flow {', '.join(sorted(unknown))}: {', '.join(FLOWS)}.")
        self._check_started()

        def chosen() -> Iterator[str]:
            for name in FLOWS:
                if not command.flows or name in command.flows:
                    self._progress(command_id, f"{name} is running")
                    yield name

        return self._ended(dict(once_each(self._lanes, chosen())))

    @staticmethod
    def _ended(ended: Mapping[str, Run]) -> dict[str, Any]:
        words = "; ".join(
            f"{name} did what it may now and goes on by itself ({run.message})"
            if run.state == "deferred"
            else f"{name} {run.ending}"
            for name, run in ended.items()
        )
        if not all(run.is_good for run in ended.values()):
            raise Failure(words)
        return {"message": words, "flows": {name: dict(run.counts) for name, run in ended.items()}}

    def _progress(self, command_id: UUID, message: str) -> None:
        self._record(CommandProgressed(happened_at=self._house.clock.now(), command_id=command_id, message=message))

    def _purge(self, actor: str, command: ask.PurgePersonal) -> dict[str, Any]:
        count = self._house.journal.forget_personal(command.before_at)
        self._record(
            PersonalPurged(
                happened_at=self._house.clock.now(), actor=actor, before_at=command.before_at, order_count=count
            )
        )
        return {"message": f"Personal data of {count} orders was deleted."}

    def _rebuild(self, command: ask.Rebuild) -> dict[str, Any]:
        if not command.check:
            count = self._house.journal.rebuild()
            return {"message": f"{count} events folded again."}
        found = check_rebuild(self._database)
        if found:
            raise Failure(f"Facts differ from the journal: {found}. Run `cherrylane rebuild`.")
        return {"message": "Facts equal the journal.", "differences": {}}

    def _backup(self, command: ask.Backup) -> dict[str, Any]:
        target = backup(self._database, Path(command.folder).absolute())
        return {"message": f"Backup made and verified: {target}"}


def _not_allowed(actor: str, role: str, command: ask.Command, *, is_approver: bool) -> str:
    """Why this person may not give the command; empty: they may."""
    roles, needs_approver = command.rights()
    if role not in roles:
        allowed = " or ".join(sorted(roles))
        return f"{actor} is {role}; {command.name} may be given by {allowed}."
    if needs_approver and not is_approver:
        return f"{actor} may not approve; {command.name} needs the right to approve."
    return ""


def resync_alone(house: House, database: Database, command: ask.Resync) -> dict[str, Any]:
    """A resync without a worker: the same work, in this process; `state`, `message`, `answer`."""
    return _alone(house, database, lambda desk: desk.resync(uuid4(), command))


def trial_alone(
    house: House,
    database: Database,
    command: ask.PreviewPolicy | ask.BackTest,
    *,
    actor: str,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """A preview or a back-test without a worker: the same work, in this process; `state`, `message`, `answer`."""
    return _alone(house, database, lambda desk: desk.try_out(uuid4(), actor, command, tell))


def _alone(house: House, database: Database, work: Callable[[Desk], dict[str, Any]]) -> dict[str, Any]:
    begun = once(house, START)
    if begun.is_misdirected or not start.is_ready(begun):
        return {"state": "failed", "message": begun.ending, "answer": {}}
    desk = Desk(house, database, lanes_of(house))
    desk.flows_may_run.set()
    try:
        answer = work(desk)
    except Refusal as no:
        return {"state": "refused", "message": str(no), "answer": {}}
    except (Failure, NothingSeen, SyncError) as trouble:
        return {"state": "failed", "message": str(trouble), "answer": {}}
    finally:
        desk.close()
    return {"state": "done", "message": answer.pop("message"), "answer": answer}
