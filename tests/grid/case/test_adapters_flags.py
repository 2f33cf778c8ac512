"""Every flag of the peers' networks: flows equal their own DC power flow."""

from __future__ import annotations

import logging
import warnings

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from taotie.errors import CaseError
from taotie.grid.case.adapters import case_from_pandapower, case_from_pypsa
from taotie.grid.flow.dc_power_flow import branch_flow_mw

try:
    import pandapower
except ImportError:
    pandapower = None
try:
    import pandas
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


@pytest.mark.skipif(pypsa is None, reason="PyPSA is not installed: make extras runs this")
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


def small_pypsa():
    n = pypsa.Network()
    for i in range(3):
        n.add("Bus", f"b{i}", v_nom=110.0)
    for i in range(3):
        n.add("Line", f"l{i}", bus0=f"b{i}", bus1=f"b{(i + 1) % 3}", x=10.0, s_nom=100.0)
    n.add("Generator", "g0", bus="b0", p_nom=200, marginal_cost=10, p_set=90)
    n.add("Load", "d", bus="b2", p_set=90.0)
    return n


def told_by(case):
    return {one.code: one.values for one in case.told}


@pytest.mark.skipif(pypsa is None, reason="PyPSA is not installed: make extras runs this")
def test_worked_pypsa_buses_of_heat_are_no_load_of_the_grid():
    n = small_pypsa()
    n.add("Bus", "heat", carrier="heat")
    n.add("Load", "h", bus="heat", p_set=50.0)
    n.add("Link", "pump", bus0="b2", bus1="heat", efficiency=3.0, p_nom=100, p_set=20.0)
    case = case_from_pypsa(n)
    assert case.bus_name == ("b0", "b1", "b2")
    assert case.load_mw.tolist() == [0, 0, 110]
    assert case.gen[:, 1].tolist() == pytest.approx([110])
    assert told_by(case)["other_carriers"] == {"n": 1, "carriers": "heat", "mw": 20.0}


@pytest.mark.skipif(pypsa is None, reason="PyPSA is not installed: make extras runs this")
def test_worked_pypsa_parts_of_a_later_period_stay_out():
    n = small_pypsa()
    n.set_snapshots(pandas.MultiIndex.from_product([[2030, 2040], [0, 1]]))
    n.investment_periods = [2030, 2040]
    n.add("Generator", "late", bus="b2", p_nom=100, build_year=2040, lifetime=20)
    case = case_from_pypsa(n)
    assert case.n_gen == 1
    assert told_by(case)["out_of_service"]["n"] == 1
    assert case_from_pypsa(n, (2040, 0)).n_gen == 2


@pytest.mark.skipif(pypsa is None, reason="PyPSA is not installed: make extras runs this")
def test_worked_pypsa_units_committed_off_and_sizes_of_0():
    n = small_pypsa()
    n.add("Generator", "off", bus="b1", p_nom=100, p_min_pu=0.5, committable=True, up_time_before=0)
    n.add("Generator", "gone", bus="b1", p_nom=70, p_nom_extendable=True)
    n.add("Generator", "limitless", bus="b1", p_nom=np.inf)
    moment = n.snapshots[0]
    n.generators_t.p = pandas.DataFrame([[90.0, 0, 0, 0]], [moment], n.generators.index)
    n.generators_t.status = pandas.DataFrame([[0.0]], [moment], ["off"])
    case = case_from_pypsa(n)
    assert case.gen[:, 7].tolist() == [1, 0, 1, 1]
    assert case.gen[:, 8].tolist() == [200, 100, 0, np.inf]
    assert told_by(case)["committed_off"]["n"] == 1


@pytest.mark.skipif(pypsa is None, reason="PyPSA is not installed: make extras runs this")
def test_worked_pypsa_load_that_no_unit_reaches_is_said():
    n = small_pypsa()
    n.add("Bus", "alone", v_nom=110.0)
    n.add("Load", "a", bus="alone", p_set=7.0)
    assert told_by(case_from_pypsa(n))["slack_without_unit"] == {"n": 1, "mw": 7.0}


@pytest.mark.skipif(pypsa is None, reason="PyPSA is not installed: make extras runs this")
def test_refuses_pypsa_scenarios_and_parts_at_no_bus():
    n = small_pypsa()
    n.loads.loc["d", "bus"] = "nowhere"
    with pytest.raises(CaseError, match="no bus 'nowhere', where its Load 'd' stands"):
        case_from_pypsa(n)
    n = small_pypsa()
    n.set_scenarios({"low": 0.5, "high": 0.5})
    with pytest.raises(CaseError, match="holds 2 scenarios"):
        case_from_pypsa(n)


@pytest.mark.skipif(pandapower is None, reason="pandapower is not installed: make extras runs this")
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


