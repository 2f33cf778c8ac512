"""The bibliography as plain values, for REST and assistants."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from taotie.quantity.catalog import figure, figure_keys, source_keys
from taotie.quantity.catalog import source as catalog_source

__all__ = ["every_source", "one_source"]


@lru_cache(maxsize=1)
def every_source() -> list[dict[str, Any]]:
    """Every source: its fields and its citation."""
    return [_fields(key) for key in source_keys()]


def one_source(key: str) -> dict[str, Any] | None:
    """One source with the figures taken from it; None if there is none of that name."""
    if key not in set(source_keys()):
        return None
    figures = []
    for name in figure_keys(key):
        one = figure(name)
        value = one.value
        figures.append(
            {
                "key": name, "unit": one.unit, "p05": value.p05, "p50": value.p50,
                "p95": value.p95, "boundary": one.boundary, "kind": one.kind,
            }
        )  # fmt: skip
    return _fields(key) | {"figures": figures}


def _fields(key: str) -> dict[str, Any]:
    found = catalog_source(key)
    return {**found.to_dict(), "citation": found.citation}
