"""Opens a page in a headless Chromium and brings back what a person would see.

As a program it takes pictures of a report: `python browser.py report.html FOLDER` writes one PNG for each
language, width and colour scheme.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from html import unescape
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PROBE = r"""
<script type="module">
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
for (let i = 0; i < 300 && !document.documentElement.dataset.ready; i++) await wait(50);
if (PROBE_CLICK) {
  document.querySelector("[data-language=" + PROBE_CLICK + "]").click();
  for (let i = 0; i < 300 && document.documentElement.dataset.ready !== PROBE_CLICK; i++) await wait(50);
}
const half = document.getElementById(document.documentElement.dataset.ready);
for (const d of half.querySelectorAll("details")) d.open = PROBE_OPEN;
await wait(50);
const wide = document.documentElement.clientWidth;
const out = [];
const inside = (e) => e.closest(".scroll, pre");
for (const e of half.querySelectorAll("*")) {
  const r = e.getBoundingClientRect();
  if (r.width && r.right > wide + 1 && !inside(e)) out.push(e.tagName + "." + (e.getAttribute("class") || "") + " " + (e.textContent || "").slice(0, 40));
}
// A character no font has is drawn as the same box as one that no font can have.
const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const drawn = (c) => {
  pen.clearRect(0, 0, 48, 48); pen.font = `28px ${getComputedStyle(document.body).fontFamily}`;
  pen.fillText(c, 8, 34);
  const ink = pen.getImageData(0, 0, 48, 48).data;
  let text = "";
  for (let i = 3; i < ink.length; i += 4) if (ink[i]) text += i + ":" + ink[i] + ",";
  return text;
};
const boxes = new Set(["\u{10ffff}", "\u{e0ffe}", "\u0378"].map(drawn));
const blank = [...new Set(half.innerText + [...half.querySelectorAll("svg text")].map((t) => t.textContent).join(""))]
  .filter((c) => c.trim() && boxes.has(drawn(c)));
// drawings as files: what the two links of the first picture would save
const images = [], url = URL.createObjectURL;
URL.createObjectURL = (b) => { images.push([b.type, b.size]); return url.call(URL, b); };
HTMLAnchorElement.prototype.click = () => {};
for (const link of [...half.querySelectorAll("[data-image]")].slice(0, 2)) {
  link.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  for (let i = 0, n = images.length; i < 60 && images.length === n; i++) await wait(50);
}
const report = { images, hidden: [...half.querySelectorAll(".images")].filter((e) => e.hidden).length, blank, control: [..."\ue123\u{f0123}"].map((c) => boxes.has(drawn(c))),
  hash: location.hash, ready: document.documentElement.dataset.ready, lang: document.documentElement.lang, title: document.title,
  wide, scroll: document.documentElement.scrollWidth, out: out.slice(0, 20),
  charts: [...half.querySelectorAll(".drawing.both")].map((h) => {
    const shown = [...h.children].filter((svg) => svg.getBoundingClientRect().width);
    return [h.closest("figure").dataset.picture, shown.map((svg) => (svg === h.children[0] ? "wide" : "narrow")).join(),
      shown[0].querySelectorAll("path, text, line").length];
  }),
  headline: half.querySelector("[data-testid=headline]")?.dataset.value,
  shown: [...document.querySelectorAll("main")].filter((m) => getComputedStyle(m).display !== "none").map((m) => m.id),
  headings: [...half.querySelectorAll("h1, h2, h3")].map((h) => +h.tagName[1]),
  violations: window.__violations || [], errors: window.__errors || [],
  requests: performance.getEntriesByType("resource").map((e) => e.name),
  text: half.innerText,
};
const mark = document.createElement("script");
mark.type = "application/json"; mark.id = "probe";
mark.textContent = JSON.stringify(report).replaceAll("<", "\\u003c");
document.body.append(mark);
</script>
"""
EARLY = """
<script>
window.__violations = []; window.__errors = [];
document.addEventListener("securitypolicyviolation", (e) => window.__violations.push(e.violatedDirective + " " + e.blockedURI));
window.addEventListener("error", (e) => window.__errors.push(String(e.message)));
window.addEventListener("unhandledrejection", (e) => window.__errors.push(String(e.reason)));
const said = console.error; console.error = (...a) => { window.__errors.push(a.map(String).join(" ")); said(...a); };
</script>
"""


def chromium() -> str | None:
    """The browser's program, or None."""
    asked = os.environ.get("TAOTIE_CHROMIUM")
    return asked or next((found for name in NAMES if (found := shutil.which(name))), None)


