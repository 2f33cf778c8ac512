"""How much does one picture, film or embedding take? The chain for a single item, from the accelerators to the meter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from taotie.compute.energy.item_energy import (
    ItemEnergy,
    encoded_input,
    generated_item,
    generation_model,
    item_error,
)
from taotie.facility.pue import checked_pue, published_pue
from taotie.hardware.accelerator import accelerator as accelerator_named
from taotie.hardware.server import host_draw, machine_notes
from taotie.quantity.catalog import figure
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.sensitivity import Drivers
from taotie.study.footprint import At, request_footprint
from taotie.words.language import N_
from taotie.words.said import Said, labels, spoken_range

__all__ = ["ItemParts", "OneItem", "embedding_parts", "generation_parts", "one_embedding", "one_generation"]  # fmt: skip


@dataclass(frozen=True)
class OneItem:
    """Energy of one item, its parts, where its range comes from, what must be said."""

    figures: Mapping[str, Figure]
    drivers: Drivers
    said: tuple[Said, ...]


def one_generation(
    *,
    pue: float | None = None,
    at: At | None = None,
    **item: Any,
) -> OneItem:
    """Energy of one picture or film at the building's meter; `item` as in `generation_parts`.

    Raises
    ------
    RangeError, UnknownNameError
        If a value is impossible or a name unknown.
    """
    whole = N_("Energy of one film") if item.get("frames", 1.0) > 1 else N_("Energy of one picture")
    return _chain(generation_parts(**item), whole, pue, at)


def one_embedding(*, pue: float | None = None, at: At | None = None, **item: Any) -> OneItem:
    """Energy of one embedding or classification at the building's meter; `item` as in `embedding_parts`.

    Raises
    ------
    RangeError, UnknownNameError
        If a value is impossible or a name unknown.
    """
    return _chain(embedding_parts(**item), N_("Energy of one input"), pue, at)


@dataclass(frozen=True)
class ItemParts:
    """One item on its machines, with the range by which the model misses.

    Attributes
    ----------
    accelerator, host : Figure
        [Wh/request]
    held : Figure
        Accelerators times the time it holds them. [accelerator s/request]
    chip : str
    said : tuple of Said
        What was never measured.
    """

    accelerator: Figure
    host: Figure
    held: Figure
    chip: str
    said: tuple[Said, ...]


def generation_parts(
    *,
    model: str,
    accelerator: str,
    height: float,
    width: float,
    steps: float,
    frames: float = 1.0,
    batch: float = 1.0,
    accelerators: int = 1,
    runtime: str = "xdit-0.4",
) -> ItemParts:
    """One picture or film on its machines; parameters as in `generated_item`.

    Raises
    ------
    RangeError, UnknownNameError
        If a value is impossible or a name unknown.
    """
    kind = "video" if frames > 1 else "image"
    known = generation_model(model, frames > 1)
    miss, said = item_error(kind, accelerator, runtime=runtime, model=known)
    chip = accelerator_named(accelerator)
    host = host_draw(chip)
    each = exact(float(host.accelerators), "1", "accelerators_per_server")
    made = generated_item(
        figure(f"accelerators/{chip.name}/tdp"),
        figure(f"accelerators/{chip.name}/bandwidth"),
        figure(f"accelerators/{chip.name}/peak_bf16"),
        host.idle / each,
        host.most / each,
        model=model, accelerator=chip.name, height=height, width=width, steps=steps, frames=frames,
        batch=batch, accelerators=accelerators, runtime=runtime,
    )  # fmt: skip
    return _on_machines(made, miss, chip.name, said)


def embedding_parts(
    *,
    accelerator: str,
    params: float,
    layers: float,
    tokens: float,
    batch: float = 1.0,
) -> ItemParts:
    """One embedding or classification on its machine; parameters as in `encoded_input`.

    Raises
    ------
    RangeError, UnknownNameError
        If a value is impossible or a name unknown.
    """
    chip = accelerator_named(accelerator)
    miss, said = item_error("embedding", chip.name, batch=batch)
    host = host_draw(chip)
    each = exact(float(host.accelerators), "1", "accelerators_per_server")
    made = encoded_input(
        figure(f"accelerators/{chip.name}/tdp"),
        figure(f"accelerators/{chip.name}/peak_bf16"),
        host.idle / each,
        host.most / each,
        accelerator=chip.name, params=params, layers=layers, tokens=tokens, batch=batch,
    )  # fmt: skip
    return _on_machines(made, miss, chip.name, said)


def _on_machines(made: ItemEnergy, miss: Figure, chip: str, said: list[Said]) -> ItemParts:
    host_miss = leaf(
        "host_draw.error", low=0.7, high=1.4, spread="lognormal", unit="1", kind="assumed",
        note=N_("host draw is hardly ever published; two measured servers differ by a third"),
        label={"en": "True over modelled host draw", "zh": "主机功耗真实值与模型值之比"},
    )  # fmt: skip
    return ItemParts(
        made.accelerator_wh * miss, made.host_wh * host_miss, made.accelerator_s * miss, chip,
        (*machine_notes(accelerator_named(chip)), *said),
    )  # fmt: skip


def _chain(made: ItemParts, whole: str, pue: float | None, at: At | None) -> OneItem:
    """From the accelerators to the building's meter, and what it leaves behind at a place."""
    said = list(made.said)
    published = at.place.pue if at is not None else None
    if pue is not None:
        checked_pue(pue)
        building = leaf("pue", value=float(pue), unit="1", kind="assumed", note=N_("given by the user"), label={"en": "PUE", "zh": "PUE"})  # fmt: skip
    elif published is not None:
        building = published.figure.named("pue", en="PUE of the cloud region", zh="云区域的PUE")
        said.append(Said("default.pue", N_("default: {key} = {value}: {why}"), {"key": "pue", "value": f"{building.p50:.4g}", "why": Said("why", N_("the operator's figure for the region"))}))  # fmt: skip
    else:
        building = published_pue()
        why = N_(
            "the range we assume for a data centre built for AI; published values run from 1.08 to 1.58"
        )
        said.append(Said("default.pue", N_("default: {key} = {value}: {why}"), {"key": "pue", "value": spoken_range("1.1 to 1.3"), "why": Said("why", why)}))  # fmt: skip
    alone, host = made.accelerator, made.host
    server = alone.joined("server", host)
    facility = server.at_boundary("facility", building)
    figures = {
        key: f.named(key, **labels(label))
        for key, (f, label) in {
            "energy_per_request_accelerator": (alone, N_("Accelerators alone")),
            "energy_host": (host, N_("Host: processors, memory, fans, network")),
            "energy_per_request_server": (server, N_("Energy at the server's plug")),
            "energy_cooling": (facility.beyond(server), N_("Cooling and conversion")),
            "energy_per_request": (facility, whole),
        }.items()
    }
    seconds = made.held.named("accelerator_time", **labels(N_("Accelerators times the time a request holds them")))  # fmt: skip
    notes = said
    if at is not None:
        left, where = request_footprint(at, facility, server, made.chip, seconds)
        figures |= left
        notes += where
    figures["accelerator_time"] = seconds
    return OneItem(figures, figures["energy_per_request"].drivers(), tuple(notes))
