"""The problem of a fit: derivatives, bounds, weights, and what a crowded node takes from a step."""

import numpy as np
import pytest

from taotie.compute.energy.roofline import COEFFICIENTS
from taotie.compute.fit.coefficient_bounds import BOUNDS
from taotie.compute.fit.fit_problem import Problem, lost_s
from taotie.compute.fit.measured_rows import read_measured_rows
from taotie.compute.fit.serving_rows import read_serving_rows

LOAD = {
    "model": "deepseek-r1", "hardware": "h200", "framework": "sglang", "precision": "fp8", "spec": "mtp", "disagg": "0",
    "gpus": "8", "decode_tp": "8", "decode_ep": "1", "dp_attention": "0", "isl": "1024", "osl": "1024", "concurrency": "32",
    "date": "2026-05-17", "output_tok_s": "1000", "avg_power_w_gpu": "500", "median_ttft_s": "0.3", "median_tpot_s": "0.03",
}  # fmt: skip
PARTS = {
    "disagg": "1", "prefill_gpus": "4", "decode_gpus": "8", "gpus": "12", "prefill_tp": "4", "prefill_workers": "1",
    "decode_workers": "1", "hardware": "mi300x",
}  # fmt: skip


def row(model, task, chip, n, batch, held="bfloat16"):
    return {
        "task": task, "model_id": model, "total_params_billions": "8", "activated_params_billions": "8",
        "weight_precision": held, "gpu_model": chip, "num_gpus": str(n), "max_num_seqs": str(batch),
        "avg_batch_size": str(batch), "avg_output_len": "500", "output_throughput_tokens_per_sec": "900",
        "avg_power_watts": "600", "energy_per_token_joules": "0.7",
    }  # fmt: skip


@pytest.fixture(scope="module")
def rows():
    return read_measured_rows(
        [
            row("meta-llama/Llama-3.1-8B-Instruct", "lm-arena-chat", "H100", 1, 8),
            row("meta-llama/Llama-3.1-8B-Instruct", "lm-arena-chat", "B200", 1, 64),
            row("Qwen/Qwen3-VL-8B-Instruct", "image-chat", "B200", 1, 64),
            row("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", "gpqa", "B200", 4, 64, "fp8"),
        ]
    )


@pytest.fixture(scope="module")
def problem(rows):
    made = Problem(rows, read_serving_rows([LOAD, LOAD | PARTS]), "vllm")
    made.solve_batches(made.start)
    return made


def test_matches_differences(problem):
    rng = np.random.default_rng(5)
    theta = problem.start + 0.05 * rng.standard_normal(len(problem.start))
    here, slope = problem.linearized(theta)
    assert np.array_equal(here, problem.residuals(theta))
    for i in rng.choice(len(theta), 40, replace=False):
        up, down = theta.copy(), theta.copy()
        up[i] += 1e-5
        down[i] -= 1e-5
        by_hand = (problem.residuals(up) - problem.residuals(down)) / 2e-5
        assert slope[:, i] == pytest.approx(by_hand, abs=2e-4)


@pytest.mark.parametrize("far", [-30.0, 30.0])
def test_property_numbers_never_leave_their_bounds(problem, far):
    made = problem.of_kind(problem.start + far, "vllm", "hopper")
    low, high = (
        np.array([getattr(BOUNDS[k], side) for k in COEFFICIENTS]) for side in ("low", "high")
    )
    assert np.all(made >= low * (1 - 1e-9))
    assert np.all(made <= high * (1 + 1e-9))


def test_worked_the_start_is_where_physics_puts_it(problem):
    made = dict(zip(COEFFICIENTS, problem.of_kind(problem.start, "vllm", "hopper"), strict=True))
    assert made["idle_tdp_share"] == pytest.approx(BOUNDS["idle_tdp_share"].start)
    assert problem.unpublished(problem.start)["prompt:gpqa"] == pytest.approx(250)


def test_property_what_was_not_measured_departs_from_nothing(problem):
    theta = problem.start.copy()
    theta[problem.names.index("layer_s@hopper")] += 0.5
    at = COEFFICIENTS.index("layer_s")
    assert problem.of_kind(theta, "x", "cdna4")[at] == pytest.approx(BOUNDS["layer_s"].start)
    assert problem.of_kind(theta, "x", "hopper")[at] > 1.4 * BOUNDS["layer_s"].start


def test_worked_a_crowded_node_loses_by_servers_and_kind_of_request(rows):
    lost = lost_s(rows, {"text": 1e-6, "sequence": 1e-5, "image-chat": 1e-3}, rows.batch)
    # alone on Hopper; 500 tokens and 64 sequences; the root of 64; one seventh squared of 500 tokens and 64
    assert lost == pytest.approx([0.0, 5e-4 + 6.4e-4, 8e-3, (5e-4 + 6.4e-4) / 49])


def test_property_many_rows_of_a_family_share_their_weight(rows):
    many = read_measured_rows(
        [row("Qwen/Qwen3-8B", "gpqa", "H100", 1, 8)] * 160
        + [row("Qwen/Qwen3-32B", "gpqa", "H100", 1, 8)]
    )
    weight = Problem(many, None, "vllm").weight
    # four times the rows that count in full: half the weight in squares
    assert weight[0] ** 2 == pytest.approx(0.5)
    assert weight[-1] == 1.0
