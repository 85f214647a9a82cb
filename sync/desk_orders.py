"""The orders' part of the desk: what an order will carry into BlueCherry is edited by hand, and it is sent again.

Laws: the texts of an edit go to `personal` and nowhere else; who edited which fields and why is an event; an order
that is on its way to BlueCherry, or there, is not edited here; a SKU is never edited.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from store import commands as ask
from store.events import EditedPart, OrderEdited, OrderReleased
from sync.answers import Failure, Refusal
from sync.flows.orders_again import Foreseen, foresee
from sync.flows.orders_read import person_of
from sync.lanes import Lane
from sync.ports import Person
from sync.rules import edits, mappings
from sync.rules.addresses import misfits, named
from sync.runs import EVERYTHING, House, Scope, running

_ORDER = """
select
    placed.order_id, placed.shipping_type, placed.state, people.body, people.edits,
    (
        select string_agg(distinct sales.ord_num, ', ' order by sales.ord_num)
        from sales_order_facts as sales where sales.order_id = placed.order_id
    ) as ord_nums,
    exists (
        from intent_facts as sent
        where sent.order_id = placed.order_id and sent.intent_kind = 'create_sales_order'
            and sent.state in ('recorded', 'unclear', 'confirmed')
    ) as is_sent,
    (
        select arg_max(edit.ship_via, (edit.happened_at, edit.seq)) from order_edit_facts as edit
        where edit.order_id = placed.order_id and edit.ship_via <> ''
    ) as edited_ship_via,
