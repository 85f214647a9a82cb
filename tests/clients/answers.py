"""What the tests of BlueCherry's client share: its answers, as bodies and in pages."""

from collections.abc import Callable
from typing import Any

import httpx

App = Callable[[httpx.Request], httpx.Response]


def documents(*headers: dict[str, Any]) -> dict[str, Any]:
    return {"version": "7.4", "data": {"header": list(headers)}}


def answering(status: int = 200, body: Any = None) -> App:
    return lambda _: httpx.Response(status, json=body)


def paged(rows: list[dict[str, Any]], *, is_table: bool = False) -> App:
    """Rows in pages of the size asked for."""

    def app(request: httpx.Request) -> httpx.Response:
        number, size = int(request.url.params["_pgno"]), int(request.url.params["_pgsize"])
        found = rows[(number - 1) * size : number * size]
        return httpx.Response(200, json={"version": "7.4", "data": found} if is_table else documents(*found))

    return app
