"""The least-cost mix against an independent model written with linopy; needs the package, which is no dependency."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.grid.supply.matching import SupplyProblem, solve_supply
from taotie.grid.supply.series import synthetic_year
from taotie.grid.supply.technology import technologies, technology


@pytest.mark.parametrize("score", [0.0, 0.7, 0.95])
@pytest.mark.parametrize("seed", [1, 5])
def test_matches_linopy(score, seed):
    linopy = pytest.importorskip("linopy", reason="the package linopy is not installed")
    xarray = pytest.importorskip("xarray", reason="the package xarray is not installed")
    n = 24 * 21
    year = synthetic_year(seed, hours=24 * 40)
    wind, sun = year.values["wind_cf"][:n], year.values["pv_cf"][:n]
    price = 60 + 20 * np.sin(np.arange(n) / 5)
    clean = np.full(n, 0.2)
    names = ("wind", "pv", "battery", "hydrogen", "gas", "nuclear")
    load = 100 + 20 * np.cos(np.arange(n) / 24)
    ours = solve_supply(
        SupplyProblem(load, 1.0, {"wind": wind, "pv": sun}, technologies(names, "eu2030"), price, 400 + 0 * price, clean),
        score,
    )  # fmt: skip

    m = linopy.Model()
    t = [np.arange(n)]

    def series(values):
        return xarray.DataArray(values, coords={"t": t[0]}, dims=["t"])

    def row(name):
        return m.add_variables(lower=0, coords=t, dims=["t"], name=name)

    def size(name):
        return m.add_variables(lower=0, name=name)

    year_share = n / 8760
    tech = {k: technology(k, "eu2030") for k in names}
    x = {k: size(k) for k in ("wind", "pv", "gas", "nuclear")}
    grid, curtailed = row("grid"), row("curtailed")
    gas, nuclear = row("gas_out"), row("nuclear_out")
    cost = sum(tech[k].fixed_cost * year_share * x[k] for k in x)
    cost = cost + (series(price) * grid).sum() + tech["gas"].running_cost * gas.sum() + tech["nuclear"].running_cost * nuclear.sum()  # fmt: skip
    m.add_constraints(gas - tech["gas"].availability * x["gas"] <= 0)
    m.add_constraints(nuclear - tech["nuclear"].availability * x["nuclear"] <= 0)
    total = grid - curtailed + gas + nuclear + series(wind) * x["wind"] + series(sun) * x["pv"]
    for k in ("battery", "hydrogen"):
        s = tech[k]
        into, out, level = row(f"{k}_in"), row(f"{k}_out"), row(f"{k}_level")
        p_in, room = size(f"{k}_p_in"), size(f"{k}_room")
        p_out = p_in if s.one_converter else size(f"{k}_p_out")
        m.add_constraints(into - p_in <= 0)
        m.add_constraints(out - p_out <= 0)
        m.add_constraints(level - room <= 0)
        m.add_constraints(level - level.roll(t=1) - s.efficiency_in * into + out / s.efficiency_out == 0)  # fmt: skip
        cost = cost + year_share * (s.in_cost * p_in + s.energy_cost * room)
        if not s.one_converter:
            cost = cost + year_share * s.out_cost * p_out
        total = total + out - into
    m.add_constraints(total == series(load))
    m.add_constraints((series(1 - clean) * grid).sum() + gas.sum() <= (1 - score) * load.sum())
    m.add_objective(cost)
    m.solve(solver_name="highs", io_api="direct", output_flag=False)
    theirs = m.objective.value / load.sum()
    assert ours.cost_per_mwh == pytest.approx(theirs, rel=1e-6)
