"""How long do others take for the same work? Side by side in one run, each peer in an environment of its own.

    python benchmarks/bench_grid_peers.py                # 2,000 buses: lightsim2grid, pypowsybl, PyPSA, pandapower
    python benchmarks/bench_grid_peers.py --veragrid     # also VeraGrid's nodal capacity (installs 1.7 GB)

The peers are installed from PyPI into .cache/peers when they are not there. Each line says which work it is;
answers are compared where the work is the same. Installing, starting, reading and converting the case, and
compilation are in no time. Medians of up to 5 runs within 20 s. A peer that cannot be installed
or raises is printed with its reason. On a shared machine compare processor time: wall time
then also counts others' work.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from bench_grid import every_pair

from taotie.grid.capacity.hosting_capacity import (
    TREATMENTS,
    hosting_capacity_at_bus,
    load_hosting_capacity,
)
from taotie.grid.case.case import Case, read_case, write_case
from taotie.grid.flow.contingency import bridges, lodf
from taotie.grid.flow.dc_power_flow import Island, dc_model, ptdf, slack_shares

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".cache" / "peers"
PEERS = {
    "pandapower": ("pandapower", "numba"),
    "pypsa": ("pypsa",),
    "pypowsybl": ("pypowsybl", "scipy"),
    "lightsim2grid": ("lightsim2grid",),
    "veragrid": ("veragridengine",),
}
LINES = {
    "capacity": "(a) load every bus can take, every outage, binding pairs, factors included",
    "n-1": "(c) flows after every outage that leaves the grid whole, and which exceed their rating",
    "ptdf": "(d) PTDF, every branch and bus, one slack bus",
    "lodf": "(d) LODF, every pair of branches, PTDF included",
    "opf": "(e) VeraGrid's nodal capacity: another problem, see below",
}


class Row(NamedTuple):
    """One measured piece of work."""

    line: str
    who: str
    what: str
    wall: list[float]
    busy: list[float]
    load: float
    failed: str = ""


def clocked(line: str, what: str, work: Callable[[], Any], runs: int = 7) -> tuple[Row, Any]:
    """Ours, as the peers measure themselves."""
    wall, busy, answer = [], [], None
    while len(wall) < runs and sum(wall) < 20:
        tic, own = time.perf_counter(), time.process_time()
        answer = work()
        wall.append(time.perf_counter() - tic)
        busy.append(time.process_time() - own)
    return Row(line, "taotie", what, wall, busy, os.getloadavg()[0]), answer


def balanced(case: Case) -> Case:
    """The case with its AC losses handed back to the units, so that no program has a slack to share."""
    share = slack_shares(case) / slack_shares(case).sum()
    count = np.bincount(case.gen_row[case.gen_on], minlength=case.n_bus)
    part = share[case.gen_row] / np.maximum(count, 1)[case.gen_row] * case.gen_on
    return case.with_dispatch(case.gen[:, 1] - dc_model(case).handed_back_mw * part)


def environment(peer: str) -> str:
    """Build the peer's environment if it is not there; the reason if that fails."""
    place = CACHE / peer
    if (place / ".ready").is_file():
        return ""
    print(f"installing {' '.join(PEERS[peer])} into {place.relative_to(HERE.parent)}", flush=True)
    python = place / "bin" / "python"
    for command in (
        [sys.executable, "-m", "venv", str(place)],
        [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *PEERS[peer]],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            return f"not installed: {last[:200]}"
    (place / ".ready").touch()
    return ""


def peer_rows(peer: str, folder: Path, limit_s: float) -> tuple[str, list[Row], dict[str, Any]]:
    """Version, measurements and answers of one peer."""
    problem = environment(peer)
    if problem:
        return peer, [Row("", peer, "", [], [], 0.0, problem)], {}
    for old in (folder / f"{peer}.json", folder / f"{peer}.npz"):
        old.unlink(missing_ok=True)
    load = os.getloadavg()[0]
    command = [str(CACHE / peer / "bin" / "python"), str(HERE / "peers" / f"{peer}_peer.py")]
    surroundings = {**os.environ, "PYTHONPATH": str(HERE.parent / "src"), "TAOTIE_LANG": "en"}
    try:
        done = subprocess.run(
            [*command, str(folder)],
            capture_output=True, text=True, check=False, env=surroundings, timeout=limit_s,
        )  # fmt: skip
        problem = ""
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no word"])[-1]
            problem = f"ended with {done.returncode}: {last[:300]}"
    except subprocess.TimeoutExpired:
        problem = f"the rest was not done after {limit_s:.0f} s"
    stopped = [Row("", peer, "", [], [], load, problem)] if problem else []
    if not (folder / f"{peer}.json").is_file():
        return peer, stopped, {}
    answer = json.loads((folder / f"{peer}.json").read_text(encoding="utf-8"))
    rows = [
        Row(r["line"], peer, r["what"], r.get("wall", []), r.get("busy", []), load, r.get("failed", ""))
        for r in answer["rows"]
    ]  # fmt: skip
    with np.load(folder / f"{peer}.npz") as arrays:
        return answer["version"], rows + stopped, dict(arrays)


def screened(island: Island) -> tuple[np.ndarray, np.ndarray]:
    """Every flow after every outage, shape (branch, outage), and the pairs above their rating."""
    flow = island.flow_mw()
    post = lodf(island)
    post *= flow
    post += flow[:, None]
    return post, np.argwhere(np.abs(post) > island.rating_mw[:, None] * (1 + 1e-9))


def agreement(arrays: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    """Largest differences of a peer's answers from ours."""
    told = []

    def tell(what: str, gap: float, unit: str) -> None:
        told.append(f"{what}: largest difference {gap:.1e} {unit}")

    keep = ours["keep"]
    if "ptdf" in arrays:
        tell("PTDF", float(np.abs(arrays["ptdf"] - ours["ptdf"]).max()), "MW/MW")
    if "lodf" in arrays:
        gap = np.abs(arrays["lodf"][:, keep] - ours["lodf"][:, keep])
        tell("LODF, outages that leave the grid whole", float(gap.max()), "MW/MW")
    if "n-1" in arrays:
        some = keep[: len(arrays["n-1"])]
        gap = np.abs(np.abs(arrays["n-1"].T) - np.abs(ours["post"][:, some]))
        gap[some, np.arange(len(some))] = 0.0  # the lost branch itself
        tell("flows after outages", float(gap.max()), "MW")
    for key in ("over", "over_slow"):
        if key in arrays:
            theirs = {(int(l), int(k)): abs(v) for l, k, v in arrays[key]}
            pairs = {
                (int(l), int(k)) for l, k in ours["over"] if k in set(keep.tolist()) and l != k
            }
            both = pairs & set(theirs)
            gap = max((abs(theirs[p] - abs(ours["post"][p])) for p in both), default=0.0)
            told.append(
                f"pairs above rating: {len(theirs)} there, {len(pairs)} here, {len(both)} the same; "
                f"largest difference of their flows {gap:.1e} MW"
            )
    return told


def worst_loadings(case: Case, injection_mw: np.ndarray) -> tuple[float, float]:
    """Highest loading with these injections: intact grid, and any branch lost. [1]"""
    island = dc_model(case).islands[0]
    p = np.bincount(island.node_of_bus, injection_mw[island.bus_row], minlength=island.n_node)
    flow = island.flow_mw(p)
    post = lodf(island)
    np.fill_diagonal(post, 0.0)
    post = np.abs(flow[:, None] + post * flow) / island.rating_mw[:, None]
    return float((np.abs(flow) / island.rating_mw).max()), float(np.nanmax(post))


def beside(cases: dict[str, Case], arrays: dict[str, Any]) -> list[str]:
    """VeraGrid's answers next to ours, which keep every limit and dispatch no unit anew."""
    told = []
    for i, (large, row, n_1, mw) in enumerate(arrays.get("opf", np.zeros((0, 4))).tolist()):
        case = cases["case" if large else "small"]
        ours = hosting_capacity_at_bus(case, int(case.bus_number[int(row)]))
        mine = (ours.n1_mw if n_1 else ours.n0_mw)["margin"]
        intact, lost = worst_loadings(case, arrays[f"opf_injection_{i}"])
        told.append(
            f"{case.name}, row {int(row)}, N-{int(n_1)}: {mw:.1f} MW there, where its dispatch loads a branch to {intact:.2f} of its rating "
            f"intact and {lost:.2f} after an outage; {mine:.1f} MW here (margin); spare generation {case.spare_generation_mw:.0f} MW"
        )
    return told


def table(rows: list[Row], base: dict[str, Row]) -> None:
    """As Markdown, for RESULTS.md."""
    for line, title in LINES.items():
        mine = [r for r in rows if r.line == line]
        if not mine:
            continue
        print(f"\n{title}\n")
        print(
            "| who | work | runs | wall | processor | wall over ours | processor over ours | load |"
        )
        print("|---|---|---|---|---|---|---|---|")
        for r in mine:
            if r.failed:
                print(f"| {r.who} | {r.what} | - | failed: {r.failed} | | | | {r.load:.1f} |")
                continue
            wall, busy = statistics.median(r.wall), statistics.median(r.busy)
            ratios = " | | "
            if line in base and r is not base[line]:
                to = base[line]
                ratios = f" {wall / statistics.median(to.wall):.1f} | {busy / statistics.median(to.busy):.1f} | "
            print(
                f"| {r.who} | {r.what} | {len(r.wall)} | {wall:.3f} s | {busy:.3f} s |{ratios}{r.load:.1f} |"
            )
    for r in rows:
        if r.line not in LINES:
            print(f"\n{r.who}: {r.failed}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", default="ACTIVSg2000")
    parser.add_argument("--veragrid", action="store_true", help="also VeraGrid, 1.7 GB")
    parser.add_argument("--only", nargs="*", choices=PEERS, help="these peers")
    parser.add_argument("--no-dense", action="store_true", help="leave out the dense loop")
    parser.add_argument("--limit", type=float, default=900.0, help="longest wait for a peer, s")
    options = parser.parse_args()
    peers = options.only or [p for p in PEERS if p != "veragrid" or options.veragrid]
    case = balanced(read_case(options.case))
    folder = CACHE / "work"
    folder.mkdir(parents=True, exist_ok=True)
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f} before the start; {case.name}: {case.n_bus} buses, {case.n_branch} branches"
    )
    if not case.branch_on.all() or len(dc_model(case).islands) > 1:
        raise SystemExit("a case of one island with all branches in service is needed")
    slack = np.zeros(case.n_bus)
    slack[np.flatnonzero(case.bus[:, 1] == 3)[0]] = 1.0
    model, own_slack = dc_model(case), dc_model(case, slack).islands[0]
    island = model.islands[0]
    keep = np.sort(island.branch_row[~bridges(island).is_bridge])
    write_case(case, folder / "case.m")
    np.save(folder / "keep.npy", keep)
    small = read_case("RTS_GMLC")
    write_case(small, folder / "small.m")

    load_hosting_capacity(read_case("ACTIVSg200"))  # compile
    screened(dc_model(read_case("ACTIVSg200")).islands[0])
    rows: list[Row] = []
    base: dict[str, Row] = {}
    margin = (TREATMENTS[1],)
    one, found = clocked(
        "capacity", "one treatment (margin)", lambda: load_hosting_capacity(model, margin)
    )
    three, __ = clocked("capacity", "three treatments", lambda: load_hosting_capacity(model))
    rows += [one, three]
    base["capacity"] = one
    told = {}
    if not options.no_dense:
        h, d, flow = ptdf(island), lodf(island), island.flow_mw()
        floor = margin[0].floor
        every_pair(h[:50, :16], d[:50, :50], flow[:50], island.rating_mw[:50], floor, 1e-7)
        row, r = clocked(
            "capacity", "the dense loop over every pair and bus, compiled, one treatment, factors given",
            lambda: every_pair(h, d, flow, island.rating_mw, floor, 1e-7), 1,
        )  # fmt: skip
        rows.append(row._replace(who="dense loop"))
        gap = np.abs(
            found.margin.load_hosting_capacity_mw[island.bus_row] * r[island.node_of_bus] - 1
        ).max()
        told["dense loop"] = [f"largest relative difference {gap:.1e}"]
        if not gap < 1e-9:
            raise SystemExit(f"the search differs from the dense loop by {gap:.1e}, more than 1e-9")
        del h, d
    for line, what, work in (
        ("n-1", "`lodf`, every flow after every outage, pairs above their rating", lambda: screened(island)),
        ("ptdf", "`ptdf`", lambda: ptdf(own_slack)),
        ("lodf", "`lodf`", lambda: lodf(island)),
    ):  # fmt: skip
        base[line], answer = clocked(line, what, work)
        rows.append(base[line])
        if line == "n-1":
            post, over = answer
        elif line == "ptdf":
            by_bus = answer[:, own_slack.node_of_bus]
        else:
            factors = answer
    if "veragrid" in peers:
        bus = int(case.bus_number[case.n_bus // 2])
        hosting_capacity_at_bus(model, bus)  # compile
        for grid in (dc_model(small), model):
            middle = int(grid.case.bus_number[grid.case.n_bus // 2])
            rows.append(
                clocked(
                    "opf", f"{grid.case.n_bus} buses, one bus, N-0 and N-1, three treatments",
                    lambda g=grid, b=middle: hosting_capacity_at_bus(g, b),
                )[0]
            )  # fmt: skip
    # all in the order of the case's tables
    order = np.argsort(island.branch_row)
    bus_order = np.argsort(own_slack.bus_row)
    ours = {
        "keep": keep,
        "ptdf": by_bus[order][:, bus_order],
        "lodf": factors[np.ix_(order, order)],
        "post": post[np.ix_(order, order)],
        "over": island.branch_row[over],
    }
    versions = []
    for peer in peers:
        version, found_rows, arrays = peer_rows(peer, folder, options.limit)
        versions.append(version)
        rows += found_rows
        told[peer] = agreement(arrays, ours) + beside({"case": case, "small": small}, arrays)
        print(f"{version}: " + "; ".join(told[peer]), flush=True)
    table(rows, base)
    print("\nagreement")
    for who, texts in told.items():
        for text in texts:
            print(f"- {who}: {text}")
    print(f"\n{', '.join(versions)}; load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
