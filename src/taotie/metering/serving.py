"""What does a serving engine count? Tokens and requests of vLLM, SGLang, TensorRT-LLM, TGI, llama.cpp, Ollama, Triton.

One normal form: prompt tokens computed and cached, tokens written, requests ended, running, waiting. The same word
means different things: vLLM's prompt tokens hold the cached ones, llama.cpp's do not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from taotie.errors import MeterError
from taotie.metering.exposition import Sample, read_exposition
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.said import Said

__all__ = ["ENGINES", "ServerCounts", "change", "engine_of", "ollama_usage", "server_counts"]


class ServerCounts(NamedTuple):
    """Counters of one model on one engine since its start; None where the engine does not tell.

    `computed` and `cached` add up to the prompt; `early` says whether they move while a request runs or jump when
    it ends.
    """

    engine: str
    model: str
    computed: float | None
    cached: float | None
    output: float | None
    requests: float | None
    running: float | None
    waiting: float | None
    early: bool


class _Page:
    """Samples of a page with sums over labels; NaN is no value."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = [s for s in samples if not math.isnan(s.value)]

    def models(self, *labels: str) -> list[str]:
        names = {s.labels[k] for s in self.samples for k in labels if s.labels.get(k)}
        return sorted(names) or [""]

    def sum(
        self,
        names: Sequence[str],
        model: str = "",
        where: Mapping[str, str] | None = None,
        most_over: Sequence[str] = (),
    ) -> float | None:
        """Sum of the first name that is there; ranks that repeat a number (`most_over`) count once."""
        for name in names:
            found = [
                s
                for s in self.samples
                if s.name == name
                and (
                    not model
                    or model
                    in (s.labels.get("model_name"), s.labels.get("model"), s.labels.get("model_id"))
                )
                and all(s.labels.get(k) == v for k, v in (where or {}).items())
            ]
            if not found:
                continue
            largest: dict[tuple[tuple[str, str], ...], float] = {}
            for s in found:
                key = tuple(sorted((k, v) for k, v in s.labels.items() if k not in most_over))
                largest[key] = max(largest.get(key, -math.inf), s.value)
            return sum(largest.values())
        return None


def _minus(a: float | None, b: float | None) -> float | None:
    return None if a is None else a - (b or 0.0)


def _vllm(page: _Page, model: str) -> ServerCounts:
    by = "vllm:prompt_tokens_by_source_total"
    computed = page.sum([by], model, {"source": "local_compute"})
    cached = page.sum([by], model, {"source": "local_cache_hit"})
    if computed is None:
        prompt = page.sum(["vllm:prompt_tokens_total", "vllm:prompt_tokens"], model)
        cached = page.sum(
            [
                "vllm:prompt_tokens_cached_total",
                "vllm:prefix_cache_hits_total",
                "vllm:gpu_prefix_cache_hits_total",
            ],
            model,
        )
        computed = _minus(prompt, cached)
    return ServerCounts(
        "vllm", model, computed, cached, page.sum(["vllm:generation_tokens_total", "vllm:generation_tokens"], model),
        page.sum(["vllm:request_success_total"], model), page.sum(["vllm:num_requests_running"], model),
        page.sum(["vllm:num_requests_waiting"], model), True,
    )  # fmt: skip


_RANKS = ("tp_rank", "pp_rank", "moe_ep_rank")


def _sglang(page: _Page, model: str) -> ServerCounts:
    live = "sglang:realtime_tokens_total"
    computed = page.sum([live], model, {"mode": "prefill_compute"}, _RANKS)
    early = computed is not None
    if computed is not None:
        cached = page.sum([live], model, {"mode": "prefill_cache"}, _RANKS)
        output = page.sum([live], model, {"mode": "decode"}, _RANKS)
    else:
        cached = page.sum(["sglang:cached_tokens_total"], model, None, _RANKS)
        computed = _minus(page.sum(["sglang:prompt_tokens_total"], model, None, _RANKS), cached)
        output = page.sum(["sglang:generation_tokens_total"], model, None, _RANKS)
    return ServerCounts(
        "sglang", model, computed, cached, output, page.sum(["sglang:num_requests_total"], model, None, _RANKS),
        page.sum(["sglang:num_running_reqs"], model, None, _RANKS),
        page.sum(["sglang:num_queue_reqs"], model, None, _RANKS), early,
    )  # fmt: skip


def _tgi(page: _Page, model: str) -> ServerCounts:
    return ServerCounts(
        "tgi", model, page.sum(["tgi_request_input_length_sum"]), None, page.sum(["tgi_request_generated_tokens_sum"]),
        page.sum(["tgi_request_success", "tgi_request_success_total", "tgi_request_count"]),
        page.sum(["tgi_batch_current_size"]), page.sum(["tgi_queue_size"]), False,
    )  # fmt: skip


