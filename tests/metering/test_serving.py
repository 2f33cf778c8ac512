"""Pages of serving engines as their versions print them; the same word is not the same count."""

from __future__ import annotations

import pytest

from taotie.errors import MeterError
from taotie.metering.serving import change, engine_of, server_counts


def test_replay_vllm_sums_engines_and_splits_the_prompt() -> None:
    page = "".join(
        f'vllm:prompt_tokens_by_source_total{{model_name="m",engine="{e}",source="{s}"}} {v}\n'
        for e in "01" for s, v in (("local_compute", 100), ("local_cache_hit", 900), ("external_kv_transfer", 7))
    ) + 'vllm:generation_tokens_total{model_name="m",engine="0"} 50\nvllm:generation_tokens_total{model_name="m",engine="1"} 60\n' \
        'vllm:iteration_tokens_total_sum{model_name="m",engine="0"} 99999\nvllm:generation_tokens_created{model_name="m"} 1.7e9\n' \
        'vllm:num_requests_running{model_name="m",engine="0"} NaN\n'  # fmt: skip
    (made,) = server_counts(page)
    assert (made.engine, made.computed, made.cached, made.output) == ("vllm", 200.0, 1800.0, 110.0)
    assert made.running is None


def test_replay_vllm_before_the_split() -> None:
    page = 'vllm:prompt_tokens_total{model_name="m"} 1000\nvllm:gpu_prefix_cache_hits_total{model_name="m"} 400\nvllm:generation_tokens_total{model_name="m"} 5\n'
    assert server_counts(page)[0].computed == 600.0


def test_replay_sglang_ranks_of_one_replica_repeat() -> None:
    page = "".join(
        f'sglang:realtime_tokens_total{{model_name="m",mode="{mode}",tp_rank="{tp}",dp_rank="{dp}"}} {v}\n'
        for tp in range(4) for dp in range(2) for mode, v in (("prefill_compute", 1000), ("prefill_cache", 10), ("decode", 50))
    )  # fmt: skip
    (made,) = server_counts(page)
    assert (made.computed, made.cached, made.output, made.early) == (2000.0, 20.0, 100.0, True)
    old = 'sglang:prompt_tokens_total{model_name="m"} 500\nsglang:cached_tokens_total{model_name="m",cache_source="device"} 100\nsglang:generation_tokens_total{model_name="m"} 9\n'
    assert (server_counts(old)[0].computed, server_counts(old)[0].early) == (400.0, False)


def test_replay_histograms_of_tgi_and_llamacpp() -> None:
    tgi = 'tgi_request_generated_tokens_bucket{le="+Inf"} 3\ntgi_request_generated_tokens_sum 700\ntgi_request_generated_tokens_count 3\ntgi_request_input_length_sum 90\ntgi_queue_size 2\n'
    (made,) = server_counts(tgi)
    assert (made.output, made.computed, made.waiting) == (700.0, 90.0, 2.0)
    (llama,) = server_counts(
        "llamacpp:prompt_tokens_total 200\nllamacpp:tokens_predicted_total 30\n"
    )
    assert (llama.computed, llama.cached, llama.output) == (200.0, None, 30.0)


def test_worked_a_restart_is_said() -> None:
    before, after = (
        server_counts(f"llamacpp:prompt_tokens_total {v}\nllamacpp:tokens_predicted_total {v}\n")[0]
        for v in (500, 20)
    )
    made, said = change(before, after)
    assert (made.computed, [s.code for s in said]) == (20.0, ["engine_restarted"])
    made, said = change(after, before)
    assert (made.output, said) == (480.0, [])


def test_error_no_engine() -> None:
    with pytest.raises(MeterError, match="no series of a known serving engine"):
        server_counts("up 1\n")
    assert engine_of([]) == ""
