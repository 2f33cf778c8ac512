"""How does a grid come from, or go to, pypowsybl? Optional; the other programs are in `adapters`.

Both directions keep the DC flows: to 1e-6 MW they equal pypowsybl's own DC load flow. Powers in MW,
reactances in per unit of the case, in ohm over there. What one side does not know is left out and
said in the docstring.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
import scipy.sparse.csgraph as csgraph
from numpy.typing import NDArray

from taotie.errors import CaseError
from taotie.grid.case.adapter_base import UNLIMITED_MVA, left_out, needed
from taotie.grid.case.grid_case import ISOLATED, Case
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["case_from_pypowsybl", "case_to_pypowsybl"]

FloatArray = NDArray[np.float64]
PERMANENT = -1  # pypowsybl's duration of a limit that may be kept for good
SIDES = {"NONE": 0, "ONE": 0, "TWO": 1, "THREE": 2}  # NONE: an element with one end
SOURCE = {
    "coal": "THERMAL", "ng": "THERMAL", "gas": "THERMAL", "oil": "THERMAL", "dfo": "THERMAL",
    "nuclear": "NUCLEAR", "hydro": "HYDRO", "wind": "WIND", "solar": "SOLAR",
}  # fmt: skip


# ---- to pypowsybl ----------------------------------------------------------------------------


def case_to_pypowsybl(case: Case) -> Any:
    """A pypowsybl network with the same DC flows, and the same AC model but for the points below.

    Every bus is a voltage level of its own, `bus N` by its number; units are `unit I`, branches
    `branch R`, counted from 1 in the order of the case. A branch with a tap, a phase shift or two
    voltages becomes a transformer (its ends share a substation), any other a line. Ratings become
    permanent active power limits in MW; unrated branches get none.

    Changed on the way: shunt conductance becomes a constant load, DC lines become loads with their
    scheduled power, a Pmax without limit becomes 100,000 MW, a voltage of 0 kV becomes 1 kV. A
    transformer's charging is split over both ends only with `twt_split_shunt_admittance=True`.
    Left out: costs, emergency ratings, areas, isolated buses with what hangs on them.

    Parameters
    ----------
    case : Case

    Returns
    -------
    network : pypowsybl.network.Network

    Raises
    ------
    MissingExtraError
        pypowsybl is not installed.
    """
    powsybl = needed("pypowsybl", "powsybl", "pypowsybl.network")
    frame = needed("pandas", "powsybl").DataFrame  # pypowsybl brings it
    network = powsybl.create_empty(case.name)
    live = np.flatnonzero(case.bus[:, 1] != ISOLATED)
    alive = np.isin(np.arange(case.n_bus), live)
    volt = np.where(case.bus[:, 9] > 0, case.bus[:, 9], 1.0)
    number = case.bus_number
    at_level = np.array([f"level {b}" for b in number])
    at_bus = np.array([f"bus {b}" for b in number])

    f, t = case.from_row, case.to_row
    kept = np.flatnonzero((f != t) & alive[f] & alive[t])
    table = case.branch[kept]
    f, t = f[kept], t[kept]
    is_transformer = ((table[:, 8] != 0) & (table[:, 8] != 1)) | (table[:, 9] != 0)
    is_transformer |= volt[f] != volt[t]
    joined = sp.csr_matrix(
        (np.ones(int(is_transformer.sum())), (f[is_transformer], t[is_transformer])),
        shape=(case.n_bus, case.n_bus),
    )
    station = csgraph.connected_components(joined, directed=False)[1]
    names = [f"substation {s + 1}" for s in station[live]]
    network.create_substations(id=sorted(set(names)))
    network.create_voltage_levels(
        id=at_level[live].tolist(), substation_id=names, nominal_v=volt[live].tolist(),
        topology_kind=["BUS_BREAKER"] * len(live),
    )  # fmt: skip
    network.create_buses(id=at_bus[live].tolist(), voltage_level_id=at_level[live].tolist())

    _add_loads(network, case, live, at_level, at_bus)
    _add_shunts(network, frame, case, live, volt, at_level, at_bus)
    _add_units(network, case, alive, volt, at_level, at_bus)

    branch = np.array([f"branch {r + 1}" for r in kept])

    def ends(rows: NDArray[np.intp]) -> dict[str, list[str]]:
        return {
            "id": branch[rows].tolist(),
            "voltage_level1_id": at_level[f[rows]].tolist(), "bus1_id": at_bus[f[rows]].tolist(),
            "voltage_level2_id": at_level[t[rows]].tolist(), "bus2_id": at_bus[t[rows]].tolist(),
        }  # fmt: skip

    ohm = volt[t] ** 2 / case.base_mva  # a transformer's impedance stands at its second end
    lines, both = np.flatnonzero(~is_transformer), np.flatnonzero(is_transformer)
    half = 0.5 * table[lines, 4] / ohm[lines]
    if lines.size:
        network.create_lines(
            **ends(lines), r=table[lines, 2] * ohm[lines], x=table[lines, 3] * ohm[lines],
            g1=np.zeros(lines.size), g2=np.zeros(lines.size), b1=half, b2=half,
        )  # fmt: skip
    if both.size:
        tap = np.where(table[both, 8] == 0, 1.0, table[both, 8])
        network.create_2_windings_transformers(
            **ends(both), r=table[both, 2] * ohm[both], x=table[both, 3] * ohm[both],
            g=np.zeros(both.size), b=table[both, 4] / ohm[both],
            rated_u1=volt[f[both]] * tap, rated_u2=volt[t[both]],
        )  # fmt: skip
    shifting = both[table[both, 9] != 0]
    if shifting.size:
        n = shifting.size
        which = frame({"id": branch[shifting], "tap": [0] * n, "low_tap": [0] * n}).set_index("id")
        zero = np.zeros(n)
        step = frame(
            {"id": branch[shifting], "g": zero, "b": zero, "r": zero, "x": zero, "rho": zero + 1,
             "alpha": -table[shifting, 9]}
        ).set_index("id")  # fmt: skip
        network.create_phase_tap_changers(which, step)
    out = branch[table[:, 10] == 0].tolist()
    for change, rows in (
        (network.update_lines, lines),
        (network.update_2_windings_transformers, both),
    ):
        off = sorted(set(out) & set(branch[rows].tolist()))
        if off:
            change(id=off, connected1=[False] * len(off), connected2=[False] * len(off))
    _add_limits(network, branch, case.rate_a_mw[kept])
    return network


def _add_loads(network: Any, case: Case, live: Any, at_level: Any, at_bus: Any) -> None:
    """Demand, shunt conductance at nominal voltage, and both ends of every DC line."""
    parts: list[tuple[str, int, float, float]] = []
    number = case.bus_number
    for i in live[(case.bus[live, 2] != 0) | (case.bus[live, 3] != 0)]:
        parts.append((f"load {number[i]}", i, case.bus[i, 2], case.bus[i, 3]))
    for i in live[case.bus[live, 4] != 0]:
        parts.append((f"conductance {number[i]}", i, case.bus[i, 4], 0.0))
    alive = set(live.tolist())
    for j, row in enumerate(case.dcline):
        first, second = case.rows_of_bus(row[:2])
        if row[2] > 0 and {int(first), int(second)} <= alive:
            parts.append((f"dc line {j + 1} from", int(first), row[3], 0.0))
            parts.append((f"dc line {j + 1} to", int(second), -row[4], 0.0))
    if parts:
        name, at, p, q = zip(*parts, strict=True)
        rows = list(at)
        network.create_loads(
            id=list(name), voltage_level_id=at_level[rows].tolist(), bus_id=at_bus[rows].tolist(),
            p0=list(p), q0=list(q),
        )  # fmt: skip


def _add_shunts(
    network: Any, frame: Any, case: Case, live: Any, volt: FloatArray, at_level: Any, at_bus: Any
) -> None:
    rows = live[case.bus[live, 5] != 0]
    if not rows.size:
        return
    name = [f"shunt {case.bus_number[i]}" for i in rows]
    one = [1] * len(rows)
    where = frame(
        {"id": name, "model_type": ["LINEAR"] * len(rows), "section_count": one,
         "voltage_level_id": at_level[rows], "bus_id": at_bus[rows]}
    ).set_index("id")  # fmt: skip
    what = frame(
        {"id": name, "g_per_section": [0.0] * len(rows), "max_section_count": one,
         "b_per_section": case.bus[rows, 5] / volt[rows] ** 2}
    ).set_index("id")  # fmt: skip
    network.create_shunt_compensators(where, what)


def _add_units(
    network: Any, case: Case, alive: Any, volt: FloatArray, at_level: Any, at_bus: Any
) -> None:
    rows = np.flatnonzero(alive[case.gen_row])
    if not rows.size:
        return
    at, table = case.gen_row[rows], case.gen[rows]
    fuel = case.gen_fuel if len(case.gen_fuel) == case.n_gen else ("",) * case.n_gen
    top = np.where(np.isfinite(table[:, 8]), table[:, 8], UNLIMITED_MVA)
    low = np.where(np.isfinite(table[:, 9]), table[:, 9], -UNLIMITED_MVA)
    name = np.array([f"unit {i + 1}" for i in rows])
    network.create_generators(
        id=name.tolist(), voltage_level_id=at_level[at].tolist(), bus_id=at_bus[at].tolist(),
        energy_source=[SOURCE.get(fuel[i].strip().lower(), "OTHER") for i in rows],
        min_p=np.minimum(low, top), max_p=top, target_p=table[:, 1], target_q=table[:, 2],
        target_v=np.where(table[:, 5] > 0, table[:, 5], 1.0) * volt[at],
        voltage_regulator_on=[True] * len(rows),
    )  # fmt: skip
    off = name[table[:, 7] <= 0].tolist()
    if off:
        network.update_generators(id=off, connected=[False] * len(off))


def _add_limits(network: Any, branch: Any, rating: FloatArray) -> None:
    rated = np.flatnonzero(np.isfinite(rating))
    if not rated.size:
        return
    # one name for it before 1.16, another since
    create = getattr(network, "create_loading_limits", None) or network.create_operational_limits
    n = rated.size
    for side in ("ONE", "TWO"):
        create(
            element_id=branch[rated].tolist(), side=[side] * n, name=["permanent"] * n,
            type=["ACTIVE_POWER"] * n, value=rating[rated], acceptable_duration=[PERMANENT] * n,
            fictitious=[False] * n,
        )  # fmt: skip


# ---- from pypowsybl --------------------------------------------------------------------------


class _Rows(NamedTuple):
    """What a reader of a network collects."""

    bus: FloatArray
    volt: FloatArray
    place: dict[str, int]
    base_mva: float
    limit: dict[tuple[str, int], float]

    def at(self, name: object) -> int:
        """Row of a bus; -1 where an element is disconnected or its bus carries nothing."""
        return self.place.get(str(name), -1)

    def branch(
        self, name: str, first: int, second: int, r: float, x: float, b: float, second_kv: float,
        ratio: float = 1.0, shift: float = 0.0, side: int | None = None,
    ) -> list[float]:  # fmt: skip
        """One row of MATPOWER's table; impedance in ohm at the second end, charging in siemens."""
        ohm = second_kv**2 / self.base_mva
        sides = (0, 1) if side is None else (side,)
        rate = min(self.limit.get((name, s), np.inf) for s in sides)
        unlimited = not np.isfinite(rate) or rate >= 0.99 * UNLIMITED_MVA
        tap = 0.0 if ratio == 1.0 and shift == 0.0 else 1.0 / ratio
        return [
            first + 1, second + 1, r / ohm, x / ohm, b * ohm, 0.0 if unlimited else rate, 0, 0,
            tap, shift, 1,
        ]  # fmt: skip


