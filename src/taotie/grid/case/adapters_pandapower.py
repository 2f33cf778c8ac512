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
# Tables that carry power and have no place in a DC power flow of the AC grid.
_NOT_CARRIED = (
    "asymmetric_load", "asymmetric_sgen", "tcsc", "svc", "ssc", "vsc", "line_dc", "bus_dc", "load_dc", "source_dc", "vsc_stacked", "vsc_bipolar",
)  # fmt: skip


def case_from_pandapower(net: Any, name: str = "pandapower") -> Case:
    """A `Case` from a pandapower network, with its own DC flows.

    Buses joined by closed switches are one; bus names are the network's index and name. Static generators,
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
    gen, cost, dcline, halves, told = _units(net, ppc)
    for row, power in halves:  # the live end of a DC line goes on alone over there
        bus[bus[:, 0] == row, 2] -= power
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


def _units(
    net: Any, ppc: Any
) -> tuple[FloatArray, FloatArray, FloatArray, list[tuple[float, float]], list[Said]]:
    """Units with their limits and costs, DC lines, bus and MW of those with one live end, and what is said."""
    table = np.real(np.asarray(ppc["gen"]))[:, :10].astype(float)
    rows: list[list[float]] = []
    costs: list[list[float]] = []
    order, there = net._gen_order, net._is_elements
    unlimited = 0
    for kind in ("ext_grid", "gen"):
        if kind not in order:
            continue
        start = int(order[kind][0])
        on = np.flatnonzero(np.asarray(there[kind], bool)[: len(net[kind])])
        for i, row in enumerate(on):
            element = net[kind].iloc[row]
            low, high = (_number(element.get(key)) for key in ("min_p_mw", "max_p_mw"))
            power = float(table[start + i, 1])
            unlimited += int(not np.isfinite(high))
            low = low if np.isfinite(low) else min(0.0, power)
            high = high if np.isfinite(high) else np.inf
            rows.append([table[start + i, 0] + 1, power, 0, 0, 0, 1, 100, 1, high, low])
            costs.append(_cost(net, kind, net[kind].index[row]))
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
    gencost = np.zeros((0, 4))
    if any(costs):
        width = max(len(c) for c in costs)
        free = [2.0, 0, 0, 2, 0, 0]
        gencost = np.array([[*(c or free), *[0.0] * (width - len(c or free))] for c in costs])
    told = list(
        left_out("no_unit_limit", N_("{n} units have no limit: taken as unlimited"), unlimited)
    )
    told += left_out(
        "dc_line_half",
        N_("{n} DC lines have one end without supply: the other end keeps its power, in the load of its bus"),
        len(halves),
    )  # fmt: skip
    gen = np.array(rows, float).reshape(-1, 10)
    return gen, gencost, np.array(dcline, float).reshape(-1, 17), halves, told


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
        mine = pwl[(pwl.et == kind) & (pwl.element == index)]
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
    for key in _NOT_CARRIED:
        table = net.get(key)
        rows = len(table) if table is not None and hasattr(table, "columns") else 0
        told += left_out(
            "table_not_read", N_("table {name} ({n} rows) is not read"), rows, name=key
        )
    for key, message in (
        ("sgen", N_("{n} static generators ({mw:.1f} MW) count as negative load of their buses")),
        ("storage", N_("{n} storage units ({mw:.1f} MW) count into the load of their buses")),
    ):
        table = net.get(key)
        if table is not None and len(table):
            on = table[table.in_service.astype(bool)]
            told += left_out(key, message, len(on), mw=float((on.p_mw * on.scaling).sum()))
    elsewhere = sum(
        int((~table.et.isin(["gen", "ext_grid"])).sum())
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
