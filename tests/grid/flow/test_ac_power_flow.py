"""AC check by pandapower, and our DC answer against its flows with branches really removed."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.errors import MissingExtraError, RangeError
from taotie.grid.capacity.hosting_capacity import hosting_capacity_at_bus
from taotie.grid.case.case import read_case
from taotie.grid.flow.ac_power_flow import AcGrid, ac_check
from taotie.grid.flow.contingency import bridges
from taotie.grid.flow.dc_power_flow import branch_flow_mw, dc_model, slack_shares

try:
    import pandapower
except ImportError:
    pandapower = None

needs_engine = pytest.mark.skipif(
    pandapower is None, reason="pandapower is not installed: make extras runs this"
)


@pytest.mark.skipif(pandapower is not None, reason="pandapower is installed")
def test_error_engine_missing():
    with pytest.raises(MissingExtraError, match="pandapower"):
        AcGrid(read_case("case9"))


def balanced(case):
    """The case with its losses handed back, as our DC model has it."""
    share = slack_shares(case)
    count = np.bincount(case.gen_row[case.gen_on], minlength=case.n_bus)
    at_unit = share[case.gen_row] / np.maximum(count, 1)[case.gen_row]
    surplus = (
        case.gen[case.gen_on, 1].sum() - case.total_load_mw - case.bus[:, 4].sum()
    ) / share.sum()
    return case.with_dispatch(case.gen[:, 1] - surplus * at_unit * case.gen_on)


def pandapower_flows(grid):
    pandapower.rundcpp(grid.net)
    return np.abs(grid._branch_power()[1])


@needs_engine
@pytest.mark.parametrize("name", ["case24_ieee_rts", "case39"])
def test_matches_pandapower_base_flows(name):
    case = balanced(read_case(name))
    assert pandapower_flows(AcGrid(case)) == pytest.approx(np.abs(branch_flow_mw(case)), abs=1e-6)


def worst_loading(case, grid, bus, load_mw, outages):
    """Highest loading over outages; the branch is really taken out of pandapower's grid."""
    share = slack_shares(case)
    share = share / share.sum()
    net = grid.net
    row = int(case.rows_of_bus([bus])[0])
    net.load.loc[grid._load, ["bus", "p_mw", "q_mvar"]] = [row, load_mw, 0.0]
    at = net.gen.bus.to_numpy(dtype=int)
    count = np.bincount(at, minlength=case.n_bus)
    # units at the reference bus share it with the slack, which takes the remainder
    net.gen["p_mw"] = grid._gen_p + load_mw * share[at] / count[at]
    worst = 0.0
    for k in outages:
        if k >= 0:
            grid._in_service(k, False)
        flow = pandapower_flows(grid)
        if k >= 0:
            grid._in_service(k, True)
            flow[k] = 0.0
        worst = max(worst, float((flow / case.rate_a_mw).max()))
    return worst


@needs_engine
@pytest.mark.parametrize(
    ("name", "n"),
    [("case24_ieee_rts", 20), pytest.param("ACTIVSg200", 20, marks=pytest.mark.slow)],
)
def test_matches_pandapower_with_branches_removed(name, n):
    """At the capacity the worst loading over all outages is 1.000, a thousandth above it is more."""
    case = balanced(read_case(name))
    grid = AcGrid(case)
    island = dc_model(case).islands[0]
    keeps = island.branch_row[~bridges(island).is_bridge]
    chosen = case.bus_number[np.linspace(0, case.n_bus - 1, n).astype(int)]
    for bus in chosen.tolist():
        found = hosting_capacity_at_bus(case, bus)
        x = found.n1_mw["strict"]
        assert worst_loading(case, grid, bus, x, [-1, *keeps]) == pytest.approx(1.0, abs=1e-6)
        pair = [found.binding["strict"].outage]
        pair = pair if pair[0] in keeps and pair[0] != found.binding["strict"].branch else [-1]
        assert worst_loading(case, grid, bus, 1.001 * x, pair) > 1.0 + 1e-7


@needs_engine
def test_worked_small_load_is_safe_and_a_huge_one_is_not():
    case = read_case("case9")
    small = ac_check(case, 9, 1.0)
    assert small.states[0].converged
    assert small.states[0].losses_mw == pytest.approx(4.6, abs=0.6)
    huge = ac_check(case, 9, 5000.0)
    assert not huge.states[0].safe
    assert huge.ac_safe_share < 0.2
    assert len(ac_check(case, 9, 1.0, outages=[1, 1, -1]).states) == 2


@needs_engine
def test_error_power_factor():
    with pytest.raises(RangeError, match="power_factor"):
        ac_check(read_case("case9"), 9, 10.0, power_factor=1.2)


@needs_engine
def test_worked_the_command_asks_a_second_opinion():
    """`grid capacity --bus 9 --ac-check`: the share is that of `ac_check` at the firm MW and its outage."""
    from taotie.answer.capacity import capacity

    made = capacity("case9", bus=9, ac_check=True, contingencies="none")
    firm = made.own["buses"][0]["firm_mw"]
    assert made.own["ac_check"]["load_mw"] == firm
    alone = ac_check(read_case("case9"), 9, firm, [made.detail.binding["margin"].outage])
    assert made.own["ac_check"]["safe_share"] == alone.ac_safe_share
    assert len(made.tables["ac_check"].rows) == len(alone.before) + len(alone.states)
