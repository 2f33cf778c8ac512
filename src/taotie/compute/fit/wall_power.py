"""Does a whole server at the plug draw what the model says? Rows of MLPerf power submissions. [W, J/token]

Here the host is inside the measurement, unlike in the accelerator-only benchmarks. Only rows that serve a
language model can be predicted; a row says nothing of a power limit, so accelerators are taken unlimited.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from taotie.compute.energy.energy_per_request import request_energy
from taotie.compute.energy.measured_table import NOT_OF_A_ROW, number
from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.serving_setup import ServingSetup, smallest_replica
from taotie.errors import DataError, TaotieError
from taotie.hardware.accelerator import accelerator
from taotie.hardware.server import host_power_w, server_of
from taotie.words.language import _

__all__ = ["predicted_wall_power", "validate_wall_power"]

# benchmark -> model, mean prompt and answer [token]; rules of MLPerf Inference, from memory
BENCHMARKS = {
    "llama2-70b": ("llama-2-70b", 294.0, 294.0),
    "llama3-405b": ("llama-3.1-405b", 9400.0, 680.0),
    "mixtral-8x7b": ("mixtral-8x7b", 300.0, 145.0),
}
LARGEST_BATCH = 1024.0


def predicted_wall_power(benchmark: str, system: str) -> tuple[float, float]:
    """Draw [W] and tokens per second of a server on a benchmark, under full load.

    Raises
    ------
    DataError
        If the benchmark is no language model we know, or the system's accelerators cannot be told.
    """
    name = re.sub(r"-99(\.9)?$", "", benchmark.lower())
    if name not in BENCHMARKS:
        raise DataError(
            _("benchmark {name} is not a language model served here.").format(name=benchmark)
        )
    found = re.match(r"([A-Za-z0-9-]+?)(?:-\d+GB)?x(\d+)", system)
    if found is None:
        raise DataError(_("no accelerators in the system name {name}.").format(name=system))
    chip = accelerator(found[1])
    count = int(found[2])
    model, prompt, output = BENCHMARKS[name]
    shape = model_architecture(model)
    held = "fp8" if chip.peak_fp8_flop_s else "bf16"
    n = smallest_replica(shape, chip, held, prompt + output)
    setup = ServingSetup(shape, chip, n, held)
    batch = min(float(setup.largest_batch(prompt + output)), LARGEST_BATCH)
    e = request_energy(setup, prompt, output, batch)
    token_s = batch / float(e.tpot_s[0])
    accelerator_w = float(e.accelerator_wh[0]) * 3600.0 / output * token_s / n
    box = server_of(chip)
    load = min(accelerator_w / chip.rated_power_w(), 1.0)
    scale = count / box.accelerators
    host = scale * float(host_power_w(load, box.host_idle_power_w, box.host_max_power_w))
    return count * accelerator_w + host, token_s * count / n


def validate_wall_power(table: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Predict wall power and rate of each row, as `validation.validate_mlenergy`."""
    from taotie.compute.fit.error_summary import error_summary

    unusable: list[dict[str, object]] = []
    kept: list[tuple[float, ...]] = []
    labels: list[tuple[str, str]] = []
    for index, row in enumerate(table):
        try:
            watt, rate = predicted_wall_power(row.get("benchmark") or "", row.get("system") or "")
        except NOT_OF_A_ROW:
            raise
        except TaotieError as error:
            unusable.append({"row": index, "why": error.message})
            continue
        measured_w = number(row, "avg_system_power_w")
        measured_rate = number(row, "tokens_per_s")
        kept.append((watt, rate, measured_w, measured_rate))
        labels.append((row.get("benchmark") or "", row.get("scenario") or ""))
    if not kept:
        raise DataError(
            _("no row can be used; the first: {why}").format(
                why=unusable[0]["why"] if unusable else "-"
            )
        )
    p_w, p_rate, m_w, m_rate = np.array(kept).T

    def numbers(keep: Any) -> dict[str, Any]:
        return {
            "n": int(np.sum(keep)),
            "energy": error_summary((p_w / p_rate)[keep], (m_w / m_rate)[keep]),
            "power": error_summary(p_w[keep], m_w[keep]),
            "rate": error_summary(p_rate[keep], m_rate[keep]),
            "throughput": error_summary(p_rate[keep], m_rate[keep]),
            "coverage_80": None,
            "coverage_90": None,
        }

    whole = numbers(np.ones(len(kept), dtype=bool))
    whole.pop("n")
    cuts = {"task": [b for b, _s in labels], "scenario": [s for _b, s in labels]}
    return {
        "rows": len(kept),
        "unusable": unusable,
        "runtime": "vllm-0.11",
        "batch": "from memory",
        **whole,
        "by": {
            cut: {
                name: numbers(np.array([v == name for v in values]))
                for name in dict.fromkeys(sorted(values))
            }
            for cut, values in cuts.items()
        },
    }