def _llamacpp(page: _Page, model: str) -> ServerCounts:
    return ServerCounts(
        "llama.cpp", model, page.sum(["llamacpp:prompt_tokens_total"]), None,
        page.sum(["llamacpp:tokens_predicted_total"]), None, page.sum(["llamacpp:requests_processing"]),
        page.sum(["llamacpp:requests_deferred"]), False,
    )  # fmt: skip


def _tensorrt(page: _Page, model: str) -> ServerCounts:
    return ServerCounts(
        "tensorrt-llm", model, page.sum(["trtllm_prompt_tokens_total", "trtllm:prompt_tokens_total"], model), None,
        page.sum(["trtllm_generation_tokens_total", "trtllm:generation_tokens_total"], model),
        page.sum(["trtllm_request_success_total", "trtllm:request_success_total"], model), None, None, False,
    )  # fmt: skip


def _triton(page: _Page, model: str) -> ServerCounts:
    return ServerCounts(
        "triton",
        model,
        None,
        None,
        None,
        page.sum(["nv_inference_request_success"], model),
        None,
        None,
        False,
    )


ENGINES: Mapping[str, tuple[str, Callable[[_Page, str], ServerCounts]]] = {
    "vllm": ("vllm:", _vllm),
    "sglang": ("sglang:", _sglang),
    "tgi": ("tgi_", _tgi),
    "llama.cpp": ("llamacpp:", _llamacpp),
    "tensorrt-llm": ("trtllm", _tensorrt),
    "triton": ("nv_inference_", _triton),
}


def engine_of(samples: Sequence[Sample]) -> str:
    """The engine whose series stand on a page; empty if none is known."""
    for engine, (prefix, _reader) in ENGINES.items():
        if any(s.name.startswith(prefix) for s in samples):
            return engine
    return ""


def server_counts(text: str, where: str = "") -> list[ServerCounts]:
    """Counters by model from a page of `/metrics`.

    Raises
    ------
    MeterError
        If it is no such page, or of no known engine.

    Examples
    --------
    vLLM's prompt holds what was cached, llama.cpp's does not:

    >>> vllm = 'vllm:prompt_tokens_total{model_name="m",engine="0"} 1200\\nvllm:prompt_tokens_cached_total{model_name="m",engine="0"} 1000\\n'
    >>> server_counts(vllm)[0].computed, server_counts("llamacpp:prompt_tokens_total 200\\n")[0].computed
    (200.0, 200.0)
    """
    samples = read_exposition(text, where).samples
    engine = engine_of(samples)
    if not engine:
        raise MeterError(
            _("{where}: no series of a known serving engine.").format(where=where or "-"),
            _("known: {names}").format(names=listing(ENGINES))
            + "; TensorRT-LLM: /prometheus/metrics",
        )
    page = _Page(samples)
    prefix, reader = ENGINES[engine]
    mine = _Page([s for s in samples if s.name.startswith(prefix)])
    labels = ("model_name", "model", "model_id")
    return [reader(page if engine == "triton" else mine, m) for m in mine.models(*labels)]


def change(before: ServerCounts, after: ServerCounts) -> tuple[ServerCounts, list[Said]]:
    """What was counted between two pages; an engine that restarted began at zero, which is said."""
    said: list[Said] = []
    values: dict[str, Any] = {}
    fell = any(
        a is not None and b is not None and b < a
        for a, b in (
            (getattr(before, k), getattr(after, k))
            for k in ("computed", "cached", "output", "requests")
        )
    )
    for key in ("computed", "cached", "output", "requests"):
        a, b = getattr(before, key), getattr(after, key)
        values[key] = None if a is None or b is None else (b if fell else b - a)
    if fell:
        said.append(
            Said(
                "engine_restarted",
                N_(
                    "{engine} began anew between two pages: what it counted before its restart is at least missing in part."
                ),
                {"engine": after.engine},
            )
        )
    return after._replace(**values), said


def ollama_usage(answer: Mapping[str, Any]) -> tuple[int | None, int | None, int, float]:
    """Prompt tokens, cached ones of them, tokens written, and seconds of an Ollama answer. Absent is not 0.

    Examples
    --------
    >>> ollama_usage({"eval_count": 5, "total_duration": 2_000_000_000})
    (None, None, 5, 2.0)
    """
    prompt, cached = answer.get("prompt_eval_count"), answer.get("prompt_eval_cached_count")
    return (
        None if prompt is None else int(prompt),
        None if cached is None else int(cached),
        int(answer.get("eval_count", 0)),
        float(answer.get("total_duration", 0)) / 1e9,
    )
