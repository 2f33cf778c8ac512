"""What does an energy label say of a request, and does one hold? [Wh/request, gCO2e/request]"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from taotie import __version__
from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import answers_with
from taotie.errors import DataError, RangeError, TaotieError
from taotie.files.read import of_others, read_json
from taotie.grid.emissions import intensity as intensity_of
from taotie.policy.energy_label import SCHEMA, LabelInputs, differences, hash_of, inputs_of
from taotie.quantity.record import sources_of
from taotie.quantity.sampling import sampling
from taotie.study.one_request import one_request
from taotie.words.language import N_, _
from taotie.words.said import Said, labels

__all__ = ["check_label", "energy_label"]

KEYS = ("energy_per_request_accelerator", "energy_per_request_server", "energy_per_request")
MAX_BYTES = 5_000_000


def _label(inputs: LabelInputs) -> tuple[dict[str, Any], Any]:
    """The whole label from its inputs, and the request behind it."""
    if not 100 <= inputs.samples <= 1_000_000:
        raise RangeError(_("samples={n} is outside 100 to 1000000.").format(n=inputs.samples))
    with sampling(inputs.samples, inputs.seed):
        found = one_request(
            model=inputs.model, tokens_in=inputs.tokens_in, tokens_out=inputs.tokens_out, accelerator=inputs.accelerator,
            accelerators_per_replica=inputs.accelerators, batch=inputs.batch, precision=inputs.precision, runtime=inputs.runtime,
            pue=inputs.pue,
        )  # fmt: skip
        grid = intensity_of(inputs.region)
        facility = found.figures["energy_per_request"]
        emissions = (facility * grid.average).to("gCO2e/request")
        emissions = emissions.named("emissions", **labels(N_("CO2 of one request, average grid")))
        figures = {k: found.figures[k].to("Wh/request") for k in KEYS}
    energy = {k: _interval(f.samples, "Wh/request", str(f.boundary)) for k, f in figures.items()}
    used = sources_of([*figures.values(), emissions])
    label: dict[str, Any] = {
        "schema": SCHEMA,
        "taotie": __version__,
        "boundary": "facility",
        "task": f"chat, {inputs.tokens_in:g} tokens in, {inputs.tokens_out:g} out",
        "chip": f"{inputs.accelerators} x {inputs.accelerator}",
        "batch_law": "lognormal, 90 % within 4 to 128" if inputs.batch is None else f"fixed, {inputs.batch:g}",
        "pue": "range of a data centre built for AI" if inputs.pue is None else f"{inputs.pue:g}",
        "grid": {"region": inputs.region, "of": grid.of, "year": grid.year, "basis": grid.average_basis, "g_per_kwh": grid.average.p50, "method": "location, yearly average"},
        "interval": "80 %",
        "inputs": asdict(inputs),
        "energy": energy,
        "emissions": _interval(emissions.samples, "gCO2e/request", "facility"),
        "sources": sorted(used),
    }  # fmt: skip
    label["sha256"] = hash_of(label)
    return label, {**figures, "emissions": emissions}


def _interval(samples: Any, unit: str, boundary: str) -> dict[str, Any]:
    """10, 50 and 90 % points."""
    low, middle, high = (float(v) for v in np.percentile(np.atleast_1d(samples), [10, 50, 90]))
    return {"p10": low, "p50": middle, "p90": high, "unit": unit, "boundary": boundary}


@answers_with("label")
def energy_label(
    model: str = "llama-3.1-70b",
    tokens_in: float = 300,
    tokens_out: float = 500,
    accelerator: str = "h100-sxm",
    accelerators: int | None = None,
    batch: float | None = None,
    precision: str = "bf16",
    runtime: str = "vllm-0.11",
    pue: float | None = None,
    region: str = "WORLD",
    seed: int = 0,
    samples: int = 10_000,
) -> Answer:
    """A label of one request.

    Raises
    ------
    TaotieError
        If a name is not known or a value impossible.
    """
    from taotie.compute.energy.model_architecture import model_architecture
    from taotie.compute.energy.serving_setup import smallest_replica
    from taotie.hardware.accelerator import accelerator as accelerator_named

    accelerator, _colon, count = accelerator.partition(":")
    if count:
        if not count.isdigit():
            raise RangeError(_("--on {text} does not end in a number of accelerators.").format(text=f"{accelerator}:{count}"), "--on h100-sxm:8")  # fmt: skip
        accelerators = int(count)
    chip = accelerator_named(accelerator)
    n = accelerators
    if n is None:
        n = smallest_replica(model_architecture(model), chip, precision, max(8192.0, tokens_in + tokens_out))  # fmt: skip
    inputs = LabelInputs(
        model, float(tokens_in), float(tokens_out), chip.name, int(n), None if batch is None else float(batch), precision, runtime,
        None if pue is None else float(pue), region, int(seed), int(samples),
    )  # fmt: skip
    label, figures = _label(inputs)
    return Answer(
        ask="label",
        settings=asdict(inputs),
        figures=figures,
        limits=(Said("label_model", N_("The energy is that of the model of taotie, not of a meter.")),),
        own={"label": label},
        show=("energy_per_request", "energy_per_request_server", "energy_per_request_accelerator", "emissions"),
        detail=label,
    )  # fmt: skip


@answers_with("check-label")
@of_others(DataError)
def check_label(path: str | Path) -> Answer:
    """Whether a label holds: computed again from what it states.

    Raises
    ------
    DataError
        If the file is no label.
    """
    place = Path(path)
    content = read_json(place, MAX_BYTES)
    inputs = inputs_of(content, place.name)
    try:
        computed, _figures = _label(inputs)
    except TaotieError as error:  # nothing can follow from inputs that are impossible
        found = [{"where": "inputs", "stated": asdict(inputs), "computed": error.message}]
        other = content.get("taotie") != __version__
        return _verdict(place.name, None if other else False, found, ())
    other_version = content.get("taotie") != __version__
    if other_version:  # what that version would have hashed cannot be known
        found = [
            d for d in differences(content, computed) if d["where"] not in ("taotie", "sha256")
        ]
        own_hash = hash_of(content)
        if content.get("sha256") != own_hash:
            found.append({"where": "sha256", "stated": content.get("sha256"), "computed": own_hash})
            other_version = False  # the label contradicts itself, whatever the version
    else:
        found = differences(content, computed)
    holds: bool | None = not found
    said = []
    if other_version:
        holds = True if not found else None
        said.append(
            Said("other_version", N_("the label is of taotie {a}, this is {b}: differences are shown, nothing is refuted"), {"a": str(content.get("taotie")), "b": __version__})
        )  # fmt: skip
    return _verdict(place.name, holds, found, tuple(said))


def _verdict(
    name: str, holds: bool | None, found: list[dict[str, Any]], said: tuple[Said, ...]
) -> Answer:
    columns = (
        Column("where", "", N_("where")), Column("stated", "", N_("stated")), Column("computed", "", N_("computed")),
    )  # fmt: skip
    rows = tuple((d["where"], _cell(d["stated"]), _cell(d["computed"])) for d in found)
    return Answer(
        ask="check-label",
        settings={"file": name},
        tables={"differences": Table(columns, rows, N_("Differences"))},
        said=said,
        own={"holds": holds, "differences": found},
    )


def _cell(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
