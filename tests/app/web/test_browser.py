"""Pages in Chromium: each walked by keyboard alone through its own main task, numbers against the ask, nothing foreign.

`make test` looks at every page once; `make web` at three widths, both languages, light and dark, with axe-core.
"""

from __future__ import annotations

from typing import Any

import pytest

from taotie.app.web.site import PAGES, Addresses
from taotie.app.web.state import State

from .conftest import AXE, Seen

GLYPHS = r"""() => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const drawn = (c) => { pen.clearRect(0, 0, 48, 48); pen.font = `28px ${getComputedStyle(document.body).fontFamily}`;
    pen.fillText(c, 8, 34); return pen.getImageData(0, 0, 48, 48).data.filter((v, i) => i % 4 === 3).join(""); };
  const boxes = new Set(["\u{10ffff}", "\u{e0ffe}", "\u0378"].map(drawn));
  const text = document.body.innerText + [...document.querySelectorAll("svg text")].map((t) => t.textContent).join("");
  return [...new Set(text)].filter((c) => c.trim() && boxes.has(drawn(c)));
}"""


def tab_to(page: Any, selector: str, most: int = 400) -> None:
    """Press Tab until the element has the focus."""
    for _step in range(most):
        if page.evaluate("(s) => document.activeElement?.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {selector}")


def write(page: Any, selector: str, words: str) -> None:
    """Replace what stands in a field, by keyboard."""
    tab_to(page, selector)
    page.keyboard.press("Control+A")
    page.keyboard.type(words)


def raw(page: Any, testid: str) -> str:
    """The raw number behind a shown one."""
    return str(page.get_by_test_id(testid).first.get_attribute("data-value"))


def test_browser_prompt_by_keyboard(seen: Seen) -> None:
    """`/`: edit the sentence, read the energy of one prompt."""
    from taotie.answer.asks import function_of

    page = seen.page
    seen.go("/en/?samples=500")
    write(page, "input[name=words]", "200")
    write(page, "input[name=model]", "llama-3.1-8b")
    write(page, "input[name=on]", "h100-sxm:1")
    tab_to(page, "form.ask button[type=submit]")
    page.keyboard.press("Enter")
    page.get_by_text("llama-3.1-8b: 267 tokens read").wait_for()
    answer = function_of("crowd")(
        model="llama-3.1-8b",
        on="h100-sxm:1",
        words=200,
        kind="question",
        region="US-ERCT",
        samples=500,
    )
    assert float(raw(page, "figure-energy_per_request")) == answer.figures["energy_per_request"].p50
    assert float(raw(page, "figure-energy")) == answer.figures["energy"].p50
    assert "model=llama-3.1-8b" in page.url
    assert "words=200" in page.get_by_text("中文").first.get_attribute("href")
    page.reload()
    assert float(raw(page, "figure-energy_per_request")) == answer.figures["energy_per_request"].p50
    assert not seen.problems()


def test_browser_check_by_keyboard(seen: Seen) -> None:
    """`/check`: paste a sentence with its formula, read the verdict; markup is shown as text."""
    page = seen.page
    seen.go("/en/check")
    write(page, "textarea[name=says]", "<b>100 000 H100</b> draw 42 MWh")
    write(page, "input[name=from]", "100000 * 700 W * 0.61")
    tab_to(page, "form.ask button[type=submit]")
    page.keyboard.press("Enter")
    page.get_by_test_id("verdict").wait_for()
    assert raw(page, "verdict") == "unit error"
    assert "<b>100 000 H100</b>" in page.get_by_test_id("verdict").inner_text()
    tab_to(page, "textarea[name=article]")
    page.keyboard.insert_text("ChatGPT uses 564 MWh a day. A cat sleeps 16 hours.")
    tab_to(page, "form[data-testid=article-form] button")
    page.keyboard.press("Enter")
    page.get_by_test_id("counts").wait_for()
    assert page.locator(".article mark.good").first.inner_text() == "564 MWh a day"
    assert not seen.problems()


@pytest.mark.parametrize("name", PAGES)
def test_browser_every_page_is_clean(seen: Seen, name: str) -> None:
    """No console error, no foreign request, no violation, no missing glyph, no sideways scrolling on a phone."""
    seen.page.set_viewport_size({"width": 360, "height": 800})
    answer = seen.go(Addresses().page(name, State(language="zh")))
    assert answer.status == 200
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert not seen.page.evaluate(GLYPHS)
    assert not seen.problems()


def test_browser_png_is_drawn_from_the_picture_that_is_there(seen: Seen) -> None:
    seen.go("/en/?samples=500")
    with seen.page.expect_download() as waited:
        seen.page.locator("[data-png]").first.click()
    path = waited.value.path()
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    assert width > 1000
    assert height > 300
    assert not seen.problems()


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_browser_accessible(
    browser: Any, origin: str, name: str, language: str, width: int, scheme: str
) -> None:
    """axe-core finds nothing; the rest of what every page promises holds too."""
    if not AXE.is_file():
        pytest.skip("axe-core was not fetched (make web)")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    seen = Seen(context.new_page(), origin)
    seen.go(Addresses().page(name, State(language=language)))
    for details in seen.page.locator("details").all():
        details.evaluate("d => { d.open = true }")
    found = seen.page.evaluate(
        AXE.read_text()
        + ";axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.map((v) =>"
        " `${v.id}: ${v.nodes[0].html.slice(0, 200)}: ${v.nodes[0].failureSummary}`))"
    )
    assert not found
    assert not seen.page.evaluate(GLYPHS)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    assert not seen.problems()
    context.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_browser_works_without_scripts_and_policy(browser: Any, origin: str, name: str) -> None:
    """Without scripts a page shows the same; with the policy off markup in its fields still runs nothing."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(origin + Addresses().page(name, State()))
    assert page.locator("h1").count() == 1
    context.close()
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    fired: list[str] = []
    page.on("dialog", lambda dialog: (fired.append(dialog.message), dialog.dismiss()))
    page.goto(origin + Addresses().page(name, State()))
    names = page.evaluate(
        "[...new Set([...document.querySelectorAll('input[name],textarea[name],select[name]')].map((e) => e.name))]"
    )
    for field in names:
        bad = State.of([(field, '"><script>alert(1)</script><img src=x onerror=alert(2)>')])
        page.goto(origin + Addresses().page(name, bad))
    assert not fired
    context.close()
