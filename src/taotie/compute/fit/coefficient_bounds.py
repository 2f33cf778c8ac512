"""Between which bounds may the numbers of the energy model lie, where does physics put them, how far may kinds depart? [1, s]"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "ACCEPTED",
    "BOUNDS",
    "BY_ARCHITECTURE",
    "BY_ENGINE",
    "CROWDED",
    "IMAGE_QUESTION_TOKENS",
    "LOST",
    "MEDIA",
    "OTHER_PROMPT",
    "PROMPTS",
    "Bound",
]


class Bound(NamedTuple):
    """Where a coefficient starts, may go, and how firmly physics holds it (log standard deviation)."""

    start: float
    low: float
    high: float
    sigma: float


BOUNDS = {
    "dense_bandwidth_share": Bound(0.8, 0.4, 0.95, 0.3),
    "expert_bandwidth_share": Bound(0.6, 0.1, 0.95, 0.5),
    "kv_bandwidth_share": Bound(0.6, 0.1, 0.95, 0.4),
    "dense_flop_share": Bound(0.6, 0.1, 0.85, 0.3),
    "expert_flop_share": Bound(0.3, 0.03, 0.95, 0.6),
    "prefill_flop_share": Bound(0.5, 0.05, 0.7, 0.3),
    "prefill_expert_flop_share": Bound(0.25, 0.02, 0.95, 0.6),
    "layer_s": Bound(2e-5, 1e-6, 2e-4, 0.5),
    "moe_layer_s": Bound(3e-5, 1e-6, 4e-4, 0.7),
    "parallel_layer_s": Bound(2e-5, 1e-7, 4e-4, 0.7),
    "host_step_s": Bound(1.5e-3, 1e-5, 3e-2, 0.7),
    "host_sequence_s": Bound(2e-5, 1e-7, 1e-3, 0.7),
    "host_request_s": Bound(2e-3, 1e-5, 5e-2, 1.0),
    "idle_tdp_share": Bound(0.22, 0.08, 0.4, 0.3),
    "busy_tdp_share": Bound(0.25, 0.02, 0.75, 0.4),
    "launch_tdp_share": Bound(0.1, 0.005, 0.5, 0.6),
    "byte_tdp_share": Bound(0.2, 0.02, 1.0, 0.4),
    "flop_tdp_share": Bound(0.8, 0.1, 1.6, 0.4),
    "expert_spread": Bound(0.8, 0.3, 1.0, 0.2),
    "expert_imbalance": Bound(0.15, 0.01, 1.0, 0.5),
    "data_parallel_waste": Bound(1.0, 0.5, 2.0, 0.3),
    "block_layer_s": Bound(4e-5, 1e-6, 1.2e-4, 0.7),
    "fp8_share": Bound(0.7, 0.25, 1.0, 0.3),
    "prefill_layer_s": Bound(5e-5, 1e-6, 1e-3, 1.0),
    "parallel_step_s": Bound(6e-4, 1e-5, 2e-2, 1.0),
    "link_share": Bound(0.7, 0.1, 0.95, 0.3),
    "fp4_share": Bound(0.5, 0.1, 1.0, 0.4),
    "expert_layer_s": Bound(5e-6, 1e-7, 2e-4, 0.8),
    "node_layer_s": Bound(2e-5, 1e-6, 3e-4, 0.7),
    "unpacked_share": Bound(0.7, 0.2, 1.0, 0.4),
    "yearly_gain": Bound(0.3, 0.01, 1.5, 0.7),
    "quant_layer_s": Bound(5e-6, 1e-7, 1e-4, 0.8),
    "block_growth": Bound(0.7, 0.05, 1.2, 0.5),
    "parallel_growth": Bound(0.6, 0.15, 1.2, 0.4),
    "expert_unevenness": Bound(0.3, 0.02, 1.5, 0.6),
    "tile_rows": Bound(128, 16, 512, 0.5),
}
"""Shares of peak and of rated power, seconds per launch, rows of a tile: the ranges hardware allows."""

BY_ARCHITECTURE = {
    "dense_bandwidth_share": 0.3,
    "expert_bandwidth_share": 0.3,
    "kv_bandwidth_share": 0.2,
    "prefill_flop_share": 0.3,
    "prefill_expert_flop_share": 0.3,
    "layer_s": 0.3,
    "moe_layer_s": 0.3,
    "block_layer_s": 0.3,
    "parallel_layer_s": 0.3,
    "host_step_s": 0.3,
    "host_sequence_s": 0.3,
    "prefill_layer_s": 0.3,
    "idle_tdp_share": 0.2,
    "busy_tdp_share": 0.2,
    "launch_tdp_share": 0.3,
    "byte_tdp_share": 0.2,
    "flop_tdp_share": 0.2,
}
"""What kernels and silicon of one accelerator architecture reach or draw and others do not, and how far they may depart
(log standard deviation)."""
BY_ENGINE = {
    "expert_bandwidth_share": 0.3,
    "prefill_flop_share": 0.3,
    "prefill_expert_flop_share": 0.3,
    "layer_s": 0.5,
    "moe_layer_s": 0.5,
    "block_layer_s": 0.5,
    "parallel_layer_s": 0.5,
    "parallel_step_s": 0.5,
    "host_step_s": 0.5,
    "host_sequence_s": 0.5,
    "prefill_layer_s": 0.5,
    "data_parallel_waste": 0.3,
    "expert_layer_s": 0.5,
    "quant_layer_s": 0.5,
}
"""What serving software decides: kernels of experts and prompts, launches, the work of the host."""
ACCEPTED = Bound(0.6, 0.2, 0.95, 0.3)
"""Chance that a token drafted by a model's own extra layer is accepted; the benchmark does not publish it."""
PROMPTS = {
    "lm-arena-chat": Bound(150, 30, 1500, 0.6),
    "gpqa": Bound(250, 80, 800, 0.4),
    "sourcegraph-fim": Bound(1500, 200, 6000, 0.5),
    "image-chat": Bound(1200, 200, 5000, 0.6),
    "video-chat": Bound(5000, 500, 30000, 0.7),
    "code-v2": Bound(150, 30, 1500, 0.6),
    "image-chat-v2": Bound(700, 100, 4000, 0.5),
}
"""Prompt lengths the benchmark does not publish, in tokens the language model reads."""
OTHER_PROMPT = Bound(400, 30, 8000, 0.8)
IMAGE_QUESTION_TOKENS = 50.0
"""Words beside a picture, where the model's tokens per picture are known: our guess of a short question."""
MEDIA = {
    "image-chat": Bound(0.03, 1e-3, 1.0, 0.8),
    "video-chat": Bound(0.08, 1e-3, 3.0, 0.8),
    "image-chat-v2": Bound(0.03, 1e-3, 1.0, 0.8),
}
"""Seconds per request in which pictures and films are read and cut."""
CROWDED = "blackwell"
"""The Blackwell servers of the benchmark ran several one-accelerator replicas short of processor time."""
LOST = {
    "text": Bound(3e-6, 1e-8, 2e-5, 1.0),
    "sequence": Bound(1e-5, 1e-7, 2e-4, 1.0),
    "image-chat": Bound(4e-3, 1e-4, 0.05, 1.0),
    "video-chat": Bound(4e-3, 1e-4, 0.05, 1.0),
}
"""Seconds a step lost there: per token of the answer and per running sequence; with pictures and films per square root
of the running sequences."""
