"""Whose joules were they? Energy of a group of devices split over the requests it served. [uJ]

Measured totals, modelled shares: what a device drew beyond waiting goes to requests by weight, what it drew waiting
to those in flight by time. Requests, idle time and what nothing explains add up to the counter exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taotie.errors import MeterError
from taotie.metering.steps import Readings, steps
from taotie.metering.window import course_uj
from taotie.words.language import _

__all__ = [
    "Attribution", "GroupCourse", "attribution", "group_course", "idle_power_w", "joules_per_token",
    "largest_remainder", "mig_split",
]  # fmt: skip

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
QUIET_NS = 10_000_000_000
"""A device waits once no request was in flight for so long: clocks and cooling have settled. [ns]"""


class GroupCourse(NamedTuple):
    """Energy of a group of devices between common instants.

    `known` is false where a meter of the group did not see the interval; its energy is then the part that was seen.
    """

    edges_ns: Ints
    energy_uj: Ints
    known: NDArray[np.bool_]


def group_course(readings: Sequence[Readings]) -> GroupCourse:
    """Several channels of one replica as one course, on the times of the one read most often.

    Raises
    ------
    MeterError
        If there is no channel with two readings, or they share no time.
    """
    made = [(r, steps(r)) for r in readings]
    made = [(r, s) for r, s in made if len(s.kind)]
    if not made:
        raise MeterError(_("no meter with two or more readings."))
    start = max(int(s.t0_ns[0]) for _r, s in made)
    end = min(int(s.t1_ns[-1]) for _r, s in made)
    if end <= start:
        raise MeterError(
            _("the meters share no time."), _("attribute them one after the other: --device UUID")
        )
    finest = max(made, key=lambda pair: len(pair[1].kind))[1]
    inner = finest.t0_ns[(finest.t0_ns > start) & (finest.t0_ns < end)]
    edges = np.concatenate([[start], inner, [end]]).astype(np.int64)
    total = np.zeros(len(edges) - 1, np.int64)
    known = np.ones(len(edges) - 1, bool)
    for _readings, course in made:
        total += np.diff(course_uj(course, edges))
        for k in np.flatnonzero(~course.known).tolist():
            a = np.searchsorted(edges, course.t0_ns[k], side="right") - 1
            b = np.searchsorted(edges, course.t1_ns[k], side="left")
            known[max(a, 0) : b] = False
    return GroupCourse(edges, total, known)


def largest_remainder(total: int, shares: ArrayLike) -> Ints:
    """A whole number split by shares, so that the parts add up to it exactly.

    Parameters
    ----------
    total : int
    shares : array_like, shape (n,)
        Not negative.

    Examples
    --------
    >>> largest_remainder(2_000_000, [2000, 4150, 6500]).tolist()
    [316206, 656126, 1027668]
    """
    weights = np.asarray(shares, dtype=np.float64)
    whole = float(weights.sum())
    if not len(weights):
        return np.zeros(0, np.int64)
    if whole <= 0:
        weights, whole = np.ones(len(weights)), float(len(weights))
    exact = weights / whole * total
    parts = np.floor(exact).astype(np.int64)
    rest = int(total - int(parts.sum()))
    if rest > 0:
        turns, rest = divmod(rest, len(parts))
        parts += turns
        order = np.argsort(-(exact - np.floor(exact)), kind="stable")
        parts[order[:rest]] += 1
    elif rest < 0:  # rounding of very large totals
        order = np.argsort(exact - np.floor(exact), kind="stable")
        parts[order[:-rest]] -= 1
    return parts


def mig_split(
    board_uj: int, idle_uj: int, slices: Sequence[int], activity: Sequence[float], of: int = 7
) -> Ints:
    """Energy of one board over its MIG instances, and what no instance holds (last). Modelled: there is one meter.

    Parameters
    ----------
    board_uj, idle_uj : int
        Counter of the board; the part it would have drawn waiting. [uJ]
    slices : sequence of int
        Slices of each instance, of `of`.
    activity : sequence of float
        Share of time each instance's engine was active, within 0..1.

    Returns
    -------
    parts : ndarray of int64, shape (n_instance + 1,)
        Adds up to the board exactly. [uJ]

    Raises
    ------
    MeterError
        If slices are more than the board has, or an activity is no share.

    Examples
    --------
    >>> parts = mig_split(1000, 400, [3, 2], [1.0, 0.5])
    >>> parts.tolist(), int(parts.sum())
    ([622, 264, 114], 1000)
    """
    cut, active = np.asarray(slices, float), np.asarray(activity, float)
    if cut.sum() > of or (cut < 1).any() or not ((active >= 0) & (active <= 1)).all():
        raise MeterError(
            _("slices {slices} of {of} with activity {activity} cannot be.").format(
                slices=list(slices), of=of, activity=list(activity)
            ),
            _("an instance has 1 to 7 slices; activity is a share, within 0..1"),
        )
    idle = min(idle_uj, board_uj)
    waiting = largest_remainder(idle, np.append(cut, of - cut.sum()))
    work = cut * active
    if work.sum() <= 0:
        waiting[-1] += board_uj - idle
        return waiting
    return waiting + np.append(largest_remainder(board_uj - idle, work), 0)


@dataclass(frozen=True, eq=False)
class Attribution:
    """Energy of requests, and of what was no request.

    Attributes
    ----------
    active_uj, idle_uj : ndarray of int64, shape (n_request,)
        Share of the work, and of waiting while it was in flight. [uJ]
    unallocated_uj : int
        Drawn waiting, with no request in flight. [uJ]
    unexplained_uj : int
        Drawn beyond waiting with no request in flight: warm-up, another process, lost rows of the log. [uJ]
    total_uj : int
        The counter: the sum of all of them. [uJ]
    idle_w : float or None
        Power taken as waiting; None if it could not be measured (then nothing counts as waiting). [W]
    outside : int
        Requests that lie wholly outside the metered time.
    cut : int
        Requests of which a part lies outside.
    unseen : int
        Requests in flight while a meter was blind: their energy is at least what stands here.
    below_idle_s : float
        Time in which less was drawn than `idle_w`: all of it counts as waiting. [s]
    """

    active_uj: Ints
    idle_uj: Ints
    unallocated_uj: int
    unexplained_uj: int
    total_uj: int
    idle_w: float | None
    outside: int
    cut: int
    unseen: int
    edges_ns: Ints
    unallocated_by_interval_uj: Floats
    below_idle_s: float = 0.0

    @property
    def request_uj(self) -> Ints:
        """Energy of each request while it was in flight. [uJ]"""
        return self.active_uj + self.idle_uj

    @property
    def full_uj(self) -> Ints:
        """With the waiting of empty hours spread by the share of the work. [uJ]"""
        return self.request_uj + largest_remainder(self.unallocated_uj, self.active_uj)


def idle_power_w(course: GroupCourse, start_ns: ArrayLike, end_ns: ArrayLike) -> float | None:
    """Draw of the group while it waits: median of intervals with no request for `QUIET_NS` before and in them.

    Returns
    -------
    idle_w : float or None
        None if there is no such time. [W]
    """
    edges = course.edges_ns
    dt = np.diff(edges)
    starts = np.sort(np.asarray(start_ns, np.int64))
    ends = np.sort(np.asarray(end_ns, np.int64))
    a, b = edges[:-1] - QUIET_NS, edges[1:]
    # whoever started before the end of the interval has ended before its quiet time began
    in_flight = np.searchsorted(starts, b, side="left") - np.searchsorted(ends, a, side="right")
    quiet = (in_flight == 0) & course.known & (dt > 0)
    if not quiet.any():
        return None
    return float(np.median(course.energy_uj[quiet] / dt[quiet] * 1e3))


def _spread(edges: Ints, a: Ints, b: Ints, weight: Floats) -> tuple[Floats, Ints, Ints, Floats]:
    """Weight per interval of phases from a to b; and interval of both ends, and weight per ns."""
    n = len(edges) - 1
    i = np.clip(np.searchsorted(edges, a, side="right") - 1, 0, n - 1)
    j = np.clip(np.searchsorted(edges, b, side="right") - 1, 0, n - 1)
    length = b - a
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.where(length > 0, weight / np.maximum(length, 1), 0.0)
    same = i == j
    total = np.bincount(i[same], weight[same], n).astype(np.float64)
    d, far = density[~same], ~same
    total += np.bincount(i[far], d * (edges[i[far] + 1] - a[far]), n)
    total += np.bincount(j[far], d * (b[far] - edges[j[far]]), n)
    full = np.bincount(i[far] + 1, d, n + 1)[: n + 1] - np.bincount(j[far], d, n + 1)[: n + 1]
    run = np.cumsum(full[:n])
    run[np.abs(run) < 1e-12 * max(float(np.abs(run).max(initial=0.0)), 1e-300)] = 0.0
    return total + run * np.diff(edges), i, j, density


def attribution(
    course: GroupCourse,
    start_ns: ArrayLike,
    first_ns: ArrayLike,
    end_ns: ArrayLike,
    prefill_weight: ArrayLike,
    decode_weight: ArrayLike,
    idle_w: float | None = None,
) -> Attribution:
    """Split the energy of a group of devices over the requests it served.

    Parameters
    ----------
    course : GroupCourse
    start_ns, first_ns, end_ns : array_like of int, shape (n_request,)
        Begin of the work, first token, last token; UTC. [ns]
    prefill_weight, decode_weight : array_like, shape (n_request,)
        What reading the prompt and writing the answer should cost, in any one unit: predicted joules, at best.
    idle_w : float, optional
        Power while waiting; by default measured where no request was in flight. [W]

    Returns
    -------
    attribution : Attribution

    Raises
    ------
    MeterError
        If times are not in order or a weight is negative.

    Notes
    -----
    In each interval ``I = min(E, P_idle dt)`` goes to the requests in flight by time and ``A = E - I`` by weight, the
    weight of a phase being spread evenly over it.
    """
    start, first, end = (np.asarray(v, np.int64) for v in (start_ns, first_ns, end_ns))
    w_fill, w_write = (np.asarray(v, np.float64) for v in (prefill_weight, decode_weight))
    if not start.shape == first.shape == end.shape == w_fill.shape == w_write.shape:
        raise MeterError(_("times and weights of requests have different lengths."))
    if len(start) and ((first < start).any() or (end < first).any()):
        bad = int(np.flatnonzero((first < start) | (end < first))[0])
        raise MeterError(
            _("request {n}: first token or end lie before its start.").format(n=bad + 1),
            _("start <= first token <= end, in one clock"),
        )
    if len(start) and not (
        (w_fill >= 0).all() and (w_write >= 0).all() and np.isfinite(w_fill + w_write).all()
    ):
        raise MeterError(_("weights of requests must be finite and not negative."))
    edges = course.edges_ns
    t0, t1 = int(edges[0]), int(edges[-1])
    dt = np.diff(edges)
    energy = course.energy_uj
    n_interval = len(dt)
    outside = (end < t0) | (start > t1)
    cut = ~outside & ((start < t0) | (end > t1))
    if idle_w is None:
        idle_w = idle_power_w(course, start, end)
    waiting = np.minimum(energy, np.floor((idle_w or 0.0) * dt / 1e3).astype(np.int64))
    work = energy - waiting

    phases = []
    weights = np.zeros(n_interval)
    for a, b, w in ((start, first, w_fill), (first, end, w_write)):
        inside_a, inside_b = np.clip(a, t0, t1), np.clip(b, t0, t1)
        length = np.maximum(b - a, 1)
        share = np.where(
            b > a, (inside_b - inside_a) / length, ((a >= t0) & (a <= t1)).astype(float)
        )
        w = np.where(outside, 0.0, w * share)
        per_interval, i, j, density = _spread(edges, inside_a, inside_b, w)
        weights += per_interval
        # a million requests: only what cannot be made again is kept, in half the bytes
        phases.append((a, b, w, i.astype(np.int32), j.astype(np.int32)))
        del inside_a, inside_b, length, share, density
    weights[weights < 1e-12 * max(float(weights.max(initial=0.0)), 1e-300)] = 0.0
    taken = weights > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        per_weight = np.where(taken, work / weights, 0.0)
    course_of = np.concatenate([[0.0], np.cumsum(per_weight * dt)])
    active = np.zeros(len(start))
    while phases:
        a, b, w, *places = phases.pop()
        i, j = (np.asarray(v, np.int64) for v in places)
        a, b = np.clip(a, t0, t1), np.clip(b, t0, t1)
        same = i == j
        density = np.where(b > a, w / np.maximum(b - a, 1), 0.0)
        far = density * (
            (edges[i + 1] - a) * per_weight[i]
            + (b - edges[j]) * per_weight[j]
            + (course_of[j] - course_of[np.minimum(i + 1, n_interval)])
        )
        active += np.where(same, w * per_weight[i], far)
    idle, unallocated_by = _waiting(
        edges, waiting, np.clip(start, t0, t1), np.clip(end, t0, t1), outside
    )

    work_total = int(work[taken].sum())
    unexplained = int(work.sum()) - work_total
    waiting_total = int(waiting.sum())
    idle_sum = float(idle.sum())
    held = round(idle_sum) if len(start) else 0
    held = min(max(held, 0), waiting_total)
    if held and idle_sum <= 0:
        held = 0
    blind = np.concatenate([[0], np.cumsum(~course.known)])
    i = np.clip(np.searchsorted(edges, start, side="right") - 1, 0, n_interval - 1)
    j = np.clip(np.searchsorted(edges, end, side="right") - 1, 0, n_interval - 1)
    unseen = int(((blind[j + 1] - blind[i] > 0) & ~outside).sum())
    return Attribution(
        largest_remainder(work_total, active) if work_total else np.zeros(len(start), np.int64),
        largest_remainder(held, idle) if held else np.zeros(len(start), np.int64),
        waiting_total - held,
        unexplained,
        int(energy.sum()),
        idle_w,
        int(outside.sum()),
        int(cut.sum()),
        unseen,
        edges,
        unallocated_by,
        # a hundredth below is the meter's own scatter
        float(dt[energy < 0.99e-3 * (idle_w or 0.0) * dt].sum()) / 1e9,
    )


def _waiting(
    edges: Ints, waiting: Ints, start: Ints, end: Ints, outside: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Shares of the waiting: equal among those in flight at each instant; and what nobody held, by interval."""
    n = len(edges) - 1
    power = waiting / np.maximum(np.diff(edges), 1)
    mine = ~outside & (end > start)
    a, b = np.sort(start[mine]), np.sort(end[mine])
    t = np.sort(np.concatenate([edges, a, b]))  # instants that come twice are steps of no length
    flying = np.searchsorted(a, t[:-1], side="right") - np.searchsorted(b, t[:-1], side="right")
    k = np.clip(np.searchsorted(edges, t[:-1], side="right") - 1, 0, n - 1)
    drawn = power[k] * np.diff(t).astype(np.float64)
    held = np.where(flying > 0, drawn / np.maximum(flying, 1), 0.0)
    course = np.concatenate([[0.0], np.cumsum(held)])
    idle = np.zeros(len(start))
    idle[mine] = course[np.searchsorted(t, end[mine])] - course[np.searchsorted(t, start[mine])]
    nobody = np.bincount(k, np.where(flying > 0, 0.0, drawn), n).astype(np.float64)
    return idle, nobody


