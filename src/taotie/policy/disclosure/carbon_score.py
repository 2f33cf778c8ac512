"""What is the carbon of one unit of work? SCI (ISO/IEC 21031:2024) and SCI for AI, consumer and provider. [gCO2e per R]

`SCI = (E I + M) / R`, `M = TE (TiR/EL) (RR/ToR)`. The intensity is location-based only: instruments of the market are
refused. A score never stands without its unit of work, and carries its count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError
from taotie.policy.disclosure.facts import Facts
from taotie.policy.disclosure.form import (
    Disclosure,
    Field,
    needed_boundary,
    plain_number,
    status_of,
)
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["embodied_share_g", "sci", "sci_ai", "sci_g"]

VERSION = "ISO/IEC 21031:2024 (SCI 1.1)"
VERSION_AI = "SCI for AI, January 2026"
CONSUMER_UNITS = ("token", "request", "image", "second", "second of video", "second of audio", "workflow", "page", "character", "inference", "query")  # fmt: skip
"""What the specification suggests to a consumer (its list is open), with the request and query that services bill."""
PROVIDER_UNITS = ("FLOP", "training token", "parameter")
Floats = npt.NDArray[np.float64]


def embodied_share_g(
    total_kg: npt.ArrayLike,
    reserved_h: npt.ArrayLike,
    life_h: npt.ArrayLike,
    share: npt.ArrayLike = 1.0,
) -> Floats:
    """Embodied carbon of the time and the part of a device that is used.

    Parameters
    ----------
    total_kg : array_like
        Of the device, made and shipped. [kgCO2e]
    reserved_h, life_h : array_like
        Time reserved and expected life. [h]
    share : array_like
        Resources reserved over resources of the device, within 0..1. [1]

    Returns
    -------
    embodied_g : ndarray
        [gCO2e]

    Raises
    ------
    RangeError
        If the share leaves 0..1, or more time is reserved than a device lives.

    Notes
    -----
    ``M = TE (TiR/EL) (RR/ToR)``

    Examples
    --------
    >>> embodied_share_g(1000, 1, 35040, 1 / 8).round(3)
    np.float64(3.567)
    """
    part = np.asarray(share, dtype=float)
    life = np.asarray(life_h, dtype=float)
    used = np.asarray(reserved_h, dtype=float)
    if not ((part >= 0) & (part <= 1)).all():
        raise RangeError(_("a share of {value:g} of a device leaves 0..1.").format(value=float(np.max(part))), _("RR/ToR: 1 of 8 is 0.125"))  # fmt: skip
    if not ((life > 0) & (used >= 0) & (used <= life)).all():
        raise RangeError(_("more time is reserved ({a:g} h) than the device lives ({b:g} h).").format(a=float(np.max(used)), b=float(np.min(life))))  # fmt: skip
    return np.asarray(1e3 * np.asarray(total_kg, dtype=float) * used / life * part)


def sci_g(
    energy_kwh: npt.ArrayLike,
    intensity_g_per_kwh: npt.ArrayLike,
    embodied_g: npt.ArrayLike,
    count: npt.ArrayLike,
    method: str = "location",
) -> Floats:
    """Carbon of one unit of work.

    Parameters
    ----------
    energy_kwh : array_like
        With what is reserved and the building. [kWh]
    intensity_g_per_kwh : array_like
        Of the grid at the place, location-based. [gCO2e/kWh]
    embodied_g : array_like
        See `embodied_share_g`. [gCO2e]
    count : array_like
        Units of work. [R]
    method : str
        `location`; anything else is refused.

    Raises
    ------
    RangeError
        If the intensity is market-based, or there is no unit of work.

    Examples
    --------
    >>> sci_g(2.0, 400.0, embodied_share_g(1000, 1, 35040, 1 / 8), 1000).round(4)
    np.float64(0.8036)
    """
    if method != "location":
        raise RangeError(
            _("a {method}-based intensity has no place in SCI: contracts and certificates are excluded.").format(method=method),
            _("give the intensity of the grid at the place: intensity_method=location"),
        )  # fmt: skip
    n = np.asarray(count, dtype=float)
    if not (n > 0).all():
        raise RangeError(_("a score needs units of work above 0."), "--set count=1000")
    return np.asarray((np.asarray(energy_kwh, dtype=float) * np.asarray(intensity_g_per_kwh, dtype=float) + np.asarray(embodied_g, dtype=float)) / n)  # fmt: skip


def sci(facts: Facts, options: Mapping[str, Any]) -> Disclosure:
    """The score of software."""
    unit = facts.text("functional_unit") or ("request" if facts.find("energy_per_request") else "")
    return _score(facts, options, "sci", VERSION, N_("Software carbon intensity (SCI)"), unit)


def sci_ai(facts: Facts, options: Mapping[str, Any]) -> Disclosure:
    """The score of an AI system, for its consumer or its provider."""
    role = facts.text("role") or "consumer"
    suggested = {"consumer": CONSUMER_UNITS, "provider": PROVIDER_UNITS}
    if role not in suggested:
        raise RangeError(_("role={value} is not consumer or provider.").format(value=repr(role)), "--set role=consumer")  # fmt: skip
    unit = facts.text("functional_unit") or ("request" if role == "consumer" and facts.find("energy_per_request") else "")  # fmt: skip
    if role == "provider" and unit and unit not in PROVIDER_UNITS:
        raise RangeError(
            _("{unit} is no unit of work of a {role}'s score.").format(unit=repr(unit), role=role),
            f'--set functional_unit="{PROVIDER_UNITS[0]}" ({", ".join(PROVIDER_UNITS)})',
        )
    own = role == "consumer" and unit != "" and unit not in CONSUMER_UNITS
    title = (
        N_("SCI for AI: the consumer's score") if role == "consumer" else N_("SCI for AI: the provider's score")
    )  # fmt: skip
    one = _score(facts, options, "sci-ai", VERSION_AI, title, unit)
    more = []
    stages = "operation and monitoring; retirement when material" if role == "consumer" else "design and development, deployment; inception and retirement when material"  # fmt: skip
    more.append(Field("role", N_("Whose score"), role, role, status="given"))
    more.append(
        Field("stages", N_("Stages inside the boundary"), stages, stages, status="computed")
    )
    if role == "provider":
        rationale, gross = facts.text("rationale"), facts.text("gross_or_effective")
        more.append(Field("rationale", N_("Rationale of the unit of work"), rationale, rationale, status="given") if rationale else Field("rationale", N_("Rationale of the unit of work"), missing=(N_("rationale of the unit of work"),)))  # fmt: skip
        more.append(Field("gross_or_effective", N_("Gross or effective"), gross, gross, status="given") if gross in ("gross", "effective") else Field("gross_or_effective", N_("Gross or effective"), missing=(N_("whether the count is gross or effective"),)))  # fmt: skip
    said = (Said("own_unit", N_("this unit of work is not among those the specification suggests to a consumer; it allows others")),) if own else ()  # fmt: skip
    return replace(one, fields=(*one.fields, *more), said=(*one.said, *said))


def _score(
    facts: Facts, options: Mapping[str, Any], form: str, version: str, title: str, unit: str
) -> Disclosure:
    per = facts.number("kWh/request", "energy_per_request") if unit == "request" else None
    total = facts.number("kWh", "energy_total", "energy", "training_energy")
    count = facts.number("1", "count", "functional_units")
    energy = total if total is not None and count is not None else per
    place = needed_boundary(facts, options, energy if energy is not None else total)
    method = facts.text("intensity_method") or "location"
    intensity = facts.number("gCO2e/kWh", "carbon_intensity", "intensity")
    if facts.find("market_intensity") is not None or method != "location":
        sci_g(1.0, 1.0, 0.0, 1.0, "market" if method == "location" else method)
    fields: list[Field] = []
    level = str(place["level"])
    if energy is None or not unit:
        missing = []
        if energy is None:
            missing.append(N_("energy with the number of units of work"))
        if not unit:
            missing.append(N_("the unit of work (functional_unit)"))
        fields.append(Field("score", N_("Score"), missing=tuple(missing)))
    n = float(count.value) if count is not None else 1.0
    if n <= 0:
        sci_g(1.0, 1.0, 0.0, n)
    known = ("functional_unit", N_("Unit of work (R)"))
    fields.append(Field(*known, f"1 {unit}", unit, status="given") if unit else Field(*known, missing=(N_("the unit of work (functional_unit)"),)))  # fmt: skip
    if energy is not None:
        if energy is per:  # of one unit of work: the count belongs to the embodied carbon
            energy = replace(
                energy,
                value=float(energy.value) * n, unit="kWh",
                low=None if energy.low is None else energy.low * n,
                high=None if energy.high is None else energy.high * n,
            )  # fmt: skip
        e = float(energy.value)
        fields.append(Field("energy", N_("Energy (E)"), f"{plain_number(e)} kWh", e, "kWh", energy.low, energy.high, status_of(energy), level, sources=energy.sources))  # fmt: skip
        fields.append(Field("count", N_("Units of work"), plain_number(n), n, unit or "1", status="given" if count is not None else "computed"))  # fmt: skip
    if intensity is None:
        fields.append(Field("intensity", N_("Intensity of the grid (I), location-based"), unit="gCO2e/kWh", missing=(N_("location-based intensity of the grid"),)))  # fmt: skip
    else:
        i = float(intensity.value)
        fields.append(Field("intensity", N_("Intensity of the grid (I), location-based"), f"{plain_number(i)} gCO2e/kWh", i, "gCO2e/kWh", intensity.low, intensity.high, status_of(intensity), sources=intensity.sources))  # fmt: skip
    te = facts.number("kgCO2e", "embodied_total", "TE")
    tir = facts.number("h", "time_reserved", "TiR")
    life = facts.number("h", "expected_life", "EL")
    share = facts.number("1", "resource_share", "RR/ToR")
    embodied = None
    label = N_("Embodied carbon (M)")
    if te is not None and tir is not None and life is not None and share is not None:
        embodied = float(embodied_share_g(float(te.value), float(tir.value), float(life.value), float(share.value)))  # fmt: skip
        fields.append(Field("embodied", label, f"{plain_number(embodied, 4)} gCO2e", embodied, "gCO2e", status="computed", method="TE x (TiR/EL) x (RR/ToR)"))  # fmt: skip
    elif (own := facts.number("gCO2e/request", "embodied_per_request")) is not None and unit == "request":  # fmt: skip
        embodied = float(own.value) * n
        fields.append(Field("embodied", label, f"{plain_number(embodied, 4)} gCO2e", embodied, "gCO2e", status=status_of(own), method=f"{plain_number(float(own.value), 4)} gCO2e/request x R", sources=own.sources))  # fmt: skip
    else:
        lacking = [k for k, v in (("TE", te), ("TiR", tir), ("EL", life), ("RR/ToR", share)) if v is None]  # fmt: skip
        fields.append(Field("embodied", label, unit="gCO2e", missing=tuple(lacking)))
    if energy is not None and intensity is not None and unit:
        operational = float(energy.value) * float(intensity.value)
        fields.append(Field("operational", N_("Operation (O = E x I)"), f"{plain_number(operational, 4)} gCO2e", operational, "gCO2e", status="computed"))  # fmt: skip
        if embodied is not None and count is None and te is not None:
            fields.insert(0, Field("score", N_("Score"), missing=(N_("units of work done in the time reserved (count)"),)))  # fmt: skip
        elif embodied is not None:
            score = float(sci_g(float(energy.value), float(intensity.value), embodied, n))
            scale, name = _counted(score, unit)
            fields.insert(0, Field("score", N_("Score"), f"{plain_number(score * scale, 4)} gCO2e/{name}", score, f"gCO2e/{unit}", status="computed", boundary=level, method="(E x I + M) / R"))  # fmt: skip
        else:
            fields.insert(0, Field("score", N_("Score"), missing=(N_("embodied carbon: a score without M is not an SCI score"),)))  # fmt: skip
    elif energy is not None and unit:
        fields.insert(0, Field("score", N_("Score"), missing=(N_("location-based intensity of the grid"),)))  # fmt: skip
    return Disclosure(form, version, title, place, tuple(fields), supersedes=str(options.get("supersedes") or ""))  # fmt: skip


def _counted(score: float, unit: str) -> tuple[float, str]:
    """A count that keeps a score readable and is named in its unit: per token would be slipped with per million.

    Examples
    --------
    >>> _counted(2e-4, "token"), _counted(0.8, "request")
    ((1000000.0, 'Mtoken'), (1.0, 'request'))
    """
    if unit in ("token", "training token", "parameter", "FLOP"):
        scale, prefix = {"FLOP": (1e18, "E"), "parameter": (1e9, "G")}.get(unit, (1e6, "M"))
        return scale, f"{prefix}{unit.replace(' ', '-')}"
    return 1.0, unit
