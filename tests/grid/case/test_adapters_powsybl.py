"""Grids from and to pypowsybl, and our DC answer against its flows with branches really removed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from taotie.errors import CaseError, MissingExtraError
from taotie.grid.capacity.hosting_capacity import hosting_capacity_at_bus
from taotie.grid.case.adapters_powsybl import case_from_pypowsybl, case_to_pypowsybl
from taotie.grid.case.case import ISOLATED, Case, read_case
from taotie.grid.flow.contingency import bridges
from taotie.grid.flow.dc_power_flow import branch_flow_mw, dc_model, slack_shares

try:
    import pypowsybl
except ImportError:
    pypowsybl = None

needs_powsybl = pytest.mark.skipif(pypowsybl is None, reason="pypowsybl is not installed")


@pytest.mark.skipif(pypowsybl is not None, reason="pypowsybl is installed")
def test_error_pypowsybl_missing():
    with pytest.raises(MissingExtraError, match="pypowsybl"):
        case_to_pypowsybl(read_case("case5"))


def shares_of_units(case):
    """Part of one more MW that each unit serves in our DC model, shape (n_gen,)."""
    share = np.where(case.bus[:, 1] == ISOLATED, 0.0, slack_shares(case))
    share /= share.sum()
    count = np.bincount(case.gen_row[case.gen_on], minlength=case.n_bus)
    return share[case.gen_row] / np.maximum(count, 1)[case.gen_row] * case.gen_on


def balanced(case):
    """The case with its losses handed back, as our DC model has it: no slack is left to anyone."""
    return case.with_dispatch(
        case.gen[:, 1] - dc_model(case).handed_back_mw * shares_of_units(case)
    )


def powsybl_flows(network, n_branch):
    """Flows of pypowsybl's own DC load flow, by row of the case."""
    parameters = pypowsybl.loadflow.Parameters(distributed_slack=False)
    pypowsybl.loadflow.run_dc(network, parameters)
    flow = np.zeros(n_branch)
    for table in (
        network.get_lines(attributes=["p1"]),
        network.get_2_windings_transformers(attributes=["p1"]),
    ):
        rows = [int(name.split()[1]) - 1 for name in table.index]
        flow[rows] = np.nan_to_num(table.p1.to_numpy())
    return flow


NAMES = ["case5", "case39", "RTS_GMLC", "case300", "ACTIVSg500"]  # taps, shifts, a DC line, x < 0


@needs_powsybl
@pytest.mark.parametrize("name", NAMES)
def test_matches_dc_load_flow_of_pypowsybl(name):
    case = balanced(read_case(name))
    ours = branch_flow_mw(case)
    network = case_to_pypowsybl(case)
    assert powsybl_flows(network, case.n_branch) == pytest.approx(ours, abs=1e-6)
    back = case_from_pypowsybl(network)
    on = np.abs(ours[case.branch_on])
    assert np.sort(np.abs(branch_flow_mw(back))) == pytest.approx(np.sort(on), abs=1e-6)
    ratings = case.rate_a_mw[case.branch_on]
    assert np.sort(back.rate_a_mw) == pytest.approx(np.sort(ratings))
    assert back.gen[:, [1, 8, 9]].sum(0) == pytest.approx(
        case.gen[case.gen_on][:, [1, 8, 9]].sum(0)
    )
    drawn = case.bus[:, 2].sum() + case.bus[:, 4].sum()
    dc = case.dcline[case.dcline[:, 2] > 0]
    assert back.total_load_mw == pytest.approx(drawn + dc[:, 3].sum() - dc[:, 4].sum())


@needs_powsybl
def test_matches_what_is_out_of_service():
    """A unit and a line off, a bus isolated: the network knows them, the flows do without."""
    case = read_case("case24_ieee_rts")
    bus, gen, branch = case.bus.copy(), case.gen.copy(), case.branch.copy()
    gen[0, 7] = branch[3, 10] = 0
    bus[6, 1] = ISOLATED  # bus 7: its units and its branch go with it
    case = balanced(replace(case, bus=bus, gen=gen, branch=branch))
    network = case_to_pypowsybl(case)
    assert not network.get_generators().connected["unit 1"]
    assert not network.get_lines().connected1["branch 4"]
    assert "bus 7" not in network.get_bus_breaker_view_buses().index
    live = case.gen_on & (case.bus[case.gen_row, 1] != ISOLATED)
    back = case_from_pypowsybl(network)
    assert (back.n_gen, back.n_branch, back.n_bus) == (live.sum(), case.branch_on.sum(), 23)
    assert powsybl_flows(network, case.n_branch) == pytest.approx(branch_flow_mw(case), abs=1e-6)


@needs_powsybl
@pytest.mark.parametrize(
    ("make", "n_branch", "n_dcline"),
    [
        ("create_ieee118", 186, 0),
        ("create_four_substations_node_breaker_network", 3, 2),  # switches, VSC and LCC lines
        ("create_metrix_tutorial_six_buses_network", 13, 2),  # phase shifters
        ("create_micro_grid_be_network", 8, 0),  # a three-winding transformer, boundary lines
        ("create_eurostag_tutorial_example1_with_tie_lines_and_areas", 4, 0),
    ],
)
def test_matches_networks_made_by_pypowsybl(make, n_branch, n_dcline):
    network = getattr(pypowsybl.network, make)()
    case = case_from_pypowsybl(network)
    assert (case.n_branch, len(case.dcline)) == (n_branch, n_dcline)
    parameters = pypowsybl.loadflow.Parameters(distributed_slack=False)
    found = pypowsybl.loadflow.run_dc(network, parameters)
    at = {result.id for part in found for result in part.slack_bus_results}
    slack = [float(name in at) for name in case.bus_name]
    flow = [network.get_lines().p1, network.get_2_windings_transformers().p1]
    flow += [network.get_3_windings_transformers()[f"p{side}"] for side in (1, 2, 3)]
    ties = network.get_tie_lines(all_attributes=True)
    if len(ties):
        read = getattr(network, "get_boundary_lines", None) or network.get_dangling_lines
        first = next(c for c in ties.columns if c.endswith("line1_id"))
        flow.append(read().loc[ties[first]].p)
    theirs = np.sort(np.abs(np.nan_to_num(np.concatenate([f.to_numpy() for f in flow]))))
    ours = np.sort(np.abs(dc_model(case, slack).flow_mw))
    assert ours == pytest.approx(theirs, abs=1e-6)


