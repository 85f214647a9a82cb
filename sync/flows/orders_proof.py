"""Proves that every order was seen: counts a day on both sides, and names what differs.

Looks at one London day a turn: the marketplace's own count of the orders placed in it, against ours. The day is
read again whole, and each order's state compared with ours. What we did not have is recorded as it is read; what is
left out is asked for by name, for a list may be older than what was read before it. Writes what was counted, by
name; the exception `count_gap` follows from it, and closes with the next count that agrees.

What can go wrong: an order cannot be read. It is named, counted again every hour, and never forgotten.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from store.clock import aware
from store.events import OrdersCounted
from sync.freshness import ORDERS_LOOKED
from sync.ports import MarketOrder, Page
from sync.rules.proof import DAYS, Counted, Window, is_spare, next_window, window

__all__ = ["DAYS", "count", "due"]
from sync.runs import Run
from sync.unread import Reading

NAMED = 200  # ids an event carries of each sort; how many more there are, it says
_END = timedelta(milliseconds=1)  # the marketplace counts the end in

Record = Callable[[Reading, Page[MarketOrder]], None]


def due(run: Run, day: date | None = None) -> Window | None:
    """The day to count in this turn, or the one somebody asks for.

    None: nothing is due, or the call is needed for a look.
    """
    looks = run.rows("select value, moved_at from bookmarks where name = $name", {"name": ORDERS_LOOKED})
    if day is not None and looks:
        return window(day, aware(datetime.fromisoformat(looks[0]["value"])))
    every = timedelta(seconds=run.house.settings.orders_every)
    if not looks or not is_spare(run.now(), looks[0]["moved_at"], every):
        return None
    looked_at = aware(datetime.fromisoformat(looks[0]["value"]))
    rows = run.rows("select day, counted_at, is_closed, agrees from order_counts")
    counted = {row["day"]: Counted(row["counted_at"], row["is_closed"], row["agrees"]) for row in rows}
    since = run.rows("select day from counted_since")[0]["day"]
    return next_window(looked_at, counted, run.now(), since=since)


def count(run: Run, window: Window, record: Record, reading: Reading) -> OrdersCounted:
    """Count a day, read it, and record what was found; `record` tells the reading of each page.

    Raises as the marketplace's `orders`.
    """
    last = window.until_at - _END
    reading.met_from = window.from_at  # what was placed later was not changed before
    ours = _known(run, window.from_at, last)
    shown: dict[str, MarketOrder] = {}
    unreadable: list[str] = []
    total = 0
    # today is read to this moment, so that nobody waits for the look this call was taken from
    until = last if window.is_closed else None
    for page in run.house.marketplace.orders(created_from=window.from_at, created_to=until):
        total = page.total or 0
        shown.update((order.order_id, order) for order in page.items)
        unreadable += page.skipped
        record(reading, page)
        run.check()
    newer = {order_id for order_id, order in shown.items() if order.created_at > last}
    total -= len(newer)
    shown = {order_id: order for order_id, order in shown.items() if order_id not in newer}
    left_out = sorted(ours.keys() - shown.keys() - {_id_of(one) for one in unreadable})[:NAMED]
    for page in run.house.marketplace.orders(order_ids=left_out) if left_out else ():
        shown.update((order.order_id, order) for order in page.items)
        unreadable += page.skipped
        record(reading, page)
    reading.end()
    named = {_id_of(one) for one in unreadable}
    should_know = window.until_at - run.house.settings.overlap
    now_known = _known(run, window.from_at, last)  # what a late answer shows of an earlier state was not recorded
    differing = {
        "missing": shown.keys() - ours.keys(),
        "unreadable": named,
        "vanished": ours.keys() - shown.keys() - named,
        "outdated": {
            order_id
            for order_id, (state, changed_at) in now_known.items()
            if order_id in shown and order_id in ours and state != ours[order_id][0] and changed_at <= should_know
        },
    }
    counted = OrdersCounted(
        happened_at=run.now(),
        day=window.day,
        from_at=window.from_at,
        until_at=window.until_at,
        is_closed=window.is_closed,
        there_count=max(total, len(shown.keys() | named)),  # a total may count what its list leaves out
        here_count=len(ours),
        more_count=sum(max(len(ids) - NAMED, 0) for ids in differing.values()),
        **{name: tuple(sorted(ids)[:NAMED]) for name, ids in differing.items()},
    )
    run.record([counted])
    run.counts["days_counted"] += 1
    run.counts["orders_missed"] += len(differing["missing"])
    return counted


def _known(run: Run, since: datetime, last: datetime) -> dict[str, tuple[str, datetime]]:
    """State and last change of each order placed in between, as we have it."""
    rows = run.rows(
        "select order_id, state, changed_at from order_facts where placed_at between $since and $last",
        {"since": since, "last": last},
    )
    return {row["order_id"]: (row["state"], row["changed_at"]) for row in rows}


def _id_of(sentence: str) -> str:
    """The order a sentence of `Page.skipped` is about: `order JLM1-A: what is missing`."""
    return sentence.partition(": ")[0].removeprefix("order ")
