"""The dashboard before a store that was told a story: no worker runs, but the store is served as a worker does.

Law: nothing it started outlives it. The heart beats as a worker's would, so that the story is fresh.
"""

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Self

from store.server import serve, token_for
from tests.browser.system import PATIENCE, ROOT, answers, free_port
from tests.told import Told

BEATS_EVERY = 5.0  # seconds


@dataclass
class ToldSite:
    """A store somebody tells stories to, and the dashboard that shows it at `url`."""

    told: Told
    url: str = ""
    _stopping: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.server = serve(self.told.database, token=token_for(self.told.path))
        self.heart = threading.Thread(target=self._beat)
        self.heart.start()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CHERRYLANE_")}
        with self.told.path.with_name("web.log").open("ab") as log:
            self.web = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "dashboard/app.py", "--server.port", str(port)],
                cwd=ROOT,
                env={**clean, "CHERRYLANE_STORE": str(self.told.path)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        give_up_at = time.monotonic() + PATIENCE
        while not answers(self.url):
            assert time.monotonic() < give_up_at, "the dashboard never answered"
            time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.heart.join()
        self.web.kill()
        self.web.wait(timeout=30)
        self.server.close()

    def _beat(self) -> None:
        while not self._stopping.is_set():
            self.told.beat()
            self._stopping.wait(BEATS_EVERY)
