"""An answer to a difference is for what was shown: what changed before the worker came to it is looked at again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store import commands as ask
from store import events
from sync.answers import Refusal
from sync.desk_drift import DriftDesk
from tests.flows.shop import Shop, settings_of
from tests.told import HOUR, NOW
from tests.views.test_drift import line, sent, shows


class Idle:
    """A lane that is in no hurry."""

    def hurry(self) -> None: ...


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path / "store.duckdb", settings_of(ERP_CUSTOMER="JLM"))
    reasons = [{"code": "CNL", "label": "Short pick", "detail": {"type": "CANCELATION", "is_ours": True}}]
    opened.told.tell(events.MarketplaceDescribed(happened_at=NOW - HOUR, topic="reasons", value=reasons))
    yield opened
    opened.told.close()


def short(units: int) -> events.SalesLinePart:
    return line(ordered_quantity=4, cancelled_quantity=units, open_quantity=4 - units, cancel_kind="HOUSE")


def seen(shop: Shop) -> dict[str, Any]:
    (row,) = shop.rows("select * from drift($n)", n=NOW)
    return dict(row)


def answer(shop: Shop, row: dict[str, Any], word: Any, **more: Any) -> dict[str, Any]:
    command = ask.AnswerDrift(
        order_id="JL1-A", drift_class=row["drift_class"], drift_subject=row["subject"], answer=word,
        why="it was agreed", **{"shown_mark": row["shown_mark"], **more},
    )  # fmt: skip
    return DriftDesk(shop.run.house, {"orders": Idle(), "watch": Idle()}).answer_drift("Olu", command)  # type: ignore[dict-item]  # all of a lane that is asked here


def asked(shop: Shop) -> list[int]:
    return [row["quantity"] for row in shop.rows("select quantity from cancelation_ask_facts")]


def test_no_more_units_are_cancelled_at_john_lewis_than_were_shown_as_missing(shop: Shop) -> None:
    sent(shop.told, quantity=4)
    shows(shop.told, short(1), at=NOW - HOUR)
    one = seen(shop)
    shows(shop.told, short(3), at=NOW - HOUR / 2, revision=2)  # edited once more before the worker takes the answer
    with pytest.raises(Refusal, match=r"It changed since; look again\."):
        answer(shop, one, "confirm_rest", reason_code="CNL")
    before = asked(shop)
    answer(shop, seen(shop), "confirm_rest", reason_code="CNL")

    assert (one["short_quantity"], before, asked(shop)) == (1, [], [3])


def test_another_address_than_was_shown_is_not_accepted(shop: Shop) -> None:
    sent(shop.told)
    shows(shop.told, address_changes=("street",), at=NOW - HOUR)
    street = seen(shop)
    shows(shop.told, address_changes=("street",), at=NOW - HOUR / 2, revision=2)  # another street
    with pytest.raises(Refusal, match=r"It changed since; look again\."):
        answer(shop, street, "accept")

    assert seen(shop)["is_open"]


def test_an_answer_that_does_not_say_what_was_shown_is_not_taken(shop: Shop) -> None:
    sent(shop.told, quantity=4)
    shows(shop.told, short(1), at=NOW - HOUR)
    with pytest.raises(Refusal, match=r"It changed since; look again\."):
        answer(shop, seen(shop), "confirm_rest", reason_code="CNL", shown_mark=None)

    assert asked(shop) == []
