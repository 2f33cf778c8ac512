"""Every flag of the peers' networks: flows equal their own DC power flow."""

from __future__ import annotations

import logging
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taotie.grid.case.adapters import case_from_pandapower, case_from_pypsa
from taotie.grid.flow.dc_power_flow import branch_flow_mw

try:
    import pandapower
except ImportError:
    pandapower = None
try:
    import pypsa
except ImportError:
    pypsa = None


def random_pypsa(seed):
    rng, n = np.random.default_rng(seed), pypsa.Network()
    for i in range(6):
        n.add("Bus", f"b{i}", v_nom=110.0)
    for i in range(6):
        n.add(
            "Line", f"l{i}", bus0=f"b{i}", bus1=f"b{(i + 1) % 6}", x=rng.uniform(5, 20), r=1.0,
            s_nom=float(rng.choice([0.0, 100.0, 200.0])), s_max_pu=0.7, active=bool(rng.random() > 0.15),
        )  # fmt: skip
    n.add(
        "Transformer", "t", bus0="b0", bus1="b3", x=0.1, r=0.01, s_nom=150.0, tap_ratio=1.02,
        phase_shift=float(rng.uniform(-10, 10)), model="t",
    )  # fmt: skip
    for i in range(3):
        n.add(
            "Generator", f"g{i}", bus=f"b{2 * i}", p_nom=200.0, p_set=float(rng.uniform(0, 80)),
            sign=float(rng.choice([1, 1, -1])), active=i == 0 or bool(rng.random() > 0.2),
        )  # fmt: skip
    n.add("Load", "d", bus="b1", p_set=60.0)
    n.add("Load", "e", bus="b4", p_set=40.0, active=bool(rng.random() > 0.3))
    n.add("StorageUnit", "s", bus="b5", p_nom=20.0, p_set=float(rng.uniform(-10, 10)))
    n.add("Store", "st", bus="b2", e_nom=20.0, p_set=float(rng.uniform(-5, 5)))
    n.add("Link", "k", bus0="b1", bus1="b4", p_nom=50.0, p_set=12.0, efficiency=0.9)
    n.add("ShuntImpedance", "sh", bus="b2", g=0.0002)
    return n


@pytest.mark.skipif(pypsa is None, reason="PyPSA is not installed")
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_matches_pypsa_lpf_with_every_flag(seed):
    logging.disable(logging.CRITICAL)
    network = random_pypsa(seed)
    case = case_from_pypsa(network)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network.lpf()
    lines = network.lines.index[network.lines.active]
    theirs = [*network.lines_t.p0.iloc[0][lines], network.transformers_t.p0.iloc[0]["t"]]
    assert branch_flow_mw(case) == pytest.approx(theirs, abs=1e-6)
    codes = {one.code for one in case.told}
    assert {"storageunit", "store", "link", "not_optimized"} <= codes
    assert ((network.lines.s_nom[lines] == 0).any()) == ("zero_rating" in codes)


@pytest.mark.skipif(pandapower is None, reason="pandapower is not installed")
def test_matches_pandapower_with_dc_line_second_slack_and_no_limits():
    from pandapower import networks

    net = networks.case9()
    del net.line["max_loading_percent"]
    pandapower.create_dcline(
        net, 3, 7, p_mw=12.0, loss_percent=2.0, loss_mw=0.5, vm_from_pu=1.0, vm_to_pu=1.0
    )
    pandapower.create_ext_grid(net, 1)
    pandapower.create_sgen(net, 4, p_mw=20.0)
    case = case_from_pandapower(net)
    pandapower.rundcpp(net)
    assert branch_flow_mw(case) == pytest.approx(net._ppc["branch"][:, 13].real, abs=1e-6)
    assert (case.branch[:, 5] > 0).all()
    kv, ka = net.bus.vn_kv[net.line.from_bus].to_numpy(), net.line.max_i_ka.to_numpy()
    assert case.branch[:, 5] == pytest.approx(np.sqrt(3) * kv * ka)
    assert case.dcline[0, 3:5] == pytest.approx([12.0, 12.0 * 0.98 - 0.5])
    assert "sgen" in {one.code for one in case.told}
