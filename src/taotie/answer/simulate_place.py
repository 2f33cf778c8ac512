"""What does a simulated service leave behind at a place? Carbon, water, hardware and price of its mean request; the log by its clock."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from taotie.answer.answer import Answer
from taotie.answer.asking import Chosen, default_said
from taotie.answer.whereabouts import at_of
from taotie.words.language import N_
from taotie.words.said import Said, labels

__all__ = ["by_the_place", "placed"]


def placed(chosen: Chosen, made: Answer, accelerators: int, chip: str) -> Answer:
    """The answer of a simulation with the building and the footprint of its place, if one was named.

    Parameters
    ----------
    accelerators : int
        Of all replicas.
    chip : str
        Accelerator.

    Raises
    ------
    UnknownNameError, RangeError
        If the place is not known, or something is said of a place that was not named.
    """
    at = at_of(chosen)
    if at is None or "energy_per_request" not in made.figures:
        return made
    from taotie.facility.pue import published_pue
    from taotie.quantity.figure import exact
    from taotie.study.footprint import request_footprint

    server = made.figures["energy_per_request"]
    published = at.place.pue
    pue = published.figure if published is not None else published_pue()
    why = (
        N_("the operator's figure for the region")
        if published is not None
        else N_("the range we assume for a data centre built for AI; published values run from 1.08 to 1.58")
    )  # fmt: skip
    meter = server.at_boundary("facility", pue).named(
        "energy_at_meter", **labels(N_("Energy per request at the building's meter"))
    )
    held = accelerators * float(made.own["span_s"]) / max(int(made.own["completed"]), 1)
    seconds = exact(held, "accelerator s/request", "accelerator_time")
    left, said = request_footprint(at, meter, server, chip, seconds, waiting_counted=True)
    told = default_said("pue", "1.1 to 1.3" if published is None else f"{pue.p50:.4g}", why)
    return replace(
        made,
        figures={**made.figures, "energy_at_meter": meter, **left},
        said=(*made.said, *said, told),
    )


def by_the_place(requests: Any, region: str | None) -> tuple[Any, list[Said]]:
    """A log whose stamps name a zone by the clock of its place, standard time all year; hours of UTC where no place says one.

    Parameters
    ----------
    requests : Requests or Source
        Without an hour of the day there is nothing to turn.
    region : str or None

    Returns
    -------
    requests : Requests or Source
    said : list of Said
        Which clock it is.
    """
    from taotie.grid.place import place
    from taotie.grid.time_stamps import clock_text

    if not getattr(requests, "in_utc", False) or getattr(requests, "start_h", None) is None:
        return requests, []
    offset = place(region).utc_offset_h if region is not None else None
    if offset is None:
        return requests, [
            Said("requests_in_utc", N_("the log's hours of the day are those of UTC"))
        ]
    said = Said(
        "requests_on_local_clock",
        N_("the log's stamps name a zone: its hours of the day are put on the clock of the place, {clock}, standard time all year"),
        {"clock": clock_text(offset)},
    )  # fmt: skip
    return requests.on_clock(offset), [said]
