"""True to life? Simulated services against measured ones (slow; needs the measured data)."""

from __future__ import annotations

import csv
import re

import numpy as np
import pytest

from taotie.compute.energy.energy_per_request import request_energy
from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.runtime_profile import runtime_profile
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.compute.fit.measured_rows import read_measured_rows
from taotie.compute.serving.service import Serving, replica_model, simulate
from taotie.hardware.accelerator import accelerator
from taotie.workload.requests import Requests

pytestmark = pytest.mark.slow


def held_batch(setup, batch, prompt, output, seed):
    """A benchmark that keeps `batch` requests running: J/token, token/s in its middle; time per token [s].

    The last two: of the energy model's step at that batch, and the median over the simulated answers.
    """
    rng = np.random.default_rng(seed)
    n = int(min(6 * batch, 4000)) + 10
    lengths = np.maximum(1, np.rint(rng.gamma(2.0, output / 2.0, n))).astype(np.int64)
    model = replica_model(setup, prompt_tokens=prompt, output_tokens=output, max_batch=batch)
    bin_s = 0.05
    run = simulate(
        Requests(np.zeros(n), np.full(n, round(prompt)), lengths), Serving(model, bin_s=bin_s)
    )
    first = run.arrival_ps + run.ttft_ps
    width = int(bin_s * 1e12)
    begin, end = int(np.quantile(first, 0.3)) // width + 1, int(first.max()) // width
    if end <= begin:
        return None

    def tokens(time_ps):
        part = (time_ps - first) / np.maximum(run.finish_ps - first, 1)
        return float((np.clip(part, 0, 1) * (lengths - 1)).sum() + (first <= time_ps).sum())

    written = tokens(end * width) - tokens(begin * width)
    joules = float(run.pools[0].bins[begin:end, 0].sum()) / 1e9
    row = model.costs.decode[batch]
    step_s = (row[0] + row[1] * batch * (prompt + 0.75 * output)) * 1e-12
    several = (lengths > 1) & (first >= begin * width)
    tpot_s = float(np.median(run.tpot_s[several])) if several.any() else step_s
    return joules / written, written / ((end - begin) * bin_s), step_s, tpot_s


def test_matches_measured_chat_runs(shared_data):
    """ML.ENERGY v3, all chat rows: the simulator is as far off as the energy model, not further."""
    path = shared_data / "mlenergy_v3" / "llm.csv"
    rows = read_measured_rows(path)
    with path.open(encoding="utf-8") as file:
        latency = [float(r["median_itl_ms"] or "nan") for r in csv.DictReader(file)]
    prompt = runtime_profile("vllm-0.11").prompt_tokens["lm-arena-chat"]
    found = []
    for i in range(len(rows)):
        if rows.task[i] != "lm-arena-chat":
            continue
        got = held_batch(
            rows.setups[i], max(1, round(rows.batch[i])), prompt, rows.output_tokens[i], i
        )
        if got is None:
            continue
        steady = request_energy(rows.setups[i], prompt, rows.output_tokens[i], rows.batch[i])
        predicted = float(steady.accelerator_wh[0]) * 3600 / rows.output_tokens[i]
        measured = rows.energy_j_per_token[i]
        found.append(
            (
                got[0] / measured,
                predicted / measured,
                got[1] / rows.throughput_token_s[i],
                got[2] * 1e3 / latency[rows.row[i]],
                got[3] * 1e3 / latency[rows.row[i]],
            )
        )
    off = np.median(np.abs(np.array(found) - 1.0), axis=0)
    print(f"\n{len(found)} rows: J/token {off[0]:.1%} (energy model {off[1]:.1%}), "  # noqa: T201
          f"token/s {off[2]:.1%}, time per token to median latency {off[4]:.1%} "
          f"(energy model's step {off[3]:.1%})")  # fmt: skip
    assert len(found) > 150
    assert off[0] <= max(off[1], 0.16)
    assert off[2] <= 0.20
    assert off[3] <= 0.25
    assert off[4] <= max(off[3], 0.16)


MODELS = {
    "llama-3-8b": ("llama-3.1-8b", "bf16"),
    "llama-3-70b": ("llama-3.1-70b", "bf16"),
    "llama-3-405b": ("llama-3.1-405b", "fp8"),
    "deepseek-r1-distill-8b": ("llama-3.1-8b", "bf16"),
    "deepseek-r1-distill-70b": ("llama-3.1-70b", "bf16"),
    "gpt-oss-20b": ("gpt-oss-20b", "mxfp4"),
    "gpt-oss-120b": ("gpt-oss-120b", "mxfp4"),
}


def busy_power_w(setup):
    """Median draw at the highest load whose time per token stays within 25 % of its best."""
    model = replica_model(setup, prompt_tokens=600, output_tokens=400)
    rng = np.random.default_rng(0)
    n = 1500
    prompt = np.maximum(1, rng.gamma(1, 600, n).astype(np.int64))
    output = np.maximum(2, rng.gamma(2, 200, n).astype(np.int64))
    gaps = np.cumsum(rng.exponential(1, n))

    def at(rate):
        run = simulate(Requests((gaps - gaps[0]) / rate, prompt, output), Serving(model, bin_s=1.0))
        power = run.power()
        inner = slice(len(power.t_s) // 5, max(int(gaps[-1] / rate), 2))
        draw = np.median((power.busy_w + power.idle_w)[inner])
        return float(np.median(run.tpot_s)), float(draw)

    best = at(0.02)[0]
    low, high = 0.02, 0.04
    while at(high)[0] < 1.25 * best:
        low, high = high, 2 * high
    for _step in range(8):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if at(middle)[0] < 1.25 * best else (low, middle)
    return at(low)[1]


def test_matches_measured_node_power(shared_data):
    """powertrace-sim, 25 pairs of idle and busy node power. Its prompt and answer lengths are not published:
    600 and 400 tokens are assumed here."""
    off = []
    with (shared_data / "traces" / "powertrace_sim_operator_table.csv").open() as file:
        for row in csv.DictReader(file):
            name, chip, n = re.fullmatch(r"(.*)-(a100|h100)_tp(\d)", row["config"]).groups()
            model, precision = MODELS[name]
            setup = ServingSetup(model_architecture(model), accelerator(chip), int(n), precision)
            idle = replica_model(setup, prompt_tokens=600, output_tokens=400).idle_mw / 1e3
            off.append(
                (
                    idle / float(row["P_idle_w"]) - 1,
                    busy_power_w(setup) / float(row["P_busy_w"]) - 1,
                )
            )
    median = np.median(np.abs(off), axis=0)
    print(f"\n{len(off)} pairs: idle {median[0]:.1%}, busy {median[1]:.1%}")  # noqa: T201
    assert len(off) == 25
    assert median[0] <= 0.05
    assert median[1] <= 0.15
