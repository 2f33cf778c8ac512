"""taotie: how much electricity AI eats, from one prompt to the power grid.

The names most people need; each is loaded when it is first used, so that `import taotie` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_WHERE = {
    "Figure": "taotie.quantity.figure",
    "Profile": "taotie.quantity.profile",
    "TaotieError": "taotie.errors",
    "figure": "taotie.quantity.catalog",
    "leaf": "taotie.quantity.figure",
    "lifted": "taotie.quantity.lift",
    "sampling": "taotie.quantity.sampling",
    "source": "taotie.quantity.catalog",
    "table": "taotie.quantity.catalog",
}
__all__ = sorted([*_WHERE, "__version__"])


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'taotie' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
