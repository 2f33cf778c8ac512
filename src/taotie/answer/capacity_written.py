"""How is a grid with the new load in it handed on to another program? Into a file of theirs, units told what to give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from taotie.answer.answer import Answer
from taotie.errors import RangeError
from taotie.grid.capacity.redispatch import RedispatchedCapacity
from taotie.grid.case.case import Case
from taotie.grid.case.write_grid import write_grid
from taotie.grid.flow.placed_load import case_with_load
from taotie.words.language import _

__all__ = ["BusDetail", "write_placed"]


@dataclass(frozen=True)
class BusDetail:
    """One bus: its label, the grid it was asked of, what limits it, and what units may do where they are told anew."""

    bus_label: str
    case: Case
    binding: Mapping[str, Any]
    """By treatment of overloaded branches: the branch and the outage that limit it."""
    redispatched: RedispatchedCapacity | None = None


def write_placed(answer: Answer, path: Path) -> Answer:
    """The grid of a capacity at one bus, with the load asked about placed there.

    Where units were told anew, they give what one dispatch gives that keeps every limit with any one branch lost; else
    they share the load by Pmax.

    Returns
    -------
    answer : Answer
        With the file named, and what its format cannot hold said.

    Raises
    ------
    RangeError
        No load was asked about, or more than units can serve within all limits.
    CaseError, MissingExtraError
        As in `write_grid`.
    """
    detail, load = answer.detail, answer.settings["load_mw"]
    if not isinstance(detail, BusDetail) or load is None:
        raise RangeError(
            _("--write needs a bus and a load to place there."), "--bus 1 --load 100MW"
        )
    bus = int(answer.own["buses"][0]["bus"])
    power = None
    if detail.redispatched is not None:
        power = detail.redispatched.secure_power_mw(bus, load)
        if power is None:
            raise RangeError(
                _("no dispatch serves {load:.1f} MW at bus {bus} within all limits.").format(
                    load=load, bus=bus
                ),
                f"--load {np.floor(10 * (answer.own['buses'][0]['redispatch_mw'] or 0.0)) / 10:g}MW",
            )
    told = write_grid(case_with_load(detail.case, bus, load, power), path)
    return replace(answer.with_files(str(path)), said=(*answer.said, *told))
