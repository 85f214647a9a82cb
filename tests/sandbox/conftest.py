"""A door to an application in this process: a request without a socket."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route


class Door:
    """Asks an application; each answer as httpx gives it."""

    def __init__(self, routes: Sequence[Route], headers: dict[str, str]) -> None:
        self.app = Starlette(routes=list(routes))
        self.headers = headers

    def get(self, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._ask("GET", path, options))

    def post(self, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._ask("POST", path, options))

    async def _ask(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            headers = {**self.headers, **options.pop("headers", {})}
            return await client.request(method, path, headers=headers, **options)


@pytest.fixture
def door() -> Callable[[Sequence[Route], dict[str, str]], Door]:
    """`door(routes, headers)`."""
    return Door
