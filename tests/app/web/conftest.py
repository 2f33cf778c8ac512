"""A server of ours on loopback, a browser, axe-core where it was fetched (`make web`)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
AXE = Path(os.environ.get("TAOTIE_AXE", ROOT / ".cache/web/axe.min.js"))
WATCH = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (e) =>
  window.__violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
"""


SERVER = """
import sys
from pathlib import Path
import uvicorn
from taotie.app.api import service
from taotie.app.api.limits import Limits
from taotie.app.api.server import create_app
from taotie.app.api.service import ServiceSetup
# while nobody asks, the page that is there already in place of eight that solve something
service.LATER = service.WARM[-1:]
setup = ServiceSetup(folder=Path(sys.argv[2]), workers=1, limits=Limits(rate_per_s=0, short_s=120))
uvicorn.run(create_app(setup), host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the application on a free port, in a process of its own."""
    pytest.importorskip("fastapi", reason="fastapi is not installed")
    pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("service")
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(port), str(folder)])
    address = f"http://127.0.0.1:{port}"
    for _step in range(1200):
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2):
                break
        except OSError:
            if process.poll() is not None:
                pytest.fail("the service did not start")
            time.sleep(0.1)
    yield address
    process.terminate()
    process.wait(30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium through Playwright, whose loop of events would be in the way of the files that follow."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)  # fmt: skip
    if program is None:
        pytest.skip("no Chromium is installed (make browser)")
    with api.sync_playwright() as made:
        opened = made.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


def settled(page: Any, address: str) -> Any:
    """Open an address and wait until its answer is there; the first response."""
    response = page.goto(address, wait_until="load")
    page.wait_for_selector("#waiting", state="detached", timeout=120_000)
    return response


class Seen:
    """A page with what went wrong on it."""

    def __init__(self, page: Any, origin: str) -> None:
        self.page, self.origin = page, origin
        self.wrong: list[str] = []
        page.add_init_script(WATCH)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        page.on("request", self._request)

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(f"console: {message.text}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:")):
            self.wrong.append(f"foreign: {request.url}")

    def go(self, path: str) -> Any:
        """Open a path of ours, and wait for its answer where the page says it is being computed."""
        return settled(self.page, self.origin + path)

    def problems(self) -> list[str]:
        """Console errors, foreign requests and violations of the content policy so far."""
        return self.wrong + self.page.evaluate("window.__violations || []")


@pytest.fixture
def seen(browser: Any, origin: str) -> Iterator[Seen]:
    """A page of 1280 px in light colours."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    yield Seen(context.new_page(), origin)
    context.close()
