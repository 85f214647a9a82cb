"""What BlueCherry shipped, John Lewis knows: held against the sandbox's truth."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from store.commands import Retry
from store.events import MappingSet
from sync.errors import Unclear
from sync.flows import dispatch
from sync.ports import Outcome, ShipmentDraft
from sync.runs import running
from tests.flows.between import Between
from tests.flows.desk import Counter as Desk

DAY = 24 * 60
# Nothing here is about the pace an ERP can bear.
QUICK = {"erp_requests_per_minute": "6000"}


def shipped_world(bench: Callable[..., Any], *scenarios: str) -> Any:
    """A history and its open orders taken over; a working day later their parcels have left."""
    made = bench(days=2, orders_per_day=25, skus=40, settings=QUICK, begun=False)
    for scenario in ("no_orders", "acceptance_automatic", *scenarios):
        made.sandbox.scenario(scenario)
    assert made.run("start").state == "succeeded"
    made.run_all("catalogue", "orders", "dispatch")
    made.advance(DAY)
    return made


def confirmations(made: Any) -> Counter[str]:
    """How many parcels the marketplace was told of, by order."""
    orders = made.sandbox.state("john_lewis")["orders"]
    return Counter({order_id: len(order["confirmations"]) for order_id, order in orders.items()})


def shipped_parcels(made: Any) -> Counter[str]:
    """How many parcels left BlueCherry, by order, of carriers we know."""
    rows = made.rows(
        """
        select posted.order_id, count(*) as parcels
        from shipment_facts as posted join carton_facts as carton using (ship_id)
        where posted.ship_via <> 'DPX' group by posted.order_id
        """
    )
    return Counter({row["order_id"]: row["parcels"] for row in rows})


class LosesAnswers:
    """The marketplace over a bad line: every second parcel arrives, and no answer ever comes back."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def create_shipments(self, drafts: Sequence[ShipmentDraft]) -> tuple[Outcome, ...]:
        self.asked += len(drafts)
        self.real.create_shipments(drafts[::2])
        raise Unclear("no answer came")


def test_every_parcel_that_left_is_told_once(bench: Callable[..., Any]) -> None:
    made = shipped_world(bench)
    made.sandbox.faults(down=True, only="bluecherry")
    assert made.run("dispatch").state == "failed"
    made.sandbox.faults()
    before = confirmations(made)
    with running(made.house, "dispatch") as dry:
        preview = dispatch.preview(dry)
    assert confirmations(made) == before
    first = made.run("dispatch")
    told = confirmations(made)
    second = made.run("dispatch")

    assert (first.state, second.state) == ("succeeded", "succeeded")
    assert first.counts["confirmed"] == len(preview.differences) > 0
    assert preview.calls["ST01 shipments"] >= 1
    assert (told - before).total() == first.counts["confirmed"]
    assert told == shipped_parcels(made)
    assert (second.counts["confirmed"], confirmations(made)) == (0, told)
    assert made.rebuild_differences() == {}


def test_an_answer_that_never_came_is_looked_up_and_nothing_is_told_twice(bench: Callable[..., Any]) -> None:
    made = shipped_world(bench)
    line = LosesAnswers(made.house.marketplace)
    made.house.marketplace = line
    doubtful = made.run("dispatch")
    made.house.marketplace = line.real
    states = "select count(*) from intent_facts where intent_kind = 'confirm_shipment' and state = $state"
    assert doubtful.counts["unclear"] == made.value(states, state="unclear") == line.asked > 1
    too_soon = made.run("dispatch")
    assert too_soon.counts["confirmed"] == 0
    assert 0 < made.value(states, state="unclear") < line.asked
    made.advance(3)
    again = made.run("dispatch")

    assert again.counts["confirmed"] >= line.asked // 2
    assert made.value(states, state="unclear") == 0
    assert confirmations(made) == shipped_parcels(made)
    assert made.rebuild_differences() == {}


def test_a_carrier_without_a_mapping_holds_its_shipments_until_it_is_mapped(bench: Callable[..., Any]) -> None:
    made = shipped_world(bench)

    def map_carrier(value: str) -> None:
        now = made.house.clock.now()
        made.house.journal.append([MappingSet(happened_at=now, mapping="carrier", key="RML", value=value)])

    map_carrier("")
    made.run("dispatch")
    held = made.rows("select * from shipment_hold_facts where reason = 'unmapped_carrier' and cause = 'RML'")
    assert held
    map_carrier("a-carrier-nobody-lists")
    made.advance(1)
    assert made.run("dispatch").counts["confirmed"] == 0
    made.advance(1)
    map_carrier("royal-mail")
    released = made.run("dispatch")

    assert released.counts["confirmed"] >= len(held)
    assert made.value("select count(*) from shipment_hold_facts where cause = 'RML' and reason <> ''") == 0


def test_where_parcels_cannot_be_told_one_by_one_whole_orders_are(bench: Callable[..., Any]) -> None:
    made = shipped_world(bench, "multi_shipment_off")
    run = made.run("dispatch")
    asked = made.sandbox.requests("john_lewis")
    paths = {one["path"].rsplit("/", 1)[-1] for one in asked if one["method"] == "PUT"}

    assert run.state == "succeeded"
    assert run.counts["confirmed"] > 0
    assert {"tracking", "ship"} <= paths
    assert made.run("dispatch").counts["confirmed"] == 0
    assert made.rebuild_differences() == {}


def test_what_john_lewis_refused_is_told_once_more_when_a_person_processes_it_again(
    bench: Callable[..., Any],
) -> None:
    made = shipped_world(bench)

    def none_of_them(_port: Any, drafts: Sequence[ShipmentDraft]) -> tuple[Outcome, ...]:
        return tuple(Outcome(draft.reference, is_ok=False, message="Not now.") for draft in drafts)

    market = made.house.marketplace
    made.house.marketplace = Between(market, create_shipments=none_of_them)
    refused = made.run("dispatch").counts["refused"]
    made.house.marketplace = market
    by_itself = made.run("dispatch").counts["confirmed"]
    made.run("watch")
    counter = Desk(made)
    all_of_it: dict[str, Any] = {"exception_kind": "refused_by_marketplace", "cause": "Not now."}
    foreseen = counter.ask(Retry(**all_of_it, dry_run=True))
    done = counter.ask(Retry(**all_of_it))
    counter.close()

    assert refused > 1
    assert by_itself == 0  # its gap is not over
    assert f"{refused} shipments would be confirmed" in foreseen["message"]
    assert done["answer"]["still_wrong"] == 0
    assert confirmations(made) == shipped_parcels(made)
