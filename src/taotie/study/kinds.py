"""Which kinds of workload may a study have, and which belong together?"""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["CLOSED_BY", "ITEMS", "KINDS", "LIVE", "OF_REQUESTS", "PARTS", "POWER", "TOKENS", "Kind", "PartKind"]  # fmt: skip

PartKind = Literal["chat", "reasoning", "agents", "search", "batch", "embedding", "picture", "film"]
Kind = Literal[
    "chat", "reasoning", "agents", "search", "batch", "embedding", "picture", "film", "mix",
    "training", "mining", "campus",
]  # fmt: skip

KINDS: tuple[str, ...] = get_args(Kind)
PARTS: tuple[str, ...] = get_args(PartKind)
"""Kinds that a mix may be made of."""
LIVE = ("chat", "reasoning", "agents", "search")
"""A language model answers somebody who waits."""
TOKENS = (*LIVE, "batch")
"""A language model reads and writes tokens."""
CLOSED_BY = ("chat", "reasoning", "agents", "search")
"""Kinds that a closed model may serve."""
ITEMS = ("embedding", "picture", "film")
"""One item a request, of a model that is no language model."""
OF_REQUESTS = (*TOKENS, *ITEMS, "mix")
"""Told by requests; the headline is the energy of one."""
POWER = ("training", "mining", "campus")
"""Told by machines and their power."""
