"""What is asked of a search that answers? A model reads the pages found and writes a short answer."""

from __future__ import annotations

from taotie.study.asked import Asked, asked_of_means, requests_per_day, usual
from taotie.study.steps.step import step
from taotie.study.steps.walk import Walk
from taotie.words.language import N_

__all__ = ["asked_of_search"]


@step("asked", kinds=("search",), name="asked_of_search")
def asked_of_search(walk: Walk) -> Asked:
    """Searches a day, pages read and answers written."""
    with walk.at("workload"):
        per_day = requests_per_day(walk)
        prompt = walk.figure(
            "workload.prompt_tokens",
            lambda: usual("search", "prompt_tokens"),
            N_("the question and the pages found: 2000 to 12000 tokens"),
        )
        output = walk.figure(
            "workload.output_tokens",
            lambda: usual("search", "output_tokens"),
            N_("a short answer with its sources"),
        )
        walk.note(
            "index_left_out",
            N_("Finding the pages in the index is not in it: Google told 0.3 Wh of a search without an answer in 2009."),
        )  # fmt: skip
        return asked_of_means(walk, per_day, prompt=prompt, output=output)
