"""Where does a study stand? Its `[place]`, or the region of its grid: nation, losses and intensity follow it."""

from __future__ import annotations

from taotie.errors import RangeError
from taotie.grid.place import PARTS, Place, place, place_of_parts
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _

OF_A_GRID = (
    "load_hosting_capacity", "share_of_buses", "share_of_capacity", "median_capacity", "several_sites",
    "spare_generation",
)  # fmt: skip
"""Beginnings of the results that need a grid."""

__all__ = ["OF_A_GRID", "grid_is_asked", "nation_of", "stand"]


def stand(walk: Walk) -> Place | None:
    """Set the place of the walk; None where the study names none.

    Raises
    ------
    StudyError
        If the place is not held, or its parts are not one place.
    """
    given = walk.study.place
    parts = {part: getattr(given, part) for part in PARTS}
    with walk.at("place"):
        if (given.latitude is None) != (given.longitude is None):
            raise RangeError(
                _("a place needs latitude and longitude, not one of them."),
                "latitude = 50.1, longitude = 8.7",
            )
        if any(v is not None for v in parts.values()):
            walk.place = place_of_parts(**parts)
    if walk.place is not None:
        region = walk.study.grid.region
        if region is not None and place(region).country != walk.place.country:
            walk.warn(
                "region_elsewhere",
                N_(
                    "[grid] region {region} is not in {place}: its intensity is taken all the same."
                ),
                region=region,
                place=walk.place.named,
            )
    return walk.place


def nation_of(walk: Walk) -> str:
    """Key of the nation whose electricity a share is of; empty if that of the place is not held."""
    given, where = walk.study.fleet.country, walk.place
    if where is None and walk.study.grid.region is not None and given is None:
        with walk.at("grid"):
            where = place(walk.study.grid.region)
    if where is None:
        return walk.choice(
            "fleet.country", given, "united_states", N_("where most AI servers stood in 2024")
        )
    if given is None:
        return where.nation
    if given != where.nation:
        walk.warn(
            "nation_elsewhere",
            N_("The share is of {country}, though the study stands in {place}."),
            country=given,
            place=where.named,
        )
    return given


def grid_is_asked(walk: Walk) -> bool:
    """Does the study want its load placed on a grid? Only if it says something about one."""
    given = walk.study.grid
    told = (given.case, given.bus, given.contingencies, given.treatment, given.hours, given.loads)
    if any(v is not None for v in told):
        return True
    if any(key.startswith(OF_A_GRID) for key in walk.study.report.show):
        return True
    return walk.place is not None and bool(walk.place.grid_case)
