"""Capacity with redispatch, and the same in AC: processor seconds of every bus, proofs beside them.

python benchmarks/bench_redispatch.py ACTIVSg2000                # all buses
python benchmarks/bench_redispatch.py ACTIVSg10k --sample 500    # some, at random
python benchmarks/bench_redispatch.py ACTIVSg2000 --ac 20        # and some proved in AC
python benchmarks/bench_redispatch.py ACTIVSg2000 --ac 2000 --keep FILE   # all, in a random order, by two processes;
                                                                 # goes on where it was
python benchmarks/bench_redispatch.py ACTIVSg2000 --check 50 --keep FILE  # answers kept there, again by lightsim2grid
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
from taotie.grid.capacity.redispatch_lp import largest_load
from taotie.grid.case.case import read_case

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
    options.add_argument("--processes", type=int, default=2, help="with --ac: buses at a time")
    options.add_argument(
        "--check", type=int, default=0, help="buses whose outages lightsim2grid solves again"
    )
    options.add_argument("--keep", default="", help="a file of answers in AC, one a line")
    options.add_argument("--highs", type=int, default=0)
    options.add_argument("--threads", type=int, default=1)
    o = options.parse_args()
    redispatched_capacity(read_case("case24_ieee_rts"))  # compiled, or from the cache
    case = read_case(o.case)
    rng = np.random.default_rng(o.seed)
    buses = None
    if o.sample:
        buses = np.sort(rng.choice(case.bus_number, min(o.sample, case.n_bus), replace=False))
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


_PROVER: list[AcProver] = []  # what the processes share


def in_ac(found: RedispatchedCapacity, buses: list[int], o: argparse.Namespace) -> None:
    """Buses proved one by one, each kept as a line of JSON; then, if asked, some of them by another engine."""
    from taotie.grid.ac.proof import AcProver

    file = Path(o.keep) if o.keep else None
    kept = (
        [json.loads(line) for line in file.read_text().splitlines()]
        if file and file.is_file()
        else []
    )
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
            if file:
                with file.open("a") as out:
                    out.write(json.dumps(line) + "\n")
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
    by_another_engine(prover, kept[: o.check])


def _proved(asked: tuple[int, bool]) -> dict[str, Any]:
    """A bus proved in a process of its own."""
    prover, processor = _PROVER[0], time.process_time()
    line = asdict(prover.prove(*asked))
    line["processor_s"] = time.process_time() - processor
    line["moved_mw"] = {
        str(i): round(float(mw), 6) for i, mw in enumerate(prover.moved) if abs(mw) > 1e-6
    }
    return line


def by_another_engine(prover: AcProver, lines: list[dict[str, Any]]) -> None:
    """All outages at the answers of some buses once more, by lightsim2grid's own Newton method."""
    net, lost, case = prover.net, prover.rows[prover.outages], prover.case
    back, worse = np.argsort(np.argsort(lost)), 0
    for line in lines:
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
        beyond = (
            np.maximum(net.vmin - np.abs(volts), np.abs(volts) - net.vmax) - prover.beyond[1:]
        )[solved]
        anew = int((~solved & prover.ok[1:]).sum())
        eps = prover.rule.tolerance
        bad = load[solved].max() > 1 + eps or beyond.max() > eps or anew
        worse += bool(bad)
        print(
            f"bus {line['bus']}: {line['dc_mw']:.1f} MW in DC, {line['ac_mw']:.1f} in AC; by lightsim2grid {solved.sum()} "
            f"of {len(lost)} outages solved, worst {load[solved].max():.5f} of what the rule allows, voltage "
            f"{beyond.max():+.5f} p.u. beyond it (tolerance {eps}); outages it lost anew {anew}{' WORSE' if bad else ''}",
            flush=True,
        )
    if lines:
        print(f"by another engine: {len(lines)} buses, worse than the rule allows at {worse}")


if __name__ == "__main__":
    main()
