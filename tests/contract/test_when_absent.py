"""Where Mirakl's description is not at hand the suite says so, and in CI it fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("in_ci", "outcome", "code"), [(False, "skipped", 0), (True, "error", 1)])
def test_without_the_description_the_suite_is_skipped_and_in_ci_it_fails(
    tmp_path: Path, in_ci: bool, outcome: str, code: int
) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in {"CI", "PYTEST_ADDOPTS"}}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    environment |= {"MIRAKL_CONTRACT": str(tmp_path / "absent.json"), **({"CI": "true"} if in_ci else {})}
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-rsE", "-p", "no:cacheprovider", "-o", "addopts="),
            *("--import-mode=importlib", f"--basetemp={tmp_path / 'inner'}"),
            "tests/contract/test_examples.py::test_nobody_of_the_order_examples_is_kept",
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert ran.returncode == code, ran.stdout
    assert f"1 {outcome}" in ran.stdout
    assert "MIRAKL_CONTRACT" in ran.stdout
