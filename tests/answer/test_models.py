"""`taotie models`, `taotie chips`, and models given by file or size through a prompt."""

import json

import pytest

from rows import each_row
from taotie.answer.chips import chips
from taotie.answer.models import models
from taotie.errors import DataError, RangeError, UnknownNameError
from taotie.quantity.sampling import sampling
from taotie.study.one_request import one_request

LLAMA = {
    "model_type": "llama", "num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32, "num_key_value_heads": 8,
    "intermediate_size": 14336, "vocab_size": 128256, "tie_word_embeddings": False,
}  # fmt: skip


def test_published_keys_of_one_model():
    made = models("deepseek-v3").to_dict()
    assert made["kv_b_per_token"] == 70272
    assert made["layers"] == {"full": 61, "window": 0, "linear": 0}
    assert made["total_params"] / 1e9 == pytest.approx(671, rel=0.01)
    assert [s["code"] for s in made["said"]] == ["model_used"]


def test_worked_listing_and_chips():
    assert len(models().tables["models"].rows) >= 90
    rows = chips().tables["chips"].records()
    assert {"h20", "ascend-910c", "m3-ultra", "jetson-thor", "trainium3"} <= {
        r["name"] for r in rows
    }
    assert "tdp" in next(r for r in rows if r["name"] == "tpu-v6e")["assumed"]
    one = chips("tpu-v6e")
    assert {s.code for s in one.said} == {"host_assumed", "rated_power_estimated"}
    assert chips("H100 SXM").said == ()


def test_matches_table_whether_by_name_or_by_file(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(LLAMA))
    by_file, by_name = models(str(file)), models("llama-3.1-8b")
    for key in ("kv_b_per_token", "layers"):
        assert by_file.own[key] == by_name.own[key]
    with sampling(100, 1):
        a, b = (
            one_request(model=m, tokens_in=300, tokens_out=300, accelerator="h100", batch=16)
            for m in (str(tmp_path), "llama-3.1-8b")
        )
    x, y = (r.figures["energy_per_request"].p50 for r in (a, b))
    assert x == pytest.approx(y, rel=0.01)
    assert "model_used" in {s.code for s in a.said}


def test_property_a_guessed_shape_widens_the_range():
    with sampling(2000, 1):
        known, guessed = (
            one_request(
                model=m, tokens_in=300, tokens_out=300, accelerator="h100", batch=16, pue=1.2
            ).figures["energy_per_request_accelerator"]
            for m in ("llama-3.1-8b", "8B")
        )
    assert guessed.p95 / guessed.p05 > 1.15 * known.p95 / known.p05


def test_worked_native_format_and_batch_are_said():
    with sampling(100, 1):
        made = one_request(
            model="gpt-oss-20b", tokens_in=300, tokens_out=300, accelerator="t4",
            accelerators_per_replica=8, batch=1e5,
        )  # fmt: skip
    codes = [s.code for s in made.said]
    assert {"model_used", "precision_native", "precision_served", "batch_limited"} <= set(codes)
    assert any(d.key == "precision" for d in made.defaults)


@each_row(
    ("name", "error", "words"),
    [
        ("no/such/config.json", DataError, "no file"),
        ("Phi-4-mini-instruct", UnknownNameError, "Phi-4-mini"),
        ("DeepSeek-R1-0528-Qwen3-8B", UnknownNameError, "Qwen3-8B"),
        ("gemma-3-270m", UnknownNameError, "270m"),
        ("total=7e9,wings=2", RangeError, "wings"),
        ("total=7e9,active=9e9", RangeError, "more than"),
        ("total=1e400", RangeError, "total"),
        ("active=7e9", RangeError, "total"),
        ("total=7e9,layers=0", RangeError, "layers"),
    ],
)
def test_error_no_such_model(name, error, words):
    with pytest.raises(error, match=words) as caught:
        models(name)
    assert caught.value.hint


def test_error_no_such_chip():
    with pytest.raises(UnknownNameError, match="h900"):
        chips("h900")
