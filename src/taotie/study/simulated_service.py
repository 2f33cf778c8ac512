"""What does simulating the service change about the price of its mean request? A slice of the fleet, held beside the closed form.

The closed form says how every figure moves with every input; the simulation says where it stands: requests that come by
chance, whole replicas, batches that fill and empty, machines that wait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from taotie.compute.energy.serving_setup import ServingSetup
from taotie.compute.serving.case import ServingCase
from taotie.compute.serving.service import ServiceLevel
from taotie.compute.serving.slice import SLICE_ERROR, ServedSlice, kept_replicas, served_slice
from taotie.errors import RangeError
from taotie.quantity.figure import Figure, key_of_part, leaf
from taotie.quantity.lift import lifted
from taotie.study.steps.walk import Walk
from taotie.words.language import N_
from taotie.words.said import labels
from taotie.workload.chat import TokenLengths
from taotie.workload.requests import Requests

__all__ = ["Simulated", "sampler", "simulated_service", "waiting_share", "whole_replicas"]

OVER = {
    "prefill": N_("Simulated over mean request: prefill"),
    "decode": N_("Simulated over mean request: decode"),
    "host": N_("Simulated over mean request: host"),
}


@dataclass(frozen=True)
class Simulated:
    """What the simulation says beside the mean request.

    Attributes
    ----------
    slice : ServedSlice
        The day that was simulated.
    replicas_ratio : Figure
        Replicas that keep the promise over those of the closed form. [1]
    """

    slice: ServedSlice
    replicas_ratio: Figure

    def over(self, part: str, closed: Figure) -> Figure:
        """Simulated over closed form, of one part of the mean request. [1]"""
        value = getattr(self.slice, f"{part}_wh")
        base = closed.to("Wh/request").p50
        return _ratio(
            f"simulated_over_mean_request.{part}",
            value / base if base > 0 else 1.0,
            OVER[part],
        )


@lifted(
    replicas="1",
    ratio="1",
    returns="1",
    boundary=None,
    kind="modelled",
)
def whole_replicas(replicas: Any, ratio: Any) -> Any:
    """Replicas of the closed form, moved to those a simulation found: whole, and at least one.

    Parameters
    ----------
    replicas : array_like, shape (n_sample,)
        [1]
    ratio : array_like, broadcastable with it
        Simulated over closed form. [1]

    Returns
    -------
    replicas : ndarray, shape (n_sample,)
        [1]

    Examples
    --------
    >>> whole_replicas([1.0, 3.0, 4.0], 2 / 3)
    array([1., 2., 3.])
    """
    return np.maximum(1.0, np.rint(np.asarray(replicas, dtype=np.float64) * ratio))


def sampler(
    requests: Requests | None, lengths: TokenLengths | None, prompt: float, output: float
) -> Callable[[int, np.random.Generator], tuple[np.ndarray, np.ndarray]]:
    """Draws lengths as they were read or as they are built in, with the means of the study. [token]"""
    if requests is None:
        assert lengths is not None
        return lengths.scaled(prompt, output).sample
    read, written = requests.prompt_tokens, requests.output_tokens
    by = prompt / float(read.mean()), output / float(written.mean())

    def drawn(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        rows = rng.integers(0, len(read), n)
        return (
            np.maximum(np.rint(read[rows] * by[0]), 1).astype(np.int64),
            np.maximum(np.rint(written[rows] * by[1]), 1).astype(np.int64),
        )

    return drawn


def simulated_service(
    walk: Walk,
    setup: ServingSetup,
    drawn: Callable[[int, np.random.Generator], tuple[np.ndarray, np.ndarray]],
    means: tuple[float, float],
    requests_per_day: float,
    share: np.ndarray,
    replicas: int,
    promise: str | None,
    searched: bool,
    redundancy: int = 0,
) -> Simulated:
    """Simulate the service of a study at its median load.

    Parameters
    ----------
    replicas : int
        Of the closed form; the number that keeps the promise is searched around it if `searched`.
    promise : str, optional
        Such as ``ttft=1s,tpot=50ms``.
    redundancy : int
        Of the replicas, those held ready beyond the load.
    """
    level = ServiceLevel.parsed(promise) if promise else None
    case = ServingCase(
        model=setup.model.reference or setup.model.name,
        accelerator=setup.accelerator.name,
        accelerators=setup.accelerators_per_replica,
        precision=setup.precision,
        runtime=setup.runtime,
        level=level,
        replicas=replicas,
        drafted=setup.draft_tokens,
        acceptance_rate=setup.acceptance,
        draft_model=setup.draft_model,
        data_parallel=setup.data_parallel,
        expert_parallel=setup.expert_parallel,
        software_date=setup.software_date,
        seed=0,
    )
    found = replicas
    if searched and level is not None:
        try:
            near = replicas - redundancy
            found = kept_replicas(case, drawn, means, requests_per_day, share, near) + redundancy
        except RangeError:
            walk.warn(
                "promise_of_all_not_kept",
                N_("No number of replicas keeps {promise} for {share:.0%} of the requests; the fleet is that of the mean request."),
                promise=promise, share=level.share,
            )  # fmt: skip
    made = served_slice(replace(case, replicas=found), drawn, means, requests_per_day, share)
    walk.note(
        "service_simulated",
        N_("The service was simulated: {n} requests on {simulated} of {replicas} replicas, each hour shortened to {hour:.0f} s; a slice misses the whole by up to {error:.0%}."),
        n=made.requests, simulated=made.simulated, replicas=made.replicas, hour=made.hour_s, error=SLICE_ERROR,
    )  # fmt: skip
    if level is not None and made.kept < level.share - 0.03:
        walk.warn(
            "promise_kept_by",
            N_("{kept:.0%} of the simulated requests keep {promise}."),
            kept=made.kept,
            promise=promise,
        )
    ratio = leaf(
        key_of_part("simulated_over_mean_request.replicas"), value=found / replicas, unit="1", kind="modelled",
        note=N_("replicas that keep the promise when the service is simulated, over those of the mean request"),
        label=labels(N_("Simulated over mean request: replicas")),
    )  # fmt: skip
    return Simulated(made, ratio)


def _ratio(key: str, value: float, label: str) -> Figure:
    return leaf(
        key_of_part(key), low=value * (1 - SLICE_ERROR), mode=value, high=value * (1 + SLICE_ERROR), unit="1", kind="modelled",
        note=N_("the same service simulated, over the price of its mean request; the range is what a slice of the fleet misses"),
        label=labels(label),
    )  # fmt: skip


def waiting_share(closed: Figure, simulated: float) -> Figure:
    """Share of the time in which replicas wait: of the closed form, moved to what was simulated. [1]"""
    base = closed.p50
    if base > 0.02 and simulated > 0:
        return closed * leaf(
            key_of_part("simulated_over_mean_request.waiting"), value=simulated / base, unit="1", kind="modelled",
            note=N_("share of the time in which replicas wait, simulated over closed form"),
            label=labels(N_("Simulated over mean request: waiting")),
        )  # fmt: skip
    return leaf(
        key_of_part("simulated_waiting"), value=simulated, unit="1", kind="modelled",
        note=N_("share of the time in which replicas wait, simulated"),
        label=labels(N_("Share of the time in which replicas wait")),
    )  # fmt: skip
