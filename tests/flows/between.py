"""A port with some of its answers changed on the way: the world misbehaves, our code is the real one."""

from collections.abc import Callable
from typing import Any


class Between:
    """Everything as the port behind it, but for the methods given; each gets the port first."""

    def __init__(self, port: Any, **changed: Callable[..., Any]) -> None:
        self._port = port
        self._changed = changed

    def __getattr__(self, name: str) -> Any:
        change = self._changed.get(name)
        if change is None:
            return getattr(self._port, name)
        return lambda *given, **named: change(self._port, *given, **named)
