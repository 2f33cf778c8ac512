"""The simulation page: its numbers are the run's, both languages, nothing measured, nothing fetched, no mark-up let in."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections import Counter
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import chromium, probed

from taotie.app.pages import simulation_page
from taotie.app.pages.simulation_page import simulation_html, write_simulation_report
from taotie.app.pages.simulation_tables import default_rows, given_fields, option_rows
from taotie.app.pages.tied import tied
from taotie.compute.serving.case import CaseRun, ServingCase, run_case
from taotie.compute.serving.promise_cost import cost_of_promise
from taotie.compute.serving.service import ServiceLevel, simulate
from taotie.errors import DataError, RangeError
from taotie.workload.requests import Requests

pytest.importorskip("jinja2", reason="pages are in the extra `report`")

LEVEL = ServiceLevel(1.0, 0.05, 0.95)
CASE = ServingCase(
    model="llama-3.1-8b", accelerator="h100-sxm", accelerators=1, level=LEVEL, bin_s=10.0
)
PICTURES = ["power", "energy", "promise", "batch", "latency", "length"]


def requests(name: str = "a log") -> Requests:
    rng = np.random.default_rng(5)
    t = np.sort(rng.uniform(0, 600, 900))
    return Requests(
        t, rng.integers(10, 2000, 900), rng.integers(1, 400, 900), name=name, span_s=600.0
    )


@pytest.fixture(scope="module")
def done() -> CaseRun:
    return run_case(requests(), CASE)


@pytest.fixture(scope="module")
def page(done: CaseRun) -> str:
    curve = cost_of_promise(done.requests, done.serving, LEVEL, run=done.run)
    command = ["taotie", "simulate", "my log.csv", "--report", "page.html"]
    return simulation_html(done, "en", promise=curve, command=command)


class Reader(HTMLParser):
    """Elements with a test id, and everything that could fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.marked: dict[str, list[dict[str, str]]] = {}
        self.tags: Counter[str] = Counter()
        self.addresses: list[str] = []
        self.downloads: dict[str, str] = {}
        self.half = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        found = {k: v or "" for k, v in attrs}
        self.tags[tag] += 1
        if tag == "main":
            self.half = found["id"]
        if "data-testid" in found:
            self.marked.setdefault(found["data-testid"], []).append({**found, "half": self.half})
        if "download" in found and self.half == "en":
            self.downloads[found["download"]] = found["href"]
        self.addresses += [found[k] for k in ("src", "href", "action") if k in found]


@pytest.fixture(scope="module")
def seen(page: str) -> Reader:
    return Reader(page)


def rows_of(reader: Reader, name: str) -> list[dict[str, str]]:
    text = base64.b64decode(reader.downloads[name].split("base64,")[1]).decode()
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))


def test_worked_headline_and_key_figures_are_the_runs(seen: Reader, done: CaseRun) -> None:
    found = done.summary()
    for half in seen.marked["headline"]:
        assert float(half["data-value"]) == found["energy_per_request_j"]["mean"] / 3600
    key = {m["data-key"]: float(m["data-value"]) for m in seen.marked["key-figure"]}
    assert key["total_energy"] == found["energy_j"]["total"] / 3.6e6
    assert key["mean_power"] == found["mean_power_w"] / 1e3
    assert key["peak_power"] == pytest.approx(found["peak_power_w"] / 1e3)
    assert key["ttft_p99"] == pytest.approx(found["ttft_s"]["p99"])
    assert key["tpot_p99"] == pytest.approx(1e3 * found["tpot_s"]["p99"])
    assert key["mean_batch"] == pytest.approx(found["mean_batch"])
    assert key["kept"] == pytest.approx(100 * done.run.attainment(LEVEL))
    assert 0 < key["busy"] <= 100


