"""Tables in files: the same rows whatever the ending, what has no place left out, what cannot be written refused whole."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.table_file import write_bus_table, write_tables
from taotie.errors import DataError, MissingExtraError, RangeError
from taotie.quantity.figure import leaf

FIGURE = leaf("power", low=1.0, high=3.0, unit="MW", boundary="facility", kind="assumed", note="x", label={"en": "Power", "zh": "功率"})  # fmt: skip
PLACES = Table(
    (Column("bus"), Column("lat"), Column("lon"), Column("name")),
    ((1, 40.0, -100.0, "a'b"), (2, None, -90.0, "名"), (3, 41.5, None, None), (4, 0.0, 0.0, "z")),
)
NOTHING = Table((Column("bus"),), ())


def read(path: Path) -> list[dict[str, Any]]:
    """Rows of a written file, texts of a CSV as they are."""
    if path.suffix == ".csv":
        return list(csv.DictReader(path.read_text("utf-8").splitlines()))
    if path.suffix == ".json":
        return json.loads(path.read_text("utf-8"))
    import duckdb

    found = duckdb.read_parquet(str(path))
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


@pytest.mark.parametrize("ending", ["csv", "json", "parquet", "CSV"])
def test_matches_the_answer_in_every_format(ending: str, tmp_path: Path) -> None:
    if ending == "parquet":
        pytest.importorskip("duckdb", reason="Parquet is written by the extra `data`")
    folder = tmp_path / "it's here"
    folder.mkdir()
    answer = Answer("example", figures={"power": FIGURE}, tables={"places": PLACES, "none": NOTHING})  # fmt: skip
    places = write_tables(answer, folder / f"t.{ending}")
    assert [p.name for p in places] == [f"t.{ending}", f"t.places.{ending}"]
    if ending == "CSV":
        return
    first, second = (read(p) for p in places)
    value = FIGURE.value
    wanted = {"key": "power", "name": "Power", "p05": value.p05, "p50": value.p50, "p95": value.p95, "mean": value.mean, "unit": "MW", "boundary": "facility", "kind": "assumed"}  # fmt: skip
    text = ending == "csv"
    assert first == [{k: str(v) for k, v in wanted.items()} if text else pytest.approx(wanted)]
    rows = PLACES.records()
    if text:
        rows = [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows]
    assert second == rows


def test_worked_a_table_alone_is_the_file(tmp_path: Path) -> None:
    answer = Answer("example", tables={"none": NOTHING, "places": PLACES, "more": PLACES.without("lat")})  # fmt: skip
    written = write_tables(answer, tmp_path / "t.json")
    assert [p.name for p in written] == ["t.json", "t.more.json"]
    assert (tmp_path / "t.json").read_text("utf-8") == json.dumps(PLACES.records(), ensure_ascii=False, indent=1) + "\n"  # fmt: skip


def test_worked_places_are_points_with_the_rest_as_properties(tmp_path: Path) -> None:
    answer = Answer("example", tables={"places": PLACES, "more": PLACES})
    assert write_tables(answer, tmp_path / "t.geojson") == (tmp_path / "t.geojson",)
    assert json.loads((tmp_path / "t.geojson").read_text("utf-8")) == {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": {"type": "Point", "coordinates": [-100.0, 40.0]}, "properties": {"bus": 1, "name": "a'b"}},
            {"type": "Feature", "geometry": {"type": "Point", "coordinates": [0.0, 0.0]}, "properties": {"bus": 4, "name": "z"}},
        ],
    }  # fmt: skip
    assert "名" not in (tmp_path / "t.geojson").read_text("utf-8")


def test_worked_buses_are_flat_rows(tmp_path: Path) -> None:
    buses = [
        {"bus": 1, "binds": {"branch": "1-2", "outage": None}, "curtailable_mw": {"0.01": 5.0, "0.05": 7.0}, "cost_usd_per_mwh": {"50%": 3.0}, "moved": [{"mw": 1}], "binding": {"branch": "x"}, "name": "a"},
        {"bus": 2, "more": 1},
    ]  # fmt: skip
    write_bus_table(buses, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text("utf-8").splitlines() == [
        "bus,binds_branch,binds_outage,curtailable_mw_0.01,curtailable_mw_0.05,cost_usd_per_mwh_50%,name,more",
        "1,1-2,,5.0,7.0,3.0,a,",
        "2,,,,,,,1",
    ]  # fmt: skip
    write_bus_table([], tmp_path / "none.csv")
    assert (tmp_path / "none.csv").read_text("utf-8") == "bus\n"


def test_error_what_cannot_be_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RangeError, match=r"example has no figures and no tables\.") as empty:
        write_tables(Answer("example", tables={"none": NOTHING}), tmp_path / "t.csv")
    assert empty.value.hint == "--json"
    answer = Answer("example", tables={"places": PLACES.without("lat")})
    with pytest.raises(RangeError, match=r"--table t\.xls ends in none of \.csv, \.parquet, \.json, \.geojson\.") as ending:  # fmt: skip
        write_tables(answer, tmp_path / "t.xls")
    assert ending.value.hint == "--table table.csv"
    with pytest.raises(DataError, match="the case has no coordinates of its buses") as places:
        write_tables(answer, tmp_path / "t.geojson")
    assert places.value.hint == "give --coordinates FILE with the columns bus_id,lat,lon, or write a .csv."  # fmt: skip
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    with pytest.raises(MissingExtraError) as missing:
        write_tables(answer, tmp_path / "t.parquet")
    assert "duckdb" in missing.value.message
    assert "data" in missing.value.hint
    assert not list(tmp_path.iterdir())


def test_worked_names_in_other_scripts_stand_as_they_are_in_every_text_format(
    tmp_path: Path,
) -> None:
    """Not as \\u escapes: a person opens these files too."""
    place = Table((Column("name"), Column("lat"), Column("lon")), (("上海", 31.2, 121.5),))
    for ending in ("geojson", "json", "csv"):
        write_tables(Answer("example", tables={"p": place}), tmp_path / f"t.{ending}")
        assert "上海" in (tmp_path / f"t.{ending}").read_text("utf-8")
    assert (tmp_path / "t.geojson").read_text("utf-8") == (
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Point", '
        '"coordinates": [121.5, 31.2]}, "properties": {"name": "上海"}}]}'
    )
