"""How is a set of figures written to a file, and computed again from it?

Every figure with its parents, down to the leaves, as plain values: enough to draw the leaves again and to repeat
every operation, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from taotie.errors import ResultError, TaotieError
from taotie.language import _
from taotie.quantity.distribution import distribution_from
from taotie.quantity.figure import Figure, Value, leaves, topological
from taotie.quantity.sampling import Sampling
from taotie.quantity.source import Source, source_from

_OPERATIONS = ("add", "sub", "mul", "div", "scale", "pow", "peak")
N_FIGURES_MAX = 100_000


def to_record(figures: Iterable[Figure]) -> dict[str, dict[str, Any]]:
    """Entries of all figures and everything behind them, keyed by name, parents first.

    Raises
    ------
    ResultError
        If one key stands for two different figures.
    """
    named = list(figures)
    leaves(named)  # refuses one key for two leaves
    order = topological(named)
    ids: dict[int, str] = {}
    entries: dict[str, dict[str, Any]] = {}
    hashes: dict[str, str] = {}
    for node in order:
        key = node.node_id
        ids[id(node)] = key
        if key in entries:
            if hashes[key] != node.content_hash:
                raise ResultError(
                    _("{key} stands for two different figures in one result.").format(key=key)
                )
            continue
        hashes[key] = node.content_hash
        entries[key] = _entry(node, [ids[id(p)] for p in node.parents])
    return entries


def _entry(node: Figure, inputs: list[str]) -> dict[str, Any]:
    value = node.value
    entry: dict[str, Any] = {
        "label": node.label.get("en") or node.key or node.formula,
        "label_zh": node.label.get("zh") or node.label.get("en") or node.key or node.formula,
        "value": {
            "p05": value.p05,
            "p50": value.p50,
            "p95": value.p95,
            "mean": value.mean,
            "n": value.n,
        },
        "unit": node.unit,
        "boundary": node.boundary,
        "kind": node.kind,
        "formula": node.formula,
        "inputs": inputs,
        "source": node.source.key if node.source else None,
        "hash": node.content_hash,
    }
    for name in ("locator", "note", "bound"):
        if getattr(node, name):
            entry[name] = getattr(node, name)
    if node.distribution is not None:
        entry["distribution"] = node.distribution.to_dict()
    else:
        entry["operation"] = node.operation
        entry["parameters"] = node.parameters
    return entry


def sources_of(figures: Iterable[Figure]) -> dict[str, dict[str, str]]:
    """The sources behind figures, keyed by source."""
    found: dict[str, Source] = {}
    for node in leaves(list(figures)):
        if node.source is not None:
            found[node.source.key] = node.source
    return {key: found[key].to_dict() for key in sorted(found)}


def from_record(
    entries: Mapping[str, Mapping[str, Any]],
    sampling: Sampling,
    sources: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Figure]:
    """Figures made again from their entries; values are computed, not read.

    Raises
    ------
    ResultError
        If an entry is damaged, an input is missing or inputs go round in a circle.
    """
    if len(entries) > N_FIGURES_MAX:
        raise ResultError(_("{n} figures are more than a result holds.").format(n=len(entries)))
    made: dict[str, Figure] = {}
    made_sources = {
        key: source_from(key, {k: v for k, v in fields.items() if k != "key"}, "result")
        for key, fields in (sources or {}).items()
    }
    # without recursion: a chain in a stranger's file may be as long as it likes
    for root in entries:
        stack, open_keys = [root], set()
        while stack:
            key = stack[-1]
            if key in made:
                stack.pop()
                continue
            entry = entries.get(key)
            if not isinstance(entry, Mapping):
                raise ResultError(
                    _("figure {key} is named as an input but missing.").format(key=key)
                )
            waiting = [i for i in _inputs(key, entry) if i not in made]
            if waiting:
                if key in open_keys:
                    raise ResultError(
                        _("figure {key} depends on itself.").format(key=key),
                        _("inputs must lead down to leaves"),
                    )
                open_keys.add(key)
                stack.extend(waiting)
                continue
            made[key] = _make(key, entry, made, sampling, made_sources)
            stack.pop()
    return made


def _inputs(key: str, entry: Mapping[str, Any]) -> list[str]:
    inputs = entry.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(i, str) for i in inputs):
        raise ResultError(_("figure {key} has no list of inputs.").format(key=key))
    return inputs


def _make(
    key: str,
    entry: Mapping[str, Any],
    made: Mapping[str, Figure],
    sampling: Sampling,
    sources: Mapping[str, Source],
) -> Figure:
    try:
        operation = entry.get("operation", "")
        is_leaf = "distribution" in entry
        if not is_leaf and operation not in _OPERATIONS and not operation.startswith("kernel:"):
            raise ResultError(_("{key}: unknown operation {name}.").format(key=key, name=operation))
        return Figure(
            key="" if key.startswith("#") else key,
            unit=entry["unit"],
            boundary=entry["boundary"],
            kind=entry["kind"],
            label={"en": entry["label"], "zh": entry.get("label_zh", "")},
            distribution=distribution_from(entry["distribution"]) if is_leaf else None,
            source=sources.get(entry.get("source") or ""),
            locator=entry.get("locator", ""),
            note=entry.get("note", ""),
            bound=entry.get("bound", ""),
            operation=operation,
            parameters=entry.get("parameters"),
            parents=tuple(made[i] for i in entry["inputs"]),
            formula=entry["formula"],
            sampling=sampling,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ResultError(
            _("figure {key} is damaged: {what}.").format(key=key, what=error)
        ) from None


def recompute(
    entries: Mapping[str, Mapping[str, Any]],
    sampling: Sampling,
    sources: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[str]:
    """Compute every figure again; one line for each whose stated value differs in any bit."""
    different: list[str] = []
    for key, figure in from_record(entries, sampling, sources).items():
        stated = entries[key].get("value")
        try:
            value = figure.value
            expected = Value(**stated) if isinstance(stated, Mapping) else None
        except TaotieError as error:
            different.append(f"{key}: {error.message}")
            continue
        except (TypeError, KeyError, IndexError, ValueError, ZeroDivisionError) as error:
            different.append(f"{key}: {type(error).__name__} {error}")
            continue
        if expected is None or not _same(value, expected):
            shown = "-" if expected is None else repr(expected.p50)
            different.append(
                _("{key}: stated {stated}, computed {value}").format(
                    key=key, stated=shown, value=repr(value.p50)
                )
            )
    return different


def _same(a: Value, b: Value) -> bool:
    pairs = ((a.p05, b.p05), (a.p50, b.p50), (a.p95, b.p95), (a.mean, b.mean), (a.n, b.n))
    return all(x == y or (math.isnan(x) and math.isnan(y)) for x, y in pairs)
