"""The plug is pulled in the middle of each write of a return, and each has happened once when the dust settles.

The worker is killed while the other side has done what it was asked and the answer is on its way: the moment in
which nobody here knows. What else was meant in the same group was never sent.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sync.assembly import assemble
from sync.rules.return_frees import freed_by
from sync.runs import Scope
from sync.settings import Settings
from tests.flows.conftest import Bench
from tests.flows.test_returns import DAY, authorised, looked, refunds, sent_out, truth

OURS = {"CHERRYLANE_REFUNDED_BY": "seller", "CHERRYLANE_REFUND_REASON": "RFD-SIZE"}

# of returns: what another lane was just telling when the worker was killed is none of this
IN_DOUBT = """
select intent_kind, state from intent_facts
where state in ('recorded', 'unclear') and intent_kind not in ('confirm_shipment', 'write_reference')
"""


@contextlib.contextmanager
def begun(home: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """The house with no worker in it, its flows run by hand."""
    with monkeypatch.context() as environment:
        for name, value in home.environment.items():
            environment.setenv(name, value)
        assembled = assemble(Settings(_env_file=None))
    try:
        yield Bench(home.sandbox, assembled)
    finally:
        assembled.close()


def killed_while(home: Any, system: str, path: str, happened: Callable[[], object]) -> None:
    """A worker starts, writes there, and is killed once that has had its effect."""
    home.sandbox.faults(timeout_after=1.0, timeout_seconds=60, only=system, paths=path, methods="POST,PUT")
    worker = home.start_to_kill()
    home.until(happened, f"{path} has had its effect")
    home.kill(worker)
    home.sandbox.faults()


def test_a_worker_killed_in_the_middle_of_each_write_of_a_return_has_done_each_of_them_once(
    house: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = house(days=0.05, orders_per_day=0, skus=60, settings=OURS)
    world = home.sandbox
    with begun(home, monkeypatch) as inside:
        inside.run("start")
        sent_out(lambda **_: inside, who="seller")

    killed_while(home, "bluecherry", "/api/returnOrder", lambda: world.state("bluecherry")["returns"])
    in_doubt = home.rows(IN_DOUBT)
    with begun(home, monkeypatch) as inside:
        looked(inside)
    world.scenario("returns_arrive")
    world.advance(DAY)

    killed_while(
        home,
        "john_lewis",
        "/api/returns/receive",
        lambda: any(one["state"] == "RECEIVED" for one in truth(home).values()),
    )
    in_doubt += home.rows(IN_DOUBT)
    world.advance(DAY)

    killed_while(home, "john_lewis", "/api/orders/refund", lambda: refunds(home))
    in_doubt += home.rows(IN_DOUBT)
    with begun(home, monkeypatch) as inside:
        looked(inside, minutes=20)
        unpaid = inside.rows(
            "select subject from conditions_returns($now) where kind = 'refund_refused'",
            now=inside.house.clock.now(),
        )
        for row in unpaid:  # never sent, but nobody can be sure: a person says so
            inside.run("returns", Scope(frees=freed_by("refund_refused", "", row["subject"])))
        looked(inside, minutes=20, times=2)
        left = inside.rows(IN_DOUBT)
        again = inside.run("returns")
        differences = inside.rebuild_differences()
    came = {one["order_line_id"]: one["arrives"] for one in truth(home).values() if one["arrives"]}

    assert {row["intent_kind"] for row in in_doubt} == {"create_return", "receive_return", "refund_line"}
    assert len(came) > 1
    assert set(authorised(home).values()) == {1}
    assert len(authorised(home)) == len(truth(home))
    assert {one["state"] for one in truth(home).values() if one["arrives"]} == {"RECEIVED"}
    assert dict(refunds(home)) == came
    assert len(unpaid) == len(came) - 1
    assert left == []
    assert not {name for name in ("authorised", "received", "refunded") if again.counts[name]}
    assert differences == {}
