"""Grids from and to other programs."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.errors import MissingExtraError
from taotie.grid.case.adapters import case_from_pandapower, case_from_pypsa, case_to_pypsa
from taotie.grid.case.case import read_case
from taotie.grid.dispatch.optimal import optimal_dispatch
from taotie.grid.flow.ac_power_flow import AcGrid
from taotie.grid.flow.dc_power_flow import branch_flow_mw

try:
    import pandapower
except ImportError:
    pandapower = None
try:
    import pypsa
except ImportError:
    pypsa = None


@pytest.mark.skipif(pandapower is not None, reason="pandapower is installed")
def test_error_pandapower_missing():
    with pytest.raises(MissingExtraError, match="pandapower"):
        case_from_pandapower(None)


@pytest.mark.skipif(pypsa is not None, reason="PyPSA is installed")
def test_error_pypsa_missing():
    with pytest.raises(MissingExtraError, match="pypsa"):
        case_to_pypsa(read_case("case5"))


@pytest.mark.skipif(pandapower is None, reason="pandapower is not installed")
def test_matches_flows_after_pandapower():
    case = read_case("case24_ieee_rts")
    demand = case.bus[:, 2].sum() + case.bus[:, 4].sum()
    case = case.with_dispatch(case.gen[:, 1] * demand / case.gen[:, 1].sum())  # no losses left
    back = case_from_pandapower(AcGrid(case).net)
    assert back.n_bus == case.n_bus
    assert back.total_load_mw == pytest.approx(case.total_load_mw)
    ours = np.sort(np.abs(branch_flow_mw(case)))
    assert np.sort(np.abs(branch_flow_mw(back))) == pytest.approx(ours, abs=1e-6)


@pytest.mark.skipif(pypsa is None, reason="PyPSA is not installed")
@pytest.mark.parametrize("name", ["case5", "case39", "case9"])
def test_matches_pypsa_round_trip_and_optimum(name):
    case = read_case(name)
    network = case_to_pypsa(case)
    back = case_from_pypsa(case_to_pypsa(case, keep_dispatch=True))
    assert branch_flow_mw(back) == pytest.approx(branch_flow_mw(case), abs=1e-6)
    network.optimize(solver_name="highs", solver_options={"output_flag": False})
    constant = sum(
        row[4 + int(row[3]) - 1] for row, on in zip(case.gencost, case.gen_on, strict=True) if on
    )
    best = optimal_dispatch(case)
    assert network.objective + constant == pytest.approx(best.cost_usd_per_h, rel=1e-6)