def random_pandapower(seed):
    """A ring of twelve buses with chords, two voltages below it, and every part and flag that carries power."""
    rng, net, n = np.random.default_rng(seed), pandapower.create_empty_network(), 12
    p = pandapower
    high = [p.create_bus(net, 110.0) for _bus in range(n)]
    low = [p.create_bus(net, 20.0) for _bus in range(5)]
    third = p.create_bus(net, 10.0)

    def line(a, b, **more):
        p.create_line_from_parameters(
            net, a, b, float(rng.uniform(5, 30)), 0.06, 0.4, 9, 0.6, **more
        )

    def some(share):
        return bool(rng.random() < share)

    for i in range(n):
        line(high[i], high[(i + 1) % n], parallel=int(rng.integers(1, 3)), in_service=some(0.92))
    for _chord in range(4):
        line(*(high[i] for i in rng.choice(n, 2, replace=False)))
    line(low[0], low[1])
    line(low[3], low[4])
    for i in range(4):
        p.create_transformer_from_parameters(
            net, high[int(rng.integers(n))], low[i], 40.0, 110, 20, 0.4, 12.0, 10, 0.05,
            shift_degree=float(rng.choice([0, 150])), tap_side="hv", tap_neutral=0, tap_min=-5,
            tap_max=5, tap_step_percent=1.5, tap_pos=int(rng.integers(-3, 4)),
            parallel=int(rng.integers(1, 3)), tap_changer_type="Ratio",
        )  # fmt: skip
    p.create_transformer3w_from_parameters(
        net, high[2], low[4], third, 110, 20, 10, 60, 50, 20, 11, 11, 11, 0.3, 0.3, 0.3, 10, 0.1
    )
    p.create_impedance(net, high[0], high[6], 0.01, 0.1, 100.0)
    p.create_ward(net, high[3], 3.0, 1, 2.0, 1)
    p.create_xward(net, high[4], 2.0, 1, 1.0, 1, 0.01, 0.1, 1.0)
    p.create_shunt(net, high[5], q_mvar=1, p_mw=0.7)
    for b in (*high, *low, third):
        scaling = float(rng.choice([1, 0.7]))
        p.create_load(net, b, float(rng.uniform(0, 15)), scaling=scaling, in_service=some(0.8))
    p.create_motor(net, low[2], 2.0, cos_phi=0.9, efficiency_percent=95, loading_percent=80)
    p.create_sgen(net, low[0], 3.0)
    p.create_sgen(
        net, high[6], 8.0, scaling=0.9, controllable=some(0.5), max_p_mw=20.0, min_p_mw=1.0,
        in_service=some(0.8),
    )  # fmt: skip
    p.create_storage(net, low[1], float(rng.uniform(-2, 2)), max_e_mwh=5)
    for b in rng.choice(n, 3, replace=False):
        power, scaling = float(rng.uniform(5, 30)), float(rng.choice([1, 0.9]))
        p.create_gen(net, high[b], power, scaling=scaling, in_service=some(0.8), slack=some(0.2))
    p.create_ext_grid(net, high[0], va_degree=float(rng.choice([0, 2])))
    if some(0.6):
        p.create_ext_grid(net, high[int(rng.integers(1, n))], in_service=some(0.8))
    if some(0.5):
        p.create_dcline(net, high[1], high[7], float(rng.uniform(-8, 8)), 1.5, 0.2, 1, 1)
    for _switch in range(6):
        kind, closed = rng.choice(["b", "l", "t"]), some(0.4)
        if kind == "b":
            a, b = (high[i] for i in rng.choice(n, 2, replace=False))
            p.create_switch(net, a, b, "b", closed=closed, z_ohm=float(rng.choice([0, 0, 0.5])))
            continue
        table = net.line if kind == "l" else net.trafo
        ends = ["from_bus", "to_bus"] if kind == "l" else ["hv_bus", "lv_bus"]
        i = int(rng.integers(len(table)))
        p.create_switch(net, int(table.at[i, rng.choice(ends)]), i, kind, closed=closed)
    return net


@pytest.mark.skipif(pandapower is None, reason="pandapower is not installed: make extras runs this")
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
@example(69)  # a DC line with one end out of supply
def test_matches_pandapower_with_every_flag(seed):
    warnings.simplefilter("ignore")
    net = random_pandapower(seed)
    case = case_from_pandapower(net)
    pandapower.rundcpp(net, calculate_voltage_angles=True)
    theirs = np.nan_to_num(net._ppc["branch"][:, 13].real)
    assert branch_flow_mw(case) == pytest.approx(theirs, abs=1e-6)
    assert (case.branch[:, 5] > 0).sum() >= len(net.line) + len(net.trafo) + 3


@pytest.mark.skipif(pandapower is None, reason="pandapower is not installed: make extras runs this")
def test_worked_dc_line_with_one_end_out_of_supply_keeps_the_other():
    from pandapower import networks

    net = networks.case9()
    lone = pandapower.create_bus(net, 345.0)
    pandapower.create_dcline(
        net, 3, lone, p_mw=12.0, loss_percent=0.0, loss_mw=0.0, vm_from_pu=1.0, vm_to_pu=1.0
    )
    case = case_from_pandapower(net)
    pandapower.rundcpp(net)
    assert branch_flow_mw(case) == pytest.approx(net._ppc["branch"][:, 13].real, abs=1e-6)
    assert case.bus[3, 2] == pytest.approx(12.0)
    assert "dc_line_half" in {one.code for one in case.told}


