"""How does a page ask? As every other door: the function of the question, with its answers kept for a while.

The drawings and files of a page are asked for by addresses of their own with the same settings; what was answered
once is kept, so that one question is computed once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from taotie.answer.answer import Answer
from taotie.answer.asking import ask, not_from_here
from taotie.words.language import language

__all__ = ["answered", "kept"]

N_KEPT = 128
_kept: OrderedDict[Any, Any] = OrderedDict()
_lock = threading.Lock()
_computing: dict[Any, threading.Lock] = {}


def answered(name: str, /, **settings: Any) -> Answer:
    """The answer of a question, computed once for the same settings and language (names in tables are in one).

    Raises
    ------
    TaotieError
        As the ask does, and where a setting names a file of this computer; a refusal is not kept.
    """
    not_from_here(name, settings)
    key = (name, language(), *sorted((k, _plain(v)) for k, v in settings.items()))
    found: Answer = kept(key, lambda: ask(name, **settings))
    return found


def kept(key: Any, make: Callable[[], Any]) -> Any:
    """What `make` gives, made once for a key; two readers who ask at once wait for one computation."""
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
        mine = _computing.setdefault(key, threading.Lock())
    try:
        with mine:
            with _lock:
                if key in _kept:
                    return _kept[key]
            made = make()
            with _lock:
                _kept[key] = made
                while len(_kept) > N_KEPT:
                    _kept.popitem(last=False)
            return made
    finally:
        with _lock:
            _computing.pop(key, None)


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
