"""Requests: parts add up, published measurements, refusals."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie.compute.energy.energy_per_request import (
    corrected_energy_per_request_wh,
    energy_per_request_wh,
    model_error,
    prefill_of,
    request_energy,
    step_cost,
)
from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.errors import RangeError
from taotie.hardware.accelerator import accelerator
from taotie.quantity.figure import exact


def setup(model="llama-3.1-8b", chip="h100", n=1, held="bf16"):
    return ServingSetup(model_architecture(model), accelerator(chip), n, held)


@each_row(
    ("model", "n", "held", "batch", "output", "joule"),
    [
        # ML.ENERGY, chat, J/request of the accelerators (source chung2025)
        ("llama-3.1-8b", 1, "bf16", 8, 397, 177),
        ("llama-3.1-8b", 1, "bf16", 64, 397, 47),
        ("llama-3.1-8b", 1, "bf16", 255, 397, 31),
        ("llama-3.1-8b", 1, "bf16", 511, 397, 28),
        ("qwen3-32b", 2, "bf16", 8, 632, 1027),
        ("qwen3-32b", 2, "bf16", 64, 632, 233),
        ("qwen3-32b", 2, "bf16", 256, 632, 145),
        ("llama-3.1-405b", 8, "fp8", 8, 367, 5110),
        ("llama-3.1-405b", 8, "fp8", 64, 367, 1109),
        ("llama-3.1-405b", 8, "fp8", 255, 367, 757),
    ],
)
def test_published_measured_energy_within_its_interval(model, n, held, batch, output, joule):
    s = setup(model, n=n, held=held)
    predicted = request_energy(s, 170, output, batch).accelerator_wh[0] * 3600
    low, high = np.quantile(model_error(s, batch).samples, [0.05, 0.95])
    assert predicted * low <= joule <= predicted * high


def test_worked_parts_add_up():
    s = setup()
    e = request_energy(s, 1000, 200, 16, utilization=0.5)
    step, fill = step_cost(s, 16, 1100), prefill_of(s, 1000, 16, 16 / 200)
    assert e.decode_wh[0] == pytest.approx(200 * step.energy_j[0] / 16 / 3600, rel=1e-12)
    assert e.prefill_wh[0] == pytest.approx(fill.energy_j[0] / 3600, rel=1e-12)
    assert e.server_wh[0] == pytest.approx(
        (e.prefill_wh + e.decode_wh + e.host_wh + e.idle_wh)[0], rel=1e-12
    )
    assert e.tpot_s[0] == pytest.approx(step.time_s[0] + 16 / 200 * fill.time_s[0], rel=1e-12)
    assert e.time_s[0] == pytest.approx(e.ttft_s[0] + 199 * e.tpot_s[0], rel=1e-12)


def test_worked_waiting_replicas():
    s = setup()
    full, half = (request_energy(s, 500, 300, 32, utilization=u) for u in (1.0, 0.5))
    assert full.idle_wh[0] == 0
    # as long again as it works, it waits at 119.5 W plus the host's idle share
    replica_s = (
        300 * step_cost(s, 32, 650).time_s[0] / 32 + prefill_of(s, 500, 32, 32 / 300).time_s[0]
    )
    assert half.idle_wh[0] == pytest.approx(replica_s * (119.5 + 1200 / 8) / 3600, rel=1e-9)


@given(st.lists(st.floats(1, 4000), min_size=2, max_size=6), st.floats(1, 128))
def test_property_every_part_positive_and_server_above_accelerator(lengths, batch):
    e = request_energy(setup("qwen3-30b-a3b"), lengths, lengths[::-1], batch, utilization=0.7)
    for part in (e.prefill_wh, e.decode_wh, e.host_wh, e.idle_wh, e.ttft_s, e.tpot_s):
        assert np.all(part > 0)
    assert np.all(e.server_wh > e.accelerator_wh)
    assert np.all(e.time_s >= e.ttft_s)


def test_property_boundaries():
    s = setup()
    kwargs = {"prompt_tokens": 100, "output_tokens": 100, "batch": 8}
    accel = energy_per_request_wh(s, **kwargs, boundary="accelerator")
    assert energy_per_request_wh(s, **kwargs)[0] > accel[0]
    with pytest.raises(RangeError, match="facility"):
        energy_per_request_wh(s, **kwargs, boundary="facility")


def test_property_error_widens_where_less_is_known():
    def width(chip, **kw):
        low, high = np.quantile(model_error(setup(chip=chip), 64, **kw).samples, [0.05, 0.95])
        return high / low

    assert width("a100") > width("h100")
    assert width("h100", known_batch=False) > width("h100")
    assert width("h100", kind="disaggregated") > width("h100")
    twice = setup(n=2)
    apart = replace(twice, data_parallel=2)
    drafting = replace(twice, draft_tokens=2, acceptance=0.6)
    middle = [np.quantile(model_error(s, 64).samples, 0.95) for s in (twice, apart, drafting)]
    assert min(middle[1:]) > 1.05 * middle[0]


def test_worked_error_figure():
    figure = corrected_energy_per_request_wh(
        exact(0.3, "Wh/request", boundary="accelerator"), model_error(setup(), 64)
    )
    assert figure.boundary == "accelerator"
    assert np.median(figure.samples) == pytest.approx(0.3, rel=0.02)
    assert figure.kind == "modelled"


@each_row(
    ("kwargs", "words"),
    [
        ({"prompt_tokens": -1}, "prompt_tokens=-1"),
        ({"output_tokens": 0}, "output_tokens=0"),
        ({"batch": 0}, "batch=0"),
        ({"batch": float("nan")}, "batch=nan"),
        ({"utilization": 0.0}, "utilization=0"),
        ({"prompt_tokens": 3e6}, "leave"),
    ],
)
def test_error_impossible_requests(kwargs, words):
    given = {"prompt_tokens": 100, "output_tokens": 100, "batch": 8} | kwargs
    with pytest.raises(RangeError, match=words):
        request_energy(setup(), **given)


def test_matches_a_mean_request_asked_again_and_its_accelerators_kept():
    """What was worked out a moment ago stands for the same arrays only: another host, another batch, a changed array."""
    from taotie.compute.energy import service_energy

    def asked(batch, idle_w=118.75):
        return service_energy.mean_request(
            1000, 200, 1100, 1.0, batch, 1.0, 700, 3.35e12, 989e12, idle_w, 350,
            model="llama-3.1-8b", accelerator="h100-sxm", accelerators_per_replica=1,
            precision="bf16", runtime="vllm-0.11",
        )  # fmt: skip

    def fixed(*values):
        made = np.array(values)
        made.flags.writeable = False
        return made

    first, other = fixed(8.0, 32.0), fixed(8.0, 64.0)
    plain = [
        asked(np.array([8.0, 32.0])),
        asked(np.array([8.0, 64.0])),
        asked(np.array([8.0, 32.0]), 60.0),
    ]
    for _ in range(2):
        kept = [asked(first), asked(other), asked(first, 60.0)]
        assert [[v.tolist() for v in one] for one in kept] == [
            [v.tolist() for v in one] for one in plain
        ]
    changing = np.array([8.0, 32.0])
    before = asked(changing).decode_wh[1]
    changing[1] = 64.0
    assert asked(changing).decode_wh[1] != before


def test_matches_two_pools_are_a_reader_and_a_writer():
    from taotie.answer.prompt import prompt

    asked = {"model": "llama-3.1-70b", "on": "h100:4", "batch": 32, "tokens_in": 2000, "tokens_out": 300, "samples": 500}  # fmt: skip
    both, apart = prompt(**asked), prompt(**asked, prefill_on="h200:2")
    held = ServingSetup(model_architecture("llama-3.1-70b"), accelerator("h100"), 4)
    writes = request_energy(held, 2000, 300, 32).decode_wh[0]
    reader = ServingSetup(model_architecture("llama-3.1-70b"), accelerator("h200"), 2)
    reads = prefill_of(reader, 2000).energy_j[0] / 3600
    middle = {k: apart.figures[k].p50 for k in ("energy_decode", "energy_prefill")}
    assert middle["energy_decode"] == pytest.approx(writes, rel=0.02)
    assert middle["energy_prefill"] == pytest.approx(reads, rel=0.02)
    wide, usual = (a.figures["energy_per_request_accelerator"] for a in (apart, both))
    assert wide.p95 / wide.p05 > usual.p95 / usual.p05
    amd = prompt(**asked, prefill_on="mi300x:2").figures[
        "energy_prefill"
    ]  # a maker vLLM was not measured with
    own = apart.figures["energy_prefill"]
    assert amd.p95 / amd.p05 > 1.2 * own.p95 / own.p05
    assert {"two_pools"} <= {s.code for s in apart.said} - {s.code for s in both.said}


def test_matches_rows_in_parts_and_each_part_alone(monkeypatch):
    """The mean request of many draws is worked out some rows at a time; in every bit as all at once."""
    from taotie.compute.energy import service_energy

    rng = np.random.default_rng(3)
    prompt, batch, tdp = (
        rng.uniform(100, 3000, 70),
        rng.uniform(0.5, 300, 70),
        rng.uniform(600, 700, 70),
    )

    def asked(rows):
        return service_energy.mean_request(
            prompt[rows], 200, prompt[rows] + 100, 1.3, batch[rows], 0.5, tdp[rows], 3.35e12, 989e12, 118.75, 350,
            model="qwen3-30b-a3b", accelerator="h100-sxm", accelerators_per_replica=1, precision="bf16", runtime="vllm-0.11",
            prefix_hit=0.2,
        )  # fmt: skip

    whole = asked(slice(0, 70))
    monkeypatch.setattr(service_energy, "CHUNK", 32)
    in_parts = asked(slice(0, 70))
    for name in whole._fields:
        assert np.array_equal(getattr(whole, name), getattr(in_parts, name)), name
