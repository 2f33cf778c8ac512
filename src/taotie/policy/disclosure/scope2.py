"""What are the emissions of bought electricity? GHG Protocol scope 2, both methods, and the ESRS E1 energy table. [tCO2e, MWh]

Location-based: the grid's average where power is used; no contract changes it. Market-based (2015): each MWh at the factor of
its rung - certificates, supplier, residual mix, grid average. Matching by the hour is a draft of the revision under way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.policy.disclosure.facts import Facts
from taotie.policy.disclosure.form import (
    Disclosure,
    Field,
    needed_boundary,
    plain_number,
    status_of,
)
from taotie.quantity.catalog import table
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.said import Said

__all__ = [
    "MarketResult",
    "esrs_e1",
    "hourly_matched_mwh",
    "location_based_t",
    "market_based",
    "scope2",
]

METHODS = ("location", "market-2015", "market-hourly-draft")
RUNGS = ("certificates", "supplier", "residual", "grid")


@dataclass(frozen=True)
class MarketResult:
    """Emissions and the energy on each rung of the hierarchy. [tCO2e, MWh]"""

    emissions_t: float
    energy_mwh: Mapping[str, float]


def location_based_t(energy_mwh: npt.ArrayLike, intensity_g_per_kwh: npt.ArrayLike) -> float:
    """Energy times the grid's average intensity. [tCO2e]

    Examples
    --------
    >>> location_based_t(1000, 400)
    400.0
    """
    return float(np.sum(np.asarray(energy_mwh, dtype=float) * np.asarray(intensity_g_per_kwh, dtype=float)) / 1e3)  # fmt: skip


def hourly_matched_mwh(load_mwh: npt.ArrayLike, contract_mwh: npt.ArrayLike) -> float:
    """Contracted energy that falls into the hours of the load. [MWh]

    Examples
    --------
    Twenty contracted MWh of sun cover ten of the load at noon and nothing at night:

    >>> hourly_matched_mwh([10, 10], [20, 0])
    10.0
    """
    load, contract = np.asarray(load_mwh, dtype=float), np.asarray(contract_mwh, dtype=float)
    if load.shape != contract.shape:
        raise RangeError(
            _("load has {a} hours, contracts {b}.").format(a=load.size, b=contract.size)
        )
    if (load < 0).any() or (contract < 0).any():
        raise RangeError(_("hourly energy is negative."))
    return float(np.minimum(load, contract).sum())


def market_based(
    energy_mwh: float,
    certificates: Sequence[tuple[float, float]],
    supplier_g_per_kwh: float | None = None,
    residual_g_per_kwh: float | None = None,
    grid_g_per_kwh: float | None = None,
) -> MarketResult:
    """Market-based emissions by the hierarchy of factors.

    Parameters
    ----------
    energy_mwh : float
        Electricity used. [MWh]
    certificates : sequence of (float, float)
        Energy [MWh] and factor [g/kWh] of each certificate or contract.
    supplier_g_per_kwh, residual_g_per_kwh, grid_g_per_kwh : float, optional
        Rungs below; the first that is known takes what certificates leave.

    Raises
    ------
    RangeError
        If certificates exceed the energy, or nothing is known for the rest.

    Examples
    --------
    >>> market_based(1000, [(600, 0.0)], residual_g_per_kwh=500)
    MarketResult(emissions_t=200.0, energy_mwh={'certificates': 600, 'residual': 400})
    >>> market_based(1000, [(600, 20.0)], residual_g_per_kwh=500).emissions_t
    212.0
    """
    covered = sum(c[0] for c in certificates)
    if any(not (m >= 0 and g >= 0) for m, g in certificates):
        raise RangeError(_("a certificate cannot have a negative energy or intensity."))
    if covered > energy_mwh * (1 + 1e-12):
        raise RangeError(
            _("certificates for {a:g} MWh exceed the {b:g} MWh used.").format(a=covered, b=energy_mwh),
            _("certificates cover consumption; the surplus counts in no scope 2"),
        )  # fmt: skip
    emitted = sum(m * g for m, g in certificates) / 1e3
    energy: dict[str, float] = {"certificates": covered} if covered else {}
    rest = max(energy_mwh - covered, 0.0)
    if rest > 0:
        rungs = {
            "supplier": supplier_g_per_kwh,
            "residual": residual_g_per_kwh,
            "grid": grid_g_per_kwh,
        }
        name = next((k for k, v in rungs.items() if v is not None), None)
        if name is None:
            raise RangeError(
                _("no factor is known for the {mwh:g} MWh that certificates leave.").format(mwh=rest),
                '--set residual_intensity="500 gCO2e/kWh"',
            )  # fmt: skip
        emitted += rest * float(rungs[name] or 0.0) / 1e3
        energy[name] = rest
    return MarketResult(emitted, energy)


def _electricity(facts: Facts, options: Mapping[str, Any]) -> Any:
    raw = facts.find("electricity", "annual_energy", "EDC", "energy")
    unit = "MWh/a" if raw is not None and raw.unit.endswith("/a") else "MWh"
    return facts.number(unit, "electricity", "annual_energy", "EDC", "energy", boundary=("facility",) if not options.get("boundary") else ())  # fmt: skip


def scope2(facts: Facts, options: Mapping[str, Any]) -> Disclosure:
    """Both results, labelled; the hourly one with the word draft.

    Facts: electricity, carbon_intensity, certificate_energy, certificate_intensity, supplier_intensity,
    residual_intensity, market_instruments (none), hourly_matched.
    """
    energy = _electricity(facts, options)
    boundary = needed_boundary(facts, options, energy)
    fields: list[Field] = []
    method = facts.text("method")
    if method and method not in METHODS:
        raise UnknownNameError(_("method={value} is not one of scope 2.").format(value=repr(method)), nearest(method, METHODS))  # fmt: skip
    used = None if energy is None else float(energy.value)
    if energy is None:
        fields.append(Field("electricity", N_("Electricity used"), unit="MWh", missing=(N_("yearly electricity of the facility"),)))  # fmt: skip
    else:
        fields.append(Field("electricity", N_("Electricity used"), plain_number(float(energy.value)), used, "MWh", energy.low, energy.high, status_of(energy), boundary["level"], sources=energy.sources))  # fmt: skip
    grid = facts.number("gCO2e/kWh", "carbon_intensity", "location_intensity")
    label = N_("Scope 2, location-based")
    if used is None or grid is None:
        fields.append(Field("location_based", label, unit="tCO2e", missing=(N_("location-based intensity of the grid"),) if grid is None else (N_("yearly electricity of the facility"),)))  # fmt: skip
    else:
        value = location_based_t(used, float(grid.value))
        fields.append(Field("location_based", label, plain_number(value), value, "tCO2e", status="computed", method=f"{plain_number(used)} MWh x {plain_number(float(grid.value))} g/kWh", sources=grid.sources))  # fmt: skip
    none = facts.text("market_instruments").lower() in ("none", "no")
    certs = facts.number("MWh", "certificate_energy")
    factor = facts.number("gCO2e/kWh", "certificate_intensity")
    supplier = facts.number("gCO2e/kWh", "supplier_intensity")
    residual = facts.number("gCO2e/kWh", "residual_intensity")
    label = N_("Scope 2, market-based (2015)")
    draft = False
    if none:
        fields.append(Field("market_based", label, _("no contractual instruments in this market: location-based only"), None, "tCO2e", status="computed"))  # fmt: skip
    elif used is None or (certs is None and supplier is None and residual is None):
        fields.append(Field("market_based", label, unit="tCO2e", missing=(N_("certificates, supplier's rate or residual mix, or that the market has none (market_instruments=none)"),)))  # fmt: skip
    elif certs is not None and factor is None:
        fields.append(Field("market_based", label, unit="tCO2e", missing=(N_("factor of the certificates (certificate_intensity)"),)))  # fmt: skip
    else:
        pairs = (
            [] if certs is None or factor is None else [(float(certs.value), float(factor.value))]
        )

        def known(one: Any) -> float | None:
            return None if one is None else float(one.value)

        result = market_based(used, pairs, known(supplier), known(residual), known(grid))
        rungs = "; ".join(f"{k} {plain_number(v)} MWh" for k, v in result.energy_mwh.items())
        fields.append(Field("market_based", label, plain_number(result.emissions_t), result.emissions_t, "tCO2e", status="computed", method=rungs))  # fmt: skip
        matched = facts.number("MWh", "hourly_matched")
        if matched is not None and pairs:
            if float(matched.value) > pairs[0][0] * (1 + 1e-9):
                raise RangeError(
                    _("{a:g} MWh matched by the hour exceed the {b:g} MWh of the year.").format(a=float(matched.value), b=pairs[0][0])
                )  # fmt: skip
            hourly = market_based(used, [(float(matched.value), pairs[0][1])], None, known(residual), known(grid))  # fmt: skip
            draft = True
            fields.append(Field("market_based_hourly_draft", N_("Scope 2, market-based by the hour (draft)"), plain_number(hourly.emissions_t) + " tCO2e (draft)", hourly.emissions_t, "tCO2e", status="computed", method="; ".join(f"{k} {plain_number(v)} MWh" for k, v in hourly.energy_mwh.items()) + "; draft of the revision, not final"))  # fmt: skip
    said = (Said("draft_method", N_("matching by the hour follows a draft of the revision (consultation of October 2025); it is not in force")),) if draft else ()  # fmt: skip
    return Disclosure("scope2", "GHG Protocol Scope 2 Guidance, 2015", N_("Scope 2 emissions (GHG Protocol)"), boundary, tuple(fields), supersedes=str(options.get("supersedes") or ""), said=said)  # fmt: skip


def _pointed(one: Field) -> Field:
    """A field with its paragraph and data point from the table; one the standard does not ask for has neither."""
    row = table("esrs_datapoints")
    if one.key not in row.items():
        return one
    return replace(one, symbol=str(row.value(one.key, "paragraph")), concept=str(row.value(one.key, "concept")))  # fmt: skip


def esrs_e1(facts: Facts, options: Mapping[str, Any]) -> Disclosure:
    """Energy by fossil, nuclear and renewable sources, and scope 2 by both methods.

    Facts: those of `scope2`, fossil_energy, nuclear_energy, renewable_energy, purchased_renewable,
    self_generated_renewable. Of fossil, nuclear and renewable energy one may be left out: it is the rest.
    """
    base = scope2(facts, options)
    energy = next((f for f in base.fields if f.key == "electricity"), None)
    total = energy.value if energy is not None and isinstance(energy.value, float) else None
    labels = {
        "fossil_energy": N_("Energy from fossil sources"), "nuclear_energy": N_("Energy from nuclear sources"),
        "renewable_energy": N_("Energy from renewable sources"),
    }  # fmt: skip
    lacking = {
        "fossil_energy": N_("fossil energy of the year"), "nuclear_energy": N_("nuclear energy of the year, 0 if there is none"),
        "renewable_energy": N_("renewable energy of the year"),
    }  # fmt: skip
    stated = {key: facts.number("MWh", key) for key in labels}
    known = {key: float(one.value) for key, one in stated.items() if one is not None}
    status = {key: status_of(one) for key, one in stated.items() if one is not None}
    for key, value in known.items():
        if total is not None and value > total * (1 + 1e-9):
            raise RangeError(_("{key} of {a:g} MWh exceeds the {b:g} MWh used.").format(key=key, a=value, b=total), f'--set {key}="{total:g} MWh"')  # fmt: skip
    if total is not None and len(known) == 2:
        rest = next(key for key in labels if key not in known)
        known[rest], status[rest] = total - sum(known.values()), "computed"
        if known[rest] < -1e-9 * total:
            raise RangeError(_("{keys} together exceed the {b:g} MWh used.").format(keys=listing(k for k in labels if k != rest), b=total), _("state the electricity they are parts of: {example}").format(example='--set electricity="20 GWh @facility"'))  # fmt: skip
        known[rest] = 0.0 if known[rest] < 0 else known[rest]
    if total is not None and len(known) == 3 and abs(sum(known.values()) - total) > 1e-9 * total:
        raise RangeError(
            _("fossil, nuclear and renewable energy add up to {a:g} MWh, not to the {b:g} MWh used.").format(a=sum(known.values()), b=total),
            _("leave one of the three out: it is then the rest"),
        )  # fmt: skip
    fields: list[Field] = []
    label = N_("Total energy consumption")
    if total is not None and energy is not None:
        fields.append(Field("total_energy", label, plain_number(total), total, "MWh", energy.low, energy.high, energy.status, base.boundary["level"], sources=energy.sources))  # fmt: skip
    else:
        fields.append(Field("total_energy", label, unit="MWh", missing=(N_("yearly electricity of the facility"),)))  # fmt: skip
    for key, label in labels.items():
        if key in known:
            fields.append(Field(key, label, plain_number(known[key]), known[key], "MWh", status=status[key]))  # fmt: skip
        else:
            fields.append(Field(key, label, unit="MWh", missing=(lacking[key],)))
    label = N_("Energy from non-renewable sources")
    if total is not None and "renewable_energy" in known:
        rest_mwh = total - known["renewable_energy"]
        fields.append(Field("non_renewable_energy", label, plain_number(rest_mwh), rest_mwh, "MWh", status="computed"))  # fmt: skip
    else:
        fields.append(Field("non_renewable_energy", label, unit="MWh", missing=(lacking["renewable_energy"],)))  # fmt: skip
    shares = {
        "renewable_share": ("renewable_energy", N_("Share of renewable sources")),
        "nuclear_share": ("nuclear_energy", N_("Share of nuclear sources")),
    }
    for key, (part, label) in shares.items():
        if total and part in known:
            share = 100 * known[part] / total
            fields.append(Field(key, label, plain_number(share), share, "%", status="computed"))  # fmt: skip
        else:
            fields.append(Field(key, label, unit="%", missing=(lacking[part],)))
    parts = {
        "purchased_renewable": N_("of the renewable: purchased electricity, heat, steam, cooling"),
        "self_generated_renewable": N_("of the renewable: generated by oneself, without fuel"),
    }
    made = 0.0
    for key, label in parts.items():
        one = facts.number("MWh", key)
        if one is None:
            continue
        made += float(one.value)
        fields.append(Field(key, label, plain_number(float(one.value)), float(one.value), "MWh", status=status_of(one)))  # fmt: skip
    if made and made > known.get("renewable_energy", made) * (1 + 1e-9):
        raise RangeError(_("purchased and self-generated renewable energy of {a:g} MWh exceed the {b:g} MWh that are renewable.").format(a=made, b=known["renewable_energy"]), f'--set renewable_energy="{made:g} MWh"')  # fmt: skip
    fields = [_pointed(f) for f in (*fields, *(f for f in base.fields if f.key != "electricity"))]
    said = (*base.said, Said("esrs_numbers", N_("paragraphs and data points are those of the taxonomy of 2023-12-22, as open readers of it list them; the simplified ESRS renumber them")))  # fmt: skip
    return Disclosure("esrs", "ESRS E1 (2023)", N_("ESRS E1: energy and scope 2"), base.boundary, tuple(fields), supersedes=str(options.get("supersedes") or ""), said=said)  # fmt: skip
