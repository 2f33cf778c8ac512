"""What was drawn between two readings? Counters differenced, powers integrated: microjoules, with bounds.

Wraps are undone, resets and gaps are told, and what is not known is bounded, never filled in. Counters lose no
energy between reads; power is integrated only where there is no counter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from taotie.errors import MeterError
from taotie.metering.channel import OK, Channel, Reading
from taotie.words.language import _

__all__ = [
    "AMBIGUOUS", "COUNTER", "GAP", "IMPLAUSIBLE", "INTEGRATED", "KINDS", "LATE", "RESET", "UNBOUNDED", "WRAP", "Delta",
    "Integrated", "Readings", "Steps", "delta", "integrated", "steps",
]  # fmt: skip

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

COUNTER, WRAP, RESET, GAP, LATE, INTEGRATED, IMPLAUSIBLE, AMBIGUOUS = range(8)
KINDS = ("counter", "wrap", "reset", "gap", "late", "integrated", "implausible", "ambiguous")
"""What a step is: `late` is a gap bridged by a counter (energy known, course not), `gap` one that is not;
`ambiguous` a time long enough for a counter to have wrapped once more than can be seen."""
UNBOUNDED = -1
"""Upper bound of energy where nothing bounds it."""
LATE_PERIODS = 3.0
"""A reading later than so many periods leaves a gap."""
USUAL_LIMIT_W = 500.0
"""Draw a processor socket is taken to stay under where the meter names no limit: for counting hidden wraps."""
SLACK = 1.5
"""A step above so many times the limit cannot be."""


@dataclass(frozen=True, eq=False)
class Readings:
    """Readings of one channel in order of time.

    Attributes
    ----------
    t_ns : ndarray of int64, shape (n_reading,)
        Wall clock, UTC. [ns since 1970]
    raw : ndarray of int64, shape (n_reading,)
        Counts; whatever stands where `status` is not OK is not looked at. [channel.unit]
    status : ndarray of uint8, shape (n_reading,)
    anew : ndarray of bool, shape (n_reading,), or None
        Where the counter is known to have begun anew, as after a restart of the machine.
    """

    channel: Channel
    t_ns: Ints
    raw: Ints
    status: NDArray[np.uint8]
    anew: NDArray[np.bool_] | None = None

    @classmethod
    def of(
        cls, channel: Channel, t_ns: ArrayLike, raw: ArrayLike, status: ArrayLike | None = None
    ) -> Readings:
        """Readings from anything array-like, put in order of time; of two at one instant the later stands."""
        t = np.asarray(t_ns, dtype=np.int64)
        values = np.asarray(raw, dtype=np.int64)
        state = np.zeros(len(t), np.uint8) if status is None else np.asarray(status, dtype=np.uint8)
        if not t.shape == values.shape == state.shape or t.ndim != 1:
            raise MeterError(
                _("channel {id}: times and readings have different lengths.").format(id=channel.id)
            )
        if len(t) > 1 and (np.diff(t) <= 0).any():
            order = np.argsort(t, kind="stable")
            t, values, state = t[order], values[order], state[order]
            last = np.append(np.diff(t) > 0, True)
            t, values, state = t[last], values[last], state[last]
        return cls(channel, t, values, state)

    def __len__(self) -> int:
        return len(self.t_ns)

    @property
    def ok(self) -> NDArray[np.bool_]:
        """Which readings hold a value."""
        return self.status == OK


class Steps(NamedTuple):
    """What lies between readings that hold a value.

    `energy_uj` is 0 where `known` is false: what is not known stands in `low_uj` and `high_uj` alone. For
    integrated power these two are the level held from the left and from the right: their sums bound, not they.
    """

    t0_ns: Ints
    t1_ns: Ints
    energy_uj: Ints
    known: NDArray[np.bool_]
    low_uj: Ints
    high_uj: Ints
    kind: NDArray[np.uint8]

    @property
    def total_uj(self) -> int:
        """Energy of all steps that are known. [uJ]"""
        return int(self.energy_uj.sum())

    @property
    def mean_power_w(self) -> float | None:
        """Energy over the time it is known for; None where it never is. [W]"""
        seen_ns = int((self.t1_ns - self.t0_ns)[self.known].sum())
        return 1e3 * self.total_uj / seen_ns if seen_ns else None

    @property
    def bounds_uj(self) -> tuple[int, int | None]:
        """Bounds of the whole; None above where nothing bounds it. [uJ]"""
        unbounded = self.high_uj == UNBOUNDED
        a = int(self.low_uj.sum())
        b = int(self.high_uj[~unbounded].sum())
        if unbounded.any():
            return min(a, self.total_uj), None
        return min(a, b), max(a, b)


class Integrated(NamedTuple):
    """Energy of a series of powers, and how far the choice between the points moves it. [J]"""

    trapezoid_j: float
    hold_left_j: float
    hold_right_j: float


class Delta(NamedTuple):
    """What was drawn between two readings of one channel. [uJ]"""

    energy_uj: int | None
    kind: str
    low_uj: int
    high_uj: int | None


def integrated(t_s: ArrayLike, power_w: ArrayLike) -> Integrated:
    """Energy of powers read at some times.

    Parameters
    ----------
    t_s : array_like, shape (n_reading,)
        Rising. [s]
    power_w : array_like, shape (n_reading,)
        [W]

    Returns
    -------
    energy : Integrated
        The trapezoid, and the level held from the left and from the right. [J]

    Examples
    --------
    >>> integrated([0, 1, 1.5, 4], [100, 700, 300, 100])
    Integrated(trapezoid_j=1150.0, hold_left_j=1200.0, hold_right_j=1100.0)
    """
    t, p = np.asarray(t_s, float), np.asarray(power_w, float)
    if t.shape != p.shape or t.ndim != 1 or len(t) < 2 or (np.diff(t) <= 0).any():
        raise MeterError(_("a course of power needs two or more readings at rising times."))
    dt = np.diff(t)
    return Integrated(
        float((0.5 * (p[1:] + p[:-1]) * dt).sum()),
        float((p[:-1] * dt).sum()),
        float((p[1:] * dt).sum()),
    )


def delta(before: Reading, after: Reading, channel: Channel, late_ns: int | None = None) -> Delta:
    """What was drawn between two readings of one channel.

    Parameters
    ----------
    before, after : Reading
    channel : Channel
    late_ns : int, optional
        Time between readings from which on it is a gap. [ns]

    Returns
    -------
    delta : Delta

    Examples
    --------
    A Xeon's counter that wrapped [1]_:

    >>> xeon = Channel("rapl", "uJ", "package", modulus=262143328850)
    >>> a = Reading("rapl", 0, 0, 262143000000)
    >>> delta(a, Reading("rapl", 10**9, 10**9, 171150), xeon)
    Delta(energy_uj=500000, kind='wrap', low_uj=500000, high_uj=500000)

    References
    ----------
    .. [1] Linux, Documentation/power/powercap: `max_energy_range_uj`.
    """
    if before.raw is None or after.raw is None or before.status != OK or after.status != OK:
        return Delta(None, "gap", 0, None)
    made = steps(
        Readings.of(channel, [before.wall_ns, after.wall_ns], [before.raw, after.raw]), late_ns
    )
    if not len(made.kind):
        return Delta(None, "gap", 0, None)
    high = int(made.high_uj[0])
    return Delta(
        int(made.energy_uj[0]) if made.known[0] else None,
        KINDS[made.kind[0]],
        int(made.low_uj[0]),
        None if high == UNBOUNDED else high,
    )


def steps(readings: Readings, late_ns: int | None = None) -> Steps:
    """Energy between each two readings that hold a value.

    Parameters
    ----------
    readings : Readings
    late_ns : int, optional
        Time between readings from which on it is a gap; by default `LATE_PERIODS` usual periods. [ns]

    Returns
    -------
    steps : Steps
        Shape (n_ok - 1,).
    """
    channel, ok = readings.channel, readings.ok
    t, raw = readings.t_ns[ok], readings.raw[ok]
    n = max(len(t) - 1, 0)
    if n == 0:
        none = np.zeros(0, np.int64)
        return Steps(none, none, none, np.zeros(0, bool), none, none, np.zeros(0, np.uint8))
    dt = np.diff(t)
    if late_ns is None:
        late_ns = _late_ns(dt)
    late = dt > late_ns
    if channel.is_counter:
        anew = np.zeros(n, bool)
        if readings.anew is not None:
            anew = np.diff(np.cumsum(readings.anew)[ok]) > 0
        return _counted(channel, t, raw, dt, late, anew)
    return _held(channel, t, raw, dt, late)


def _late_ns(dt: Ints) -> int:
    """Three usual periods; a single pair of readings is no gap: nothing says what is usual."""
    return int(LATE_PERIODS * float(np.median(dt))) if len(dt) > 1 else int(dt[0])


def _counted(
    channel: Channel,
    t: Ints,
    raw: Ints,
    dt: Ints,
    late: NDArray[np.bool_],
    anew: NDArray[np.bool_],
) -> Steps:
    change = np.diff(raw)
    kind = np.where(late, LATE, COUNTER).astype(np.uint8)
    known = np.ones(len(dt), bool)
    hidden = np.zeros(len(dt), np.int64)
    seconds = dt / 1e9
    fell = change < 0
    if channel.modulus is not None:
        modulus = int(channel.modulus)
        change = np.where(fell, change + modulus, change)
        limit_w = channel.limit_w or USUAL_LIMIT_W
        room = limit_w * 1e6 * seconds / channel.micro - change
        # a reset looks like a wrap that would need more power than the thing can draw
        wrapped = fell & (room * SLACK + (SLACK - 1) * change >= 0) & (change >= 0)
        kind[wrapped] = WRAP
        wrapped &= ~anew
        kind[anew] = RESET
        reset = (fell & ~wrapped) | anew
        hidden = np.maximum(np.floor(room / modulus), 0).astype(np.int64) * modulus
    else:
        reset = fell | anew
    energy = _uj(change, channel)
    low = energy.copy()
    high = _uj(change + hidden, channel)
    after = _uj(np.minimum(raw[1:], np.int64(2**62 / max(channel.micro, 1.0))), channel)
    bound = _bound_uj(channel, seconds)
    unclear = (hidden > 0) & ~reset
    kind[unclear], known[unclear] = AMBIGUOUS, False
    kind[reset] = RESET
    low[reset] = np.minimum(after[reset], np.where(bound[reset] < 0, after[reset], bound[reset]))
    high[reset] = bound[reset]
    known[reset] = False
    if channel.limit_w:
        slack = SLACK * channel.limit_w * 1e6 * (seconds + (channel.update_ms or 1000.0) / 1e3)
        wild = ~reset & (energy > slack)
        kind[wild], known[wild] = IMPLAUSIBLE, False
        low[wild], high[wild] = 0, bound[wild]
    energy[~known] = 0
    return Steps(t[:-1], t[1:], energy, known, low, high, kind)


def _held(channel: Channel, t: Ints, raw: Ints, dt: Ints, late: NDArray[np.bool_]) -> Steps:
    power_uw = raw * channel.micro
    seconds = dt / 1e9
    left = np.rint(power_uw[:-1] * seconds).astype(np.int64)
    right = np.rint(power_uw[1:] * seconds).astype(np.int64)
    energy = np.rint(0.5 * (power_uw[:-1] + power_uw[1:]) * seconds).astype(np.int64)
    kind = np.where(late, GAP, INTEGRATED).astype(np.uint8)
    bound = _bound_uj(channel, seconds)
    energy[late] = 0
    left[late], right[late] = 0, bound[late]
    return Steps(t[:-1], t[1:], energy, ~late, left, right, kind)


def _uj(counts: Ints, channel: Channel) -> Ints:
    """Counts in microjoules; exact where a count is a whole number of them."""
    if channel.micro == int(channel.micro) and channel.micro < 2**31:
        return np.asarray(counts * np.int64(int(channel.micro)), dtype=np.int64)
    return np.rint(counts.astype(np.longdouble) * channel.micro).astype(np.int64)


def _bound_uj(channel: Channel, seconds: Floats) -> Ints:
    """The most that could be drawn, or `UNBOUNDED`."""
    if not channel.limit_w:
        return np.full(len(seconds), UNBOUNDED, np.int64)
    return np.rint(channel.limit_w * 1e6 * seconds).astype(np.int64)
