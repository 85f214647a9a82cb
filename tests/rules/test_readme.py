"""The README's table of settings and the settings there are: the same names."""

import re
from collections.abc import Iterator
from pathlib import Path

from sync.settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text()


def told(cell: str, first: str) -> Iterator[str]:
    """The settings a cell names; `_KEY` after `ERP_URL` is `ERP_KEY`."""
    for name in re.findall(r"`(_?[A-Z][A-Z_]+)`", cell):
        yield f"{first.partition('_')[0]}{name}" if name.startswith("_") else name


def test_every_setting_stands_in_the_readme_and_nothing_else_is_called_one() -> None:
    table = README.partition("## Configuration")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+?) \| (.+) \|$", table, re.MULTILINE)
    firsts = [re.findall(r"[A-Z_]+", names)[0] for names, _ in rows]
    settings = {name.upper() for name in Settings.model_fields}
    named = {name for (names, _), first in zip(rows, firsts, strict=True) for name in told(names, first)}
    besides = {name for (_, words), first in zip(rows, firsts, strict=True) for name in told(words, first)}

    assert settings - named - besides == set()
    assert named - settings == set()
