"""What tests of the desk share: a real desk on a bench, asked as the dashboard asks it."""

import json
import time
from typing import Any
from uuid import UUID, uuid4

from store import commands
from store.commands import Command, Role
from sync.desk import Desk
from sync.lanes import lanes_of

PATIENCE = 120  # seconds a command may take on a busy machine


class Counter:
    """A desk with somebody in front of it."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self.lanes = lanes_of(bench.house)
        self.desk = Desk(bench.house, bench.assembled.database, self.lanes)
        self.desk.flows_may_run.set()

    def ask(
        self, command: Command, *, actor: str = "Ops", role: Role = "ops", is_approver: bool = False
    ) -> dict[str, Any]:
        """Put a command into the inbox, and wait for its end: `state`, `message`, `answer`."""
        command_id = self.send(command, actor=actor, role=role, is_approver=is_approver)
        self.desk.take_new()
        give_up_at, pause = time.monotonic() + PATIENCE, 0.01
        while time.monotonic() < give_up_at:
            rows = self.bench.rows(
                "select body from events where kind = 'command.finished' and subject = $id", id=str(command_id)
            )
            if rows:
                told: dict[str, Any] = json.loads(rows[0]["body"])
                return told
            time.sleep(pause)
            pause = min(1.5 * pause, 0.25)  # to ask is a good part of what a waiting test costs
        raise AssertionError(f"{command.name} had no end within {PATIENCE} s")

    def send(self, command: Command, *, actor: str, role: Role, is_approver: bool) -> UUID:
        """Put a command into the inbox; its id."""
        asked = commands.request(command, actor=actor, role=role, is_approver=is_approver)
        command_id = uuid4()
        with self.bench.assembled.database.connect() as connection:
            connection.execute(
                "insert into commands (id, body) values (?, ?)", [str(command_id), asked.model_dump_json()]
            )
        return command_id

    def close(self) -> None:
        self.desk.close()
