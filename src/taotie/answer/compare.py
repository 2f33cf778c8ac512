"""What would halve the energy of a request? The ask behind `taotie compare`. [Wh/request, 1]"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import Chosen, answers
from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.runtime_profile import runtime_profile
from taotie.errors import RangeError, TaotieError, UnknownNameError, nearest
from taotie.hardware.accelerator import accelerator
from taotie.hardware.machines import machines
from taotie.quantity.figure import Figure, leaf
from taotie.quantity.quantity_text import parse_quantity
from taotie.words.language import N_, _
from taotie.words.said import Said, labels

__all__ = ["compare"]

KNOWN = ("fp8", "int4", "mxfp4", "bf16", "batch=", "cached=", "draft=", "half-answer", "on=", "model=")  # fmt: skip
FORMATS = ("fp8", "int4", "mxfp4", "nvfp4", "bf16", "fp16", "int8")
ACCEPTANCE = 0.7
MOST_CHANGES = 20


@dataclass(frozen=True)
class _Change:
    """One change: how it was typed, what it says, which settings it replaces."""

    text: str
    label: Said
    settings: dict[str, Any] = field(default_factory=dict)


@answers("compare")
def compare(chosen: Chosen) -> Answer:
    """The same request, changed one thing at a time; the ratio keeps what both share, such as the building.

    Raises
    ------
    UnknownNameError, RangeError
        If a change is not known, or the request itself cannot be served.

    Examples
    --------
    >>> made = compare("llama-3.1-8b", changes="fp8,batch=64", samples=200)
    >>> sorted(row[0] for row in made.tables["changes"].rows)
    ['batch=64', 'fp8']
    """
    from taotie.study.one_request import one_request

    chip, count = machines(chosen.on)
    base: dict[str, Any] = {
        "model": chosen.model, "tokens_in": chosen.tokens_in, "tokens_out": chosen.tokens_out, "accelerator": chip,
        "accelerators_per_replica": count, "batch": chosen.batch, "precision": chosen.precision, "runtime": chosen.runtime,
        "pue": chosen.pue,
    }  # fmt: skip
    before = one_request(**base)
    figure = before.figures["energy_per_request"]
    asked = [_change(text, base) for text in chosen.changes]
    if len(asked) > MOST_CHANGES:
        raise RangeError(
            _("{n} changes are more than {most}.").format(n=len(asked), most=MOST_CHANGES)
        )
    every = asked or [one for text in _usual(base) if (one := _change(text, base)) is not None]
    rows: list[tuple[Any, ...]] = []
    said = [*before.said, *chosen.defaults()]
    told = {one.code for one in said}
    for change in every:
        try:
            after = one_request(**{**base, **change.settings})
        except TaotieError as error:
            if asked:
                raise
            said.append(Said("not_compared", N_("{change} was left out: {why}"), {"change": change.text, "why": error.message}))  # fmt: skip
            continue
        other = after.figures["energy_per_request"]
        ratio = other / figure * _apart(base, {**base, **change.settings})
        share = float(np.mean(ratio.samples <= 0.5)) if ratio.samples is not None else float(ratio.p50 <= 0.5)  # fmt: skip
        rows.append((change.text, change.label, other.to("Wh/request").p50, ratio.p05, ratio.p50, ratio.p95, 100 * share))  # fmt: skip
        for note in after.said:
            if note.code.startswith("not_measured") and note.code not in told:
                told.add(note.code)
                said.append(Said(note.code, N_("{change}: {what}"), {"change": change.text, "what": note}))  # fmt: skip
    table = Table(
        (
            Column("change", "", N_("as typed")),
            Column("says", "", N_("change")),
            Column("energy", "Wh/request", N_("energy of a request"), digits=2),
            Column("p05", "1", N_("ratio, 5 %"), digits=2),
            Column("p50", "1", N_("ratio, median"), digits=2),
            Column("p95", "1", N_("ratio, 95 %"), digits=2),
            Column("halves", "%", N_("chance that it halves"), digits=2),
        ),
        tuple(sorted(rows, key=lambda row: row[4])),
        N_("One change at a time, the largest saving first:"),
    )
    return Answer(
        "compare",
        chosen.values,
        {"energy_per_request": figure},
        tables={"changes": table},
        said=tuple(said),
        show=("energy_per_request",),
        limits=(
            Said("one_at_a_time", N_("changes are told one at a time: savings of two do not simply multiply")),
            Said("same_answer", N_("a smaller model or another format may answer differently: quality is not compared")),
        ),
    )  # fmt: skip


def _apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> Figure:
    """True over modelled ratio of two set-ups: the error they share has gone, the one of each has not. [1]

    Each misses by what its profile missed on families left out; of one model on one chip by what is left of that
    within a family (docs/concepts/accuracy.md).
    """
    own = any(one[name] != other[name] for name in ("model", "accelerator"))
    half = 1.645 * float(np.hypot(_miss(one, own), _miss(other, own)))
    return leaf(
        f"compare.error.{'own' if own else 'shared'}.{half:.4f}", low=float(np.exp(-half)), high=float(np.exp(half)), spread="lognormal", unit="1",
        kind="modelled", note=N_("spread of misses between families of models, or between set-ups of one model"),
        label=labels(N_("Error of the energy model that two set-ups do not share")),
    )  # fmt: skip


def _miss(settings: Mapping[str, Any], own: bool) -> float:
    """Spread of the logarithm by which the model misses a set-up: of any family, or within one. [1]"""
    profile = runtime_profile(settings["runtime"])
    chip = accelerator(settings["accelerator"])
    miss = profile.error_sigma(
        float(settings["batch"] or 16.0), chip.architecture, maker=chip.maker
    )
    return miss if own else miss * float(profile.error["seen_family_factor"]["energy"])


def _usual(base: dict[str, Any]) -> list[str]:
    """What most people could change."""
    batch = float(base["batch"] or 16.0)
    chips = [c for c in ("h200", "b200", "mi300x") if accelerator(c).name != accelerator(base["accelerator"]).name]  # fmt: skip
    smaller = "llama-3.1-8b"
    size = model_architecture(base["model"]).total_params
    return [
        "fp8", "int4", f"batch={min(4 * batch, 256):g}", "cached=0.5", "draft=3", "half-answer",
        *(f"on={c}" for c in chips),
        *([f"model={smaller}"] if size > 2 * model_architecture(smaller).total_params else []),
    ]  # fmt: skip


def _change(text: str, base: dict[str, Any]) -> _Change:
    """One typed change.

    Raises
    ------
    UnknownNameError, RangeError
        If it is not known.
    """
    name, sign, value = (part.strip() for part in text.partition("="))
    key = name.lower()
    if not sign and key in FORMATS:
        return _Change(text, Said("change", N_("weights in {format}"), {"format": key}), {"precision": key})  # fmt: skip
    if not sign and key == "half-answer":
        half = max(float(base["tokens_out"]) / 2, 1.0)
        return _Change(text, Said("change", N_("an answer half as long")), {"tokens_out": half})
    if key == "batch" and sign:
        size = parse_quantity(value, "1", low=1.0, high=1e6, name="batch")
        return _Change(text, Said("change", N_("{n} requests decoded together"), {"n": f"{size:g}"}), {"batch": size})  # fmt: skip
    if key == "cached" and sign:
        share = parse_quantity(value, "1", low=0.0, high=0.999999, name="cached")
        return _Change(text, Said("change", N_("{share} % of the prompt from a prefix cache"), {"share": f"{100 * share:g}"}), {"prefix_hit": share})  # fmt: skip
    if key == "draft" and sign:
        n = int(parse_quantity(value, "1", low=1.0, high=64.0, name="draft"))
        return _Change(
            text,
            Said("change", N_("{n} tokens drafted ahead, {share} % of them taken"), {"n": n, "share": f"{100 * ACCEPTANCE:g}"}),
            {"draft_tokens": n, "acceptance": ACCEPTANCE},
        )  # fmt: skip
    if key == "on" and sign:
        chip, count = machines(value)
        label = Said("change", N_("on {chip}"), {"chip": accelerator(chip).label})
        return _Change(text, label, {"accelerator": chip, "accelerators_per_replica": count})
    if key == "model" and sign:
        label = Said("change", N_("{model} instead"), {"model": model_architecture(value).name})
        return _Change(text, label, {"model": value, "accelerators_per_replica": None, "precision": None})  # fmt: skip
    raise UnknownNameError(
        _("{text} is no change that can be compared.").format(text=repr(text)),
        nearest(key, KNOWN) or ", ".join(KNOWN),
    )
