"""When was each request of a log served, and for whom? First token, end or duration, cached tokens, model, user, route.

The readers of `trace` keep these columns when they are asked to (`Reading.served`); a simulation passes over them. Times
stay as the file writes them here; `served` brings them to one clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from taotie.workload.requests import Floats, Ints
from taotie.workload.trace_roles import UNITS_S, meaning, name_words
from taotie.workload.trace_time import stamp

__all__ = [
    "LABELS",
    "LENGTHS",
    "MOMENTS",
    "UNLABELLED",
    "ServedColumns",
    "ServedPart",
    "served_places",
    "time_is_of_the_answer",
]

MOMENTS = ("first", "end")
"""Roles that hold a time of day."""
LENGTHS = ("duration", "ttft")
"""Roles that hold how long something took."""
LABELS = ("model", "user", "route")
UNLABELLED = "unlabelled"

_NAMES: Mapping[str, str] = {
    "first": "completionstarttime firsttokentime firsttokenat firsttokentimestamp firsttoken tfirst first",
    "end": "requestend requestendtime endtime tend end responsecreatedat completedat finishedat",
    "duration": "duration totalduration e2elatency endtoendlatency endtoendlatencys e2elatencies e2els requestlatency "
    "totallatency latency latencies totaltime elapsedtime elapsed responsetime response generationtime requesttime took "
    "runtime delay",
    "ttft": "ttft ttfts timetofirsttoken firsttokenlatency timetofirstoutputtoken",
    "gaps": "itls itl intertokenlatencies",
    "cached": "cachedtokens cacheread cachereadinputtokens cachedinputtokens prompttokenscached prefixhittokens cached",
    "route": "route endpoint path calltype requestpath url function",
    "user": "user userid enduser team teamid apikeyalias keyalias apikey project projectid tenant",
    "model": "model modelname modelid requestedmodel requestmodel responsemodel",
}  # fmt: skip
"""Role -> names without their unit, the surest first."""


class ServedPart(NamedTuple):
    """What a role's column holds: its name, place, and seconds per unit where the log says so."""

    name: str
    place: int
    unit_s: float | None


def _named(name: str) -> tuple[str, int, float | None] | None:
    """Role, rank and unit of a column by its name or path."""
    parts = [p for p in name.split(".") if p]
    if len(parts) > 1 and parts[-1] == "value":
        parts = parts[:-1]
    if not parts:
        return None
    words = list(name_words(parts[-1]))
    unit = UNITS_S[words.pop()] if len(words) > 1 and words[-1] in UNITS_S else None
    whole = "".join(w for w in words if w not in ("unix", "epoch", "utc"))
    if len(parts) > 1 and parts[-2] == "request" and parts[-1] == "model":
        return "model", 0, None
    for role, names in _NAMES.items():
        known = names.split()
        if whole in known and not (whole in ("delay", "response") and unit is None):
            return role, known.index(whole) + 20 * (len(parts) - 1), unit
    found = meaning(name)
    if found is not None and found.role in ("end", "cached", "model", "user"):
        return found.role, 50 + found.rank, found.unit_s
    return None


def served_places(
    header: Sequence[str],
    sample: Sequence[Sequence[Any]],
    taken: Mapping[str, int],
    asked: Mapping[str, int],
) -> dict[str, ServedPart]:
    """Columns that tell when and for whom, by role.

    Parameters
    ----------
    header : sequence of str
    sample : sequence of rows
        In the order of `header`.
    taken : mapping of str to int
        Places of the columns of arrival, prompt, answer and session.
    asked : mapping of str to int
        Places the user named, by role.

    Examples
    --------
    >>> found = served_places(["created_at", "latency_ms", "n_in", "n_out", "model"], [], {"t": 0, "prompt": 2, "output": 3}, {})
    >>> {role: (part.name, part.unit_s) for role, part in found.items()}
    {'duration': ('latency_ms', 0.001), 'model': ('model', None)}
    """
    best: dict[str, tuple[int, ServedPart]] = {}
    used = {p for role, p in taken.items() if role != "session"}
    for place, name in enumerate(header):
        if place in used or place in asked.values():
            continue
        found = _named(str(name))
        if found is None:
            continue
        role, rank, unit = found
        cells = [row[place] for row in sample if row[place] not in (None, "")]
        lists = bool(cells) and all(isinstance(c, list) for c in cells)
        if (role == "gaps") != lists or (cells and isinstance(cells[0], dict)):
            continue
        if role in (*MOMENTS, *LENGTHS) and any(isinstance(c, bool) for c in cells):
            continue
        if role in LENGTHS and sum(_is_number(c) for c in cells) * 2 < len(cells):
            continue
        if (
            role == "duration"
            and unit is None
            and "time" in str(name).lower()
            and max((float(c) for c in cells if _is_number(c)), default=0.0) >= 6e8
        ):
            continue  # a moment
        if role == "duration" and "delay" in str(name).lower() and "session" in taken:
            continue  # a pause of the person, not a latency
        if role in LENGTHS:
            unit = unit if unit is not None else _beside(header, sample, place)
        if role not in best or rank < best[role][0]:
            best[role] = (rank, ServedPart(str(name), place, unit))
    chosen = {role: part for role, (_rank, part) in best.items()}
    for role, place in asked.items():
        if role in (*MOMENTS, *LENGTHS, *LABELS, "cached"):
            own = _named(str(header[place]))
            words = name_words(str(header[place]))
            last = UNITS_S.get(words[-1]) if len(words) > 1 else None
            chosen[role] = ServedPart(str(header[place]), place, own[2] if own else last)
    return chosen


