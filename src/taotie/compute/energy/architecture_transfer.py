"""How does an accelerator architecture that a runtime was never measured on differ from one it was? [1]

The same software reaches another share of peak on another chip, its launches take longer on slower clocks,
and rated power is used up differently. Ratios to the Hopper architecture come from measurements of the same
software on both, independent of the runs the coefficients are fitted on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from taotie.compute.energy.measured_table import number, read_table

__all__ = ["FACTOR_GROUPS", "ampere_over_hopper", "apply_factors"]

REFERENCE = "hopper"
FACTOR_GROUPS = {
    "flop_share": (
        "dense_flop_share",
        "expert_flop_share",
        "prefill_flop_share",
        "prefill_expert_flop_share",
    ),
    "overhead": (
        "layer_s",
        "moe_layer_s",
        "parallel_layer_s",
        "parallel_step_s",
        "host_step_s",
        "host_sequence_s",
        "host_request_s",
        "prefill_layer_s",
    ),
    "dynamic_power": ("busy_tdp_share", "launch_tdp_share", "byte_tdp_share", "flop_tdp_share"),
}
"""Which coefficients a factor multiplies."""
LARGEST_FLOP_SHARE = 0.9
LLAMA2_70B_PARAMS = 69e9
PEAK = {"a100-80gb": 312e12, "h100-80gb": 989e12}
BANDWIDTH = {"a100-80gb": 2.039e12, "h100-80gb": 3.35e12}
USUAL_BANDWIDTH_SHARE = 0.8
TRUST = 0.5
"""How far (in logarithms) a ratio from one pair of machines is believed: half way from 1, our judgement. Their hosts
differed as well as their accelerators."""


def apply_factors(values: dict[str, float], factors: dict[str, float]) -> dict[str, float]:
    """Coefficients of the reference architecture carried over to another.

    Examples
    --------
    >>> apply_factors({"dense_flop_share": 0.5, "layer_s": 1e-5}, {"flop_share": 1.4, "overhead": 2.0})
    {'dense_flop_share': 0.7, 'layer_s': 2e-05}
    """
    out = dict(values)
    for group, names in FACTOR_GROUPS.items():
        factor = factors.get(group, 1.0)
        for name in names:
            if name in out:
                out[name] *= factor
                if group == "flop_share":
                    out[name] = min(out[name], LARGEST_FLOP_SHARE)
    return out


def ampere_over_hopper(folder: Path) -> dict[str, Any] | None:
    """Ratios A100 over H100 from public measurements, or None where those files are missing.

    Parameters
    ----------
    folder : Path
        Holds `traces/splitwise_perf_power.csv` (latencies of Llama-2-70B on both) and
        `traces/powertrace_sim_operator_table.csv` (idle and busy power on both).

    Returns
    -------
    dict or None
        `flop_share`: share of peak in the prefill of 2048 tokens on two accelerators; `overhead`: what is left
        of a decode step of one sequence on eight after reading the weights; `dynamic_power`: (busy - idle) over
        rated power.
    """
    latencies = folder / "traces" / "splitwise_perf_power.csv"
    powers = folder / "traces" / "powertrace_sim_operator_table.csv"
    if not (latencies.is_file() and powers.is_file()):
        return None
    rows = read_table(latencies)

    def middle(chip: str, column: str, count: int, prompt: float) -> float:
        return float(
            np.median(
                [
                    number(r, column)
                    for r in rows
                    if r["model"] == "llama2-70b"
                    and r["hardware"] == chip
                    and number(r, "tensor_parallel") == count
                    and number(r, "prompt_size") == prompt
                    and number(r, "batch_size") == 1
                ]
            )
        )

    share, overhead = {}, {}
    for chip, peak in PEAK.items():
        share[chip] = 1.0 / (middle(chip, "prompt_time", 2, 2048) * peak)
        weights_ms = 2e3 * LLAMA2_70B_PARAMS / (8 * BANDWIDTH[chip] * USUAL_BANDWIDTH_SHARE)
        overhead[chip] = middle(chip, "token_time", 8, 1024) - weights_ms
    ratios = []
    table = {r["config"]: r for r in read_table(powers)}
    for name, row in table.items():
        twin = table.get(name.replace("a100", "h100"))
        if not name.endswith("a100_tp1") or twin is None:
            continue  # on one accelerator busy is busy; more of them also wait for each other
        ampere = (number(row, "P_busy_w") - number(row, "P_idle_w")) / 400.0
        hopper = (number(twin, "P_busy_w") - number(twin, "P_idle_w")) / 700.0
        ratios.append(ampere / hopper)
    return {
        "flop_share": float((share["a100-80gb"] / share["h100-80gb"]) ** TRUST),
        "overhead": float((overhead["a100-80gb"] / overhead["h100-80gb"]) ** TRUST),
        "dynamic_power": float(np.median(ratios) ** TRUST),
        "sources": ["patel2024_splitwise", "powertrace_sim2025"],
    }
