"""Scenario files: what they change, and what they may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from rows import each_row
from taotie.errors import DataError, RangeError, UnitError, UnknownNameError
from taotie.fleet.forecast import FleetScenario
from taotie.fleet.scenario import read_scenario, scenario_from


def test_worked_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[fleet]\nname = "mine"\nmakers = ["amd", "nvidia"]\nmean_life = { low = 36, high = 72, unit = "month" }\n'
        '[fleet.pue]\nfigure = "taotie_fleet2026.pue"\n'
    )
    made = read_scenario(path)
    assert (made.name, made.makers) == ("mine", ("amd", "nvidia"))
    assert made.mean_life == pytest.approx((3.0, 6.0))
    assert made.pue is not None
    assert made.pue.key == "taotie_fleet2026.pue"
    assert scenario_from({}) == FleetScenario()


def test_error_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_scenario(tmp_path / "absent.toml")
    path = tmp_path / "broken.toml"
    path.write_text("[fleet\n")
    with pytest.raises(DataError, match="broken"):
        read_scenario(path)


@each_row(
    ("fields", "error", "says"),
    [
        ({"pue": 0.92}, RangeError, "DCiE"),
        ({"utilization": {"low": 0.5, "high": 1.3}}, RangeError, "utilization=1.2"),
        ({"overhead": 0.8}, RangeError, "overhead=0.8"),
        ({"horizont": 2030}, UnknownNameError, "horizon"),
        ({"horizon": "2030"}, RangeError, "horizon='2030'"),
        ({"makers": ["nvidea"]}, UnknownNameError, "nvidia"),
        ({"forms": []}, RangeError, "not a list"),
        ({"mean_life": {"low": 6, "high": 4}}, RangeError, "low <= high"),
        ({"power_limit": 30}, RangeError, "not a range"),
        ({"power_limit": {"low": 1, "high": 2, "unit": "EUR"}}, UnitError, "EUR"),
        ({"pue": {"value": 1.2, "unit": "kW"}}, UnitError, "kW"),
        ({"pue": {"figure": "devries2023.servers_2027"}}, UnitError, "server"),
    ],
)
def test_error_scenarios(fields, error, says: str) -> None:
    with pytest.raises(error, match=says):
        scenario_from(fields)
