"""What of an estimate is worked out when: late parts, the short answer, and a million requests as one by one."""

from __future__ import annotations

import json
from unittest import mock

import numpy as np
import pytest

import taotie as tt
from taotie.answer.prompt import prompt
from taotie.errors import RangeError
from taotie.study import one_request

SETUP = {"model": "llama-3.1-8b", "on": "h100-sxm:1", "samples": 200}


def values(answer, row=None):
    found = answer.figures["energy_per_request"].to("Wh/request").value
    return (found.p05, found.p50, found.p95, found.mean)


@pytest.mark.parametrize(
    ("setup", "batch"),
    [
        (SETUP, None),
        (SETUP, np.array([1.0, 24, 25, 320, 400])),
        ({"model": "mixtral-8x7b", "on": "tpu-v6e", "samples": 150}, 16),
        pytest.param({"model": "gpt-4o", "samples": 100}, None, marks=pytest.mark.slow),
    ],
    ids=["unknown batch", "bands of the batch", "chip without a server", "closed"],
)
def test_matches_one_by_one(setup, batch):
    read = np.array([100.0, 900.0, 7, 60_000, 900])
    written = np.array([300.0, 20.0, 1, 2_000, 20])
    made = tt.prompts(read, written, batch, **setup)
    for i in range(read.size):
        more = {} if batch is None else {"batch": float(np.broadcast_to(batch, 5)[i])}
        one = tt.prompt(**setup, tokens_in=read[i], tokens_out=written[i], **more)
        assert tuple(float(a[i]) for a in (made.p05, made.p50, made.p95, made.mean)) == values(one)


def test_error_names_the_row_that_cannot_be():
    with pytest.raises(RangeError, match="tokens_out=0"):
        tt.prompts([10, 10], [5, 0], **SETUP)
    with pytest.raises(RangeError, match="do not go together"):
        tt.prompts([10, 10], [5, 6, 7], **SETUP)
    with pytest.raises(RangeError, match="needs"):
        tt.prompts([10, 1e8], 5, 32, **SETUP)


def test_nothing_late_is_worked_out_for_the_energy_alone():
    with mock.patch.object(
        one_request.Figure, "drivers", side_effect=AssertionError("the drivers were asked for")
    ):
        answer = tt.prompt(**SETUP)
        assert answer.figures["energy_per_request"].p50 > 0
        brief = tt.prompt(**SETUP, brief=True).to_dict()
    assert not {"tree", "by_batch", "drivers"} & set(brief)
    assert brief["tables"] == {}
    whole = json.loads(json.dumps(answer.to_dict()))
    assert brief["figures"] == whole["figures"]
    assert brief["sources"] == whole["sources"]
    assert [row["batch"] for row in whole["by_batch"]] == [1, 4, 16, 64, 256]
    late = [whole["tree"][row["figure"]]["value"]["n"] for row in whole["by_batch"]]
    assert late == [SETUP["samples"]] * 5, "asked for later, drawn alike"


def test_late_parts_travel():
    import copy

    from taotie.answer.late import Late

    assert copy.copy(Late(a=lambda: 1)) == {"a": 1}


def test_matches_the_chain_made_anew():
    """Other lengths on a set-up asked before exchange two leaves: names, hashes and draws are those of a new chain."""
    from taotie.quantity.record import to_record

    for setup in (SETUP, {**SETUP, "batch": 8, "pue": 1.3}):
        tt.prompt(**setup, tokens_in=11, tokens_out=22)
        again = tt.prompt(**setup, tokens_in=700, tokens_out=90).figures
        with mock.patch.object(one_request, "N_DRAWS_KEPT", 0):
            anew = tt.prompt(**setup, tokens_in=700, tokens_out=90).figures
        assert to_record(again.values()) == to_record(anew.values())
    assert one_request._tree.cache_info().hits > 0


def test_matches_a_log_priced_request_by_request(tmp_path):
    """Its sum is that of the requests, draw by draw; a closed model has no log of this kind."""
    (tmp_path / "log.csv").write_text(
        "t_s,prompt_tokens,output_tokens\n0,100,300\n1,900,20\n2,7,1\n"
    )
    log = tmp_path / "log.csv"
    made = tt.requests(trace=log, model="llama-3.1-8b", on="h100-sxm:1", batch=16)
    alone = tt.prompts([100, 900, 7], [300, 20, 1], 16, model="llama-3.1-8b", on="h100-sxm:1")
    assert made.figures["energy"].to("Wh").samples.mean() == pytest.approx(
        alone.mean.sum(), rel=0.01
    )
    assert [r["energy_wh"] for r in made.tables["requests"].records()] == alone.p50.tolist()
    assert made.tables["spread"].rows[-1][3] == max(alone.p50)
    with pytest.raises(RangeError, match="closed"):
        tt.requests(trace=log, model="gpt-4o")


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"on": "h100-sxm:64"}, "--on h100-sxm:32"),
        ({"on": "h100-sxm:64", "prefill_on": "h100-sxm:4"}, "--on h100-sxm:32"),
        ({"on": "h100-sxm:8", "prefill_on": "h200-sxm:48"}, "--prefill-on h200-sxm:32"),
    ],
)
def test_error_more_accelerators_than_heads(settings, hint):
    """A head cannot be cut; groups with attention of their own cut fewer."""
    with pytest.raises(RangeError) as error:
        prompt("llama-3.1-8b", **settings)
    assert error.value.hint == hint
    assert "32 attention heads" in error.value.message


def test_worked_groups_of_attention_take_more_accelerators():
    assert prompt(
        "llama-3.1-8b", on="h100-sxm:64", data_parallel=2, samples=100, brief=True
    ).figures
