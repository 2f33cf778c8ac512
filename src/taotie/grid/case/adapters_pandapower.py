"""How does a grid come from pandapower? As its own DC power flow builds and solves it.

Its program turns the network into tables (fused buses, parallel lines, taps, shifts, wards) and finds what every slack gives;
both are taken over, so that flows equal its own. Ratings come from the network itself, in MVA at nominal voltage.
"""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.errors import CaseError
from taotie.grid.case.adapter_base import UNLIMITED_MVA, left_out, needed
from taotie.grid.case.grid_case import ISOLATED, Case
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["case_from_pandapower"]

FloatArray = NDArray[np.float64]
# Tables that its DC power flow counts; every other one whose rows stand at a bus is named as not read.
_CARRIED = {
    "load", "sgen", "gen", "ext_grid", "storage", "motor", "ward", "xward", "shunt", "line", "trafo", "trafo3w", "impedance",
    "dcline", "switch",
}  # fmt: skip
_AT_A_BUS = {"bus", "from_bus", "hv_bus", "bus_dc", "from_bus_dc", "bus_dc_plus"}


def case_from_pandapower(net: Any, name: str = "pandapower") -> Case:
    """A `Case` from a pandapower network, with its own DC flows.

    Buses joined by closed switches are one; bus names are the network's index and name. Units are its slacks,
    generators and those static generators that its OPF may move (`controllable`) or that have a cost or a largest
    power, out of service where they are so there; limits are not scaled, as in its OPF. Other static generators,
    motors and storage count into the load of their bus, as over there; DC lines keep their scheduled power
    and losses. A rating is what the network allows at most: current at nominal voltage, or rated power of a
    transformer, times `max_loading_percent` where it has that column.

    Parameters
    ----------
    net : pandapowerNet
    name : str

    Raises
    ------
    MissingExtraError
        pandapower is not installed.
    CaseError
        It has no DC solution of the network.
    """
    pandapower = needed("pandapower", "ac")
    net = copy.deepcopy(net)
    for kind in ("load", "sgen", "gen", "storage"):
        table = net[kind]
        gaps = table.index[table.in_service.astype(bool) & table.p_mw.isna()]
        if len(gaps):
            raise CaseError(
                _("row {row} of {kind} in the pandapower network has no p_mw.").format(
                    row=gaps[0], kind=kind
                ),
                _("correct the file: a missing value cannot be computed with."),
            )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pandapower.rundcpp(net, calculate_voltage_angles=True)
    except Exception as error:  # the program raises whatever comes
        raise CaseError(
            _("pandapower does not solve the network: {reason}.").format(
                reason=str(error).strip().rstrip(".")[:200] or type(error).__name__
            )
        ) from error
    ppc = net._ppc
    bus = np.real(np.asarray(ppc["bus"]))[:, :13].astype(float)
    branch = np.real(np.asarray(ppc["branch"]))[:, :13].astype(float)
    gen, cost, told = _units(net, ppc, bus)
    dcline, halves = _dc_lines(net, ppc)
    for row, power in halves:  # the live end of a DC line goes on alone over there
        bus[bus[:, 0] == row, 2] -= power
    told += left_out(
        "dc_line_half",
        N_("{n} DC lines have one end without supply: the other end keeps its power, in the load of its bus"),
        len(halves),
    )  # fmt: skip
    branch[:, 5:8] = 0.0
    branch[:, 5], zero_rated = _ratings(net, len(branch))
    bus[:, 0] += 1
    branch[:, :2] += 1
    keep = np.isin(bus[:, 0], np.r_[branch[:, :2].ravel(), gen[:, 0]])
    keep |= np.isin(bus[:, 0], np.unique(net._pd2ppc_lookups["bus"][net.bus.index.to_numpy()]) + 1)
    bus = bus[keep]
    names = _bus_names(net, bus[:, 0].astype(int) - 1)
    live = branch[:, 10] != 0
    branch[~live, 3] = np.where(np.isfinite(branch[~live, 3]), branch[~live, 3], 0.0)
    told += left_out(
        "zero_rating", N_("{n} branches are rated 0 MVA: any flow on them is over"), zero_rated
    )
    told += _spoken(net, bus)
    return Case(
        name, float(ppc["baseMVA"]), np.nan_to_num(bus), gen, branch, gencost=cost, dcline=dcline,
        bus_name=names, told=tuple(told),
    )  # fmt: skip


def _bus_names(net: Any, rows: NDArray[np.int64]) -> tuple[str, ...]:
    """Index and name of the first bus of the network at each row; the inner buses of parts have none."""
    place = net._pd2ppc_lookups["bus"]
    first: dict[int, str] = {}
    for index, name in zip(net.bus.index.tolist(), net.bus["name"].tolist(), strict=True):
        text = f"{index} {name}" if name is not None and name == name and str(name) else str(index)
        first.setdefault(int(place[index]), text)
    return tuple(first.get(int(row), "") for row in rows)