def _run(arguments: list[str], width: int, height: int, dark: bool) -> str:
    program = chromium()
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="taotie-browser-", ignore_cleanup_errors=True) as home:
        command = [
            program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--hide-scrollbars", "--disable-background-networking", "--disable-component-update",
            "--disable-extensions", "--mute-audio", f"--user-data-dir={home}",
            "--host-resolver-rules=MAP * ~NOTFOUND", "--allow-file-access-from-files",
            f"--window-size={width},{height}", "--virtual-time-budget=30000",
            *(["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if dark else
              ["--blink-settings=preferredColorScheme=1"]),
            *arguments,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    return done.stdout


def framed(
    page: Path, address: str, width: int, folder: Path, height: int = 900
) -> tuple[Path, int]:
    """A page that shows `page` in a frame of `width`: headless windows are never narrower than 500 px."""
    frame = folder / f"frame-{width}.html"
    frame.write_text(
        f'<!doctype html><body style="margin:0"><iframe src="{page.as_uri()}{address}" '
        f'style="border:0;width:{width}px;height:{height}px"></iframe>',
        encoding="utf-8",
    )
    return frame, max(width, 500)


def probed(
    page: Path, folder: Path, *, language: str, width: int, opened: bool = False, click: str = ""
) -> dict:
    """What the page looks like once its charts are drawn.

    The copy that is opened differs from the page in two scripts that watch it, and in the hashes that allow
    those; everything else, content policy included, is as written.
    """
    import base64
    import hashlib

    text = page.read_text(encoding="utf-8")
    late = PROBE.replace("PROBE_OPEN", "true" if opened else "false").replace(
        "PROBE_CLICK", json.dumps(click)
    )
    for script in (EARLY, late):
        inner = script.split(">", 1)[1].rsplit("</script>", 1)[0]
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        text = text.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
    text = text.replace("<title>", EARLY + "<title>", 1)
    head, _end, tail = text.rpartition("</body>")  # the bundle has the word too
    text = head + late + "</body>" + tail
    copy = folder / f"probe-{language}-{width}.html"
    copy.write_text(text, encoding="utf-8")
    address = copy.as_uri() + f"#{language}"
    if width < 500:
        return _probed_in_frame(copy, folder, language, width)
    dom = _run(["--dump-dom", address], width, 900, dark=False)
    return _read_probe(dom)


def _probed_in_frame(copy: Path, folder: Path, language: str, width: int) -> dict:
    """The same inside a narrow frame; the frame hands its findings up."""
    frame = folder / f"probe-frame-{language}-{width}.html"
    frame.write_text(
        f'<!doctype html><body><iframe id="f" src="{copy.as_uri()}#{language}" '
        f'style="border:0;width:{width}px;height:900px"></iframe><script>'
        "const again = setInterval(() => { const p = document.getElementById('f').contentDocument"
        "?.getElementById('probe'); if (p) { clearInterval(again); const s = document.createElement('script');"
        "s.type = 'application/json'; s.id = 'probe'; s.textContent = p.textContent; document.body.append(s); } }, 50);"
        "</script>",
        encoding="utf-8",
    )
    return _read_probe(_run(["--dump-dom", frame.as_uri()], 500, 900, dark=False))


def _read_probe(dom: str) -> dict:
    found = re.search(r'<script[^>]*id="probe"[^>]*>(.*?)</script>', dom, re.S)
    if not found:
        raise AssertionError(f"the page never became ready; it ends: {dom[-500:]!r}")
    return json.loads(unescape(found[1]) if "&quot;" in found[1] else found[1])


def screenshot(
    page: Path,
    target: Path,
    *,
    language: str,
    width: int,
    height: int,
    dark: bool = False,
    at: str = "",
) -> None:
    """A picture of the page as it is seen at `width`."""
    address = f"#{language}{'-' + at if at else ''}"
    with tempfile.TemporaryDirectory() as folder:
        place, window = page.as_uri() + address, width
        if width < 500:
            frame, window = framed(page, address, width, Path(folder), height)
            place = frame.as_uri()
        _run([f"--screenshot={target}", place], window, height, dark)


if __name__ == "__main__":
    report, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for code in ("en", "zh"):
        for size, tall in ((1280, 6500), (390, 9500)):
            for night in (False, True):
                name = f"{code}-{size}-{'dark' if night else 'light'}.png"
                screenshot(report, out / name, language=code, width=size, height=tall, dark=night)
