"""Which served loads are in a file of a serving benchmark, and what exactly was run? [token/s, W, s]

Reads tables with the columns of InferenceX: requests in flight, lengths, engine, how the accelerators are divided; apart
from it what was measured. Predictions see the description alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.measured_table import NOT_OF_A_ROW, number, read_table
from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.served_load import Load
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.errors import DataError, TaotieError
from taotie.hardware.accelerator import accelerator
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = ["ServingRows", "engine_of", "read_serving_rows"]

FloatArray = NDArray[np.float64]
ENGINES = (("sglang", "sglang"), ("trt", "tensorrt-llm"), ("tensorrt", "tensorrt-llm"),
           ("vllm", "vllm"), ("atom", "atom"))  # fmt: skip
PROMPT_SHARE, OUTPUT_SHARE = 0.90, 0.905
"""Mean over nominal length: the benchmark draws lengths evenly between 0.8 and 1.0 of the nominal one."""
LEAST_IN_FLIGHT = 0.2
"""Runs in which less than this share of the requests was really in flight answered next to nothing."""
DRAFTS = 3
"""Tokens a model's own extra layer drafts a step: what the engines' recipes set, where the table does not say."""
ACCEPTANCE = 0.6
"""Chance that one is accepted, until a fit says better."""


def engine_of(framework: str) -> str:
    """Which engine a framework's name means; its own name in lower case where none is known.

    Examples
    --------
    >>> engine_of("dynamo-trt"), engine_of("SGLang"), engine_of("tgi")
    ('tensorrt-llm', 'sglang', 'tgi')
    """
    text = framework.strip().lower()
    return next((engine for part, engine in ENGINES if part in text), text)


@dataclass
class ServingRows:
    """Usable rows of a file: descriptions first, measurements after."""

    row: list[int] = field(default_factory=list)
    model: list[str] = field(default_factory=list)
    chip: list[str] = field(default_factory=list)
    engine: list[str] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    """aggregated or disaggregated, with +mtp and +dp where drafts or attention of its own."""
    precision: list[str] = field(default_factory=list)
    date: list[str] = field(default_factory=list)
    decode: list[ServingSetup] = field(default_factory=list)
    prefill: list[ServingSetup] = field(default_factory=list)
    decode_workers: FloatArray = field(default_factory=lambda: np.zeros(0))
    prefill_workers: FloatArray = field(default_factory=lambda: np.zeros(0))
    prompt: FloatArray = field(default_factory=lambda: np.zeros(0))
    output: FloatArray = field(default_factory=lambda: np.zeros(0))
    in_flight: FloatArray = field(default_factory=lambda: np.zeros(0))
    gpus: FloatArray = field(default_factory=lambda: np.zeros(0))
    token_s: FloatArray = field(default_factory=lambda: np.zeros(0))
    power_w: FloatArray = field(default_factory=lambda: np.zeros(0))
    ttft_s: FloatArray = field(default_factory=lambda: np.zeros(0))
    tpot_s: FloatArray = field(default_factory=lambda: np.zeros(0))
    unusable: list[dict[str, object]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.row)

    @property
    def cell(self) -> list[str]:
        """Model, chip, engine, precision, kind and count: rows of one cell miss alike."""
        parts = zip(
            self.model, self.chip, self.engine, self.precision, self.kind, self.gpus, strict=True
        )
        return ["|".join(str(p) for p in cell) for cell in parts]

    def subset(self, keep: NDArray[np.bool_]) -> ServingRows:
        """The rows where `keep` is true."""
        where = np.flatnonzero(keep)
        made: dict[str, Any] = {}
        for name, value in vars(self).items():
            if name != "unusable":
                made[name] = (
                    value[where] if isinstance(value, np.ndarray) else [value[i] for i in where]
                )
        return ServingRows(**made)

    def load(self, acceptance: float | None = None) -> Load:
        """The loads as the kernels read them.

        Parameters
        ----------
        acceptance : float, optional
            Of drafted tokens, instead of what the set-ups hold. [1]
        """
        per_step = np.array(
            [
                (s if acceptance is None else replace(s, acceptance=acceptance)).tokens_per_step
                for s in self.decode
            ]
        )
        return Load(
            np.array([s.row for s in self.decode]),
            np.array([s.row for s in self.prefill]),
            self.decode_workers,
            self.prefill_workers,
            per_step,
            self.prompt,
            self.output,
            self.in_flight,
            self.prompt,
            np.full(len(self), np.inf),  # what was measured was served
        )


def _count(row: Mapping[str, str], name: str, usual: float) -> int:
    value = number(row, name)
    if math.isnan(value):
        value = usual
    if not (value >= 1 and value == int(value)):
        raise DataError(_("{name}={value} is not a count.").format(name=name, value=row.get(name)))
    return int(value)


def _replica(
    row: Mapping[str, str], part: str, gpus: int, base: ServingSetup
) -> tuple[ServingSetup, int]:
    """One replica of a part (prefill or decode) and how many there are."""
    given = number(row, f"{part}_tp")
    workers = number(row, f"{part}_workers")
    if workers >= 1 and given * workers != gpus and gpus % workers == 0:
        given = gpus / workers  # some rows hold 1 where the whole worker is meant
    if math.isnan(given):
        given = min(gpus, 8)
    size = int(max(min(given, gpus), 1))
    if gpus % size:
        size = math.gcd(gpus, size)
    dp_name = "prefill_dp_attention" if part == "prefill" else "dp_attention"
    own = (row.get(dp_name) or "").strip().lower() in ("1", "1.0", "true")
    ep = number(row, f"{part}_ep")
    spread = int(ep) if ep >= 1 and size % int(ep) == 0 else (size if ep > size else 1)
    if own and spread == 1:
        spread = size  # attention apart is run with experts spread out
    setup = replace(
        base,
        accelerators_per_replica=size,
        data_parallel=size if own else 1,
        expert_parallel=spread if base.model.experts else 0,
    )
    return setup, max(gpus // size, 1)


def _precision(text: str, model: str) -> str:
    name = text.strip().lower() or "bf16"
    if name == "fp4":
        return "mxfp4" if "gpt-oss" in model else "nvfp4"
    return name


def _runtime(engine: str) -> str:
    from taotie.compute.energy.runtime_profile import engine_runtime

    return engine_runtime(engine)


def read_serving_rows(path: str | Path | Iterable[dict[str, str]]) -> ServingRows:
    """Served loads of a file.

    Parameters
    ----------
    path : path or rows
        CSV with the columns of InferenceX: model, hardware, framework, precision, gpus, isl, osl, concurrency;
        also spec, disagg, prefill_gpus, decode_gpus and the parallelism of each part where they apply; measured:
        output_tok_s, avg_power_w_gpu, median_ttft_s, median_tpot_s.

    Returns
    -------
    ServingRows
        Rows that cannot be used are listed in `unusable` with the reason.

    Raises
    ------
    DataError
        If the file cannot be read or lacks the columns every row needs.
    """
    table = read_table(path) if isinstance(path, str | Path) else list(path)
    missing = {"model", "hardware", "isl", "osl", "concurrency"} - set(table[0])
    if missing:
        raise DataError(
            _("columns are missing: {names}.").format(names=listing(sorted(missing))),
            _("the columns of the InferenceX tables are expected."),
        )
    found = ServingRows()
    numbers: list[tuple[float, ...]] = []
    for index, row in enumerate(table):
        try:
            model = model_architecture((row.get("model") or "").strip())
            chip = accelerator((row.get("hardware") or "").strip())
            engine = engine_of(row.get("framework") or "vllm")
            held = _precision(row.get("precision") or "", model.name)
            gpus = _count(row, "gpus", 1.0)
            prompt, output = number(row, "isl") * PROMPT_SHARE, number(row, "osl") * OUTPUT_SHARE
            in_flight = number(row, "concurrency")
            if not (prompt >= 0 and output >= 1 and in_flight >= 1):
                raise DataError(_("isl, osl or concurrency is missing or impossible."))
            if number(row, "in_flight_share") < LEAST_IN_FLIGHT:
                raise DataError(_("the load was not kept up: hardly any request was in flight."))
            drafts = (row.get("spec") or "none").strip().lower() not in ("", "none", "off", "0")
            base = ServingSetup(
                model, chip, 1, held, _runtime(engine),
                draft_tokens=DRAFTS if drafts else 0, acceptance=ACCEPTANCE if drafts else 0.0,
                software_date=(row.get("date") or "").strip()[:10],
            )  # fmt: skip
            apart = (row.get("disagg") or "0").strip().lower() in ("1", "1.0", "true")
            if apart:
                decode_gpus = _count(row, "decode_gpus", gpus / 2)
                prefill_gpus = _count(row, "prefill_gpus", gpus - decode_gpus)
                decode, workers = _replica(row, "decode", decode_gpus, base)
                reader = replace(base, draft_tokens=0, acceptance=0.0)
                prefill, readers = _replica(row, "prefill", prefill_gpus, reader)
            else:
                decode, workers = _replica(row, "decode", gpus, base)
                prefill, readers = decode, 0
            decode.row, prefill.row  # noqa: B018 - raises now if rated power is unknown
        except NOT_OF_A_ROW:
            raise
        except TaotieError as error:
            found.unusable.append({"row": index, "why": error.message})
            continue
        kind = decode.kind.replace("aggregated", "disaggregated") if apart else decode.kind
        found.row.append(index)
        found.model.append(model.name)
        found.chip.append(chip.name)
        found.engine.append(engine)
        found.kind.append(kind)
        found.precision.append(held)
        found.date.append((row.get("date") or "").strip())
        found.decode.append(decode)
        found.prefill.append(prefill)
        power = number(row, "avg_power_w_gpu") * gpus
        rate = number(row, "output_tok_s")
        if math.isnan(rate) and not apart:
            rate = number(row, "output_tok_s_gpu") * gpus
        numbers.append(
            (workers, readers, prompt, output, in_flight, gpus, rate, power,
             number(row, "median_ttft_s"), number(row, "median_tpot_s"))
        )  # fmt: skip
    columns = np.array(numbers, dtype=np.float64).reshape(-1, 10).T
    (
        found.decode_workers, found.prefill_workers, found.prompt, found.output, found.in_flight, found.gpus,
        found.token_s, found.power_w, found.ttft_s, found.tpot_s,
    ) = columns  # fmt: skip
    return found
