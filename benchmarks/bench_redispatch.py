"""Capacity with redispatch, and the same in AC: processor seconds of every bus, proofs beside them.

python benchmarks/bench_redispatch.py ACTIVSg2000                # all buses
python benchmarks/bench_redispatch.py ACTIVSg10k --sample 500    # some, at random
python benchmarks/bench_redispatch.py ACTIVSg2000 --ac 20        # and some proved in AC
python benchmarks/bench_redispatch.py ACTIVSg2000 --ac 2000 --keep FILE   # all, in a random order, by two processes;
                                                                 # goes on where it was
python benchmarks/bench_redispatch.py ACTIVSg2000 --check 50 --keep FILE  # answers kept there, drawn at random, again by
                                                                 # lightsim2grid until 50 are in FILE.check
python benchmarks/bench_redispatch.py eastern --sample 1000 --seed 5 --keep FILE   # from the dispatch of the case, no
                                                                 # worsening; goes on where it was
python benchmarks/bench_redispatch.py ACTIVSg2000 --highs 20     # beside HiGHS, row by row, one bus at a time
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections import Counter
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from taotie.grid.capacity.redispatch import RedispatchedCapacity, redispatched_capacity
from taotie.grid.capacity.redispatch_clearance import clear_dispatch
from taotie.grid.capacity.redispatch_from_base import from_base
from taotie.grid.capacity.redispatch_lp import largest_load, loosened, no_worsening
from taotie.grid.capacity.redispatch_screen import violated_pairs
from taotie.grid.capacity.redispatch_setup import RedispatchProblem, redispatch_problem
from taotie.grid.case.case import Case, read_case
from taotie.grid.flow.dc_power_flow import dc_model

if TYPE_CHECKING:
    from taotie.grid.ac.proof import AcProver


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("case")
    options.add_argument("--sample", type=int, default=0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--ac", type=int, default=0)
    options.add_argument(
        "--foretold",
        action="store_true",
        help="with --ac: solve only outages foretold near a limit",
    )
    options.add_argument("--processes", type=int, default=2, help="with --keep: buses at a time")
    options.add_argument(
        "--check", type=int, default=0, help="buses whose outages lightsim2grid solves again"
    )
    options.add_argument("--keep", default="", help="a file of answers, one a line")
    options.add_argument("--highs", type=int, default=0)
    options.add_argument("--threads", type=int, default=1)
    o = options.parse_args()
    redispatched_capacity(read_case("case24_ieee_rts"))  # compiled, or from the cache
    case = read_case(o.case)
    rng = np.random.default_rng(o.seed)
    buses = None
    if o.sample:
        buses = np.sort(rng.choice(case.bus_number, min(o.sample, case.n_bus), replace=False))
    if o.keep and o.sample:
        from_the_dispatch_of_the_case(case, rng.permutation(buses).tolist(), o)
        return
    processor = time.process_time()
    found = redispatched_capacity(case, buses, n_threads=o.threads)
    processor = time.process_time() - processor
    known = np.isfinite(found.capacity_mw)
    print(
        f"{o.case}: {known.sum()} buses, {processor:.2f} s of processor time, factors {found.seconds['factors']:.2f} s, "
        f"search {found.seconds['search']:.2f} s of wall time; {1e3 * processor / max(known.sum(), 1):.2f} ms a bus"
    )
    print(
        f"median {np.median(found.capacity_mw[known]):.3f} MW, {found.share_of_buses(126):.4f} take 126 MW; largest gap "
        f"{np.abs(found.gap_mw[known]).max():.1e} MW, worst loading {found.loading[known].max():.10f}; by HiGHS "
        f"{len(found.by_highs)}, unanswered {len(found.unanswered)}; {dict(found.work)}; "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB"
    )
    if o.highs:
        problem = found.problems[0]
        nodes = rng.choice(problem.island.n_node, o.highs, replace=False)
        processor, worst = time.process_time(), 0.0
        for node in nodes.tolist():
            other = largest_load(problem, np.array([node]))
            row = problem.island.bus_row[problem.island.node_of_bus == node][0]
            worst = max(worst, abs(float(other.load_mw[0]) - float(found.largest_mw[row])))
        took = time.process_time() - processor
        print(
            f"HiGHS, rows as they turn up, {o.highs} buses: {1e3 * took / o.highs:.1f} ms a bus; "
            f"largest difference {worst:.1e} MW"
        )
    if o.ac or o.check:
        in_ac(found, rng.permutation(case.bus_number[known]).tolist(), o)


_START: list[tuple[RedispatchProblem, np.ndarray, np.ndarray]] = []  # what the processes share


def from_the_dispatch_of_the_case(case: Case, buses: list[int], o: argparse.Namespace) -> None:
    """Buses of a grid too large for the least loosening, one by one, each kept as a line of JSON."""
    file = Path(o.keep)
    kept = _lines_of(file)
    done = {line["bus"] for line in kept}
    processor = time.process_time()
    island = max(dc_model(case).islands, key=lambda one: one.n_node)
    problem = redispatch_problem(case, island)
    wider = no_worsening(problem)
    problem = loosened(problem, wider)
    took = time.process_time() - processor
    base = clear_dispatch(problem, wider.power_mw)
    flow = problem.flow_mw(base)
    over = violated_pairs(problem, flow, 0.0)[0].size
    print(
        f"{o.case}: set-up {took:.0f} s of processor time, {len(wider.branch)} branches with more than their rating, a dispatch "
        f"with room {time.process_time() - processor - took:.0f} s more, {np.abs(base - wider.power_mw).sum():.0f} MW moved for it, "
        f"pairs over in it {over}",
        flush=True,
    )
    at = dict(
        zip(case.bus_number[island.bus_row].tolist(), island.node_of_bus.tolist(), strict=True)
    )
    _START[:] = [(problem, base, flow)]
    wall, todo = (
        time.perf_counter(),
        [(bus, at[bus]) for bus in buses if bus in at and bus not in done],
    )
    with get_context("fork").Pool(o.processes) as pool:  # the set-up is shared
        for line in pool.imap_unordered(_answered, todo, chunksize=1):
            kept.append(line)
            _keep(file, line)
    wall = time.perf_counter() - wall
    x, bound, took, rss = (
        np.array([line[name] for line in kept])
        for name in ("mw", "bound_mw", "processor_s", "own_gib")
    )
    gap = bound - x
    met = gap <= 1e-6 * np.maximum(1.0, 1e-3 * x)
    some = (5, 25, 50, 75, 95)
    print(
        f"{len(todo)} buses now, {wall:.0f} s of wall time by {o.processes} processes; {len(kept)} in all, processor {took.sum():.0f} s, a bus "
        f"{took.mean():.2f} s (5-50-95 %: {np.percentile(took, (5, 50, 95)).round(2)}, most {took.max():.2f}); own memory of a "
        f"process at most {rss.max():.2f} GiB"
    )
    print(
        f"exact {met.sum()}, at least so much {(~met & (x > 0)).sum()}, no more than 0 known {(~met & (x <= 0)).sum()}; MW "
        f"{some} %: {np.percentile(x, some).round(3)}, bound {np.percentile(bound, some).round(3)}, gap where not exact "
        f"{np.percentile(gap[~met], some).round(3) if (~met).any() else '-'}; worst loading {max(line['loading'] for line in kept):.9f}"
    )


def _answered(asked: tuple[int, int]) -> dict[str, Any]:
    """A bus from the dispatch of the case, in a process of its own."""
    (problem, base, flow), processor = _START[0], time.process_time()
    work = {"steps": 0, "screens": 0}
    found = from_base(problem, base, np.array([asked[1]]), work, flow)
    name = np.append(problem.island.branch_row, -1)
    l, k = found.pair[0, :2]
    return {
        "bus": asked[0], "mw": float(found.x[0]), "bound_mw": float(found.bound[0]), "loading": float(found.loading[0]),
        "branch": int(name[l]), "outage": int(name[k]), "binding": int(found.pair[0, 2]), **work,
        "processor_s": time.process_time() - processor, "own_gib": _own_gib(),
    }  # fmt: skip


def _own_gib() -> float:
    """Memory that this process does not share. [GiB]"""
    rollup = Path("/proc/self/smaps_rollup")
    if not rollup.is_file():
        return float("nan")
    rows = [row.split() for row in rollup.read_text().splitlines()]
    return sum(int(row[1]) for row in rows if row[0].startswith("Private")) / 2**20


_PROVER: list[AcProver] = []  # what the processes share


def in_ac(found: RedispatchedCapacity, buses: list[int], o: argparse.Namespace) -> None:
    """Buses proved one by one, each kept as a line of JSON; then, if asked, some of them by another engine."""
    from taotie.grid.ac.proof import AcProver

    file = Path(o.keep) if o.keep else None
    kept = _lines_of(file)
    done = {line["bus"] for line in kept}
    processor = time.process_time()
    prover = AcProver(found)
    print(f"AC: start {time.process_time() - processor:.1f} s of processor time", flush=True)
    wall, todo = time.perf_counter(), [bus for bus in buses[: o.ac] if bus not in done]
    _PROVER[:] = [prover]
    with get_context("fork").Pool(o.processes) as pool:  # the start is shared
        asked = [(bus, not o.foretold) for bus in todo]
        for line in pool.imap_unordered(_proved, asked, chunksize=1):
            kept.append(line)
            _keep(file, line)
    wall = time.perf_counter() - wall
    print(f"AC: {len(todo)} buses now, {wall:.0f} s of wall time by {o.processes} processes")
    took = np.array([line["processor_s"] for line in kept])
    share = np.array([line["ac_mw"] / line["dc_mw"] for line in kept if line["dc_mw"] > 0])
    ac, dc = (np.array([line[name] for line in kept]) for name in ("ac_mw", "dc_mw"))
    print(
        f"AC: {len(kept)} buses, processor {took.sum():.1f} s, a bus {took.mean():.2f} s (5-50-95 %: "
        f"{np.percentile(took, (5, 50, 95)).round(2)}, most {took.max():.2f}); AC/DC 5-25-50-75-95 %: {np.percentile(share, (5, 25, 50, 75, 95)).round(3)}; median "
        f"{np.median(dc):.1f} MW in DC, {np.median(ac):.1f} in AC; 126 MW: {(dc >= 126).mean():.3f} and "
        f"{(ac >= 126).mean():.3f} of the buses; outages solved at the answer {np.mean([line['solved'] for line in kept]):.0f}, "
        f"foretold {np.mean([line['foretold'] for line in kept]):.0f}; largest error of a forecast "
        f"{max(line['forecast_error'] for line in kept):.4f}; cut by {dict(Counter(line['cut_by'] for line in kept))}"
    )
    if o.check:
        draw = np.random.default_rng(o.seed).permutation(len(kept)).tolist()
        by_another_engine(prover, [kept[i] for i in draw], o.check, o.keep and f"{o.keep}.check")


def _proved(asked: tuple[int, bool]) -> dict[str, Any]:
    """A bus proved in a process of its own."""
    prover, processor = _PROVER[0], time.process_time()
    line = asdict(prover.prove(*asked))
    line["processor_s"] = time.process_time() - processor
    line["moved_mw"] = {
        str(i): round(float(mw), 6) for i, mw in enumerate(prover.moved) if abs(mw) > 1e-6
    }
    return line


def by_another_engine(
    prover: AcProver, lines: list[dict[str, Any]], n: int, keep: str = ""
) -> None:
    """All outages at the answers of n buses once more, by lightsim2grid's own Newton method; those kept count."""
    file = Path(keep) if keep else None
    kept = _lines_of(file)
    done = {line["bus"] for line in kept}
    for line in lines:
        if len(kept) >= n:
            break
        if line["bus"] not in done:
            kept.append(_again(prover, line))
            _keep(file, kept[-1])
    eps = prover.rule.tolerance
    print(
        f"by another engine: {len(kept)} buses, {min(line['solved'] for line in kept)} to {max(line['solved'] for line in kept)} "
        f"of {kept[0]['outages']} outages solved, highest loading {max(line['loading'] for line in kept):.5f} of what the rule "
        f"allows, furthest voltage {max(line['beyond_pu'] for line in kept):+.5f} p.u. beyond it (tolerance {eps}), outages lost "
        f"anew {sum(line['anew'] for line in kept)}; worse than the rule allows at {sum(line['worse'] for line in kept)}"
    )


