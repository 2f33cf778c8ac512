"""How long until a reader sees something, and how much is sent? Every page in Chromium, loopback, a service that has begun.

The service is started as `taotie serve` starts it and left alone until it is idle; each page is opened in a new context
(nothing cached) in both languages. First contentful paint is the browser's own; weight is every byte of the answers,
without the drawings inside the page.

Pages that solve something are opened with settings of their own too, which nobody has asked for before: what takes longer
than a moment paints a place for the answer first and fills it in, and how long that took is said beside.

python benchmarks/bench_pages.py [--runs 3] [--wait 12] [PAGE ...]
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

OTHER = {
    "prompt": {"model": "deepseek-v3", "on": "8 x H200"},
    "supply": {"load": "250 MW", "score": "0.8"},
    "grid": {"case": "RTS_GMLC", "load": "200 MW"},
    "compare": {"models": "llama-3.1-8b,qwen3-32b"},
}
"""Settings of their own: each opening has another load or length beside them."""
PAINT_MS, WEIGHT_KB = 1000.0, 400.0
"""The bars: of each page the median of its openings, and what is sent before charts."""


def main() -> None:
    """Start, open, measure; 1 if a page misses its bar."""
    from playwright.sync_api import sync_playwright

    from taotie.app.web.site import PAGES, Addresses
    from taotie.app.web.state import State

    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("page", nargs="*", help=f"of {', '.join(PAGES)}")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument(
        "--wait", type=float, default=12.0, help="seconds of rest before the first page"
    )
    given = options.parse_args()
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)  # fmt: skip
    if program is None:
        sys.exit("no Chromium is installed (make browser)")
    worst: tuple[float, str] = (0.0, "-")
    heaviest: tuple[float, str] = (0.0, "-")
    with tempfile.TemporaryDirectory() as folder:
        service = subprocess.Popen(
            [sys.executable, "-m", "taotie", "serve", "--port", "0", "--folder", f"{folder}/state", "--rate", "0", "--quiet"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ), cwd=folder,
        )  # fmt: skip
        try:
            assert service.stdout is not None
            origin = service.stdout.readline().split()[-1].rstrip("/")
            for _ in range(3000):
                try:
                    urllib.request.urlopen(f"{origin}/healthz").close()
                    break
                except OSError:
                    time.sleep(0.2)
            time.sleep(given.wait)
            with sync_playwright() as api:
                browser = api.chromium.launch(executable_path=program, args=["--no-sandbox"])
                every = [(page, False) for page in given.page or PAGES]
                every += [(page, True) for page in given.page or PAGES if page in OTHER]
                for name, other in every:
                    paints, weights, wholes = [], [], []
                    page = f"{name} of other settings" if other else name
                    for run in range(given.runs):
                        language = ("en", "zh")[run % 2]
                        own = (
                            OTHER[name] | {"seed": str(100 + run)}
                            if other and name == "supply"
                            else OTHER[name]
                            if other
                            else {}
                        )
                        path = Addresses().page(name, State.of(own.items(), language))
                        paint, weight, whole = _opened(browser, origin + path)
                        paints.append(paint)
                        weights.append(weight)
                        wholes.append(whole)
                    middle, most = sorted(paints)[len(paints) // 2], max(weights)
                    print(
                        f"/{page}: first {paints[0]:.0f} ms, median {middle:.0f} ms ({', '.join(f'{p:.0f}' for p in paints)}); whole after {max(wholes):.0f} ms at most; {most:.0f} kB before charts",
                        flush=True,
                    )
                    worst = max(worst, (middle, page), (paints[0], page))
                    heaviest = max(heaviest, (most, page))
                browser.close()
        finally:
            service.terminate()
            service.wait(30)
    print(f"first paint: at most {worst[0]:.0f} ms (/{worst[1]}); weight: at most {heaviest[0]:.0f} kB before charts (/{heaviest[1]})")  # fmt: skip
    sys.exit(1 if worst[0] > PAINT_MS or heaviest[0] > WEIGHT_KB else 0)


def _opened(browser, address: str) -> tuple[float, float, float]:  # type: ignore[no-untyped-def]
    """First contentful paint, weight of all that was sent, time until the answer is there. [ms, kB, ms]"""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(120_000)
    sizes = []
    page.on("response", lambda answer: sizes.append(answer))
    began = time.perf_counter()
    page.goto(address, wait_until="load")
    paint = page.evaluate(
        """() => new Promise((done) => {
          const now = performance.getEntriesByName("first-contentful-paint")[0];
          if (now) return done(now.startTime);
          new PerformanceObserver((list) => {
            const found = list.getEntriesByName("first-contentful-paint")[0];
            if (found) done(found.startTime);
          }).observe({ type: "paint", buffered: true });
        })"""
    )
    page.wait_for_selector("#waiting", state="detached")
    whole = 1000 * (time.perf_counter() - began)
    total = 0
    for answer in sizes:
        body = answer.body()
        if "text/html" in answer.headers.get("content-type", ""):
            body = re.sub(rb"<svg.*?</svg>", b"", body, flags=re.S)
        total += len(body)
    context.close()
    return float(paint), total / 1000, whole


if __name__ == "__main__":
    main()
