"""What does a way to supply power cost, give and emit? [currency/MW/a, currency/MWh, g/kWh]

Costs are rows of the table `supply_technologies`, in two sets: `eu2030` (EUR) and `us2030` (USD). An investment becomes
a yearly cost by its annuity at an interest rate, plus the fixed share a year.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from taotie.errors import RangeError, SourceError, UnknownNameError, nearest
from taotie.quantity.catalog import table
from taotie.words.language import _, language

__all__ = [
    "COST_SETS",
    "Generator",
    "Store",
    "Technology",
    "annuity",
    "currency_of",
    "generator",
    "store",
    "technologies",
    "technology",
    "technology_keys",
    "technology_name",
]

COST_SETS = ("eu2030", "us2030")
_TABLE = "supply_technologies"
_BY_WEATHER = ("wind", "pv")
_STORES = ("battery", "iron_air", "hydrogen")


@dataclass(frozen=True)
class Generator:
    """One way to make power.

    Attributes
    ----------
    key : str
    fixed_cost : float
        Of one MW for a year, investment included. [currency/MW/a]
    running_cost : float
        Of one MWh made: fuel and wear. [currency/MWh]
    profile : str
        Name of the series of its capacity factor; empty if it can be turned up and down.
    availability : float
        Highest output over size, where there is no series. [1]
    co2_g_per_kwh : float
        Combustion only. [g/kWh]
    clean : bool
        Whether its power counts as carbon-free.
    most_mw : float or None
        No more than this may be built. [MW]
    """

    key: str
    fixed_cost: float
    running_cost: float = 0.0
    profile: str = ""
    availability: float = 1.0
    co2_g_per_kwh: float = 0.0
    clean: bool = True
    most_mw: float | None = None


@dataclass(frozen=True)
class Store:
    """One way to keep power.

    Attributes
    ----------
    in_cost, out_cost : float
        Of one MW of charging and of discharging for a year; with `one_converter` the same machine does
        both and `in_cost` is its cost. [currency/MW/a]
    energy_cost : float
        Of one MWh of room for a year. [currency/MWh/a]
    efficiency_in, efficiency_out : float
        Within 0..1. [1]
    most_mw, most_mwh : float or None
        No more than this may be built.
    """

    key: str
    in_cost: float
    energy_cost: float
    out_cost: float = 0.0
    efficiency_in: float = 1.0
    efficiency_out: float = 1.0
    one_converter: bool = True
    most_mw: float | None = None
    most_mwh: float | None = None


Technology = Generator | Store


def annuity(rate: float, years: float) -> float:
    """Share of an investment due each year, interest included.

    Parameters
    ----------
    rate : float
        Interest, within 0..1. [1/a]
    years : float
        Lifetime, above 0. [a]

    Returns
    -------
    share : float
        [1/a]

    Raises
    ------
    RangeError
        If rate or years are not possible.

    Notes
    -----
    ``r / (1 - (1 + r)^-n)``, and ``1 / n`` without interest.

    Examples
    --------
    >>> round(annuity(0.07, 20), 5)
    0.09439
    """
    if not 0 <= rate < 1:
        raise RangeError(
            _("an interest rate of {rate} leaves 0..1.").format(rate=rate), _("7 % is 0.07")
        )
    if not years > 0:
        raise RangeError(_("a lifetime must be above 0 a, not {years} a.").format(years=years))
    if rate == 0:
        return 1.0 / years
    if rate * years < 1e-6:  # 1 + r keeps few digits of r, or none
        return float(rate / -math.expm1(-years * math.log1p(rate)))
    return float(rate / (1.0 - (1.0 + rate) ** -years))


def technology_keys(costs: str = "eu2030") -> list[str]:
    """Technologies a set of costs knows.

    Examples
    --------
    >>> technology_keys("eu2030")
    ['wind', 'pv', 'nuclear', 'geothermal', 'gas', 'gas_ccs', 'battery', 'iron_air', 'hydrogen']
    """
    _known_set(costs)
    items = table(_TABLE).items()
    return [i.partition(".")[2] for i in items if i.startswith(f"{costs}.")]


def technology_name(key: str) -> str:
    """Name of a technology in the language in force; its key if the table does not know it."""
    cells = table(_TABLE)
    item = f"eu2030.{key}"
    if item not in cells:
        return key
    return str(cells.value(item, f"name_{language()}"))


def currency_of(costs: str) -> str:
    """EUR or USD."""
    _known_set(costs)
    row = table(_TABLE).cell(f"{costs}.wind", "investment")
    assert row is not None
    return row["unit"].partition("/")[0]


def technology(key: str, costs: str = "eu2030", rate: float = 0.07) -> Technology:
    """One technology of the table with its yearly cost.

    Parameters
    ----------
    key : str
        See `technology_keys`; `gas-ccs` is `gas_ccs`.
    costs : str
        One of `COST_SETS`.
    rate : float
        Interest. [1/a]

    Raises
    ------
    UnknownNameError
        If the technology or the set is unknown.

    Examples
    --------
    >>> round(technology("wind").fixed_cost)
    128306
    """
    name = key.strip().lower().replace("-", "_").replace(" ", "_")
    name = {"solar": "pv", "sun": "pv", "ironair": "iron_air"}.get(name, name)
    known = technology_keys(costs)
    if name not in known:
        raise UnknownNameError(
            _("{name} is not a technology that supplies power.").format(name=repr(key)),
            nearest(key, known),
        )
    item = f"{costs}.{name}"
    return store(item, name, rate) if name in _STORES else generator(item, name, rate)


def technologies(
    keys: Iterable[str], costs: str = "eu2030", rate: float = 0.07
) -> tuple[Technology, ...]:
    """Technologies in one fixed order, each once, whatever the order they are named in."""
    found = {one.key: one for one in (technology(k, costs, rate) for k in keys)}
    return tuple(found[k] for k in technology_keys(costs) if k in found)


def generator(item: str, key: str, rate: float) -> Generator:
    """A generator from its rows."""
    fuel, efficiency = _number(item, "fuel_cost", 0.0), _number(item, "efficiency", 1.0)
    return Generator(
        key=key,
        fixed_cost=1e3 * _yearly(item, "", rate),
        running_cost=_number(item, "variable_cost", 0.0) + fuel / efficiency,
        profile=key if key in _BY_WEATHER else "",
        availability=_number(item, "availability", 1.0),
        co2_g_per_kwh=_number(item, "co2", 0.0) / efficiency,
        clean=_number(item, "clean", 1.0) == 1.0,
    )


def store(item: str, key: str, rate: float) -> Store:
    """A store from its rows."""
    one = "power_investment" in table(_TABLE).quantities(item)
    return Store(
        key=key,
        in_cost=1e3 * _yearly(item, "power_" if one else "power_in_", rate),
        out_cost=0.0 if one else 1e3 * _yearly(item, "power_out_", rate),
        energy_cost=1e3 * _yearly(item, "energy_", rate),
        efficiency_in=_number(item, "efficiency_in"),
        efficiency_out=_number(item, "efficiency_out"),
        one_converter=one,
    )


def _yearly(item: str, prefix: str, rate: float) -> float:
    share = annuity(rate, _number(item, f"{prefix}lifetime"))
    fixed = _number(item, f"{prefix}fixed_cost") / 100.0
    return _number(item, f"{prefix}investment") * (share + fixed)


def _number(item: str, quantity: str, default: float | None = None) -> float:
    value = table(_TABLE).value(item, quantity)
    if value is None:
        if default is None:
            raise SourceError(_("{key} is not published or not known.").format(key=f"{item}/{quantity}"))  # fmt: skip
        return default
    return float(value)


def _known_set(costs: str) -> None:
    if costs not in COST_SETS:
        raise UnknownNameError(
            _("{name} is not a set of costs.").format(name=repr(costs)), nearest(costs, COST_SETS)
        )
