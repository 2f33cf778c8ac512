"""What does a service of embeddings draw? One input as `taotie embed` has it, on whole machines over the day."""

from __future__ import annotations

from taotie.errors import RangeError
from taotie.quantity.profile import Profile
from taotie.study.item_service import item_service, items_together, machines_of_an_item
from taotie.study.one_item import embedding_parts
from taotie.study.service_machines import ChatService
from taotie.study.steps.step import step
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _

__all__ = ["embeddings"]

USUAL = {
    "encoder_parameters": (85e6, N_("a BERT of usual size")),
    "encoder_layers": (12.0, N_("a BERT of usual size")),
    "input_tokens": (128.0, N_("a paragraph")),
}


@step("service", "it_load", kinds=("embedding",))
def embeddings(walk: Walk) -> tuple[ChatService, Profile]:
    """Inputs of an encoder on whole machines.

    Raises
    ------
    StudyError
        If a name is not known or a value impossible.
    """
    given = walk.study.workload
    with walk.at("workload"):
        params, layers, tokens = (
            float(walk.choice(f"workload.{key}", getattr(given, key), value, why))
            for key, (value, why) in USUAL.items()
        )
    with walk.at("compute"):
        chip, n = machines_of_an_item(walk, "a100", N_("the chip encoders were measured on"))
        if n != 1:
            raise RangeError(
                _("an encoder runs on one accelerator, not on {count}.").format(count=n),
                "accelerators_per_replica = 1",
            )
        parts = embedding_parts(
            accelerator=chip,
            params=params,
            layers=layers,
            tokens=tokens,
            batch=items_together(walk),
        )
    return item_service(walk, parts, 1)
