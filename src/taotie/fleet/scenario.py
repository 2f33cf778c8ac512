"""What if? A file that changes the assumptions of the fleet forecast: factors, power limit, forms of growth, horizon.

[fleet]
name = "cool and busy"
horizon = 2032
makers = ["nvidia", "amd"]
forms = ["logistic", "limited"]
power_limit = { low = 10, high = 40, unit = "GW/a" }      # or limited = false
mean_life = { low = 4, high = 6, unit = "a" }

[fleet.utilization]
low = 0.6
high = 0.8

[fleet.pue]
figure = "taotie_fleet2026.pue"
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from taotie.errors import DataError, RangeError, UnitError, UnknownNameError, nearest
from taotie.facility.pue import checked_pue
from taotie.files.read import of_others, read_toml
from taotie.fleet.forecast import FleetScenario
from taotie.fleet.growth import FORMS
from taotie.fleet.stock import makers
from taotie.quantity import unit as units
from taotie.quantity.catalog import figure
from taotie.quantity.distribution import distribution_from
from taotie.quantity.figure import Figure, leaf
from taotie.words.language import _

__all__ = ["read_scenario", "scenario_from"]

_FACTORS = ("overhead", "utilization", "pue")
_RANGES = {"mean_life": "a", "power_limit": "GW/a"}
_KEYS = ("name", "horizon", "makers", "forms", "correlated", "limited", *_FACTORS, *_RANGES)


@of_others(DataError)
def read_scenario(path: Path) -> FleetScenario:
    """A scenario from a TOML file.

    Raises
    ------
    DataError
        If the file cannot be read.
    RangeError, UnitError, UnknownNameError
        If a key, name or value in it is wrong; the message names file and key.
    """
    content = read_toml(path)
    return scenario_from(content.get("fleet", content), str(path))


def scenario_from(fields: Mapping[str, Any], where: str = "[fleet]") -> FleetScenario:
    """A scenario from plain values; what is left out keeps its default.

    Examples
    --------
    >>> made = scenario_from({"horizon": 2030, "pue": {"low": 1.1, "high": 1.2}})
    >>> made.horizon, round(made.pue.p50, 3)
    (2030, 1.15)
    """
    if not isinstance(fields, Mapping):
        raise RangeError(_("{where}: [fleet] is not a table.").format(where=where))
    unknown = sorted(set(fields) - set(_KEYS))
    if unknown:
        raise UnknownNameError(
            _("{where}: unknown key {name}.").format(where=where, name=repr(unknown[0])),
            nearest(unknown[0], _KEYS),
        )
    changes: dict[str, Any] = {}
    for key in ("name", "horizon", "correlated", "limited"):
        if key in fields:
            wanted = {"name": str, "horizon": int, "correlated": bool, "limited": bool}[key]
            value = fields[key]
            if not isinstance(value, wanted) or (key == "horizon" and isinstance(value, bool)):
                raise RangeError(
                    _("{where}: {key}={value} is not a {kind}.").format(
                        where=where, key=key, value=repr(value), kind=wanted.__name__
                    )
                )
            changes[key] = value
    for key, known in (("makers", makers()), ("forms", list(FORMS))):
        if key in fields:
            changes[key] = _names(where, key, fields[key], known)
    for key in _FACTORS:
        if key in fields:
            changes[key] = _factor(where, key, fields[key])
    for key, unit in _RANGES.items():
        if key in fields:
            changes[key] = _range(where, key, fields[key], unit)
    return FleetScenario(**changes)


def _names(where: str, key: str, given: Any, known: list[str]) -> tuple[str, ...]:
    if not isinstance(given, list) or not given:
        raise RangeError(
            _("{where}: {key} is not a list of names.").format(where=where, key=key),
            ", ".join(known),
        )
    for name in given:
        if name not in known:
            raise UnknownNameError(
                _("{where}: {key}: {name} is not known.").format(
                    where=where, key=key, name=repr(name)
                ),
                nearest(str(name), known),
            )
    return tuple(dict.fromkeys(given))


def _factor(where: str, key: str, given: Any) -> Figure:
    if isinstance(given, int | float) and not isinstance(given, bool):
        given = {"value": given}
    if not isinstance(given, Mapping):
        raise RangeError(
            _("{where}: {key}={value} is not a number or range.").format(
                where=where, key=key, value=repr(given)
            ),
            "{ low = 1.1, high = 1.3 }",
        )
    if "figure" in given:
        made = figure(str(given["figure"]))
        if made.unit != units.DIMENSIONLESS:
            raise UnitError(
                _("{where}: {key} is a plain number, not {unit}.").format(
                    where=where, key=key, unit=made.unit
                )
            )
    else:
        if "unit" in given and units.canonical(str(given["unit"])) != units.DIMENSIONLESS:
            raise UnitError(
                _("{where}: {key} is a plain number, not {unit}.").format(
                    where=where, key=key, unit=given["unit"]
                )
            )
        numbers = {k: v for k, v in given.items() if k not in ("unit", "note")}
        if {"low", "high"} <= set(numbers) and "spread" not in numbers and "mode" not in numbers:
            numbers["spread"] = "uniform"
        made = leaf(
            f"scenario.{key}",
            unit="1",
            kind="assumed",
            distribution=distribution_from(numbers),
            note=str(given.get("note", "")) or where,
            label=figure(f"taotie_fleet2026.{key}").label,
        )
    low, high = float(made.samples.min()), float(made.samples.max())
    if key == "pue":
        checked_pue(low)
    elif key == "utilization" and not (low >= 0 and high <= 1):
        raise RangeError(
            _("{where}: utilization={value} is outside 0..1.").format(
                where=where, value=round(high if high > 1 else low, 6)
            ),
            _("70 % is 0.7"),
        )
    elif key == "overhead" and low < 1:
        raise RangeError(
            _(
                "{where}: overhead={value} is below 1: a server draws at least what its chips do."
            ).format(where=where, value=round(low, 6))
        )
    return made


def _range(where: str, key: str, given: Any, unit: str) -> tuple[float, float]:
    try:
        factor = units.factor(str(given.get("unit", unit)), unit)
        low, high = float(given["low"]) * factor, float(given["high"]) * factor
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, UnitError):
            raise
        raise RangeError(
            _("{where}: {key} is not a range.").format(where=where, key=key),
            f'{{ low = 4, high = 6, unit = "{unit}" }}',
        ) from None
    if not 0 < low <= high:
        raise RangeError(
            _("{where}: {key}: 0 < low <= high does not hold.").format(where=where, key=key)
        )
    return low, high
