"""What every command of the command line shares: the settings, the worker's window, and words for the person.

Law: what programs read goes to standard output, everything else beside it; what came from outside is never markup.
"""

from getpass import getuser
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console

from store import commands as ask
from store.errors import StoreError
from store.window import Window
from sync.sending import send_and_wait
from sync.settings import Settings, StoreSettings, WrongSettings, read_settings

REFUSED = 78  # what a supervisor does not start again: a person must change something
screen = Console()
notice = Console(stderr=True)


def settings() -> Settings:
    """The configuration, or a clear end."""
    try:
        return read_settings()
    except WrongSettings as wrong:
        fail("\n".join(wrong.sentences), code=REFUSED)


def fail(message: str, *, code: int = 1) -> NoReturn:
    """Say what is wrong and end."""
    notice.print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def say(message: str) -> None:
    """A line for the person; what came from outside is never taken for markup."""
    screen.print(message, markup=False, highlight=False, soft_wrap=True)


def progress(words: str) -> None:
    """How far it is, beside what is printed for programs."""
    notice.print(words, markup=False, highlight=False)


def store_path() -> Path:
    """Where the store is, without needing the rest of the configuration."""
    return StoreSettings().store


def window() -> Window:
    token = StoreSettings().store_token
    return Window(store_path(), token.get_secret_value() if token else None)


def give(command: ask.Command, *, show: bool = True) -> dict[str, Any]:
    """Send a command to the running worker and wait for its answer.

    Raises:
        typer.Exit: it was refused or failed, or its answer did not come.

    """
    request = ask.request(command, actor=f"cli:{getuser()}", role="admin")
    try:
        answer = send_and_wait(window(), request, progress=progress)
    except StoreError as trouble:
        fail(str(trouble))
    if answer["state"] != "done":
        fail(f"{command.name} {answer['state']}: {answer['message']}")
    if show:
        say(answer["message"])
    return answer


def is_serving() -> bool:
    return window().state().is_serving
