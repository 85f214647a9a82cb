"""What the tests of buttons share: what was sent, a button pressed by its words, and the worker's answer."""

import json
from typing import Any
from uuid import UUID

from streamlit.testing.v1 import AppTest

from store import events
from tests.told import NOW, Told


def sent(told: Told) -> list[tuple[UUID, dict[str, Any]]]:
    """The commands in the worker's inbox."""
    with told.database.connect() as connection:
        rows = connection.execute("select id, body from commands order by received_at").fetchall()
    return [(UUID(str(command_id)), json.loads(body)) for command_id, body in rows]


def press(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run(timeout=60)


def answer(told: Told, command_id: UUID, state: str, message: str, found: dict[str, Any] | None = None) -> None:
    """The worker takes a command and ends it."""
    told.tell(
        events.CommandTaken(
            happened_at=NOW, actor="Ops", command_id=command_id, command="resync", role="ops",
            role_from="settings", arguments={},
        ),
        events.CommandFinished(
            happened_at=NOW, command_id=command_id, state=state, message=message, answer=found or {}
        ),
    )  # fmt: skip