def _units(net: Any, ppc: Any, bus: FloatArray) -> tuple[FloatArray, FloatArray, list[Said]]:
    """Units with their limits and costs, and what is said; what static ones give is taken out of the load in `bus`."""
    solved = np.real(np.asarray(ppc["gen"]))[:, :10].astype(float)
    node = net._pd2ppc_lookups["bus"]
    rows: list[list[float]] = []
    costs: list[list[float]] = []
    unlimited, off, unmarked = 0, 0, 0
    for kind in ("ext_grid", "gen", "sgen"):
        table, there = net[kind], np.asarray(net._is_elements[kind], bool)
        at = int(net._gen_order[kind][0]) if kind in net._gen_order else 0
        chosen = _static_units(net) if kind == "sgen" else np.ones(len(table), bool)
        for i in np.flatnonzero(chosen):
            element, on, cost = table.iloc[i], bool(there[i]), _cost(net, kind, table.index[i])
            low, high = (_number(element.get(key)) for key in ("min_p_mw", "max_p_mw"))
            row, volt = int(node[element.bus]), _number(element.get("vm_pu"))
            power, reactive = (_scaled(element, key) for key in ("p_mw", "q_mvar"))
            unmarked += kind == "sgen" and not _marked(table)[i] and not cost
            if on and kind == "sgen":
                bus[bus[:, 0] == row, 2:4] += power, reactive
                volt = float(bus[bus[:, 0] == row, 7][0])
            elif on:
                power, at = float(solved[at, 1]), at + 1
            least, most = (_number(element.get(key)) for key in ("min_q_mvar", "max_q_mvar"))
            unlimited += int(on and not np.isfinite(high))
            off += not on
            rows.append([
                row + 1, power, reactive, most if np.isfinite(most) else np.inf,
                least if np.isfinite(least) else -np.inf, volt if np.isfinite(volt) else 1.0, 100, on,
                high if np.isfinite(high) else np.inf, low if np.isfinite(low) else min(0.0, power),
            ])  # fmt: skip
            costs.append(cost)
    gencost = np.zeros((0, 4))
    if any(costs):
        width = max(len(c) for c in costs)
        free = [2.0, 0, 0, 2, 0, 0]
        gencost = np.array([[*(c or free), *[0.0] * (width - len(c or free))] for c in costs])
    told = list(
        left_out("no_unit_limit", N_("{n} units have no limit: taken as unlimited"), unlimited)
    )
    told += left_out("units_off", N_("{n} units are out of service there and stay so"), off)
    told += left_out(
        "unmarked_units",
        N_("{n} static generators have a largest power and are not marked as controllable: taken as units"),
        unmarked,
    )  # fmt: skip
    return np.array(rows, float).reshape(-1, 10), gencost, told


def _marked(table: Any) -> NDArray[np.bool_]:
    """Rows that its OPF may move."""
    if "controllable" not in table:
        return np.zeros(len(table), bool)
    flag = table.controllable
    return np.asarray(flag.where(flag.notna(), False).astype(bool))


def _static_units(net: Any) -> NDArray[np.bool_]:
    """Static generators that are units: its OPF may move them, or they have a cost or a largest power."""
    table = net.sgen
    unit = _marked(table)
    if "max_p_mw" in table:
        unit |= np.isfinite([_number(value) for value in table.max_p_mw])
    return unit | np.array([bool(_cost(net, "sgen", index)) for index in table.index], bool)


def _scaled(element: Any, key: str) -> float:
    """A power of an element times its scaling; 0 where it has none, as a slack. [MW] or [Mvar]"""
    value, scaling = _number(element.get(key, 0.0)), _number(element.get("scaling", 1.0))
    return 0.0 if np.isnan(value) else value * scaling


def _dc_lines(net: Any, ppc: Any) -> tuple[FloatArray, list[tuple[float, float]]]:
    """DC lines, and bus and MW of the live ends of those with one end without supply."""
    table = np.real(np.asarray(ppc["gen"]))[:, :10].astype(float)
    order, there = net._gen_order, net._is_elements
    links = len(net.dcline)
    dcline = []
    halves: list[tuple[float, float]] = []
    if links and "gen" in order:
        flags = np.asarray(there["gen"], bool)[len(net.gen) :]
        at = int(order["gen"][0]) + int(np.asarray(there["gen"], bool)[: len(net.gen)].sum())
        for i in range(links):
            if flags[2 * i] and flags[2 * i + 1]:
                to, start_ = table[at], table[at + 1]
                taken, given = -float(start_[1]), float(to[1])
                dcline.append(
                    [start_[0] + 1, to[0] + 1, 1, taken, given, *[0.0] * 10, taken - given, 0.0]
                )
            elif flags[2 * i] or flags[2 * i + 1]:
                halves.append((float(table[at, 0]), float(table[at, 1])))
            at += int(flags[2 * i]) + int(flags[2 * i + 1])
    return np.array(dcline, float).reshape(-1, 17), halves


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return float("nan")
    return number if abs(number) < 1e8 else float("nan")  # its word for no limit


