"""Capacity with redispatch, and the same in AC: processor seconds of every bus, proofs beside them.

python benchmarks/bench_redispatch.py ACTIVSg2000                # all buses
python benchmarks/bench_redispatch.py ACTIVSg10k --sample 500    # some, at random
python benchmarks/bench_redispatch.py ACTIVSg2000 --ac 20        # and some proved in AC
python benchmarks/bench_redispatch.py ACTIVSg2000 --highs 20     # beside HiGHS, row by row, one bus at a time
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from taotie.grid.capacity.redispatch import RedispatchedCapacity, redispatched_capacity
from taotie.grid.capacity.redispatch_lp import largest_load
from taotie.grid.case.case import read_case


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("case")
    options.add_argument("--sample", type=int, default=0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--ac", type=int, default=0)
    options.add_argument("--every", action="store_true", help="with --ac: solve every outage")
    options.add_argument(
        "--check", type=int, default=0, help="buses whose outages lightsim2grid solves again"
    )
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
    if o.ac:
        from taotie.grid.ac.proof import ac_proofs

        chosen = rng.choice(case.bus_number[known], o.ac, replace=False).tolist()
        processor = time.process_time()
        proved = ac_proofs(found, chosen, every=o.every, threads=o.threads)
        processor = time.process_time() - processor
        print(
            f"AC: {o.ac} buses, {processor:.1f} s of processor time, start {proved.seconds['start']:.1f} s and buses "
            f"{proved.seconds['proofs']:.1f} s of wall time; AC/DC 5-25-50-75-95 %: {proved.gap_percentiles().round(3)}; "
            f"outages solved {np.mean([p.solved for p in proved.proofs]):.0f}, foretold "
            f"{np.mean([p.foretold for p in proved.proofs]):.0f}; largest error of a forecast "
            f"{max(p.forecast_error for p in proved.proofs):.4f}"
        )
    if o.check:
        by_another_engine(
            found, rng.choice(case.bus_number[known], o.check, replace=False).tolist()
        )


def by_another_engine(found: RedispatchedCapacity, buses: list[int]) -> None:
    """All outages at the answer of some buses once more, by lightsim2grid's own Newton method."""
    from taotie.grid.ac.proof import AcProver

    prover = AcProver(found)
    net, lost = prover.net, prover.rows[prover.outages]
    back = np.argsort(np.argsort(lost))
    for bus in buses:
        proof = prover.prove(bus, every=True)
        power, mva = prover.answer
        v = net.state(power, int(found.case.rows_of_bus([bus])[0]), mva)
        other = net.outages(lost, v)
        order = np.argsort(other.row)[back]
        volts, solved = other.voltage[order], other.solved[order]
        load = net.loading(net.powers(volts, lost), prover.post) / prover.allowed[1:]
        beyond = (
            np.maximum(net.vmin - np.abs(volts), np.abs(volts) - net.vmax) - prover.beyond[1:]
        )[solved]
        print(
            f"bus {bus}: {proof.dc_mw:.1f} MW in DC, {proof.ac_mw:.1f} in AC; by lightsim2grid {solved.sum()} of "
            f"{len(lost)} outages solved, worst {load[solved].max():.5f} of what the rule allows, voltage "
            f"{beyond.max():+.5f} p.u. beyond it (tolerance {prover.rule.tolerance}); outages it lost anew "
            f"{int((~solved & prover.ok[1:]).sum())}",
            flush=True,
        )


if __name__ == "__main__":
    main()