def case_from_pypowsybl(network: Any, base_mva: float = 100.0) -> Case:
    """A `Case` from a pypowsybl network as scheduled: `p0` of loads, `target_p` of units.

    Buses are those of the bus view (switches closed or open as they are), numbered from 1, their
    names kept. Carried over: lines, two- and three-winding transformers at their present tap (the
    latter as three branches to a star bus), tie lines, HVDC lines with their losses, batteries as
    units, boundary lines as loads, shunts. The tightest permanent limit of both ends becomes
    rating A, a current at nominal voltage.

    Left out: whatever is disconnected, open at one end or on a bus without equipment, temporary limits, static
    compensators, reactive limits, costs, regulation, angle droop of HVDC lines; `Case.told` says how many of
    each that carries power. The unit with the largest Pmax marks the reference.

    Parameters
    ----------
    network : pypowsybl.network.Network
    base_mva : float
        Base of the reactances. [MVA]

    Raises
    ------
    CaseError
        No bus or no connected branch in the network.
    """
    buses = network.get_buses(attributes=["voltage_level_id"])
    level = network.get_voltage_levels(
        attributes=["nominal_v", "low_voltage_limit", "high_voltage_limit"]
    )
    star = network.get_3_windings_transformers(all_attributes=True)
    names = [str(b) for b in buses.index]
    n, n_star = len(names), len(star)
    at = level.loc[buses.voltage_level_id]
    nominal = at.nominal_v.to_numpy(float)
    volt = np.r_[nominal, star.rated_u0.to_numpy(float) if n_star else np.zeros(0)]
    bus = np.zeros((n + n_star, 13))
    bus[:, 0], bus[:, 1], bus[:, 7], bus[:, 9] = np.arange(1, n + n_star + 1), 1, 1, volt
    bus[:, 11], bus[:, 12] = 1.1, 0.9
    for column, key in ((11, "high_voltage_limit"), (12, "low_voltage_limit")):
        given = at[key].to_numpy(float) / nominal
        bus[:n, column] = np.where(np.isfinite(given), given, bus[:n, column])
    place = {name: i for i, name in enumerate(names)}
    rows = _Rows(bus, volt, place, base_mva, _permanent_limits(network, level))

    branch = _lines(network, rows) + _transformers(network, rows)
    for i, (name, leg) in enumerate(star.iterrows()):
        for side in (1, 2, 3):
            end = rows.at(leg[f"bus{side}_id"])
            if end >= 0:
                ratio = leg[f"rho{side}"] * volt[end] / leg.rated_u0
                branch.append(
                    rows.branch(
                        str(name), end, n + i, leg[f"r{side}_at_current_tap"], leg[f"x{side}_at_current_tap"],
                        leg[f"b{side}_at_current_tap"], leg.rated_u0, ratio, -leg[f"alpha{side}"], side - 1,
                    )
                )  # fmt: skip
        bus[n + i, 1] = 1 if any(rows.at(leg[f"bus{s}_id"]) >= 0 for s in (1, 2, 3)) else ISOLATED
    if not n or not branch:
        raise CaseError(_("the pypowsybl network has no bus or no connected branch."))

    _read_injections(network, rows)
    gen, fuel = _read_units(network, rows)
    if len(gen):
        bus[gen[:, 0].astype(int) - 1, 1] = 2
        bus[int(gen[gen[:, 8].argmax(), 0]) - 1, 1] = 3
    return Case(
        str(network.name or network.id or "pypowsybl"), base_mva, bus, gen, np.array(branch, float),
        dcline=_read_hvdc(network, rows), gen_fuel=fuel,
        bus_name=(*names, *(f"star of {name}" for name in star.index)),
        told=tuple(_told(network, rows)),
    )  # fmt: skip


