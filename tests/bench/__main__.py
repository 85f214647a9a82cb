"""`make bench`: each figure beside what it is measured against, in one run on this machine."""

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import calibration, orders, pages, prompt, rebuild, risk, stock, truth

BENCHES = {
    "orders": orders, "prompt": prompt, "pages": pages, "rebuild": rebuild, "risk": risk, "stock": stock,
    "calibration": calibration,
}  # fmt: skip
ONLY_BY_NAME = {"truth": truth}  # half an hour


def main() -> None:
    """All benches, or those named."""
    chosen = sys.argv[1:] or list(BENCHES)
    table = Table("what", "figure", "against", title="Cherrylane, measured")
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen:
            for row in (BENCHES | ONLY_BY_NAME)[name].measure(Path(folder)):
                table.add_row(row.what, row.figure, row.ratio)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
