"""What tames a swing? Power floor, ramp limit, battery, capacitor; and what a dip of the voltage takes away. [MW, MWh, s]

Battery and capacitor are linear: their effect on each line is a transfer function. A floor and a ramp limit are not; they act
on the curve. What each costs is energy burnt, work put off, or a size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError
from taotie.facility.swings import Swing
from taotie.words.language import _

__all__ = [
    "DipResponse",
    "Filtered",
    "battery",
    "capacitor",
    "dip_response",
    "low_pass",
    "moving_mean",
    "power_floor",
    "ramp_limit",
]

Floats = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Filtered:
    """A swing behind a filter, and what the filter took.

    Attributes
    ----------
    swing : Swing
        As the grid sees it.
    burnt_mw : float
        Mean power used for nothing. [MW]
    withheld_mw : float
        Mean power the job wanted and did not get: work put off. [MW]
    store_mw, store_mj : float
        Power and energy a store must have. [MW, MJ]
    """

    swing: Swing
    burnt_mw: float = 0.0
    withheld_mw: float = 0.0
    store_mw: float = 0.0
    store_mj: float = 0.0


def power_floor(swing: Swing, floor_mw: float) -> Filtered:
    """No less than a floor: idle accelerators work for nothing.

    Examples
    --------
    >>> from taotie.facility.swings import square_wave
    >>> round(power_floor(square_wave(105, 45, 2.0, 0.7), 84.0).burnt_mw, 9)
    11.7
    """
    if not (0 <= floor_mw <= swing.peak_mw):
        raise RangeError(
            _("a floor of {floor:g} MW is not within 0 and the peak of {peak:g} MW.").format(floor=floor_mw, peak=swing.peak_mw)
        )  # fmt: skip
    power = np.maximum(swing.power_mw, floor_mw)
    return Filtered(Swing(power, swing.step_s), burnt_mw=float((power - swing.power_mw).mean()))


def ramp_limit(swing: Swing, up_mw_per_s: float, down_mw_per_s: float | None = None) -> Filtered:
    """No steeper than a ramp: rises are put off, falls are filled with idle work.

    Notes
    -----
    ``y_t = clip(x_t, y_{t-1} - d dt, y_{t-1} + u dt)``, begun at the first value.
    """
    down = up_mw_per_s if down_mw_per_s is None else down_mw_per_s
    if not (up_mw_per_s > 0 and down > 0):
        raise RangeError(
            _("a ramp limit must be above 0 MW/s, not {up:g} MW/s.").format(
                up=min(up_mw_per_s, down)
            )
        )
    rise, fall = up_mw_per_s * swing.step_s, down * swing.step_s
    out = np.empty_like(swing.power_mw)
    last = float(swing.power_mw[0])
    for i, wanted in enumerate(swing.power_mw.tolist()):
        last = min(max(wanted, last - fall), last + rise)
        out[i] = last
    off = out - swing.power_mw
    return Filtered(
        Swing(out, swing.step_s),
        float(np.maximum(off, 0).mean()),
        float(np.maximum(-off, 0).mean()),
    )


def low_pass(frequency_hz: npt.ArrayLike, time_constant_s: float) -> Complex:
    """Transfer function of a store that follows the mean: ``1 / (1 + i 2 pi f tau)``.

    Examples
    --------
    >>> abs(low_pass(1 / (2 * np.pi), 1.0)).round(4)
    np.float64(0.7071)
    """
    return np.asarray(1.0 / (1.0 + 2j * np.pi * np.asarray(frequency_hz, dtype=float) * time_constant_s))  # fmt: skip


def moving_mean(frequency_hz: npt.ArrayLike, window_s: float) -> Complex:
    """Transfer function of a capacitor that carries a window: ``sinc(f w)``, centred.

    Examples
    --------
    >>> abs(moving_mean([0.0, 0.5], 2.0)).round(9)
    array([1., 0.])
    """
    return np.asarray(np.sinc(np.asarray(frequency_hz, dtype=float) * window_s), dtype=np.complex128)  # fmt: skip


def battery(swing: Swing, time_constant_s: float, power_mw: float | None = None) -> Filtered:
    """A battery that lets the grid see a slow mean; the rest it gives and takes.

    Parameters
    ----------
    swing : Swing
        As if it repeated.
    time_constant_s : float
        [s]
    power_mw : float, optional
        Most it gives or takes; what is beyond reaches the grid. [MW]
    """
    return _stored(swing, low_pass(_frequencies(swing), time_constant_s), time_constant_s, power_mw)


def capacitor(swing: Swing, window_s: float, power_mw: float | None = None) -> Filtered:
    """Capacitors in the power supplies that carry a short window.

    Examples
    --------
    A window of a whole period leaves nothing; 25.2 MJ go in and out:

    >>> from taotie.facility.swings import square_wave
    >>> flat = capacitor(square_wave(105, 45, 2.0, 0.7), 2.0)
    >>> bool(abs(flat.swing.power_mw - 87.0).max() < 1e-9), round(flat.store_mj, 6)
    (True, 25.2)
    """
    return _stored(swing, moving_mean(_frequencies(swing), window_s), window_s, power_mw)


def _frequencies(swing: Swing) -> Floats:
    return np.asarray(np.fft.rfftfreq(swing.power_mw.size, swing.step_s))


def _stored(swing: Swing, transfer: Complex, time_s: float, power_mw: float | None) -> Filtered:
    if not (time_s > 0 and np.isfinite(time_s)):
        raise RangeError(_("a time must be above 0 s, not {time:g} s.").format(time=time_s))
    n = swing.power_mw.size
    seen = np.fft.irfft(np.fft.rfft(swing.power_mw) * transfer, n)
    given = swing.power_mw - seen
    if power_mw is not None:
        if not power_mw >= 0:
            raise RangeError(_("a store must be above 0 MW, not {mw:g} MW.").format(mw=power_mw))
        given = np.clip(given, -power_mw, power_mw)
        given = given - given.mean()  # over a cycle it keeps nothing
        seen = swing.power_mw - given
    level = np.concatenate([[0.0], np.cumsum(given) * swing.step_s])
    return Filtered(
        Swing(np.maximum(seen, 0.0), swing.step_s), store_mw=float(np.abs(given).max()), store_mj=float(np.ptp(level))
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class DipResponse:
    """What a load does in a dip of the voltage.

    Attributes
    ----------
    time_s, power_mw : ndarray, shape (step,)
        [s, MW]
    lost_mw : float
        Most that is gone at once. [MW]
    lost_s : float
        Until 95 % are back, from the start of the dip; inf if not within the series. [s]
    rides_through : bool
        Whether nothing tripped.
    load_model : mapping
        Parameters of the electronic load in planners' composite load model.
    """

    time_s: Floats
    power_mw: Floats
    lost_mw: float
    lost_s: float
    rides_through: bool
    load_model: dict[str, float]


def dip_response(
    load_mw: float,
    voltage: float,
    dip_s: float,
    *,
    trip_voltage: float = 0.7,
    trip_s: float = 0.02,
    share_on_trip: float = 1.0,
    back_after_s: float = 10.0,
    back_mw_per_s: float | None = None,
    share_back: float = 1.0,
    step_s: float = 0.01,
    span_s: float = 120.0,
) -> DipResponse:
    """A load that leaves the grid in a dip and comes back.

    Parameters
    ----------
    load_mw : float
        [MW]
    voltage, dip_s : float
        Remaining voltage over nominal [1], how long [s].
    trip_voltage, trip_s : float
        Below which and after how long machines go over to their own supply. 0.7 for 20 ms is where common supplies need
        not hold any longer (own reading of the curve of ITI); sites differ. [1, s]
    share_on_trip : float
        Share of the load that leaves. [1]
    back_after_s, back_mw_per_s : float
        Wait after the voltage is back [s], and ramp [MW/s]; None for at once.
    share_back : float
        Share of what left that comes back by itself. [1]

    Returns
    -------
    response : DipResponse

    Notes
    -----
    Constant power otherwise: in a dip that is ridden through the load draws more current, not less power.

    Examples
    --------
    >>> dip = dip_response(300.0, 0.4, 0.1, back_after_s=20, back_mw_per_s=10)
    >>> dip.rides_through, dip.lost_mw, round(dip.lost_s, 2)
    (False, 300.0, 48.6)
    """
    for name, value in (("voltage", voltage), ("trip_voltage", trip_voltage), ("share_on_trip", share_on_trip), ("share_back", share_back)):  # fmt: skip
        most = (
            1.0 if name in ("voltage", "trip_voltage") else 1.5
        )  # what comes back may be more than what left
        if not 0 <= value <= most:
            raise RangeError(_("{name}={value} is not a share of the nominal value.").format(name=name, value=value), _("50 % is 0.5"))  # fmt: skip
    if not (load_mw > 0 and dip_s >= 0 and back_after_s >= 0 and step_s > 0):
        raise RangeError(_("a load must be above 0 MW, not {mw:g} MW.").format(mw=load_mw))
    if back_mw_per_s is not None and not back_mw_per_s > 0:
        raise RangeError(
            _("a ramp limit must be above 0 MW/s, not {up:g} MW/s.").format(up=back_mw_per_s)
        )
    time = np.asarray(np.arange(round(span_s / step_s)) * step_s, dtype=np.float64)
    trips = voltage < trip_voltage and dip_s > trip_s
    power = np.full(time.size, float(load_mw))
    left = load_mw * share_on_trip if trips else 0.0
    if left:
        away = time >= trip_s
        since = time - dip_s - back_after_s
        back = np.where(since < 0, 0.0, np.inf if back_mw_per_s is None else since * back_mw_per_s)
        back = np.minimum(back, left * share_back)
        power = np.where(away, load_mw - left + back, power)
    lost = float(load_mw - power.min())
    restored = np.flatnonzero((time > trip_s) & (power >= load_mw - 0.05 * lost))
    lost_s = 0.0 if not left else (float(time[restored[0]]) if restored.size else float("inf"))
    return DipResponse(
        time, power, lost, lost_s, not trips,
        {"Fel": share_on_trip, "Vd1": trip_voltage, "Vd2": max(trip_voltage - 0.1, 0.0), "Frcel": share_back, "Ttrip_s": trip_s, "Trecover_s": back_after_s},
    )  # fmt: skip
