"""What is a request's energy made of? Prefill, decode, host and waiting, each a figure down to its sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from taotie.compute.energy.energy_per_request import IDLE_TDP_SHARE, model_error
from taotie.compute.energy.model_shape import ModelArchitecture
from taotie.compute.energy.roofline import COLUMNS
from taotie.compute.energy.service_energy import MeanRequest, mean_request
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.hardware.accelerator import Accelerator
from taotie.hardware.server import host_draw
from taotie.quantity.catalog import figure
from taotie.quantity.figure import Figure, exact, leaf
from taotie.words.language import N_
from taotie.words.said import Said

HARDWARE_OF_WRITERS = Said(
    "hardware_of_writers",
    N_("the hardware of those that read is counted as that of those that write."),
    {},
)


def two_pools(reader: ServingSetup) -> Said:
    """That prompts are read on machines of their own, and what is not counted of it."""
    return Said(
        "two_pools",
        N_(
            "{n} {chip} read the prompts, apart from those that write: each pool is counted while it works, moving the cache between them is not."
        ),
        {"n": reader.accelerators_per_replica, "chip": reader.accelerator.label},
    )


@dataclass(frozen=True)
class Lengths:
    """Means of what requests read and write, see `mean_request`."""

    prompt: Figure
    output: Figure
    context: Figure
    spread: Figure


@dataclass(frozen=True)
class RequestParts:
    """Energy of the mean request; the first two at the accelerator, the others at the server."""

    prefill: Figure
    decode: Figure
    host: Figure
    idle: Figure
    replica_s: Figure
    reader_s: Figure | None = None
    """Time a replica that only reads prompts is held, where there is one. [s/request]"""

    @property
    def accelerator(self) -> Figure:
        """Accelerators alone. [Wh/request]"""
        return self.prefill + self.decode


def request_parts(
    setup: ServingSetup,
    lengths: Lengths,
    batch: Figure,
    busy_share: Figure,
    prefix_hit: Figure | float = 0.0,
    own: Figure | None = None,
    reader: ServingSetup | None = None,
) -> RequestParts:
    """Energy of the mean request of a service, with the range by which the model misses.

    `own` is measured over predicted energy of one's own machine; it stands instead of that range, and says nothing of
    readers on another chip.
    With `reader` its replicas read the prompts and those of `setup` only write (disaggregated).
    What is not known of the batch is in the range of `batch`; the error of the model is that of predictions
    with a known batch, or it would be counted twice.
    """
    mean = mean_figures(
        setup, lengths, batch, busy_share, prefix_hit, "both" if reader is None else "write"
    )
    kind = "" if reader is None else setup.kind.replace("aggregated", "disaggregated")
    miss = own if own is not None else model_error(setup, batch.p50, known_batch=True, kind=kind)
    if own is None and setup.model.doubt:
        miss = miss * shape_error(setup.model)
    host_miss = leaf(
        "host_draw.error", low=0.7, high=1.4, spread="lognormal", unit="1", kind="assumed",
        note=N_("host draw is hardly ever published; two measured servers differ by a third"),
        label={"en": "True over modelled host draw", "zh": "主机功耗真实值与模型值之比"},
    )  # fmt: skip
    if reader is not None:
        apart = mean_figures(reader, lengths, batch, busy_share, prefix_hit, "read")
        if own is not None and reader.accelerator.name == setup.accelerator.name:
            read_miss = own
        else:
            read_miss = model_error(reader, 1.0, known_batch=True, kind=kind)
            if reader.model.doubt:
                read_miss = read_miss * shape_error(reader.model)
        return RequestParts(
            prefill=apart.prefill_wh * read_miss,
            decode=mean.decode_wh * miss,
            host=(mean.host_wh + apart.host_wh) * host_miss,
            idle=(mean.idle_wh + apart.idle_wh) * host_miss,
            replica_s=mean.replica_s,
            reader_s=apart.replica_s,
        )
    return RequestParts(
        prefill=mean.prefill_wh * miss,
        decode=mean.decode_wh * miss,
        host=mean.host_wh * host_miss,
        idle=mean.idle_wh * host_miss,
        replica_s=mean.replica_s,
    )


def shape_error(model: ModelArchitecture) -> Figure:
    """Range that comes from a model whose shape is not wholly known. [1]"""
    return leaf(
        "model_shape.error", low=1.0 / (1.0 + model.doubt), high=1.0 + model.doubt, spread="lognormal", unit="1",
        kind="assumed", note=N_("the model's shape is guessed, or its file was not wholly understood"),
        label={"en": "True over assumed shape of the model", "zh": "模型真实结构与假定结构之比"},
    )  # fmt: skip


def idle_power(setup: ServingSetup) -> Figure:
    """Draw of a replica that waits: its accelerators and their share of the host. [W]"""
    return idle_draw(setup.accelerator, setup.accelerators_per_replica)


def idle_draw(chip: Accelerator, accelerators: int) -> Figure:
    """Draw of so many accelerators that wait, with their share of the host. [W]"""
    host = host_draw(chip)
    each = exact(float(host.accelerators), "1", "accelerators_per_server")
    if chip.idle_power_w is not None:
        own = figure(f"accelerators/{chip.name}/idle_power")
    else:
        own = figure(f"accelerators/{chip.name}/tdp") * exact(IDLE_TDP_SHARE, "1", "idle_over_tdp")
    n = exact(float(accelerators), "1", "accelerators_of_a_replica")
    return ((own + host.idle / each) * n).to("W")


def mean_figures(
    setup: ServingSetup,
    lengths: Lengths,
    batch: Figure,
    busy_share: Figure,
    prefix_hit: Figure | float = 0.0,
    pool: str = "both",
) -> MeanRequest:
    """The energy model's central values, as figures of data sheet and lengths."""
    chip = setup.accelerator.name
    host = host_draw(setup.accelerator)
    each = exact(float(host.accelerators), "1", "accelerators_per_server")
    bits = setup.row[COLUMNS.index("dense_bits")]
    peak = {8.0: "peak_fp8", 4.0: "peak_fp4"}.get(float(bits), "peak_bf16")
    return mean_request(
        lengths.prompt,
        lengths.output,
        lengths.context,
        lengths.spread,
        batch,
        busy_share,
        figure(f"accelerators/{chip}/tdp"),
        figure(f"accelerators/{chip}/bandwidth"),
        figure(f"accelerators/{chip}/{peak}"),
        host.idle / each,
        host.most / each,
        model=setup.model.reference or setup.model.name,
        accelerator=chip,
        accelerators_per_replica=setup.accelerators_per_replica,
        precision=setup.precision,
        runtime=setup.runtime,
        **_divided(setup, prefix_hit, pool),
    )


def _divided(setup: ServingSetup, prefix_hit: Figure | float, pool: str) -> dict[str, Any]:
    """What of a set-up is not as usual, the cached share and the part of the work."""
    found = setup.unusual() | ({} if pool == "both" else {"pool": pool})
    if isinstance(prefix_hit, Figure):
        found["prefix_hit"] = prefix_hit
    elif prefix_hit != 0.0:
        found["prefix_hit"] = exact(float(prefix_hit), "1", "prefix_hit")
    return found
