"""Predictions on record: whole, unchanged, and scored on what was measured later."""

import csv
import json

import pytest

from taotie.answer.validate import validate_serving
from taotie.compute.fit.frozen_predictions import (
    SHIPPED,
    frozen,
    read_frozen,
    scored_against,
    setups_on_record,
)
from taotie.errors import DataError

ROW = {
    "model": "deepseek-r1", "hardware": "h200", "framework": "sglang", "precision": "fp8", "gpus": "8", "decode_tp": "8",
    "isl": "1024", "osl": "1024", "concurrency": "32",
}  # fmt: skip


def write(path, rows):
    with path.open("w", newline="") as file:
        out = csv.DictWriter(file, fieldnames=sorted({k for r in rows for k in r}))
        out.writeheader()
        out.writerows(rows)
    return path


def test_published_shipped_predictions_cover_300_setups_on_12_chips():
    content = read_frozen(SHIPPED)
    assert len(content["rows"]) == 300 == len(setups_on_record())
    assert len({r[1] for r in content["rows"]}) == 12
    assert content["made_on"] == "2026-11-30"


def test_worked_score_of_what_came_true(tmp_path):
    content = frozen([ROW, {**ROW, "concurrency": "64"}], today="2026-11-30")
    file = tmp_path / "record.json"
    file.write_text(json.dumps(content))
    rate = content["rows"][0][content["columns"].index("rate_token_s")]
    measured = [
        {**ROW, "output_tok_s": rate * 1.1},
        {**ROW, "output_tok_s": 5, "concurrency": "7"},
    ]
    made = scored_against(write(tmp_path / "m.csv", measured), file)
    assert (made["matched"], made["not_predicted"]) == (1, 1)
    assert made["rate"]["mdape"] == pytest.approx(100 / 11, abs=0.1)
    assert made["coverage_80"] == 1.0
    assert made["against"]["sha256"] == content["sha256"]


def test_property_measurements_are_never_input():
    plain = frozen([ROW], today="2026-11-30")
    measured = frozen([{**ROW, "output_tok_s": "1", "in_flight_share": "0.1"}], today="2026-11-30")
    assert plain == measured


def test_error_changed_file(tmp_path):
    content = frozen([ROW], today="2026-11-30")
    content["rows"][0][-1] = 0.5
    file = tmp_path / "x.json"
    file.write_text(json.dumps(content))
    with pytest.raises(DataError, match="changed after it was written"):
        read_frozen(file)
    file.write_text("[]")
    with pytest.raises(DataError, match="holds no predictions") as caught:
        read_frozen(file)
    assert "--freeze" in caught.value.hint
    with pytest.raises(DataError, match="none of the 1 rows"):
        scored_against(write(tmp_path / "m.csv", [{**ROW, "output_tok_s": 5}]), SHIPPED)


RUN = {
    "task": "lm-arena-chat", "model_id": "meta-llama/Llama-3.1-8B-Instruct", "weight_precision": "bfloat16",
    "gpu_model": "H100", "num_gpus": "1", "data_parallel": "1", "max_num_seqs": "64", "avg_output_len": "397",
}  # fmt: skip
PICTURE = {
    "model_id": "black-forest-labs/FLUX.1-dev", "gpu_model": "H100", "num_gpus": "1", "batch_size": "4",
    "height": "1024", "width": "1024", "inference_steps": "28",
}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "kind", "measured"),
    [
        (
            RUN,
            "runs",
            {"energy_per_token_joules": "energy_j_per_token", "avg_batch_size": "64"},
        ),
        (PICTURE, "generation", {"energy_per_image_joules": "energy_j_per_item"}),
    ],
)
def test_worked_runs_and_pictures_on_record(tmp_path, row, kind, measured):
    content = frozen([row], today="2026-11-30")
    assert content["kind"] == kind
    file = tmp_path / "record.json"
    file.write_text(json.dumps(content))
    values = dict(zip(content["columns"], content["rows"][0], strict=True))
    later = {**row, **{k: str(values.get(v, v)) for k, v in measured.items()}}
    made = scored_against(write(tmp_path / "m.csv", [later]), file)
    assert made["matched"] == 1
    assert made["energy"]["mdape"] == pytest.approx(0.0, abs=0.01)
    with pytest.raises(DataError, match="other set-ups"):
        scored_against(write(tmp_path / "s.csv", [{**ROW, "output_tok_s": 5}]), file)


def test_worked_what_a_table_has_not_measured_is_said(tmp_path):
    """A column of another name is not read: its quantity is not scored, and the answer says which column is meant."""
    head = "model,hardware,framework,precision,gpus,decode_tp,isl,osl,concurrency"
    row = "llama-3.1-70b,h100-sxm,vllm,bf16,4,4,1024,1024,64"
    file = tmp_path / "own.csv"
    file.write_text(f"{head},tokens_per_second,avg_power_w_gpu\n{row},1400,500\n", encoding="utf-8")
    said = {s.code: s.text() for s in validate_serving(file).said}
    assert set(said) == {"not_scored.rate", "not_scored.latency"}
    assert "output_tok_s" in said["not_scored.rate"]
    file.write_text(
        f"{head},output_tok_s,avg_power_w_gpu,median_tpot_s\n{row},1400,500,0.04\n",
        encoding="utf-8",
    )
    assert validate_serving(file).said == ()
