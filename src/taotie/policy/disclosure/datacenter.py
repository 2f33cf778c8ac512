"""What does the EU data-centre sheet ask? Energy, water, heat, renewables and four ratios.

Commission Delegated Regulation (EU) 2024/1364, Annex II and III; from 500 kW of installed IT power, by 15 May for the year
before. `TIN` stands for two things in the regulation: our keys are `intake_temperature_c` and `traffic_in_eb`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from taotie.errors import BoundaryError, RangeError
from taotie.policy.disclosure.facts import Fact, Facts
from taotie.policy.disclosure.form import Disclosure, Field, plain_number, status_of
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["VERSION", "datacenter_sheet", "ratios"]

VERSION = "2024/1364"
TITLE = N_("Fields of the data-centre sheet (EU Delegated Regulation 2024/1364, Annex II and III)")
# symbol, key, unit of the form, label, other spellings, whether the figure must stand at a boundary
ROWS = (
    ("PDIT", "installed_it_power", "kW", N_("Installed IT power"), (), ""),
    ("SDC", "floor_area", "m**2", N_("Floor area of the data centre"), (), ""),
    ("SCR", "computer_room_area", "m**2", N_("Floor area of the computer rooms"), (), ""),
    ("EDC", "total_energy", "kWh", N_("Total energy, fuels included"), ("annual_energy",), "facility"),
    ("EDC-BG", "backup_energy", "kWh", N_("Energy of backup generators"), (), ""),
    ("EIT", "it_energy", "kWh", N_("IT energy, at the UPS output"), ("annual_it_energy",), "server"),
    ("CBtG", "battery_to_grid", "kW", N_("Battery capacity offered to the grid"), (), ""),
    ("WIN", "water_input", "m**3", N_("Water input"), (), ""),
    ("WIN-POT", "potable_water_input", "m**3", N_("Potable water input"), (), ""),
    ("EREUSE", "reused_heat", "kWh", N_("Reused heat"), (), ""),
    ("TWH", "waste_heat_temperature_c", "", N_("Temperature of the reused heat, deg C"), (), ""),
    ("TIN", "intake_temperature_c", "", N_("Mean intake air temperature, deg C"), (), ""),
    ("CDD", "cooling_degree_days", "", N_("Cooling degree days, base 21 deg C"), (), ""),
    ("ERES-GOO", "renewable_guarantees", "kWh", N_("Renewables: guarantees of origin"), (), ""),
    ("ERES-PPA", "renewable_agreements", "kWh", N_("Renewables: purchase agreements"), (), ""),
    ("ERES-OS", "renewable_on_site", "kWh", N_("Renewables: on site"), (), ""),
    ("ERES-TOT", "renewable_total", "kWh", N_("Renewables in all"), (), ""),
    ("CSERV", "server_capacity", "", N_("Server capacity, SERT score"), (), ""),
    ("CSTOR", "storage_capacity", "PB", N_("Storage capacity"), (), ""),
    ("BIN", "bandwidth_in", "GB/s", N_("Bandwidth in"), (), ""),
    ("BOUT", "bandwidth_out", "GB/s", N_("Bandwidth out"), (), ""),
    ("TIN (traffic)", "traffic_in_eb", "", N_("Traffic in, EB"), (), ""),
    ("TOUT", "traffic_out_eb", "", N_("Traffic out, EB"), (), ""),
)  # fmt: skip


def ratios(
    edc: float | None,
    eit: float | None,
    win: float | None,
    ereuse: float | None,
    eres: float | None,
) -> dict[str, float | None]:
    """The four ratios of Annex III; None where an input is not known.

    Parameters
    ----------
    edc, eit, ereuse, eres : float or None
        [kWh]
    win : float or None
        [m3]

    Raises
    ------
    RangeError
        If IT energy is not above 0 or exceeds the total.

    Notes
    -----
    ``PUE = EDC/EIT``, ``WUE = WIN/EIT`` with EIT in MWh (m3/MWh is L/kWh), ``ERF = EREUSE/EDC``, ``REF = ERES-TOT/EDC``.

    Examples
    --------
    >>> ratios(12e6, 10e6, 18000, 1.2e6, 6e6)
    {'PUE': 1.2, 'WUE': 1.8, 'ERF': 0.1, 'REF': 0.5}
    """
    if eit is not None and not eit > 0:
        raise RangeError(_("EIT={value:g} kWh: a data centre without IT energy has no PUE.").format(value=eit))  # fmt: skip
    if edc is not None and not edc > 0:
        raise RangeError(_("EDC={value:g} kWh: a data centre without energy has no ratios.").format(value=edc))  # fmt: skip
    if edc is not None and eit is not None and edc < eit:
        raise RangeError(
            _("EDC={edc:g} kWh is below EIT={eit:g} kWh: a facility uses at least its IT energy.").format(edc=edc, eit=eit),
            _("were the two exchanged?"),
        )  # fmt: skip
    return {
        "PUE": edc / eit if edc is not None and eit is not None else None,
        "WUE": win / (eit / 1e3) if win is not None and eit is not None else None,
        "ERF": ereuse / edc if ereuse is not None and edc is not None else None,
        "REF": eres / edc if eres is not None and edc is not None else None,
    }


def datacenter_sheet(facts: Facts, options: Mapping[str, Any]) -> Disclosure:
    """The sheet, with what is known; the rest listed."""
    found: dict[str, Fact] = {}
    fields: list[Field] = []
    said: list[Said] = []
    for symbol, key, unit, label, more, place in ROWS:
        names = (symbol, key, *more)
        metered = facts.find("energy") if symbol == "EDC" else None
        if (
            metered is not None and metered.kind == "measured"
        ):  # a meter's total; a run is no data centre
            names = (*names, "energy")
        if unit:
            unit_ = unit
            raw = facts.find(*names)
            if raw is not None and raw.unit.endswith("/a"):
                unit_ = f"{unit}/a"
            one = facts.number(unit_, *names)
        else:
            one = facts.find(*names)
        unsaid = one is not None and one.boundary is None and one.key not in (symbol, key)
        if one is not None and place and (unsaid or one.boundary not in (None, place)):
            # says which step is missing
            facts.number(unit_, *names, boundary=(place,))
        if one is None:
            if symbol != "ERES-TOT":
                fields.append(Field(key, label, unit=unit.replace("**", ""), missing=(_WHAT.get(symbol, label),), symbol=symbol))  # fmt: skip
            continue
        found[symbol] = one
        value: float | str = one.value
        fields.append(
            Field(
                key, label, plain_number(value) if isinstance(value, float) else value, value, unit.replace("**", ""), one.low, one.high,
                status_of(one), place or one.boundary, sources=one.sources, symbol=symbol,
            )
        )  # fmt: skip
    span = facts.number("h", "duration")
    if span is not None and found.get("EDC") is not None and found["EDC"].key == "energy":
        hours = float(span.value)
        if abs(hours - 8760) > 25:
            said.append(Said("not_a_year", N_("the meter covers {hours:g} h; the sheet is of a year"), {"hours": round(hours, 1)}))  # fmt: skip
    pue_fact = facts.number("1", "pue")
    if (
        "EIT" not in found
        and "EDC" in found
        and pue_fact is not None
        and float(pue_fact.value) >= 1
    ):
        value = float(found["EDC"].value) / float(pue_fact.value)
        at = next(i for i, f in enumerate(fields) if f.symbol == "EIT")
        fields[at] = Field("it_energy", fields[at].label, plain_number(value), value, "kWh", status="computed", boundary="server", method="EDC / PUE", symbol="EIT")  # fmt: skip
        found["EIT"] = Fact("EIT", value, "kWh", boundary="server", origin="EDC / PUE")
        said.append(Said("eit_from_pue", N_("EIT was computed from EDC and the PUE; the regulation wants it measured at the UPS output")))  # fmt: skip

    def number(symbol: str) -> float | None:
        return float(found[symbol].value) if symbol in found else None

    parts = [number(s) for s in ("ERES-GOO", "ERES-PPA", "ERES-OS")]
    total = number("ERES-TOT")
    if all(p is not None for p in parts):
        summed = sum(p for p in parts if p is not None)
        if total is not None and abs(total - summed) > 1e-6 * max(total, summed):
            raise RangeError(
                _("ERES-TOT={total:g} kWh is not the sum of its parts, {summed:g} kWh.").format(total=total, summed=summed),
                _("leave ERES-TOT out: it is computed"),
            )  # fmt: skip
        if total is None:
            total = summed
            fields.append(Field("renewable_total", N_("Renewables in all"), plain_number(summed), summed, "kWh", status="computed", method="ERES-GOO + ERES-PPA + ERES-OS", symbol="ERES-TOT"))  # fmt: skip
    elif total is None:
        fields.append(Field("renewable_total", N_("Renewables in all"), unit="kWh", missing=(N_("renewables in all, or its three parts"),), symbol="ERES-TOT"))  # fmt: skip
    win, pot = number("WIN"), number("WIN-POT")
    if win is not None and pot is not None and pot > win:
        raise RangeError(_("WIN-POT={pot:g} m3 exceeds WIN={win:g} m3.").format(pot=pot, win=win))
    edc, backup = number("EDC"), number("EDC-BG")
    if edc is not None and backup is not None and backup > edc:
        raise RangeError(_("EDC-BG={a:g} kWh exceeds EDC={b:g} kWh, which includes it.").format(a=backup, b=edc))  # fmt: skip
    if edc is not None and total is not None and total > edc:
        raise RangeError(
            _("ERES-TOT={a:g} kWh exceeds EDC={b:g} kWh: REF may not exceed 1.").format(
                a=total, b=edc
            )
        )
    if edc is None:
        facts.number("kWh", "EDC", "total_energy", "energy", boundary=("facility",))
        raise BoundaryError(
            _("the sheet needs the yearly energy of the facility (EDC)."),
            '--set "EDC=12 GWh @facility"',
        )
    made = ratios(edc, number("EIT"), win, number("EREUSE"), total)
    labels = {"PUE": N_("Power usage effectiveness"), "WUE": N_("Water usage effectiveness"), "ERF": N_("Energy reuse factor"), "REF": N_("Renewable energy factor")}  # fmt: skip
    needs = {"PUE": "EDC, EIT", "WUE": "WIN, EIT", "ERF": "EREUSE, EDC", "REF": "ERES-TOT, EDC"}
    for symbol, value_ in made.items():
        unit = "m3/MWh" if symbol == "WUE" else "1"
        if value_ is None:
            fields.append(Field(symbol.lower(), labels[symbol], unit=unit, missing=(needs[symbol],), symbol=symbol))  # fmt: skip
        else:
            fields.append(Field(symbol.lower(), labels[symbol], plain_number(value_), value_, unit, status="computed", method=needs[symbol].replace(", ", " / "), symbol=symbol))  # fmt: skip
    power = number("PDIT")
    if power is not None and power < 500:
        said.append(Said("below_threshold", N_("{kw:g} kW of installed IT power is below the 500 kW from which the sheet is due"), {"kw": power}))  # fmt: skip
    return Disclosure(
        "dc2024", VERSION, TITLE, {"level": "facility"}, tuple(fields), supersedes=str(options.get("supersedes") or ""), said=tuple(said)
    )  # fmt: skip


_WHAT = {
    "EDC": N_("yearly energy of the facility"), "EIT": N_("yearly IT energy, or a PUE"), "WIN": N_("yearly water input"),
}  # fmt: skip
