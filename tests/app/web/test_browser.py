"""Pages in Chromium: each walked by keyboard alone through its own main task, numbers against the ask, nothing foreign.

`make test` looks at every page once; `make web` at three widths, both languages, light and dark, with axe-core.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from taotie.app.web.site import PAGES, Addresses
from taotie.app.web.state import State

from .conftest import AXE, Seen, settled

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
    assert "<b>100\u00a0000 H100</b>" in page.get_by_test_id("verdict").inner_text()
    tab_to(page, "textarea[name=article]")
    page.keyboard.insert_text("ChatGPT uses 564 MWh a day. A cat sleeps 16 hours.")
    tab_to(page, "form[data-testid=article-form] button")
    page.keyboard.press("Enter")
    page.get_by_test_id("counts").wait_for()
    assert page.locator(".article mark.good").first.inner_text() == "564\u00a0MWh a day"
    assert not seen.problems()


def test_browser_grid_by_keyboard(seen: Seen) -> None:
    """`/grid`: choose a bus on the map, read its capacity and what binds; then from the list of the best."""
    from taotie.answer.asking import ask

    page = seen.page
    seen.go("/en/grid?load=150+MW")
    tab_to(page, "a[data-bus]")
    number = page.evaluate("document.activeElement.dataset.bus")
    page.keyboard.press("Enter")
    page.get_by_test_id("bus").wait_for()
    answer = ask("capacity", case="ACTIVSg200", load="150 MW", bus=number)
    assert float(raw(page, "bus")) == answer.own["buses"][0]["firm_mw"]
    best = page.get_by_test_id("best").locator("td[data-value]").first
    every = ask("capacity", case="ACTIVSg200", load="150 MW")
    assert (
        float(str(best.get_attribute("data-value"))) == every.tables["top"].records()[0]["firm_mw"]
    )
    write(page, "input[name=bus]", "no such bus")
    page.keyboard.press("Enter")
    page.get_by_test_id("problem").wait_for()
    assert page.locator("input[name=bus]").input_value() == "no such bus"
    assert not seen.problems()


def test_browser_sources_by_keyboard(seen: Seen) -> None:
    """`/sources`: search in Chinese, open a source, read its citation."""
    page = seen.page
    seen.go("/zh/sources")
    write(page, "input[name=q]", "ChatGPT 耗电")
    page.keyboard.press("Enter")
    page.get_by_test_id("found").wait_for()
    tab_to(page, "[data-testid=found] a")
    page.keyboard.press("Enter")
    page.get_by_test_id("citation").wait_for()
    assert page.get_by_test_id("citation").inner_text().strip()
    assert not seen.problems()


def test_browser_disclose_by_keyboard(seen: Seen) -> None:
    """`/disclose`: add a fact, and the form has one field more."""
    from taotie.answer.asking import ask

    page = seen.page
    seen.go("/en/disclose")
    write(page, "textarea[name=given]", "training_energy=1287 MWh\ntraining_compute=3.14e23 FLOP")
    tab_to(page, "form.ask button[type=submit]")
    page.keyboard.press("Enter")
    page.locator("#field-training_compute[data-status=given]").wait_for()
    answer = ask(
        "disclose", form="mdf", boundary="facility", recipient="AIO",
        given=["training_energy=1287 MWh", "training_compute=3.14e23 FLOP"],
    )  # fmt: skip
    assert page.get_by_test_id("hash").inner_text() == answer.own["sha256"]
    assert not seen.problems()


def test_browser_audit_by_keyboard(seen: Seen) -> None:
    """`/audit`: choose a verdict, and only claims of it are shown."""
    from taotie.answer.asking import ask

    page = seen.page
    seen.go("/en/audit")
    tab_to(page, "select[name=verdict]")
    page.keyboard.type("unit")
    tab_to(page, "form.ask button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**verdict=unit*")
    page.locator("[data-testid=shown]", has_text="4").wait_for()
    counts = ask("audit").own["counts"]
    assert int(page.get_by_test_id("shown").inner_text()) == counts["unit error"]
    assert not seen.problems()


def test_browser_meter_by_keyboard(seen: Seen) -> None:
    """`/meter`: the log that is there is read."""
    page = seen.page
    seen.go("/en/meter")
    tab_to(page, "form[data-testid=ask] button")
    page.keyboard.press("Enter")
    page.get_by_test_id("lead").wait_for()
    assert "1 channel" in page.get_by_test_id("lead").inner_text()
    assert float(raw(page, "figure-energy_device")) == 12_600.0  # J, from the counter's ends
    assert not seen.problems()


def test_browser_compare_by_keyboard(seen: Seen) -> None:
    """`/compare`: put one more model into the tray."""
    page = seen.page
    seen.go("/en/compare?setup=llama-3.1-8b@h100-sxm:1&samples=500")
    write(page, "input[name=add]", "qwen3-8b")
    write(page, "input[name=on]", "h100-sxm:1")
    page.keyboard.press("Enter")
    page.wait_for_url("**add=qwen3-8b*")
    assert page.locator(".tray li").count() == 2
    assert "qwen3-8b" in page.get_by_test_id("lead").inner_text()
    assert not seen.problems()


@pytest.mark.slow
def test_browser_service_by_keyboard(seen: Seen) -> None:
    """`/service`: simulate a sampled hour as a job; what it finds is what the ask finds."""
    from taotie.answer.asking import ask

    page = seen.page
    seen.go("/en/service")
    write(page, "input[name=per_day]", "2000")
    write(page, "input[name=sampled_hours]", "1")
    write(page, "input[name=replicas]", "1")
    tab_to(page, "form.ask button[type=submit]")
    page.keyboard.press("Enter")
    page.get_by_test_id("facts").wait_for(timeout=400_000)
    answer = ask("simulate", trace="chat", model="llama-3.1-8b", on="h100-sxm:1", replicas="1", per_day=2000, sampled_hours=1)  # fmt: skip
    assert float(raw(page, "fact-mean_power_w")) == answer.own["mean_power_w"]
    assert not seen.problems()


@pytest.mark.slow
def test_browser_service_upload_by_keyboard(seen: Seen, tmp_path: Path) -> None:
    """`/service`: send a log of one's own from the file dialog, wait for its job, read power, latency and energy."""
    from taotie.answer.asking import ask

    log = tmp_path / "own log.csv"
    rows = [f"{7 * i},{200 + 40 * (i % 9)},{60 + 30 * (i % 5)}" for i in range(120)]
    log.write_text("time,prompt_tokens,output_tokens\n" + "\n".join(rows) + "\n")
    page = seen.page
    seen.go("/zh/service")
    tab_to(page, "#f-log")
    with page.expect_file_chooser() as chosen:
        page.keyboard.press("Space")
    chosen.value.set_files(log)
    write(page, "input[name=replicas]", "1")
    tab_to(page, "form.ask button[type=submit]")
    page.keyboard.press("Enter")
    page.get_by_test_id("facts").wait_for(timeout=300_000)
    answer = ask("simulate", trace=str(log), model="llama-3.1-8b", on="h100-sxm:1", replicas="1")
    own = answer.own
    assert int(raw(page, "fact-completed")) == own["completed"] == 120
    for key, value in (
        ("mean_power_w", own["mean_power_w"]), ("peak_power_w", own["peak_power_w"]),
        ("ttft_p95", own["ttft_s"]["p95"]), ("energy_mean", own["energy_per_request_j"]["mean"]),
    ):  # fmt: skip
        assert float(raw(page, f"fact-{key}")) == value
    assert page.locator("figure.chart").count() == 3
    assert not page.evaluate(GLYPHS)
    assert not seen.problems()