from order_facts as placed
left join personal as people on people.order_id = placed.order_id
where placed.order_id = $id
"""


_RESENT = ("create_sales_order",)  # what an edit may mend


class OrderDesk:
    """Carries out the command that edits an order."""

    def __init__(self, house: House, lanes: Mapping[str, Lane]) -> None:
        self._house = house
        self._lanes = lanes

    def edit(self, actor: str, command: ask.EditOrder, tell: Callable[[str], None]) -> dict[str, Any]:
        """Raises Refusal for an edit that cannot be meant or comes too late, Failure if the order then failed."""
        order = self._order(command.order_id)
        if wrong := edits.refusal(command.changes):
            raise Refusal(wrong)
        if not command.dry_run and not command.why.strip():
            raise Refusal("Say why: the reason is kept with the edit.")
        before = person_of(order["body"] or "", order["edits"])
        changes, after = _changed(before, command.changes)
        ship_via = self._ship_via(command.changes.get(edits.SHIP_VIA, ""))
        before_ship_via = self._present_ship_via(order)
        if ship_via == before_ship_via:
            ship_via = ""
        if not changes and not ship_via:
            raise Refusal("The edit changes nothing: every field has that text already.")
        _check_fit(after, changes)
        parts = [
            EditedPart(field=one.field, before_length=len(one.before), after_length=len(one.after))
            for one in changes
        ]
        if ship_via:
            parts.append(
                EditedPart(
                    field=edits.SHIP_VIA, before_length=len(before_ship_via), after_length=len(ship_via)
                )
            )  # fmt: skip
        said = "; ".join(
            f"{named(one.field)} {one.before_length} → {one.after_length} characters"
            if one.field != edits.SHIP_VIA
            else f"ship-via {before_ship_via or 'none'} → {ship_via}"
            for one in parts
        )
        if command.dry_run:
            then = self._foreseen(command.order_id, after, ship_via)
            return {"message": f"Would change {said}. Then: {_then(then, command.order_id)}"}
        now = self._house.clock.now()
        kept = edits.dumped([*edits.loaded(order["edits"]), *changes])
        self._house.journal.append(
            [
                OrderEdited(
                    happened_at=now, actor=actor, edit_id=uuid4(), order_id=command.order_id, fields=tuple(parts),
                    before_ship_via=before_ship_via, ship_via=ship_via, why=command.why.strip(),
                ),
                OrderReleased(happened_at=now, actor=actor, order_id=command.order_id, frees=_RESENT),
            ],
            edits={command.order_id: kept} if changes else None,
        )  # fmt: skip
        tell("the order is decided again with what was edited")
        run = self._lanes["orders"].run_once(Scope(key=command.order_id, is_stored=True))
        self._lanes["watch"].run_once(EVERYTHING)
        if not run.is_good:
            raise Failure(f"The edit is kept ({said}); the order was not sent: orders {run.ending}")
        return {"message": f"Changed {said}. {self._standing(command.order_id)}"}

    def _order(self, order_id: str) -> dict[str, Any]:
        rows = self._house.ask(_ORDER, {"id": order_id}).to_dicts()
        if not rows:
            raise Refusal(f"There is no order {order_id!r}.")
        (order,) = rows
        if order["ord_nums"]:
            raise Refusal(
                f"It is in BlueCherry as {order['ord_nums']}: what is there is changed there. Cherrylane shows the "
                "difference and does not pass it to John Lewis."
            )
        if order["is_sent"]:
            raise Refusal("It was sent to BlueCherry and is not seen there yet; an edit now could send it twice.")
        return order

    def _ship_via(self, code: str) -> str:
        """The ship-via asked for; empty: none was. Raises Refusal for one BlueCherry does not have."""
        if not code:
            return ""
        rows = self._house.ask(
            "select one ->> 'code' as code from ("
            " select unnest(cast(value::json as json[])) as one from marketplace_facts where topic = 'ship_vias')"
        )
        codes = sorted(rows["code"])
        if codes and code not in codes:
            raise Refusal(f"BlueCherry has no ship-via {code!r}; it has {', '.join(codes)}.")
        return code

    def _present_ship_via(self, order: Mapping[str, Any]) -> str:
        known = mappings.load(self._house.ask(mappings.IN_FORCE, {"now": self._house.clock.now()}).to_dicts())
        return str(order["edited_ship_via"] or known.ship_via(order["shipping_type"]) or "")

    def _foreseen(self, order_id: str, person: Person | None, ship_via: str) -> Foreseen:
        with running(self._house, "orders", is_preview=True) as run:
            return foresee(
                run,
                {order_id: _RESENT},
                people={order_id: person} if person is not None else None,
                ship_vias={order_id: ship_via} if ship_via else None,
            )

    def _standing(self, order_id: str) -> str:
        rows = self._house.ask(
            "select reason, detail from order_hold_facts where order_id = $id and reason is not null",
            {"id": order_id},
        ).to_dicts()
        if rows:
            return f"It is still held ({rows[0]['reason'].replace('_', ' ')}): {rows[0]['detail']}"
        sent = self._house.ask(
            "select state, reference from intent_facts where order_id = $id and intent_kind = 'create_sales_order'"
            " order by meant_at desc limit 1",
            {"id": order_id},
        ).to_dicts()
        if sent and sent[0]["state"] == "confirmed":
            return f"BlueCherry took it as {sent[0]['reference']}."
        return "It goes on." if not sent else f"Its sales order is {sent[0]['state']}."


def _changed(before: Person | None, asked: Mapping[str, str]) -> tuple[tuple[edits.Change, ...], Person | None]:
    texts = {name: text for name, text in asked.items() if name != edits.SHIP_VIA}
    if not texts:
        return (), before
    if before is None:
        raise Refusal(
            "There is no address to edit: John Lewis has not shown one, or it was deleted after its time."
        )
    try:
        changes = edits.changed(before, texts)
    except ValueError as missing:
        raise Refusal(f"{missing}: there is nothing to edit.") from missing
    return changes, edits.edited(before, changes)


def _check_fit(after: Person | None, changes: tuple[edits.Change, ...]) -> None:
    """What was edited must fit; what was not may still wait for another edit."""
    if after is None:
        return
    touched = {one.field for one in changes}
    wrong = [
        one
        for one in misfits(after)
        if f"{one.part}.{one.field}" in touched
        or (one.field == "street" and touched & {f"{one.part}.line_1", f"{one.part}.line_2"})
    ]
    if wrong:
        raise Refusal(
            f"BlueCherry would not take it: {'; '.join(one.words for one in wrong)}. Nothing was changed."
        )


def _then(seen: Foreseen, order_id: str) -> str:
    if order_id in seen.held:
        return f"still held ({seen.held[order_id].replace('_', ' ')}): {seen.details[order_id]}"
    return "it goes to BlueCherry." if order_id in seen.goes_on else "nothing is to be done for it now."
