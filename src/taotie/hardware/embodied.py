"""How much greenhouse gas went into making the machines, and how much of it falls on a request? [kgCO2e, gCO2e]

Cradle to gate, shared out by the time a request holds accelerators, over their life and the share of it in which they
work. Building and network are left out. Published values of one H100 differ 3.5 times: the range is wide.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from taotie.errors import RangeError
from taotie.quantity.catalog import source, table
from taotie.quantity.distribution import Empirical
from taotie.quantity.figure import Figure, leaf
from taotie.quantity.lift import lifted
from taotie.quantity.normal_quantile import normal_quantile
from taotie.words.language import N_, _
from taotie.words.said import labels

__all__ = [
    "active_share",
    "embodied_class",
    "embodied_g",
    "embodied_rate_g_per_s",
    "lifetime",
    "made_carbon",
    "ten_fifty_ninety",
]

TABLE = "embodied"
SECONDS_PER_YEAR = 31_557_600.0
Z90 = 1.2815515655446004


def ten_fifty_ninety(low: float, middle: float, high: float) -> Empirical:
    """A positive quantity by its 10, 50 and 90 % points: log-normal on either side of the median.

    Examples
    --------
    >>> import numpy as np
    >>> made = ten_fifty_ninety(276.0, 560.0, 1290.0)
    >>> made.ppf(np.array([0.1, 0.5, 0.9])).round(0)
    array([ 276.,  560., 1290.])
    """
    u = np.linspace(0.0, 1.0, 801)
    z = np.asarray(normal_quantile(np.clip(u, 1e-4, 1.0 - 1e-4)))
    width = np.where(z < 0, math.log(middle / low), math.log(high / middle)) / Z90
    return Empirical(tuple(float(v) for v in middle * np.exp(width * z)))


def embodied_class(chip: str) -> str:
    """Item of the table that stands for an accelerator; `other` where none of its kind is held.

    Examples
    --------
    >>> embodied_class("h100-sxm"), embodied_class("jetson-orin")
    ('h100_class', 'other')
    """
    cells = table(TABLE)
    for item in cells.items():
        if "chips" in cells.quantities(item) and chip in str(cells.value(item, "chips")).split():
            return item
    return "other"


def _range(item: str, quantity: str, label: str) -> Figure:
    cell = table(TABLE).cell(item, quantity)
    assert cell is not None
    low, middle, high = (float(cell[k]) for k in ("low", "value", "high"))
    return leaf(
        f"{TABLE}/{item}/{quantity}", unit=cell["unit"], kind="assumed", source=source(cell["source"]),
        note=cell["note"], distribution=ten_fifty_ninety(low, middle, high), label=labels(label),
    )  # fmt: skip


def made_carbon(chip: str) -> Figure:
    """Greenhouse gas of making one accelerator and its share of the server. [kgCO2e/accelerator]

    Examples
    --------
    >>> round(made_carbon("h100-sxm").p50)
    560
    """
    return _range(
        embodied_class(chip),
        "carbon_with_server",
        N_("Making an accelerator with its share of the server"),
    )


def lifetime() -> Figure:
    """Years a server is used. [a]"""
    return (
        table(TABLE)
        .figure("service", "lifetime")
        .named("lifetime", **labels(N_("Life of a server")))
    )


def active_share() -> Figure:
    """Share of its life in which an accelerator works. [1]"""
    found = table(TABLE).figure("service", "active_share")
    return found.named(
        "active_share", **labels(N_("Share of its life in which an accelerator works"))
    )


def embodied_rate_g_per_s(made_kg: Any, lifetime_a: Any, active_share: Any = 1.0) -> Any:
    """Greenhouse gas of making an accelerator per second of its work.

    Parameters
    ----------
    made_kg : array_like
        Of one accelerator with its share of the server. [kgCO2e]
    lifetime_a : array_like
        Years of 31,557,600 s. [a]
    active_share : array_like
        Share of the life with work, within 0..1. [1]

    Returns
    -------
    rate : ndarray
        [gCO2e/s]

    Raises
    ------
    RangeError
        If a value is not above 0 or the share is above 1.

    Examples
    --------
    An H100 of 560 kg over 4.5 years, 60 % of them at work:

    >>> embodied_rate_g_per_s(560.0, 4.5, 0.6).round(7)
    np.float64(0.0065723)
    """
    kg, years, share = (np.asarray(v, float) for v in (made_kg, lifetime_a, active_share))
    for name, values in (("made_kg", kg), ("lifetime_a", years), ("active_share", share)):
        if not (values > 0).all() or not np.isfinite(values).all():
            raise RangeError(
                _("{name}={value} is not above 0.").format(name=name, value=values.min())
            )
    if (share > 1).any():
        raise RangeError(
            _("active_share={value} is above 1.").format(value=share.max()), _("60 % is 0.6")
        )
    return np.asarray(1000.0 * kg / (years * SECONDS_PER_YEAR * share))


@lifted(
    made_kg="kgCO2e/accelerator",
    lifetime_a="a",
    active_share="1",
    accelerator_s="accelerator s/request",
    returns="gCO2e/request",
    boundary=None,
)
def embodied_g(made_kg: Any, lifetime_a: Any, active_share: Any, accelerator_s: Any) -> Any:
    """Share of making the machines that falls on a request, by the accelerator time it takes.

    Parameters
    ----------
    made_kg, lifetime_a, active_share
        As in `embodied_rate_g_per_s`.
    accelerator_s : array_like
        Accelerators times the seconds the request holds them, its batch shared. [s/request]

    Returns
    -------
    embodied : ndarray
        [gCO2e/request]

    Notes
    -----
    ``M = K / (L a) t``

    Examples
    --------
    0.72 accelerator-seconds of that H100:

    >>> embodied_g(560.0, 4.5, 0.6, 0.72).round(7)
    np.float64(0.0047321)
    """
    rate = embodied_rate_g_per_s(made_kg, lifetime_a, active_share)
    return rate * np.asarray(accelerator_s, float)