def _told(network: Any, rows: _Rows) -> list[Said]:
    """What of the network stays behind or becomes something else."""

    def dead(table: Any, ends: tuple[str, ...]) -> Any:
        off = [any(rows.at(e[end]) < 0 for end in ends) for _name, e in table.iterrows()]
        return table[np.array(off, bool)]

    two = ("bus1_id", "bus2_id")
    told: list[Said] = []
    open_ = sum(
        len(dead(table, two))
        for table in (
            network.get_lines(all_attributes=True),
            network.get_2_windings_transformers(all_attributes=True),
        )
    )
    told += left_out("open_branches", N_("{n} lines and transformers are open at an end and left out"), open_)  # fmt: skip
    star = network.get_3_windings_transformers(all_attributes=True)
    legs = sum(
        rows.at(e[f"bus{side}_id"]) < 0 for _name, e in star.iterrows() for side in (1, 2, 3)
    )
    told += left_out("open_windings", N_("{n} windings of three-winding transformers are open and left out"), legs)  # fmt: skip
    ties = network.get_tie_lines(all_attributes=True)
    boundary = _boundary_lines(network)
    if len(ties):
        halves = [next(c for c in ties.columns if c.endswith(f"line{s}_id")) for s in (1, 2)]
        gone = sum(
            any(rows.at(boundary.loc[e[half]].bus_id) < 0 for half in halves)
            for _name, e in ties.iterrows()
        )
        told += left_out("open_ties", N_("{n} tie lines are open at an end and left out"), gone)
    loads = dead(network.get_loads(all_attributes=True), ("bus_id",))
    told += left_out(
        "loads_off", N_("{n} loads ({mw:.1f} MW) are disconnected and left out"), len(loads), mw=float(loads.p0.abs().sum()),
    )  # fmt: skip
    units = dead(network.get_generators(all_attributes=True), ("bus_id",))
    units_mw = float(units.target_p.abs().sum())
    batteries = network.get_batteries(all_attributes=True)
    off = dead(batteries, ("bus_id",))
    told += left_out(
        "units_off", N_("{n} units ({mw:.1f} MW) are disconnected and left out"), len(units) + len(off),
        mw=units_mw + float(off.target_p.abs().sum()),
    )  # fmt: skip
    told += left_out("batteries", N_("{n} batteries are units that keep to their limits, whatever they hold"), len(batteries) - len(off))  # fmt: skip
    alone = boundary[~boundary.paired.astype(bool)]
    told += left_out(
        "boundary", N_("{n} boundary lines ({mw:.1f} MW) count as load of their buses"), len(alone), mw=float(alone.p0.sum()),
    )  # fmt: skip
    told += left_out(
        "static_compensators", N_("{n} static compensators are left out: they carry no active power"),
        len(network.get_static_var_compensators()),
    )  # fmt: skip
    links = network.get_hvdc_lines(all_attributes=True)
    if len(links):
        stations = {
            str(name): rows.at(e.bus_id)
            for table in (
                network.get_vsc_converter_stations(all_attributes=True),
                network.get_lcc_converter_stations(all_attributes=True),
            )
            for name, e in table.iterrows()
        }
        ends = ("converter_station1_id", "converter_station2_id")
        cut = [e for _name, e in links.iterrows() if any(stations[str(e[x])] < 0 for x in ends)]
        told += left_out(
            "dc_line_off", N_("{n} DC lines ({mw:.1f} MW) have an end that is disconnected and are left out"), len(cut),
            mw=float(sum(abs(e.target_p) for e in cut)),
        )  # fmt: skip
    return told


