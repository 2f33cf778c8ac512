"""Every number a command prints or a page shows is the one of its JSON: parsed from the text and compared.

A factor of 1,000, a quantile under the head of another, a median called a mean: all are noticed here, whatever made them.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

import duckdb
import numpy as np
import pytest

from taotie.app.cli.main import build
from taotie.grid.case.case import read_case
from taotie.grid.demand_series import read_hourly_demand
from taotie.grid.dispatch.optimal import optimal_dispatch
from taotie.grid.headroom import headroom_range_mw
from taotie.quantity.quantity_text import parse_quantity
from taotie.words.language import speaking

ROUNDED = 6e-3  # three digits are printed, four in tables
commands = lru_cache(maxsize=1)(build)  # the tree is the same for every test
NARROW = dict.fromkeys("\u202f\u00a0\u2009", "")


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "400")
    command = commands()

    def call(*words: object) -> str:
        capsys.readouterr()
        command.main(args=[str(w) for w in words], prog_name="taotie", standalone_mode=False)
        return capsys.readouterr().out

    with speaking("en"):
        yield call


def numbers(text: str) -> list[float]:
    """Numbers of a cell or a line, groups of digits joined."""
    plain = text.translate(str.maketrans(NARROW)).replace("\u2212", "-")
    plain = re.sub(r"(?<=\d)[ ,](?=\d{3}(?!\d))", "", plain)
    return [float(n) for n in re.findall(r"-?\d+\.?\d*(?:e[+-]?\d+)?", plain)]


def close(shown: float, true: float, unit_step: float = 0.0) -> bool:
    return abs(shown - true) <= ROUNDED * abs(true) + unit_step


def rounds_to(text: str, true: float, scale: float, zeros: bool = False) -> bool:
    """Whether the first number of `text` is a correct rounding of `true` at the digits printed; with `zeros` those at
    the end of a whole number stand for digits left out, as at the ends of a wide range."""
    plain = re.sub(r"(?<=\d)[ ,](?=\d{3}(?!\d))", "", text.translate(str.maketrans(NARROW)))
    whole, digits = re.findall(r"(\d+)(?:\.(\d+))?", plain)[0]
    step = 10.0 ** -len(digits) * scale
    shown = numbers(text)[0] * scale
    if zeros and not digits:
        left_out = min(len(whole) - len(whole.rstrip("0")), len(whole) - 2)
        if left_out > 0:
            return abs(shown - true) <= 0.5001 * 10.0**left_out * scale
    return abs(shown - true) <= 0.5001 * step if digits else close(shown, true, 0.5 * step)


@pytest.mark.parametrize(
    "words",
    [
        ("prompt", "--samples", 300),
        ("prompt", "deepseek-v3", "--batch", 8, "--samples", 300),
        ("train", "--accelerators", 1000, "--hours", 100, "--samples", 300),
        ("run", "STUDY", "--samples", 300),
    ],
    ids=lambda w: " ".join(str(x) for x in w[:2]),
)
def test_printed_figures_are_those_of_the_json(say, words, tmp_path) -> None:
    study = Path(__file__).resolve().parents[2] / "studies" / "campus_texas.toml"
    words = tuple(study if w == "STUDY" else w for w in words)
    if words[0] == "run":
        words += ("--out", tmp_path / "out")
    text = say(*words)
    kept = tmp_path / "out" / "result.json"
    answer = json.loads(kept.read_text("utf-8") if kept.exists() else say(*words, "--json"))
    lines = [line.split("  ", 1) for line in text.splitlines() if "  " in line.strip()]
    compared = 0
    for key, figure in answer["figures"].items():
        value = figure["value"]
        for name, rest in lines:
            if name.strip() != figure["label"]:
                continue
            found = re.match(
                r"\s*(?P<value>[^\[]+?)\s*(?:\[(?P<low>[^\]]+?) to (?P<high>[^\]]+)\])?(?:\s{2,}|$)",
                rest,
            )
            assert found is not None, rest
            unit = _unit(found["value"])
            scale = parse_quantity(f"1 {unit}", figure["unit"]) if unit else 1.0
            ranged = found["low"] is not None and value["n"] > 1
            assert rounds_to(found["value"], value["p50"], scale, zeros=ranged), (key, rest, value)
            if ranged:
                assert rounds_to(found["low"], value["p05"], scale, zeros=True), (key, rest, value)
                assert rounds_to(found["high"], value["p95"], scale, zeros=True), (key, rest, value)
            compared += 1
            break
    assert compared >= 4, text


def _unit(text: str) -> str:
    """The unit of "924 W/accelerator"."""
    return re.sub(r"^[\d\s\u202f,.e+-]+", "", text.translate(str.maketrans(NARROW))).strip()


def rows_of(text: str, *heads: str) -> list[list[str]]:
    """Cells of the printed table whose head line holds `heads`."""
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if all(h in line for h in heads))
    rows = []
    for line in lines[at + 1 :]:
        cells = re.split(r"\s{2,}", line.strip())
        if len(cells) < 2 or line.startswith(("!", "  -")):
            break
        rows.append(cells)
    return rows


def test_worked_one_request_alone_tells_its_times(say, tmp_path) -> None:
    """Arrival, first token and end of the only request: terminal, JSON, page and file say the same seconds."""
    log, out, page = tmp_path / "log.csv", tmp_path / "out.parquet", tmp_path / "page.html"
    log.write_text("arrival_s,prompt_tokens,output_tokens\n0,500,101\n30,500,101\n")
    words = ("simulate", log, "--model", "llama-3.1-8b", "--on", "h100", "--replicas", 1)
    text = say(*words, "--requests-out", out, "--report", page)
    answer = json.loads(say(*words, "--json"))
    first = duckdb.sql(f"select * from '{out}' order by request limit 1").fetchnumpy()
    wait, end = float(first["ttft_s"][0]), float(first["finish_s"][0] - first["arrival_s"][0])
    later = end - wait
    rows = {cells[0]: cells for cells in rows_of(text, "quantity", "unit", "mean")}
    assert rows["tpot"][1] == "ms"
    assert close(numbers(rows["tpot"][2])[0] * 1e-3, later / 100)
    assert close(numbers(rows["ttft"][2])[0], wait)
    assert close(answer["tpot_s"]["mean"], later / 100)
    shown = re.search(r'data-key="tpot_p99" data-value="([^"]*)"', page.read_text("utf-8"))
    if shown is not None:
        assert close(float(shown[1]) * 1e-3, answer["tpot_s"]["p99"])


def test_printed_prices_stand_under_their_heads(say) -> None:
    """Three prices that differ: the one in the middle is the median, and no mean is called so."""
    words = ("grid", "dispatch", "case5", "--load", "20MW", "--bus", "2")
    text, answer = say(*words), json.loads(say(*words, "--json"))
    rows = {cells[0]: cells for cells in rows_of(text, "lowest [USD/MWh]", "median", "highest")}
    every = optimal_dispatch(read_case("case5")).price_usd_per_mwh
    assert answer["before"]["price_usd_per_mwh"]["median"] == pytest.approx(np.median(every))
    assert np.mean(every) != pytest.approx(np.median(every), rel=1e-3)
    for state in ("before", "after"):
        found = answer[state]
        prices = found["price_usd_per_mwh"]
        shown = [numbers(cell)[0] for cell in rows[state][2:6]]
        for value, key in zip(shown, ("lowest", "median", "highest", "at_bus"), strict=True):
            assert close(value, prices[key], 5e-3), (state, key, rows[state], prices)
        assert prices["lowest"] < prices["median"] < prices["highest"]


def test_worked_a_range_of_headroom_is_from_5_to_95_percent(say, tmp_path) -> None:
    path, page = tmp_path / "demand.csv", tmp_path / "headroom.html"
    hours = np.arange("2019-01-01T00", "2023-01-01T00", dtype="datetime64[h]")
    rng = np.random.default_rng(3)
    yearly = np.repeat(rng.uniform(0.8, 1.2, 5), 8784)[: len(hours)]
    mw = rng.uniform(500, 1000, len(hours)) * yearly
    path.write_text("hour,A\n" + "".join(f"{h},{d:.3f}\n" for h, d in zip(hours, mw, strict=True)))
    words = ("grid", "headroom", path, "--limit", 0.01, "--draws", 40, "--seed", 5)
    answer = json.loads(say(*words, "--report", page, "--json"))
    row = answer["areas"][0]

    drawn = headroom_range_mw(
        read_hourly_demand(path), "A", 0.01, np.random.default_rng([5, 0]), 40
    )
    low, high = np.quantile(drawn, 0.05), np.quantile(drawn, 0.95)
    assert low < high
    assert (row["p05_mw"], row["p95_mw"]) == pytest.approx((low, high), abs=1e-3)
    cells = _data_of(page.read_text("utf-8"), "areas")
    assert close(cells["5 %, MW"], low), cells
    assert close(cells["95 %, MW"], high), cells


def _data_of(text: str, name: str) -> dict[str, float]:
    """First row of numbers of the data table under a picture."""
    text = text.replace("\u00a0", " ")
    part = text[
        text.index(f'id="{name}') if f'id="{name}' in text else text.index("5 %, MW") - 4000 :
    ]
    heads = [re.sub("<[^>]+>", "", h) for h in re.findall(r"<th[^>]*>(.*?)</th>", part, re.S)]
    body = part[part.index("<tbody") :]
    cells = [
        re.sub("<[^>]+>", "", c)
        for c in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", body[: body.index("</tr>")], re.S)
    ]
    heads = heads[: len(cells)]
    return {h: numbers(c)[0] for h, c in zip(heads, cells, strict=False) if numbers(c)}
