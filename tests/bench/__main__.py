"""`make bench`: each figure beside what it is measured against, in one run on this machine.

It ends with 1 and a sentence for each bound that is broken.
"""

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
    chosen, broken = sys.argv[1:] or list(BENCHES), []
    table = Table("what", "figure", "against", title="Cherrylane, measured")
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen:
            for row in (BENCHES | ONLY_BY_NAME)[name].measure(Path(folder)):
                table.add_row(row.what, row.figure, row.ratio)
                broken += [row.broken] if row.broken else []
    Console(width=150).print(table)
    if broken:
        sys.exit("\n".join(broken))


if __name__ == "__main__":
    main()
