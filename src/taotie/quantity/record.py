"""How is a set of figures written to a file, and computed again from it?

Every figure with its parents, down to the leaves, as plain values: enough to draw the leaves again and to repeat
every operation, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import cached_property
from json.encoder import encode_basestring
from typing import Any

from taotie.errors import ResultError, SamplingError, TaotieError
from taotie.files.json_text import text_at
from taotie.quantity.distribution import distribution_from
from taotie.quantity.evaluation import evaluate_together
from taotie.quantity.figure import Figure, Value, leaves, topological, values_together
from taotie.quantity.sampling import Sampling
from taotie.quantity.source import ACCESS, Source, source_from
from taotie.words.language import _
from taotie.words.listing import listing

_OPERATIONS = ("add", "sub", "mul", "div", "scale", "pow", "peak")
N_FIGURES_MAX = 100_000


def to_record(
    figures: Iterable[Figure],
    *,
    behind: bool = True,
    shared: bool = False,
    order: list[Figure] | None = None,
) -> dict[str, Any]:
    """Entries of all figures and everything behind them, keyed by name, parents first.

    Without `behind` the same entries of the figures alone. `shared` entries are `Entry`, for those who only write them.
    `order` is `topological` of the figures, where it was asked before.

    Raises
    ------
    ResultError
        If one key stands for two different figures.
    SamplingError
        If they were not all drawn alike: a record holds one seed and one number of samples.
    """
    named = list(figures)
    order = order or topological(named)
    leaves(named, order)  # refuses one key for two leaves
    drawn = {node.sampling for node in order if node.is_leaf and not node._constant}
    if len(drawn) > 1:
        raise SamplingError(
            _("the figures of one record were sampled with {ways}.").format(
                ways=listing(sorted(map(str, drawn)))
            ),
            _("make all inside one `with sampling(n, seed):` block"),
        )
    evaluate_together(named)
    values_together(order if behind else named)
    entries: dict[str, Any] = {}
    hashes: dict[str, str] = {}
    asked = {id(node) for node in named}
    for node in order:
        content: str = node.__dict__.get("content_hash") or node.content_hash
        key = node.key or f"#{content}"
        if hashes.setdefault(key, content) != content:
            raise ResultError(
                _("{key} stands for two different figures in one result.").format(key=key)
            )
        if key not in entries and (behind or id(node) in asked):
            entries[key] = Entry(node) if shared else _plain(_entry(node))
    return entries


class Entry(Mapping[str, Any]):
    """What a record says of a figure: a mapping, and its text without one for those who write it.

    Figures `renewed` from one differ in few words; the others are written once for all of them.
    """

    def __init__(self, figure: Figure) -> None:
        self.figure = figure

    @cached_property
    def _values(self) -> dict[str, Any]:
        return _entry(self.figure)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def text_at(self, depth: int) -> str:
        """Its JSON at a depth, see `json_text`.

        Raises
        ------
        ValueError
            If a number is not finite.
        """
        kept: dict[int, str] = self.figure.__dict__.setdefault("entry", {})
        if depth not in kept:
            kept[depth] = self._written(depth)
        return kept[depth]

    def _written(self, depth: int) -> str:
        figure = self.figure
        parts = figure.alike.get(depth)
        if parts is None:
            parts = figure.alike[depth] = _around_holes(figure, depth)
        value, line = figure.value, "\n" + depth * " "
        numbers = (value.p05, value.p50, value.p95, value.mean)
        if not all(map(math.isfinite, numbers)):
            raise ValueError(f"Out of range float values are not JSON compliant: {numbers}")
        inputs = f",{line} ".join([encode_basestring(p.node_id) for p in figure.parents])
        own = [
            *map(repr, numbers),
            str(value.n),
            f"[{line} {inputs}{line}]" if inputs else "[]",
            f'"{figure.content_hash}"',
        ]
        if figure.distribution is not None:
            own.append(text_at(figure.distribution.to_dict(), depth + 1))
        return "".join([part + words for part, words in zip(parts, (*own, ""), strict=True)])


_HOLE = "\0"


def _around_holes(figure: Figure, depth: int) -> list[str]:
    """The text of an entry, parted where one `renewed` says something else."""
    entry = _entry(figure)
    entry["value"] = dict.fromkeys(entry["value"], _HOLE)
    entry |= {name: _HOLE for name in ("inputs", "hash", "distribution") if name in entry}
    return text_at(entry, depth).split(encode_basestring(_HOLE))


def _entry(node: Figure) -> dict[str, Any]:
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
        "inputs": [p.node_id for p in node.parents],
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


def _plain(value: Any) -> Any:
    """A copy in what JSON gives back."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, tuple | list) else value


