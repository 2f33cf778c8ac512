"""AC proof: states against published ones and another engine, the screen against all outages solved, no worsening."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from taotie.errors import CaseError, RangeError
from taotie.grid.ac.proof import AcProver, AcRule, ac_proofs, secure_start
from taotie.grid.capacity.redispatch import redispatched_capacity
from taotie.grid.capacity.redispatch_screen import violated_pairs
from taotie.grid.case.case import read_case

needs_engine = pytest.mark.skipif(
    importlib.util.find_spec("lightsim2grid") is None,
    reason="lightsim2grid (extra ac) is not installed",
)


def test_property_secure_start_keeps_every_pair():
    found = redispatched_capacity(read_case("RTS_GMLC"))
    problem = found.problems[0]
    power, __ = secure_start(problem)
    assert power.sum() == pytest.approx(problem.room.demand)
    assert not len(violated_pairs(problem, problem.flow_mw(power), 1e-6)[0])


@needs_engine
def test_published_voltages_of_the_200_bus_case():
    """The file holds a solved state: with reactive limits switching both ways its voltages come out again."""
    from taotie.grid.ac.network import AcNetwork

    case = read_case("ACTIVSg200")
    net = AcNetwork(case)
    v = net.state(case.gen[:, 1].copy())
    assert np.abs(np.abs(v) - case.bus[:, 7]).max() < 1e-4
    ends = net.powers(v[None], np.array([-1]))
    losses = float((ends.p_f + ends.p_t).sum())
    made = float(net.injected_mva(v).real.sum())
    assert losses == pytest.approx(made, abs=1e-3)  # this case has no shunt conductance


@needs_engine
def test_matches_one_outage_solved_alone():
    """The batch against a case in which the branch is out of service."""
    from taotie.grid.ac.network import AcNetwork
    from taotie.grid.case.case import Case

    case = read_case("case30")
    net = AcNetwork(case)
    v = net.state(case.gen[:, 1].copy(), q_limits=False)
    row = 5
    got = net.outages(np.array([row]), v)
    table = case.branch.copy()
    table[row, 10] = 0
    fields = {name: getattr(case, name) for name in case.__dataclass_fields__}
    alone = AcNetwork(Case(**{**fields, "branch": table})).state(
        case.gen[:, 1].copy(), q_limits=False
    )
    assert got.solved.all()
    assert np.abs(got.voltage[0] - alone).max() < 1e-6


@needs_engine
@pytest.mark.parametrize("name", ["case30", "ACTIVSg200"])
def test_matches_engine_at_every_outage(name):
    """Outages solved many at a time against a whole Newton method of another engine: voltages, angles, verdicts."""
    from taotie.grid.ac.network import AcNetwork
    from taotie.grid.ac.outage_batch import OutageBatch
    from taotie.grid.flow.contingency import bridges
    from taotie.grid.flow.dc_power_flow import dc_model

    case = read_case(name)
    net = AcNetwork(case)
    v = net.state(case.gen[:, 1].copy())
    island = dc_model(case).islands[0]
    rows = island.branch_row[~bridges(island).is_bridge]
    got, solved = OutageBatch(net, v).solve(rows, tolerance=1e-8)
    other = net.outages(rows, v)
    want = other.voltage[np.argsort(other.row)[np.argsort(np.argsort(rows))]]
    assert solved.mean() > 0.95
    assert other.solved.all()
    turn = want[solved] / got[solved]  # the two name different buses as that of angle 0
    turn /= turn[:, :1] / np.abs(turn[:, :1])
    assert np.abs(turn - 1).max() < 1e-5


@needs_engine
def test_property_nothing_is_worse_by_another_engine():
    """Every outage at the answers once more by lightsim2grid's own Newton method: no pair, no voltage over the rule."""
    found = redispatched_capacity(read_case("ACTIVSg200"))
    prover = AcProver(found)
    case, net, rule, k = found.case, prover.net, prover.rule, prover.outages
    for bus in case.bus_number[[10, 77, 150]].tolist():
        proof = prover.prove(bus, every=True)
        assert proof.every
        pg, mva = prover.answer  # as left by the last proof
        v = net.state(pg, int(case.rows_of_bus([bus])[0]), mva)
        other = net.outages(prover.rows[k], v)
        order = np.argsort(other.row)[np.argsort(np.argsort(prover.rows[k]))]
        volts, lost = other.voltage[order], prover.rows[k]
        assert (other.solved[order] | ~prover.ok[1:]).all()
        load = net.loading(net.powers(volts, lost), prover.post) / prover.allowed[1:]
        assert load.max() <= 1 + rule.tolerance
        assert load.max() == pytest.approx(proof.loading, abs=1e-4) or proof.outage < 0
        outside = np.array([net.outside(v) for v in volts]) - prover.beyond[1:]
        assert outside.max() <= rule.tolerance


@needs_engine
def test_property_nothing_is_worse_than_the_rule_allows():
    """At the answers every outage is solved anew: none over what the rule allows; the screen missed none."""
    found = redispatched_capacity(read_case("ACTIVSg200"))
    prover = AcProver(found)
    case, eps = found.case, prover.rule.tolerance
    for bus in case.bus_number[[10, 77, 150, 182]].tolist():
        proof = prover.prove(bus)
        assert 0 <= proof.ac_mw <= proof.dc_mw + 1e-6
        assert proof.solved + proof.foretold == len(prover.outages)
        row = int(case.rows_of_bus([bus])[0])
        full = prover.prove(bus, every=True)
        assert full.every
        assert full.loading <= 1 + eps
        assert full.ac_mw == pytest.approx(proof.ac_mw, rel=0.02), row


@needs_engine
def test_property_order_of_buses_does_not_matter():
    found = redispatched_capacity(read_case("ACTIVSg200"))
    buses = found.case.bus_number[[3, 90, 120]].tolist()
    one = {p.bus: p.ac_mw for p in ac_proofs(found, buses).proofs}
    other = {p.bus: p.ac_mw for p in ac_proofs(found, buses[::-1]).proofs}
    assert one == pytest.approx(other, abs=0.05)
    both = {p.bus: p.ac_mw for p in ac_proofs(found, buses, threads=2).proofs}
    assert both == pytest.approx(one, abs=1e-6)


@needs_engine
def test_property_a_looser_rule_takes_no_less_at_the_start():
    found = redispatched_capacity(read_case("case24_ieee_rts"))
    prover = AcProver(found)
    assert prover.pairs_over > 0  # the reason for "no worsening"
    gap = ac_proofs(found, [16, 19]).gap_percentiles()
    assert (np.diff(gap) >= 0).all()
    assert gap[-1] <= 1 + 1e-9


@needs_engine
def test_error_power_factor_and_parts():
    found = redispatched_capacity(read_case("case24_ieee_rts"))
    with pytest.raises(RangeError, match=r"power_factor=1\.5"):
        AcProver(found, AcRule(power_factor=1.5))
    parts = replace(found, problems=())
    with pytest.raises(CaseError, match="one part"):
        AcProver(parts)
