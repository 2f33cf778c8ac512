"""What does a request or a service leave behind at a place? Carbon [gCO2e], water [mL], hardware [gCO2e], price [USD].

Average intensity answers how much of the emissions is its own, marginal what one more kilowatt-hour sets off: two
figures, never a mix. Both hold at the meter, without network losses. Market-based carbon stands only beside them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from taotie.errors import RangeError
from taotie.grid.emissions import BASES, Intensity
from taotie.grid.place import Place
from taotie.grid.region_names import place_name
from taotie.hardware.embodied import active_share, embodied_class, embodied_g, lifetime, made_carbon
from taotie.quantity.figure import Figure, exact, leaf
from taotie.words.language import N_, _
from taotie.words.said import Said, labels, spoken_range

__all__ = [
    "PER_REQUEST",
    "At",
    "at_hour",
    "average_intensity",
    "carbon_g",
    "named_of_year",
    "request_footprint",
    "site_water",
    "water_ml",
]

PER_REQUEST = (
    "carbon_per_request_average",
    "carbon_per_request_marginal",
    "carbon_per_request_market",
    "water_per_request_onsite",
    "water_per_request_offsite",
    "embodied_per_request",
    "price_per_request",
)
"""Keys of a request's footprint, in the order they are shown."""


@dataclass(frozen=True)
class At:
    """Where and when, and what the asker knows of it.

    Attributes
    ----------
    place : Place
    hours : ndarray of shape (24,), optional
        Weight of each hour of the day, standard time of the place; without it the yearly mean stands.
    average, market, wue, price : Figure, optional
        Given values: average and market-based intensity [gCO2e/kWh], water per IT energy [L/kWh], price [USD/kWh].
    """

    place: Place
    hours: np.ndarray | None = None
    average: Figure | None = None
    market: Figure | None = None
    wue: Figure | None = None
    price: Figure | None = None


def at_hour(hour: float | None) -> np.ndarray | None:
    """Weights of one hour of the day.

    Raises
    ------
    RangeError
        If it is not a whole hour within 0..23.
    """
    if hour is None:
        return None
    if hour != int(hour) or not 0 <= hour <= 23:
        raise RangeError(
            _("hour={value} is not a whole hour of the day.").format(value=f"{hour:g}"),
            _("0 to 23, standard time of the place"),
        )
    weights = np.zeros(24)
    weights[int(hour)] = 1.0
    return weights


def average_intensity(at: At, said: list[Said]) -> Figure:
    """Average intensity at the place, weighted by the hours where they are held; its year in its name. [gCO2e/kWh]"""
    if at.average is not None:
        return at.average
    found = at.place.intensity
    made = named_of_year(found)
    if at.hours is None:
        return made
    held = at.place.hourly()
    if held is None:
        said.append(
            Said(
                "hours_not_held",
                N_(
                    "Hourly intensity of {name} is not held: the mean of the year stands. Held: areas of the United States."
                ),
                {"name": at.place.named},
            )
        )
        return made
    shape, area = held
    weight = float(np.sum(shape * at.hours) / np.sum(at.hours))
    said.append(
        Said(
            "hours_of",
            N_(
                "Weighted by the hours of {area} (2022, standard time): {weight} times the mean of the year."
            ),
            {"area": area, "weight": f"{weight:.2f}"},
        )
    )
    factor = leaf(
        f"hourly_intensity.{area}.{_digest(at.hours)}",
        value=weight, unit="1", kind="modelled",
        note=N_("hours of {area}, 2022, weighted by the hours of the load; table hourly_intensity").format(area=area),
        label=labels(N_("Intensity at these hours over the mean of the year")),
    )  # fmt: skip
    said_at = labels(N_("{what}, at these hours"))
    texts = {code: text.format(what=made.label[code]) for code, text in said_at.items()}
    return (made * factor).named("carbon_intensity_at_hours", **texts)


def _digest(hours: np.ndarray) -> str:
    """A short name of weights, so that two courses of the day are two leaves."""
    text = ",".join(f"{w:.6g}" for w in hours / np.sum(hours))
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def named_of_year(found: Intensity) -> Figure:
    """Average intensity with place, year and basis in its name. [gCO2e/kWh]"""
    texts = {}
    for code, label in labels(N_("Average carbon intensity")).items():
        name = place_name(found.of, code)
        what = labels(BASES[found.average_basis])[code]
        texts[code] = (
            f"{label}（{name}，{found.year}年，{what}）"
            if code == "zh"
            else f"{label} ({name}, {found.year}, {what})"
        )
    return found.average.named("carbon_intensity", **texts)


def site_water(at: At, said: list[Said]) -> Figure:
    """Water per IT energy at the site: as given, of the cloud region, or a wide assumption. [L/kWh]"""
    if at.wue is not None:
        return at.wue
    published = at.place.wue
    if published is not None:
        return published.figure
    said.append(
        Said(
            "wue_assumed",
            N_(
                "Water at the site is assumed: fleets print 0.12 to 1.15 L/kWh, single sites 0.01 to 2.75. [facility] cooling computes it from weather."
            ),
        )
    )
    return leaf(
        "assumed.wue", low=0.05, high=1.8, spread="lognormal", unit="L/kWh", kind="assumed",
        note=N_("water per IT energy: fleets of Amazon, Microsoft, Google and Alibaba print 0.12 to 1.15, single sites 0.01 to 2.75"),
        label=labels(N_("Water at the site per IT energy")),
    )  # fmt: skip


