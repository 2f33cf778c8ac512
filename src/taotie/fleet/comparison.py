"""How much is that? An energy in lamps, phones, homes, kilometres, searches [1] and countries.

Each thing compared with has its own source and range, in the tables `equivalents` and `countries`; a comparison is
a ratio of two figures, so it carries the range of both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from taotie.errors import RangeError, SourceError, UnitError
from taotie.quantity import unit as units
from taotie.quantity.catalog import figure, table
from taotie.quantity.figure import Figure, exact
from taotie.quantity.wording import number, within
from taotie.words.language import _, language

__all__ = [
    "CountryMatch",
    "Equivalent",
    "countries",
    "country_demand",
    "demand_year",
    "demand_years",
    "equivalent",
    "equivalent_names",
    "equivalents",
    "latest_demand",
    "nearest_countries",
]


@dataclass(frozen=True)
class Equivalent:
    """So many of an everyday thing.

    Attributes
    ----------
    key : str
        Item of the table `equivalents`.
    label : dict of str to str
        Plural words after the number, `en` and `zh`.
    each : Figure
        Energy of one. [Wh]
    count : Figure
        How many. [1]
    """

    key: str
    label: dict[str, str]
    each: Figure
    count: Figure

    def __str__(self) -> str:
        one = self.count
        known = one.p05 != one.p95
        count = within(one.p50, one.p05, one.p95)[0] if known else number(one.p50, 3)
        return f"{count} {self.label[language()]}"


@dataclass(frozen=True)
class CountryMatch:
    """A country whose yearly electricity is near.

    Attributes
    ----------
    key : str
        Item of the table `countries`.
    label : dict of str to str
        Name, `en` and `zh`.
    demand : Figure
        Its yearly electricity, network losses inside. [TWh/a]
    ratio : Figure
        The energy compared over it. [1]
    year : int
        Of the demand.
    """

    key: str
    label: dict[str, str]
    demand: Figure
    ratio: Figure
    year: int


def equivalent_names() -> list[str]:
    """What an energy can be compared with.

    Examples
    --------
    >>> equivalent_names()[:3]
    ['kettle', 'led_bulb_hour', 'phone_charge']
    """
    return table("equivalents").items()


def _label(name: str, item: str, stem: str) -> dict[str, str]:
    cells = table(name)
    words = {code: cells.value(item, f"{stem}_{code}") for code in ("en", "zh")}
    if not all(isinstance(word, str) for word in words.values()):
        raise SourceError(
            _("{item} has no name in the table {table}.").format(item=item, table=name)
        )
    return {code: str(word) for code, word in words.items()}


def _as_energy(energy: Figure) -> Figure:
    """An energy, or that of one request, or that of one year or day."""
    for unit, once in (
        ("Wh", None),
        ("Wh/request", exact(1.0, "request")),
        ("TWh/a", exact(1.0, "a" if energy.unit.endswith("/a") else "d")),
    ):
        if units.same_dimension(energy.unit, unit):
            if unit == "TWh/a" and not energy.unit.endswith(("/a", "/d")):
                break  # a power: nobody said for how long
            return energy if once is None else energy * once
    raise UnitError(
        _("{name} in {unit} is not an energy.").format(name=energy.name, unit=energy.unit),
        _("give Wh, Wh/request, MWh/d or TWh/a; multiply a power by a time"),
    )


def equivalent(energy: Figure, key: str) -> Equivalent:
    """How many of one thing an energy is.

    Parameters
    ----------
    energy : Figure
        An energy, an energy per request (of one), or an energy per day or year (of one).
    key : str
        One of `equivalent_names()`.

    Returns
    -------
    equivalent : Equivalent

    Raises
    ------
    UnitError
        If `energy` is not an energy; a power is refused, for nobody said for how long.
    SourceError
        If the thing is not known; the message names the nearest.

    Examples
    --------
    ChatGPT early in 2023 over Google's search of 2009:

    >>> print(equivalent(figure("devries2023.energy_per_request_chatgpt"), "google_search"))
    9.67 Google searches of 2009
    """
    each = figure(f"equivalents/{key}/energy")
    whole = _as_energy(energy)
    return Equivalent(
        key=key,
        label=_label("equivalents", key, "label"),
        each=each.to("Wh"),
        count=(whole / each).to("1"),
    )


FAR = 10.0
"""A count so many times beyond a limit is beyond it for every sample that matters."""


def equivalents(energy: Figure, low: float = 0.1, high: float | None = None) -> list[Equivalent]:
    """All things of which an energy is a number one can imagine.

    Parameters
    ----------
    energy : Figure
        As for `equivalent`.
    low : float
        Only things whose median count is at least this. [1]
    high : float, optional
        And at most this; by default a limit for each thing, from the table. [1]

    Returns
    -------
    found : list of Equivalent
        In the order of the table; may be empty.
    """
    cells = table("equivalents")
    middle = _as_energy(energy).to("Wh").p50
    found = []
    for key in equivalent_names():
        most = cells.value(key, "most") if high is None else high
        unit = figure(f"equivalents/{key}/energy").unit
        about = middle / units.factor(unit, "Wh") / float(str(cells.value(key, "energy")))
        # what is far out is not drawn to be left out
        if about < low / FAR or (isinstance(most, float) and about > most * FAR):
            continue
        one = equivalent(energy, key)
        if low <= one.count.p50 <= (most if isinstance(most, float) else math.inf):
            found.append(one)
    return found


def countries() -> list[str]:
    """Keys of the countries held, the largest first.

    Examples
    --------
    >>> countries()[:3]
    ['china', 'united_states', 'india']
    """
    return table("countries").items()


def demand_years(key: str) -> list[str]:
    """What is held of a country's yearly electricity, the earliest first; `demand` alone is of 2020 or 2021.

    Examples
    --------
    >>> demand_years("netherlands")
    ['demand', 'demand_2024']
    """
    held = table("countries").quantities(key)
    return sorted(q for q in held if q == "demand" or q.startswith("demand_"))


def country_demand(key: str) -> Figure:
    """Yearly electricity of a country in the latest year held: generation plus net imports. [TWh/a]

    Examples
    --------
    >>> round(country_demand("netherlands").p50), country_demand("netherlands").kind
    (118, 'measured')
    """
    return figure(f"countries/{key}/{latest_demand(key)}")


def latest_demand(key: str) -> str:
    """The latest year of a country's demand: `demand_2024`, or what of it is held.

    Examples
    --------
    >>> latest_demand("india"), latest_demand("iceland")
    ('demand_2024', 'demand_2024')
    """
    # the row without a year in its name is of 2020 or 2021, as its locator says
    years = demand_years(key) or ["demand"]
    return max(years, key=lambda q: int(q[-4:]) if q[-4:].isdigit() else 2021)


def demand_year(key: str) -> int:
    """The year of `country_demand`.

    Examples
    --------
    >>> demand_year("china"), demand_year("ireland")
    (2024, 2024)
    """
    name = latest_demand(key)
    year = name[-4:] if name[-4:].isdigit() else country_demand(key).locator[-4:]
    return int(year)


def nearest_countries(energy: Figure, n: int = 3) -> list[CountryMatch]:
    """The countries whose yearly electricity is nearest by ratio.

    Parameters
    ----------
    energy : Figure
        A yearly energy. [TWh/a]
    n : int
        How many.

    Returns
    -------
    matches : list of CountryMatch
        The nearest first.

    Raises
    ------
    UnitError
        If `energy` is not a yearly energy.
    RangeError
        If its median is not above 0.

    Examples
    --------
    The end of de Vries's range for 2027, 134 TWh:

    >>> [m.key for m in nearest_countries(exact(134.0, "TWh/a"), 2)]
    ['norway', 'sweden']
    """
    if not units.same_dimension(energy.unit, "TWh/a") or not energy.unit.endswith("/a"):
        raise UnitError(
            _("{name} in {unit} is not a yearly energy.").format(
                name=energy.name, unit=energy.unit
            ),
            _("countries are compared in TWh/a"),
        )
    middle = energy.to("TWh/a").p50
    if not middle > 0:
        raise RangeError(
            _("{value} TWh/a is near no country's electricity.").format(value=middle),
        )
    # by the middle of the table: a million draws of every country would be made for its median alone
    cells = table("countries")
    ranked = sorted(
        countries(),
        key=lambda key: abs(math.log(middle / float(str(cells.value(key, latest_demand(key)))))),
    )
    return [
        CountryMatch(
            key=key,
            label=_label("countries", key, "name"),
            demand=country_demand(key),
            ratio=(energy / country_demand(key)).to("1"),
            year=demand_year(key),
        )
        for key in ranked[:n]
    ]
