"""The sandbox as one process: two systems on two loopback ports, one world, and the switches that move it.

The law: both systems stand in one world behind one lock, in one event loop; nothing but loopback is bound. In
still mode time moves only by ``POST /_sandbox/advance``; in live mode it keeps pace with the monotonic clock.
"""

import asyncio
import contextlib
import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync.sandbox.bluecherry_http import bluecherry_routes
from sync.sandbox.bluecherry_time import utc_text
from sync.sandbox.faults import Faults, FaultyDoor
from sync.sandbox.john_lewis_http import john_lewis_routes
from sync.sandbox.world import World

LOOPBACK = "127.0.0.1"
_MOST_MINUTES = 400 * 24 * 60
_SHUTDOWN_SECONDS = 2


@dataclass
class Pace:
    """How time moves: not at all by itself, or so many world seconds to a real one."""

    is_live: bool = False
    speed: float = 1.0


class Sandbox:
    """Both systems with their doors, ready to be served."""

    def __init__(self, world: World, pace: Pace) -> None:
        self.world = world
        self.pace = pace
        self.faults = Faults(seed=world.seed)
        self.doors = {
            "john_lewis": self._door("john_lewis", john_lewis_routes(world)),
            "bluecherry": self._door("bluecherry", bluecherry_routes(world)),
        }

    def _door(self, system: str, routes: list[Route]) -> FaultyDoor:
        app = Starlette(routes=[*routes, *self._switches(system)])
        return FaultyDoor(app, system=system, faults=self.faults, now=lambda: self.world.now)

    def _switches(self, system: str) -> list[Route]:
        acts: dict[tuple[str, str], Callable[[Any, Request], Any]] = {
            ("GET", "now"): lambda _body, _request: self._now(),
            ("GET", "state"): lambda _body, _request: self._state(system),
            ("GET", "requests"): lambda _body, request: self._requests(system, request),
            ("GET", "faults"): lambda _body, _request: self.faults.as_json(),
            ("POST", "faults"): lambda body, _request: self._post_faults(body),
            ("POST", "advance"): lambda body, _request: self._advance(body),
            ("POST", "scenario"): lambda body, _request: self._scenario(body),
        }
        return [
            Route(f"/_sandbox/{name}", self._endpoint(act), methods=[method])
            for (method, name), act in acts.items()
        ]

    def _endpoint(self, act: Callable[[Any, Request], Any]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            try:
                body = json.loads(raw) if raw else {}
                with self.world.lock:
                    return JSONResponse(act(body, request))
            except ValueError as error:
                return JSONResponse({"message": str(error)}, status_code=400)

        return endpoint

    # -- the switches ------------------------------------------------------------------------

    def _now(self) -> dict[str, Any]:
        return {
            "now": utc_text(self.world.now),
            "start_on": utc_text(self.world.START_ON),
            "speed": self.pace.speed if self.pace.is_live else 0.0,
        }

    def _state(self, system: str) -> Any:
        return self.world.john_lewis.state() if system == "john_lewis" else self.world.bluecherry.state()

    def _requests(self, system: str, request: Request) -> dict[str, Any]:
        since = request.query_params.get("since", "0")
        if not since.isdigit():
            raise ValueError("since must be a whole number")
        kept = [each.as_json() for each in self.doors[system].requests if each.n > int(since)]
        return {"requests": kept, "last": self.doors[system].count}

    def _post_faults(self, body: Any) -> dict[str, Any]:
        self.faults.post(body)
        return self.faults.as_json()

    def _advance(self, body: Any) -> dict[str, Any]:
        minutes = body.get("minutes") if isinstance(body, dict) else None
        if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 <= minutes <= _MOST_MINUTES:
            raise ValueError(f"minutes must be a number from 0 to {_MOST_MINUTES}")
        self.world.advance(float(minutes))
        return self._now()

    def _scenario(self, body: Any) -> dict[str, Any]:
        name = str(body.get("name", "")) if isinstance(body, dict) else ""
        if name in {*self.world.bluecherry.scenarios, *self.world.demand.scenarios}:
            self.world.scenario(name)
        else:
            names = ", ".join(sorted({*self.world.bluecherry.scenarios, *self.world.demand.scenarios}))
            raise ValueError(f"no scenario is called {name!r}; there are: {names}")
        return {"name": name, **self._now()}

    # -- time --------------------------------------------------------------------------------

    async def keep_pace(self) -> None:
        """In live mode, let the world catch up with the monotonic clock each second."""
        before = time.monotonic()
        while self.pace.is_live:
            await asyncio.sleep(1)
            now = time.monotonic()
            with self.world.lock:
                # Relative to where the world stands, so that an advance on request is kept.
                self.world.advance_to(self.world.now + timedelta(seconds=(now - before) * self.pace.speed))
            before = now


class _QuietServer(uvicorn.Server):
    """A server that leaves signals to the process: two of them share one loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(port: int) -> socket.socket:
    """A listening place on loopback; port 0 is any free one. OSError where it is taken."""
    # Named as TCP, or asyncio leaves Nagle's algorithm on, and each answer over a kept connection takes 40 ms.
    place = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        place.bind((LOOPBACK, port))
        place.listen(2048)
    except OSError:
        place.close()
        raise
    return place


async def serve(sandbox: Sandbox, sockets: dict[str, socket.socket], ready: Callable[[], None]) -> None:
    """Serve both systems until SIGTERM or SIGINT."""
    servers: dict[str, _QuietServer] = {}
    for system, door in sandbox.doors.items():
        config = uvicorn.Config(
            door,
            http="h11",
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            # Longer than any client keeps an idle connection, so that reuse never races with our closing.
            timeout_keep_alive=300,
            server_header=False,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        servers[system] = _QuietServer(config)

    def stop() -> None:
        for server in servers.values():
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop)
    pace = asyncio.create_task(sandbox.keep_pace())
    # Both sockets listen already, so who connects from now on is answered.
    serving = [asyncio.create_task(server.serve([sockets[name]])) for name, server in servers.items()]
    ready()
    await asyncio.gather(*serving)
    pace.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await pace
