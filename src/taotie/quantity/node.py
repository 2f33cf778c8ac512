"""What do the functions under a figure need of it? A node of an immutable graph, without its arithmetic.

`Figure` is one. Evaluating, wording and taking a spread apart know this protocol only, so that no circle of
imports runs through the figure itself.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import numpy as np

__all__ = ["N", "Node"]


class Node(Protocol):
    """A figure as seen from below: where its values come from, and how it is called."""

    @property
    def unit(self) -> str:
        """Its unit, in the project's spelling."""

    @property
    def boundary(self) -> str | None:
        """Where it is measured."""

    @property
    def kind(self) -> str:
        """measured, modelled, estimated ..."""

    @property
    def key(self) -> str:
        """Its name, or nothing."""

    @property
    def name(self) -> str:
        """Its label in the language in force, or its key."""

    @property
    def label(self) -> Any:
        """Its label by language."""

    @property
    def note(self) -> str:
        """What is said of it."""

    @property
    def bound(self) -> str:
        """Is it an upper or a lower bound?"""

    @property
    def locator(self) -> str:
        """Where in its source."""

    @property
    def source(self) -> Any:
        """Where it comes from."""

    @property
    def distribution(self) -> Any:
        """Of a leaf."""

    @property
    def sampling(self) -> Any:
        """How many draws, and the seed."""

    @property
    def operation(self) -> str:
        """How it was made."""

    @property
    def parameters(self) -> Any:
        """Of the operation."""

    @property
    def parents(self) -> tuple[Any, ...]:
        """What it was made of."""

    @property
    def formula(self) -> str:
        """How it was made, for a person."""

    @property
    def function(self) -> Any:
        """The kernel that made it."""

    @property
    def samples(self) -> np.ndarray:
        """One value a draw, or one for an exact number."""

    @property
    def value(self) -> Any:
        """Percentiles and mean."""

    @property
    def p50(self) -> float:
        """Median."""

    @property
    def is_leaf(self) -> bool:
        """Is it not made of others?"""

    @property
    def content_hash(self) -> str:
        """Of what it is made of."""

    @property
    def _constant(self) -> bool:
        """Has it no spread?"""

    def to(self, unit: str) -> Any:
        """The same in another unit."""


N = TypeVar("N", bound=Node)
