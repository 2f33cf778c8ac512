"""What is asked where hours hang together: storage, ramps, starts. Behind `taotie grid dispatch --storage --ramps --start-up`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.answer.answer import Column, Table
from taotie.answer.asking import default_said
from taotie.answer.buses import bus_row
from taotie.errors import RangeError, UnitError
from taotie.grid.case.case import Case
from taotie.grid.dispatch.by_hour import HourlyDispatch
from taotie.grid.dispatch.together import (
    HoursTogether,
    Storage,
    dispatch_together,
    ramp_mw_per_h,
)
from taotie.quantity.catalog import figure
from taotie.quantity.quantity_text import parse_quantity
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["Together", "storage_of", "storage_table"]

FloatArray = NDArray[np.float64]
HALF = 0.5
START_UP_COLUMN = 1  # of gencost
UNITS = {"MW": "MW", "MWH": "MWh"}
PARTS = ("BUS", "MW", "MWH", "EFFICIENCY", "START", "END")


def storage_of(case: Case, text: str) -> tuple[Storage, list[Said]]:
    """A storage from BUS:MW:MWH[:EFFICIENCY[:START[:END]]], and what was assumed of it; MW may be CHARGE/DISCHARGE.

    Raises
    ------
    RangeError
        Parts that are missing, too many, or no numbers.
    UnknownNameError
        No such bus.

    Examples
    --------
    >>> from taotie.grid.case.case import read_case
    >>> storage_of(read_case("case5"), "4:50/40:200:0.9:0:0")[0]
    Storage(bus=4, charge_mw=50.0, discharge_mw=40.0, energy_mwh=200.0, efficiency=0.9, start=0.0, end=0.0)
    >>> storage_of(read_case("case5"), "4:50MW:0.2GWh:90%:0:0")[0]
    Storage(bus=4, charge_mw=50.0, discharge_mw=50.0, energy_mwh=200.0, efficiency=0.9, start=0.0, end=0.0)
    """
    parts = [part.strip() for part in text.split(":")]
    hint = _("4:50:200 is 50 MW and 200 MWh at bus 4; 4:50/40:200:0.85:0.5:0.5 says all of it.")
    if not 3 <= len(parts) <= len(PARTS):
        raise RangeError(
            _("--storage {text} is not BUS:MW:MWH[:EFFICIENCY[:START[:END]]].").format(
                text=repr(text)
            ),
            hint,
        )
    values = []
    for name, part in zip(PARTS[1:], parts[1:], strict=False):
        for one in part.split("/") if name == "MW" else [part]:
            try:
                values.append(parse_quantity(one, UNITS.get(name, "1"), bare=UNITS.get(name)))
            except (UnitError, RangeError):
                raise RangeError(
                    _("--storage {text}: {part} is no number of {name}.").format(
                        text=repr(text), part=repr(one), name=name
                    ),
                    hint,
                ) from None
        if name == "MW":
            if len(values) > 2:
                raise RangeError(
                    _("--storage {text}: charging and discharging are two powers.").format(
                        text=repr(text)
                    ),
                    hint,
                )
            values = [values[0], values[-1]]
    said = []
    if len(parts) < 4:
        usual = figure("barrows2020_rts_gmlc.storage_efficiency").p50
        said.append(
            default_said("storage.efficiency", f"{usual:g}", N_("the storage unit of RTS-GMLC"))
        )
        values.append(float(usual))
    if len(parts) < 5:
        said.append(
            default_said("storage.start", f"{HALF:g}", N_("half full before the first hour"))
        )
        values.append(HALF)
    if len(parts) < 6:
        said.append(default_said("storage.end", f"{values[4]:g}", N_("as full at the end as at the start, or more")))  # fmt: skip
        values.append(values[4])
    return Storage(int(case.bus_number[bus_row(case, parts[0])]), *values), said


@dataclass(frozen=True)
class Together:
    """What holds the hours together.

    Parameters
    ----------
    storage : tuple of str
        As `storage_of` reads them.
    ramps : bool
        Units move no faster than their ramps.
    ramp_share : float, optional
        Of its Pmax that a unit may move in an hour, where the case states no ramp. [1/h]
    start_up : bool
        Units go on and off, by parts, and starts cost.
    start_cost : float, optional
        Of a start, where the case states none. [USD/MW]
    window, overlap : int, optional
        Hours of each programme that are kept, and hours beyond them that it sees.
    """

    storage: tuple[str, ...] = ()
    ramps: bool = False
    ramp_share: float | None = None
    start_up: bool = False
    start_cost: float | None = None
    window: int | None = None
    overlap: int | None = None

    @property
    def asked(self) -> bool:
        """Whether any of it was asked for."""
        return bool(
            self.storage or self.ramps or self.ramp_share is not None or self.start_up
            or self.start_cost is not None or self.window is not None or self.overlap is not None
        )  # fmt: skip

    def settings(self) -> dict[str, Any]:
        """As the answer repeats them."""
        return {
            "storage": list(self.storage), "ramps": self.ramps, "ramp_share": self.ramp_share,
            "start_up": self.start_up, "start_cost": self.start_cost, "window": self.window,
            "overlap": self.overlap,
        }  # fmt: skip

    def options(self, case: Case) -> tuple[dict[str, Any], list[Said]]:
        """Of `dispatch_together`, and what was assumed.

        Raises
        ------
        RangeError
            Something that makes no sense alone.
        """
        self._checked()
        said: list[Said] = []
        made: dict[str, Any] = {"storage": []}
        told = set()
        for text in self.storage:
            one, assumed = storage_of(case, text)
            made["storage"].append(one)
            said += [s for s in assumed if s.code not in told]
            told |= {s.code for s in assumed}
        if self.ramps:
            ramp = ramp_mw_per_h(case)
            none = int((np.isnan(ramp) & case.gen_on).sum())
            if self.ramp_share is not None:
                ramp = np.where(np.isnan(ramp), self.ramp_share * case.gen[:, 8], ramp)
            elif none:
                slow = figure("barrows2020_rts_gmlc.slowest_ramp").p50
                said.append(
                    Said(
                        "ramps_free",
                        N_("{n} units in service state no ramp: they move freely from hour to hour (the slowest unit of RTS-GMLC crosses {slow:.2f} of its range in one); --ramp-share 0.3 lets them move 30 % of Pmax"),
                        {"n": none, "slow": float(slow)},
                    )
                )  # fmt: skip
            made["ramp_mw"] = ramp
        if self.start_up:
            cost = case.gencost[: case.n_gen, START_UP_COLUMN].copy() if len(case.gencost) else np.zeros(case.n_gen)  # fmt: skip
            none = int(((cost <= 0) & case.gen_on).sum())
            if self.start_cost is not None:
                cost = np.where(cost <= 0, self.start_cost * np.maximum(case.gen[:, 8], 0), cost)
            elif none:
                said.append(
                    Said(
                        "starts_free",
                        N_("{n} units in service state no cost of a start: theirs are free; --start-cost 50 counts 50 USD/MW"),
                        {"n": none},
                    )
                )  # fmt: skip
            made["start_cost_usd"] = np.maximum(cost, 0.0)
        if self.window is not None:
            made["window"] = self.window
        if self.overlap is not None:
            made["overlap"] = self.overlap
        return made, said

    def _checked(self) -> None:
        for name, value, beside, there in (
            ("--ramp-share", self.ramp_share, "--ramps", self.ramps),
            ("--start-cost", self.start_cost, "--start-up", self.start_up),
        ):
            if value is not None and not there:
                raise RangeError(
                    _("{name} goes with {beside}.").format(name=name, beside=beside),
                    f"{beside} {name} {value:g}",
                )
            if value is not None and not 0 <= value < np.inf:
                raise RangeError(
                    _("{name} {value} is below 0.").format(name=name, value=f"{value:g}"),
                    f"{name} 0.3",
                )

    def solved(
        self,
        case: Case,
        load: FloatArray,
        available: FloatArray | None,
        options: dict[str, Any],
    ) -> tuple[HourlyDispatch, HoursTogether]:
        """The course of the hours, also as hours by themselves are told."""
        made = dispatch_together(case, load, available, **options)
        hours = HourlyDispatch(
            made.power_mw, made.price_usd_per_mwh, made.cost_usd_per_h, made.shed_mw.sum(axis=1),
            np.ones(len(load), bool),
        )  # fmt: skip
        return hours, made

    def told(self, made: HoursTogether) -> list[Said]:
        """How it was solved."""
        if len(made.windows) == 1:
            return []
        first, last, seen = made.windows[0]
        return [
            Said(
                "windows",
                N_("solved in {n} programmes of {hours} hours that look {ahead} hours further: the whole at once would cost no more"),
                {"n": len(made.windows), "hours": last - first, "ahead": seen - last},
            )
        ]  # fmt: skip

    def limits(self) -> tuple[Said, ...]:
        """What it leaves out."""
        return (
            Said("relaxed", N_("starts are relaxed: a unit may be on by a part of itself; no least times on or off"))
            if self.start_up
            else Said("commitment", N_("units in service as in the case: none is switched on or off")),
            Said("dc", N_("DC, active power only: no voltage, losses or reactive power")),
            Said("foresight", N_("load and availability are known ahead; no reserve is held")),
            Said("whole_cost", N_("cost counts output from nothing on, starts and load shed")),
            *(() if self.ramps else (Said("no_ramps", N_("units move freely from hour to hour")),)),
        )  # fmt: skip


def storage_table(made: dict[str, HoursTogether], first: int) -> Table:
    """What each storage takes, gives and holds, hour by hour, in the last state."""
    last = list(made.values())[-1]
    columns = [Column("hour", "h", N_("hour"))]
    cells: list[Any] = [np.arange(first, first + len(last.energy_mwh))]
    for i in range(last.energy_mwh.shape[1]):
        key = f"storage_{i + 1}"
        columns += [
            Column(f"{key}_charge_mw", "MW"), Column(f"{key}_discharge_mw", "MW"), Column(f"{key}_energy_mwh", "MWh"),
        ]  # fmt: skip
        cells += [last.charge_mw[:, i], last.discharge_mw[:, i], last.energy_mwh[:, i]]
    rows = tuple(zip(*(np.asarray(c).round(9).tolist() for c in cells), strict=True))
    return Table(tuple(columns), rows, N_("Storage hour by hour"))
