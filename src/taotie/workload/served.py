"""Which requests did a service serve, from when to when, for whom? Start, first token, end [ns, UTC], tokens, labels.

Read by the readers of every request log (`trace`): any layout, any container, the same refusals. A log that tells
neither end nor duration holds arrivals alone; their times can be predicted (`compute.metered.weights`), which is said.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.errors import TraceError
from taotie.files.read import of_others
from taotie.words.language import N_, _
from taotie.words.said import Said
from taotie.workload.trace import drafted
from taotie.workload.trace_layout import AUTO, checked_layout
from taotie.workload.trace_rows import MAX_BYTES, MAX_REQUESTS, Draft, Reading
from taotie.workload.trace_served import LABELS, UNLABELLED, ServedPart
from taotie.workload.trace_time import TIME_UNITS, checked_unit

__all__ = ["UNLABELLED", "ServedLog", "read_served_log"]

Ints = NDArray[np.int64]
_NONE = np.iinfo(np.int64).min
_PACE_S = (2e-4, 3.0)
"""Seconds per token written that a service has: from 5000 tokens a second to one in three seconds."""
_PER_PROMPT = 0.02
"""A token read counts as so many written, for the pace. [1]"""


@dataclass(frozen=True, eq=False)
class ServedLog:
    """Requests in order of their start.

    Attributes
    ----------
    start_ns, first_ns, end_ns : ndarray of int64, shape (n_request,)
        UTC; all three the same where the log holds arrivals alone. [ns]
    prompt, cached, output : ndarray of int64, shape (n_request,)
        Tokens of the prompt (cached ones counted), those of it found in a cache, tokens written. [token]
    labels : mapping of str to (codes, names)
        `model`, `user`, `route`: a number per request and what the numbers mean.
    said : tuple of Said
    times : str
        ``logged``, ``predicted``, or ``arrivals`` where the ends are not known.
    name : str
    """

    start_ns: Ints
    first_ns: Ints
    end_ns: Ints
    prompt: Ints
    cached: Ints
    output: Ints
    labels: Mapping[str, tuple[Ints, tuple[str, ...]]] = field(default_factory=dict)
    said: tuple[Said, ...] = ()
    times: str = "logged"
    name: str = ""

    def __len__(self) -> int:
        return len(self.start_ns)

    def shifted(self, by_ns: int) -> ServedLog:
        """The same requests at another time."""
        return replace(
            self,
            start_ns=self.start_ns + by_ns,
            first_ns=self.first_ns + by_ns,
            end_ns=self.end_ns + by_ns,
        )


@of_others(TraceError)
def read_served_log(
    path: str | os.PathLike[str],
    columns: Mapping[str, str] | None = None,
    time_unit: str = "",
    begin_ns: int | None = None,
    layout: str = AUTO,
    only: Mapping[str, str] | None = None,
    max_bytes: int = MAX_BYTES,
    max_requests: int = MAX_REQUESTS,
) -> ServedLog:
    """Read a log of served requests: every layout and container that `read_trace` reads.

    Parameters
    ----------
    path : path-like
    columns : mapping of str to str, optional
        Which column plays which role, as `columns_asked` returns it.
    time_unit : {"", "s", "ms", "us", "ns"}
        Of times that are numbers; by default found from names and values.
    begin_ns : int, optional
        When the first request came, UTC: moves a log whose times start at zero, or whose clock is another. [ns]
    layout : str, default "auto"
    only : mapping of str to str, optional
        Read only rows with these values in these columns.

    Returns
    -------
    log : ServedLog
        With ``times == "arrivals"`` where the log says neither when requests ended nor how long they took.

    Raises
    ------
    TraceError
        If the file cannot be read as such a log, or its times are not those of a day.

    Notes
    -----
    Without a first token the prompt is taken as read in no time and the whole time as writing: said.
    """
    place = Path(path)
    reading = Reading(
        "drop",
        max_requests,
        checked_layout(layout),
        False,
        tuple((only or {}).items()),
        tuple((columns or {}).items()),
        checked_unit(time_unit),
        True,
    )
    draft = drafted(place, reading, max_bytes)
    if draft is None:
        raise TraceError(
            _("{path} does not say on which day its requests came.").format(path=place),
            _("a log to be joined with meters needs a date of each request"),
        )
    return _log(draft, begin_ns)


def _log(draft: Draft, begin_ns: int | None) -> ServedLog:
    t_s, prompt, output, zero_ns = draft.arrivals()
    where = draft.path.name
    served, parts = draft.served, draft.served.parts if draft.served is not None else {}
    n = len(t_s)
    unit_s = _unit_of_arrivals(draft)
    after = np.rint((t_s - (t_s.min() if zero_ns is None else 0.0)) * 1e9).astype(np.int64)
    if zero_ns is None and begin_ns is None:
        raise TraceError(
            _(
                "{where}: times from {a:g} to {b:g} s are no dates, so they cannot be joined with a meter."
            ).format(where=where, a=float(t_s.min()), b=float(t_s.max())),
            "--requests-from 2026-03-01T12:00:00Z",
        )
    stamped = after + (zero_ns if zero_ns is not None else (begin_ns or 0))
    move = begin_ns - int(stamped.min()) if zero_ns is not None and begin_ns is not None else 0
    shift_s = float(t_s.min()) if zero_ns is None else 0.0

    def moment(role: str) -> tuple[Ints, NDArray[np.bool_]]:
        """ns of a role and where it is there."""
        values = served.column(role) if served is not None else None
        if values is None:
            return np.zeros(n, np.int64), np.zeros(n, bool)
        if values.dtype.kind == "i":
            there = values != _NONE
            return np.where(there, values, 0), there
        there = np.isfinite(values)
        made = np.zeros(n, np.int64)
        if there.any():
            made[there] = _numbered(
                values[there], parts[role], unit_s, zero_ns is not None, shift_s, begin_ns, where
            )
        return made, there

    said: list[Said] = list(draft.said)
    pace = np.maximum(output + _PER_PROMPT * prompt, 1.0)

    def length(role: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Seconds of a role and where it is there."""
        values = served.column(role) if served is not None else None
        if values is None:
            return np.zeros(n), np.zeros(n, bool)
        there = np.isfinite(values) & (values >= 0)
        scale = parts[role].unit_s
        if scale is None and there.any():
            scale = _length_unit(values[there], pace[there], parts[role], role, where, said)
        return np.where(there, values, 0.0) * (scale or 1.0), there

    end, has_end = moment("end")
    first, has_first = moment("first")
    duration, has_duration = length("duration")
    ttft, has_ttft = length("ttft")
    gaps = served.column("gaps") if served is not None and "gaps" in parts else None
    if (
        gaps is not None and not has_duration.any() and has_ttft.any()
    ):  # time to the first token and between tokens
        duration, has_duration = ttft + np.nan_to_num(gaps), has_ttft & np.isfinite(gaps)
    small = has_first & (first < stamped.min() // 2)
    if small.any():  # a time to the first token under the name of its moment
        ttft = np.where(small, served_seconds(first, zero_ns, shift_s, begin_ns), ttft)
        has_ttft, has_first = has_ttft | small, has_first & ~small
    start = stamped
    if draft.ends:
        said.append(
            Said(
                "times_are_of_the_end",
                N_(
                    "{where}: its times are those of the answers; requests began their duration earlier"
                ),
                {"where": where},
            )
        )
        end, has_end = stamped.copy(), np.ones(n, bool)
        start = stamped - np.rint(duration * 1e9).astype(np.int64)
    arrivals = not has_end.any() and not has_duration.any()
    end = np.where(
        has_end, end, np.where(has_duration, start + np.rint(duration * 1e9).astype(np.int64), -1)
    )
    first = np.where(
        has_first, first, np.where(has_ttft, start + np.rint(ttft * 1e9).astype(np.int64), -1)
    )
    if arrivals:
        first = end = start
    cached = served.column("cached") if served is not None else None
    tokens = np.zeros(n) if cached is None else np.nan_to_num(cached)
    return _kept(
        draft, where, start + move, first + np.where(first >= 0, move, 0), end + np.where(end >= 0, move, 0),
        prompt, tokens, output, said, arrivals,
    )  # fmt: skip


def served_seconds(
    ns: Ints, zero_ns: int | None, shift_s: float, begin_ns: int | None
) -> NDArray[np.float64]:
    """Seconds that were read as a moment."""
    zero = 0 if zero_ns is not None else (begin_ns or 0) - round(shift_s * 1e9)
    return np.asarray((ns - zero) / 1e9)


def _unit_of_arrivals(draft: Draft) -> float:
    """Seconds per unit of the column of arrival, where it holds numbers."""
    if draft.dated or draft.found is None:
        return 1.0
    for one in draft.said:
        if one.code in ("time_unit_found", "time_unit_told", "seconds_assumed"):
            return TIME_UNITS.get(str(one.values.get("unit", "s")), 1.0)
    clock = draft.found.clock(draft.reading.time_unit)
    if clock.asked:
        return TIME_UNITS[clock.asked]
    return clock.named_s if clock.named_s is not None else (clock.hint_s or 1.0)


def _numbered(
    values: NDArray[np.float64],
    part: ServedPart,
    unit_s: float,
    dates: bool,
    shift_s: float,
    begin_ns: int | None,
    where: str,
) -> Ints:
    """Numbers as ns: dates by their size, others in the unit of the arrivals, from the same zero."""
    top = float(values.max())
    if dates:
        step = next(
            (
                s
                for limit, s in ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3), (6e8, 1.0))
                if top >= limit
            ),
            None,
        )
        if step is None:
            step = part.unit_s or 1.0  # how long, under the name of a moment
    else:
        step = part.unit_s or unit_s
    ns = round(step * 1e9)
    whole = np.floor(values)
    made = whole.astype(np.int64) * ns + np.rint((values - whole) * ns).astype(np.int64)
    if not dates:
        made += (begin_ns or 0) - round(shift_s * 1e9)
    return np.asarray(made)


