"""What is said of a cancelation asked for at John Lewis, when it was refused, overtaken or done long ago."""

from datetime import timedelta

import pytest

from store import events
from store.database import Ask
from store.events import CancelationAsked, DriftAnswered
from tests.told import HOUR, NOW, SHIRT, Told, thing
from tests.views.returned import announced, sold
from tests.views.test_drift import line, sent, shows, wrong

MINUTE = timedelta(minutes=1)


def some_are_short(told: Told, cancelled: int) -> None:
    """Four were sold and sent; BlueCherry has cancelled some of them."""
    sent(told, quantity=4)
    shows(told, short_of_four(cancelled), at=NOW - HOUR)


def short_of_four(cancelled: int) -> events.SalesLinePart:
    return line(ordered_quantity=4, cancelled_quantity=cancelled, open_quantity=4 - cancelled, cancel_kind="HOUSE")


def one_is_asked(told: Told, *, before: int | None = 0) -> None:
    """A person said that the rest is sent: one unit is cancelled at John Lewis."""
    at = NOW - 50 * MINUTE
    told.tell(
        DriftAnswered(
            happened_at=at, actor="Olu (ops)", order_id="JL1-A", drift_class="quantity", drift_subject="JL1-A-1",
            answer="confirm_rest", shown="3 units", why="Not on the shelf",
        )
    )  # fmt: skip
    told.tell(
        CancelationAsked(
            happened_at=at, actor="Olu (ops)", ask_id=thing("ask"), order_id="JL1-A", order_line_id="JL1-A-1",
            quantity=1, before_quantity=before, reason_code="CNL-SHORT-PICK", why="Not on the shelf",
        )
    )  # fmt: skip


def tried(told: Told, state: str, code: str = "", *, minutes: int, units: int = 1) -> None:
    """We tried to cancel so many units, so many minutes ago, and this came of it."""
    payload = {"ask_id": str(thing("ask")), "order_line_id": "JL1-A-1", "before_quantity": 0, "quantity": units}
    told.intent(
        "cancel_market_line", "JL1-A-1/0", state, order_id="JL1-A", code=code, message=code and "It said no.",
        payload=payload, intent_id=thing(f"try {minutes}"), at=NOW - minutes * MINUTE,
    )  # fmt: skip


def test_a_cancelation_that_shows_after_all_does_not_come_back_as_refused_with_the_next_shortage(
    told: Told, ask: Ask
) -> None:
    some_are_short(told, 1)
    one_is_asked(told)
    tried(told, "refused", "unseen", minutes=45)
    at_first = wrong(ask)
    told.order("JL1-A", quantity=4, cancelled=1, changed=NOW - 30 * MINUTE)
    settled = wrong(ask)
    shows(told, short_of_four(2), at=NOW - 20 * MINUTE, revision=2)

    assert at_first == {"cancelation_refused", "drift_quantity"}
    assert settled == set()
    assert wrong(ask) == {"drift_quantity"}


def test_of_a_line_only_what_came_of_the_last_cancelation_is_wrong(told: Told, ask: Ask) -> None:
    """Two units were refused and one of them taken later; then BlueCherry is short of another one."""
    some_are_short(told, 1)
    tried(told, "refused", "400", minutes=45, units=2)
    tried(told, "confirmed", minutes=40)
    told.order("JL1-A", quantity=4, cancelled=1, changed=NOW - 30 * MINUTE)
    shows(told, short_of_four(2), at=NOW - 20 * MINUTE, revision=2)

    assert wrong(ask) == {"drift_quantity"}


def test_a_refused_cancelation_is_wrong_while_john_lewis_shows_only_a_part_of_its_units(
    told: Told, ask: Ask
) -> None:
    some_are_short(told, 2)
    tried(told, "refused", "other_sum", minutes=45, units=2)
    told.order("JL1-A", quantity=4, cancelled=1, changed=NOW - 30 * MINUTE)

    assert wrong(ask) == {"cancelation_refused", "drift_quantity"}


@pytest.mark.parametrize(
    ("before", "cancelled", "standing"),
    [(1, 1, "waiting"), (1, 2, "overtaken"), (None, 0, "waiting"), (None, 1, "overtaken")],
)
def test_an_ask_waits_only_while_something_of_it_can_still_be_carried_out(
    told: Told, ask: Ask, before: int | None, cancelled: int, standing: str
) -> None:
    """Without the sum it was asked at, in older stores, it counts from none; a person may answer once more."""
    some_are_short(told, 3)
    one_is_asked(told, before=before)
    told.order("JL1-A", quantity=4, cancelled=cancelled, changed=NOW - 30 * MINUTE)
    rows = ask("select passed_on, is_open from drift($at)", {"at": NOW}).to_dicts()

    assert rows == [{"passed_on": standing, "is_open": True}]


