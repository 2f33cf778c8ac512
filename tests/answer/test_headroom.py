"""Headroom of regions by name: the name people use finds the area of a file, or the files of Form EIA-930.

Demand is 100 MW in one hour of four and 60 MW else, so room is 0 or 40 MW: a load of x MW above 40 loses
(x / 4 + 3 (x - 40) / 4) / x = 1 - 30 / x of its energy, which is 40 % for 50 MW.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taotie.answer import headroom as asked
from taotie.answer.headroom import headroom
from taotie.errors import UnknownNameError
from taotie.grid.headroom import HourlyDemand


def demand(*areas: str) -> HourlyDemand:
    """A year of two kinds of hours: at 100 MW one in four, at 60 MW else; the second area ten times that."""
    hours = 8760
    one = np.where(np.arange(hours) % 4 == 0, 100.0, 60.0)
    month = np.arange(hours) // 730 + 1
    values = np.column_stack([one * 10**i for i in range(len(areas))])
    return HourlyDemand(areas, np.full(hours, 2023), month, values, 1.0, np.arange(hours) % 24)


def test_worked_an_area_by_the_name_people_use() -> None:
    """ERCOT is ERCO in such files."""
    made = headroom(demand("ERCO", "PJM"), ["ERCOT"], limits=[0.4])
    assert [row["area"] for row in made.own["areas"]] == ["ERCO"]
    assert made.own["areas"][0]["mw"] == pytest.approx(50)
    assert made.own["areas"][0]["hours_per_year"] == pytest.approx(8760)
    assert made.settings["areas"] == ["ERCO"]
    other = headroom(demand("ERCO", "PJM"), ["pjm"], limits=[0.4])
    assert other.own["areas"][0]["mw"] == pytest.approx(500)


def test_worked_a_file_that_has_the_name_itself_is_taken_at_its_word() -> None:
    made = headroom(demand("ERCOT", "ERCO"), ["ERCOT"], limits=[0.4])
    assert [row["area"] for row in made.own["areas"]] == ["ERCOT"]
    assert made.own["areas"][0]["mw"] == pytest.approx(50)
    with pytest.raises(UnknownNameError, match="'ERCOT' is not in the demand file"):
        headroom(demand("A"), ["ERCOT"])


def test_worked_a_name_in_place_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The area's files and years are asked for; a file of that name goes first."""
    seen: list[Any] = []
    monkeypatch.setattr(asked, "demand_of_area", lambda *told: seen.append(told) or demand("ERCO"))
    monkeypatch.setattr(asked, "read_hourly_demand", lambda *told: seen.append(told) or demand("X"))
    made = headroom("ERCOT", first_year=2020, last_year=2022, limits=[0.4])
    assert seen == [("ERCO", 2020, 2022)]
    assert made.settings["demand"] == "ERCOT"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ERCOT").write_text("x", "utf-8")
    headroom("ERCOT", limits=[0.4])
    assert seen[1:] == [(Path("ERCOT"), None, None, [])]
    del seen[:]
    headroom("some.csv", ["X"], first_year=2021, limits=[0.4])
    assert seen == [(Path("some.csv"), 2021, None, ["X"])]


def test_worked_a_file_is_asked_for_the_codes_of_its_areas(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(asked, "read_hourly_demand", lambda *told: seen.append(told[3]) or demand("ERCO", "Y"))  # fmt: skip
    made = headroom("some.csv", ["ERCOT", "Y"], limits=[0.4])
    assert seen == [["ERCO", "Y"]]
    assert [row["area"] for row in made.own["areas"]] == ["ERCO", "Y"]