def three_buses():
    net = pandapower.create_empty_network()
    bus = [pandapower.create_bus(net, 110.0) for _ in range(4)]
    for i in range(3):
        pandapower.create_line_from_parameters(
            net, bus[i], bus[(i + 1) % 3], 10.0, 0.1, 0.4, 0.0, 0.5
        )
    pandapower.create_ext_grid(net, bus[0])
    pandapower.create_load(net, bus[2], 50.0)
    return net, bus


@pytest.mark.skipif(pandapower is None, reason="pandapower is not installed: make extras runs this")
def test_worked_pandapower_load_that_is_not_counted_is_said():
    net, bus = three_buses()
    pandapower.create_load(net, bus[3], 4.5, scaling=2.0)
    pandapower.create_asymmetric_load(net, bus[1], 1.0, 2.0, 3.0)
    case = case_from_pandapower(net)
    assert case.load_mw.sum() == pytest.approx(50.0)
    told = [(one.code, one.values) for one in case.told]
    assert ("load_not_supplied", {"n": 1, "mw": pytest.approx(9.0)}) in told
    assert ("table_not_read", {"n": 1, "name": "asymmetric_load"}) in told


@pytest.mark.skipif(pandapower is None, reason="pandapower is not installed: make extras runs this")
def test_worked_pandapower_static_generators_that_may_move_are_units():
    net, bus = three_buses()
    marked = {"max_p_mw": 30.0, "min_p_mw": 2.0, "max_q_mvar": 7.0, "min_q_mvar": -4.0}
    pandapower.create_sgen(net, bus[1], 20.0, 3.0, scaling=0.5, controllable=True, **marked)
    priced = pandapower.create_sgen(net, bus[1], 5.0)
    pandapower.create_poly_cost(net, priced, "sgen", cp1_eur_per_mw=12.0)
    pandapower.create_pwl_cost(net, priced, "sgen", [[0, 5, 99.0]], power_type="q", check=False)
    pandapower.create_sgen(net, bus[2], 4.0, max_p_mw=6.0, in_service=False)  # limited alone, off
    pandapower.create_sgen(net, bus[2], 1.5)  # neither: negative load
    pandapower.create_load(net, bus[2], 1.0, controllable=True)
    case = case_from_pandapower(net)
    assert case.load_mw.tolist() == pytest.approx([0, 0, 49.5, 0])
    assert case.gen_row.tolist() == [0, 1, 1, 2]
    assert case.gen[:, 1].tolist() == pytest.approx([34.5, 10, 5, 4])
    assert case.gen[:, 7].tolist() == [1, 1, 1, 0]
    assert case.gen[1, [2, 3, 4, 8, 9]].tolist() == [1.5, 7, -4, 30, 2]
    assert case.gencost[2, :7].tolist() == [2, 0, 0, 3, 0, 12, 0]
    told = told_by(case)
    assert told["sgen"] == {"n": 1, "mw": 1.5}
    assert told["units_off"] == told["unmarked_units"] == {"n": 1}
    assert told["controllable_load"] == {"n": 1, "name": "load"}
    assert "cost_not_read" not in told
    pandapower.rundcpp(net)
    assert branch_flow_mw(case) == pytest.approx(net._ppc["branch"][:, 13].real, abs=1e-6)


@pytest.mark.skipif(pandapower is None, reason="pandapower is not installed: make extras runs this")
def test_every_pandapower_table_at_a_bus_is_taken_or_named():
    """Whatever tables this or a later version has: rows at a bus of those that DC flows leave out are named."""
    net, bus = three_buses()
    pandapower.create_asymmetric_sgen(net, bus[1], 1.0, 1.0, 1.0)
    pandapower.create_svc(net, bus[1], 1.0, -10.0, 1.0, 90.0)
    pandapower.create_ssc(net, bus[1], 0.0, 0.1)
    ends = [pandapower.create_bus_dc(net, 110.0) for _ in range(2)]
    pandapower.create_load_dc(net, ends[0], 3.0)
    net["of_tomorrow"] = net.load.copy()
    named = {
        one.values["name"] for one in case_from_pandapower(net).told if one.code == "table_not_read"
    }
    assert named == {"asymmetric_sgen", "svc", "ssc", "load_dc", "of_tomorrow"}


@pytest.mark.skipif(pandapower is None, reason="pandapower is not installed: make extras runs this")
def test_refuses_pandapower_load_without_a_number():
    net, bus = three_buses()
    pandapower.create_load(net, bus[1], float("nan"))
    with pytest.raises(CaseError, match="row 1 of load in the pandapower network has no p_mw"):
        case_from_pandapower(net)