def _length_unit(
    values: NDArray[np.float64],
    tokens: NDArray[np.float64],
    part: ServedPart,
    role: str,
    where: str,
    said: list[Said],
) -> float:
    """Seconds per unit of a duration that does not say: the one unit in which tokens come as fast as a service writes them."""
    if role == "ttft":  # how long one token took: up to minutes, down to milliseconds
        middle, (low, high) = float(np.median(values)), (1e-3, 300.0)
    else:
        middle, (low, high) = float(np.median(values / tokens)), _PACE_S
    fits = [u for u, s in TIME_UNITS.items() if low <= middle * s <= high]
    if not middle:
        return 1.0
    if "s" in fits and (len(fits) == 1 or middle < 0.2 * high):
        return 1.0
    if len(fits) != 1:
        raise TraceError(
            _("{where}: the unit of {column} (median {value:.6g}) cannot be told.").format(
                where=where, column=part.name, value=float(np.median(values))
            ),
            _("name the column with its unit, such as {a} or {b}").format(
                a=f"{part.name}_s", b=f"{part.name}_ms"
            ),
        )
    said.append(
        Said(
            "length_unit_told",
            N_("{where}: {column} was read in {unit}, by how fast tokens are written"),
            {"where": where, "column": part.name, "unit": fits[0]},
        )
    )
    return TIME_UNITS[fits[0]]