def _permanent_limits(network: Any, level: Any) -> dict[tuple[str, int], float]:
    """Tightest permanent limit of every element and side. [MVA]"""
    read = getattr(network, "get_loading_limits", None) or network.get_operational_limits
    table = read(all_attributes=True).reset_index()
    table = table[(table.acceptable_duration == PERMANENT) & table.side.isin(list(SIDES))]
    kv: dict[tuple[str, int], float] = {}
    for elements, sides in (
        (network.get_lines(), ("1", "2")),
        (network.get_2_windings_transformers(), ("1", "2")),
        (network.get_3_windings_transformers(), ("1", "2", "3")),
        (_boundary_lines(network), ("",)),
    ):
        for side, end in enumerate(sides):
            voltage = level.nominal_v.reindex(elements[f"voltage_level{end}_id"]).to_numpy(float)
            names = elements.index.astype(str)
            kv.update({(n, side): v for n, v in zip(names, voltage.tolist(), strict=True)})
    limit: dict[tuple[str, int], float] = {}
    for name, side, kind, value in zip(
        table.element_id, table.side, table.type, table.value, strict=True
    ):
        key = (str(name), SIDES[side])
        if kind == "CURRENT":
            value = value * kv.get(key, np.inf) * np.sqrt(3) / 1000
        limit[key] = min(limit.get(key, np.inf), float(value))
    return limit


