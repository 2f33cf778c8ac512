"""Hours that hang together: by hand, as one plain programme of all rows, as PyPSA has them, and in windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from taotie.errors import CaseError, RangeError
from taotie.grid.case.case import read_case
from taotie.grid.case.grid_case import Case
from taotie.grid.dispatch.by_hour import hourly_dispatch
from taotie.grid.dispatch.together import Storage, dispatch_together, ramp_mw_per_h

DAY = np.array([0.55, 0.5, 0.6, 0.8, 1.0, 0.9, 0.95, 0.7])


def _two(pmin: float = 0.0) -> Case:
    """A cheap and a dear unit at bus 1, the load at bus 2."""
    bus = np.zeros((2, 13))
    bus[:, 0], bus[:, 1], bus[:, 9] = (1, 2), (3, 1), 230
    gen = np.zeros((2, 21))
    gen[:, [0, 5, 6, 7, 8, 9]] = [(1, 1, 100, 1, 100, pmin), (1, 1, 100, 1, 100, 0)]
    branch = np.zeros((1, 13))
    branch[0, [0, 1, 3, 10]] = 1, 2, 0.1, 1
    cost = np.array([[2, 0, 0, 2, 10, 0, 0], [2, 0, 0, 2, 30, 0, 0]], float)
    return Case("two", 100.0, bus=bus, gen=gen, branch=branch, gencost=cost)


def _load(*mw: float) -> np.ndarray:
    return np.column_stack([np.zeros(len(mw)), mw])


def test_worked_storage_carries_cheap_energy_and_loses_its_part():
    """40 MWh go in at night, 0.81 of them come out at noon: 32.4 MW less of the dear unit."""
    store = Storage(2, 40, 40, 100, 0.81, 0.0, 0.0)
    made = dispatch_together(_two(), _load(50, 120), storage=[store])
    # only 20 MW are dear: 20 / 0.9 leave the storage, 20 / 0.81 go in
    assert made.discharge_mw.ravel() == pytest.approx([0, 20])
    assert made.charge_mw.ravel() == pytest.approx([20 / 0.81, 0])
    assert made.energy_mwh.ravel() == pytest.approx([20 / 0.9, 0], abs=1e-9)
    assert made.cost_usd_per_h == pytest.approx([10 * (50 + 20 / 0.81), 1000])
    little = dispatch_together(
        _two(), _load(50, 120), storage=[Storage(2, 10, 40, 100, 0.81, 0, 0)]
    )
    assert little.power_mw[1] == pytest.approx([100, 20 - 8.1])
    kept = dispatch_together(_two(), _load(50, 120), storage=[Storage(2, 40, 40, 100, 1, 0.5, 0.5)])
    assert kept.energy_mwh[-1, 0] == pytest.approx(50)


def test_worked_a_ramp_makes_the_dear_unit_start_early():
    """The cheap unit moves 10 MW an hour: from 50 to 60 and 70, the rest is the other's."""
    made = dispatch_together(_two(), _load(50, 90, 90), ramp_mw=[10, np.inf])
    # it may run ahead only as far as the load of the first hour lets it
    assert made.power_mw == pytest.approx(np.array([[50, 0], [60, 30], [70, 20]]))
    assert made.price_usd_per_mwh[2] == pytest.approx([30, 30])
    free = dispatch_together(_two(), _load(50, 90, 90))
    assert free.cost_usd_per_h.sum() == pytest.approx(2300)


def test_worked_a_start_costs_its_part():
    """A minimum of 60 MW and a load of 30 and 90: half of the unit is on, then nine tenths; what is started is paid."""
    made = dispatch_together(_two(60), _load(30, 90), start_cost_usd=[500, 0])
    assert made.power_mw[:, 0] == pytest.approx([30, 90])
    assert made.on[1, 0] == pytest.approx(0.9)
    assert 0.3 - 1e-9 <= made.on[0, 0] <= 0.5 + 1e-9
    assert made.started[1, 0] == pytest.approx(0.4)
    assert made.cost_usd_per_h.sum() == pytest.approx(1200 + 0.4 * 500)
    with pytest.raises(CaseError, match="minima of the units in service exceed"):
        dispatch_together(_two(60), _load(30, 90))


