"""What would become of held orders if they were tried again, edited or mapped: decided, and not done.

The same decision as a run's, on what a run would know after the change. Nothing is read outside, nothing written.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sync.flows.orders import known
from sync.intents import Intent
from sync.ports import Person
from sync.rules.addresses import misfits
from sync.rules.mappings import Mappings, load
from sync.rules.order_known import Known
from sync.rules.orders import decide
from sync.rules.retrying import ABSENT
from sync.runs import Run

LAST = 2**62  # after everything that was recorded
_TRIAL = "BlueCherry takes no sales orders now: one is tried at once, the others go once it is taken"
_TRIED = "is tried, or goes once another is taken"
RULES = "select mapping, key, value from mappings($now) where state = 'in_force'"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a decision would do with the orders asked about."""

    goes_on: tuple[str, ...]  # order ids with a step that would be taken
    held: Mapping[str, str]  # by order id: the kind of trouble that would hold it then
    details: Mapping[str, str]  # by order id, in words
    in_trial: frozenset[str] = frozenset()  # order ids of sales orders of which one is tried before the others go

    def becomes(self, order_id: str) -> str | bool:
        """What holds an order, in words, or else whether it goes on."""
        return self.details.get(order_id, order_id in self.goes_on)

    def steps(self) -> dict[str, str]:
        """By order id, what becomes of it in words."""
        going = {one: _TRIED if one in self.in_trial else "goes on" for one in self.goes_on}
        return dict(sorted({**self.details, **going}.items()))

    @property
    def words(self) -> str:
        """`35 go on, 2 stay held (address too long)`."""
        parts = [f"{len(self.goes_on)} {'goes' if len(self.goes_on) == 1 else 'go'} on"] if self.goes_on else []
        if parts and self.in_trial:
            parts[0] += f" ({_TRIAL})"
        if self.held:
            kinds = Counter(kind.replace("_", " ") for kind in self.held.values())
            why = ", ".join(f"{kind} {count}" if len(kinds) > 1 else kind for kind, count in kinds.most_common())
            parts.append(f"{len(self.held)} {'stays' if len(self.held) == 1 else 'stay'} held ({why})")
        return ", ".join(parts) or "nothing is to be done for them any more"


def foresee(
    run: Run,
    frees: Mapping[str, tuple[str, ...]],
    *,
    mappings: Sequence[tuple[str, str, str]] = (),
    people: Mapping[str, Person] | None = None,
    ship_vias: Mapping[str, str] | None = None,
) -> Foreseen:
    """What would become of orders, released now, with mappings set, or with these people and ship-vias.

    `frees`: by order, what of it that was refused may be tried again (`OrderReleased.frees`).
    """
    wanted = set(frees)
    now = known(run, next(iter(wanted)) if len(wanted) == 1 else "")
    now = replace(
        now,
        lines=[line for line in now.lines if line["order_id"] in wanted],
        holds={order: _released(now, order, frees[order]) for order in wanted},
        mappings=_with(run, now.mappings, mappings),
        misfits={**now.misfits, **{order: misfits(person) for order, person in (people or {}).items()}},
        countries={**now.countries, **_countries(people or {})},
        ship_vias={**now.ship_vias, **(ship_vias or {})},
        cancelled=[row for row in now.cancelled if row["order_id"] in wanted],
        unreferenced=[row for row in now.unreferenced if row["order_id"] in wanted],
    )
    decision = decide(now)
    refused = wanted & set(now.refusing)  # whatever holds it: it is refused
    held = {event.order_id: event for event in decision.holds if event.order_id not in refused}
    steps = (*decision.accept, *decision.create, *decision.take_over, *decision.cancel, *decision.reference)
    goes_on = ({intent.order_id for intent in steps} | refused) - set(held)
    is_trial = decision.is_trial and len(decision.create) > 1
    return Foreseen(
        tuple(sorted(goes_on)),
        {order: event.reason for order, event in held.items()},
        {order: event.detail for order, event in held.items()},
        frozenset({intent.order_id for intent in decision.create} & goes_on if is_trial else ()),
    )


def foresee_absent(run: Run, order_id: str, intent_id: str) -> tuple[tuple[Intent, ...], str]:
    """What would be created for an order once one of its creations is surely absent, and else what holds it."""
    now = known(run, order_id)
    absent = {"state": "refused", "code": ABSENT, "is_pending": False, "happened_at": now.now, "seq": LAST}
    intents = [{**row, **(absent if str(row["intent_id"]) == intent_id else {})} for row in now.intents]
    decision = decide(replace(now, intents=intents))
    holds = [event.detail for event in decision.holds if event.order_id == order_id]
    return (*decision.create, *decision.take_over), " ".join(holds)


def _released(now: Known, order_id: str, frees: tuple[str, ...]) -> dict[str, Any]:
    hold = now.holds.get(order_id) or {"order_id": order_id}
    words = dict.fromkeys(("reason", "cause", "detail"))
    return {**hold, **words, "frees": frees, "happened_at": now.now, "seq": LAST}


def _countries(people: Mapping[str, Person]) -> dict[str, str]:
    return {order: one.ship_to.country for order, one in people.items() if one.ship_to is not None}


def _with(run: Run, present: Mappings, asked: Sequence[tuple[str, str, str]]) -> Mappings:
    if not asked:
        return present
    rows: Iterable[Mapping[str, Any]] = run.rows(RULES, {"now": run.now()})
    told = {(row["mapping"], row["key"]): row["value"] for row in rows}
    told |= {(kind, key): value for kind, key, value in asked}
    return load([{"mapping": kind, "key": key, "value": value} for (kind, key), value in told.items()])
