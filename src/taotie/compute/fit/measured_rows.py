"""Which measured serving runs are in a file, and what exactly was run? [J/token, W, token/s]

Reads tables with the columns of the ML.ENERGY benchmark (versions 1 to 3). A row becomes a description
(model, accelerators, precision, batch, lengths) and, apart from it, what was measured; predictions see the
description alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.measured_table import NOT_OF_A_ROW, number, read_table
from taotie.compute.energy.model_architecture import (
    ModelArchitecture,
    find_model,
    plain_name,
    typical_architecture,
)
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.errors import DataError, TaotieError
from taotie.hardware.accelerator import accelerator
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = ["MeasuredRows", "read_measured_rows"]

FloatArray = NDArray[np.float64]
TASKS = {
    "llm_text_generation/chat": "lm-arena-chat",
    "llm_text_generation/code": "code-v2",
    "mllm_text_generation/chat": "image-chat-v2",
}
"""Tasks of version 2 that resemble one of version 3."""


@dataclass
class MeasuredRows:
    """Usable rows of a file: descriptions first, measurements after."""

    row: list[int] = field(default_factory=list)
    model_id: list[str] = field(default_factory=list)
    family: list[str] = field(default_factory=list)
    task: list[str] = field(default_factory=list)
    gpu: list[str] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    setups: list[ServingSetup] = field(default_factory=list)
    batch: FloatArray = field(default_factory=lambda: np.zeros(0))
    batch_limit: FloatArray = field(default_factory=lambda: np.zeros(0))
    output_tokens: FloatArray = field(default_factory=lambda: np.zeros(0))
    energy_j_per_token: FloatArray = field(default_factory=lambda: np.zeros(0))
    throughput_token_s: FloatArray = field(default_factory=lambda: np.zeros(0))
    power_w: FloatArray = field(default_factory=lambda: np.zeros(0))
    unusable: list[dict[str, object]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.row)

    @property
    def matrix(self) -> FloatArray:
        """Set-up rows for the kernels, shape (n_row, n_column)."""
        return np.array([s.row for s in self.setups])

    def subset(self, keep: NDArray[np.bool_]) -> MeasuredRows:
        """The rows where `keep` is true."""
        where = np.flatnonzero(keep)

        def pick(values: list) -> list:
            return [values[i] for i in where]

        return MeasuredRows(
            pick(self.row),
            pick(self.model_id),
            pick(self.family),
            pick(self.task),
            pick(self.gpu),
            pick(self.kind),
            pick(self.setups),
            self.batch[where],
            self.batch_limit[where],
            self.output_tokens[where],
            self.energy_j_per_token[where],
            self.throughput_token_s[where],
            self.power_w[where],
            [],
        )


def _model(row: dict[str, str]) -> ModelArchitecture:
    name = (row.get("model_id") or row.get("model") or "").strip()
    total = number(row, "total_params_billions") * 1e9
    active = number(row, "activated_params_billions", "active_params_billions") * 1e9
    known = find_model(name, total if total > 0 else None) if name else None
    if known is not None:
        return known
    if not total > 0:
        raise DataError(
            _("model {name!r} is not in the table and total_params_billions is missing.").format(
                name=name
            )
        )
    kind = (row.get("architecture") or "").lower()
    if "moe" in kind and not active > 0:
        raise DataError(
            _(
                "model {name!r} is a mixture of experts, not in the table, and activated_params_billions is missing."
            ).format(name=name)
        )
    return typical_architecture(
        name, total, active if active > 0 else None, hybrid="hybrid" in kind or "mamba" in kind
    )


def _setup(row: dict[str, str], runtime: str) -> ServingSetup:
    gpu = (row.get("gpu_model") or "").strip()
    if not gpu:
        raise DataError(_("gpu_model is missing."))
    chip = accelerator(gpu)
    name = row.get("model_id") or ""
    held = (row.get("weight_precision") or "").strip()
    if not held:
        held = "fp8" if "fp8" in name.lower() else "bf16"
    count = number(row, "num_gpus")
    dp = number(row, "data_parallel")
    if math.isnan(count):
        count = 1.0
    if not (count >= 1 and count == int(count)):
        raise DataError(_("num_gpus={value} is not a count.").format(value=row.get("num_gpus")))
    setup = ServingSetup(
        _model(row),
        chip,
        int(count),
        held,
        runtime,
        data_parallel=int(dp) if dp >= 1 and count % dp == 0 else 1,
    )
    setup.row  # noqa: B018 - raises now if rated power is unknown
    return setup


def read_measured_rows(
    path: str | Path | Iterable[dict[str, str]], runtime: str = "vllm-0.11"
) -> MeasuredRows:
    """Measured LLM serving runs of a file.

    Parameters
    ----------
    path : path or rows
        CSV with the columns of ML.ENERGY version 1, 2 or 3.
    runtime : str
        Runtime the rows were measured with.

    Returns
    -------
    MeasuredRows
        Rows that cannot be used are listed in `unusable` with the reason.

    Raises
    ------
    DataError
        If the file cannot be read or lacks the columns every row needs.
    """
    table = read_table(path) if isinstance(path, str | Path) else list(path)
    missing = {"model_id", "gpu_model"} - set(table[0])
    if missing:
        raise DataError(
            _("columns are missing: {names}.").format(names=listing(sorted(missing))),
            _("the columns of the ML.ENERGY tables are expected."),
        )
    found = MeasuredRows()
    numbers: list[tuple[float, ...]] = []
    for index, row in enumerate(table):
        try:
            setup = _setup(row, runtime)
            limit = number(row, "max_num_seqs", "batch_size")
            batch = number(row, "avg_batch_size", "batch_size")
            if math.isnan(batch) and "avg_batch_size" not in row:
                batch = 1.0  # version 1: one request at a time
            output = number(row, "avg_output_len", "output_tokens")
            if not output > 0:
                raise DataError(_("avg_output_len is missing or not above 0."))
            if not batch > 0 and not limit > 0:
                raise DataError(_("neither avg_batch_size nor max_num_seqs is above 0."))
        except NOT_OF_A_ROW:
            raise
        except TaotieError as error:
            found.unusable.append({"row": index, "why": error.message})
            continue
        task = (row.get("task") or "").strip()
        found.row.append(index)
        found.model_id.append(row["model_id"])
        family = setup.model.name if not setup.model.typical else plain_name(row["model_id"])
        found.family.append(family.replace("-vl-", "-"))
        found.task.append(TASKS.get(task, task))
        found.gpu.append(setup.accelerator.name)
        found.kind.append(setup.model.kind)
        found.setups.append(setup)
        energy = number(row, "energy_per_token_joules")
        if math.isnan(energy):
            energy = number(row, "energy_per_request_joules") / output
        throughput = number(row, "output_throughput_tokens_per_sec", "throughput_tokens_per_sec")
        power = number(row, "avg_power_watts")
        power = energy * throughput if math.isnan(power) else power  # J/token x token/s
        numbers.append(
            (
                batch if batch > 0 else math.nan,
                limit if limit > 0 else batch,
                output,
                energy,
                throughput,
                power,
            )
        )
    columns = np.array(numbers, dtype=np.float64).reshape(-1, 6).T
    (
        found.batch,
        found.batch_limit,
        found.output_tokens,
        found.energy_j_per_token,
        found.throughput_token_s,
        found.power_w,
    ) = columns
    return found
