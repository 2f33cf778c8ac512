"""How far is this machine from the model? A factor measured over predicted, with its own range. [1]"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from taotie.compute.energy.serving_setup import ServingSetup
from taotie.errors import MeterError
from taotie.files.atomic import write_text
from taotie.files.read import of_others, read_toml
from taotie.quantity.figure import Figure, leaf
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.said import labels

__all__ = [
    "Calibration",
    "about_setup",
    "calibration",
    "calibration_figure",
    "calibration_for",
    "calibration_of",
    "read_calibration",
    "write_calibration",
]

FEWEST_WINDOWS = 5
FEWEST_LOADS = 3


class Calibration(NamedTuple):
    """A lognormal factor.

    Attributes
    ----------
    factor, spread : float
        Geometric mean and geometric standard deviation of measured over predicted. [1]
    low, high : float
        90 % interval of the factor. [1]
    next_low, next_high : float
        90 % interval of the next window's ratio. [1]
    n : int
        Windows.
    about : mapping
        What it holds for: accelerator, model, precision, runtime, accelerators per replica.
    """

    factor: float
    spread: float
    low: float
    high: float
    next_low: float
    next_high: float
    n: int
    about: Mapping[str, str]


def calibration(
    measured: ArrayLike,
    predicted: ArrayLike,
    load: ArrayLike | None = None,
    about: Mapping[str, str] | None = None,
) -> Calibration:
    """The factor of one machine.

    Parameters
    ----------
    measured, predicted : array_like, shape (n_window,)
        Energy of the same windows. [J]
    load : array_like, shape (n_window,), optional
        Tokens or requests a second. If the ratio runs with it, a factor would be wrong.
    about : mapping, optional
        What it holds for.

    Raises
    ------
    MeterError
        With fewer than 5 windows, fewer than 3 loads, or a ratio that runs with the load.

    Examples
    --------
    >>> made = calibration([110, 95, 130, 120, 105], [100] * 5)
    >>> [round(v, 6) for v in (made.factor, made.spread)]
    [1.113489, 1.128424]
    >>> [round(v, 3) for v in (made.low, made.high, made.next_low, made.next_high)]
    [0.992, 1.249, 0.84, 1.476]
    """
    m, p = np.asarray(measured, float), np.asarray(predicted, float)
    if m.shape != p.shape or m.ndim != 1 or not ((m > 0).all() and (p > 0).all()):
        raise MeterError(_("a calibration needs energies above 0, measured and predicted alike."))
    if len(m) < FEWEST_WINDOWS:
        raise MeterError(
            _("{n} windows are too few for a calibration; {least} are needed.").format(
                n=len(m), least=FEWEST_WINDOWS
            ),
            _("record longer, at three loads or more"),
        )
    ratio = np.log(m / p)
    if load is not None:
        _check_load(ratio, np.asarray(load, float))
    from scipy.stats import t as student

    n = len(ratio)
    mean, sd = float(ratio.mean()), float(ratio.std(ddof=1))
    reach = float(student.ppf(0.95, n - 1)) * sd
    near, far = reach / math.sqrt(n), reach * math.sqrt(1 + 1 / n)
    return Calibration(
        math.exp(mean), math.exp(sd), math.exp(mean - near), math.exp(mean + near),
        math.exp(mean - far), math.exp(mean + far), n, dict(about or {}),
    )  # fmt: skip


def _check_load(ratio: Any, load: Any) -> None:
    if load.shape != ratio.shape or not (load > 0).all():
        raise MeterError(_("a calibration needs a load above 0 for each window."))
    steps = np.unique(np.round(np.log2(load / load.min()) * 2))
    if len(steps) < FEWEST_LOADS:
        raise MeterError(
            _("the windows stand at {n} loads; {least} are needed.").format(
                n=len(steps), least=FEWEST_LOADS
            ),
            _("loads that differ by half as much again, such as 1, 2 and 4 requests a second"),
        )
    x = np.log(load) - np.log(load).mean()
    slope = float((x * ratio).sum() / (x * x).sum())
    rest = ratio - ratio.mean() - slope * x
    error = math.sqrt(float((rest @ rest) / max(len(x) - 2, 1) / (x * x).sum()))
    if abs(slope) > 0.1 and abs(slope) > 2.5 * error:
        raise MeterError(
            _(
                "measured over predicted runs with the load (slope {slope:+.2f}): one factor would be wrong."
            ).format(slope=slope),
            _("energy while waiting, or of the host, is likely missing or counted in"),
        )


def write_calibration(made: Calibration, path: Path | str) -> None:
    """Keep a calibration as TOML."""
    rows = [f"{k} = {getattr(made, k)!r}" for k in Calibration._fields if k != "about"]
    about = [
        f'{k} = "{str(v).replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}"'
        for k, v in made.about.items()
    ]
    write_text(
        path, "[calibration]\n" + "\n".join(rows) + "\n\n[about]\n" + "\n".join(about) + "\n"
    )


@of_others(MeterError)
def read_calibration(path: Path | str) -> Calibration:
    """A calibration from its file.

    Raises
    ------
    MeterError
        If it is none, or its numbers cannot be.
    """
    fields = read_toml(path, kind=MeterError)
    given = fields.get("calibration", {})
    missing = [k for k in Calibration._fields if k not in ("about", *given)]
    if missing:
        raise MeterError(
            _("{path} is no calibration: {key} is missing.").format(path=path, key=missing[0]),
            "taotie meter report --calibrate mine.toml",
        )
    made = Calibration(
        **{k: given[k] for k in Calibration._fields if k != "about"}, about=fields.get("about", {})
    )
    numbers = made[:6]
    if not all(isinstance(v, int | float) and 0 < v < math.inf for v in numbers) or not (
        made.next_low <= made.low <= made.factor <= made.high <= made.next_high
    ):
        raise MeterError(_("{path}: the numbers of this calibration cannot be.").format(path=path))
    return made


def calibration_for(path: Path | str, setup: ServingSetup) -> Figure:
    """The factor of a calibration file, if it was measured on this set-up. [1]

    Raises
    ------
    MeterError
        If it is no calibration, or one of another model, accelerator, precision or number of accelerators.
    """
    return calibration_figure(calibration_of(read_calibration(path), setup, path))


def calibration_of(made: Calibration, setup: ServingSetup, path: Path | str = "") -> Calibration:
    """A calibration, if it was measured on this set-up.

    Raises
    ------
    MeterError
        If it is one of another model, accelerator, precision or number of accelerators.
    """
    here = about_setup(setup)
    other = {k: v for k, v in made.about.items() if k in here and v not in ("None", "", here[k])}
    if other:
        raise MeterError(
            _("{path} was measured with {theirs}, this asks for {ours}.").format(
                path=path or "--calibrate",
                theirs=listing(f"{k}={v}" for k, v in other.items()),
                ours=listing(f"{k}={here[k]}" for k in other),
            ),
            _("a factor holds for its own machine; leave --calibrate out, or measure this one"),
        )
    return made


def about_setup(setup: ServingSetup) -> dict[str, str]:
    """What a calibration holds for, by the names of the tables."""
    return {
        "model": setup.model.name,
        "on": setup.accelerator.name,
        "precision": setup.precision,
        "accelerators": str(setup.accelerators_per_replica),
    }


def calibration_figure(made: Calibration) -> Figure:
    """The factor as a figure, to multiply a predicted energy with. [1]"""
    return leaf(
        "own_calibration",
        low=made.next_low,
        high=made.next_high,
        spread="lognormal",
        unit="1",
        kind="measured",
        label=labels(N_("measured over predicted energy, this machine")),
        note=f"n={made.n}",
    )
