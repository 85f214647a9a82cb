"""Mirakl's own description of its API, where it is at hand.

It is data of the outside world and no part of the project: where it is absent these tests are skipped with that
reason; where MIRAKL_CONTRACT names it in CI it has to be there.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

_BESIDE = Path(__file__).parents[3] / "shared" / "contracts" / "mirakl-mmp-seller-openapi.relaxed.json"


@pytest.fixture(scope="session")
def mirakl_contract() -> dict[str, Any]:
    path = Path(os.environ.get("MIRAKL_CONTRACT") or _BESIDE)
    if not path.is_file():
        if os.environ.get("CI") and os.environ.get("MIRAKL_CONTRACT"):
            pytest.fail(f"there is no description of Mirakl's API at {path}, which MIRAKL_CONTRACT names")
        pytest.skip("Mirakl's description of its API is not on this machine (MIRAKL_CONTRACT)")
    contract: dict[str, Any] = json.loads(path.read_text())
    return contract
