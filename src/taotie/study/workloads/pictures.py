"""What does a service of pictures draw? One picture as `taotie generate` has it, on whole machines over the day."""

from __future__ import annotations

from taotie.compute.energy.item_energy import generation_model
from taotie.errors import RangeError
from taotie.quantity.profile import Profile
from taotie.study.item_service import item_service, items_together, machines_of_an_item
from taotie.study.one_item import generation_parts
from taotie.study.service_machines import ChatService
from taotie.study.steps.step import step
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _

__all__ = ["FILM", "PICTURE", "made_items", "pictures"]

PICTURE = {"height": 1024.0, "width": 1024.0, "steps": 28.0}
FILM = {"height": 480.0, "width": 832.0, "steps": 50.0, "frames": 81.0}


@step("service", "it_load", kinds=("picture",))
def pictures(walk: Walk) -> tuple[ChatService, Profile]:
    """Pictures on whole machines.

    Raises
    ------
    StudyError
        If a name is not known or a value impossible.
    """
    return made_items(
        walk,
        PICTURE,
        "flux.1-dev",
        N_("a picture model of usual size whose weights are published"),
        N_("usual of a picture"),
    )


def made_items(
    walk: Walk, usual: dict[str, float], model: str, why_model: str, why: str
) -> tuple[ChatService, Profile]:
    """Pictures or films by their shape, where the study is silent that of `usual`.

    Raises
    ------
    StudyError
        If a name is not known or a value impossible.
    """
    given = walk.study.workload
    with walk.at("workload"):
        shape = {
            key: float(walk.choice(f"workload.{key}", getattr(given, key), value, why))
            for key, value in usual.items()
        }
    with walk.at("compute"):
        name = walk.choice("compute.model", walk.study.compute.model, model, why_model)
        film = "frames" in usual
        if generation_model(name, film).frames_per_token > 1 and not film:
            raise RangeError(_("{model} makes films.").format(model=name), 'kind = "film"')
        runtime = walk.choice(
            "compute.runtime",
            walk.study.compute.runtime,
            "xdit-0.4",
            N_("the newest that was measured"),
        )
        chip, n = machines_of_an_item(
            walk, "h100-sxm", N_("the accelerator most delivered in 2023 and 2024")
        )
        parts = generation_parts(
            model=name, accelerator=chip, batch=items_together(walk), accelerators=n,
            runtime=_runtime(runtime), **shape,
        )  # fmt: skip
    return item_service(walk, parts, n)


def _runtime(name: str) -> str:
    known = ("xdit-0.4", "diffusers-2024")
    if name not in known:
        raise RangeError(
            _("runtime={name} makes no pictures.").format(name=repr(name)), 'runtime = "xdit-0.4"'
        )
    return name
