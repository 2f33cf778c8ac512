"""A page that takes long: begun once, waited for by whoever asks, kept for a reader who comes back, no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from taotie.app.web import waiting as room
from taotie.app.web.site import waiting_html
from taotie.app.web.state import State
from taotie.app.web.waiting import Waiting
from taotie.words.language import speaking


def _alone(run: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """In a thread of its own: a browser driven by another test keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(run())).result()


def test_property_two_readers_wait_for_one_computation_and_the_next_asks_anew() -> None:
    begun = []

    async def run() -> None:
        waiting, go = Waiting(), asyncio.Event()

        async def make() -> int:
            begun.append(1)
            await go.wait()
            return len(begun)

        assert await waiting.made("a", make, 0.01) is None
        first, second = (asyncio.ensure_future(waiting.made("a", make, 20.0)) for _i in range(2))
        await asyncio.sleep(0.01)
        go.set()
        assert (await first, await second, len(begun)) == (1, 1, 1)
        assert await waiting.made("a", make, 20.0) == 2

    _alone(run)


def test_error_what_went_wrong_is_told_to_who_comes_back_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "KEPT_S", 0.05)
    unheard = []

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, told: unheard.append(told))
        waiting = Waiting()

        async def make() -> None:
            await asyncio.sleep(0.02)
            raise LookupError("no such bus")

        assert await waiting.made("a", make, 0.001) is None
        with pytest.raises(LookupError, match="no such bus"):
            await waiting.made("a", make, 20.0)
        # nobody comes back for this one
        assert await waiting.made("b", make, 0.001) is None
        await asyncio.sleep(0.2)
        assert not waiting._begun

    _alone(run)
    assert not unheard


@pytest.mark.parametrize("language", ["en", "zh"])
def test_worked_the_page_meanwhile_asks_for_itself(language: str) -> None:
    state = State.of([("load", '9 MW"><script>')], language)
    with speaking(language):
        html = waiting_html("supply", state, "http://localhost")
    assert f'hx-get="/{language}/supply?load=9+MW%22%3E%3Cscript%3E"' in html
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in html
    assert ("正在计算答案" in html) == (language == "zh")
