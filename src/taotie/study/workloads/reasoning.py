"""What is asked of a model that thinks before it answers? Tokens of thought come on top of those it shows."""

from __future__ import annotations

from taotie.errors import RangeError
from taotie.quantity.figure import exact
from taotie.study.asked import Asked, asked_of_means, requests_per_day, usual
from taotie.study.steps.step import step
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _
from taotie.workload.chat import chat_lengths

__all__ = ["asked_of_thought"]


@step("asked", kinds=("reasoning",), name="asked_of_thought")
def asked_of_thought(walk: Walk) -> Asked:
    """Requests a day and their lengths, thought included.

    Raises
    ------
    StudyError
        If thought is given twice.
    """
    with walk.at("workload"):
        per_day = requests_per_day(walk)
        given = walk.file.given("workload.thought_tokens")
        times = walk.file.given("workload.thought_multiplier")
        if given is not None and times is not None:
            raise RangeError(
                _("thought_tokens and thought_multiplier are both given."),
                _("give the tokens of thought, or how many times what is shown is written"),
            )
        shown = walk.file.given("workload.output_tokens") or exact(
            round(chat_lengths().moments.mean_output, 1), "token/request", "shown_of_chat"
        )
        if given is None:
            times = times or walk.figure(
                "workload.thought_multiplier",
                lambda: usual("reasoning", "thought_multiplier"),
                N_("a reasoning model writes 1.5 to 20 times what it shows"),
            )
            given = shown * (times - exact(1.0, "1", "shown_once"))
        walk.keep("shown_tokens", shown, N_("Mean answer that is shown"))
        thought = walk.keep("thought_tokens", given, N_("Mean tokens of thought"))
        return asked_of_means(walk, per_day, output=shown + thought)