def test_worked_pictures_sum_to_the_run(seen: Reader, done: CaseRun) -> None:
    power = rows_of(seen, "power.csv")
    total = done.run.total_nj / 1e9
    seconds = np.array([float(row["seconds"]) for row in power])
    scale = 1e3 if done.summary()["peak_power_w"] >= 1e3 else 1.0

    def joules(key: str) -> float:
        return scale * float((np.array([float(row[key]) for row in power]) * seconds).sum())

    assert joules("total") == pytest.approx(total, rel=1e-9)
    parts = [joules(f"p{k}") for k in range(4)]
    assert sum(parts) == pytest.approx(total, rel=1e-9)
    assert parts[0] == pytest.approx(done.summary()["energy_j"]["host"], rel=1e-6)
    assert parts[3] == pytest.approx(done.summary()["energy_j"]["prefill"], rel=1e-9)
    assert joules("rate") / scale == pytest.approx(900)
    energy = rows_of(seen, "energy.csv")
    assert sum(float(row["share"]) for row in energy) == pytest.approx(100.0)
    promise = rows_of(seen, "promise.csv")
    here = [r for r in promise if int(r["replicas"]) == done.serving.replicas]
    assert float(here[0]["energy"]) == pytest.approx(done.summary()["energy_per_request_j"]["mean"])
    latency = [r for r in rows_of(seen, "latency.csv") if r["kind"] == "TTFT"]
    assert float(latency[-1]["value"]) == pytest.approx(done.summary()["ttft_s"]["max"])


def test_worked_both_languages_and_all_pictures(seen: Reader, page: str) -> None:
    assert seen.tags["main"] == 2
    assert [m["data-picture"] for m in seen.marked["picture"]] == PICTURES * 2
    assert "absent" not in seen.marked
    assert "taotie simulate 'my log.csv' --report page.html".replace("'", "&#39;") in page


def test_worked_nothing_simulated_is_called_measured(seen: Reader, page: str) -> None:
    english = page[page.index('<main id="en"') : page.index('<main id="zh"')]
    chips = re.findall(r'<span class="chip">(.*?)</span>', english)
    assert chips[0] == "◐ modelled"
    for tile in re.findall(r'data-testid="key-figure".*?</li>', english, re.S):
        assert "◐ modelled" in tile
        assert "● " not in tile


def test_worked_nothing_is_fetched(seen: Reader, page: str) -> None:
    outside = [a for a in seen.addresses if not a.startswith(("data:", "#"))]
    # sources may be linked, never loaded
    assert all(a.startswith(("https://", "http://")) for a in outside)
    assert not re.search(r'(src|action)="http', page)
    assert "default-src &#39;none&#39;" in page
    assert len(page) < 5e6


def test_worked_every_setting_is_given_or_a_default(seen: Reader, done: CaseRun) -> None:
    for half in ("en", "zh"):
        listed = [
            m["data-key"]
            for m in seen.marked["setup"] + seen.marked["default"]
            if m["half"] == half
        ]
        assert {"requests", "model", "machines", "replicas", "level", "runtime"} <= set(listed)
    given = given_fields(done.case)
    assert given == {"model", "accelerators", "level", "bin_s"}
    defaults = {row.key for row in default_rows(done.case, given)}
    assert not defaults & given
    assert {"precision", "runtime", "routing", "max_batch", "token_budget", "seed"} <= defaults
    assert all(row.why for row in default_rows(done.case, given))
    # whoever gives a value that is the default has given it
    assert "routing" not in {row.key for row in default_rows(done.case, {*given, "routing"})}


@pytest.mark.parametrize(
    "case",
    [
        replace(CASE, drafted=4, acceptance_rate=0.7),
        replace(CASE, least_replicas=1, replicas=3),
        replace(CASE, prefill_replicas=1, replicas=1),
        replace(CASE, prefix_cache_tokens=4096),
    ],
)
def test_worked_settings_that_play_a_part_are_listed(case: ServingCase) -> None:
    plain = ServingCase()
    listed = {row.key for row in default_rows(case, ())}
    for one in fields(case):
        if getattr(case, one.name) != getattr(plain, one.name) and one.name != "replicas":
            assert one.name in listed


def test_worked_options_of_the_requests_are_told_apart() -> None:
    options = {"day": "flat", "weekend": None, "only": ("a=b", "c=d"), "strict": False}
    given = {"only"}
    (asked,) = option_rows(options, given, True)
    assert (asked.name, asked.value, asked.why) == ("--only", "a=b, c=d", "given")
    rest = {row.key: (row.value, row.why) for row in option_rows(options, given, False)}
    assert rest == {
        "day": ("flat", "default of the command"),
        "weekend": ("–", "left out"),
        "strict": ("no", "default of the command"),
    }


def test_worked_counts(seen: Reader, done: CaseRun, page: str) -> None:
    keys = [m["data-key"] for m in seen.marked["count"] if m["half"] == "en"]
    assert {"completed", "rejected", "preemptions", "prefix_hit_tokens", "total"} <= set(keys)
    row = re.search(r'data-key="completed".*?</tr>', page, re.S)
    assert row is not None
    assert ">900</td>" in row[0]


