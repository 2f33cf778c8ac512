"""What the grid command adds to fixed shares: keys, sayings, sites, shares, hours."""

import importlib.util
import json
from types import SimpleNamespace

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from taotie.answer import capacity_shown
from taotie.answer.answer import Answer, Column, Table
from taotie.answer.capacity_more import More, hours_of, shares_of, sites
from taotie.answer.capacity_shown import capacity_picture
from taotie.answer.table_file import write_bus_table
from taotie.app.cli.grid import register
from taotie.errors import DataError, RangeError
from taotie.grid.capacity.redispatch import redispatched_capacity
from taotie.grid.case.case import read_case
from taotie.words.said import Said


def _said(*words):
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    done = CliRunner().invoke(app, ["grid", *words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def _json(*words):
    return json.loads(_said(*words, "--json"))


def test_published_keys_of_redispatch():
    answer = _json("capacity", "case30", "--dispatch", "file", "--redispatch")
    right = redispatched_capacity(read_case("case30"))
    assert [bus["bus"] for bus in answer["buses"]] == right.case.bus_number.tolist()
    got = np.array([bus["redispatch_mw"] for bus in answer["buses"]])
    assert got == pytest.approx(right.capacity_mw, abs=1e-6)
    one = answer["buses"][7]
    assert one["firm_mw"] == one["redispatch_mw"]
    assert {
        "bus",
        "name",
        "lat",
        "lon",
        "strict_mw",
        "margin_mw",
        "cutoff_mw",
        "n0_mw",
        "fixed_share_mw",
    } <= set(one)
    assert set(one["binds"]) == {"branch", "outage"}
    assert one["moved"][0].keys() == {"units", "bus", "mw"}
    assert abs(one["bound_mw"] - one["redispatch_mw"]) < 1e-6
    assert "redispatch" in answer["seconds"]
    assert any(s["code"] == "firm_is_redispatched" for s in answer["said"])


def test_published_one_bus_with_cost():
    answer = _json("capacity", "case30", "--dispatch", "file", "--redispatch", "--bus", "8")
    (bus,) = answer["buses"]
    assert bus["bus"] == 8
    assert set(bus["cost_usd_per_mwh"]) == {"50%", "95%"}


def test_published_no_secure_dispatch_is_said():
    answer = _json("capacity", "RTS_GMLC", "--dispatch", "file", "--redispatch", "--bus", "101")
    (told,) = [s for s in answer["said"] if s["code"] == "no_secure_dispatch"]
    assert "4 branches" in told["text"]


def test_worked_table_has_a_column_for_each_share(tmp_path):
    """Shares and costs stand in mappings of a bus, costs at the best buses only: none is lost on the way to a file."""
    buses = [
        {"bus": 1, "binds": {"branch": "1-2", "outage": None}, "curtailable_mw": {"0": 5.0, "0.01": 7.5}},
        {"bus": 2, "binds": {"branch": "1-2", "outage": "2-3"}, "curtailable_mw": {"0": 6.0, "0.01": 8.0},
         "cost_usd_per_mwh": {"50%": 3.5, "95%": None}},
    ]  # fmt: skip
    path = tmp_path / "buses.csv"
    write_bus_table(buses, path)
    assert path.read_text().splitlines() == [
        "bus,binds_branch,binds_outage,curtailable_mw_0,curtailable_mw_0.01,cost_usd_per_mwh_50%,cost_usd_per_mwh_95%",
        "1,1-2,,5.0,7.5,,",
        "2,1-2,2-3,6.0,8.0,3.5,",
    ]


@pytest.mark.slow  # 20 s of compiling
def test_published_curtailable_from_a_file(tmp_path):
    case = read_case("case30")
    head = case.bus_number[case.load_mw != 0]
    load = case.load_mw[case.load_mw != 0]
    lines = [",".join(map(str, head))]
    lines += [",".join(f"{x * f:.6f}" for x in load) for f in (1.0, 0.9, 0.8, 0.95)]
    path = tmp_path / "hours.csv"
    path.write_text("\n".join(lines))
    words = ["--dispatch", "file", "--bus", "8", "--hours", str(path), "--curtail", "0,5%,20%"]
    for more in ([], ["--redispatch"]):
        (bus,) = _json("capacity", "case30", *words, *more)["buses"]
        got = bus["curtailable_mw"]
        assert list(got) == ["0", "0.05", "0.2"]
        assert got["0"] <= got["0.05"] <= got["0.2"]
        if more:
            assert got["0"] <= bus["redispatch_mw"] + 1e-6 or got["0"] > 0


def test_matches_sites_on_the_command_line():
    answer = _json("sites", "case30", "-b", "8", "-b", "21")
    assert answer["total_mw"] == pytest.approx(sum(s["load_mw"] for s in answer["sites"]))
    assert answer["bound_mw"] == pytest.approx(answer["total_mw"], abs=1e-6)
    assert answer["total_mw"] >= max(s["alone_mw"] for s in answer["sites"]) - 1e-6
    assert "2 buses take" in _said("sites", "case30", "-b", "8", "-b", "21")


@pytest.mark.skipif(
    importlib.util.find_spec("lightsim2grid") is None,
    reason="lightsim2grid (extra ac) is not installed",
)
def test_published_ac_keys():
    answer = _json("capacity", "case30", "--dispatch", "file", "--redispatch", "--ac", "--bus", "8")
    (bus,) = answer["buses"]
    assert 0 <= bus["ac_mw"] <= bus["redispatch_mw"] + 1e-6
    assert bus["ac"]["outages_solved"] + bus["ac"]["outages_foretold"] > 0


def test_worked_shares():
    assert shares_of("0,0.25%，5%") == (0.0, 0.0025, 0.05)
    assert not More().asked
    for text in ("half", "100%", "-1%", ","):
        with pytest.raises(RangeError, match="--curtail"):
            shares_of(text)


def test_error_hours_and_sites(tmp_path):
    case = read_case("case30")
    with pytest.raises(DataError, match="is not there"):
        hours_of(case, str(tmp_path / "none.csv"))
    path = tmp_path / "one.csv"
    path.write_text("8\n30\n")
    with pytest.raises(DataError, match="buses that have a load"):
        hours_of(case, str(path))
    path.write_text("bus\nx\n")
    with pytest.raises(DataError, match="first row of bus numbers"):
        hours_of(case, str(path))
    with pytest.raises(RangeError, match="each bus once"):
        sites(case, [8, 8])
    with pytest.raises(RangeError, match="1 largest loads"):
        sites(case, [8, 21], [10.0])


@pytest.mark.parametrize(
    "text", ["1e308", "1e308GW", "20000 GW", f"{10**12}xh100", "9" * 40 + "xh100"]
)
def test_error_a_load_beyond_the_world(text: str) -> None:
    from taotie.answer.load import load_mw

    with pytest.raises(RangeError, match=r"all power stations of the world|is not a load"):
        load_mw(text)


def test_worked_the_picture_is_of_what_was_answered(tmp_path):
    """Places of the file that was given, names of the best buses with what they take, and each thing said."""
    case = read_case("case5")
    places = tmp_path / "places.csv"
    places.write_text(
        "bus_id,lat,lon\n" + "".join(f"{n},{40 + n},{-100 - n}\n" for n in range(1, 6))
    )
    top = Table(
        (Column("bus"), Column("name"), Column("firm_mw")), ((4, "Sundance", 80.0), (2, "", 30.5))
    )
    said = (Said("x", "one thing"),)
    found = SimpleNamespace(case=case)
    detail = SimpleNamespace(found=found, coordinates=places, load_mw=150.0, contingencies="table")
    made = capacity_picture(Answer("capacity", tables={"top": top}, said=said, detail=detail))
    assert made.best == (("4 Sundance", 80.0), ("2", 30.5))
    assert made.capacity is found
    assert (made.load_mw, made.outages, made.said) == (150.0, "table", said)
    assert made.drawn.geographic
    assert made.drawn.x.tolist() == [-101, -102, -103, -104, -105]
    assert made.drawn.y.tolist() == [41, 42, 43, 44, 45]


def test_worked_without_a_file_places_are_those_of_the_publisher(monkeypatch):
    seen = []
    monkeypatch.setattr(
        capacity_shown, "grid_picture", lambda *a, **k: seen.append((a, k)) or "drawn"
    )
    top = Table((Column("bus"), Column("name"), Column("firm_mw")), ())
    detail = SimpleNamespace(
        found=SimpleNamespace(case="c"), coordinates=None, load_mw=None, contingencies="all"
    )
    made = capacity_picture(Answer("capacity", tables={"top": top}, detail=detail))
    assert seen == [(("c", None), {"registered": True})]
    assert (made.drawn, made.load_mw, made.best) == ("drawn", None, ())