@pytest.mark.parametrize("refunded", [False, True])
def test_a_line_bluecherry_cancelled_does_not_go_quiet_when_john_lewis_shows_the_order_as_shipped(
    told: Told, ask: Ask, refunded: bool
) -> None:
    """Somebody confirmed the whole order there; the money of what never left goes back, or the customer waits."""
    sent(told)
    shows(told, line(cancelled_quantity=2, open_quantity=0, cancel_kind="HOUSE"))
    sold(told, *([("R1", 2, "78")] if refunded else []), at=NOW)
    rows = ask("select drift_class, market, short_quantity from drift($at)", {"at": NOW}).rows()

    assert rows == ([] if refunded else [("cancelled", f"2 of {SHIRT} shown as shipped", 0)])


@pytest.mark.parametrize(("cancelled", "drift_class"), [(1, "quantity"), (2, "cancelled")])
def test_what_was_accepted_while_the_order_waited_is_open_again_once_all_of_it_is_shown_as_shipped(
    told: Told, ask: Ask, cancelled: int, drift_class: str
) -> None:
    sent(told)
    shows(told, line(cancelled_quantity=cancelled, open_quantity=2 - cancelled, cancel_kind="HOUSE"))

    def is_open() -> bool:
        return bool(ask("select is_open from drift($at)", {"at": NOW})["is_open"].item())

    def accepted() -> None:
        (mark,) = ask("select shown_mark from drift($at)", {"at": NOW})["shown_mark"]
        told.tell(
            DriftAnswered(
                happened_at=NOW, actor="Olu (ops)", order_id="JL1-A", drift_class=drift_class,
                drift_subject="JL1-A-1", answer="accept", shown=mark, why="another comes on Friday",
            )
        )  # fmt: skip

    accepted()
    waiting = is_open()
    sold(told, at=NOW)
    shipped = is_open()
    accepted()

    assert (waiting, shipped, is_open()) == (False, True, False)


def test_a_line_keyed_in_anew_without_our_id_has_left_when_john_lewis_shows_the_order_as_shipped(
    told: Told, ask: Ask
) -> None:
    sent(told)
    gone = line(cancelled_quantity=2, open_quantity=0, cancel_kind="HOUSE")
    anew = line(line_number=2, order_line_id="", open_quantity=0, shipped_quantity=2)
    shows(told, gone, anew)
    told.order("JL1-A", quantity=2, state="SHIPPED", changed=NOW)

    assert wrong(ask) == set()


@pytest.mark.parametrize(
    ("refunds", "came_back", "stays"),
    [((), 0, True), (("39",), 0, False), (("5",), 0, True), (("39",), 1, True), (("39", "39"), 1, False)],
    ids=["nothing is refunded", "it is", "a goodwill is", "a return is", "it and a return are"],
)
def test_a_short_line_does_not_go_quiet_when_john_lewis_shows_all_of_the_order_as_shipped(
    told: Told, ask: Ask, refunds: tuple[str, ...], came_back: int, stays: bool
) -> None:
    """One of two units left; the money of the other one goes back, or the customer waits for it."""
    sent(told)
    shows(told, line(cancelled_quantity=1, open_quantity=0, shipped_quantity=1, cancel_kind="HOUSE"))
    sold(told, *((f"R{number}", 1, amount) for number, amount in enumerate(refunds)), at=NOW)
    if came_back:
        announced(told, quantity=came_back, at=NOW)
    rows = ask("select drift_class, shown, market, short_quantity from drift($at)", {"at": NOW}).rows()

    assert rows == ([("quantity", "1 unit", "2 shown as shipped", 0)] if stays else [])
    assert wrong(ask) == ({"drift_quantity"} if stays else set())


def test_a_unit_keyed_in_anew_without_our_id_has_left_when_john_lewis_shows_the_order_as_shipped(
    told: Told, ask: Ask
) -> None:
    sent(told)
    one = line(cancelled_quantity=1, open_quantity=0, shipped_quantity=1, cancel_kind="HOUSE")
    other = line(line_number=2, order_line_id="", ordered_quantity=1, open_quantity=0, shipped_quantity=1)
    shows(told, one, other)
    told.order("JL1-A", quantity=2, state="SHIPPED", changed=NOW)

    assert wrong(ask) == set()