def _lines(network: Any, rows: _Rows) -> list[list[float]]:
    found = []
    for name, e in network.get_lines(all_attributes=True).iterrows():
        first, second = rows.at(e.bus1_id), rows.at(e.bus2_id)
        if first < 0 or second < 0:
            continue
        # two voltages at one line: the base of its impedance is their product
        kv = float(np.sqrt(rows.volt[first] * rows.volt[second]))
        found.append(rows.branch(str(name), first, second, e.r, e.x, e.b1 + e.b2, kv))
    ties = network.get_tie_lines(all_attributes=True)
    if len(ties):
        half = _boundary_lines(network)
        keys = [next(c for c in ties.columns if c.endswith(f"line{s}_id")) for s in (1, 2)]
        for name, e in ties.iterrows():
            one, two = half.loc[e[keys[0]]], half.loc[e[keys[1]]]
            limits = [rows.limit.get((str(e[key]), 0), np.inf) for key in keys]
            rows.limit[str(name), 0] = min(limits)
            first, second = rows.at(one.bus_id), rows.at(two.bus_id)
            if first >= 0 and second >= 0:
                kv = float(np.sqrt(rows.volt[first] * rows.volt[second]))
                found.append(
                    rows.branch(
                        str(name), first, second, one.r + two.r, one.x + two.x, one.b + two.b, kv
                    )
                )
    return found