def _again(prover: AcProver, line: dict[str, Any]) -> dict[str, Any]:
    net, lost, case = prover.net, prover.rows[prover.outages], prover.case
    back = np.argsort(np.argsort(lost))
    moved = np.zeros(len(prover.p0))
    for i, mw in line["moved_mw"].items():
        moved[int(i)] = mw
    net.pin_as(prover.pins)
    net.v = prover.v0.copy()
    power = prover.problem.unit_power_mw(case, prover.p0 + moved)
    row = int(case.rows_of_bus([line["bus"]])[0])
    v = net.state(power, row, line["ac_mw"] * (1 + 1j * prover.tan))
    other = net.outages(lost, v)
    order = np.argsort(other.row)[back]
    volts, solved = other.voltage[order], other.solved[order]
    load = net.loading(net.powers(volts, lost), prover.post) / prover.allowed[1:]
    beyond = np.maximum(net.vmin - np.abs(volts), np.abs(volts) - net.vmax) - prover.beyond[1:]
    anew = int((~solved & prover.ok[1:]).sum())
    eps = prover.rule.tolerance
    worst, furthest = float(load[solved].max()), float(beyond[solved].max())
    worse = bool(worst > 1 + eps or furthest > eps or anew)
    print(
        f"bus {line['bus']}: {line['dc_mw']:.1f} MW in DC, {line['ac_mw']:.1f} in AC; by lightsim2grid {solved.sum()} "
        f"of {len(lost)} outages solved, worst {worst:.5f} of what the rule allows, voltage {furthest:+.5f} p.u. beyond it "
        f"(tolerance {eps}); outages it lost anew {anew}{' WORSE' if worse else ''}",
        flush=True,
    )
    return {
        "bus": line["bus"], "solved": int(solved.sum()), "outages": len(lost), "loading": worst,
        "beyond_pu": furthest, "anew": anew, "worse": worse,
    }  # fmt: skip


def _lines_of(file: Path | None) -> list[dict[str, Any]]:
    if not (file and file.is_file()):
        return []
    return [json.loads(line) for line in file.read_text().splitlines()]


def _keep(file: Path | None, line: dict[str, Any]) -> None:
    if file:
        with file.open("a") as out:
            out.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
