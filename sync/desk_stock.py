"""The stock part of the desk: buffer policies, held batches, stuck files, offers that would lose their stock.

Law: every answer is an event with who and why; what cannot be right is refused with a sentence that says what would
be, and nothing is written.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from store import commands as ask
from store.events import BufferPolicySet, Event, ImportFinished, OrphansReleased, StockBatchJudged
from sync.answers import Refusal
from sync.flows.inventory_basis import policy_day
from sync.flows.inventory_imports import LOST, STUCK_AFTER
from sync.lanes import Lane
from sync.rules.policies import LEVELS, Entry, Members, refusal
from sync.runs import House

_KEYS = {
    "division": "select 1 from sku_facts where division = $key and not is_gone limit 1",
    "category": "select 1 from sku_facts where category = $key and not is_gone limit 1",
    "sku": "select 1 from sku_facts where sku = $key and not is_gone limit 1",
}

_OPEN_IMPORT = """
select
    push.intent_id, push.happened_at,
    (select count(*) from published_rows as row where row.push_id = push.intent_id) as sku_count,
from intent_facts as push
anti join import_facts as done on done.push_id = push.intent_id
where push.intent_kind = 'push_stock' and push.state = 'confirmed' and push.reference = $import_id
order by push.meant_at
"""


class StockDesk:
    """Carries out the commands about stock."""

    def __init__(self, house: House, lanes: Mapping[str, Lane]) -> None:
        self._house = house
        self._lanes = lanes

    def set_policy(self, actor: str, command: ask.SetBufferPolicy) -> dict[str, Any]:
        """Raises Refusal for a policy that cannot be meant; that it was previewed first is the page's care."""
        _give_a_reason(command.why)
        self.draft(command)
        self._record(
            BufferPolicySet(
                happened_at=self._house.clock.now(), actor=actor, level=command.level, key=command.key,
                from_on=command.from_on, percent=command.percent, units=command.units, combine=command.combine,
                risk=command.risk, alpha=command.alpha, oversell_cost_amount=command.oversell_cost,
                minimum=command.minimum, maximum=command.maximum, why=command.why.strip(),
            )
        )  # fmt: skip
        return {"message": f"{_named(command)} counts from {command.from_on.isoformat()}."}

    def remove_policy(self, actor: str, command: ask.RemoveBufferPolicy) -> dict[str, Any]:
        """Raises Refusal if there is nothing to remove."""
        _give_a_reason(command.why)
        self.end(command)
        self._record(
            BufferPolicySet(
                happened_at=self._house.clock.now(), actor=actor, level=command.level, key=command.key,
                from_on=command.from_on, is_removed=True, why=command.why.strip(),
            )
        )  # fmt: skip
        return {"message": f"{_named(command)} ends on {command.from_on.isoformat()}; the level above counts then."}

    def draft(self, command: ask.SetBufferPolicy | ask.PreviewPolicy) -> Entry:
        """The policy a command speaks of. Raises Refusal for one that cannot be meant."""
        members = Members(
            percent=command.percent,
            units=command.units,
            combine=command.combine,
            risk=command.risk,
            alpha=command.alpha,
            oversell_cost=command.oversell_cost,
            minimum=command.minimum,
            maximum=command.maximum,
        )
        entry = self.checked(command.level, command.key, command.from_on, members)
        if members == Members():
            raise Refusal("The policy says nothing: give it a percent, units, a risk rule, a minimum or a maximum.")
        return entry

    def end(self, command: ask.RemoveBufferPolicy | ask.PreviewPolicy) -> Entry:
        """The end of a policy, as an entry that says nothing. Raises Refusal if there is nothing to remove."""
        entry = self.checked(command.level, command.key, command.from_on, Members(), is_removal=True)
        rows = self._house.ask(
            """
            select is_removed from buffer_policy_facts
            where level = $level and key = $key and from_on <= $from_on
            order by from_on desc limit 1
            """,
            {"level": command.level, "key": command.key, "from_on": command.from_on},
        ).to_dicts()
        if not rows or rows[0]["is_removed"]:
            raise Refusal(f"{_named(command)} does not exist on {command.from_on.isoformat()}; nothing to remove.")
        return entry

    def judge_batch(self, actor: str, command: ask.AcceptBatch | ask.RejectBatch) -> dict[str, Any]:
        """Raises Refusal for a batch that does not wait for a person."""
        _give_a_reason(command.why)
        rows = self._house.ask(
            "select reading_state, verdict, is_waiting from batches($now) where batch_id = $batch_id",
            {"now": self._house.clock.now(), "batch_id": command.batch_id},
        ).to_dicts()
        if not rows:
            raise Refusal(f"There is no stock batch {command.batch_id!r}.")
        found = rows[0]
        if found["reading_state"] != "held":
            raise Refusal(
                f"Batch {command.batch_id} is not held: it was {found['reading_state'] or 'not read yet'}."
            )
        if found["verdict"]:
            raise Refusal(f"Batch {command.batch_id} was judged before: {found['verdict']}.")
        if not found["is_waiting"]:
            raise Refusal(f"Batch {command.batch_id} was overtaken by a newer one that is in use.")
        verdict = "accept" if isinstance(command, ask.AcceptBatch) else "reject"
        self._record(
            StockBatchJudged(
                happened_at=self._house.clock.now(), actor=actor, batch_id=command.batch_id, verdict=verdict,
                why=command.why.strip(),
            )
        )  # fmt: skip
        words = "is read now" if verdict == "accept" else "is never used; the one before stands"
        return {"message": f"Batch {command.batch_id} {words}."}

    def give_up_import(self, actor: str, command: ask.GiveUpImport) -> dict[str, Any]:
        """Raises Refusal for a file that has ended, or may still end by itself."""
        _give_a_reason(command.why)
        rows = self._house.ask(_OPEN_IMPORT, {"import_id": command.import_id}).to_dicts()
        if not rows:
            raise Refusal(f"No stock import {command.import_id!r} is open; reload the page.")
        now, stuck_at = self._house.clock.now(), max(push["happened_at"] for push in rows) + STUCK_AFTER
        if now < stuck_at:
            raise Refusal(
                f"Stock import {command.import_id} may still end by itself; give it up from {stuck_at:%H:%M} UTC."
            )
        self._record(
            *(
                ImportFinished(
                    happened_at=now, actor=actor, import_id=command.import_id, push_id=UUID(str(push["intent_id"])),
                    state=LOST, success_count=0, error_count=0, errors={}, why=command.why.strip(),
                )
                for push in rows  # the same file sent again at once is the same import there
            )
        )  # fmt: skip
        count = max(push["sku_count"] for push in rows)
        return {
            "message": f"Stock import {command.import_id} is given up. None of its {count:,} quantities counts as "
            "sent until it is read so; decreases go now, increases once the offers were read."
        }

    def release_orphans(self, actor: str, command: ask.ReleaseOrphans) -> dict[str, Any]:
        """Raises Refusal for a number nobody can have seen."""
        _give_a_reason(command.why)
        if command.offer_count < 1:
            raise Refusal("Say how many offers may go to zero: the number the exception names.")
        self._record(
            OrphansReleased(
                happened_at=self._house.clock.now(), actor=actor, offer_count=command.offer_count,
                why=command.why.strip(),
            )
        )  # fmt: skip
        return {"message": f"Up to {command.offer_count} offers without a SKU may go to zero within a day."}

    def checked(self, level: str, key: str, from_on: date, members: Members, *, is_removal: bool = False) -> Entry:
        """What a policy says for a level and key of BlueCherry. Raises Refusal for one that cannot be meant."""
        if level not in LEVELS:
            raise Refusal(f"There is no level {level!r}: {', '.join(LEVELS)}.")
        entry = Entry(level, key, from_on, members)
        wrong = refusal(entry, policy_day(self._house.clock.now()))
        if wrong:
            raise Refusal(wrong)
        question = _KEYS.get(level)
        # what is gone from BlueCherry can still lose its policy
        if question and not is_removal and self._house.ask(question, {"key": key}).is_empty():
            raise Refusal(f"BlueCherry has no {level} {key!r}. It must be written exactly as there.")
        return entry

    def _record(self, *events: Event) -> None:
        self._house.journal.append(events)
        for name in ("inventory", "watch"):
            self._lanes[name].hurry()  # what it changes is computed at once, and what it settles is closed


def _give_a_reason(why: str) -> None:
    if not why.strip():
        raise Refusal("Say why: the reason is kept with it.")


def _named(command: ask.SetBufferPolicy | ask.RemoveBufferPolicy | ask.PreviewPolicy) -> str:
    return f"The buffer policy of {f'{command.level} {command.key}'.strip()}"
