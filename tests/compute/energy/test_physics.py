"""No answer below physics or above rated power: every chip and model of the tables, batches from one to a thousand."""

import numpy as np
import pytest

from rows import each_row
from taotie.compute.energy.model_architecture import model_architectures
from taotie.compute.energy.roofline import COLUMNS, decode_cost, prefill_cost
from taotie.compute.energy.runtime_profile import runtime_profile, runtime_profiles
from taotie.compute.energy.serving_setup import NOT_SERVED, ServingSetup
from taotie.errors import TaotieError
from taotie.hardware.accelerator import accelerators
from taotie.hardware.number_formats import served_format

BATCHES = np.array([1.0, 7.0, 64.0, 1024.0])
FORMATS = ("bf16", "fp8", "nvfp4", "mxfp4", "int4")


def _rows(runtime):
    """A set-up for every chip and model, formats and counts in turn."""
    rows, architectures = [], []
    for i, chip in enumerate(accelerators().values()):
        for j, model in enumerate(model_architectures().values()):
            formats = [f for f in FORMATS if f not in NOT_SERVED.get(runtime, ())]
            held = served_format(chip, formats[(i + j) % len(formats)]).precision
            n = (1, 2, 4, 8, 16)[(i + 3 * j) % 5]
            more = {"data_parallel": n} if (i + j) % 4 == 0 else {}
            if j % 3 == 0:
                more |= {"draft_tokens": 2, "acceptance": 0.6}
            rows.append(ServingSetup(model, chip, n, held, runtime, **more).row)
            architectures.append(chip.architecture)
    return np.array(rows), architectures


@each_row("runtime", sorted(runtime_profiles()))
def test_property_no_step_beats_physics(runtime):
    try:
        x, architectures = _rows(runtime)
    except TaotieError as error:  # pragma: no cover - every chip of the table answers
        pytest.fail(str(error))
    profile = runtime_profile(runtime)
    known = sorted(set(architectures))
    c = np.array([profile.coefficients(a) for a in known])
    which = np.array([known.index(a) for a in architectures])
    column = {name: x[:, i] for i, name in enumerate(COLUMNS)}
    n, rated_w = column["accelerators"], column["tdp_w"]
    for batch in BATCHES:
        step = decode_cost(x, c, batch, 2000.0, which)
        assert np.all(np.isfinite(step.time_s))
        power = step.energy_j / step.time_s
        assert np.all(power <= n * rated_w * (1 + 1e-9))
        assert np.all(power >= n * column["idle_w"] * (1 - 1e-9))
        assert np.all(power >= 0.05 * n * rated_w)
        # memory at its full bandwidth: dense weights, the fewest experts, the cache
        cache = (
            batch
            * column["kv_b_per_layer"]
            * (column["attention_layers"] - column["window_layers"])
            * 2000.0
        )
        moved = column["dense_b"] + cache
        assert np.all(step.time_s >= moved / (n * column["bandwidth_b_s"]))
        share = column["top_k"] / np.maximum(column["experts"], 1.0)
        dense = 2.0 * column["dense_params"] * batch / (n * column["dense_peak_flop_s"])
        experts = 2.0 * column["expert_params"] * share * batch / (n * column["expert_peak_flop_s"])
        assert np.all(step.time_s >= np.maximum(dense, experts))
    fill = prefill_cost(x, c, 3000.0, which, batch=8.0, starts=0.1)
    work = 2.0 * column["dense_params"] * 3000.0 / (n * column["dense_peak_flop_s"])
    assert np.all(fill.time_s >= work)
    assert np.all(fill.energy_j <= n * rated_w * fill.time_s * (1 + 1e-9))
    assert np.all(fill.energy_j >= n * column["idle_w"] * fill.time_s * (1 - 1e-9))


@each_row("runtime", sorted(runtime_profiles()))
def test_property_a_token_costs_what_physics_lets_it(runtime):
    """A whole steady state, prompts inside: joules between idle and rated power times time, rate below both roofs."""
    x, architectures = _rows(runtime)
    profile = runtime_profile(runtime)
    known = sorted(set(architectures))
    c = np.array([profile.coefficients(a) for a in known])
    which = np.array([known.index(a) for a in architectures])
    column = {name: x[:, i] for i, name in enumerate(COLUMNS)}
    n, rated_w = column["accelerators"], column["tdp_w"]
    prompt, output = 1500.0, 400.0
    for batch in (*BATCHES, 4096.0):
        starts = batch / output
        step = decode_cost(x, c, batch, prompt + output / 2.0, which)
        fill = prefill_cost(x, c, prompt, which, batch=batch, starts=starts)
        time = step.time_s + starts * fill.time_s
        per_token = (step.energy_j + starts * fill.energy_j) / batch
        rate = batch / time
        assert np.all(per_token >= n * column["idle_w"] / rate * (1 - 1e-9))
        assert np.all(per_token <= n * rated_w / rate * (1 + 1e-9))
        share = column["top_k"] / np.maximum(column["experts"], 1.0)
        flop_s = 2.0 * column["dense_params"] / (n * column["dense_peak_flop_s"])
        flop_s += 2.0 * column["expert_params"] * share / (n * column["expert_peak_flop_s"])
        # each answer token, and its part of the prompt, passes all parameters once
        assert np.all(rate <= 1.0 / (flop_s * (1.0 + prompt / output)) * (1 + 1e-9))
        assert np.all(rate <= batch * n * column["bandwidth_b_s"] / column["dense_b"] * (1 + 1e-9))
