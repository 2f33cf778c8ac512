"""Carbon at the bus by hour: two units whose turn is known by hand, and what is said where no fuel is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taotie.answer.study import run
from taotie.errors import StudyError

CASE = """function mpc = two
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
 1 3 0 0 0 0 1 1 0 230 1 1.1 0.9;
 2 1 90 0 0 0 1 1 0 230 1 1.1 0.9;
];
mpc.gen = [
 1 90 0 50 -50 1 100 1 100 20;
 1 0 0 50 -50 1 100 1 100 0;
];
mpc.branch = [1 2 0 0.1 0 400 400 400 0 0 1 -360 360];
mpc.gencost = [
 2 0 0 2 10 0;
 2 0 0 2 20 0;
];
FUELS
"""
STUDY = """
title = "a campus"
samples = 200
[workload]
kind = "campus"
power = "4 MW"
daily_shape = [1,1,1,1,1,1,1,1,1,1,1,1,2,1,1,1,1,1,1,1,1,1,1,1]
[grid]
case = "two.m"
bus = 2
"""


def _run(folder: Path, more: str, fuels: str = "mpc.genfuel = {'coal'; 'ng'};"):
    (folder / "two.m").write_text(CASE.replace("FUELS", fuels), "utf-8")
    rows = ["2", *(["90"] * 12), "150", *(["10"] * 11)]
    (folder / "hours.csv").write_text("\n".join(rows), "utf-8")
    (folder / "s.toml").write_text(STUDY + more, "utf-8")
    return run(folder / "s.toml")


def test_worked_coal_answers_below_100_mw_and_gas_above(tmp_path):
    """At noon 150 MW: coal full, gas answers (490 g/kWh); else coal does (820), at 10 MW below its minimum."""
    made = _run(tmp_path, 'hours = "0:24"\nloads = "hours.csv"\n')
    average, marginal = (
        np.asarray(made.series[f"bus_carbon_{k}"].percentiles()[1]) for k in ("average", "marginal")
    )
    assert marginal.round(6).tolist() == [820] * 12 + [490] + [820] * 11
    table = made.tables["carbon_by_hour"]
    load = np.array(table.column("load_mw"))
    noon = (100 * 820 + (50 + load[12]) * 490) / (150 + load[12])
    assert average[[0, 12, 20]] == pytest.approx([820, noon, 820])
    assert table.column("hour") == list(range(24))
    assert table.column("marginal_g_per_kwh") == pytest.approx(marginal)
    mean = made.figures["bus_carbon_marginal"]
    assert mean.p50 == pytest.approx(float(load @ marginal / load.sum()))
    assert mean.unit == "gCO2e/kWh"
    assert made.figures["bus_carbon_average"].p50 == pytest.approx(
        float(load @ average / load.sum())
    )
    energy = made.figures["annual_energy_grid"].to("MWh/a").p50
    assert made.figures["bus_emissions_marginal"].to("tCO2e").p50 == pytest.approx(
        energy * mean.p50 / 1000, rel=1e-3
    )
    assert "dcrl_lifecycle_factors" in made.sources
    assert {"bus_carbon", "hours.whole_output"} <= {s.code for s in made.said}
    assert {"bus_carbon_average", "bus_carbon_marginal"} <= set(made.show)


def test_error_no_fuels_no_hours_and_a_load_the_grid_cannot_serve(tmp_path):
    quiet = _run(tmp_path, 'hours = "0:2"\nloads = "hours.csv"\n', fuels="")
    assert "no_fuels" in {s.code for s in quiet.said}
    assert not quiet.tables
    assert not [k for k in quiet.figures if k.startswith("bus_carbon")]
    for more, what in (
        ('hours = "0:24"\n', "no hourly loads are shipped for two"),
        ('hours = "48:60"\nloads = "hours.csv"\n', "holds no hour"),
        ('hours = "11:13"\n', "do not begin at midnight"),
        ('hours = "x"\nloads = "hours.csv"\n', "no run of hours"),
    ):
        with pytest.raises(StudyError, match=what):
            _run(tmp_path, more)
    with pytest.raises(StudyError, match="in 1 of 24 hours the grid cannot serve"):
        _run_large(tmp_path)


def _run_large(folder: Path):
    text = STUDY.replace('"4 MW"', '"130 MW"') + 'hours = "0:24"\nloads = "hours.csv"\n'
    (folder / "s.toml").write_text(text, "utf-8")
    return run(folder / "s.toml")
