"""How does a grid come from, or go to, PyPSA?

What both sides know is carried over: buses, loads, units with limits and costs, branches with
reactance, tap, shift and rating. What one side does not know is left out and told.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.errors import CaseError
from taotie.grid.case.adapter_base import UNLIMITED_MVA, left_out, needed
from taotie.grid.case.grid_case import Case
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.said import Said

__all__ = ["case_from_pypsa", "case_to_pypsa"]

FloatArray = NDArray[np.float64]


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
    pypsa = needed("pypsa", "pypsa")
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
    """A `Case` from one snapshot of a PyPSA network: as it was optimized, or else as it was set.

    Inactive parts stay out (so do those built later or gone in the period of the snapshot), signs count, sizes
    that were optimized replace those given, units that were committed off are off. Links become DC lines;
    storage units and stores, units that stay at their power. Buses of other carriers without a line are left
    out: what links take to or bring from there is load of the bus at their other end. Where nothing was
    optimized, the slack of each part takes what is missing, as in `lpf`.

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
        No bus or no branch in the network, several scenarios, a part at a bus that is not there, or no such
        snapshot.
    """
    if getattr(network, "has_scenarios", False):
        raise CaseError(
            _("the PyPSA network holds {n} scenarios; one is read.").format(
                n=len(network.scenarios)
            ),
            _("save one of them: network.get_scenario(name).export_to_netcdf(path)."),
        )
    if not len(network.buses) or not len(network.lines) + len(network.transformers):
        raise CaseError(_("the PyPSA network has no bus or no branch."))
    _check_buses(network)
    network = network.copy()
    network.calculate_dependent_values()
    if snapshot is not None and snapshot not in network.snapshots:
        raise CaseError(_("the PyPSA network has no snapshot {name}.").format(name=snapshot))
    grid = _Moment(network, network.snapshots[0] if snapshot is None else snapshot)
    place = {name: i for i, name in enumerate(grid.electric)}
    n = len(place)
    bus = np.zeros((n, 13))
    bus[:, 0], bus[:, 1] = np.arange(1, n + 1), 1
    bus[:, 7], bus[:, 9] = 1, network.buses.v_nom[grid.electric]
    bus[:, 11], bus[:, 12] = 1.1, 0.9
    demand = grid.dense("Load", "p_set")
    for name, load in grid.active("Load").iterrows():
        bus[place[load.bus], 2] -= demand[name] * float(load.get("sign", -1.0))
    for _name, shunt in grid.active("ShuntImpedance").iterrows():
        bus[place[shunt.bus], 4] += float(shunt.g_pu) * float(shunt.get("sign", -1.0)) * -1.0
    gen, cost, fuel = grid.units(place, base_mva)
    branch, zero = grid.branches(place, base_mva)
    dcline, outward = grid.links(place)
    np.add.at(bus[:, 2], [row for row, _mw in outward], [mw for _row, mw in outward])
    told = grid.told(outward)
    told += left_out(
        "zero_rating",
        N_("{n} branches are rated 0 MVA, the default of PyPSA: any flow on them is over"),
        zero,
    )
    if not grid.solved:
        told += grid.balance(place, bus, gen, dcline)
    return Case(
        str(network.name or "pypsa"), base_mva, bus, gen, branch, gencost=cost, dcline=dcline,
        bus_name=tuple(map(str, grid.electric)), gen_fuel=fuel, told=tuple(told),
    )  # fmt: skip


_TABLES = {
    "Load": "loads", "Generator": "generators", "StorageUnit": "storage_units", "Store": "stores",
    "Link": "links", "ShuntImpedance": "shunt_impedances", "Line": "lines", "Transformer": "transformers",
}  # fmt: skip
# Kinds of parts that carry nothing themselves.
_SILENT = (
    "Bus",
    "Carrier",
    "LineType",
    "TransformerType",
    "SubNetwork",
    "GlobalConstraint",
    "Shape",
)


def _check_buses(network: Any) -> None:
    """Refuse a part at a bus that is not there, by name."""
    for kind, list_name in _TABLES.items():
        table = getattr(network, list_name)
        for end in ("bus", "bus0", "bus1"):
            if end not in table:
                continue
            lost = table[~table[end].isin(network.buses.index)]
            if len(lost):
                raise CaseError(
                    _("the PyPSA network has no bus {bus}, where its {kind} {name} stands.").format(
                        bus=repr(str(lost[end].iloc[0])), kind=kind, name=repr(str(lost.index[0]))
                    )
                )


class _Moment:
    """One snapshot of a network."""

    def __init__(self, network: Any, moment: Any) -> None:
        self.network, self.moment = network, moment
        self.switched_off = 0
        results = network.generators_t.p
        self.solved = bool(
            results.shape[1] and moment in results.index and results.loc[moment].abs().sum() > 0
        )

        joined = {
            name
            for kind in ("Line", "Transformer")
            for end in ("bus0", "bus1")
            for name in self.table(kind)[end]
        }
        buses = network.buses
        here = buses.carrier.isin(["AC", "DC", ""]) | buses.index.isin(list(joined))
        self.electric = buses.index[here]

    def table(self, kind: str) -> Any:
        return getattr(self.network, _TABLES[kind])

    def in_service(self, kind: str) -> Any:
        """Parts in service at this moment."""
        table = self.table(kind)
        if self.network.has_investment_periods:
            on = self.network.components[_TABLES[kind]].get_active_assets(self.moment[0])
            return table[on.reindex(table.index).astype(bool)]
        return table[table.active.astype(bool)] if "active" in table else table

    def active(self, kind: str) -> Any:
        """Parts in service at this moment, at buses of the electric grid."""
        table = self.in_service(kind)
        return table[table.bus.isin(self.electric)] if "bus" in table else table

    def dense(self, kind: str, key: str) -> Any:
        """Value of every part at this moment: its series, or else its constant."""
        return self.network.get_switchable_as_dense(kind, key).loc[self.moment]

    def power(self, kind: str) -> Any:
        """Power of every part: what was found, else what was set, else nothing. [MW]"""
        results = getattr(self.network, f"{self._list(kind)}_t")
        found = results["p0" if kind == "Link" else "p"]
        planned = self.dense(kind, "p_set").reindex(self.table(kind).index)
        if self.solved and found.shape[1] and self.moment in found.index:
            return (
                found.loc[self.moment].reindex(self.table(kind).index).fillna(planned).fillna(0.0)
            )
        return planned.fillna(0.0)

    def _list(self, kind: str) -> str:
        return {
            "Generator": "generators", "StorageUnit": "storage_units", "Store": "stores", "Link": "links",
        }[kind]  # fmt: skip

    def size(self, part: Any, key: str) -> float:
        """What was built: the optimized size where the size was free and is known, be it 0."""
        built = float(part.get(f"{key}_opt", 0.0) or 0.0)
        free = bool(part.get(f"{key}_extendable", False))
        if free and np.isfinite(built) and (built > 0 or self.solved):
            return built
        return float(part[key])

    def committed(self, name: str, unit: Any) -> bool:
        """False for a unit that the optimum has switched off."""
        status = self.network.generators_t.status
        if not (self.solved and bool(unit.get("committable", False)) and name in status):
            return True
        return bool(status.loc[self.moment, name] > 0.5)

    def units(self, place: Any, base_mva: float) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
        gen, cost, fuel = [], [], []
        if len(self.active("Generator")):
            limit, least = self.dense("Generator", "p_max_pu"), self.dense("Generator", "p_min_pu")
            power = self.power("Generator")
            price = self.dense("Generator", "marginal_cost")
            for name, unit in self.active("Generator").iterrows():
                sign, built = float(unit.get("sign", 1.0)), self.size(unit, "p_nom")
                # a share of 0 of a unit without limit is 0
                ends = sorted(
                    sign * built * float(share) if share else 0.0
                    for share in (limit[name], least[name])
                )
                on = self.committed(str(name), unit)
                self.switched_off += int(not on)
                gen.append(
                    [
                        place[unit.bus] + 1,
                        sign * power[name],
                        0,
                        0,
                        0,
                        1,
                        base_mva,
                        int(on),
                        ends[1],
                        ends[0],
                    ]
                )
                quadratic = float(unit.get("marginal_cost_quadratic", 0.0))
                cost.append([2, 0, 0, 3, quadratic, sign * float(price[name]), 0.0])
                fuel.append(str(unit.get("carrier", "")))
        for kind in ("StorageUnit", "Store"):
            if not len(self.active(kind)):
                continue
            power = self.power(kind)
            for name, unit in self.active(kind).iterrows():
                p = float(unit.get("sign", 1.0)) * float(power[name])
                gen.append([place[unit.bus] + 1, p, 0, 0, 0, 1, base_mva, 1, p, p])
                cost.append([2, 0, 0, 3, 0.0, 0.0, 0.0])
                fuel.append(str(unit.get("carrier", "")))
        table = np.array(gen, float).reshape(-1, 10)
        return table, np.array(cost, float).reshape(-1, 7), tuple(fuel)

    def branches(self, place: Any, base_mva: float) -> tuple[FloatArray, int]:
        branch, zero = [], 0
        direct = self.network.buses.carrier == "DC"
        for kind in ("Line", "Transformer"):
            if not len(self.active(kind)):
                continue
            usable = self.dense(kind, "s_max_pu")
            for name, b in self.active(kind).iterrows():
                tap = float(b.get("tap_ratio", 0.0)) if kind == "Transformer" else 0.0
                rate = self.size(b, "s_nom") * float(usable[name])
                zero += int(rate <= 0)
                unlimited = not np.isfinite(rate) or rate >= 0.99 * UNLIMITED_MVA
                x = float(b.r_pu if direct.get(b.bus0, False) else b.x_pu)
                # PyPSA's x_pu is per MVA of a base of 1
                branch.append(
                    [place[b.bus0] + 1, place[b.bus1] + 1, float(b.r_pu) * base_mva, x * base_mva, 0,
                     0.0 if unlimited else max(rate, 1e-6), 0, 0, tap, float(b.get("phase_shift", 0.0)), 1]
                )  # fmt: skip
        return np.array(branch, float).reshape(-1, 11), zero

    def links(self, place: Any) -> tuple[FloatArray, list[tuple[int, float]]]:
        """Every end of every link beside its first as a DC line with the power it delivers; and what leaves the grid. [MW]"""
        found: list[list[float]] = []
        outward: list[tuple[int, float]] = []
        table = self.active("Link")
        if not len(table):
            return np.zeros((0, 17)), outward
        power = self.power("Link")
        efficiency = self.dense("Link", "efficiency")

        def line(first: int, second: int, taken: float, given: float) -> list[float]:
            return [first + 1, second + 1, 1, taken, given, *[0.0] * 10, taken - given, 0.0]

        for name, link in table.iterrows():
            taken = float(power[name])
            ends = [(link.bus1, taken * float(efficiency[name]))]
            ends += [
                (link.get(f"bus{i}", ""), taken * float(link.get(f"efficiency{i}", 1.0)))
                for i in range(2, 10)
            ]
            here = [(place[bus], given) for bus, given in ends if bus in place]
            if link.bus0 not in place:
                outward += [(row, -given) for row, given in here]
                continue
            start = place[link.bus0]
            if not here:
                outward.append((start, taken))
            for i, (row, given) in enumerate(here):
                found.append(line(start, row, 0.0 if i else taken, given))
        return np.array(found, float).reshape(-1, 17), outward

    def balance(
        self, place: Any, bus: FloatArray, gen: FloatArray, dcline: FloatArray
    ) -> list[Said]:
        """Give what is missing in each part to its slack, as a linear power flow does."""
        nowhere: list[float] = []
        network = self.network
        network.determine_network_topology()
        net = -bus[:, 2] - bus[:, 4]
        np.add.at(net, gen[:, 0].astype(int) - 1, gen[:, 1])
        if len(dcline):
            np.add.at(net, dcline[:, 0].astype(int) - 1, -dcline[:, 3])
            np.add.at(net, dcline[:, 1].astype(int) - 1, dcline[:, 4])
        order = {name: i for i, name in enumerate(self.active("Generator").index)}
        for part in network.sub_networks.obj:
            names = network.buses.index[network.buses.sub_network == part.name]
            buses = [place[b] for b in names if b in place]
            if not buses:
                continue
            part.find_bus_controls()
            missing = -float(net[buses].sum())
            slack = part.slack_generator
            if slack is not None and slack in order:
                gen[order[slack], 1] += missing
            else:
                bus[place[part.slack_bus], 2] -= missing
                if abs(missing) > 1e-9:
                    nowhere.append(missing)
        return list(
            left_out(
                "slack_without_unit",
                N_("{n} parts of the network hold no unit: {mw:.1f} MW of load there come from nowhere, as in PyPSA's own flow, and are not counted"),
                len(nowhere),
                mw=sum(nowhere),
            )
        )  # fmt: skip

    def told(self, outward: list[tuple[int, float]]) -> list[Said]:
        buses = self.network.buses
        elsewhere = buses[~buses.index.isin(self.electric)]
        told = list(
            left_out(
                "other_carriers",
                N_("{n} buses carry something other than electricity ({carriers}) and are left out; links take {mw:.1f} MW there, which count as load"),
                len(elsewhere),
                carriers=listing(sorted(set(map(str, elsewhere.carrier)))[:8]),
                mw=sum(mw for _row, mw in outward),
            )
        )  # fmt: skip
        told += left_out(
            "committed_off",
            N_("{n} units were committed off and are out of service"),
            self.switched_off,
        )
        for part in self.network.components:
            if part.name not in _TABLES and part.name not in _SILENT:
                told += left_out(
                    "table_not_read", N_("table {name} ({n} rows) is not read"), len(part.static), name=part.name
                )  # fmt: skip
        for kind, message in (
            ("StorageUnit", N_("{n} storage units ({mw:.1f} MW) stay at their power")),
            ("Store", N_("{n} stores ({mw:.1f} MW) stay at their power")),
            (
                "Link",
                N_("{n} links ({mw:.1f} MW) become DC lines with their power, whatever happens"),
            ),
        ):
            table = self.active(kind)
            mw = float(self.power(kind).reindex(table.index).abs().sum()) if len(table) else 0.0
            told += left_out(kind.lower(), message, len(table), mw=mw)
        inactive = sum(
            len(self.table(k)) - len(self.in_service(k))
            for k in ("Line", "Transformer", "Generator", "Load", "Link", "StorageUnit", "Store")
        )
        told += left_out("out_of_service", N_("{n} parts are not active and left out"), inactive)
        many = len(self.network.snapshots)
        if many > 1:
            told.append(
                Said(
                    "one_snapshot",
                    N_("snapshot {name} of {n}; the others are not looked at"),
                    {
                        "name": " ".join(map(str, self.moment))
                        if isinstance(self.moment, tuple)
                        else str(self.moment),
                        "n": many,
                    },
                )
            )
        if not self.solved:
            told.append(
                Said(
                    "not_optimized",
                    N_("nothing was optimized: power as set, the slack takes the rest"),
                )
            )
        return told
