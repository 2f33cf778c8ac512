"""Fits find what made the data, do not depend on the start, and refuse too little."""

import numpy as np
import pytest

from taotie.compute.energy.runtime_profile import runtime_profile
from taotie.compute.fit.calibration import fit_profile, left_out_predictions, predict_rows
from taotie.compute.fit.measured_rows import read_measured_rows
from taotie.errors import DataError


def synthetic_rows():
    """Rows of plausible runs, with energy and throughput made by the shipped profile itself."""
    shapes = [
        ("meta-llama/Llama-3.1-8B-Instruct", 8, 8, "bfloat16", 1), ("Qwen/Qwen3-32B", 32, 32, "bfloat16", 2),
        ("Qwen/Qwen3-30B-A3B", 30, 3, "bfloat16", 1), ("meta-llama/Llama-3.1-405B-Instruct-FP8", 405, 405, "fp8", 8),
        ("Qwen/Qwen3-235B-A22B", 235, 22, "bfloat16", 8),
    ]  # fmt: skip
    table = [
        {
            "task": "lm-arena-chat", "model_id": m, "total_params_billions": str(t), "activated_params_billions": str(a),
            "weight_precision": w, "gpu_model": "H100", "num_gpus": str(n), "data_parallel": "1", "max_num_seqs": str(b),
            "avg_batch_size": str(b), "avg_output_len": "500", "output_throughput_tokens_per_sec": "1",
            "avg_power_watts": "1", "energy_per_token_joules": "1",
        }
        for m, t, a, w, n in shapes
        for b in (1, 8, 32, 64, 128, 256)
    ]  # fmt: skip
    rows = read_measured_rows(table)
    p = predict_rows(rows, runtime_profile("vllm-0.11"))
    rows.energy_j_per_token = p.energy_j_per_token
    rows.throughput_token_s = p.throughput_token_s
    rows.power_w = p.power_w
    return rows


@pytest.fixture(scope="module")
def rows():
    return synthetic_rows()


def test_matches_the_profile_that_made_the_data(rows, monkeypatch):
    # without the pull towards physics the fit must find predictions that made the data
    monkeypatch.setattr("taotie.compute.fit.fit_problem.PULL", 0.002)
    found = predict_rows(rows, fit_profile(rows, "again"))
    assert np.median(np.abs(found.energy_j_per_token / rows.energy_j_per_token - 1)) < 0.01
    assert np.median(np.abs(found.throughput_token_s / rows.throughput_token_s - 1)) < 0.01


def test_property_start_does_not_matter(rows):
    cold = fit_profile(rows, "cold")
    warm = fit_profile(rows, "warm", near=runtime_profile("vllm-0.5"))
    a, b = predict_rows(rows, cold), predict_rows(rows, warm)
    assert np.allclose(a.energy_j_per_token, b.energy_j_per_token, rtol=0.03)


def test_property_outliers_do_not_matter(rows):
    spoiled = rows.subset(np.ones(len(rows), dtype=bool))
    spoiled.energy_j_per_token = rows.energy_j_per_token.copy()
    spoiled.energy_j_per_token[::10] *= 8.0
    found = predict_rows(rows, fit_profile(spoiled, "x"))
    assert np.median(np.abs(found.energy_j_per_token / rows.energy_j_per_token - 1)) < 0.06


def test_property_left_out_rows_do_not_touch_their_fit(rows):
    first, _profiles = left_out_predictions(rows)
    changed = rows.subset(np.ones(len(rows), dtype=bool))
    here = np.array([f == "qwen3-32b" for f in rows.family])
    changed.energy_j_per_token = np.where(here, 99.0, rows.energy_j_per_token)
    second, _profiles = left_out_predictions(changed)
    # the start of the search sees all rows, its end must not: a per-mille of difference is tolerance
    assert np.allclose(first.energy_j_per_token[here], second.energy_j_per_token[here], rtol=0.02)


def test_property_measurements_are_never_input(rows):
    blind = rows.subset(np.ones(len(rows), dtype=bool))
    blind.energy_j_per_token = np.full(len(rows), np.nan)
    blind.throughput_token_s = np.full(len(rows), np.nan)
    blind.power_w = np.full(len(rows), np.nan)
    profile = runtime_profile("vllm-0.11")
    assert np.array_equal(
        predict_rows(rows, profile).energy_j_per_token,
        predict_rows(blind, profile).energy_j_per_token,
    )


def test_error_too_few_rows(rows):
    with pytest.raises(DataError, match="at least 20"):
        fit_profile(rows.subset(np.arange(len(rows)) < 5), "x")
