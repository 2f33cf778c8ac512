"""By which clock are the hours of an area counted? Standard time all year of its place, of its file, or UTC, and which is said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from taotie.errors import TaotieError
from taotie.grid.demand_series import AREA_PLACES, AREAS, HourlyDemand
from taotie.grid.place import Place, place
from taotie.grid.time_stamps import clock_text
from taotie.words.language import N_
from taotie.words.said import Said, as_given, joined

__all__ = ["by_clock_of", "clocks_said", "place_of_area"]


def place_of_area(area: str) -> Place | None:
    """Where an area lies: a balancing area by its code or a name people use, a country, state or market by its name in full.

    Examples
    --------
    >>> place_of_area("ERCO").key, place_of_area("Germany").key, place_of_area("load_mw"), place_of_area("DE")
    ('US-ERCT', 'DEU', None, None)
    """
    code = AREAS.get(area.strip().lower(), area.strip().upper())
    if code in AREA_PLACES:
        return place(AREA_PLACES[code])
    if len(area.strip()) <= 3 and area.isascii():
        return None  # letters that mean several places, or none
    try:
        return place(area)
    except TaotieError:
        return None


def _offset(demand: HourlyDemand, area: str, given: Place | None) -> float | None:
    """Standard time less UTC by which an area's hours are counted; None where nothing says one. [h]"""
    where = given or place_of_area(area)
    if where is not None and where.utc_offset_h is not None:
        return where.utc_offset_h
    return demand.offset_h


def by_clock_of(demand: HourlyDemand, area: str, given: Place | None = None) -> HourlyDemand:
    """Demand whose months and hours of the day are those of an area's clock; as it is where the file names no zone.

    Parameters
    ----------
    demand : HourlyDemand
    area : str
    given : Place, optional
        Where the area lies; by default what its name says.

    Returns
    -------
    demand : HourlyDemand
        Years stay those of the file, so that a whole one stays whole.
    """
    offset = _offset(demand, area, given)
    if not demand.zoned or offset is None:
        return demand
    return replace(demand.on_clock(offset), year=demand.year)


def clocks_said(
    demand: HourlyDemand, areas: Iterable[str], given: Place | None = None
) -> tuple[Said, ...]:
    """Which clock each area's hours and months are of, areas with the same one together."""
    if demand.when is None:
        return ()
    if not demand.zoned:
        return (
            Said(
                "clock_of_file",
                N_("the times name no zone: hours of the day and months are those of the clock they were written by"),
            ),
        )  # fmt: skip
    by_clock: dict[float | None, list[str]] = {}
    for area in areas:
        by_clock.setdefault(_offset(demand, area, given), []).append(area)
    made = []
    for offset, names in by_clock.items():
        values = {"areas": joined([as_given("area", name) for name in names])}
        if offset is None:
            text = N_(
                "{areas}: no clock of the place is known: hours of the day and months are those of UTC; --place names the place"
            )
        else:
            text = N_(
                "{areas}: hours of the day and months are those of {clock}, standard time all year"
            )
            values["clock"] = as_given("clock", clock_text(offset))
        made.append(Said("hours_in_utc" if offset is None else "hours_by_clock", text, values))
    return tuple(made)
