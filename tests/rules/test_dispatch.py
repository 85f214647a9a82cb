"""Which parcels are confirmed, and what holds the others."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.intents import Intent
from sync.rules.dispatch import KIND, UNSEEN, Decision, Known, decide, rounds
from sync.rules.mappings import Mappings

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
RML = Mappings({"carrier": {"RML": "royal-mail", "OLD": "parcel-pigeon"}})


def parcel(
    ship_id: str = "S1", carton: str = "C1", units: Mapping[str, int] | None = None, **other: Any
) -> dict[str, Any]:
    """A parcel of order O1-A with one linen shirt."""
    inside = {"O1-A-1": 1} if units is None else units
    return {
        "ship_id": ship_id, "order_id": "O1-A", "ship_via": "RML", "is_voided": False, "shipped_at": NOW,
        "carton": carton, "tracking": f"RM{ship_id}{carton}GB", "quantities": json.dumps(inside),
        "shipping_type": "STD-UK", **other,
    }  # fmt: skip


def line(line_id: str = "O1-A-1", quantity: int = 1, cancelled: int = 0) -> dict[str, Any]:
    return {"order_id": "O1-A", "order_line_id": line_id, "quantity": quantity, "cancelled_quantity": cancelled}


def told(subject: str, state: str, units: Mapping[str, int] | None = None, **other: Any) -> dict[str, Any]:
    """An intent of the past."""
    payload = {"quantities": {"O1-A-1": 1} if units is None else units}
    return {
        "intent_kind": KIND, "order_id": "O1-A", "subject": subject, "state": state, "code": "", "message": "",
        "payload": json.dumps(payload), "meant_at": None, "happened_at": NOW - timedelta(minutes=5), "seq": 1,
        **other,
    }  # fmt: skip


def known(parcels: Sequence[Mapping[str, Any]], *lines: Mapping[str, Any], **other: Any) -> Known:
    facts: dict[str, Any] = {
        "intents": (), "holds": {}, "mappings": RML, "carriers": {"royal-mail": "Royal Mail"},
        "untracked_types": frozenset(), "multi_shipment": True, "now": NOW, **other,
    }  # fmt: skip
    return Known(parcels=parcels, lines=lines or (line(),), **facts)


def held(decision: Decision) -> list[tuple[str, str, str]]:
    return [(one.ship_id, one.reason, one.cause) for one in decision.holds]


def test_a_parcel_is_confirmed_with_its_carrier_and_our_reference() -> None:
    decision = decide(known([parcel("S0000001", "00501234 5")]))
    (intent,) = decision.confirm

    assert (intent.subject, intent.order_id) == ("S0000001/00501234 5", "O1-A")
    assert intent.payload == {
        "quantities": {"O1-A-1": 1}, "tracking": "RMS000000100501234 5GB", "carrier": "royal-mail",
        "reference": "S0000001-00501234-5",
    }  # fmt: skip
    assert decision.holds == ()


UNTELLABLE: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"ship_via": "DPX"}, "unmapped_carrier", "DPX"),
    ({"ship_via": "OLD"}, "unmapped_carrier", "OLD"),
    ({"tracking": ""}, "missing_tracking", "RML"),
    ({"units": {"O1-A-9": 1}}, "unknown_line", "O1-A-9"),
    ({"units": {"": 1}}, "unknown_line", "a line added by hand"),
    ({"units": {}}, "unknown_line", "nothing inside"),
    ({"units": {"O1-A-1": 2}}, "over_shipped", "O1-A-1"),
)


@pytest.mark.parametrize(("changes", "reason", "cause"), UNTELLABLE)
def test_a_parcel_that_cannot_be_told_of_is_held_with_what_to_mend(
    changes: dict[str, Any], reason: str, cause: str
) -> None:
    decision = decide(known([parcel(**changes)]))

    assert decision.confirm == ()
    assert held(decision) == [("S1", reason, cause)]


def test_an_untracked_parcel_goes_where_its_shipping_type_allows_it() -> None:
    decision = decide(known([parcel(tracking="", ship_via="HND")], untracked_types=frozenset({"STD-UK"})))

    assert [(one.payload["tracking"], one.payload["carrier"]) for one in decision.confirm] == [("", "")]


def test_two_parcels_of_one_line_share_its_open_units() -> None:
    decision = decide(known([parcel(carton="C1"), parcel(carton="C2"), parcel("S2")], line(quantity=2)))

    assert [one.subject for one in decision.confirm] == ["S1/C1", "S1/C2"]
    assert held(decision) == [("S2", "over_shipped", "O1-A-1")]


def test_a_bad_parcel_does_not_stop_a_good_one() -> None:
    decision = decide(known([parcel(ship_via="DPX"), parcel("S2")], line(quantity=2)))

    assert [one.subject for one in decision.confirm] == ["S2/C1"]
    assert held(decision) == [("S1", "unmapped_carrier", "DPX")]


@pytest.mark.parametrize("state", ["confirmed", "recorded", "unclear"])
def test_what_was_or_may_have_been_told_is_not_told_again(state: str) -> None:
    assert decide(known([parcel()], intents=[told("S1/C1", state)])) == Decision()


@pytest.mark.parametrize("code", ["absent", "superseded", "not_sent"])
def test_what_surely_did_not_happen_is_planned_again(code: str) -> None:
    decision = decide(known([parcel()], intents=[told("S1/C1", "refused", code=code)]))

    assert [one.subject for one in decision.confirm] == ["S1/C1"]


def test_what_was_looked_for_in_vain_again_and_again_waits_longer_each_time() -> None:
    def absent(*minutes: int) -> list[dict[str, Any]]:
        return [
            told("S1/C1", "refused", code="absent", happened_at=NOW - timedelta(minutes=ago)) for ago in minutes
        ]

    planned = [len(decide(known([parcel()], intents=absent(*ago))).confirm) for ago in ((1,), (9, 1), (9, 3))]

    assert planned == [1, 0, 1]


def refusal(minutes: float, **other: Any) -> dict[str, Any]:
    payload = decide(known([parcel()])).confirm[0].payload
    at = NOW - timedelta(minutes=minutes)
    words = {"code": "refused", "message": "Order is not in SHIPPING"}
    return told("S1/C1", "refused") | words | {"payload": json.dumps(payload), "happened_at": at} | other


def test_a_refused_parcel_is_held_with_their_words_and_not_tried_again_by_itself() -> None:
    soon, later = (decide(known([parcel()], intents=[refusal(minutes)])) for minutes in (1, 3 * 24 * 60))

    assert held(soon) == held(later) == [("S1", "refused_by_marketplace", "Order is not in SHIPPING")]
    assert (soon.confirm, later.confirm) == ((), ())


def test_a_refused_parcel_is_tried_at_once_when_it_changed_or_a_person_asks() -> None:
    changed = decide(known([parcel(tracking="RM999GB")], intents=[refusal(1)]))
    asked = decide(known([parcel()], intents=[refusal(1)], retry=frozenset({"O1-A"})))

    assert (len(changed.confirm), held(changed)) == (1, [])
    assert len(asked.confirm) == 1


def test_what_may_be_there_unreadably_goes_again_only_when_a_person_asks_whatever_changed() -> None:
    unseen = refusal(1, code=UNSEEN, message="Look there.")
    changed = decide(known([parcel(tracking="RM999GB")], intents=[unseen]))
    asked = decide(known([parcel()], intents=[unseen], retry=frozenset({"S1"})))

    assert (changed.confirm, held(changed)) == ((), [("S1", "refused_by_marketplace", "no answer came")])
    assert len(asked.confirm) == 1


@pytest.mark.parametrize(
    ("code", "tracking", "goes_again"),
    [
        ("refused", "RM999GB", True),  # John Lewis answered that one, and it was mended since
        ("refused", "RMS1C1GB", False),
        ("absent", "RMS1C1GB", True),  # all of its shipments could be read: it is not there
        ("not_sent", "RMS1C1GB", True),  # what a person said holds until it is carried out
        (UNSEEN, "RM999GB", False),
    ],
)
def test_a_parcel_in_doubt_that_a_person_let_go_again_is_from_then_on_one_like_any_other(
    code: str, tracking: str, goes_again: bool
) -> None:
    history = [refusal(30, code=UNSEEN, message="Look there."), refusal(20, code=code)]
    decision = decide(known([parcel(tracking=tracking)], intents=history))

    assert [one.payload["tracking"] for one in decision.confirm] == [tracking] * goes_again
    assert len(held(decision)) == (not goes_again)


@pytest.mark.parametrize("code", ["absent", "not_sent"])
def test_a_refused_parcel_that_a_person_let_go_again_goes_until_it_is_answered(code: str) -> None:
    again = decide(known([parcel()], intents=[refusal(30), refusal(20, code=code)]))
    changed = refusal(20, code=code, payload=json.dumps({"quantities": {}}))
    other = decide(known([parcel()], intents=[refusal(30), changed]))

    assert (len(again.confirm), held(again)) == (1, [])
    assert (len(other.confirm), held(other)) == (0, [("S1", "refused_by_marketplace", "Order is not in SHIPPING")])


def test_a_hold_is_said_once_and_lifted_when_mended() -> None:
    hold = {"order_id": "O1-A", "reason": "unmapped_carrier", "cause": "DPX"}
    hold["detail"] = decide(known([parcel(ship_via="DPX")])).holds[0].detail
    still = decide(known([parcel(ship_via="DPX")], holds={"S1": hold}))
    mended = decide(known([parcel()], holds={"S1": hold}))

    assert still == Decision()
    assert held(mended) == [("S1", "", "")]
    assert len(mended.confirm) == 1


def test_a_parcel_voided_after_it_was_told_of_is_held_and_one_before_is_forgotten() -> None:
    after = decide(known([parcel(is_voided=True)], intents=[told("S1/C1", "confirmed")]))
    before = decide(known([parcel(is_voided=True), parcel("S2")]))

    assert held(after) == [("S1", "voided", "S1")]
    assert ([one.subject for one in before.confirm], held(before)) == (["S2/C1"], [])


TWO_LINES = (line("O1-A-1"), line("O1-A-2", 2))


def test_without_parcels_an_order_waits_until_all_of_it_has_left() -> None:
    part = decide(known([parcel()], *TWO_LINES, multi_shipment=False))
    whole = decide(known([parcel(), parcel("S2", units={"O1-A-2": 2})], *TWO_LINES, multi_shipment=False))

    assert (part.confirm, held(part)) == ((), [("S1", "incomplete", "O1-A")])
    (intent,) = whole.confirm
    assert intent.subject == "S1/C1"
    assert intent.payload["quantities"] == {"O1-A-1": 1, "O1-A-2": 2}
    assert intent.payload["parcels"] == ["S1/C1", "S2/C1"]


def test_without_parcels_cancelled_units_are_not_waited_for() -> None:
    lines = (line("O1-A-1"), line("O1-A-2", 2, cancelled=2))

    assert len(decide(known([parcel()], *lines, multi_shipment=False)).confirm) == 1


def test_without_parcels_one_unfit_parcel_holds_the_order() -> None:
    parcels = [parcel(), parcel("S2", units={"O1-A-2": 2}, ship_via="DPX")]
    decision = decide(known(parcels, *TWO_LINES, multi_shipment=False))

    assert (decision.confirm, held(decision)) == ((), [("S2", "unmapped_carrier", "DPX")])


def test_an_order_told_whole_is_not_told_again() -> None:
    past = [told("S1/C1", "unclear", {"O1-A-1": 1})]

    assert decide(known([parcel()], intents=past, multi_shipment=False)) == Decision()


def test_a_lot_names_every_order_once() -> None:
    intents = [
        Intent("confirm_shipment", subject, {}, order_id)
        for subject, order_id in (("S1/C1", "A"), ("S1/C2", "A"), ("S2/C1", "B"), ("S1/C3", "A"))
    ]

    assert [[one.subject for one in lot] for lot in rounds(intents)] == [["S1/C1", "S2/C1"], ["S1/C2"], ["S1/C3"]]
