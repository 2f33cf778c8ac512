"""How does a grid come from, or go to, another program? pandapower and PyPSA, each optional.

pypowsybl has a file of its own, `adapters_powsybl`.
What both sides know is carried over: buses, loads, units with limits and costs, branches with
reactance, tap, shift and rating. What one side does not know is left out and said in the docstring.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from taotie.errors import CaseError, MissingExtraError
from taotie.grid.case.grid_case import Case
from taotie.words.language import _

__all__ = ["case_from_pandapower", "case_from_pypsa", "case_to_pypsa"]

UNLIMITED_MVA = 1e5


def _needed(package: str, extra: str, module: str = "") -> Any:
    try:
        return import_module(module or package)
    except ImportError:
        raise MissingExtraError(package, extra) from None


def case_from_pandapower(net: Any, name: str = "pandapower") -> Case:
    """A `Case` from a pandapower network, by pandapower's own conversion to PYPOWER tables.

    Bus numbers start at 1 and follow its internal order; names, fuels and costs stay behind. The unit
    at the reference bus, whose output pandapower leaves open, gives what the others do not.

    Parameters
    ----------
    net : pandapowerNet
    name : str

    Raises
    ------
    MissingExtraError
        pandapower is not installed.
    CaseError
        It refuses the network.
    """
    to_ppc = _needed("pandapower", "ac", "pandapower.converter.pypower.to_ppc").to_ppc
    try:
        ppc = to_ppc(
            net, calculate_voltage_angles=True, check_connectivity=False, init="flat", mode="opf"
        )
    except Exception as error:  # the converter raises whatever comes
        raise CaseError(
            _("pandapower does not convert the network: {reason}.").format(reason=error)
        ) from error
    bus = np.real(np.asarray(ppc["bus"]))[:, :13].astype(float)
    gen = np.real(np.asarray(ppc["gen"]))[:, :21].astype(float)
    branch = np.real(np.asarray(ppc["branch"]))[:, :13].astype(float)
    bus[:, 0] += 1
    gen[:, 0] += 1
    branch[:, :2] += 1
    rate = branch[:, 5]
    branch[:, 5] = np.where(
        ~np.isfinite(rate) | (rate >= 0.99 * UNLIMITED_MVA) | (rate < 0), 0.0, rate
    )
    gen[:, 8] = np.where(gen[:, 8] >= 1e8, np.inf, gen[:, 8])  # its word for no limit
    running = gen[:, 7] > 0
    reference = np.flatnonzero(running & np.isin(gen[:, 0], bus[bus[:, 1] == 3, 0]))
    if reference.size:
        gen[reference[0], 1] += bus[:, 2].sum() + bus[:, 4].sum() - gen[running, 1].sum()
    return Case(name, float(ppc["baseMVA"]), bus, gen, branch)


def case_to_pypsa(case: Case, keep_dispatch: bool = False) -> Any:
    """A PyPSA network of one snapshot with the same DC flows and linear or quadratic costs.

    Every branch is a transformer, so that tap and phase shift keep their place; branches without a
    rating get 100,000 MVA. DC lines become links with their scheduled power. Piecewise costs
    become their mean slope.

    Parameters
    ----------
    case : Case
    keep_dispatch : bool
        Set `p_set` of the units: for power flows. PyPSA's optimization then holds them there.

    Returns
    -------
    network : pypsa.Network

    Raises
    ------
    MissingExtraError
        PyPSA is not installed.
    """
    pypsa = _needed("pypsa", "pypsa")
    network = pypsa.Network()
    network.name = case.name
    buses = [str(b) for b in case.bus_number]
    network.add("Bus", buses, v_nom=np.where(case.bus[:, 9] > 0, case.bus[:, 9], 1.0))
    demand = case.bus[:, 2] + case.bus[:, 4]
    loaded = np.flatnonzero(demand)
    network.add(
        "Load",
        [f"load {buses[i]}" for i in loaded],
        bus=[buses[i] for i in loaded],
        p_set=demand[loaded],
    )
    rows = np.flatnonzero(case.branch_on)
    rating = np.where(np.isfinite(case.rate_a_mw[rows]), case.rate_a_mw[rows], UNLIMITED_MVA)
    tap = np.where(case.branch[rows, 8] == 0, 1.0, case.branch[rows, 8])
    network.add(
        "Transformer", [f"branch {r + 1}" for r in rows],
        bus0=[buses[i] for i in case.from_row[rows]], bus1=[buses[i] for i in case.to_row[rows]],
        model="pi", r=case.branch[rows, 2] * rating / case.base_mva,
        x=case.branch[rows, 3] * rating / case.base_mva, s_nom=rating, tap_ratio=tap,
        phase_shift=case.branch[rows, 9],
    )  # fmt: skip
    units = np.flatnonzero(case.gen_on & np.isfinite(case.gen[:, 8]) & (case.gen[:, 8] != 0))
    linear, quadratic = np.zeros(len(units)), np.zeros(len(units))
    for j, i in enumerate(units):
        if not len(case.gencost):
            break
        row = case.gencost[i]
        n = int(row[3])
        if row[0] == 2:
            c = np.zeros(3)
            c[3 - min(n, 3) :] = row[4 + n - min(n, 3) : 4 + n]
            quadratic[j], linear[j] = c[0], c[1]
        else:
            points = row[4 : 4 + 2 * n].reshape(-1, 2)
            linear[j] = (points[-1, 1] - points[0, 1]) / max(points[-1, 0] - points[0, 0], 1e-9)
    fuels = case.gen_fuel if len(case.gen_fuel) == case.n_gen else ("",) * case.n_gen
    for fuel in sorted({fuels[i] for i in units} - {""}):
        network.add("Carrier", fuel)
    network.add(
        "Generator", [f"unit {i + 1}" for i in units], bus=[buses[i] for i in case.gen_row[units]],
        p_nom=case.gen[units, 8], p_min_pu=case.gen[units, 9] / case.gen[units, 8],
        p_set=case.gen[units, 1] if keep_dispatch else np.nan, marginal_cost=linear, marginal_cost_quadratic=quadratic,
        carrier=[fuels[i] for i in units],
    )  # fmt: skip
    for j, line in enumerate(case.dcline):
        if line[2] > 0 and line[3] > 0:
            network.add(
                "Link", f"dc line {j + 1}", bus0=str(int(line[0])), bus1=str(int(line[1])),
                p_nom=line[3], p_min_pu=1.0, p_set=line[3], efficiency=line[4] / line[3],
            )  # fmt: skip
    return network


def case_from_pypsa(network: Any, snapshot: Any = None, base_mva: float = 100.0) -> Case:
    """A `Case` from one snapshot of a PyPSA network; links, stores and storage units stay behind.

    Parameters
    ----------
    network : pypsa.Network
    snapshot : optional
        Label; the first by default.
    base_mva : float
        Base of the reactances. [MVA]

    Raises
    ------
    CaseError
        No bus or no branch in the network.
    """
    if not len(network.buses) or not len(network.lines) + len(network.transformers):
        raise CaseError(_("the PyPSA network has no bus or no branch."))
    network.calculate_dependent_values()
    moment = network.snapshots[0] if snapshot is None else snapshot
    place = {name: i for i, name in enumerate(network.buses.index)}
    n = len(place)
    bus = np.zeros((n, 13))
    bus[:, 0], bus[:, 1] = np.arange(1, n + 1), 1
    bus[:, 7], bus[:, 9], bus[:, 11], bus[:, 12] = 1, network.buses.v_nom, 1.1, 0.9
    demand = network.get_switchable_as_dense("Load", "p_set").loc[moment]
    for name, load in network.loads.iterrows():
        bus[place[load.bus], 2] += demand[name]
    limit = network.get_switchable_as_dense("Generator", "p_max_pu").loc[moment]
    least = network.get_switchable_as_dense("Generator", "p_min_pu").loc[moment]
    given = (
        network.generators_t.p
        if len(network.generators_t.p) and network.generators_t.p.shape[1]
        else None
    )
    planned = network.get_switchable_as_dense("Generator", "p_set").loc[moment]
    gen, cost = [], []
    for name, unit in network.generators.iterrows():
        output = float(given.loc[moment, name]) if given is not None else float(planned[name])
        number = place[unit.bus] + 1
        top, low = unit.p_nom * limit[name], unit.p_nom * least[name]
        gen.append([number, 0.0 if np.isnan(output) else output, 0, 0, 0, 1, base_mva, 1, top, low])
        cost.append([2, 0, 0, 3, unit.get("marginal_cost_quadratic", 0.0), unit.marginal_cost, 0.0])
    branch = []
    for table in (network.lines, network.transformers):
        for __, b in table.iterrows():
            tap = float(b.get("tap_ratio", 0.0))
            rate = float(b.s_nom) * float(b.get("s_max_pu", 1.0))
            unlimited = not np.isfinite(rate) or rate >= 0.99 * UNLIMITED_MVA
            # PyPSA's x_pu is per MVA of a base of 1
            branch.append(
                [place[b.bus0] + 1, place[b.bus1] + 1, float(b.r_pu) * base_mva, float(b.x_pu) * base_mva, 0,
                 0.0 if unlimited else rate, 0, 0, tap, float(b.get("phase_shift", 0.0)), 1]
            )  # fmt: skip
    return Case(
        str(network.name or "pypsa"), base_mva, bus, np.array(gen, float).reshape(-1, 10),
        np.array(branch, float), gencost=np.array(cost, float).reshape(-1, 7),
        bus_name=tuple(map(str, network.buses.index)),
        gen_fuel=tuple(str(c) for c in network.generators.carrier),
    )  # fmt: skip
