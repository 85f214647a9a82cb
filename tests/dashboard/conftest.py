"""A store that the dashboard finds, with or without somebody serving it."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import local_script_runner
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from store.server import serve, token_for
from tests.told import Told


@pytest.fixture(scope="session", autouse=True)
def _components_are_looked_for_once() -> Iterator[None]:
    """Streamlit's test runner reads what every installed package says of itself, for each page anew."""
    with pytest.MonkeyPatch.context() as patch:
        look = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", look)
        yield


@pytest.fixture(scope="session", autouse=True)
def _a_page_is_waited_for_in_one_wait() -> Iterator[None]:
    """Streamlit's test runner looks a thousand times a second whether a page is drawn."""

    def wait(runner: LocalScriptRunner, timeout: float = 3) -> None:
        assert runner._script_thread is not None
        runner._script_thread.join(timeout)
        look(runner, 0.1)

    with pytest.MonkeyPatch.context() as patch:
        look = local_script_runner.require_widgets_deltas
        patch.setattr(local_script_runner, "require_widgets_deltas", wait)
        yield


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the dashboard looks for the store; there is none yet."""
    path = tmp_path / "store.duckdb"
    monkeypatch.setenv("CHERRYLANE_STORE", str(path))
    for name in ("CHERRYLANE_STORE_TOKEN", "CHERRYLANE_ROLES"):
        monkeypatch.delenv(name, raising=False)
    return path


@pytest.fixture
def told(store: Path) -> Iterator[Told]:
    """A store that is being served, as the worker does."""
    story = Told(store, serves=True)
    server = serve(story.database, token=token_for(store))
    yield story
    server.close()
    story.close()
