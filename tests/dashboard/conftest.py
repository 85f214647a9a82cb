"""A store that the dashboard finds, with or without somebody serving it."""

import contextlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import local_script_runner
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from store import database
from store.server import serve, token_for
from tests.dashboard.looking import READING, lay_ordinary_day
from tests.told import Told

# A store is opened for nearly every test here, and the two extensions are the same each time. Whatever runs as a
# process of its own checks who signed them.
database.CHECKS_SIGNATURES = False


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


@contextlib.contextmanager
def served(path: Path) -> Iterator[Told]:
    """A store that is being served, as the worker does."""
    story = Told(path, serves=True)
    server = serve(story.database, token=token_for(path))
    yield story
    server.close()
    story.close()


@pytest.fixture
def told(store: Path) -> Iterator[Told]:
    """One that was told nothing yet."""
    with served(store) as story:
        yield story


@pytest.fixture
def ordinary(store: Path) -> Iterator[Told]:
    """One that was told of an ordinary day."""
    lay_ordinary_day(store)
    with served(store) as story:
        story.beat(doing=READING)
        yield story


@pytest.fixture(scope="module")
def _lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Callable[[Told], None]], Told]]:
    with contextlib.ExitStack() as stack:

        @cache
        def begin(tell: Callable[[Told], None]) -> Told:
            story = stack.enter_context(served(tmp_path_factory.mktemp("lasting") / "store.duckdb"))
            tell(story)
            return story

        yield begin


@pytest.fixture
def lasting(
    store: Path, _lasting: Callable[[Callable[[Told], None]], Told], monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[Told], None]], Told]:
    """`lasting(quiet_day)`: a served store told so once, for all tests of a file that only look at it."""
    assert not store.exists()

    def begin(tell: Callable[[Told], None]) -> Told:
        story = _lasting(tell)
        monkeypatch.setenv("CHERRYLANE_STORE", str(story.path))
        return story

    return begin
