"""How were the built-in conversations fitted? `python -m taotie.workload.refit_conversation LOG` repeats it.

LOG is Mooncake's conversation trace. A request goes on from the latest earlier one whose last full prefix block it
repeats; so turns, times between them and new tokens are known, except what the ends of the hour cut off.
"""

from __future__ import annotations

import csv
import math
import sys
from typing import NamedTuple

import numpy as np

from taotie.workload.chat import TokenLengths
from taotie.workload.conversation import BLOCK_TOKENS
from taotie.workload.refit import fit_lengths
from taotie.workload.requests import Floats, Ints, Requests
from taotie.workload.trace import read_trace

__all__ = ["TurnsFound", "deviation_of_turns", "turns_found"]

CLUSTERS = 4
MEDIAN_TURNS = 1.5
"""A median of 2 turns is any median above 1 and up to 2 before rounding up: the middle is taken."""


class TurnsFound(NamedTuple):
    """What a log with prefix blocks says about conversations."""

    parent: Ints
    """Request each one goes on from; -1 for a first turn."""
    gap_s: Floats
    """From the turn before, of later turns. [s]"""
    new_first: Ints
    """Prompt tokens of first turns beyond what all share. [token]"""
    new_later: Ints
    """Prompt tokens of later turns beyond the turn before and its answer; below 1 where that was cut. [token]"""
    shared_blocks: int
    """Leading blocks that all requests have."""


def turns_found(requests: Requests) -> TurnsFound:
    """Which request goes on from which, by their prefix blocks.

    Parameters
    ----------
    requests : Requests
        With `hash_ids` of prompts alone, as Mooncake's.

    Returns
    -------
    found : TurnsFound
    """
    blocks = requests.hash_ids
    if blocks is None:
        raise ValueError("the log has no prefix blocks")
    rows = [blocks.of(i) for i in range(len(requests))]
    shared = 0
    while all(row.size > shared and row[shared] == rows[0][shared] for row in rows):
        shared += 1
    parent = np.full(len(requests), -1, dtype=np.int64)
    ends: dict[int, int] = {}
    for i, row in enumerate(rows):
        for block in row[shared:][::-1].tolist():
            if block in ends:
                parent[i] = ends[block]
                break
        full = int(requests.prompt_tokens[i]) // BLOCK_TOKENS
        if shared < full <= row.size:
            ends[int(row[full - 1])] = i
    later = np.flatnonzero(parent >= 0)
    before = parent[later]
    prompt, output = requests.prompt_tokens, requests.output_tokens
    return TurnsFound(
        parent=parent,
        gap_s=requests.t_s[later] - requests.t_s[before],
        new_first=prompt[parent < 0] - shared * BLOCK_TOKENS,
        new_later=prompt[later] - prompt[before] - output[before],
        shared_blocks=shared,
    )


def deviation_of_turns(mean_turns: float, most: int, median: float = MEDIAN_TURNS) -> float:
    """Deviation of the logarithm of turns that gives their mean, by halving. [1]

    Examples
    --------
    >>> round(deviation_of_turns(233_617 / 55_920, 200), 3)
    1.336
    """

    def mean(deviation: float) -> float:
        # the mean of ceil(x), up to `most`: how often x is above 0, 1, 2 ...
        steps = range(1, most)
        above = [0.5 * math.erfc(math.log(k / median) / deviation / math.sqrt(2)) for k in steps]
        return 1.0 + sum(above)

    low, high = 0.01, 5.0
    for _step in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if mean(middle) < mean_turns else (low, middle)
    return 0.5 * (low + high)


def fitted_rows(requests: Requests) -> list[list[str]]:
    """Rows of `data/tables/conversation_defaults.csv` that were fitted."""
    found = turns_found(requests)
    later = np.flatnonzero(found.parent >= 0)
    first = np.flatnonzero(found.parent < 0)
    source = ["modelled", "taotie_conversations2026"]
    where = f"fit to {len(requests)} requests of one hour"
    rows = []
    for which, new, who in (("first", found.new_first, first), ("later", found.new_later, later)):
        fit: TokenLengths = fit_lengths(
            np.maximum(new, 1), requests.output_tokens[who], CLUSTERS, 3
        )
        for k in range(fit.weight.size):
            for key, note in (
                ("weight", "share of turns in the cluster"),
                ("ln_prompt", "mean natural logarithm of the new tokens"),
                ("ln_output", "mean natural logarithm of the answer in tokens"),
                ("sd_prompt", "standard deviation of that logarithm"),
                ("sd_output", "standard deviation of that logarithm"),
                ("correlation", "of the two logarithms within the cluster"),
            ):
                value = f"{float(getattr(fit, key)[k]):.4f}"
                item = f"{which}_turn_cluster_{k + 1}"
                rows.append([item, key, value, "", "", "1", *source, where, "read", note])
        for key in ("max_prompt", "max_output"):
            value = f"{getattr(fit, key):.0f}"
            note = "longest in the log; lengths are cut off here"
            rows.append(
                [f"{which}_turn", key, value, "", "", "token", *source, where, "read", note]
            )
    ln_gap = np.log(np.maximum(found.gap_s, 1.0))
    for key, number, unit, note in (
        ("ln_gap_s", ln_gap.mean(), "1", "mean natural logarithm of the seconds from turn to turn"),
        ("sd_gap", ln_gap.std(), "1", "its standard deviation; gaps beyond the hour are not seen"),
        ("system_tokens", found.shared_blocks * BLOCK_TOKENS, "token", "blocks that all have"),
    ):
        value = f"{number:.4f}" if unit == "1" else f"{number:.0f}"
        rows.append(["conversation", key, value, "", "", unit, *source, where, "read", note])
    return rows


if __name__ == "__main__":
    csv.writer(sys.stdout, lineterminator="\n").writerows(fitted_rows(read_trace(sys.argv[1])))
