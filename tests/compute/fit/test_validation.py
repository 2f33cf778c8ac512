"""The validation's bars on measured data, its machine-readable form, and rows nobody can use."""

import csv
import json

import numpy as np
import pytest

from taotie.compute.fit.error_summary import error_summary
from taotie.compute.fit.validation import runtime_of, validate_mlenergy
from taotie.errors import DataError

ROW = {
    "task": "lm-arena-chat", "model_id": "meta-llama/Llama-3.1-8B-Instruct", "architecture": "Dense Transformer",
    "total_params_billions": "8", "activated_params_billions": "8", "weight_precision": "bfloat16", "gpu_model": "H100",
    "num_gpus": "1", "tensor_parallel": "1", "expert_parallel": "1", "data_parallel": "1", "max_num_seqs": "64",
    "avg_batch_size": "63.9", "avg_output_len": "397", "output_throughput_tokens_per_sec": "5150", "median_itl_ms": "11.5",
    "avg_power_watts": "610", "energy_per_token_joules": "0.1185", "energy_per_request_joules": "47",
}  # fmt: skip


def write(path, rows):
    with path.open("w", newline="") as file:
        out = csv.DictWriter(file, fieldnames=list(ROW))
        out.writeheader()
        out.writerows(rows)
    return path


def test_worked_error_summary():
    s = error_summary(np.array([1.0, 1.2, 0.4, np.nan]), np.array([1.0, 1.0, 1.0, 1.0]))
    assert s == {
        "n": 3,
        "mdape": 20.0,
        "p90": pytest.approx(52.0),
        "within_2x": 0.6667,
        "bias": 0.0,
    }
    assert error_summary(np.array([np.nan]), np.array([1.0]))["mdape"] is None


def test_worked_bad_rows_are_listed_with_the_reason(tmp_path):
    bad = [
        {"avg_batch_size": "0", "max_num_seqs": "0"},
        {"avg_output_len": "-3"},
        {"weight_precision": "fp7"},
        {"gpu_model": "X900"},
        {"model_id": "nobody/secret", "total_params_billions": ""},
        {"model_id": "nobody/mix", "architecture": "MoE", "activated_params_billions": ""},
        {"avg_output_len": "nan"},
    ]
    file = write(tmp_path / "x.csv", [ROW] + [{**ROW, **b} for b in bad])
    result = validate_mlenergy(file)
    assert result["rows"] == 1
    assert [u["row"] for u in result["unusable"]] == list(range(1, 8))
    reasons = [u["why"] for u in result["unusable"]]
    for part, why in zip(
        (
            "batch",
            "avg_output_len",
            "fp7",
            "X900",
            "total_params",
            "activated_params",
            "avg_output_len",
        ),
        reasons,
        strict=True,
    ):
        assert part in why


def test_worked_unknown_model_uses_its_parameter_counts(tmp_path):
    # the real shape has 32 layers of 4096; the counts alone give 34 of 4352
    known = validate_mlenergy(write(tmp_path / "a.csv", [ROW]))
    unknown = validate_mlenergy(write(tmp_path / "b.csv", [{**ROW, "model_id": "nobody/secret"}]))
    assert unknown["unusable"] == []
    assert unknown["energy"]["mdape"] == pytest.approx(known["energy"]["mdape"], abs=12)


def test_property_measured_values_never_reach_the_prediction(tmp_path):
    """Garbled measurements change the error, not the prediction behind it."""
    rows = [{**ROW, "avg_batch_size": str(b), "max_num_seqs": str(b)} for b in (8, 64, 256)]
    garbled = [
        {**r, "energy_per_token_joules": "0.13", "avg_power_watts": "9", "output_throughput_tokens_per_sec": "11", "median_itl_ms": "1"}
        for r in rows
    ]  # fmt: skip
    one = validate_mlenergy(write(tmp_path / "a.csv", rows))
    two = validate_mlenergy(write(tmp_path / "b.csv", garbled))
    a = one["by"]["batch_band"]["24-96"]["energy"]["bias"] / 100 + 1
    b = two["by"]["batch_band"]["24-96"]["energy"]["bias"] / 100 + 1
    assert a * 0.1185 == pytest.approx(b * 0.13, rel=1e-3)


def test_worked_without_the_measured_batch(tmp_path):
    rows = [{**ROW, "avg_batch_size": ""}]
    result = validate_mlenergy(write(tmp_path / "a.csv", rows), use_batch=False)
    assert result["batch"] == "from the server's limit"
    assert result["energy"]["mdape"] < 30


