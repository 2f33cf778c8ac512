"""AC states after outages by two other programs: pypowsybl's own AC load flow against the outages solved many at a time."""

import importlib.util

import numpy as np
import pytest

from taotie.grid.case.case import read_case
from taotie.grid.flow.contingency import bridges
from taotie.grid.flow.dc_power_flow import dc_model

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("lightsim2grid") is None,
        reason="lightsim2grid (extra ac) is not installed",
    ),
    pytest.mark.skipif(
        importlib.util.find_spec("pypowsybl") is None,
        reason="pypowsybl (extra powsybl) is not installed",
    ),
]


def _voltages(network, case):
    """Voltages of pypowsybl's AC load flow by row of the bus table, p.u.; None where it does not converge."""
    import pypowsybl.loadflow as loadflow

    parameters = loadflow.Parameters(
        distributed_slack=True,
        balance_type=loadflow.BalanceType.PROPORTIONAL_TO_GENERATION_P_MAX,
        use_reactive_limits=False,
        twt_split_shunt_admittance=True,
        provider_parameters={
            "newtonRaphsonConvEpsPerEq": "1e-9",
            "slackBusPMaxMismatch": "1e-6",
            "plausibleActivePowerLimit": "1e9",
        },
    )
    result = loadflow.run_ac(network, parameters)
    if result[0].status != loadflow.ComponentStatus.CONVERGED:
        return None
    kilovolts = network.get_bus_breaker_view_buses().v_mag
    names = [f"bus {number}" for number in case.bus_number]
    return kilovolts[names].to_numpy() / np.where(case.bus[:, 9] > 0, case.bus[:, 9], 1.0)


@pytest.mark.parametrize("name", ["case30", "case39", "ACTIVSg200"])
def test_matches_pypowsybl_intact_and_after_outages(name):
    from taotie.grid.ac.network import AcNetwork
    from taotie.grid.ac.outage_batch import OutageBatch
    from taotie.grid.case.adapters_powsybl import case_to_pypowsybl

    case = read_case(name)
    net = AcNetwork(case)
    v = net.state(case.gen[:, 1].copy(), q_limits=False)
    network = case_to_pypowsybl(case)
    intact = _voltages(network, case)
    assert np.abs(np.abs(v) - intact).max() < 1e-5
    island = dc_model(case).islands[0]
    rows = island.branch_row[~bridges(island).is_bridge]
    rows = np.sort(np.random.default_rng(5).choice(rows, min(15, len(rows)), replace=False))
    ours, solved = OutageBatch(net, v).solve(rows, tolerance=1e-8)
    lines = set(network.get_lines().index)
    compared = 0
    for i, row in enumerate(rows.tolist()):
        name_of = f"branch {row + 1}"
        update = (
            network.update_lines if name_of in lines else network.update_2_windings_transformers
        )
        update(id=name_of, connected1=False, connected2=False)
        theirs = _voltages(network, case)
        update(id=name_of, connected1=True, connected2=True)
        if theirs is None or not solved[i]:
            continue
        assert np.abs(np.abs(ours[i]) - theirs).max() < 1e-5, name_of
        compared += 1
    assert compared >= 0.8 * len(rows)
