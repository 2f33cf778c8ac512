"""What does a building add at a place, hour by hour? The ask behind `taotie facility`. [1, L/kWh]"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from taotie.answer.answer import Answer, Column, Series, Table
from taotie.answer.asking import Chosen, answers
from taotie.errors import RangeError
from taotie.words.language import N_, _
from taotie.words.said import labels

__all__ = ["facility"]


@answers("facility")
def facility(chosen: Chosen) -> Answer:
    """PUE and water of a building by its cooling and its weather: every hour of a year, the worst one marked.

    Raises
    ------
    UnknownNameError, RangeError, DataError
        If the cooling or the place is not known, there is no weather, or a file of it cannot be read.

    Examples
    --------
    >>> made = facility("air-economizer", region="DEU", load="10 MW", samples=200)
    >>> made.series["pue_by_hour"].values["pue"].shape, made.figures["pue"].boundary
    ((8760,), None)
    """
    from taotie.grid.place import place
    from taotie.quantity.figure import exact, leaf
    from taotie.quantity.profile import Profile
    from taotie.study.building import checked_sea, cooled_building, cooling_named, weather_at

    name = cooling_named(chosen.cooling)
    sea = (chosen.sea_temperature, chosen.sea_swing)
    for key in ("sea_temperature", "sea_swing"):
        if getattr(chosen, key) is not None:
            checked_sea(name, key)
    if (chosen.latitude is None) != (chosen.longitude is None):
        raise RangeError(
            _("a place needs latitude and longitude, not one of them."),
            "--latitude 50.1 --longitude 8.7",
        )
    if chosen.region is None and chosen.weather is None and chosen.latitude is None:
        raise RangeError(
            _("a building needs weather: a region, coordinates or a weather file."),
            "--region virginia",
        )
    where = place(chosen.region) if chosen.region is not None else None
    path = Path(chosen.weather) if chosen.weather is not None else None
    weather, made, said = weather_at(path, chosen.latitude, chosen.longitude, where)
    building, more = cooled_building(name, weather, made, np.ones(24), int(chosen.seed), sea)
    load = leaf(
        "it_load", value=float(chosen.load), unit="MW", boundary="server", kind="assumed",
        note=N_("given by the user") if "load" in chosen.given else N_("one megawatt, to be multiplied in the head"),
        label=labels(N_("Mean draw of the machines")),
    )  # fmt: skip
    year = exact(8760.0, "h/a", "hours_per_year")
    drawn = Profile(((building.hourly_pue, load),))
    named = {
        "pue": (building.pue, N_("PUE: facility over IT energy")),
        "pue_worst_hour": (building.worst_pue, N_("PUE of the worst hour")),
        "wue": (building.wue, N_("Water at the site per IT energy")),
        "mean_load": (load.at_boundary("facility", building.pue), N_("Mean draw of the facility")),
        "peak_load": (
            load.at_boundary("facility", building.worst_pue),
            N_("Draw of the facility in the busiest hour"),
        ),
        "annual_energy": (
            (load * year).to("GWh/a").at_boundary("facility", building.pue),
            N_("Electricity in a year"),
        ),
        "annual_water": (
            (load * year * building.wue).to("m3/a"),
            N_("Water of a year at the site"),
        ),
    }
    figures = {key: figure.named(key, **labels(label)) for key, (figure, label) in named.items()}
    return Answer(
        "facility",
        {**chosen.values, "cooling": name},
        figures,
        series={
            "pue_by_hour": Series("1", 1.0, {"pue": building.hourly_pue}),
            "wue_by_hour": Series("L/kWh", 1.0, {"wue": building.hourly_wue}),
            "load_by_hour": Series("MW", 1.0, {"load": drawn.percentiles()[1]}, "facility"),
        },
        tables={"cooling": _side_by_side(weather, sea, name)},
        said=(*said, *more, *chosen.defaults()),
        show=tuple(figures),
        own={"place": weather.name, "worst_hour": int(building.hourly_pue.argmax()), "made": made},
        detail=building,
    )


def _side_by_side(weather: object, sea: tuple[float | None, float | None], chosen: str) -> Table:
    """Every cooling at this place: the building in the middle of all ranges."""
    from taotie.facility.site_pue import cooling_load
    from taotie.facility.water import wue_l_per_kwh
    from taotie.quantity.catalog import figure
    from taotie.study.building import COOLING, sea_of

    cycles = figure("cooling_ranges/cooling_tower/cycles_of_concentration").p50
    rows = []
    for name, cooling in COOLING.items():
        sea_c, _said = sea_of(name, weather, sea)  # type: ignore[arg-type]
        load = cooling_load(cooling, weather, sea_c=sea_c)  # type: ignore[arg-type]
        water = wue_l_per_kwh(load, cycles)
        rows.append(
            (
                name,
                name == chosen,
                float(load.pue.mean()),
                float(load.pue.max()),
                float(water.mean()),
            )
        )
    return Table(
        (
            Column("cooling", "", N_("cooling")),
            Column("chosen", "", N_("chosen")),
            Column("pue", "1", N_("mean PUE"), digits=3),
            Column("pue_worst_hour", "1", N_("worst hour"), digits=3),
            Column("wue", "L/kWh", N_("water"), digits=2),
        ),
        tuple(rows),
        N_("Every cooling at this place, the building in the middle of all ranges:"),
    )
