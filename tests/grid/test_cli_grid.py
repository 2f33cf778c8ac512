"""`taotie grid`: what it prints and what a machine reads."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from taotie.answer.load import load_mw
from taotie.app.cli.grid import register
from taotie.errors import CaseError, DataError, RangeError, UnknownNameError
from taotie.grid.capacity.hosting_capacity import load_hosting_capacity
from taotie.grid.case.case import read_case

FILE = ("--dispatch", "file")  # its units give 5.2 % more than its load


@pytest.fixture
def run():
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    runner = CliRunner()

    def call(*words):
        result = runner.invoke(app, ["grid", *map(str, words)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.stdout

    return call


def test_worked_loads():
    assert load_mw("1.2GW", 1.2)[0] == 1200.0
    assert load_mw("150", 1.2)[0] == 150.0
    assert load_mw("500 kW", 1.2)[0] == 0.5
    assert load_mw("100_000xh100-sxm", 1.2)[0] == 126.0  # 1.05 kW each with host
    for bad in ("", "0", "-5MW", "5potatoes", "x", "1e", "..", "h100"):
        with pytest.raises(RangeError, match="is not a load"):
            load_mw(bad, 1.2)
    with pytest.raises(RangeError, match="pue"):
        load_mw("8xh100", 0.9)
    with pytest.raises(UnknownNameError):
        load_mw("8xh1000000", 1.2)


def test_worked_capacity_json_has_the_promised_fields(run):
    answer = json.loads(run("capacity", "RTS_GMLC", "--load", "100MW", "--json"))
    assert {"case", "n_bus", "n_branch", "seconds", "limits", "buses"} <= set(answer)
    assert set(answer["seconds"]) == {"read", "ptdf_lodf", "capacity"}
    found = load_hosting_capacity(read_case("RTS_GMLC"))
    assert len(answer["buses"]) == 73
    first = answer["buses"][0]
    assert {"bus", "n0_mw", "strict_mw", "margin_mw", "cutoff_mw", "binding", "n1_supply"} <= set(
        first
    )
    assert [
        b["margin_mw"] for b in answer["buses"]
    ] == found.margin.load_hosting_capacity_mw.tolist()
    zero = next(b for b in answer["buses"] if b["strict_mw"] == 0)
    assert zero["binding"]["branch"]
    assert zero["binding"]["outage"]
    assert answer["share_of_buses"]["margin"] == found.margin.share_of_buses(100)
    top = answer["limiting"]["margin"][0]
    same = [
        b for b in answer["buses"] if {**b["binding_by_treatment"]["margin"], "buses": top["buses"]} == top
    ]  # fmt: skip
    assert len(same) == top["buses"]


def test_worked_one_bus(run):
    answer = json.loads(run("capacity", "case24_ieee_rts", *FILE, "-b", 3, "-l", "50MW", "--json"))
    bus = answer["buses"][0]
    assert bus["bus"] == 3
    assert answer["takes_load"]["strict"] == (bus["strict_mw"] >= 50)
    text = run("capacity", "case24_ieee_rts", *FILE, "-b", 3)
    assert f"{bus['strict_mw']:,.1f}" in text
    assert "DC and thermal only" in text


def test_worked_capacity_text_and_picture(run, tmp_path):
    path = tmp_path / "grid.svg"
    text = run(
        "capacity", "ACTIVSg200", "--contingencies", "table", "--load", "100MW", "--picture", path
    )
    assert "take the load" in text
    assert "what binds most buses" in text
    svg = path.read_text()
    assert svg.count("<circle") == 200
    assert "synthetic grid" in svg
    none = json.loads(run("capacity", "ACTIVSg200", "--contingencies", "none", "--json"))
    assert all(b["strict_mw"] == b["n0_mw"] for b in none["buses"])
    assert none["dispatch"]["n1_secure"] is None
    page = tmp_path / "intact.html"
    said = run("capacity", "ACTIVSg200", "--contingencies", "none", "--report", page)
    assert "any one branch lost" not in said
    assert "any one branch lost" not in page.read_text("utf-8")
    assert "MW or more with all branches in service" in page.read_text("utf-8")
    assert "with all branches in service, over all buses" in said
    assert "N-1 secure" not in said


def test_worked_capacity_report(run, tmp_path, monkeypatch):
    monkeypatch.setenv("TAOTIE_LANG", "en")
    path = tmp_path / "grid.html"
    words = ("capacity", "ACTIVSg200", "--load", "100xh100", "--pue", 1.15, "--report", path)
    assert f"report: {path}" in run(*words)
    page = path.read_text("utf-8")
    assert "latif2025" in page  # the measured draw of a server
    assert "taotie grid capacity ACTIVSg200 --load 100xh100 --pue 1.15 --report grid.html" in page
    assert '<main id="zh"' in page
    answer = json.loads(run(*words, "--json"))
    assert answer["load_mw"] == pytest.approx(0.12075)
    for way, share in answer["share_of_buses"].items():
        assert f'data-key="share_of_buses_{way}" data-value="{share}"' in page


def test_worked_report_with_coordinates(run, tmp_path):
    at, path = tmp_path / "at.csv", tmp_path / "grid.html"
    at.write_text("bus_id,lat,lon\n" + "".join(f"{i},{30 + i % 7},{-90 - i % 5}\n" for i in range(1, 25)))  # fmt: skip
    run("capacity", "case24_ieee_rts", *FILE, "--coordinates", at, "--report", path)
    page = path.read_text("utf-8")
    assert "drawn by connections" not in page
    assert "--coordinates at.csv" in page
    assert str(tmp_path) not in page


def test_error_report(run, tmp_path):
    path = tmp_path / "grid.html"
    with pytest.raises(RangeError, match="do not go together"):
        run("capacity", "case39", "--bus", 1, "--report", path)
    with pytest.raises(UnknownNameError, match="ACTIVSg200O") as caught:
        run("capacity", "ACTIVSg200O", "--report", path)
    assert "ACTIVSg2000" in caught.value.hint
    with pytest.raises(RangeError, match="not a load"):
        run("capacity", "case39", "--load", "a lot", "--report", path)
    with pytest.raises(RangeError, match="pue"):
        run("capacity", "case39", "--load", "8xh100", "--pue", 0.9, "--report", path)
    with pytest.raises(DataError, match="cannot be read"):
        run("capacity", "case39", "--coordinates", tmp_path / "no.csv", "--report", path)
    with pytest.raises(DataError):
        run("capacity", "case39", "--report", tmp_path / "no" / "folder" / "grid.html")
    assert not path.exists()


def test_worked_headroom(run, tmp_path):
    path = tmp_path / "demand.csv"
    hours = np.arange("2021-01-01T00", "2022-01-01T00", dtype="datetime64[h]")
    mw = np.random.default_rng(1).uniform(500, 1000, 8760)
    rows = "".join(f"{h},{d:.6f}\n" for h, d in zip(hours, mw, strict=True))
    path.write_text(f"hour,A\n{rows}")
    answer = json.loads(run("headroom", path, "--limit", 0.01, "--draws", 3, "--json"))
    assert answer["areas"][0]["area"] == "A"
    assert answer["total_mw"][0]["mw"] == answer["areas"][0]["mw"] > 0
    assert answer["areas"][0]["p05_mw"] <= answer["areas"][0]["p95_mw"]
    assert "copper plate" in run("headroom", path)


def test_worked_headroom_report(run, tmp_path, monkeypatch):
    monkeypatch.setenv("TAOTIE_LANG", "en")
    path, page = tmp_path / "demand.csv", tmp_path / "headroom.html"
    hours = np.arange("2021-01-01T00", "2022-01-01T00", dtype="datetime64[h]")
    mw = np.random.default_rng(1).uniform(500, 1000, (8760, 2)) * [1, 10]
    rows = "".join(f"{h},{a:.6f},{b:.6f}\n" for h, (a, b) in zip(hours, mw, strict=True))
    path.write_text(f"hour,A,<b>B\n{rows}")
    answer = json.loads(run("headroom", path, "--draws", 3, "--report", page, "--json"))
    text = page.read_text("utf-8")
    total = next(t["mw"] for t in answer["total_mw"] if t["limit"] == 0.005)
    shown = re.search(r'data-testid="headline" data-key="headroom" data-value="([^"]*)"', text)
    assert float(shown[1]) == pytest.approx(total, abs=1e-3)
    assert "<b>B" not in text
    assert "&lt;b&gt;B" in text
    for bar in re.findall(r'data-bar="A">(.*?)</svg>', text):
        widths = [float(w) for w in re.findall(r'width="([\d.]+)"', bar)]
        assert len(widths) == 4
        assert sum(widths) < 100
    assert "--draws 3 --report" in text
    assert not re.findall(r'(?:src|href)="https?:', text)
    assert "copper plate" in text


def test_worked_split(run):
    answer = json.loads(run("split", "-s", "A:80:1", "-s", "B:90:1", "--json"))
    assert answer["efficiency"] == pytest.approx(0.0812, abs=5e-4)
    assert sum(s["accelerators"] for s in answer["sites"]) == 100_000
    assert "efficiency 8.1%" in run("split", "-s", "A:80:1", "-s", "B:90:1")
    with pytest.raises(RangeError, match="name:MW"):
        run("split", "-s", "A80")
    with pytest.raises(CaseError, match="feed"):
        run("split", "-s", "A:8:1")


def test_worked_dispatch(run):
    answer = json.loads(run("dispatch", "case5", "--bus", 4, "--load", "100MW", "--json"))
    assert answer["before"]["cost_usd_per_h"] == pytest.approx(17479.897, abs=5e-4)
    assert answer["after"]["price_usd_per_mwh"]["at_bus"] >= 39
    assert answer["before"]["congested"] == [{"branch": "4-5", "outage": None}]
    assert "17480" in "".join(run("dispatch", "case5").split())  # whatever parts thousands
    fuels = json.loads(run("dispatch", "ACTIVSg200", "--bus", 1, "--load", "5MW", "--json"))[
        "before"
    ]
    assert sum(fuels["fuels"].values()) == pytest.approx(1, abs=1e-5)
    assert fuels["average_g_per_kwh"] > 0
    with pytest.raises(RangeError, match="go together"):
        run("dispatch", "case5", "--bus", 4)


def test_error_capacity_inputs(run):
    with pytest.raises(RangeError, match="contingencies"):
        run("capacity", "case39", "--contingencies", "some")
    with pytest.raises(UnknownNameError, match="nowhere"):
        run("capacity", "nowhere")


def test_error_dispatch_that_misses_its_load(run):
    with pytest.raises(
        CaseError, match=r"2999\.3 MW for 2850\.0 MW of load, 149\.3 MW \(5\.2 %\)"
    ) as error:
        run("capacity", "case24_ieee_rts")
    assert "--dispatch optimal" in error.value.hint
    chosen = json.loads(run("capacity", "case24_ieee_rts", "--dispatch", "optimal", "--json"))
    assert abs(chosen["dispatch"]["imbalance_mw"]) < 1e-6
    with pytest.raises(RangeError, match="--dispatch"):
        run("capacity", "case24_ieee_rts", "--dispatch", "best")


def test_worked_named_answers(run, tmp_path):
    """A bus by name, the best ten, the nearest, and the same in a file."""
    at = tmp_path / "at.csv"
    at.write_text("bus_id,lat,lon\n" + "".join(f"{i},{30 + i / 10},{-90}\n" for i in range(1, 201)))
    case = read_case("ACTIVSg200")
    words = ("capacity", "ACTIVSg200", "--coordinates", at)
    text = run(*words, "--top", 3)
    best = json.loads(run(*words, "--top", 3, "--table", tmp_path / "b.csv", "--json"))
    assert len(best["tables"]["top"]["rows"]) == 3
    assert str(best["tables"]["top"]["rows"][0][0]) in text
    assert best["dispatch"]["n1_secure"] == (best["pairs_over"] == 0)
    first = best["buses"][4]
    assert first["name"] == case.bus_name[4].strip()
    assert (first["lat"], first["lon"]) == (30.5, -90)
    rows = (tmp_path / "b.csv").read_text().splitlines()
    assert rows[0].startswith("bus,name,lat,lon,firm_mw")
    assert rows[5].startswith(f"{first['bus']},{first['name']},30.5,-90.0,{first['firm_mw']}")
    one = json.loads(run(*words, "--bus", first["name"].lower(), "--json"))
    assert one["buses"][0]["bus"] == first["bus"]
    near = json.loads(
        run(*words, "--near", "31.0,-90.0", "--table", tmp_path / "b.geojson", "--json")
    )
    assert near["tables"]["top"]["rows"][0][-1] == 0.0
    places = json.loads((tmp_path / "b.geojson").read_text())
    assert places["features"][4]["geometry"]["coordinates"] == [-90.0, 30.5]
    with pytest.raises(DataError, match="no coordinates"):
        run("capacity", "case39", "--table", tmp_path / "c.geojson")
    with pytest.raises(DataError, match="no coordinates"):
        run("capacity", "case39", "--near", "31,-90")
    with pytest.raises(RangeError, match="LAT,LON"):
        run("capacity", "case39", "--near", "here")
    with pytest.raises(RangeError, match="ends in none of"):
        run("capacity", "case39", "--table", tmp_path / "c.xls")
    with pytest.raises(UnknownNameError, match="Nowhere"):
        run("capacity", "ACTIVSg200", "--bus", "Nowhere")
