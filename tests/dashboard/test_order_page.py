"""The Order page of an order whose address does not fit: what would be cut, to those who may see it."""

from store.events import MisfitPart, OrderHeld
from store.journal import Personal
from tests.dashboard.looking import cells, show, words
from tests.told import HOUR, NOW, Told

PERSON = (
    '{"ship_to": {"name": "Zoë Kettle", "line_1": "1 Pretend Row", "city": "Llanfairpretendgwyngyllmadeup"},'
    ' "bill_to": null, "email": ""}'
)


def held(told: Told) -> None:
    told.order("JL9-A")
    told.tell(
        OrderHeld(
            happened_at=NOW - HOUR, order_id="JL9-A", reason="address_too_long", cause="delivery town",
            detail="Delivery town: 29 characters, 25 fit. Nothing is cut.",
            misfits=(MisfitPart(part="ship_to", field="city", length=29, fits=25),),
        ),
        personal=[Personal("JL9-A", NOW - HOUR, PERSON)],
    )  # fmt: skip
    told.runs_of_all()
    told.beat()


def test_what_would_be_cut_is_shown_to_ops_and_only_its_length_to_viewers(told: Told) -> None:
    held(told)
    ops = show("order", query={"order_id": "JL9-A"}, person="Ops")
    viewer = show("order", query={"order_id": "JL9-A"}, person="Manager")

    assert "Llanfairpretendgwyngyllma ✂ deup" in cells(ops)
    assert "29" in cells(viewer)
    assert "Llanfair" not in cells(viewer) + words(viewer)
