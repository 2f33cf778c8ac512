"""What is shown while a page is being made? At once that it is, and the page itself as soon as it is there.

A browser that opens an address whose answer takes longer than a moment gets a page with a place for it. Scripts ask for
the same address again and wait; without scripts the browser looks again by itself. Both find what was begun before.
Programs that ask for no page by name (``Accept: text/html``) get the answer and wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

__all__ = ["FIRST_S", "LATER_S", "Waiting"]

FIRST_S = 0.3
"""Seconds after which a browser is shown that its page is being made: it has painted within a second then."""
LATER_S = 20.0
"""Seconds a page that is shown already waits at a time: no proxy on the way has given up by then."""
KEPT_S = 120.0
"""Seconds for which a page that was made is kept for the reader who waits for it."""


class Waiting:
    """Pages that are being made, by what was asked; whoever asks for the same waits for the same."""

    def __init__(self) -> None:
        self._begun: dict[Hashable, asyncio.Task[Any]] = {}

    async def made(
        self, key: Hashable, make: Callable[[], Awaitable[Any]], seconds: float
    ) -> Any | None:
        """What `make` gives; None if it is not there within so many seconds: it is made all the same.

        Raises
        ------
        Exception
            What `make` raised.
        """
        task = self._begun.get(key)
        if task is None:
            task = asyncio.ensure_future(make())
            self._begun[key] = task
            task.add_done_callback(lambda done: self._finished(key, done))
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            return None
        self._forget(key, task)  # told once: who asks later asks anew
        return task.result()

    def _finished(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            task.exception()  # nobody may come back for it: that is no error of ours
        asyncio.get_running_loop().call_later(KEPT_S, self._forget, key, task)

    def _forget(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        if self._begun.get(key) is task:
            del self._begun[key]
