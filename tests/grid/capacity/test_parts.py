"""Do the bounds of parts hold, and is a grid without a tree still solved? Random grids, negative reactances among them."""

import sys
from pathlib import Path

import numpy as np
import pytest

from taotie.grid.capacity import parts
from taotie.grid.capacity.core import contracted
from taotie.grid.capacity.hosting_capacity import TREATMENTS, load_hosting_capacity
from taotie.grid.case.case import Case
from taotie.grid.flow.contingency import bridges
from taotie.grid.flow.dc_power_flow import dc_model

sys.path.insert(0, str(Path(__file__).parent))
from grid_plain_loop import flows, refactorized
from test_hosting_capacity import bus, line, random_case, relative, unit


@pytest.mark.parametrize("seed", range(4))
def test_property_no_branch_of_a_part_moves_more_than_its_bound(seed, monkeypatch):
    monkeypatch.setattr(parts, "SMALLEST", 2)
    island = dc_model(random_case(seed, n=60, extra=40, negative=0.2)).islands[0]
    core = contracted(island, bridges(island), island.flow_mw())
    p, n = core.parts, core.n - 1
    slack = np.bincount(core.group, island.slack, minlength=core.n)
    node = np.empty(n, np.int64)
    node[core.put[1:]] = np.arange(1, core.n)
    looked = 0
    for s, (j, b) in enumerate(zip(np.flatnonzero(p.at >= 0), p.branch, strict=True)):
        inside = np.zeros(core.n, bool)
        inside[node[p.first[j] : j + 1]] = True
        branch = slice(b, b + p.start[s + 1] - p.start[s])
        edge = {x for pair in zip(core.f[branch], core.t[branch], strict=True) for x in pair}
        edge = [x for x in edge if not inside[x]]
        for load in np.flatnonzero(~inside)[:: max(1, core.n // 10)]:
            injection = -slack.copy()
            injection[load] += 1.0
            put_in = np.zeros(core.n)
            put_in[1:] = injection[1:]
            flow = flows(core.f, core.t, core.y, np.zeros(len(core.y)), put_in)
            angle = _angles(core, flow)
            span = max(angle[edge]) - min(angle[edge])
            bound = (
                p.drawn[p.start[s] : p.start[s + 1]] + span * p.moved[p.start[s] : p.start[s + 1]]
            )
            assert (np.abs(flow[branch]) <= bound * (1 + 1e-9) + 1e-12).all()
            looked += 1
    assert looked > 20


def _angles(core, flow):
    """Angles that give these flows, node 0 at 0."""
    a = np.zeros((len(flow), core.n))
    rows = np.arange(len(flow))
    a[rows, core.f], a[rows, core.t] = 1.0, -1.0
    angle = np.zeros(core.n)
    angle[1:] = np.linalg.lstsq(a[:, 1:], flow / core.y, rcond=None)[0]
    return angle


def test_matches_plain_loop_where_a_pivot_is_zero():
    """Two reactances that cancel at a bus leave nothing on its diagonal: pivots elsewhere, so no tree."""
    buses = [bus(1, kind=3), *(bus(i, 5.0) for i in range(2, 9))]
    lines = [line(i, i + 1) for i in range(1, 8)] + [line(1, 4), line(2, 7), line(3, 8), line(1, 6)]
    lines += [line(2, 9, 0.2), line(9, 5, -0.2)]
    case = Case("zero", 100.0, [*buses, bus(9)], [unit(1, 35.0)], lines)
    island = dc_model(case).islands[0]
    assert contracted(island, bridges(island), island.flow_mw()).parts.whole
    found = load_hosting_capacity(case)
    for way, plain in zip(TREATMENTS, refactorized(case, TREATMENTS), strict=True):
        assert relative(found[way.name].load_hosting_capacity_mw, plain) < 1e-9
