"""The sandbox's command line: ``python -m sync.sandbox``, also behind ``cherrylane sandbox``.

The law: the same arguments with ``--start`` give the same world; without it, history ends at the present
minute.
"""

import argparse
import asyncio
import gc
import json
import shlex
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sync.sandbox.bluecherry import API_KEY as ERP_KEY
from sync.sandbox.bluecherry_time import SERVER_ZONE, utc_text
from sync.sandbox.john_lewis import API_KEY as MARKETPLACE_KEY
from sync.sandbox.john_lewis import SHOP_ID
from sync.sandbox.server import LOOPBACK, Pace, Sandbox, bind, serve
from sync.sandbox.world import World

# The dispatching styles that begin with 05 lie in the second warehouse: one division, two warehouses.
FIRST_MAPPINGS = {
    "warehouse": {"NMK": "WH1", "NMM": "WH1", "NMM|05…": "WH2", "NMC": "WH2"},
    "carrier": {"RML": "royal-mail", "DPD": "dpd-uk", "EVR": "evri", "YDL": "yodel"},
    "ship_via": {"STD-UK": "RML", "EXP-UK": "DPD"},
    "order_status": {
        "10": "ENTERED",
        "15": "HELD",
        "20": "OPEN",
        "30": "PICKED",
        "40": "PART_SHIPPED",
        "50": "SHIPPED",
        "60": "INVOICED",
        "90": "CANCELLED",
    },
}
ERP_CUSTOMER = "JLM"
ERP_VISIBILITY_MINUTES = 15
LIVE = (
    "time passes (default); a customer comes every two minutes at least, the warehouses work at every hour, "
    "and some ordinary trouble waits"
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cherrylane sandbox", description="A pretend John Lewis Marketplace and a pretend BlueCherry."
    )
    parser.add_argument("--mirakl-port", type=int, default=8701, help="0 takes any free port")
    parser.add_argument("--bluecherry-port", type=int, default=8702, help="0 takes any free port")
    parser.add_argument("--host", default=LOOPBACK, help="loopback only")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=float, default=45, help="days of history")
    parser.add_argument("--skus", type=int, default=400)
    parser.add_argument("--orders-per-day", type=float, default=150)
    parser.add_argument("--begin-with", action="append", default=[], help="a scenario the history begins with")
    parser.add_argument("--start", type=_moment, help="the moment history ends (ISO, default: now)")
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--live", dest="live", action="store_true", default=True, help=LIVE)
    pace.add_argument("--still", dest="live", action="store_false", help="time moves only on request")
    parser.add_argument("--speed", type=float, default=1.0, help="world seconds to a real one, in live mode")
    parser.add_argument("--print-env", action="store_true", help="print a worker's settings and exit")
    return parser


def _moment(given: str) -> datetime:
    moment = datetime.fromisoformat(given)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def worker_environment(
    *, mirakl_port: int = 8701, bluecherry_port: int = 8702, start: datetime | None = None
) -> dict[str, str]:
    """The settings that point a worker at a sandbox on these ports."""
    marketplace = f"http://{LOOPBACK}:{mirakl_port}"
    environment = {
        "CHERRYLANE_MARKETPLACE_URL": marketplace,
        "CHERRYLANE_MARKETPLACE_KEY": MARKETPLACE_KEY,
        "CHERRYLANE_MARKETPLACE_SHOP_ID": str(SHOP_ID),
        "CHERRYLANE_ERP_URL": f"http://{LOOPBACK}:{bluecherry_port}",
        "CHERRYLANE_ERP_KEY": ERP_KEY,
        "CHERRYLANE_ERP_TIMEZONE": SERVER_ZONE,
        "CHERRYLANE_ERP_KIND": "rest",
        "CHERRYLANE_ERP_CUSTOMER": ERP_CUSTOMER,
        "CHERRYLANE_ERP_VISIBILITY_MINUTES": str(ERP_VISIBILITY_MINUTES),
        "CHERRYLANE_REASONS_WITHOUT_RETURN": json.dumps(["RFD-LOST"]),
        "CHERRYLANE_CLOCK": marketplace,
        "CHERRYLANE_FIRST_MAPPINGS": json.dumps(FIRST_MAPPINGS, ensure_ascii=False, separators=(",", ":")),
    }
    if start is not None:
        environment["CHERRYLANE_START_ON"] = utc_text(start) or ""
    return environment


def main(argv: Sequence[str] | None = None) -> int:
    """Build the world, live through its history, serve it; the process's exit code."""
    options = _parser().parse_args(argv)
    if options.host not in {LOOPBACK, "localhost"}:
        print(f"The sandbox serves {LOOPBACK} only, not {options.host}.", file=sys.stderr)
        return 2
    if options.print_env:
        environment = worker_environment(
            mirakl_port=options.mirakl_port, bluecherry_port=options.bluecherry_port, start=options.start
        )
        for name, value in environment.items():
            print(f"{name}={shlex.quote(value)}")
        return 0
    try:
        sockets = {
            "john_lewis": bind(options.mirakl_port),
            "bluecherry": bind(options.bluecherry_port),
        }
    except OSError as error:
        print(f"A port is taken: {error}. Name others with --mirakl-port, --bluecherry-port.", file=sys.stderr)
        return 2
    start_on = options.start or datetime.now(UTC).replace(second=0, microsecond=0)
    world = World(
        seed=options.seed,
        start=start_on - timedelta(days=options.days),
        skus=options.skus,
        orders_per_day=options.orders_per_day,
    )
    for name in options.begin_with:
        world.scenario(name)
    # A signal while the history is played ends the process as quietly as one later.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Nothing of a world becomes garbage; looking for it takes a third of the time.
    gc.disable()
    world.play_history(start_on)
    gc.freeze()
    gc.enable()
    if options.live:
        world.go_live()
    sandbox = Sandbox(world, Pace(is_live=options.live, speed=options.speed))

    def ready() -> None:
        for system, place in sockets.items():
            print(f"{system} http://{LOOPBACK}:{place.getsockname()[1]}", flush=True)

    asyncio.run(serve(sandbox, sockets, ready))
    return 0


if __name__ == "__main__":
    sys.exit(main())
