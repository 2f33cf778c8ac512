"""What of an answer is worked out only when somebody reads it? A mapping of names to what gives their values.

A question asked a million times for its energy alone must not pay for the curve, the drivers and the tree that
its page shows; whoever reads them finds them as if they had been there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = ["Late"]


class Late(Mapping[str, Any]):
    """Values by name, each worked out once, when it is first read.

    Examples
    --------
    >>> told = []
    >>> late = Late(answer=lambda: told.append("worked") or 42)
    >>> list(late), told
    (['answer'], [])
    >>> late["answer"], late["answer"], told
    (42, 42, ['worked'])
    """

    def __init__(self, **makers: Callable[[], Any]) -> None:
        self._makers = makers
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)  # what travels to another process is worked out before

    def __repr__(self) -> str:
        return f"<Late {', '.join(self._makers)}>"
