"""What does our own energy label say? Boundary, task, tokens, chip, batch law, PUE, grid, an 80 % interval, sources, seed.

A label is a JSON that anybody can compute again to the last digit. It is refuted by any digit that does not follow from what it
states; a label of another version of taotie is not refuted but answered with the differences.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from taotie.errors import DataError, nearest
from taotie.words.language import _

__all__ = ["SCHEMA", "LabelInputs", "differences", "hash_of", "inputs_of"]

SCHEMA = "taotie-energy-label-1"
INPUTS: Mapping[str, type | tuple[type, ...]] = {
    "model": str, "tokens_in": (int, float), "tokens_out": (int, float), "accelerator": str, "accelerators": int, "batch": (int, float, type(None)),
    "precision": str, "runtime": str, "pue": (int, float, type(None)), "region": str, "seed": int, "samples": int,
}  # fmt: skip


@dataclass(frozen=True)
class LabelInputs:
    """What a label is computed from.

    Attributes
    ----------
    batch : float or None
        Requests decoded together; None for the law 4 to 128. [1]
    pue : float or None
        None for the range assumed of a data centre built for AI. [1]
    region : str
        Whose grid.
    """

    model: str
    tokens_in: float
    tokens_out: float
    accelerator: str
    accelerators: int
    batch: float | None
    precision: str
    runtime: str
    pue: float | None
    region: str
    seed: int
    samples: int


def inputs_of(content: Any, name: str = "label") -> LabelInputs:
    """The inputs a label states.

    Raises
    ------
    DataError
        If it is no label, or an input is missing or of another kind.
    """
    if not isinstance(content, Mapping) or content.get("schema") != SCHEMA:
        raise DataError(
            _("{name} is no energy label: its schema is {schema}.").format(
                name=name, schema=repr(content.get("schema")) if isinstance(content, Mapping) else "-"
            ),
            _("give a JSON written by `taotie label`"),
        )  # fmt: skip
    stated = content.get("inputs")
    if not isinstance(stated, Mapping):
        raise DataError(_("{name} states no inputs.").format(name=name))
    unknown = sorted(set(stated) - set(INPUTS))
    if unknown:
        raise DataError(_("{name}: {key} is no input of a label.").format(name=name, key=unknown[0]), nearest(unknown[0], INPUTS))  # fmt: skip
    for key, kind in INPUTS.items():
        if key not in stated or isinstance(stated[key], bool) or not isinstance(stated[key], kind):
            raise DataError(
                _("{name}: the input {key}={value} is missing or of another kind.").format(name=name, key=key, value=repr(stated.get(key))[:60])
            )  # fmt: skip
    return LabelInputs(**dict(stated))


def hash_of(content: Mapping[str, Any]) -> str:
    """Of a label without its own hash, as canonical JSON."""
    kept = {k: v for k, v in content.items() if k != "sha256"}
    text = json.dumps(kept, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def differences(stated: Any, computed: Any, place: str = "") -> list[dict[str, Any]]:
    """Every place in which a label says something else than its inputs give.

    Examples
    --------
    >>> differences({"a": 1.0, "b": [2]}, {"a": 1.1, "b": [2]})
    [{'where': 'a', 'stated': 1.0, 'computed': 1.1}]
    """
    if isinstance(stated, Mapping) and isinstance(computed, Mapping):
        found = []
        for key in [*computed, *(k for k in stated if k not in computed)]:
            at = f"{place}.{key}" if place else str(key)
            if key not in stated:
                found.append({"where": at, "stated": None, "computed": computed[key]})
            elif key not in computed:
                found.append({"where": at, "stated": stated[key], "computed": None})
            else:
                found += differences(stated[key], computed[key], at)
        return found
    if isinstance(stated, list) and isinstance(computed, list) and len(stated) == len(computed):
        return [d for i, (a, b) in enumerate(zip(stated, computed, strict=True)) for d in differences(a, b, f"{place}[{i}]")]  # fmt: skip
    same_kind = isinstance(stated, bool) == isinstance(computed, bool)
    return [] if stated == computed and same_kind else [{"where": place, "stated": stated, "computed": computed}]  # fmt: skip
