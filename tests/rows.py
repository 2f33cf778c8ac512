"""A test of many rows that is one test: it goes on after a row that fails, and tells every one that did.

For tables whose rows take no time of their own: as tests, each would cost more to collect, set up and report than
to work out. Rows share the fixtures of the test.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import pytest

__all__ = ["each_row"]


def each_row(
    names: str | tuple[str, ...], rows: Iterable[Any], ids: Iterable[str] | Callable[[Any], Any] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:  # fmt: skip
    """Like `pytest.mark.parametrize`, within one test."""
    keys = names.replace(" ", "").split(",") if isinstance(names, str) else list(names)
    every = list(rows)
    assert every, "a table without a row tests nothing"
    if ids is None:
        titles = [repr(row) for row in every]
    elif callable(ids):
        titles = [str(ids(row)) for row in every]
    else:
        titles = list(ids)
        if len(titles) != len(every):
            raise ValueError(f"{len(every)} rows, {len(titles)} titles")

    def over(test: Callable[..., None]) -> Callable[..., None]:
        def whole(**fixtures: Any) -> None:
            failed = []
            for row, title in zip(every, titles, strict=True):
                values = dict(zip(keys, (row,) if len(keys) == 1 else row, strict=True))
                try:
                    test(**values, **fixtures)
                except (Exception, pytest.fail.Exception):
                    failed.append(f"{title}\n{traceback.format_exc(limit=-3)}")
            assert not failed, f"{len(failed)} of {len(every)} rows:\n\n" + "\n".join(failed)

        own = inspect.signature(test)
        fixtures = [one for name, one in own.parameters.items() if name not in keys]
        assert len(fixtures) == len(own.parameters) - len(keys), "a column the test does not take"
        whole.__signature__ = own.replace(parameters=fixtures)  # type: ignore[attr-defined]
        whole.__name__, whole.__doc__, whole.__module__ = test.__name__, test.__doc__, test.__module__  # fmt: skip
        return whole

    return over