def request_footprint(
    at: At,
    facility: Figure,
    server: Figure,
    chip: str,
    accelerator_s: Figure | None,
    *,
    waiting_counted: bool = False,
) -> tuple[dict[str, Figure], list[Said]]:
    """Footprint of a request by `PER_REQUEST`.

    Parameters
    ----------
    at : At
    facility, server : Figure
        Energy of the request at the building's meter and at the plugs of its machines. [Wh/request]
    chip : str
        Accelerator.
    accelerator_s : Figure or None
        Accelerators times seconds a request holds them; None where nobody knows. [accelerator s/request]
    waiting_counted : bool
        `accelerator_s` is all of the machines' time shared by their requests: waiting is in it.

    Returns
    -------
    figures : dict
    said : list of Said
    """
    said = at.place.told()
    average = average_intensity(at, said)
    marginal = at.place.marginal
    water = at.place.water
    price = at.price or at.place.price.figure
    found: dict[str, tuple[Figure, str]] = {
        "carbon_intensity": (average, ""),
        "carbon_per_request_average": (
            (facility * average).to("gCO2e/request"),
            N_("Carbon per request, location-based, average intensity"),
        ),
        "carbon_per_request_marginal": (
            (facility * marginal.figure).to("gCO2e/request"),
            N_("Carbon per request, marginal intensity"),
        ),
    }
    if not marginal.of:
        said.append(
            Said(
                "marginal_assumed",
                N_("No marginal intensity of {name} is held: 200 to 950 g/kWh is assumed."),
                {"name": at.place.named},
            )
        )
    if at.market is not None:
        found["carbon_per_request_market"] = (
            (facility * at.market).to("gCO2e/request"),
            N_("Carbon per request, market-based (contracts), beside the location-based"),
        )
    found["water_per_request_onsite"] = (
        (server * site_water(at, said)).to("mL/request"),
        N_("Water per request at the site"),
    )
    found["water_per_request_offsite"] = (
        (facility * water.figure).to("mL/request"),
        N_("Water per request at power stations"),
    )
    if water.of != at.place.key and at.place.kind != "cloud":
        said.append(
            Said(
                "water_wider",
                N_("Water of electricity is not held for {name}: that of {of} is taken."),
                {"name": at.place.named, "of": _name(water.of)},
            )
        )
    if accelerator_s is not None:
        share = exact(1.0, "1", "whole_life") if waiting_counted else active_share()
        found["embodied_per_request"] = (
            embodied_g(made_carbon(chip), lifetime(), share, accelerator_s),
            N_("Making the machines, share of a request"),
        )
        if embodied_class(chip) == "other":
            said.append(
                Said(
                    "embodied_other",
                    N_("What making a {chip} took is not held: a wide range is assumed."),
                    {"chip": chip},
                )
            )
    found["price_per_request"] = (
        (facility * price).to("USD/request"),
        N_("Price of the electricity of a request"),
    )
    low, high = (f"{100 * v:.0f}" for v in (at.place.loss.figure.p05, at.place.loss.figure.p95))
    said.append(
        Said(
            "losses_left_out",
            N_("Carbon and water are at the meter; network losses of {share} % come on top.")
            if not at.place.at_use()
            else N_("Carbon is for electricity as used: network losses are in it."),
            {"share": low if low == high else spoken_range(f"{low} to {high}")},
        )
    )
    return {
        key: made if not label else made.named(key, **labels(label))
        for key, (made, label) in found.items()
    }, said


def _name(key: str) -> Said:
    return Said("place", "", {}, {c: place_name(key, c) for c in ("en", "zh")})


def carbon_g(energy_wh: Any, intensity_g_per_kwh: Any) -> Any:
    """Carbon of an energy.

    Parameters
    ----------
    energy_wh, intensity_g_per_kwh : array_like
        [Wh, gCO2e/kWh]

    Returns
    -------
    carbon : ndarray
        [gCO2e]

    Examples
    --------
    0.34 Wh in the United States and Yunnan:

    >>> carbon_g(0.34, [384.4, 133.3]).round(6)
    array([0.130696, 0.045322])
    """
    return np.asarray(energy_wh, float) * np.asarray(intensity_g_per_kwh, float) / 1000.0


def water_ml(it_wh: Any, wue_l_per_kwh: Any, pue: Any, grid_l_per_kwh: Any) -> Any:
    """Water of an IT energy, at the site and at power stations.

    Parameters
    ----------
    it_wh : array_like
        Energy at the server. [Wh]
    wue_l_per_kwh, pue, grid_l_per_kwh : array_like
        Per IT energy, of the building, per energy at the meter. [L/kWh, 1, L/kWh]

    Returns
    -------
    water : ndarray
        [mL]

    Notes
    -----
    ``W = E_IT (WUE + PUE EWIF)``

    Examples
    --------
    >>> water_ml(0.30, 0.27, 1.17, [1.47354, 0.900239, 3.14]).round(6)
    array([0.598213, 0.396984, 1.18314 ])
    """
    it = np.asarray(it_wh, float)
    return it * (
        np.asarray(wue_l_per_kwh, float)
        + np.asarray(pue, float) * np.asarray(grid_l_per_kwh, float)
    )