def test_worked_rejected_and_broken_promises_are_told(done: CaseRun) -> None:
    many = requests()
    prompt = many.prompt_tokens.copy()
    prompt[7] = 900_000
    case = replace(CASE, replicas=1, rate_scale=30.0)
    text = simulation_html(run_case(replace(many, prompt_tokens=prompt), case), "en")
    codes = re.findall(r'<li data-code="(\w+)">', text)
    assert codes == ["rejected", "overload", "promise"] * 2
    assert "1 requests (0.111\u00a0%) are longer than the KV cache" in text


@pytest.mark.parametrize("more", [{"prefill_replicas": 1}, {"least_replicas": 1}])
def test_worked_two_pools_and_scaling_say_what_is_absent(more: dict[str, int]) -> None:
    text = simulation_html(run_case(requests(), replace(CASE, replicas=1, **more)), "en")
    assert [m["data-picture"] for m in Reader(text).marked["absent"]] == ["promise"] * 2


def test_worked_names_cannot_bring_markup(done: CaseRun) -> None:
    nasty = "<script>alert(1)</script>\"'&"
    shown = done._replace(requests=replace(done.requests, name=nasty, source=nasty))
    text = simulation_html(shown, "en", command=["taotie", nasty], options={"only": (nasty,)})
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_worked_same_case_same_bytes(done: CaseRun, page: str) -> None:
    curve = cost_of_promise(done.requests, done.serving, LEVEL, run=done.run)
    command = ["taotie", "simulate", "my log.csv", "--report", "page.html"]
    assert simulation_html(done, "en", promise=curve, command=command) == page


def test_worked_numbers_stay_on_one_line() -> None:
    assert tied("<p>12 345 J and 3 ms of 4 requests") == "<p>12\u00a0345\u00a0J and 3\u00a0ms of 4 requests"  # fmt: skip


def test_error_nobody_was_served(done: CaseRun, tmp_path: Path) -> None:
    long = Requests(np.array([0.0]), np.array([900_000]), np.array([5]))
    nobody = done._replace(requests=long, run=simulate(long, done.serving))
    with pytest.raises(RangeError, match="no request was served"):
        write_simulation_report(nobody, tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []


def test_error_the_place_cannot_be_written(
    done: CaseRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation_page, "simulation_html", lambda *a, **k: "a page")
    with pytest.raises(DataError):
        write_simulation_report(done, tmp_path / "nowhere" / "a.html")


@pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine")
@pytest.mark.parametrize(
    ("code", "width"), [pytest.param("en", 1280, marks=pytest.mark.slow), ("zh", 390)]
)
def test_worked_page_as_it_is_seen(page: str, tmp_path: Path, code: str, width: int) -> None:
    place = tmp_path / "page.html"
    place.write_text(page, encoding="utf-8")
    found = probed(place, tmp_path, language=code, width=width, opened=True)
    assert found["shown"] == [code]
    assert [name for name, _ready, _marks in found["charts"]] == PICTURES
    for _name, ready, marks in found["charts"]:
        assert ready == ("wide" if width > 700 else "narrow")
        assert marks > 15
    assert found["scroll"] <= width
    assert found["out"] == []
    assert found["violations"] == found["errors"] == found["requests"] == []
    assert found["blank"] == []


@pytest.mark.slow
def test_matches_the_schema_of_vega_lite(done: CaseRun, monkeypatch: pytest.MonkeyPatch) -> None:
    import altair as alt

    from taotie.app.charts import vega_lite

    seen: list[dict[str, Any]] = []
    draw = vega_lite.drawn
    monkeypatch.setattr(vega_lite, "drawn", lambda spec: seen.append(spec) or draw(spec))
    curve = cost_of_promise(done.requests, done.serving, LEVEL, run=done.run)
    simulation_html(done, "en", promise=curve)
    shapes = {"vconcat": alt.VConcatChart, "hconcat": alt.HConcatChart, "layer": alt.LayerChart}
    assert len(seen) == 4 * len(PICTURES)
    for spec in seen:
        shape = next(made for key, made in shapes.items() if key in spec)
        shape.from_dict(spec, validate=True)
        assert sum(len(rows) for rows in spec["datasets"].values()) <= 2000
