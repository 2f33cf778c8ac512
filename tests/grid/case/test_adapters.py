"""Grids from and to other programs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from taotie.errors import MissingExtraError
from taotie.grid.case.adapters import case_from_pandapower, case_from_pypsa, case_to_pypsa
from taotie.grid.case.case import read_case
from taotie.grid.case.write_grid import write_grid
from taotie.grid.dispatch.optimal import optimal_dispatch
from taotie.grid.dispatch.unit_cost import unit_cost_usd_per_h
from taotie.grid.flow.ac_power_flow import AcGrid
from taotie.grid.flow.dc_power_flow import branch_flow_mw, dc_model, ptdf
from taotie.grid.flow.placed_load import case_with_load

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


@pytest.mark.skipif(pandapower is None, reason="pandapower is not installed: make extras runs this")
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
    # no losses left: what is missing goes to the slack over there, to the units by Pmax here
    demand = case.bus[:, 2].sum() + case.bus[:, 4].sum()
    case = case.with_dispatch(case.gen[:, 1] * demand / case.gen[case.gen_on, 1].sum())
    network = case_to_pypsa(case)
    back = case_from_pypsa(case_to_pypsa(case, keep_dispatch=True))
    assert branch_flow_mw(back) == pytest.approx(branch_flow_mw(case), abs=1e-6)
    network.optimize(solver_name="highs", solver_options={"output_flag": False})
    constant = sum(
        row[4 + int(row[3]) - 1] for row, on in zip(case.gencost, case.gen_on, strict=True) if on
    )
    best = optimal_dispatch(case)
    assert network.objective + constant == pytest.approx(best.cost_usd_per_h, rel=1e-6)


@pytest.mark.skipif(pandapower is None, reason="pandapower is not installed: make extras runs this")
@pytest.mark.parametrize("name", ["case24_ieee_rts", "ACTIVSg200"])
def test_matches_units_after_pandapower_file(tmp_path, name):
    """Further units at a bus are static generators over there: they come back with limits, cost and state."""
    case = read_case(name)
    gen, cost = case.gen.copy(), np.zeros((case.n_gen, 10))
    gen[[1, 4, 7], 7] = 0
    cost[:, : case.gencost.shape[1]] = case.gencost
    cost[3] = [1, 0, 0, 3, 0, 0, 10, 200, 400, 9000]
    case = replace(case, gen=gen, gencost=cost)
    write_grid(case, tmp_path / "case.json")
    back = read_case(str(tmp_path / "case.json"))
    assert back.total_load_mw == pytest.approx(case.total_load_mw)

    def units(one):
        """Bus, limits, state, and cost at three outputs of every unit, in an order of their own."""
        at = [
            unit_cost_usd_per_h(one, np.full(one.n_gen, mw), np.ones(one.n_gen))
            for mw in (0, 5, 300)
        ]
        table = np.c_[one.gen_row, one.gen[:, [8, 9, 3, 4, 7]], np.array(at).T]
        return table[np.lexsort(table.T[::-1].round(6))]

    assert units(back) == pytest.approx(units(case), rel=1e-9, abs=1e-6)


def _written(tmp_path, ending, name="case24_ieee_rts"):
    """A case with a load placed, and the same read back from a file of another program."""
    placed = case_with_load(read_case(name), read_case(name).bus_number[3], 25.0)
    write_grid(placed, tmp_path / f"placed{ending}")
    return placed, read_case(str(tmp_path / f"placed{ending}"))


def test_matches_the_response_of_a_placed_load(tmp_path):
    case = read_case("case24_ieee_rts")
    island = dc_model(case).islands[0]
    placed, back = _written(tmp_path, ".mat")
    moved = branch_flow_mw(placed) - branch_flow_mw(case)
    assert moved == pytest.approx(-25.0 * ptdf(island)[:, 3], abs=1e-9)
    assert branch_flow_mw(back) == pytest.approx(branch_flow_mw(placed), abs=1e-9)
    assert back.rate_a_mw == pytest.approx(placed.rate_a_mw)
    assert placed.gen[placed.gen_on, 1].sum() == pytest.approx(placed.load_mw.sum(), abs=1e-9)


@pytest.mark.skipif(pypsa is None, reason="PyPSA is not installed")
def test_matches_pypsa_file(tmp_path):
    placed, back = _written(tmp_path, ".nc")
    assert branch_flow_mw(back) == pytest.approx(branch_flow_mw(placed), abs=1e-6)


@pytest.mark.skipif(pandapower is None, reason="pandapower is not installed: make extras runs this")
@pytest.mark.parametrize("name", ["case24_ieee_rts", "ACTIVSg200"])
def test_matches_pandapower_file(tmp_path, name):
    placed, back = _written(tmp_path, ".json", name)
    ours, theirs = (np.sort(np.abs(branch_flow_mw(one))) for one in (placed, back))
    assert theirs == pytest.approx(ours, abs=1e-6)
