"""How much electricity does a training run take? Chips, hours, watts and PUE; and how it compares with serving. [MWh]

`E = chips x hours x W/chip x PUE`. The watts are either the rating of the chip (then host and building are left
out) or the mean of the whole system per chip; the boundary says which, and the two are never compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from taotie.errors import RangeError
from taotie.quantity.catalog import table
from taotie.quantity.figure import Figure, exact
from taotie.quantity.lift import lifted
from taotie.words.language import _

FLOP_PER_PARAMETER_AND_TOKEN = 6.0


def _not_negative(**values: Any) -> None:
    for name, value in values.items():
        lowest = float(np.min(np.asarray(value, dtype=float)))
        if not lowest >= 0:
            raise RangeError(
                _("{name}={value} is negative or not a number.").format(name=name, value=lowest)
            )


@lifted(accelerator_hours="accelerator*h", mean_power_w="W/accelerator", pue="1", returns="MWh")
def training_energy_mwh(accelerator_hours: Any, mean_power_w: Any, pue: Any = 1.0) -> Any:
    """Electricity of a training run.

    Parameters
    ----------
    accelerator_hours : array_like
        Accelerators times the hours they ran. [accelerator*h]
    mean_power_w : array_like
        Mean draw per accelerator: of the chip, or of the whole system. [W/accelerator]
    pue : array_like, default 1.0
        Facility over IT energy, at least 1. [1]

    Returns
    -------
    energy_mwh : ndarray
        At the boundary of `mean_power_w`, or at the facility where `pue` is above 1. [MWh]

    Raises
    ------
    RangeError
        If a value is negative, or `pue` is below 1.

    Notes
    -----
    ``E = chip_hours W PUE / 1e6``

    References
    ----------
    .. [1] Source ``patterson2021``, table 4.

    Examples
    --------
    GPT-3, 10,000 V100 for 14.8 days; 1,287 MWh are printed in [1]_:

    >>> float(training_energy_mwh(10_000 * 14.8 * 24, 330, 1.1)).__round__(1)
    1289.4
    """
    _not_negative(accelerator_hours=accelerator_hours, mean_power_w=mean_power_w)
    lowest = float(np.min(np.asarray(pue, dtype=float)))
    if not lowest >= 1.0:
        raise RangeError(
            _("pue={value} is below 1.0: a facility uses at least its IT energy.").format(
                value=lowest
            ),
            _("{value:.2f} may be DCiE (IT/total); its PUE is {pue:.2f}").format(
                value=lowest, pue=1 / lowest
            )
            if 0 < lowest < 1
            else "",
        )
    return np.asarray(accelerator_hours, dtype=float) * mean_power_w * pue / 1e6


@lifted(computation="FLOP", accelerators="accelerator", speed="FLOP/s/accelerator", returns="h")
def training_hours(computation: Any, accelerators: Any, speed: Any) -> Any:
    """How long a run takes at the speed reached, not the peak.

    Parameters
    ----------
    computation : array_like
        Operations of the whole run. [FLOP]
    accelerators : array_like
        Number of chips. [accelerator]
    speed : array_like
        Operations a second reached by one chip, above 0. [FLOP/s/accelerator]

    Returns
    -------
    hours : ndarray
        Wall time. [h]

    Raises
    ------
    RangeError
        If `accelerators` or `speed` is not above 0.

    Notes
    -----
    ``t = C / (n v)``

    Examples
    --------
    GPT-3 in days (14.8 are printed in ``patterson2021``):

    >>> round(float(training_hours(3.14e23, 10_000, 24.6e12)) / 24, 2)
    14.77
    """
    _not_negative(computation=computation)
    for name, value in (("accelerators", accelerators), ("speed", speed)):
        if not float(np.min(np.asarray(value, dtype=float))) > 0:
            raise RangeError(
                _("{name}={value} is not above 0.").format(name=name, value=float(np.min(value)))
            )
    return np.asarray(computation, dtype=float) / (np.asarray(accelerators) * speed) / 3600.0


@lifted(parameters="parameter", tokens="token", returns="FLOP", boundary=None)
def training_computation(parameters: Any, tokens: Any) -> Any:
    """Operations of a dense run: 6 a parameter and token.

    Parameters
    ----------
    parameters : array_like
        Parameters active on a token. [parameter]
    tokens : array_like
        Tokens seen in training. [token]

    Returns
    -------
    computation : ndarray
        Forward and backward pass, without the quadratic part of attention. [FLOP]

    Notes
    -----
    ``C = 6 N D``

    Examples
    --------
    GPT-3, 175 billion parameters and 300 billion tokens; 3.14e23 are printed in ``brown2020``:

    >>> f"{float(training_computation(175e9, 300e9)):.2e}"
    '3.15e+23'
    """
    _not_negative(parameters=parameters, tokens=tokens)
    return FLOP_PER_PARAMETER_AND_TOKEN * np.asarray(parameters, dtype=float) * tokens


@lifted(energy_mwh="MWh", carbon_intensity="gCO2e/kWh", returns="tCO2e", boundary=None)
def training_emissions_t(energy_mwh: Any, carbon_intensity: Any) -> Any:
    """Emissions of the electricity of a run.

    Parameters
    ----------
    energy_mwh : array_like
        Electricity. [MWh]
    carbon_intensity : array_like
        Of the grid, average. [gCO2e/kWh]

    Returns
    -------
    emissions_t : ndarray
        [tCO2e]

    Notes
    -----
    ``M = E I / 1000``

    Examples
    --------
    >>> round(float(training_emissions_t(1287.0, 429.0)), 1)
    552.1
    """
    _not_negative(energy_mwh=energy_mwh, carbon_intensity=carbon_intensity)
    return np.asarray(energy_mwh, dtype=float) * carbon_intensity / 1000.0


@lifted(training_mwh="MWh", serving_mwh_per_day="MWh/d", returns="d", boundary=None)
def break_even_days(training_mwh: Any, serving_mwh_per_day: Any) -> Any:
    """After how many days of service serving has used more than training did.

    Parameters
    ----------
    training_mwh : array_like
        Electricity of the training run. [MWh]
    serving_mwh_per_day : array_like
        Electricity of the service, above 0. [MWh/d]

    Returns
    -------
    days : ndarray
        [d]

    Raises
    ------
    RangeError
        If the service draws nothing.

    Notes
    -----
    ``t = E_train / P_serve``

    Examples
    --------
    GPT-3 against ChatGPT in early 2023:

    >>> round(float(break_even_days(1287.0, 564.0)), 2)
    2.28
    """
    _not_negative(training_mwh=training_mwh)
    if not float(np.min(np.asarray(serving_mwh_per_day, dtype=float))) > 0:
        raise RangeError(
            _(
                "serving_mwh_per_day={value}: a service that uses no electricity never breaks even."
            ).format(value=float(np.min(serving_mwh_per_day))),
            _("give the electricity of the service, above 0: {example}").format(
                example='"564 MWh/d"'
            ),
        )
    return np.asarray(training_mwh, dtype=float) / serving_mwh_per_day


# ---- published runs ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class PublishedRun:
    """A training run whose inputs and energy somebody printed.

    Attributes
    ----------
    accelerator_hours, mean_power, pue : Figure
        The inputs. [accelerator*h, W/accelerator, 1]
    power_boundary : str
        "accelerator" (rating of the chip alone) or "server" (mean of the whole system per chip).
    energy, emissions, carbon_intensity : Figure or None
        As printed; None where the source prints none. [MWh, tCO2e, gCO2e/kWh]
    stated_tolerance : float
        How far the closed form may be from the printed value. [1]
    """

    key: str
    label: str
    accelerator: str
    accelerator_hours: Figure
    mean_power: Figure
    power_boundary: str
    pue: Figure
    energy: Figure | None
    carbon_intensity: Figure | None
    emissions: Figure | None
    stated_tolerance: float

    @property
    def recomputed_energy(self) -> Figure:
        """Electricity from the inputs, at the boundary the source counted to. [MWh]"""
        energy: Figure = training_energy_mwh(self.accelerator_hours, self.mean_power, self.pue)
        level = "facility" if self.pue.p50 > 1.0 and self.power_boundary == "server" else None
        return energy.with_boundary(level or self.power_boundary)

    @property
    def recomputed_emissions(self) -> Figure | None:
        """Emissions from the recomputed electricity; None where no intensity is printed. [tCO2e]"""
        if self.carbon_intensity is None:
            return None
        made: Figure = training_emissions_t(self.recomputed_energy, self.carbon_intensity)
        return made


def published_runs() -> list[PublishedRun]:
    """The runs of the table `training_runs`, in its order.

    Examples
    --------
    >>> run = published_runs()[0]
    >>> run.label, run.energy.p50, round(run.recomputed_energy.p50, 1)
    ('GPT-3 175B', 1287.0, 1289.4)
    """
    runs = table("training_runs")

    def maybe(item: str, quantity: str) -> Figure | None:
        known = runs.value(item, quantity) is not None
        return runs.figure(item, quantity) if known else None

    made: list[PublishedRun] = []
    for item in runs.items():
        hours = maybe(item, "accelerator_hours")
        if hours is None:
            hours = runs.figure(item, "accelerators") * runs.figure(item, "duration").to("h")
        made.append(
            PublishedRun(
                key=item,
                label=str(runs.value(item, "label")),
                accelerator=str(runs.value(item, "accelerator")),
                accelerator_hours=hours,
                mean_power=runs.figure(item, "mean_power"),
                power_boundary=str(runs.value(item, "power_boundary")),
                pue=maybe(item, "pue") or exact(1.0, "1"),
                energy=maybe(item, "energy"),
                carbon_intensity=maybe(item, "carbon_intensity"),
                emissions=maybe(item, "emissions"),
                stated_tolerance=float(runs.value(item, "stated_tolerance") or 0.0),
            )
        )
    return made
