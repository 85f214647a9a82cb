"""Sends a command to the running worker and waits for what became of it."""

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from store.commands import Request
from store.errors import TooSlow, WorkerAway
from store.window import Window

POLL_SECONDS = 0.2
PATIENCE_SECONDS = 900.0
SILENCE_SECONDS = 60.0  # a busy worker may be late with an answer; one that says nothing for so long is gone

_STAGES = "select stage, state, message, answer from command_facts where command_id = $id::uuid"


def send_and_wait(
    window: Window,
    request: Request,
    *,
    progress: Callable[[str], None],
    patience: float = PATIENCE_SECONDS,
    silence: float = SILENCE_SECONDS,
) -> dict[str, Any]:
    """The outcome: `state`, `message`, `answer`.

    Raises:
        WorkerAway: no worker answers, or not any more.
        TooSlow: the answer did not come; the command goes on in the worker.

    """
    command_id = uuid4()
    window.send(command_id, request.model_dump_json())
    told = ""
    began = heard = time.monotonic()
    while time.monotonic() - began < patience:
        try:
            rows = window.ask(_STAGES, {"id": str(command_id)}).to_dicts()
            heard = time.monotonic()
        except (TooSlow, WorkerAway):
            rows = []
        stages = {row["stage"]: row for row in rows}
        if ended := stages.get("finished"):
            return {**ended, "answer": json.loads(ended["answer"] or "{}")}
        if time.monotonic() - heard > silence or window.state().is_stopped:
            raise WorkerAway(
                "The worker went away before it answered. It answers when it starts again; look at Runs then."
            )
        words = stages.get("progressed", {}).get("message") or ""
        if words and words != told:
            progress(words)
            told = words
        time.sleep(POLL_SECONDS)
    raise TooSlow(f"No answer within {patience:.0f} s; the command goes on, look at Runs for its outcome.")