def _kept(
    draft: Draft,
    where: str,
    start: Ints,
    first: Ints,
    end: Ints,
    prompt: Any,
    cached: NDArray[np.float64],
    output: Any,
    said: list[Said],
    arrivals: bool,
) -> ServedLog:
    """Rows that can be, in order; what was left out is told."""
    n = len(start)
    no_first = first < 0
    first = np.where(no_first, start, first)
    good = (end >= start) & (first >= start) & (first <= end)
    if draft.left_out:
        said.append(Said("rows_left_out", N_("{n} other rows left out"), {"n": draft.left_out}))
    if draft.no_requests:
        said.append(
            Said(
                "rows_of_another_kind",
                N_("{n} rows without any token count are no requests and were left out"),
                {"n": draft.no_requests},
            )
        )
    dropped = int(n - good.sum())
    if dropped:
        said.append(
            Said(
                "rows_dropped",
                N_(
                    "{where}: {n} of {all} requests have no end, or an end before their start or first token, and were left out; their energy goes to the others or stays unexplained."
                ),
                {"where": where, "n": dropped, "all": n},
            )
        )
    if no_first[good].any() and not arrivals:
        said.append(
            Said(
                "no_first_token",
                N_(
                    "{where}: {n} requests do not say when their first token came: reading and writing are spread over the whole request alike."
                ),
                {"where": where, "n": int(no_first[good].sum())},
            )
        )
    if not good.any():
        raise TraceError(
            _("{where}: no request with start, end and tokens.").format(where=where),
            _("are both times of one clock and unit?"),
        )
    order: Any = np.flatnonzero(good)
    if len(order) == n and bool((start[1:] >= start[:-1]).all()):
        order = slice(None)
    else:
        order = order[np.argsort(start[order], kind="stable")]
    if draft.layout is not None:
        said.append(draft.layout)
    served = draft.served
    labels = {}
    for role in LABELS:
        codes = served.column(role) if served is not None else None
        if codes is not None and served is not None:
            labels[role] = (codes[order], served.names(role))
    read = np.asarray(prompt)[order].astype(np.int64)
    odd = int(((cached[order] > read) | (cached[order] < 0)).sum())
    if odd:
        said.append(
            Said(
                "cached_beyond_prompt",
                N_(
                    "{where}: {n} of {all} requests tell more cached tokens than their prompt has, or fewer than none: they count as its whole or none."
                ),
                {"where": where, "n": odd, "all": len(read)},
            )
        )
    return ServedLog(
        start[order], first[order], end[order], read,
        np.clip(cached[order], 0, read).astype(np.int64), np.asarray(output)[order].astype(np.int64),
        labels, tuple(said), "arrivals" if arrivals else "logged", where,
    )  # fmt: skip
