"""Takes the README's picture of a demo that runs: `make demo` in one terminal, `make picture` in another."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

URL = "http://localhost:8501"
TARGET = Path(__file__).resolve().parents[2] / ".streamlit" / "today.png"


def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is not installed: apt-get install chromium")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(URL)
        expect(page.get_by_text("Orders in the last two days")).to_be_visible(timeout=60_000)
        expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=60_000)
        page.wait_for_timeout(2000)  # the chart moves into its place
        page.screenshot(path=TARGET)
        browser.close()


if __name__ == "__main__":
    main()