@pytest.mark.parametrize("name", ["case5", "RTS_GMLC"])
def test_matches_hours_apart_where_nothing_holds_them_together(name):
    """The same cost and prices as hour by hour, congestion and all; cost counts what units cost at their minimum."""
    case = read_case(name)
    hours = np.outer(DAY[2:6], case.load_mw)
    apart = hourly_dispatch(case, hours, keep_minimum=False)
    made = dispatch_together(case, hours, keep_minimum=False)
    more = made.cost_usd_per_h - apart.cost_usd_per_h
    assert more == pytest.approx(np.full(4, more[0]), abs=1e-6)
    assert made.power_mw.sum(axis=1) == pytest.approx(apart.power_mw.sum(axis=1), abs=1e-6)
    if name == "case5":  # one price: no kink, no tie
        assert made.price_usd_per_mwh == pytest.approx(apart.price_usd_per_mwh, abs=1e-6)


def _plain(case, hours, store, ramp, start) -> float:
    """All hours, angles and ratings written down at once, dense: another way to the same cost."""
    n_hour, on = len(hours), np.flatnonzero(case.gen_on)
    nb, nl, ng = case.n_bus, case.n_branch, len(on)
    names = ["p", "u", "s", "theta", "c", "d", "e", "shed"]
    size = dict(zip(names, (ng, ng, ng, nb, 1, 1, 1, nb), strict=True))
    begin, n = {}, 0
    for name in names:
        begin[name], n = n, n + size[name]

    def col(h: int, name: str, i: int) -> int:
        return h * n + begin[name] + i

    cost, bounds = np.zeros(n_hour * n), [(0.0, None)] * (n_hour * n)
    eq, eq_b, ub, ub_b = [], [], [], []

    def row(target, right_of, right, *cells) -> None:
        line = np.zeros(n_hour * n)
        for place, value in cells:
            line[place] += value
        target.append(line)
        right_of.append(right)

    f, t = case.from_row, case.to_row
    y = case.base_mva / (case.branch[:, 3] * np.where(case.branch[:, 8] == 0, 1, case.branch[:, 8]))
    at = int(case.rows_of_bus([store.bus])[0])
    way = np.sqrt(store.efficiency)
    for h in range(n_hour):
        for g in range(ng):
            cost[col(h, "p", g)], cost[col(h, "s", g)] = case.gencost[on[g], 4], start[on[g]]
            bounds[col(h, "u", g)] = (0, 1)
            p, u = col(h, "p", g), col(h, "u", g)
            row(ub, ub_b, 0.0, (p, 1), (u, -case.gen[on[g], 8]))
            row(ub, ub_b, 0.0, (p, -1), (u, case.gen[on[g], 9]))
            if h:
                row(ub, ub_b, 0.0, (u, 1), (col(h - 1, "u", g), -1), (col(h, "s", g), -1))
                row(ub, ub_b, ramp[on[g]], (p, 1), (col(h - 1, "p", g), -1))
                row(ub, ub_b, ramp[on[g]], (p, -1), (col(h - 1, "p", g), 1))
        for b in range(nb):
            bounds[col(h, "theta", b)] = (0, 0) if b == 0 else (None, None)
            bounds[col(h, "shed", b)] = (0, max(hours[h, b], 0))
            cost[col(h, "shed", b)] = 9000.0
            cells = [(col(h, "p", g), 1) for g in range(ng) if case.gen_row[on[g]] == b]
            cells += [(col(h, "shed", b), 1)]
            if b == at:
                cells += [(col(h, "c", 0), -1), (col(h, "d", 0), 1)]
            for l in range(nl):
                sign = (f[l] == b) * -1.0 + (t[l] == b)
                cells += [(col(h, "theta", f[l]), sign * y[l]), (col(h, "theta", t[l]), -sign * y[l])]  # fmt: skip
            row(eq, eq_b, hours[h, b], *cells)
        for l in range(nl):
            for sign in (1, -1):
                if np.isfinite(case.rate_a_mw[l]):
                    row(ub, ub_b, case.rate_a_mw[l], (col(h, "theta", f[l]), sign * y[l]), (col(h, "theta", t[l]), -sign * y[l]))  # fmt: skip
        bounds[col(h, "c", 0)], bounds[col(h, "d", 0)] = (
            (0, store.charge_mw),
            (0, store.discharge_mw),
        )
        least = store.end * store.energy_mwh if h == n_hour - 1 else 0.0
        bounds[col(h, "e", 0)] = (least, store.energy_mwh)
        cells = [(col(h, "e", 0), 1), (col(h, "c", 0), -way), (col(h, "d", 0), 1 / way)]
        if h:
            cells.append((col(h - 1, "e", 0), -1))
        row(eq, eq_b, 0.0 if h else store.start * store.energy_mwh, *cells)
    found = linprog(cost, np.array(ub), ub_b, np.array(eq), eq_b, bounds, method="highs")
    assert found.status == 0
    return float(found.fun)