def time_is_of_the_answer(column: str, header: Sequence[str]) -> bool:
    """Whether a log stamps each request when its answer was done: SGLang's request log, Ollama's answers."""
    own = column.split(".")[-1]
    if any(str(name).endswith("meta_info.e2e_latency") for name in header):
        return own == "timestamp"
    last = {str(name).split(".")[-1] for name in header}
    return {"total_duration", "eval_count"} <= last and own == "created_at"


def _beside(header: Sequence[str], sample: Sequence[Sequence[Any]], place: int) -> float | None:
    """Seconds per unit where a key `unit` stands beside a key `value`."""
    name = str(header[place])
    if not name.endswith(".value"):
        return None
    key = name.removesuffix("value") + "unit"
    if key not in header:
        return None
    at = list(header).index(key)
    units = {str(row[at]).lower() for row in sample if row[at] is not None}
    return UNITS_S.get(units.pop()) if len(units) == 1 else None


class ServedColumns:
    """What is collected of the columns of `served_places`, chunk by chunk."""

    def __init__(self, parts: Mapping[str, ServedPart]) -> None:
        self.parts = dict(parts)
        self.dated: dict[str, bool] = {}
        self.unzoned = False
        self._chunks: dict[str, list[Any]] = {role: [] for role in parts}
        self._codes: dict[str, dict[str, int]] = {role: {} for role in LABELS}

    def add(self, cells_of: Callable[[int], Sequence[Any]]) -> None:
        """Keep the cells of some rows; missing ones are NaN, or without a label.

        Raises
        ------
        ValueError
            With the number of a row among these, its cell and the column's place, if it is no number or time.
        """
        for role, part in self.parts.items():
            cells = cells_of(part.place)
            try:
                self._chunks[role].append(self._kept(role, cells))
            except ValueError as error:
                raise ValueError(*error.args, part.place) from None

    def _kept(self, role: str, cells: Sequence[Any]) -> Any:
        if role in LABELS:
            return self._labels(role, cells)
        if role in MOMENTS:
            return self._moments(role, cells)
        if role == "gaps":
            return np.array([math.fsum(c) if isinstance(c, list) else math.nan for c in cells])
        return _numbers(cells)

    def late(self, role: str, part: ServedPart, rows: int) -> None:
        """A column that comes up after some rows: nothing stood there before."""
        self.parts[role] = part
        before = self._labels(role, [""] * rows) if role in LABELS else np.full(rows, math.nan)
        self._chunks[role] = [before] if rows else []

    def put(self, role: str, values: Any) -> None:
        """Keep a whole column at once, as `add` would."""
        self._chunks[role].append(values)

    def label_codes(self, role: str, values: Iterable[Any]) -> Ints:
        """Numbers of labels."""
        return self._labels(role, list(values))

    def _labels(self, role: str, cells: Sequence[Any]) -> Ints:
        codes = self._codes[role]
        try:
            if all(c in codes for c in set(cells)):
                return np.fromiter(map(codes.__getitem__, cells), np.int32, len(cells))
        except TypeError:
            pass
        return np.array(
            [
                codes.setdefault(
                    UNLABELLED if c in (None, "", "null", "None") else str(c), len(codes)
                )
                for c in cells
            ],
            np.int32,
        )

    def _moments(self, role: str, cells: Sequence[Any]) -> Floats | Ints:
        """Numbers, or whole ns since 1970 where they are dates (the smallest integer: none)."""
        if role not in self.dated:
            first = next((c for c in cells if c not in (None, "")), None)
            if first is None:
                return np.full(len(cells), math.nan)
            self.dated[role] = not _is_number(first)
        if not self.dated[role]:
            return _numbers(cells)
        found = np.full(len(cells), np.iinfo(np.int64).min)
        for i, cell in enumerate(cells):
            if cell in (None, "", "null", "None"):
                continue
            try:
                found[i] = stamp(str(cell)).astype(np.int64)
            except (ValueError, OverflowError, IndexError):
                raise ValueError(i, cell) from None
        return found

    def column(self, role: str) -> Any:
        """All of a role, or None."""
        parts = self._chunks.pop(role, None)
        if not parts:
            return None
        if self.dated.get(role):  # chunks before the first date had none
            none = np.iinfo(np.int64).min
            parts = [p if p.dtype.kind == "i" else np.full(len(p), none, np.int64) for p in parts]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def names(self, role: str) -> tuple[str, ...]:
        """What the numbers of a label mean."""
        return tuple(self._codes[role])


def _is_number(cell: Any) -> bool:
    try:
        float(cell)
    except (TypeError, ValueError, OverflowError):
        return False
    return not isinstance(cell, bool)


def _numbers(cells: Sequence[Any]) -> Floats:
    try:
        return np.fromiter(map(float, cells), np.float64, len(cells))
    except (TypeError, ValueError, OverflowError):
        pass
    found = np.full(len(cells), math.nan)
    for i, cell in enumerate(cells):
        if cell in (None, "", "null", "None"):
            continue
        if not _is_number(cell):
            raise ValueError(i, cell)
        found[i] = float(cell)
    return found