def _transformers(network: Any, rows: _Rows) -> list[list[float]]:
    found = []
    for name, e in network.get_2_windings_transformers(all_attributes=True).iterrows():
        first, second = rows.at(e.bus1_id), rows.at(e.bus2_id)
        if first < 0 or second < 0:
            continue
        ratio = e.rho * rows.volt[first] / rows.volt[second]
        found.append(
            rows.branch(
                str(name), first, second, e.r_at_current_tap, e.x_at_current_tap,
                e.b_at_current_tap, rows.volt[second], ratio, -e.alpha,
            )
        )  # fmt: skip
    return found


def _boundary_lines(network: Any) -> Any:
    # called dangling lines before 1.13 or so
    read = getattr(network, "get_boundary_lines", None) or network.get_dangling_lines
    return read(all_attributes=True)


def _read_injections(network: Any, rows: _Rows) -> None:
    """Loads, unpaired boundary lines and shunts into the bus table."""
    boundary = _boundary_lines(network)
    for table in (network.get_loads(all_attributes=True), boundary[~boundary.paired.astype(bool)]):
        for at, p, q in zip(table.bus_id, table.p0, table.q0, strict=True):
            row = rows.at(at)
            if row >= 0:
                rows.bus[row, 2] += p
                rows.bus[row, 3] += q
    shunt = network.get_shunt_compensators(all_attributes=True)
    for at, g, b in zip(shunt.bus_id, shunt.g, shunt.b, strict=True):
        row = rows.at(at)
        if row >= 0:
            rows.bus[row, 4] += g * rows.volt[row] ** 2
            rows.bus[row, 5] += b * rows.volt[row] ** 2


def _read_units(network: Any, rows: _Rows) -> tuple[FloatArray, tuple[str, ...]]:
    found, fuel = [], []
    units = network.get_generators(all_attributes=True)
    for e in (*units.itertuples(), *network.get_batteries(all_attributes=True).itertuples()):
        row = rows.at(e.bus_id)
        if row < 0:
            continue
        v = getattr(e, "target_v", np.nan) / rows.volt[row]
        near = 0.5 < v < 1.5  # a unit may hold the voltage of a bus elsewhere
        found.append(
            [
                row + 1,
                e.target_p,
                np.nan_to_num(e.target_q),
                0,
                0,
                v if near else 1.0,
                rows.base_mva,
                1,
                e.max_p,
                e.min_p,
            ]
        )
        fuel.append(str(getattr(e, "energy_source", "ess")).lower())
    return np.array(found, float).reshape(-1, 10), tuple(fuel)


def _read_hvdc(network: Any, rows: _Rows) -> FloatArray:
    """DC lines: scheduled power at the rectifier, less both converters' and the line's losses."""
    lines = network.get_hvdc_lines(all_attributes=True)
    if not len(lines):
        return np.zeros((0, 17))
    station: dict[str, tuple[int, float]] = {}
    for table in (
        network.get_vsc_converter_stations(all_attributes=True),
        network.get_lcc_converter_stations(all_attributes=True),
    ):
        for name, e in table.iterrows():
            station[str(name)] = (rows.at(e.bus_id), float(e.loss_factor) / 100)
    found = []
    for e in lines.itertuples():
        ends = [station[str(e.converter_station1_id)], station[str(e.converter_station2_id)]]
        if not str(e.converters_mode).startswith("SIDE_1_RECTIFIER"):
            ends.reverse()
        (first, loss1), (second, loss2) = ends
        if first < 0 or second < 0:
            continue
        in_line = e.target_p * (1 - loss1)
        given = (in_line - e.r * (in_line / e.nominal_v) ** 2) * (1 - loss2)
        found.append([first + 1, second + 1, 1, e.target_p, given, *[0.0] * 12])
    return np.array(found, float).reshape(-1, 17)
