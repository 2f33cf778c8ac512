"""One hour's dispatch of two buses, worked by hand: what each state tells of cost, prices, lines, fuels and carbon.

A coal unit of 100 MW at bus 1 makes a MWh for 10 USD, a gas unit of 60 MW at bus 2 for 40 USD; all load is at bus 2,
and the one line between them carries as much as a test says.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from taotie.answer.dispatch import dispatch
from taotie.quantity.catalog import table

FUELS = "mpc.genfuel = {'coal'; 'gas'};"


def grid(folder: Path, load: float, rating: float, angle: float = 360.0, fuels: str = FUELS) -> str:
    path = folder / "two.m"
    path.write_text(
        f"""function mpc = two
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
1 3 0 0 0 0 1 1 0 230 1 1.1 0.9;
2 1 {load} 0 0 0 1 1 0 230 1 1.1 0.9;
];
mpc.gen = [
1 0 0 0 0 1 100 1 100 0;
2 0 0 0 0 1 100 1 60 0;
];
mpc.branch = [
1 2 0 0.1 0 {rating} 0 0 0 0 1 -360 {angle};
];
mpc.gencost = [
2 0 0 2 10 0;
2 0 0 2 40 0;
];
{fuels}
""",
        "utf-8",
    )
    return str(path)


def factor(fuel: str) -> float:
    return float(str(table("emission_factors").value(fuel, "life_cycle")))


def test_worked_a_full_line_before_and_after_a_load(tmp_path: Path) -> None:
    """Of 80 MW the line brings 50, gas makes 30; ten more are gas alone."""
    made = dispatch(grid(tmp_path, 80, 50), bus=2, load_mw=10.0)
    before, after = made.own["before"], made.own["after"]
    assert before["cost_usd_per_h"] == pytest.approx(50 * 10 + 30 * 40)
    assert after["cost_usd_per_h"] == pytest.approx(50 * 10 + 40 * 40)
    prices = {"lowest": 10.0, "median": 25.0, "highest": 40.0, "at_bus": 40.0}
    assert before["price_usd_per_mwh"] == pytest.approx(prices)
    assert before["congested"] == [{"branch": "1-2", "outage": None}]
    assert before["at_angle_limit"] == []
    assert before["at_kink"] is False
    assert "last_price_usd_per_mwh" not in before
    assert before["shed_mw"] == pytest.approx(0.0, abs=1e-9)
    assert before["fuels"] == {"coal": 0.625, "gas": 0.375}
    coal, gas = factor("coal"), factor("gas")
    assert before["average_g_per_kwh"] == pytest.approx((50 * coal + 30 * gas) / 80)
    assert after["average_g_per_kwh"] == pytest.approx((50 * coal + 40 * gas) / 90)
    assert before["marginal_g_per_kwh_at_bus"] == pytest.approx(gas)
    assert made.tables["states"].column("average_g_per_kwh") == [before["average_g_per_kwh"], after["average_g_per_kwh"]]  # fmt: skip
    assert made.tables["states"].column("full_branches") == [1, 1]


def test_worked_at_the_other_end_one_more_is_coal(tmp_path: Path) -> None:
    made = dispatch(grid(tmp_path, 80, 50), bus=1, load_mw=10.0)
    assert made.own["before"]["price_usd_per_mwh"]["at_bus"] == pytest.approx(10)
    assert made.own["before"]["marginal_g_per_kwh_at_bus"] == pytest.approx(factor("coal"))
    assert made.own["after"]["cost_usd_per_h"] == pytest.approx(60 * 10 + 30 * 40)


def test_worked_without_a_bus_or_fuels_nothing_is_said_of_them(tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    made = dispatch(grid(tmp_path, 80, 50)).own["before"]
    assert made["marginal_g_per_kwh_at_bus"] is None
    assert made["price_usd_per_mwh"]["at_bus"] is None
    assert made["average_g_per_kwh"] > 0
    bare = dispatch(grid(tmp_path / "bare", 80, 50, fuels=""))
    assert bare.own["before"]["fuels"] == {}
    assert not {"average_g_per_kwh", "marginal_g_per_kwh_at_bus"} & set(bare.own["before"])
    assert bare.tables["states"].column("average_g_per_kwh") == [None]


def test_worked_at_a_kink_both_prices_are_told(tmp_path: Path) -> None:
    """Coal is used up by just 100 MW: the last MWh cost 10 USD, the next costs 40."""
    found = dispatch(grid(tmp_path, 95, 500), bus=2, load_mw=5.0)
    assert "last_price_usd_per_mwh" not in found.own["before"]
    made = found.own["after"]
    assert made["at_kink"] is True
    assert made["price_usd_per_mwh"] == pytest.approx(dict.fromkeys(("lowest", "median", "highest", "at_bus"), 40))  # fmt: skip
    assert made["last_price_usd_per_mwh"] == pytest.approx(dict.fromkeys(("lowest", "median", "highest", "at_bus"), 10))  # fmt: skip
    assert made["congested"] == []


def test_worked_an_angle_limit_binds_in_place_of_a_rating(tmp_path: Path) -> None:
    """50 MW over 0.1 per unit of 100 MVA are 0.05 rad."""
    made = dispatch(grid(tmp_path, 80, 0, math.degrees(0.05))).own["before"]
    assert made["at_angle_limit"] == ["1-2"]
    assert made["congested"] == []
    assert made["cost_usd_per_h"] == pytest.approx(50 * 10 + 30 * 40, rel=1e-6)


def test_worked_load_that_nobody_serves_is_shed(tmp_path: Path) -> None:
    """Of 200 MW, 50 come over the line and 60 from gas."""
    made: Any = dispatch(grid(tmp_path, 200, 50), value_of_lost_load=5000.0)
    assert made.own["before"]["shed_mw"] == pytest.approx(90)
    assert made.own["before"]["cost_usd_per_h"] == pytest.approx(50 * 10 + 60 * 40 + 90 * 5000)
    (told,) = [one.text("en") for one in made.said if one.code == "shed"]
    assert told == "before: 90.0 MW of load are shed, at bus 2 (90.0 MW)"


def test_worked_hours_that_shed_are_counted(tmp_path: Path) -> None:
    """80 MW are served; of 150 and 200 MW, 110 are: 40 and 90 MWh are shed in two hours."""
    (tmp_path / "hours.csv").write_text("1,2\n0,80\n0,150\n0,200\n", "utf-8")
    made = dispatch(grid(tmp_path, 80, 50), hours=str(tmp_path / "hours.csv"))
    (told,) = [one.text("en") for one in made.said if one.code == "hours_shed"]
    assert told == "before: load is shed in 2 hours, 130.0 MWh in all"
    served = (50 * 10 + 30 * 40) + 2 * (50 * 10 + 60 * 40) + 130 * 9000
    assert made.own["before"]["cost_usd"] == pytest.approx(served)
