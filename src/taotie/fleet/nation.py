"""How much electricity do nations and states make and use, and how much of that is an energy? [TWh/a]

A share says what it is a share of: net generation at power stations, consumption or sales at customers. They differ
by a tenth, so `share_of` takes the denominator as an argument and refuses to guess. A figure of a year has a vintage.
"""

from __future__ import annotations

from dataclasses import dataclass

from taotie.errors import RangeError, UnitError, UnknownNameError, nearest
from taotie.fleet.annual_energy import (
    NationalShare,
    national_denominators,
    national_share,
    share_of_national_use,
)
from taotie.fleet.comparison import countries, country_demand, latest_demand
from taotie.quantity import unit as units
from taotie.quantity.catalog import figure, table
from taotie.quantity.figure import Figure
from taotie.words.language import _, language
from taotie.words.listing import listing
from taotie.words.said import in_each_language

__all__ = [
    "Country",
    "country",
    "denominators",
    "fuels",
    "net_generation",
    "preferred_denominator",
    "sales",
    "sectors",
    "share_of",
    "state_generation",
    "state_name",
    "states",
    "vintages",
    "years",
]

_MER = "net_generation"


def years() -> list[int]:
    """Years with US net generation, 1949 to the last one settled.

    Examples
    --------
    >>> years()[0], years()[-1]
    (1949, 2023)
    """
    cells = table("us_generation")
    return [int(y) for y in cells.items() if _MER in cells.quantities(y)]


def vintages(year: int) -> list[str]:
    """Editions held of a year's total: "" is the edition of table 7.2a with data to February 2024.

    Examples
    --------
    >>> vintages(2023)
    ['', '2024_07']
    """
    return [
        q.removeprefix(_MER).removeprefix("_vintage_").removeprefix("_")
        for q in table("us_generation").quantities(_year(year))
        if q == _MER or q.startswith((f"{_MER}_vintage_", f"{_MER}_press"))
    ]


def _year(year: int) -> str:
    known = table("us_generation").items()
    if str(year) not in known:
        raise RangeError(
            _("no US net generation of {year}.").format(year=year),
            _("{first} to {last}").format(first=known[0], last=known[-1]),
        )
    return str(year)


def net_generation(year: int, vintage: str = "", fuel: str = "") -> Figure:
    """US net generation of a year, all sectors, at utility scale. [TWh/a]

    Parameters
    ----------
    year : int
    vintage : str
        One of `vintages(year)`.
    fuel : str
        One of `fuels(year)`; default: all.

    Raises
    ------
    RangeError
        If the year is not held.
    UnknownNameError
        If the vintage or fuel is not.

    References
    ----------
    .. [1] Source ``eia_mer_72a``, table 7.2a.

    Examples
    --------
    The first print of 2023 and the edition of July 2024:

    >>> net_generation(2023).p50, net_generation(2023, "2024_07").p50
    (4178.171176, 4184.067712)
    """
    if fuel:
        return _cell(year, f"{_MER}_{fuel}", fuel, fuels(year))
    known = vintages(year)
    quantity = _MER if not vintage else f"{_MER}_vintage_{vintage}"
    if vintage == "press":
        quantity = f"{_MER}_press"
    if vintage not in known:
        raise UnknownNameError(
            _("US net generation of {year} is not held in the edition {vintage}.").format(
                year=year, vintage=repr(vintage)
            ),
            _("held: {names}").format(names=listing(repr(v) for v in known)),
        )
    return figure(f"us_generation/{year}/{quantity}")


def fuels(year: int) -> list[str]:
    """Sources of energy held of a year: 1950, 2007 and 2022.

    Examples
    --------
    >>> fuels(2022)[:3]
    ['coal', 'natural_gas', 'nuclear']
    """
    return [
        q.removeprefix(f"{_MER}_")
        for q in table("us_generation").quantities(_year(year))
        if q.startswith(f"{_MER}_") and "vintage" not in q and "press" not in q
    ]


def sectors(year: int) -> list[str]:
    """Classes of customers whose purchases are held of a year.

    Examples
    --------
    >>> sectors(2023)
    ['residential', 'commercial', 'industrial', 'transportation', 'all_sectors']
    """
    return [
        q.removeprefix("sales_")
        for q in table("us_generation").quantities(_year(year))
        if q.startswith("sales_")
    ]


def sales(year: int, sector: str = "all_sectors") -> Figure:
    """US retail sales to a class of customers; data centres are mostly in "commercial". [TWh/a]

    Raises
    ------
    RangeError
        If the year is not held.
    UnknownNameError
        If the sector is not.

    References
    ----------
    .. [1] Source ``eia2024_epm_sales``, table 5.1.

    Examples
    --------
    >>> sales(2022).p50, sales(2022, "commercial").p50
    (3927.169, 1390.873)
    """
    return _cell(year, f"sales_{sector}", sector, sectors(year))


def _cell(year: int, quantity: str, name: str, known: list[str]) -> Figure:
    if name not in known:
        raise UnknownNameError(
            _("{name} of {year} is not held.").format(name=repr(name), year=year),
            nearest(name, known) if known else "",
        )
    return figure(f"us_generation/{year}/{quantity}")


# ---- states ------------------------------------------------------------------------------------------


def states() -> list[str]:
    """Codes of the states and the District of Columbia, the largest producer first.

    Examples
    --------
    >>> len(states()), states()[:3]
    (51, ['TX', 'FL', 'PA'])
    """
    return table("state_generation").items()