def _case5():
    """The 5-bus case with minima, its line 4-5 congested; a storage, ramps and starts that all bind."""
    case = read_case("case5")
    gen = case.gen.copy()
    gen[:, 9] = 0.4 * gen[:, 8]
    case = replace(case, gen=gen)
    store = Storage(2, 60, 80, 150, 0.8, 0.4, 0.6)
    return case, np.outer(DAY, case.load_mw), store, 0.25 * case.gen[:, 8], 30 * case.gen[:, 8]


def test_matches_one_plain_programme_of_all_rows():
    case, hours, store, ramp, start = _case5()
    made = dispatch_together(case, hours, storage=[store], ramp_mw=ramp, start_cost_usd=start)
    brute = _plain(case, hours, store, ramp, start)
    assert made.cost_usd_per_h.sum() == pytest.approx(brute, abs=1e-6 * brute, rel=0)
    assert made.cost_usd_per_h.sum() == pytest.approx(brute, abs=1e-4)
    free = dispatch_together(case, hours, start_cost_usd=0 * start).cost_usd_per_h.sum()
    assert made.cost_usd_per_h.sum() > free + 100  # the limits cost something
    assert np.abs(np.diff(made.power_mw, axis=0)).max(axis=0) == pytest.approx(
        np.minimum(ramp, np.abs(np.diff(made.power_mw, axis=0)).max(axis=0)), abs=1e-6
    )


@pytest.mark.parametrize("what", ["ramps", "starts"])
def test_matches_pypsa(what):
    """The 5-bus case with a storage, once with ramps, once with relaxed starts: PyPSA's cost to 1e-6 of it.

    Both at once is another programme there: a unit of PyPSA that is on by a part ramps by that part.
    """
    pypsa = pytest.importorskip("pypsa", reason="pypsa is not installed; `make extras` runs this")
    case, hours, store, ramp, start = _case5()
    starts = what == "starts"
    own = {"start_cost_usd": start} if starts else {"ramp_mw": ramp, "keep_minimum": False}
    made = dispatch_together(case, hours, storage=[store], **own)
    net = pypsa.Network()
    net.set_snapshots(range(len(hours)))
    for row, bus in enumerate(case.bus_number):
        net.add("Bus", f"b{bus}", v_nom=230.0)
        net.add("Load", f"l{bus}", bus=f"b{bus}", p_set=hours[:, row])
        net.add("Generator", f"shed{bus}", bus=f"b{bus}", p_nom=1e4, marginal_cost=9000.0)
    for l in range(case.n_branch):
        x = case.branch[l, 3] * 230.0**2 / case.base_mva
        rate = case.rate_a_mw[l] if np.isfinite(case.rate_a_mw[l]) else 1e6
        ends = case.bus_number[[case.from_row[l], case.to_row[l]]]
        net.add("Line", f"n{l}", bus0=f"b{ends[0]}", bus1=f"b{ends[1]}", x=x, r=0.0001, s_nom=rate)
    for g in np.flatnonzero(case.gen_on):
        top = case.gen[g, 8]
        net.add(
            "Generator", f"g{g}", bus=f"b{int(case.gen[g, 0])}", p_nom=top, marginal_cost=case.gencost[g, 4],
            **(
                {"p_min_pu": 0.4, "committable": True, "start_up_cost": start[g], "up_time_before": 1}
                if starts
                else {"ramp_limit_up": ramp[g] / top, "ramp_limit_down": ramp[g] / top}
            ),
        )  # fmt: skip
    way = np.sqrt(store.efficiency)
    last = np.full(len(hours), np.nan)
    last[-1] = store.end * store.energy_mwh
    net.add(
        "StorageUnit", "s", bus=f"b{store.bus}", p_nom=80.0, p_min_pu=-60 / 80, max_hours=150 / 80,
        efficiency_store=way, efficiency_dispatch=way, state_of_charge_initial=store.start * store.energy_mwh,
        state_of_charge_set=last,
    )  # fmt: skip
    status, condition = net.optimize(linearized_unit_commitment=starts, solver_name="highs")
    assert (status, condition) == ("ok", "optimal")
    assert made.cost_usd_per_h.sum() == pytest.approx(net.objective, rel=1e-6)