def test_worked_result_is_json_without_nan(tmp_path):
    result = validate_mlenergy(write(tmp_path / "a.csv", [ROW]))
    json.dumps(result, allow_nan=False)
    assert set(result) >= {
        "rows",
        "unusable",
        "energy",
        "power",
        "throughput",
        "coverage_80",
        "coverage_90",
        "by",
    }
    assert set(result["by"]) >= {"task", "batch_band", "architecture", "gpu"}


def test_worked_runtime_from_columns():
    assert runtime_of([ROW]) == "vllm-0.11"
    assert runtime_of([{"avg_tpot_s": "1", "model_id": "x"}]) == "vllm-0.5"
    assert runtime_of([{"throughput_tokens_per_sec": "1", "model_id": "x"}]) == "transformers-2023"


def test_error_files(tmp_path):
    with pytest.raises(DataError, match="no file"):
        validate_mlenergy(tmp_path / "none.csv")
    empty = tmp_path / "empty.csv"
    empty.write_text("model_id,gpu_model\n")
    with pytest.raises(DataError, match="no rows"):
        validate_mlenergy(empty)
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"gpu_model, model_id"):
        validate_mlenergy(other)
    nothing = write(tmp_path / "nothing.csv", [{**ROW, "gpu_model": "X900"}])
    with pytest.raises(DataError, match="X900"):
        validate_mlenergy(nothing)


def test_published_shipped_coefficients_on_shared_rows(shared_data):
    result = validate_mlenergy(shared_data / "mlenergy_v3" / "llm.csv")
    assert result["rows"] == 617
    assert result["energy"]["mdape"] <= 9
    assert result["energy"]["within_2x"] >= 0.97
    assert abs(result["energy"]["bias"]) <= 5
    assert result["power"]["mdape"] <= 11
    assert result["throughput"]["mdape"] <= 12


@pytest.fixture(scope="module")
def left_out(shared_data):
    return validate_mlenergy(shared_data / "mlenergy_v3" / "llm.csv", leave_one_family_out=True)


@pytest.mark.slow
def test_published_bars_leaving_one_family_out(left_out):
    """The issue's bars on families no fit has seen."""
    assert left_out["energy"]["mdape"] <= 18
    assert left_out["by"]["task"]["lm-arena-chat"]["energy"]["mdape"] <= 12
    assert left_out["energy"]["within_2x"] >= 0.94
    assert abs(left_out["energy"]["bias"]) <= 5
    assert left_out["power"]["mdape"] <= 11
    assert left_out["throughput"]["mdape"] <= 20
    assert 0.72 <= left_out["coverage_80"] <= 0.90
    for quantity in ("power", "rate"):
        assert 0.72 <= left_out[quantity]["coverage_80"] <= 0.92, quantity


@pytest.mark.slow
def test_published_bars_of_2024_software(shared_data):
    result = validate_mlenergy(shared_data / "mlenergy_v2" / "llm.csv", leave_one_family_out=True)
    assert result["energy"]["mdape"] <= 12
    assert 0.72 <= result["coverage_80"] <= 0.90


def test_published_fit_on_another_file(shared_data):
    file = shared_data / "mlenergy_v2" / "llm.csv"
    result = validate_mlenergy(file, fit_on=file)
    assert result["energy"]["mdape"] <= 7


def test_published_wall_power_of_a_limited_server(shared_data):
    """Eight H200 limited to save power: rated behaviour is an upper end, so the prediction lies above."""
    result = validate_mlenergy(shared_data / "mlperf_inference_v41_power" / "power.csv")
    assert result["rows"] == 4
    assert len(result["unusable"]) == 23
    assert 0 < result["power"]["bias"] < 35
    assert "not a language model" in result["unusable"][0]["why"]


@pytest.mark.parametrize(
    "file",
    [
        "mlenergy_v2/llm.csv",
        "mlenergy_v1/llm.csv",
        "mlenergy_v3/text_to_video.csv",
        "mlenergy_v2/diffusion.csv",
    ],
)
def test_property_each_quantity_holds_what_its_interval_says(shared_data, file):
    """Of models the fit has seen too: power, rate and energy narrow by what each of them misses less."""
    found = validate_mlenergy(shared_data / file)
    for quantity in ("energy", "power", "rate"):
        assert 0.74 <= found[quantity]["coverage_80"] <= 0.97, quantity
