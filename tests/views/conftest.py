"""What tests of read models share: a store to tell a story to, and a way to ask it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.database import Ask, local_ask
from tests.told import Told


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    """An empty store at 24 November 2026, 09:00."""
    story = Told(tmp_path / "store.duckdb")
    yield story
    story.close()


@pytest.fixture
def ask(told: Told) -> Ask:
    """A question to that store."""
    return local_ask(told.database)
