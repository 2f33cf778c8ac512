"""How does the power of a training job swing, and what does a utility allow? Waveform, spectrum, ramps, bands. [MW, Hz, MW/s]

A job computes near full power and waits for the network near idle, in step over all its machines. A series is held between
its samples, and the spectrum is that of the held curve, so a square wave has exactly its textbook harmonics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from taotie.errors import DataError, RangeError
from taotie.files.read import of_others, read_text, table_dicts
from taotie.words.language import _
from taotie.words.listing import listing
from taotie.words.reasons import reason

__all__ = [
    "Band",
    "BandResult",
    "Swing",
    "band_results",
    "buffer_energy_mj",
    "floor_cost_mw",
    "harmonic_mw",
    "largest_ramp_mw_per_s",
    "read_bands",
    "read_waveform",
    "spectrum_mw",
    "square_wave",
    "training_waveform",
]

Floats = npt.NDArray[np.float64]
MAX_STEPS = 5_000_000


class Band(NamedTuple):
    """A band of frequencies and what a utility allows in it.

    `limit_mw` is the largest amplitude of any line; `limit_share` the same over the peak. One of them, or neither.
    """

    low_hz: float
    high_hz: float
    limit_mw: float | None = None
    limit_share: float | None = None
    name: str = ""


class BandResult(NamedTuple):
    """What a swing has in a band. [Hz, MW]; `passed` is None where no limit is known."""

    low_hz: float
    high_hz: float
    mw: float
    at_hz: float
    rms_mw: float
    limit_mw: float | None
    passed: bool | None
    name: str


@dataclass(frozen=True, eq=False)
class Swing:
    """A power series of even steps, held between them.

    Attributes
    ----------
    power_mw : ndarray, shape (step,)
        [MW]
    step_s : float
        [s]
    """

    power_mw: Floats
    step_s: float

    def __post_init__(self) -> None:
        if self.power_mw.ndim != 1 or self.power_mw.size < 2:
            raise RangeError(_("a waveform needs at least two steps."))
        if self.power_mw.size > MAX_STEPS:
            raise RangeError(
                _("{n} steps are too many; at most {most}.").format(n=self.power_mw.size, most=MAX_STEPS),
                _("a longer --step, or a shorter --duration"),
            )  # fmt: skip
        if not np.isfinite(self.power_mw).all() or (self.power_mw < 0).any():
            raise RangeError(_("a waveform holds a negative power or what is no number."))
        if not (self.step_s > 0 and np.isfinite(self.step_s)):
            raise RangeError(_("a step must be above 0 s, not {step} s.").format(step=self.step_s))

    @property
    def mean_mw(self) -> float:
        """[MW]"""
        return float(self.power_mw.mean())

    @property
    def peak_mw(self) -> float:
        """[MW]"""
        return float(self.power_mw.max())

    @property
    def duration_s(self) -> float:
        """[s]"""
        return self.power_mw.size * self.step_s

    @property
    def time_s(self) -> Floats:
        """Start of each step. [s]"""
        return np.asarray(np.arange(self.power_mw.size) * self.step_s, dtype=np.float64)


def harmonic_mw(n: npt.ArrayLike, high_mw: float, low_mw: float, duty: float) -> Floats:
    """Amplitude of a harmonic of a square wave.

    Parameters
    ----------
    n : array_like of int
        1 for the base frequency.
    high_mw, low_mw : float
        While computing, while waiting. [MW]
    duty : float
        Share of the period at high power, within 0..1. [1]

    Returns
    -------
    amplitude_mw : ndarray
        [MW]

    Notes
    -----
    ``2 (P_hi - P_lo) / (n pi) |sin(n pi D)|``

    Examples
    --------
    105 MW for 1.4 s of every 2 s, else 45 MW:

    >>> harmonic_mw([1, 2, 3], 105, 45, 0.7).round(3)
    array([30.902, 18.164,  3.935])
    """
    order = np.asarray(n, dtype=np.float64)
    _check_levels(high_mw, low_mw, duty)
    return np.asarray(2 * (high_mw - low_mw) / (order * np.pi) * np.abs(np.sin(order * np.pi * duty)))  # fmt: skip


def buffer_energy_mj(high_mw: float, low_mw: float, duty: float, period_s: float) -> float:
    """Energy a buffer moves in each period to make a square wave flat. [MJ]

    Notes
    -----
    ``(P_hi - mean) D T``

    Examples
    --------
    >>> round(buffer_energy_mj(105, 45, 0.7, 2.0), 6)
    25.2
    """
    _check_levels(high_mw, low_mw, duty)
    mean = duty * high_mw + (1 - duty) * low_mw
    return float((high_mw - mean) * duty * period_s)


def floor_cost_mw(floor_mw: float, low_mw: float, duty: float) -> float:
    """Mean power burnt to keep a square wave above a floor. [MW]

    Notes
    -----
    ``(floor - P_lo) (1 - D)``

    Examples
    --------
    >>> round(floor_cost_mw(84, 45, 0.7), 6)
    11.7
    """
    return float(max(floor_mw - low_mw, 0.0) * (1 - duty))


def square_wave(
    high_mw: float,
    low_mw: float,
    period_s: float,
    duty: float,
    step_s: float = 0.01,
    periods: int = 10,
) -> Swing:
    """Whole periods of a square wave.

    Raises
    ------
    RangeError
        If a step does not divide the period and its part at high power: the wave would be another one.

    Examples
    --------
    >>> square_wave(105, 45, 2.0, 0.7).mean_mw
    87.0
    """
    _check_levels(high_mw, low_mw, duty)
    if not (period_s > 0 and step_s > 0 and periods >= 1):
        raise RangeError(_("a period needs at least two steps, not {period} s in steps of {step} s.").format(period=period_s, step=step_s))  # fmt: skip
    per = period_s / step_s
    high = per * duty
    if abs(per - round(per)) > 1e-6 or abs(high - round(high)) > 1e-6:
        raise RangeError(
            _("steps of {step:g} s do not divide a period of {period:g} s at a duty of {duty:g}.").format(step=step_s, period=period_s, duty=duty),
            f"--step {period_s / 1000:g}",
        )  # fmt: skip
    one = np.full(round(per), float(low_mw))
    one[: round(high)] = high_mw
    return Swing(np.tile(one, periods), step_s)


def training_waveform(
    high_mw: float,
    low_mw: float,
    period_s: float,
    duty: float,
    duration_s: float,
    step_s: float = 0.02,
    *,
    checkpoint_every_s: float = 0.0,
    checkpoint_s: float = 0.0,
    checkpoint_mw: float | None = None,
    fault_at_s: Sequence[float] = (),
    fault_s: float = 0.0,
    idle_mw: float = 0.0,
    jitter: float = 0.0,
    seed: int = 0,
) -> Swing:
    """A training job: iterations, checkpoints, faults that stop it.

    Parameters
    ----------
    high_mw, low_mw : float
        While computing, while communicating. [MW]
    period_s, duty : float
        Of an iteration [s], its share at high power [1].
    duration_s, step_s : float
        [s]
    checkpoint_every_s, checkpoint_s : float
        Between the starts of two checkpoints, and how long one takes; 0 for none. [s]
    checkpoint_mw : float, optional
        Power while one is written; default `low_mw`. [MW]
    fault_at_s : sequence of float
        When a fault stops the job. [s]
    fault_s, idle_mw : float
        How long it stands still [s], at which power [MW].
    jitter : float
        Standard deviation of the length of an iteration over its length. [1]
    seed : int

    Returns
    -------
    swing : Swing
    """
    _check_levels(high_mw, low_mw, duty)
    if not (duration_s > step_s > 0 and period_s > step_s):
        raise RangeError(_("a period needs at least two steps, not {period} s in steps of {step} s.").format(period=period_s, step=step_s))  # fmt: skip
    n = round(duration_s / step_s)
    if n > MAX_STEPS:
        raise RangeError(
            _("{n} steps are too many; at most {most}.").format(n=n, most=MAX_STEPS),
            _("a longer --step, or a shorter --duration"),
        )
    if not 0 <= jitter < 0.5:
        raise RangeError(_("a jitter of {value} leaves 0..0.5.").format(value=jitter))
    time = (np.arange(n) + 0.5) * step_s
    if jitter > 0:
        rng = np.random.default_rng(seed)
        count = int(duration_s / period_s * 1.5) + 10
        lengths = period_s * np.clip(1 + jitter * rng.standard_normal(count), 0.2, 3.0)
        starts = np.concatenate([[0.0], np.cumsum(lengths)])
        at = np.searchsorted(starts, time, side="right") - 1
        at = np.minimum(at, count - 1)
        phase = (time - starts[at]) / lengths[at]
    else:
        phase = (time / period_s) % 1.0
    power = np.where(phase < duty, float(high_mw), float(low_mw))
    if checkpoint_every_s > 0 and checkpoint_s > 0:
        inside = (time % checkpoint_every_s) >= checkpoint_every_s - checkpoint_s
        power[inside] = low_mw if checkpoint_mw is None else checkpoint_mw
    for start in fault_at_s:
        power[(time >= start) & (time < start + fault_s)] = idle_mw
    return Swing(power, step_s)


def _check_levels(high_mw: float, low_mw: float, duty: float) -> None:
    if not (np.isfinite([high_mw, low_mw]).all() and 0 <= low_mw <= high_mw and high_mw > 0):
        raise RangeError(
            _(
                "a swing needs its lower end below its upper end, not {low:g} to {high:g} MW."
            ).format(low=low_mw, high=high_mw),
            _("--peak is the higher one"),
        )
    if not 0 < duty < 1:
        raise RangeError(_("a duty of {duty:g} leaves 0..1.").format(duty=duty), _("70 % is 0.7"))


def spectrum_mw(swing: Swing) -> tuple[Floats, Floats]:
    """Lines of the held curve, as if it repeated.

    Parameters
    ----------
    swing : Swing

    Returns
    -------
    frequency_hz, amplitude_mw : ndarray, shape (line,)
        From the lowest line, one over the duration, to half of the sampling rate. [Hz, MW]

    Notes
    -----
    ``2 |X_k| / N`` of the samples times ``sinc(f dt)``: a value that is held for a step is a box, and the lines of the held
    curve are those of the samples times the spectrum of the box. Exact, not an approximation of small steps.

    Examples
    --------
    >>> f, a = spectrum_mw(square_wave(105, 45, 2.0, 0.7, periods=1))
    >>> f[:3], bool(abs(a[:3] - harmonic_mw([1, 2, 3], 105, 45, 0.7)).max() < 1e-9)
    (array([0.5, 1. , 1.5]), True)
    """
    lines = np.fft.rfft(swing.power_mw)
    n = swing.power_mw.size
    frequency = np.fft.rfftfreq(n, swing.step_s)
    amplitude = 2 * np.abs(lines) / n * np.sinc(frequency * swing.step_s)
    return np.asarray(frequency[1:], dtype=np.float64), np.asarray(amplitude[1:], dtype=np.float64)


def largest_ramp_mw_per_s(swing: Swing, window_s: float = 0.1) -> tuple[float, float]:
    """Steepest rise and fall of the mean over a window, from one window to the next.

    Parameters
    ----------
    swing : Swing
    window_s : float
        A ramp is a change over some time; meters of utilities average over 0.1 to 4 s. [s]

    Returns
    -------
    up, down : float
        Both at least 0. [MW/s]

    Notes
    -----
    The change between the means of adjacent windows over the window's length, at every start.
    """
    n = max(round(window_s / swing.step_s), 1)
    if 2 * n > swing.power_mw.size:
        raise RangeError(
            _("a window of {window:g} s is too long for {span:g} s.").format(window=window_s, span=swing.duration_s)
        )  # fmt: skip
    total = np.concatenate([[0.0], np.cumsum(swing.power_mw)])
    means = (total[n:] - total[:-n]) / n
    change = (means[n:] - means[:-n]) / (n * swing.step_s)
    return float(max(change.max(), 0.0)), float(max(-change.min(), 0.0))


def band_results(swing: Swing, bands: Sequence[Band]) -> list[BandResult]:
    """The largest line in each band, held against its limit.

    Examples
    --------
    >>> wave = square_wave(105, 45, 2.0, 0.7)
    >>> [(round(b.mw, 3), b.passed) for b in band_results(wave, [Band(0.1, 0.9, 20.0), Band(5, 10, 20.0)])]
    [(30.902, False), (3.027, True)]
    """
    frequency, amplitude = spectrum_mw(swing)
    found = []
    for band in bands:
        if not 0 < band.low_hz < band.high_hz:
            raise RangeError(_("a band needs its lower end below its upper end, not {low:g} to {high:g} Hz.").format(low=band.low_hz, high=band.high_hz), _("columns low_hz, high_hz and limit_mw or limit_share"))  # fmt: skip
        inside = (frequency >= band.low_hz * (1 - 1e-9)) & (frequency <= band.high_hz * (1 + 1e-9))
        lines, at = amplitude[inside], frequency[inside]
        top = int(lines.argmax()) if lines.size else -1
        mw = float(lines[top]) if lines.size else 0.0
        limit = band.limit_mw
        if limit is None and band.limit_share is not None:
            limit = band.limit_share * swing.peak_mw
        found.append(
            BandResult(
                band.low_hz, band.high_hz, mw, float(at[top]) if lines.size else 0.0, float(np.sqrt((lines**2).sum() / 2)),
                limit, None if limit is None else mw <= limit, band.name,
            )
        )  # fmt: skip
    return found


@of_others(DataError)
def read_bands(path: Path) -> tuple[Band, ...]:
    """A utility's bands from a CSV: low_hz, high_hz and limit_mw or limit_share, and a name if it has one.

    Raises
    ------
    DataError
        If a column or number is missing.
    """
    rows = _rows(path)
    found = []
    for line, row in enumerate(rows, start=2):
        try:
            mw, share = (float(row[k]) if row.get(k) else None for k in ("limit_mw", "limit_share"))
            found.append(Band(float(row["low_hz"]), float(row["high_hz"]), mw, share, row.get("name") or ""))  # fmt: skip
        except (KeyError, ValueError) as error:
            raise DataError(
                _("{path}, line {line}: {why}.").format(
                    path=path, line=line, why=reason(error)[:80]
                ),
                _("columns low_hz, high_hz and limit_mw or limit_share"),
            ) from None
        if found[-1].limit_mw is None and found[-1].limit_share is None:
            raise DataError(_("{path}, line {line}: a band without a limit.").format(path=path, line=line), _("columns low_hz, high_hz and limit_mw or limit_share"))  # fmt: skip
    return tuple(found)


@of_others(DataError)
def read_waveform(path: Path) -> Swing:
    """A recorded series: time_s and power_mw, power_kw or power_w, in even steps.

    Raises
    ------
    DataError
        If it cannot be read or its steps are uneven.
    """
    rows = _rows(path)
    unit = next((u for u in ("power_mw", "power_kw", "power_w") if u in rows[0]), None)
    if unit is None or "time_s" not in rows[0]:
        raise DataError(
            _("{path} needs the columns time_s and power_mw.").format(path=path),
            _("its columns are {names}; power may also be power_kw or power_w").format(names=listing(rows[0])),
        )  # fmt: skip
    scale = {"power_mw": 1.0, "power_kw": 1e-3, "power_w": 1e-6}[unit]
    try:
        time = np.array([float(r["time_s"]) for r in rows])
        power = np.array([float(r[unit]) for r in rows]) * scale
    except (TypeError, ValueError) as error:
        raise DataError(
            _("{path}: {why}.").format(path=path, why=reason(error)[:80]),
            _("a reading is a number: 12.5"),
        ) from None
    steps = np.diff(time)
    if time.size < 3 or not (steps > 0).all() or np.ptp(steps) > 1e-6 * steps.mean():
        raise DataError(
            _("{path}: the steps are uneven or go back.").format(path=path),
            _("a spectrum needs even steps; bring the series to one step first"),
        )
    return Swing(power, float(steps.mean()))


def _rows(path: Path) -> list[dict[str, str]]:
    rows = list(table_dicts(read_text(path), path))
    if not rows:
        raise DataError(_("{path} is empty.").format(path=path))
    return rows
