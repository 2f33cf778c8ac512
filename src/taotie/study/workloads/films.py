"""What does a service of films draw? One film as `taotie generate` has it, on whole machines over the day."""

from __future__ import annotations

from taotie.quantity.profile import Profile
from taotie.study.service_machines import ChatService
from taotie.study.steps.step import step
from taotie.study.steps.walk import Walk
from taotie.study.workloads.pictures import FILM, made_items
from taotie.words.language import N_

__all__ = ["films"]


@step("service", "it_load", kinds=("film",))
def films(walk: Walk) -> tuple[ChatService, Profile]:
    """Films on whole machines.

    Raises
    ------
    StudyError
        If a name is not known or a value impossible.
    """
    return made_items(
        walk,
        FILM,
        "wan2.1-t2v-14b",
        N_("a film model whose weights are published and whose energy was measured"),
        N_("usual of a film of five seconds"),
    )