@pytest.mark.slow
def test_browser_grid_hours_by_keyboard(seen: Seen) -> None:
    """`/grid`: name a bus, ask for every hour of a year, read what it takes if a little of the energy is cut."""
    from taotie.answer.asking import ask

    page = seen.page
    seen.go("/en/grid")
    write(page, "input[name=bus]", "55")
    tab_to(page, "select[name=hours]")
    page.keyboard.type("every")
    tab_to(page, "form.ask button[type=submit]")
    page.keyboard.press("Enter")
    page.get_by_test_id("chart-hours").wait_for()
    answer = ask("capacity", case="ACTIVSg200", load="100 MW", bus="55", hours="year")
    takes = answer.own["buses"][0]["curtailable_mw"]
    least = min(float(share) for share, mw in takes.items() if mw >= 100.0)
    assert f"{100 * least:g} %" in page.get_by_test_id("chart-hours").locator(
        ".finding"
    ).inner_text().replace("\u00a0", " ")
    months = page.get_by_test_id("chart-months").locator("tbody td").all_text_contents()
    assert list(map(int, months)) == answer.own["worst_hours"]["hours_by_month"]
    assert not seen.problems()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "field", "value", "ask_name", "settings", "figure"),
    [
        ("fleet", "to", "2030", "fleet", {"to": 2030, "samples": 2000}, None),
        ("supply", "load", "40 MW", "supply", {"load": "40 MW", "step": "6 h"}, "cost_per_mwh"),
    ],
)  # fmt: skip
def test_browser_one_setting_by_keyboard(
    seen: Seen, path: str, field: str, value: str, ask_name: str, settings: dict[str, Any], figure: str | None
) -> None:  # fmt: skip
    """`/fleet`, `/supply`: change one setting, read the number the ask gives."""
    from taotie.answer.asking import ask

    page = seen.page
    seen.go(f"/en/{path}")
    write(page, f"input[name={field}]", value)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{field}=*")
    page.wait_for_load_state()
    answer = ask(ask_name, **settings)
    if figure is None:  # the last year of the fan
        key = next(k for k in answer.figures if k.endswith("2030"))
        page.get_by_test_id(f"figure-{key}").wait_for()
        assert float(raw(page, f"figure-{key}")) == answer.figures[key].p50
    else:
        page.get_by_test_id(f"figure-{figure}").wait_for()
        assert float(raw(page, f"figure-{figure}")) == answer.figures[figure].p50
    assert not seen.problems()


