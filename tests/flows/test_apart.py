"""Trouble with one system, or one kind of call, never keeps an order from its next step at the other."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sync.errors import Deferred, Fatal, Retriable, Unclear
from sync.runs import Scope
from tests.flows.test_drift import answered, cancelled_there, edited, in_bluecherry
from tests.flows.test_orders import copies, lines_to_send, placed, quiet


class Answers:
    """A system of which one kind of call meets trouble."""

    def __init__(self, real: Any, name: str, trouble: Exception) -> None:
        self.real, self.name, self.trouble = real, name, trouble

    def __getattr__(self, name: str) -> Any:
        return self._fails if name == self.name else getattr(self.real, name)

    def _fails(self, *_: object, **__: object) -> None:
        raise self.trouble


def sold_and_waiting(begin: Callable[..., Any]) -> Any:
    """A house with orders that are to be sent, and others that wait to be accepted."""
    house = quiet(begin, days=0.05, orders_per_day=0)
    placed(house)
    house.run("orders")  # accepts them
    house.advance(20)
    placed(house)
    return house


def waiting(house: Any) -> set[str]:
    orders = house.sandbox.state("john_lewis")["orders"]
    return {order_id for order_id, order in orders.items() if order["state"] == "WAITING_ACCEPTANCE"}


def test_orders_reach_bluecherry_while_john_lewis_takes_no_acceptance(bench: Callable[..., Any]) -> None:
    house = sold_and_waiting(bench)
    real, now = house.house.marketplace, house.house.clock.now()
    for trouble, state in (
        (Deferred("OR21: too many calls", now + timedelta(minutes=9)), "deferred"),
        (Retriable("OR21: no answer"), "failed"),
        (Fatal("OR21: the key is refused"), "failed"),
    ):
        house.house.marketplace = Answers(real, "accept", trouble)
        run = house.run("orders")
        assert (run.state, run.message) == (state, str(trouble))
    to_send, there, still_waiting = lines_to_send(house), set(copies(house)), waiting(house)
    house.house.marketplace = real
    house.run("orders")

    assert len(to_send) > 0
    assert to_send == there
    assert len(still_waiting) > 0
    assert waiting(house) == set()


def test_orders_are_accepted_while_bluecherry_does_not_answer_and_none_is_sent_unread(
    bench: Callable[..., Any],
) -> None:
    house = sold_and_waiting(bench)
    to_accept, to_send = waiting(house), lines_to_send(house)
    house.sandbox.faults(down=True, only="bluecherry")
    run = house.run("orders")
    tried = house.value("select count(*) as n from intent_facts where intent_kind = 'create_sales_order'")
    left = waiting(house)
    house.sandbox.faults()
    house.run("orders")

    assert run.state == "failed"
    assert "salesOrder" in run.message
    assert run.counts["accepted"] == len(to_accept) > 0
    assert left == set()
    assert tried == 0
    assert 0 < len(to_send) <= len(copies(house))


def test_an_acceptance_whose_answer_was_lost_is_made_again_while_bluecherry_does_not_answer(
    bench: Callable[..., Any],
) -> None:
    house = sold_and_waiting(bench)
    real = house.house.marketplace
    house.house.marketplace = Answers(real, "accept", Unclear("OR21: no answer"))
    house.run("orders")
    house.house.marketplace = real
    lost = waiting(house)
    house.sandbox.faults(down=True, only="bluecherry")
    for _ in range(2):
        house.advance(20)
        house.run("orders")
    left = waiting(house)
    house.sandbox.faults()

    assert len(lost) > 0
    assert left == set()


def test_nothing_is_cancelled_at_john_lewis_by_a_run_that_could_not_read_bluecherry(
    bench: Callable[..., Any],
) -> None:
    house = in_bluecherry(bench)
    row = edited(house, "cancelled")
    answered(house, row, "cancel_line", reason_code="CNL-OUT-OF-STOCK")
    house.advance(2)
    real, later = house.house.erp, house.house.clock.now() + timedelta(minutes=5)
    house.house.erp = Answers(real, "sales_orders", Deferred("salesOrder: too many calls", later))
    run = house.run("orders")
    unread = cancelled_there(house, row["order_id"])
    house.house.erp = real
    house.run("orders")

    assert (run.state, unread) == ("deferred", [])
    assert len(cancelled_there(house, row["order_id"])) == 1


def test_a_press_that_reads_nothing_cancels_nothing_at_john_lewis(bench: Callable[..., Any]) -> None:
    house = in_bluecherry(bench)
    row = edited(house, "cancelled")
    answered(house, row, "cancel_line", reason_code="CNL-OUT-OF-STOCK")
    house.run("orders", Scope(is_stored=True))
    unread = cancelled_there(house, row["order_id"])
    house.advance(2)
    house.run("orders")

    assert unread == []
    assert len(cancelled_there(house, row["order_id"])) == 1
