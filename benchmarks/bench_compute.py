"""How fast is the energy model? A million predictions of different models, chips, batches and lengths; and a refit.

    python benchmarks/bench_compute.py [n_request] [folder with measured tables]

Times are the median of several runs, by the clock and of the processor (what a shared machine leaves comparable); the
load of the machine is printed.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from taotie.compute.energy.model_architecture import model_architectures
from taotie.compute.energy.roofline import decode_cost, prefill_cost
from taotie.compute.energy.runtime_profile import runtime_profile
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.hardware.accelerator import accelerator

CHIPS = ("h100", "h200", "b200", "a100")
RUNS = 5


def median_s(work: Callable[[], object]) -> tuple[float, float]:
    """Median times of several runs: by the clock, of the processor."""
    times = []
    for _run in range(RUNS):
        begun = time.perf_counter(), time.process_time()
        work()
        times.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
    clock, processor = zip(*times, strict=True)
    return statistics.median(clock), statistics.median(processor)


def main() -> None:
    """Print one line a case."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
    chips = [accelerator(c) for c in CHIPS]
    setups = [ServingSetup(m, c, 8) for m in model_architectures().values() for c in chips]
    x = np.array([s.row for s in setups])
    profile = runtime_profile("vllm-0.11")
    coefficients = np.array([profile.coefficients(c.architecture) for c in chips])
    rng = np.random.default_rng(1)
    pick = rng.integers(0, len(setups), n)
    which = pick % len(chips)
    batch = rng.uniform(1, 256, n)
    prompt = rng.lognormal(6.5, 1.0, n)
    output = rng.lognormal(5.5, 0.8, n)

    def predict() -> np.ndarray:
        starts = batch / output
        step = decode_cost(x, coefficients, batch, prompt + output / 2, which, setup_of=pick)
        fill = prefill_cost(
            x, coefficients, prompt, which, batch=batch, starts=starts, setup_of=pick
        )
        return (output * step.energy_j / batch + fill.energy_j) / 3600

    begun = time.perf_counter()
    predict()
    print(f"first call: {time.perf_counter() - begun:.2f} s")
    took, processor = median_s(predict)
    print(
        f"{n:,} predictions over {len(setups)} set-ups: {took:.3f} s by the clock, {processor:.3f} s of the processor, "
        f"{n / processor / 1e6:.2f} M/s"
    )
    if len(sys.argv) > 2:
        from taotie.compute.fit.refit import refit

        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            refit(sys.argv[2], Path(folder) / "coefficients.toml")
            print(
                f"refit of all profiles with families left out: {time.perf_counter() - begun:.1f} s"
            )


if __name__ == "__main__":
    main()
