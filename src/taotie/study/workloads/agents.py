"""What is asked by sessions of agents? Turns, calls of tools after each, and long contexts that are mostly in a cache."""

from __future__ import annotations

from taotie.quantity.figure import Figure, exact
from taotie.study.asked import Asked, asked_of_means, usual
from taotie.study.steps.step import step
from taotie.study.steps.walk import Walk
from taotie.words.language import N_

__all__ = ["asked_of_agents", "of_a_session"]


@step("asked", kinds=("agents",), name="asked_of_agents")
def asked_of_agents(walk: Walk) -> Asked:
    """Calls of the model a day: sessions, times turns, times one call and one more after each tool."""
    with walk.at("workload"):

        def chosen(name: str, reason: str) -> Figure:
            return walk.figure(f"workload.{name}", lambda: usual("agents", name), reason)

        turns = chosen("turns_per_session", N_("what a user asks in a session: 1 to 20 times"))
        tools = chosen(
            "tool_calls_per_turn", N_("2 to 40 calls of tools a turn, each followed by the model")
        )
        calls = walk.keep(
            "calls_per_session",
            turns * (exact(1.0, "1", "first_call") + tools) * exact(1.0, "request", "one_call"),
            N_("Calls of the model in a session"),
        )
        per_day = walk.per_day
        if per_day is None:
            sessions = chosen(
                "sessions_per_day", N_("ten thousand a day, to be multiplied in the head")
            )
            per_day = (sessions * calls).to("request/d")
        context = chosen(
            "prompt_tokens", N_("context of a call: files, outputs of tools and all that was said")
        )
        output = chosen("output_tokens", N_("what the model writes in a call"))
        cached = walk.keep(
            "cached_share",
            chosen("cached_share", N_("0.65 to 0.99 of the context was read before and is cached")),
            N_("Share of the prompt that is cached"),
        )
        return asked_of_means(walk, per_day, prompt=context, output=output, cached=cached)


@step("session", kinds=("agents",))
def of_a_session(walk: Walk, flows: object) -> Figure:
    """Energy of a whole session at the building's meter. [Wh]"""
    return walk.keep(
        "energy_per_session",
        walk.figures["energy_per_request"] * walk.figures["calls_per_session"],
        N_("Energy of a session"),
    )
