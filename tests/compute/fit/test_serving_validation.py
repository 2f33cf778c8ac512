"""Served loads: read as described, predicted from the description alone, intervals for every quantity."""

import csv
import json

import numpy as np
import pytest

from taotie.compute.energy import runtime_profile
from taotie.compute.fit.serving_rows import engine_of, read_serving_rows
from taotie.compute.fit.serving_validation import validate_serving
from taotie.errors import CoefficientError, DataError

ROW = {
    "model": "deepseek-r1", "hardware": "h200", "framework": "sglang", "precision": "fp8", "spec": "none", "disagg": "0",
    "gpus": "8", "decode_tp": "8", "decode_ep": "1", "dp_attention": "0", "isl": "1024", "osl": "1024", "concurrency": "32",
    "date": "2026-05-17", "output_tok_s": "1000", "avg_power_w_gpu": "500", "median_ttft_s": "0.3", "median_tpot_s": "0.03",
}  # fmt: skip
APART = {
    **ROW, "disagg": "1", "hardware": "gb200", "framework": "dynamo-trt", "precision": "fp4", "gpus": "44",
    "prefill_gpus": "4", "decode_gpus": "40", "prefill_tp": "4", "prefill_ep": "4", "prefill_dp_attention": "1",
    "prefill_workers": "1", "decode_tp": "8", "decode_ep": "8", "dp_attention": "1", "decode_workers": "5", "spec": "mtp",
}  # fmt: skip


def write(path, rows):
    with path.open("w", newline="") as file:
        out = csv.DictWriter(file, fieldnames=sorted({k for r in rows for k in r}))
        out.writeheader()
        out.writerows(rows)
    return path


def test_worked_rows_become_setups():
    rows = read_serving_rows([ROW, APART])
    one, apart = rows.decode
    assert (one.accelerators_per_replica, one.data_parallel, one.expert_parallel) == (8, 1, 1)
    assert rows.kind == ["aggregated", "disaggregated+mtp+dp"]
    assert rows.decode_workers.tolist() == [1, 5]
    assert rows.prefill_workers.tolist() == [0, 1]
    assert (apart.accelerators_per_replica, apart.data_parallel, apart.spread_over) == (8, 8, 8)
    assert apart.draft_tokens == 3
    assert rows.prefill[1].draft_tokens == 0
    assert rows.prompt[0] == pytest.approx(0.9 * 1024)
    assert rows.engine == ["sglang", "tensorrt-llm"]
    assert rows.power_w[0] == 4000


def test_worked_a_worker_is_its_share_of_the_gpus_where_the_table_holds_one():
    row = {**APART, "decode_tp": "1", "decode_ep": "1", "decode_workers": "1"}
    decode = read_serving_rows([row]).decode[0]
    assert (decode.accelerators_per_replica, decode.spread_over) == (40, 40)


def test_worked_engines():
    assert [engine_of(n) for n in ("trt", "dynamo-sglang", "vLLM", "ATOM", "mori")] == [
        "tensorrt-llm", "sglang", "vllm", "atom", "mori",
    ]  # fmt: skip


def test_property_measured_values_never_reach_the_prediction(tmp_path):
    garbled = {
        **ROW,
        "output_tok_s": "500",
        "median_ttft_s": "9",
        "median_tpot_s": "1",
        "avg_power_w_gpu": "1",
    }
    one = validate_serving(write(tmp_path / "a.csv", [ROW]))
    two = validate_serving(write(tmp_path / "b.csv", [garbled]))
    a, b = (1 + r["rate"]["bias"] / 100 for r in (one, two))
    assert a * 1000 == pytest.approx(b * 500, rel=1e-3)


def test_worked_json_of_a_validation(tmp_path):
    rows = [
        ROW,
        APART,
        {**ROW, "model": "nobody"},
        {**ROW, "in_flight_share": "0.03"},
        {**ROW, "framework": "atom"},
    ]
    made = validate_serving(write(tmp_path / "a.csv", rows))
    json.dumps(made, allow_nan=False)
    assert (made["rows"], made["answered"]) == (5, 3)
    assert {"rate", "power", "energy", "coverage_80", "coverage_80_cells", "by"} <= set(made)
    for quantity in ("rate", "power", "energy"):
        assert {"mdape", "bias", "within_2x"} <= set(made[quantity])
    assert {"chip", "model", "engine", "setup"} <= set(made["by"])
    assert made["not_measured"]["engine"] == ["atom"]
    assert [u["row"] for u in made["unusable"]] == [2, 3]


def test_error_columns(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="columns are missing"):
        validate_serving(file)
    with pytest.raises(DataError, match="nobody"):
        validate_serving(write(tmp_path / "y.csv", [{**ROW, "model": "nobody"}]))


def test_published_bars_on_shared_rows(shared_data):
    made = validate_serving(shared_data / "inferencex" / "serving_rate.csv")
    assert made["answered"] == 516
    assert made["rate"]["mdape"] < 13
    assert made["rate"]["within_2x"] > 0.97
    for chip in ("b200-sxm", "b300-sxm", "h200-sxm", "mi300x", "mi325x"):
        assert made["by"]["chip"][chip]["rate"]["mdape"] < 15, chip
    power = validate_serving(shared_data / "inferencex" / "serving_power.csv")
    assert power["power"]["mdape"] < 10
    assert power["energy"]["mdape"] < 20


def test_property_gates_are_on_record():
    import tomllib

    from taotie.compute.energy.runtime_profile import COEFFICIENT_FILE

    gates = tomllib.loads(COEFFICIENT_FILE.read_text(encoding="utf-8"))["gates"]
    for chip in ("b200-sxm", "b300-sxm", "h200-sxm", "mi300x", "mi325x"):
        assert gates[f"served chip {chip}, aggregated"]["rate_mdape"] < 25
    for gate in ("chip", "engine", "model", "maker", "benchmark"):
        assert gates[f"served {gate}"]["n"] > 20
    assert np.isfinite(gates["vllm-0.11 family"]["energy_mdape"])


def test_error_a_missing_coefficient_is_no_fault_of_the_rows(tmp_path, monkeypatch):
    """A file that lacks what the code needs is named; it used to leave no row in silence."""
    file = tmp_path / "c.toml"
    kept = runtime_profile.COEFFICIENT_FILE.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(k for k in kept if "tile_rows" not in k), encoding="utf-8")
    monkeypatch.setattr(runtime_profile, "COEFFICIENT_FILE", file)
    with pytest.raises(CoefficientError, match="tile_rows") as caught:
        read_serving_rows([ROW, APART])
    assert str(file) in caught.value.message
