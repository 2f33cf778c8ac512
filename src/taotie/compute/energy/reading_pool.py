"""Which replicas read prompts for others that only write, how many of them, and how busy are they? [1]

Prefill and decode apart (disaggregated): each pool has machines and a number of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.served_precision import served_precision
from taotie.compute.energy.serving_setup import ServingSetup, checked_cut, smallest_replica
from taotie.compute.energy.steady_batch import reading_rate_per_s
from taotie.errors import RangeError
from taotie.hardware.accelerator import accelerator as accelerator_named
from taotie.quantity.lift import lifted
from taotie.words.language import _

__all__ = ["ReadingDay", "reader_for", "reading_day"]

SECONDS_PER_DAY = 86_400.0


def reader_for(
    setup: ServingSetup, accelerator: str, count: int | None, prompt_tokens: float
) -> ServingSetup:
    """A replica that only reads prompts for `setup`: the same release in the format its chip has.

    Parameters
    ----------
    setup : ServingSetup
        The replicas that write.
    accelerator : str
        A name in the tables.
    count : int, optional
        Accelerators that hold a copy of the model; default: fewest.
    prompt_tokens : float
        Longest to hold. [token]

    Examples
    --------
    >>> from taotie.hardware.accelerator import accelerator
    >>> writer = ServingSetup(model_architecture("llama-3.1-70b"), accelerator("h200"), 8, draft_tokens=3)
    >>> reader = reader_for(writer, "h100", None, 1000)
    >>> reader.accelerators_per_replica, reader.draft_tokens
    (4, 0)
    """
    chip = accelerator_named(accelerator)
    precision, _said = served_precision(setup.model, chip, setup.precision)
    if count:
        checked_cut(setup.model, count, 1, f"--prefill-on {chip.name}:{{n}}")
    n = count or smallest_replica(setup.model, chip, precision, max(8192.0, prompt_tokens))
    return replace(
        setup, accelerator=chip, accelerators_per_replica=n, precision=precision, data_parallel=1,
        expert_parallel=0, draft_tokens=0, acceptance=0.0, draft_model="",
    )  # fmt: skip


class ReadingDay(NamedTuple):
    """A day of the replicas that only read."""

    replicas: Any
    busy_share: Any


@lifted(
    requests_per_day="request/d",
    utilization="1",
    peak_over_mean="1",
    returns={"replicas": "1", "busy_share": "1"},
    boundary=None,
    kind="modelled",
)
def reading_day(
    requests_per_day: Any,
    utilization: Any,
    peak_over_mean: Any,
    *,
    prompt: float,
    model: str,
    accelerator: str,
    accelerators_per_replica: int,
    precision: str,
    runtime: str,
    software_date: str = "",
    redundancy: int = 0,
    cached: float = 0.0,
    replicas: int = 0,
) -> ReadingDay:
    """Whole replicas that read the prompts of a service, and the share of the day they read.

    Parameters
    ----------
    requests_per_day : array_like, shape (n_sample,)
        [request/d]
    utilization : array_like, broadcastable with it
        Share of the pool's largest rate in use at the busiest hour, within 0..1. [1]
    peak_over_mean : array_like, broadcastable with it
        Busiest hour over the mean hour. [1]
    prompt : float
        Mean length. [token]
    model, accelerator, precision, runtime, software_date : str
        Of a replica, names in the tables.
    accelerators_per_replica, redundancy : int
    cached : float
        Share of the prompt whose cache is at hand. [1]
    replicas : int
        As many as that, if above 0; else as few as the load asks for.

    Raises
    ------
    RangeError
        If so many replicas cannot read what comes in the busiest hour, all day's queue never ending.

    Notes
    -----
    ``replicas = max(1, ceil(busiest rate / (utilization x prompts one reads a second))) + redundancy``

    Examples
    --------
    >>> day = reading_day(1e6, 0.9, 1.5, prompt=1000, model="llama-3.1-8b", accelerator="h100-sxm",
    ...     accelerators_per_replica=1, precision="bf16", runtime="vllm-0.11")
    >>> bool(day.replicas[0] >= 1), bool(0 < day.busy_share[0] < 1)
    (True, True)
    """
    reader = ServingSetup(
        model_architecture(model),
        accelerator_named(accelerator),
        int(accelerators_per_replica),
        precision,
        runtime,
        software_date=software_date,
    )
    per_day, used, peak = np.broadcast_arrays(
        *(
            np.atleast_1d(np.asarray(v, dtype=np.float64))
            for v in (requests_per_day, utilization, peak_over_mean)
        )
    )
    if not (np.all(per_day >= 0) and np.all((used > 0) & (used <= 1))):
        raise RangeError(_("requests a day must be at least 0, and a utilization within 0 to 1."))
    one = reading_rate_per_s(reader, prompt, cached)
    rate = per_day / SECONDS_PER_DAY
    if replicas:
        least = int(np.ceil(np.median(rate * peak) / one - 1e-9))
        if replicas < least:
            raise RangeError(
                _(
                    "{n} replicas cannot read the prompts of the busiest hour: the queue would grow without end."
                ).format(n=replicas),
                f"prefill_replicas = {least}",
            )
        number = np.full(rate.shape, float(replicas))
    else:
        number = np.maximum(np.ceil(rate * peak / (one * used) - 1e-9), 1.0) + float(redundancy)
    return ReadingDay(number, np.clip(rate / (number * one), 1e-9, 1.0))
