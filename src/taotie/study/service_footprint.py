"""What does a whole service or campus leave behind in a year, and its mean request? Carbon, water, hardware, price."""

from __future__ import annotations

import numpy as np

from taotie.hardware.accelerator import accelerator as accelerator_named
from taotie.hardware.embodied import lifetime, made_carbon
from taotie.quantity.figure import Figure, exact
from taotie.quantity.profile import Profile
from taotie.study.footprint import At, average_intensity, request_footprint, site_water
from taotie.study.steps.walk import Walk
from taotie.words.language import N_
from taotie.words.said import Said

__all__ = ["service_footprint"]


def service_footprint(walk: Walk, load: Profile, annual: Figure) -> None:
    """Keep the footprint of a study that says where it stands."""
    assert walk.place is not None
    with walk.at("place"):
        at = At(
            walk.place,
            hours=walk.day_of_hours if walk.day_of_hours is not None else _hours(load),
            average=walk.file.given("grid.carbon_intensity"),
            market=walk.file.given("grid.market_intensity"),
            wue=walk.file.given("facility.wue") or walk.figures.get("wue"),
            price=walk.file.given("policy.electricity_price"),
        )
        chip = _chip(walk)
        if "energy_per_request" in walk.figures:
            _per_request(walk, at, chip)
        else:
            for one in walk.place.told():
                walk.say(one)
        _per_year(walk, at, chip, annual)


def _hours(load: Profile) -> np.ndarray | None:
    """Weight of each hour of the day in the load."""
    middle = np.asarray(load.percentiles()[1])
    if load.step_h != 1.0 or len(middle) % 24 or np.ptp(middle) == 0:
        return None
    return np.asarray(middle.reshape(-1, 24).mean(axis=0))


def _chip(walk: Walk) -> str:
    return accelerator_named(walk.study.compute.accelerator or "h100-sxm").name


def _per_request(walk: Walk, at: At, chip: str) -> None:
    figures = walk.figures
    requests = figures["daily_energy_server"] / figures["energy_per_request_server"]
    held = (figures["accelerators"] / requests).to("accelerator s/request")
    left, said = request_footprint(
        at,
        figures["energy_per_request"],
        figures["energy_per_request_server"],
        chip,
        held,
        waiting_counted=True,
    )
    figures["hourly_carbon_intensity"] = left.pop("carbon_intensity").named(
        "hourly_carbon_intensity",
        en="Average carbon intensity over the hours of the load",
        zh="按负荷小时加权的平均碳强度",
    )
    figures.update(left)
    for one in said:
        walk.say(one)


def _per_year(walk: Walk, at: At, chip: str, annual: Figure) -> None:
    once: list[Said] = []
    year = exact(1.0, "a")
    meter = annual * year
    server = walk.figures["mean_it_power"] * year
    if walk.year_share is not None:
        server = server * walk.year_share
    price = at.price or at.place.price.figure
    walk.keep(
        "annual_carbon_average",
        (meter * average_intensity(at, once)).to("tCO2e"),
        N_("Carbon of a year at the meter, location-based"),
    )
    walk.keep(
        "annual_carbon_marginal",
        (meter * at.place.marginal.figure).to("tCO2e"),
        N_("Carbon of a year at the meter, marginal intensity"),
    )
    if at.market is not None:
        walk.keep(
            "annual_carbon_market",
            (meter * at.market).to("tCO2e"),
            N_("Carbon of a year, market-based (contracts), beside the location-based"),
        )
    walk.keep(
        "annual_water_onsite",
        (server * site_water(at, once)).to("m3"),
        N_("Water of a year at the site"),
    )
    walk.keep(
        "annual_water_offsite",
        (meter * at.place.water.figure).to("m3"),
        N_("Water of a year at power stations"),
    )
    if "accelerators" in walk.figures:
        made = walk.figures["accelerators"] * made_carbon(chip) / lifetime() * year
        if walk.year_share is not None:
            made = made * walk.year_share
        walk.keep("annual_embodied", made.to("tCO2e"), N_("Making the machines, share of a year"))
    else:
        walk.note(
            "embodied_not_held",
            N_("What making machines that mine took is not held: it is left out."),
        )
    walk.keep("annual_price", (meter * price).to("USD"), N_("Price of the electricity of a year"))
