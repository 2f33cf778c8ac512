"""How many requests does the serving simulator get through per second of one core?

Prints medians of a few runs: CPU time (the machine may be shared) and wall time. Compared with a per-iteration loop
compiled the same way (same results, no event skipping), and with Vidur as once measured elsewhere. `--day` runs the
day of 200 million requests, `--threads` at a time.

Usage: python benchmarks/bench_simulator.py [--requests 200000] [--repeat 5] [--day 200e6] [--threads 2]
Lengths are those of Azure's conversation log if it was fetched (or `--trace FILE`), else the built-in fit to it.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import time
from dataclasses import replace

import numpy as np
from numba import njit

from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.compute.serving import state as sr
from taotie.compute.serving.cost import IterationCosts
from taotie.compute.serving.fleet import Load, run_independent
from taotie.compute.serving.service import Serving, replica_model, simulate
from taotie.compute.serving.setup import Speculation
from taotie.compute.serving.source import Source
from taotie.compute.serving.split import Pool, run_split
from taotie.compute.serving.window import run_routed
from taotie.hardware.accelerator import accelerator
from taotie.workload.chat import SampledParts, chat_lengths
from taotie.workload.daily_shape import single_chat_day
from taotie.workload.trace import published_trace, read_trace

PS = 10**12


@njit(cache=True)
def compiled_loop(arrival, prompt, output, decode, mixed, prefill, max_batch, budget):  # type: ignore[no-untyped-def]
    """One replica, one iteration and one sequence at a time; ample memory, chunked prompts."""
    n = arrival.shape[0]
    ttft, finish = np.zeros(n, np.int64), np.zeros(n, np.int64)
    running, read, written = (
        np.zeros(max_batch, np.int64),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
    )
    now = energy = iterations = np.int64(0)
    head = m = done = 0
    while done < n:
        while head < n and m < max_batch and arrival[head] <= now:
            running[m] = head
            m += 1
            head += 1
        if m == 0:
            now = arrival[head]
            continue
        a, c, waiting = 0, np.int64(0), 0
        for j in range(m):
            x = running[j]
            if read[x] == prompt[x]:
                a += 1
                c += prompt[x] + written[x]
            else:
                waiting += 1
        left = max(budget - a, 1)
        tokens = square = ends = np.int64(0)
        for j in range(m):
            x = running[j]
            if read[x] == prompt[x]:
                written[x] += 1
            elif left > 0:
                p = min(prompt[x] - read[x], left)
                tokens += p
                square += p * (2 * read[x] + p)
                read[x] += p
                left -= p
                if read[x] == prompt[x]:
                    ends += 1
                    ttft[x] = -1
        row = mixed[a] if waiting else decode[a]
        t = row[0] + row[1] * c + prefill[0] * tokens + prefill[1] * square + prefill[2] * ends
        t2 = row[2] + row[3] * c + prefill[3] * tokens + prefill[4] * square + prefill[5] * ends
        if t >= t2:
            energy += (
                row[4] + row[5] * c + prefill[6] * tokens + prefill[7] * square + prefill[8] * ends
            )
        else:
            t = t2
            energy += (
                row[6]
                + row[7] * c
                + prefill[9] * tokens
                + prefill[10] * square
                + prefill[11] * ends
            )
        now += t
        iterations += 1
        kept = 0
        for j in range(m):
            x = running[j]
            if ttft[x] == -1:
                ttft[x] = now - arrival[x]
                written[x] = 1
            if read[x] == prompt[x] and written[x] >= output[x]:
                finish[x] = now
                done += 1
            else:
                running[kept] = x
                kept += 1
        m = kept
    return ttft, finish, energy, iterations


def lengths(trace: str | None):  # type: ignore[no-untyped-def]
    """Prompt and output lengths, and where they are from."""
    found = read_trace(trace) if trace else published_trace("azure-2023-conv")
    if found is not None:
        return found.prompt_tokens, found.output_tokens, found.name
    prompt, output = chat_lengths().sample(1 << 18, np.random.default_rng(0))
    return prompt, output, "built-in fit"


def requests(n: int, trace: str | None = None):  # type: ignore[no-untyped-def]
    """Lengths of `n` requests and gaps between them (mean 1), the model that serves them, the generator, where from."""
    prompts, outputs, origin = lengths(trace)
    setup = ServingSetup(model_architecture("llama-3.1-70b"), accelerator("h100"), 8)
    model = replica_model(
        setup, prompt_tokens=float(prompts.mean()), output_tokens=float(outputs.mean())
    )
    rng = np.random.default_rng(1)
    pick = rng.integers(0, len(prompts), n)
    gaps = rng.exponential(1.0, n)
    return prompts, outputs, pick, gaps, setup, model, rng, origin


def every_feature(setup, model, work, rng):  # type: ignore[no-untyped-def]
    """Two roofline lines, tight memory, prefix cache and speculation at once: requests, costs, limits."""
    lines = model.costs.decode.copy()
    lines[:, 2], lines[:, 3] = lines[:, 0] * 998 // 1000, lines[:, 1] * 6 // 5
    lines[:, 6], lines[:, 7] = lines[:, 4], lines[:, 5]
    costs = IterationCosts(lines, model.costs.mixed, model.costs.prefill)
    typical = {
        "prompt_tokens": float(work.prompt.mean()), "output_tokens": float(work.output.mean())
    }  # fmt: skip
    draft = replica_model(
        setup, **typical, speculation=Speculation(0.7, 3, 1 / 80), prefix_blocks=4096
    )
    limits = replace(draft.limits, kv_pages=1500, watermark_pages=0)
    count = np.minimum(work.prompt // 512, 3).astype(np.int32)
    family = rng.integers(0, 3000, len(count))
    blocks = work._replace(
        block_low=(np.cumsum(count) - count).astype(np.int64),
        block_n=count,
        block_id=np.concatenate(
            [3 * f + np.arange(m) for f, m in zip(family, count, strict=True)]
        ).astype(np.int32),
    ).part(np.flatnonzero(work.prompt + work.output < 24_000))
    return blocks, costs, limits


def arrivals(gaps, rate):  # type: ignore[no-untyped-def]
    """Times of arrival at so many requests a second. [ps]"""
    return np.rint(np.cumsum(gaps) / rate * PS).astype(np.int64)


def timed(repeat: int, work):  # type: ignore[no-untyped-def]
    """Median CPU and wall seconds, and the last result."""
    cpu, wall, out = [], [], None
    for _i in range(repeat):
        c, w = time.process_time(), time.perf_counter()
        out = work()
        cpu.append(time.process_time() - c)
        wall.append(time.perf_counter() - w)
    return statistics.median(cpu), statistics.median(wall), out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trace")
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--day", type=float, default=0.0, help="requests of the simulated day")
    parser.add_argument("--day-replicas", type=int, default=700)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    n, n_replica = args.requests, 40
    prompts, outputs, pick, gaps, setup, model, rng, origin = requests(n, args.trace)
    prompt, output = prompts[pick].astype(np.int32), outputs[pick].astype(np.int32)

    def load(rate: float) -> Load:
        return Load(arrivals(gaps, rate * n_replica), prompt, output)

    begin = time.perf_counter()
    few = Load(np.arange(50, dtype=np.int64) * PS, prompt[:50], output[:50])
    run_independent(few, model.costs, model.limits, 2, bin_ps=PS)
    for routing in ("two_choices", "least_outstanding"):
        run_routed(few, model.costs, model.limits, 2, routing, bin_ps=PS)
    loop = (model.costs.decode, model.costs.mixed, model.costs.prefill, 256, 2048)
    compiled_loop(few.arrival, few.prompt, few.output, *loop)
    print(f"lengths: {origin}; {n} requests on {n_replica} replicas of {model.name}, 60 s bins")
    print(
        f"compile or load from cache: {time.perf_counter() - begin:.1f} s; load {os.getloadavg()[0]:.1f}\n"
    )

    print(
        "| mode | req/s/replica | M req/s/core (CPU) | (wall) | iterations/req | events/req | preemptions/req | hit tokens/req |"
    )
    print("|---|---|---|---|---|---|---|---|")

    def row(name: str, rate: float, work) -> float:  # type: ignore[no-untyped-def]
        cpu, wall, run = timed(args.repeat, work)
        per = run.states.sum(axis=0) / n if hasattr(run, "states") else np.zeros(sr.N_STATE)
        print(
            f"| {name} | {rate:g} | {n / cpu / 1e6:.2f} | {n / wall / 1e6:.2f} | "
            f"{per[sr.ITERATIONS]:.1f} | {per[sr.EVENTS]:.2f} | {per[sr.PREEMPTIONS]:.3f} | "
            f"{per[sr.HIT_TOKENS]:.0f} |"
        )
        return n / cpu

    fast = 0.0
    for rate in (0.5, 2.0, 5.0, 8.0):
        work = load(rate)
        speed = row(
            "round robin",
            rate,
            lambda w=work: run_independent(w, model.costs, model.limits, n_replica, bin_ps=60 * PS),
        )
        fast = speed if rate == 5.0 else fast
    work = load(5.0)
    for routing in ("two_choices", "least_outstanding"):
        for report_s in (0, 1):
            row(
                routing.replace("_", " ")
                + (f", loads reported every {report_s} s" * (report_s > 0)),
                5.0,
                lambda r=routing, s=report_s: run_routed(
                    work, model.costs, model.limits, n_replica, r, bin_ps=60 * PS, report_ps=s * PS
                ),
            )
    blocks, everything, limits = every_feature(setup, model, work, rng)
    row(
        "everything, round robin",
        5.0,
        lambda: run_independent(blocks, everything, limits, n_replica, bin_ps=PS),
    )
    in_pages = replace(limits, prefix_blocks=0, prefix_in_pages=True)
    for routing, held, what in (
        ("least_outstanding", limits, ""),
        ("least_outstanding", in_pages, ", prefix blocks in the KV pages"),
        ("prefix_aware", in_pages, ", prefix blocks in the KV pages"),
    ):
        row(
            f"everything, {routing.replace('_', ' ')}{what}",
            5.0,
            lambda r=routing, h=held: run_routed(blocks, everything, h, n_replica, r, bin_ps=PS),
        )
    pool = Pool(model.costs, model.limits, n_replica // 2, "round_robin")
    row(
        "reading and writing apart",
        5.0,
        lambda: run_split(work, pool, pool, 10**9, 10**6, 1000, bin_ps=60 * PS),
    )

    print("\nthreads between load reports (400 replicas, least outstanding, reports every 5 s):")
    many = load(50.0)
    for threads in (1, 2):
        cpu, wall, _run = timed(
            args.repeat,
            lambda t=threads: run_routed(
                many, model.costs, model.limits, 400, "least_outstanding",
                bin_ps=60 * PS, report_ps=5 * PS, threads=t,
            ),
        )  # fmt: skip
        print(f"  {threads}: {n / wall / 1e6:.2f} M req/s wall, {n / cpu / 1e6:.2f} M req/s/core")

    print("\nagainst a compiled loop over every iteration and sequence (one replica, no bins):")
    for rate in (0.5, 2.0, 5.0, 8.0):
        some = n // 10
        one = Load(
            np.rint(np.cumsum(gaps[:some]) / rate * PS).astype(np.int64),
            prompt[:some],
            output[:some],
        )
        ample = replace(model.limits, kv_pages=1 << 40, watermark_pages=0)
        skip, _w, run = timed(
            args.repeat, lambda o=one, a=ample: run_independent(o, model.costs, a, 1)
        )
        walk, _w, same = timed(1, lambda o=one: compiled_loop(o.arrival, o.prompt, o.output, *loop))
        equal = (run.ttft == same[0]).all() and (run.finish == same[1]).all()
        equal &= run.total(sr.ENERGY) == same[2] and run.total(sr.ITERATIONS) == same[3]
        print(
            f"  {rate:g} req/s: {some / skip / 1e6:.2f} against {some / walk / 1e6:.3f} M req/s/core, "
            f"x{walk / skip:.1f}; results {'identical' if equal else 'DIFFERENT'}"
        )
    print(
        f"\nVidur, as measured earlier on another machine: 605 req/s/core (4,000 Azure requests, Llama-3-8B on\n"
        f"A100, metrics off): x{fast / 605:.0f}. Left out of that ratio: Vidur looks operator times up from profiles\n"
        "and simulates pipeline stages one by one, in interpreted Python, and has no energy; different machines."
    )
    if args.day:
        day(args, model)


def day(args, model) -> None:  # type: ignore[no-untyped-def]
    """A whole day in flat memory."""
    drawn = SampledParts(
        chat_lengths(), args.day, np.random.default_rng(0), shape=single_chat_day()
    )
    source = Source(drawn.n, drawn.span_s, drawn.parts, tuple)
    serving = Serving(model, args.day_replicas, threads=args.threads)
    simulate(
        source._replace(n=9, parts=lambda: [[part[:9] for part in next(drawn.parts(9))]]), serving
    )
    c, w = time.process_time(), time.perf_counter()
    run = simulate(source, serving)
    found = run.summary()
    cpu, wall = time.process_time() - c, time.perf_counter() - w
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    exact = found["energy_j"]["total"] == found["energy_j"]["requests_sum"]
    print(
        f"\nday: {found['completed']:,} requests on {args.day_replicas} replicas, {args.threads} threads: {wall:.1f} s wall, "
        f"{cpu:.1f} s CPU ({found['completed'] / cpu / 1e6:.2f} M req/s/core), {peak:.0f} MB; load {os.getloadavg()[0]:.1f}\n"
        f"  TTFT p50 {found['ttft_s']['p50']:.3f} s, p99 {found['ttft_s']['p99']:.3f} s; "
        f"{run.total_nj / found['completed'] / 1e9:.0f} J/request at the server; energy "
        f"{'sums exactly' if exact else 'DOES NOT SUM'}"
    )


if __name__ == "__main__":
    main()