def joules_per_token(
    active_j: ArrayLike,
    computed: ArrayLike,
    generated: ArrayLike,
    request_s: float,
    window_s: float,
) -> tuple[float, float]:
    """Energy per token read and per token written, from windows of a server's metrics alone.

    Parameters
    ----------
    active_j : array_like, shape (n_window,)
        Energy beyond waiting. [J]
    computed, generated : array_like, shape (n_window,)
        Prompt tokens computed (cached ones left out) and tokens written. [token]
    request_s, window_s : float
        Mean time of a request and length of a window: counters that move when a request ends are shifted by one
        over the other. [s]

    Returns
    -------
    read_j, write_j : float
        Not negative. [J/token]

    Raises
    ------
    MeterError
        With fewer than 30 windows, or windows under 20 times the mean request.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> read, write = rng.uniform(1e4, 1e5, 40), rng.uniform(1e3, 1e4, 40)
    >>> [round(float(v), 6) for v in joules_per_token(0.02 * read + 0.4 * write, read, write, 5.0, 300.0)]
    [0.02, 0.4]
    """
    energy, read, written = (np.asarray(v, np.float64) for v in (active_j, computed, generated))
    if len(energy) < 30:
        raise MeterError(
            _("{n} windows are too few to tell reading from writing; 30 are needed.").format(
                n=len(energy)
            ),
            _("record longer, or give the request log"),
        )
    if window_s < 20 * request_s:
        raise MeterError(
            _("windows of {window} s are too short for requests of {request} s.").format(
                window=window_s, request=request_s
            ),
            _("at least {seconds} s: tokens are counted when a request ends").format(
                seconds=round(20 * request_s, 1)
            ),
        )
    from scipy.optimize import nnls

    found, _rest = nnls(np.column_stack([read, written]), energy)
    return float(found[0]), float(found[1])