@needs_powsybl
def test_worked_battery_gives_its_target():
    """A battery of 30 MW at bus 2 of the 5-bus case serves 30 of its 300 MW."""
    case = balanced(read_case("case5"))
    network = case_to_pypowsybl(case)
    network.create_batteries(
        id="battery", voltage_level_id="level 2", bus_id="bus 2",
        min_p=-50.0, max_p=50.0, target_p=30.0, target_q=0.0,
    )  # fmt: skip
    network.update_loads(id="load 2", p0=330.0)
    back = case_from_pypowsybl(network)
    assert back.gen_fuel[-1] == "ess"
    assert back.gen[-1, [1, 8, 9]].tolist() == [30.0, 50.0, -50.0]
    ours = branch_flow_mw(case)
    assert powsybl_flows(network, case.n_branch) == pytest.approx(ours, abs=1e-6)
    theirs = powsybl_flows(case_to_pypowsybl(back), case.n_branch)
    assert np.sort(np.abs(theirs)) == pytest.approx(np.sort(np.abs(ours)), abs=1e-6)


@needs_powsybl
def test_worked_limit_in_ampere():
    """931 A at 400 kV are sqrt(3) 400 kV 931 A = 645.0 MVA."""
    case = case_from_pypowsybl(pypowsybl.network.create_four_substations_node_breaker_network())
    assert case.rate_a_mw == pytest.approx([np.inf, 645.016, 1031 * 225 * 3**0.5 / 1000], abs=1e-3)


@needs_powsybl
def test_error_empty_network():
    with pytest.raises(CaseError, match="no bus"):
        case_from_pypowsybl(pypowsybl.network.create_empty())


class Removed:
    """A case in pypowsybl with a load to be moved about and branches to be taken out."""

    def __init__(self, case: Case) -> None:
        self.case, self.network = case, case_to_pypowsybl(case)
        self.units = [f"unit {i + 1}" for i in range(case.n_gen)]
        self.share = shares_of_units(case)
        self.lines = set(self.network.get_lines(attributes=[]).index)

    def put(self, bus: int, load_mw: float) -> None:
        known = self.network.get_loads(attributes=[]).index
        name = f"new {bus}"
        if name not in known:
            self.network.create_loads(
                id=name, voltage_level_id=f"level {bus}", bus_id=f"bus {bus}", p0=0.0, q0=0.0
            )
        self.network.update_loads(id=name, p0=load_mw)
        more = self.case.gen[:, 1] + load_mw * self.share
        self.network.update_generators(id=self.units, target_p=more)

    def worst_loading(self, outages) -> float:
        """Highest loading over these outages; -1 stands for the intact grid."""
        worst = 0.0
        for k in outages:
            name = f"branch {k + 1}"
            change = (
                self.network.update_lines
                if name in self.lines
                else self.network.update_2_windings_transformers
            )
            if k >= 0:
                change(id=name, connected1=False, connected2=False)
            flow = powsybl_flows(self.network, self.case.n_branch)
            if k >= 0:
                change(id=name, connected1=True, connected2=True)
                flow[k] = 0.0
            worst = max(worst, float((np.abs(flow) / self.case.rate_a_mw).max()))
        return worst


@needs_powsybl
@pytest.mark.parametrize(
    ("name", "n"),
    [("case24_ieee_rts", 20), pytest.param("ACTIVSg200", 20, marks=pytest.mark.slow)],
)
def test_matches_pypowsybl_with_branches_removed(name, n):
    """At the capacity the worst loading over all outages is 1.000, a thousandth above it is more."""
    case = balanced(read_case(name))
    grid = Removed(case)
    island = dc_model(case).islands[0]
    keeps = island.branch_row[~bridges(island).is_bridge]
    chosen = case.bus_number[np.linspace(0, case.n_bus - 1, n).astype(int)].tolist()
    assert len(set(chosen)) == n
    for bus in chosen:
        found = hosting_capacity_at_bus(case, bus)
        x = found.n1_mw["strict"]
        grid.put(bus, x)
        assert grid.worst_loading([-1, *keeps]) == pytest.approx(1.0, abs=1e-6)
        grid.put(bus, 1.001 * x)
        binding = found.binding["strict"]
        assert grid.worst_loading([-1 if binding.outage == binding.branch else binding.outage]) > 1
        grid.put(bus, 0.0)


@needs_powsybl
def test_worked_what_stays_behind_is_said():
    network = pypowsybl.network.create_ieee14()
    network.update_loads(id="B2-L", connected=False)
    network.update_generators(id="B3-G", connected=False)
    network.update_lines(id="L1-2-1", connected1=False)
    told = {one.code: one.values for one in case_from_pypowsybl(network).told}
    assert told["loads_off"] == {"n": 1, "mw": pytest.approx(21.7)}
    assert told["units_off"]["n"] == 1
    assert told["open_branches"]["n"] == 1
