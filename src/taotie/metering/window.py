"""What did a meter see in a span of time? `EnergyWindow`: joules with boundary, quality and gaps.

Energy is kept in whole microjoules; windows cut from one course (hours of a day) add up to it exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taotie.errors import MeterError
from taotie.metering.channel import BOUNDARIES, STATUS_NAMES, Channel
from taotie.metering.steps import (
    AMBIGUOUS,
    COUNTER,
    INTEGRATED,
    KINDS,
    UNBOUNDED,
    WRAP,
    Readings,
    Steps,
    steps,
)
from taotie.words.language import _

__all__ = [
    "HOUR_NS", "QUALITIES", "EnergyWindow", "Gap", "course_uj", "energy_window", "hour_edges_ns", "iso_time",
    "windows_between",
]  # fmt: skip

Ints = NDArray[np.int64]
QUALITIES = ("counter", "integrated", "estimated")
HOUR_NS = 3_600_000_000_000
SHOWN_GAPS = 200
"""Gaps of a window listed one by one; more are told as one that spans them."""


class Gap(NamedTuple):
    """A time that the meter did not see, or saw only in sum.

    `low_j` and `high_j` bound what was drawn (None: nothing bounds it); where `known_j` is a number, a counter
    bridges the gap and only the course is lost.
    """

    start_ns: int
    end_ns: int
    kind: str
    low_j: float
    high_j: float | None
    known_j: float | None

    @property
    def seconds(self) -> float:
        """Length. [s]"""
        return (self.end_ns - self.start_ns) / 1e9

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "start": iso_time(self.start_ns),
            "end": iso_time(self.end_ns),
            "seconds": self.seconds,
            "kind": self.kind,
            "low_j": self.low_j,
            "high_j": self.high_j,
            "known_j": self.known_j,
        }


@dataclass(frozen=True)
class EnergyWindow:
    """Energy one meter saw between two instants.

    Attributes
    ----------
    start_ns, end_ns : int
        UTC. [ns since 1970]
    energy_uj : int or None
        What is known; None where the meter gave nothing at all: missing, not zero. [uJ]
    boundary : str
        Where the meter sits, see `channel.BOUNDARIES`.
    quality : str
        ``counter``, ``integrated`` (power summed up) or ``estimated``.
    low_j, high_j : float
        Bounds, gaps included; `high_j` None where nothing bounds it. [J]
    gaps : tuple of Gap
    """

    start_ns: int
    end_ns: int
    energy_uj: int | None
    boundary: str
    quality: str
    channel: str = ""
    low_j: float | None = None
    high_j: float | None = None
    gaps: tuple[Gap, ...] = ()
    wraps: int = 0
    resets: int = 0
    n: int = 0
    note: str = ""

    def __post_init__(self) -> None:
        if self.end_ns < self.start_ns:
            raise MeterError(
                _("a window from {start} to {end} ends before it begins.").format(
                    start=iso_time(self.start_ns), end=iso_time(self.end_ns)
                )
            )
        if self.boundary not in BOUNDARIES or self.quality not in QUALITIES:
            raise ValueError(f"{self.boundary} or {self.quality} is not known")
        if self.energy_uj is not None and self.energy_uj < 0:
            raise MeterError(
                _("{channel}: {value} J in a window: a meter does not count backwards.").format(
                    channel=self.channel, value=self.energy_uj / 1e6
                )
            )
        exact = None if self.energy_uj is None else self.energy_uj / 1e6
        if self.low_j is None:
            object.__setattr__(self, "low_j", exact if exact is not None else 0.0)
            if self.high_j is None and exact is not None:
                object.__setattr__(self, "high_j", exact)

    @property
    def joules(self) -> float | None:
        """Energy that is known; None where the meter gave nothing. [J]"""
        return None if self.energy_uj is None else self.energy_uj / 1e6

    @property
    def start(self) -> datetime:
        """Begin, UTC."""
        return datetime.fromtimestamp(self.start_ns / 1e9, UTC)

    @property
    def end(self) -> datetime:
        """End, UTC."""
        return datetime.fromtimestamp(self.end_ns / 1e9, UTC)

    @property
    def seconds(self) -> float:
        """Length. [s]"""
        return (self.end_ns - self.start_ns) / 1e9

    @property
    def gap_s(self) -> float:
        """Time not seen. [s]"""
        return math.fsum(g.seconds for g in self.gaps)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "channel": self.channel,
            "start": iso_time(self.start_ns),
            "end": iso_time(self.end_ns),
            "joules": self.joules,
            "low_j": self.low_j,
            "high_j": self.high_j,
            "boundary": self.boundary,
            "quality": self.quality,
            "gaps": [g.to_dict() for g in self.gaps],
            "wraps": self.wraps,
            "resets": self.resets,
            "readings": self.n,
            "note": self.note,
        }


def iso_time(t_ns: int) -> str:
    """An instant as text, UTC, to the millisecond.

    Examples
    --------
    >>> iso_time(1_700_000_000_500_000_000)
    '2023-11-14T22:13:20.500Z'
    """
    whole = datetime.fromtimestamp(t_ns // 1_000_000_000, UTC).replace(tzinfo=None)
    return f"{whole.isoformat()}.{t_ns % 1_000_000_000 // 1_000_000:03d}Z"


def hour_edges_ns(start_ns: int, end_ns: int, step_ns: int = HOUR_NS) -> Ints:
    """Full hours (UTC) from the one `start_ns` lies in to the one that holds `end_ns`. [ns]"""
    first = start_ns // step_ns
    last = max(-(-end_ns // step_ns), first + 1)
    return np.arange(first, last + 1, dtype=np.int64) * step_ns


def course_uj(made: Steps, edges_ns: ArrayLike) -> Ints:
    """Known energy from the first reading up to each edge, whole microjoules.

    A straight line between the two readings around an edge; the remainder goes to what comes later, so that
    differences add up to the whole exactly.
    """
    edges = np.asarray(edges_ns, dtype=np.int64)
    total = np.concatenate([[0], np.cumsum(made.energy_uj)]).astype(np.int64)
    if not len(made.kind):
        return np.zeros(len(edges), np.int64)
    k = np.clip(np.searchsorted(made.t0_ns, edges, side="right") - 1, 0, len(made.kind) - 1)
    span = made.t1_ns[k] - made.t0_ns[k]
    inside = np.clip(edges - made.t0_ns[k], 0, span)
    part = np.floor(made.energy_uj[k] * (inside / span)).astype(np.int64)
    part = np.where(inside >= span, made.energy_uj[k], part)
    return np.asarray(total[k] + part, dtype=np.int64)


def power_course_w(
    readings: Sequence[Readings], most: int = 240
) -> tuple[int, int, NDArray[np.float64]]:
    """Mean power of several meters together over equal steps from the first reading to the last.

    Returns
    -------
    start_ns, step_ns : int
    power_w : ndarray, shape (n_step,)
        NaN where a meter was blind for a part of the step. [W]

    Examples
    --------
    >>> one = Readings.of(Channel("gpu", "mJ"), np.arange(3) * 10**9, [0, 100_000, 400_000])
    >>> power_course_w([one], 2)
    (0, 1000000000, array([100., 300.]))
    """
    made = [s for s in (steps(r) for r in readings) if len(s.kind)]
    start, end = min(int(s.t0_ns[0]) for s in made), max(int(s.t1_ns[-1]) for s in made)
    # no finer than the meters were read: a step between two readings has no shape of its own
    n = max(1, min(most, min(len(s.kind) for s in made)))
    step = -(-(end - start) // n)
    edges = start + step * np.arange(n + 1)
    power = np.zeros(n)
    for one in made:
        power += np.diff(course_uj(one, edges)) / step * 1e3
        blind = [(int(one.t0_ns[k]), int(one.t1_ns[k])) for k in np.flatnonzero(~one.known)]
        blind += [(start, int(one.t0_ns[0])), (int(one.t1_ns[-1]), end)]
        for a, b in blind:
            if b > a:
                power[(a - start) // step : -(-(b - start) // step)] = np.nan
    return start, step, power


def energy_window(readings: Readings, late_ns: int | None = None) -> EnergyWindow:
    """Everything the readings say, as one window.

    Parameters
    ----------
    readings : Readings
    late_ns : int, optional
        See `steps`.

    Returns
    -------
    window : EnergyWindow
        `energy_uj` is None where no two readings hold a value.

    Examples
    --------
    >>> gpu = Channel("gpu", "mJ")
    >>> seconds = np.array([0, 1, 2, 3]) * 10**9
    >>> w = energy_window(Readings.of(gpu, seconds, [5_000_000, 5_070_000, 12_000, 82_000]))
    >>> w.joules, w.resets, w.gaps[0].kind, w.low_j
    (140.0, 1, 'reset', 152.0)
    """
    made = steps(readings, late_ns)
    if not len(readings):
        return _nothing(readings.channel, 0, 0, _("no reading"))
    start, end = int(readings.t_ns[0]), int(readings.t_ns[-1])
    if not len(made.kind):
        bad = sorted({STATUS_NAMES[s] for s in readings.status.tolist()} - {"ok"})
        why = ", ".join(bad) if bad else _("a single reading")
        return _nothing(readings.channel, start, end, why)
    return windows_between(readings.channel, made, [start, end])[0]


def _nothing(channel: Channel, start: int, end: int, why: str) -> EnergyWindow:
    high = None if not channel.limit_w else channel.limit_w * (end - start) / 1e9
    gap = (Gap(start, end, "gap", 0.0, high, None),) if end > start else ()
    return EnergyWindow(
        start, end, None, channel.boundary, channel.quality, channel.id, 0.0, high, gap,
        note="; ".join(w for w in (why, channel.note) if w),
    )  # fmt: skip


def windows_between(
    channel: Channel, made: Steps, edges_ns: Sequence[int] | Ints
) -> list[EnergyWindow]:
    """The steps of one channel cut at edges: one window between each two.

    Parameters
    ----------
    channel : Channel
    made : Steps
    edges_ns : sequence of int, shape (n_window + 1,)
        Rising. [ns]

    Returns
    -------
    windows : list of EnergyWindow
        Their energies add up to that of the steps, where the edges hold them all.
    """
    edges = np.asarray(edges_ns, dtype=np.int64)
    energy = np.diff(course_uj(made, edges))
    first, last = int(made.t0_ns[0]), int(made.t1_ns[-1])
    trouble = np.flatnonzero(
        (made.kind != COUNTER) & (made.kind != INTEGRATED) & (made.kind != WRAP)
    )
    found: list[EnergyWindow] = []
    for i in range(len(edges) - 1):
        a, b = int(edges[i]), int(edges[i + 1])
        seen_from, seen_to = max(a, first), min(b, last)
        gaps = []
        if a < first:
            gaps.append(_bounded(channel, a, min(first, b), "outside"))
        inside = trouble[(made.t0_ns[trouble] < b) & (made.t1_ns[trouble] > a)]
        gaps += _gaps(made, inside, a, b)
        if b > last:
            gaps.append(_bounded(channel, max(last, a), b, "outside"))
        here = slice(
            int(np.searchsorted(made.t1_ns, a, side="right")),
            int(np.searchsorted(made.t0_ns, b, side="left")),
        )
        low, high = _bounds(made, here, a, b)
        gaps_outside = any(g.kind == "outside" for g in gaps)
        if gaps_outside:
            more = [g.high_j for g in gaps if g.kind == "outside"]
            high = None if high is None or None in more else high + sum(h or 0.0 for h in more)
        whole = int(energy[i])
        known = whole / 1e6
        # an energy that was never seen in this window stays unknown
        nothing = seen_to <= seen_from or not made.known[here].any()
        kinds = made.kind[here]
        if made.known[here].all() and not nothing:
            low = known if channel.is_counter else min(low, known)
            high = known if channel.is_counter and high is not None and not gaps_outside else high
        found.append(
            EnergyWindow(
                a, b, None if nothing else whole, channel.boundary, channel.quality, channel.id,
                low,
                None if high is None else max(high, known),
                tuple(gaps),
                wraps=int((kinds == WRAP).sum()),
                resets=int((kinds == KINDS.index("reset")).sum()),
                n=int(here.stop - here.start + 1),
                note=channel.note,
            )
        )  # fmt: skip
    return found


def _bounded(channel: Channel, a: int, b: int, kind: str) -> Gap:
    high = channel.limit_w * (b - a) / 1e9 if channel.limit_w else None
    return Gap(a, b, kind, 0.0, high, None)


def _gaps(made: Steps, which: Ints, a: int, b: int) -> list[Gap]:
    listed: list[Gap] = []
    for k in which[:SHOWN_GAPS].tolist():
        t0, t1 = int(made.t0_ns[k]), int(made.t1_ns[k])
        share = (min(t1, b) - max(t0, a)) / (t1 - t0)
        high = int(made.high_uj[k])
        listed.append(
            Gap(
                max(t0, a), min(t1, b), KINDS[made.kind[k]],
                int(made.low_uj[k]) * share / 1e6 if share == 1 or made.known[k] else 0.0,
                None if high == UNBOUNDED else high * share / 1e6 if made.known[k] else high / 1e6,
                int(made.energy_uj[k]) * share / 1e6 if made.known[k] else None,
            )
        )  # fmt: skip
    if len(which) > SHOWN_GAPS:
        rest = which[SHOWN_GAPS:]
        unbounded = bool((made.high_uj[rest] == UNBOUNDED).any())
        listed.append(
            Gap(
                max(int(made.t0_ns[rest[0]]), a), min(int(made.t1_ns[rest[-1]]), b),
                KINDS[made.kind[rest[0]]], 0.0,
                None if unbounded else float(made.high_uj[rest].sum()) / 1e6, None,
            )
        )  # fmt: skip
    return listed


def _bounds(made: Steps, here: slice, a: int, b: int) -> tuple[float, float | None]:
    """Bounds of the steps that touch a window; steps cut by its edge count by their share of time. [J]"""
    t0, t1 = made.t0_ns[here], made.t1_ns[here]
    if not len(t0):
        return 0.0, 0.0
    share = (np.minimum(t1, b) - np.maximum(t0, a)) / (t1 - t0)
    unknown = ~made.known[here]
    low = made.low_uj[here] * np.where(unknown & (share < 1), 0.0, share)
    high = made.high_uj[here] * np.where(unknown, 1.0, share)
    if (made.high_uj[here] == UNBOUNDED).any():
        return float(low.sum()) / 1e6, None
    a_sum, b_sum = float(low.sum()) / 1e6, float(high.sum()) / 1e6
    return min(a_sum, b_sum), max(a_sum, b_sum)


def ambiguous(windows: Iterable[EnergyWindow]) -> bool:
    """Was a counter left unread so long that it may have wrapped unseen?"""
    return any(g.kind == KINDS[AMBIGUOUS] for w in windows for g in w.gaps)