def _cost(net: Any, kind: str, index: Any) -> list[float]:
    poly = net.get("poly_cost")
    if poly is not None and len(poly):
        mine = poly[(poly.et == kind) & (poly.element == index)]
        if len(mine):
            c = mine.iloc[0]
            return [
                2.0,
                0,
                0,
                3,
                float(c.cp2_eur_per_mw2),
                float(c.cp1_eur_per_mw),
                float(c.cp0_eur),
            ]
    pwl = net.get("pwl_cost")
    if pwl is not None and len(pwl):
        mine = pwl[(pwl.et == kind) & (pwl.element == index) & (pwl.power_type == "p")]
        if len(mine):
            pieces = mine.iloc[0].points
            points, total = [float(pieces[0][0]), 0.0], 0.0
            for start, end, slope in pieces:
                total += (float(end) - float(start)) * float(slope)
                points += [float(end), total]
            return [1.0, 0, 0, len(points) // 2, *points]
    return []


def _ratings(net: Any, n_branch: int) -> tuple[FloatArray, int]:
    """Largest power of each branch, 0 where none is given; and how many are rated 0. [MVA]"""
    rate = np.full(n_branch, np.inf)
    spans = net._pd2ppc_lookups["branch"]

    def put(kind: str, value: FloatArray, start: int = 0) -> None:
        if kind in spans:
            begin = int(spans[kind][0]) + start
            rate[begin : begin + len(value)] = value

    def share(table: Any) -> FloatArray:
        if "max_loading_percent" not in table:
            return np.ones(len(table))
        given = table["max_loading_percent"].to_numpy(float)
        return np.where(np.isnan(given), 1.0, given / 100)

    def column(table: Any, key: str) -> FloatArray:
        return table[key].to_numpy(float) if key in table else np.ones(len(table))

    line = net.line
    if len(line):
        kv = net.bus.vn_kv.reindex(line.from_bus).to_numpy(float)
        current = column(line, "max_i_ka") if "max_i_ka" in line else np.full(len(line), np.nan)
        mva = current * column(line, "df") * column(line, "parallel") * kv * np.sqrt(3)
        put("line", mva * share(line))
    if len(net.trafo):
        trafo = net.trafo
        mva = column(trafo, "sn_mva") * column(trafo, "df") * column(trafo, "parallel")
        put("trafo", mva * share(trafo))
    if len(net.trafo3w):
        for side, key in enumerate(("hv", "mv", "lv")):
            mva = column(net.trafo3w, f"sn_{key}_mva")
            put("trafo3w", mva * share(net.trafo3w), side * len(net.trafo3w))
    rate = np.where(np.isnan(rate) | (rate >= 0.99 * UNLIMITED_MVA), np.inf, rate)
    zero = int((rate <= 0).sum())
    return np.where(np.isinf(rate), 0.0, np.maximum(rate, 1e-6)), zero


def _spoken(net: Any, bus: FloatArray) -> list[Said]:
    told: list[Said] = []
    for key, table in net.items():
        if key.startswith(("_", "res_")) or key in _CARRIED or not hasattr(table, "columns"):
            continue
        if len(table) and _AT_A_BUS & set(table.columns):
            told += left_out(
                "table_not_read", N_("table {name} ({n} rows) is not read"), len(table), name=key
            )
    for key, message in (
        ("sgen", N_("{n} static generators ({mw:.1f} MW) count as negative load of their buses")),
        ("storage", N_("{n} storage units ({mw:.1f} MW) count into the load of their buses")),
    ):
        table = net[key]
        on = np.asarray(net._is_elements[key], bool)
        power = (table.p_mw * table.scaling).to_numpy(float)
        if key == "sgen":
            on = on & ~_static_units(net)
        told += left_out(key, message, int(on.sum()), mw=float(power[on].sum()))
    for key in ("load", "storage"):
        told += left_out(
            "controllable_load",
            N_("{n} controllable rows of table {name} keep the power they have"),
            int(_marked(net[key]).sum()),
            name=key,
        )
    elsewhere = sum(
        int((~table.et.isin(["gen", "ext_grid", "sgen"])).sum())
        for table in (net.get("poly_cost"), net.get("pwl_cost"))
        if table is not None and len(table)
    )
    told += left_out(
        "cost_not_read", N_("{n} costs of loads and other parts are not read"), elsewhere
    )
    dead = bus[:, 1] == ISOLATED
    told += left_out(
        "not_supplied", N_("{n} buses are out of service or reached by no slack"), int(dead.sum())
    )
    load = net.load[net.load.in_service.astype(bool)]
    asked = float((load.p_mw * load.scaling).sum())
    lost = asked - float(net.res_load.p_mw.fillna(0.0).sum())
    told += left_out(
        "load_not_supplied", N_("{mw:.1f} MW of load stand at such buses and are not counted"), int(abs(lost) > 1e-6), mw=lost,
    )  # fmt: skip
    return told