def sources_of(
    figures: Iterable[Figure], order: list[Figure] | None = None
) -> dict[str, dict[str, str]]:
    """The sources behind figures, keyed by source; `order` where `topological` was asked before."""
    found: dict[str, Source] = {}
    for node in leaves(figures, order):
        if node.source is not None:
            # figures of one source may differ in access; the weakest stands for all
            known = found.setdefault(node.source.key, node.source)
            if ACCESS.index(node.source.access) > ACCESS.index(known.access):
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
    if not isinstance(entries, Mapping):
        raise ResultError(_("a result holds its figures by name."))
    if len(entries) > N_FIGURES_MAX:
        raise ResultError(_("{n} figures are more than a result holds.").format(n=len(entries)))
    made: dict[str, Figure] = {}
    made_sources = {key: _source(key, fields) for key, fields in (sources or {}).items()}
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


def _source(key: str, fields: Mapping[str, Any]) -> Source:
    if not isinstance(fields, Mapping):
        raise ResultError(_("source {key} is damaged.").format(key=key))
    try:
        return source_from(key, {k: v for k, v in fields.items() if k != "key"}, f"result {key}")
    except TaotieError as error:
        raise ResultError(error.message, error.hint) from None


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
        named = str(entry.get("source") or "")
        is_leaf = "distribution" in entry
        if not is_leaf and operation not in _OPERATIONS and not operation.startswith("kernel:"):
            raise ResultError(_("{key}: unknown operation {name}.").format(key=key, name=operation))
        return Figure(
            key="" if key.startswith("#") else key,
            unit=entry["unit"],
            boundary=entry["boundary"],
            kind=entry["kind"],
            # an unnamed figure was labelled with its formula for readers of the file
            label={}
            if key.startswith("#") and entry["label"] == entry["formula"]
            else {"en": str(entry["label"]), "zh": str(entry.get("label_zh", ""))},
            distribution=distribution_from(entry["distribution"]) if is_leaf else None,
            # a record read without its sources keeps their keys
            source=sources.get(named) or (Source(named, named) if named else None),
            locator=entry.get("locator", ""),
            note=entry.get("note", ""),
            bound=entry.get("bound", ""),
            operation=operation,
            parameters=None if is_leaf else dict(entry["parameters"]),
            parents=tuple(made[i] for i in entry["inputs"]),
            formula=str(entry["formula"]),
            sampling=sampling,
        )
    except ResultError:
        raise
    except TaotieError as error:
        raise ResultError(
            _("figure {key} is damaged: {what}").format(key=key, what=error.message), error.hint
        ) from None
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise ResultError(
            _("figure {key} is damaged: {what}.").format(key=key, what=error)
        ) from None


def recompute(
    entries: Mapping[str, Mapping[str, Any]],
    sampling: Sampling,
    sources: Mapping[str, Mapping[str, Any]] | None = None,
    made: Mapping[str, Figure] | None = None,
) -> list[str]:
    """Compute every figure again; one line for each whose stated value differs in any bit.

    `made` are the figures of the entries, where `from_record` has made them already.
    """
    different: list[str] = []
    for key, figure in (made or from_record(entries, sampling, sources)).items():
        entry = entries[key]
        try:
            value = figure.value
        except TaotieError as error:
            different.append(f"{key}: {error.message}")
            continue
        except Exception as error:  # a stranger's parameters make a kernel raise anything
            different.append(f"{key}: {type(error).__name__} {error}")
            continue
        stated = entry.get("value")
        if not isinstance(stated, Mapping) or not _same(value, stated):
            shown = stated.get("p50") if isinstance(stated, Mapping) else "-"
            different.append(
                _("{key}: stated {stated}, computed {value}").format(
                    key=key, stated=shown, value=repr(value.p50)
                )
            )
        elif entry.get("hash") != figure.content_hash:
            different.append(
                _("{key}: the entry was changed: its hash is {hash}, not {stated}").format(
                    key=key, hash=figure.content_hash, stated=entry.get("hash")
                )
            )
    return different


def _same(value: Value, stated: Mapping[str, Any]) -> bool:
    """Every number equal in every bit; a number written as text or true is none."""
    expected = asdict(value)
    return set(stated) == set(expected) and all(
        isinstance(x, int | float) and not isinstance(x, bool) and x == expected[name]
        for name, x in stated.items()
    )