def test_property_windows_lose_little_and_say_where_they_lie():
    case, hours, store, ramp, __ = _case5()
    hours = np.tile(hours, (3, 1))
    options = {"storage": [store], "ramp_mw": 2 * ramp, "keep_minimum": False}
    whole = dispatch_together(case, hours, **options)
    assert whole.windows == ((0, 24, 24),)
    lost = []
    for overlap in (0, 4, 8):
        part = dispatch_together(case, hours, **options, window=8, overlap=overlap)
        assert part.windows[0] == (0, 8, 8 + overlap)
        assert part.windows[-1][1:] == (24, 24)
        assert part.energy_mwh[-1, 0] >= store.end * store.energy_mwh - 1e-6
        assert np.abs(np.diff(part.power_mw, axis=0)).max() <= 2 * ramp.max() + 1e-6
        lost.append(part.cost_usd_per_h.sum() / whole.cost_usd_per_h.sum() - 1)
    assert min(lost) > -1e-9
    assert lost[2] < 0.002
    assert lost[2] <= lost[0]


def test_published_ramps_of_a_case():
    """RTS-GMLC: a combustion turbine of 20 MW moves 3 MW a minute, which its file writes into all three columns."""
    assert ramp_mw_per_h(read_case("RTS_GMLC"))[0] == 180
    assert np.isnan(ramp_mw_per_h(read_case("case9"))).all()
    own = _two()
    gen = own.gen.copy()
    gen[0, 17], gen[1, 18] = 5, 7
    assert ramp_mw_per_h(replace(own, gen=gen)).tolist() == [30, 14]


def test_error_what_cannot_be():
    with pytest.raises(RangeError, match="efficiency=85 is not within"):
        Storage(1, 1, 1, 1, 85, 0, 0)
    with pytest.raises(RangeError, match="charge_mw=0 is not above 0"):
        Storage(1, 0, 1, 1, 1, 0, 0)
    case = _two()
    with pytest.raises(RangeError, match="no window of 0 hours"):
        dispatch_together(case, _load(1), window=0)
    with pytest.raises(RangeError, match="hourly load has shape"):
        dispatch_together(case, np.zeros((0, 2)))
    with pytest.raises(CaseError, match="fills the storage to its end"):
        dispatch_together(case, _load(1, 1), storage=[Storage(1, 1, 1, 100, 1, 0, 1)])
    with pytest.raises(CaseError, match="keeps the ramps"):
        dispatch_together(_two(60), _load(90, 90), [[100, 100], [0, 100]], ramp_mw=[1, np.inf])
    with pytest.raises(RangeError, match="ramps have shape"):
        dispatch_together(case, _load(1), ramp_mw=[1])
