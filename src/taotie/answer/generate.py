"""How much does one generated picture or film take? The ask behind `taotie generate`. [Wh/request]"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from taotie.answer.answer import Answer, Column, Name, Table
from taotie.answer.asking import Chosen, answers, default_said
from taotie.answer.whereabouts import at_of
from taotie.compute.energy.generation import DiffusionModel
from taotie.compute.energy.item_energy import checked_parallel, generation_model
from taotie.hardware.machines import machines
from taotie.words.language import N_
from taotie.words.said import Said

__all__ = ["generate"]

PICTURE = {"height": 1024.0, "width": 1024.0, "steps": 28.0, "frames": 1.0}
FILM = {"height": 480.0, "width": 832.0, "steps": 50.0, "frames": 81.0}
FILM_MODEL = "wan2.1-t2v-14b"
"""Taken where frames are asked for and no model is named: the default makes pictures."""
_FRAMES_A_SECOND = 16.0


@answers("generate")
def generate(chosen: Chosen) -> Answer:
    """Energy of one picture or film, part by part, from the accelerators to the building's meter.

    Raises
    ------
    UnknownNameError, RangeError
        If a name is not known, or a value is impossible.

    Examples
    --------
    >>> made = generate("stable-diffusion-3-medium", steps=28, on="h100-sxm", samples=200)
    >>> made.figures["energy_per_request"].boundary
    'facility'
    """
    from taotie.study.one_item import one_generation

    chip, count = machines(chosen.on)
    n = checked_parallel(1 if count is None else count)
    told = []
    if "model" not in chosen.given and chosen.frames is not None and float(chosen.frames) > 1:
        chosen = replace(chosen, values={**chosen.values, "model": FILM_MODEL}, given=chosen.given | {"model"})  # fmt: skip
        told.append(default_said("model", FILM_MODEL, N_("a film model whose weights are published and whose energy was measured")))  # fmt: skip
    film = _is_film(generation_model(chosen.model), chosen.frames)
    usual = FILM if film else PICTURE
    shape = {k: float(getattr(chosen, k)) if getattr(chosen, k) is not None else v for k, v in usual.items()}  # fmt: skip
    why = N_("usual of a film of five seconds") if film else N_("usual of a picture")
    said = [
        default_said(key, f"{value:g}", why)
        for key, value in usual.items()
        if getattr(chosen, key) is None and not (key == "frames" and not film)
    ]
    known = generation_model(chosen.model, film)
    used = N_("model: {name}, {size} parameters in its denoiser; {tokens} tokens of {pixels} x {pixels} pixels a pass.")  # fmt: skip
    one = one_generation(
        model=chosen.model, accelerator=chip, batch=float(chosen.batch), accelerators=n, runtime=chosen.runtime,
        pue=chosen.pue, at=at_of(chosen), **shape,
    )  # fmt: skip
    if film and not known.typical and not _is_film(known, None):
        told.append(Said("pictures_only", N_("{name} makes pictures: its film is counted as if its denoiser took all frames in one pass."), {"name": known.name}))  # fmt: skip
    tokens = float(known.tokens(shape["height"], shape["width"], shape["frames"]))
    values = {"name": known.name, "size": _size(known), "tokens": f"{tokens:.0f}", "pixels": str(known.pixels_per_token)}  # fmt: skip
    return item_answer("generate", chosen, one, (Said("model_used", used, values), *said, *told))


def _is_film(known: DiffusionModel, frames: Any) -> bool:
    if frames is not None:
        return float(frames) > 1
    return known.frames_per_token > 1 or any(w in known.name for w in ("video", "t2v", "i2v"))


def _size(known: DiffusionModel) -> str:
    size = known.token_params or known.total_params
    return f"{size / 1e9:.3g}B" if size else "?"


def item_answer(name: str, chosen: Chosen, one: Any, said: tuple[Said, ...]) -> Answer:
    """The answer about one item: its figures, what its range hangs on, what was taken for granted."""
    drivers = Table(
        (
            Column("leaf", "", N_("its key")),
            Column("name", "", N_("source of uncertainty")),
            Column("share", "%", N_("share of the spread"), digits=2),
        ),
        tuple(
            (d.leaf.key, Name(d.leaf.name, d.leaf.label), 100 * d.share) for d in one.drivers.rows
        ),
        N_("What would narrow the range most:"),
    )
    return Answer(
        name,
        chosen.values,
        one.figures,
        tables={"drivers": drivers},
        said=(*said, *one.said, *chosen.defaults()),
        show=tuple(dict.fromkeys(("energy_per_request", *one.figures))),
        detail=one,
    )