def _state(name: str) -> str:
    cells = table("state_generation")
    if name.upper() in states():
        return name.upper()
    for code in states():
        if name.lower() == str(cells.value(code, "name_en")).lower():
            return code
    known = [str(cells.value(code, "name_en")) for code in states()]
    raise UnknownNameError(
        _("{name} is not a state.").format(name=repr(name)), nearest(name, [*known, *states()])
    )


def state_name(name: str) -> str:
    """Name of a state in the language in force.

    Examples
    --------
    >>> state_name("VA")
    'Virginia'
    """
    return str(table("state_generation").value(_state(name), f"name_{language()}"))


def state_generation(name: str) -> Figure:
    """Net generation in a state in 2021; what it uses may be more (Virginia imports) or less. [TWh/a]

    Raises
    ------
    UnknownNameError
        If there is no such state; the message names the nearest.

    References
    ----------
    .. [1] Source ``eia_state_generation``.

    Examples
    --------
    >>> round(state_generation("Texas").p50, 1)
    481.8
    """
    return figure(f"state_generation/{_state(name)}/net_generation_2021")


# ---- countries ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Country:
    """Electricity of a country.

    Attributes
    ----------
    demand : Figure
        Of the latest year held: generation plus net imports, network losses inside. [TWh/a]
    carbon_intensity : Figure or None
        Average of generation, life cycle; None where it is not held. [gCO2e/kWh]
    """

    key: str
    name: str
    demand: Figure
    carbon_intensity: Figure | None


def country(name: str) -> Country:
    """A country by key or name, in any of our languages.

    Raises
    ------
    UnknownNameError
        If it is not held; the message names the nearest.

    References
    ----------
    .. [1] Sources ``owid2026_energy``, ``ember2026``.

    Examples
    --------
    >>> found = country("Sweden")
    >>> round(found.demand.p50), found.carbon_intensity is not None
    (139, True)
    """
    cells = table("countries")
    key = name.lower().replace(" ", "_")
    if key not in countries():
        by_name = {str(cells.value(k, "name_zh")): k for k in countries()}
        if name not in by_name:
            raise UnknownNameError(
                _("{name} is not a country of the catalogue.").format(name=repr(name)),
                nearest(key, countries()),
            )
        key = by_name[name]
    intensities = table("carbon_intensity")
    english = cells.value(key, "name_en")
    code = next(
        (i for i in intensities.items() if intensities.value(i, "name_en") == english), None
    )
    held = code is not None and intensities.value(code, "average_generation") is not None
    return Country(
        key,
        str(cells.value(key, f"name_{language()}")),
        country_demand(key),
        intensities.figure(str(code), "average_generation") if held else None,
    )


# ---- shares ------------------------------------------------------------------------------------------


def denominators(place: str = "united_states") -> list[str]:
    """What a share of a place can be a share of.

    Examples
    --------
    >>> denominators("VA"), denominators("sweden")
    (['net_generation_2021'], ['demand', 'demand_2024'])
    """
    key = place.lower().replace(" ", "_")
    if key in countries():
        return national_denominators(key)
    if place.upper() in states():
        return ["net_generation_2021"]
    raise UnknownNameError(
        _("{name} is not a country or state of the catalogue.").format(name=repr(place)),
        nearest(key, [*countries(), *states()]),
    )


def preferred_denominator(place: str = "united_states") -> str:
    """What to compare with where nobody said: the latest net generation held, else the latest demand.

    Examples
    --------
    >>> preferred_denominator(), preferred_denominator("sweden")
    ('net_generation_2024', 'demand_2024')
    """
    known = denominators(place)
    settled = sorted(d for d in known if d.startswith("net_generation"))
    if settled:
        return settled[-1]
    return latest_demand(place.lower().replace(" ", "_"))


def share_of(energy: Figure, place: str, of: str) -> NationalShare:
    """Share of a country's or state's electricity, with the denominator named.

    Parameters
    ----------
    energy : Figure
        A yearly energy. [TWh/a]
    place : str
        Key of a country, or code of a state.
    of : str
        One of `denominators(place)`: there is no default, since a share of nothing in particular means nothing.

    Raises
    ------
    RangeError
        If `of` is empty or not held of this place.
    UnknownNameError
        If the place is not known.
    UnitError
        If `energy` is not a yearly energy.

    Examples
    --------
    LBNL's 176 TWh: 4.4 % of consumption are 4.2 % of net generation.

    >>> energy = figure("shehabi2024.us_energy_2023")
    >>> [round(100 * share_of(energy, "united_states", d).share.p50, 1)
    ...  for d in ("consumption_2023", "net_generation_2023")]
    [4.4, 4.2]
    """
    known = denominators(place)
    if of not in known:
        raise RangeError(
            _(
                "a share of {place} needs a total to divide by, and none is on file for {of}."
            ).format(place=place, of=repr(of)),
            _("known: {names}").format(names=listing(known)),
        )
    key = place.lower().replace(" ", "_")
    if key in countries():
        return share_of_national_use(energy, key, of)
    denominator = state_generation(place)
    if not units.same_dimension(energy.unit, "TWh/a") or "/" not in energy.unit:
        raise UnitError(
            _("{name} in {unit} is not a yearly energy.").format(name=energy.name, unit=energy.unit)
        )
    share: Figure = national_share(energy, denominator)  # type: ignore[arg-type, assignment]
    return NationalShare(
        share,
        denominator,
        place.upper(),
        in_each_language(
            lambda: _("{country}, {year}: {what}").format(
                country=state_name(place),
                year="2021",
                what=_("net generation (at power stations, before network losses)"),
            )
        ),
    )