@pytest.mark.slow
def test_browser_validation_by_keyboard(seen: Seen) -> None:
    """`/validation`: ask how wrong we are for a model on a chip, then open the table of what was left out of the fit."""
    from taotie.answer.asking import ask
    from taotie.answer.parts.web import gates
    from taotie.quantity.evaluation import leaves

    page = seen.page
    seen.go("/en/validation")
    before = raw(page, "lead")
    write(page, "input[name=model]", "qwen3-32b")
    write(page, "input[name=on]", "mi300x:1")
    page.keyboard.press("Enter")
    page.wait_for_url("**on=mi300x*")
    page.get_by_test_id("lead").wait_for()
    answer = ask("prompt", model="qwen3-32b", on="mi300x:1", samples=2000)
    behind = leaves([answer.figures["energy_per_request_accelerator"]])
    miss = next(one for one in behind if one.key.startswith("energy_model.error"))
    assert float(raw(page, "lead")) == miss.p95
    assert raw(page, "lead") != before
    chart = "[data-testid=chart-gates]"
    tab_to(page, f"{chart} details summary")
    page.keyboard.press("Enter")
    page.locator(f"{chart} details table").wait_for()
    shown = page.locator(f"{chart} details tbody tr").count()
    kept = [one for name, one in gates().items() if "," not in name]
    assert shown == sum(
        one.get(f"{q}_mdape") is not None for one in kept for q in ("energy", "rate", "power")
    )
    assert not seen.problems()


@pytest.mark.slow
def test_browser_methods_by_keyboard(seen: Seen) -> None:
    """`/methods`: open a question, read a default with its reason, follow its source to the citation."""
    from taotie.answer.asks import declared_of
    from taotie.study.settings import SETTINGS

    page = seen.page
    seen.go("/en/methods")
    tab_to(page, "#ask-mine summary", most=600)
    page.keyboard.press("Enter")
    settings = declared_of("mine").settings
    assert page.locator("#ask-mine[open] li").count() == len(settings)
    cited = next(one for one in settings.values() if one.source)
    assert SETTINGS[cited.name].reason
    tab_to(page, f'#ask-mine a[href*="{cited.source}"]')
    page.keyboard.press("Enter")
    page.get_by_test_id("citation").wait_for()
    assert cited.source in page.url
    assert not seen.problems()


@pytest.mark.parametrize(
    "name", [p if p in ("compare", "grid", "sources") else pytest.param(p, marks=pytest.mark.slow) for p in PAGES]
)  # fmt: skip
def test_browser_every_page_is_clean(seen: Seen, name: str) -> None:
    """No console error, no foreign request, no violation, no missing glyph, no sideways scrolling on a phone."""
    seen.page.set_viewport_size({"width": 360, "height": 800})
    answer = seen.go(Addresses().page(name, State(language="zh")))
    # 202: a page that says its answer is being computed came first, and is filled by now
    assert answer.status in (200, 202)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert not seen.page.evaluate(GLYPHS)
    assert not seen.problems()


@pytest.mark.parametrize("scripts", [True, False])
def test_browser_a_page_that_solves_paints_first_and_fills_in(
    browser: Any, origin: str, scripts: bool
) -> None:
    """A year of supply by the hour takes seconds: a place for it is shown at once, then the answer, with the form."""
    from taotie.answer.asking import ask

    context = browser.new_context(java_script_enabled=scripts)
    context.set_default_timeout(120_000)
    page = context.new_page()
    load = f"{83 if scripts else 84} MW"
    response = page.goto(
        origin + Addresses().page("supply", State.of([("load", load), ("step", "3 h")]))
    )
    assert response.status == 202
    if not scripts:  # with them it may be filled in by now
        assert (
            page.locator("#waiting [role=status]").inner_text() == "The answer is being computed."
        )
        assert page.locator("form").count() == 0
    page.locator("[data-testid=figure-cost_per_mwh]").wait_for()
    assert page.locator("#waiting").count() == 0
    assert page.locator("input[name=load]").input_value() == load
    shown = page.locator("[data-testid=figure-cost_per_mwh]").get_attribute("data-value")
    answer = ask("supply", load=load, step="3 h")
    assert float(shown) == answer.figures["cost_per_mwh"].p50
    context.close()


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
    settled(page, origin + Addresses().page(name, State()))
    assert page.locator("h1").count() == 1
    context.close()
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    fired: list[str] = []
    page.on("dialog", lambda dialog: (fired.append(dialog.message), dialog.dismiss()))
    settled(page, origin + Addresses().page(name, State()))
    names = page.evaluate(
        "[...new Set([...document.querySelectorAll('input[name],textarea[name],select[name]')].map((e) => e.name))]"
    )
    for field in names:
        bad = State.of([(field, '"><script>alert(1)</script><img src=x onerror=alert(2)>')])
        settled(page, origin + Addresses().page(name, bad))
    assert not fired
    context.close()
